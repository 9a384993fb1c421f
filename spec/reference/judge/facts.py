"""What checks have established, and the rule for what has not been: verification-7."""

import functools

from . import document, tree
from .chain import Entry
from .envelope import Envelope
from .statement import FILE, Statement
from .value import Refused

ENTRIES, CHECKPOINTS, PROOFS = "chain/entries.ndjson", "chain/checkpoints.ndjson", "chain/proofs.json"
REGISTRY, KEYS_CSV, README = "keys/registry.ndjson", "keys/keys.csv", "readme.txt"
BLOBS, TIMESTAMPS = "blobs/", "chain/timestamps/"


class NotRun(Exception):
    """The check could not be asked; the text says why."""


class NoInput(NotRun):
    """The reader did not bring what it needs."""


def needs(check):
    return NotRun(f"needs {check}")


def nothing(what):
    return NotRun(f"nothing to check: {what}")


class Facts:
    """The container and what the reader brings; each fact stands under the check that establishes it."""

    def __init__(self, archive, trust, as_of=None):
        self.archive, self.trust, self.as_of = archive, trust, as_of
        self.established = {}

    def establish(self, check, fact):
        self.established[check] = fact

    def need(self, check):
        """The fact that a check established."""
        if check not in self.established:
            raise needs(check)
        return self.established[check]

    def document(self, name):
        """A file that is there, can be read, and is canonical."""
        if name not in self.archive.files:
            raise needs("bundle.listed")
        data = self.archive.files[name]
        if data is None:
            raise needs("zip.profile")
        if name in self.misspelt:
            raise needs("json.canonical")
        return data

    def lines(self, name):
        return document.lines_of(self.document(name))

    @functools.cached_property
    def misspelt(self):
        """bytes-1: documents that are not canonical, by name, with what is wrong."""
        found = {}
        for name, data in self.archive.files.items():
            if data is None or not name.endswith((".json", ".ndjson")):
                continue
            try:
                for line in document.lines_of(data) if name.endswith(".ndjson") else [data]:
                    document.parse(line)
            except Refused as refused:
                found[name] = str(refused)
        return found

    @functools.cached_property
    def parsed_entries(self):
        """chain-1: every line as an entry, or what is wrong with the first that is none."""
        try:
            return [Entry(line) for line in self.lines(ENTRIES)]
        except Refused as refused:
            return refused

    @functools.cached_property
    def parsed_statements(self):
        """Every statement as carried, or what is wrong with the first line that is none."""
        found = []
        there = {kind: self.lines(name) for kind, name in FILE.items() if name in self.archive.files}
        for kind, lines in there.items():
            for number, line in enumerate(lines, 1):
                try:
                    found.append(Statement(kind, number, Envelope(line)))
                except Refused as refused:
                    return Refused(f"{FILE[kind]} line {number}: {refused}")
        return found

    def carried(self):
        """Statements as carried, parsed and not yet believed."""
        if isinstance(self.parsed_statements, Refused):
            raise needs("statements.signed")
        return self.parsed_statements

    def entries(self):
        return self.need("chain.canonical")

    def registry(self):
        return self.need("keys.registry-versions")

    def root_at(self, size):
        """The root of the first lines; None when there are fewer."""
        return tree.roots([entry.hash for entry in self.entries()], [size]).get(size)

    @functools.cached_property
    def positions(self):
        """Place of each entry by its id; of a doubled id, the first."""
        places = {}
        for position, entry in enumerate(self.entries()):
            places.setdefault(entry.value["id"], position)
        return places

    @functools.cached_property
    def references(self):
        """Places of the entries that reference a payload, by its digest."""
        places = {}
        for position, entry in enumerate(self.entries()):
            for reference in entry.value["statements"]:
                places.setdefault(reference["payload"], []).append(position)
        return places

    def in_period(self, entry):
        """bundle-3: half-open, by when the entry was recorded."""
        period = self.need("bundle.listed").period
        return period[0] <= entry.recorded < period[1]
