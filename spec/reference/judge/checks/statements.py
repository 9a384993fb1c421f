"""`statements.*`."""

from .. import event
from ..facts import nothing
from ..statement import EVENT
from ..value import Refused, refuse_unless
from . import review


def signed(facts):
    """statements-3; which key counted where is judged by keys.in-span."""
    if isinstance(facts.parsed_statements, Refused):
        raise facts.parsed_statements
    if not facts.carried():
        raise nothing("no statement is carried")
    keys = {listed.key for listed in facts.registry().listed()}
    for statement in facts.carried():
        try:
            statement.envelope.verify(keys)
        except Refused as refused:
            raise Refused(f"{statement.place}: {refused}") from None
    facts.establish("statements.signed", facts.carried())
    return f"{len(facts.carried())} statements"


def referenced(facts):
    """statements-6, events-2."""
    entries, statements, versions = facts.entries(), facts.carried(), facts.need("versions")
    for version in versions:
        _one_reference(facts, version.envelope, "a registry version")
    for position, entry in enumerate(entries):
        _refs(facts, entry, position)
        _of_own_kind(entry, position)
    last = {}
    for statement in statements:
        place = _one_reference(facts, statement.envelope, statement.place)
        refuse_unless(place > last.get(statement.kind, -1), f"bundle-1: {statement.place} is out of order")
        last[statement.kind] = place
        _agrees(facts, statement, place)
    return f"{len(statements)} statements"


def _one_reference(facts, envelope, what):
    places = facts.references.get(envelope.payload_digest, [])
    refuse_unless(len(places) == 1, f"statements-6: {what} is referenced {len(places)} times")
    for reference in facts.entries()[places[0]].value["statements"]:
        same = reference["payload"] != envelope.payload_digest or reference["envelope"] == envelope.digest
        refuse_unless(same, f"statements-6: {what} is not in the envelope that its entry references")
    return places[0]


def _refs(facts, entry, position):
    """events-2."""
    expected = event.references(entry)
    if expected is None:
        return
    refuse_unless(entry.value["refs"] == expected, f"events-2: refs of entry {position} are not the ids in its data")
    earlier = all(facts.positions.get(one, position) < position for one in expected)
    refuse_unless(earlier, f"events-2: entry {position} refers to no earlier entry")


def _of_own_kind(entry, position):
    """events-4, whether or not the statements are carried; those of registry versions are keys-7."""
    kind, found = entry.value["type"], len(entry.value["statements"])
    if event.is_interpreted(entry) and kind not in ("chain.genesis", "key.changed"):
        least, most = event.STATEMENTS.get(kind, (0, 0))
        refuse_unless(least <= found <= most, f"events-4: entry {position} references {found} statements")


def _agrees(facts, statement, position):
    """statements-6: head, data, references and subjects."""
    entry, said, place = facts.entries()[position], statement.predicate, statement.place
    refuse_unless(said["entry"] == entry.value["id"], f"statements-6: entry of {place}")
    for name in ("origin", "policy", "actor", "tool"):
        refuse_unless(said[name] == entry.value[name], f"statements-6: {name} of {place}")
    approved = event.data_of(entry, "policy.adopted") if statement.kind == "review" else None
    if approved:
        review.approval(statement, approved)
    else:
        data = event.data_of(entry, EVENT[statement.kind])
        refuse_unless(data is not None, f"statements-6: {place} is of another kind than its entry")
        refuse_unless(data == statement.data(), f"statements-6: data of {place}")
        for reference in statement.references():
            digest = _digest_of(facts, reference["id"])
            refuse_unless(digest == reference["digest"], f"statements-6: a reference of {place} is to other content")
        _subjects(facts, statement)
    if statement.kind == "review":
        review.seen(facts, statement, position)


def _subjects(facts, statement):
    """statements-5."""
    said, place, digests = statement.predicate, statement.place, [digest for _, digest in statement.subjects]
    if statement.kind == "backup":
        refuse_unless(
            digests == [said["object"]["sha256"], said["plain"]["sha256"]], f"statements-5: subjects of {place}"
        )
    elif statement.kind == "restore-test":
        refuse_unless(digests == [said["backup"]["digest"]], f"statements-5: subjects of {place}")
    elif statement.kind == "evidence":
        outputs = [(output["name"], output["sha256"]) for output in said["outputs"]]
        refuse_unless(statement.subjects == outputs, f"statements-5: subjects of {place}")
    else:
        review.items(facts, statement)


def _digest_of(facts, entry_id):
    """statements-6: the payload digest of an entry's statement, or its entry hash."""
    position = facts.positions.get(entry_id)
    if position is None:
        return None
    entry = facts.entries()[position]
    references = entry.value["statements"]
    return references[0]["payload"] if references else entry.hash.hex()
