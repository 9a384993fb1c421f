#!/usr/bin/env python3
"""Checks what `walwarden-verify show --json` wrote, alone: without the bundle, and apart from that program.

    shown.py FILE (--trust HANDOVER | --root HEX ...) [--root-threshold N]

The steps are those of report-10. Exit codes: 0 every step holds for every backup, 1 one does not, 2 nothing was checked.
"""

import sys

sys.dont_write_bytecode = True

import argparse
import json

from judge.chain import Entry
from judge.envelope import Envelope
from judge.note import Note
from judge.registry import anchored, parse_versions
from judge.statement import Statement
from judge.tree import includes
from judge.trust import Trust
from judge.value import Refused, is_digest, refuse_unless

# What stands beside a line, and the member of its data that it is.
FACTS = {"snapshot_at": "snapshot_at", "same_snapshot": "same_snapshot", "tables": "tables", "dump": "object"}


def usable(versions, use, seq, states):
    """The keys with this use in any version, but for those that one cuts off at or below an entry."""
    listed = [key for version in versions for key in version.keys if use in key.uses]
    cut = {key.key for key in listed if key.state in states and key.cut["size"] <= seq}
    return {key.key for key in listed} - cut


def check_head(head, versions):
    note = Note(head["note"])
    stated = (head["origin"], head["size"], head["root"])
    refuse_unless(stated == (note.origin, note.size, note.root.hex()), "report-10: the head is not that of its note")
    refuse_unless(note.origin == versions[0].origin, "report-10: the head is of another chain than the registry")
    signers = note.signers(list(usable(versions, "log", note.size - 1, ("retired", "revoked"))))
    refuse_unless(signers, "report-10: no log key has signed the head")
    return note


def check_backup(backup, note, versions):
    shown, line = backup["entry"], backup["entry"]["line"].encode()
    entry, proof = Entry(line), [bytes.fromhex(digest) for digest in backup["proof"]]
    said, data = entry.value, entry.value["data"]
    refuse_unless(shown["hash"] == entry.hash.hex(), "report-10: not the entry hash of the line")
    refuse_unless(includes(proof, shown["seq"], entry.hash, note.size, note.root), "report-10: the proof does not hold")
    named = {"type": "backup.completed", "origin": note.origin, "seq": shown["seq"], "id": shown["id"]}
    named["recorded_at"] = shown["recorded_at"]
    for member, value in named.items():
        refuse_unless(said[member] == value, f"report-10: the line has another {member}")
    for fact, member in FACTS.items():
        refuse_unless(backup[fact] == data[member], f"report-10: {fact} is not what the line says")
    refuse_unless(backup["rows"] == int(data["rows"]), "report-10: rows is not what the line says")
    refuse_unless(backup["content_root"] == data.get("content_root"), "report-10: another content root than the line's")
    if backup["statement"]["envelope"] is not None:
        check_statement(backup["statement"]["envelope"].encode(), entry, versions)


def check_statement(line, entry, versions):
    envelope, said = Envelope(line), entry.value
    named = [(one["payload"], one["envelope"]) for one in said["statements"]]
    refuse_unless(named == [(envelope.payload_digest, envelope.digest)], "report-10: not the statement of the line")
    envelope.verify(usable(versions, "backup", said["seq"], ("revoked",)))
    statement = Statement("backup", 1, envelope)
    same = {"origin": said["origin"], "entry": said["id"], "policy": said["policy"], "actor": said["actor"]}
    for member, value in (same | {"tool": said["tool"]}).items():
        refuse_unless(statement.predicate[member] == value, f"statements-6: the statement has another {member}")
    refuse_unless(statement.data() == said["data"], "statements-6: the statement says other than the line")


def check(shown, trust):
    """The number of backups for which every step of report-10 holds; refused where one does not."""
    versions = parse_versions([line.encode() for line in shown["registry"]])
    refuse_unless(anchored(versions, trust.pins, trust.threshold), "keys-8: not anchored by the pins")
    refuse_unless(shown["head"], "report-10: no head is established")
    note = check_head(shown["head"], versions)
    backups = [backup for database in shown["databases"] for backup in database["backups"]]
    for backup in backups:
        check_backup(backup, note, versions)
    return len(backups)


def main(words):
    parser = argparse.ArgumentParser(prog="shown.py", description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--trust", metavar="HANDOVER")
    parser.add_argument("--root", metavar="HEX", action="append", default=[])
    parser.add_argument("--root-threshold", metavar="N", type=int)
    given = parser.parse_args(words)
    trust = Trust()
    if given.trust:
        with open(given.trust, "rb") as file:
            trust.add_handover(file.read())
    elif given.root and all(map(is_digest, given.root)):
        trust.pin(given.root)
    else:
        parser.error("give --trust, or --root with fingerprints of 64 hex digits")
    trust.threshold = given.root_threshold or trust.threshold
    with open(given.file, encoding="utf-8") as file:
        shown = json.load(file)
    try:
        count = check(shown, trust)
    except Refused as why:
        print(f"does not hold: {why}")
        return 1
    print(f"{count} backups: line, proof, head, statement and keys hold")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
