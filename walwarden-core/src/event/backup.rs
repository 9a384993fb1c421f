//! Backup events.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    statement::Object,
    time::Time,
    value::{Decimal, EntryId, present},
};

/// `backup.started`: under a signed head before the work begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupStarted {
    /// The database.
    pub database: String,
    /// The run.
    pub run_id: EntryId,
    /// Why it runs.
    pub trigger: Trigger,
    /// The occurrence it is for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub expected_at: Option<Time>,
    /// The failed run it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub retry_of: Option<EntryId>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<String>,
}

/// What set a backup going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The schedule.
    Schedule,
    /// A person.
    Manual,
    /// A failure before.
    Retry,
}

/// `backup.completed`: the object set is stored and was read back; its statement says more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCompleted {
    /// The database.
    pub database: String,
    /// The run.
    pub run_id: EntryId,
    /// When the work began.
    pub started_at: Time,
    /// Instant of the snapshot.
    pub snapshot_at: Time,
    /// When the last object was read back.
    pub completed_at: Time,
    /// The stored dump.
    pub object: Object,
    /// Dump and content root are of one snapshot.
    pub same_snapshot: bool,
    /// The content root.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub content_root: Option<Digest>,
    /// Fingerprints of the schema.
    pub schema: SchemaDigests,
    /// Tables in the root.
    pub tables: i64,
    /// Rows in the root.
    pub rows: Decimal,
    /// Lines that pg_dump wrote to stderr.
    pub warnings: i64,
}

/// Fingerprints of the schema (`spec:rows-9`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaDigests {
    /// Equal across majors.
    pub portable: Digest,
    /// Equal on one major only.
    pub exact: Digest,
}

/// `backup.failed`: at which stage, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFailed {
    /// The database.
    pub database: String,
    /// The run.
    pub run_id: EntryId,
    /// Where it failed.
    pub stage: Stage,
    /// Stable code.
    pub reason_code: String,
    /// Of the child process.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub exit_code: Option<i64>,
    /// Redacted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub message: Option<String>,
    /// The failed run it repeated.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub retry_of: Option<EntryId>,
}

/// A stage of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Programs, versions, privileges.
    Preflight,
    /// The connection.
    Connect,
    /// The exported snapshot.
    Snapshot,
    /// pg_dump.
    Dump,
    /// The content root.
    Content,
    /// Encryption.
    Encrypt,
    /// Storing and reading back.
    Upload,
    /// The statement.
    Sign,
    /// The copy.
    Copy,
}

impl Stage {
    /// The word in the event.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Connect => "connect",
            Self::Snapshot => "snapshot",
            Self::Dump => "dump",
            Self::Content => "content",
            Self::Encrypt => "encrypt",
            Self::Upload => "upload",
            Self::Sign => "sign",
            Self::Copy => "copy",
        }
    }
}
