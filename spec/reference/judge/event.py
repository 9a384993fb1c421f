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
PROMISED = words("backup", "copy", "restore_test", "evidence")
LOCK = shape({"mode": words("none", "governance", "compliance")}, {"until": is_time})
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
    "maintenance.declared": (
        {"database": is_text, "from": is_time, "to": is_time, "kinds": each(PROMISED)}
        | {"reason": is_text, "approved_by": is_text},
        {},
    ),
    "occurrence.missed": (
        {"kind": PROMISED, "expected_at": is_time, "window_end": is_time, "found_at": is_time},
        {"database": is_text, "collector": is_text, "reason_code": is_text},
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
    "copy.verified": (
        {"database": is_text, "backup": is_id, "outcome": words("ok", "mismatch", "missing", "unreachable")}
        | {"location": OBJECT, "method": words("full_reread", "checksum", "head"), "sha256_expected": is_digest}
        | {"lock": LOCK, "separation": shape({"provider": is_bool, "account": is_bool, "region": is_bool})},
        {"sha256_actual": is_digest},
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
    "retention.pruned": (
        {"database": is_text, "run_id": is_id, "confirmed": each(is_id), "held": each(is_id)}
        | {"rule": shape({"tier": words("daily", "weekly", "monthly", "keep_last"), "keep": is_int})}
        | {"objects": each(shape({"backup": is_id, "key": is_text, "age_days": is_int}, {"version_id": is_text}))},
        {},
    ),
    "hold.changed": (
        {"action": words("placed", "released"), "scope": is_text, "reason": is_text, "by": is_text},
        {},
    ),
    "alert.raised": (
        dict.fromkeys(("alert", "severity", "channel", "recipients_ref"), is_text)
        | {"delivery": words("delivered", "failed", "unknown"), "test": is_bool},
        {"subject": is_id},
    ),
    "alert.acknowledged": (
        {"alert": is_id, "by": is_text},
        {"note": is_text, "escalated_to": is_text},
    ),
    "action.recorded": (
        {"kind": words("corrective", "explanation", "risk_acceptance", "lesson"), "subjects": each(is_id)}
        | {"state": words("opened", "updated", "closed"), "closed_by": each(is_id)}
        | dict.fromkeys(("reason_code", "owner", "text"), is_text),
        {"action": is_id, "root_cause": is_text, "due": is_time},
    ),
    "operator.action": (
        {"action": words("manual_backup", "restore_prod", "key_use", "config_change", "login", "read", "download")}
        | {"target": is_text, "reason": is_text},
        {"approved_by": is_text},
    ),
    "handoff.recorded": (
        {"database": is_text, "backup": is_id, "root_verified": is_bool, "signature_valid": is_bool}
        | {"from_region": is_text, "to_region": is_text, "verified_by": is_text},
        {"online_at": is_time},
    ),
    "review.signed": (
        {"subject": words("evidence", "exception", "period", "policy", "role_list"), "subjects": each(is_id)}
        | {"role": words("preparer", "reviewer", "approver"), "person": is_text}
        | {"conclusion": words("no_issue", "issue"), "head": shape({"size": is_count, "root": is_digest})},
        {"period": PERIOD},
    ),
    "record.corrected": (
        {"corrects": is_id, "member": is_text, "was": is_text, "now": is_text, "reason": is_text},
        {},
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

# events-4: how many statements an entry references, at least and at most; of other types none.
STATEMENTS = dict.fromkeys(("backup.completed", "restore.tested", "evidence.collected", "review.signed"), (1, 1)) | {
    "policy.adopted": (0, 1)
}

# events-2: by type, the members that hold ids of entries, in canonical order; in `objects` each item has one.
REFERENCES = {
    "backup.started": ("retry_of",),
    "backup.failed": ("retry_of",),
    "copy.verified": ("backup",),
    "restore.started": ("backup",),
    "restore.tested": ("actions", "backup"),
    "evidence.collected": ("previous",),
    "retention.pruned": ("confirmed", "held", "objects"),
    "alert.raised": ("subject",),
    "alert.acknowledged": ("alert",),
    "action.recorded": ("action", "closed_by", "subjects"),
    "handoff.recorded": ("backup",),
    "review.signed": ("subjects",),
    "record.corrected": ("corrects",),
}


def reads(kind, data):
    """events-1: whether the type is known and the data has its members."""
    return kind in TYPES and has(data, *TYPES[kind])


def is_interpreted(entry):
    """events-1, of an entry."""
    return reads(entry.value["type"], entry.value["data"])


def data_of(entry, *kinds):
    """The data of an entry of one of these types; None for another, and for one that is not interpreted."""
    return entry.value["data"] if entry.value["type"] in kinds and is_interpreted(entry) else None


def references(entry):
    """events-2: the entry ids in the data of an entry; None where the data is not interpreted."""
    return ids_in(entry.value["type"], entry.value["data"]) if is_interpreted(entry) else None


def ids_in(kind, data):
    """events-2: the entry ids in interpreted data, in canonical order."""
    ids = []
    for name in REFERENCES.get(kind, ()):
        found = data.get(name, [])
        items = found if type(found) is list else [found]
        ids += [item["backup"] if type(item) is dict else item for item in items]
    return ids
