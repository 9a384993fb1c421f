//! Evidence that a collector captured.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    time::Time,
    value::{Decimal, EntryId, present},
};

/// `evidence.collected`: a capture, good or failed; what was captured is in blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceCollected {
    /// The database, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub database: Option<String>,
    /// Which collector: `access_control`, ...
    pub collector: String,
    /// The occurrence it is for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due_at: Option<Time>,
    /// The span that it speaks of.
    pub covers: Covers,
    /// What set it going.
    pub trigger: EvidenceTrigger,
    /// How it ended.
    pub outcome: EvidenceOutcome,
    /// Rows in its outputs.
    pub rows: Decimal,
    /// The capture that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub previous: Option<EntryId>,
    /// What differs from that one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub diff: Option<Diff>,
    /// What a reviewer should look at.
    pub flags: Vec<Flag>,
    /// Why it was done by hand, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<String>,
}

/// A span that evidence speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covers {
    /// First instant inside.
    pub from: Time,
    /// First instant after.
    pub to: Time,
}

/// What set a capture going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceTrigger {
    /// The schedule.
    Schedule,
    /// A migration.
    Migration,
    /// A person.
    Manual,
}

/// How a capture ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceOutcome {
    /// It holds what it was to capture.
    Ok,
    /// It does not; its output says why.
    Failed,
}

/// Rows that differ between two captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// Rows that are new.
    pub added: i64,
    /// Rows that are gone.
    pub removed: i64,
    /// Rows that are other.
    pub changed: i64,
}

/// Something that a reviewer should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// A word for programs.
    pub code: String,
    /// For people.
    pub detail: String,
}
