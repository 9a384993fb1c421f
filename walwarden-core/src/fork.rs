//! Evidence of a fork: two histories of one chain, both signed, that cannot both be true (`spec:comparison-2`,
//! `spec:comparison-3`, `spec:comparison-6`).
//!
//! [`Fork`] has one constructor, and it takes the file: what a program claims to have found is exactly what a stranger
//! can check without either bundle.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::{Note, NoteError},
    digest::Digest,
    dsse::Envelope,
    jcs::{self, JcsError},
    key::Ed25519Key,
    merkle::{Proof, ProofError, TreeHead, verify_consistency, verify_inclusion},
    registry::{RegistryError, RootPins, Versions},
    statement::key_registry::{RegistryKey, Use},
    value::Origin,
};

/// `_type` of the file.
pub const FORK_TYPE: &str = "https://walwarden.dev/spec/fork-evidence/v1";

/// The sentence that every file holds.
pub const SAYS: &str =
    "Two histories of one chain were signed that cannot both be true. This does not show who signed them, nor why.";

/// The file, as written. Nothing of it is believed before [`Fork::parse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkEvidence {
    /// Always [`FORK_TYPE`].
    #[serde(rename = "_type")]
    pub r#type: String,
    /// The chain.
    pub origin: Origin,
    /// Always [`SAYS`].
    pub says: String,
    /// What contradicts what.
    pub shows: Shows,
}

/// What contradicts what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shows {
    /// Two heads that one chain cannot have.
    Heads(Heads),
    /// Two registries of one version.
    Registries(Registries),
}

/// Two signed heads, the smaller of which is no prefix of the larger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// Entry hash of the first line of both.
    pub genesis: Digest,
    /// The head of more lines, or either of two of one size.
    pub larger: SignedHead,
    /// Consistency proof from (smaller size, `root`) to the larger head; empty for heads of one size.
    pub proof: Proof,
    /// Every registry version, as envelopes: the log keys are in them.
    pub registry: Vec<Envelope>,
    /// The root that the larger history has at the smaller size.
    pub root: Digest,
    /// The head of fewer lines.
    pub smaller: SignedHead,
}

/// A checkpoint and the place of the genesis in its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedHead {
    /// Inclusion proof of the genesis at index 0.
    pub genesis_proof: Proof,
    /// The whole note.
    pub note: String,
}

/// Two anchored registries that agree below a version and differ in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registries {
    /// Versions of one, from 1.
    pub one: Vec<Envelope>,
    /// Versions of the other, from 1.
    pub other: Vec<Envelope>,
    /// The first version in which they differ.
    pub version: u64,
}

/// Why a file shows no fork under these pins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// Not canonical JSON, or other members.
    #[error("the file is {0}")]
    Jcs(#[from] JcsError),
    /// Another `_type`.
    #[error("the file is no fork evidence: it has another _type")]
    Type,
    /// Another sentence.
    #[error("the file says something else than fork evidence may say")]
    Says,
    /// The registry does not stand, or not under these pins.
    #[error("{which}: {error}")]
    Registry {
        /// Which registry.
        which: &'static str,
        /// What is wrong.
        error: RegistryError,
    },
    /// A part of another chain.
    #[error("{0} is of another chain than the file says")]
    Origin(&'static str),
    /// A head is not signed by a log key that counts at its size.
    #[error("{which}: {error}")]
    Note {
        /// Which head.
        which: &'static str,
        /// What is wrong.
        error: NoteError,
    },
    /// The genesis is not the first line under a head.
    #[error("{which} does not begin with the genesis named: {error}")]
    Genesis {
        /// Which head.
        which: &'static str,
        /// What is wrong.
        error: ProofError,
    },
    /// The proof does not lead from `root` to the larger head.
    #[error("the proof does not hold: {0}")]
    Proof(ProofError),
    /// The smaller head lies in the larger history.
    #[error("the two heads do not contradict each other")]
    NoContradiction,
    /// The registries do not first differ in the version named.
    #[error("the two registries do not first differ in version {0}")]
    SameRegistry(u64),
}

/// Two histories of one chain, shown to contradict each other under an auditor's pins.
#[derive(Debug, Clone)]
pub struct Fork {
    evidence: ForkEvidence,
    bytes: Vec<u8>,
}

impl Fork {
    /// Reads the file and requires all that it must show: this is the only way to a fork.
    ///
    /// *Shape*: canonical JSON of at most 1 MiB, without LF. *Cost*: one signature check a note and a few for each
    /// registry version.
    ///
    /// # Errors
    /// The first thing that is not shown. A spoilt signature or proof shows nothing, and least of all a fork.
    pub fn parse(bytes: &[u8], pins: &RootPins) -> Result<Self, ForkError> {
        let evidence: ForkEvidence = jcs::parse_exact(bytes)?;
        if evidence.r#type != FORK_TYPE {
            return Err(ForkError::Type);
        }
        if evidence.says != SAYS {
            return Err(ForkError::Says);
        }
        match &evidence.shows {
            Shows::Heads(heads) => heads.contradict(&evidence.origin, pins)?,
            Shows::Registries(registries) => registries.contradict(&evidence.origin, pins)?,
        }
        Ok(Self { evidence, bytes: bytes.to_vec() })
    }

    /// What was shown.
    #[must_use]
    pub const fn evidence(&self) -> &ForkEvidence {
        &self.evidence
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl ForkEvidence {
    /// A file that is to show this.
    #[must_use]
    pub fn new(origin: Origin, shows: Shows) -> Self {
        Self { r#type: FORK_TYPE.into(), origin, says: SAYS.into(), shows }
    }
}

impl Heads {
    fn contradict(&self, origin: &Origin, pins: &RootPins) -> Result<(), ForkError> {
        let versions = anchored(&self.registry, origin, pins, "the registry")?;
        let smaller = self.smaller.open(origin, &versions, &self.genesis, "the smaller head")?;
        let larger = self.larger.open(origin, &versions, &self.genesis, "the larger head")?;
        let of_larger = TreeHead { size: smaller.size, root: self.root };
        verify_consistency(&self.proof, &of_larger, &larger).map_err(ForkError::Proof)?;
        if of_larger == smaller { Err(ForkError::NoContradiction) } else { Ok(()) }
    }
}

impl SignedHead {
    fn open(
        &self,
        origin: &Origin,
        versions: &Versions,
        genesis: &Digest,
        which: &'static str,
    ) -> Result<TreeHead, ForkError> {
        let wrong = |error| ForkError::Note { which, error };
        let note = Note::parse(&self.note).map_err(wrong)?;
        if note.head.origin != *origin {
            return Err(ForkError::Origin(which));
        }
        note.verify(&log_keys(versions, note.head.tree.size)).map_err(wrong)?;
        verify_inclusion(&self.genesis_proof, genesis, 0, &note.head.tree)
            .map_err(|error| ForkError::Genesis { which, error })?;
        Ok(note.head.tree)
    }
}

impl Registries {
    fn contradict(&self, origin: &Origin, pins: &RootPins) -> Result<(), ForkError> {
        let one = anchored(&self.one, origin, pins, "the one registry")?;
        let other = anchored(&self.other, origin, pins, "the other registry")?;
        match first_difference(&one, &other) {
            Some(version) if version == self.version => Ok(()),
            _ => Err(ForkError::SameRegistry(self.version)),
        }
    }
}

/// The first version, from 1, that both have and in which they differ.
#[must_use]
pub fn first_difference(one: &Versions, other: &Versions) -> Option<u64> {
    let pairs = one.all().iter().zip(other.all());
    let at = pairs.into_iter().position(|(one, other)| one.payload != other.payload)?;
    u64::try_from(at).ok()?.checked_add(1)
}

fn anchored(
    envelopes: &[Envelope],
    origin: &Origin,
    pins: &RootPins,
    which: &'static str,
) -> Result<Versions, ForkError> {
    let lines: Vec<Vec<u8>> = envelopes.iter().map(Envelope::to_jcs).collect::<Result<_, _>>()?;
    let wrong = |error| ForkError::Registry { which, error };
    let versions = Versions::parse(lines.iter().map(Vec::as_slice)).map_err(wrong)?;
    versions.anchored_by(pins).map_err(wrong)?;
    // All versions have one origin.
    let same = versions.newest().is_some_and(|registry| registry.origin == *origin);
    if same { Ok(versions) } else { Err(ForkError::Origin(which)) }
}

/// Log keys of any version that may have signed a head of this size: a retired or revoked one counts up to its last
/// head, whichever version says so (`spec:keys-9`).
#[must_use]
pub fn log_keys(versions: &Versions, size: u64) -> Vec<Ed25519Key> {
    let listed = || versions.all().iter().flat_map(|version| &version.registry.keys);
    let is_log = |key: &&RegistryKey| key.uses.contains(&Use::Log);
    let beyond = |key: &RegistryKey| key.last_head.as_ref().is_some_and(|last| last.size < size);
    let is_cut = |key: &RegistryKey| listed().any(|other| other.jwk == key.jwk && beyond(other));
    let mut keys: Vec<Ed25519Key> = Vec::new();
    for key in listed().filter(is_log).filter(|key| !is_cut(key)) {
        keys.extend(key.jwk.as_ed25519().filter(|key| !keys.contains(key)).copied());
    }
    keys
}
