//! Rules about restore tests (`spec:rules-7` to `spec:rules-10`, `spec:rules-45` to `spec:rules-47`).

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use super::{Assessment, Basis, Gap, GapKind, Item, Rule, Status, backup::item, windows, words};
use crate::{
    chain::{ActorKind, Line},
    event::{Duty, Event, Outcome, Purpose, RestoreTested, ReviewSigned, Reviewed, TestScope},
    exposure::{Breach, Held, Limit, Tooth, breaches, teeth},
    policy::{Cadence, DatabasePolicy, IsolationPolicy, RestoreTestPolicy},
    record::{Record, Term},
    statement::RestoreTest,
    time::{Period, Time},
};

/// A restore test and its entry.
type Seen<'r> = (&'r Line<'r>, RestoreTested);

/// Each window of the cadence has a passed restore test.
pub(super) const TESTED: Rule = Rule {
    id: "WW-RT-01",
    title: "Every database was restored as often as promised",
    computation: "each window of the cadence that ended in the period has a restore test that started in it and passed; each window of the full exercise a passed one of everything, with keys and configuration from their own places",
    basis: Basis::B2,
    reader: false,
    evaluate: tested,
};

/// What came back equals what was dumped.
pub(super) const EQUAL: Rule = Rule {
    id: "WW-RT-02",
    title: "What was restored equals what was backed up",
    computation: "each restore test found equal content root, tables, rows, schema objects and sequences; the producer's word, unless the auditor repeats it",
    basis: Basis::B3,
    reader: false,
    evaluate: equal,
};

/// Passed tests took no longer than promised.
pub(super) const WITHIN_RTO: Rule = Rule {
    id: "WW-RT-03",
    title: "Restores took no longer than the RTO",
    computation: "of each passed test, from the command to the last required check, at most the RTO in force",
    basis: Basis::B2,
    reader: false,
    evaluate: within_rto,
};

/// A failed test is followed by a passed one.
pub(super) const CLOSED: Rule = Rule {
    id: "WW-RT-06",
    title: "Failed restore tests were followed by a passed one",
    computation: "each failed or aborted test is followed by a passed test of the same database, within the time promised",
    basis: Basis::B2,
    reader: false,
    evaluate: closed,
};

/// The target of each test was apart from the source, and was removed.
pub(super) const ISOLATED: Rule = Rule {
    id: "WW-RT-04",
    title: "Restore tests were made apart from production",
    computation: "each restore test ran on another system than the source (or says why not), in a class that the policy allows, and its target was dropped",
    basis: Basis::B3,
    reader: false,
    evaluate: isolated,
};

/// Each test says who did what, when, and what came of it.
pub(super) const RECORDED: Rule = Rule {
    id: "WW-RT-05",
    title: "Restore tests are recorded in full",
    computation: "each restore test was recorded in time and names its steps, target and outcome; a person performed it, or reviewed it where the policy promises a sign-off; a failed one has an action",
    basis: Basis::B2,
    reader: false,
    evaluate: recorded,
};

/// No time without a passed test was longer than the guard.
pub(super) const GUARD: Rule = Rule {
    id: "WW-RT-07",
    title: "No database went too long without a passed restore test",
    computation: "at each instant, the last passed restore test (at first: the database coming into scope) is no older than the guard in force",
    basis: Basis::B2,
    reader: false,
    evaluate: guard,
};

fn tested(record: &Record<'_>) -> Assessment {
    let tests = by_database(record);
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for database in record.databases() {
        let of = tests.get(database).map(Vec::as_slice).unwrap_or_default();
        let rested: Vec<Period> = record.maintenance(database, Duty::RestoreTest).collect();
        let mut promised = false;
        for (kind, full) in [(CADENCE, false), (FULL_EXERCISE, true)] {
            let cadence_of = |promised: &DatabasePolicy| promised.restore_test.as_ref().and_then(kind.cadence);
            let asked = windows::asked(record, database, |policy| policy.database(database).and_then(cadence_of));
            promised |= asked.promised;
            gaps.extend(asked.gaps);
            for window in asked.over {
                if rested.iter().any(|rest| rest.start <= window.start && window.end <= rest.end) {
                    continue;
                }
                items.push(window_item(record, database, of, window, kind.suffix, full));
            }
        }
        if !promised {
            let what = String::from("no policy in force promises how often it is tested");
            gaps.push(Gap { kind: GapKind::NotPromised, database: database.into(), what });
        }
    }
    if items.is_empty() && gaps.is_empty() {
        return super::no_population(record);
    }
    Assessment::with_gaps(items, gaps)
}

/// One of the two cadences of restore tests.
#[derive(Clone, Copy)]
struct Kind {
    cadence: fn(&RestoreTestPolicy) -> Option<Cadence>,
    /// Ends the id of its items: both may have a window that starts at the same instant.
    suffix: &'static str,
}

const CADENCE: Kind = Kind { cadence: |promised| promised.cadence, suffix: "" };
const FULL_EXERCISE: Kind = Kind { cadence: |promised| promised.full_exercise, suffix: "/full" };

fn window_item(
    record: &Record<'_>,
    database: &str,
    tests: &[Seen<'_>],
    window: Period,
    suffix: &str,
    full: bool,
) -> Item {
    let in_window = || tests.iter().filter(|(_, test)| window.contains(test.started_at));
    let suffices =
        |(line, test): &&Seen<'_>| test.outcome == Outcome::Passed && (!full || is_full_exercise(record, line, test));
    let passed = in_window().find(suffices);
    let last = in_window().next_back();
    let what = if full { "full exercise" } else { "restore test" };
    let deviation = match (passed, last) {
        (Some(_), _) => None,
        (None, None) => Some(format!("no {what} {}", windows::span(&window))),
        (None, Some((_, test))) if test.outcome == Outcome::Passed => Some(format!(
            "no {what} {}: those that passed left out data, keys or configuration",
            windows::span(&window)
        )),
        (None, Some((_, test))) => {
            Some(format!("no {what} passed {}; the last one ended: {}", windows::span(&window), test.outcome.word()))
        }
    };
    let entry = passed.or(last).map(|(line, _)| line.id.as_str().into()).unwrap_or_default();
    let (at, id) = (window.start, format!("WW-RT-01/{database}/{}{suffix}", window.start));
    Item { id, at, database: database.into(), entry, deviation, note: None }
}

/// Whether everything was restored, with keys and configuration from their own places.
fn is_full_exercise(record: &Record<'_>, line: &Line<'_>, test: &RestoreTested) -> bool {
    let retrieved = statement(record, line).map(|statement| statement.set_retrieved);
    test.scope == TestScope::Full && retrieved.is_some_and(|set| set.keys && set.config)
}

fn statement<'r>(record: &'r Record<'_>, line: &Line<'_>) -> Option<&'r RestoreTest> {
    record.exhibits().restore_tests.get(&line.id).copied()
}

/// All restore tests of the record, by database, in order; a real recovery is none.
fn by_database<'r>(record: &'r Record<'_>) -> BTreeMap<String, Vec<Seen<'r>>> {
    let mut tests: BTreeMap<String, Vec<Seen<'_>>> = BTreeMap::new();
    for (line, event) in record.events(&["restore.tested"]) {
        if let Event::RestoreTested(test) = event
            && matches!(test.purpose, Purpose::Scheduled | Purpose::Drill)
        {
            tests.entry(test.database.clone()).or_default().push((line, *test));
        }
    }
    tests
}

fn equal(record: &Record<'_>) -> Assessment {
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for (entry, test) in record.restore_tests().filter(|(_, test)| test.outcome != Outcome::Aborted) {
        let deviation = unequal(&test, statement(record, entry));
        let backup = record.exhibits().backups.get(&test.backup);
        if backup.is_some_and(|backup| !backup.data.same_snapshot) && deviation.is_none() {
            gaps.push(Gap {
                kind: GapKind::NotTested,
                database: test.database.clone(),
                what: format!(
                    "the test of {}: the content root of its backup is not from the dump's own snapshot",
                    test.started_at.to_words()
                ),
            });
            continue;
        }
        items.push(item("WW-RT-02", entry, &test.database, test.started_at, deviation));
    }
    Assessment::with_gaps(items, gaps)
}

/// What of a restored database differs from its backup.
fn unequal(test: &RestoreTested, statement: Option<&RestoreTest>) -> Option<String> {
    let same_root = test.root_expected.is_some() && test.root_expected == test.root_actual;
    let same_rows = test.rows_actual == Some(test.rows_expected) && test.tables_equal == Some(test.tables_expected);
    if !(same_root && same_rows && test.tables_expected > 0) {
        let equal = test.tables_equal.map_or_else(|| String::from("no"), |n| format!("{n}"));
        return Some(format!("{equal} of {} tables came back equal", test.tables_expected));
    }
    let statement = statement?;
    let parts = [
        (statement.schema.portable, "schema objects"),
        (statement.sequences.ok, "sequences"),
        (statement.omitted_equal, "what the content root leaves out"),
    ];
    let differ: Vec<&str> = parts.iter().filter(|(equal, _)| !equal).map(|(_, what)| *what).collect();
    (!differ.is_empty()).then(|| format!("tables came back equal, and these did not: {}", differ.join(", ")))
}

fn within_rto(record: &Record<'_>) -> Assessment {
    let items = record.restore_tests().filter(|(_, test)| test.outcome == Outcome::Passed).map(|(entry, test)| {
        let rto = record.promised(entry, &test.database).map(|database| database.rto_s);
        let took = test.checks_passed_at.map(|at| at.seconds_since(test.started_at));
        let deviation = match (took, rto) {
            (Some(took), Some(rto)) if took <= rto => None,
            (Some(took), Some(rto)) => Some(format!("took {took} s, promised {rto} s")),
            (None, _) => Some("no instant of the last passed check".into()),
            (_, None) => Some("no policy in force promises an RTO".into()),
        };
        item("WW-RT-03", entry, &test.database, test.started_at, deviation)
    });
    Assessment::over(items.collect())
}

fn closed(record: &Record<'_>) -> Assessment {
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for (entry, test) in record.restore_tests().filter(|(_, test)| test.outcome != Outcome::Passed) {
        let within = record.promised(entry, &test.database).and_then(|promised| promised.restore_test.as_ref());
        let until = within.and_then(|promised| promised.close_failed_within_s).map(|s| test.ended_at.plus_seconds(s));
        let retest = record.passed_after(&test.database, entry.seq);
        let outcome = test.outcome.word();
        let deviation = match (retest, until) {
            (Some(at), Some(until)) if at > until => {
                Some(format!("{outcome}, and passed only at {}: promised by {}", at.to_words(), until.to_words()))
            }
            (Some(_), _) => None,
            (None, Some(until)) if until > record.covered() => {
                let what = format!("the test of {} may pass until {}", test.started_at.to_words(), until.to_words());
                gaps.push(Gap { kind: GapKind::NotCovered, database: test.database.clone(), what });
                continue;
            }
            (None, _) => Some(format!("{outcome}, and no passed test is recorded after it")),
        };
        let note =
            retest.filter(|_| deviation.is_none()).map(|at| format!("{outcome}, and passed at {}", at.to_words()));
        items.push(Item { note, ..item("WW-RT-06", entry, &test.database, test.started_at, deviation) });
    }
    Assessment::with_gaps(items, gaps)
}

fn isolated(record: &Record<'_>) -> Assessment {
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for (entry, test) in record.restore_tests() {
        let Some(statement) = statement(record, entry) else {
            let what = format!("the statement of the test of {} is not carried", test.started_at.to_words());
            gaps.push(Gap { kind: GapKind::NoInput, database: test.database.clone(), what });
            continue;
        };
        let promised = record.promised(entry, &test.database).and_then(|promised| promised.restore_test.as_ref());
        let target = &statement.isolation;
        let explained = target.reason.as_deref().unwrap_or_default();
        let mut wrong = Vec::new();
        if target.same_system && explained.is_empty() {
            wrong.push("the target was the source's own system, and no reason is recorded");
        }
        let classes = promised.map(|promised| promised.environment_class.as_slice()).unwrap_or_default();
        if !classes.is_empty() && !classes.contains(&test.environment.class) {
            wrong.push("the policy does not allow this class of target");
        }
        let apart = promised.and_then(|promised| promised.isolation) == Some(IsolationPolicy::Host);
        if target.same_host && apart {
            wrong.push("the target was on the source's host");
        }
        if !statement.cleanup.dropped {
            wrong.push("the target was not dropped");
        }
        let deviation = (!wrong.is_empty()).then(|| wrong.join("; "));
        let notes = [
            (target.same_system, format!("on the source's own system: {explained}")),
            (target.same_host && !apart, "on the source's host".into()),
        ];
        let notes: Vec<String> = notes.into_iter().filter(|(is, _)| *is).map(|(_, note)| note).collect();
        let note = (deviation.is_none() && !notes.is_empty()).then(|| notes.join("; "));
        items.push(Item { note, ..item("WW-RT-04", entry, &test.database, test.started_at, deviation) });
    }
    Assessment::with_gaps(items, gaps)
}

fn recorded(record: &Record<'_>) -> Assessment {
    let reviews: Vec<ReviewSigned> = record
        .events(&["review.signed"])
        .filter_map(|(_, event)| if let Event::ReviewSigned(review) = event { Some(*review) } else { None })
        .collect();
    let items = record.restore_tests().map(|(entry, test)| {
        let mut wrong: Vec<String> = record.lateness(entry).into_iter().collect();
        if test.outcome == Outcome::Passed && test.checks_passed_at.is_none() {
            wrong.push("no instant of the last passed check".into());
        }
        if statement(record, entry).is_none_or(|statement| statement.steps.is_empty()) {
            wrong.push("no steps are recorded".into());
        }
        if test.outcome != Outcome::Passed && test.actions.is_empty() && !record.is_answered(entry.id) {
            wrong.push("it did not pass, and no action is recorded".into());
        }
        let by_person = entry.entry().is_some_and(|entry| entry.actor.kind == ActorKind::Person);
        let reviewed = reviews.iter().any(|review| {
            review.subjects.contains(&entry.id) || review.subject == Reviewed::Period && review.head.size > entry.seq
        });
        let sign_off = record.policy_of(entry).and_then(|policy| policy.sign_off) == Some(true);
        if !by_person && !reviewed && sign_off {
            wrong.push(format!("performed by {} (a service), and no person has reviewed it", test.performed_by));
        }
        let deviation = (!wrong.is_empty()).then(|| wrong.join("; "));
        item("WW-RT-05", entry, &test.database, test.started_at, deviation)
    });
    Assessment::over(items.collect())
}

fn guard(record: &Record<'_>) -> Assessment {
    let tests = by_database(record);
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let mut longest = String::new();
    for database in record.databases() {
        let of = tests.get(database).map(Vec::as_slice).unwrap_or_default();
        let Some((teeth, limits)) = ages(record, database, of) else { continue };
        let most = teeth.iter().filter_map(Tooth::most_s).max();
        if limits.is_empty() {
            let most = most.map_or_else(|| String::from("never tested"), words::duration);
            longest = format!("{longest}{}{database}: {most}", if longest.is_empty() { "" } else { ", " });
            continue;
        }
        let breaches = breaches(&teeth, &limits);
        for tooth in &teeth {
            let Some(newest) = tooth.newest else {
                let what = String::from("no declared scope says since when it is to be tested");
                gaps.push(Gap { kind: GapKind::NoInput, database: database.into(), what });
                continue;
            };
            let inside = |breach: &&Breach| breach.span.start < tooth.span.end && tooth.span.start < breach.span.end;
            let deviation = breaches.iter().find(inside).map(|breach| {
                let (most, guard) = (tooth.span.end.seconds_since(newest), words::duration(breach.rpo_s));
                format!("{} without a passed restore test, guard {guard}", words::duration(most))
            });
            let test = of.iter().find(|(_, test)| test.checks_passed_at == Some(newest));
            let entry = test.map(|(line, _)| line.id.as_str().into()).unwrap_or_default();
            let (at, id) = (tooth.span.start, format!("WW-RT-07/{database}/{}", tooth.span.start));
            items.push(Item { id, at, database: database.into(), entry, deviation, note: None });
        }
    }
    if items.is_empty() && gaps.is_empty() && !longest.is_empty() {
        let reason = format!("no guard is promised; longest time without a passed test: {longest}");
        return Assessment::without(Status::NotApplicable, &reason);
    }
    if items.is_empty() && gaps.is_empty() {
        return super::no_population(record);
    }
    Assessment::with_gaps(items, gaps)
}

/// The age of the last passed test over the period, and the guards in force.
fn ages(record: &Record<'_>, database: &str, tests: &[Seen<'_>]) -> Option<(Vec<Tooth>, Vec<Limit>)> {
    let period = record.period();
    let scope = record.scope(database);
    let start = scope.map_or(period.start, |scope| scope.start.max(period.start));
    let end = scope.map_or(period.end, |scope| scope.end.min(period.end)).min(record.covered());
    let passed = tests.iter().filter(|(_, test)| test.outcome == Outcome::Passed);
    let held = passed.filter_map(|(_, test)| {
        let snapshot_at = test.checks_passed_at?;
        Some(Held { snapshot_at, at_hand: [Period { start: snapshot_at, end: Time::LAST }].into() })
    });
    let teeth = teeth(&held.collect::<Vec<_>>(), Period { start, end }, scope.map(|scope| scope.start));
    let limit = |term: &Term<'_>| {
        let guard = term.policy?.database(database)?.restore_test.as_ref()?.guard_s?;
        let span = Period { start: term.span.start.max(start), end: term.span.end.min(end) };
        (span.start < span.end).then_some(Limit { span, rpo_s: guard })
    };
    let limits = record.terms_of_period().iter().filter_map(limit).collect();
    (start < end).then_some((teeth, limits))
}
