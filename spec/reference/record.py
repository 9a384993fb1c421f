"""The record of story.py continued to a sealed bundle: after the failed backup a good one, and a restore test of it."""

import itertools
import json
import struct
import zlib

import examples
import formats
import predicates
import story
from story import LOG, NEW_LOG, ORIGIN, STATEMENTS, time

PERIOD = {"start": "2026-06-30T22:00:00.000000Z", "end": "2026-07-31T22:00:00.000000Z"}
SEALING, SEALED = "2026-08-01T05:59:00.000000Z", "2026-08-01T06:00:00.000000Z"

README = """\
This is a walwarden evidence bundle, format version 1.

It holds the record of an organisation's PostgreSQL backups and restore tests for one period: every entry of its
chain from the first, the signed checkpoints over them, the signed statements, and the registry of public keys.
It holds no backup, no row of any table and no private key.

To judge it, get the organisation's root fingerprint (or handover.json) by another channel than this file, then:

    walwarden-verify this-bundle.zip --trust handover.json

The program needs no network and no account. It is not needed either: the specification says how to verify every
byte by other means, and every signature here can be checked with common tools.

Nothing found in this bundle creates trust in it. An organisation that holds all its keys can record things that did
not happen; the record makes such a statement signed, dated and permanent, it does not prevent it.
"""


def data_of(payload, kind):
    """What the entry of a statement says: every member that the event has."""
    predicate = json.loads(payload)["predicate"]
    added = {"backup": predicates.BACKUP_ADDS, "restore-test": predicates.RESTORE_TEST_ADDS}[kind]
    data = {n: v for n, v in predicate.items() if n not in predicates.HEAD and n not in added}
    if kind == "restore-test":
        data |= {"backup": data["backup"]["id"], "actions": [a["id"] for a in data["actions"]]}
    return data


class Record:
    """The lines, and everything that a bundle over them carries.

    With `retired`, one of the words "log" and "statements", that key is replaced between start and end of the backup.
    """

    def __init__(self, retired=None):
        self.lines, self.registry, self.statements = list(story.LINES), [story.ENVELOPE_1], {}
        self.keys, self.rotated, self.retired = story.KEYS_1, None, retired
        self.append(time(120), "backup.started", {"database": "shop", "run_id": examples.RUN, "trigger": "schedule"})
        if retired:
            self.rotate(LOG if retired == "log" else STATEMENTS, story.seed("new " + retired))
        self.state(time(120, 10), "backup", examples.backup(len(self.lines)), [STATEMENTS])
        backup = len(self.lines) - 1
        payload = examples.restore_test(len(self.lines) + 1, backup)
        tested = data_of(payload, "restore-test")
        started = {n: tested[n] for n in ("database", "test_id", "backup", "purpose")}
        started["environment"] = {n: tested["environment"][n] for n in ("name", "class", "host_sha256")}
        refs = [story.identifier(backup)]
        self.append(time(180), "restore.started", started, refs=refs)
        self.state(time(180, 10), "restore-test", payload, [self.statement_key], refs=refs)
        zone = {"name": "Europe/Berlin", "tzdb": "2026a", "offset_s": 7200, "transitions": []}
        begun = {"state": "begun", "kind": "bundle", "period": PERIOD, "zone": zone}
        self.append(SEALING, "export.made", begun)
        self.hashes = [formats.entry_hash(line) for line in self.lines]
        self.sizes = [1, 3, 4, 6, len(self.lines)]

    @property
    def statement_key(self):
        return story.seed("new statements") if self.retired == "statements" and self.rotated else STATEMENTS

    def append(self, at, kind, data, **other):
        prev = formats.entry_hash(self.lines[-1])
        entry = story.entry(len(self.lines), prev, at, kind, data, policy=examples.POLICY, **other)
        self.lines.append(formats.jcs(entry))

    def state(self, at, kind, payload, seeds, **other):
        """An entry with its statement."""
        envelope = formats.jcs(formats.envelope(payload, seeds))
        self.statements.setdefault(kind, []).append(envelope)
        event = {"backup": "backup.completed", "restore-test": "restore.tested"}[kind]
        self.append(at, event, data_of(payload, kind), statements=[story.refer(payload, envelope)], **other)

    def rotate(self, old, new):
        """keys-6, keys-9: version 2 retires a key; what began before stays good."""
        self.rotated = time(120, 5)
        size = len(self.lines)
        cut = {"size": size, "root": formats.root([formats.entry_hash(line) for line in self.lines]).hex()}
        cut = {"last_head": cut | {"origin": ORIGIN}} if old == LOG else {"last_trusted": cut}
        index = 0 if old == LOG else 1
        before = story.KEYS_1[index]
        self.keys = [key for key in story.KEYS_1 if key != before]
        self.keys += [story.key(new, before["uses"]), before | {"state": "retired"} | cut]
        previous = formats.sha256(story.REGISTRY_1).hex()
        payload = story.registry_payload(story.registry(2, previous, [story.ROOT_A], 1, self.keys))
        envelope = formats.jcs(formats.envelope(payload, [story.ROOT_A]))
        self.registry.append(envelope)
        changes = [(new, "added"), (old, "retired")]
        changes = [{"keyid": formats.key_id(formats.public_key(s)), "action": action} for s, action in changes]
        data = {"registry_version": 2, "changes": changes}
        self.append(self.rotated, "key.changed", data, actor=story.PERSON, statements=[story.refer(payload, envelope)])

    def log_keys(self, size):
        """Who signs a head: after a change of log key both, at first, then the new one."""
        if self.retired != "log" or size < 6:
            return [LOG]
        return [LOG, NEW_LOG] if size == 6 else [NEW_LOG]

    def head(self, size):
        return {"root": formats.root(self.hashes[:size]).hex(), "size": size}

    def checkpoints(self):
        def note(size):
            return formats.checkpoint(ORIGIN, size, formats.root(self.hashes[:size]), self.log_keys(size)).decode()

        return [formats.jcs({"note": note(size), "size": size}) for size in self.sizes]

    def proofs(self):
        """bundle-6."""
        pairs = itertools.pairwise(self.sizes)
        steps = [
            {"from": a, "proof": [d.hex() for d in formats.consistency(self.hashes[:b], a)], "to": b} for a, b in pairs
        ]
        return formats.jcs({"_type": "https://walwarden.dev/spec/proofs/v1", "consistency": steps})

    def keys_csv(self):
        """keys-11."""
        rows = ["key_id,public_key,algorithm,status,activated_at,retired_at"]
        for key in self.keys:
            new = key["jwk"] not in [k["jwk"] for k in story.KEYS_1]
            times = (self.rotated if new else time(0)) + "," + (self.rotated if key["state"] != "active" else "")
            public = formats.public_of_jwk(key["jwk"])
            key_id, word, algorithm = formats.key_id(public), formats.key_word(public), formats.algorithm(public)
            rows.append(f"{key_id},{word},{algorithm},{key['state']},{times}")
        return "".join(row + "\n" for row in rows)

    def files(self):
        """Every file but the bundle's own statement."""
        blobs = [story.POLICY_JCS, story.POLICY_TOML.encode()]
        files = {"blobs/" + formats.sha256(blob).hex(): blob for blob in blobs}
        files |= {f"statements/{kind}.ndjson": ndjson(lines) for kind, lines in self.statements.items()}
        return files | {
            "chain/checkpoints.ndjson": ndjson(self.checkpoints()),
            "chain/entries.ndjson": ndjson(self.lines),
            "chain/proofs.json": self.proofs(),
            "keys/keys.csv": self.keys_csv().encode(),
            "keys/registry.ndjson": ndjson(self.registry),
            "readme.txt": README.encode(),
        }

    def payload(self):
        """bundle-3: the statement over the files."""
        entries, files = [json.loads(line) for line in self.lines], self.files()
        kinds = [e["type"] for e in entries if PERIOD["start"] <= e["recorded_at"] < PERIOD["end"]]
        predicate = {
            "organisation": "Acme",
            "origin": ORIGIN,
            "period": PERIOD,
            "zone": "Europe/Berlin",
            "end": self.head(len(self.lines)),
            "counts": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
            "policies": [examples.POLICY],
            "format": 1,
            "sealed_at": SEALED,
            "withheld": [],
        }
        return formats.statement(
            "bundle", [(name, formats.sha256(files[name]).hex()) for name in sorted(files)], predicate
        )

    def sealed(self):
        """All files, the bundle's own statement first."""
        statement = formats.jcs(formats.envelope(self.payload(), [self.statement_key]))
        return {"bundle.dsse.json": statement} | dict(sorted(self.files().items()))

    def handover(self):
        """keys-12: what the auditor got when the chain had four lines."""
        roots = [formats.fingerprint(formats.public_key(story.ROOT_A)).hex()]
        value = {"_type": "https://walwarden.dev/spec/handover/v1", "head": self.head(4), "origin": ORIGIN}
        return formats.jcs(value | {"roots": roots, "threshold": 1})


def ndjson(documents):
    return b"".join(document + b"\n" for document in documents)


def packed(files):
    """bundle-5: the zip."""
    local, central = b"", b""
    for name, data in files.items():
        crc, size, name = zlib.crc32(data), len(data), name.encode()
        common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, crc, size, size, len(name), 0)
        central += b"PK\x01\x02" + struct.pack("<H", 0x0314) + common
        central += struct.pack("<HHHII", 0, 0, 0, 0x81A40000, len(local)) + name
        local += b"PK\x03\x04" + common + name + data
    count = len(files)
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(local), 0)


WHOLE = Record()
PAYLOADS = {
    "backup": examples.backup(),
    "restore-test": examples.restore_test(),
    "evidence": examples.evidence(),
    "review": examples.review(),
    "bundle": WHOLE.payload(),
    "key-registry": story.REGISTRY_1,
}
