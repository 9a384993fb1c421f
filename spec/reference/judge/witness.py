"""Witnesses that the reader brings: time-11."""

from .key import Key
from .value import base64_bytes, base64url, is_key_name, refuse_unless, sha256

FILE_BYTES = 65_536
WITNESSES = 64
_COSIGNATURE = b"\x04"
_LAST_SECOND = 253_402_300_799


class Witness:
    """A verifier key: `name+hash+base64`."""

    def __init__(self, line):
        name, _, rest = line.partition("+")
        stated, _, encoded = rest.partition("+")
        data = base64_bytes(encoded)
        form = is_key_name(name) and data is not None and len(data) == 33 and data[:1] == _COSIGNATURE
        refuse_unless(form, "time-11: not the verifier key of a witness")
        self.name = name
        self.key = Key({"crv": "Ed25519", "kty": "OKP", "x": base64url(data[1:])})
        self.hash = sha256(name.encode() + b"\n" + data)[:4]
        refuse_unless(self.hash.hex() == stated, "time-11: the hash of a verifier key is not its own")

    def times(self, note):
        """time-11: when this witness cosigned a note; refused when a line that claims it does not hold."""
        times = []
        for name, key_hash, data in note.signatures:
            if (name, key_hash) == (self.name, self.hash):
                seconds, signature = int.from_bytes(data[:8], "big"), data[8:]
                text = b"cosignature/v1\ntime %d\n" % seconds + note.text
                holds = len(data) == 72 and seconds <= _LAST_SECOND and self.key.verifies(text, signature)
                refuse_unless(holds, f"time-11: a cosignature that claims {name} does not hold")
                times.append(seconds)
        return times


def parse_file(data):
    """time-11: the witnesses of a file."""
    refuse_unless(len(data) <= FILE_BYTES, "time-11: the file is too long")
    try:
        lines = [line.strip() for line in data.decode().split("\n")]
    except UnicodeDecodeError:
        lines = []
    witnesses = [Witness(line) for line in lines if line and not line.startswith("#")]
    refuse_unless(1 <= len(witnesses) <= WITNESSES, "time-11: a file has 1 to 64 witnesses")
    refuse_unless(len({one.key for one in witnesses}) == len(witnesses), "time-11: a key twice")
    return witnesses
