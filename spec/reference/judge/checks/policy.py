"""`policy.in-force`."""

from dataclasses import dataclass

from .. import event, policy
from ..facts import BLOBS
from ..value import refuse_unless

_SAID = ("version", "effective_from", "author", "approved_by", "approval_ref")


@dataclass(frozen=True)
class Adopted:
    """A policy, the place of the entry that adopted it, and its resolved form where that is carried."""

    position: int
    digest: str
    resolved: dict | None


def in_force(facts):
    """policy-4."""
    adopted = []
    for position, entry in enumerate(facts.entries()):
        data = event.data_of(entry, "policy.adopted")
        last = adopted[-1].digest if adopted else None
        if data:
            refuse_unless(data.get("supersedes", last) == last, f"policy-4: entry {position} supersedes another policy")
            adopted.append(Adopted(position, data["sha256"], _carried(facts, entry, data)))
            last = data["sha256"]
        refuse_unless(entry.value["policy"] == last, f"policy-4: entry {position} names another policy")
    facts.establish("policy.in-force", adopted)
    return f"{len(adopted)} policies"


def _carried(facts, entry, data):
    """Both forms, where they are carried, are the policy adopted; what is missing is judged by bundle.complete."""
    named = {blob["sha256"] for blob in entry.value["blobs"]}
    refuse_unless({data["sha256"], data["toml_sha256"]} <= named, "policy-4: both forms of a policy must be blobs")
    written, resolved = _blob(facts, data["toml_sha256"]), _blob(facts, data["sha256"])
    written = policy.resolve(written) if written is not None else None
    if resolved is None:
        return None
    resolved = policy.parse_resolved(resolved)
    refuse_unless(written in (None, resolved), "policy-4: the policy as written resolves to another")
    same = all(data.get(name) == resolved.get(name) for name in _SAID)
    refuse_unless(same, "policy-4: an adoption says other than its policy")
    return resolved


def _blob(facts, digest):
    """A blob that is carried and is what its name says; of another, blobs.digests fails."""
    name = BLOBS + digest
    return facts.archive.files[name] if facts.archive.digest(name) == digest else None
