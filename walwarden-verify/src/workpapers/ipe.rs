//! `ipe.csv`: how each table here, and each capture of evidence, was made (information produced by the entity).

use walwarden_core::Digest;

use super::{
    Cell, Paper, Table,
    cell::{Column, number, text, time},
    index::reference,
};
use crate::report::{
    Report, RunBlock,
    recorded::{CaptureShown, Ipe, OutputShown},
};

const COLUMNS: [Column; 38] = [
    text("ref"),
    text("kind"),
    text("subject"),
    text("entry_id"),
    number("seq"),
    text("database"),
    text("source"),
    text("source_host_sha256"),
    text("source_database"),
    text("system_identifier"),
    text("server_version"),
    text("in_recovery"),
    text("session_role"),
    text("collector"),
    text("collector_version"),
    text("question"),
    text("parameters"),
    time("period_from"),
    time("period_to"),
    text("zone"),
    time("started_at"),
    time("ended_at"),
    text("run_by"),
    number("pages"),
    text("truncated"),
    text("filters"),
    text("not_visible"),
    text("reconciled"),
    number("rows"),
    text("output"),
    text("output_sha256"),
    number("output_bytes"),
    text("media"),
    text("columns"),
    text("redactions"),
    text("tool_sha256"),
    text("keyid"),
    text("bundle_digest"),
];

/// The table: first the tables beside it, then the captures.
pub(super) fn table(report: &Report, run: &RunBlock, tables: &[Table], papers: &[Paper]) -> Table {
    let bundle = report.subject.bundle_digest;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for ((table, paper), number) in tables.iter().zip(papers).zip(2_usize..) {
        rows.push(of_table(report, run, table, &paper.bytes, reference(number)));
    }
    for capture in &report.facts.recorded.captures {
        match &capture.ipe {
            Some(ipe) => rows.extend(ipe.outputs.iter().map(|output| of_output(capture, ipe, output, bundle))),
            None => rows.push(unread(capture, bundle)),
        }
    }
    Table {
        file: "ipe.csv".into(),
        title: "How each table and each capture was made".into(),
        columns: COLUMNS.into(),
        rows,
    }
}

fn of_table(report: &Report, run: &RunBlock, table: &Table, csv: &[u8], number: Cell) -> Vec<Cell> {
    let claims = report.claims.as_ref();
    let rule = report.rules.iter().find(|result| result.rule.id == table.name());
    let question = rule.map_or(table.title.as_str(), |result| result.rule.computation);
    let mut row = Row::default();
    row.put("ref", number);
    row.put("kind", "table");
    row.put("subject", &table.file);
    row.put("source", claims.map(|claims| format!("the record of {}", claims.origin)).as_ref());
    row.put("collector", "walwarden-verify");
    row.put("collector_version", &run.version);
    row.put("question", question);
    row.put("period_from", claims.map(|claims| claims.period.start));
    row.put("period_to", claims.map(|claims| claims.period.end));
    row.put("zone", "UTC");
    row.put("truncated", false);
    row.put("filters", "none");
    row.put("rows", Cell::count(table.rows.len()));
    row.put("output", &table.file);
    row.put("output_sha256", Digest::of(csv));
    row.put("output_bytes", Cell::count(csv.len()));
    row.put("media", "text/csv");
    row.put("columns", Cell::list(table.columns.iter().map(|column| column.name)));
    row.put("tool_sha256", run.program);
    row.put("bundle_digest", report.subject.bundle_digest);
    row.0
}

/// What the entry says, where no statement is verified.
fn of_capture(capture: &CaptureShown, bundle: Option<Digest>) -> Row {
    let mut row = Row::default();
    row.put("kind", "capture");
    row.put("subject", &capture.collector);
    row.put("entry_id", &capture.id);
    row.put("seq", capture.seq);
    row.put("database", capture.database.as_ref());
    row.put("collector", &capture.collector);
    row.put("period_from", capture.covers.start);
    row.put("period_to", capture.covers.end);
    row.put("rows", capture.rows);
    row.put("bundle_digest", bundle);
    row
}

fn unread(capture: &CaptureShown, bundle: Option<Digest>) -> Vec<Cell> {
    let mut row = of_capture(capture, bundle);
    row.put("not_visible", "its statement is not carried or not verified: nothing else is known of it");
    row.0
}

fn of_output(capture: &CaptureShown, ipe: &Ipe, output: &OutputShown, bundle: Option<Digest>) -> Vec<Cell> {
    let none = |list: &[String]| if list.is_empty() { Cell::text("none") } else { Cell::list(list) };
    let parameters = ipe.parameters.iter().map(|(name, value)| format!("{name}={value}"));
    let equal = |equal: bool| if equal { "equal" } else { "not equal" };
    let reconciled = ipe.reconciled.as_ref().map(|(how, rows, is)| format!("{how}: {rows} rows, {}", equal(*is)));
    let source = ipe.source.as_ref();
    let mut row = of_capture(capture, bundle);
    row.put("source", source.map(|source| &source.provider));
    row.put("source_host_sha256", source.map(|source| source.host_sha256));
    row.put("source_database", source.map(|source| &source.database));
    row.put("system_identifier", source.map(|source| source.system_identifier.to_string()).as_ref());
    row.put("server_version", source.map(|source| &source.server_version));
    row.put("in_recovery", source.map(|source| source.in_recovery));
    row.put("session_role", ipe.session_role.as_ref());
    row.put("collector_version", &ipe.collector_version);
    row.put("question", output.query.map(|query| format!("sha256 {query}")).as_ref());
    row.put("parameters", Cell::list(parameters));
    row.put("zone", &ipe.zone);
    row.put("started_at", ipe.started_at);
    row.put("ended_at", ipe.ended_at);
    row.put("run_by", &ipe.run_by);
    row.put("pages", ipe.pages);
    row.put("truncated", false); // of a statement that is verified: spec:statements-11
    row.put("filters", none(&ipe.filters));
    row.put("not_visible", none(&ipe.not_visible));
    row.put("reconciled", reconciled.as_ref());
    row.put("output", &output.name);
    row.put("output_sha256", output.sha256);
    row.put("output_bytes", output.bytes);
    row.put("media", &output.media);
    row.put("columns", Cell::list(&output.columns));
    row.put("redactions", none(&ipe.redactions));
    row.put("tool_sha256", ipe.tool);
    row.put("keyid", Cell::list(&ipe.signers));
    row.0
}

/// A row, filled by names of columns.
struct Row(Vec<Cell>);

impl Default for Row {
    fn default() -> Self {
        Self(vec![Cell::Empty; COLUMNS.len()])
    }
}

impl Row {
    fn put(&mut self, column: &str, cell: impl Into<Cell>) {
        let place = COLUMNS.iter().position(|known| known.name == column);
        debug_assert!(place.is_some(), "no column {column}");
        if let Some(place) = place.and_then(|place| self.0.get_mut(place)) {
            *place = cell.into();
        }
    }
}
