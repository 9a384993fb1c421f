"""The six rules in use: spec/12-rules.md."""

import json

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


def item(rule, entry, at, deviates):
    database = entry["data"]["database"]
    return {"id": f"{rule}/{database}/{at}", "entry": entry["id"], "deviates": deviates}


def failures(record):
    """rules-5, WW-BK-03. Nothing in this version can explain a failure, so every item deviates."""
    ended = {e["data"]["run_id"] for e in record.all("backup.completed", "backup.failed")}
    starts = {e["data"]["run_id"]: e["at"] for e in reversed(record.all("backup.started"))}
    result = []
    for entry in record.all("backup.failed", "backup.started"):
        recorded, run = micros(entry["recorded_at"]), entry["data"]["run_id"]
        if entry["type"] == "backup.failed":
            if record.start <= recorded < record.end:
                result.append(item("WW-BK-03", entry, starts.get(run, entry["at"]), True))
        elif run not in ended:
            due = recorded + (record.promised(entry, "max_run_s") or 0) * 1_000_000
            if record.start <= due < record.end:
                result.append(item("WW-BK-03", entry, entry["at"], True))
    return over(result)


def signed(record):
    """rules-6, WW-BK-04."""
    done = record.items("backup.completed")
    return over([item("WW-BK-04", e, e["data"]["started_at"], e["id"] not in record.signed) for e in done])


def tests(record):
    return [e for e in record.items("restore.tested") if e["data"]["purpose"] in TESTS]


def tested(record):
    """rules-7, WW-RT-01."""
    if not record.policies:
        return {"status": "not-evidenced", "items": []}
    result = []
    for database in record.policies[-1]["databases"]:
        of = [e for e in tests(record) if e["data"]["database"] == database["id"]]
        passed = [e for e in of if e["data"]["outcome"] == "passed"]
        shown = passed[0] if passed else of[-1] if of else None
        at = passed[0]["data"]["started_at"] if passed else record.period["start"]
        entry = shown["id"] if shown else ""
        result.append({"id": f"WW-RT-01/{database['id']}/{at}", "entry": entry, "deviates": not passed})
    return over(result)


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
