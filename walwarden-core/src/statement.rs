//! in-toto statements, one file for each predicate (`spec:statements-5` to `spec:statements-11`).

pub mod backup;
pub mod bundle;
pub mod evidence;
pub mod key_registry;
pub mod restore_test;
pub mod review;

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    chain::{Actor, Tool},
    digest::Digest,
    dsse::Authentic,
    jcs::{self, JcsError},
    value::{EntryId, Origin, nullable, present},
};

pub use backup::Backup;
pub use bundle::Bundle;
pub use evidence::Evidence;
pub use key_registry::KeyRegistry;
pub use restore_test::RestoreTest;
pub use review::Review;

/// `_type` of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// An in-toto Statement v1 with exactly its four members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement<P> {
    /// Always [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub r#type: String,
    /// What the statement is about; never empty.
    pub subject: Vec<Subject>,
    /// The predicate's identifier.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// What is stated.
    pub predicate: P,
}

/// A subject: a name and the SHA-256 of the thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// How the thing is called.
    pub name: String,
    /// Its digest.
    pub digest: SubjectDigest,
}

/// The digest set of a subject: SHA-256 alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDigest {
    /// SHA-256.
    pub sha256: Digest,
}

impl Subject {
    /// Names a digest.
    #[must_use]
    pub fn new(name: impl Into<String>, sha256: Digest) -> Self {
        Self { name: name.into(), digest: SubjectDigest { sha256 } }
    }
}

/// A predicate that this version knows.
pub trait Predicate: Serialize + DeserializeOwned {
    /// Its identifier, never dereferenced.
    const TYPE: &'static str;
    /// The file of a bundle that carries such statements.
    const FILE: &'static str;

    /// What must hold beside the shape of the members.
    ///
    /// # Errors
    /// The rule that is broken.
    fn rule(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// Why a payload is not the statement expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not canonical, or members that do not belong.
    #[error("the statement is {0}")]
    Jcs(#[from] JcsError),
    /// Another `_type` or `predicateType`.
    #[error("the statement is of type {0:.80}")]
    Type(String),
    /// No subject.
    #[error("the statement has no subject")]
    NoSubject,
    /// Members that contradict each other.
    #[error("the statement does not hold together: {0}")]
    Rule(&'static str),
}

impl<P: Predicate> Statement<P> {
    /// States `predicate` about `subject`.
    #[must_use]
    pub fn new(subject: Vec<Subject>, predicate: P) -> Self {
        Self { r#type: STATEMENT_TYPE.into(), subject, predicate_type: P::TYPE.into(), predicate }
    }

    /// The canonical payload.
    ///
    /// # Errors
    /// When a number has no canonical form.
    pub fn to_jcs(&self) -> Result<Vec<u8>, JcsError> {
        jcs::to_vec(self)
    }

    /// Parses an authentic payload.
    ///
    /// # Errors
    /// The signer is at fault.
    pub fn parse(authentic: Authentic<'_>) -> Result<Self, StatementError> {
        Self::parse_payload(authentic.payload())
    }

    /// Parses a payload that is about to be signed, or that is shown without being believed.
    ///
    /// # Errors
    /// The payload's author is at fault.
    pub fn parse_payload(payload: &[u8]) -> Result<Self, StatementError> {
        let statement: Self = jcs::parse_exact(payload)?;
        if statement.r#type != STATEMENT_TYPE || statement.predicate_type != P::TYPE {
            return Err(StatementError::Type(statement.predicate_type));
        }
        if statement.subject.is_empty() {
            return Err(StatementError::NoSubject);
        }
        statement.predicate.rule().map_err(StatementError::Rule)?;
        Ok(statement)
    }
}

/// Members that every predicate about an entry has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The chain.
    pub origin: Origin,
    /// Id of the one entry that references this statement.
    pub entry: EntryId,
    /// Digest of the policy in force, as the entry has it.
    #[serde(deserialize_with = "nullable")]
    pub policy: Option<Digest>,
    /// Who acted, as the entry has it.
    pub actor: Actor,
    /// With which program, as the entry has it.
    pub tool: Tool,
}

/// An entry named inside a statement: its id and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRef {
    /// The entry.
    pub id: EntryId,
    /// Payload digest of its statement, else its entry hash.
    pub digest: Digest,
}

/// Bytes and digest of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bytes {
    /// Length.
    pub bytes: crate::value::Decimal,
    /// SHA-256.
    pub sha256: Digest,
}

/// Where an object lies, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// `local`, `s3`, ...
    pub provider: String,
    /// Account, by reference.
    pub account_ref: String,
    /// Region.
    pub region: String,
    /// Bucket, or the folder's name.
    pub bucket: String,
    /// Key inside it.
    pub key: String,
    /// Version, where the store has versions.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub version_id: Option<String>,
    /// ETag; no digest.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub etag: Option<String>,
    /// Length of the stored (encrypted) bytes.
    pub bytes: crate::value::Decimal,
    /// SHA-256 of the stored (encrypted) bytes.
    pub sha256: Digest,
}
