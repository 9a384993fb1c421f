//! Exceptions and parts without evidence: the same that the report counts.

use walwarden_core::rules::Status;

use super::{
    Cell, Table,
    cell::{AUDITOR, BLANK, Column, number, text, time},
    join::Joined,
};
use crate::report::{BackupOutcome, Report};

const COLUMNS: [Column; 14] = [
    text("id"),
    text("rule"),
    text("item_id"),
    text("database"),
    time("occurred_at"),
    number("duration_s"),
    text("kind"),
    text("reason_code"),
    text("deviation"),
    text("response"),
    text("action"),
    text("action_state"),
    text("retest"),
    text("opened_before_period"),
];

/// `exceptions.csv`: every deviating item of every rule with that status, numbered in order of time.
pub(super) fn table(report: &Report, joined: &Joined<'_>) -> Table {
    let mut table = Table {
        file: "exceptions.csv".into(),
        title: "Every item that deviates".into(),
        columns: COLUMNS.into_iter().chain(AUDITOR).collect(),
        rows: Vec::new(),
    };
    for result in report.rules.iter().filter(|result| result.status == Status::Exception) {
        for item in &result.items {
            let Some(deviation) = &item.deviation else { continue };
            let action = joined.action(&item.entry);
            let run = joined.run(&item.entry);
            let failed = run.and_then(|(shown, _)| match &shown.outcome {
                BackupOutcome::Failed { reason, .. } => Some(reason),
                BackupOutcome::Completed(_) | BackupOutcome::Open => None,
            });
            // An occurrence that a run filled too late: by how much.
            let late = joined.window(item).and(run).and_then(|(_, run)| run.started_at);
            let late = late.map(|started| started.seconds_since(item.at)).filter(|late| *late > 0);
            let cells = [
                Cell::Empty,
                result.rule.id.into(),
                Cell::text(&item.id),
                Cell::text(&item.database),
                item.at.into(),
                late.into(),
                kind(deviation).into(),
                action.map(|action| &action.reason_code).or(failed).into(),
                Cell::text(deviation),
                action.map(|action| &action.kind).into(),
                action.map(|action| &action.id).into(),
                action.map(|action| &action.state).into(),
                action.map_or(Cell::Empty, |action| Cell::list(&action.closed_by)),
                action.map(|action| action.opened_before_period).into(),
            ];
            table.rows.push(cells.into_iter().chain(BLANK).collect());
        }
    }
    let mut table = table.sorted();
    for (row, number) in table.rows.iter_mut().zip(1_u64..) {
        if let Some(id) = row.first_mut() {
            *id = Cell::text(&format!("E-{number:04}"));
        }
    }
    table
}

/// The word before the first colon, where the deviation begins with one: `late`, `missed`, `failed`.
fn kind(deviation: &str) -> &str {
    let word = deviation.split_once(": ").map_or("", |(word, _)| word);
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '-') { word } else { "deviation" }
}

/// `not_evidenced.csv`: every part for which a rule has no evidence, or could not be tested, and why.
pub(super) fn gaps(report: &Report) -> Table {
    const COLUMNS: [Column; 5] = [text("rule"), text("status"), text("kind"), text("database"), text("what")];
    let rows = report.rules.iter().flat_map(|result| {
        let row = |kind: &str, database: &str, what: &str| {
            let cells = [result.rule.id, result.status.word(), kind, database, what];
            cells.into_iter().map(Cell::text).chain(BLANK).collect::<Vec<_>>()
        };
        let parts: Vec<Vec<Cell>> =
            result.gaps.iter().map(|gap| row(gap.kind.word(), &gap.database, &gap.what)).collect();
        let spoken = matches!(result.status, Status::Exception | Status::Supported | Status::NotOccurred);
        let whole = (parts.is_empty() && !spoken).then(|| row("", "*", &result.reason));
        parts.into_iter().chain(whole).collect::<Vec<_>>()
    });
    Table {
        file: "not_evidenced.csv".into(),
        title: "Every part without evidence, not tested or not applicable".into(),
        columns: COLUMNS.into_iter().chain(AUDITOR).collect(),
        rows: rows.collect(),
    }
}
