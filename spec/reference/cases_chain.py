"""Entries, chains and checkpoints: spec/06-chain.md."""

import copy
import json

import ed25519
import formats
import story
from story import HEADS, LINES, LOG, NEW_LOG, ORIGIN, STRANGER, WITNESS


def genesis_cases():
    origins = (ORIGIN, "a", "a/b", "a" * 100)
    return [
        {"name": f"origin-{i}", "rule": "chain-3", "origin": origin, "prev": formats.genesis_prev(origin).hex()}
        for i, origin in enumerate(origins)
    ]


def line_cases():
    return [
        {
            "name": f"seq-{seq}",
            "rule": "chain-3",
            "line": line.decode(),
            "type": json.loads(line)["type"],
            "entry_hash": story.HASHES[seq].hex(),
            "root": HEADS[seq + 1][1].hex(),
        }
        for seq, line in enumerate(LINES)
    ]


def changed(path, value):
    """The third line with one member changed; `...` removes it."""
    entry = copy.deepcopy(json.loads(LINES[2]))
    *way, last = path
    place = entry
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return formats.jcs(entry)


def entry_cases():
    cases = []

    def case(name, rule, valid, line):
        assert (formats.parse_entry(line) is not None) == valid, name
        cases.append({"name": name, "rule": rule, "valid": valid, "line": line.decode()})

    case("good", "chain-1", True, LINES[2])
    case("policy-null", "chain-1", True, changed(["policy"], None))
    case("type-of-tomorrow", "events-1", True, changed(["type"], "moon.phase"))
    case("data-of-tomorrow", "events-1", True, changed(["data", "moon"], "full"))
    case("clock-offset", "chain-1", True, changed(["tool", "clock_offset_ms"], -12))
    for name in formats.ENTRY_MEMBERS:
        case(f"without-{name}", "chain-1", False, changed([name], ...))
    for name in ("kind", "id", "auth"):
        case(f"actor-without-{name}", "chain-1", False, changed(["actor", name], ...))
    case("unknown-member", "bytes-3", False, changed(["note"], "x"))
    case("unknown-actor-member", "bytes-3", False, changed(["actor", "mail"], "x"))
    case("unknown-tool-member", "bytes-3", False, changed(["tool", "build"], "x"))
    case("actor-host-null", "bytes-3", False, changed(["actor", "host"], None))
    case("clock-source-null", "bytes-3", False, changed(["tool", "clock_source"], None))
    case("prev-null", "bytes-3", False, changed(["prev"], None))
    case("other-type", "chain-1", False, changed(["_type"], "https://walwarden.dev/spec/entry/v2"))
    case("seq-negative", "chain-1", False, changed(["seq"], -1))
    case("seq-as-text", "chain-1", False, changed(["seq"], "2"))
    case("seq-leading-zero", "bytes-1", False, LINES[2].replace(b'"seq":2', b'"seq":02'))
    case("seq-fraction", "bytes-1", False, LINES[2].replace(b'"seq":2', b'"seq":2.0'))
    case("prev-upper-case", "bytes-4", False, changed(["prev"], "AB" * 32))
    case("id-lower-case", "bytes-4", False, changed(["id"], story.identifier(2).lower()))
    case("at-without-fraction", "bytes-5", False, changed(["at"], "2026-07-01T19:00:00Z"))
    case("origin-upper-case", "chain-2", False, changed(["origin"], "Acme"))
    case("actor-kind-unknown", "chain-1", False, changed(["actor", "kind"], "robot"))
    case("auth-unknown", "chain-1", False, changed(["actor", "auth"], "password"))
    case("refs-not-ids", "bytes-4", False, changed(["refs"], ["x"]))
    case("statement-without-envelope", "chain-1", False, changed(["statements"], [{"payload": "00" * 32}]))
    case("blob-size-as-number", "bytes-4", False, changed(["blobs"], [story.blob("a", b"", "b") | {"bytes": 0}]))
    case("white-space", "bytes-1", False, LINES[2].replace(b'{"_type":', b'{ "_type":'))
    case("member-twice", "bytes-1", False, LINES[2].replace(b'"at":', b'"at":"","at":'))
    case("array", "chain-1", False, b"[]")
    return cases


def relinked(edits):
    """The record with lines edited and every later prev made to fit."""
    out, prev = [], None
    for seq, line in enumerate(LINES):
        entry = json.loads(line) | edits.get(seq, {})
        if prev is not None:
            entry["prev"] = prev.hex()
        out.append(formats.jcs(entry))
        prev = formats.entry_hash(out[-1])
    return out


def chain_cases():
    cases = []

    def case(name, rule, lines, parses, contiguous, rebuilds, heads=(HEADS[1], HEADS[4]), ndjson=None):
        ndjson = b"".join(line + b"\n" for line in lines) if ndjson is None else ndjson
        parsed = formats.parse_chain(ndjson)
        assert (parsed is not None) == parses, name
        assert not parses or formats.is_contiguous(parsed) == contiguous, name
        assert not parses or formats.rebuilds(parsed, heads) == rebuilds, name
        shown = [{"root": root.hex(), "size": str(size)} for size, root in heads]
        cases.append(
            {"name": name, "rule": rule, "parses": parses, "contiguous": contiguous, "rebuilds": rebuilds}
            | {"ndjson": ndjson.decode(), "heads": shown}
        )

    a, b, c, d = LINES
    case("whole", "chain-6", LINES, True, True, True)
    case("whole-all-heads", "chain-6", LINES, True, True, True, HEADS)
    case("heads-in-any-order", "chain-6", LINES, True, True, True, HEADS[::-1])
    case("lines-after-the-last-head", "chain-6", LINES, True, True, True, HEADS[:3])
    case("no-lines", "chain-6", [], True, True, True, HEADS[:1])
    case("no-lines-under-a-head", "chain-6", [], True, True, False)
    case("line-edited", "chain-3", [a, b.replace(b'"cto"', b'"ceo"'), c, d], True, False, False)
    case("last-line-edited", "chain-6", [a, b, c, d.replace(b'"exit_code":1', b'"exit_code":2')], True, True, False)
    case("line-edited-and-relinked", "chain-6", relinked({1: {"at": story.time(2)}}), True, True, False)
    case("line-removed", "chain-3", [a, b, d], True, False, False)
    case("last-line-removed", "chain-6", [a, b, c], True, True, False)
    case("first-line-removed", "chain-3", [b, c, d], True, False, False)
    case("line-repeated", "chain-3", [a, b, b, c, d], True, False, False)
    case("lines-swapped", "chain-3", [a, c, b, d], True, False, False)
    case(
        "genesis-prev-of-another-origin",
        "chain-3",
        relinked({0: {"prev": formats.genesis_prev("a").hex()}}),
        True,
        False,
        False,
    )
    case("other-origin", "chain-2", relinked({2: {"origin": "a"}}), True, False, False)
    case("id-twice", "chain-5", relinked({3: {"id": story.identifier(2)}}), True, False, False)
    case("recorded-at-goes-back", "chain-5", relinked({3: {"recorded_at": story.time(59)}}), True, False, False)
    case("recorded-at-stays", "chain-5", relinked({3: {"recorded_at": story.time(60)}}), True, True, False)
    case("at-goes-back", "chain-5", relinked({3: {"at": story.time(59)}}), True, True, False)
    case("wrong-root", "chain-6", LINES, True, True, False, (HEADS[1], (4, HEADS[3][1])))
    case("root-of-no-leaves", "chain-6", LINES, True, True, False, ((0, HEADS[1][1]),))
    broken = b"\n".join(LINES)
    case("last-line-without-lf", "chain-1", [], False, False, False, ndjson=broken)
    case("empty-line", "chain-1", [], False, False, False, ndjson=broken.replace(b"\n", b"\n\n", 1) + b"\n")
    case("carriage-return", "chain-1", [], False, False, False, ndjson=broken.replace(b"\n", b"\r\n") + b"\r\n")
    case("empty-line-at-the-end", "chain-1", [], False, False, False, ndjson=broken + b"\n\n")
    return cases


def checkpoint_cases():
    cases = []
    size, root = HEADS[4]
    log, new_log = ed25519.public_key(LOG), ed25519.public_key(NEW_LOG)
    good = formats.checkpoint(ORIGIN, size, root, [LOG])
    text = formats.note_text(ORIGIN, size, root)

    def case(name, valid, note, keys=(log,)):
        opened = formats.open_checkpoint(note, ORIGIN, keys)
        assert (opened is not None) == valid, name
        hashes = [formats.note_key_hash(ORIGIN, key).hex() for key in keys]
        case = {"name": name, "rule": "chain-7", "valid": valid, "keys": [key.hex() for key in keys]}
        case |= {"key_hashes": hashes, "origin": ORIGIN, "note": note.decode()}
        if valid:
            case |= {"size": str(opened[0]), "root": opened[1].hex()}
        cases.append(case)

    def signed_by(name, seed, over=text):
        return formats.signature_line(name, seed, over)

    case("good", True, good)
    case("empty-tree", True, formats.checkpoint(ORIGIN, 0, HEADS[0][1], [LOG]))
    case("two-log-keys", True, formats.checkpoint(ORIGIN, size, root, [LOG, NEW_LOG]), (log, new_log))
    case("two-log-keys-one-known", True, formats.checkpoint(ORIGIN, size, root, [LOG, NEW_LOG]))
    case("cosigned", True, good + signed_by("witness.example", STRANGER))
    case("stranger-under-our-name", True, good + signed_by(ORIGIN, STRANGER))
    case("sixty-four-lines", True, good + signed_by("witness.example", STRANGER) * 63)
    case("sixty-five-lines", False, good + signed_by("witness.example", STRANGER) * 64)
    case("stranger-alone", False, text + b"\n" + signed_by(ORIGIN, STRANGER))
    case("log-key-under-another-name", False, text + b"\n" + signed_by("acme.example/other", LOG))
    case("one-good-one-bad", False, good + signed_by(ORIGIN, NEW_LOG, text + b"x"), (log, new_log))
    case("size-changed", False, good.replace(b"\n4\n", b"\n5\n"))
    case("size-leading-zero", False, good.replace(b"\n4\n", b"\n04\n"))
    case("origin-changed", False, good.replace(b"acme", b"acma"))
    case(
        "root-changed",
        False,
        text.replace(b"=\n", b"=\n\n").replace(formats.b64(root).encode(), formats.b64(HEADS[3][1]).encode())
        + good.split(b"\n\n")[1],
    )
    case(
        "root-with-stray-bits",
        False,
        good.replace(b"=\n\n", b"=\n\n", 1).replace(formats.b64(root).encode(), stray(formats.b64(root)).encode()),
    )
    case("no-signature", False, text + b"\n")
    case("no-empty-line", False, good.replace(b"\n\n", b"\n"))
    case("text-only", False, text)
    case("last-lf-missing", False, good[:-1])
    case("extra-lf", False, good + b"\n")
    case("hyphen-for-dash", False, good.replace("\u2014".encode(), b"-"))
    case("extension-line", False, resigned(text + b"more\n"))
    case("two-lines", False, resigned(text.split(b"\n")[0] + b"\n4\n"))
    case("signature-cut", False, text + b"\n" + short_signature(text))
    case("carriage-returns", False, good.replace(b"\n", b"\r\n"))
    return cases


def cosignature_cases():
    cases = []
    size, root = HEADS[4]
    text = formats.note_text(ORIGIN, size, root)
    core = formats.checkpoint(ORIGIN, size, root, [LOG])
    at, name = 1_785_535_200, "witness.example/w1"
    key = ed25519.public_key(WITNESS)
    good_key = formats.verifier_key(name, key)

    def line(seconds=at, seed=WITNESS, name=name, signed=None, over=text, cut=None):
        return formats.cosignature_line(name, seed, seconds, over, signed)[:cut]

    def case(what, valid, times, note, keys=good_key + "\n"):
        found = formats.cosigned(keys.encode(), note)
        assert (found is not None) == valid and (not valid or found == times), (what, found)
        case = {"name": what, "rule": "time-11", "valid": valid, "keys": keys, "note": note.decode()}
        cases.append(case | ({"times": times} if valid else {}))

    case("good", True, [[at]], core + line())
    case("none-claims-it", True, [[]], core)
    case("by-another-under-its-own-hash", True, [[]], core + line(seed=STRANGER))
    case("same-key-under-another-name", True, [[]], core + line(name="witness.example/w2"))
    case("twice", True, [[at, at + 60]], core + line() + line(at + 60))
    case("time-zero", True, [[0]], core + line(0))
    case("last-second-of-9999", True, [[253_402_300_799]], core + line(253_402_300_799))
    case("first-second-of-10000", False, [], core + line(253_402_300_800))
    case("largest-time", False, [], core + line(2**64 - 1))
    case("time-changed", False, [], core + line(at + 1, signed=at))
    case("one-good-one-bad", False, [], core + line() + line(at + 1, signed=at))
    case("over-another-head", False, [], core + line(over=formats.note_text(ORIGIN, 3, HEADS[3][1])))
    case("over-the-whole-note", False, [], core + line(over=core))
    bare = formats.witness_hash(name, key) + at.to_bytes(8, "big") + ed25519.sign(WITNESS, text)
    case("text-without-the-time", False, [], core + f"\u2014 {name} {formats.b64(bare)}\n".encode())
    for what, blob in {
        "signature-cut": formats.cosignature(WITNESS, at, text)[:-1],
        "signature-with-a-byte-more": formats.cosignature(WITNESS, at, text) + b"\x00",
        "time-alone": at.to_bytes(8, "big"),
        "seven-bytes": bytes(7),
    }.items():
        data = formats.b64(formats.witness_hash(name, key) + blob)
        case(what, False, [], core + f"\u2014 {name} {data}\n".encode())
    other = formats.verifier_key("witness.example/w2", ed25519.public_key(STRANGER))
    case("two-witnesses", True, [[at], []], core + line(), f"# ours\n\n{good_key}\n {other} \r\n")
    small = formats.verifier_key(name, b"\x01" + bytes(31))
    log_type = formats.verifier_key(name, key, b"\x01")
    for what, keys in {
        "keys-empty": "",
        "keys-comment-alone": "# none\n",
        "key-twice": f"{good_key}\n{good_key}\n",
        "key-twice-under-two-names": f"{good_key}\n{formats.verifier_key('b', key)}\n",
        "key-with-hash-of-another": good_key.replace(f"+{formats.witness_hash(name, key).hex()}+", "+00000000+"),
        "key-with-hash-in-upper-case": formats.verifier_key(name, key, upper=True),
        "key-of-a-log": log_type,
        "key-of-small-order": small,
        "key-without-hash": f"{name}+{good_key.split('+', 2)[2]}",
        "key-name-empty": formats.verifier_key("", key),
        "key-name-with-space": formats.verifier_key("a b", key),
        "key-and-comment": good_key + " # ours",
        "keys-sixty-five": "".join(
            formats.verifier_key("w", ed25519.public_key(story.seed(f"many {i}"))) + "\n" for i in range(65)
        ),
    }.items():
        case(what, False, [], core + line(), keys)
    return cases


def stray(text):
    """The same bytes with a stray bit in the last character before the padding."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "="


def resigned(text):
    return text + b"\n" + formats.signature_line(ORIGIN, LOG, text)


def short_signature(text):
    public = ed25519.public_key(LOG)
    blob = formats.note_key_hash(ORIGIN, public) + ed25519.sign(LOG, text)[:-1]
    return f"\u2014 {ORIGIN} {formats.b64(blob)}\n".encode()


def files():
    return {
        "genesis": ("06-chain", "`prev` of the first entry of a chain.", genesis_cases()),
        "lines": (
            "06-chain",
            "The lines of a chain in order, without LF, and the root of the tree up to each.",
            line_cases(),
        ),
        "entries": ("06-chain", "Single lines, without LF, that are entries or not.", entry_cases()),
        "chains": ("06-chain", "Whole files of lines, and heads that their tree must have.", chain_cases()),
        "cosignatures": (
            "08-time",
            "Files of witnesses, a note, and the times at which each of the witnesses cosigned it, in order of its lines.",
            cosignature_cases(),
        ),
        "checkpoints": ("06-chain", "Notes, and the log keys that are known.", checkpoint_cases()),
    }
