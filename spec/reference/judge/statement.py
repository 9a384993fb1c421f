"""Statements and their predicates: statements-5 to statements-9, and bundle-3."""

from . import event
from .chain import ACTOR, TOOL
from .document import parse
from .rows import LEAVES
from .value import (
    each,
    has,
    is_bool,
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
    shape,
    table_of,
    words,
)

HEAD = {"origin": is_origin, "entry": is_id, "policy": null_or(is_digest), "actor": ACTOR, "tool": TOOL}
REFERENCE = shape({"id": is_id, "digest": is_digest})
BYTES = shape(event.BYTES)

SEQUENCES = each(shape(dict.fromkeys(("schema", "name", "before", "after"), is_text)))
OMITTED = each(shape(dict.fromkeys(("kind", "schema", "name", "reason"), is_text)))


def _listed(is_list):
    """rows-8: a list, or the blob that holds it."""
    return lambda value: is_list(value) or has(value, {"blob": is_digest})


BACKUP = {
    "plain": BYTES,
    "globals": shape({"object": event.OBJECT, "plain": BYTES}),
    "sequences": _listed(SEQUENCES),
    "session": table_of(is_text),
    "server": shape({"version": is_text, "system_identifier": is_decimal, "in_recovery": is_bool}),
    "tls": shape({"mode": is_text, "protocol": is_text}, {"cert_sha256": is_digest}),
    "pg_dump": shape({"version": is_text, "args": each(is_text), "exit_code": is_int, "stderr_sha256": is_digest}),
    "encryption": shape({"alg": is_text, "recipients": each(is_text)}),
    "schema_counts": table_of(is_int),
    "set": shape({"keys_ref": is_text, "config_ref": is_text, "config_sha256": is_digest}, {"keys_seen_at": is_time}),
}
_CONTENT = {
    "canonical": is_text,
    "root": is_digest,
    "tables": _listed(LEAVES),
    "omitted": _listed(OMITTED),
    "blinding": shape({"alg": is_text}, {"commitment": is_digest}),
}
BACKUP_OPTIONAL = {"rowkey": shape({"object": event.OBJECT}), "content": shape(_CONTENT)}

_STEP = {"name": is_text, "outcome": words("ok", "failed", "skipped"), "started_at": is_time, "seconds": is_int}
_SMOKE = {"name": is_text, "cmd_sha256": is_digest, "exit_code": is_int, "seconds": is_int, "output_sha256": is_digest}
_COUNTS = table_of(is_int)
RESTORE_TEST = {
    "steps": each(shape(_STEP, {"detail": is_text})),
    "signature": shape({"keyid": is_text, "valid": is_bool}),
    "bytes": shape({"cipher": is_bool, "plain": is_bool}),
    "table_mismatches": each(is_text),
    "omitted_equal": is_bool,
    "schema": shape(
        {"portable": is_bool, "expected": _COUNTS, "actual": _COUNTS}, {"exact": is_bool, "diff": is_digest}
    ),
    "sequences": shape({"ok": is_bool, "failed": each(is_text)}),
    "amcheck": words("ok", "failed", "absent"),
    "smoke": each(shape(_SMOKE)),
    "set_retrieved": shape({"keys": is_bool, "config": is_bool}),
    "isolation": shape({"same_system": is_bool, "same_host": is_bool}, {"reason": is_text}),
    "cleanup": shape({"dropped": is_bool}, {"at": is_time}),
    "attachments": each(is_digest),
}
RESTORE_TEST_OPTIONAL = {"runbook": shape({"path": is_text, "sha256": is_digest})}

_SOURCE = dict.fromkeys(("provider", "database", "server_version"), is_text)
_SOURCE |= {"host_sha256": is_digest, "system_identifier": is_decimal, "in_recovery": is_bool}
_OUTPUT = {"name": is_text, "media": is_text, "columns": each(is_text)} | event.BYTES
EVIDENCE = {
    "collector_version": is_text,
    "parameters": table_of(is_text),
    "zone": is_text,
    "started_at": is_time,
    "ended_at": is_time,
    "run_by": is_text,
    "pages": is_int,
    "truncated": lambda value: value is False,
    "filters": each(is_text),
    "not_visible": each(is_text),
    "outputs": each(shape(_OUTPUT, {"query": is_digest})),
    "redactions": each(is_text),
}
EVIDENCE_OPTIONAL = {
    "source": shape(_SOURCE),
    "session_role": is_text,
    "reconciled": shape({"source": is_text, "rows": is_decimal, "equal": is_bool}),
}
REVIEW = {"title": is_text, "notes": is_text}


# Of the members that name entries, those that name several.
LISTS = ("actions", "subjects")


def _of_entry(kind, required, optional):
    """statements-6: the members of an entry's data, with ids of other entries carrying a digest, and what is added."""
    data, data_optional = (_with_digests(kind, members) for members in event.TYPES[kind])
    return HEAD | data | required, data_optional | optional


def _with_digests(kind, members):
    named = {name: each(REFERENCE) if name in LISTS else REFERENCE for name in event.REFERENCES.get(kind, ())}
    return members | {name: shape_of for name, shape_of in named.items() if name in members}


_TREE_HEAD = shape({"root": is_digest, "size": is_count})
_WITHHELD = shape({"sha256": is_digest, "reason": is_text, "entry": is_id})
PREDICATES = {
    "backup": _of_entry("backup.completed", BACKUP, BACKUP_OPTIONAL),
    "evidence": _of_entry("evidence.collected", EVIDENCE, EVIDENCE_OPTIONAL),
    "restore-test": _of_entry("restore.tested", RESTORE_TEST, RESTORE_TEST_OPTIONAL),
    "review": _of_entry("review.signed", REVIEW, {}),
    "bundle": (
        {"organisation": is_text, "origin": is_origin, "period": event.PERIOD, "zone": is_text, "end": _TREE_HEAD}
        | {"counts": _COUNTS, "policies": each(is_digest), "format": is_int, "sealed_at": is_time}
        | {"withheld": each(_WITHHELD)},
        {},
    ),
}
# The type of the entry that references a statement of a kind, and repeats what it says; events-4.
EVENT = {
    "backup": "backup.completed",
    "evidence": "evidence.collected",
    "restore-test": "restore.tested",
    "review": "review.signed",
}
FILE = {kind: f"statements/{kind}.ndjson" for kind in EVENT}

_SUBJECT = shape({"name": is_text, "digest": shape({"sha256": is_digest})})


def parse_payload(payload, kind, predicate):
    """statements-5: (subjects, predicate) of a payload of this kind; refused unless it has exactly these members."""
    value = parse(payload)
    members = {
        "_type": words("https://in-toto.io/Statement/v1"),
        "subject": each(_SUBJECT),
        "predicateType": words(f"https://walwarden.dev/spec/{kind}/v1"),
        "predicate": shape(*predicate),
    }
    refuse_unless(has(value, members), f"statements-5: not the members of a {kind} statement")
    refuse_unless(value["subject"], "statements-5: a statement without subject")
    return [(one["name"], one["digest"]["sha256"]) for one in value["subject"]], value["predicate"]


class Statement:
    """A statement of an entry as it is carried: parsed, and not yet believed."""

    def __init__(self, kind, number, envelope):
        self.kind, self.envelope = kind, envelope
        self.place = f"{FILE[kind]} line {number}"
        self.subjects, self.predicate = parse_payload(envelope.payload, kind, PREDICATES[kind])
        if kind == "review":
            review_rules(self.predicate)

    def run(self):
        """The run that it ends; None when it ends none."""
        return self.predicate.get({"backup": "run_id", "restore-test": "test_id"}.get(self.kind, ""))

    def blobs(self):
        """bundle-1: (digest, length or None) of each blob that it names."""
        said = self.predicate
        if self.kind == "backup":
            content = said.get("content", {})
            lists = content.get("tables"), content.get("omitted"), said["sequences"]
            return [(listed["blob"], None) for listed in lists if type(listed) is dict]
        if self.kind == "restore-test":
            diff = said["schema"].get("diff")
            return [(digest, None) for digest in said["attachments"] + ([diff] if diff else [])]
        outputs = said["outputs"] if self.kind == "evidence" else []
        queries = [(output["query"], None) for output in outputs if "query" in output]
        return [(output["sha256"], int(output["bytes"])) for output in outputs] + queries

    def references(self):
        """statements-6: every other entry that it names, with a digest."""
        found = []
        for name in event.REFERENCES.get(EVENT[self.kind], ()):
            value = self.predicate.get(name, [])
            found += value if type(value) is list else [value]
        return found

    def data(self):
        """statements-6: what the data of its entry must be."""
        required, optional = event.TYPES[EVENT[self.kind]]
        data = {name: value for name, value in self.predicate.items() if name in required or name in optional}
        for name in data.keys() & set(event.REFERENCES.get(EVENT[self.kind], ())):
            value = data[name]
            data[name] = [one["id"] for one in value] if type(value) is list else value["id"]
        return data


def review_rules(said):
    """statements-10: a review of a period, and no other, says which."""
    period = said.get("period")
    refuse_unless((said["subject"] == "period") == (period is not None), "statements-10: period and subject differ")
    ordered = period is None or micros(period["start"]) < micros(period["end"])
    refuse_unless(ordered, "statements-10: the period ends before it begins")
