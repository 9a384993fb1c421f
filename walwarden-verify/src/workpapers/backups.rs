//! `population_backups.csv`: every backup that was due, and every run that no occurrence names.

use std::collections::BTreeSet;

use walwarden_core::rules::Item;

use super::{
    Cell, Table,
    cell::{AUDITOR, BLANK, Column, number, text, time},
    join::{Joined, Run, status},
};
use crate::report::{BackupOutcome, BackupShown, Report};

/// Attributes by column, and the rule whose word each is.
pub(super) const ATTRIBUTES: [(&str, &str, &str); 6] = [
    ("attr_a", "WW-BK-01", "made in its window"),
    ("attr_b", "WW-BK-04", "has a signed statement"),
    ("attr_c", "WW-CP-01", "has a copy apart from the source, read again"),
    ("attr_d", "WW-EN-01", "is encrypted as the policy asks"),
    ("attr_e", "WW-BK-03", "failed, and was resolved and answered"),
    ("attr_f", "WW-BK-06", "is of a plausible size"),
];

const COLUMNS: [Column; 33] = [
    text("item_id"),
    time("occurred_at"),
    text("database"),
    time("expected_at"),
    time("window_end"),
    text("entry_id"),
    text("trigger"),
    text("outcome"),
    time("started_at"),
    time("snapshot_at"),
    time("completed_at"),
    time("available_at"),
    number("late_s"),
    number("bytes"),
    number("tables"),
    number("rows"),
    text("sha256"),
    text("keyid"),
    text("copy_provider"),
    time("copy_verified_at"),
    number("seq"),
    text("entry_hash"),
    text("attr_a"),
    text("attr_b"),
    text("attr_c"),
    text("attr_d"),
    text("attr_e"),
    text("attr_f"),
    text("status"),
    text("basis"),
    text("reason"),
    text("note"),
    text("action"),
];

/// The table.
pub(super) fn table(report: &Report, joined: &Joined<'_>) -> Table {
    let due = report.rules.iter().find(|result| result.rule.id == "WW-BK-01");
    let due = due.map(|result| result.items.as_slice()).unwrap_or_default();
    let named: BTreeSet<&str> = due.iter().map(|item| item.entry.as_str()).collect();
    let others = report.facts.backups.iter().filter(|shown| !named.contains(shown.id.as_str()));
    let rows = due.iter().map(|item| row(joined, Some(item), joined.run(&item.entry)));
    let others = others.map(|shown| row(joined, None, joined.run(&shown.id)));
    Table {
        file: "population_backups.csv".into(),
        title: "Backups: each that was due, and each run that no occurrence names".into(),
        columns: COLUMNS.into_iter().chain(AUDITOR).collect(),
        rows: rows.chain(others).collect(),
    }
    .sorted()
}

fn row(joined: &Joined<'_>, due: Option<&Item>, run: Option<Run<'_>>) -> Vec<Cell> {
    let (shown, run) = (run.map(|(shown, _)| shown), run.map(|(_, run)| run));
    let entry = shown.map_or("", |shown| shown.id.as_str());
    // A run that no occurrence names is an item of the rule about its end, where it has one.
    let of_run = || ["WW-BK-04", "WW-BK-03"].into_iter().find_map(|rule| Some((rule, joined.item(rule, entry)?)));
    let judged = due.map(|item| ("WW-BK-01", item)).or_else(of_run);
    let started = run.and_then(|run| run.started_at);
    let at = judged.map(|(_, item)| item.at).or(started);
    let database = due.map(|item| &item.database).or_else(|| shown.map(|shown| &shown.database));
    let spelt = at.map(|at| at.to_string()).unwrap_or_default();
    let named = || format!("run/{}/{spelt}", database.map_or("", String::as_str));
    let window = due.and_then(|item| joined.window(item));
    let late = due.zip(started).map(|(item, started)| started.seconds_since(item.at).max(0));
    let done = shown.and_then(|shown| match &shown.outcome {
        BackupOutcome::Completed(done) => Some(done),
        BackupOutcome::Failed { .. } | BackupOutcome::Open => None,
    });
    let copy = joined.copy(entry);
    let mut cells = vec![
        judged.map_or_else(|| Cell::text(&named()), |(_, item)| Cell::text(&item.id)),
        at.into(),
        database.into(),
        due.map(|item| item.at).or_else(|| run.and_then(|run| run.expected_at)).into(),
        window.map(|window| window.end).into(),
        entry.into(),
        run.and_then(|run| run.trigger.as_ref()).into(),
        outcome(shown).into(),
        started.into(),
        done.map(|done| done.snapshot_at).into(),
        done.and(run).and_then(|run| run.ended_at).into(),
        run.and_then(|run| run.available_at).into(),
        late.into(),
        done.map(|done| done.bytes).into(),
        done.map(|done| done.tables).into(),
        done.map(|done| done.rows).into(),
        done.map(|done| done.sha256).into(),
        done.map_or(Cell::Empty, |done| Cell::list(&done.signers)),
        copy.map(|copy| &copy.provider).into(),
        copy.map(|copy| copy.at).into(),
        shown.map(|shown| shown.seq).into(),
        run.map(|run| run.entry_hash).into(),
    ];
    cells.extend(ATTRIBUTES.iter().map(|(name, rule, _)| match (*name, due) {
        // An occurrence that nothing filled has an answer too, and no entry.
        ("attr_a", Some(item)) if item.entry.is_empty() => {
            (if item.deviation.is_some() { "deviates" } else { "holds" }).into()
        }
        _ => joined.attribute(rule, entry).into(),
    }));
    cells.extend([
        judged.map(|(_, item)| status(item)).into(),
        judged.map(|(rule, _)| joined.basis(rule)).into(),
        judged.and_then(|(_, item)| item.deviation.as_ref()).into(),
        judged.and_then(|(_, item)| item.note.as_ref()).into(),
        joined.action(entry).map(|action| &action.id).into(),
    ]);
    cells.extend(BLANK);
    cells
}

fn outcome(shown: Option<&BackupShown>) -> &'static str {
    match shown.map(|shown| &shown.outcome) {
        Some(BackupOutcome::Completed(_)) => "completed",
        Some(BackupOutcome::Failed { .. }) => "failed",
        Some(BackupOutcome::Open) => "no end recorded",
        None => "no run",
    }
}
