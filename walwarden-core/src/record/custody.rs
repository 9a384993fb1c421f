//! Where each backup lies, and until when it is at hand (`spec:rules-40`).

use alloc::{collections::BTreeMap, vec::Vec};

use super::Record;
use crate::{
    chain::Line,
    event::{BackupCompleted, CopyOutcome, CopyVerified, Event, Separation},
    policy::{Apart, Copies},
    statement::Object,
    time::{Period, Time},
    value::EntryId,
};

/// A backup and its entry.
#[derive(Debug, Clone)]
pub struct Completed<'r> {
    /// The entry.
    pub line: &'r Line<'r>,
    /// What it says.
    pub done: BackupCompleted,
}

/// Checks of copies and deletions, by backup.
#[derive(Debug, Default)]
pub struct Custody {
    checks: BTreeMap<EntryId, Vec<Check>>,
    pruned: BTreeMap<EntryId, Time>,
}

/// A look at a copy.
#[derive(Debug, Clone)]
pub struct Check {
    /// When.
    pub at: Time,
    /// What was seen.
    pub copy: CopyVerified,
}

impl Check {
    /// What tells the place of one copy from that of another.
    #[must_use]
    pub fn place(&self) -> [&str; 5] {
        place(&self.copy.location)
    }
}

impl Custody {
    /// Gathers the whole record, in order.
    #[must_use]
    pub fn of(record: &Record<'_>) -> Self {
        let mut custody = Self::default();
        for (line, event) in record.events(&["copy.verified", "retention.pruned"]) {
            match event {
                Event::CopyVerified(copy) => {
                    custody.checks.entry(copy.backup).or_default().push(Check { at: line.at(), copy: *copy });
                }
                Event::RetentionPruned(pruned) => {
                    for backup in pruned.confirmed {
                        custody.pruned.entry(backup).or_insert_with(|| line.at());
                    }
                }
                _ => {}
            }
        }
        custody
    }

    /// Looks at the copies of a backup, in order.
    #[must_use]
    pub fn checks(&self, backup: EntryId) -> &[Check] {
        self.checks.get(&backup).map_or(&[], Vec::as_slice)
    }

    /// When a backup was deleted, as confirmed.
    #[must_use]
    pub fn pruned(&self, backup: EntryId) -> Option<Time> {
        self.pruned.get(&backup).copied()
    }

    /// When a backup was at hand: somewhere, from when it was seen there to the last good look before a bad one.
    /// `promised` copies have to lie apart as promised; the object written first counts only where none are.
    #[must_use]
    pub fn at_hand(&self, backup: &Completed<'_>, promised: Option<&Copies>) -> Vec<Period> {
        let promised = promised.filter(|copies| copies.min > 0);
        let mut places: BTreeMap<[&str; 5], Place> = BTreeMap::new();
        let mut spans = Vec::new();
        if promised.is_none() {
            let at = backup.done.completed_at;
            places.insert(place(&backup.done.object), Place { since: at, last: at });
        }
        for check in self.checks(backup.line.id) {
            let of = check.place();
            match check.copy.outcome {
                CopyOutcome::Ok if promised.is_none_or(|copies| copies.apart(&check.copy)) => {
                    let seen = places.entry(of).or_insert(Place { since: check.at, last: check.at });
                    seen.last = seen.last.max(check.at);
                }
                CopyOutcome::Mismatch | CopyOutcome::Missing => {
                    let lost = places.remove(&of).map(|seen| Period { start: seen.since, end: seen.last });
                    spans.extend(lost);
                }
                CopyOutcome::Ok | CopyOutcome::Unreachable => {}
            }
        }
        spans.extend(places.into_values().map(|seen| Period { start: seen.since, end: Time::LAST }));
        if let Some(end) = self.pruned(backup.line.id) {
            spans.iter_mut().for_each(|span| span.end = span.end.min(end));
        }
        spans.retain(|span| span.start < span.end);
        spans
    }
}

/// Since when a copy was seen good, and when last.
struct Place {
    since: Time,
    last: Time,
}

/// What tells one place of an object from another.
fn place(object: &Object) -> [&str; 5] {
    [&object.provider, &object.account_ref, &object.region, &object.bucket, &object.key]
}

impl Copies {
    /// Whether a copy lies as far from the source as promised.
    #[must_use]
    pub const fn apart(&self, copy: &CopyVerified) -> bool {
        self.is_apart(&copy.separation)
    }

    /// Whether a place that is so far from the source is far enough.
    #[must_use]
    pub const fn is_apart(&self, separation: &Separation) -> bool {
        match self.separation {
            None => true,
            Some(Apart::Provider) => separation.provider,
            Some(Apart::Account) => separation.account || separation.provider,
            Some(Apart::Region) => separation.region,
        }
    }
}

impl<'a> Record<'a> {
    /// The completed backups of a database, the newest entry first.
    pub fn backups_back(&self, database: &str) -> impl Iterator<Item = Completed<'a>> + use<'_, 'a> {
        let completed = self.entries.completed_of(database).iter().rev();
        completed.filter_map(|position| self.completed(*position))
    }

    /// The completed backups of a database that were recorded in the period, in order.
    #[must_use]
    pub fn backups_of_period(&self, database: &str) -> Vec<Completed<'a>> {
        let positions = self.entries.completed_of(database);
        let recorded = |position: &u32| self.line(*position).map(|line| line.recorded_at);
        let first = positions.partition_point(|position| recorded(position).is_some_and(|at| at < self.period.start));
        let of = positions.iter().skip(first).filter_map(|position| self.completed(*position));
        of.take_while(|backup| backup.line.recorded_at < self.period.end).collect()
    }

    fn completed(&self, position: u32) -> Option<Completed<'a>> {
        let line = self.line(position)?;
        match line.event() {
            Event::BackupCompleted(done) => Some(Completed { line, done: *done }),
            _ => None,
        }
    }
}
