//! Lengths of time as a policy writes them (`spec:policy-3`).

use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::value::parse_str;

/// `30m`, `24h`, `14d`: seconds, more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration(pub(super) i64);

/// `2s`, `500ms`: milliseconds, more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset(pub(super) i64);

/// For how long something is kept, in days or in calendar months: a year has twelve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Span {
    /// `7d`.
    Days(i64),
    /// `12mo`, `3y`.
    Months(i64),
}

impl Span {
    /// Days that it has at the least: no month has fewer than 28, no year fewer than 365.
    #[must_use]
    pub const fn least_days(self) -> i64 {
        match self {
            Self::Days(days) => days,
            Self::Months(months) => {
                let (years, rest) = (months.div_euclid(12), months.rem_euclid(12));
                years.saturating_mul(365).saturating_add(rest.saturating_mul(28))
            }
        }
    }
}

/// A [`Span`] as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct WrittenSpan(pub(super) Span);

/// A text is not what is expected there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Expected(pub &'static str);

impl FromStr for Duration {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        let read = number_and_unit(s, &[("m", 60), ("h", 3600), ("d", 86400)]);
        read.map(Self).ok_or(Expected("a duration like 30m, 24h or 14d"))
    }
}

impl FromStr for Offset {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        number_and_unit(s, &[("s", 1000), ("ms", 1)]).map(Self).ok_or(Expected("an offset like 2s or 500ms"))
    }
}

impl FromStr for WrittenSpan {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        let days = || number_and_unit(s, &[("d", 1)]).map(Span::Days);
        let months = || number_and_unit(s, &[("mo", 1), ("y", 12)]).map(Span::Months);
        days().or_else(months).map(Self).ok_or(Expected("a span like 14d, 12mo or 3y"))
    }
}

macro_rules! from_text {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parse_str(deserializer)
            }
        }
    )*};
}
from_text!(Duration, Offset, WrittenSpan);

/// Digits and one of these units; more than 0, and the number below 2^32.
fn number_and_unit(text: &str, units: &[(&str, i64)]) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let number: i64 = number.parse::<u32>().ok()?.into();
    number.checked_mul(*factor).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_twelve_months_and_a_month_is_no_number_of_days() {
        let span = |text: &str| text.parse::<WrittenSpan>().unwrap().0;
        assert_eq!(span("3y"), span("36mo"));
        assert_eq!((span("3y").least_days(), span("1mo").least_days(), span("30d").least_days()), (1095, 28, 30));
        assert!("3y".parse::<Duration>().is_err(), "a year is no number of seconds");
    }
}
