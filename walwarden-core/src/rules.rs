//! Control rules: does the verified record show what the policy promised? (`spec/12-rules.md`)
//!
//! A rule returns a population and its items; [`Assessment::over`] alone computes the status.

mod access;
mod action;
mod alerting;
pub(crate) mod awaited;
pub mod backup;
pub mod bound;
mod capture;
mod change;
mod complete_set;
mod copies;
pub mod criteria;
mod encryption;
mod evidence;
pub mod exposure;
mod integrity;
mod logging;
pub mod performed;
mod policy;
pub mod restore;
pub mod retention;
mod review;
mod scope;
mod sign_off;
mod supplier;
pub(crate) mod window;
mod windows;
pub mod words;

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use crate::{policy::Policy, record::Record, time::Time};
use bound::promises_too_much;

/// What a rule came to; in order of precedence, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// A record the rule needs fails a check; the rule is not evaluated further.
    IntegrityFailure,
    /// The population is complete and at least one item deviates.
    Exception,
    /// The rule applies and needed evidence is missing.
    NotEvidenced,
    /// Could not be run here.
    NotTested,
    /// The population is complete, not empty, and every item conforms.
    Supported,
    /// The triggering population is a recorded zero.
    NotOccurred,
    /// Excluded by the policy, or outside the tool.
    NotApplicable,
}

impl Status {
    /// Symbol and words, always together.
    #[must_use]
    pub const fn print(self) -> (&'static str, &'static str) {
        match self {
            Self::IntegrityFailure => ("■", "integrity failure"),
            Self::Exception => ("✕", "exception"),
            Self::NotEvidenced => ("○", "not evidenced"),
            Self::NotTested => ("–", "not tested"),
            Self::Supported => ("●", "supported"),
            Self::NotOccurred => ("∅", "not occurred"),
            Self::NotApplicable => ("n/a", "not applicable"),
        }
    }

    /// Stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::IntegrityFailure => "integrity-failure",
            Self::Exception => "exception",
            Self::NotEvidenced => "not-evidenced",
            Self::NotTested => "not-tested",
            Self::Supported => "supported",
            Self::NotOccurred => "not-occurred",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// On what a statement rests; the weakest link is printed (`spec:rules-3`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Recomputed from bytes in hand.
    B1,
    /// Derived from verified chain records.
    B2,
    /// Recorded by the producer about a live system.
    B3,
    /// Stated by a person.
    B4,
    /// Stated in a third party's document.
    B5,
}

impl Basis {
    /// `B1` and what it means.
    #[must_use]
    pub const fn print(self) -> (&'static str, &'static str) {
        match self {
            Self::B1 => ("B1", "recomputed from bytes in hand"),
            Self::B2 => ("B2", "derived from verified chain records"),
            Self::B3 => ("B3", "recorded by the producer about a live system"),
            Self::B4 => ("B4", "stated by a person"),
            Self::B5 => ("B5", "stated in a third party's document"),
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Frozen id, e.g. `WW-BK-03`.
    pub id: &'static str,
    /// One line for an auditor.
    pub title: &'static str,
    /// What is computed, in one sentence.
    pub computation: &'static str,
    /// On what it rests at best.
    pub basis: Basis,
    /// Whether it needs what only a reader can bring: untested then, and named beside a roll-up.
    pub reader: bool,
    evaluate: fn(&Record<'_>) -> Assessment,
}

/// All rules, in printing order.
pub static RULES: &[Rule] = &[
    integrity::CHAIN,
    integrity::KEYS,
    integrity::ANCHORING,
    integrity::SEAL,
    integrity::CLOCK,
    policy::IN_FORCE,
    policy::FREQUENCY,
    scope::SCOPE,
    performed::PERFORMED,
    exposure::EXPOSURE,
    backup::FAILURES,
    backup::SIGNED,
    backup::BYTES,
    backup::PLAUSIBLE,
    copies::APART,
    copies::LOCKED,
    restore::TESTED,
    restore::EQUAL,
    restore::WITHIN_RTO,
    restore::ISOLATED,
    restore::RECORDED,
    restore::CLOSED,
    restore::GUARD,
    complete_set::COMPLETE_SET,
    retention::KEPT,
    retention::PRUNED,
    retention::EVIDENCE_AGE,
    access::ROLES,
    access::SUPERUSERS,
    access::STORES,
    access::SEGREGATION,
    encryption::BACKUPS,
    encryption::AT_REST,
    change::MIGRATIONS,
    change::DRIFT,
    logging::SETTINGS,
    logging::EXPORTS,
    alerting::ALERTING,
    evidence::SCHEDULE,
    supplier::REPORTS,
    sign_off::SIGN_OFF,
];

/// One member of a rule's population.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `rule/database/instant`.
    pub id: String,
    /// When it happened.
    pub at: Time,
    /// The database.
    pub database: String,
    /// Entry id, where there is one.
    pub entry: String,
    /// Why it deviates; `None` when it conforms.
    pub deviation: Option<String>,
    /// How it conforms, where that is not the usual way.
    pub note: Option<String>,
}

/// A part of what a rule asks for which the record has no evidence (`spec:rules-4`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Why there is none.
    pub kind: GapKind,
    /// The database.
    pub database: String,
    /// For people.
    pub what: String,
}

impl Gap {
    /// In one line.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{}: {}", self.database, self.what)
    }
}

/// Why there is no evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapKind {
    /// The record ends too early.
    NotCovered,
    /// What the rule reads is not recorded.
    NoInput,
    /// No policy in force promises it.
    NotPromised,
    /// It could not be tested here.
    NotTested,
}

impl GapKind {
    /// Stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotCovered => "not-covered",
            Self::NoInput => "no-input",
            Self::NotPromised => "not-promised",
            Self::NotTested => "not-tested",
        }
    }
}

/// A population and its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The status.
    pub status: Status,
    /// The population, conforming items included.
    pub items: Vec<Item>,
    /// Parts without evidence.
    pub gaps: Vec<Gap>,
    /// Why, where the status needs a reason; may be empty.
    pub reason: String,
}

impl Assessment {
    /// Judges a complete population: an empty one is never supported.
    #[must_use]
    pub fn over(items: Vec<Item>) -> Self {
        Self::with_gaps(items, Vec::new())
    }

    /// Judges a population of which parts have no evidence: that is weaker than a deviation, and stronger than support.
    /// A part that nobody promised takes nothing from the others.
    #[must_use]
    pub fn with_gaps(items: Vec<Item>, gaps: Vec<Gap>) -> Self {
        let missing = gaps.iter().any(|gap| matches!(gap.kind, GapKind::NotCovered | GapKind::NoInput));
        let untested = gaps.iter().any(|gap| gap.kind == GapKind::NotTested);
        let status = if items.iter().any(|item| item.deviation.is_some()) {
            Status::Exception
        } else if missing {
            Status::NotEvidenced
        } else if untested {
            Status::NotTested
        } else if items.is_empty() && !gaps.is_empty() {
            Status::NotEvidenced
        } else if items.is_empty() {
            Status::NotOccurred
        } else {
            Status::Supported
        };
        let reason = match gaps.as_slice() {
            [] => String::new(),
            [only] => only.words(),
            [first, more @ ..] => format!("{} (and {} more)", first.words(), more.len()),
        };
        Self { status, items, gaps, reason }
    }

    /// Without a population.
    #[must_use]
    pub fn without(status: Status, reason: &str) -> Self {
        Self { status, items: Vec::new(), gaps: Vec::new(), reason: reason.into() }
    }
}

/// A rule and what came of it.
#[derive(Debug, Clone)]
pub struct RuleResult {
    /// The rule.
    pub rule: &'static Rule,
    /// The status.
    pub status: Status,
    /// The population.
    pub items: Vec<Item>,
    /// Parts without evidence.
    pub gaps: Vec<Gap>,
    /// Why, where the status needs a reason; may be empty.
    pub reason: String,
}

impl RuleResult {
    /// What came of a rule.
    #[must_use]
    pub fn new(rule: &'static Rule, assessment: Assessment) -> Self {
        let Assessment { status, items, gaps, reason } = assessment;
        Self { rule, status, items, gaps, reason }
    }

    /// Whether evidence is missing that was promised: what nobody promised does not touch the verdict.
    #[must_use]
    pub fn lacks_evidence(&self) -> bool {
        let missing = |gap: &Gap| matches!(gap.kind, GapKind::NotCovered | GapKind::NoInput);
        self.status == Status::NotEvidenced && (self.gaps.is_empty() || self.gaps.iter().any(missing))
    }

    /// Whether it is not evidenced because nobody promised what it asks about.
    #[must_use]
    pub fn is_unpromised(&self) -> bool {
        self.status == Status::NotEvidenced && !self.lacks_evidence()
    }

    /// The status of each database that has an item or a part without evidence; `*` is all of them.
    #[must_use]
    pub fn by_database(&self) -> BTreeMap<&str, Status> {
        let mut parts: BTreeMap<&str, (Vec<Item>, Vec<Gap>)> = BTreeMap::new();
        for item in &self.items {
            parts.entry(&item.database).or_default().0.push(item.clone());
        }
        for gap in &self.gaps {
            parts.entry(&gap.database).or_default().1.push(gap.clone());
        }
        let judge = |(items, gaps)| match Assessment::with_gaps(items, gaps).status {
            // Nothing is supported while the rule itself could not be tested.
            Status::Supported if self.status == Status::NotTested => Status::NotTested,
            status => status,
        };
        parts.into_iter().map(|(database, part)| (database, judge(part))).collect()
    }

    /// How many items deviate.
    #[must_use]
    pub fn deviating(&self) -> usize {
        self.items.iter().filter(|item| item.deviation.is_some()).count()
    }
}

/// What stands before all rules (`spec:rules-2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Rules speak.
    Open,
    /// A global check failed: every rule is an integrity failure.
    Closed,
    /// No pinned root: nothing is supported, exceptions stay visible.
    SignerNotEstablished,
}

/// Why no rule is judged.
const TOO_MUCH: &str =
    "the policies promise far more runs and windows in this period than its entries could fill: none is judged";

/// Evaluates all rules. With [`Gate::Closed`] no record is needed.
#[must_use]
pub fn evaluate(record: Option<&Record<'_>>, gate: Gate) -> Vec<RuleResult> {
    let too_much = record.is_some_and(promises_too_much);
    let result = |rule: &'static Rule| {
        let mut assessment = match (gate, record) {
            (Gate::Open | Gate::SignerNotEstablished, Some(record)) => match excluded(record, rule) {
                Some(excluded) => excluded,
                None if too_much => Assessment::without(Status::NotEvidenced, TOO_MUCH),
                None => (rule.evaluate)(record),
            },
            _ => Assessment::without(Status::IntegrityFailure, "a check that this rule rests on did not pass"),
        };
        if gate == Gate::SignerNotEstablished && assessment.status == Status::Supported {
            assessment.status = Status::NotTested;
            assessment.reason = "signer not established: no root key was pinned".into();
        }
        RuleResult::new(rule, assessment)
    };
    RULES.iter().map(result).collect()
}

/// A rule that every policy in force in the period excludes, with reason and approver (`spec:rules-4`).
fn excluded(record: &Record<'_>, rule: &Rule) -> Option<Assessment> {
    let terms = record.terms_of_period();
    let exclusion =
        |policy: &'_ Policy| policy.not_applicable.iter().find(|excluded| excluded.rule == rule.id).cloned();
    let by: Option<Vec<_>> = terms.iter().map(|term| term.policy.and_then(exclusion)).collect();
    let last = by?.pop()?;
    let reason = format!("excluded by the policy: {} (approved by {})", last.reason, last.approved_by);
    Some(Assessment::without(Status::NotApplicable, &reason))
}

/// What a rule says whose population hangs on the policy, where that gives it none. That there is no policy at all is for
/// WW-PO-01 to say.
fn no_population(record: &Record<'_>) -> Assessment {
    let terms = record.terms_of_period();
    if terms.iter().any(|term| term.policy.is_some()) {
        return Assessment::over(Vec::new());
    }
    let (kind, what) = if terms.is_empty() {
        (GapKind::NotPromised, "no policy is in force in the period")
    } else {
        (GapKind::NoInput, "the policy in force is not carried: what was promised is not known")
    };
    Assessment::with_gaps(Vec::new(), [Gap { kind, database: "*".into(), what: what.into() }].into())
}
