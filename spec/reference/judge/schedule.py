"""Schedules: occurrences-1."""

import re

from .value import is_text

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "sun mon tue wed thu fri sat".split()
_FIELDS = ((0, 59, []), (0, 23, []), (1, 31, []), (1, 12, _MONTHS), (0, 7, _WEEKDAYS))
_ITEM = re.compile(r"(?:(\*)|([0-9]{1,2}|[A-Za-z]{3})(?:-([0-9]{1,2}|[A-Za-z]{3}))?)(?:/([0-9]{1,2}))?")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_cron(text):
    """Whether a text is a schedule, and one that comes."""
    fields = text.split(" ") if is_text(text) else ()
    if len(fields) != 5:
        return False
    numbers = [_numbers(field, *limits) for field, limits in zip(fields, _FIELDS, strict=True)]
    if None in numbers:
        return False
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    return either or any(day <= _LONGEST[month - 1] for month in numbers[3] for day in numbers[2])


def _numbers(field, least, most, names):
    found = set()
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if not match or (match[4] and not match[1] and not match[3]):
            return None
        first = least if match[1] else _number(match[2], least, names)
        last = most if match[1] else _number(match[3] or match[2], least, names)
        step = int(match[4] or 1)
        if not least <= first <= last <= most or step < 1:
            return None
        found |= set(range(first, last + 1, step))
    return found


def _number(text, least, names):
    if text.lower() in names:
        return least + names.index(text.lower())
    return int(text) if text.isdigit() else -1
