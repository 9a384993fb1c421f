"""A witness over HTTP (C2SP tlog-witness) around the checks and signatures of aics-tlog.

    witness.py NAME SEED_HEX LOG_KEY [MODE]

NAME: as the witness is called; SEED_HEX: its key; LOG_KEY: the verifier key of the one log that it knows. Prints its port
and its verifier key. MODE `broken` answers with a signature that does not hold; MODE `clock=FILE` takes the seconds in
that file for now.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from aics_tlog import checkpoint, cosign, note, tree
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

name, seed, log_key = sys.argv[1:4]
mode = sys.argv[4] if len(sys.argv) > 4 else ""
key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
log = note.parse_vkey(log_key)


def now():
    if not mode.startswith("clock="):
        return int(time.time())
    with open(mode.removeprefix("clock="), encoding="utf-8") as clock:
        return int(clock.read())


seen = {"size": 0, "root": tree.MerkleTree().root() if hasattr(tree.MerkleTree, "root") else b""}


def judged(body):
    request, text = body.split(b"\n\n", 1)
    old, *proof = request.decode().split("\n")
    word, size = old.split(" ")
    if word != "old":
        return 400, b"no request"
    old, proof = int(size), [note.b64_decode(step) for step in proof]
    head, signed = checkpoint.checkpoint_from_note(text)
    if head.origin != log.name:
        return 404, b"unknown log"
    if not note.verify_note(signed, [log]):
        return 403, b"not signed by the log"
    if old != seen["size"]:
        return 409, f"{seen['size']}\n".encode()
    if old > head.size:
        return 400, b"smaller"
    if old and not tree.verify_consistency(old, head.size, seen["root"], head.root, proof):
        return 422, b"no proof"
    seen.update(size=head.size, root=head.root)
    _, line = cosign.sign_cosignature(key, name, now(), head.origin, head.size, head.root)
    blob = line.key_id + (bytes(len(line.signature)) if mode == "broken" else line.signature)
    return 200, f"\u2014 {name} {note.b64_encode(blob)}\n".encode()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = judged(body) if self.path == "/add-checkpoint" else (404, b"")
        self.send_response(status)
        self.send_header("Content-Type", "text/x.tlog.size" if status == 409 else "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, note.format_vkey(cosign.cosignature_vkey(name, key.public_key())), flush=True)
server.serve_forever()
