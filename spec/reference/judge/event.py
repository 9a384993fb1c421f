"""What an entry says, by type: events-1 to events-4."""

from .value import (
    each,
    has,
    is_bool,
    is_count,
    is_decimal,
    is_digest,
    is_id,
    is_int,
    is_key_id,
    is_origin,
    is_text,
    is_time,
    shape,
    words,
)

BYTES = {"bytes": is_decimal, "sha256": is_digest}
OBJECT = shape(
    dict.fromkeys(("provider", "account_ref", "region", "bucket", "key"), is_text) | BYTES,
    {"version_id": is_text, "etag": is_text},
)
PURPOSE = words("scheduled", "drill", "recovery", "migration")
ENVIRONMENT = {"name": is_text, "class": words("test", "staging", "prod"), "host_sha256": is_digest}
STAGES = ("preflight", "connect", "snapshot", "dump", "content", "encrypt", "upload", "sign", "copy")
ACTIONS = words("added", "retired", "revoked", "custodian", "storage", "root")
PERIOD = shape({"start": is_time, "end": is_time})

# events-3: type, and the members that its data must and may have.
TYPES = {
    "chain.genesis": (
        {"org_name": is_text, "zone": is_text, "spec_version": is_text, "root_fingerprints": each(is_digest)},
        {"predecessor": shape({"origin": is_origin, "size": is_count, "root": is_digest})},
    ),
    "policy.adopted": (
        {"version": is_text, "sha256": is_digest, "toml_sha256": is_digest, "effective_from": is_time}
        | {"author": is_text, "approved_by": is_text},
        {"approval_ref": is_text, "supersedes": is_digest, "change": is_text},
    ),
    "scope.declared": (
        {
            "databases": each(
                shape(
                    dict.fromkeys(("id", "provider", "account_ref", "region", "server_version"), is_text)
                    | {"criticality": is_text, "owner": is_text, "system_identifier": is_decimal}
                    | {"host_sha256": is_digest, "from": is_time},
                    {"project": is_text, "branch": is_text, "to": is_time},
                )
            ),
            "excluded": each(shape({"name": is_text, "reason": is_text, "approved_by": is_text})),
            "observed": each(shape({"name": is_text, "oid": is_decimal, "template": is_bool})),
            "query_sha256": is_digest,
        },
        {},
    ),
    "key.changed": (
        {"registry_version": is_int, "changes": each(shape({"keyid": is_key_id, "action": ACTIONS}))},
        {"reason": is_text},
    ),
    "backup.started": (
        {"database": is_text, "run_id": is_id, "trigger": words("schedule", "manual", "retry")},
        {"expected_at": is_time, "retry_of": is_id, "reason": is_text},
    ),
    "backup.completed": (
        {"database": is_text, "run_id": is_id, "started_at": is_time, "snapshot_at": is_time, "completed_at": is_time}
        | {"object": OBJECT, "same_snapshot": is_bool, "schema": shape({"portable": is_digest, "exact": is_digest})}
        | {"tables": is_int, "rows": is_decimal, "warnings": is_int},
        {"content_root": is_digest},
    ),
    "backup.failed": (
        {"database": is_text, "run_id": is_id, "stage": words(*STAGES), "reason_code": is_text},
        {"exit_code": is_int, "message": is_text, "retry_of": is_id},
    ),
    "restore.started": (
        {"database": is_text, "test_id": is_id, "backup": is_id, "purpose": PURPOSE, "environment": shape(ENVIRONMENT)},
        {},
    ),
    "restore.tested": (
        {"database": is_text, "test_id": is_id, "backup": is_id, "purpose": PURPOSE, "performed_by": is_text}
        | {"scope": words("full", "subset"), "outcome": words("passed", "failed", "aborted")}
        | {"started_at": is_time, "ended_at": is_time, "actions": each(is_id), "rows_expected": is_decimal}
        | dict.fromkeys(("rto_target_s", "rpo_target_s", "data_age_s", "tables_expected"), is_int)
        | {
            "environment": shape(
                ENVIRONMENT | {"server_version": is_text, "system_identifier": is_decimal, "database": is_text}
            )
        },
        {"approved_by": is_text, "incident_at": is_time, "usable_at": is_time, "checks_passed_at": is_time}
        | {"tables_equal": is_int, "rows_actual": is_decimal, "root_expected": is_digest, "root_actual": is_digest}
        | {"lessons": is_text},
    ),
    "evidence.collected": (
        {"collector": is_text, "covers": shape({"from": is_time, "to": is_time}), "rows": is_decimal}
        | {"trigger": words("schedule", "migration", "manual"), "outcome": words("ok", "failed")}
        | {"flags": each(shape({"code": is_text, "detail": is_text}))},
        {"database": is_text, "due_at": is_time, "previous": is_id, "reason": is_text}
        | {"diff": shape({"added": is_int, "removed": is_int, "changed": is_int})},
    ),
    "review.signed": (
        {"subject": words("evidence", "exception", "period", "policy", "role_list"), "subjects": each(is_id)}
        | {"role": words("preparer", "reviewer", "approver"), "person": is_text}
        | {"conclusion": words("no_issue", "issue"), "head": shape({"size": is_count, "root": is_digest})},
        {"period": PERIOD},
    ),
    "anchor.attached": (
        {"size": is_count, "checkpoint_sha256": is_digest, "kind": words("rfc3161", "witness", "other")},
        {"token_sha256": is_digest, "gen_time": is_time},
    ),
    "export.made": (
        {"state": words("begun", "written"), "kind": words("bundle", "chain_dump", "keys")},
        {
            "period": PERIOD,
            "zone": shape(
                {"name": is_text, "tzdb": is_text, "offset_s": is_int}
                | {"transitions": each(shape({"at": is_time, "offset_s": is_int}))}
            ),
            "size": is_count,
            "payload_sha256": is_digest,
            "rejected": is_bool,
            "recipient": is_text,
        },
    ),
}

# events-2: the members that hold ids of entries, and those of them that hold lists.
REFERENCES = ("actions", "backup", "previous", "retry_of", "subjects")
MANY = ("actions", "subjects")


def is_interpreted(entry):
    """events-1: whether the type is known and the data has its members."""
    kind = entry.value["type"]
    return kind in TYPES and has(entry.value["data"], *TYPES[kind])


def data_of(entry, *kinds):
    """The data of an entry of one of these types; None for another, and for one that is not interpreted."""
    return entry.value["data"] if entry.value["type"] in kinds and is_interpreted(entry) else None


def references(entry):
    """events-2: the entry ids in the data, in canonical order; None where the data is not interpreted."""
    if not is_interpreted(entry):
        return None
    ids = []
    for name in REFERENCES:
        found = entry.value["data"].get(name, [])
        ids += found if type(found) is list else [found]
    return ids
