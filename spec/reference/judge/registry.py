"""The registry: keys-4 to keys-9, keys-11."""

from . import event
from .envelope import Envelope
from .key import Key
from .statement import parse_payload
from .value import (
    Refused,
    each,
    is_count,
    is_digest,
    is_int,
    is_origin,
    is_text,
    null_or,
    refuse_unless,
    shape,
    words,
)

USES = ("backup", "bundle", "evidence", "log", "restore-test", "review")


def _is_any(value):
    return True


_KEY = {
    "jwk": _is_any,
    "uses": each(words(*USES)),
    "custodian": is_text,
    "storage": words("file", "agent", "kms", "hsm"),
    "state": words("active", "retired", "revoked"),
}
_KEY_OPTIONAL = {
    "last_head": shape({"origin": is_origin, "size": is_count, "root": is_digest}),
    "last_trusted": shape({"size": is_count, "root": is_digest}),
    "kind": words("compromised", "superseded"),
    "reason": is_text,
}
PREDICATE = {
    "origin": is_origin,
    "version": is_int,
    "previous": null_or(is_digest),
    "roots": each(_is_any),
    "threshold": is_int,
    "ceremony": words("same-host", "separate"),
    "keys": each(shape(_KEY, _KEY_OPTIONAL)),
}


class Listed:
    """A key as a version lists it."""

    def __init__(self, value):
        self.key, self.uses, self.state = Key(value["jwk"]), value["uses"], value["state"]
        self.custodian = value["custodian"]
        self.is_log = "log" in self.uses
        refuse_unless(not self.is_log or self.key.algorithm == "Ed25519", "keys-5: a log key is an Ed25519 key")
        _key_rules(value, self.is_log)
        self.cut = value.get("last_head" if self.is_log else "last_trusted")


def _key_rules(value, is_log):
    """keys-5."""
    uses, state = value["uses"], value["state"]
    refuse_unless(uses and uses == sorted(set(uses)), "keys-5: uses out of order, one twice, or none")
    refuse_unless(len(uses) == 1 or not {"log", "review"} & set(uses), "keys-5: a log or review key has another use")
    cut, other = ("last_head", "last_trusted") if is_log else ("last_trusted", "last_head")
    refuse_unless(other not in value and (cut in value) == (state != "active"), "keys-5: not the cut of its state")
    refuse_unless(("kind" in value) == (state == "revoked"), "keys-5: kind stands with revoked keys, and only there")


class Version:
    """keys-4, keys-5: one version, with its envelope."""

    def __init__(self, line):
        self.envelope = Envelope(line)
        subjects, value = parse_payload(self.envelope.payload, "key-registry", (PREDICATE, {}))
        self.value, self.origin = value, value["origin"]
        self.roots = [Key(jwk) for jwk in value["roots"]]
        self.keys = [Listed(key) for key in value["keys"]]
        everyone = self.roots + [listed.key for listed in self.keys]
        refuse_unless(
            subjects == [(key.id, key.fingerprint) for key in everyone], "keys-4: its subjects are not its keys"
        )
        refuse_unless(len(set(everyone)) == len(everyone), "keys-5: a public key occurs twice")
        refuse_unless(1 <= value["threshold"] <= len(self.roots), "keys-5: a threshold that its roots cannot reach")

    def find(self, keyid):
        return next((listed for listed in self.keys if listed.key.id == keyid), None)


def parse_versions(lines):
    """keys-6: all versions, each following from the one before."""
    versions = []
    for number, line in enumerate(lines, 1):
        version, before = Version(line), versions[-1] if versions else None
        refuse_unless(version.value["version"] == number, "keys-6: a version is not in its place")
        previous = before.envelope.payload_digest if before else None
        refuse_unless(version.value["previous"] == previous, "keys-6: previous is not the version before")
        sides = [version, before] if before else [version]
        refuse_unless(all(side.origin == version.origin for side in sides), "keys-6: a version of another chain")
        version.envelope.verify({root for side in sides for root in side.roots})
        for side in sides:
            signed = len(version.envelope.signers(side.roots))
            refuse_unless(signed >= side.value["threshold"], "keys-6: not signed by enough roots")
        versions.append(version)
    refuse_unless(versions, "keys-6: no version")
    return versions


def anchored(versions, pins, threshold):
    """keys-8: the number of the lowest version that enough pinned roots have signed; None without one."""
    for number, version in enumerate(versions, 1):
        pinned = [root for root in version.roots if root.fingerprint in pins]
        if len(version.envelope.signers(pinned)) >= max(threshold, 1):
            return number
    return None


class Registry:
    """keys-7: the versions, and from which entry each is in force."""

    def __init__(self, versions, entries):
        self.versions, self.origin, self.entered = versions, versions[0].origin, []
        for place, entry in enumerate(entries):
            if entry.value["type"] in ("chain.genesis", "key.changed"):
                self._enter(place, entry)
        refuse_unless(len(self.entered) == len(versions), "keys-7: a version that no entry references")

    def _enter(self, place, entry):
        data, number = event.data_of(entry, "chain.genesis", "key.changed"), len(self.entered) + 1
        refuse_unless(data is not None, "keys-7: an entry that should enter a version is not interpreted")
        stated = 1 if entry.value["type"] == "chain.genesis" else data["registry_version"]
        refuse_unless(stated == number <= len(self.versions), "keys-7: versions enter in order, each once")
        payload = self.versions[number - 1].envelope.payload_digest
        references = [one["payload"] for one in entry.value["statements"]]
        refuse_unless(references == [payload], "keys-7: an entry does not reference the version that it enters")
        refuse_unless(entry.value["origin"] == self.origin, "keys-7: a version is entered in another chain")
        self.entered.append((place, entry))

    def at(self, seq):
        """The version in force at an entry; None before the first."""
        found = None
        for version, (place, _) in zip(self.versions, self.entered, strict=True):
            if place <= seq:
                found = version
        return found

    def listed(self):
        """Every key of every version, in order."""
        return [listed for version in self.versions for listed in version.keys]

    def log_keys(self, size):
        """chain-7: log keys in force at the last entry under a head, whatever their cuts."""
        version = self.at(size - 1) if size else None
        return [listed.key for listed in version.keys if listed.is_log] if version else []

    def retired_log_keys(self):
        """keys-9: log keys that a version retires, each with the entry from which it does."""
        steps = zip(self.versions, self.versions[1:], self.entered[1:])
        for before, version, (seq, _) in steps:
            active = {listed.key for listed in before.keys if listed.state == "active"}
            successors = [listed.key for listed in version.keys if listed.is_log and listed.state == "active"]
            if all(self._revoked_below(key, seq) for key in successors):
                continue
            for listed in version.keys:
                if listed.is_log and listed.state == "retired" and listed.key in active:
                    yield seq, listed.key

    def _revoked_below(self, log_key, seq):
        """Whether a version revokes a log key from a head that does not cover an entry."""
        return any(
            listed.key == log_key and listed.state == "revoked" and listed.cut["size"] <= seq
            for version in self.versions
            for listed in version.keys
        )

    def key_at(self, keyid, use, seq):
        """keys-9: the key, if it may sign this use at an entry; else refused, with `Cut` when only a cut stops it."""
        version = self.at(seq)
        there = version.find(keyid) if version else None
        refuse_unless(there, f"keys-9: key {keyid} is not in the version in force at entry {seq}")
        refuse_unless(use in there.uses, f"keys-9: key {keyid} has not the use {use}")
        newest = [one for one in (version.find(keyid) for version in self.versions) if one][-1]
        cuts = [listed.cut["size"] for listed in (there, newest) if listed.cut]
        if cuts and seq >= min(cuts):
            raise Cut(keyid, min(cuts), revoked="revoked" in (there.state, newest.state))
        return there.key

    def key_of_run(self, keyid, use, seq, began):
        """keys-9: as `key_at`; but a key that was retired while the run lasted is judged where the run began."""
        try:
            return self.key_at(keyid, use, seq)
        except Cut as cut:
            if cut.revoked or began is None or began >= cut.size:
                raise
            return self.key_at(keyid, use, began)

    def csv(self):
        """keys-11."""
        rows = ["key_id,public_key,algorithm,status,activated_at,retired_at"]
        for listed in self.versions[-1].keys:
            key = listed.key
            active, retired = self._first(key, True), self._first(key, False)
            rows.append(f"{key.id},{key.word},{key.algorithm},{listed.state},{active},{retired}")
        return "".join(row + "\n" for row in rows).encode()

    def _first(self, key, active):
        for version, (_, entry) in zip(self.versions, self.entered, strict=True):
            listed = version.find(key.id)
            if listed and (listed.state == "active") == active:
                return entry.value["recorded_at"]
        return ""


class Cut(Refused):
    """A key that signed beyond its cut."""

    def __init__(self, keyid, size, revoked):
        state = "revoked" if revoked else "retired"
        super().__init__(f"keys-9: key {keyid} is {state} and counts below entry {size}")
        self.size, self.revoked = size, revoked
