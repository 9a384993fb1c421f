//! Which evidence is captured how often, who reviews it, and where migrations are read.

use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    cadence::Frequency,
    duration::{Duration, Expected},
};
use crate::value::{as_string, parse_str, present};

/// A capture that recurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidencePolicy {
    /// What captures it.
    pub collector: Collector,
    /// How often.
    pub frequency: Frequency,
    /// Of captures after migrations: seconds after which each is due.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due_within_s: Option<i64>,
    /// Person ids, one of whom reviews it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// Seconds until then.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub review_within_s: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenEvidence {
    collector: Collector,
    frequency: Frequency,
    due_within: Option<Duration>,
    #[serde(default)]
    reviewers: Vec<String>,
    review_within: Option<Duration>,
}

impl From<WrittenEvidence> for EvidencePolicy {
    fn from(written: WrittenEvidence) -> Self {
        let WrittenEvidence { collector, frequency, due_within, reviewers, review_within } = written;
        let seconds = |duration: Option<Duration>| duration.map(|Duration(seconds)| seconds);
        let (due_within_s, review_within_s) = (seconds(due_within), seconds(review_within));
        Self { collector, frequency, due_within_s, reviewers, review_within_s }
    }
}

macro_rules! collectors {
    ($($(#[$doc:meta])* $name:literal => $variant:ident),* $(,)?) => {
        /// What captures evidence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Collector {
            $($(#[$doc])* $variant,)*
        }

        impl Collector {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in policies and events.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

collectors! {
    /// Databases of a server, and which server it is.
    "scope_inventory" => ScopeInventory,
    /// Roles, memberships and grants.
    "access_control" => AccessControl,
    /// Columns that may be encrypted, and the storage's own encryption.
    "encryption_at_rest" => EncryptionAtRest,
    /// A document of a provider.
    "provider_document" => ProviderDocument,
    /// Migrations, commits, approvals.
    "change_management" => ChangeManagement,
    /// The schema and what changed in it.
    "schema_snapshot" => SchemaSnapshot,
    /// Settings and exports of logs of connections.
    "connection_logs" => ConnectionLogs,
    /// Settings and exports of logs of statements.
    "query_audit" => QueryAudit,
    /// Everything that a store holds.
    "store_inventory" => StoreInventory,
    /// Who holds the keys, and where.
    "key_escrow" => KeyEscrow,
    /// A file that a person brings.
    "manual" => Manual,
}

impl Collector {
    /// Whether it captures one database at a time; the others capture something of the organisation.
    #[must_use]
    pub const fn is_of_database(self) -> bool {
        !matches!(self, Self::ProviderDocument | Self::StoreInventory | Self::KeyEscrow | Self::Manual)
    }
}

/// Collectors of a later version: a policy that promises one would promise nothing.
const LATER: [&str; 5] = ["column_encryption", "backup_encryption", "log_retention", "store_access", "backup_config"];

impl FromStr for Collector {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        let known = Self::ALL.iter().find(|collector| collector.word() == s).copied();
        known.ok_or(if LATER.contains(&s) {
            Expected("a collector of this version; that one comes later, and `manual` files what it would show")
        } else {
            Expected(
                "scope_inventory, access_control, encryption_at_rest, provider_document, change_management, \
                 schema_snapshot, connection_logs, query_audit, store_inventory, key_escrow or manual",
            )
        })
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
as_string!(Collector);

/// Where the migrations of a database are read, and the commits that brought them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Migrations {
    /// The table that drizzle keeps.
    Drizzle {
        /// Its schema.
        schema: String,
        /// Its name.
        table: String,
        /// Repository of the configuration.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        repo: Option<String>,
        /// Folder in it.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        path: Option<String>,
        /// Branch that is put to use.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        branch: Option<String>,
    },
    /// A query that gives id, and perhaps hash and time of application.
    Query {
        /// The query.
        sql: String,
        /// As of drizzle.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        repo: Option<String>,
        /// As of drizzle.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        path: Option<String>,
        /// As of drizzle.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        branch: Option<String>,
    },
}

impl Migrations {
    /// Repository, folder and branch stand together, or none of them does.
    pub(super) const fn holds(&self) -> bool {
        let (Self::Drizzle { repo, path, branch, .. } | Self::Query { repo, path, branch, .. }) = self;
        repo.is_some() == path.is_some() && path.is_some() == branch.is_some()
    }
}
