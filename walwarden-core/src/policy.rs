//! Policies: `policy.toml` and its resolved form (`spec:policy-1` to `spec:policy-4`).
//!
//! Only the members in use so far; an unknown key is an error, a missing one promises nothing.

mod spelling;

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    jcs::{self, JcsError},
    time::Time,
    value::present,
};

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
    /// IANA time zone.
    pub timezone: String,
    /// Databases in scope, by id.
    pub databases: Vec<DatabasePolicy>,
}

/// What is promised for one database. Durations are in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabasePolicy {
    /// Its id.
    pub id: String,
    /// Who owns it.
    pub owner: String,
    /// Who runs it.
    pub provider: String,
    /// Account, by reference.
    pub account_ref: String,
    /// Region.
    pub region: String,
    /// How critical.
    pub criticality: String,
    /// Longest accepted loss.
    pub rpo_s: i64,
    /// Longest accepted recovery.
    pub rto_s: i64,
    /// Longest run; ends a dead one.
    pub max_run_s: i64,
    /// From failure to the next success.
    pub max_resolution_s: i64,
    /// Queries that must give true after a restore.
    pub smoke: Vec<SmokeQuery>,
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

/// Why a policy is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Not TOML, or with unknown or missing keys.
    #[error("{0}")]
    Toml(String),
    /// A value that means nothing.
    #[error("{key} = {value:?} is not {expected}")]
    Value {
        /// Which key.
        key: &'static str,
        /// What it says.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A database lacks a promise, here and in the defaults.
    #[error("database {database} has no {key}, and [defaults] has none either")]
    Missing {
        /// Which database.
        database: String,
        /// Which key.
        key: &'static str,
    },
    /// The same database twice.
    #[error("database {0} occurs twice")]
    Duplicate(String),
    /// The resolved form is not canonical.
    #[error(transparent)]
    Jcs(#[from] JcsError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    policy: Head,
    #[serde(default)]
    defaults: Promises,
    #[serde(default)]
    database: Vec<FileDatabase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: String,
    organisation: String,
    effective_from: String,
    author: String,
    approved_by: String,
    approval_ref: Option<String>,
    timezone: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Promises {
    rpo: Option<String>,
    rto: Option<String>,
    max_run: Option<String>,
    max_resolution: Option<String>,
    restore_test: Option<RestorePromises>,
}

#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields)]
struct RestorePromises {
    #[serde(default)]
    smoke: Vec<SmokeQuery>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileDatabase {
    id: String,
    owner: String,
    provider: String,
    account_ref: String,
    region: String,
    criticality: String,
    rpo: Option<String>,
    rto: Option<String>,
    max_run: Option<String>,
    max_resolution: Option<String>,
    restore_test: Option<RestorePromises>,
}

impl Policy {
    /// Reads `policy.toml` and resolves it.
    ///
    /// # Errors
    /// The file's author is at fault.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|e| PolicyError::Toml(format!("{e}")))?;
        if let Some(what) = spelling::beyond_1_0(text) {
            return Err(PolicyError::Toml(format!("{what}: a policy is TOML 1.0, and this came with TOML 1.1")));
        }
        let mut databases: Vec<DatabasePolicy> =
            file.database.into_iter().map(|database| resolve(database, &file.defaults)).collect::<Result<_, _>>()?;
        databases.sort_by(|a, b| a.id.as_bytes().cmp(b.id.as_bytes()));
        if let Some([first, ..]) = databases.windows(2).find(|pair| matches!(pair, [a, b] if a.id == b.id)) {
            return Err(PolicyError::Duplicate(first.id.clone()));
        }
        Ok(Self {
            r#type: POLICY_TYPE.into(),
            version: file.policy.version,
            organisation: file.policy.organisation,
            effective_from: instant(&file.policy.effective_from)?,
            author: file.policy.author,
            approved_by: file.policy.approved_by,
            approval_ref: file.policy.approval_ref,
            timezone: file.policy.timezone,
            databases,
        })
    }

    /// Parses a resolved policy.
    ///
    /// # Errors
    /// Not canonical, or other members.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let policy: Self = jcs::parse_exact(bytes)?;
        if policy.r#type == POLICY_TYPE { Ok(policy) } else { Err(PolicyError::Toml("another _type".into())) }
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

fn resolve(database: FileDatabase, defaults: &Promises) -> Result<DatabasePolicy, PolicyError> {
    let promise = |key: &'static str, own: &Option<String>, default: &Option<String>| {
        let text = own.as_ref().or(default.as_ref());
        let text = text.ok_or_else(|| PolicyError::Missing { database: database.id.clone(), key })?;
        duration(key, text)
    };
    let smoke = database.restore_test.as_ref().or(defaults.restore_test.as_ref()).cloned().unwrap_or_default();
    Ok(DatabasePolicy {
        rpo_s: promise("rpo", &database.rpo, &defaults.rpo)?,
        rto_s: promise("rto", &database.rto, &defaults.rto)?,
        max_run_s: promise("max_run", &database.max_run, &defaults.max_run)?,
        max_resolution_s: promise("max_resolution", &database.max_resolution, &defaults.max_resolution)?,
        smoke: smoke.smoke,
        id: database.id,
        owner: database.owner,
        provider: database.provider,
        account_ref: database.account_ref,
        region: database.region,
        criticality: database.criticality,
    })
}

/// `30m`, `24h`, `14d` in seconds.
fn duration(key: &'static str, text: &str) -> Result<i64, PolicyError> {
    let wrong = || PolicyError::Value { key, value: text.into(), expected: "a duration like 30m, 24h or 14d" };
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return Err(wrong()),
    };
    // Digits only: a number's own parser would take a sign.
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    let number: i64 = number.parse::<u32>().ok().filter(|_| digits).ok_or_else(wrong)?.into();
    number.checked_mul(seconds).filter(|n| *n > 0).ok_or_else(wrong)
}

/// RFC 3339 to the second, in UTC, as people write it in a policy.
fn instant(text: &str) -> Result<Time, PolicyError> {
    let spelt = match text.strip_suffix('Z') {
        Some(rest) if rest.len() == 19 => format!("{rest}.000000Z"),
        _ => text.into(),
    };
    spelt.parse().map_err(|_| PolicyError::Value {
        key: "effective_from",
        value: text.into(),
        expected: "a time like 2026-07-01T00:00:00Z",
    })
}
