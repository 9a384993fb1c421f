//! `index.csv`: every table with its reference, the rule that it is about and that rule's criteria.

use walwarden_core::rules::{RULES, criteria};

use super::{
    Cell, Table,
    cell::{Column, number, text},
};

/// The table.
pub(super) fn table(tables: &[Table], ipe: &Table) -> Table {
    const COLUMNS: [Column; 6] =
        [text("ref"), text("rule"), text("criteria"), text("file"), text("title"), number("rows")];
    let rows = [ipe].into_iter().chain(tables).zip(1_usize..).map(|(table, number)| {
        let rule = RULES.iter().map(|rule| rule.id).find(|id| *id == table.name()).unwrap_or_default();
        let criteria =
            criteria::of(rule).iter().map(|(framework, ids)| format!("{} {}", framework.word(), ids.join(" ")));
        vec![
            reference(number),
            rule.into(),
            Cell::list(criteria),
            Cell::text(&table.file),
            Cell::text(&table.title),
            Cell::count(table.rows.len()),
        ]
    });
    Table {
        file: "index.csv".into(),
        title: "Every table, with a reference to cite it by".into(),
        columns: COLUMNS.into(),
        rows: rows.collect(),
    }
}

/// `WP-07`: how a workpaper cites the table.
pub(super) fn reference(number: usize) -> Cell {
    Cell::text(&format!("WP-{number:02}"))
}
