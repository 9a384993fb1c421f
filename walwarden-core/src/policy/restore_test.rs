//! What is promised of restore tests.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{cadence::Cadence, duration::Duration};
use crate::{event::EnvironmentClass, value::present};

/// What is promised of restore tests, beside the queries of [`super::DatabasePolicy::smoke`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreTestPolicy {
    /// How often there is one that passes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub cadence: Option<Cadence>,
    /// Longest time without one that passed, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub guard_s: Option<i64>,
    /// How often the whole recovery is exercised.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub full_exercise: Option<Cadence>,
    /// Whether `amcheck` has to run.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub amcheck: Option<AmcheckPolicy>,
    /// Where a test may be made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment_class: Vec<EnvironmentClass>,
    /// In what the target is another than the source.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub isolation: Option<IsolationPolicy>,
    /// Seconds until a failed test is followed by a passed one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub close_failed_within_s: Option<i64>,
    /// Longest test in seconds; ends a dead one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub max_run_s: Option<i64>,
}

/// Whether `amcheck` has to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmcheckPolicy {
    /// Where the server has it.
    IfAvailable,
    /// Always.
    Required,
}

/// In what the target of a test is another than the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IsolationPolicy {
    /// Its system identifier.
    System,
    /// Its host too.
    Host,
}

/// A query that must give true after a restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmokeQuery {
    /// Its name.
    pub name: String,
    /// One row, one column, true.
    pub sql: String,
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRestoreTest {
    cadence: Option<Cadence>,
    guard: Option<Duration>,
    full_exercise: Option<Cadence>,
    amcheck: Option<AmcheckPolicy>,
    #[serde(default)]
    environment_class: Vec<EnvironmentClass>,
    isolation: Option<IsolationPolicy>,
    close_failed_within: Option<Duration>,
    max_run: Option<Duration>,
    #[serde(default)]
    smoke: Vec<SmokeQuery>,
}

impl WrittenRestoreTest {
    /// What is promised, where anything is, and the queries, which stand beside it.
    pub(super) fn resolve(self) -> (Option<RestoreTestPolicy>, Vec<SmokeQuery>) {
        let seconds = |duration: Option<Duration>| duration.map(|Duration(seconds)| seconds);
        let promised = RestoreTestPolicy {
            cadence: self.cadence,
            guard_s: seconds(self.guard),
            full_exercise: self.full_exercise,
            amcheck: self.amcheck,
            environment_class: self.environment_class,
            isolation: self.isolation,
            close_failed_within_s: seconds(self.close_failed_within),
            max_run_s: seconds(self.max_run),
        };
        ((promised != RestoreTestPolicy::default()).then_some(promised), self.smoke)
    }
}
