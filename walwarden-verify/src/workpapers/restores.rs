//! `population_restores.csv`: every restore, tests and recoveries alike.

use super::{
    Cell, Table,
    cell::{AUDITOR, BLANK, Column, number, text, time},
    join::Joined,
};
use crate::report::{Report, RestoreShown, recorded::TestShown};

/// Attributes by column, and the rule whose word each is.
pub(super) const ATTRIBUTES: [(&str, &str, &str); 7] = [
    ("attr_a", "WW-RT-01", "tested in its cadence"),
    ("attr_b", "WW-RT-04", "isolated from its source"),
    ("attr_c", "WW-RT-02", "counts and content root equal"),
    ("attr_d", "WW-RT-03", "within the RTO"),
    ("attr_e", "WW-RT-05", "recorded in full"),
    ("attr_f", "WW-RT-06", "failed, and was closed by a passed one"),
    ("attr_g", "WW-TW-01", "took part of the complete set from its own place"),
];

const COLUMNS: [Column; 37] = [
    text("item_id"),
    time("occurred_at"),
    text("database"),
    text("entry_id"),
    text("backup"),
    text("purpose"),
    text("scope"),
    text("environment"),
    text("class"),
    text("outcome"),
    time("started_at"),
    time("checks_passed_at"),
    time("ended_at"),
    number("duration_s"),
    number("rto_s"),
    number("data_age_s"),
    number("rpo_s"),
    number("tables_equal"),
    number("tables_expected"),
    number("rows_actual"),
    number("rows_expected"),
    text("root_expected"),
    text("root_actual"),
    text("performed_by"),
    text("approved_by"),
    text("keyid"),
    number("seq"),
    text("entry_hash"),
    text("attr_a"),
    text("attr_b"),
    text("attr_c"),
    text("attr_d"),
    text("attr_e"),
    text("attr_f"),
    text("attr_g"),
    text("reason"),
    text("action"),
];

/// The table.
pub(super) fn table(report: &Report, joined: &Joined<'_>) -> Table {
    let facts = &report.facts;
    let rows = facts.restores.iter().zip(&facts.recorded.tests).map(|(shown, test)| row(joined, shown, test));
    Table {
        file: "population_restores.csv".into(),
        title: "Restores: each that began in the period".into(),
        columns: COLUMNS.into_iter().chain(AUDITOR).collect(),
        rows: rows.collect(),
    }
    .sorted()
}

fn row(joined: &Joined<'_>, shown: &RestoreShown, test: &TestShown) -> Vec<Cell> {
    let mut cells = vec![
        Cell::text(&format!("restore/{}/{}", shown.database, shown.started_at)),
        shown.started_at.into(),
        Cell::text(&shown.database),
        Cell::text(&shown.id),
        Cell::text(&shown.backup),
        Cell::text(&test.purpose),
        test.scope.as_ref().into(),
        Cell::text(&test.environment),
        Cell::text(&test.class),
        Cell::text(&shown.outcome),
        shown.started_at.into(),
        test.checks_passed_at.into(),
        test.ended_at.into(),
        shown.seconds.into(),
        shown.rto_s.into(),
        test.data_age_s.into(),
        test.rpo_s.into(),
        shown.tables.0.into(),
        shown.tables.1.into(),
        shown.rows.0.into(),
        shown.rows.1.into(),
        shown.root_expected.into(),
        shown.root_actual.into(),
        Cell::text(&shown.performed_by),
        test.approved_by.as_ref().into(),
        Cell::list(&test.signers),
        shown.seq.into(),
        test.entry_hash.into(),
    ];
    cells.extend(ATTRIBUTES.iter().map(|(_, rule, _)| joined.attribute(rule, &shown.id).into()));
    let deviations = ATTRIBUTES.iter().filter_map(|(_, rule, _)| joined.item(rule, &shown.id)?.deviation.as_ref());
    cells.push(Cell::list(deviations));
    let actions = joined.action(&shown.id).map(|action| &action.id).into_iter().chain(&test.actions);
    cells.push(Cell::list(actions));
    cells.extend(BLANK);
    cells
}
