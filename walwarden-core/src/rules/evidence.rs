//! WW-EV-01: evidence was captured and reviewed as scheduled (`spec:rules-36`).

use alloc::{format, vec, vec::Vec};

use super::{
    Assessment, Basis, GapKind, Item, Rule,
    capture::{Captures, Found, due, is_promised},
    review::Reviews,
    window::{gap, not_promised},
};
use crate::{policy::Collector, record::Record};

/// What was due was captured, and reviewed by another person.
pub(super) const SCHEDULE: Rule = Rule {
    id: "WW-EV-01",
    title: "Evidence was captured and reviewed as scheduled",
    computation: "each capture that was due is there, recorded in time, and reviewed in time by another person where the policy promises it",
    basis: Basis::B2,
    reader: false,
    evaluate: schedule,
};

fn schedule(record: &Record<'_>) -> Assessment {
    if !is_promised(record, Collector::ALL) {
        return Assessment::with_gaps(vec![], vec![not_promised("captures of evidence")]);
    }
    let (captures, reviews) = (Captures::new(record), Reviews::new(record));
    let (due, mut gaps) = due(record, &captures, Collector::ALL);
    let (mut items, mut excused) = (Vec::new(), 0_usize);
    for due in &due {
        match due.found(record, &captures, &reviews) {
            Found::Good(capture, note) => items.push(Item { note, ..due.item(SCHEDULE.id, Some(capture), None) }),
            Found::Wrong(capture, what) => items.push(due.item(SCHEDULE.id, Some(capture), Some(what))),
            Found::Missed(what) => items.push(due.item(SCHEDULE.id, None, Some(format!("missed: {what}")))),
            Found::Open(until) => {
                let what = format!("review of {} due by {until}: the record ends before", due.collector);
                gaps.push(gap(GapKind::NotCovered, due.database, what));
            }
            Found::Withheld(what) => {
                let what = format!("{} of {}: {what}", due.collector, due.span.start);
                gaps.push(gap(GapKind::NoInput, due.database, what));
            }
            Found::NotCovered => gaps.push(due.not_covered()),
            Found::Excused => excused = excused.saturating_add(1),
        }
    }
    let mut assessment = Assessment::with_gaps(items, gaps);
    if excused > 0 && assessment.reason.is_empty() {
        assessment.reason = format!("{excused} more rested in maintenance that was declared before it began");
    }
    assessment
}
