//! Rules about backups (`spec:rules-5`, `spec:rules-6`).

use alloc::{format, string::String, vec::Vec};

use super::{Assessment, Basis, Item, Rule};
use crate::{chain::Line, event::Event, record::Record, time::Time};

const FAILURES_ID: &str = "WW-BK-03";
const SIGNED_ID: &str = "WW-BK-04";

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
    computation: "each completed backup has a backup statement whose signatures hold under keys for that use",
    basis: Basis::B1,
    reader: false,
    evaluate: signed,
};

/// How a run ended.
struct Run<'r> {
    entry: &'r Line<'r>,
    database: String,
    started: Time,
    what: String,
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
        let wrong: Vec<String> = unresolved.into_iter().chain(unexplained).collect();
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
    for entry in record.all().iter().filter(|entry| entry.is_interpreted()) {
        let failed = entry.is_one_of(&["backup.failed"]) && record.period().contains(entry.recorded_at);
        let open = entry.is_one_of(&["backup.started"]) && !record.has_ended(entry.run());
        if !failed && !open {
            continue;
        }
        match entry.event() {
            Event::BackupFailed(failed) => {
                let started = record.started(failed.run_id).unwrap_or_else(|| entry.at());
                let what = format!("failed at {} ({})", failed.stage.word(), failed.reason_code);
                runs.push(Run { entry, database: failed.database, started, what });
            }
            Event::BackupStarted(start) => {
                let max_run = record.promised(entry, &start.database).map_or(0, |database| database.max_run_s);
                let due = entry.recorded_at.micros().saturating_add(max_run.saturating_mul(1_000_000));
                if Time::from_micros(due).is_some_and(|due| record.period().contains(due)) {
                    let what = String::from("started, and no end is recorded");
                    runs.push(Run { entry, database: start.database, started: entry.at(), what });
                }
            }
            _ => {}
        }
    }
    runs
}

fn signed(record: &Record<'_>) -> Assessment {
    let completed = record.items().filter(|entry| entry.is_one_of(&["backup.completed"]));
    let items = completed.filter_map(|entry| match entry.event() {
        Event::BackupCompleted(done) => {
            let deviation = (!record.is_signed(entry.id)).then(|| String::from("no signed statement"));
            Some(item(SIGNED_ID, entry, &done.database, done.started_at, deviation))
        }
        _ => None,
    });
    Assessment::over(items.collect())
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
