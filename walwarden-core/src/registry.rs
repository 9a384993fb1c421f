//! Registry versions: how they follow each other, which the reader anchors, which key counts where
//! (`spec:keys-4` to `spec:keys-12`).

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use crate::{
    chain::Entries,
    digest::Digest,
    dsse::{DsseError, Envelope},
    event::Event,
    key::{Ed25519Key, KeyId, PublicKey},
    statement::{
        KeyRegistry, Statement, StatementError,
        key_registry::{RegistryKey, State, Use},
    },
    time::Time,
    value::Origin,
};

/// One version, with its envelope.
#[derive(Debug, Clone)]
pub struct Version {
    /// SHA-256 of the payload.
    pub payload: Digest,
    /// SHA-256 of the envelope's bytes.
    pub envelope_digest: Digest,
    /// The envelope.
    pub envelope: Envelope,
    /// What it states.
    pub registry: KeyRegistry,
}

/// All versions in order, each following from the one before.
#[derive(Debug, Clone)]
pub struct Versions(Vec<Version>);

/// Root keys that the auditor pinned, and how many of them must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootPins {
    /// Fingerprints: SHA-256 of the SPKI.
    pub pins: BTreeSet<Digest>,
    /// From the auditor, never from the bundle.
    pub threshold: usize,
}

/// Why a registry does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No version at all.
    #[error("the registry has no version")]
    Empty,
    /// An envelope does not stand.
    #[error("version {version}: {error}")]
    Envelope {
        /// Which version, counted from 1.
        version: usize,
        /// What is wrong.
        error: DsseError,
    },
    /// A payload is not a registry.
    #[error("version {version}: {error}")]
    Statement {
        /// Which version, counted from 1.
        version: usize,
        /// What is wrong.
        error: StatementError,
    },
    /// A version breaks a rule of the format.
    #[error("version {version}: {rule}")]
    Rule {
        /// Which version, counted from 1.
        version: usize,
        /// The broken rule.
        rule: &'static str,
    },
    /// No version is signed by enough pinned roots.
    #[error("no registry version is signed by {threshold} of the pinned root keys; at most {found} signed one")]
    NotAnchored {
        /// How many pins must have signed.
        threshold: usize,
        /// The best of all versions.
        found: usize,
    },
    /// A version is referenced by no entry, or by a wrong one.
    #[error("version {version} is not entered in the chain in its order")]
    NotEntered {
        /// Which version, counted from 1.
        version: usize,
    },
}

impl Versions {
    /// Parses envelopes, one line each without LF, and checks that each version follows from the one before:
    /// numbers, `previous`, origin, signatures by the roots of both (`spec:keys-6`).
    ///
    /// # Errors
    /// The first version that does not follow.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, RegistryError> {
        let mut versions: Vec<Version> = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            let number = index.saturating_add(1);
            let envelope = Envelope::parse(line).map_err(|error| RegistryError::Envelope { version: number, error })?;
            let statement = Statement::<KeyRegistry>::parse_payload(&envelope.payload.0)
                .map_err(|error| RegistryError::Statement { version: number, error })?;
            let rule = |rule| RegistryError::Rule { version: number, rule };
            if statement.subject != statement.predicate.subjects() {
                return Err(rule("its subjects are not its keys"));
            }
            let version = Version {
                payload: envelope.payload_digest(),
                envelope_digest: Digest::of(line),
                envelope,
                registry: statement.predicate,
            };
            well_formed(&version.registry, number).map_err(rule)?;
            follows(versions.last(), &version).map_err(rule)?;
            signed(versions.last(), &version).map_err(|error| RegistryError::Envelope { version: number, error })?;
            versions.push(version);
        }
        if versions.is_empty() { Err(RegistryError::Empty) } else { Ok(Self(versions)) }
    }

    /// The versions in order; never empty.
    #[must_use]
    pub fn all(&self) -> &[Version] {
        &self.0
    }

    /// The newest version.
    #[must_use]
    pub fn newest(&self) -> Option<&KeyRegistry> {
        self.0.last().map(|version| &version.registry)
    }

    /// Requires a version that the auditor's pins anchor (`spec:keys-8`). The versions above it follow by rotation,
    /// those below through `previous`; [`Versions::parse`] has checked both.
    ///
    /// Returns the number of the lowest anchored version.
    ///
    /// # Errors
    /// [`RegistryError::NotAnchored`]: this is not the record of the roots that were pinned.
    pub fn anchored_by(&self, pins: &RootPins) -> Result<usize, RegistryError> {
        let threshold = pins.threshold.max(1);
        let mut best = 0;
        for (index, version) in self.0.iter().enumerate() {
            let roots = &version.registry.roots;
            let pinned: Vec<PublicKey> =
                roots.iter().filter(|r| pins.pins.contains(&r.fingerprint())).copied().collect();
            let found = version.envelope.signers_among(&pinned);
            if found >= threshold {
                return Ok(index.saturating_add(1));
            }
            best = best.max(found);
        }
        Err(RegistryError::NotAnchored { threshold, found: best })
    }

    /// Finds from which entry each version is in force: the one that references it (`spec:keys-7`).
    ///
    /// # Errors
    /// [`RegistryError::NotEntered`] when a version has no entry, or entries name versions out of order.
    pub fn in_force(self, entries: &Entries<'_>) -> Result<Registry, RegistryError> {
        let mut from = Vec::new();
        // Places count lines, not what the lines state: `from` ascends whatever a hostile chain says (spec:keys-7).
        for (place, entry) in (0..).zip(entries.all()) {
            if !entry.is_one_of(&["chain.genesis", "key.changed"]) {
                continue;
            }
            let version = match entry.event() {
                Event::Genesis(_) => 1,
                Event::KeyChanged(data) => data.registry_version,
                _ => return Err(RegistryError::NotEntered { version: from.len().saturating_add(1) }),
            };
            let expected = from.len().saturating_add(1);
            let wrong = RegistryError::NotEntered { version: expected };
            let known = self.0.get(from.len()).ok_or(wrong.clone())?;
            let referenced = matches!(entry.statements().as_slice(), [s] if s.payload == known.payload);
            let same_origin = entry.entry().is_some_and(|entry| entry.origin == known.registry.origin);
            if usize::try_from(version) != Ok(expected) || !referenced || !same_origin {
                return Err(wrong);
            }
            from.push((place, entry.recorded_at));
        }
        if from.len() < self.0.len() {
            return Err(RegistryError::NotEntered { version: from.len().saturating_add(1) });
        }
        Ok(Registry { versions: self, from })
    }
}

/// Rules that one version alone must keep.
fn well_formed(registry: &KeyRegistry, number: usize) -> Result<(), &'static str> {
    if usize::try_from(registry.version) != Ok(number) {
        return Err("its number is not its place");
    }
    let threshold = usize::try_from(registry.threshold).unwrap_or(0);
    if !(1..=registry.roots.len()).contains(&threshold) {
        return Err("its threshold is not between 1 and the number of roots");
    }
    let keys = registry.roots.iter().chain(registry.keys.iter().map(|k| &k.jwk));
    let mut seen = BTreeSet::new();
    if !keys.map(PublicKey::fingerprint).all(|key| seen.insert(key)) {
        return Err("a public key occurs twice");
    }
    registry.keys.iter().try_for_each(key_well_formed)
}

fn key_well_formed(key: &RegistryKey) -> Result<(), &'static str> {
    if key.uses.is_empty() || !key.uses.is_sorted_by(|a, b| a.word() < b.word()) {
        return Err("the uses of a key are empty, doubled or unsorted");
    }
    let alone = |r#use| key.uses.contains(&r#use) && key.uses.len() > 1;
    if alone(Use::Log) || alone(Use::Review) {
        return Err("a log or review key has another use");
    }
    let log = key.uses.contains(&Use::Log);
    if log && key.jwk.as_ed25519().is_none() {
        return Err("a log key is not an Ed25519 key");
    }
    let (cut, other) = (
        if log { key.last_head.is_some() } else { key.last_trusted.is_some() },
        if log { key.last_trusted.is_some() } else { key.last_head.is_some() },
    );
    if other || cut != (key.state != State::Active) {
        return Err("a retired or revoked key has exactly one cut, an active one has none");
    }
    if key.kind.is_some() != (key.state == State::Revoked) {
        return Err("a revoked key, and no other, says what kind of revocation it was");
    }
    Ok(())
}

fn follows(before: Option<&Version>, version: &Version) -> Result<(), &'static str> {
    if version.registry.previous != before.map(|v| v.payload) {
        return Err("previous is not the digest of the version before");
    }
    if before.is_some_and(|v| v.registry.origin != version.registry.origin) {
        return Err("its origin is another");
    }
    Ok(())
}

/// Version 1 is signed by its own roots, every later one by the roots of both (`spec:keys-6`).
fn signed(before: Option<&Version>, version: &Version) -> Result<(), DsseError> {
    let thresholds = |registry: &KeyRegistry| usize::try_from(registry.threshold).unwrap_or(usize::MAX);
    let mut all = version.registry.roots.clone();
    let mut required = alloc::vec![(version.registry.roots.as_slice(), thresholds(&version.registry))];
    if let Some(before) = before {
        all.extend(before.registry.roots.iter().filter(|root| !version.registry.roots.contains(root)));
        required.push((before.registry.roots.as_slice(), thresholds(&before.registry)));
    }
    version.envelope.verify(&all, 1)?;
    for (roots, threshold) in required {
        let found = version.envelope.signers_among(roots);
        if found < threshold {
            return Err(DsseError::Threshold { required: threshold, found });
        }
    }
    Ok(())
}

/// Versions, and from which entry each is in force.
#[derive(Debug, Clone)]
pub struct Registry {
    versions: Versions,
    /// Place of the entry that enters each version, ascending, and its `recorded_at`.
    from: Vec<(u64, Time)>,
}

/// Why a key does not count for something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyState {
    /// Not in the version in force there.
    #[error("key {0} is not in the registry version in force at this entry")]
    Unknown(KeyId),
    /// It is, but for something else.
    #[error("key {keyid} may not sign a {wanted}")]
    Use {
        /// The key.
        keyid: KeyId,
        /// The use that was needed.
        wanted: &'static str,
    },
    /// Signed above the cut of a retired or revoked key.
    #[error("key {keyid} is {} and counts only below entry {cut}", state.word())]
    Cut {
        /// The key.
        keyid: KeyId,
        /// Retired or revoked.
        state: State,
        /// First entry that does not count.
        cut: u64,
    },
}

impl Registry {
    /// The versions.
    #[must_use]
    pub const fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The chain's name.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.versions.newest().map(|registry| &registry.origin)
    }

    /// The version in force at entry `seq`.
    #[must_use]
    pub fn at(&self, seq: u64) -> Option<&KeyRegistry> {
        let index = self.from.partition_point(|(from, _)| *from <= seq).checked_sub(1)?;
        self.versions.0.get(index).map(|version| &version.registry)
    }

    /// Finds a key that may sign `purpose` for entry `seq`; the newest version's cuts govern all of history
    /// (`spec:keys-9`).
    ///
    /// # Errors
    /// Why the key does not count there.
    pub fn key_at(&self, keyid: &KeyId, purpose: Use, seq: u64) -> Result<PublicKey, KeyState> {
        let there = self.at(seq).and_then(|version| version.find(keyid));
        let there = there.ok_or_else(|| KeyState::Unknown(keyid.clone()))?;
        if !there.uses.contains(&purpose) {
            return Err(KeyState::Use { keyid: keyid.clone(), wanted: purpose.word() });
        }
        // A version that no longer lists the key leaves the last cut that was signed standing.
        let newest = self.versions.0.iter().rev().find_map(|version| version.registry.find(keyid));
        let judged = || [Some(there), newest].into_iter().flatten();
        match judged().filter_map(RegistryKey::cut).min() {
            Some(cut) if seq >= cut => {
                let revoked = judged().any(|key| key.state == State::Revoked);
                let state = if revoked { State::Revoked } else { State::Retired };
                Err(KeyState::Cut { keyid: keyid.clone(), state, cut })
            }
            _ => Ok(there.jwk),
        }
    }

    /// Finds a key that may sign a statement of entry `seq`, the run of which `began` at that entry, if it had a run
    /// (`spec:keys-9`): a key that was retired while the run lasted is judged where the run began; a revoked one is not.
    ///
    /// # Errors
    /// Why the key does not count there.
    pub fn key_of_run(
        &self,
        keyid: &KeyId,
        purpose: Use,
        seq: u64,
        began: impl FnOnce() -> Option<u64>,
    ) -> Result<PublicKey, KeyState> {
        match self.key_at(keyid, purpose, seq) {
            Err(KeyState::Cut { state: State::Retired, keyid, cut }) => match began() {
                Some(began) if began < cut => self.key_at(&keyid, purpose, began),
                _ => Err(KeyState::Cut { state: State::Retired, keyid, cut }),
            },
            judged => judged,
        }
    }

    /// All keys that may sign `purpose` for entry `seq`.
    #[must_use]
    pub fn keys_at(&self, purpose: Use, seq: u64) -> Vec<PublicKey> {
        let keys = self.at(seq).map(|registry| registry.keys.as_slice()).unwrap_or_default();
        keys.iter().filter_map(|key| self.key_at(&key.jwk.id(), purpose, seq).ok()).collect()
    }

    /// Log keys that a version retires, and the entry from which it does: the first head that covers this entry must
    /// carry their signatures too (`spec:keys-9`). Revoked keys are not among them: nobody is to use these again. Nor is a
    /// key whose successors were all revoked from a head before that entry: no head of theirs counts there.
    #[must_use]
    pub fn retired_log_keys(&self) -> Vec<(u64, Ed25519Key)> {
        let mut retired = Vec::new();
        let pairs = self.versions.0.iter().zip(self.versions.0.iter().skip(1));
        for ((before, version), (from, _)) in pairs.zip(self.from.iter().skip(1)) {
            let succeeds = |key: &&RegistryKey| {
                key.uses.contains(&Use::Log) && key.state == State::Active && !self.revoked_below(&key.jwk, *from)
            };
            if !version.registry.keys.iter().any(|key| succeeds(&key)) {
                continue;
            }
            let was_active = |key: &PublicKey| {
                before.registry.keys.iter().any(|listed| listed.jwk == *key && listed.state == State::Active)
            };
            let gone = version.registry.keys.iter().filter(|listed| {
                listed.uses.contains(&Use::Log) && listed.state == State::Retired && was_active(&listed.jwk)
            });
            retired.extend(gone.filter_map(|listed| Some((*from, *listed.jwk.as_ed25519()?))));
        }
        retired
    }

    /// Whether a version revokes a log key from a head that does not cover entry `seq`.
    fn revoked_below(&self, log_key: &PublicKey, seq: u64) -> bool {
        let mut listed = self.versions.0.iter().flat_map(|version| &version.registry.keys);
        listed.any(|key| {
            key.jwk == *log_key
                && key.state == State::Revoked
                && key.last_head.as_ref().is_some_and(|head| head.size <= seq)
        })
    }

    /// The view of the newest version that `keys/keys.csv` must equal (`spec:keys-11`). Lines end with LF.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = String::from("key_id,public_key,algorithm,status,activated_at,retired_at\n");
        let recorded = |index: usize| self.from.get(index).map(|(_, at)| format!("{at}")).unwrap_or_default();
        for key in self.versions.newest().map(|r| r.keys.as_slice()).unwrap_or_default() {
            let listed = |version: &Version, active: bool| {
                version.registry.keys.iter().any(|k| k.jwk == key.jwk && (k.state == State::Active) == active)
            };
            let activated = self.versions.0.iter().position(|v| listed(v, true)).map(recorded).unwrap_or_default();
            let retired = self.versions.0.iter().position(|v| listed(v, false)).map(recorded).unwrap_or_default();
            let (id, word, algorithm) = (key.jwk.id(), key.jwk.to_word(), key.jwk.algorithm());
            out.push_str(&format!("{id},{word},{algorithm},{},{activated},{retired}\n", key.state.word()));
        }
        out
    }
}
