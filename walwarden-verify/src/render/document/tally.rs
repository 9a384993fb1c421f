//! Plain counts for the first page.

use walwarden_core::{occurrence::Filled, rules::Status};

use super::{Count, Tally, Tone, due, history, words};
use crate::report::{BackupOutcome, Report};

/// Checks, rules, backups and restore tests, counted.
pub(super) fn tallies(report: &Report) -> Vec<Tally> {
    let mut tallies = vec![checks(report), rules(report)];
    if history::is_established(report) {
        tallies.extend([backups(report), restores(report)]);
    }
    tallies
}

fn checks(report: &Report) -> Tally {
    let counts = report.counts();
    let skipped = counts.not_run.saturating_sub(counts.required_not_run);
    let counts = vec![
        count(counts.failed, "failed", Tone::Bad),
        count(counts.required_not_run, "required and not run", Tone::Warn),
        count(counts.accepted, "accepted by the reader", Tone::Warn),
        count(counts.passed, "passed", Tone::Good),
        count(skipped, "others not run", Tone::Quiet),
    ];
    Tally { label: "Checks", counts }
}

fn rules(report: &Report) -> Tally {
    const ALL: [(Status, Tone); 7] = [
        (Status::IntegrityFailure, Tone::Bad),
        (Status::Exception, Tone::Bad),
        (Status::NotEvidenced, Tone::Warn),
        (Status::NotTested, Tone::Quiet),
        (Status::Supported, Tone::Good),
        (Status::NotOccurred, Tone::Quiet),
        (Status::NotApplicable, Tone::Quiet),
    ];
    // What nobody promised lacks no evidence: the verdict line does not count it either.
    let with = |status| report.rules.iter().filter(|rule| rule.status == status && !rule.is_unpromised()).count();
    let mut counts: Vec<Count> =
        ALL.iter().map(|(status, tone)| count(with(*status), status.print().1, *tone)).collect();
    counts.push(count(report.rules.iter().filter(|rule| rule.is_unpromised()).count(), "not promised", Tone::Quiet));
    Tally { label: "Rules", counts }
}

/// What was due and how it went; where nothing was due, the runs that there were.
fn backups(report: &Report) -> Tally {
    let due = due::all(report);
    if due.is_empty() {
        return runs(report);
    }
    let of = |all: &[Filled]| due.iter().filter(|one| all.contains(&one.filled)).count();
    let counts = vec![
        count(due.len(), "due", Tone::Quiet),
        count(of(&[Filled::OnTime, Filled::Recovered, Filled::Manual]), "made", Tone::Good),
        count(of(&[Filled::Late]), "late", Tone::Warn),
        count(of(&[Filled::Failed]), "failed", Tone::Bad),
        count(of(&[Filled::Missed]), "missed", Tone::Bad),
        count(of(&[Filled::Excused]), "excused", Tone::Quiet),
        count(of(&[Filled::Open, Filled::NotCovered]), "not covered", Tone::Warn),
    ];
    Tally { label: "Backups", counts }
}

fn runs(report: &Report) -> Tally {
    let of =
        |which: fn(&BackupOutcome) -> bool| report.facts.backups.iter().filter(|backup| which(&backup.outcome)).count();
    let counts = vec![
        count(of(|outcome| matches!(outcome, BackupOutcome::Completed(_))), "completed", Tone::Good),
        count(of(|outcome| matches!(outcome, BackupOutcome::Failed { .. })), "failed", Tone::Bad),
        count(of(|outcome| matches!(outcome, BackupOutcome::Open)), "without an end", Tone::Warn),
    ];
    Tally { label: "Backup runs", counts }
}

/// Tests and drills; a real recovery is none.
fn restores(report: &Report) -> Tally {
    let purposes = report.facts.recorded.tests.iter().map(|test| Some(test.purpose.as_str()));
    let tests = report.facts.restores.iter().zip(purposes.chain(std::iter::repeat(None)));
    let is_test = |purpose: Option<&str>| purpose.is_none_or(|purpose| matches!(purpose, "scheduled" | "drill"));
    let outcomes: Vec<&str> =
        tests.filter(|(_, purpose)| is_test(*purpose)).map(|(test, _)| test.outcome.as_str()).collect();
    let of = |outcome: &str| outcomes.iter().filter(|found| **found == outcome).count();
    let counts = vec![
        count(of("passed"), "passed", Tone::Good),
        count(of("failed"), "failed", Tone::Bad),
        count(of("aborted"), "aborted", Tone::Warn),
        count(of("open"), "without an end", Tone::Warn),
    ];
    Tally { label: "Restore tests", counts }
}

fn count(number: usize, label: &'static str, tone: Tone) -> Count {
    let tone = if number == 0 { Tone::Quiet } else { tone };
    Count { number: words::number(u64::try_from(number).unwrap_or(u64::MAX)), label, tone }
}
