//! Windows of a cadence: calendar weeks, months, quarters and years, or spans of days (`spec:occurrences-5`).

use alloc::vec::Vec;

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime};

use super::MOST;
use crate::{
    policy::Cadence,
    time::{Period, Time},
    zone::Zone,
};

/// A version of a policy while it is in force, with the cadence that it promises.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'p> {
    /// From when to when it is in force.
    pub span: Period,
    /// What it promises; `None` promises nothing.
    pub cadence: Option<Cadence>,
    /// From when spans of days are counted: its `effective_from`.
    pub from: Time,
    /// Where its days are local.
    pub zone: &'p Zone,
}

/// A window of a cadence, and the place of the version that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// From when to when.
    pub window: Period,
    /// The version in force at its start; a change of policy does not cut a window.
    pub pace: usize,
}

/// The windows that end in `period`, its end included, and the one that is still running at it. Versions follow each
/// other and do not overlap. At most [`MOST`].
#[must_use]
pub fn due(paces: &[Pace<'_>], period: Period) -> Vec<Due> {
    let mut found = Vec::new();
    let mut after = paces.first().map_or(period.start, |pace| pace.span.start);
    for (place, pace) in paces.iter().enumerate() {
        let Some(cadence) = pace.cadence else { continue };
        let mut start = boundary(pace, cadence, after.max(pace.span.start));
        while let Some(at) = start.filter(|at| pace.span.contains(*at) && *at < period.end) {
            let Some(end) = next(pace, cadence, at) else { return found };
            if end > period.start {
                found.push(Due { window: Period { start: at, end }, pace: place });
            }
            if found.len() >= MOST {
                return found;
            }
            (after, start) = (end, Some(end));
        }
    }
    found
}

/// The first boundary at or after an instant.
fn boundary(pace: &Pace<'_>, cadence: Cadence, at: Time) -> Option<Time> {
    let Cadence::Days(days) = cadence else {
        let day = pace.zone.local(at).date();
        // The start of the one that holds the day, or of the next.
        let first = first_day(day, cadence)?;
        let start = pace.zone.instant(first.and_time(NaiveTime::MIN))?;
        return if start >= at { Some(start) } else { midnight(pace, following(first, cadence)?) };
    };
    let length = span(days);
    let since = at.micros().saturating_sub(pace.from.micros()).max(0);
    let whole = since.checked_add(length.checked_sub(1)?)?.checked_div(length)?;
    Time::from_micros(pace.from.micros().checked_add(whole.checked_mul(length)?)?)
}

/// The boundary after a boundary.
fn next(pace: &Pace<'_>, cadence: Cadence, at: Time) -> Option<Time> {
    match cadence {
        Cadence::Days(days) => Time::from_micros(at.micros().checked_add(span(days))?),
        // Of a midnight that clocks skip, what they show first is still that day.
        _ => midnight(pace, following(first_day(pace.zone.local(at).date(), cadence)?, cadence)?),
    }
}

fn midnight(pace: &Pace<'_>, day: NaiveDate) -> Option<Time> {
    pace.zone.instant(day.and_time(NaiveTime::MIN))
}

const fn span(days: u16) -> i64 {
    (days as i64).saturating_mul(86_400_000_000)
}

/// First day of the week, month, quarter or year that holds a day.
fn first_day(day: NaiveDate, cadence: Cadence) -> Option<NaiveDate> {
    match cadence {
        Cadence::Weekly => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
        Cadence::Monthly => day.with_day(1),
        Cadence::Quarterly => day.with_day(1)?.with_month0(day.month0().saturating_sub(day.month0().checked_rem(3)?)),
        Cadence::Yearly => day.with_day(1)?.with_month(1),
        Cadence::Days(_) => None,
    }
}

/// First day of the one after.
fn following(first: NaiveDate, cadence: Cadence) -> Option<NaiveDate> {
    match cadence {
        Cadence::Weekly => first.checked_add_days(Days::new(7)),
        Cadence::Monthly => first.checked_add_months(Months::new(1)),
        Cadence::Quarterly => first.checked_add_months(Months::new(3)),
        Cadence::Yearly => first.checked_add_months(Months::new(12)),
        Cadence::Days(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{format, string::ToString, vec};

    fn time(text: &str) -> Time {
        format!("{text}:00.000000Z").parse().unwrap()
    }

    fn windows(paces: &[(&str, &str, Option<Cadence>)], zone: &Zone, period: (&str, &str)) -> Vec<std::string::String> {
        let pace = |(start, end, cadence): &(&str, &str, Option<Cadence>)| Pace {
            span: Period { start: time(start), end: time(end) },
            cadence: *cadence,
            from: time(start),
            zone,
        };
        let paces: Vec<_> = paces.iter().map(pace).collect();
        let period = Period { start: time(period.0), end: time(period.1) };
        let short = |time: Time| time.to_string()[..16].to_string();
        due(&paces, period)
            .iter()
            .map(|due| format!("{} {} {}", short(due.window.start), short(due.window.end), due.pace))
            .collect()
    }

    #[test]
    fn a_window_begins_with_its_calendar_and_not_with_the_promise() {
        let berlin = Zone::new(7200, vec![(time("2026-10-25T01:00"), 3600)]).unwrap();
        let of = |cadence| {
            let promise = [("2026-08-12T09:00", "2030-01-01T00:00", Some(cadence))];
            windows(&promise, &berlin, ("2026-08-31T22:00", "2026-11-30T23:00"))
        };
        assert_eq!(
            of(Cadence::Monthly),
            [
                "2026-08-31T22:00 2026-09-30T22:00 0",
                "2026-09-30T22:00 2026-10-31T23:00 0",
                "2026-10-31T23:00 2026-11-30T23:00 0"
            ]
        );
        assert_eq!(of(Cadence::Quarterly), ["2026-09-30T22:00 2026-12-31T23:00 0"], "still running");
        assert_eq!(of(Cadence::Weekly).len(), 14, "one ends in the period that began before it");
        assert_eq!(
            of(Cadence::Days(60)),
            ["2026-08-12T09:00 2026-10-11T09:00 0", "2026-10-11T09:00 2026-12-10T09:00 0"]
        );
    }

    #[test]
    fn a_change_of_policy_does_not_cut_a_window() {
        let paces = [
            ("2026-01-01T00:00", "2026-08-15T00:00", Some(Cadence::Quarterly)),
            ("2026-08-15T00:00", "2026-11-10T00:00", Some(Cadence::Monthly)),
            ("2026-11-10T00:00", "2030-01-01T00:00", None),
        ];
        assert_eq!(
            windows(&paces, &Zone::utc(), ("2026-07-01T00:00", "2027-01-01T00:00")),
            [
                "2026-07-01T00:00 2026-10-01T00:00 0",
                "2026-10-01T00:00 2026-11-01T00:00 1",
                "2026-11-01T00:00 2026-12-01T00:00 1"
            ]
        );
    }
}
