#!/bin/sh
# The first questions of walwarden-verify, asked by hand: openssl, unzip, sha256sum, and python3 without any package.
#
#   sh by-hand.sh BUNDLE.zip ROOT-FINGERPRINT
#
# It shows that the files are those that were listed and signed, that the key which signed them is in a registry that the
# root signed, and that the lines of the chain have the root of the head that the log key signed. It looks at nothing
# else: not at earlier versions of the registry, nor at statements, times, content or rules.
set -eu
bundle=$(realpath "$1")
root=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unzip -q "$bundle"

# What openssl takes: the bytes that were signed, the signatures, the keys.
python3 - <<'PYTHON'
import base64, hashlib, json

def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

def write(name, data):
    with open(name, "wb") as file:
        file.write(data)

def key_file(name, jwk):
    # RFC 8410: the header of an Ed25519 key, and the key.
    der = bytes.fromhex("302a300506032b6570032100") + unpadded(jwk["x"])
    text = base64.b64encode(der).decode()
    write(name, f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n".encode())

def thumbprint(jwk):
    # RFC 7638.
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")

def envelope(name, line, keys):
    # DSSE: the type and the payload, each with its length.
    line = json.loads(line)
    payload, kind = base64.b64decode(line["payload"]), line["payloadType"].encode()
    write(name + ".signed", b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    signed = [(key, one) for one in line["signatures"] for key in keys if thumbprint(key) == one["keyid"]]
    key, signature = signed[0]
    key_file(name + ".pem", key)
    write(name + ".signature", base64.b64decode(signature["sig"]))
    return json.loads(payload)

newest = open("keys/registry.ndjson", "rb").read().splitlines()[-1]
roots = json.loads(base64.b64decode(json.loads(newest)["payload"]))["predicate"]["roots"]
registry = envelope("registry", newest, roots)["predicate"]
keys = {use: [key["jwk"] for key in registry["keys"] if use in key["uses"]] for use in ("bundle", "log")}
statement = envelope("bundle", open("bundle.dsse.json", "rb").read(), keys["bundle"])

for file in statement["subject"]:
    with open(file["name"], "rb") as bytes_of:
        assert hashlib.sha256(bytes_of.read()).hexdigest() == file["digest"]["sha256"], file["name"]
print(f"{len(statement['subject'])} files have the digests that are listed")

# RFC 6962: the tree over the lines of the chain.
level = [hashlib.sha256(b"\0" + line).digest() for line in open("chain/entries.ndjson", "rb").read().splitlines()]
size = len(level)
while len(level) > 1:
    pairs = [hashlib.sha256(b"\1" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
    level = pairs + level[len(pairs) * 2:]
head = json.loads(open("chain/checkpoints.ndjson", "rb").read().splitlines()[-1])["note"]
text, signatures = head.split("\n\n")
origin, said, computed = (text + "\n").split("\n")[0], text.split("\n")[2], base64.b64encode(level[0]).decode()
assert (text.split("\n")[1], said) == (str(size), computed), "the head is of other lines"
print(f"{size} lines have the root that the head says: {computed}")
write("head.signed", (text + "\n").encode())
for line in signatures.splitlines():
    _, name, signature = line.split(" ")
    signature = base64.b64decode(signature)
    for at, jwk in enumerate(keys["log"]):
        # C2SP signed-note: the first four bytes name the key.
        if hashlib.sha256(name.encode() + b"\n\1" + unpadded(jwk["x"])).digest()[:4] == signature[:4] and name == origin:
            key_file("head.pem", jwk)
            write("head.signature", signature[4:])
PYTHON

for what in registry bundle head; do
    printf '%s: ' "$what"
    openssl pkeyutl -verify -pubin -inkey "$what.pem" -rawin -in "$what.signed" -sigfile "$what.signature"
done
found=$(openssl pkey -pubin -in registry.pem -outform DER | sha256sum | cut -d' ' -f1)
[ "$found" = "$root" ] || { echo "the registry is signed by another root: $found" >&2; exit 1; }
echo "the root is the one that you named: $found"
