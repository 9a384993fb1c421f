//! Schedules as cron spells them, and their instants in a zone (`spec:occurrences-1`, `spec:occurrences-2`).

use core::{fmt, str::FromStr};

use alloc::string::String;
use chrono::{Datelike as _, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    time::{Period, Time},
    value::{as_string, parse_str},
    zone::{Zone, shifted},
};

/// A schedule: minute, hour, day of month, month, day of week.
///
/// Each field is `*`, a number, a range `a-b`, any of them with a step `/n`, or a list of these; months and days may be
/// named by three letters. Sunday is 0 or 7. With both days restricted, either suffices, as cron has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Every real hour, however often clocks show it.
    every_hour: bool,
    /// Either of the two days suffices.
    either_day: bool,
}

/// The text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no schedule: five fields like 0 2 * * * (minute, hour, day of month, month, day of week)")]
pub struct NotASchedule(String);

/// What a field may hold: least, most, and names from the least on.
struct Field(u64, u64, &'static [&'static str]);

const MINUTES: Field = Field(0, 59, &[]);
const HOURS: Field = Field(0, 23, &[]);
const DAYS: Field = Field(1, 31, &[]);
const MONTHS: Field =
    Field(1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]);
const WEEKDAYS: Field = Field(0, 7, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        Self::read(text).ok_or_else(|| NotASchedule(text.chars().take(100).collect()))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

as_string!(Schedule);

impl Schedule {
    fn read(text: &str) -> Option<Self> {
        let mut fields = text.split(' ');
        let [minute, hour, day, month, weekday] = [(); 5].map(|()| fields.next().unwrap_or_default());
        if fields.next().is_some() {
            return None;
        }
        let weekdays = WEEKDAYS.read(weekday)?;
        let schedule = Self {
            text: text.into(),
            minutes: MINUTES.read(minute)?,
            hours: HOURS.read(hour)?,
            days: DAYS.read(day)?,
            months: MONTHS.read(month)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7F,
            every_hour: hour == "*",
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        schedule.ever().then_some(schedule)
    }

    /// Whether any day can be one: `0 0 31 2 *` has none.
    fn ever(&self) -> bool {
        self.either_day || !self.days_are_restricted() || {
            let longest = [31_u32, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let months = (1_u32..).zip(longest).filter(|(month, _)| self.months >> month & 1 == 1);
            months.into_iter().any(|(_, length)| self.days.trailing_zeros() <= length)
        }
    }

    /// At most so many instants has a day, but one on which clocks are set.
    #[must_use]
    pub const fn runs_a_day(&self) -> u64 {
        (self.minutes.count_ones() as u64).saturating_mul(self.hours.count_ones() as u64)
    }

    const fn days_are_restricted(&self) -> bool {
        self.days != 0xFFFF_FFFE
    }

    /// Its instants in a span, ascending, each once.
    ///
    /// A time that clocks skip moves to the first instant after the gap; one that they repeat counts once, the first.
    /// With `*` as hour, every real hour counts.
    pub fn instants<'s>(&'s self, zone: &'s Zone, span: Period) -> impl Iterator<Item = Time> + 's {
        let mut last = None;
        let fixed = (!self.every_hour).then(|| self.by_the_clock(zone, span));
        let hourly = self.every_hour.then(|| self.by_the_hour(zone, span));
        let all = fixed.into_iter().flatten().chain(hourly.into_iter().flatten());
        all.filter(move |at| span.contains(*at) && last.replace(*at) != Some(*at))
    }

    fn by_the_clock<'s>(&'s self, zone: &'s Zone, span: Period) -> impl Iterator<Item = Time> + 's {
        self.shown(zone.local(span.start).date(), zone.local(span.end).date()).filter_map(|local| zone.instant(local))
    }

    fn by_the_hour<'s>(&'s self, zone: &'s Zone, span: Period) -> impl Iterator<Item = Time> + 's {
        zone.spans().flat_map(move |(start, end, offset)| {
            let start = start.map_or(span.start, |start| start.max(span.start));
            let end = end.map_or(span.end, |end| end.min(span.end));
            let (first, last) = (shifted(start, offset).date(), shifted(end, offset).date());
            let shown = (start < end).then(|| self.shown(first, last)).into_iter().flatten();
            let instant = move |local: NaiveDateTime| {
                let micros = local.and_utc().timestamp_micros().saturating_sub(offset.saturating_mul(1_000_000));
                Time::from_micros(micros).filter(|at| start <= *at && *at < end)
            };
            shown.filter_map(instant)
        })
    }

    /// What clocks show at its times, from one day to another.
    fn shown(&self, first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDateTime> + '_ {
        // A day before: what its clocks skip may move into the span.
        let first = first.pred_opt().unwrap_or(first);
        let days = first.iter_days().take_while(move |day| *day <= last).filter(|day| self.is_on(*day));
        days.flat_map(move |day| {
            let hours = (0..24_u32).filter(|hour| self.hours >> hour & 1 == 1);
            hours.flat_map(move |hour| {
                let minutes = (0..60_u32).filter(|minute| self.minutes >> minute & 1 == 1);
                minutes.filter_map(move |minute| day.and_hms_opt(hour, minute, 0))
            })
        })
    }

    fn is_on(&self, day: NaiveDate) -> bool {
        let month = self.months >> day.month() & 1 == 1;
        let of_month = self.days >> day.day() & 1 == 1;
        let of_week = self.weekdays >> day.weekday().num_days_from_sunday() & 1 == 1;
        month && if self.either_day { of_month || of_week } else { of_month && of_week }
    }
}

impl Field {
    /// The numbers of a field, as bits.
    fn read(&self, text: &str) -> Option<u64> {
        text.split(',').try_fold(0, |all, part| Some(all | self.part(part)?))
    }

    fn part(&self, text: &str) -> Option<u64> {
        let Self(least, most, _) = *self;
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, number(step)?),
            None => (text, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            // `5/15` is no form of every cron: only a range has steps.
            None if step != 1 || text.contains('/') => return None,
            None => (self.value(range)?, self.value(range)?),
        };
        if from > to || step == 0 {
            return None;
        }
        let step = usize::try_from(step).ok()?;
        Some((from..=to).step_by(step).fold(0, |bits, value| bits | 1 << value))
    }

    fn value(&self, text: &str) -> Option<u64> {
        let Self(least, most, names) = *self;
        let named = names.iter().zip(least..).find(|(name, _)| name.eq_ignore_ascii_case(text));
        let value = named.map(|(_, value)| value).or_else(|| number(text))?;
        (least..=most).contains(&value).then_some(value)
    }
}

/// One or two digits.
fn number(text: &str) -> Option<u64> {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{string::ToString, vec, vec::Vec};

    fn time(text: &str) -> Time {
        std::format!("{text}:00.000000Z").parse().unwrap()
    }

    fn berlin() -> Zone {
        Zone::new(7200, vec![(time("2026-10-25T01:00"), 3600), (time("2027-03-28T01:00"), 7200)]).unwrap()
    }

    fn instants(schedule: &str, from: &str, to: &str) -> Vec<String> {
        let schedule: Schedule = schedule.parse().unwrap();
        let span = Period { start: time(from), end: time(to) };
        let zone = berlin();
        schedule.instants(&zone, span).map(|at| at.to_string()[..16].into()).collect()
    }

    #[test]
    fn a_night_of_25_hours_and_one_of_23() {
        assert_eq!(
            instants("0 2 * * *", "2026-10-24T12:00", "2026-10-26T12:00"),
            ["2026-10-25T00:00", "2026-10-26T01:00"]
        );
        assert_eq!(
            instants("0 2 * * *", "2027-03-27T12:00", "2027-03-29T12:00"),
            ["2027-03-28T01:00", "2027-03-29T00:00"]
        );
        // Two times that clocks skip are one instant.
        assert_eq!(instants("0,30 2 * * *", "2027-03-27T12:00", "2027-03-28T12:00"), ["2027-03-28T01:00"]);
    }

    #[test]
    fn every_hour_is_every_real_hour() {
        let night = instants("30 * * * *", "2026-10-24T23:00", "2026-10-25T03:00");
        assert_eq!(night, ["2026-10-24T23:30", "2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"]);
        let night = instants("30 * * * *", "2027-03-28T00:00", "2027-03-28T02:00");
        assert_eq!(night, ["2027-03-28T00:30", "2027-03-28T01:30"]);
    }

    #[test]
    fn either_day_suffices_where_both_are_restricted() {
        let days = instants("0 12 13 * fri", "2026-11-01T00:00", "2026-12-01T00:00");
        assert_eq!(days, ["2026-11-06T11:00", "2026-11-13T11:00", "2026-11-20T11:00", "2026-11-27T11:00"]);
        assert_eq!(instants("0 12 13 * *", "2026-11-01T00:00", "2026-12-01T00:00"), ["2026-11-13T11:00"]);
        assert_eq!(instants("0 12 * 11 7", "2026-11-01T00:00", "2026-11-09T00:00").len(), 2);
    }

    #[test]
    fn what_is_no_schedule() {
        for text in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5/15 * * * *",
            "*/0 * * * *",
            "5-2 * * * *",
            "* *  * *",
            "0 0 31 2 *",
            "0 0 30 feb *",
            "0 0 * * mond",
            "+1 * * * *",
            "001 * * * *",
            "@daily",
            "0 2 * * *\n",
        ] {
            assert!(text.parse::<Schedule>().is_err(), "{text:?}");
        }
        for text in ["*/5 0-6/2,12 1,15 jan-mar sun", "0 0 29 2 *", "59 23 31 12 7"] {
            assert_eq!(text.parse::<Schedule>().unwrap().to_string(), text);
        }
    }
}
