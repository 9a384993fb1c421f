//! The chain's own events: genesis, policy, scope, keys, exports.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    key::KeyId,
    time::{Period, Time},
    value::{Decimal, Origin, present},
};

/// `chain.genesis`: seq 0, with registry version 1 as its statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The organisation's name.
    pub org_name: String,
    /// IANA time zone of the organisation.
    pub zone: String,
    /// Version of the specification.
    pub spec_version: String,
    /// SPKI digests of the roots: information, never trust.
    pub root_fingerprints: Vec<Digest>,
    /// The chain that this one continues after a loss.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub predecessor: Option<Predecessor>,
}

/// The last head of a lost chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predecessor {
    /// Its origin.
    pub origin: Origin,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}

/// `policy.adopted`: both forms of the policy are blobs of the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyAdopted {
    /// The version's name.
    pub version: String,
    /// SHA-256 of the resolved policy: the policy digest.
    pub sha256: Digest,
    /// SHA-256 of the TOML as written.
    pub toml_sha256: Digest,
    /// From when it counts.
    pub effective_from: Time,
    /// Person id.
    pub author: String,
    /// Person id.
    pub approved_by: String,
    /// Where the approval is filed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub approval_ref: Option<String>,
    /// Digest of the policy before.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub supersedes: Option<Digest>,
    /// What changed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub change: Option<String>,
}

/// `scope.declared`: what is in scope, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeDeclared {
    /// Databases in scope.
    pub databases: Vec<Database>,
    /// Databases left out, with reason and approver.
    pub excluded: Vec<Excluded>,
    /// Every database the server shows.
    pub observed: Vec<Observed>,
    /// SHA-256 of the query that saw them.
    pub query_sha256: Digest,
}

/// A database in scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Its id in the policy.
    pub id: String,
    /// Who runs it.
    pub provider: String,
    /// Account, by reference.
    pub account_ref: String,
    /// Project.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub project: Option<String>,
    /// Branch.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub branch: Option<String>,
    /// Region.
    pub region: String,
    /// `server_version`.
    pub server_version: String,
    /// From `pg_control_system()`.
    pub system_identifier: Decimal,
    /// SHA-256 of the host's name.
    pub host_sha256: Digest,
    /// How critical.
    pub criticality: String,
    /// Who owns it.
    pub owner: String,
    /// In scope from.
    pub from: Time,
    /// In scope until.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub to: Option<Time>,
}

/// A database left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Person id.
    pub approved_by: String,
}

/// A database that the server shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observed {
    /// `datname`.
    pub name: String,
    /// `oid`.
    pub oid: Decimal,
    /// `datistemplate`.
    pub template: bool,
}

/// `key.changed`: a new registry version, which is the entry's statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChanged {
    /// The new version.
    pub registry_version: i64,
    /// What is different.
    pub changes: Vec<KeyChange>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<String>,
}

/// One difference between registry versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// The key.
    pub keyid: KeyId,
    /// What became of it.
    pub action: KeyAction,
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyAction {
    /// It is new.
    Added,
    /// It was replaced.
    Retired,
    /// It must not be believed beyond its cut.
    Revoked,
    /// Somebody else holds it.
    Custodian,
    /// It lies elsewhere.
    Storage,
    /// It is, or was, a root.
    Root,
}

/// `anchor.attached`: somebody outside the organisation saw a head of this chain (`spec:time-9`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorAttached {
    /// Size of the checkpoint.
    pub size: u64,
    /// SHA-256 of its core note.
    pub checkpoint_sha256: Digest,
    /// Who saw it.
    pub kind: AnchorKind,
    /// SHA-256 of the time-stamp token.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub token_sha256: Option<Digest>,
    /// The token's `genTime`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub gen_time: Option<Time>,
}

/// Who saw a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnchorKind {
    /// A time-stamping authority.
    Rfc3161,
    /// A witness, by a cosignature.
    Witness,
    /// Somebody else: a newspaper, say.
    Other,
}

/// `export.made`: `begun` lies under the end checkpoint of the bundle, `written` travels in the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportMade {
    /// Before or after.
    pub state: ExportState,
    /// What is exported.
    pub kind: ExportKind,
    /// For which period.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub period: Option<Period>,
    /// The zone's rules as the producer knows them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub zone: Option<Zone>,
    /// Size of the chain at the end checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub size: Option<u64>,
    /// SHA-256 of the `bundle/v1` payload.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub payload_sha256: Option<Digest>,
    /// The verifier rejected it, and it was written all the same.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub rejected: Option<bool>,
    /// For whom.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub recipient: Option<String>,
}

/// Whether an export is about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportState {
    /// It is.
    Begun,
    /// It was.
    Written,
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// A bundle.
    Bundle,
    /// The chain's lines.
    ChainDump,
    /// The public keys.
    Keys,
}

/// A time zone over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// IANA name.
    pub name: String,
    /// Version of the zone database.
    pub tzdb: String,
    /// Offset from UTC at the period start, in seconds.
    pub offset_s: i64,
    /// Changes of the offset in the period.
    pub transitions: Vec<ZoneTransition>,
}

/// A change of offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneTransition {
    /// When.
    pub at: Time,
    /// The offset from then on, in seconds.
    pub offset_s: i64,
}
