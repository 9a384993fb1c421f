"""Checkpoints: chain-7."""

from .document import parse
from .value import base64_bytes, has, is_count, is_decimal, is_key_name, is_origin, is_text, refuse_unless

LINES = 64
_LINE = {"note": is_text, "size": is_count}


class Note:
    """A note in the one form; no signature is verified yet."""

    def __init__(self, text):
        body, empty, signed = text.partition("\n\n")
        lines = body.split("\n")
        refuse_unless(empty and len(lines) == 3 and signed.endswith("\n"), "chain-7: not the form of a checkpoint")
        self.origin, size, root = lines
        refuse_unless(is_origin(self.origin), "chain-7: the first line is no origin")
        refuse_unless(is_decimal(size), "chain-7: the size has another spelling")
        self.size, self.root = int(size), base64_bytes(root)
        refuse_unless(self.root is not None and len(self.root) == 32, "chain-7: the root is not 32 bytes of base64")
        self.text = (body + "\n").encode()
        self.signatures = [_signature(line) for line in signed[:-1].split("\n")]
        refuse_unless(len(self.signatures) <= LINES, "bytes-6: too many signature lines")

    def signers(self, keys):
        """chain-7: which of these keys have signed; refused when a line claims one of them and does not hold."""
        known, signers = {key.note_hash(self.origin): key for key in keys}, []
        for name, key_hash, signature in self.signatures:
            key = known.get(key_hash) if name == self.origin else None
            if key:
                refuse_unless(key.verifies(self.text, signature), "chain-7: a signature of a log key does not hold")
                signers.append(key)
        return signers


def _signature(line):
    parts = line.split(" ")
    refuse_unless(len(parts) == 3 and parts[0] == "\u2014", "chain-7: not the form of a signature line")
    refuse_unless(is_key_name(parts[1]), "chain-7: not the name of a key")
    data = base64_bytes(parts[2])
    refuse_unless(data is not None and len(data) > 4, "chain-7: a signature is no base64, or too short")
    return parts[1], data[:4], data[4:]


def parse_line(line):
    """bundle-1: a line of chain/checkpoints.ndjson."""
    value = parse(line)
    refuse_unless(has(value, _LINE), "bundle-1: not the members of a line of checkpoints")
    note = Note(value["note"])
    refuse_unless(note.size == value["size"], "bundle-1: the size beside a checkpoint is not its own")
    return note
