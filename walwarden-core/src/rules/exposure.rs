//! WW-BK-02: no failure at any instant would have cost more data than promised (`spec:rules-40`).

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use super::{Assessment, Basis, Gap, GapKind, Item, Rule, words};
use crate::{
    exposure::{Breach, Held, Limit, Tooth, breaches, teeth},
    record::{Custody, Record, Term},
    time::{Period, Time},
    value::EntryId,
};

const ID: &str = "WW-BK-02";

/// No interval above the RPO.
pub(super) const EXPOSURE: Rule = Rule {
    id: ID,
    title: "Data at risk stayed within the RPO",
    computation: "at each instant, the age of the newest backup then at hand (its copies where promised) is at most the RPO in force",
    basis: Basis::B2,
    reader: false,
    evaluate: exposure,
};

/// The exposure of a database over the period, for the rule and for its drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Tooth after tooth, while the database was in scope.
    pub teeth: Vec<Tooth>,
    /// The RPOs in force.
    pub limits: Vec<Limit>,
    /// Where it was above them.
    pub breaches: Vec<Breach>,
    /// Which entry holds a state.
    pub entries: BTreeMap<Time, EntryId>,
}

/// The exposure of a database; `None` where it was not in scope in the period.
#[must_use]
pub fn of(record: &Record<'_>, database: &str, custody: &Custody) -> Option<Exposure> {
    let period = record.period();
    let scope = record.scope(database);
    let start = scope.map_or(period.start, |scope| scope.start.max(period.start));
    let end = scope.map_or(period.end, |scope| scope.end.min(period.end)).min(record.covered());
    if start >= end {
        return None;
    }
    let span = Period { start, end };
    let (held, entries) = held(record, database, custody, span);
    let entered = scope.map(|scope| scope.start).filter(|from| *from >= period.start);
    let teeth = teeth(&held, span, entered);
    let limit = |term: &Term<'_>| {
        let promised = term.policy.and_then(|policy| policy.database(database))?;
        let span = Period { start: term.span.start.max(start), end: term.span.end.min(end) };
        (span.start < span.end).then_some(Limit { span, rpo_s: promised.rpo_s })
    };
    let limits: Vec<Limit> = record.terms_of_period().iter().filter_map(limit).collect();
    let breaches = breaches(&teeth, &limits);
    Some(Exposure { teeth, limits, breaches, entries })
}

/// The backups that can be the newest at hand at some instant of `span`.
fn held(record: &Record<'_>, database: &str, custody: &Custody, span: Period) -> (Vec<Held>, BTreeMap<Time, EntryId>) {
    let (mut held, mut entries) = (Vec::new(), BTreeMap::new());
    // A backup that is at hand throughout makes all states before its own needless; entries are in order of recording,
    // and no state is newer than its entry.
    let mut enough: Option<Time> = None;
    for backup in record.backups_back(database) {
        if enough.is_some_and(|state| backup.line.recorded_at < state) {
            break;
        }
        let promised = record.promised(backup.line, database).and_then(|promised| promised.copies.as_ref());
        let at_hand = custody.at_hand(&backup, promised);
        let snapshot_at = backup.done.snapshot_at;
        if at_hand.iter().any(|at_hand| at_hand.start <= span.start && at_hand.end >= span.end) {
            enough = enough.max(Some(snapshot_at));
        }
        entries.insert(snapshot_at, backup.line.id);
        held.push(Held { snapshot_at, at_hand });
    }
    (held, entries)
}

fn exposure(record: &Record<'_>) -> Assessment {
    let custody = Custody::of(record);
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for database in record.databases() {
        let Some(exposure) = of(record, database, &custody) else { continue };
        for (place, tooth) in exposure.teeth.iter().enumerate() {
            let (start, end) = (tooth.span.start, tooth.span.end);
            match tooth.newest {
                None if place == 0 => gaps.push(Gap {
                    kind: GapKind::NoInput,
                    database: database.into(),
                    what: format!("no backup is recorded that was at hand before {}", end.to_words()),
                }),
                None => {
                    let lost = format!("no backup was at hand from {} to {}", start.to_words(), end.to_words());
                    items.push(item(database, start, "", Some(lost)));
                }
                Some(newest) => {
                    let entry = exposure.entries.get(&newest).map(EntryId::as_str).unwrap_or_default();
                    items.push(item(database, start, entry, over(&exposure, tooth, record.period().end)));
                }
            }
        }
        if record.covered() < record.period().end {
            let what = format!("the record ends at {}", record.covered().to_words());
            gaps.push(Gap { kind: GapKind::NotCovered, database: database.into(), what });
        }
    }
    if items.is_empty() && gaps.is_empty() {
        return super::no_population(record);
    }
    Assessment::with_gaps(items, gaps)
}

/// Words for the breaches inside one tooth.
fn over(exposure: &Exposure, tooth: &Tooth, end_of_period: Time) -> Option<String> {
    let within = |breach: &&Breach| breach.span.start < tooth.span.end && tooth.span.start < breach.span.end;
    let mut inside = exposure.breaches.iter().filter(within).peekable();
    let first = inside.peek()?.span.start.max(tooth.span.start);
    let last = inside.last()?;
    let end = last.span.end.min(tooth.span.end);
    let most = tooth.newest.map(|newest| words::duration(end.seconds_since(newest))).unwrap_or_default();
    let until = if end == end_of_period { "the end of the period".into() } else { end.to_words() };
    Some(format!(
        "up to {most} of data at risk, RPO {}: above it from {} to {until}",
        words::duration(last.rpo_s),
        first.to_words()
    ))
}

fn item(database: &str, at: Time, entry: &str, deviation: Option<String>) -> Item {
    let id = format!("{ID}/{database}/{at}");
    Item { id, at, database: database.into(), entry: entry.into(), deviation, note: None }
}
