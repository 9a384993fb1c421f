//! What is due at the end of a record: how a producer asks its own chain what to do next (`spec:occurrences-3`).
//!
//! The arithmetic that rules judge by, so that what is done is what will be asked for.

use alloc::{collections::BTreeSet, string::String, vec::Vec};
use core::cmp::Reverse;

use crate::{
    occurrence::{Filled, Occurrence, Window},
    policy::{Cadence, Policy},
    record::{Completed, Custody, Record},
    retention::kept,
    rules::{
        awaited, performed,
        retention::{holds, standing},
        window,
    },
    time::{Period, Time},
    value::EntryId,
};

pub use crate::rules::awaited::Awaited;

/// The last occurrence of each schedule of a database that still waits for a run that completes, the latest one first. One
/// backup fills them all.
#[must_use]
pub fn backups(record: &Record<'_>, database: &str) -> Vec<Occurrence> {
    let waits = |last: &Occurrence| last.filled == Filled::NotCovered && last.window.end > record.covered();
    let mut waiting: Vec<_> = performed::last_expected(record, database).into_iter().filter(waits).collect();
    waiting.sort_by_key(|occurrence| Reverse(occurrence.window.at));
    waiting
}

/// When backups are due in the period: database, name of an extra schedule, window.
#[must_use]
pub fn due<'r>(record: &'r Record<'_>) -> Vec<(&'r str, Option<&'r str>, Window)> {
    performed::due(record)
}

/// Occurrences at which no run began before the next one was due, by database.
#[must_use]
pub fn missed(record: &Record<'_>) -> Vec<(String, Window)> {
    performed::missed(record)
}

/// The windows of a cadence that have begun by the end of the record's period; the last one may be running. None where
/// nothing is promised, or the offsets of the zone are not known.
#[must_use]
pub fn windows<'r>(record: &'r Record<'_>, cadence: impl Fn(&'r Policy) -> Option<Cadence>) -> Vec<Period> {
    window::all(record, cadence).unwrap_or_default().into_iter().map(|window| window.span).collect()
}

/// Evidence that waits to be captured or reviewed, by its time.
#[must_use]
pub fn evidence(record: &Record<'_>) -> Vec<Awaited> {
    awaited::awaited(record)
}

/// What a store lacks of a database, and what it keeps too long, by the retention in force and the last inventory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Backups to be kept that the last inventory does not have.
    pub missing: usize,
    /// Backups kept beyond their grace without a hold.
    pub overdue: usize,
}

/// How a database stands against its retention now; `None` where none is promised.
#[must_use]
pub fn retention(record: &Record<'_>, database: &str) -> Option<Kept> {
    let policy = record.in_force(record.covered())?;
    let promise = policy.database(database)?.retention.as_ref()?;
    let standing = standing(record, database, promise, record.zone(&policy.timezone)?);
    let missing = standing.iter().filter(|one| one.is_missing).count();
    let overdue = standing.iter().filter(|one| one.is_overdue && !one.is_held).count();
    Some(Kept { missing, overdue })
}

/// A backup that the retention in force no longer keeps.
#[derive(Debug, Clone)]
pub struct Deletable<'r> {
    /// The backup.
    pub backup: Completed<'r>,
    /// Whether a hold forbids to delete it all the same.
    pub held: bool,
}

/// The backups of a database that may be deleted now, but for holds, oldest first; none where no retention is promised.
///
/// Those are what the retention has not kept for half of its grace: nothing goes the moment that a newer backup is there, and
/// there is time to delete it before it is overdue.
#[must_use]
pub fn deletable<'r>(record: &'r Record<'r>, database: &str) -> Vec<Deletable<'r>> {
    let now = record.covered();
    let promise = record
        .in_force(now)
        .and_then(|policy| Some((policy.database(database)?.retention.as_ref()?, record.zone(&policy.timezone)?)));
    let Some((promise, zone)) = promise else { return Vec::new() };
    let custody = Custody::of(record);
    let there = |at: Time| -> Vec<Completed<'r>> {
        let of = record.backups_back(database).filter(|backup| backup.done.completed_at <= at);
        let mut of: Vec<_> =
            of.filter(|backup| custody.pruned(backup.line.id).is_none_or(|pruned| pruned > at)).collect();
        of.reverse();
        of
    };
    let kept_of = |there: &[Completed<'r>]| {
        let named: Vec<_> = there.iter().map(|backup| (backup.done.snapshot_at, backup.line.id)).collect();
        kept(promise, &named, zone)
    };
    let before = there(now.plus_seconds((promise.grace_s() / 2).saturating_neg()));
    let (then, mut there) = (kept_of(&before), there(now));
    let mut kept = kept_of(&there);
    // What was kept then, or was not there yet.
    kept.extend(then);
    let known: BTreeSet<EntryId> = before.iter().map(|backup| backup.line.id).collect();
    kept.extend(there.iter().map(|backup| backup.line.id).filter(|id| !known.contains(id)));
    let holds = holds(record, now);
    let is_held = |backup: &Completed<'_>| {
        holds.contains(backup.line.id.as_str()) || holds.contains(database) || holds.contains("*")
    };
    there.retain(|backup| !kept.contains(&backup.line.id));
    there.into_iter().map(|backup| Deletable { held: is_held(&backup), backup }).collect()
}
