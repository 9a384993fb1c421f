//! Rules about backups (`spec:rules-5`, `spec:rules-6`, `spec:rules-41`, `spec:rules-42`).

use alloc::{format, string::String, vec::Vec};

use super::{Assessment, Basis, Gap, GapKind, Item, Rule, Status};
use crate::{
    chain::Line,
    event::Event,
    record::{Completed, Record},
    time::Time,
};

const FAILURES_ID: &str = "WW-BK-03";
const SIGNED_ID: &str = "WW-BK-04";
const BYTES_ID: &str = "WW-BK-05";
const PLAUSIBLE_ID: &str = "WW-BK-06";

/// With fewer backups before it no size is sudden.
const FEWEST_BEFORE: usize = 3;

/// Failed and dead runs are followed by a success in time, and by an action or a reason.
pub(super) const FAILURES: Rule = Rule {
    id: FAILURES_ID,
    title: "Failed backups were resolved",
    computation: "each failed or dead run is followed by a completed one within max_resolution, and an action or explanation is recorded",
    basis: Basis::B2,
    reader: false,
    evaluate: failures,
};

/// Each completed backup has a valid signed statement.
pub(super) const SIGNED: Rule = Rule {
    id: SIGNED_ID,
    title: "Every completed backup has a signed statement",
    computation: "each completed backup has a backup statement whose signatures hold under keys for that use, and was recorded in time",
    basis: Basis::B1,
    reader: false,
    evaluate: signed,
};

/// The stored objects are those of the statements.
pub(super) const BYTES: Rule = Rule {
    id: BYTES_ID,
    title: "Stored backups are the ones that were signed",
    computation: "each completed backup has the SHA-256 of its statement, computed from the files that the reader brought",
    basis: Basis::B1,
    reader: true,
    evaluate: bytes,
};

/// No backup is empty, or suddenly of another size.
pub(super) const PLAUSIBLE: Rule = Rule {
    id: PLAUSIBLE_ID,
    title: "Backups are neither empty nor of a sudden size",
    computation: "each completed backup has tables and rows, and a size within the promised share of the median of the five before it, or an explanation",
    basis: Basis::B2,
    reader: false,
    evaluate: plausible,
};

/// How a run ended.
struct Run<'r> {
    entry: &'r Line<'r>,
    database: String,
    started: Time,
    what: String,
    /// Whether it is recorded as failed; it has no end otherwise.
    failed: bool,
}

fn failures(record: &Record<'_>) -> Assessment {
    let items = failed_runs(record).into_iter().map(|run| {
        let limit = record.promised(run.entry, &run.database).map(|database| database.max_resolution_s);
        let success = record.completed_after(&run.database, run.entry.seq);
        let unresolved = match (success, limit) {
            (Some(at), Some(limit)) if at.seconds_since(run.entry.recorded_at) <= limit => None,
            (Some(at), Some(_)) => Some(format!("the next completed backup came only at {}", at.to_words())),
            (Some(_), None) => Some(String::from("no policy in force promises a max_resolution")),
            (None, _) => Some(String::from("no completed backup is recorded after it")),
        };
        let unexplained = (!record.is_answered(run.entry.id)).then(|| "no action or explanation is recorded".into());
        let late = record.lateness(run.entry).filter(|_| run.failed);
        let wrong: Vec<String> = unresolved.into_iter().chain(unexplained).chain(late).collect();
        let deviation = (!wrong.is_empty()).then(|| format!("{}; {}", run.what, wrong.join("; ")));
        let resolved = || format!("{}; made good in time, and an action is recorded", run.what);
        let note = deviation.is_none().then(resolved);
        Item { note, ..item(FAILURES_ID, run.entry, &run.database, run.started, deviation) }
    });
    Assessment::over(items.collect())
}

/// Runs recorded in the period as failed, and runs without an end whose `max_run` ran out in the period: a run that is
/// still open at a period's end belongs to the next one (`spec:rules-5`).
fn failed_runs<'r>(record: &'r Record<'r>) -> Vec<Run<'r>> {
    let mut runs = Vec::new();
    for entry in record.lines(&["backup.started", "backup.failed"]) {
        let failed = entry.is_one_of(&["backup.failed"]) && record.period().contains(entry.recorded_at);
        let open = entry.is_one_of(&["backup.started"]) && !record.has_ended(entry.run());
        if !failed && !open {
            continue;
        }
        match entry.event() {
            Event::BackupFailed(failed) => {
                let started = record.started(failed.run_id).unwrap_or_else(|| entry.at());
                let what = format!("failed at {} ({})", failed.stage.word(), failed.reason_code);
                runs.push(Run { entry, database: failed.database, started, what, failed: true });
            }
            Event::BackupStarted(start) => {
                let max_run = record.promised(entry, &start.database).map_or(0, |database| database.max_run_s);
                let due = entry.recorded_at.micros().saturating_add(max_run.saturating_mul(1_000_000));
                if Time::from_micros(due).is_some_and(|due| record.period().contains(due)) {
                    let what = String::from("started, and no end is recorded");
                    runs.push(Run { entry, database: start.database, started: entry.at(), what, failed: false });
                }
            }
            _ => {}
        }
    }
    runs
}

fn signed(record: &Record<'_>) -> Assessment {
    let items = record.recorded(&["backup.completed"]).filter_map(|(entry, event)| match event {
        Event::BackupCompleted(done) => {
            let unsigned = (!record.is_signed(entry.id)).then(|| String::from("no signed statement"));
            let deviation = unsigned.or_else(|| record.lateness(entry));
            Some(item(SIGNED_ID, entry, &done.database, done.started_at, deviation))
        }
        _ => None,
    });
    Assessment::over(items.collect())
}

fn bytes(record: &Record<'_>) -> Assessment {
    let Some(given) = &record.exhibits().reader.objects else {
        return Assessment::without(Status::NotTested, "the stored objects were not given (--artifacts)");
    };
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for (entry, event) in record.recorded(&["backup.completed"]) {
        let Event::BackupCompleted(done) = event else { continue };
        match given.get(&entry.id) {
            Some(equal) => {
                let deviation = (!equal).then(|| String::from("the file given is another one"));
                items.push(item(BYTES_ID, entry, &done.database, done.snapshot_at, deviation));
            }
            None => gaps.push(Gap {
                kind: GapKind::NotTested,
                database: done.database,
                what: format!("the object of the backup of {} was not given", done.snapshot_at.to_words()),
            }),
        }
    }
    Assessment::with_gaps(items, gaps)
}

fn plausible(record: &Record<'_>) -> Assessment {
    let mut items = Vec::new();
    for database in record.databases() {
        let of_period = record.backups_of_period(database);
        let Some(first) = of_period.first() else { continue };
        let earlier = record.backups_back(database).filter(|backup| backup.line.seq < first.line.seq).take(5);
        let mut sizes: Vec<u64> = earlier.map(|backup| backup.done.object.bytes.0).collect();
        sizes.reverse();
        for backup in &of_period {
            let odd = odd(record, backup, &sizes);
            let answered = record.is_answered(backup.line.id);
            let note = odd.clone().filter(|_| answered).map(|odd| format!("{odd}; an explanation is recorded"));
            let deviation = odd.filter(|_| !answered);
            items.push(Item { note, ..item(PLAUSIBLE_ID, backup.line, database, backup.done.snapshot_at, deviation) });
            sizes.push(backup.done.object.bytes.0);
        }
    }
    if items.is_empty() { super::no_population(record) } else { Assessment::over(items) }
}

/// What is odd about a backup, beside the sizes of those before it.
fn odd(record: &Record<'_>, backup: &Completed<'_>, before: &[u64]) -> Option<String> {
    let done = &backup.done;
    if done.tables <= 0 || done.rows.0 == 0 {
        return Some(format!("{} tables and {} rows", done.tables, done.rows.0));
    }
    let share = u64::try_from(record.promised(backup.line, &done.database)?.size_change_pct?).ok()?;
    let last = before.len().saturating_sub(5);
    let mut last: Vec<u64> = before.get(last..)?.to_vec();
    if last.len() < FEWEST_BEFORE {
        return None;
    }
    last.sort_unstable();
    let median = *last.get(last.len().checked_div(2)?)?;
    let change = done.object.bytes.0.abs_diff(median);
    let beyond = u128::from(change).saturating_mul(100) > u128::from(median).saturating_mul(share.into());
    beyond.then(|| {
        format!("{} bytes, and the median of those before is {median} (promised within {share} %)", done.object.bytes.0)
    })
}

/// An item named by rule, database and instant.
pub(super) fn item(rule: &str, entry: &Line<'_>, database: &str, at: Time, deviation: Option<String>) -> Item {
    Item {
        id: format!("{rule}/{database}/{at}"),
        at,
        database: database.into(),
        entry: entry.id.as_str().into(),
        deviation,
        note: None,
    }
}
