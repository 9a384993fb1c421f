"""Entries, chains and checkpoints: spec/06-chain.md."""

import base64
import re

import ed25519

from .trees import leaf_hash, root
from .values import (
    NOTE_SIGNATURES,
    b64,
    has,
    is_base64,
    is_decimal,
    is_digest,
    is_entry_id,
    is_origin,
    is_text,
    micros,
    parse,
    sha256,
)


def genesis_prev(origin):
    """chain-3."""
    return sha256(b"walwarden/genesis/v1\x00", origin.encode())


def entry_hash(line):
    """chain-4: the RFC 6962 leaf of the line's bytes without LF."""
    return leaf_hash(line)


ACTOR = {
    "kind": lambda v: v in ("service", "person"),
    "id": is_text,
    "auth": lambda v: v in ("os-user", "oidc", "key", "none"),
}


TOOL = {"name": is_text, "version": is_text, "sha256": is_digest}


BLOB = {"name": is_text, "sha256": is_digest, "bytes": is_decimal, "media": is_text}


ENTRY_MEMBERS = {
    "_type": lambda v: v == "https://walwarden.dev/spec/entry/v1",
    "origin": lambda v: is_origin(v),
    "seq": lambda v: type(v) is int and v >= 0,
    "prev": lambda v: is_digest(v),
    "id": lambda v: is_entry_id(v),
    "at": lambda v: micros(v) is not None,
    "recorded_at": lambda v: micros(v) is not None,
    "type": lambda v: type(v) is str,
    "actor": lambda v: has(v, ACTOR, {"host": is_text}),
    "tool": lambda v: has(v, TOOL, {"clock_offset_ms": lambda n: type(n) is int, "clock_source": is_text}),
    "policy": lambda v: v is None or is_digest(v),
    "refs": lambda v: type(v) is list and all(is_entry_id(i) for i in v),
    "statements": lambda v: type(v) is list and all(has(s, {"payload": is_digest, "envelope": is_digest}) for s in v),
    "blobs": lambda v: type(v) is list and all(has(b, BLOB) for b in v),
    "data": lambda v: True,
}


def parse_entry(line):
    """chain-1: the entry of a line without LF; None when the line is none."""
    parsed = parse(line)
    return parsed[0] if parsed and has(parsed[0], ENTRY_MEMBERS) else None


def parse_chain(ndjson):
    """chain-1: the lines; None unless each is an entry and ended by LF."""
    lines = ndjson.split(b"\n")
    if lines.pop() != b"":
        return None
    return lines if all(parse_entry(line) for line in lines) else None


def is_contiguous(lines):
    """chain-2 to chain-5: one origin, seq, prev, ids once, recorded_at not going back."""
    entries = [parse_entry(line) for line in lines]
    if not entries:
        return True
    prev, recorded = genesis_prev(entries[0]["origin"]), None
    for seq, (line, value) in enumerate(zip(lines, entries, strict=True)):
        now = micros(value["recorded_at"])
        if value["origin"] != entries[0]["origin"] or value["seq"] != seq or value["prev"] != prev.hex():
            return False
        if recorded is not None and now < recorded:
            return False
        prev, recorded = entry_hash(line), now
    return len({value["id"] for value in entries}) == len(entries)


def rebuilds(lines, heads):
    """chain-6: the tree of the lines has every root."""
    hashes = [entry_hash(line) for line in lines]
    return all(size <= len(hashes) and root(hashes[:size]) == root_hash for size, root_hash in heads)


def note_key_hash(name, public):
    """chain-7: C2SP signed-note, Ed25519."""
    return sha256(name.encode(), b"\n\x01", public)[:4]


def note_text(origin, size, root_hash):
    """chain-6: C2SP tlog-checkpoint without extension lines."""
    return f"{origin}\n{size}\n{b64(root_hash)}\n".encode()


def signature_line(name, seed, text):
    """chain-7."""
    public = ed25519.public_key(seed)
    return f"\u2014 {name} {b64(note_key_hash(name, public) + ed25519.sign(seed, text))}\n".encode()


def checkpoint(origin, size, root_hash, seeds):
    """chain-6 to chain-8: the core note."""
    text = note_text(origin, size, root_hash)
    seeds = sorted(seeds, key=lambda s: note_key_hash(origin, ed25519.public_key(s)))
    return text + b"\n" + b"".join(signature_line(origin, s, text) for s in seeds)


def open_checkpoint(note, origin, publics):
    """chain-7: (size, root) of a note that one of these keys signed as the origin; None when it fails."""
    text, blank, lines = note.partition(b"\n\n")
    text += b"\n"
    match = re.fullmatch(rb"([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n", text)
    if not match or not blank or match[1] != origin.encode() or not is_base64(match[3].decode()):
        return None
    if not is_decimal(match[2].decode()) or not lines.endswith(b"\n") or lines.count(b"\n") > NOTE_SIGNATURES:
        return None
    known, signed = {note_key_hash(origin, public): public for public in publics}, False
    for line in lines[:-1].split(b"\n"):
        match_line = re.fullmatch("\u2014 ([^\\s+\x00-\x1f]+) ([A-Za-z0-9+/]+=*)", line.decode())
        if not match_line or not is_base64(match_line[2]):
            return None
        blob = base64.b64decode(match_line[2])
        if len(blob) < 5:
            return None
        public = known.get(blob[:4]) if match_line[1] == origin else None
        if public and not ed25519.verify(public, text, blob[4:]):
            return None
        signed = signed or public is not None
    return (int(match[2]), base64.b64decode(match[3])) if signed else None


def witness_hash(name, public, kind=b"\x04"):
    """time-11."""
    return sha256(name.encode(), b"\n", kind, public)[:4]


def verifier_key(name, public, kind=b"\x04", upper=False):
    """time-11."""
    key_hash = witness_hash(name, public, kind).hex()
    return f"{name}+{key_hash.upper() if upper else key_hash}+{b64(kind + public)}"


def cosignature(seed, seconds, text, signed=None):
    """time-11: what follows the key hash; `signed` is another time that was signed."""
    over = b"cosignature/v1\ntime %d\n" % (seconds if signed is None else signed) + text
    return seconds.to_bytes(8, "big") + ed25519.sign(seed, over)


def cosignature_line(name, seed, seconds, text, signed=None):
    """time-11: a signature line of a witness."""
    data = witness_hash(name, ed25519.public_key(seed)) + cosignature(seed, seconds, text, signed)
    return f"\u2014 {name} {b64(data)}\n".encode()


def witness_of(line):
    """time-11: (name, public key) of a verifier key; None when it is none."""
    parts = line.split("+", 2)
    data = base64.b64decode(parts[2]) if len(parts) == 3 and is_base64(parts[2]) else b""
    if len(data) != 33 or data[:1] != b"\x04" or not re.fullmatch("[^\\s+\x00-\x1f\x7f-\x9f]+", parts[0]):
        return None
    known = witness_hash(parts[0], data[1:]).hex() == parts[1] and ed25519.key_is_acceptable(data[1:])
    return (parts[0], data[1:]) if known else None


def cosigned(keys, note):
    """time-11: the times of each witness of a file on a note; None when the file or a line that claims one fails."""
    lines = [line.strip() for line in keys.decode().split("\n")]
    witnesses = [witness_of(line) for line in lines if line and not line.startswith("#")]
    if None in witnesses or not 1 <= len(witnesses) <= 64 or len({key for _, key in witnesses}) != len(witnesses):
        return None
    text, _, signed = note.decode().partition("\n\n")
    result = []
    for name, public in witnesses:
        times = []
        for line in signed.splitlines():
            _, claimed, data = line.split(" ")
            data = base64.b64decode(data)
            if claimed == name and data[:4] == witness_hash(name, public):
                seconds = int.from_bytes(data[4:12], "big")
                over = b"cosignature/v1\ntime %d\n%s\n" % (seconds, text.encode())
                if len(data) != 76 or seconds >= 253_402_300_800 or not ed25519.verify(public, over, data[12:]):
                    return None
                times.append(seconds)
        result.append(times)
    return result
