"""Evidence of forks: spec/14-comparison.md."""

from .chain import open_checkpoint
from .keys import public_of_jwk
from .registry import anchored, parse_registry
from .trees import extends, includes
from .values import has, is_digest, is_origin, jcs, parse

SAYS = (
    "Two histories of one chain were signed that cannot both be true. This does not show who signed them, nor why."
)


def _is_list(member):
    return lambda v: type(v) is list and all(member(item) for item in v)


_DIGESTS = _is_list(is_digest)
_ENVELOPES = _is_list(lambda v: type(v) is dict)
_HEAD = {"genesis_proof": _DIGESTS, "note": lambda v: type(v) is str}
_HEADS = {
    "genesis": is_digest,
    "larger": lambda v: has(v, _HEAD),
    "proof": _DIGESTS,
    "registry": _ENVELOPES,
    "root": is_digest,
    "smaller": lambda v: has(v, _HEAD),
}
_REGISTRIES = {"one": _ENVELOPES, "other": _ENVELOPES, "version": lambda v: type(v) is int and v >= 1}
_DOCUMENT = {
    "_type": lambda v: v == "https://walwarden.dev/spec/fork-evidence/v1",
    "origin": is_origin,
    "says": lambda v: v == SAYS,
    "shows": lambda v: has(v, {"heads": lambda h: has(h, _HEADS)})
    or has(v, {"registries": lambda r: has(r, _REGISTRIES)}),
}


def _versions(envelopes, origin, pins, threshold):
    """Steps 2 and 5: the versions, anchored and of this chain; None otherwise."""
    versions = parse_registry([jcs(envelope) for envelope in envelopes])
    if not versions or anchored(versions, pins, threshold) is None or versions[-1][1]["origin"] != origin:
        return None
    return versions


def _log_keys(versions, size):
    """Step 3: log keys of any version that no version cuts below this size."""
    listed = [key for _, registry, _ in versions for key in registry["keys"] if "log" in key["uses"]]
    cut = [key["jwk"]["x"] for key in listed if "last_head" in key and key["last_head"]["size"] < size]
    return [public_of_jwk(key["jwk"]) for key in listed if key["jwk"]["x"] not in cut]


def _head(shown, origin, versions, genesis):
    """Step 3: (size, root) of a head that stands; None otherwise."""
    size = shown["note"].split("\n")[1:2]
    if not size or not size[0].isascii() or not size[0].isdigit():
        return None
    opened = open_checkpoint(shown["note"].encode(), origin, _log_keys(versions, int(size[0])))
    proof = [bytes.fromhex(digest) for digest in shown["genesis_proof"]]
    return opened if opened and includes(proof, bytes.fromhex(genesis), 0, *opened) else None


def fork_of(data, pins, threshold):
    """comparison-6: the document, when it shows a fork under these pins; None otherwise."""
    parsed = parse(data)
    if not parsed or not has(parsed[0], _DOCUMENT):
        return None
    document = parsed[0]
    origin, shows = document["origin"], document["shows"]
    if "registries" in shows:
        lists = shows["registries"]
        one, other = (_versions(lists[side], origin, pins, threshold) for side in ("one", "other"))
        if not one or not other:
            return None
        differ = [n for n, (a, b) in enumerate(zip(one, other), 1) if a[0] != b[0]]
        return document if differ[:1] == [lists["version"]] else None
    shown = shows["heads"]
    versions = _versions(shown["registry"], origin, pins, threshold)
    if not versions:
        return None
    smaller, larger = (_head(shown[side], origin, versions, shown["genesis"]) for side in ("smaller", "larger"))
    root = bytes.fromhex(shown["root"])
    if not smaller or not larger or root == smaller[1]:
        return None
    proof = [bytes.fromhex(digest) for digest in shown["proof"]]
    return document if extends(proof, smaller[0], root, *larger) else None
