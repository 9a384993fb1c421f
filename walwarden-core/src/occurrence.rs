//! Expected occurrences: what a schedule promised, and the runs that fill it (`spec:occurrences-3`, `spec:occurrences-4`).

mod cadence;

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{
    schedule::Schedule,
    time::{Period, Time},
    zone::Zone,
};

pub use cadence::{Due, Pace, due};

/// A version of a policy while it is in force, with the schedule that it promises.
#[derive(Debug, Clone, Copy)]
pub struct Term<'p> {
    /// From when to when it is in force.
    pub span: Period,
    /// What it promises; `None` promises nothing.
    pub schedule: Option<&'p Schedule>,
    /// Where its times are local.
    pub zone: &'p Zone,
    /// How late a run may start.
    pub start_tolerance_s: i64,
    /// Whether a manual run fills an occurrence.
    pub manual_counts: bool,
}

/// An occurrence and the time until the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it is due.
    pub at: Time,
    /// When the next one is due, or the promise ends; the occurrence owns the time until then.
    pub end: Time,
    /// Place of the term in force at `at`.
    pub term: usize,
}

/// More occurrences than a period of a real organisation has.
pub const MOST: usize = 1_000_000;

/// The occurrences in `period`, ascending. Terms follow each other and do not overlap; the last one may end long after
/// the period. At most [`MOST`].
#[must_use]
pub fn windows(terms: &[Term<'_>], period: Period) -> Vec<Window> {
    let ahead = |span: Period| Period { start: span.start.max(period.start), end: span.end };
    let due = terms.iter().enumerate().flat_map(|(place, term)| {
        let instants = term.schedule.map(|schedule| schedule.instants(term.zone, ahead(term.span)));
        instants.into_iter().flatten().map(move |at| (at, place))
    });
    let mut windows: Vec<Window> = Vec::new();
    for (at, term) in due.take(MOST) {
        if let Some(before) = windows.last_mut() {
            before.end = at;
        }
        if at >= period.end {
            break;
        }
        let end = terms.get(term).map_or(at, |term| term.span.end);
        windows.push(Window { at, end, term });
    }
    windows
}

/// One run of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// When it started.
    pub started: Time,
    /// Whether a person started it.
    pub manual: bool,
    /// How it ended.
    pub end: End,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With a backup, at this time.
    Completed(Time),
    /// Without one.
    Failed,
    /// Not yet, and it is younger than its `max_run`.
    Open,
}

/// How an occurrence was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filled {
    /// The first completed run started in tolerance.
    OnTime,
    /// The first attempt started in tolerance and failed, and a later one completed in the window.
    Recovered,
    /// The first completed run was started by a person.
    Manual,
    /// The first completed run started after the tolerance.
    Late,
    /// There were attempts, and none completed.
    Failed,
    /// There was no attempt.
    Missed,
    /// There was no attempt, during maintenance that was declared before it began.
    Excused,
    /// A run is still going on.
    Open,
    /// Nothing filled it, and the record does not reach its end.
    NotCovered,
}

impl Filled {
    /// One word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OnTime => "on-time",
            Self::Recovered => "recovered",
            Self::Manual => "manual",
            Self::Late => "late",
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::Excused => "excused",
            Self::Open => "open",
            Self::NotCovered => "not-covered",
        }
    }
}

/// An occurrence, and the run that filled it: its place among the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// When, and until when.
    pub window: Window,
    /// How it was filled.
    pub filled: Filled,
    /// The run that decided, where there was one.
    pub run: Option<usize>,
}

/// Matches runs with windows: a run fills the window in which it started. `runs` are in order of their starts;
/// `excused` are spans of maintenance; the record reaches to `covered`.
#[must_use]
pub fn fill(
    windows: &[Window],
    terms: &[Term<'_>],
    runs: &[Run],
    excused: &[Period],
    covered: Time,
) -> Vec<Occurrence> {
    let mut attempts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, run) in runs.iter().enumerate() {
        let after = windows.partition_point(|window| window.at <= run.started);
        let owner = after.checked_sub(1).and_then(|owner| Some((owner, windows.get(owner)?)));
        if let Some((owner, _)) = owner.filter(|(_, window)| run.started < window.end) {
            attempts.entry(owner).or_default().push(place);
        }
    }
    let occurrence = |(place, window): (usize, &Window)| {
        let places = attempts.get(&place).map(Vec::as_slice).unwrap_or_default();
        let attempts: Vec<(usize, Run)> =
            places.iter().filter_map(|place| Some((*place, *runs.get(*place)?))).collect();
        let is_excused = excused.iter().any(|span| span.contains(window.at));
        let is_covered = window.end <= covered;
        let term = terms.get(window.term);
        let (filled, run) = judge(window, term, &attempts, is_excused, is_covered);
        Occurrence { window: *window, filled, run }
    };
    windows.iter().enumerate().map(occurrence).collect()
}

fn judge(
    window: &Window,
    term: Option<&Term<'_>>,
    attempts: &[(usize, Run)],
    excused: bool,
    covered: bool,
) -> (Filled, Option<usize>) {
    let tolerance = term.map_or(0, |term| term.start_tolerance_s);
    let in_tolerance =
        |run: &Run| run.started.micros().saturating_sub(window.at.micros()) <= tolerance.saturating_mul(1_000_000);
    let counts = |run: &Run| !run.manual || term.is_some_and(|term| term.manual_counts);
    let completed = attempts.iter().find_map(|(place, run)| match run.end {
        End::Completed(at) if counts(run) => Some((*place, *run, at)),
        _ => None,
    });
    if let Some((place, run, at)) = completed {
        let before = attempts.iter().find(|(_, run)| counts(run)).filter(|(first, _)| *first != place);
        let failed_in_time = before.is_some_and(|(_, first)| in_tolerance(first));
        let filled = if run.manual {
            Filled::Manual
        } else if in_tolerance(&run) {
            Filled::OnTime
        } else if failed_in_time && at < window.end {
            Filled::Recovered
        } else {
            Filled::Late
        };
        return (filled, Some(place));
    }
    let last = attempts.iter().rev().find(|(_, run)| counts(run));
    match last {
        Some((place, run)) if run.end == End::Open => (Filled::Open, Some(*place)),
        // A retry may still come.
        Some((place, _)) if covered => (Filled::Failed, Some(*place)),
        None if excused => (Filled::Excused, None),
        None if covered => (Filled::Missed, None),
        Some((place, _)) => (Filled::NotCovered, Some(*place)),
        None => (Filled::NotCovered, None),
    }
}
