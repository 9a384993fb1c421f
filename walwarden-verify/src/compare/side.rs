//! What one side brings to a comparison: only what its checks established.

use walwarden_core::{
    Digest, Time,
    bundle::{self, lines},
    checkpoint::{CheckpointLine, Head, Note},
    jcs,
    merkle::{Proof, Range, TreeHead, consistency, inclusion},
    registry::Versions,
};

use super::{Side, SideShown, results};
use crate::{
    VerifyInput,
    checks::Stop,
    facts::Facts,
    judge,
    report::NotRun,
    trust::{NotAHead, Trust, parse_head},
};

/// A head that the reader holds.
#[derive(Debug, Clone)]
pub struct HeldHead {
    /// What it is called: the last part of its path.
    pub name: String,
    pub(super) head: Head,
    /// The whole note, where it is a checkpoint.
    pub(super) note: Option<Note>,
}

impl HeldHead {
    /// Reads a checkpoint, or a line `origin size root`.
    ///
    /// # Errors
    /// [`NotAHead`].
    pub fn parse(name: &str, text: &str) -> Result<Self, NotAHead> {
        Ok(Self { name: name.into(), head: parse_head(text)?, note: Note::parse(text).ok() })
    }
}

/// A history that is established: signed heads over lines that are all shown.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) head: Head,
    /// The whole checkpoint.
    pub(crate) note: String,
    pub(super) leaves: Vec<Digest>,
    pub(super) versions: Versions,
}

/// A side after its judgement.
pub(super) struct Judged {
    pub(super) shown: SideShown,
    pub(super) brings: Brings,
}

/// What a side brings.
pub(super) enum Brings {
    History(History),
    Head(HeldHead),
    /// Nothing: this check did not pass.
    Nothing(&'static str),
}

impl Judged {
    pub(super) fn of(side: Side<'_>, trust: &Trust, as_of: Time) -> Self {
        match side {
            Side::Head(held) => Self::head(held),
            Side::Bundle(source) => {
                let (report, facts) = judge(&VerifyInput { source, trust, as_of });
                let (failed, not_run) = results(&report);
                let brings = match facts.history() {
                    Ok(history) => Brings::History(history),
                    Err(check) => Brings::Nothing(check),
                };
                let history = if let Brings::History(history) = &brings { Some(history) } else { None };
                let shown = SideShown {
                    name: source.name().into(),
                    kind: "bundle",
                    bundle_digest: report.subject.bundle_digest,
                    head: history.map(|history| history.head.clone()),
                    genesis: history.and_then(History::genesis),
                    period: facts.signed_bundle().ok().map(|bundle| bundle.period),
                    failed,
                    not_run,
                };
                Self { shown, brings }
            }
        }
    }

    fn head(held: &HeldHead) -> Self {
        let shown = SideShown {
            name: held.name.clone(),
            kind: if held.note.is_some() { "checkpoint" } else { "line" },
            bundle_digest: None,
            head: Some(held.head.clone()),
            genesis: None,
            period: None,
            failed: Vec::new(),
            not_run: Vec::new(),
        };
        Self { shown, brings: Brings::Head(held.clone()) }
    }
}

impl History {
    /// Entry hash of the first line.
    pub(super) fn genesis(&self) -> Option<Digest> {
        self.leaves.first().copied()
    }

    /// Root of the first `size` lines.
    pub(super) fn root_at(&self, size: u64) -> Option<Digest> {
        let leaves = self.leaves.get(..usize::try_from(size).ok()?)?;
        Some(leaves.iter().copied().collect::<Range>().root())
    }

    /// Proves that these lines extend their first `size`.
    pub(super) fn consistency(&self, size: u64) -> Option<Proof> {
        consistency(&self.leaves, usize::try_from(size).ok()?)
    }

    /// Proves that the genesis is the first line.
    pub(super) fn genesis_proof(&self) -> Option<Proof> {
        inclusion(&self.leaves, 0)
    }
}

impl Facts<'_> {
    /// The history, once its lines have the roots of its signed heads and end at the last of them; else the id of the
    /// check that did not pass.
    pub(crate) fn history(&self) -> Result<History, &'static str> {
        self.history_or_stop().map_err(|stop| match stop {
            Stop::NotRun(NotRun::Needs(check)) => check,
            _ => "chain.checkpoints-signed",
        })
    }

    fn history_or_stop(&self) -> Result<History, Stop> {
        let last: TreeHead = self.anchored()?.head();
        if self.heads()?.last() != Some(&last) {
            return Err(Stop::needs("chain.ends-at-checkpoint"));
        }
        let origin = self.registry()?.origin().cloned().ok_or_else(|| Stop::needs("keys.registry-versions"))?;
        let line = lines(self.document(bundle::CHECKPOINTS)?).last().and_then(Result::ok);
        let line = line.and_then(|line| jcs::parse::<CheckpointLine>(line).ok());
        let note = line.ok_or_else(|| Stop::needs("chain.checkpoints-signed"))?.note;
        Ok(History {
            head: Head { origin, tree: last },
            note,
            leaves: self.entries()?.hashes().to_vec(),
            versions: self.versions()?.clone(),
        })
    }
}
