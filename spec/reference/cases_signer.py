"""Lines to a signer apart, and its answers: spec/18-signer.md."""

import base64

import formats
from story import HASHES, HEADS, LOG, NEW_LOG, ORIGIN, STATEMENT_USES, STATEMENTS, public


def b64(data):
    return base64.b64encode(data).decode()


def head(size):
    count, root = HEADS[size]
    return {"origin": ORIGIN, "head": {"size": count, "root": root.hex()}}


def held(seed, uses):
    return {"jwk": formats.jwk(public(seed)), "uses": uses, "storage": "agent"}


def signer_cases():
    cases = []

    def case(name, valid, to, value, rule="signer-2"):
        line = value if isinstance(value, str) else formats.jcs(value).decode()
        cases.append({"name": name, "rule": rule, "valid": valid, "to": to, "line": line})

    log, statements = (formats.key_id(public(seed)) for seed in (LOG, STATEMENTS))
    proof = [step.hex() for step in formats.consistency(HASHES[:4], 3)]
    sign_head = {"op": "sign-head", "head": head(4), "proof": proof, "keys": [log]}
    sign = {"op": "sign-statement", "key": statements, "payload": b64(b"{}")}
    new_key = {"op": "new-key", "uses": STATEMENT_USES}
    text = formats.note_text(ORIGIN, 4, HEADS[4][1])
    text = text if isinstance(text, bytes) else text.encode()
    signature = b64(formats.sign(LOG, text))

    case("sign a head", True, "request", sign_head)
    case("sign the first head", True, "request", sign_head | {"proof": []})
    case("sign a head twice", True, "request", sign_head | {"keys": [log, formats.key_id(public(NEW_LOG))]})
    case("sign a statement", True, "request", sign)
    case("which keys", True, "request", {"op": "keys"})
    case("which head", True, "request", {"op": "last-head"})
    case("make a key", True, "request", new_key)
    case("white space", True, "request", '{ "op" : "keys" }', "signer-1")
    case("no operation", False, "request", {})
    case("sign bytes", False, "request", {"op": "sign", "payload": b64(b"{}")})
    case("a member twice", False, "request", '{"op":"keys","op":"keys"}', "signer-1")
    case("another member", False, "request", {"op": "keys", "all": True}, "signer-1")
    case("a member missing", False, "request", {"op": "sign-statement", "key": statements})
    case("a short digest", False, "request", sign_head | {"proof": [proof[0][:-2]]}, "signer-1")
    case("base64 without padding", False, "request", sign | {"payload": "e30"}, "signer-1")
    case("an unknown use", False, "request", new_key | {"uses": ["root"]})
    case("a list", False, "request", [], "signer-1")

    case("keys", True, "answer", {"keys": [held(LOG, ["log"]), held(STATEMENTS, STATEMENT_USES)]})
    case("the last head", True, "answer", {"last_head": head(4)})
    case("no head yet", True, "answer", {"last_head": {"origin": ORIGIN, "head": {"size": 0, "root": formats.sha256(b"").hex()}}})
    case("signatures", True, "answer", {"signatures": [signature]})
    case("a signature", True, "answer", {"signature": b64(formats.sign(STATEMENTS, b""))})
    case("a new key", True, "answer", {"key": held(NEW_LOG, ["log"])})
    for kind in ("refused", "unavailable", "request"):
        case(f"an error: {kind}", True, "answer", {"error": {"kind": kind, "text": "why"}}, "signer-6")
    case("another error", False, "answer", {"error": {"kind": "later", "text": "why"}}, "signer-6")
    case("nothing", False, "answer", {})
    case("two answers", False, "answer", {"signature": signature, "signatures": [signature]})
    case("a weak key", False, "answer", {"key": held(LOG, ["log"]) | {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "A" * 43}}})
    return cases


def files():
    return {"signer": ("18-signer", "Lines to a signer apart, and its answers.", signer_cases())}
