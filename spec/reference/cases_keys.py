"""Public keys, signatures, registry versions and handovers: spec/07-keys.md."""

import hashlib
import json

import ed25519
import es256
import formats
import story
from ed25519 import BASE, IDENTITY, L, P, add, encode, multiply
from story import (
    ES_REVIEWER,
    ES_ROOT,
    ES_STATEMENTS,
    KEYS_1,
    LOG,
    NEW_LOG,
    ORIGIN,
    REVIEWER,
    ROOT_A,
    ROOT_B,
    ROOT_C,
    STATEMENT_USES,
    STATEMENTS,
    STRANGER,
)

TORSION = ed25519.torsion_point()


def weak_keys():
    """Encodings that decode to a point of small order, or to none, or that have a canonical twin."""
    for i in range(8):
        yield f"order-of-{i}-times-the-torsion-point", encode(multiply(i, TORSION))
    yield "y-is-p", P.to_bytes(32, "little")
    yield "y-is-p-plus-1", (P + 1).to_bytes(32, "little")
    yield "y-is-p-with-sign", (P | 1 << 255).to_bytes(32, "little")
    yield "y-is-p-plus-1-with-sign", (P + 1 | 1 << 255).to_bytes(32, "little")
    yield "y-is-1-with-sign", (1 | 1 << 255).to_bytes(32, "little")
    yield "y-is-minus-1-with-sign", (P - 1 | 1 << 255).to_bytes(32, "little")
    for y in range(P, 2**255):
        if ed25519._recover_x(y % P, 0) not in (None, 0) and y - P > 1:
            yield "not-reduced-and-of-large-order", y.to_bytes(32, "little")
            break
    yield "on-no-curve", (2).to_bytes(32, "little")
    yield "all-ones", b"\xff" * 32


def key_cases():
    cases = []

    def case(name, rule, valid, text):
        public = formats.public_of_jwk(json.loads(text))
        assert (public is not None) == valid, name
        case = {"name": name, "rule": rule, "valid": valid, "jwk": text}
        if valid:
            case["algorithm"] = formats.algorithm(public)
            case["word"] = formats.key_word(public)
            case["key_id"] = formats.key_id(public)
            case["spki"] = formats.spki(public).hex()
            case["fingerprint"] = formats.fingerprint(public).hex()
        cases.append(case)

    # The key of RFC 8037 A.2, whose thumbprint A.3 gives.
    rfc = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert formats.key_id(formats.public_of_jwk(rfc)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    case("rfc-8037", "keys-1", True, formats.jcs(rfc).decode())
    for name in ("root a", "log", "statements"):
        public = ed25519.public_key(story.seed(name))
        case(name.replace(" ", "-"), "keys-1", True, formats.jcs(formats.jwk(public)).decode())
    # Such a key has a part of order eight, but is not itself of small order: strict verification deals with it.
    case("mixed-order", "keys-2", True, formats.jcs(formats.jwk(encode(mixed()[1]))).decode())
    for name, public in weak_keys():
        case(name, "keys-2", False, formats.jcs(formats.jwk(public)).decode())
    good = formats.jwk(ed25519.public_key(LOG))
    x = good["x"]
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bad = {
        "x-with-trailing-bits": good | {"x": x[:-1] + last[last.index(x[-1]) + 1]},
        "x-padded": good | {"x": x + "="},
        "x-of-31-bytes": good | {"x": formats.b64url(b"\x01" * 31)},
        "x-of-33-bytes": good | {"x": formats.b64url(b"\x01" * 33)},
        "x-in-standard-alphabet": good | {"x": formats.b64(bytes([0xFB]) + bytes(31))[:-1]},
        "x-empty": good | {"x": ""},
        "curve-of-other-case": good | {"crv": "ed25519"},
        "curve-ed448": good | {"crv": "Ed448"},
        "curve-x25519": good | {"crv": "X25519"},
        "type-ec": good | {"kty": "EC"},
        "with-kid": good | {"kid": "x"},
        "with-alg": good | {"alg": "EdDSA"},
        "with-use": good | {"use": "sig"},
        "with-private-d": good | {"d": x},
        "without-x": {n: v for n, v in good.items() if n != "x"},
        "without-crv": {n: v for n, v in good.items() if n != "crv"},
        "x-null": good | {"x": None},
    }
    for name, value in bad.items():
        case(name, "keys-1", False, formats.jcs(value).decode())
    es256_key_cases(case)
    return cases


def es256_key_cases(case):
    # The key of RFC 7517 A.1, without its other members.
    rfc = {
        "crv": "P-256",
        "kty": "EC",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }
    case("rfc-7517-p-256", "keys-1", True, formats.jcs(rfc).decode())
    for name in ("es256 root", "es256 statements", "es256 reviewer"):
        good = formats.jwk(formats.public_key(story.seed(name)))
        case(name.replace(" ", "-"), "keys-1", True, formats.jcs(good).decode())
    zero = formats.jwk(bytes(32) + y_of(0).to_bytes(32, "big"))
    case("p-256-x-zero", "keys-2", True, formats.jcs(zero).decode())
    x, y = good["x"], good["y"]
    points = {
        "p-256-not-on-the-curve": x_and_y(x, formats.b64url(bytes(31) + b"\x01")),
        "p-256-x-and-y-swapped": x_and_y(y, x),
        "p-256-of-zeros": x_and_y(formats.b64url(bytes(32)), formats.b64url(bytes(32))),
        "p-256-x-is-p": zero | {"x": formats.b64url(es256.P.to_bytes(32, "big"))},
        "p-256-y-above-p": zero | {"y": formats.b64url((2**256 - 1).to_bytes(32, "big"))},
    }
    for name, value in points.items():
        case(name, "keys-2", False, formats.jcs(value).decode())
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bad = {
        "p-256-x-with-trailing-bits": good | {"x": x[:-1] + last[last.index(x[-1]) + 1]},
        "p-256-y-with-trailing-bits": good | {"y": y[:-1] + last[last.index(y[-1]) + 1]},
        "p-256-x-of-31-bytes": good | {"x": formats.b64url(b"\x01" * 31)},
        "p-256-x-of-33-bytes": good | {"x": formats.b64url(bytes(1) + formats.un_b64url_32(x))},
        "p-256-y-of-31-bytes": good | {"y": formats.b64url(b"\x01" * 31)},
        "p-256-y-padded": good | {"y": y + "="},
        "p-256-without-y": {n: v for n, v in good.items() if n != "y"},
        "p-256-y-null": good | {"y": None},
        "p-256-with-alg": good | {"alg": "ES256"},
        "p-256-with-kid": good | {"kid": "x"},
        "p-256-with-private-d": good | {"d": x},
        "p-256-of-type-okp": good | {"kty": "OKP"},
        "p-256-in-lower-case": good | {"crv": "p-256"},
        "p-384": good | {"crv": "P-384"},
        "secp256k1": good | {"crv": "secp256k1"},
        "ed25519-with-y": formats.jwk(ed25519.public_key(LOG)) | {"y": y},
    }
    for name, value in bad.items():
        case(name, "keys-1", False, formats.jcs(value).decode())


def x_and_y(x, y):
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def y_of(x):
    """The even y of a point of P-256 with this x."""
    p = es256.P
    y = pow(x**3 - 3 * x + es256.B, (p + 1) // 4, p)
    assert es256.decode(x.to_bytes(32, "big") + y.to_bytes(32, "big"))
    return y if y % 2 == 0 else p - y


def mixed():
    """The log key plus a point of order eight: the secret scalar and the point."""
    scalar = ed25519.expand(LOG)[0]
    return scalar, add(multiply(scalar, BASE), TORSION)


def mixed_signature(divisible):
    """A signature by the mixed key that the equation with cofactor takes; without it, only where 8 divides k."""
    scalar, point = mixed()
    public, n = encode(point), 0
    while True:
        message = b"mixed %d" % n
        nonce = int.from_bytes(hashlib.sha512(b"nonce" + message).digest(), "little") % L
        r = encode(multiply(nonce, BASE))
        k = ed25519.challenge(r, public, message)
        if (k % 8 == 0) == divisible:
            return public, message, r + ((nonce + k * scalar) % L).to_bytes(32, "little")
        n += 1


def signature_cases():
    cases = []

    def case(name, rule, valid, public, message, signature):
        assert formats.verify(public, message, signature) == valid, name
        cases.append(
            {"name": name, "rule": rule, "valid": valid, "jwk": formats.jcs(formats.jwk(public)).decode()}
            | {"message": message.hex(), "signature": signature.hex()}
        )

    public, message = ed25519.public_key(LOG), b"a signed message"
    good = ed25519.sign(LOG, message)
    r, s = good[:32], int.from_bytes(good[32:], "little")
    scalar = ed25519.expand(LOG)[0]

    def with_r(r_bytes):
        k = ed25519.challenge(r_bytes, public, message)
        return r_bytes + (k * scalar % L).to_bytes(32, "little")

    case("good", "keys-3", True, public, message, good)
    case("empty-message", "keys-3", True, public, b"", ed25519.sign(LOG, b""))
    case("other-message", "keys-3", False, public, message + b"x", good)
    case("other-key", "keys-3", False, ed25519.public_key(NEW_LOG), message, good)
    case("s-plus-l", "keys-3", False, public, message, r + (s + L).to_bytes(32, "little"))
    case("s-is-l", "keys-3", False, public, message, r + L.to_bytes(32, "little"))
    case("s-with-high-bit", "keys-3", False, public, message, r + (s | 1 << 255).to_bytes(32, "little"))
    case("s-zero", "keys-3", False, public, message, r + bytes(32))
    case("r-is-the-identity", "keys-3", False, public, message, with_r(encode(IDENTITY)))
    case("r-is-the-identity-not-reduced", "keys-3", False, public, message, with_r((P + 1).to_bytes(32, "little")))
    case("r-flipped", "keys-3", False, public, message, bytes([r[0] ^ 1]) + good[1:])
    case("short", "keys-3", False, public, message, good[:-1])
    case("long", "keys-3", False, public, message, good + b"\x00")
    case("none", "keys-3", False, public, message, b"")
    case("mixed-order-key-where-8-divides-k", "keys-3", True, *mixed_signature(True))
    case("mixed-order-key-needs-the-cofactor", "keys-3", False, *mixed_signature(False))
    es256_signature_cases(case)
    return cases


def es256_signature_cases(signature_case):
    private, message = ES_STATEMENTS, b"a signed message"
    public, n = es256.public_key(private), es256.N
    r, s = es256.sign_numbers(private, message)
    low, high = min(s, n - s), max(s, n - s)
    good = es256.der(r, low)

    def case(name, signature, valid=False, public=public, message=message):
        signature_case("es256-" + name, "keys-3", valid, public, message, signature)

    def spelt(*numbers):
        """DER of two integers whose bytes are given."""
        body = b"".join(b"\x02" + bytes([len(number)]) + number for number in numbers)
        return b"\x30" + bytes([len(body)]) + body

    assert es256.equation_holds(public, message, r, high) and es256.equation_holds(public, message, r, low)
    case("good", good, True)
    case("empty-message", es256.sign(private, b""), True, message=b"")
    case("other-message", good, message=message + b"x")
    case("other-key", good, public=es256.public_key(ES_ROOT))
    case("by-an-ed25519-key", ed25519.sign(LOG, message))
    signature_case("es256-under-an-ed25519-key", "keys-3", False, ed25519.public_key(LOG), message, good)
    case("high-s", es256.der(r, high))
    case("trailing-byte", good + b"\x00")
    case("trailing-byte-inside", b"\x30" + bytes([len(good) - 1]) + good[2:] + b"\x00")
    case("cut", good[:-1])
    case("none", b"")
    case("not-der", r.to_bytes(32, "big") + low.to_bytes(32, "big"))
    case("long-form-of-length", b"\x30\x81" + good[1:])
    case("indefinite-length", b"\x30\x80" + good[2:] + b"\x00\x00")
    case("r-with-zero-too-many", spelt(b"\x00" + es256.der_integer(r)[2:], es256.der_integer(low)[2:]))
    case("s-with-zero-too-many", spelt(es256.der_integer(r)[2:], b"\x00" + es256.der_integer(low)[2:]))
    # An r that begins with a set bit, spelt without the zero byte that makes it positive.
    texts = (b"message %d" % i for i in range(64))
    negative = next(text for text in texts if es256.sign_numbers(private, text)[0] >> 255)
    numbers = es256.of_der(es256.sign(private, negative))
    unsigned = spelt(numbers[0].to_bytes(32, "big"), es256.der_integer(numbers[1])[2:])
    case("negative-r", unsigned, message=negative)
    case("third-integer", spelt(es256.der_integer(r)[2:], es256.der_integer(low)[2:], b"\x01"))
    case("set-for-sequence", b"\x31" + good[1:])
    case("zero-r", es256.der(0, low))
    case("zero-s", es256.der(r, 0))
    case("both-zero", es256.der(0, 0))
    case("empty-integers", spelt(b"", b""))
    case("r-plus-n", es256.der(r + n, low))
    case("s-plus-n", es256.der(r, low + n))
    case("r-is-n", es256.der(n, low))
    case("s-is-n", es256.der(r, n))
    case("s-flipped", es256.der(r, low ^ 1))
    half_message, half = half_signature()
    half_public = es256.encode(half)
    case("s-is-half-of-n", half_message, True, half_public, b"half")
    case("s-is-half-of-n-plus-1", es256.der(r_of(half_message), n // 2 + 1), False, half_public, b"half")


def r_of(signature):
    return es256.of_der(signature)[0]


def half_signature():
    """A signature whose s is n // 2, the largest that is taken, and the key that it fits."""
    n, nonce = es256.N, 7
    r = es256.multiply(nonce, es256.BASE)[0] % n
    h = int.from_bytes(hashlib.sha256(b"half").digest(), "big")
    private = (nonce * (n // 2) - h) * pow(r, -1, n) % n
    return es256.der(r, n // 2), es256.multiply(private, es256.BASE)


def fingerprints(*seeds):
    return [formats.fingerprint(formats.public_key(s)).hex() for s in seeds]


def digest(payload):
    return formats.sha256(payload).hex()


def sealed(payload, *seeds):
    return formats.jcs(formats.envelope(payload, seeds))


def with_key(**members):
    """Version 1 whose log key has other members."""
    return story.registry(1, None, [ROOT_A], 1, [KEYS_1[0] | members, KEYS_1[1]])


def registry_cases():
    cases = []
    one = (story.REGISTRY_1, story.ENVELOPE_1)

    def case(name, rule, lines, valid, pins=(), threshold=1, anchored=None):
        versions = formats.parse_registry(lines)
        assert (versions is not None) == valid, name
        found = formats.anchored(versions, pins, threshold) if versions else None
        assert found == anchored, (name, found)
        case = {"name": name, "rule": rule, "valid": valid, "ndjson": b"".join(e + b"\n" for e in lines).decode()}
        if valid:
            case |= {"payloads": [v[0] for v in versions], "pins": list(pins), "threshold": threshold}
            case["anchored"] = anchored
        cases.append(case)

    def single(name, rule, predicate, valid=False, seeds=(ROOT_A,)):
        case(name, rule, [sealed(story.registry_payload(predicate), *seeds)], valid)

    cut = {"origin": ORIGIN, "size": 4, "root": story.HEADS[4][1].hex()}
    retired = KEYS_1[0] | {"state": "retired", "last_head": cut}
    keys_2 = [retired, story.key(NEW_LOG, ["log"]), KEYS_1[1]]

    def second(roots=(ROOT_A,), threshold=1, seeds=(ROOT_A,), keys=keys_2, version=2, previous=one[0], origin=ORIGIN):
        predicate = story.registry(version, digest(previous), list(roots), threshold, keys, origin)
        return sealed(story.registry_payload(predicate), *seeds)

    pin_a = fingerprints(ROOT_A)
    case("one-version", "keys-8", [one[1]], True, pin_a, 1, 1)
    case("no-pins", "keys-8", [one[1]], True)
    case("another-pin", "keys-8", [one[1]], True, fingerprints(STRANGER), 1, None)
    case("one-pin-of-two-given", "keys-8", [one[1]], True, fingerprints(ROOT_A, ROOT_B), 2, None)
    case("log-key-replaced", "keys-6", [one[1], second()], True, pin_a, 1, 1)
    moved = second((ROOT_B,), 1, (ROOT_A, ROOT_B))
    case("root-replaced", "keys-6", [one[1], moved], True, fingerprints(ROOT_B), 1, 2)
    case("root-replaced-old-pin", "keys-8", [one[1], moved], True, pin_a, 1, 1)
    two = sealed(story.registry_payload(story.registry(1, None, [ROOT_A, ROOT_B], 2, KEYS_1)), ROOT_A, ROOT_B)
    case("two-roots", "keys-8", [two], True, fingerprints(ROOT_A, ROOT_B), 2, 1)
    case("two-roots-one-pin", "keys-8", [two], True, pin_a, 1, 1)
    half = story.registry_payload(story.registry(1, None, [ROOT_A, ROOT_B], 2, KEYS_1))
    case("two-roots-one-signature", "keys-6", [sealed(half, ROOT_A)], False)
    # A thief adds himself to the roots and needs one signature only: it stands in itself, and no pin anchors it.
    thief = sealed(story.registry_payload(story.registry(1, None, [ROOT_A, STRANGER], 1, KEYS_1)), STRANGER)
    case("thief-added-threshold-one", "keys-8", [thief], True, pin_a, 1, None)
    case("rotation-without-the-old-root", "keys-6", [one[1], second((STRANGER,), 1, (STRANGER,))], False)
    case("rotation-without-the-new-root", "keys-6", [one[1], second((ROOT_B,), 1, (ROOT_A,))], False)
    case("signed-by-a-stranger-too", "statements-3", [sealed(one[0], ROOT_A, STRANGER)], False)
    case("signed-by-a-statement-key", "keys-6", [sealed(one[0], STATEMENTS)], False)
    case("other-origin", "keys-6", [one[1], second(origin="a")], False)
    case("version-skipped", "keys-6", [one[1], second(version=3)], False)
    case("version-repeated", "keys-6", [one[1], one[1]], False)
    case("previous-of-another", "keys-6", [one[1], second(previous=half)], False)
    case("starts-at-two", "keys-6", [second()], False)
    case("no-version", "keys-6", [], False)
    single("previous-not-null", "keys-6", story.registry(1, "00" * 32, [ROOT_A], 1, KEYS_1))
    single("threshold-zero", "keys-5", story.registry(1, None, [ROOT_A], 0, KEYS_1))
    single("threshold-above-roots", "keys-5", story.registry(1, None, [ROOT_A], 2, KEYS_1))
    single("no-roots", "keys-5", story.registry(1, None, [], 1, KEYS_1))
    single("root-twice", "keys-5", story.registry(1, None, [ROOT_A, ROOT_A], 1, KEYS_1))
    single("key-twice", "keys-5", story.registry(1, None, [ROOT_A], 1, [*KEYS_1, KEYS_1[1]]))
    single("root-as-log-key", "keys-5", story.registry(1, None, [ROOT_A], 1, [story.key(ROOT_A, ["log"])]))
    single("three-roots", "keys-5", story.registry(1, None, [ROOT_A, ROOT_B, ROOT_C], 1, KEYS_1), True)
    single(
        "review-key", "keys-5", story.registry(1, None, [ROOT_A], 1, [*KEYS_1, story.key(REVIEWER, ["review"])]), True
    )
    single("es256-log-key", "keys-5", story.registry(1, None, [ROOT_A], 1, [story.key(ES_STATEMENTS, ["log"])]))
    elliptic = [*KEYS_1, story.key(ES_STATEMENTS, ["backup"]), story.key(ES_REVIEWER, ["review"])]
    es_root = sealed(story.registry_payload(story.registry(1, None, [ES_ROOT], 1, elliptic)), ES_ROOT)
    case("es256-root-statement-and-review-keys", "keys-1", [es_root], True, fingerprints(ES_ROOT), 1, 1)
    mixed_roots = sealed(story.registry_payload(story.registry(1, None, [ROOT_A, ES_ROOT], 2, KEYS_1)), ROOT_A, ES_ROOT)
    case("roots-of-both-algorithms", "keys-8", [mixed_roots], True, fingerprints(ROOT_A, ES_ROOT), 2, 1)
    case("root-goes-over-to-es256", "keys-6", [one[1], second((ES_ROOT,), 1, (ROOT_A, ES_ROOT))], True, pin_a, 1, 1)
    case("root-goes-over-to-es256-unasked", "keys-6", [one[1], second((ES_ROOT,), 1, (ES_ROOT,))], False)
    single("log-key-with-another-use", "keys-5", with_key(uses=["backup", "log"]))
    single("review-key-with-another-use", "keys-5", with_key(uses=["backup", "review"]))
    single("no-use", "keys-5", with_key(uses=[]))
    single("use-twice", "keys-5", with_key(uses=["log", "log"]))
    single("uses-unsorted", "keys-5", with_key(uses=STATEMENT_USES[::-1]))
    single("unknown-use", "keys-5", with_key(uses=["witness"]))
    single("retired-without-cut", "keys-5", with_key(state="retired"))
    single("active-with-cut", "keys-5", with_key(last_head=cut))
    single(
        "log-key-with-last-trusted", "keys-5", with_key(state="retired", last_trusted={"size": 4, "root": cut["root"]})
    )
    single("revoked-without-kind", "keys-5", with_key(state="revoked", last_head=cut))
    single("retired-with-kind", "keys-5", with_key(state="retired", last_head=cut, kind="superseded"))
    single(
        "revoked", "keys-5", with_key(state="revoked", last_head=cut, kind="compromised", reason="laptop lost"), True
    )
    single("unknown-state", "keys-5", with_key(state="paused"))
    single("unknown-storage", "keys-5", with_key(storage="paper"))
    single("unknown-key-member", "bytes-3", with_key(note="x"))
    single("reason-null", "bytes-3", with_key(reason=None))
    single("unknown-ceremony", "keys-5", story.registry(1, None, [ROOT_A], 1, KEYS_1) | {"ceremony": "secret"})
    single("unknown-member", "bytes-3", story.registry(1, None, [ROOT_A], 1, KEYS_1) | {"note": "x"})
    no_previous = {n: v for n, v in story.registry(1, None, [ROOT_A], 1, KEYS_1).items() if n != "previous"}
    single("previous-absent", "bytes-3", no_previous)
    swapped = json.loads(one[0])
    swapped["subject"] = swapped["subject"][::-1]
    case("subjects-in-another-order", "keys-4", [sealed(formats.jcs(swapped), ROOT_A)], False)
    cut_short = json.loads(one[0])
    cut_short["subject"].pop()
    case("subject-missing", "keys-4", [sealed(formats.jcs(cut_short), ROOT_A)], False)
    return cases


def handover_cases():
    roots = fingerprints(ROOT_A, ROOT_B)
    head = {"root": story.HEADS[4][1].hex(), "size": 4}
    good = {
        "_type": "https://walwarden.dev/spec/handover/v1",
        "head": head,
        "origin": ORIGIN,
        "roots": roots,
        "threshold": 2,
    }
    cases = []

    def case(name, rule, valid, value):
        text = value if isinstance(value, str) else formats.jcs(value).decode()
        assert (formats.handover_of(text.encode()) is not None) == valid, name
        cases.append({"name": name, "rule": rule, "valid": valid, "file": text})

    case("good", "keys-12", True, good)
    case("laid-out-for-people", "keys-12", True, json.dumps(good, indent=2) + "\n")
    case("threshold-one-of-two", "keys-12", True, good | {"threshold": 1})
    case("no-roots", "keys-12", False, good | {"roots": [], "threshold": 0})
    case("threshold-zero", "keys-12", False, good | {"threshold": 0})
    case("threshold-three-of-two", "keys-12", False, good | {"threshold": 3})
    case("root-twice", "keys-12", False, good | {"roots": [roots[0]] * 2})
    case("other-type", "keys-12", False, good | {"_type": "https://walwarden.dev/spec/handover/v2"})
    case("unknown-member", "keys-12", False, good | {"note": "x"})
    case("without-head", "keys-12", False, {n: v for n, v in good.items() if n != "head"})
    case("fingerprint-in-upper-case", "bytes-4", False, good | {"roots": [roots[0].upper()], "threshold": 1})
    case("member-twice", "keys-12", False, formats.jcs(good).decode()[:-1] + ',"threshold":1}')
    case("not-json", "keys-12", False, "roots: none")
    return cases


def files():
    return {
        "keys": ("07-keys", "JWKs that are, or are not, public keys of this format.", key_cases()),
        "signatures": ("07-keys", "Signatures, strictly judged; message and signature in hex.", signature_cases()),
        "registry": (
            "07-keys",
            "Files of registry versions. `anchored` is the lowest version that `threshold` of the `pins` have signed.",
            registry_cases(),
        ),
        "handover": ("07-keys", "Handover files.", handover_cases()),
    }
