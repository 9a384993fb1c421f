//! Copies of backups: read again where they lie, handed to another region.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    statement::Object,
    time::Time,
    value::{EntryId, present},
};

/// `copy.verified`: somebody looked at a copy, and this is what was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyVerified {
    /// The database.
    pub database: String,
    /// Entry of the backup.
    pub backup: EntryId,
    /// What was found.
    pub outcome: CopyOutcome,
    /// The copy, as it should be.
    pub location: Object,
    /// How it was looked at.
    pub method: CopyMethod,
    /// Digest of the stored bytes that the backup states.
    pub sha256_expected: Digest,
    /// Digest of what was read, where all of it was.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub sha256_actual: Option<Digest>,
    /// What keeps it from being deleted, as the store says.
    pub lock: Lock,
    /// In what it lies apart from the source.
    pub separation: Separation,
}

/// What was found of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyOutcome {
    /// The bytes of the backup.
    Ok,
    /// Other bytes.
    Mismatch,
    /// Nothing.
    Missing,
    /// The store did not answer.
    Unreachable,
}

impl CopyOutcome {
    /// As the record spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Mismatch => "mismatch",
            Self::Missing => "missing",
            Self::Unreachable => "unreachable",
        }
    }
}

/// How a copy was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopyMethod {
    /// Every byte was read and hashed here.
    FullReread,
    /// The store computed a checksum.
    Checksum,
    /// The store was asked for length and tag alone.
    Head,
}

/// What keeps an object from being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// How.
    pub mode: LockMode,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub until: Option<Time>,
}

/// How an object is kept from being deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockMode {
    /// Not at all.
    None,
    /// By a lock that some persons may lift.
    Governance,
    /// By a lock that nobody may lift.
    Compliance,
}

/// In what a copy lies apart from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// Another provider.
    pub provider: bool,
    /// Another account.
    pub account: bool,
    /// Another region.
    pub region: bool,
}

/// `handoff.recorded`: a backup was put to use in another region, after its root and signature were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoffRecorded {
    /// The database.
    pub database: String,
    /// Entry of the backup.
    pub backup: EntryId,
    /// Where it came from.
    pub from_region: String,
    /// Where it is used.
    pub to_region: String,
    /// The content root of what was restored is that of the backup.
    pub root_verified: bool,
    /// The statement's signature holds.
    pub signature_valid: bool,
    /// Person id.
    pub verified_by: String,
    /// When the database went online there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub online_at: Option<Time>,
}
