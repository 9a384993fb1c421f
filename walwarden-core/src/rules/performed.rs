//! WW-BK-01: every backup that the policy promised was made (`spec:rules-11`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::{Assessment, Basis, Gap, GapKind, Item, Rule};
use crate::{
    chain::Line,
    event::{Duty, Event, Trigger},
    occurrence::{self, End, Filled, Occurrence, Run, Term, Window},
    record::Record,
    time::{Period, Time},
    value::EntryId,
};

const ID: &str = "WW-BK-01";

/// Each occurrence of each schedule has a backup that began in time.
pub(super) const PERFORMED: Rule = Rule {
    id: ID,
    title: "Every backup that was due was made",
    computation: "each occurrence of a schedule in force is filled by a run that completed: on time, as a retry, or by hand where that counts",
    basis: Basis::B2,
    reader: false,
    evaluate: performed,
};

fn performed(record: &Record<'_>) -> Assessment {
    let terms = record.terms();
    if terms.is_empty() {
        return super::no_population(record);
    }
    let in_period = || terms.iter().filter(|term| term.span.start < record.period().end);
    let policies = in_period().filter_map(|term| term.policy);
    let databases: BTreeSet<&str> =
        policies.flat_map(|policy| policy.databases.iter().map(|database| database.id.as_str())).collect();
    let mut attempts: Option<BTreeMap<String, Vec<Attempt<'_>>>> = None;
    let (mut items, mut gaps, mut excused) = (Vec::new(), Vec::new(), Vec::new());
    gaps.extend(in_period().filter(|term| term.policy.is_none()).map(|term| Gap {
        kind: GapKind::NoInput,
        database: "*".into(),
        what: format!("the policy in force from {} on is not carried", term.span.start),
    }));
    for database in databases {
        let gap = |kind, what: &str| Gap { kind, database: database.into(), what: what.into() };
        let promised = match promised(record, database) {
            Ok(promised) => promised,
            Err(zone) => {
                let what = format!("the record holds no offsets of {zone} for this period");
                gaps.push(gap(GapKind::NoInput, &what));
                continue;
            }
        };
        if promised.iter().all(|term| term.schedule.is_none()) {
            gaps.push(gap(GapKind::NotPromised, "no policy in force promises a schedule"));
            continue;
        }
        let of = attempts.get_or_insert_with(|| by_database(record)).get(database);
        let of = of.map(Vec::as_slice).unwrap_or_default();
        for occurrence in occurrences(record, database, &promised, of) {
            let run = occurrence.run.and_then(|place| of.get(place));
            match occurrence.filled {
                Filled::Excused => excused.push(format!("{database} at {}", occurrence.window.at)),
                Filled::NotCovered | Filled::Open => {
                    let what = format!("due at {}: the record ends before it could be filled", occurrence.window.at);
                    gaps.push(gap(GapKind::NotCovered, &what));
                }
                filled => items.push(item(database, &occurrence, run, deviation(filled, run))),
            }
        }
    }
    if items.is_empty() && gaps.is_empty() && excused.is_empty() {
        return super::no_population(record);
    }
    let mut assessment = Assessment::with_gaps(items, gaps);
    if let Some(first) = excused.first() {
        let more = excused.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let note = format!("{first}{more}: excused by maintenance that was declared before it began, and no item");
        assessment.reason = if assessment.reason.is_empty() { note } else { format!("{}; {note}", assessment.reason) };
    }
    assessment
}

/// Occurrences of the period at which no run began, each with its database.
pub(crate) fn missed(record: &Record<'_>) -> Vec<(String, Window)> {
    let attempts = by_database(record);
    let mut missed = Vec::new();
    for database in record.databases() {
        let Ok(promised) = promised(record, database) else { continue };
        let of = attempts.get(database).map(Vec::as_slice).unwrap_or_default();
        let found = occurrences(record, database, &promised, of).into_iter();
        let found = found.filter(|occurrence| occurrence.filled == Filled::Missed);
        missed.extend(found.map(|occurrence| (database.into(), occurrence.window)));
    }
    missed
}

/// The occurrences of the period of one database, each with how it was filled so far; none where the offsets of its
/// zone are not known.
pub(crate) fn expected(record: &Record<'_>, database: &str) -> Vec<Occurrence> {
    let Ok(promised) = promised(record, database) else { return Vec::new() };
    let attempts = by_database(record);
    occurrences(record, database, &promised, attempts.get(database).map(Vec::as_slice).unwrap_or_default())
}

/// What the policies in force promise for a database; the zone that the record lacks, otherwise.
fn promised<'r>(record: &'r Record<'_>, database: &str) -> Result<Vec<Term<'r>>, &'r str> {
    let term = |term: &crate::record::Term<'r>| {
        let promise = term.policy.and_then(|policy| policy.database(database));
        let schedule = promise.and_then(|promise| promise.schedule.as_ref());
        let zone = match term.policy.filter(|_| schedule.is_some()) {
            Some(policy) => record.zone(&policy.timezone).ok_or(policy.timezone.as_str())?,
            None => record.utc(),
        };
        Ok(Term {
            span: term.span,
            schedule,
            zone,
            start_tolerance_s: promise.and_then(|promise| promise.start_tolerance_s).unwrap_or(0),
            manual_counts: promise.and_then(|promise| promise.manual_counts).unwrap_or(false),
        })
    };
    record.terms().iter().map(term).collect()
}

/// The occurrences of the period while the database was in scope, each with how it was filled.
fn occurrences(record: &Record<'_>, database: &str, terms: &[Term<'_>], attempts: &[Attempt<'_>]) -> Vec<Occurrence> {
    let mut windows = occurrence::windows(terms, record.period());
    if let Some(scope) = record.scope(database) {
        windows.retain(|window| scope.start <= window.at && window.at < scope.end);
    }
    let runs: Vec<Run> = attempts.iter().map(|attempt| attempt.run).collect();
    let excused: Vec<Period> = record.maintenance(database, Duty::Backup).collect();
    occurrence::fill(&windows, terms, &runs, &excused, record.covered())
}

/// A run of a backup, and the entry that ended it, or began it where it has no end.
struct Attempt<'r> {
    run: Run,
    entry: &'r Line<'r>,
}

/// The runs recorded since the period began, in order of their starts.
fn by_database<'r>(record: &'r Record<'r>) -> BTreeMap<String, Vec<Attempt<'r>>> {
    let mut runs: BTreeMap<EntryId, (String, Attempt<'r>)> = BTreeMap::new();
    let since = record.all().iter().filter(|line| line.recorded_at >= record.period().start);
    for entry in since.filter(|line| line.is_one_of(&["backup.started", "backup.failed", "backup.completed"])) {
        match entry.event() {
            Event::BackupStarted(start) => {
                let manual = start.trigger == Trigger::Manual;
                let run = Run { started: entry.at(), manual, end: unfinished(record, entry, &start.database) };
                runs.entry(start.run_id).or_insert((start.database, Attempt { run, entry }));
            }
            Event::BackupFailed(failed) => {
                let unknown = Run { started: entry.at(), manual: false, end: End::Failed };
                let (_, attempt) =
                    runs.entry(failed.run_id).or_insert((failed.database, Attempt { run: unknown, entry }));
                (attempt.run.end, attempt.entry) = (End::Failed, entry);
            }
            Event::BackupCompleted(done) => {
                let end = End::Completed(done.completed_at);
                let unknown = Run { started: done.started_at, manual: false, end };
                let (_, attempt) = runs.entry(done.run_id).or_insert((done.database, Attempt { run: unknown, entry }));
                (attempt.run.end, attempt.entry) = (end, entry);
            }
            _ => {}
        }
    }
    let mut sorted: BTreeMap<String, Vec<Attempt<'r>>> = BTreeMap::new();
    for (database, attempt) in runs.into_values() {
        sorted.entry(database).or_default().push(attempt);
    }
    for of in sorted.values_mut() {
        of.sort_by_key(|attempt| (attempt.run.started, attempt.entry.seq));
    }
    sorted
}

/// How a run without an end stands: dead once its `max_run` is over.
fn unfinished(record: &Record<'_>, start: &Line<'_>, database: &str) -> End {
    let max_run = record.promised(start, database).map_or(0, |promised| promised.max_run_s);
    let due = start.recorded_at.micros().saturating_add(max_run.saturating_mul(1_000_000));
    if due <= record.covered().micros() { End::Failed } else { End::Open }
}

fn deviation(filled: Filled, run: Option<&Attempt<'_>>) -> Option<String> {
    let started = || run.map(|attempt| attempt.run.started.to_string()).unwrap_or_default();
    match filled {
        Filled::Late => Some(format!("late: the run that completed started at {}", started())),
        Filled::Failed => Some(format!("failed: the last attempt started at {}", started())),
        Filled::Missed => Some("missed: no run started before the next one was due".into()),
        _ => None,
    }
}

fn item(database: &str, occurrence: &Occurrence, run: Option<&Attempt<'_>>, deviation: Option<String>) -> Item {
    let at: Time = occurrence.window.at;
    let entry = run.map(|attempt| String::from(attempt.entry.id.as_str())).unwrap_or_default();
    let started = run.map(|attempt| attempt.run.started.to_string()).unwrap_or_default();
    let note = match occurrence.filled {
        Filled::Manual => Some(format!("by hand: a person started the run at {started}")),
        Filled::Recovered => {
            Some(format!("made good: the first attempt failed, the run that completed started at {started}"))
        }
        _ => None,
    };
    Item { id: format!("{ID}/{database}/{at}"), at, database: database.into(), entry, deviation, note }
}
