"""Envelopes and statements: spec/03-statements.md."""

import base64
import re

from .keys import key_id, public_key, sign, verify
from .values import SIGNATURES, b64, has, is_base64, is_digest, is_text, jcs, parse

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def pae(payload):
    """statements-2: DSSE pre-authentication encoding."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def envelope(payload, seeds):
    """statements-1: an envelope signed by these keys."""
    signed = [(key_id(public_key(s)), b64(sign(s, pae(payload)))) for s in seeds]
    return {
        "payload": b64(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": keyid, "sig": sig} for keyid, sig in sorted(signed)],
    }


def open_envelope(data, publics, threshold=1):
    """statements-1 to statements-4: the payload; None when the envelope fails."""
    parsed = parse(data)
    if not parsed or not isinstance(parsed[0], dict) or set(parsed[0]) != {"payload", "payloadType", "signatures"}:
        return None
    value = parsed[0]
    signatures = value["signatures"]
    if value["payloadType"] != PAYLOAD_TYPE or not is_base64(value["payload"]):
        return None
    if any(set(s) != {"keyid", "sig"} or not is_base64(s["sig"]) for s in signatures):
        return None
    ids = [s["keyid"].encode() for s in signatures]
    if not 1 <= len(ids) <= SIGNATURES or ids != sorted(set(ids)):
        return None
    payload, known = base64.b64decode(value["payload"]), {key_id(p): p for p in publics}
    for s in signatures:
        public = known.get(s["keyid"])
        if not public or not verify(public, pae(payload), base64.b64decode(s["sig"])):
            return None
    return payload if len({known[s["keyid"]] for s in signatures}) >= threshold else None


def statement(kind, subjects, predicate):
    """statements-5: the payload of a statement."""
    return jcs(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicate": predicate,
            "predicateType": f"https://walwarden.dev/spec/{kind}/v1",
            "subject": [{"digest": {"sha256": digest}, "name": name} for name, digest in subjects],
        }
    )


SUBJECT = {"name": is_text, "digest": lambda v: has(v, {"sha256": is_digest})}


def parse_statement(payload, kind):
    """statements-5: (subjects, predicate) of a payload; None when it is no statement of this kind."""
    parsed = parse(payload)
    members = {
        "_type": lambda v: v == "https://in-toto.io/Statement/v1",
        "subject": lambda v: type(v) is list and v and all(has(s, SUBJECT) for s in v),
        "predicateType": lambda v: v == f"https://walwarden.dev/spec/{kind}/v1",
        "predicate": lambda v: True,
    }
    if not parsed or not has(parsed[0], members):
        return None
    subjects = [(s["name"], s["digest"]["sha256"]) for s in parsed[0]["subject"]]
    return subjects, parsed[0]["predicate"]


def signers(line, publics):
    """How many of these keys have a valid signature on an envelope."""
    value = parse(line)[0]
    payload = base64.b64decode(value["payload"])
    ids = {s["keyid"]: base64.b64decode(s["sig"]) for s in value["signatures"]}
    return sum(verify(p, pae(payload), ids.get(key_id(p), b"")) for p in set(publics))


def is_bundle_name(name):
    """bundle-2."""
    segments = name.split("/")
    return re.fullmatch(r"[a-z0-9._/-]{1,128}", name) is not None and not {"", ".", ".."} & set(segments)
