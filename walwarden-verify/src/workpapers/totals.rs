//! `totals.csv`: the counts of the report, of each rule and of each table, to be held against `report.json`.

use super::{
    Cell, Table,
    cell::{Column, number, text},
};
use crate::report::{Counts, Report};

/// The table; `tables` are all that stand beside it.
pub(super) fn table(report: &Report, tables: &[Table]) -> Table {
    const COLUMNS: [Column; 4] = [text("of"), text("name"), text("measure"), number("value")];
    let row = |of: &str, name: &str, measure: &str, value: usize| {
        vec![of.into(), name.into(), measure.into(), Cell::count(value)]
    };
    let Counts { passed, failed, not_run, required_not_run, accepted, exceptions, not_evidenced } = report.counts();
    let mut rows: Vec<Vec<Cell>> = [
        ("passed", passed),
        ("failed", failed),
        ("not_run", not_run),
        ("required_not_run", required_not_run),
        ("accepted", accepted),
        ("exceptions", exceptions),
        ("not_evidenced", not_evidenced),
    ]
    .map(|(measure, value)| row("report", "counts", measure, value))
    .into();
    for result in &report.rules {
        rows.push(row("rule", result.rule.id, "population", result.items.len()));
        rows.push(row("rule", result.rule.id, "deviating", result.deviating()));
        rows.push(row("rule", result.rule.id, "gaps", result.gaps.len()));
    }
    rows.extend(tables.iter().map(|table| row("file", &table.file, "rows", table.rows.len())));
    Table {
        file: "totals.csv".into(),
        title: "Counts, equal to those of report.json".into(),
        columns: COLUMNS.into(),
        rows,
    }
}
