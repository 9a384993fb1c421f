"""Entries: chain-1 to chain-5."""

from .document import parse
from .tree import leaf_hash
from .value import (
    each,
    has,
    is_count,
    is_decimal,
    is_digest,
    is_id,
    is_int,
    is_origin,
    is_text,
    is_time,
    micros,
    null_or,
    refuse_unless,
    sha256,
    shape,
    words,
)

ACTOR = shape(
    {"kind": words("service", "person"), "id": is_text, "auth": words("os-user", "oidc", "key", "none")},
    {"host": is_text},
)
TOOL = shape(
    {"name": is_text, "version": is_text, "sha256": is_digest},
    {"clock_offset_ms": is_int, "clock_source": is_text},
)
_BLOB = {"name": is_text, "sha256": is_digest, "bytes": is_decimal, "media": is_text}
_ENTRY = {
    "_type": words("https://walwarden.dev/spec/entry/v1"),
    "origin": is_origin,
    "seq": is_count,
    "prev": is_digest,
    "id": is_id,
    "at": is_time,
    "recorded_at": is_time,
    "type": is_text,
    "actor": ACTOR,
    "tool": TOOL,
    "policy": null_or(is_digest),
    "refs": each(is_id),
    "statements": each(shape({"payload": is_digest, "envelope": is_digest})),
    "blobs": each(shape(_BLOB)),
    "data": lambda value: True,
}


class Entry:
    """chain-1: one line, without its LF."""

    def __init__(self, line):
        self.value = parse(line)
        refuse_unless(has(self.value, _ENTRY), "chain-1: not the members of an entry")
        self.hash = leaf_hash(line)
        self.recorded = micros(self.value["recorded_at"])


def genesis_prev(origin):
    """chain-3."""
    return sha256(b"walwarden/genesis/v1\x00", origin.encode()).hex()


def contiguous(entries):
    """chain-2, chain-3 and chain-5; refused at the first line that does not follow."""
    ids, before = set(), None
    for seq, entry in enumerate(entries):
        value = entry.value
        prev = before.hash.hex() if before else genesis_prev(value["origin"])
        refuse_unless(value["seq"] == seq, f"chain-3: seq {value['seq']} in the place of {seq}")
        refuse_unless(value["prev"] == prev, f"chain-3: prev of entry {seq} is not the hash of the line before")
        refuse_unless(value["id"] not in ids, f"chain-5: the id of entry {seq} occurs twice")
        if before:
            refuse_unless(value["origin"] == before.value["origin"], f"chain-2: entry {seq} is of another chain")
            refuse_unless(entry.recorded >= before.recorded, f"chain-5: entry {seq} was recorded before the last")
        ids.add(value["id"])
        before = entry
