"""Rules over records, and the verdict: spec/12-rules.md, spec/13-verification.md."""

import json

import formats
import story
from formats import rules
from story import POLICY_JCS, identifier, time

POLICY = formats.sha256(POLICY_JCS).hex()
END = 330  # minutes after 18:00
PERIOD = {"start": time(30), "end": time(END)}
HOST = formats.sha256(b"restore1").hex()


def run(n):
    return "01K3QZ8E5P000000000000RVN%d" % n


def digest(text):
    return formats.sha256(text.encode()).hex()


def started(n, database="shop"):
    return "backup.started", {"database": database, "run_id": run(n), "trigger": "schedule"}


def failed(n, database="shop"):
    return "backup.failed", {"database": database, "run_id": run(n), "stage": "dump", "reason_code": "pg-dump-failed"}


def completed(n, minute, database="shop"):
    place = {"provider": "local", "account_ref": "acme", "region": "office", "bucket": "backups", "key": f"dump-{n}"}
    return "backup.completed", {
        "database": database,
        "run_id": run(n),
        "started_at": time(minute),
        "snapshot_at": time(minute, 1),
        "completed_at": time(minute, 30),
        "object": place | {"bytes": "10", "sha256": digest(f"dump {n}")},
        "same_snapshot": True,
        "content_root": digest("root"),
        "schema": {"portable": digest("portable"), "exact": digest("exact")},
        "tables": 1,
        "rows": "2",
        "warnings": 0,
    }


def tested(minute, outcome="passed", seconds=59, purpose="scheduled", database="shop", drop=(), **other):
    data = {
        "database": database,
        "test_id": run(9),
        "backup": identifier(1),
        "purpose": purpose,
        "environment": {"name": "t", "class": "test", "host_sha256": HOST, "server_version": "15.14"}
        | {"system_identifier": "1", "database": "rt"},
        "scope": "full",
        "performed_by": "backup-runner",
        "started_at": time(minute),
        "usable_at": time(minute, 5),
        "checks_passed_at": time(minute + seconds // 60, seconds % 60),
        "ended_at": time(minute + seconds // 60, seconds % 60),
        "outcome": outcome,
        "rto_target_s": 5400,
        "rpo_target_s": 97200,
        "data_age_s": 60,
        "tables_expected": 1,
        "tables_equal": 1,
        "rows_expected": "2",
        "rows_actual": "2",
        "root_expected": digest("root"),
        "root_actual": digest("root"),
        "actions": [],
    }
    return "restore.tested", {n: v for n, v in (data | other).items() if n not in drop}


def lines(*steps, under=POLICY):
    """A chain of these (minute, (type, data)), every entry under one policy."""
    result, prev = [], formats.genesis_prev(story.ORIGIN)
    for seq, (minute, (kind, data)) in enumerate(steps):
        refs = data.get("actions", []) + data.get("subjects", []) + ([data["backup"]] if "backup" in data else [])
        line = formats.jcs(story.entry(seq, prev, time(minute), kind, data, policy=under, refs=refs))
        result.append(line)
        prev = formats.entry_hash(line)
    return b"".join(line + b"\n" for line in result)


def rule_cases():
    cases = []
    policy = json.loads(POLICY_JCS)

    def case(name, rule, *steps, signed=(), gate="open", policies=(policy,), period=PERIOD, **status):
        under = formats.sha256(formats.jcs(policies[-1])).hex() if policies else POLICY
        ndjson = lines(*steps, under=under)
        record = rules.Record(ndjson, list(policies), period, signed)
        results = rules.evaluate(record, gate)
        for short, wanted in status.items():
            found = results["WW-" + short.replace("_", "-")]["status"]
            assert found == wanted, (name, short, found)
        resolved = [formats.jcs(p).decode() for p in policies]
        cases.append(
            {"name": name, "rule": rule, "period": period, "policies": resolved, "signed": list(signed), "gate": gate}
            | {"ndjson": ndjson.decode(), "results": results}
        )

    good = [(40, started(1)), (41, completed(1, 40)), (60, tested(59))]
    one = [identifier(1)]
    nothing = "not-occurred"
    case("all-is-well", "rules-4", *good, signed=one, BK_03=nothing, BK_04="supported", RT_01="not-evidenced")
    case("nothing-happened", "rules-4", BK_03=nothing, BK_04=nothing, RT_01="not-evidenced", RT_02=nothing, RT_06=nothing)
    case("closed", "rules-2", *good, signed=one, gate="closed", RT_01="integrity-failure")
    case(
        "no-pin",
        "rules-2",
        *good,
        (70, failed(2)),
        signed=one,
        gate="signer-not-established",
        BK_03="exception",
        RT_01="not-evidenced",
    )
    case("no-policy", "rules-7", *good, signed=one, policies=(), RT_01="not-evidenced", RT_03="exception")
    case("failure", "rules-5", *good, (70, started(2)), (71, failed(2)), signed=one, BK_03="exception")
    case(
        "failure-then-success",
        "rules-5",
        (40, started(2)),
        (41, failed(2)),
        (50, started(1)),
        (51, completed(1, 50)),
        signed=[identifier(3)],
        BK_03="exception",
    )
    case("failure-before-the-period", "rules-5", (10, started(2)), (11, failed(2)), *good, BK_03=nothing)
    case("failure-after-the-period", "rules-5", *good, (END, started(2)), (END, failed(2)), BK_03=nothing)
    case("run-without-end", "rules-5", (40, started(1)), BK_03="exception")
    case("run-open-at-the-period-before", "rules-5", (10, started(1)), BK_03="exception")
    case("run-still-open", "rules-5", (END - 30, started(1)), BK_03=nothing)
    case(
        "run-ended-after-the-period", "rules-5", (40, started(1)), (END, completed(1, 40)), BK_03=nothing, BK_04=nothing
    )
    case("backup-not-signed", "rules-6", *good, BK_04="exception")
    case("one-of-two-not-signed", "rules-6", *good, (70, completed(2, 69)), signed=one, BK_04="exception")
    case(
        "test-failed",
        "rules-7",
        (60, tested(59, "failed", root_actual=digest("other"), tables_equal=0)),
        RT_01="not-evidenced",
        RT_02="exception",
        RT_06="exception",
        RT_03=nothing,
    )
    case(
        "test-failed-then-passed",
        "rules-10",
        (60, tested(59, "failed", tables_equal=0)),
        (80, tested(79)),
        RT_01="not-evidenced",
        RT_02="exception",
        RT_06="supported",
    )
    case(
        "test-passed-then-failed",
        "rules-10",
        (60, tested(59)),
        (80, tested(79, "failed", tables_equal=0)),
        RT_01="not-evidenced",
        RT_06="exception",
    )
    case(
        "retest-after-the-period",
        "rules-10",
        (60, tested(59, "failed", tables_equal=0)),
        (END, tested(END)),
        RT_01="not-evidenced",
        RT_06="supported",
    )
    case(
        "test-aborted",
        "rules-8",
        (60, tested(59, "aborted", drop=("checks_passed_at", "root_actual", "rows_actual", "tables_equal"))),
        RT_01="not-evidenced",
        RT_02=nothing,
        RT_06="exception",
    )
    case(
        "recovery-is-no-test",
        "rules-7",
        (60, tested(59, purpose="recovery")),
        RT_01="not-evidenced",
        RT_02=nothing,
        RT_03=nothing,
    )
    case("drill-is-a-test", "rules-7", (60, tested(59, purpose="drill")), RT_01="not-evidenced", RT_02="supported")
    case(
        "another-database",
        "rules-7",
        (60, tested(59, database="billing")),
        RT_01="not-evidenced",
        RT_02="supported",
        RT_03="exception",
    )
    case("rows-differ", "rules-8", (60, tested(59, rows_actual="1")), RT_02="exception")
    case("tables-differ", "rules-8", (60, tested(59, tables_equal=0)), RT_02="exception")
    case("root-differs", "rules-8", (60, tested(59, root_actual=digest("other"))), RT_02="exception")
    case("no-roots", "rules-8", (60, tested(59, drop=("root_expected", "root_actual"))), RT_02="exception")
    case(
        "no-tables",
        "rules-8",
        (60, tested(59, tables_expected=0, tables_equal=0, rows_expected="0", rows_actual="0")),
        RT_02="exception",
    )
    case("as-long-as-promised", "rules-9", (200, tested(60, seconds=5400)), RT_03="supported")
    case("a-second-too-long", "rules-9", (200, tested(60, seconds=5401)), RT_03="exception")
    case("no-last-check", "rules-9", (60, tested(59, drop=("checks_passed_at",))), RT_03="exception")
    # WW-RT-01: a test a day, of days that begin at 18:00.
    daily = json.loads(POLICY_JCS)
    daily["timezone"], daily["effective_from"] = "UTC", time(0)
    daily["databases"][0] |= {"restore_test": {"cadence": "P1D"}}
    promise = "policy.adopted", {
        "version": "2026.1",
        "sha256": formats.sha256(formats.jcs(daily)).hex(),
        "toml_sha256": digest("toml"),
        "effective_from": time(0),
        "author": "ops-lead",
        "approved_by": "cto",
    }
    days = {"start": time(0), "end": time(3 * 1440)}
    sealed = (3 * 1440 + 5, ("export.made", {"state": "begun", "kind": "bundle", "period": days}))

    def week(name, status, *steps, after=(sealed,), **more):
        case(name, "rules-7", (0, promise), *steps, *after, policies=(daily,), period=days, RT_01=status, **more)

    daily_tests = [(1440 * n + 61, tested(1440 * n + 60)) for n in range(3)]
    week("a-test-each-day", "supported", *daily_tests)
    week("a-day-without", "exception", *daily_tests[:1], *daily_tests[2:])
    week("a-day-of-failure", "exception", *daily_tests[:2], (2 * 1440 + 61, tested(2 * 1440 + 60, "failed", tables_equal=0)))
    again = (2 * 1440 + 90, tested(2 * 1440 + 80))
    week("failed-and-passed-that-day", "supported", *daily_tests[:2], (2 * 1440 + 61, tested(2 * 1440 + 60, "failed", tables_equal=0)), again)
    week("begun-in-the-window-before", "exception", *daily_tests[:2], (2 * 1440 + 5, tested(2 * 1440 - 1)))
    week("recorded-days-later", "supported", *daily_tests[:1], (2 * 1440 + 61, tested(1440 + 60)), (2 * 1440 + 62, tested(2 * 1440 + 60)))
    week("another-database-tested", "exception", *daily_tests[:2], (2 * 1440 + 61, tested(2 * 1440 + 60, database="billing")))
    week("the-record-ends-in-the-last-day", "not-evidenced", *daily_tests, after=())
    # WW-BK-01: a schedule of every hour from 18:00 on, in UTC; the period is 18:30 to 23:30.
    hourly = json.loads(POLICY_JCS)
    hourly["timezone"] = "UTC"
    hourly["databases"][0] |= {"schedule": "0 * * * *", "start_tolerance_s": 600, "manual_counts": True}
    text = formats.jcs(hourly).decode()
    adopted = "policy.adopted", {
        "version": "2026.1",
        "sha256": formats.sha256(text.encode()).hex(),
        "toml_sha256": digest("toml"),
        "effective_from": time(0),
        "author": "ops-lead",
        "approved_by": "cto",
    }
    begun = "export.made", {"state": "begun", "kind": "bundle", "period": PERIOD}

    def hour(n, late=0, end="completed", manual=False):
        """A run in the nth hour, recorded as it happens."""
        start = started(n)[1] | ({"trigger": "manual"} if manual else {})
        ended = completed(n, 60 * n + late) if end == "completed" else failed(n)
        return [(60 * n + late, ("backup.started", start)), (60 * n + late + 1, ended)]

    def night(name, status, *hours, after=((END + 30, begun),), before=(), policy=hourly, adopts=adopted, **more):
        steps = [(1, adopts), *before, *(step for one in hours for step in one), *after]
        steps = [step for _, step in sorted(enumerate(steps), key=lambda pair: (pair[1][0], pair[0]))]
        case(name, "rules-11", *steps, policies=(policy,), BK_01=status, **more)

    action = "action.recorded", {
        "kind": "explanation",
        "state": "opened",
        "reason_code": "disk-full",
        "owner": "ops-lead",
        "closed_by": [],
        "text": "the disk was full",
    }
    every = [hour(n) for n in range(1, 6)]
    night("every-hour", "supported", *every)
    night("every-hour-sealed-early", "not-evidenced", *every[:4], after=())
    night("every-hour-sealed-before-the-next", "supported", *every, after=((360, begun),))
    night("an-hour-missed", "exception", *every[:2], *every[3:])
    night("an-hour-late", "exception", *every[:2], hour(3, 11), *every[3:])
    night("an-hour-at-the-last-minute", "supported", *every[:2], hour(3, 10), *every[3:])
    night("an-hour-failed", "exception", *every[:2], hour(3, 0, "failed"), *every[3:])
    night("an-hour-by-hand", "supported", *every[:2], hour(3, 40, manual=True), *every[3:])
    retry = [(60 * 3 + 20, started(9)), (60 * 3 + 21, completed(9, 60 * 3 + 20))]
    night("an-hour-recovered", "supported", *every[:2], hour(3, 0, "failed"), retry, *every[3:], BK_03="exception")
    rest = "maintenance.declared", {
        "database": "*",
        "from": time(170),
        "to": time(200),
        "kinds": ["backup"],
        "reason": "new disks",
        "approved_by": "cto",
    }
    night("an-hour-excused", "supported", *every[:2], *every[3:], before=((100, rest),))
    night("an-hour-excused-afterwards", "exception", *every[:2], *every[3:], before=((201, rest),))
    other = "maintenance.declared", rest[1] | {"database": "billing"}
    night("an-hour-of-another-database", "exception", *every[:2], *every[3:], before=((100, other),))
    berlin = json.loads(POLICY_JCS)
    berlin["databases"][0] |= {"schedule": "0 21 * * *", "start_tolerance_s": 600}
    in_berlin = "policy.adopted", adopted[1] | {"sha256": formats.sha256(formats.jcs(berlin)).hex()}
    zone = {"name": "Europe/Berlin", "tzdb": "2026a", "offset_s": 7200, "transitions": []}
    begun_in_berlin = "export.made", begun[1] | {"zone": zone}
    day_after = ((60 * 30, begun_in_berlin),)
    night("nine-in-berlin", "supported", hour(1), policy=berlin, adopts=in_berlin, after=day_after)
    night("nine-in-berlin-missed", "exception", hour(2), policy=berlin, adopts=in_berlin, after=day_after)
    night("no-zone", "not-evidenced", hour(1), policy=berlin, adopts=in_berlin, after=((60 * 30, begun),))
    night("nothing-promised", "not-evidenced", hour(1), policy=policy, adopts=("policy.adopted", adopted[1] | {"sha256": POLICY}))
    later = "policy.adopted", adopted[1] | {"effective_from": time(200)}
    unknown = "policy.adopted", adopted[1] | {"sha256": digest("another policy")}
    night("a-policy-not-carried", "not-evidenced", *every, before=((0, unknown),), adopts=later)
    night("a-policy-of-before", "supported", *every, before=((0, unknown),))
    answered = [(30, started(1)), (31, failed(1)), (40, started(2)), (41, completed(2, 40))]
    about = "action.recorded", action[1] | {"subjects": [identifier(1)]}
    case("failure-explained", "rules-5", *answered, (50, about), signed=[identifier(3)], BK_03="supported")
    elsewhere = "action.recorded", action[1] | {"subjects": [identifier(0)]}
    case("another-failure-explained", "rules-5", *answered, (50, elsewhere), signed=[identifier(3)], BK_03="exception")
    return cases


def verdict_cases():
    """All multisets of up to three of the four outcomes that matter."""
    exits = {"verified": 0, "rejected": 1, "not-established": 3, "exceptions": 4}
    order = ("verified", "exceptions", "not-established", "rejected")  # from best to worst
    cases = []
    for a in range(4):
        for b in range(a, 4):
            for c in range(b, 4):
                results = [order[i] for i in (c, a, b)]
                case = {"name": f"{order[a]}-{order[b]}-{order[c]}", "rule": "verification-2", "results": results}
                cases.append(case | {"verdict": order[c], "exit": exits[order[c]]})
    return cases


def files():
    return {
        "rules": (
            "12-rules",
            "Chains, the policies carried, the entries whose statement was verified, and what each rule comes to.",
            rule_cases(),
        ),
        "verdicts": (
            "13-verification",
            "What single results mean for the verdict, and the exit code.",
            verdict_cases(),
        ),
    }
