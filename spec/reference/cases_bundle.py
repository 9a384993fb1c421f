"""Zips that keep to the profile or not, and one whole bundle: spec/09-bundle.md."""

import base64
import struct
import zlib

import formats
import record

FILES = {"bundle.dsse.json": b"{}", "keys/keys.csv": b"a\n", "readme.txt": b"read me\n"}
LOCAL = {"version": 20, "flags": 0, "method": 0, "time": 0, "date": 0x21}
CENTRAL = LOCAL | {"maker": 0x0314, "disk": 0, "internal": 0, "external": 0x81A40000}


class Zip:
    """A zip in which every field can be set."""

    def __init__(self, files=None):
        named = files or FILES.items()
        self.entries = [
            {"name": n.encode(), "data": d, "local": {}, "central": {}, "gap": b"", "listed": True} for n, d in named
        ]
        self.before = self.after = self.between = b""
        self.end = {}
        self.order = None

    def bytes(self):
        body, directory = self.before, []
        for e in self.entries:
            body += e["gap"]
            at, data = len(body), e["data"]
            sizes = {"crc": zlib.crc32(data), "packed": len(data), "size": len(data), "name": e["name"], "extra": b""}
            local = LOCAL | sizes | e["local"]
            central = CENTRAL | sizes | {"comment": b"", "offset": at} | e["central"]
            body += b"PK\x03\x04" + self.common(local) + local["name"] + local["extra"] + data + e.get("trailer", b"")
            if e["listed"]:
                directory.append(self.central(central))
        if self.order:
            directory = [directory[i] for i in self.order]
        body += self.between
        joined = b"".join(directory)
        end = {
            "disk": 0,
            "start": 0,
            "here": len(directory),
            "all": len(directory),
            "size": len(joined),
            "offset": len(body),
        }
        end |= {"comment": b""} | self.end
        fields = [end[n] for n in ("disk", "start", "here", "all", "size", "offset")]
        record_bytes = b"PK\x05\x06" + struct.pack("<HHHHIIH", *fields, len(end["comment"])) + end["comment"]
        return body + joined + end.get("gap", b"") + record_bytes + self.after

    @staticmethod
    def common(f):
        numbers = [f[n] for n in ("version", "flags", "method", "time", "date", "crc", "packed", "size")]
        return struct.pack("<HHHHHIIIHH", *numbers, len(f["name"]), len(f["extra"]))

    def central(self, f):
        tail = struct.pack("<HHHII", len(f["comment"]), f["disk"], f["internal"], f["external"], f["offset"])
        head = b"PK\x01\x02" + struct.pack("<H", f["maker"]) + self.common(f) + tail
        return head + f["name"] + f["extra"] + f["comment"]


def zip_cases():
    cases = []

    def case(name, valid, data):
        cases.append({"name": name, "rule": "bundle-5", "valid": valid, "zip": base64.b64encode(data).decode()})

    def changed(name, valid=False, files=None, entry=1, end=None, **members):
        made = Zip(files)
        for member, value in members.items():
            if member in ("before", "after", "between", "order"):
                setattr(made, member, value)
            else:
                made.entries[entry][member] = value
        made.end = end or {}
        case(name, valid, made.bytes())

    assert Zip().bytes() == record.packed(FILES)
    case("good", True, Zip().bytes())
    case("one-file", True, Zip([("bundle.dsse.json", b"{}")]).bytes())
    case("empty-file", True, Zip([("bundle.dsse.json", b"{}"), ("a", b"")]).bytes())
    for field, value in (
        ("version", 10),
        ("version", 45),
        ("flags", 1),
        ("flags", 8),
        ("flags", 0x800),
        ("method", 8),
        ("time", 1),
        ("date", 0x22),
    ):
        changed(f"{field}-{value}", local={field: value}, central={field: value})
    for field, value in (
        ("version", 10),
        ("flags", 8),
        ("method", 8),
        ("date", 0x22),
        ("crc", 0),
        ("size", 1),
        ("packed", 1),
        ("extra", b"ab\x00\x00"),
    ):
        changed(f"local-{field}", local={field: value})
    for field, value in (
        ("maker", 0x031E),
        ("maker", 20),
        ("internal", 1),
        ("external", 0x81FF0000),
        ("external", 0),
        ("disk", 1),
    ):
        changed(f"central-{field}-{value}", central={field: value})
    for field, value in (
        ("crc", 0),
        ("size", 1),
        ("packed", 1),
        ("extra", b"ab\x00\x00"),
        ("comment", b"x"),
        ("offset", 0),
    ):
        changed(f"central-{field}", central={field: value})
    changed("both-crc", local={"crc": 1}, central={"crc": 1})
    changed("names-differ", local={"name": b"keys/keys.csw"})
    changed(
        "data-descriptor",
        trailer=struct.pack("<IIII", 0x08074B50, zlib.crc32(b"a\n"), 2, 2),
        local={"flags": 8},
        central={"flags": 8},
    )
    changed("bytes-before", before=b"MZ")
    changed("bytes-after", after=b"\n")
    changed("bytes-between-files", gap=b"x")
    changed("bytes-before-directory", between=b"x")
    changed("bytes-before-end", end={"gap": b"x"})
    changed("comment", end={"comment": b"x"})
    changed("second-end-record", after=b"PK\x05\x06" + bytes(18))
    changed("disk-number", end={"disk": 1})
    changed("directory-disk", end={"start": 1})
    changed("one-entry-too-few", end={"here": 2, "all": 2})
    changed("one-entry-too-many", end={"here": 4, "all": 4})
    changed("entries-on-this-disk", end={"here": 2})
    changed("directory-size", end={"size": 1})
    changed("directory-offset", end={"offset": 1})
    changed("hidden-file", listed=False)
    changed("central-order", order=[0, 2, 1])
    changed("statement-not-first", files=[("keys/keys.csv", b"a\n"), ("bundle.dsse.json", b"{}"), ("readme.txt", b"")])
    changed("names-out-of-order", files=[("bundle.dsse.json", b"{}"), ("b", b""), ("a", b"")])
    changed("name-twice", files=[("bundle.dsse.json", b"{}"), ("a", b"1"), ("a", b"2")])
    for i, name in enumerate(("A", "/a", "a/", "a/../b", "a\\b", "a b", "a" * 129)):
        changed(f"name-{i}", files=[("bundle.dsse.json", b"{}"), (name, b"")])
    good = Zip().bytes()
    case("last-byte-missing", False, good[:-1])
    case("end-record-missing", False, good[:-22])
    case("first-byte-changed", False, b"Q" + good[1:])
    case("two-in-a-row", False, good + good)
    zip64 = b"PK\x06\x06" + struct.pack("<Q", 44) + bytes(44) + b"PK\x06\x07" + bytes(16)
    changed("zip64-records", end={"gap": zip64})
    return cases


def bundle_cases():
    cases = []
    records = {
        "whole": record.WHOLE,
        "statement-key-retired-during-a-backup": record.Record("statements"),
        "log-key-retired-during-a-backup": record.Record("log"),
    }
    for name, made in records.items():
        files = made.sealed()
        identity = formats.sha256(made.payload()).hex()
        case = {"name": name, "rule": "verification-5", "handover": made.handover().decode(), "as_of": record.SEALED}
        case |= {"exit": 4, "bundle": identity, "exceptions": ["WW-BK-02", "WW-BK-03"]}
        cases.append(case | {"zip": base64.b64encode(record.packed(files)).decode()})
    return cases


def files():
    return {
        "zip": ("09-bundle", "Zips, in base64, that keep to the profile or not, whatever is in them.", zip_cases()),
        "bundle": (
            "13-verification",
            "Whole bundles, made without our programs, the auditor's handover, and what must come of them: the exit code, the "
            "identity of the bundle, and the rules with exceptions. No check fails.",
            bundle_cases(),
        ),
    }
