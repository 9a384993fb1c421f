"""Canonical JSON and values with one spelling: spec/02-bytes.md."""

import base64
import datetime
import hashlib
import json
import re

MAX_INTEGER = 2**53 - 1
DOCUMENT_BYTES, DEPTH, MEMBERS = 1 << 20, 16, 4096
SIGNATURES, NOTE_SIGNATURES = 16, 64


def sha256(*parts):
    """The digest of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


_SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def _string(text):
    def one(c):
        n = ord(c)
        return _SHORT.get(n) or ("\\u%04x" % n if n < 32 else c)

    return '"' + "".join(map(one, text)) + '"'


def _text(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise ValueError("integer beyond 2^53 - 1")
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    members = sorted(value.items(), key=lambda m: m[0].encode("utf-16-be"))
    return "{" + ",".join(_string(k) + ":" + _text(v) for k, v in members) + "}"


def jcs(value):
    """Writes canonical JSON."""
    return _text(value).encode()


def _within_limits(value, depth=1):
    if not isinstance(value, (dict, list)):
        return True
    if depth > DEPTH or isinstance(value, dict) and len(value) > MEMBERS:
        return False
    inner = value.values() if isinstance(value, dict) else value
    return all(_within_limits(v, depth + 1) for v in inner)


def parse(data):
    """The value of a canonical document, in a 1-tuple; None when the bytes are anything else."""

    def no_number(_):
        raise ValueError("not an integer")

    try:
        if len(data) > DOCUMENT_BYTES:
            return None
        value = json.loads(data.decode(), parse_float=no_number, parse_constant=no_number)
        # Two members of one name, white space, other escapes and other spellings all show here.
        return (value,) if jcs(value) == data and _within_limits(value) else None
    except (ValueError, RecursionError):
        return None


_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z", re.ASCII)
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9._-]*)*")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def micros(text):
    """Microseconds since 1970 of a time; None when it is not in the one spelling."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction = map(int, match.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return None
    if not 1 <= day <= _DAYS[month - 1] + (leap and month == 2):
        return None
    # Python's calendar has no year 0: it is taken from year 400, one whole cycle of 146,097 days later.
    days = datetime.date(year or 400, month, day).toordinal() - datetime.date(1970, 1, 1).toordinal()
    days -= 0 if year else 146097
    return ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + fraction


def is_digest(text):
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def is_decimal(text):
    return re.fullmatch(r"0|[1-9][0-9]*", text) is not None and int(text) < 2**64


def is_base64(text):
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


def is_entry_id(text):
    return re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", text) is not None


def is_origin(text):
    return _ORIGIN.fullmatch(text) is not None and len(text.encode()) <= 100


SPELLINGS = {
    "digest": is_digest,
    "decimal": is_decimal,
    "time": lambda text: micros(text) is not None,
    "base64": is_base64,
    "entry-id": is_entry_id,
    "origin": is_origin,
}


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def un_b64url_32(text):
    """32 bytes of unpadded base64url; None for another length or stray bits."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", text):
        return None
    data = base64.urlsafe_b64decode(text + "=")
    return data if b64url(data) == text else None


def is_text(value):
    return type(value) is str


def is_count(value):
    return type(value) is int and value >= 0


def has(value, members, optional=None):
    """bytes-3: an object with exactly these members, of these kinds; the optional ones may be absent, never null."""
    optional = optional or {}
    if not isinstance(value, dict) or not members.keys() <= value.keys() <= members.keys() | optional.keys():
        return False
    try:
        return all((members.get(name) or optional[name])(v) for name, v in value.items())
    except TypeError:
        return False
