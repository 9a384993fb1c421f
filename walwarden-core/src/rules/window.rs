//! Windows of a cadence that a policy promises, as rules judge them (`spec:rules-14`).

use alloc::{format, string::String, vec::Vec};

use super::{Gap, GapKind};
use crate::{
    occurrence::{Pace, due},
    policy::{Cadence, Policy},
    record::{Record, Term},
    time::{Period, Time},
};

/// The organisation, where a rule is not about one database.
pub(super) const ALL: &str = "*";

/// A window that ends in the period, and the policy that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'r> {
    /// From when to when.
    pub(crate) span: Period,
    /// The policy in force at its start.
    pub(crate) policy: &'r Policy,
}

/// The windows of a cadence that end in the period; what the record lacks to tell them, otherwise.
pub(super) fn windows<'r>(
    record: &'r Record<'_>,
    cadence: impl Fn(&'r Policy) -> Option<Cadence>,
) -> Result<Vec<Window<'r>>, Gap> {
    let all = all(record, cadence)?;
    Ok(all.into_iter().filter(|window| window.span.end <= record.period().end).collect())
}

/// The windows of a cadence that end in the period, and the one that is running at its end.
pub(crate) fn all<'r>(
    record: &'r Record<'_>,
    cadence: impl Fn(&'r Policy) -> Option<Cadence>,
) -> Result<Vec<Window<'r>>, Gap> {
    let terms = record.all_terms();
    let pace = |term: &Term<'r>| {
        let cadence = term.policy.and_then(&cadence);
        let zone = match term.policy.filter(|_| cadence.is_some()) {
            Some(policy) => record.zone(&policy.timezone).ok_or_else(|| no_zone(&policy.timezone))?,
            None => record.utc(),
        };
        let from = term.policy.map_or(term.span.start, |policy| policy.effective_from);
        Ok(Pace { span: term.span, cadence, from, zone })
    };
    let paces = terms.iter().map(pace).collect::<Result<Vec<_>, Gap>>()?;
    let policy = |pace: usize| terms.get(pace).and_then(|term| term.policy);
    let due = due(&paces, record.period()).into_iter();
    Ok(due.filter_map(|due| Some(Window { span: due.window, policy: policy(due.pace)? })).collect())
}

/// The record states no offsets of a zone.
pub(super) fn no_zone(zone: &str) -> Gap {
    gap(GapKind::NoInput, ALL, format!("the record holds no offsets of {zone} for this period"))
}

/// A part without evidence.
pub(super) fn gap(kind: GapKind, database: &str, what: impl Into<String>) -> Gap {
    Gap { kind, database: database.into(), what: what.into() }
}

/// Nothing of this is promised by any policy in force in the period.
pub(super) fn not_promised(what: &str) -> Gap {
    gap(GapKind::NotPromised, ALL, format!("no policy in force promises {what}"))
}

/// So many seconds after an instant.
pub(super) fn after(at: Time, seconds: i64) -> Time {
    Time::from_micros(at.micros().saturating_add(seconds.saturating_mul(1_000_000))).unwrap_or(Time::LAST)
}
