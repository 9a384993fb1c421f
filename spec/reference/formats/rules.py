"""The rules in use: spec/12-rules.md."""

import json

from . import occurrences
from .chain import parse_chain
from .values import jcs, micros, sha256

TESTS = ("scheduled", "drill")


class Record:
    """The verified facts of a chain, seen through a period."""

    def __init__(self, ndjson, policies, period, signed):
        self.entries = [json.loads(line) for line in parse_chain(ndjson)]
        self.policies = policies
        self.period = period
        self.start, self.end = micros(period["start"]), micros(period["end"])
        self.signed = signed

    def all(self, *kinds):
        return [e for e in self.entries if e["type"] in kinds]

    def items(self, *kinds):
        return [e for e in self.all(*kinds) if self.start <= micros(e["recorded_at"]) < self.end]

    def promised(self, entry, name):
        """What the policy that the entry was recorded under promises for its database; None when nothing."""
        for policy in self.policies:
            if sha256(jcs(policy)).hex() == entry["policy"]:
                for database in policy["databases"]:
                    if database["id"] == entry["data"]["database"]:
                        return database[name]
        return None


    def terms(self):
        """The policies in force from the period's start on: occurrences-3."""
        found, until = [], "9999-12-31T23:59:59.999999Z"
        for entry in reversed(self.all("policy.adopted")):
            since = max(entry["recorded_at"], entry["data"]["effective_from"])
            of = [p for p in self.policies if sha256(jcs(p)).hex() == entry["data"]["sha256"]]
            if since < until and until > self.period["start"]:
                found.insert(0, ({"start": since, "end": until}, of[0] if of else None))
                until = since
        return found

    def zone(self, name):
        exports = [e["data"] for e in self.all("export.made") if e["data"].get("period") == self.period]
        zones = [d["zone"] for d in exports if d.get("zone", {}).get("name") == name]
        if name == "UTC":
            return {"offset_s": 0, "changes": []}
        return {"offset_s": zones[-1]["offset_s"], "changes": zones[-1]["transitions"]} if zones else None

    def covered(self):
        return self.entries[-1]["recorded_at"]


def item(rule, entry, at, deviates):
    database = entry["data"]["database"]
    return {"id": f"{rule}/{database}/{at}", "entry": entry["id"], "deviates": deviates}


def runs_of(record, database):
    """Each run recorded since the period began, with the entry that ended it, or began it: in order of the starts."""
    found = {}
    for entry in record.all("backup.started", "backup.failed", "backup.completed"):
        data = entry["data"]
        if data["database"] != database or entry["recorded_at"] < record.period["start"]:
            continue
        run = found.setdefault(data["run_id"], {"started": data.get("started_at", entry["at"]), "manual": False})
        if entry["type"] == "backup.started":
            dead = micros(entry["recorded_at"]) + (record.promised(entry, "max_run_s") or 0) * 1_000_000
            run["manual"] = data["trigger"] == "manual"
            run["end"] = "failed" if dead <= micros(record.covered()) else "open"
        else:
            run["end"] = data.get("completed_at", "failed")
        run["entry"] = entry["id"]
        run["seq"] = entry["seq"]
    return sorted(found.values(), key=lambda run: (run["started"], run["seq"]))


def performed(record):
    """rules-11, WW-BK-01."""
    terms = record.terms()
    if not terms:
        return {"status": "not-evidenced", "items": []}
    ahead = occurrences.time(occurrences.seconds(record.period["end"]) + 40 * occurrences.DAY)
    in_period = [policy for span, policy in terms if span["start"] < record.period["end"]]
    result, gaps = [], ["no-input" for policy in in_period if policy is None]
    in_period = [policy for policy in in_period if policy]
    for name in sorted({database["id"] for policy in in_period for database in policy["databases"]}):
        promised = []
        for span, policy in terms:
            of = ([d for d in policy["databases"] if d["id"] == name] or [{}])[0] if policy else {}
            promised.append(
                {
                    "span": {"start": span["start"], "end": min(span["end"], ahead)},
                    "schedule": of.get("schedule"),
                    "zone": record.zone(policy["timezone"]) if "schedule" in of else occurrences.UTC,
                    "start_tolerance_s": of.get("start_tolerance_s", 0),
                    "manual_counts": of.get("manual_counts", False),
                }
            )
        if any(term["zone"] is None for term in promised):
            gaps.append("no-input")
            continue
        if all(term["schedule"] is None for term in promised):
            gaps.append("not-promised")
            continue
        declared = [e for e in record.all("maintenance.declared") if e["data"]["database"] in (name, "*")]
        excused = [
            {"start": e["data"]["from"], "end": e["data"]["to"]}
            for e in declared
            if "backup" in e["data"]["kinds"] and e["recorded_at"] < e["data"]["from"]
        ]
        scopes = [d for e in record.all("scope.declared") for d in e["data"]["databases"] if d["id"] == name]
        runs = runs_of(record, name)
        for one in occurrences.expected(promised, record.period, runs, excused, record.covered()):
            if scopes and not scopes[-1]["from"] <= one["at"] < scopes[-1].get("to", "9999"):
                continue
            if one["filled"] in ("open", "not-covered"):
                gaps.append("not-covered")
            elif one["filled"] != "excused":
                entry = "" if one["run"] is None else runs[one["run"]]["entry"]
                deviates = one["filled"] in ("late", "failed", "missed")
                result.append({"id": f"WW-BK-01/{name}/{one['at']}", "entry": entry, "deviates": deviates})
    if any(i["deviates"] for i in result):
        status = "exception"
    elif any(gap != "not-promised" for gap in gaps) or gaps and not result:
        status = "not-evidenced"
    else:
        status = "supported" if result else "not-occurred"
    return {"status": status, "items": result}


def failures(record):
    """rules-5, WW-BK-03."""

    def deviates(entry):
        limit = record.promised(entry, "max_resolution_s")
        after = [e for e in record.all("backup.completed") if e["seq"] > entry["seq"]]
        after = [e for e in after if e["data"]["database"] == entry["data"]["database"]]
        took = after and (micros(after[0]["data"]["completed_at"]) - micros(entry["recorded_at"])) // 1_000_000
        answered = any(entry["id"] in e["data"]["subjects"] for e in record.all("action.recorded"))
        return not (after and limit is not None and took <= limit and answered)

    ended = {e["data"]["run_id"] for e in record.all("backup.completed", "backup.failed")}
    starts = {e["data"]["run_id"]: e["at"] for e in reversed(record.all("backup.started"))}
    result = []
    for entry in record.all("backup.failed", "backup.started"):
        recorded, run = micros(entry["recorded_at"]), entry["data"]["run_id"]
        if entry["type"] == "backup.failed":
            if record.start <= recorded < record.end:
                result.append(item("WW-BK-03", entry, starts.get(run, entry["at"]), deviates(entry)))
        elif run not in ended:
            due = recorded + (record.promised(entry, "max_run_s") or 0) * 1_000_000
            if record.start <= due < record.end:
                result.append(item("WW-BK-03", entry, entry["at"], deviates(entry)))
    return over(result)


def signed(record):
    """rules-6, WW-BK-04."""
    done = record.items("backup.completed")
    return over([item("WW-BK-04", e, e["data"]["started_at"], e["id"] not in record.signed) for e in done])


def tests(record):
    return [e for e in record.items("restore.tested") if e["data"]["purpose"] in TESTS]


def tested(record):
    """rules-7, WW-RT-01."""
    terms = record.terms()
    carried = [(span, policy) for span, policy in terms if policy and span["start"] < record.period["end"]]
    if not carried:
        return {"status": "not-evidenced", "items": []}
    result, gaps = [], []
    for name in sorted({database["id"] for _, policy in carried for database in policy["databases"]}):
        promised = False
        of = [e for e in record.all("restore.tested") if e["data"]["purpose"] in TESTS and e["data"]["database"] == name]
        for kind, suffix in (("cadence", ""), ("full_exercise", "/full")):
            paces = []
            for span, policy in terms:
                here = [d for d in policy["databases"] if d["id"] == name] if policy else []
                cadence = here[0].get("restore_test", {}).get(kind) if here else None
                zone = record.zone(policy["timezone"]) if cadence else occurrences.UTC
                since = policy["effective_from"] if policy else span["start"]
                paces.append({"span": span, "cadence": cadence, "from": since, "zone": zone})
            promised = promised or any(pace["cadence"] for pace in paces)
            for window in occurrences.due(paces, record.period):
                if window["end"] > record.period["end"]:
                    continue
                if window["end"] > record.covered():
                    gaps.append("not-covered")
                    continue
                within = [e for e in of if window["start"] <= e["data"]["started_at"] < window["end"]]
                # A full exercise is known from its statement alone, which these records do not have.
                passed = [e for e in within if e["data"]["outcome"] == "passed" and not suffix]
                shown = passed[0] if passed else within[-1] if within else None
                name_of = f"WW-RT-01/{name}/{window['start']}{suffix}"
                result.append({"id": name_of, "entry": shown["id"] if shown else "", "deviates": not passed})
        if not promised:
            gaps.append("not-promised")
    if any(i["deviates"] for i in result):
        status = "exception"
    elif any(gap != "not-promised" for gap in gaps) or gaps and not result:
        status = "not-evidenced"
    else:
        status = "supported" if result else "not-occurred"
    return {"status": status, "items": result}


def equal(record):
    """rules-8, WW-RT-02."""
    result = []
    for e in tests(record):
        d = e["data"]
        if d["outcome"] == "aborted":
            continue
        same = "root_expected" in d and d["root_expected"] == d.get("root_actual")
        same = same and d["rows_expected"] == d.get("rows_actual") and d["tables_expected"] == d.get("tables_equal")
        result.append(item("WW-RT-02", e, d["started_at"], not (same and d["tables_expected"] > 0)))
    return over(result)


def within_rto(record):
    """rules-9, WW-RT-03."""
    result = []
    for e in tests(record):
        d, rto = e["data"], record.promised(e, "rto_s")
        if d["outcome"] == "passed":
            took = "checks_passed_at" in d and (micros(d["checks_passed_at"]) - micros(d["started_at"])) // 1_000_000
            ok = "checks_passed_at" in d and rto is not None and took <= rto
            result.append(item("WW-RT-03", e, d["started_at"], not ok))
    return over(result)


def closed(record):
    """rules-10, WW-RT-06."""
    result = []
    for e in tests(record):
        d = e["data"]
        if d["outcome"] != "passed":
            later = [
                o
                for o in record.all("restore.tested")
                if o["seq"] > e["seq"] and o["data"]["database"] == d["database"]
            ]
            retested = any(o["data"]["outcome"] == "passed" for o in later)
            result.append(item("WW-RT-06", e, d["started_at"], not retested))
    return over(result)


def over(items):
    """rules-4: the status of a complete population; an empty one is never supported."""
    status = "exception" if any(i["deviates"] for i in items) else "supported" if items else "not-occurred"
    return {"status": status, "items": items}


RULES = {
    "WW-BK-01": performed,
    "WW-BK-03": failures,
    "WW-BK-04": signed,
    "WW-RT-01": tested,
    "WW-RT-02": equal,
    "WW-RT-03": within_rto,
    "WW-RT-06": closed,
}


def evaluate(record, gate):
    """rules-2: all rules behind the gates."""
    if gate == "closed":
        return {name: {"status": "integrity-failure", "items": []} for name in RULES}
    results = {name: rule(record) for name, rule in RULES.items()}
    if gate == "signer-not-established":
        for result in results.values():
            if result["status"] == "supported":
                result["status"] = "not-tested"
    return results
