//! What checks have established. An accessor without its fact answers `Needs`: `?` is the skip rule, and no list of
//! dependencies is kept by hand.

mod bytes;
mod carried;
mod exhibits;
mod keys;
mod recorded;
mod shown;

use std::collections::BTreeMap;

use walwarden_core::{
    Digest, Period, Time,
    bundle::{self, lines},
    chain::{Anchored, ChainError, Entries},
    checkpoint::{Head, Note},
    event::Event,
    jcs::{self, JcsError},
    merkle::TreeHead,
    policy::Policy,
    record::{Exhibits, Record},
    registry::{Registry, Versions},
    statement::{Bundle, Statement},
    value::EntryId,
};

use crate::{
    checks::Stop,
    report::{ArtifactsShown, NotRun, StampShown},
    source::Source,
    trust::{Previous, Trust},
};
pub(crate) use bytes::Bytes;
pub(crate) use carried::{Carried, CarriedError, Kind, One, Predicate};

/// Everything read once, and everything established so far.
pub(crate) struct Facts<'a> {
    pub(crate) source: &'a Source,
    pub(crate) trust: &'a Trust,
    bytes: Bytes<'a>,
    spelling: BTreeMap<&'a str, Misspelt>,
    established: Established,
}

/// Facts that a check sets and nothing takes away.
#[derive(Default)]
pub(crate) struct Established {
    /// Set by `bundle.listed`: readable, not yet believed.
    pub(crate) bundle: Option<BundleRead>,
    /// Set by `bundle.signed`.
    pub(crate) bundle_signed: bool,
    /// Set by `chain.canonical`.
    pub(crate) entries: bool,
    /// Set by `keys.registry-versions` when the versions follow from each other.
    pub(crate) versions: Option<Versions>,
    /// Set by `keys.registry-versions` when each version has its entry.
    pub(crate) registry: Option<Registry>,
    /// Set by `keys.root-pinned`.
    pub(crate) anchored_version: Option<usize>,
    /// Set by `chain.checkpoints-signed`.
    pub(crate) heads: Option<Vec<TreeHead>>,
    /// Set by `chain.checkpoints-signed`: the core note of each head, by size.
    pub(crate) core_notes: Option<BTreeMap<u64, String>>,
    /// Set by `time.timestamps`: the tokens that hold, by size.
    pub(crate) stamps: Vec<StampShown>,
    /// Set by `chain.checkpoints-signed`: the notes of these heads.
    pub(crate) notes: Vec<Note>,
    /// Set by `chain.witnessed`: what witnesses of the reader cosigned, size of the head and time.
    pub(crate) cosigned: Vec<(u64, Time)>,
    /// Set by `chain.roots`.
    pub(crate) anchored: Option<Anchored>,
    /// Set by `chain.ends-at-checkpoint`.
    pub(crate) end: Option<TreeHead>,
    /// Set by `statements.signed`: every carried statement verified.
    pub(crate) statements: bool,
    /// Set by `policy.in-force`: adopted policies that are carried, with position and digest.
    pub(crate) policies: Option<Vec<Adopted>>,
    /// Set by `artifacts.digests`.
    pub(crate) artifacts: Option<ArtifactsShown>,
}

/// The bundle's statement and its identity.
pub(crate) struct BundleRead {
    pub(crate) statement: Statement<Bundle>,
    pub(crate) envelope: walwarden_core::dsse::Envelope,
    pub(crate) digest: Digest,
}

/// A policy and the entry that adopted it.
pub(crate) struct Adopted {
    pub(crate) position: usize,
    pub(crate) digest: Digest,
    pub(crate) policy: Option<Policy>,
}

/// Where a document is not canonical.
pub(crate) struct Misspelt {
    /// Line from 1; 0 for a document that is one value.
    pub(crate) line: usize,
    pub(crate) error: Option<JcsError>,
}

impl<'a> Facts<'a> {
    /// Reads everything that takes time once.
    pub(crate) fn new(source: &'a Source, trust: &'a Trust) -> Self {
        Self::of(Bytes::of(source), trust)
    }

    /// Of what was read.
    pub(crate) fn of(bytes: Bytes<'a>, trust: &'a Trust) -> Self {
        let source = bytes.source;
        let spelling = spelling(source, &bytes);
        Self { source, trust, bytes, spelling, established: Established::default() }
    }

    /// For the check that establishes a fact.
    pub(crate) fn establish(&mut self) -> &mut Established {
        &mut self.established
    }

    /// A document that is there, readable and canonical.
    pub(crate) fn document(&self, name: &str) -> Result<&'a [u8], Stop> {
        if !self.source.has(name) {
            return Err(Stop::needs("bundle.listed"));
        }
        let bytes = self.source.file(name).ok_or_else(|| Stop::needs("zip.profile"))?;
        if self.spelling.contains_key(name) { Err(Stop::needs("json.canonical")) } else { Ok(bytes) }
    }

    /// Documents that are not canonical, by name.
    pub(crate) const fn misspelt(&self) -> &BTreeMap<&'a str, Misspelt> {
        &self.spelling
    }

    /// Digest of a file that can be read.
    pub(crate) fn digest(&self, name: &str) -> Option<Digest> {
        self.bytes.digests.files.get(name).copied()
    }

    /// A file that holds a private key, and of which form.
    pub(crate) const fn private(&self) -> Option<(&'a str, &'static str)> {
        self.bytes.private
    }

    /// The chain as parsed, for the check that judges it.
    pub(crate) const fn parsed(&self) -> &Result<Entries<'a>, ChainError> {
        &self.bytes.entries
    }

    /// Statements as carried, parsed and not yet verified.
    pub(crate) fn carried(&self) -> Result<&Carried, Stop> {
        for kind in Kind::ALL {
            if self.source.has(kind.file()) {
                self.document(kind.file())?;
            }
        }
        self.bytes.carried.as_ref().map_err(|_| Stop::needs("statements.signed"))
    }

    /// Why statements could not be parsed, for the check that judges them.
    pub(crate) fn carried_error(&self) -> Option<&CarriedError> {
        self.bytes.carried.as_ref().err()
    }

    /// Statements whose every signature was verified.
    pub(crate) fn statements(&self) -> Result<&Carried, Stop> {
        if self.established.statements { self.carried() } else { Err(Stop::needs("statements.signed")) }
    }

    /// Position of the one entry that references a payload.
    pub(crate) fn referencing(&self, payload: &Digest) -> Option<usize> {
        let mut references = self.references(payload);
        references.next().filter(|_| references.next().is_none())
    }

    /// Whether more than one entry references a payload.
    pub(crate) fn referenced_twice(&self, payload: &Digest) -> bool {
        self.references(payload).nth(1).is_some()
    }

    fn references(&self, payload: &Digest) -> impl Iterator<Item = usize> {
        self.bytes.entries.iter().flat_map(|entries| entries.referring(payload))
    }

    pub(crate) fn entries(&self) -> Result<&Entries<'a>, Stop> {
        match &self.bytes.entries {
            Ok(entries) if self.established.entries => Ok(entries),
            _ => Err(Stop::needs("chain.canonical")),
        }
    }

    /// What the bundle says of itself, believed or not.
    pub(crate) fn bundle(&self) -> Result<&BundleRead, Stop> {
        self.established.bundle.as_ref().ok_or_else(|| Stop::needs("bundle.listed"))
    }

    /// What the bundle says of itself, under a signature by a key that may seal it.
    pub(crate) fn signed_bundle(&self) -> Result<&Bundle, Stop> {
        match &self.established.bundle {
            Some(read) if self.established.bundle_signed => Ok(&read.statement.predicate),
            _ => Err(Stop::needs("bundle.signed")),
        }
    }

    pub(crate) fn versions(&self) -> Result<&Versions, Stop> {
        self.established.versions.as_ref().ok_or_else(|| Stop::needs("keys.registry-versions"))
    }

    pub(crate) fn registry(&self) -> Result<&Registry, Stop> {
        self.established.registry.as_ref().ok_or_else(|| Stop::needs("keys.registry-versions"))
    }

    pub(crate) fn heads(&self) -> Result<&[TreeHead], Stop> {
        self.established.heads.as_deref().ok_or_else(|| Stop::needs("chain.checkpoints-signed"))
    }

    pub(crate) fn core_notes(&self) -> Result<&BTreeMap<u64, String>, Stop> {
        self.established.core_notes.as_ref().ok_or_else(|| Stop::needs("chain.checkpoints-signed"))
    }

    /// The notes of the carried heads, each signed by a log key.
    pub(crate) fn notes(&self) -> Result<&[Note], Stop> {
        self.heads().map(|_| self.established.notes.as_slice())
    }

    pub(crate) fn anchored(&self) -> Result<Anchored, Stop> {
        self.established.anchored.ok_or_else(|| Stop::needs("chain.roots"))
    }

    pub(crate) fn policies(&self) -> Result<&[Adopted], Stop> {
        self.established.policies.as_deref().ok_or_else(|| Stop::needs("policy.in-force"))
    }

    /// Words for evidence that rests on a registry nobody pinned.
    pub(crate) fn registry_words(&self) -> &'static str {
        if self.established.anchored_version.is_some() {
            ""
        } else {
            ", under the bundle's own registry, which no pinned root anchors"
        }
    }

    /// The verified record, for the rules.
    pub(crate) fn record(&self) -> Option<Record<'_>> {
        let anchored = self.anchored().ok()?;
        let entries = self.entries().ok()?;
        let period = self.signed_bundle().ok()?.period;
        let adopted = self.established.policies.as_deref().unwrap_or_default();
        let policies = adopted.iter().filter_map(|adopted| adopted.policy.clone()).collect();
        Some(Record::new(&anchored, entries, period, Exhibits { policies, ..self.exhibits() }))
    }

    /// Entries whose every statement is carried and verified.
    fn signed_entries(&self) -> Vec<EntryId> {
        let (Ok(entries), Ok(statements)) = (self.entries(), self.statements()) else { return Vec::new() };
        let mut signed: Vec<(usize, bool)> = Vec::new();
        for (payload, position) in entries.payloads() {
            let carried = statements.find(payload).is_some();
            match signed.last_mut().filter(|(last, _)| *last == position) {
                Some((_, all)) => *all &= carried,
                None => signed.push((position, carried)),
            }
        }
        let id = |position: usize| entries.all().get(position).map(|entry| entry.id);
        signed.into_iter().filter(|(_, all)| *all).filter_map(|(position, _)| id(position)).collect()
    }

    /// What a later bundle may hold against it.
    pub(crate) fn as_previous(&self) -> Option<Previous> {
        let tree = self.established.end?;
        let origin = self.registry().ok()?.origin()?.clone();
        let registry = self.versions().ok()?.all().iter().map(|version| version.payload).collect();
        Some(Previous {
            head: Head { origin, tree },
            registry,
            period: self.signed_bundle().ok()?.period,
            name: self.source.name().into(),
            history: self.history().ok()?,
        })
    }

    /// The period the bundle claims.
    pub(crate) fn period(&self) -> Result<Period, Stop> {
        Ok(self.bundle()?.statement.predicate.period)
    }
}

impl Stop {
    /// The check builds on one that did not pass.
    pub(crate) const fn needs(id: &'static str) -> Self {
        Self::NotRun(NotRun::Needs(id))
    }
}

/// The event of an entry, only where its type is one of `kinds`.
pub(crate) fn event_of(entry: &walwarden_core::chain::Line<'_>, kinds: &[&str]) -> Option<Event> {
    entry.is_one_of(kinds).then(|| entry.event())
}

/// Documents that are not canonical: each `.json` one value, each `.ndjson` one value a line.
fn spelling<'a>(source: &'a Source, read: &Bytes<'_>) -> BTreeMap<&'a str, Misspelt> {
    let mut wrong = BTreeMap::new();
    for (name, bytes) in source.files() {
        let Some(bytes) = bytes else { continue };
        let parsed = name == bundle::ENTRIES && read.entries.is_ok()
            || read.carried.is_ok() && Kind::ALL.iter().any(|kind| kind.file() == name);
        let found = if parsed {
            None // parsing has checked each line
        } else if name.ends_with(".ndjson") {
            lines(bytes).enumerate().find_map(|(index, line)| {
                let line_number = index.saturating_add(1);
                match line {
                    Err(_) => Some(Misspelt { line: line_number, error: None }),
                    Ok(line) => jcs::check(line).err().map(|error| Misspelt { line: line_number, error: Some(error) }),
                }
            })
        } else if name.ends_with(".json") {
            jcs::check(bytes).err().map(|error| Misspelt { line: 0, error: Some(error) })
        } else {
            None
        };
        if let Some(found) = found {
            wrong.insert(name, found);
        }
    }
    wrong
}
