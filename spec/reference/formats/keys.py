"""Public keys of both algorithms, as bytes: 32 of Ed25519, 64 (x and y) of P-256. spec/07-keys.md."""

import ed25519
import es256

from .values import b64url, jcs, sha256, un_b64url_32

_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def public_key(private):
    """The public half of a seed, or of an `es256.PrivateKey`."""
    return es256.public_key(private) if isinstance(private, es256.PrivateKey) else ed25519.public_key(private)


def sign(private, message):
    """keys-3: a signature by either kind of key."""
    return (es256 if isinstance(private, es256.PrivateKey) else ed25519).sign(private, message)


def verify(public, message, signature):
    """keys-3: the length of the key tells its algorithm."""
    return (ed25519 if len(public) == 32 else es256).verify(public, message, signature)


def algorithm(public):
    """keys-11: the word for it."""
    return "Ed25519" if len(public) == 32 else "ES256"


def jwk(public):
    """keys-1."""
    if len(public) == 32:
        return {"crv": "Ed25519", "kty": "OKP", "x": b64url(public)}
    return {"crv": "P-256", "kty": "EC", "x": b64url(public[:32]), "y": b64url(public[32:])}


def key_word(public):
    """keys-11: the key in one word."""
    return ".".join(b64url(public[at : at + 32]) for at in range(0, len(public), 32))


def key_id(public):
    """keys-1: RFC 7638."""
    return b64url(sha256(jcs(jwk(public))))


def spki(public):
    """The SubjectPublicKeyInfo: RFC 8410, or RFC 5480 with the point not compressed."""
    return (_SPKI_ED25519 if len(public) == 32 else _SPKI_P256) + public


def fingerprint(public):
    """keys-1: what a pin names."""
    return sha256(spki(public))


def public_of_jwk(value):
    """keys-1, keys-2: the bytes; None when the JWK or its key must be refused."""
    if not isinstance(value, dict) or any(not isinstance(v, str) for v in value.values()):
        return None
    x, y = un_b64url_32(value.get("x", "")), un_b64url_32(value.get("y", ""))
    if set(value) == {"crv", "kty", "x"} and (value["crv"], value["kty"]) == ("Ed25519", "OKP"):
        return x if x and ed25519.key_is_acceptable(x) else None
    if set(value) == {"crv", "kty", "x", "y"} and (value["crv"], value["kty"]) == ("P-256", "EC"):
        return x + y if x and y and es256.decode(x + y) else None
    return None
