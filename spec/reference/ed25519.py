"""Ed25519 (RFC 8032), slow and plain, strict about keys and signatures as spec/07-keys.md demands.

For vectors and for reading: it is not constant time, so never give it a key that guards anything.
"""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

# Points are extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    """Adds two points: RFC 8032, 5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    """Adds `point` to itself `scalar` times."""
    result = IDENTITY
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def negate(p):
    """The point that adds to the identity."""
    return (P - p[0], p[1], p[2], P - p[3])


def equal(p, q):
    """Whether two points are the same."""
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def _recover_x(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0  # "minus zero" is not canonical
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P:
        return None
    return x if x & 1 == sign else P - x


def encode(p):
    """The 32 bytes of a point."""
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data):
    """The point that 32 bytes stand for; None unless they are its one canonical encoding."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (_recover_x(BASE_Y, 0), BASE_Y, 1, _recover_x(BASE_Y, 0) * BASE_Y % P)


def is_small_order(p):
    """Whether eight times the point is the identity."""
    return equal(multiply(8, p), IDENTITY)


def key_is_acceptable(public):
    """keys-3: canonical encoding, and not of small order."""
    point = decode(public)
    return point is not None and not is_small_order(point)


def expand(seed):
    """The secret scalar and the prefix of a 32-byte seed."""
    h = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(h[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, h[32:]


def public_key(seed):
    """The 32 bytes of the public key of a seed."""
    return encode(multiply(expand(seed)[0], BASE))


def challenge(r, public, message):
    """k of RFC 8032: SHA-512(R || A || M) as a number below L."""
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


def sign(seed, message):
    """The 64 bytes of a signature."""
    scalar, prefix = expand(seed)
    public = public_key(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = encode(multiply(nonce, BASE))
    s = (nonce + challenge(r, public, message) * scalar) % L
    return r + s.to_bytes(32, "little")


def verify(public, message, signature):
    """keys-4: strict verification. Key and R canonical and not of small order, S < L, equation without cofactor."""
    if len(signature) != 64 or not key_is_acceptable(public):
        return False
    r, s = decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if r is None or is_small_order(r) or s >= L:
        return False
    k = challenge(signature[:32], public, message)
    return equal(multiply(s, BASE), add(r, multiply(k, decode(public))))


def torsion_point():
    """A point of order eight, for making keys that must be refused."""
    y = 2
    while True:
        x = _recover_x(y, 0)
        if x is not None:
            t = multiply(L, (x, y, 1, x * y % P))
            if not equal(multiply(4, t), IDENTITY):
                return t
        y += 1
