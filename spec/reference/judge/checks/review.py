"""What a review has seen: statements-10, a part of `statements.referenced`."""

from .. import event
from ..value import micros, refuse_unless

# What the items of a review must be.
OF = {"policy": "policy.adopted", "evidence": "evidence.collected", "role_list": "evidence.collected"}


def approval(statement, adopted):
    """A policy that carries its approval with it."""
    said, place = statement.predicate, statement.place
    expected = {"subject": "policy", "subjects": [], "role": "approver", "conclusion": "no_issue"}
    for name, value in (expected | {"person": adopted["approved_by"]}).items():
        refuse_unless(said[name] == value, f"statements-10: {name} of the approval {place}")
    subject = [(adopted["version"], adopted["sha256"])]
    refuse_unless(statement.subjects == subject, f"statements-10: subject of the approval {place}")


def seen(facts, statement, position):
    """The head that the person had seen lies in this history, and before the review."""
    head, place = statement.predicate["head"], statement.place
    refuse_unless(1 <= head["size"] <= position, f"statements-10: the head of {place} does not lie before it")
    root = facts.root_at(head["size"])
    refuse_unless(root and root.hex() == head["root"], f"statements-10: {place} is of another history")


def items(facts, statement):
    """Each item is the entry of that id and that content, below the head, and of the right type."""
    said, place, entries = statement.predicate, statement.place, facts.entries()
    found = []
    for reference in said["subjects"]:
        position = facts.positions.get(reference["id"])
        below = position is not None and position < said["head"]["size"]
        refuse_unless(below, f"statements-10: an item of {place} is no entry below the head that was seen")
        found.append(entries[position])
    subjects = []
    for entry in found:
        adopted = event.data_of(entry, "policy.adopted") if said["subject"] == "policy" else None
        subjects.append((entry.value["id"], adopted["sha256"] if adopted else entry.hash.hex()))
        wanted = OF.get(said["subject"], entry.value["type"])
        known = event.is_interpreted(entry) or said["subject"] not in OF
        refuse_unless(entry.value["type"] == wanted and known, f"statements-10: an item of {place} is of another type")
    refuse_unless(statement.subjects == subjects, f"statements-10: subjects of {place}")
    if said["subject"] == "period":
        _last_of_period(entries, found, said, place)


def _last_of_period(entries, found, said, place):
    """The one item is the last entry below the head before the period's end, and was recorded in the period."""
    start, end = micros(said["period"]["start"]), micros(said["period"]["end"])
    before = [entry for entry in entries[: said["head"]["size"]] if entry.recorded < end]
    last = before[-1] if before else None
    holds = last is not None and found == [last] and last.recorded >= start
    refuse_unless(holds, f"statements-10: the item of {place} is not the last entry of its period")
