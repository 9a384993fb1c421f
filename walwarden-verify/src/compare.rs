//! What two histories are to each other (`spec/14-comparison.md`).
//!
//! Each side is judged first, and brings only what its checks established. A relation follows from heads and lines; a
//! spoilt proof or signature is a failed check, and never a relation.

mod relate;
mod side;

use walwarden_core::{Digest, Period, Time, checkpoint::Head, fork::Fork};

use crate::{
    facts::Facts,
    report::{Contradiction, Finding, Outcome, Verdict},
    source::Source,
    trust::Trust,
};
pub use side::HeldHead;
pub(crate) use side::History;

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub enum Side<'a> {
    /// A bundle: all lines, under signed heads.
    Bundle(&'a Source),
    /// A head that the reader holds, without the lines under it (`spec:comparison-7`).
    Head(&'a HeldHead),
}

/// The relation of the second history to the first (`spec:comparison-1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same head.
    Identical,
    /// The second has all lines of the first, and more.
    Extends,
    /// The second has fewer lines, all of them in the first.
    Rollback,
    /// Both are signed, and cannot both be true.
    Fork,
    /// Two chains.
    Unrelated,
    /// None of these was shown.
    Undetermined,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 6] =
        [Self::Identical, Self::Extends, Self::Rollback, Self::Fork, Self::Unrelated, Self::Undetermined];

    /// One stable word, in capitals as the specification writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identical => "IDENTICAL",
            Self::Extends => "EXTENDS",
            Self::Rollback => "ROLLBACK",
            Self::Fork => "FORK",
            Self::Unrelated => "UNRELATED",
            Self::Undetermined => "UNDETERMINED",
        }
    }

    /// What it comes to when no check failed.
    const fn verdict(self) -> Verdict {
        match self {
            Self::Identical | Self::Extends => Verdict::Verified,
            Self::Rollback | Self::Fork => Verdict::Rejected,
            Self::Unrelated | Self::Undetermined => Verdict::NotEstablished,
        }
    }
}

/// Two histories, and what they are to each other.
#[derive(Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// The instant given as now.
    pub as_of: Time,
    /// Whether root keys were pinned.
    pub pinned: bool,
    /// The first.
    pub old: SideShown,
    /// The second.
    pub new: SideShown,
    /// What the second is to the first.
    pub relation: Relation,
    /// On what the relation rests, or why there is none: sentences without line breaks.
    pub why: String,
    /// How the periods lie, where both are bundles that say so under their signature.
    pub periods: Option<Periods>,
    /// The evidence, with [`Relation::Fork`] and only then.
    pub fork: Option<Fork>,
}

/// A side as it is shown.
#[derive(Debug)]
#[non_exhaustive]
pub struct SideShown {
    /// Last part of the path, as given.
    pub name: String,
    /// `bundle`, `checkpoint` or `line`.
    pub kind: &'static str,
    /// SHA-256 of the `bundle/v1` payload.
    pub bundle_digest: Option<Digest>,
    /// Its head; of a bundle only once it is established.
    pub head: Option<Head>,
    /// Entry hash of its first line, once that is established.
    pub genesis: Option<Digest>,
    /// Its period, under its signature.
    pub period: Option<Period>,
    /// Checks that failed, by id.
    pub failed: Vec<(&'static str, Finding)>,
    /// Required checks that were not run, by id.
    pub not_run: Vec<&'static str>,
}

/// How the second period lies to the first (`spec:comparison-4`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Periods {
    /// The second begins where the first ends.
    Join,
    /// Both are one period.
    Same,
    /// No bundle of the two covers this.
    Gap(Period),
    /// Both cover this.
    Overlap(Period),
}

impl Comparison {
    /// What it comes to: a failed check on either side or a relation that must not be is *rejected*; a relation that
    /// was not shown, or a required check that was not run, is *not established* (`spec:comparison-5`).
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let of_side = |side: &SideShown| match (side.failed.is_empty(), side.not_run.is_empty()) {
            (false, _) => Verdict::Rejected,
            (true, false) => Verdict::NotEstablished,
            (true, true) => Verdict::Verified,
        };
        self.relation.verdict().max(of_side(&self.old)).max(of_side(&self.new))
    }
}

/// Compares two histories under the auditor's pins. Heads that `trust` holds are not asked: the sides are compared with
/// each other, and with nothing else.
#[must_use]
pub fn compare(old: Side<'_>, new: Side<'_>, trust: &Trust, as_of: Time) -> Comparison {
    let trust = Trust { known: Vec::new(), previous: None, first_contact: true, ..trust.clone() };
    let (mut old, mut new) = (side::Judged::of(old, &trust, as_of), side::Judged::of(new, &trust, as_of));
    let related = relate::relate(&mut old, &mut new, trust.pins.as_ref());
    let periods = old.shown.period.zip(new.shown.period).map(|(old, new)| periods(old, new));
    Comparison {
        as_of,
        pinned: trust.pins.is_some(),
        old: old.shown,
        new: new.shown,
        relation: related.relation,
        why: related.why,
        periods,
        fork: related.fork,
    }
}

/// How a history contradicts the one that the reader brought with `--previous`; `None` where it continues it, or where
/// nothing is established.
pub(crate) fn contradiction(facts: &Facts<'_>) -> Option<Contradiction> {
    let previous = facts.trust.previous.as_ref()?;
    let related = relate::histories(&previous.history, &facts.history().ok()?, facts.trust.pins.as_ref()).0;
    let continued = matches!(related.relation, Relation::Identical | Relation::Extends);
    let (relation, why) = (related.relation, related.why);
    (!continued).then(|| Contradiction { previous: previous.name.clone(), relation, why })
}

/// How the second period lies to the first.
pub(crate) fn periods(old: Period, new: Period) -> Periods {
    let (first, second) = if old.start <= new.start { (old, new) } else { (new, old) };
    if old == new {
        Periods::Same
    } else if first.end < second.start {
        Periods::Gap(Period { start: first.end, end: second.start })
    } else if first.end > second.start {
        Periods::Overlap(Period { start: second.start, end: first.end.min(second.end) })
    } else {
        Periods::Join
    }
}

/// Failed checks and required ones that were not run.
fn results(report: &crate::Report) -> (Vec<(&'static str, Finding)>, Vec<&'static str>) {
    let failed = report.checks.iter().filter_map(|result| match &result.outcome {
        Outcome::Fail(finding) => Some((result.check.id, finding.clone())),
        _ => None,
    });
    let not_run = report.checks.iter().filter(|r| r.check.required && matches!(r.outcome, Outcome::NotRun(_)));
    (failed.collect(), not_run.map(|result| result.check.id).collect())
}
