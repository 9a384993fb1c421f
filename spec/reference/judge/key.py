"""Public keys and signatures: keys-1 to keys-3.

`cryptography` does the arithmetic. It takes keys and signatures that the rules refuse; those are refused here, before
it sees them.
"""

import functools

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .document import write
from .value import base64url, base64url_32, refuse_unless, sha256

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
B256 = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Key:
    """A public key that may stand in a registry; refused unless it may."""

    def __init__(self, jwk):
        self.algorithm = _ALGORITHMS.get(_members(jwk))
        refuse_unless(self.algorithm, "keys-1: not the members of a key, or an algorithm that is not known")
        names = ("x", "y") if self.algorithm == "ES256" else ("x",)
        coordinates = [base64url_32(jwk[name]) for name in names]
        refuse_unless(None not in coordinates, "keys-1: a coordinate is not 32 bytes of base64url")
        self.public, self.word = b"".join(coordinates), ".".join(jwk[name] for name in names)
        _refuse_bad_point(self.algorithm, self.public)
        self.id = base64url(sha256(write(jwk)))
        self.fingerprint = sha256(_SPKI[self.algorithm] + self.public).hex()

    def __eq__(self, other):
        return (self.algorithm, self.public) == (other.algorithm, other.public)

    def __hash__(self):
        return hash(self.public)

    def verifies(self, message, signature):
        """keys-3."""
        return _verifies(self.algorithm, self.public, message, signature)

    def note_hash(self, name):
        """chain-7: what a signature line of this key begins with."""
        return sha256(name.encode() + b"\n\x01" + self.public)[:4]


def _members(jwk):
    """keys-1: the names of the members, and the two that say which algorithm."""
    if type(jwk) is not dict:
        return None
    kind = jwk.get("crv"), jwk.get("kty")
    return (frozenset(jwk), *kind) if all(type(word) is str for word in kind) else None


_ALGORITHMS = {
    (frozenset(("crv", "kty", "x")), "Ed25519", "OKP"): "Ed25519",
    (frozenset(("crv", "kty", "x", "y")), "P-256", "EC"): "ES256",
}
# SubjectPublicKeyInfo up to the key: RFC 8410; RFC 5480 with the named curve and the point not compressed.
_SPKI = {
    "Ed25519": bytes.fromhex("302a300506032b6570032100"),
    "ES256": bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004"),
}


@functools.lru_cache(maxsize=4096)
def _verifies(algorithm, public, message, signature):
    return (_es256_holds if algorithm == "ES256" else _ed25519_holds)(public, message, signature)


@functools.lru_cache(maxsize=1024)
def _refuse_bad_point(algorithm, public):
    """keys-2."""
    if algorithm == "ES256":
        x, y = _p256_coordinates(public)
        on_curve = x < P256 and y < P256 and (y * y - x * x * x + 3 * x - B256) % P256 == 0
        refuse_unless(on_curve, "keys-2: not a point of P-256")
    else:
        refuse_unless(_is_canonical_point(public), "keys-2: not the canonical encoding of a point")
        refuse_unless(public not in _SMALL_ORDER, "keys-2: a point of small order")


def _p256_coordinates(public):
    return int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")


def _es256_holds(public, message, signature):
    """keys-3: strict DER, the smaller s, then the equation."""
    numbers = _der_integers(signature)
    if numbers is None or not 0 < numbers[0] < N256 or not 0 < numbers[1] <= (N256 - 1) // 2:
        return False
    key = ec.EllipticCurvePublicNumbers(*_p256_coordinates(public), ec.SECP256R1()).public_key()
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _der_integers(data):
    """r and s of a SEQUENCE of two INTEGERs in DER and nothing else; None for any other bytes."""
    if not 8 <= len(data) <= 72 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    numbers, rest = [], data[2:]
    while rest:
        if len(rest) < 3 or rest[0] != 0x02 or not 0 < rest[1] <= len(rest) - 2:
            return None
        digits, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        needless = len(digits) > 1 and digits[0] == 0 and digits[1] < 0x80
        if digits[0] >= 0x80 or needless:
            return None
        numbers.append(int.from_bytes(digits, "big"))
    return numbers if len(numbers) == 2 else None


def _ed25519_holds(public, message, signature):
    if len(signature) != 64 or signature[:32] in _SMALL_ORDER or int.from_bytes(signature[32:], "little") >= L:
        return False
    try:
        # OpenSSL computes R again, without cofactor, and compares its canonical encoding with the bytes of R.
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_canonical_point(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return False
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    square = u * pow(v, P - 2, P) % P
    if square == 0:
        return sign == 0
    return pow(square, (P - 1) // 2, P) == 1


def _small_order():
    """The canonical encodings of the eight points whose order divides eight."""
    # A point of order 8 doubles to one with y = 0, so x^2 = y^2 there: y^2 = (-1 +- sqrt(1 + D)) / D.
    roots = []
    for sign in (1, -1):
        square = (-1 + sign * _root(1 + D)) * pow(D, P - 2, P) % P
        if pow(square, (P - 1) // 2, P) == 1:
            roots.append(_root(square))
    heights = [1, P - 1, 0] + [y for root in roots for y in (root, P - root)]
    points = {(y | sign << 255).to_bytes(32, "little") for y in heights for sign in (0, 1)}
    return frozenset(point for point in points if _is_canonical_point(point))


def _root(square):
    """A square root modulo P of a number that has one."""
    square %= P
    root = pow(square, (P + 3) // 8, P)
    return root if root * root % P == square else root * pow(2, (P - 1) // 4, P) % P


_SMALL_ORDER = _small_order()
assert len(_SMALL_ORDER) == 8
