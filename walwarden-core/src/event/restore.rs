//! Restore events.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    time::Time,
    value::{Decimal, EntryId, present},
};

/// `restore.started`: under a signed head before the work begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreStarted {
    /// The database.
    pub database: String,
    /// The run.
    pub test_id: EntryId,
    /// Entry of the backup.
    pub backup: EntryId,
    /// Why it is done.
    pub purpose: Purpose,
    /// Where.
    pub environment: Environment,
}

/// Why a backup is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// By the policy's cadence.
    Scheduled,
    /// An exercise.
    Drill,
    /// After a loss.
    Recovery,
    /// To move.
    Migration,
}

/// Where a backup is restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: EnvironmentClass,
    /// SHA-256 of the host's name.
    pub host_sha256: Digest,
}

/// Class of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentClass {
    /// For tests.
    Test,
    /// Before production.
    Staging,
    /// Production.
    Prod,
}

/// Where a backup was restored, with what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestEnvironment {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: EnvironmentClass,
    /// SHA-256 of the host's name.
    pub host_sha256: Digest,
    /// `server_version` of the target; empty when it never started.
    pub server_version: String,
    /// `system_identifier` of the target; 0 when it never started.
    pub system_identifier: Decimal,
    /// Name of the database restored into.
    pub database: String,
}

/// How much was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestScope {
    /// All of it.
    Full,
    /// A part.
    Subset,
}

/// How a restore test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every required comparison holds.
    Passed,
    /// One does not.
    Failed,
    /// It was broken off.
    Aborted,
}

impl Outcome {
    /// The word in the event.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
        }
    }
}

/// `restore.tested`: members as in the statement, which has digests beside the ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreTested {
    /// The database.
    pub database: String,
    /// The run.
    pub test_id: EntryId,
    /// Entry of the backup.
    pub backup: EntryId,
    /// Why it was done.
    pub purpose: Purpose,
    /// Where.
    pub environment: TestEnvironment,
    /// Whole, or part.
    pub scope: TestScope,
    /// Who did it.
    pub performed_by: String,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub approved_by: Option<String>,
    /// Of a real recovery: when the incident was.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub incident_at: Option<Time>,
    /// The operator's command.
    pub started_at: Time,
    /// The database answered.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub usable_at: Option<Time>,
    /// The last required check passed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub checks_passed_at: Option<Time>,
    /// All was over.
    pub ended_at: Time,
    /// How it ended.
    pub outcome: Outcome,
    /// Promised duration in seconds.
    pub rto_target_s: i64,
    /// Promised age in seconds.
    pub rpo_target_s: i64,
    /// Age of the data in seconds.
    pub data_age_s: i64,
    /// Tables in the backup.
    pub tables_expected: i64,
    /// Tables whose rows came back equal.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub tables_equal: Option<i64>,
    /// Rows in the backup.
    pub rows_expected: Decimal,
    /// Rows that came back.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub rows_actual: Option<Decimal>,
    /// Content root of the backup.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub root_expected: Option<Digest>,
    /// Content root of what came back.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub root_actual: Option<Digest>,
    /// What was learnt.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub lessons: Option<String>,
    /// Actions that follow.
    pub actions: Vec<EntryId>,
}
