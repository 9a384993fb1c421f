"""What the reader brings: keys-12, time-4."""

from dataclasses import dataclass, field

from . import witness
from .document import parse
from .note import Note
from .value import Refused, each, has, is_count, is_decimal, is_digest, is_int, is_origin, refuse_unless, shape, words

HANDOVER_BYTES = 65_536

_HANDOVER = {
    "_type": words("https://walwarden.dev/spec/handover/v1"),
    "origin": is_origin,
    "roots": each(is_digest),
    "threshold": is_int,
    "head": shape({"root": is_digest, "size": is_count}),
}


@dataclass(frozen=True)
class Head:
    """A head that the reader holds, and the argument that brought it."""

    origin: str
    size: int
    root: str
    source: str


@dataclass
class Trust:
    """Pins, heads held before, and what the reader chose to go on without."""

    pins: frozenset | None = None
    threshold: int = 0
    known: list = field(default_factory=list)
    previous_versions: list | None = None
    first_contact: bool = False
    witnesses: list | None = None
    witness_threshold: int = 0
    artifacts: str | None = None

    def pin(self, fingerprints, threshold=None):
        self.pins = frozenset(fingerprints)
        self.threshold = len(self.pins) if threshold is None else threshold

    def add_handover(self, data):
        """keys-12."""
        value = parse(data, HANDOVER_BYTES, canonical=False)
        refuse_unless(has(value, _HANDOVER), "keys-12: not the members of a handover")
        roots, head = value["roots"], value["head"]
        refuse_unless(roots and len(set(roots)) == len(roots), "keys-12: no root, or one twice")
        refuse_unless(1 <= value["threshold"] <= len(roots), "keys-12: a threshold that the roots cannot reach")
        refuse_unless(head["size"] > 0, "keys-12: a head of nothing")
        self.pin(roots, value["threshold"])
        self.known.append(Head(value["origin"], head["size"], head["root"], "--trust"))

    def add_witnesses(self, data, threshold=None):
        """time-12."""
        self.witnesses = witness.parse_file(data)
        self.witness_threshold = len(self.witnesses) if threshold is None else threshold
        reachable = 1 <= self.witness_threshold <= len(self.witnesses)
        refuse_unless(reachable, "time-12: a threshold that the witnesses cannot reach")

    def contradiction(self):
        """time-4: two heads that cannot be of one history, or None."""
        for index, one in enumerate(self.known):
            for other in self.known[index + 1 :]:
                if one.origin != other.origin or one.size == other.size and one.root != other.root:
                    return one, other
        return None


def parse_head(text, source="--known-head"):
    """time-4: a checkpoint, or one line `origin size root`."""
    try:
        note = Note(text)
        head = Head(note.origin, note.size, note.root.hex(), source)
    except Refused:
        words_of = text.rstrip("\r\n").split(" ")
        refuse_unless(len(words_of) == 3, "time-4: neither a checkpoint nor a line `origin size root`")
        origin, size, root = words_of
        refuse_unless(is_origin(origin) and is_decimal(size) and is_digest(root), "time-4: not a head")
        head = Head(origin, int(size), root, source)
    refuse_unless(head.size > 0, "time-4: a head of nothing")
    return head
