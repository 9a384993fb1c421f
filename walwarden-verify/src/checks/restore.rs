//! `restore.*`.

use walwarden_core::{
    chain::Entries,
    event::{BackupCompleted, Event, Outcome, RestoreTested},
    statement::{
        RestoreTest,
        restore_test::{Amcheck, StepOutcome},
    },
};

use super::{Judged, Stop, count, differs, entry_place, fail, nothing, pass};
use crate::{
    facts::{Facts, Predicate, event_of},
    report::ReadsAs,
};

/// Every recorded restore test is of an earlier completed backup of the same database, and expects its numbers.
pub(super) fn names_backup(facts: &mut Facts<'_>) -> Judged {
    let entries = facts.entries()?;
    let mut tests = 0_usize;
    for (position, entry) in entries.all().iter().enumerate() {
        let Some(Event::RestoreTested(test)) = event_of(entry, &["restore.tested"]) else { continue };
        let backup = backup_of(entries, &test, position)?;
        expects(&test, &backup, position)?;
        tests = tests.saturating_add(1);
    }
    if tests == 0 {
        Err(nothing("no restore test is recorded"))
    } else {
        pass(count(tests, "restore test", "restore tests"))
    }
}

fn backup_of(entries: &Entries<'_>, test: &RestoreTested, position: usize) -> Result<BackupCompleted, Stop> {
    let found = entries.position(test.backup).filter(|earlier| *earlier < position);
    let entry = found.and_then(|earlier| entries.all().get(earlier));
    match entry.and_then(|entry| event_of(entry, &["backup.completed"])) {
        Some(Event::BackupCompleted(backup)) => Ok(*backup),
        _ => {
            let what = "a restore test names no completed backup before it";
            Err(differs(what, ReadsAs::Deletion, entry_place(position), "a backup.completed entry", test.backup))
        }
    }
}

fn expects(test: &RestoreTested, backup: &BackupCompleted, position: usize) -> Result<(), Stop> {
    let same = |what: &str, expected: String, found: String| {
        let what = format!("a restore test expects another {what} than its backup has");
        if expected == found {
            Ok(())
        } else {
            Err(differs(what, ReadsAs::Edit, entry_place(position), expected, found))
        }
    };
    same("database", backup.database.clone(), test.database.clone())?;
    same("number of tables", backup.tables.to_string(), test.tables_expected.to_string())?;
    same("number of rows", backup.rows.to_string(), test.rows_expected.to_string())?;
    let root = |root: Option<walwarden_core::Digest>| root.map_or("none".into(), |root| root.to_string());
    same("content root", root(backup.content_root), root(test.root_expected))
}

/// A test that says `passed` has passed by its own numbers. One that says `failed` is honest: a rule speaks of it.
pub(super) fn outcome_follows(facts: &mut Facts<'_>) -> Judged {
    let (mut passed, mut others) = (0_usize, 0_usize);
    for one in &facts.statements()?.all {
        let Predicate::RestoreTest(test) = &one.predicate else { continue };
        if test.outcome != Outcome::Passed {
            others = others.saturating_add(1);
            continue;
        }
        if let Some(why) = contradiction(test) {
            let what = format!("a test is called passed, and by its own numbers it is not: {why}");
            return Err(fail(what, ReadsAs::Other, one.place()));
        }
        passed = passed.saturating_add(1);
    }
    if passed == 0 && others == 0 {
        return Err(nothing("no restore-test statement is carried"));
    }
    pass(format!("{passed} passed by their own numbers, {others} not called passed"))
}

/// The first number that a passed test cannot have (`spec:rows-12`).
fn contradiction(test: &RestoreTest) -> Option<String> {
    let failed_step = test.steps.iter().find(|step| step.outcome == StepOutcome::Failed);
    if let Some(step) = failed_step {
        return Some(format!("step {:.80} failed", step.name));
    }
    if let Some(smoke) = test.smoke.iter().find(|smoke| smoke.exit_code != 0) {
        return Some(format!("query {:.80} ended with {}", smoke.name, smoke.exit_code));
    }
    let conditions = [
        (!test.steps.is_empty(), "no step is recorded"),
        (test.signature.valid, "the backup's signature did not hold"),
        (test.bytes.cipher && test.bytes.plain, "the backup's bytes were not those stated"),
        (test.root_expected.is_some() && test.root_expected == test.root_actual, "the content roots are not equal"),
        (
            test.tables_expected > 0 && test.tables_equal == Some(test.tables_expected),
            "not every table came back equal, or there was none",
        ),
        (test.rows_actual == Some(test.rows_expected), "not every row came back"),
        (test.table_mismatches.is_empty(), "tables are listed that differ"),
        (test.omitted_equal, "other things were left out on the two sides"),
        (test.schema.portable, "the schema differs"),
        (test.schema.exact != Some(false), "the schema differs in its exact form"),
        (test.schema.expected == test.schema.actual, "the counts of schema objects differ"),
        (test.sequences.ok && test.sequences.failed.is_empty(), "a sequence is out of its bounds"),
        (test.amcheck != Amcheck::Failed, "amcheck found corruption"),
        (test.checks_passed_at.is_some(), "no instant of the last passed check is recorded"),
    ];
    conditions.iter().find(|(holds, _)| !holds).map(|(_, why)| (*why).to_owned())
}
