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

/// Codes of flags that rules read (`spec:events-8`).
pub mod flag {
    /// `scope_inventory`: a database that is neither in scope nor excluded.
    pub const DATABASE_UNKNOWN: &str = "database-unknown";
    /// `scope_inventory`: a database in scope lies on another system than before.
    pub const IDENTITY_CHANGED: &str = "identity-changed";
    /// `access_control`: a role is superuser that was not, and that the policy does not allow.
    pub const SUPERUSER_ADDED: &str = "superuser-added";
    /// `access_control`: a login can become superuser by membership that could not, and that the policy does not allow.
    pub const SUPERUSER_REACHABLE: &str = "superuser-reachable";
    /// `access_control`: a role has rights beyond those that the policy's model gives it.
    pub const ROLE_OUTSIDE_MODEL: &str = "role-outside-model";
    /// `encryption_at_rest`, `provider_document`: the storage of the database is encrypted.
    pub const AT_REST_ENCRYPTED: &str = "at-rest-encrypted";
    /// `encryption_at_rest`, `provider_document`: the storage of the database is not encrypted.
    pub const AT_REST_UNENCRYPTED: &str = "at-rest-unencrypted";
    /// `provider_document`: the supplier that the document is of, as the policy names it.
    pub const SUPPLIER: &str = "supplier";
    /// `change_management`: a migration that was applied, and that no commit of the span brought.
    pub const MIGRATION_WITHOUT_COMMIT: &str = "migration-without-commit";
    /// `change_management`: a commit that brought a migration, which was not applied.
    pub const COMMIT_WITHOUT_MIGRATION: &str = "commit-without-migration";
    /// `change_management`: a migration whose commit nobody approved.
    pub const MIGRATION_UNAPPROVED: &str = "migration-unapproved";
    /// `change_management`: a migration whose commit its own author approved, and nobody else.
    pub const SELF_APPROVED: &str = "self-approved";
    /// `schema_snapshot`: the schema is another than in the capture before, and no migration was applied in between.
    pub const DRIFT_WITHOUT_MIGRATION: &str = "drift-without-migration";
    /// `store_inventory`: a backup that the chain says is held is not in the store; the detail is the entry's id.
    pub const BACKUP_MISSING: &str = "backup-missing";
    /// `connection_logs`, `query_audit`: a setting without which the log lacks what it should hold.
    pub const SETTING_OFF: &str = "setting-off";
    /// `connection_logs`, `query_audit`: a database or a role overrides such a setting.
    pub const SETTING_OVERRIDDEN: &str = "setting-overridden";
    /// `connection_logs`, `query_audit`: the capture holds settings, and no export of the log.
    pub const NO_EXPORT: &str = "no-export";
    /// `connection_logs`, `query_audit`: the export begins after, or ends before, the span that it should cover.
    pub const EDGE_MISSING: &str = "edge-missing";
    /// `connection_logs`, `query_audit`: a day of the span of which the export has no line.
    pub const GAP_DAY: &str = "gap-day";
}
