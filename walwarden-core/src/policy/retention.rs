//! How long backups and evidence are kept, where copies lie, how backups are encrypted.

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::duration::{Duration, Span, WrittenSpan};
use crate::{event::LockMode, value::present};

/// Which backups are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Retention {
    /// The last of each of so many days, weeks and months.
    Tiers {
        /// Local days.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        daily: Option<i64>,
        /// ISO weeks.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        weekly: Option<i64>,
        /// Calendar months.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        monthly: Option<i64>,
        /// Seconds that a backup may stay after it fell out of all of them.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        grace_s: Option<i64>,
        /// What asks for it, by reference.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        contract_ref: Option<String>,
    },
    /// The last so many.
    KeepLast {
        /// How many.
        keep: i64,
        /// As of the tiers.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        grace_s: Option<i64>,
        /// As of the tiers.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        contract_ref: Option<String>,
    },
}

#[derive(Deserialize, Clone)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WrittenRetention {
    Tiers {
        daily: Option<i64>,
        weekly: Option<i64>,
        monthly: Option<i64>,
        grace: Option<Duration>,
        contract_ref: Option<String>,
    },
    KeepLast {
        keep: i64,
        grace: Option<Duration>,
        contract_ref: Option<String>,
    },
}

impl From<WrittenRetention> for Retention {
    fn from(written: WrittenRetention) -> Self {
        let seconds = |duration: Option<Duration>| duration.map(|Duration(seconds)| seconds);
        match written {
            WrittenRetention::Tiers { daily, weekly, monthly, grace, contract_ref } => {
                Self::Tiers { daily, weekly, monthly, grace_s: seconds(grace), contract_ref }
            }
            WrittenRetention::KeepLast { keep, grace, contract_ref } => {
                Self::KeepLast { keep, grace_s: seconds(grace), contract_ref }
            }
        }
    }
}

/// Where copies of a backup lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    /// How many there are at least; 0: none is promised.
    pub min: i64,
    /// In what each lies apart from the source.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub separation: Option<Apart>,
    /// Seconds after which each is read again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reverify_s: Option<i64>,
    /// What keeps them from being deleted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub object_lock: Option<LockMode>,
}

/// In what a copy lies apart from the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// Another provider.
    Provider,
    /// Another account.
    Account,
    /// Another region.
    Region,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenCopies {
    min: i64,
    separation: Option<Apart>,
    reverify: Option<Duration>,
    object_lock: Option<LockMode>,
}

impl From<WrittenCopies> for Copies {
    fn from(written: WrittenCopies) -> Self {
        let WrittenCopies { min, separation, reverify, object_lock } = written;
        Self { min, separation, reverify_s: reverify.map(|Duration(seconds)| seconds), object_lock }
    }
}

/// How backups are encrypted, on their way and at rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// Algorithms, one of which a backup has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backup: Vec<Algorithm>,
    /// Oldest version of TLS.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub tls_min: Option<Tls>,
    /// On what the word about the database's own disks rests.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub db_at_rest: Option<AtRest>,
}

impl Encryption {
    /// How a connection is weaker than promised: `protocol` is what the server calls it; `unix`, which crosses no network, is
    /// never weaker.
    #[must_use]
    pub fn weaker_tls(&self, protocol: &str) -> Option<String> {
        let least = self.tls_min?;
        let keeps = protocol == "unix" || Tls::of_protocol(protocol).is_some_and(|used| used >= least);
        let words = if least == Tls::V1_2 { "1.2" } else { "1.3" };
        (!keeps).then(|| format!("read over {protocol}, promised TLS {words} at least"))
    }
}

/// An algorithm for backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// age, to recipients on X25519.
    #[serde(rename = "age-x25519")]
    AgeX25519,
    /// AES-256 in GCM.
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
}

impl Algorithm {
    /// The word in policies and statements.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AgeX25519 => "age-x25519",
            Self::Aes256Gcm => "aes-256-gcm",
        }
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tls {
    /// TLS 1.2.
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}

impl Tls {
    /// Reads what a server calls its protocol, `TLSv1.3` say.
    #[must_use]
    pub fn of_protocol(protocol: &str) -> Option<Self> {
        match protocol {
            "TLSv1.2" => Some(Self::V1_2),
            "TLSv1.3" => Some(Self::V1_3),
            _ => None,
        }
    }
}

/// On what the word about encryption of a database's disks rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtRest {
    /// Somebody says so.
    Declared,
    /// The provider's interface says so.
    Api,
}

/// How long evidence is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceRetention {
    /// The chain and its bundles.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub chain: Option<Span>,
    /// Logs of the databases.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub logs: Option<LogRetention>,
}

/// How long logs of the databases are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRetention {
    /// At hand.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub online: Option<Span>,
    /// Somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub archive: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenEvidenceRetention {
    chain: Option<WrittenSpan>,
    logs: Option<WrittenLogs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLogs {
    online: Option<WrittenSpan>,
    archive: Option<WrittenSpan>,
}

impl From<WrittenEvidenceRetention> for EvidenceRetention {
    fn from(written: WrittenEvidenceRetention) -> Self {
        let span = |written: Option<WrittenSpan>| written.map(|WrittenSpan(span)| span);
        let logs = |WrittenLogs { online, archive }| LogRetention { online: span(online), archive: span(archive) };
        Self { chain: span(written.chain), logs: written.logs.map(logs) }
    }
}
