"""Every type of event, its data whole, bare and spoilt: spec/10-events.md.

Validity follows from how the data are written down here, not from a reader: a name that ends with `?` may be absent, a
tuple holds the words of which one stands, and every text that has one spelling is shown in it.
"""

import copy
import re

import formats
import story

WHEN = story.time(0)
UNTIL = story.time(60)
DIGEST = formats.sha256(b"something").hex()
KEY = formats.key_id(story.public(story.LOG))
RUN = "01K3QZ8E5P00000000000RVN01"
PERIOD = {"start": WHEN, "end": UNTIL}
PROMISED = ("backup", "copy", "restore_test", "evidence")
OBJECT = dict.fromkeys(("provider", "account_ref", "region", "bucket", "key", "version_id?", "etag?"), "x")
OBJECT |= {"bytes": "4096", "sha256": DIGEST}
PURPOSE = ("scheduled", "drill", "recovery", "migration")
PLACE = {"name": "scratch", "class": ("test", "staging", "prod"), "host_sha256": DIGEST}


def entry_id(n):
    return story.identifier(n)


def texts(names):
    return dict.fromkeys(names.split(), "x")


TYPES = {
    "chain.genesis": texts("org_name zone spec_version")
    | {"root_fingerprints": [DIGEST], "predecessor?": {"origin": story.ORIGIN, "size": 4, "root": DIGEST}},
    "policy.adopted": texts("version author approved_by approval_ref? change?")
    | {"sha256": DIGEST, "toml_sha256": DIGEST, "effective_from": WHEN, "supersedes?": DIGEST},
    "scope.declared": {
        "databases": [
            texts("id provider account_ref project? branch? region server_version criticality owner")
            | {"system_identifier": "7523904118265307101", "host_sha256": DIGEST, "from": WHEN, "to?": UNTIL}
        ],
        "excluded": [texts("name reason approved_by")],
        "observed": [{"name": "shop", "oid": "16384", "template": False}],
        "query_sha256": DIGEST,
    },
    "key.changed": {
        "registry_version": 2,
        "changes": [{"keyid": KEY, "action": ("added", "retired", "revoked", "custodian", "storage", "root")}],
        "reason?": "x",
    },
    "maintenance.declared": texts("database reason approved_by") | {"from": WHEN, "to": UNTIL, "kinds": [PROMISED]},
    "occurrence.missed": texts("database? collector? reason_code?")
    | {"kind": PROMISED, "expected_at": WHEN, "window_end": UNTIL, "found_at": UNTIL},
    "backup.started": texts("database reason?")
    | {"run_id": RUN, "trigger": ("schedule", "manual", "retry"), "expected_at?": WHEN, "retry_of?": entry_id(1)},
    "backup.completed": {"database": "shop", "run_id": RUN, "object": OBJECT, "same_snapshot": True, "rows": "12"}
    | {"started_at": WHEN, "snapshot_at": WHEN, "completed_at": UNTIL, "content_root?": DIGEST}
    | {"schema": {"portable": DIGEST, "exact": DIGEST}, "tables": 3, "warnings": 0},
    "backup.failed": texts("database reason_code message?")
    | {"stage": ("preflight", "connect", "snapshot", "dump", "content", "encrypt", "upload", "sign", "copy")}
    | {"run_id": RUN, "exit_code?": 1, "retry_of?": entry_id(1)},
    "copy.verified": {"database": "shop", "backup": entry_id(1), "location": OBJECT, "sha256_expected": DIGEST}
    | {"outcome": ("ok", "mismatch", "missing", "unreachable"), "method": ("full_reread", "checksum", "head")}
    | {"sha256_actual?": DIGEST, "lock": {"mode": ("none", "governance", "compliance"), "until?": UNTIL}}
    | {"separation": {"provider": True, "account": True, "region": False}},
    "restore.started": {"database": "shop", "test_id": RUN, "backup": entry_id(1)}
    | {"purpose": PURPOSE, "environment": PLACE},
    "restore.tested": texts("database performed_by approved_by? lessons?")
    | {"test_id": RUN, "backup": entry_id(3), "actions": [entry_id(1), entry_id(2)], "purpose": PURPOSE}
    | {"environment": PLACE | {"server_version": "17.6", "system_identifier": "7", "database": "restored"}}
    | {"scope": ("full", "subset"), "outcome": ("passed", "failed", "aborted"), "rows_expected": "12"}
    | dict.fromkeys(("incident_at?", "started_at", "usable_at?", "checks_passed_at?", "ended_at"), WHEN)
    | dict.fromkeys(("rto_target_s", "rpo_target_s", "data_age_s", "tables_expected", "tables_equal?"), 60)
    | {"rows_actual?": "12", "root_expected?": DIGEST, "root_actual?": DIGEST},
    "evidence.collected": texts("database? collector reason?")
    | {"due_at?": WHEN, "covers": {"from": WHEN, "to": UNTIL}, "trigger": ("schedule", "migration", "manual")}
    | {"outcome": ("ok", "failed"), "rows": "12", "previous?": entry_id(1), "flags": [texts("code detail")]}
    | {"diff?": {"added": 1, "removed": 0, "changed": 0}},
    "retention.pruned": {
        "database": "shop",
        "run_id": RUN,
        "rule": {"tier": ("daily", "weekly", "monthly", "keep_last"), "keep": 7},
        "objects": [{"backup": entry_id(3), "key": "shop/1", "version_id?": "v1", "age_days": 8}],
        "confirmed": [entry_id(1)],
        "held": [entry_id(2)],
    },
    "hold.changed": texts("scope reason by") | {"action": ("placed", "released")},
    "alert.raised": texts("alert severity channel recipients_ref")
    | {"subject?": entry_id(1), "delivery": ("delivered", "failed", "unknown"), "test": False},
    "alert.acknowledged": texts("by note? escalated_to?") | {"alert": entry_id(1)},
    "action.recorded": texts("reason_code root_cause? owner text")
    | {"action?": entry_id(1), "kind": ("corrective", "explanation", "risk_acceptance", "lesson")}
    | {"state": ("opened", "updated", "closed"), "subjects": [entry_id(3)], "closed_by": [entry_id(2)], "due?": UNTIL},
    "operator.action": texts("target reason approved_by?")
    | {"action": ("manual_backup", "restore_prod", "key_use", "config_change", "login", "read", "download")},
    "handoff.recorded": texts("database from_region to_region verified_by")
    | {"backup": entry_id(1), "root_verified": True, "signature_valid": True, "online_at?": UNTIL},
    "review.signed": {"subject": ("evidence", "exception", "period", "policy", "role_list"), "person": "sec-lead"}
    | {"subjects": [entry_id(1), entry_id(2)], "role": ("preparer", "reviewer", "approver"), "period?": PERIOD}
    | {"conclusion": ("no_issue", "issue"), "head": {"size": 4, "root": DIGEST}},
    "record.corrected": texts("member was now reason") | {"corrects": entry_id(1)},
    "anchor.attached": {"size": 4, "checkpoint_sha256": DIGEST, "kind": ("rfc3161", "witness", "other")}
    | {"token_sha256?": DIGEST, "gen_time?": WHEN},
    "export.made": {"state": ("begun", "written"), "kind": ("bundle", "chain_dump", "keys"), "period?": PERIOD}
    | {"zone?": {"name": "x", "tzdb": "x", "offset_s": 7200, "transitions": [{"at": WHEN, "offset_s": 3600}]}}
    | {"size?": 4, "payload_sha256?": DIGEST, "rejected?": False, "recipient?": "x"},
}

# Spellings that look like one of these, and are not.
SPELT = (
    (re.compile(r"\d{4}-.*Z"), "2026-07-01T18:00:00Z"),
    (re.compile(r"[0-9a-f]{64}"), DIGEST.upper()),
    (re.compile(r"01K3[0-9A-Z]{22}"), entry_id(1).lower()),
    (re.compile(r"\d+"), "007"),
)
SPELT_BY_NAME = {"origin": "Acme", "keyid": "x", "server_version": None}
NOT_ENTRIES = (RUN,)


def plain(value, bare=False):
    """The data themselves: whole, or without what may be absent."""
    if type(value) is dict:
        members = {n: v for n, v in value.items() if not (bare and n.endswith("?"))}
        return {name.rstrip("?"): plain(member, bare) for name, member in members.items()}
    if type(value) is list:
        return [plain(item, bare) for item in value]
    return value[0] if type(value) is tuple else value


def places(value, path=()):
    """(path, written value, may be absent) of every member and item, outermost first."""
    items = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    for name, inner in items:
        optional = type(name) is str and name.endswith("?")
        here = (*path, name.rstrip("?") if type(name) is str else name)
        yield here, inner, optional
        yield from places(inner, here)


def references(value):
    """events-2: ids of entries, in canonical order of the members."""
    if type(value) is dict:
        return [id for name in sorted(value) for id in references(value[name])]
    if type(value) is list:
        return [id for item in value for id in references(item)]
    is_id = type(value) is str and re.fullmatch(r"01K3[0-9A-Z]{22}", value) and value not in NOT_ENTRIES
    return [value] if is_id else []


def misspelt(name, value):
    """The same text in a spelling that it may not have; None where every text may stand."""
    if name in SPELT_BY_NAME:
        return SPELT_BY_NAME[name]
    return next((wrong for right, wrong in SPELT if right.fullmatch(value)), None)


def wrongs(name, value):
    """(what is wrong, a value that is not of this type)."""
    if type(value) is tuple:
        return [("word", "moon"), ("type", 7)]
    if type(value) is bool:
        return [("type", "true")]
    if type(value) is int:
        return [("type", "7"), ("bool", True)] + ([("negative", -1)] if name == "size" else [])
    if type(value) is str:
        wrong = misspelt(name, value)
        return [("type", 7)] + ([("spelling", wrong)] if wrong is not None else [])
    return [("type", "x")]


def changed(data, path, value=...):
    """The data with one member or item set; `...` removes it."""
    data = copy.deepcopy(data)
    place = data
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return data


def event_cases():
    """A case has `data`, or the `base` that it has them of with one place, `at`, `set` to a value or without it."""
    cases = []

    def case(name, rule, interpreted, ids, **shown):
        verdict = {"interpreted": interpreted} | ({"refs": references(ids)} if interpreted else {})
        cases.append({"name": name, "rule": rule} | shown | verdict)

    for kind, written in TYPES.items():
        whole, bare = plain(written), plain(written, bare=True)

        def spoilt(what, rule, interpreted, path, **value):
            data = changed(whole, path, value.get("set", ...))
            name = f"{kind} {what} {'.'.join(map(str, path))}"
            case(name, rule, interpreted, data, base=f"{kind} whole", at=list(path), **value)

        case(f"{kind} whole", "events-3", True, whole, type=kind, data=formats.jcs(whole).decode())
        case(f"{kind} bare", "events-3", True, bare, type=kind, data=formats.jcs(bare).decode())
        spoilt("unknown", "events-1", False, ("moon",), set="full")
        for path, value, optional in places(written):
            if type(path[-1]) is str:
                spoilt("without", "events-3", optional, path)
            if optional:
                spoilt("null", "bytes-3", False, path, set=None)
            if type(value) is dict:
                spoilt("unknown", "events-1", False, (*path, "moon"), set="full")
            for what, wrong in wrongs(path[-1], value):
                spoilt(what, "events-3", False, path, set=wrong)
            for word in value[1:] if type(value) is tuple else ():
                spoilt(word, "events-3", True, path, set=word)
            if type(value) is list:
                spoilt("empty", "events-3", True, path, set=[])
    case("unknown-type", "events-1", False, {}, type="moon.phase", data="{}")
    return cases


def files():
    about = "Types of entries and their `data`: whether this version interprets them, and which entries they name."
    return {"events": ("10-events", about, event_cases())}
