"""The container: a zip in the one profile, or a folder. bundle-2, bundle-5, bundle-9, bundle-10."""

import os
import re
import stat
import zlib
from dataclasses import dataclass, field

from .value import sha256

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
LOCAL_BYTES, CENTRAL_BYTES, END_BYTES = 30, 46, 22
FILES, ZIP_BYTES, FOLDERS = 65_535, 4_294_967_295, 8
STATEMENT = "bundle.dsse.json"

_NAME = re.compile(r"[a-z0-9._/-]{1,128}")


class Unreadable(Exception):
    """Nothing can be judged: no verdict, exit code 2."""


def is_name(name):
    """bundle-2."""
    return _NAME.fullmatch(name) is not None and not {"", ".", ".."} & set(name.split("/"))


@dataclass
class Archive:
    """Files by name, in the order of the container; None stands for bytes that cannot be read."""

    is_zip: bool
    files: dict = field(default_factory=dict)
    violations: list = field(default_factory=list)
    digests: dict = field(default_factory=dict)

    def add(self, name, data):
        """bundle-10: of several files of one name, the first is shown."""
        if name not in self.files:
            self.files[name] = data

    def digest(self, name):
        """SHA-256 of a file that is there and can be read, in hex; else None."""
        if name not in self.digests:
            data = self.files.get(name)
            self.digests[name] = None if data is None else sha256(data).hex()
        return self.digests[name]


def open_path(path):
    """The container at a path."""
    try:
        if os.path.isdir(path):
            return read_folder(path)
        if not os.path.isfile(path):
            raise Unreadable(f"{path} is neither a file nor a folder")
        if os.path.getsize(path) > ZIP_BYTES:
            raise Unreadable(f"{path} is larger than a bundle may be")
        with open(path, "rb") as file:
            return read_zip(file.read())
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror}") from None


def read_zip(data):
    """bundle-5 and bundle-10."""
    scan = _Scan(data)
    end = scan.end_record()
    if end is not None:
        scan.directory(end)
    elif any(signature in data for signature in (LOCAL, CENTRAL, END)):
        scan.violation("there is no end record")
        scan.local_headers()
    else:
        raise Unreadable("no zip record anywhere")
    scan.order()
    return scan.archive


def read_folder(path):
    """bundle-9: the same files; what is no plain file is there and cannot be read."""
    if not os.path.isfile(os.path.join(path, STATEMENT)):
        raise Unreadable(f"{path} is no unpacked bundle: it has no {STATEMENT}")
    archive = Archive(is_zip=False)
    _walk(path, "", 0, archive)
    return archive


def _walk(path, prefix, level, archive):
    if level > FOLDERS:
        raise Unreadable(f"more than {FOLDERS} folders in each other")
    for name in sorted(os.listdir(path)):
        below, shown = os.path.join(path, name), prefix + name.encode("utf-8", "replace").decode()
        mode = os.lstat(below).st_mode
        if stat.S_ISDIR(mode):
            _walk(below, shown + "/", level + 1, archive)
        elif stat.S_ISREG(mode):
            with open(below, "rb") as file:
                archive.add(shown, file.read())
        else:
            archive.violations.append(f"{shown} is neither a file nor a folder")
            archive.add(shown, None)
        if len(archive.files) > FILES:
            raise Unreadable(f"more than {FILES} files")


@dataclass
class _Listed:
    name: bytes
    crc: int
    size: int
    plain: bool
    offset: int


class _Scan:
    def __init__(self, data):
        self.data, self.archive, self.names = data, Archive(is_zip=True), []

    def violation(self, what):
        self.archive.violations.append(what)

    def number(self, at, width):
        return int.from_bytes(self.data[at : at + width], "little")

    def has(self, at, signature, length):
        return self.data.startswith(signature, at) and at + length <= len(self.data)

    def fields(self, record, at, expected):
        """bundle-5: each field has one allowed value."""
        for offset, width, value in expected:
            if self.number(at + offset, width) != value:
                self.violation(f"{record} at byte {at}: another value at offset {offset} than {value:#x}")

    def end_record(self):
        last = len(self.data) - END_BYTES
        at = self.data.rfind(END, 0, last + len(END)) if last >= 0 else -1
        if at < 0:
            return None
        if at != last:
            self.violation("bytes follow the end record")
        self.fields("the end record", at, [(4, 2, 0), (6, 2, 0), (20, 2, 0)])
        return at

    def directory(self, end):
        size, claimed = self.number(end + 12, 4), self.number(end + 16, 4)
        start = max(end - size, 0)
        if claimed != start:
            self.violation("the directory is not where the end record says")
        shift = max(start - claimed, 0)
        if not self.has(start, CENTRAL, CENTRAL_BYTES) and self.has(claimed, CENTRAL, CENTRAL_BYTES):
            start, shift = claimed, 0
        listed, stop = self.central_headers(start, shift)
        if stop != end:
            self.violation("bytes between the directory and the end record")
        self.fields("the end record", end, [(8, 2, len(listed)), (10, 2, len(listed))])
        place = 0
        for file in listed:
            place = self.entry(file, place, start)
        if place != start:
            self.violation("bytes before the directory belong to no file")

    def central_headers(self, at, shift):
        listed = []
        while self.has(at, CENTRAL, CENTRAL_BYTES):
            if len(listed) == FILES:
                self.violation(f"more than {FILES} files")
                break
            expected = [(4, 2, 0x0314), (6, 2, 20), (8, 2, 0), (10, 2, 0), (12, 2, 0), (14, 2, 0x21), (30, 2, 0)]
            expected += [(32, 2, 0), (34, 2, 0), (36, 2, 0), (38, 4, 0x81A40000), (24, 4, self.number(at + 20, 4))]
            self.fields("a central header", at, expected)
            name_bytes, more = self.number(at + 28, 2), self.number(at + 30, 2) + self.number(at + 32, 2)
            name = self.data[at + CENTRAL_BYTES : at + CENTRAL_BYTES + name_bytes]
            if len(name) < name_bytes:
                break
            plain = self.number(at + 8, 2) == 0 and self.number(at + 10, 2) == 0
            crc, packed = self.number(at + 16, 4), self.number(at + 20, 4)
            listed.append(_Listed(name, crc, packed, plain, self.number(at + 42, 4) + shift))
            at += CENTRAL_BYTES + name_bytes + more
        return listed, at

    def entry(self, file, place, directory):
        """Reads one listed file; returns where the next one should begin."""
        at = file.offset
        if at != place:
            self.violation("a file does not begin where the one before it ends")
        if not self.has(at, LOCAL, LOCAL_BYTES):
            self.violation("a listed file has no local header")
            self.show(file.name, None)
            return place
        expected = [(4, 2, 20), (6, 2, 0), (8, 2, 0), (10, 2, 0), (12, 2, 0x21), (14, 4, file.crc)]
        expected += [(18, 4, file.size), (22, 4, file.size), (26, 2, len(file.name)), (28, 2, 0)]
        self.fields("a local header", at, expected)
        name_bytes, extra = self.number(at + 26, 2), self.number(at + 28, 2)
        if self.data[at + LOCAL_BYTES : at + LOCAL_BYTES + name_bytes] != file.name:
            self.violation("the two headers of a file name it differently")
        begin = at + LOCAL_BYTES + name_bytes + extra
        end = begin + file.size
        if at < place or end > directory:
            self.violation("a file overlaps what lies beside it")
        readable = file.plain and at >= place and end <= min(directory, len(self.data))
        self.show(file.name, self.checked(begin, end, file.crc) if readable else None)
        return max(end, place) if end <= directory else place

    def checked(self, begin, end, crc):
        data = self.data[begin:end]
        if zlib.crc32(data) != crc:
            self.violation("a file has another checksum than stated")
        return data

    def show(self, name, data):
        text = name.decode("utf-8", "replace")
        self.names.append(text)
        self.archive.add(text, data)

    def local_headers(self):
        """bundle-10: without an end record, what the local headers show, one after the other."""
        at = self.data.find(LOCAL)
        while at >= 0 and self.has(at, LOCAL, LOCAL_BYTES) and len(self.names) < FILES:
            name_bytes = self.number(at + 26, 2)
            name = self.data[at + LOCAL_BYTES : at + LOCAL_BYTES + name_bytes]
            begin = at + LOCAL_BYTES + name_bytes + self.number(at + 28, 2)
            end = begin + self.number(at + 18, 4)
            if len(name) < name_bytes:
                break
            plain = self.number(at + 6, 2) == 0 and self.number(at + 8, 2) == 0
            readable = plain and end <= len(self.data)
            self.show(name, self.checked(begin, end, self.number(at + 14, 4)) if readable else None)
            at = end

    def order(self):
        """bundle-2 and bundle-5: which names, each once, and in which order."""
        if not all(map(is_name, self.names)) or len(set(self.names)) != len(self.names):
            self.violation("a name that no bundle has, or one that occurs twice")
        if self.names[:1] != [STATEMENT] or self.names[1:] != sorted(self.names[1:], key=str.encode):
            self.violation("the files are not in order")
