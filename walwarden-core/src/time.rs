//! Times: RFC 3339, UTC, `Z`, six fractional digits, and half-open periods (`spec:bytes-5`).

use alloc::{format, string::String};
use core::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in microseconds since 1970-01-01T00:00:00Z.
///
/// `Display` writes, and `FromStr` accepts, exactly `YYYY-MM-DDTHH:MM:SS.ffffffZ`, years 0000 to 9999, no leap second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// The last instant that can be spelt.
    pub const LAST: Self = Self(253_402_300_799_999_999);

    /// Builds a time from microseconds since the epoch; `None` outside the years 0000 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        const YEAR_0: i64 = -62_167_219_200_000_000;
        const YEAR_10000: i64 = 253_402_300_800_000_000;
        (YEAR_0..YEAR_10000).contains(&micros).then_some(Self(micros))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// For people: `YYYY-MM-DD HH:MM:SS UTC`, whole seconds, the fraction left out.
    #[must_use]
    pub fn to_words(self) -> String {
        let text = format!("{self}");
        match (text.get(..10), text.get(11..19)) {
            (Some(date), Some(clock)) => format!("{date} {clock} UTC"),
            _ => text,
        }
    }

    /// So many seconds later; at most [`Self::LAST`].
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_micros(self.0.saturating_add(seconds.saturating_mul(1_000_000))).unwrap_or(Self::LAST)
    }

    /// Whole seconds from `earlier` to `self`, rounded towards zero.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }
}

/// The text is not a time of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time is written YYYY-MM-DDTHH:MM:SS.ffffffZ")]
pub struct NotATime;

impl FromStr for Time {
    type Err = NotATime;

    fn from_str(s: &str) -> Result<Self, NotATime> {
        const SHAPE: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";
        let bytes: &[u8; 27] = s.as_bytes().try_into().map_err(|_| NotATime)?;
        let fits = |(c, shape): (&u8, &u8)| if *shape == b'0' { c.is_ascii_digit() } else { c == shape };
        if !bytes.iter().zip(SHAPE).fold(true, |all, pair| all & fits(pair)) {
            return Err(NotATime);
        }
        let digits = |range: core::ops::Range<usize>| {
            let text = bytes.get(range).unwrap_or_default();
            text.iter().fold(0_i64, |n, digit| n.wrapping_mul(10).wrapping_add(i64::from(*digit & 15)))
        };
        let days = days_from_civil(digits(0..4), digits(5..7), digits(8..10)).ok_or(NotATime)?;
        let (hour, minute, second) = (digits(11..13), digits(14..16), digits(17..19));
        if hour > 23 || minute > 59 || second > 59 {
            return Err(NotATime);
        }
        let seconds = [(days, 24), (hour, 60), (minute, 60), (second, 1)]
            .iter()
            .fold(0_i64, |sum, (part, unit)| sum.wrapping_add(*part).wrapping_mul(*unit));
        Self::from_micros(seconds.wrapping_mul(1_000_000).wrapping_add(digits(20..26))).ok_or(NotATime)
    }
}

/// Days from 1970-01-01 to a date that exists; four digits of a year and two of the others cannot overflow.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years from March, so that the leap day is the last of its year.
    let year = year.wrapping_sub(i64::from(month < 3));
    let month = month.wrapping_add(9).rem_euclid(12);
    let before_month = month.wrapping_mul(153).wrapping_add(2).div_euclid(5);
    let leap_days = [(4, 1), (100, -1), (400, 1)]
        .iter()
        .fold(0_i64, |sum, (every, sign)| sum.wrapping_add(year.div_euclid(*every).wrapping_mul(*sign)));
    let days = year.wrapping_mul(365).wrapping_add(leap_days).wrapping_add(before_month).wrapping_add(day);
    // 0000-02-29, the day before the first such year, is this many days before the epoch.
    Some(days.wrapping_sub(719_469))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time: DateTime<Utc> = DateTime::from_timestamp_micros(self.0).ok_or(fmt::Error)?;
        write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S%.6fZ"))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::value::parse_str(deserializer)
    }
}

/// A half-open span: `start` is inside, `end` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// First instant inside.
    pub start: Time,
    /// First instant after.
    pub end: Time,
}

impl Period {
    /// Whether `time` lies inside.
    #[must_use]
    pub fn contains(&self, time: Time) -> bool {
        self.start <= time && time < self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    /// Every day of ten thousand years, and those beside the ends of months, as `chrono` counts them.
    #[test]
    fn days_are_those_of_the_calendar() {
        for year in 0..10_000 {
            for (month, day) in (1..=12).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let expected = chrono::NaiveDate::from_ymd_opt(year, month, day)
                    .map(|date| date.signed_duration_since(chrono::NaiveDate::default()).num_days());
                assert_eq!(days_from_civil(year.into(), month.into(), day.into()), expected, "{year}-{month}-{day}");
            }
        }
        assert_eq!("2026-13-01T00:00:00.000000Z".parse::<Time>(), Err(NotATime));
    }

    #[test]
    fn one_spelling() {
        let good = "2026-07-01T00:00:00.000001Z";
        assert_eq!(good.parse::<Time>().unwrap().to_string(), good);
        for bad in [
            "2026-07-01T00:00:00Z",
            "2026-07-01T00:00:00.000000z",
            "2026-07-01 00:00:00.000000Z",
            "2026-02-29T00:00:00.000000Z",
            "2026-07-01T24:00:00.000000Z",
            "2026-07-01T23:59:60.000000Z",
            "2026-07-01T00:00:00.000000+",
            "+026-07-01T00:00:00.000000Z",
        ] {
            assert_eq!(bad.parse::<Time>(), Err(NotATime), "{bad}");
        }
        assert_eq!("0000-01-01T00:00:00.000000Z".parse::<Time>().unwrap().to_string(), "0000-01-01T00:00:00.000000Z");
        assert_eq!("9999-12-31T23:59:59.999999Z".parse::<Time>().unwrap().to_string(), "9999-12-31T23:59:59.999999Z");
    }
}
