"""The list of checks, and the runner: verification-1 to verification-4, verification-7."""

from dataclasses import dataclass

from ..facts import NoInput, NotRun
from ..value import Refused
from . import artifacts, bundle, chain, keys, policy, restore, rows, statements

# verification-4: id, whether the verdict needs it, and what it asks.
CHECKS = (
    ("zip.profile", False, bundle.profile),
    ("bundle.listed", True, bundle.listed),
    ("bundle.digests", True, bundle.digests),
    ("json.canonical", True, bundle.canonical),
    ("chain.canonical", True, chain.canonical),
    ("chain.not-empty", True, chain.not_empty),
    ("chain.contiguous", True, chain.contiguous),
    ("keys.registry-versions", True, keys.registry_versions),
    ("keys.root-pinned", True, keys.root_pinned),
    ("keys.not-rolled-back", False, keys.not_rolled_back),
    ("chain.checkpoints-signed", True, chain.checkpoints_signed),
    ("chain.roots", True, chain.roots),
    ("chain.proofs", True, chain.proofs),
    ("chain.ends-at-checkpoint", True, chain.ends_at_checkpoint),
    ("bundle.signed", True, bundle.signed),
    ("chain.known", True, chain.known),
    ("chain.witnessed", False, chain.witnessed),
    ("statements.signed", False, statements.signed),
    ("statements.referenced", True, statements.referenced),
    ("keys.in-span", False, keys.in_span),
    ("keys.last-head", False, keys.last_head),
    ("keys.csv", True, keys.csv),
    ("keys.no-private-material", True, keys.no_private_material),
    ("blobs.digests", False, bundle.blobs),
    ("policy.in-force", True, policy.in_force),
    ("bundle.agrees", True, bundle.agrees),
    ("bundle.complete", True, bundle.complete),
    ("rows.roots", False, rows.roots),
    ("restore.names-backup", False, restore.names_backup),
    ("restore.outcome-follows", False, restore.outcome_follows),
    ("artifacts.digests", False, artifacts.digests),
)


@dataclass(frozen=True)
class Result:
    """One check, its outcome in one word, and why."""

    check: str
    required: bool
    outcome: str
    detail: str


def run(facts):
    """verification-1: every check, in order, whatever failed."""
    return [_result(facts, *check) for check in CHECKS]


def _result(facts, check, required, ask):
    try:
        return Result(check, required, "pass", ask(facts))
    except Refused as refused:
        return Result(check, required, "fail", str(refused))
    except NoInput as reason:
        if check == "chain.known" and facts.trust.first_contact:
            return Result(check, required, "accepted", "the reader holds no head yet (--first-contact)")
        return Result(check, required, "not run", str(reason))
    except NotRun as reason:
        return Result(check, required, "not run", str(reason))


def verdict(results):
    """verification-2, verification-3, without the rules: what they would add stays open."""
    if any(result.outcome == "fail" for result in results):
        return "rejected"
    if any(result.required and result.outcome == "not run" for result in results):
        return "not-established"
    return "verified"
