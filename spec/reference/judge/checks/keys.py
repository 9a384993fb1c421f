"""`keys.*`."""

from .. import event, note, private, tree
from ..facts import CHECKPOINTS, KEYS_CSV, REGISTRY, NoInput, nothing
from ..registry import Cut, Registry, anchored, parse_versions
from ..value import refuse_unless

STARTS = {"backup.started": "run_id", "restore.started": "test_id"}


def registry_versions(facts):
    """keys-4 to keys-7."""
    versions = parse_versions(facts.lines(REGISTRY))
    facts.establish("versions", versions)
    facts.establish("keys.registry-versions", Registry(versions, facts.entries()))
    return f"{len(versions)} versions"


def _versions(facts):
    """The versions, which stand even when the chain does not enter them: verification-7."""
    return facts.established.get("versions") or facts.registry().versions


def root_pinned(facts):
    """keys-8."""
    versions = _versions(facts)
    if facts.trust.pins is None:
        raise NoInput("no root key is pinned")
    number = anchored(versions, facts.trust.pins, facts.trust.threshold)
    refuse_unless(number, f"keys-8: no version is signed by {facts.trust.threshold} of the pinned roots")
    return f"version {number}"


def not_rolled_back(facts):
    """keys-9."""
    if facts.trust.previous_versions is None:
        raise NoInput("no earlier bundle")
    seen, shown = facts.trust.previous_versions, [one.envelope.payload_digest for one in _versions(facts)]
    refuse_unless(shown[: len(seen)] == seen, "keys-9: the versions seen before are not the first of these")
    return f"{len(seen)} versions seen before, {len(shown)} now"


def in_span(facts):
    """keys-9: uses and cuts, at the place of each statement."""
    registry, entries, statements = facts.registry(), facts.entries(), facts.carried()
    listed, starts, judged = {one.key.id for one in registry.listed()}, _starts(entries), 0
    for statement in statements:
        places = facts.references.get(statement.envelope.payload_digest, [])
        if len(places) != 1:
            continue  # statements.referenced fails
        seq = places[0]
        for keyid, _ in statement.envelope.signatures:
            if keyid in listed:  # else statements.signed fails
                registry.key_of_run(keyid, statement.kind, seq, starts.get(statement.run()))
                _own_hand(registry, keyid, statement, seq)
                judged += 1
    if not judged:
        raise nothing("no statement by a key of the registry")
    return f"{judged} signatures"


def _own_hand(registry, keyid, statement, seq):
    """statements-10: a review is signed by the key of its person, in the version in force at its entry."""
    listed = registry.at(seq).find(keyid)
    own = statement.kind != "review" or listed is None or listed.custodian == statement.predicate["person"]
    refuse_unless(own, f"statements-10: {statement.place} is signed by the key of another person")


def _starts(entries):
    """keys-9: the first `*.started` entry of each run."""
    starts = {}
    for place, entry in enumerate(entries):
        data = event.data_of(entry, *STARTS)
        if data:
            starts.setdefault(data[STARTS[entry.value["type"]]], place)
    return starts


def last_head(facts):
    """keys-9: every cut lies in this history, and no checkpoint rests on log keys beyond theirs alone."""
    registry = facts.registry()
    cut = [one for one in registry.listed() if one.cut]
    if not cut:
        raise nothing("no key is retired or revoked")
    facts.need("chain.checkpoints-signed")
    shown, entries = facts.need("chain.roots"), facts.entries()
    refuse_unless(
        all(one.cut["origin"] == registry.origin for one in cut if one.is_log), "keys-9: a last head of another chain"
    )
    found = tree.roots([entry.hash for entry in entries], [one.cut["size"] for one in cut])
    for one in cut:
        size = one.cut["size"]
        refuse_unless(size <= shown, f"keys-9: a last head covers {size} lines, {shown} are shown")
        refuse_unless(found[size].hex() == one.cut["root"], f"keys-9: the first {size} lines are not under a last head")
    for line in facts.lines(CHECKPOINTS):
        checkpoint = note.parse_line(line)
        counting = [key for key in registry.log_keys(checkpoint.size) if _counts(registry, key, checkpoint.size)]
        refuse_unless(checkpoint.signers(counting), f"keys-9: the head of {checkpoint.size} lines lies beyond a cut")
    return f"{len(cut)} last heads"


def _counts(registry, key, size):
    try:
        return registry.key_at(key.id, "log", size - 1) == key
    except Cut:
        return False


def csv(facts):
    """keys-11."""
    registry, _, found = facts.registry(), facts.entries(), facts.document(KEYS_CSV)
    refuse_unless(found == registry.csv(), "keys-11: the table is not the view of the registry")
    return "equal"


def no_private_material(facts):
    """keys-13, keys-14."""
    for name, data in facts.archive.files.items():
        found = private.find(data) if data is not None else None
        refuse_unless(not found, f"keys-13: {name} holds a private key ({found})")
    return f"{len(facts.archive.files)} files"
