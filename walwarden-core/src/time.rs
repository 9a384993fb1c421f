//! Times: RFC 3339, UTC, `Z`, six fractional digits, and half-open periods (`spec:bytes-5`).

use core::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in microseconds since 1970-01-01T00:00:00Z.
///
/// `Display` writes, and `FromStr` accepts, exactly `YYYY-MM-DDTHH:MM:SS.ffffffZ`, years 0000 to 9999, no leap second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
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
        if !bytes.iter().zip(SHAPE).all(fits) {
            return Err(NotATime);
        }
        let field = |from, to| s.get(from..to).and_then(|d| d.parse::<u32>().ok()).ok_or(NotATime);
        let year = i32::try_from(field(0, 4)?).map_err(|_| NotATime)?;
        let time = NaiveDate::from_ymd_opt(year, field(5, 7)?, field(8, 10)?)
            .and_then(|date| {
                date.and_hms_micro_opt(
                    field(11, 13).ok()?,
                    field(14, 16).ok()?,
                    field(17, 19).ok()?,
                    field(20, 26).ok()?,
                )
            })
            .ok_or(NotATime)?;
        Self::from_micros(time.and_utc().timestamp_micros()).ok_or(NotATime)
    }
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
