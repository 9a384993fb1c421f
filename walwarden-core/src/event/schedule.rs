//! Duties and their exceptions: windows of maintenance, occurrences that were missed.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{time::Time, value::present};

/// `maintenance.declared`: a span in which some duties rest; it counts if it was recorded before it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceDeclared {
    /// The database, or `*` for all.
    pub database: String,
    /// First instant inside.
    pub from: Time,
    /// First instant after.
    pub to: Time,
    /// Which duties rest.
    pub kinds: Vec<Duty>,
    /// Why.
    pub reason: String,
    /// Person id.
    pub approved_by: String,
}

/// A duty that recurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// A backup by its schedule.
    Backup,
    /// Reading a copy again.
    Copy,
    /// A restore test by its cadence.
    RestoreTest,
    /// A capture by its frequency.
    Evidence,
}

/// `occurrence.missed`: the producer found by itself that something promised did not happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OccurrenceMissed {
    /// What was due.
    pub kind: Duty,
    /// The database, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub database: Option<String>,
    /// The collector, where evidence was due.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub collector: Option<String>,
    /// When it was due.
    pub expected_at: Time,
    /// When its window closed.
    pub window_end: Time,
    /// When the producer noticed.
    pub found_at: Time,
    /// Stable code, where the reason is known.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason_code: Option<String>,
}
