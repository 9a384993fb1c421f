//! `key-registry/v1`: who may sign what (`spec:keys-4` to `spec:keys-7`).

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{Predicate, Subject};
use crate::{
    digest::Digest,
    key::{KeyId, PublicKey},
    merkle::TreeHead,
    value::{Origin, nullable, present},
};

/// The predicate. Its subjects are all keys, roots first: name = key id, digest = fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRegistry {
    /// The chain.
    pub origin: Origin,
    /// From 1, without gap.
    pub version: i64,
    /// Payload digest of the version before; `null` for 1.
    #[serde(deserialize_with = "nullable")]
    pub previous: Option<Digest>,
    /// Root keys.
    pub roots: Vec<PublicKey>,
    /// How many roots must sign a version. It says nothing of what an auditor requires.
    pub threshold: i64,
    /// How the keys were made.
    pub ceremony: Ceremony,
    /// All other keys; a public key occurs once.
    pub keys: Vec<RegistryKey>,
}

impl Predicate for KeyRegistry {
    const TYPE: &'static str = "https://walwarden.dev/spec/key-registry/v1";
    const FILE: &'static str = "keys/registry.ndjson";
}

impl KeyRegistry {
    /// The key of this id, as this version lists it.
    #[must_use]
    pub fn find(&self, id: &KeyId) -> Option<&RegistryKey> {
        self.keys.iter().find(|key| key.jwk.id() == *id)
    }

    /// The subjects that a statement over this registry must have.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let keys = self.roots.iter().chain(self.keys.iter().map(|key| &key.jwk));
        keys.map(|key| Subject::new(key.id().as_str(), key.fingerprint())).collect()
    }
}

/// How the keys were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ceremony {
    /// All on one host: whoever had that host had every key.
    SameHost,
    /// Roots apart from the keys they delegate to.
    Separate,
}

/// A key and what it may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryKey {
    /// The public key.
    pub jwk: PublicKey,
    /// What it may sign; sorted, none twice.
    pub uses: Vec<Use>,
    /// Who holds it.
    pub custodian: String,
    /// In what.
    pub storage: Storage,
    /// Whether it may still sign.
    pub state: State,
    /// Of a retired or revoked log key: the last head it may have signed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub last_head: Option<LastHead>,
    /// Of a retired or revoked statement key: entries at or above this size do not count.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub last_trusted: Option<TreeHead>,
    /// Of a revoked key: why, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub kind: Option<RevocationKind>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<String>,
}

impl RegistryKey {
    /// The first entry that it does not count for; `None` of an active key.
    #[must_use]
    pub fn cut(&self) -> Option<u64> {
        let log = self.last_head.as_ref().map(|head| head.size);
        log.or(self.last_trusted.map(|head| head.size))
    }
}

/// What a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Backup statements.
    Backup,
    /// Bundle statements.
    Bundle,
    /// Evidence statements.
    Evidence,
    /// Checkpoints; a log key has no other use.
    Log,
    /// Restore-test statements.
    RestoreTest,
    /// Reviews; a person key has no other use.
    Review,
}

impl Use {
    /// The word in the registry.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Bundle => "bundle",
            Self::Evidence => "evidence",
            Self::Log => "log",
            Self::RestoreTest => "restore-test",
            Self::Review => "review",
        }
    }
}

/// Where a private key lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Storage {
    /// A passphrase-encrypted file.
    File,
    /// A separate signing process.
    Agent,
    /// A key management service.
    Kms,
    /// A hardware module.
    Hsm,
}

impl Storage {
    /// The word in the registry.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Agent => "agent",
            Self::Kms => "kms",
            Self::Hsm => "hsm",
        }
    }
}

/// Whether a key may still sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It may.
    Active,
    /// It was replaced.
    Retired,
    /// It must not be believed beyond its cut.
    Revoked,
}

impl State {
    /// The word in the registry.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }
}

/// Why a key was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationKind {
    /// Somebody else may have it.
    Compromised,
    /// It was replaced early.
    Superseded,
}

/// The last head of a log key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastHead {
    /// The chain.
    pub origin: Origin,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Digest,
}
