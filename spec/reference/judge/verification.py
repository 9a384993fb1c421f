"""A whole verification: of the bundle, and of the one before it that the reader brings."""

from . import checks
from .facts import Facts
from .trust import Head, Trust
from .value import Refused


class Verification:
    """verification-1, verification-2: every check and the verdict, but for what the rules would add."""

    def __init__(self, archive, trust):
        self.facts = Facts(archive, trust)
        self.results = checks.run(self.facts)
        self.verdict = checks.verdict(self.results)

    def of(self, outcome):
        """Ids of the checks with this outcome, in order."""
        return [result.check for result in self.results if result.outcome == outcome]


def add_previous(trust, archive):
    """time-4, keys-9: an earlier bundle, judged under the same pins, and what it establishes."""
    before = Verification(archive, Trust(pins=trust.pins, threshold=trust.threshold, first_contact=True))
    end = before.facts.established.get("chain.ends-at-checkpoint")
    if before.of("fail") or end is None or "bundle.signed" not in before.facts.established:
        raise Refused(f"the earlier bundle does not stand itself: {', '.join(before.of('fail')) or 'no signed end'}")
    trust.known.append(Head(end.origin, end.size, end.root.hex(), "--previous"))
    trust.previous_versions = [version.envelope.payload_digest for version in before.facts.registry().versions]
