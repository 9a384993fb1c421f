//! The population of one rule: every item, conforming or not.

use walwarden_core::rules::RuleResult;

use super::{
    Cell, Table,
    cell::{AUDITOR, BLANK, text, time},
    join::{Joined, status},
};

/// `populations/<rule>.csv`.
pub(super) fn table(result: &RuleResult, joined: &Joined<'_>) -> Table {
    let columns = [
        text("item_id"),
        time("occurred_at"),
        text("database"),
        text("entry_id"),
        text("status"),
        text("basis"),
        text("reason"),
        text("note"),
        text("action"),
        text("action_state"),
    ];
    let rows = result.items.iter().map(|item| {
        let action = joined.action(&item.entry);
        let cells = [
            Cell::text(&item.id),
            item.at.into(),
            Cell::text(&item.database),
            Cell::text(&item.entry),
            status(item).into(),
            result.rule.basis.print().0.into(),
            item.deviation.as_ref().into(),
            item.note.as_ref().into(),
            action.map(|action| &action.id).into(),
            action.map(|action| &action.state).into(),
        ];
        cells.into_iter().chain(BLANK).collect()
    });
    Table {
        file: format!("populations/{}.csv", result.rule.id),
        title: result.rule.title.into(),
        columns: columns.into_iter().chain(AUDITOR).collect(),
        rows: rows.collect(),
    }
    .sorted()
}
