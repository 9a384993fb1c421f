//! What the auditor brings. Nothing found in a bundle creates trust (`spec:model-2`).

use walwarden_core::{
    Digest, Origin, Period, Time,
    checkpoint::{Head, Note},
    cosignature::{Witness, WitnessError},
    handover::{Handover, HandoverError},
    merkle::TreeHead,
    registry::RootPins,
    tsa::TsaRoots,
};

use crate::{
    VerifyInput,
    artifacts::Artifacts,
    compare::History,
    judge,
    report::{Outcome, TrustShown},
    source::Source,
};

/// Root pins, heads held before, and what the reader chose to go on without.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Pinned roots and how many of them must have signed; `None`: no root is pinned.
    pub pins: Option<RootPins>,
    /// Heads the reader holds; every one must lie in the history shown.
    pub known: Vec<KnownHead>,
    /// What the bundle before said.
    pub previous: Option<Previous>,
    /// Roots of time-stamping authorities.
    pub tsa_roots: TsaRoots,
    /// The reader holds no head yet, and says so.
    pub first_contact: bool,
    /// Stored objects, to be held against the statements.
    pub artifacts: Option<Artifacts>,
    /// Witnesses of the reader; `None`: none is pinned.
    pub witnesses: Option<Witnesses>,
    /// From the start of the first of several bundles to the end of this one, without a gap: see
    /// [`series`](crate::series::series). `None`: this bundle alone is known.
    pub evidence: Option<Period>,
}

/// Witnesses that the reader pinned, and how many of them must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnesses {
    /// Their keys, each once.
    pub keys: Vec<Witness>,
    /// From the reader, never from the bundle.
    pub threshold: usize,
}

/// A head the reader got before, or by another channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownHead {
    /// The chain; `None` where the source does not name it.
    pub origin: Option<Origin>,
    /// Size and root.
    pub head: TreeHead,
    /// The argument that brought it.
    pub source: &'static str,
}

/// What an earlier bundle established, under the same pins.
#[derive(Debug, Clone)]
pub struct Previous {
    /// Its end.
    pub head: Head,
    /// Payload digests of its registry versions, from version 1.
    pub registry: Vec<Digest>,
    /// Its period.
    pub period: Period,
    /// Last part of its path, as given.
    pub name: String,
    /// Its lines and signed head, to say what a history that does not continue it is to it.
    pub(crate) history: History,
}

/// Why a text is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a checkpoint nor a line `origin size root`")]
pub struct NotAHead;

/// Why what the reader brought cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Not a handover.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// Two heads of one size with different roots.
    #[error("the heads of {0} and {1} have one size and different roots: they are not of one history")]
    Contradiction(&'static str, &'static str),
    /// Heads of different chains.
    #[error("{0} and {1} speak of different chains")]
    Origins(&'static str, &'static str),
    /// Not the verifier keys of witnesses.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// A threshold that the witnesses cannot reach, or that everything reaches.
    #[error("a threshold of {0} is not between 1 and the {1} witnesses given")]
    WitnessThreshold(usize, usize),
    /// The earlier bundle is under other roots than those pinned: another record, or pins of after a change of roots.
    #[error("the bundle given with --previous is not signed by the root keys that you pinned")]
    PreviousRoots,
    /// The earlier bundle does not stand itself.
    #[error("the bundle given with --previous does not stand itself: {0}")]
    Previous(String),
}

impl Trust {
    /// Takes pins, threshold and head of a handover file.
    ///
    /// # Errors
    /// [`TrustError::Handover`].
    pub fn add_handover(&mut self, bytes: &[u8]) -> Result<(), TrustError> {
        let handover = Handover::parse(bytes)?;
        self.pins = Some(handover.pins());
        self.known.push(KnownHead { origin: Some(handover.origin), head: handover.head, source: "--trust" });
        Ok(())
    }

    /// Takes the witnesses of a file; without a threshold, all of them must have cosigned.
    ///
    /// # Errors
    /// [`TrustError::Witness`], [`TrustError::WitnessThreshold`].
    pub fn add_witnesses(&mut self, bytes: &[u8], threshold: Option<usize>) -> Result<(), TrustError> {
        let keys = Witness::parse_file(bytes)?;
        let threshold = threshold.unwrap_or(keys.len());
        if !(1..=keys.len()).contains(&threshold) {
            return Err(TrustError::WitnessThreshold(threshold, keys.len()));
        }
        self.witnesses = Some(Witnesses { keys, threshold });
        Ok(())
    }

    /// Takes the end of an earlier bundle as a head that is held.
    pub fn add_previous(&mut self, previous: Previous) {
        let Head { origin, tree } = previous.head.clone();
        self.known.push(KnownHead { origin: Some(origin), head: tree, source: "--previous" });
        self.previous = Some(previous);
    }

    /// Checks that the heads can be of one history.
    ///
    /// # Errors
    /// [`TrustError::Contradiction`], [`TrustError::Origins`].
    pub fn agrees(&self) -> Result<(), TrustError> {
        for (index, one) in self.known.iter().enumerate() {
            for other in self.known.iter().skip(index.saturating_add(1)) {
                if one.origin.is_some() && other.origin.is_some() && one.origin != other.origin {
                    return Err(TrustError::Origins(one.source, other.source));
                }
                if one.head.size == other.head.size && one.head.root != other.head.root {
                    return Err(TrustError::Contradiction(one.source, other.source));
                }
            }
        }
        Ok(())
    }

    /// The latest head held.
    #[must_use]
    pub fn latest(&self) -> Option<&KnownHead> {
        self.known.iter().max_by_key(|known| known.head.size)
    }

    /// As the report shows it; `lines` are the entries of an established chain that continues every head held.
    pub(crate) fn shown(&self, lines: Option<u64>) -> TrustShown {
        let known = self.latest().map(|known| crate::report::KnownHead {
            head: known.head,
            source: known.source,
            entries_after: lines.and_then(|lines| lines.checked_sub(known.head.size)),
        });
        TrustShown {
            pins: self.pins.iter().flat_map(|pins| pins.pins.iter().copied()).collect(),
            threshold: self.pins.as_ref().map_or(0, |pins| pins.threshold),
            known,
            tsa_roots: self.tsa_roots.subjects().collect(),
            first_contact: self.first_contact,
            contradicted: None,
        }
    }
}

/// Reads a head: a checkpoint note, or the one line that `walwarden head` prints.
///
/// # Errors
/// [`NotAHead`].
pub fn parse_head(text: &str) -> Result<Head, NotAHead> {
    // Every history continues a head of size 0: to hold one is to hold nothing.
    let held = |head: Head| if head.tree.size > 0 { Ok(head) } else { Err(NotAHead) };
    if let Ok(note) = Note::parse(text) {
        return held(note.head);
    }
    // Reports print the line indented, and people copy it so.
    let mut words = text.trim_matches([' ', '\t', '\n', '\r']).split(' ');
    let (Some(origin), Some(size), Some(root), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(NotAHead);
    };
    let size: walwarden_core::Decimal = size.parse().map_err(|_| NotAHead)?;
    let root = root.parse().map_err(|_| NotAHead)?;
    held(Head { origin: origin.parse().map_err(|_| NotAHead)?, tree: TreeHead { size: size.0, root } })
}

impl Previous {
    /// Judges an earlier bundle under the same pins and takes what it establishes.
    ///
    /// # Errors
    /// [`TrustError::PreviousRoots`] when the pins do not anchor it, [`TrustError::Previous`] when it is rejected itself, or establishes no end.
    pub fn of(source: &Source, pins: Option<&RootPins>, as_of: Time) -> Result<Self, TrustError> {
        let trust = Trust { pins: pins.cloned(), first_contact: true, ..Trust::default() };
        let (report, facts) = judge(&VerifyInput { source, trust: &trust, as_of });
        let failed = report.checks.iter().find(|result| matches!(result.outcome, Outcome::Fail(_)));
        if failed.is_some_and(|failed| failed.check.id == "keys.root-pinned") {
            return Err(TrustError::PreviousRoots);
        }
        if let Some(failed) = failed {
            return Err(TrustError::Previous(format!("it fails {}", failed.check.id)));
        }
        facts.as_previous().ok_or_else(|| TrustError::Previous("it establishes no signed end".into()))
    }
}
