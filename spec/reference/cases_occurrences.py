"""Expected occurrences: spec/16-occurrences.md."""

import itertools

import random

from formats.occurrences import UTC, due, expected, exposure, instants, kept, time

BERLIN = {
    "offset_s": 7200,
    "changes": [
        {"at": "2026-10-25T01:00:00.000000Z", "offset_s": 3600},
        {"at": "2027-03-28T01:00:00.000000Z", "offset_s": 7200},
    ],
}
# Half an hour of daylight saving.
LORD_HOWE = {"offset_s": 37800, "changes": [{"at": "2026-10-03T15:30:00.000000Z", "offset_s": 39600}]}
# A day that never was: 30 December 2011.
APIA = {"offset_s": -36000, "changes": [{"at": "2011-12-30T10:00:00.000000Z", "offset_s": 50400}]}
# Clocks that change at midnight.
CAIRO = {
    "offset_s": 7200,
    "changes": [
        {"at": "2026-04-23T22:00:00.000000Z", "offset_s": 10800},
        {"at": "2026-10-29T21:00:00.000000Z", "offset_s": 7200},
    ],
}
SPANS = [
    ("a quarter hour of no change", "*/15 8-9 * * *", UTC, "2026-07-01T00:00:00.000000Z", "2026-07-03T00:00:00.000000Z"),
    ("autumn", "0 2 * * *", BERLIN, "2026-10-24T12:00:00.000000Z", "2026-10-27T12:00:00.000000Z"),
    ("spring", "0 2 * * *", BERLIN, "2027-03-26T12:00:00.000000Z", "2027-03-30T12:00:00.000000Z"),
    ("two skipped times", "0,30 2 * * *", BERLIN, "2027-03-27T12:00:00.000000Z", "2027-03-29T12:00:00.000000Z"),
    ("skipped and the hour after", "30 2,3 * * *", BERLIN, "2027-03-27T12:00:00.000000Z", "2027-03-29T12:00:00.000000Z"),
    ("a skipped time that joins another", "0 2,3 * * *", BERLIN, "2027-03-27T12:00:00.000000Z", "2027-03-29T12:00:00.000000Z"),
    ("every hour in autumn", "30 * * * *", BERLIN, "2026-10-24T22:00:00.000000Z", "2026-10-25T04:00:00.000000Z"),
    ("every hour in spring", "30 * * * *", BERLIN, "2027-03-27T22:00:00.000000Z", "2027-03-28T04:00:00.000000Z"),
    ("every hour of one day", "0 * 25 10 *", BERLIN, "2026-10-24T00:00:00.000000Z", "2026-10-27T00:00:00.000000Z"),
    ("hours with a step are hours of the clock", "30 */1 * * *", BERLIN, "2026-10-24T22:00:00.000000Z", "2026-10-25T04:00:00.000000Z"),
    ("every four hours", "0 */4 * * *", BERLIN, "2026-10-24T00:00:00.000000Z", "2026-10-26T00:00:00.000000Z"),
    ("half an hour of saving", "15 2 * * *", LORD_HOWE, "2026-10-02T00:00:00.000000Z", "2026-10-05T00:00:00.000000Z"),
    ("half an hour of saving, every hour", "15 * * * *", LORD_HOWE, "2026-10-03T12:00:00.000000Z", "2026-10-03T20:00:00.000000Z"),
    ("a day that never was", "0 6 * * *", APIA, "2011-12-28T00:00:00.000000Z", "2012-01-02T00:00:00.000000Z"),
    ("midnight is skipped", "0 0 * * *", CAIRO, "2026-04-22T00:00:00.000000Z", "2026-04-26T00:00:00.000000Z"),
    ("midnight comes twice", "30 23 * * *", CAIRO, "2026-10-28T00:00:00.000000Z", "2026-10-31T00:00:00.000000Z"),
    ("leap day", "0 0 29 2 *", UTC, "2028-02-25T00:00:00.000000Z", "2028-03-05T00:00:00.000000Z"),
    ("either day", "0 12 13 * fri", UTC, "2026-11-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z"),
    ("a star with a step is no restriction", "0 12 */2 * fri", UTC, "2026-11-01T00:00:00.000000Z", "2026-12-01T00:00:00.000000Z"),
    ("sunday is 7", "0 12 * nov 7", UTC, "2026-10-25T00:00:00.000000Z", "2026-11-20T00:00:00.000000Z"),
    ("weekdays by name", "5 1 * * mon-wed", UTC, "2026-11-01T00:00:00.000000Z", "2026-11-15T00:00:00.000000Z"),
    ("both ends", "0 0 * * *", UTC, "2026-11-01T00:00:00.000000Z", "2026-11-03T00:00:00.000000Z"),
]

NO_SCHEDULES = [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *",
    "* * * * 8", "5/15 * * * *", "*/0 * * * *", "5-2 * * * *", "* *  * *", " 0 2 * * *", "0 2 * * * ", "0 0 31 2 *",
    "0 0 30 feb *", "0 0 31 4,6,9,11 *", "0 0 * * mond", "+1 * * * *", "001 * * * *", "-1 * * * *", "1- * * * *", "1,, * * * *",
    "@daily", "0 2 * * *\n", "0\t2 * * *", "\u0660 * * * *", "0 0 * * L", "0 0 ? * *", "0 0 * * 1#2", "0 0 15W * *",
]


def schedule_cases():
    for name, schedule, zone, start, end in SPANS:
        yield {
            "name": name,
            "rule": "occurrences-2",
            "schedule": schedule,
            "zone": zone,
            "span": {"start": start, "end": end},
            "instants": instants(schedule, zone, start, end),
        }
    for number, text in enumerate(NO_SCHEDULES, 1):
        yield {"name": f"no schedule {number}", "rule": "occurrences-1", "schedule": text, "valid": False}


# Matching. One schedule, 0 2 * * * in UTC, in force in July 2026 unless a case says more.


def at(day, hour, minute=0):
    return f"2026-07-{day:02}T{hour:02}:{minute:02}:00.000000Z"


def term(start, end, schedule="0 2 * * *", zone=UTC, tolerance=1800, manual=True):
    return {
        "span": {"start": start, "end": end},
        "schedule": schedule,
        "zone": zone,
        "start_tolerance_s": tolerance,
        "manual_counts": manual,
    }


MONTH = term(at(1, 0), "2026-08-01T00:00:00.000000Z")
THREE_DAYS = {"start": at(1, 0), "end": at(4, 0)}


def run(started, end, manual=False):
    """`end` is a time when the run completed, else "failed" or "open"."""
    return {"started": started, "manual": manual, "end": end}


def good(day, hour, minute=0, manual=False):
    return run(at(day, hour, minute), at(day, hour, minute + 10), manual)


LONG_AFTER = "2026-09-01T00:00:00.000000Z"
NIGHTS = [
    ("on time", [good(1, 2), good(2, 2, 30), good(3, 2, 29)]),
    ("late by a minute", [good(1, 2), good(2, 2, 31), good(3, 2)]),
    ("missed", [good(1, 2), good(3, 2)]),
    ("failed", [good(1, 2), run(at(2, 2), "failed"), good(3, 2)]),
    ("failed and failed again", [good(1, 2), run(at(2, 2), "failed"), run(at(2, 5), "failed"), good(3, 2)]),
    ("recovered", [good(1, 2), run(at(2, 2), "failed"), good(2, 5), good(3, 2)]),
    ("recovered too late", [good(1, 2), run(at(2, 2), "failed"), run(at(3, 1, 55), at(3, 2, 5)), good(3, 2, 10)]),
    ("a late attempt that failed, then a success", [good(1, 2), run(at(2, 3), "failed"), good(2, 5), good(3, 2)]),
    ("by hand", [good(1, 2), good(2, 15, 0, True), good(3, 2)]),
    ("by hand in time", [good(1, 2), good(2, 2, 0, True), good(3, 2)]),
    ("by hand after a failure", [good(1, 2), run(at(2, 2), "failed"), good(2, 5, 0, True), good(3, 2)]),
    ("the first that completed decides", [good(1, 2), good(2, 5), good(2, 6), good(3, 2)]),
    ("before the first", [good(1, 1), good(2, 2), good(3, 2)]),
    ("still going on", [good(1, 2), good(2, 2), run(at(3, 2), "open")]),
    ("a dead run before a good one", [good(1, 2), run(at(2, 2), "failed"), good(2, 2, 20), good(3, 2)]),
    ("at the very end", [good(1, 2), good(2, 2), run(at(4, 1, 59), at(4, 2, 9))]),
    ("nothing", []),
]


def matching(name, runs, terms=(MONTH,), period=THREE_DAYS, excused=(), covered=LONG_AFTER):
    terms, excused = list(terms), list(excused)
    return {
        "name": name,
        "rule": "occurrences-4",
        "terms": terms,
        "period": period,
        "runs": runs,
        "excused": excused,
        "covered": covered,
        "occurrences": expected(terms, period, runs, excused, covered),
    }


def occurrence_cases():
    for name, runs in NIGHTS:
        yield matching(name, runs)
    strict = term(at(1, 0), "2026-08-01T00:00:00.000000Z", manual=False)
    yield matching("by hand, and that does not count", [good(1, 2), good(2, 2, 0, True), good(3, 2)], [strict])
    excused = [{"start": at(2, 1), "end": at(2, 3)}]
    yield matching("during maintenance", [good(1, 2), good(3, 2)], excused=excused)
    yield matching("done during maintenance", [good(1, 2), good(2, 2), good(3, 2)], excused=excused)
    yield matching("failed during maintenance", [good(1, 2), run(at(2, 2), "failed"), good(3, 2)], excused=excused)
    yield matching("maintenance that ends as it is due", [good(1, 2), good(3, 2)], excused=[{"start": at(2, 1), "end": at(2, 2)}])
    yield matching("sealed early, nothing yet", [good(1, 2), good(2, 2)], covered=at(4, 1, 59))
    yield matching("sealed early, filled", [good(1, 2), good(2, 2), good(3, 2)], covered=at(3, 3))
    yield matching("sealed early, failed", [good(1, 2), good(2, 2), run(at(3, 2), "failed")], covered=at(3, 3))
    yield matching("covered to the minute", [good(1, 2), good(2, 2)], covered=at(4, 2))
    noon = term(at(2, 12), "2026-08-01T00:00:00.000000Z", schedule="0 14 * * *")
    night = term(at(1, 0), at(2, 12))
    yield matching("another schedule from noon on", [good(1, 2), good(2, 2), good(2, 14), good(3, 2), good(3, 14)], [night, noon])
    silent = term(at(2, 12), "2026-08-01T00:00:00.000000Z", schedule=None)
    yield matching("nothing promised from noon on", [good(1, 2)], [night, silent])
    strict_later = term(at(2, 12), "2026-08-01T00:00:00.000000Z", tolerance=60)
    yield matching("a stricter tolerance from noon on", [good(1, 2, 20), good(2, 2, 20), good(3, 2, 20)], [night, strict_later])
    autumn = term("2026-10-01T00:00:00.000000Z", "2026-11-01T00:00:00.000000Z", zone=BERLIN)
    nights = [run(f"2026-10-{day}T0{hour}:05:00.000000Z", f"2026-10-{day}T0{hour}:15:00.000000Z") for day, hour in [(24, 0), (25, 0), (26, 1)]]
    span = {"start": "2026-10-23T22:00:00.000000Z", "end": "2026-10-26T12:00:00.000000Z"}
    yield matching("a night of 25 hours", nights, [autumn], span)
    # Every order of three ends on one night.
    for number, ends in enumerate(itertools.product(["failed", "open", "good"], repeat=2), 1):
        runs = [run(at(2, hour), at(2, hour, 10) if end == "good" else end) for hour, end in zip((2, 5), ends)]
        yield matching(f"two runs {number}", [good(1, 2), *runs, good(3, 2)])


# Cadences.

YEAR = {"start": "2026-01-01T00:00:00.000000Z", "end": "2027-01-01T00:00:00.000000Z"}
LATE_SUMMER = {"start": "2026-08-31T22:00:00.000000Z", "end": "2026-11-30T23:00:00.000000Z"}
FOREVER = "2030-01-01T00:00:00.000000Z"


def pace(cadence, start="2025-06-15T09:00:00.000000Z", end=FOREVER, zone=BERLIN):
    return {"span": {"start": start, "end": end}, "cadence": cadence, "from": start, "zone": zone}


def cadence_cases():
    def case(name, paces, period):
        return {"name": name, "rule": "occurrences-5", "paces": paces, "period": period, "windows": due(paces, period)}

    for cadence in ("weekly", "monthly", "quarterly", "yearly", "P30D", "P1D", "P90D"):
        yield case(f"a year, {cadence}", [pace(cadence)], YEAR)
        yield case(f"three months, {cadence}", [pace(cadence)], LATE_SUMMER)
        yield case(f"promised within the period, {cadence}", [pace(cadence, "2026-09-10T12:00:00.000000Z")], LATE_SUMMER)
    yield case("promised at the first instant of a month", [pace("monthly", "2026-09-30T22:00:00.000000Z")], LATE_SUMMER)
    yield case("promised a second later", [pace("monthly", "2026-09-30T22:00:01.000000Z")], LATE_SUMMER)
    yield case("days in UTC", [pace("monthly", zone=UTC)], YEAR)
    yield case("midnight is skipped", [pace("weekly", zone=CAIRO)], YEAR)
    yield case("a day that never was", [pace("P1D", "2011-12-20T00:00:00.000000Z", zone=APIA)], {"start": "2011-12-28T00:00:00.000000Z", "end": "2012-01-03T00:00:00.000000Z"})
    change = "2026-08-15T00:00:00.000000Z"
    yield case("quarterly, then monthly", [pace("quarterly", end=change), pace("monthly", change)], YEAR)
    yield case("monthly, then quarterly", [pace("monthly", end=change), pace("quarterly", change)], YEAR)
    yield case("quarterly, then nothing", [pace("quarterly", end=change), pace(None, change)], YEAR)
    yield case("nothing, then weekly", [pace(None, end=change), pace("weekly", change)], YEAR)
    yield case("weekly, then monthly, then days", [pace("weekly", end=change), pace("monthly", change, "2026-10-02T00:00:00.000000Z"), pace("P20D", "2026-10-02T00:00:00.000000Z")], YEAR)


# Exposure, and retention, over cases drawn once and for all.


def second(n):
    return time(1_788_220_800 + n)


def spell(start, end):
    return {"start": second(start), "end": second(end)}


def exposure_cases():
    def case(name, backups, limits, entered=None, end=300):
        span = spell(0, end)
        backups = [{"snapshot_at": second(at), "at_hand": [spell(*had) for had in spans]} for at, spans in backups]
        limits = [{"span": spell(start, until), "rpo_s": rpo} for start, until, rpo in limits]
        entered = None if entered is None else second(entered)
        teeth, breaches = exposure(backups, span, entered, limits)
        given = {"backups": backups, "span": span, "entered": entered, "limits": limits}
        return {"name": name, "rule": "occurrences-6"} | given | {"teeth": teeth, "breaches": breaches}

    hours = [(at, [(at + 5, 900)]) for at in range(-60, 300, 60)]
    yield case("never above", hours, [(0, 300, 65)])
    yield case("at the RPO itself", hours, [(0, 300, 64)])
    yield case("nothing at hand at first", hours[2:], [(0, 300, 65)])
    yield case("into scope at the start", hours[2:], [(0, 300, 65)], entered=0)
    yield case("one night missed", hours[:3] + hours[4:], [(0, 300, 65)])
    yield case("an RPO that changes in between", hours, [(0, 90, 65), (90, 300, 30)])
    yield case("the same RPO under a new policy", hours[:3] + hours[4:], [(0, 150, 65), (150, 300, 65)])
    yield case("copies out of order", [(0, [(50, 900)]), (30, [(35, 900)]), (60, [(200, 900)])], [(0, 300, 65)])
    yield case("a lost copy", [(0, [(5, 900)]), (60, [(65, 130)])], [(0, 300, 100)])
    yield case("all lost", [(0, [(5, 130)])], [(0, 300, 100)], entered=0)
    yield case("no RPO", hours, [])
    yield case("nothing at all", [], [(0, 300, 65)])
    drawn = random.Random(16)
    for number in range(1, 21):
        backups = []
        for _ in range(drawn.randrange(7)):
            at = drawn.randrange(200)
            spans = sorted(at + drawn.randrange(100) for _ in range(4))
            backups.append((at, [(a, b) for a, b in (spans[:2], spans[2:]) if a < b]))
        change = drawn.randrange(1, 300)
        limits = [(0, change, drawn.randrange(1, 90)), (change, 300, drawn.randrange(1, 90))]
        yield case(f"drawn {number}", backups, limits, drawn.choice([None, 0]))


def retention_cases():
    def case(name, retention, there, zone=BERLIN):
        there = [(at, f"01K3QZ8E5P00000000000{number:05}") for number, at in enumerate(there)]
        given = {"retention": retention, "zone": zone, "there": [{"snapshot_at": at, "id": name} for at, name in there]}
        return {"name": name, "rule": "occurrences-7"} | given | {"kept": kept(retention, there, zone)}

    nights = [time(1_788_220_800 + 86_400 * n) for n in range(100)]
    tiers = {"mode": "tiers", "daily": 7, "weekly": 4, "monthly": 12}
    yield case("nothing there", tiers, [])
    yield case("a short history", tiers, nights[:5])
    yield case("a hundred nights", tiers, nights)
    yield case("two a day, the last counts", tiers, [time(1_788_220_800 + 43_200 * n) for n in range(60)])
    yield case("days without one do not count", tiers, nights[:3] + nights[40:43] + nights[90:91])
    yield case("only days", {"mode": "tiers", "daily": 3}, nights)
    yield case("only months", {"mode": "tiers", "monthly": 2}, nights)
    yield case("the day of the zone", {"mode": "tiers", "daily": 2}, ["2026-09-01T21:59:59.000000Z", "2026-09-01T22:00:00.000000Z", "2026-09-02T21:59:59.000000Z"])
    yield case("the week of a new year", {"mode": "tiers", "weekly": 2}, [time(1_798_500_000 + 86_400 * n) for n in range(12)], UTC)
    yield case("the last seven", {"mode": "keep_last", "keep": 7}, nights)
    yield case("fewer than seven", {"mode": "keep_last", "keep": 7}, nights[:4])


def files():
    return {
        "cadences": (
            "16-occurrences",
            "Versions of a policy with a cadence, and the windows that end in a period or run over its end.",
            list(cadence_cases()),
        ),
        "exposures": (
            "16-occurrences",
            "When backups were at hand, and the exposure that follows, with its breaches of an RPO.",
            list(exposure_cases()),
        ),
        "retentions": ("16-occurrences", "Backups that are there, and which of them a retention keeps.", list(retention_cases())),
        "schedules": ("16-occurrences", "Schedules, and their instants in a zone over a span.", list(schedule_cases())),
        "occurrences": (
            "16-occurrences",
            "Terms of policies, runs and maintenance, and how each occurrence of the period was filled: `run` is the place of the run that decided.",
            list(occurrence_cases()),
        ),
    }
