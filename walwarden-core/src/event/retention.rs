//! Deleting backups, and holds that forbid it.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::value::{EntryId, present};

/// `retention.pruned`: stored objects were deleted by a rule of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionPruned {
    /// The database.
    pub database: String,
    /// The run.
    pub run_id: EntryId,
    /// By which rule.
    pub rule: PruneRule,
    /// What was to be deleted.
    pub objects: Vec<PrunedObject>,
    /// Backups of which the store confirmed that they are gone.
    pub confirmed: Vec<EntryId>,
    /// Backups that a hold kept.
    pub held: Vec<EntryId>,
}

/// How many backups of which kind are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PruneRule {
    /// The tier that the objects fell out of.
    pub tier: Tier,
    /// How many it keeps.
    pub keep: i64,
}

/// What a number of backups is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The last of a day.
    Daily,
    /// The last of an ISO week.
    Weekly,
    /// The last of a month.
    Monthly,
    /// Each of the last ones.
    KeepLast,
}

/// An object that was to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrunedObject {
    /// Entry of the backup.
    pub backup: EntryId,
    /// Key in the store.
    pub key: String,
    /// Version, where the store has versions.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub version_id: Option<String>,
    /// Age in days.
    pub age_days: i64,
}

/// `hold.changed`: something must not be deleted, or may be again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldChanged {
    /// What became of the hold.
    pub action: HoldAction,
    /// What it is about.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Person id.
    pub by: String,
}

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldAction {
    /// It begins.
    Placed,
    /// It ends.
    Released,
}
