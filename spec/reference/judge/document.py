"""Canonical JSON, read character by character: bytes-1, bytes-2, bytes-6."""

import re

from .value import Refused, refuse_unless

DOCUMENT_BYTES, DEPTH, MEMBERS = 1_048_576, 16, 4_096
MAX_INTEGER = 2**53 - 1

_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER = re.compile(r"-?[0-9]+")
_SPACE = re.compile(r"[ \t\n\r]*")
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPES = {ord(char): "\\" + name for name, char in _SHORT.items()}
_ESCAPES |= {n: f"\\u{n:04x}" for n in range(32) if n not in _ESCAPES}


def parse(data, limit=DOCUMENT_BYTES, canonical=True):
    """The value of a document; refused unless it is canonical, or JSON without doubled names if that is enough."""
    refuse_unless(len(data) <= limit, f"bytes-6: a document of {len(data)} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("bytes-1: not UTF-8") from None
    reader = _Reader(text, canonical)
    reader.space()
    value = reader.value(1)
    reader.space()
    refuse_unless(reader.at == len(text), f"bytes-1: something follows the value at {reader.at}")
    return value


def lines_of(data):
    """bytes-6: the lines of NDJSON, each without its LF."""
    refuse_unless(data == b"" or data.endswith(b"\n"), "bytes-6: the last line is not ended")
    lines = data.split(b"\n")[:-1]
    refuse_unless(all(lines), "bytes-6: an empty line")
    return lines


def write(value):
    """RFC 8785 restricted to integers, of a value that `parse` gave."""
    return _text(value).encode()


def utf16(name):
    """What names are ordered by."""
    return name.encode("utf-16-be")


def _text(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.translate(_ESCAPES) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    members = sorted(value.items(), key=lambda member: utf16(member[0]))
    return "{" + ",".join(_text(name) + ":" + _text(item) for name, item in members) + "}"


class _Reader:
    def __init__(self, text, canonical):
        self.text, self.canonical, self.at = text, canonical, 0

    def fail(self, why):
        raise Refused(f"bytes-1: {why} at character {self.at}")

    def space(self):
        if not self.canonical:
            self.at = _SPACE.match(self.text, self.at).end()

    def peek(self):
        return self.text[self.at : self.at + 1]

    def take(self, expected):
        self.space()
        if not self.text.startswith(expected, self.at):
            self.fail(f"no {expected!r}")
        self.at += len(expected)
        self.space()

    def value(self, depth):
        first = self.peek()
        if first == '"':
            return self.string()
        if first == "{" or first == "[":
            refuse_unless(depth <= DEPTH, f"bytes-6: nested deeper than {DEPTH}")
            return self.object(depth) if first == "{" else self.array(depth)
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        return self.number()

    def number(self):
        match = _NUMBER.match(self.text, self.at)
        if not match:
            self.fail("no value")
        spelt = match[0]
        digits = spelt.lstrip("-")
        if spelt == "-0" or len(digits) > 1 and digits[0] == "0":
            self.fail("another spelling of a number")
        if len(digits) > 16 or int(digits) > MAX_INTEGER:
            self.fail("an integer beyond 2^53 - 1")
        self.at = match.end()
        if self.peek() in (".", "e", "E"):
            self.fail("a number that is not an integer")
        return int(spelt)

    def string(self):
        self.at += 1
        parts = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            parts.append(plain[0])
            self.at = plain.end()
            end = self.peek()
            if end == '"':
                self.at += 1
                return self.joined(parts)
            if end != "\\":
                self.fail("a control character, or no end of a string")
            parts.append(self.escape())

    def escape(self):
        name = self.text[self.at + 1 : self.at + 2]
        if name in _SHORT and name:
            self.at += 2
            return _SHORT[name]
        if name == "/" and not self.canonical:
            self.at += 2
            return "/"
        digits = self.text[self.at + 2 : self.at + 6]
        if name != "u" or re.fullmatch(r"[0-9a-fA-F]{4}", digits) is None:
            self.fail("no escape")
        if self.canonical and _ESCAPES.get(int(digits, 16)) != "\\u" + digits:
            self.fail("an escape that is not canonical")
        self.at += 6
        return chr(int(digits, 16))

    def joined(self, parts):
        """The text; halves of a surrogate pair, which only a document that is not canonical can spell, are joined."""
        text = "".join(parts)
        if self.canonical:
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.fail("half a character")

    def array(self, depth):
        self.take("[")
        items = []
        if self.peek() == "]":
            self.at += 1
            return items
        while True:
            items.append(self.value(depth + 1))
            self.space()
            if self.peek() == "]":
                self.at += 1
                return items
            self.take(",")

    def object(self, depth):
        self.take("{")
        members, last = {}, None
        if self.peek() == "}":
            self.at += 1
            return members
        while True:
            if self.peek() != '"':
                self.fail("no name of a member")
            name = self.string()
            order = utf16(name)
            if name in members:
                self.fail("a name that occurs twice")
            if self.canonical and last is not None and order <= last:
                self.fail("names out of order")
            last = order
            self.take(":")
            members[name] = self.value(depth + 1)
            refuse_unless(len(members) <= MEMBERS, f"bytes-6: more than {MEMBERS} members")
            self.space()
            if self.peek() == "}":
                self.at += 1
                return members
            self.take(",")
