"""One good statement of each kind about an entry: a backup, and the restore test of it."""

import formats
import story
from story import ORIGIN

RUN, TEST = "01K3QZ8E5P00000000000RVN02", "01K3QZ8E5P0000000000TEST01"
KEY = bytes(range(32))
POLICY = formats.sha256(story.POLICY_JCS).hex()


def digest(text):
    return formats.sha256(text.encode()).hex()


def sized(text):
    return {"bytes": str(len(text)), "sha256": digest(text)}


def stored(name):
    place = {"provider": "local", "account_ref": "acme", "region": "office", "bucket": "backups", "key": name}
    return place | sized("ciphertext of " + name)


def head(seq):
    return {
        "origin": ORIGIN,
        "entry": story.identifier(seq),
        "policy": POLICY,
        "actor": story.SERVICE,
        "tool": story.TOOL,
    }


def tables():
    """The leaf objects of a database with one table of two rows."""
    rows = [formats.row(["id", "note"], [str(i), f"row {i}"]) for i in range(2)]
    orders = {
        "kind": "table",
        "schema": "public",
        "name": "orders",
        "columns": [{"name": "id", "type": "bigint"}, {"name": "note", "type": "text"}],
        "key": ["id"],
        "order": "key",
        "rows": "2",
        "root": formats.table_root(KEY, rows, "key").hex(),
    }
    return [{"kind": "large-objects", "count": "0", "root": formats.sha256().hex()}, orders]


def backup(seq=5):
    content = {
        "canonical": "pgrow-v1",
        "root": formats.content_root(tables()).hex(),
        "tables": tables(),
        "omitted": [{"kind": "view", "schema": "public", "name": "totals", "reason": "derived"}],
        "blinding": {"alg": "hmac-v1", "commitment": formats.row_key_commitment(KEY).hex()},
    }
    dump = stored("shop/2026-07-02/dump")
    predicate = head(seq) | {
        "database": "shop",
        "run_id": RUN,
        "started_at": story.time(120),
        "snapshot_at": story.time(120, 1, 7),
        "completed_at": story.time(120, 9),
        "object": dump,
        "same_snapshot": True,
        "content_root": content["root"],
        "schema": {"portable": digest("portable"), "exact": digest("exact")},
        "tables": 1,
        "rows": "2",
        "warnings": 0,
        "plain": sized("the dump"),
        "globals": {"object": stored("shop/2026-07-02/globals"), "plain": sized("the globals")},
        "rowkey": {"object": stored("shop/2026-07-02/rowkey")},
        "content": content,
        "sequences": [{"schema": "public", "name": "orders_id_seq", "before": "2", "after": "2"}],
        "session": {"DateStyle": "ISO, YMD", "TimeZone": "UTC"},
        "server": {"version": "15.14", "system_identifier": "7543210987654321098", "in_recovery": False},
        "tls": {"mode": "verify-full", "protocol": "TLSv1.3", "cert_sha256": digest("certificate")},
        "pg_dump": {
            "version": "pg_dump (PostgreSQL) 15.14",
            "args": ["-Fc", "--snapshot=00000003-0000001B-1"],
            "exit_code": 0,
            "stderr_sha256": formats.sha256().hex(),
        },
        "encryption": {"alg": "none", "recipients": []},
        "schema_counts": {"index": 1, "table": 1},
        "set": {
            "keys_ref": "safe 2",
            "keys_seen_at": story.time(0),
            "config_ref": "git",
            "config_sha256": digest("config"),
        },
    }
    plain = predicate["plain"]["sha256"]
    return formats.statement("backup", [(dump["key"], dump["sha256"]), ("plain", plain)], predicate)


def restore_test(seq=7, restored=5):
    root = formats.content_root(tables()).hex()
    host = digest("restore1")
    predicate = head(seq) | {
        "database": "shop",
        "test_id": TEST,
        "backup": {"id": story.identifier(restored), "digest": formats.sha256(backup(restored)).hex()},
        "purpose": "scheduled",
        "environment": {
            "name": "throwaway",
            "class": "test",
            "host_sha256": host,
            "server_version": "15.14",
            "system_identifier": "7543210987654329999",
            "database": "walwarden_rt",
        },
        "scope": "full",
        "performed_by": "backup-runner",
        "approved_by": "ops-lead",
        "incident_at": story.time(179),
        "started_at": story.time(180),
        "usable_at": story.time(180, 5),
        "checks_passed_at": story.time(180, 8),
        "ended_at": story.time(180, 9),
        "outcome": "passed",
        "rto_target_s": 5400,
        "rpo_target_s": 97200,
        "data_age_s": 3598,
        "tables_expected": 1,
        "tables_equal": 1,
        "rows_expected": "2",
        "rows_actual": "2",
        "root_expected": root,
        "root_actual": root,
        "lessons": "none",
        "actions": [],
        "steps": [
            {"name": "restore", "outcome": "ok", "started_at": story.time(180, 1), "seconds": 4, "detail": "2 jobs"}
        ],
        "signature": {"keyid": formats.key_id(formats.public_key(story.STATEMENTS)), "valid": True},
        "bytes": {"cipher": True, "plain": True},
        "table_mismatches": [],
        "omitted_equal": True,
        "schema": {"portable": True, "exact": True, "expected": {"table": 1}, "actual": {"table": 1}},
        "sequences": {"ok": True, "failed": []},
        "amcheck": "absent",
        "smoke": [
            {
                "name": "orders readable",
                "cmd_sha256": digest("select count(*) > 0 from public.orders"),
                "exit_code": 0,
                "seconds": 0,
                "output_sha256": digest("t"),
            }
        ],
        "set_retrieved": {"keys": True, "config": False},
        "isolation": {"same_system": False, "same_host": True, "reason": "one host in this example"},
        "cleanup": {"dropped": True, "at": story.time(180, 9)},
        "runbook": {"path": "runbooks/restore.md", "sha256": digest("runbook")},
        "attachments": [],
    }
    return formats.statement("restore-test", [(story.identifier(restored), predicate["backup"]["digest"])], predicate)


def evidence(seq=7, previous=5):
    output = {"name": "roles.ndjson", "media": "application/x-ndjson", "columns": ["rolname", "rolsuper"]}
    output |= sized('{"rolname":"postgres","rolsuper":true}\n') | {"query": digest("select")}
    predicate = head(seq) | {
        "database": "shop",
        "collector": "access_control",
        "due_at": story.time(120),
        "covers": {"from": story.time(0), "to": story.time(120)},
        "trigger": "schedule",
        "outcome": "ok",
        "rows": "1",
        "previous": {"id": story.identifier(previous), "digest": digest("an entry")},
        "diff": {"added": 1, "removed": 0, "changed": 0},
        "flags": [{"code": "superuser", "detail": "postgres"}],
        "reason": "monthly",
        "collector_version": "1",
        "source": {
            "provider": "own",
            "host_sha256": digest("db1"),
            "database": "shop",
            "system_identifier": "7543210987654321098",
            "server_version": "15.14",
            "in_recovery": False,
        },
        "session_role": "walwarden",
        "parameters": {"schema": "public"},
        "zone": "Europe/Berlin",
        "started_at": story.time(120),
        "ended_at": story.time(120, 1),
        "run_by": "backup-runner",
        "pages": 1,
        "truncated": False,
        "filters": [],
        "not_visible": ["passwords"],
        "reconciled": {"source": "count(*)", "rows": "1", "equal": True},
        "outputs": [output],
        "redactions": [],
    }
    return formats.statement("evidence", [(output["name"], output["sha256"])], predicate)


def review(seq=4, item=3):
    """Of the failed backup of the record, by one who had seen its first four lines."""
    entry_hash = story.HASHES[item].hex()
    predicate = head(seq) | {
        "subject": "exception",
        "subjects": [{"id": story.identifier(item), "digest": entry_hash}],
        "role": "reviewer",
        "person": "sec-lead",
        "conclusion": "no_issue",
        "head": {"size": seq, "root": story.HEADS[seq][1].hex()},
        "title": "Security lead",
        "notes": "",
    }
    return formats.statement("review", [(story.identifier(item), entry_hash)], predicate)
