//! Rules about the policy itself (`spec:rules-22`, `spec:rules-23`).

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Assessment, Basis, GapKind, Item, Rule,
    review::{Reviews, counts},
    window::{ALL, gap, no_zone},
    words,
};
use crate::{
    chain::Line,
    event::{Conclusion, Reviewed, Role},
    policy::{DatabasePolicy, Policy, lint::longest},
    record::{Record, Term},
};

/// At each instant a policy was in force that promises what backups need.
pub(super) const IN_FORCE: Rule = Rule {
    id: "WW-PO-01",
    title: "A complete policy was in force, approved by another person than its author",
    computation: "each version in force promises RPO, RTO, schedule, retention and restore tests of each database, and its approver is not its author",
    basis: Basis::B4,
    reader: false,
    evaluate: complete,
};

/// The schedule can keep the RPO.
pub(super) const FREQUENCY: Rule = Rule {
    id: "WW-PO-02",
    title: "The schedule fits the RPO",
    computation: "longest gap of the schedule + start_tolerance + max_run <= RPO, for each database and version in force",
    basis: Basis::B2,
    reader: false,
    evaluate: frequency,
};

/// The terms of the period, and the gaps of those that are not carried or not there.
fn terms<'r>(record: &'r Record<'_>) -> (Vec<(Term<'r>, &'r Policy)>, Vec<super::Gap>) {
    let terms = record.terms_of_period();
    let mut gaps = Vec::new();
    let begun = record.all().first().map_or(record.period().end, |line| line.recorded_at);
    let since = terms.first().map_or(record.period().end, |term| term.span.start);
    let from = record.period().start.max(begun);
    // A record begins some minutes before its first policy is adopted.
    if terms.is_empty() || begun < record.period().start && since > from {
        gaps.push(gap(GapKind::NoInput, ALL, format!("no policy was in force from {from} to {since}")));
    }
    let uncarried = terms.iter().filter(|term| term.policy.is_none());
    gaps.extend(uncarried.map(|term| {
        let what = format!("the policy in force from {} on is not carried", term.span.start);
        gap(GapKind::NoInput, ALL, what)
    }));
    (terms.into_iter().filter_map(|term| Some((term, term.policy?))).collect(), gaps)
}

/// An item of a version and a database: its instant is the first of the period at which that version is in force.
fn item(record: &Record<'_>, rule: &str, term: &Term<'_>, database: &str, deviation: Option<String>) -> Item {
    let at = term.span.start.max(record.period().start);
    let id = format!("{rule}/{database}/{at}");
    Item { id, at, database: database.into(), entry: String::new(), deviation, note: None }
}

fn complete(record: &Record<'_>) -> Assessment {
    let (terms, mut gaps) = terms(record);
    let (reviews, adoptions) = (Reviews::new(record), Adoptions::new(record));
    let mut items = Vec::new();
    for (term, policy) in &terms {
        let adoption = adoptions.of(record, term);
        let entry = adoption.map(|line| line.id.to_string()).unwrap_or_default();
        let same = (policy.author == policy.approved_by)
            .then(|| format!("version {}: {} wrote it and approved it", policy.version, policy.author));
        let signed = adoption.is_some_and(|line| is_approved(record, &reviews, line, policy));
        let (version, by) = (&policy.version, &policy.approved_by);
        let note = if signed {
            format!("version {version}: the approval by {by} is signed")
        } else {
            format!("version {version}: the approval by {by} is stated, not signed (B4)")
        };
        for database in &policy.databases {
            match (missing(database), &same) {
                (Some(missing), None) => {
                    let what = format!("version {version} promises no {missing}");
                    gaps.push(gap(GapKind::NotPromised, &database.id, what));
                }
                (_, same) => {
                    let made = item(record, IN_FORCE.id, term, &database.id, same.clone());
                    let note = same.is_none().then(|| note.clone());
                    items.push(Item { entry: entry.clone(), note, ..made });
                }
            }
        }
    }
    Assessment::with_gaps(items, gaps)
}

fn missing(database: &DatabasePolicy) -> Option<String> {
    let tests = database.restore_test.as_ref().and_then(|test| test.cadence);
    let parts = [
        ("schedule", database.schedule.is_some()),
        ("retention", database.retention.is_some()),
        ("cadence of restore tests", tests.is_some()),
    ];
    let missing: Vec<&str> = parts.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect();
    (!missing.is_empty()).then(|| missing.join(", "))
}

/// Entries that adopted a policy, by its place among those carried.
struct Adoptions<'r>(BTreeMap<usize, Vec<&'r Line<'r>>>);

impl<'r> Adoptions<'r> {
    fn new(record: &'r Record<'_>) -> Self {
        let mut by: BTreeMap<usize, Vec<&'r Line<'r>>> = BTreeMap::new();
        for line in record.lines(&["policy.adopted"]) {
            if let Some((place, _)) = record.policy_with_place(line) {
                by.entry(place).or_default().push(line);
            }
        }
        Self(by)
    }

    /// The entry by which a term began.
    fn of(&self, record: &Record<'_>, term: &Term<'_>) -> Option<&'r Line<'r>> {
        let policy = term.policy?;
        let place = record.exhibits().policies.iter().position(|carried| core::ptr::eq(carried, policy))?;
        self.0.get(&place)?.iter().rev().find(|line| line.recorded_at <= term.span.start).copied()
    }
}

/// Whether the approver signed: with the adoption, or in a review of it.
fn is_approved(record: &Record<'_>, reviews: &Reviews<'_>, line: &Line<'_>, policy: &Policy) -> bool {
    let later = reviews.of(line.id).any(|(signed, review)| {
        review.subject == Reviewed::Policy
            && review.role == Role::Approver
            && review.person == policy.approved_by
            && review.conclusion == Conclusion::NoIssue
            && counts(record, signed)
    });
    later || record.exhibits().reviews.contains_key(&line.id)
}

fn frequency(record: &Record<'_>) -> Assessment {
    let (terms, mut gaps) = terms(record);
    let (mut items, mut known) = (Vec::new(), BTreeMap::new());
    for (term, policy) in &terms {
        for database in &policy.databases {
            if database.schedule.is_none() {
                let what = format!("version {} promises no schedule", policy.version);
                gaps.push(gap(GapKind::NotPromised, &database.id, what));
                continue;
            }
            let Some(zone) = record.zone(&policy.timezone) else {
                gaps.push(super::Gap { database: database.id.clone(), ..no_zone(&policy.timezone) });
                continue;
            };
            let from = term.span.start.max(record.period().start);
            let same =
                (database.schedule.as_ref().map(ToString::to_string), database.start_tolerance_s, database.max_run_s);
            // Databases of a policy often share a schedule, and its year is walked once.
            let longest = *known.entry((from, same)).or_insert_with(|| longest(database, zone, from));
            let Some(longest) = longest else { continue };
            let words = format!("{}, RPO {}", longest.words(), words::duration(database.rpo_s));
            let deviation = (longest.needed_s() > database.rpo_s).then(|| words.clone());
            let note = deviation.is_none().then_some(words);
            items.push(Item { note, ..item(record, FREQUENCY.id, term, &database.id, deviation) });
        }
    }
    Assessment::with_gaps(items, gaps)
}
