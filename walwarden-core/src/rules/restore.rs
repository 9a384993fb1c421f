//! Rules about restore tests (`spec:rules-7` to `spec:rules-10`).

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use super::{Assessment, Basis, Item, Rule, Status, backup::item};
use crate::{
    chain::Line,
    event::{Outcome, RestoreTested},
    policy::DatabasePolicy,
    record::Record,
};

/// A restore test and its entry.
type Seen<'r> = (&'r Line<'r>, &'r RestoreTested);

/// Each database in scope has a passed restore test in the period.
pub(super) const TESTED: Rule = Rule {
    id: "WW-RT-01",
    title: "Every database was restored in the period",
    computation: "each database of the policy has a restore test that started in the period and passed",
    basis: Basis::B2,
    reader: false,
    evaluate: tested,
};

/// What came back equals what was dumped.
pub(super) const EQUAL: Rule = Rule {
    id: "WW-RT-02",
    title: "What was restored equals what was backed up",
    computation: "each restore test found equal content root, tables and rows; the producer's word, unless the auditor repeats it",
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
    computation: "each failed or aborted test is followed by a passed test of the same database",
    basis: Basis::B2,
    reader: false,
    evaluate: closed,
};

fn tested(record: &Record<'_>) -> Assessment {
    let Some(policy) = record.newest_policy() else {
        return Assessment::without(Status::NotEvidenced, "no policy is carried: the scope is not known");
    };
    // By database: the first passed test and the last of any outcome.
    let mut seen: BTreeMap<&str, (Option<Seen<'_>>, Seen<'_>)> = BTreeMap::new();
    let tests: Vec<_> = record.restore_tests().collect();
    for test in tests.iter().map(|(entry, test)| (*entry, test)) {
        let passed = (test.1.outcome == Outcome::Passed).then_some(test);
        let known = seen.entry(&test.1.database).or_insert((passed, test));
        *known = (known.0.or(passed), test);
    }
    let item = |database: &DatabasePolicy| {
        let (passed, last) =
            seen.get(database.id.as_str()).map_or((None, None), |(passed, last)| (*passed, Some(*last)));
        let at = passed.map_or(record.period().start, |(_, test)| test.started_at);
        let deviation = match (passed, last) {
            (Some(_), _) => None,
            (None, Some((_, test))) => Some(format!("no test passed; the last one ended: {}", test.outcome.word())),
            (None, None) => Some("no restore test is recorded".into()),
        };
        let entry = passed.or(last).map(|(entry, _)| String::from(entry.id.as_str())).unwrap_or_default();
        let id = format!("WW-RT-01/{}/{at}", database.id);
        Item { id, at, database: database.id.clone(), entry, deviation, note: None }
    };
    Assessment::over(policy.databases.iter().map(item).collect())
}

fn equal(record: &Record<'_>) -> Assessment {
    let items = record.restore_tests().filter(|(_, test)| test.outcome != Outcome::Aborted).map(|(entry, test)| {
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
    let items = record.restore_tests().filter(|(_, test)| test.outcome != Outcome::Passed).map(|(entry, test)| {
        let retest = record.passed_after(&test.database, entry.seq);
        let deviation = (!retest).then(|| format!("{}, and no passed test is recorded after it", test.outcome.word()));
        item("WW-RT-06", entry, &test.database, test.started_at, deviation)
    });
    Assessment::over(items.collect())
}
