//! Backups that were due, and how each was filled.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{Time, occurrence::Filled, rules::Item};

use crate::{
    render::chart::{Day, day_of},
    report::{BackupOutcome, Report},
};

/// The rule whose items they are.
const RULE: &str = "WW-BK-01";

/// An occurrence of a schedule.
pub(super) struct Due<'r> {
    /// The database.
    pub(super) database: &'r str,
    /// Name of the extra schedule that it is of.
    pub(super) extra: Option<&'r str>,
    /// When it was due.
    pub(super) at: Time,
    /// How it was filled.
    pub(super) filled: Filled,
    /// Its item, with its place among those of the rule, where it is one.
    pub(super) item: Option<(usize, &'r Item)>,
}

/// Every occurrence of the period, by database and time; none while the rule was not evaluated.
pub(super) fn all(report: &Report) -> Vec<Due<'_>> {
    let Some(rule) = report.rules.iter().find(|rule| rule.rule.id == RULE) else { return Vec::new() };
    if rule.items.is_empty() && rule.gaps.is_empty() {
        return Vec::new();
    }
    let items: BTreeMap<&str, (usize, &Item)> =
        rule.items.iter().enumerate().map(|(place, item)| (item.id.as_str(), (place, item))).collect();
    let completed: BTreeSet<&str> = report
        .facts
        .backups
        .iter()
        .filter(|backup| matches!(backup.outcome, BackupOutcome::Completed(_)))
        .map(|backup| backup.id.as_str())
        .collect();
    let by_hand = by_hand(report);
    let ends = report.facts.span.map(|span| span.end);
    let due = |due: &'_ crate::report::recorded::DueShown| {
        let item = items.get(due.item().as_str()).copied();
        let filled = match item {
            Some((_, item)) if item.deviation.is_none() => match &item.note {
                None => Filled::OnTime,
                Some(_) if by_hand.contains(item.entry.as_str()) => Filled::Manual,
                Some(_) => Filled::Recovered,
            },
            Some((_, item)) if item.entry.is_empty() => Filled::Missed,
            Some((_, item)) if completed.contains(item.entry.as_str()) && is_late(item) => Filled::Late,
            Some(_) => Filled::Failed,
            None if ends.is_some_and(|end| due.window.end > end) => Filled::NotCovered,
            None => Filled::Excused,
        };
        (filled, item)
    };
    let all = report.facts.recorded.due.iter().map(|one| {
        let (filled, item) = due(one);
        Due { database: &one.database, extra: one.extra.as_deref(), at: one.window.start, filled, item }
    });
    all.collect()
}

/// Whether it came, and came late: one of an extra schedule can also have come, and not have arrived.
fn is_late(item: &Item) -> bool {
    item.deviation.as_ref().is_some_and(|deviation| deviation.starts_with("late: "))
}

/// Entries of runs that a person started.
fn by_hand(report: &Report) -> BTreeSet<&str> {
    let runs = report.facts.backups.iter().zip(&report.facts.recorded.runs);
    runs.filter(|(_, run)| run.trigger.as_deref() == Some("manual")).map(|(backup, _)| backup.id.as_str()).collect()
}

/// The local day of an instant, by the zone of the policy where the record has its offsets.
pub(super) fn local_day(report: &Report, at: Time) -> Day {
    day_of(at, report.facts.zone.as_ref().map_or(0, |zone| zone.offset(at)))
}

/// The local days of the period, half-open; one day of no meaning where no period is known.
pub(super) fn local_days(report: &Report) -> (Day, Day) {
    let Some(claims) = &report.claims else { return (Day(0), Day(1)) };
    let last = claims.period.end.micros().saturating_sub(1);
    let last = Time::from_micros(last).unwrap_or(claims.period.end);
    (local_day(report, claims.period.start), local_day(report, last).next())
}
