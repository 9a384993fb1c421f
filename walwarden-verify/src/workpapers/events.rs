//! Populations of the other events of the period.

use super::{
    Cell, Table,
    cell::{AUDITOR, BLANK, Column, number, text, time},
    join::{Joined, status},
};
use crate::report::{
    BackupOutcome, Report,
    recorded::{ActionShown, AlertShown, CaptureShown, PruneShown, ReviewShown},
};

/// A population with the columns of the auditor at its end.
fn population(file: &str, title: &str, columns: &[Column], rows: impl Iterator<Item = Vec<Cell>>) -> Table {
    Table {
        file: file.into(),
        title: title.into(),
        columns: columns.iter().copied().chain(AUDITOR).collect(),
        rows: rows.map(|row| row.into_iter().chain(BLANK).collect()).collect(),
    }
    .sorted()
}

/// `population_failures.csv`: what WW-BK-03 asks about, with what was raised and done.
pub(super) fn failures(report: &Report, joined: &Joined<'_>) -> Table {
    const COLUMNS: [Column; 19] = [
        text("item_id"),
        time("occurred_at"),
        text("database"),
        text("entry_id"),
        text("stage"),
        text("reason_code"),
        text("message"),
        text("alert"),
        time("alerted_at"),
        text("delivery"),
        time("acknowledged_at"),
        text("acknowledged_by"),
        text("action"),
        text("action_state"),
        text("owner"),
        text("status"),
        text("basis"),
        text("reason"),
        text("note"),
    ];
    let rule = report.rules.iter().find(|result| result.rule.id == "WW-BK-03");
    let items = rule.map(|result| result.items.as_slice()).unwrap_or_default();
    let rows = items.iter().map(|item| {
        let (stage, reason, message) = match joined.run(&item.entry).map(|(shown, _)| &shown.outcome) {
            Some(BackupOutcome::Failed { stage, reason, message }) => {
                (stage.as_str(), reason.as_str(), message.as_str())
            }
            _ => ("", "", ""),
        };
        let (alert, action) = (joined.alert(&item.entry), joined.action(&item.entry));
        vec![
            Cell::text(&item.id),
            item.at.into(),
            Cell::text(&item.database),
            Cell::text(&item.entry),
            stage.into(),
            reason.into(),
            message.into(),
            alert.map(|alert| &alert.id).into(),
            alert.map(|alert| alert.at).into(),
            alert.map(|alert| &alert.delivery).into(),
            alert.and_then(|alert| alert.acknowledged.as_ref()).map(|(at, _)| *at).into(),
            alert.and_then(|alert| alert.acknowledged.as_ref()).map(|(_, by)| by).into(),
            action.map(|action| &action.id).into(),
            action.map(|action| &action.state).into(),
            action.map(|action| &action.owner).into(),
            status(item).into(),
            joined.basis("WW-BK-03").into(),
            item.deviation.as_ref().into(),
            item.note.as_ref().into(),
        ]
    });
    population("population_failures.csv", "Failed and dead runs of backups", &COLUMNS, rows)
}

/// `population_prunes.csv`: one row for each object.
pub(super) fn prunes(report: &Report) -> Table {
    const COLUMNS: [Column; 11] = [
        text("item_id"),
        time("occurred_at"),
        text("database"),
        text("entry_id"),
        number("seq"),
        text("backup"),
        text("key"),
        text("tier"),
        number("keep"),
        number("age_days"),
        text("outcome"),
    ];
    let row = |object: &PruneShown| {
        vec![
            Cell::text(&format!("prune/{}/{}/{}", object.database, object.at, object.backup)),
            object.at.into(),
            Cell::text(&object.database),
            Cell::text(&object.id),
            object.seq.into(),
            Cell::text(&object.backup),
            Cell::text(&object.key),
            Cell::text(&object.tier),
            object.keep.into(),
            object.age_days.into(),
            object.outcome.into(),
        ]
    };
    let rows = report.facts.recorded.prunes.iter().map(row);
    population("population_prunes.csv", "Objects that were to be deleted", &COLUMNS, rows)
}

/// `population_alerts.csv`.
pub(super) fn alerts(report: &Report) -> Table {
    const COLUMNS: [Column; 13] = [
        text("item_id"),
        time("occurred_at"),
        text("entry_id"),
        number("seq"),
        text("alert"),
        text("severity"),
        text("subject"),
        text("channel"),
        text("delivery"),
        text("test"),
        time("acknowledged_at"),
        text("acknowledged_by"),
        number("acknowledged_after_s"),
    ];
    let row = |alert: &AlertShown| {
        let seen = alert.acknowledged.as_ref();
        vec![
            Cell::text(&format!("alert/{}/{}", alert.at, alert.id)),
            alert.at.into(),
            Cell::text(&alert.id),
            alert.seq.into(),
            Cell::text(&alert.alert),
            Cell::text(&alert.severity),
            alert.subject.as_ref().into(),
            Cell::text(&alert.channel),
            Cell::text(&alert.delivery),
            alert.test.into(),
            seen.map(|(at, _)| *at).into(),
            seen.map(|(_, by)| by).into(),
            seen.map(|(at, _)| at.seconds_since(alert.at)).into(),
        ]
    };
    population("population_alerts.csv", "Alerts", &COLUMNS, report.facts.recorded.alerts.iter().map(row))
}

/// Captures of some collectors, each with the review of it.
fn captures(report: &Report, file: &str, title: &str, of: impl Fn(&CaptureShown) -> bool) -> Table {
    const COLUMNS: [Column; 22] = [
        text("item_id"),
        time("occurred_at"),
        text("database"),
        text("entry_id"),
        number("seq"),
        text("collector"),
        time("due_at"),
        time("covers_from"),
        time("covers_to"),
        text("trigger"),
        text("outcome"),
        number("rows"),
        number("added"),
        number("removed"),
        number("changed"),
        text("flags"),
        text("reason"),
        text("run_by"),
        text("reviewed_by"),
        text("role"),
        time("reviewed_at"),
        text("conclusion"),
    ];
    let recorded = &report.facts.recorded;
    let row = |capture: &CaptureShown| {
        let review = recorded.reviews.iter().rfind(|review: &&ReviewShown| review.subjects.contains(&capture.id));
        let diff = capture.diff;
        let flags = capture.flags.iter().map(|(code, detail)| format!("{code}: {detail}"));
        vec![
            Cell::text(&format!("{}/{}/{}", capture.collector, capture.database.as_deref().unwrap_or("*"), capture.at)),
            capture.at.into(),
            capture.database.as_ref().into(),
            Cell::text(&capture.id),
            capture.seq.into(),
            Cell::text(&capture.collector),
            capture.due_at.into(),
            capture.covers.start.into(),
            capture.covers.end.into(),
            Cell::text(&capture.trigger),
            Cell::text(&capture.outcome),
            capture.rows.into(),
            diff.map(|(added, _, _)| added).into(),
            diff.map(|(_, removed, _)| removed).into(),
            diff.map(|(_, _, changed)| changed).into(),
            Cell::list(flags),
            capture.reason.as_ref().into(),
            capture.ipe.as_ref().map(|ipe| &ipe.run_by).into(),
            review.map(|review| &review.person).into(),
            review.map(|review| &review.role).into(),
            review.map(|review| review.at).into(),
            review.map(|review| &review.conclusion).into(),
        ]
    };
    population(file, title, &COLUMNS, recorded.captures.iter().filter(|capture| of(capture)).map(row))
}

/// `population_evidence.csv`: every capture.
pub(super) fn evidence(report: &Report) -> Table {
    captures(report, "population_evidence.csv", "Captures of evidence, and who reviewed them", |_| true)
}

/// `population_role_changes.csv`: captures of roles, with what changed since the one before.
pub(super) fn role_changes(report: &Report) -> Table {
    let of = |capture: &CaptureShown| capture.collector == "access_control";
    captures(report, "population_role_changes.csv", "Captures of roles, with what changed", of)
}

/// `population_migrations.csv`: captures of migrations and of the schema.
pub(super) fn migrations(report: &Report) -> Table {
    let of = |capture: &CaptureShown| matches!(capture.collector.as_str(), "change_management" | "schema_snapshot");
    captures(report, "population_migrations.csv", "Captures of migrations and of the schema, with what changed", of)
}

/// `population_actions.csv`: what was done about deviations, those from before the period too.
pub(super) fn actions(report: &Report) -> Table {
    const COLUMNS: [Column; 15] = [
        text("item_id"),
        time("occurred_at"),
        text("entry_id"),
        number("seq"),
        text("kind"),
        text("state"),
        time("state_at"),
        text("opened_before_period"),
        text("subjects"),
        text("reason_code"),
        text("root_cause"),
        text("owner"),
        time("due"),
        text("closed_by"),
        text("text"),
    ];
    let row = |action: &ActionShown| {
        vec![
            Cell::text(&format!("action/{}/{}", action.opened_at, action.id)),
            action.opened_at.into(),
            Cell::text(&action.id),
            action.seq.into(),
            Cell::text(&action.kind),
            Cell::text(&action.state),
            action.state_at.into(),
            action.opened_before_period.into(),
            Cell::list(&action.subjects),
            Cell::text(&action.reason_code),
            action.root_cause.as_ref().into(),
            Cell::text(&action.owner),
            action.due.into(),
            Cell::list(&action.closed_by),
            Cell::text(&action.text),
        ]
    };
    let title = "Actions and explanations: recorded in the period, or open when it began";
    population("population_actions.csv", title, &COLUMNS, report.facts.recorded.actions.iter().map(row))
}
