//! Reviews by persons, as rules count them (`spec:rules-15`).

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use crate::{
    chain::Line,
    event::{Conclusion, Event, ReviewSigned, Reviewed, Role},
    record::Record,
    time::Time,
    value::EntryId,
};

/// A review, and its entry.
pub(super) type Signed<'r> = (&'r Line<'r>, ReviewSigned);

/// Reviews, and their places by what they are of: one review may be of thousands of entries.
pub(super) struct Reviews<'r> {
    all: Vec<Signed<'r>>,
    of: BTreeMap<EntryId, Vec<usize>>,
}

/// What is asked of a review.
pub(super) struct Asked<'r> {
    /// When what is reviewed was recorded.
    pub(super) since: Time,
    /// Seconds from then on.
    pub(super) within_s: Option<i64>,
    /// Who may review; empty: anybody else than those who made it.
    pub(super) reviewers: &'r [String],
    /// Who made what is reviewed.
    pub(super) makers: Vec<String>,
}

/// What came of a review.
pub(super) enum Review {
    /// It is there; who reviewed, and when.
    Good(String),
    /// It is not, or not as asked.
    Wrong(String),
    /// It is not, and there is time beyond what the record shows.
    Open(Time),
}

impl<'r> Reviews<'r> {
    /// All of a record.
    pub(super) fn new(record: &'r Record<'_>) -> Self {
        let (mut all, mut of) = (Vec::new(), BTreeMap::<EntryId, Vec<usize>>::new());
        for (line, event) in record.events(&["review.signed"]) {
            let Event::ReviewSigned(review) = event else { continue };
            for subject in &review.subjects {
                of.entry(*subject).or_default().push(all.len());
            }
            all.push((line, *review));
        }
        Self { all, of }
    }

    /// Reviews of an entry, in order.
    pub(super) fn of(&self, entry: EntryId) -> impl DoubleEndedIterator<Item = &Signed<'r>> {
        let places = self.of.get(&entry).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.all.get(*place))
    }

    /// Whether a capture was reviewed as asked.
    pub(super) fn of_capture(&self, record: &Record<'_>, capture: EntryId, asked: &Asked<'_>) -> Review {
        let mut wrong = None;
        for (line, review) in self.of(capture) {
            let about = matches!(review.subject, Reviewed::Evidence | Reviewed::RoleList);
            if !about || review.role == Role::Preparer {
                continue;
            }
            match fault(record, line, review, asked) {
                None => return Review::Good(told(line, review)),
                Some(fault) => wrong = Some(fault),
            }
        }
        let until = asked.within_s.map(|within| super::window::after(asked.since, within));
        match (wrong, until.filter(|until| *until > record.covered())) {
            (Some(wrong), _) => Review::Wrong(wrong),
            (None, Some(until)) => Review::Open(until),
            (None, None) => Review::Wrong("no review is recorded".into()),
        }
    }
}

/// Whether a review has a verified statement; those of earlier periods were carried with the bundles of those.
pub(super) fn counts(record: &Record<'_>, line: &Line<'_>) -> bool {
    record.is_signed(line.id) || line.recorded_at < record.period().start
}

/// Who reviewed, and when.
pub(super) fn told(line: &Line<'_>, review: &ReviewSigned) -> String {
    let issue = if review.conclusion == Conclusion::Issue { ", with an issue" } else { "" };
    format!("reviewed by {} at {}{issue}", review.person, line.recorded_at)
}

fn fault(record: &Record<'_>, line: &Line<'_>, review: &ReviewSigned, asked: &Asked<'_>) -> Option<String> {
    let person = &review.person;
    if !counts(record, line) {
        return Some(format!("the review by {person} has no signed statement"));
    }
    if asked.makers.contains(person) {
        return Some(format!("reviewed by {person}, who captured it"));
    }
    if !asked.reviewers.is_empty() && !asked.reviewers.contains(person) {
        return Some(format!("reviewed by {person}, whom the policy does not name as reviewer"));
    }
    let took = line.recorded_at.seconds_since(asked.since);
    let within = asked.within_s.filter(|within| line.recorded_at > super::window::after(asked.since, *within));
    within.map(|within| format!("reviewed {took} s after it was captured, promised {within} s"))
}
