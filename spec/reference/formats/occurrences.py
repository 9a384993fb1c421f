"""Expected occurrences: spec/16-occurrences.md.

Found minute by minute: every minute of the span is asked what its clocks show, and whether they showed it before.
"""

import datetime
import functools

MINUTE = 60
DAY = 86400
EPOCH = datetime.datetime(1970, 1, 1)

UTC = {"offset_s": 0, "changes": []}
NAMES = {
    3: "jan feb mar apr may jun jul aug sep oct nov dec".split(),
    4: "sun mon tue wed thu fri sat".split(),
}
FIRST = [0, 0, 1, 1, 0]
LAST = [59, 23, 31, 12, 7]


@functools.cache
def seconds(text):
    return int((datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ") - EPOCH).total_seconds())


def time(instant):
    return (EPOCH + datetime.timedelta(seconds=instant)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


@functools.cache
def numbers(place, field):
    found = set()
    for part in field.split(","):
        head, _, step = part.partition("/")
        value = lambda word: FIRST[place] + NAMES[place].index(word) if word in NAMES.get(place, []) else int(word)
        if head == "*":
            low, high = FIRST[place], LAST[place]
        elif "-" in head:
            low, high = map(value, head.split("-"))
        else:
            low = high = value(head)
        found.update(range(low, high + 1, int(step or 1)))
    return {number % 7 for number in found} if place == 4 else found


def fits(schedule, instant):
    """Whether clocks that show `instant`, as seconds without a zone, fit."""
    fields = schedule.split(" ")
    sets = [numbers(place, field) for place, field in enumerate(fields)]
    if instant // MINUTE % 60 not in sets[0]:
        return False
    shown = EPOCH + datetime.timedelta(seconds=instant)
    month_day, week_day = shown.day in sets[2], (shown.weekday() + 1) % 7 in sets[4]
    day = month_day or week_day if not fields[2].startswith("*") and not fields[4].startswith("*") else month_day and week_day
    return shown.hour in sets[1] and shown.month in sets[3] and day


def offset(changes, instant):
    return [offset for since, offset in changes if since <= instant][-1]


def instants(schedule, zone, start, end):
    start, end = seconds(start), seconds(end)
    changes = [(-(10**12), zone["offset_s"])] + [(seconds(one["at"]), one["offset_s"]) for one in zone["changes"]]
    every_hour = schedule.split(" ")[1] == "*"
    due, shown_before = [], set()
    # Two days before, to know what clocks have shown already.
    for instant in range(start - 2 * DAY, end, MINUTE):
        shown, before = instant + offset(changes, instant), instant - MINUTE + offset(changes, instant - MINUTE)
        if every_hour:
            minutes = [shown]
        else:
            minutes = [minute for minute in range(before + MINUTE, shown + 1, MINUTE)] if shown > before else [shown]
            minutes = [minute for minute in minutes if minute not in shown_before]
            shown_before.update(minutes)
        if instant >= start and any(fits(schedule, minute) for minute in minutes):
            due.append(instant)
    return [time(instant) for instant in due]


def expected(terms, period, runs, excused, covered):
    owned = []
    for place, one in enumerate(terms):
        if one["schedule"] is not None:
            start = max(one["span"]["start"], period["start"])
            owned += [(due, place) for due in instants(one["schedule"], one["zone"], start, one["span"]["end"])]
    ends = [due for due, _ in owned[1:]] + [terms[owned[-1][1]]["span"]["end"]] if owned else []
    result = []
    for (due, place), end in zip(owned, ends):
        if due >= period["end"]:
            continue
        counting = [
            (number, one)
            for number, one in enumerate(runs)
            if due <= one["started"] < end and (not one["manual"] or terms[place]["manual_counts"])
        ]
        limit = time(seconds(due) + terms[place]["start_tolerance_s"])
        completed = [(number, one) for number, one in counting if one["end"] not in ("failed", "open")]
        if completed:
            number, one = completed[0]
            if one["manual"]:
                filled = "manual"
            elif one["started"] <= limit:
                filled = "on-time"
            elif counting[0][0] != number and counting[0][1]["started"] <= limit and one["end"] < end:
                filled = "recovered"
            else:
                filled = "late"
        elif counting:
            number, one = counting[-1]
            filled = "open" if one["end"] == "open" else "failed" if end <= covered else "not-covered"
        else:
            number = None
            in_maintenance = any(span["start"] <= due < span["end"] for span in excused)
            filled = "excused" if in_maintenance else "missed" if end <= covered else "not-covered"
        result.append({"at": due, "end": end, "filled": filled, "run": number})
    return result
