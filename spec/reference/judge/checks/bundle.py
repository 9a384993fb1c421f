"""`zip.profile`, `bundle.*`, `blobs.digests`, `json.canonical`."""

from .. import event
from ..archive import STATEMENT
from ..envelope import Envelope
from ..facts import BLOBS, CHECKPOINTS, ENTRIES, KEYS_CSV, PROOFS, README, REGISTRY, TIMESTAMPS, NotRun, needs, nothing
from ..readme import TEXT
from ..statement import FILE, PREDICATES, parse_payload
from ..value import is_decimal, is_digest, micros, refuse_unless

ALWAYS = (ENTRIES, CHECKPOINTS, PROOFS, REGISTRY, KEYS_CSV, README)


class Said:
    """What the bundle says of itself; believed once it is signed."""

    def __init__(self, data):
        self.envelope = Envelope(data)
        self.subjects, self.value = parse_payload(self.envelope.payload, "bundle", PREDICATES["bundle"])
        self.period = micros(self.value["period"]["start"]), micros(self.value["period"]["end"])


def profile(facts):
    """bundle-5."""
    if not facts.archive.is_zip:
        raise NotRun("not claimed: a folder claims no zip profile")
    refuse_unless(not facts.archive.violations, f"bundle-5: {'; '.join(facts.archive.violations[:3])}")
    return f"{len(facts.archive.files)} files"


def listed(facts):
    """bundle-1, bundle-3."""
    archive = facts.archive
    if not archive.is_zip:
        refuse_unless(not archive.violations, f"bundle-9: {archive.violations[:1]}")
    refuse_unless(STATEMENT in archive.files, "bundle-1: the bundle has no statement of its own")
    said = Said(facts.document(STATEMENT))
    facts.establish("bundle.listed", said)
    names = [name for name, _ in said.subjects]
    refuse_unless(names == sorted(set(names), key=str.encode), "bundle-3: subjects out of order, or one twice")
    refuse_unless(set(names) == archive.files.keys() - {STATEMENT}, "bundle-3: the files are not the subjects")
    refuse_unless(set(ALWAYS) <= archive.files.keys(), "bundle-1: a file is missing")
    unknown = [name for name in names if not _is_known(name)]
    refuse_unless(not unknown, f"bundle-1: a file that the format does not know: {unknown[:1]}")
    return f"{len(names)} files"


def _is_known(name):
    if name.startswith(TIMESTAMPS) and name.endswith(".tsr"):
        return is_decimal(name[len(TIMESTAMPS) : -len(".tsr")])
    return name in ALWAYS or name in FILE.values() or name.startswith(BLOBS) and is_digest(name[len(BLOBS) :])


def digests(facts):
    """bundle-3: whatever can be read is judged before it is said that something cannot."""
    subjects = [one for one in facts.need("bundle.listed").subjects if one[0] in facts.archive.files]
    for name, digest in subjects:
        refuse_unless(facts.archive.digest(name) in (None, digest), f"bundle-3: {name} was changed after sealing")
    if any(facts.archive.files[name] is None for name, _ in subjects):
        raise needs("zip.profile")
    return f"SHA-256 of {len(subjects)} files"


def canonical(facts):
    """bytes-1."""
    refuse_unless(not facts.misspelt, f"{sorted(facts.misspelt.items())[:1]}")
    return "every document"


def signed(facts):
    """bundle-3, keys-9."""
    said, registry = facts.need("bundle.listed"), facts.registry()
    seq = said.value["end"]["size"] - 1
    if seq < 0:
        raise nothing("the bundle ends before its first entry")
    said.envelope.verify([registry.key_at(keyid, "bundle", seq) for keyid, _ in said.envelope.signatures])
    facts.establish("bundle.signed", said)
    return f"payload {said.envelope.payload_digest}"


def blobs(facts):
    """bundle-1: whatever can be read is judged before it is said that something cannot."""
    lengths = _lengths(facts)
    names = [name for name in facts.archive.files if name.startswith(BLOBS) and is_digest(name[len(BLOBS) :])]
    for name in names:
        digest, data = name[len(BLOBS) :], facts.archive.files[name]
        if data is not None:
            refuse_unless(facts.archive.digest(name) == digest, f"bundle-1: {name} is not what its name says")
            refuse_unless(digest in lengths, f"bundle-1: nothing refers to {name}")
            refuse_unless(lengths[digest] <= {len(data)}, f"bundle-1: {name} has another length than stated")
    if not names:
        raise nothing("nothing is attached")
    if any(facts.archive.files[name] is None for name in names):
        raise needs("zip.profile")
    return f"{len(names)} blobs"


def _lengths(facts):
    """Every length that entries and statements say of a blob, by its digest."""
    said = [pair for statement in facts.carried() for pair in statement.blobs()]
    said += [(blob["sha256"], int(blob["bytes"])) for entry in facts.entries() for blob in entry.value["blobs"]]
    lengths = {}
    for digest, length in said:
        lengths.setdefault(digest, set()).update({length} - {None})
    return lengths


def agrees(facts):
    """bundle-3: what the bundle says of itself."""
    said, entries = facts.need("bundle.signed").value, facts.entries()
    adopted, readme = facts.need("policy.in-force"), facts.document(README)
    if not entries:
        raise nothing("the chain has no entry")
    genesis = event.data_of(entries[0], "chain.genesis")
    refuse_unless(genesis is not None, "bundle-3: the chain does not begin with its genesis")
    refuse_unless(said["origin"] == entries[0].value["origin"], "bundle-3: origin")
    refuse_unless(said["organisation"] == genesis["org_name"], "bundle-3: organisation")
    refuse_unless(said["format"] == 1, "bundle-3: format")
    start, end = facts.need("bundle.signed").period
    refuse_unless(start < end, "bundle-3: the period ends before it begins")
    refuse_unless(said["counts"] == _counts(facts, entries), "bundle-3: counts")
    in_force = policies_in_force(facts, adopted)
    refuse_unless(said["policies"] == [one.digest for one in in_force], "bundle-3: policies")
    last = in_force[-1].resolved if in_force else None
    refuse_unless(said["zone"] == (last["timezone"] if last else genesis["zone"]), "bundle-3: zone")
    refuse_unless(micros(said["sealed_at"]) >= entries[-1].recorded, "bundle-3: sealed_at")
    refuse_unless(readme == TEXT.encode(), "bundle-3: readme.txt is not the fixed text")
    return f"{len(said['counts'])} types of entries"


def _counts(facts, entries):
    counts = {}
    for entry in filter(facts.in_period, entries):
        counts[entry.value["type"]] = counts.get(entry.value["type"], 0) + 1
    return counts


def policies_in_force(facts, adopted):
    """bundle-3: the last policy adopted before the period, and those adopted in it."""
    start, end = facts.need("bundle.signed").period
    recorded = [(facts.entries()[one.position].recorded, one) for one in adopted]
    before = [one for at, one in recorded if at < start]
    return before[-1:] + [one for at, one in recorded if start <= at < end]


def complete(facts):
    """bundle-4."""
    said, entries = facts.need("bundle.signed").value, facts.entries()
    adopted, statements = facts.need("policy.in-force"), facts.carried()
    positions = {place for place, entry in enumerate(entries) if facts.in_period(entry)}
    positions |= _last_before(facts, entries) | {one.position for one in policies_in_force(facts, adopted)}
    inner = {one.envelope.payload_digest: [digest for digest, _ in one.blobs()] for one in statements}
    wanted = set()
    for entry in (entries[place] for place in positions):
        wanted |= {(entry.value["id"], digest) for digest in _referred(entry, inner)}
    versions = {version.envelope.payload_digest for version in facts.need("versions")}
    carried = inner.keys() | versions | {name[len(BLOBS) :] for name in facts.archive.files if name.startswith(BLOBS)}
    carried |= {facts.archive.digest(name) for name in facts.archive.files if name.startswith(TIMESTAMPS)}
    withheld = [(one["entry"], one["sha256"]) for one in said["withheld"]]
    missing = [pair for pair in wanted if pair[1] not in carried and pair not in withheld]
    refuse_unless(not missing, f"bundle-4: neither carried nor withheld: {missing[:1]}")
    for pair in withheld:
        refuse_unless(pair[1] not in carried, f"bundle-4: withheld and carried: {pair}")
        refuse_unless(pair in wanted, f"bundle-4: withheld, and nothing refers to it: {pair}")
    return f"{len(wanted)} references, {len(withheld)} withheld"


def _referred(entry, inner):
    """Digests of every payload, blob and token that an entry refers to; `inner` are the blobs of statements."""
    for reference in entry.value["statements"]:
        yield reference["payload"]
        yield from inner.get(reference["payload"], [])
    yield from (blob["sha256"] for blob in entry.value["blobs"])
    anchor = event.data_of(entry, "anchor.attached")
    if anchor and "token_sha256" in anchor:
        yield anchor["token_sha256"]


def _last_before(facts, entries):
    """For each database, its last completed backup and its last passed restore test before the period."""
    start, last = facts.need("bundle.signed").period[0], {}
    for position, entry in enumerate(entries):
        data = event.data_of(entry, "backup.completed", "restore.tested") if entry.recorded < start else None
        if data and data.get("outcome", "passed") == "passed":
            last[data["database"], entry.value["type"]] = position
    return set(last.values())
