"""`chain.*`."""

import itertools

from .. import note, tree
from ..chain import contiguous as follow
from ..document import parse
from ..facts import CHECKPOINTS, ENTRIES, PROOFS, NoInput, nothing
from ..value import Refused, each, has, is_count, is_digest, micros, refuse_unless, shape, words

_PROOF = shape({"from": is_count, "proof": each(is_digest), "to": is_count})
_PROOFS = {"_type": words("https://walwarden.dev/spec/proofs/v1"), "consistency": each(_PROOF)}


def canonical(facts):
    """chain-1."""
    facts.document(ENTRIES)
    entries = facts.parsed_entries
    if isinstance(entries, Refused):
        raise entries
    facts.establish("chain.canonical", entries)
    return f"{len(entries)} lines"


def not_empty(facts):
    """verification-2: a verdict over nothing is none."""
    entries, _ = facts.entries(), facts.need("bundle.listed")
    inside = sum(map(facts.in_period, entries))
    if not inside:
        raise nothing("no entry was recorded in the period")
    return f"{inside} of {len(entries)} entries"


def contiguous(facts):
    """chain-2, chain-3, chain-5."""
    follow(facts.entries())
    return f"{len(facts.entries())} entries"


def checkpoints_signed(facts):
    """chain-7; cuts are judged by keys.last-head."""
    lines, registry = facts.lines(CHECKPOINTS), facts.registry()
    notes = [note.parse_line(line) for line in lines]
    sizes = [one.size for one in notes]
    refuse_unless(notes, "chain-7: no checkpoint is carried")
    refuse_unless(sizes == sorted(set(sizes)), "bundle-1: checkpoints do not ascend")
    for one in notes:
        refuse_unless(one.origin == registry.origin, "chain-7: a checkpoint of another chain")
        refuse_unless(one.signers(registry.log_keys(one.size)), "chain-7: not signed by a log key in force")
    for seq, key in registry.retired_log_keys():
        first = next((one for one in notes if one.size > seq), None)
        refuse_unless(not first or first.signers([key]), "keys-9: not signed by the log key that was retired")
    facts.establish("chain.checkpoints-signed", notes)
    return f"{len(notes)} checkpoints"


def roots(facts):
    """chain-6."""
    notes, hashes = facts.need("chain.checkpoints-signed"), [entry.hash for entry in facts.entries()]
    found = tree.roots(hashes, [one.size for one in notes])
    for one in notes:
        refuse_unless(one.size in found, f"chain-6: a head covers {one.size} lines, and {len(hashes)} are shown")
        refuse_unless(found[one.size] == one.root, f"chain-6: the first {one.size} lines are not those signed")
    facts.establish("chain.roots", len(hashes))
    return f"{len(notes)} roots over {len(hashes)} lines"


def proofs(facts):
    """merkle-6, bundle-6."""
    data, notes = facts.document(PROOFS), facts.need("chain.checkpoints-signed")
    value = parse(data)
    refuse_unless(has(value, _PROOFS), "bundle-6: not the members of proofs")
    pairs = list(itertools.pairwise(notes))
    stated = [(one["from"], one["to"]) for one in value["consistency"]]
    refuse_unless(stated == [(a.size, b.size) for a, b in pairs], "bundle-6: not one proof for each pair")
    for (old, new), one in zip(pairs, value["consistency"], strict=True):
        path = [bytes.fromhex(digest) for digest in one["proof"]]
        holds = tree.extends(path, old.size, old.root, new.size, new.root)
        refuse_unless(holds, f"merkle-6: the proof from {old.size} to {new.size} does not hold")
    return f"{len(pairs)} proofs"


def ends_at_checkpoint(facts):
    """chain-6, bundle-3."""
    shown, last = facts.need("chain.roots"), facts.need("chain.checkpoints-signed")[-1]
    end = facts.need("bundle.listed").value["end"]
    refuse_unless(last.size == shown, f"chain-7: {shown} lines, and the last checkpoint covers {last.size}")
    refuse_unless(end == {"root": last.root.hex(), "size": last.size}, "bundle-3: the end is not the last checkpoint")
    facts.establish("chain.ends-at-checkpoint", last)
    return f"{last.size} lines, root {last.root.hex()}"


def known(facts):
    """time-4."""
    shown, entries = facts.need("chain.roots"), facts.entries()
    if not facts.trust.known:
        raise NoInput("no head held before")
    for head in facts.trust.known:
        same = not entries or head.origin == entries[0].value["origin"]
        refuse_unless(same, f"time-4: the head of {head.source} is of another chain")
        refuse_unless(
            head.size <= shown, f"time-4: the head of {head.source} covers {head.size} lines, {shown} are shown"
        )
        found = facts.root_at(head.size).hex()
        refuse_unless(found == head.root, f"time-4: the lines are not those under the head of {head.source}")
    latest = max(head.size for head in facts.trust.known)
    return f"the head of {latest} lines, and {shown - latest} lines after it"


def witnessed(facts):
    """time-12."""
    if facts.trust.witnesses is None:
        raise NoInput("no witness key")
    facts.need("chain.roots")
    notes, end = facts.need("chain.checkpoints-signed"), micros(facts.need("bundle.listed").value["period"]["end"])
    before = max((at + 1 for at, entry in enumerate(facts.entries()) if entry.recorded < end), default=0)
    seen = 0
    for one in facts.trust.witnesses:
        times = [(note.size, seconds) for note in notes for seconds in one.times(note)]
        seen += any(size > before or size == before and seconds * 1_000_000 >= end for size, seconds in times)
    needed = facts.trust.witness_threshold
    refuse_unless(seen >= needed, f"time-12: {seen} of the {needed} required witnesses saw a head that closes the period")
    return f"{seen} of {len(facts.trust.witnesses)} witnesses"
