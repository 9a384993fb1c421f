"""Predicates of spec/03-statements.md and 09-bundle.md: what each must hold, and one good statement of each kind."""

import formats
from formats import has, is_count, is_decimal, is_digest, is_entry_id, is_head, is_origin, is_text, micros


def is_time(value):
    return is_text(value) and micros(value) is not None


def is_bool(value):
    return type(value) is bool


def is_int(value):
    return type(value) is int


def each(kind):
    """A list whose every item is of this kind."""
    return lambda value: type(value) is list and all(map(kind, value))


def table_of(kind):
    """An object with free names, whose every member is of this kind."""
    return lambda value: type(value) is dict and all(map(kind, value.values()))


def shape(members, optional=None):
    """An object of these members."""
    return lambda value: has(value, members, optional)


def words(*allowed):
    """One of these texts."""
    return lambda value: value in allowed


BYTES = {"bytes": is_decimal, "sha256": is_digest}
PLACE = dict.fromkeys(("provider", "account_ref", "region", "bucket", "key"), is_text)
OBJECT = shape(PLACE | BYTES, {"version_id": is_text, "etag": is_text})
REFERENCE = shape({"id": is_entry_id, "digest": is_digest})
HEAD = {
    "origin": is_origin,
    "entry": is_entry_id,
    "policy": lambda v: v is None or is_digest(v),
    "actor": shape(formats.ACTOR, {"host": is_text}),
    "tool": shape(formats.TOOL, {"clock_offset_ms": is_int, "clock_source": is_text}),
}
COLUMN = shape({"name": is_text, "type": is_text})
TABLE = {"kind": words("table"), "schema": is_text, "name": is_text, "columns": each(COLUMN), "key": each(is_text)}
TABLE |= {"order": words("key", "leaf-hash"), "rows": is_decimal, "root": is_digest}
LARGE = {"kind": words("large-objects"), "count": is_decimal, "root": is_digest}
LEAVES = each(lambda v: has(v, TABLE) or has(v, LARGE))


def listed(is_list):
    return lambda v: is_list(v) or has(v, {"blob": is_digest})


CONTENT = {
    "canonical": words("pgrow-v1"),
    "root": is_digest,
    "tables": listed(LEAVES),
    "omitted": listed(each(shape({"kind": is_text, "schema": is_text, "name": is_text, "reason": is_text}))),
    "blinding": shape({"alg": words("hmac-v1", "none")}, {"commitment": is_digest}),
}
BACKUP_EVENT = {
    "database": is_text,
    "run_id": is_entry_id,
    "started_at": is_time,
    "snapshot_at": is_time,
    "completed_at": is_time,
    "object": OBJECT,
    "same_snapshot": is_bool,
    "schema": shape({"portable": is_digest, "exact": is_digest}),
    "tables": is_int,
    "rows": is_decimal,
    "warnings": is_int,
}
BACKUP_ADDS = {
    "plain": shape(BYTES),
    "globals": shape({"object": OBJECT, "plain": shape(BYTES)}),
    "sequences": listed(each(shape(dict.fromkeys(("schema", "name", "before", "after"), is_text)))),
    "session": table_of(is_text),
    "server": shape({"version": is_text, "system_identifier": is_decimal, "in_recovery": is_bool}),
    "tls": shape({"mode": is_text, "protocol": is_text}, {"cert_sha256": is_digest}),
    "pg_dump": shape({"version": is_text, "args": each(is_text), "exit_code": is_int, "stderr_sha256": is_digest}),
    "encryption": shape({"alg": is_text, "recipients": each(is_text)}),
    "schema_counts": table_of(is_int),
    "set": shape({"keys_ref": is_text, "config_ref": is_text, "config_sha256": is_digest}, {"keys_seen_at": is_time}),
}
BACKUP = HEAD | BACKUP_EVENT | BACKUP_ADDS
BACKUP_ADDS |= {"rowkey": shape({"object": OBJECT}), "content": shape(CONTENT)}
BACKUP_OPTIONAL = {"content_root": is_digest} | {name: BACKUP_ADDS[name] for name in ("rowkey", "content")}
STEP = {"name": is_text, "outcome": words("ok", "failed", "skipped"), "started_at": is_time, "seconds": is_int}
SMOKE = {"name": is_text, "cmd_sha256": is_digest, "exit_code": is_int, "seconds": is_int, "output_sha256": is_digest}
ENVIRONMENT = {"name": is_text, "class": words("test", "staging", "prod"), "host_sha256": is_digest}
FOUND = {"server_version": is_text, "system_identifier": is_decimal, "database": is_text}
COUNTS = table_of(is_int)
RESTORE_TEST_EVENT = {
    "database": is_text,
    "test_id": is_entry_id,
    "backup": REFERENCE,
    "purpose": words("scheduled", "drill", "recovery", "migration"),
    "environment": shape(ENVIRONMENT | FOUND),
    "scope": words("full", "subset"),
    "performed_by": is_text,
    "started_at": is_time,
    "ended_at": is_time,
    "outcome": words("passed", "failed", "aborted"),
    "rto_target_s": is_int,
    "rpo_target_s": is_int,
    "data_age_s": is_int,
    "tables_expected": is_int,
    "rows_expected": is_decimal,
    "actions": each(REFERENCE),
}
RESTORE_TEST_ADDS = {
    "steps": each(shape(STEP, {"detail": is_text})),
    "signature": shape({"keyid": is_text, "valid": is_bool}),
    "bytes": shape({"cipher": is_bool, "plain": is_bool}),
    "table_mismatches": each(is_text),
    "omitted_equal": is_bool,
    "schema": shape({"portable": is_bool, "expected": COUNTS, "actual": COUNTS}, {"exact": is_bool, "diff": is_digest}),
    "sequences": shape({"ok": is_bool, "failed": each(is_text)}),
    "amcheck": words("ok", "failed", "absent"),
    "smoke": each(shape(SMOKE)),
    "set_retrieved": shape({"keys": is_bool, "config": is_bool}),
    "isolation": shape({"same_system": is_bool, "same_host": is_bool}, {"reason": is_text}),
    "cleanup": shape({"dropped": is_bool}, {"at": is_time}),
    "attachments": each(is_digest),
}
RESTORE_TEST = HEAD | RESTORE_TEST_EVENT | RESTORE_TEST_ADDS
RUNBOOK = shape({"path": is_text, "sha256": is_digest})
RESTORE_TEST_OPTIONAL = {
    "approved_by": is_text,
    "incident_at": is_time,
    "usable_at": is_time,
    "checks_passed_at": is_time,
    "tables_equal": is_int,
    "rows_actual": is_decimal,
    "root_expected": is_digest,
    "root_actual": is_digest,
    "lessons": is_text,
    "runbook": RUNBOOK,
}
RESTORE_TEST_ADDS |= {"runbook": RUNBOOK}
EVIDENCE_EVENT = {
    "collector": is_text,
    "covers": shape({"from": is_time, "to": is_time}),
    "trigger": words("schedule", "migration", "manual"),
    "outcome": words("ok", "failed"),
    "rows": is_decimal,
    "flags": each(shape({"code": is_text, "detail": is_text})),
}
SOURCE = dict.fromkeys(("provider", "database", "server_version"), is_text)
SOURCE |= {"host_sha256": is_digest, "system_identifier": is_decimal, "in_recovery": is_bool}
OUTPUT = {"name": is_text, "media": is_text, "columns": each(is_text)} | BYTES
EVIDENCE_ADDS = {
    "collector_version": is_text,
    "parameters": table_of(is_text),
    "zone": is_text,
    "started_at": is_time,
    "ended_at": is_time,
    "run_by": is_text,
    "pages": is_int,
    "truncated": lambda v: v is False,
    "filters": each(is_text),
    "not_visible": each(is_text),
    "outputs": each(shape(OUTPUT, {"query": is_digest})),
    "redactions": each(is_text),
}
EVIDENCE = HEAD | EVIDENCE_EVENT | EVIDENCE_ADDS
EVIDENCE_OPTIONAL = {
    "database": is_text,
    "due_at": is_time,
    "previous": REFERENCE,
    "diff": shape(dict.fromkeys(("added", "removed", "changed"), is_int)),
    "reason": is_text,
    "source": shape(SOURCE),
    "session_role": is_text,
    "reconciled": shape({"source": is_text, "rows": is_decimal, "equal": is_bool}),
}
EVIDENCE_ADDS |= {name: EVIDENCE_OPTIONAL[name] for name in ("source", "session_role", "reconciled")}
REVIEW_EVENT = {
    "subject": words("evidence", "exception", "period", "policy", "role_list"),
    "subjects": each(REFERENCE),
    "role": words("preparer", "reviewer", "approver"),
    "person": is_text,
    "conclusion": words("no_issue", "issue"),
    "head": is_head,
}
REVIEW_ADDS = {"title": is_text, "notes": is_text}
REVIEW = HEAD | REVIEW_EVENT | REVIEW_ADDS
BUNDLE = {
    "organisation": is_text,
    "origin": is_origin,
    "period": shape({"start": is_time, "end": is_time}),
    "zone": is_text,
    "end": is_head,
    "counts": table_of(is_count),
    "policies": each(is_digest),
    "format": is_int,
    "sealed_at": is_time,
    "withheld": each(shape({"sha256": is_digest, "reason": is_text, "entry": is_entry_id})),
}

PERIOD = shape({"start": is_time, "end": is_time})
MEMBERS = {
    "backup": BACKUP,
    "restore-test": RESTORE_TEST,
    "evidence": EVIDENCE,
    "review": REVIEW,
    "bundle": BUNDLE,
    "key-registry": formats.REGISTRY,
}
_OPTIONAL = dict.fromkeys(MEMBERS, {}) | {
    "backup": BACKUP_OPTIONAL,
    "restore-test": RESTORE_TEST_OPTIONAL,
    "evidence": EVIDENCE_OPTIONAL,
    "review": {"period": PERIOD},
}
OPTIONAL = {kind: set(members) for kind, members in _OPTIONAL.items()}
NULLABLE = {kind: {"policy"} & set(members) for kind, members in MEMBERS.items()} | {"key-registry": {"previous"}}


def accepts(kind, payload):
    """Whether a payload is a statement of this kind, as far as it alone can show."""
    statement = formats.parse_statement(payload, kind)
    if statement is None or not has(statement[1], MEMBERS[kind], _OPTIONAL[kind]):
        return False
    return kind != "review" or review_holds(statement[1])


def review_holds(predicate):
    """statements-10: a review of a period, and no other, says which."""
    period = predicate.get("period")
    if (predicate["subject"] == "period") != (period is not None):
        return False
    return period is None or micros(period["start"]) < micros(period["end"])
