"""`restore.*`."""

from .. import event
from ..facts import nothing
from ..value import refuse_unless


def names_backup(facts):
    """statements-8."""
    tests = 0
    for position, entry in enumerate(facts.entries()):
        test = event.data_of(entry, "restore.tested")
        if test is None:
            continue
        place = facts.positions.get(test["backup"], position)
        backup = event.data_of(facts.entries()[place], "backup.completed") if place < position else None
        refuse_unless(backup is not None, f"statements-8: the test of entry {position} names no backup before it")
        expected = [backup["database"], backup["tables"], backup["rows"], backup.get("content_root")]
        found = [test["database"], test["tables_expected"], test["rows_expected"], test.get("root_expected")]
        refuse_unless(found == expected, f"statements-8: the test of entry {position} expects other numbers")
        tests += 1
    if not tests:
        raise nothing("no restore test is recorded")
    return f"{tests} restore tests"


def outcome_follows(facts):
    """rows-12."""
    tests = [one for one in facts.need("statements.signed") if one.kind == "restore-test"]
    for statement in tests:
        said = statement.predicate
        if said["outcome"] == "passed":
            wrong = [what for what, holds in _conditions(said).items() if not holds]
            refuse_unless(not wrong, f"rows-12: {statement.place} is called passed, and is not: {', '.join(wrong)}")
    if not tests:
        raise nothing("no restore-test statement is carried")
    return f"{len(tests)} tests"


def _conditions(said):
    steps, schema, sequences = said["steps"], said["schema"], said["sequences"]
    return {
        "steps": steps and all(step["outcome"] != "failed" for step in steps),
        "signature": said["signature"]["valid"],
        "bytes": said["bytes"]["cipher"] and said["bytes"]["plain"],
        "root": said.get("root_actual") is not None and said.get("root_actual") == said.get("root_expected"),
        "tables": said.get("tables_equal") == said["tables_expected"] > 0,
        "rows": said.get("rows_actual") == said["rows_expected"],
        "table_mismatches": not said["table_mismatches"],
        "omitted": said["omitted_equal"],
        "schema": schema["portable"] and schema.get("exact", True) and schema["expected"] == schema["actual"],
        "sequences": sequences["ok"] and not sequences["failed"],
        "amcheck": said["amcheck"] != "failed",
        "smoke": all(query["exit_code"] == 0 for query in said["smoke"]),
        "checks_passed_at": "checks_passed_at" in said,
    }
