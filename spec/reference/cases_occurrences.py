"""Expected occurrences: spec/16-occurrences.md."""

import itertools

from formats.occurrences import UTC, expected, instants

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


def files():
    return {
        "schedules": ("16-occurrences", "Schedules, and their instants in a zone over a span.", list(schedule_cases())),
        "occurrences": (
            "16-occurrences",
            "Terms of policies, runs and maintenance, and how each occurrence of the period was filled: `run` is the place of the run that decided.",
            list(occurrence_cases()),
        ),
    }
