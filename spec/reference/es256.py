"""ECDSA on P-256 with SHA-256 (FIPS 186-5), slow and plain, strict about keys and signatures as spec/07-keys.md demands.

For vectors and for reading: it is not constant time, so never give it a key that guards anything.
"""

import hashlib
import hmac

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


class PrivateKey(bytes):
    """32 bytes of a private number, told from an Ed25519 seed by its class."""


def add(p, q):
    """Adds two points; None is the point at infinity."""
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P) % P
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P) % P
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(scalar, point):
    """Adds `point` to itself `scalar` times."""
    result = None
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def encode(point):
    """x and y, 32 bytes each."""
    return point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def decode(public):
    """keys-2: the point of 64 bytes; None unless both numbers are below p and the point lies on the curve."""
    x, y = int.from_bytes(public[:32], "big"), int.from_bytes(public[32:], "big")
    on_curve = (y * y - (x * x * x - 3 * x + B)) % P == 0
    return (x, y) if len(public) == 64 and x < P and y < P and on_curve else None


def public_key(private):
    """The 64 bytes of the public key."""
    return encode(multiply(int.from_bytes(private, "big"), BASE))


def der_integer(number):
    """DER of a positive integer."""
    data = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


def der(r, s):
    """The DER of a signature."""
    body = der_integer(r) + der_integer(s)
    return b"\x30" + bytes([len(body)]) + body


def of_der(signature):
    """keys-3: (r, s) of the one DER spelling; None for any other bytes."""
    if len(signature) < 8 or signature[0] != 0x30 or signature[1] != len(signature) - 2 or len(signature) > 72:
        return None
    numbers, rest = [], signature[2:]
    for _ in range(2):
        if len(rest) < 3 or rest[0] != 2 or not 1 <= rest[1] <= len(rest) - 2:
            return None
        numbers.append(int.from_bytes(rest[2 : 2 + rest[1]], "big", signed=True))
        rest = rest[2 + rest[1] :]
    if rest or min(numbers) < 0 or der(*numbers) != signature:
        return None
    return tuple(numbers)


def _nonces(private, digest):
    """RFC 6979, 3.2."""

    def mac(key, *parts):
        return hmac.new(key, b"".join(parts), "sha256").digest()

    hashed = (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    v, k = b"\x01" * 32, bytes(32)
    for step in (b"\x00", b"\x01"):
        k = mac(k, v, step, private, hashed)
        v = mac(k, v)
    while True:
        v = mac(k, v)
        yield int.from_bytes(v, "big")
        k = mac(k, v, b"\x00")
        v = mac(k, v)


def sign_numbers(private, message):
    """(r, s) with the nonce of RFC 6979, s as it comes out."""
    digest = hashlib.sha256(message).digest()
    nonce = next(n for n in _nonces(private, digest) if 0 < n < N)
    r = multiply(nonce, BASE)[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(digest, "big") + r * int.from_bytes(private, "big")) % N
    return r, s


def sign(private, message):
    """The DER of a signature with a low s."""
    r, s = sign_numbers(private, message)
    return der(r, min(s, N - s))


def equation_holds(public, message, r, s):
    """What every ECDSA verifier takes: FIPS 186-5, 6.4.2."""
    point = decode(public)
    if point is None or not 0 < r < N or not 0 < s < N:
        return False
    w, h = pow(s, -1, N), int.from_bytes(hashlib.sha256(message).digest(), "big")
    sum_ = add(multiply(h * w % N, BASE), multiply(r * w % N, point))
    return sum_ is not None and sum_[0] % N == r


def verify(public, message, signature):
    """keys-3: one spelling, and of s and n - s the smaller."""
    numbers = of_der(signature)
    return numbers is not None and numbers[1] <= N // 2 and equation_holds(public, message, *numbers)
