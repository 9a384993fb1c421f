"""The vectors of spec/vectors/, read by this verifier: what it accepts, refuses and computes.

A reader returns what it made of a case, to be compared with what the case says; one that refuses, refuses the case.
"""

import base64
import json
import pathlib
import tempfile

from . import archive, chain, document, event, key, note, policy, registry, rows, schedule, statement, tree, value, witness
from .envelope import Envelope, pae
from .readme import TEXT
from .trust import Trust
from .value import Refused, refuse_unless, sha256
from .verification import Verification

FOLDER = pathlib.Path(__file__).parent.parent.parent / "vectors"
# About what a verifier of bundles does not compute: single rows, inclusion, comparison, rules and what is due, samples; and
# what no bundle holds.
OUTSIDE = ("cadences", "exposures", "fields", "fork", "inclusion", "occurrences", "retentions", "rows", "rules", "samples", "signer", "sizes", "tables", "verdicts")


def disagreements():
    """(how many cases were read, those that came out otherwise than they say)."""
    read, wrong = 0, []
    for path in sorted(FOLDER.glob("*.json")):
        if path.stem not in OUTSIDE:
            cases = json.loads(path.read_text())["cases"]
            named = {case["name"]: case for case in cases}
            wrong += [f"{path.stem}: {case['name']}" for case in cases if not _agrees(path.stem, case, named)]
            read += len(cases)
    return read, wrong


def _agrees(file, case, named):
    try:
        found = READERS[file](_whole(case, named))
    except (Refused, archive.Unreadable):
        return case.get("valid") is False
    return case.get("valid") is not False and all(case[name] == made for name, made in found.items())


def _whole(case, named):
    """The case, with its payload made from the one that it changes: spec/reference/cases_statements.py."""
    if "base" not in case:
        return case
    if "at" in case:
        return _whole_event(case, named[case["base"]])
    payload = json.loads(named[case["base"]]["payload"])
    if "drop" in case:
        del payload["predicate"][case["drop"]]
    else:
        payload["predicate"][case["null"]] = None
    return case | {"payload": document.write(payload).decode()}


def _whole_event(case, base):
    """The case, with the data of its base changed in one place: spec/reference/cases_events.py."""
    data = json.loads(base["data"])
    place = data
    for step in case["at"][:-1]:
        place = place[step]
    if "set" in case:
        place[case["at"][-1]] = case["set"]
    else:
        del place[case["at"][-1]]
    return case | {"type": base["type"], "data": document.write(data).decode()}


def _json(case):
    if "make" in case:
        data = _made(case["make"])
    else:
        data = case["json"].encode() if "json" in case else base64.b64decode(case["base64"])
    parsed = document.parse(data)
    refuse_unless(document.write(parsed) == data, "written otherwise")
    return {"sha256": sha256(data).hex()} if "sha256" in case else {}


def _made(make):
    """A document too long to stand in a file."""
    if "members" in make:
        return document.write({f"{n:05}": 0 for n in range(make["members"])})
    return b'"' + b"a" * (make["string"] - 2) + b'"'


def _spelling(case):
    kinds = {
        "digest": value.is_digest,
        "decimal": value.is_decimal,
        "time": value.is_time,
        "base64": value.is_base64,
        "entry-id": value.is_id,
        "origin": value.is_origin,
    }
    refuse_unless(kinds[case["kind"]](case["text"]), case["kind"])
    return {"micros": str(value.micros(case["text"]))} if "micros" in case else {}


def _key(case):
    one = key.Key(json.loads(case["jwk"]))
    return {"algorithm": one.algorithm, "word": one.word, "key_id": one.id, "fingerprint": one.fingerprint}


def _signature(case):
    message, signature = bytes.fromhex(case["message"]), bytes.fromhex(case["signature"])
    refuse_unless(key.Key(json.loads(case["jwk"])).verifies(message, signature), "keys-3")
    return {}


def _envelope(case):
    one = Envelope(case["envelope"].encode())
    keys = [key.Key(jwk) for jwk in case["keys"]]
    one.verify(keys)
    refuse_unless(len(one.signers(keys)) >= case["threshold"], "statements-4")
    return {"payload_sha256": one.payload_digest, "envelope_sha256": one.digest}


def _statement(case):
    payload = case["payload"].encode()
    if case["kind"] == "key-registry":
        registry.parse_payload(payload, "key-registry", (registry.PREDICATE, {}))
    elif case["kind"] == "bundle":
        statement.parse_payload(payload, "bundle", statement.PREDICATES["bundle"])
    else:
        _, predicate = statement.parse_payload(payload, case["kind"], statement.PREDICATES[case["kind"]])
        if case["kind"] == "review":
            statement.review_rules(predicate)
    return {"sha256": sha256(payload).hex()} if "sha256" in case else {}


def _registry(case):
    versions = registry.parse_versions(document.lines_of(case["ndjson"].encode()))
    found = registry.anchored(versions, set(case["pins"]), case["threshold"])
    return {"anchored": found, "payloads": [one.envelope.payload_digest for one in versions]}


def _cosignature(case):
    witnesses, signed = witness.parse_file(case["keys"].encode()), note.Note(case["note"])
    return {"times": [one.times(signed) for one in witnesses]}


def _checkpoint(case):
    one = note.Note(case["note"])
    keys = [key.Key({"crv": "Ed25519", "kty": "OKP", "x": value.base64url(bytes.fromhex(k))}) for k in case["keys"]]
    refuse_unless(one.origin == case["origin"] and one.signers(keys), "chain-7")
    hashes = [k.note_hash(one.origin).hex() for k in keys]
    return {"size": str(one.size), "root": one.root.hex(), "key_hashes": hashes}


def _chain(case):
    def holds(ask):
        try:
            return ask() is not False
        except Refused:
            return False

    lines = case["ndjson"].encode()
    parses = holds(lambda: [chain.Entry(line) for line in document.lines_of(lines)])
    entries = [chain.Entry(line) for line in document.lines_of(lines)] if parses else []
    contiguous = parses and holds(lambda: chain.contiguous(entries) is None)
    sizes = [int(head["size"]) for head in case["heads"]]
    found = tree.roots([entry.hash for entry in entries], sizes)
    expected = {int(head["size"]): bytes.fromhex(head["root"]) for head in case["heads"]}
    return {"parses": parses, "contiguous": contiguous, "rebuilds": parses and found == expected}


def _line(case):
    entry = chain.Entry(case["line"].encode())
    refuse_unless(event.is_interpreted(entry), "events-3")
    return {"entry_hash": entry.hash.hex(), "type": entry.value["type"]}


def _event(case):
    data = document.parse(case["data"].encode())
    interpreted = event.reads(case["type"], data)
    return {"interpreted": interpreted} | ({"refs": event.ids_in(case["type"], data)} if interpreted else {})


def _consistency(case):
    old, new, path = case["old"], case["new"], [bytes.fromhex(digest) for digest in case["proof"]]
    roots = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
    refuse_unless(tree.extends(path, int(old["size"]), roots[0], int(new["size"]), roots[1]), "merkle-6")
    return {}


def _root(case):
    return {"root": tree.root([tree.leaf_hash(str(n).encode()) for n in range(int(case["size"]))]).hex()}


def _content(case):
    leaves = document.parse(case["tables"].encode(), rows.LIST_BYTES)
    refuse_unless(rows.LEAVES(leaves), "rows-6")
    return {"root": rows.content_root(leaves)}


def _policy(case):
    resolved = document.write(policy.resolve(case["toml"].encode()))
    refuse_unless(policy.parse_resolved(resolved) is not None, "policy-2")
    return {"resolved": resolved.decode(), "sha256": sha256(resolved).hex()}


def _resolved(case):
    policy.parse_resolved(case["resolved"].encode())
    return {}


def _schedule(case):
    """Whether it is one: its instants are of the rules."""
    refuse_unless(schedule.is_cron(case["schedule"]), "occurrences-1")
    return {}


def _zip(case):
    refuse_unless(not archive.read_zip(base64.b64decode(case["zip"])).violations, "bundle-5")
    return {}


def _bundle(case):
    trust = Trust()
    trust.add_handover(case["handover"].encode())
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(base64.b64decode(case["zip"]))
        file.flush()
        found = Verification(archive.open_path(file.name), trust)
    refuse_unless(found.verdict == "verified" and case["exit"] in (0, 4), f"{found.of('fail')}")
    return {"bundle": found.facts.established["bundle.signed"].envelope.payload_digest}


def _proofs(case):
    proofs, heads = document.parse(case["file"].encode()), case["heads"]
    pairs = list(zip(heads, heads[1:], proofs["consistency"], strict=False))
    for old, new, one in pairs:
        _consistency({"old": old, "new": new, "proof": one["proof"]})
    return {}


def _name(case):
    refuse_unless(archive.is_name(case["file"]), "bundle-2")
    return {}


def _handover(case):
    Trust().add_handover(case["file"].encode())
    return {}


def _entry(case):
    chain.Entry(case["line"].encode())
    return {}


READERS = {
    "bundle": _bundle,
    "chains": _chain,
    "checkpoints": _checkpoint,
    "cosignatures": _cosignature,
    "consistency": _consistency,
    "content": _content,
    "entries": _entry,
    "envelopes": _envelope,
    "events": _event,
    "genesis": lambda case: {"prev": chain.genesis_prev(case["origin"])},
    "handover": _handover,
    "json": _json,
    "keys": _key,
    "lines": _line,
    "names": _name,
    "pae": lambda case: {"pae": pae(bytes.fromhex(case["payload"])).hex()},
    "policies": _policy,
    "policy": _policy,
    "proofs": _proofs,
    "readme": lambda case: {"text": TEXT},
    "registry": _registry,
    "resolved": _resolved,
    "roots": _root,
    "schedules": _schedule,
    "signatures": _signature,
    "spellings": _spelling,
    "statements": _statement,
    "zip": _zip,
}
