//! Evidence that waits for somebody at the end of a record: captures to be made, captures to be reviewed.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use super::{
    capture::{Captures, Due, Found, begun},
    review::Reviews,
};
use crate::{
    policy::{Collector, Frequency},
    record::Record,
    time::Time,
    value::EntryId,
};

/// Something of a promise of evidence that is not done yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Which collector.
    pub collector: Collector,
    /// Of which database; of the organisation, where there is none.
    pub database: Option<String>,
    /// Persons, one of whom reviews it; empty where the policy names nobody.
    pub reviewers: Vec<String>,
    /// The capture that waits for its review; `None` where the capture itself is not there.
    pub captured: Option<(EntryId, Time)>,
    /// Since when it may be done.
    pub since: Time,
    /// Until when, exclusive; `None` where a review has no limit.
    pub until: Option<Time>,
}

impl Awaited {
    /// Whether its time is over.
    #[must_use]
    pub fn is_overdue(&self, now: Time) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// All that waits, by its time. Of a collector and database, the last capture that was due and not made; an older one is
/// the rules' to tell, for nobody can make it any more.
pub(crate) fn awaited(record: &Record<'_>) -> Vec<Awaited> {
    let (captures, reviews) = (Captures::new(record), Reviews::new(record));
    let (due, _) = begun(record, &captures, Collector::ALL);
    let mut waits: BTreeMap<(&str, &str, bool), Awaited> = BTreeMap::new();
    for due in &due {
        let key = (due.collector.word(), due.database, due.promise.frequency == Frequency::PerMigration);
        match due.found(record, &captures, &reviews) {
            // Not yet made: since the first window that nobody served.
            Found::Missed(_) | Found::NotCovered => {
                let new = of(due, None, due.span.start, Some(due.span.end));
                let since = waits.get(&key).map_or(new.since, |known| known.since);
                let until = waits.get(&key).map_or(new.until, |known| known.until);
                _ = waits.insert(key, Awaited { since, until, ..new });
            }
            _ => _ = waits.remove(&key),
        }
    }
    let mut all: Vec<Awaited> = waits.into_values().collect();
    for due in &due {
        if due.promise.reviewers.is_empty() && due.promise.review_within_s.is_none() {
            continue;
        }
        let made = captures.of(due.collector).iter().filter(|capture| due.span.contains(capture.at));
        let made = made.filter(|capture| capture.is_good() && capture.is_of(due.database));
        for capture in made.filter(|capture| reviews.of(capture.line.id).next().is_none()) {
            let until = due.promise.review_within_s.map(|within| capture.at.plus_seconds(within));
            all.push(of(due, Some((capture.line.id, capture.at)), capture.at, until));
        }
    }
    all.sort_by_key(|one| (one.until, one.since, one.captured));
    all.dedup();
    all
}

fn of(due: &Due<'_>, captured: Option<(EntryId, Time)>, since: Time, until: Option<Time>) -> Awaited {
    let database = (due.database != super::window::ALL).then(|| due.database.into());
    let reviewers = due.promise.reviewers.clone();
    Awaited { collector: due.collector, database, reviewers, captured, since, until }
}
