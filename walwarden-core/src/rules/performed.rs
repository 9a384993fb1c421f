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
    event::{CopyMethod, CopyOutcome, Duty, Event, Trigger},
    occurrence::{self, End, Filled, Occurrence, Run, Term, Window},
    policy::{DatabasePolicy, ExtraSchedule},
    record::Record,
    time::{Period, Time},
    value::EntryId,
};

const ID: &str = "WW-BK-01";

/// Each occurrence of each schedule has a backup that began in time.
pub(super) const PERFORMED: Rule = Rule {
    id: ID,
    title: "Every backup that was due was made",
    computation: "each occurrence of a schedule in force is filled by a run that completed: on time, as a retry, or by hand where that counts; of an extra one, its backup also lies in the account that it names",
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
    let mut found = Found::default();
    found.gaps.extend(in_period().filter(|term| term.policy.is_none()).map(|term| Gap {
        kind: GapKind::NoInput,
        database: "*".into(),
        what: format!("the policy in force from {} on is not carried", term.span.start),
    }));
    for database in databases {
        let attempts = attempts.get_or_insert_with(|| by_database(record)).get(database);
        let made = Made::of(record, database, attempts.map(Vec::as_slice).unwrap_or_default());
        for schedule in schedules(record, database) {
            found.judge(record, schedule, &made);
        }
    }
    let Found { items, gaps, excused, .. } = found;
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

/// What the occurrences came to.
#[derive(Default)]
struct Found {
    items: Vec<Item>,
    gaps: Vec<Gap>,
    excused: Vec<String>,
    stored: Stored,
}

impl Found {
    fn judge(&mut self, record: &Record<'_>, of: Which<'_>, made: &Made<'_, '_>) {
        let gap = |kind, what: String| Gap { kind, database: of.database.into(), what };
        let promised = match of.promised(record) {
            Ok(promised) => promised,
            Err(zone) => {
                let what = format!("the record holds no offsets of {zone} for this period");
                self.gaps.push(gap(GapKind::NoInput, what));
                return;
            }
        };
        if promised.iter().all(|term| term.schedule.is_none()) {
            self.gaps.push(gap(GapKind::NotPromised, "no policy in force promises a schedule".into()));
            return;
        }
        let accounts = of.accounts(record);
        for occurrence in made.occurrences(record, &promised) {
            let run = occurrence.run.and_then(|place| made.attempts.get(place));
            let due = of.due_at(occurrence.window.at);
            let deviation = match occurrence.filled {
                Filled::Excused => {
                    self.excused.push(format!("{} at {}", of.words(), occurrence.window.at));
                    continue;
                }
                Filled::NotCovered | Filled::Open => Err(format!("{due}: the record ends before it could be filled")),
                filled => match (deviation(filled, run), accounts.get(occurrence.window.term), run) {
                    (None, Some(Some(account)), Some(run)) => {
                        let there = self.stored.since(record, run.entry.id, account);
                        arrived(there, account, occurrence.window, record).map_err(|what| format!("{due}: {what}"))
                    }
                    (deviation, ..) => Ok(deviation),
                },
            };
            // The time that an extra schedule's occurrence owns is long: what came after the maintenance came for another reason.
            if of.extra.is_some() && made.is_excused(occurrence.window.at) && !matches!(deviation, Ok(None)) {
                self.excused.push(format!("{} at {}", of.words(), occurrence.window.at));
                continue;
            }
            match deviation {
                Ok(deviation) => self.items.push(item(of, &occurrence, run, deviation)),
                Err(what) => self.gaps.push(gap(GapKind::NotCovered, what)),
            }
        }
    }
}

/// Where backups lie whole, and since when that is known; looked for once, where an extra schedule asks.
#[derive(Default)]
struct Stored(Option<BTreeMap<EntryId, Vec<(String, Time)>>>);

impl Stored {
    /// Since when a backup is known to lie in an account.
    fn since(&mut self, record: &Record<'_>, backup: EntryId, account: &str) -> Option<Time> {
        let stored = self.0.get_or_insert_with(|| {
            let mut stored: BTreeMap<EntryId, Vec<(String, Time)>> = BTreeMap::new();
            let lines = record.all().iter().filter(|line| line.is_one_of(&["backup.completed", "copy.verified"]));
            for line in lines {
                match line.event() {
                    Event::BackupCompleted(done) => {
                        // Where it was made, it lies from the start.
                        stored.entry(line.id).or_default().push((done.object.account_ref, done.started_at));
                    }
                    Event::CopyVerified(copy)
                        if copy.outcome == CopyOutcome::Ok && copy.method == CopyMethod::FullReread =>
                    {
                        stored.entry(copy.backup).or_default().push((copy.location.account_ref, line.at()));
                    }
                    _ => {}
                }
            }
            stored
        });
        let times = stored.get(&backup)?.iter().filter(|(of, _)| of == account).map(|(_, at)| *at);
        times.min()
    }
}

/// Why a backup of an extra schedule does not lie in its account in time, or nothing; an error where the record ends before
/// that can be said.
fn arrived(there: Option<Time>, account: &str, window: Window, record: &Record<'_>) -> Result<Option<String>, String> {
    if there.is_some_and(|at| at < window.end) {
        Ok(None)
    } else if record.covered() < window.end {
        Err(format!("no copy in the account {account} yet, and the record ends before the next one is due"))
    } else {
        Ok(Some(format!("no copy in the account {account} was read back before the next one was due")))
    }
}

/// One schedule of a database: its own, or an extra one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Which<'r> {
    database: &'r str,
    extra: Option<&'r str>,
}

/// The schedules of a database under every policy of the period; its own always is one.
fn schedules<'r>(record: &'r Record<'_>, database: &'r str) -> BTreeSet<Which<'r>> {
    let promises = record.terms_of_period().into_iter().filter_map(|term| term.policy?.database(database));
    let extras = promises.flat_map(|promise| promise.extra_schedules.iter().map(|extra| Some(extra.name.as_str())));
    extras.chain([None]).map(|extra| Which { database, extra }).collect()
}

impl<'r> Which<'r> {
    /// What the policies in force promise; the zone that the record lacks, otherwise.
    fn promised(self, record: &'r Record<'_>) -> Result<Vec<Term<'r>>, &'r str> {
        let term = |term: &crate::record::Term<'r>| {
            let promise = term.policy.and_then(|policy| policy.database(self.database));
            let schedule = promise.and_then(|promise| match self.extra {
                None => promise.schedule.as_ref(),
                Some(_) => self.extra_of(promise).map(|extra| &extra.cron),
            });
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

    fn extra_of(self, promise: &DatabasePolicy) -> Option<&ExtraSchedule> {
        // They stand in order of their names (`spec:policy-2`).
        let extras = promise.extra_schedules.as_slice();
        extras.get(extras.binary_search_by_key(&self.extra?, |extra| extra.name.as_str()).ok()?)
    }

    /// Where backups are to lie, by the place of the term; nowhere in particular those of the database's own schedule.
    fn accounts(self, record: &'r Record<'_>) -> Vec<Option<&'r str>> {
        let account = |term: crate::record::Term<'r>| {
            self.extra_of(term.policy?.database(self.database)?).map(|extra| extra.to.as_str())
        };
        record.terms().into_iter().map(account).collect()
    }

    fn words(self) -> String {
        self.extra.map_or_else(|| self.database.into(), |extra| format!("{}, {extra}", self.database))
    }

    fn due_at(self, at: Time) -> String {
        self.extra.map_or_else(|| format!("due at {at}"), |extra| format!("{extra}, due at {at}"))
    }
}

/// When backups are due in the period: database, name of an extra schedule, window; none of those in a zone of which the
/// record has no offsets.
pub(crate) fn due<'r>(record: &'r Record<'_>) -> Vec<(&'r str, Option<&'r str>, Window)> {
    let mut due = Vec::new();
    for database in record.databases() {
        let made = Made::of(record, database, &[]);
        for of in schedules(record, database) {
            let Ok(promised) = of.promised(record) else { continue };
            due.extend(made.windows(record, &promised).into_iter().map(|window| (database, of.extra, window)));
        }
    }
    due
}

/// Occurrences of the period at which no run began, each with its database; of two schedules at one instant, one.
pub(crate) fn missed(record: &Record<'_>) -> Vec<(String, Window)> {
    let attempts = by_database(record);
    let mut missed = Vec::new();
    for database in record.databases() {
        let made = Made::of(record, database, attempts.get(database).map(Vec::as_slice).unwrap_or_default());
        let mut known = BTreeSet::new();
        for of in schedules(record, database) {
            let Ok(promised) = of.promised(record) else { continue };
            let found = made.occurrences(record, &promised).into_iter();
            let found = found.filter(|occurrence| occurrence.filled == Filled::Missed);
            let windows = found.map(|occurrence| occurrence.window).filter(|window| known.insert(window.at));
            missed.extend(windows.map(|window| (database.into(), window)));
        }
    }
    missed
}

/// The last occurrence of each schedule of a database in the period, with how it was filled so far; none where the offsets
/// of its zone are not known.
pub(crate) fn last_expected(record: &Record<'_>, database: &str) -> Vec<Occurrence> {
    let attempts = by_database(record);
    let made = Made::of(record, database, attempts.get(database).map(Vec::as_slice).unwrap_or_default());
    let last = |of: Which<'_>| made.occurrences(record, &of.promised(record).ok()?).pop();
    schedules(record, database).into_iter().filter_map(last).collect()
}

/// What fills the occurrences of a database, of whichever schedule.
struct Made<'a, 'r> {
    attempts: &'a [Attempt<'r>],
    runs: Vec<Run>,
    excused: Vec<Period>,
    scope: Option<Period>,
}

impl<'a, 'r> Made<'a, 'r> {
    fn of(record: &Record<'_>, database: &str, attempts: &'a [Attempt<'r>]) -> Self {
        Self {
            attempts,
            runs: attempts.iter().map(|attempt| attempt.run).collect(),
            excused: record.maintenance(database, Duty::Backup).collect(),
            scope: record.scope(database),
        }
    }

    /// The occurrences of the period while the database was in scope.
    fn windows(&self, record: &Record<'_>, terms: &[Term<'_>]) -> Vec<Window> {
        let mut windows = occurrence::windows(terms, record.period());
        windows.retain(|window| self.scope.is_none_or(|scope| scope.contains(window.at)));
        windows
    }

    /// Each with how it was filled.
    fn occurrences(&self, record: &Record<'_>, terms: &[Term<'_>]) -> Vec<Occurrence> {
        occurrence::fill(&self.windows(record, terms), terms, &self.runs, &self.excused, record.covered())
    }

    fn is_excused(&self, at: Time) -> bool {
        self.excused.iter().any(|span| span.contains(at))
    }
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

fn item(of: Which<'_>, occurrence: &Occurrence, run: Option<&Attempt<'_>>, deviation: Option<String>) -> Item {
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
    let named =
        |said: String| of.extra.map_or_else(|| said.clone(), |extra| format!("{said}, of the schedule {extra}"));
    let (deviation, note) = (deviation.map(named), note.map(named));
    let extra = of.extra.map(|extra| format!("/{extra}")).unwrap_or_default();
    Item { id: format!("{ID}/{}/{at}{extra}", of.database), at, database: of.database.into(), entry, deviation, note }
}
