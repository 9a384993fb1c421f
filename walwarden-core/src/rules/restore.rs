//! Rules about restore tests (`spec:rules-7` to `spec:rules-10`).

use alloc::{format, string::String, vec::Vec};

use super::{Assessment, Basis, Item, Rule, Status, backup::item};
use crate::{
    chain::Entry,
    event::{Event, Outcome, Purpose, RestoreTested},
    record::Record,
};

/// Each database in scope has a passed restore test in the period.
pub(super) const TESTED: Rule = Rule {
    id: "WW-RT-01",
    title: "Every database was restored in the period",
    computation: "each database of the policy has a restore test that started in the period and passed",
    basis: Basis::B2,
    evaluate: tested,
};

/// What came back equals what was dumped.
pub(super) const EQUAL: Rule = Rule {
    id: "WW-RT-02",
    title: "What was restored equals what was backed up",
    computation: "each restore test found equal content root, tables and rows; the producer's word, unless the auditor repeats it",
    basis: Basis::B3,
    evaluate: equal,
};

/// Passed tests took no longer than promised.
pub(super) const WITHIN_RTO: Rule = Rule {
    id: "WW-RT-03",
    title: "Restores took no longer than the RTO",
    computation: "of each passed test, from the command to the last required check, at most the RTO in force",
    basis: Basis::B2,
    evaluate: within_rto,
};

/// A failed test is followed by a passed one.
pub(super) const CLOSED: Rule = Rule {
    id: "WW-RT-06",
    title: "Failed restore tests were followed by a passed one",
    computation: "each failed or aborted test is followed by a passed test of the same database",
    basis: Basis::B2,
    evaluate: closed,
};

/// Tests recorded in the period; a real recovery is none.
fn tests<'r>(record: &'r Record<'r>) -> impl Iterator<Item = (&'r Entry<'r>, &'r RestoreTested)> {
    record.items().filter_map(|(entry, event)| match event {
        Event::RestoreTested(test) if matches!(test.purpose, Purpose::Scheduled | Purpose::Drill) => {
            Some((entry, test.as_ref()))
        }
        _ => None,
    })
}

fn tested(record: &Record<'_>) -> Assessment {
    let Some(policy) = record.policies().last() else {
        return Assessment::without(Status::NotEvidenced, "no policy is carried: the scope is not known");
    };
    let items: Vec<Item> = policy
        .databases
        .iter()
        .map(|database| {
            let of_database = |test: &RestoreTested| test.database == database.id;
            let passed = tests(record).find(|(_, test)| of_database(test) && test.outcome == Outcome::Passed);
            let last = tests(record).filter(|(_, test)| of_database(test)).last();
            let at = passed.map_or(record.period().start, |(_, test)| test.started_at);
            Item {
                id: format!("WW-RT-01/{}/{at}", database.id),
                at,
                database: database.id.clone(),
                entry: passed.or(last).map(|(entry, _)| String::from(entry.id.as_str())).unwrap_or_default(),
                deviation: match (passed, last) {
                    (Some(_), _) => None,
                    (None, Some((_, test))) => {
                        Some(format!("no test passed; the last one ended: {}", test.outcome.word()))
                    }
                    (None, None) => Some("no restore test is recorded".into()),
                },
            }
        })
        .collect();
    Assessment::over(items)
}

fn equal(record: &Record<'_>) -> Assessment {
    let items = tests(record).filter(|(_, test)| test.outcome != Outcome::Aborted).map(|(entry, test)| {
        let same_root = test.root_expected.is_some() && test.root_expected == test.root_actual;
        let same_rows = test.rows_actual == Some(test.rows_expected) && test.tables_equal == Some(test.tables_expected);
        let not_empty = test.tables_expected > 0;
        let deviation = (!(same_root && same_rows && not_empty)).then(|| {
            let equal = test.tables_equal.map_or_else(|| String::from("no"), |n| format!("{n}"));
            format!("{equal} of {} tables came back equal", test.tables_expected)
        });
        item("WW-RT-02", entry, &test.database, test.started_at, deviation)
    });
    Assessment::over(items.collect())
}

fn within_rto(record: &Record<'_>) -> Assessment {
    let items = tests(record).filter(|(_, test)| test.outcome == Outcome::Passed).map(|(entry, test)| {
        let rto = record.policy_of(entry).and_then(|p| p.database(&test.database)).map(|d| d.rto_s);
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
    let items = tests(record).filter(|(_, test)| test.outcome != Outcome::Passed).map(|(entry, test)| {
        let retest = record.all().any(|(later, event)| match event {
            Event::RestoreTested(other) => {
                later.seq > entry.seq && other.database == test.database && other.outcome == Outcome::Passed
            }
            _ => false,
        });
        let deviation = (!retest).then(|| format!("{}, and no passed test is recorded after it", test.outcome.word()));
        item("WW-RT-06", entry, &test.database, test.started_at, deviation)
    });
    Assessment::over(items.collect())
}
