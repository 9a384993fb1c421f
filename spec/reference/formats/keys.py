"""Public keys: spec/07-keys.md."""

import ed25519

from .values import b64url, jcs, sha256, un_b64url_32

_SPKI = bytes.fromhex("302a300506032b6570032100")


def jwk(public):
    """keys-1."""
    return {"crv": "Ed25519", "kty": "OKP", "x": b64url(public)}


def key_id(public):
    """keys-2: RFC 7638."""
    return b64url(sha256(jcs(jwk(public))))


def spki(public):
    """The SubjectPublicKeyInfo of an Ed25519 key (RFC 8410)."""
    return _SPKI + public


def fingerprint(public):
    """keys-2: what a pin names."""
    return sha256(spki(public))


def public_of_jwk(value):
    """keys-1, keys-3: the 32 bytes; None when the JWK or its key must be refused."""
    if not isinstance(value, dict) or set(value) != {"crv", "kty", "x"}:
        return None
    if value["crv"] != "Ed25519" or value["kty"] != "OKP" or not isinstance(value["x"], str):
        return None
    public = un_b64url_32(value["x"])
    return public if public and ed25519.key_is_acceptable(public) else None
