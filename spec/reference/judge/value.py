"""Values with one spelling, and the shapes of objects: bytes-3 to bytes-5."""

import base64
import datetime
import hashlib
import re


class Refused(Exception):
    """These bytes are not what a rule demands; the text says which rule, and what was found."""


def refuse_unless(holds, why):
    if not holds:
        raise Refused(why)


def sha256(*parts):
    """The digest of the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


_DIGEST = re.compile(r"[0-9a-f]{64}")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9._-]*)*")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{6})Z")
_KEY_NAME = re.compile(r"[^\s+\x00-\x20\x7f-\x9f]+")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_text(value):
    return type(value) is str


def is_bool(value):
    return type(value) is bool


def is_int(value):
    return type(value) is int


def is_count(value):
    return type(value) is int and value >= 0


def is_digest(value):
    return is_text(value) and _DIGEST.fullmatch(value) is not None


def is_decimal(value):
    return is_text(value) and _DECIMAL.fullmatch(value) is not None and int(value) < 2**64


def is_id(value):
    """bytes-4: an entry id or a run id."""
    return is_text(value) and _ID.fullmatch(value) is not None


def is_origin(value):
    """chain-2, bytes-6."""
    return is_text(value) and len(value) <= 100 and _ORIGIN.fullmatch(value) is not None


def micros(text):
    """bytes-5: microseconds since 1970; None when it is not in the one spelling."""
    match = _TIME.fullmatch(text) if is_text(text) else None
    if not match:
        return None
    year, month, day, hour, minute, second, fraction = map(int, match.groups())
    if not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return None
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _DAYS[month - 1] + (1 if leap and month == 2 else 0):
        return None
    # Python's calendar begins with year 1: year 0 is taken from year 400, one whole cycle of 146,097 days later.
    days = datetime.date(year or 400, month, day).toordinal() - (0 if year else 146_097) - 719_163
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + fraction


def is_time(value):
    return micros(value) is not None


def is_key_name(value):
    """chain-7: the name of the key of a signature line."""
    return _KEY_NAME.fullmatch(value) is not None


def base64_bytes(value):
    """bytes-4: the bytes of canonical base64; None for any other spelling."""
    if not is_text(value) or _BASE64.fullmatch(value) is None:
        return None
    data = base64.b64decode(value)
    return data if base64.b64encode(data).decode() == value else None


def is_base64(value):
    return base64_bytes(value) is not None


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def base64url_32(value):
    """bytes-4: 32 bytes of unpadded base64url; None for any other spelling."""
    if not is_text(value) or _BASE64URL.fullmatch(value) is None:
        return None
    data = base64.urlsafe_b64decode(value + "=")
    return data if base64url(data) == value else None


def is_key_id(value):
    return base64url_32(value) is not None


def words(*allowed):
    """One of these texts."""
    return lambda value: is_text(value) and value in allowed


def each(kind):
    """A list, every item of which is of this kind."""
    return lambda value: type(value) is list and all(map(kind, value))


def table_of(kind):
    """An object with free names, every member of which is of this kind."""
    return lambda value: type(value) is dict and all(map(kind, value.values()))


def null_or(kind):
    return lambda value: value is None or kind(value)


def has(value, members, optional=None):
    """bytes-3: an object with exactly these members, of these kinds; the optional ones may be absent, never null."""
    optional = optional or {}
    if type(value) is not dict or not members.keys() <= value.keys() <= members.keys() | optional.keys():
        return False
    return all((members.get(name) or optional[name])(item) for name, item in value.items())


def shape(members, optional=None):
    """An object of these members."""
    return lambda value: has(value, members, optional)
