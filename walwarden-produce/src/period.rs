//! Periods as people write them: `2026-Q3`, `2026-07`, `2026`, or `START/END`.

use chrono::{DateTime, Datelike as _, LocalResult, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use walwarden_core::{
    Period, Time,
    event::{Zone, ZoneTransition},
};

/// Why a text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeriodError {
    /// Of no known form.
    #[error("{0:?} is no period")]
    Form(String),
    /// Neither a date nor a time.
    #[error("{0:?} is neither a date nor an RFC 3339 time")]
    Instant(String),
    /// It ends before it starts.
    #[error("{0:?} ends before it starts")]
    Empty(String),
    /// A zone that is not in the database.
    #[error("{0:?} is no time zone")]
    Zone(String),
}

/// Reads a period; days, months and quarters begin at midnight of `zone`.
///
/// # Errors
/// [`PeriodError`].
pub fn parse(text: &str, zone: &str) -> Result<Period, PeriodError> {
    let tz = zone_of(zone)?;
    let form = || PeriodError::Form(text.into());
    let (start, end) = match text.split_once('/') {
        Some((start, end)) => (instant(start, tz).ok_or_else(form)?, instant(end, tz).ok_or_else(form)?),
        None => {
            let (year, month, months) = calendar(text).ok_or_else(form)?;
            let first = NaiveDate::from_ymd_opt(year, month, 1).ok_or_else(form)?;
            let after = first.checked_add_months(chrono::Months::new(months)).ok_or_else(form)?;
            (midnight(first, tz).ok_or_else(form)?, midnight(after, tz).ok_or_else(form)?)
        }
    };
    if start < end { Ok(Period { start, end }) } else { Err(PeriodError::Empty(text.into())) }
}

/// Reads an instant: a date, whose midnight of `zone` is meant, or an RFC 3339 time.
///
/// # Errors
/// [`PeriodError`].
pub fn parse_instant(text: &str, zone: &str) -> Result<Time, PeriodError> {
    instant(text, zone_of(zone)?).ok_or_else(|| PeriodError::Instant(text.into()))
}

/// Checks that a zone is in the database.
///
/// # Errors
/// [`PeriodError::Zone`].
pub fn zone_of(zone: &str) -> Result<Tz, PeriodError> {
    zone.parse().map_err(|_| PeriodError::Zone(zone.into()))
}

/// The zone's rules over a period, as this program knows them.
///
/// # Errors
/// [`PeriodError::Zone`].
pub fn zone_facts(zone: &str, period: &Period) -> Result<Zone, PeriodError> {
    let tz = zone_of(zone)?;
    let mut transitions = Vec::new();
    let (start, end) = (seconds(period.start), seconds(period.end));
    let mut known = offset(tz, start);
    let mut at = start;
    // Offsets change at most once within six hours, and never back and forth.
    while at < end {
        let next = (at + 6 * 3600).min(end);
        let there = offset(tz, next);
        if there != known && next < end {
            let change = first_with(tz, at, next, there);
            transitions.extend(time(change).map(|at| ZoneTransition { at, offset_s: there }));
            known = there;
        }
        at = next;
    }
    let offset_s = offset(tz, start);
    Ok(Zone { name: zone.into(), tzdb: chrono_tz::IANA_TZDB_VERSION.into(), offset_s, transitions })
}

/// Year, first month, number of months.
fn calendar(text: &str) -> Option<(i32, u32, u32)> {
    let number = |text: &str, digits: usize| -> Option<u32> {
        (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let year = |text: &str| number(text, 4).and_then(|year| i32::try_from(year).ok());
    match text.split_once('-') {
        None => Some((year(text)?, 1, 12)),
        Some((y, rest)) => match rest.strip_prefix('Q') {
            Some(quarter) => {
                let quarter = number(quarter, 1).filter(|q| (1..=4).contains(q))?;
                Some((year(y)?, 3 * quarter - 2, 3))
            }
            None => Some((year(y)?, number(rest, 2)?, 1)),
        },
    }
}

/// A date, or an instant with its offset.
fn instant(text: &str, tz: Tz) -> Option<Time> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return (date.year() >= 0).then(|| midnight(date, tz))?;
    }
    let instant = DateTime::parse_from_rfc3339(text).ok()?;
    Time::from_micros(instant.timestamp_micros())
}

/// The first instant of a day; where midnight does not exist, the first instant after the gap.
fn midnight(date: NaiveDate, tz: Tz) -> Option<Time> {
    let mut local: NaiveDateTime = date.and_hms_opt(0, 0, 0)?;
    for _ in 0..24 * 4 {
        match tz.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => return Time::from_micros(at.timestamp_micros()),
            LocalResult::None => local = local.checked_add_signed(TimeDelta::minutes(15))?,
        }
    }
    None
}

fn offset(tz: Tz, second: i64) -> i64 {
    DateTime::from_timestamp(second, 0)
        .map_or(0, |at| tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc().into())
}

/// The first second after `low`, up to `high`, that has the offset of `high`.
fn first_with(tz: Tz, mut low: i64, mut high: i64, wanted: i64) -> i64 {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if offset(tz, middle) == wanted {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

fn seconds(time: Time) -> i64 {
    time.micros().div_euclid(1_000_000)
}

fn time(second: i64) -> Option<Time> {
    Time::from_micros(second.checked_mul(1_000_000)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str, zone: &str) -> String {
        let period = parse(text, zone).unwrap();
        format!("{} {}", period.start, period.end).replace(".000000", "")
    }

    #[test]
    fn quarters_months_years_and_spans() {
        assert_eq!(spelt("2026-Q3", "Europe/Berlin"), "2026-06-30T22:00:00Z 2026-09-30T22:00:00Z");
        assert_eq!(spelt("2026-Q1", "Europe/Berlin"), "2025-12-31T23:00:00Z 2026-03-31T22:00:00Z");
        assert_eq!(spelt("2026-12", "UTC"), "2026-12-01T00:00:00Z 2027-01-01T00:00:00Z");
        assert_eq!(spelt("2026", "UTC"), "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z");
        assert_eq!(spelt("2026-07-01/2026-07-08", "Asia/Kathmandu"), "2026-06-30T18:15:00Z 2026-07-07T18:15:00Z");
        assert_eq!(
            spelt("2026-07-01T12:00:00+02:00/2026-07-01T11:00:00Z", "UTC"),
            "2026-07-01T10:00:00Z 2026-07-01T11:00:00Z"
        );
        // Midnight does not exist in Beirut on that day.
        assert_eq!(spelt("2026-03-29/2026-03-30", "Asia/Beirut"), "2026-03-28T22:00:00Z 2026-03-29T21:00:00Z");
    }

    #[test]
    fn what_is_none() {
        for bad in ["", "2026-Q5", "2026-Q0", "2026-13", "26-Q1", "2026-7", "2026-07-01", "x/y", "2026-07-01/"] {
            assert!(matches!(parse(bad, "UTC"), Err(PeriodError::Form(_))), "{bad}");
        }
        assert!(matches!(parse("2026-07-02/2026-07-01", "UTC"), Err(PeriodError::Empty(_))));
        assert!(matches!(parse("2026-Q1", "Mars/Olympus"), Err(PeriodError::Zone(_))));
    }

    #[test]
    fn transitions_to_the_second() {
        let period = parse("2026", "Europe/Berlin").unwrap();
        let zone = zone_facts("Europe/Berlin", &period).unwrap();
        assert_eq!(zone.offset_s, 3600);
        let seen: Vec<_> = zone.transitions.iter().map(|t| (t.at.to_string(), t.offset_s)).collect();
        let expected = [("2026-03-29T01:00:00.000000Z".into(), 7200), ("2026-10-25T01:00:00.000000Z".into(), 3600)];
        assert_eq!(seen, expected);
        assert!(zone_facts("UTC", &period).unwrap().transitions.is_empty());
    }
}
