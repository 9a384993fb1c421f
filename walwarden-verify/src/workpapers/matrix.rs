//! `matrix.csv`: each criterion, the rules that speak to it, and what they come to together (`spec:rules-12`), of the
//! frameworks that the report is arranged by.

use super::{
    Cell, Table,
    cell::{AUDITOR, BLANK, Column, number, text},
};
use crate::report::Report;

/// The table.
pub(super) fn table(report: &Report) -> Table {
    const COLUMNS: [Column; 11] = [
        text("framework"),
        text("criterion"),
        text("criterion_status"),
        text("rule"),
        text("title"),
        text("status"),
        number("deviating"),
        number("population"),
        text("basis"),
        text("counted"),
        text("reason"),
    ];
    let mut rows = Vec::new();
    for criterion in report.criteria() {
        let informational = report.arranged.is_informational(&criterion);
        let counted =
            criterion.rules.iter().map(|(rule, _)| (rule, if informational { "informational" } else { "yes" }));
        let beside = criterion.beside.iter().map(|(rule, _)| (rule, "beside"));
        for (rule, counted) in counted.chain(beside) {
            let Some(result) = report.rules.iter().find(|result| result.rule.id == *rule) else { continue };
            let cells = [
                criterion.framework.word().into(),
                criterion.id.into(),
                criterion.status.map_or("no rule is counted", |status| status.word()).into(),
                (*rule).into(),
                result.rule.title.into(),
                result.status.word().into(),
                Cell::count(result.deviating()),
                Cell::count(result.items.len()),
                result.rule.basis.print().0.into(),
                counted.into(),
                Cell::text(&result.reason),
            ];
            rows.push(cells.into_iter().chain(BLANK).collect());
        }
    }
    Table {
        file: "matrix.csv".into(),
        title: "Criteria, the rules that speak to them, and what those come to; the mapping is ours".into(),
        columns: COLUMNS.into_iter().chain(AUDITOR).collect(),
        rows,
    }
}
