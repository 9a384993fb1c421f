//! `restore-test/v1`: a backup was restored, and what came back (`spec:statements-8`).

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{EntryRef, Head, Predicate};
use crate::{
    digest::Digest,
    event::{Outcome, Purpose, RestoreTested, TestEnvironment, TestScope},
    time::Time,
    value::{Decimal, EntryId, present},
};

/// The predicate. `backup` and `actions` carry digests beside the ids of the entry's `data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreTest {
    /// Chain, entry, policy, actor, tool.
    #[serde(flatten)]
    pub head: Head,
    /// The database.
    pub database: String,
    /// The run.
    pub test_id: EntryId,
    /// The restored backup: its entry and the payload digest of its statement.
    pub backup: EntryRef,
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
    /// Follows from the numbers below.
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
    pub actions: Vec<EntryRef>,
    /// Steps in order, timed one by one.
    pub steps: Vec<Step>,
    /// The backup's signature, checked before anything was restored.
    pub signature: SignatureSeen,
    /// The backup's bytes, hashed before anything was restored.
    pub bytes: BytesSeen,
    /// Tables that differ: `schema.name`.
    pub table_mismatches: Vec<String>,
    /// Whether the same things were left out on both sides.
    pub omitted_equal: bool,
    /// Schema objects.
    pub schema: SchemaSeen,
    /// Sequence rule.
    pub sequences: SequencesSeen,
    /// Index and heap check.
    pub amcheck: Amcheck,
    /// The policy's own queries.
    pub smoke: Vec<Smoke>,
    /// The rest of the complete set.
    pub set_retrieved: SetRetrieved,
    /// Apart from the source?
    pub isolation: Isolation,
    /// What was left behind.
    pub cleanup: Cleanup,
    /// The runbook followed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub runbook: Option<Runbook>,
    /// Attached documents.
    pub attachments: Vec<Digest>,
}

impl Predicate for RestoreTest {
    const TYPE: &'static str = "https://walwarden.dev/spec/restore-test/v1";
    const FILE: &'static str = "statements/restore-test.ndjson";
}

impl RestoreTest {
    /// The `data` of the entry that references it.
    #[must_use]
    pub fn data(&self) -> RestoreTested {
        RestoreTested {
            database: self.database.clone(),
            test_id: self.test_id,
            backup: self.backup.id,
            purpose: self.purpose,
            environment: self.environment.clone(),
            scope: self.scope,
            performed_by: self.performed_by.clone(),
            approved_by: self.approved_by.clone(),
            incident_at: self.incident_at,
            started_at: self.started_at,
            usable_at: self.usable_at,
            checks_passed_at: self.checks_passed_at,
            ended_at: self.ended_at,
            outcome: self.outcome,
            rto_target_s: self.rto_target_s,
            rpo_target_s: self.rpo_target_s,
            data_age_s: self.data_age_s,
            tables_expected: self.tables_expected,
            tables_equal: self.tables_equal,
            rows_expected: self.rows_expected,
            rows_actual: self.rows_actual,
            root_expected: self.root_expected,
            root_actual: self.root_actual,
            lessons: self.lessons.clone(),
            actions: self.actions.iter().map(|action| action.id).collect(),
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// Well.
    Ok,
    /// It failed.
    Failed,
    /// It was not done, and `detail` says why.
    Skipped,
}

/// A step of a restore test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What was done.
    pub name: String,
    /// How it ended.
    pub outcome: StepOutcome,
    /// When it began.
    pub started_at: Time,
    /// How long it took, in whole seconds.
    pub seconds: i64,
    /// Redacted detail.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub detail: Option<String>,
}

/// Whether the backup's signature held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureSeen {
    /// Which key signed.
    pub keyid: String,
    /// Whether it held.
    pub valid: bool,
}

/// Whether the backup's bytes were those stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BytesSeen {
    /// The stored bytes.
    pub cipher: bool,
    /// The dump.
    pub plain: bool,
}

/// Schema objects after the restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaSeen {
    /// The portable fingerprint is equal.
    pub portable: bool,
    /// The exact fingerprint is equal; absent across majors.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub exact: Option<bool>,
    /// Objects by kind, of the backup.
    pub expected: BTreeMap<String, i64>,
    /// Objects by kind, of what came back.
    pub actual: BTreeMap<String, i64>,
    /// A blob with the difference.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub diff: Option<Digest>,
}

/// The sequence rule: `before <= restored <= after`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequencesSeen {
    /// Whether all hold.
    pub ok: bool,
    /// Those that do not: `schema.name`.
    pub failed: Vec<String>,
}

/// Result of `amcheck`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amcheck {
    /// No corruption found.
    Ok,
    /// Corruption found.
    Failed,
    /// The extension is not there.
    Absent,
}

/// One smoke query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smoke {
    /// Its name.
    pub name: String,
    /// SHA-256 of the query.
    pub cmd_sha256: Digest,
    /// 0 when it gave true.
    pub exit_code: i64,
    /// Seconds.
    pub seconds: i64,
    /// SHA-256 of its output.
    pub output_sha256: Digest,
}

/// Whether the rest of the complete set came from its own place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRetrieved {
    /// Keys.
    pub keys: bool,
    /// Configuration.
    pub config: bool,
}

/// How far the target was from the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isolation {
    /// The same `system_identifier`.
    pub same_system: bool,
    /// The same host.
    pub same_host: bool,
    /// Why, where they are the same.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<String>,
}

/// Whether the target was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    /// It was.
    pub dropped: bool,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub at: Option<Time>,
}

/// The runbook that was followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// Path in its repository.
    pub path: String,
    /// Its digest.
    pub sha256: Digest,
}
