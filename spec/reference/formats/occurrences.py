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


# Cadences: occurrences-5.


def midnight(zone, day):
    """The first instant at which clocks show this day, or a later one where they skip its midnight."""
    shown = int((datetime.datetime.combine(day, datetime.time()) - EPOCH).total_seconds())
    changes = [(-(10**12), zone["offset_s"])] + [(seconds(one["at"]), one["offset_s"]) for one in zone["changes"]]
    found = [shown - by for _, by in changes if offset(changes, shown - by) == by]
    skipped = [since for since, by in changes[1:] if since - 1 + offset(changes, since - 1) < shown <= since + by]
    return min(found + skipped)


STARTS = {
    "weekly": lambda day: day.weekday() == 0,
    "monthly": lambda day: day.day == 1,
    "quarterly": lambda day: day.day == 1 and day.month in (1, 4, 7, 10),
    "yearly": lambda day: day.day == 1 and day.month == 1,
}


def boundaries(pace, until):
    """Every boundary from two years before the pace begins to a year after `until`."""
    first, last = seconds(pace["span"]["start"]) - 800 * DAY, seconds(until) + 400 * DAY
    if pace["cadence"] not in STARTS:
        step = int(pace["cadence"][1:-1]) * DAY
        return range(seconds(pace["from"]), last, step)
    days = [(EPOCH + datetime.timedelta(seconds=at)).date() for at in range(first, last, DAY)]
    return [midnight(pace["zone"], day) for day in days if STARTS[pace["cadence"]](day)]


def due(paces, period):
    found, after = [], 0
    for place, pace in enumerate(paces):
        start, end = seconds(pace["span"]["start"]), min(seconds(pace["span"]["end"]), seconds(period["end"]))
        if pace["cadence"] is None:
            continue
        every = boundaries(pace, period["end"])
        begins = [at for at in every if max(start, after) <= at < end]
        for at in begins:
            after = min(later for later in every if later > at)
            if after > seconds(period["start"]):
                found.append({"start": time(at), "end": time(after), "pace": place})
    return found


# Exposure: occurrences-6.


def exposure(backups, span, entered, limits):
    """Second by second: the newest state at hand, and whether its age is above the RPO before the second ends."""
    start, end = seconds(span["start"]), seconds(span["end"])
    teeth, breaches, seen = [], [], False
    for now in range(start, end):
        at_hand = [
            seconds(one["snapshot_at"])
            for one in backups
            if any(seconds(had["start"]) <= now < seconds(had["end"]) for had in one["at_hand"])
        ]
        seen = seen or bool(at_hand)
        newest = max(at_hand) if at_hand else None if seen or entered is None else seconds(entered)
        if teeth and teeth[-1]["newest"] == newest:
            teeth[-1]["end"] = now + 1
        else:
            teeth.append({"start": now, "end": now + 1, "newest": newest})
        rpo = [one["rpo_s"] for one in limits if seconds(one["span"]["start"]) <= now < seconds(one["span"]["end"])]
        if newest is not None and rpo and now + 1 - newest > rpo[0]:
            most = now + 1 - newest
            if breaches and breaches[-1]["end"] == now and breaches[-1]["rpo_s"] == rpo[0]:
                breaches[-1] |= {"end": now + 1, "most_s": max(most, breaches[-1]["most_s"])}
            else:
                breaches.append({"start": now, "end": now + 1, "most_s": most, "rpo_s": rpo[0]})
    spell = lambda one: one | {name: time(one[name]) for name in ("start", "end", "newest") if one.get(name) is not None}
    return [spell(one) for one in teeth], [spell(one) for one in breaches]


# Retention: occurrences-7.


def kept(retention, there, zone):
    """The names of the backups that are kept, of (snapshot, name)."""
    there = sorted(there)
    if retention["mode"] == "keep_last":
        return sorted(name for _, name in there[-retention["keep"] :])
    changes = [(-(10**12), zone["offset_s"])] + [(seconds(one["at"]), one["offset_s"]) for one in zone["changes"]]
    units = {
        "daily": lambda day: day.toordinal(),
        "weekly": lambda day: day.isocalendar()[:2],
        "monthly": lambda day: (day.year, day.month),
    }
    names = set()
    for tier, unit in units.items():
        last = {}
        for at, name in there:
            shown = EPOCH + datetime.timedelta(seconds=seconds(at) + offset(changes, seconds(at)))
            last[unit(shown.date())] = name
        newest = sorted(last, reverse=True)[: retention.get(tier, 0)]
        names.update(last[one] for one in newest)
    return sorted(names)
