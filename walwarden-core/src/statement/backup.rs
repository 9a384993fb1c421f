//! `backup/v1`: one dump, its snapshot and its content (`spec:statements-7`).

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{Bytes, Head, Object, Predicate};
use crate::{
    digest::Digest,
    event::BackupCompleted,
    rows::ContentLeaf,
    value::{Decimal, present},
};

/// The predicate: what the entry says, repeated, and what only the statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Chain, entry, policy, actor, tool.
    #[serde(flatten)]
    pub head: Head,
    /// Every member of the entry's `data`.
    #[serde(flatten)]
    pub data: BackupCompleted,
    /// The dump before encryption.
    pub plain: Bytes,
    /// `pg_dumpall --globals-only`.
    pub globals: Globals,
    /// Where the row key K lies; absent with blinding `none`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub rowkey: Option<RowKeyObject>,
    /// The content root and its leaf objects.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub content: Option<Content>,
    /// Sequences, which no snapshot holds.
    pub sequences: Listed<Sequence>,
    /// Settings pinned for reading, as read back.
    pub session: BTreeMap<String, String>,
    /// The server.
    pub server: Server,
    /// The connection.
    pub tls: Tls,
    /// The dump's own process.
    pub pg_dump: PgDump,
    /// How the objects are encrypted.
    pub encryption: Encryption,
    /// Number of schema objects by kind.
    pub schema_counts: BTreeMap<String, i64>,
    /// What else a recovery needs, and where it is.
    pub set: CompleteSet,
}

impl Predicate for Backup {
    const TYPE: &'static str = "https://walwarden.dev/spec/backup/v1";
    const FILE: &'static str = "statements/backup.ndjson";
}

impl Backup {
    /// Blobs that hold its lists.
    pub fn blobs(&self) -> impl Iterator<Item = Digest> {
        let content = self.content.iter().flat_map(|content| [content.tables.blob(), content.omitted.blob()]);
        content.chain([self.sequences.blob()]).flatten()
    }
}

/// The globals object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Globals {
    /// Where it lies.
    pub object: Object,
    /// Before encryption.
    pub plain: Bytes,
}

/// The row key's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowKeyObject {
    /// Where it lies.
    pub object: Object,
}

/// The content root and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Always `pgrow-v1`.
    pub canonical: String,
    /// The content root.
    pub root: Digest,
    /// The leaf objects.
    pub tables: Listed<ContentLeaf>,
    /// What is not in the root, and why.
    pub omitted: Listed<Omitted>,
    /// How row leaves are blinded.
    pub blinding: Blinding,
}

/// A list in the statement, or in a blob when it would not fit (`spec:rows-8`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected an array, or an object with the member blob")]
pub enum Listed<T> {
    /// The list.
    Inline(Vec<T>),
    /// A JCS array of the same, elsewhere.
    Blob(ListBlob),
}

impl<T> Listed<T> {
    /// The blob that holds the list, where one does.
    #[must_use]
    pub const fn blob(&self) -> Option<Digest> {
        match self {
            Self::Inline(_) => None,
            Self::Blob(list) => Some(list.blob),
        }
    }
}

/// The blob that holds a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListBlob {
    /// SHA-256 of the blob.
    pub blob: Digest,
}

/// A relation left out of the content root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omitted {
    /// `view`, `foreign-table`, `generated-column`, ...
    pub kind: String,
    /// Schema.
    pub schema: String,
    /// Name; of a column `table.column`.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// How row leaves are blinded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blinding {
    /// `hmac-v1` or `none`.
    pub alg: String,
    /// Commitment to the row key; absent with `none`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub commitment: Option<Digest>,
}

/// A sequence's last value before and after the dump, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// The value given out last; of a sequence that never gave any, what precedes its first.
    pub before: String,
    /// The same, after pg_dump had ended.
    pub after: String,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// `server_version`.
    pub version: String,
    /// From `pg_control_system()`.
    pub system_identifier: Decimal,
    /// Whether it is a standby.
    pub in_recovery: bool,
}

/// The connection's encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// `off`, or the sslmode that was in effect.
    pub mode: String,
    /// Protocol; `none`, or `unix` of a socket of one machine.
    pub protocol: String,
    /// The server certificate, where it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub cert_sha256: Option<Digest>,
}

/// The dump's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PgDump {
    /// `pg_dump --version`.
    pub version: String,
    /// Arguments, without connection arguments.
    pub args: Vec<String>,
    /// 0: the read succeeded. It says nothing of restorability.
    pub exit_code: i64,
    /// SHA-256 of its stderr.
    pub stderr_sha256: Digest,
}

/// Encryption of the stored objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// `none` or `age-x25519`.
    pub alg: String,
    /// Recipients by id.
    pub recipients: Vec<String>,
}

/// References to what the dump does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompleteSet {
    /// Where decryption keys lie.
    pub keys_ref: String,
    /// When they were last seen there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub keys_seen_at: Option<crate::time::Time>,
    /// Where the configuration lies.
    pub config_ref: String,
    /// Its digest.
    pub config_sha256: Digest,
}
