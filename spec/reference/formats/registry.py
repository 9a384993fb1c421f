"""Registry versions and the handover: spec/07-keys.md."""

import base64
import json

from .keys import fingerprint, key_id, public_of_jwk
from .statements import open_envelope, parse_statement, signers
from .values import has, is_base64, is_count, is_digest, is_origin, is_text, parse, sha256

USES = ("backup", "bundle", "evidence", "log", "restore-test", "review")


def is_head(value):
    """A tree head, as JSON spells it."""
    return has(value, {"size": is_count, "root": is_digest})


def is_last_head(value):
    return has(value, {"origin": is_origin, "size": is_count, "root": is_digest})


REGISTRY = {
    "origin": is_origin,
    "version": lambda v: type(v) is int and v >= 1,
    "previous": lambda v: v is None or is_digest(v),
    "roots": lambda v: type(v) is list and all(public_of_jwk(j) for j in v),
    "threshold": lambda v: type(v) is int,
    "ceremony": lambda v: v in ("same-host", "separate"),
    "keys": lambda v: type(v) is list and all(key_is_well_formed(k) for k in v),
}


REGISTRY_KEY = {
    "jwk": public_of_jwk,
    "uses": lambda v: type(v) is list and v and v == sorted(set(v)) and set(v) <= set(USES),
    "custodian": is_text,
    "storage": lambda v: v in ("file", "agent", "kms", "hsm"),
    "state": lambda v: v in ("active", "retired", "revoked"),
}


REGISTRY_KEY_OPTIONAL = {
    "last_head": is_last_head,
    "last_trusted": is_head,
    "kind": lambda v: v in ("compromised", "superseded"),
    "reason": is_text,
}


def key_is_well_formed(value):
    """keys-5."""
    if not has(value, REGISTRY_KEY, REGISTRY_KEY_OPTIONAL):
        return False
    uses, state = value["uses"], value["state"]
    if uses == ["log"] and value["jwk"]["crv"] != "Ed25519":
        return False
    if len(uses) > 1 and ("log" in uses or "review" in uses):
        return False
    cut, other = ("last_head", "last_trusted") if uses == ["log"] else ("last_trusted", "last_head")
    return other not in value and (cut in value) == (state != "active") and ("kind" in value) == (state == "revoked")


def registry_of(payload):
    """keys-4, keys-5: the predicate of one version; None when it is not well formed."""
    statement = parse_statement(payload, "key-registry")
    if not statement or not has(statement[1], REGISTRY):
        return None
    subjects, registry = statement
    publics = [public_of_jwk(j) for j in registry["roots"] + [k["jwk"] for k in registry["keys"]]]
    if subjects != [(key_id(p), fingerprint(p).hex()) for p in publics] or len(set(publics)) != len(publics):
        return None
    return registry if 1 <= registry["threshold"] <= len(registry["roots"]) else None


def parse_registry(lines):
    """keys-6: (payload digest, predicate, line) of each version; None when one does not follow."""
    versions = []
    for number, line in enumerate(lines, 1):
        parsed = parse(line)
        if not parsed or not isinstance(parsed[0], dict) or not is_base64(parsed[0].get("payload", "-")):
            return None
        payload = base64.b64decode(parsed[0]["payload"])
        registry = registry_of(payload)
        if not registry or registry["version"] != number:
            return None
        before = versions[-1] if versions else None
        if registry["previous"] != (before[0] if before else None):
            return None
        if before and before[1]["origin"] != registry["origin"]:
            return None
        sides = [registry] + ([before[1]] if before else [])
        roots = [[public_of_jwk(j) for j in side["roots"]] for side in sides]
        if open_envelope(line, sum(roots, [])) is None:
            return None
        if any(signers(line, r) < side["threshold"] for side, r in zip(sides, roots, strict=True)):
            return None
        versions.append((sha256(payload).hex(), registry, line))
    return versions or None


def anchored(versions, pins, threshold):
    """keys-8: the lowest version with valid signatures by that many distinct pinned roots; None without one."""
    for number, (_, registry, line) in enumerate(versions, 1):
        roots = [public_of_jwk(j) for j in registry["roots"]]
        if signers(line, [r for r in roots if fingerprint(r).hex() in pins]) >= max(threshold, 1):
            return number
    return None


def handover_of(data):
    """keys-12: the handover of a file, which need not be canonical; None when it is none."""
    members = {
        "_type": lambda v: v == "https://walwarden.dev/spec/handover/v1",
        "origin": is_origin,
        "roots": lambda v: type(v) is list and all(is_digest(d) for d in v) and len(set(v)) == len(v),
        "threshold": lambda v: type(v) is int,
        "head": is_head,
    }

    def once(pairs):
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a member twice")
        return dict(pairs)

    try:
        value = json.loads(data.decode(), object_pairs_hook=once)
    except ValueError:
        return None
    if len(data) > 64 << 10 or not has(value, members):
        return None
    return value if 1 <= value["threshold"] <= len(value["roots"]) else None
