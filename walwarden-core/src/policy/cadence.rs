//! How often something is due (`spec:policy-6`).

use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::duration::Expected;
use crate::value::{as_string, parse_str};

/// Windows in local time, in each of which something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cadence {
    /// ISO weeks.
    Weekly,
    /// Calendar months.
    Monthly,
    /// Calendar quarters.
    Quarterly,
    /// Calendar years.
    Yearly,
    /// So many local days, counted from `effective_from`.
    Days(u16),
}

impl Cadence {
    /// Local days of its longest window.
    #[must_use]
    pub const fn longest_days(self) -> i64 {
        match self {
            Self::Weekly => 7,
            Self::Monthly => 31,
            Self::Quarterly => 92,
            Self::Yearly => 366,
            Self::Days(days) => days as i64,
        }
    }
}

impl FromStr for Cadence {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        let days = |s: &str| {
            let digits = s.strip_prefix('P')?.strip_suffix('D')?;
            // One spelling: no sign, no leading zero, four digits at the most.
            let canonical = digits.len() <= 4 && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| canonical).map(Self::Days)
        };
        match s {
            "weekly" => Ok(Self::Weekly),
            "monthly" => Ok(Self::Monthly),
            "quarterly" => Ok(Self::Quarterly),
            "yearly" => Ok(Self::Yearly),
            _ => days(s).ok_or(Expected("weekly, monthly, quarterly, yearly or days like P30D")),
        }
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekly => f.write_str("weekly"),
            Self::Monthly => f.write_str("monthly"),
            Self::Quarterly => f.write_str("quarterly"),
            Self::Yearly => f.write_str("yearly"),
            Self::Days(days) => write!(f, "P{days}D"),
        }
    }
}

/// When evidence is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Frequency {
    /// Once in each window.
    Every(Cadence),
    /// Once after each migration.
    PerMigration,
}

impl FromStr for Frequency {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        match s {
            "per_migration" => Ok(Self::PerMigration),
            _ => s
                .parse()
                .map(Self::Every)
                .map_err(|_| Expected("weekly, monthly, quarterly, yearly, per_migration or days like P30D")),
        }
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(cadence) => fmt::Display::fmt(cadence, f),
            Self::PerMigration => f.write_str("per_migration"),
        }
    }
}

as_string!(Cadence, Frequency);
