"""Envelopes: statements-1 to statements-4."""

from .document import parse
from .value import base64_bytes, each, has, is_base64, is_key_id, refuse_unless, sha256, shape, words

PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGNATURES = 16

_ENVELOPE = {
    "payload": is_base64,
    "payloadType": words(PAYLOAD_TYPE),
    "signatures": each(shape({"keyid": is_key_id, "sig": is_base64})),
}


def pae(payload):
    """statements-2: what is signed."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


class Envelope:
    """statements-1: a well-formed envelope; nothing is verified yet."""

    def __init__(self, data):
        value = parse(data)
        refuse_unless(has(value, _ENVELOPE), "statements-1: not the members of an envelope")
        self.signatures = [(one["keyid"], base64_bytes(one["sig"])) for one in value["signatures"]]
        ids = [keyid.encode() for keyid, _ in self.signatures]
        refuse_unless(1 <= len(ids) <= SIGNATURES, "statements-1: no signature, or too many")
        refuse_unless(ids == sorted(set(ids)), "statements-1: key ids out of order, or one twice")
        self.payload = base64_bytes(value["payload"])
        self.digest, self.payload_digest = sha256(data).hex(), sha256(self.payload).hex()

    def verify(self, keys):
        """statements-3: every signature must hold under one of these keys."""
        known, message = {key.id: key for key in keys}, pae(self.payload)
        for keyid, signature in self.signatures:
            refuse_unless(keyid in known, f"statements-3: key {keyid} may not sign this")
            refuse_unless(known[keyid].verifies(message, signature), f"statements-3: the signature by {keyid} fails")

    def signers(self, keys):
        """statements-4: the distinct keys among these that have signed."""
        signed, message = dict(self.signatures), pae(self.payload)
        return {key for key in keys if key.id in signed and key.verifies(message, signed[key.id])}
