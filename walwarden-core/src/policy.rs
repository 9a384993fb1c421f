//! Policies: `policy.toml` and its resolved form (`spec:policy-1` to `spec:policy-8`).
//!
//! An unknown key is an error, a missing one promises nothing. [`lint`] says what is promised and cannot be kept.

mod cadence;
mod database;
mod duration;
mod evidence;
mod hold;
pub mod lint;
mod restore_test;
mod retention;
mod scope;
mod signing;
mod spelling;
mod written;

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    jcs::{self, JcsError},
    time::Time,
    value::present,
};

pub use cadence::{Cadence, Frequency};
pub use database::{DatabasePolicy, ExtraSchedule};
pub use duration::{Expected, Span};
pub use evidence::{Collector, EvidencePolicy, Migrations};
pub use restore_test::{AmcheckPolicy, IsolationPolicy, RestoreTestPolicy, SmokeQuery};
pub use retention::{Algorithm, Apart, AtRest, Copies, Encryption, EvidenceRetention, LogRetention, Retention, Tls};
pub use scope::{
    CompleteSet, Exclusion, Framework, NoFramework, NotApplicable, OtherLayer, Part, Roles, Subservice, SupplierReport,
};
pub use signing::{Alerts, Clock, Signing};

use written::Written;

/// `_type` of a resolved policy.
pub const POLICY_TYPE: &str = "https://walwarden.dev/spec/policy/v1";

/// A resolved policy: defaults carried into each database, everything spelt out. Its SHA-256 is the policy digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Always [`POLICY_TYPE`].
    #[serde(rename = "_type")]
    pub r#type: String,
    /// The version's name.
    pub version: String,
    /// The organisation's name.
    pub organisation: String,
    /// From when it counts.
    pub effective_from: Time,
    /// Person id.
    pub author: String,
    /// Person id.
    pub approved_by: String,
    /// Where the approval is filed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub approval_ref: Option<String>,
    /// IANA time zone of schedules, days, months and windows.
    pub timezone: String,
    /// Frameworks that the report is arranged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frameworks: Vec<Framework>,
    /// Whether the criteria of Availability are in scope.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub soc2_availability_in_scope: Option<bool>,
    /// Seconds within which what happened is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub record_within_s: Option<i64>,
    /// Two persons sign each period.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub sign_off: Option<bool>,
    /// How far clocks may be off.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub clock: Option<Clock>,
    /// Databases in scope, by id.
    pub databases: Vec<DatabasePolicy>,
    /// Databases left out, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Exclusion>,
    /// What a recovery needs.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub complete_set: Option<CompleteSet>,
    /// Backups that somebody else makes, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_layer: Vec<OtherLayer>,
    /// Who signs how.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub signing: Option<Signing>,
    /// Who is told how soon.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub alerts: Option<Alerts>,
    /// Captures that recur, by collector and frequency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidencePolicy>,
    /// How long evidence is kept.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub evidence_retention: Option<EvidenceRetention>,
    /// Suppliers whose own controls are relied on, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subservice: Vec<Subservice>,
    /// Database roles by what they may do.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub roles: Option<Roles>,
    /// Control rules that do not apply, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_applicable: Vec<NotApplicable>,
}

/// Why a policy is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not TOML, or with unknown or missing keys, or a value that means nothing.
    #[error("{0}")]
    Toml(String),
    /// A database lacks a promise, here and in the defaults.
    #[error("database {database} has no {key}, and [defaults] has none either")]
    Missing {
        /// Which database.
        database: String,
        /// Which key.
        key: &'static str,
    },
    /// The same thing promised twice.
    #[error("{0} occurs twice")]
    Duplicate(String),
    /// Members that contradict each other, or a number out of its range.
    #[error("{at}: {what}")]
    Rule {
        /// Where.
        at: String,
        /// What must hold there.
        what: &'static str,
    },
    /// The resolved form is not canonical.
    #[error(transparent)]
    Jcs(#[from] JcsError),
}

impl Policy {
    /// Reads `policy.toml` and resolves it.
    ///
    /// # Errors
    /// The file's author is at fault.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let written = Written::read(text)?;
        if let Some(what) = spelling::beyond_1_0(text) {
            return Err(PolicyError::Toml(format!("{what}: a policy is TOML 1.0, and this came with TOML 1.1")));
        }
        let mut policy = written.resolve()?;
        policy.sort();
        policy.hold()?;
        Ok(policy)
    }

    /// Parses a resolved policy.
    ///
    /// # Errors
    /// Not canonical, or other members, or not what resolving gives.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let policy: Self = jcs::parse_exact(bytes)?;
        if policy.r#type != POLICY_TYPE {
            return Err(PolicyError::Toml("another _type".into()));
        }
        policy.hold()?;
        // What is empty is left out: a second spelling of the same promises would have another digest.
        if policy.to_jcs()? == bytes { Ok(policy) } else { Err(PolicyError::Toml("an empty list is left out".into())) }
    }

    /// The resolved bytes.
    ///
    /// # Errors
    /// Never in practice.
    pub fn to_jcs(&self) -> Result<Vec<u8>, JcsError> {
        jcs::to_vec(self)
    }

    /// The policy digest.
    ///
    /// # Errors
    /// Never in practice.
    pub fn digest(&self) -> Result<Digest, JcsError> {
        Ok(Digest::of(&self.to_jcs()?))
    }

    /// What is promised for a database.
    #[must_use]
    pub fn database(&self, id: &str) -> Option<&DatabasePolicy> {
        self.databases.iter().find(|database| database.id == id)
    }
}
