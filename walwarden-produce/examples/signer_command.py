#!/usr/bin/env python3
"""A signer apart, as a command: reads one request of spec/18-signer.md, prints one answer, ends.

    [signer]
    command = ["/usr/local/bin/signer_command.py", "/srv/signer/keys", "/srv/signer/passphrase"]

The folder is one that `walwarden init` wrote. Python checks what is to be signed, `openssl` signs it: put your own
hardware or service in the place of `openssl`, and keep the checks. Standard library only.
"""

import base64
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = {"backup": "backup", "restore-test": "restore-test", "evidence": "evidence", "bundle": "bundle"}
# What a key is for whose file has this name.
USES = {
    "log": ["log"],
    "bundle": ["bundle"],
    "evidence": ["evidence"],
    "statement": ["backup", "evidence", "restore-test"],
}
PAYLOAD_TYPE = "application/vnd.in-toto+json"
LINE = 1 << 20


class Refused(Exception):
    """It must not be signed."""


class Keys:
    def __init__(self, folder, passphrase):
        self.folder, self.passphrase = Path(folder), passphrase
        self.memory = self.folder / "last-head.json"

    def openssl(self, *args):
        return subprocess.run(["openssl", *args], check=True, capture_output=True).stdout

    def public(self, path):
        """Kept beside the key: opening one takes its time, on purpose."""
        kept = path.with_suffix(".jwk")
        if kept.exists():
            return parse(kept.read_bytes())
        jwk = self.opened(path)
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps(jwk))
        os.replace(partial, kept)
        return jwk

    def opened(self, path):
        der = self.openssl("pkey", "-in", path, "-passin", f"file:{self.passphrase}", "-pubout", "-outform", "DER")
        x = base64.urlsafe_b64encode(der[-32:]).decode().rstrip("=")
        return {"crv": "Ed25519", "kty": "OKP", "x": x}

    def all(self):
        """Each key's file, public half and uses, by key id."""
        found = {}
        for path in sorted(self.folder.glob("*.pem")):
            uses = USES.get(path.name.split(".")[0])
            if uses:
                jwk = self.public(path)
                found[key_id(jwk)] = (path, jwk, uses)
        return found

    def sign(self, path, message):
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            sign = ["pkeyutl", "-sign", "-rawin", "-inkey", path, "-passin", f"file:{self.passphrase}", "-in", file.name]
            return base64.b64encode(self.openssl(*sign)).decode()

    def last(self):
        return json.loads(self.memory.read_bytes())

    def remember(self, last):
        """Durable on return: a head that is signed and forgotten could be followed by another history."""
        partial = self.memory.with_suffix(".new")
        with open(partial, "w") as file:
            json.dump(last, file, separators=(",", ":"), sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.memory)
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def key_id(jwk):
    text = json.dumps(jwk, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def extends(old, new, proof):
    """RFC 9162, 2.1.4.2."""
    (first, first_root), (second, second_root) = old, new
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not proof:
        return False
    path = ([first_root] if first & (first - 1) == 0 else []) + proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(step, fr), node(step, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


def once(pairs):
    """JSON with a member twice means different things to different readers."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def parse(text):
    return json.loads(text, object_pairs_hook=once)


def held(keys, wanted, purpose):
    if wanted not in keys or purpose not in keys[wanted][2]:
        raise Refused(f"no key {wanted} that signs a {purpose}")
    return keys[wanted][0]


def sign_head(store, request):
    origin, head = request["head"]["origin"], request["head"]["head"]
    size, root = head["size"], bytes.fromhex(head["root"])
    proof = [bytes.fromhex(step) for step in request["proof"]]
    keys = store.all()
    paths = [held(keys, key, "log") for key in request["keys"]]
    if type(size) is not int or size < 1 or len(root) != 32 or not paths:
        raise ValueError("no head")
    with open(store.folder / "last-head.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        last = store.last()
        if last["origin"] != origin:
            raise Refused(f"this signer signs for {last['origin']}")
        before = (last["head"]["size"], bytes.fromhex(last["head"]["root"]))
        if before[0] and not extends(before, (size, root), proof):
            raise Refused(f"the head of size {size} does not extend the last one, of size {before[0]}")
        store.remember({"head": {"root": root.hex(), "size": size}, "origin": origin})
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    return {"signatures": [store.sign(path, text) for path in paths]}


def sign_statement(store, request):
    payload = base64.b64decode(request["payload"], validate=True)
    statement = parse(payload)
    prefix, kind, version = statement["predicateType"].rsplit("/", 2)
    if prefix != "https://walwarden.dev/spec" or version != "v1" or kind not in KINDS:
        raise Refused(f"this signer signs no {statement['predicateType']}")
    if statement["_type"] != "https://in-toto.io/Statement/v1" or not statement["subject"]:
        raise Refused("no statement")
    if statement["predicate"]["origin"] != store.last()["origin"]:
        raise Refused(f"this signer signs for {store.last()['origin']}")
    path = held(store.all(), request["key"], KINDS[kind])
    pae = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(payload)} ".encode() + payload
    return {"signature": store.sign(path, pae)}


def new_key(store, request):
    name = next((name for name, uses in USES.items() if uses == request["uses"]), None)
    if not name:
        raise Refused("this signer makes no key with these uses")
    partial = store.folder / "new-key.tmp"
    make = ["genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", f"file:{store.passphrase}", "-out", partial]
    store.openssl(*make)
    jwk = store.opened(partial)
    os.rename(partial, store.folder / f"{name}.{key_id(jwk)[:8]}.pem")
    return {"key": {"jwk": jwk, "storage": "agent", "uses": request["uses"]}}


def answer(store, line):
    try:
        request = parse(line)
        match request["op"]:
            case "keys":
                keys = store.all().values()
                return {"keys": [{"jwk": jwk, "storage": "agent", "uses": uses} for _, jwk, uses in keys]}
            case "last-head":
                return {"last_head": store.last()}
            case "sign-head":
                return sign_head(store, request)
            case "sign-statement":
                return sign_statement(store, request)
            case "new-key":
                return new_key(store, request)
        raise ValueError("no such operation")
    except Refused as error:
        return {"error": {"kind": "refused", "text": str(error)}}
    except (ValueError, KeyError, TypeError) as error:
        return {"error": {"kind": "request", "text": f"no request: {type(error).__name__}"}}
    except (OSError, subprocess.CalledProcessError) as error:
        return {"error": {"kind": "unavailable", "text": type(error).__name__}}


def main():
    folder, passphrase = sys.argv[1:3]
    line = sys.stdin.buffer.readline(LINE + 1)
    if len(line) > LINE or not line.endswith(b"\n"):
        line = b""
    print(json.dumps(answer(Keys(folder, passphrase), line)), flush=True)


if __name__ == "__main__":
    main()
