//! Events that no chapter lists in its own way: maintenance, holds, acts of people, corrections.

use walwarden_core::{Time, event::Event};

use super::{Block, Cell, Row, Section, Table, Text, history, words};
use crate::report::{OtherEvent, Report};

/// Rows of one kind.
const LISTED: usize = 100;

/// Holds placed and released.
pub(super) fn holds(report: &Report) -> Block {
    let rows = of(report, |event| match event {
        Event::HoldChanged(hold) => Some([
            Text::plain(words::serialised(&hold.action)),
            Text::record(&hold.scope),
            Text::record(&hold.reason).and(", by ").and_record(&hold.by),
        ]),
        _ => None,
    });
    table("Holds, under which nothing of a scope may be deleted; times in UTC", ["What", "Scope", "Reason, by"], rows)
        .or(history::nothing(report, "No hold was placed or released."))
}

/// Maintenance during which duties rest.
pub(super) fn maintenance(report: &Report) -> Block {
    let rows = of(report, |event| match event {
        Event::MaintenanceDeclared(rest) => Some([
            Text::record(if rest.database == "*" { "all databases" } else { &rest.database }),
            Text::plain(format!("{} to {}", words::minute(rest.from), words::minute(rest.to))),
            Text::record(&rest.reason).and(", approved by ").and_record(&rest.approved_by),
        ]),
        _ => None,
    });
    table("Maintenance declared; times in UTC", ["Database", "Rests", "Reason"], rows)
        .or(history::nothing(report, "No maintenance was declared."))
}

/// What people did to the systems by hand.
pub(super) fn operators(report: &Report) -> Block {
    let rows = of(report, |event| match event {
        Event::OperatorAction(action) => Some([
            Text::plain(words::serialised(&action.action)),
            Text::record(&action.target),
            Text::record(&action.reason),
        ]),
        _ => None,
    });
    table("Acts of people on the systems; times in UTC", ["What", "On what", "Reason"], rows)
        .or(history::nothing(report, "No such act is recorded."))
}

/// Entries that say what another should have said. They never change what a rule reads.
pub(super) fn corrections(report: &Report) -> Block {
    let rows = of(report, |event| match event {
        Event::RecordCorrected(correction) => Some([
            Text::code(correction.corrects.to_string()),
            Text::record(&correction.member)
                .and(": ")
                .and_record(&correction.was)
                .and(", now ")
                .and_record(&correction.now),
            Text::record(&correction.reason),
        ]),
        _ => None,
    });
    table(
        "Corrections of the record; times in UTC",
        ["Entry", "Member, what it said, what it should say", "Reason"],
        rows,
    )
    .or(history::nothing(report, "No entry was corrected."))
}

/// Entries of the period by type, and those that no version of this program understands.
pub(super) fn section(report: &Report) -> Section {
    let rows = report
        .facts
        .kinds
        .iter()
        .map(|(kind, count)| Row::new(vec![Text::record(kind).into(), Text::plain(words::number(*count)).into()]));
    let kinds = Table {
        caption: "Entries recorded in the period, by type",
        columns: vec![words::fill("Type", 1), words::figures("Entries")],
        rows: rows.collect(),
    };
    let rows = report.facts.not_interpreted.iter().take(LISTED).map(|(seq, id, kind)| {
        Row::new(vec![Text::plain(words::number(*seq)).into(), Text::code(id).into(), Text::record(kind).into()])
    });
    let unknown = Table {
        caption: "Entries that verify and whose meaning this version does not know",
        columns: vec![words::figures("Entry"), words::fit("Id"), words::fill("Type", 1)],
        rows: rows.collect(),
    };
    let blocks = vec![
        kinds.or(history::nothing(report, "No entry is recorded in the period.")),
        Block::heading("Maintenance"),
        maintenance(report),
        Block::heading("Acts of people"),
        operators(report),
        Block::heading("Corrections"),
        corrections(report),
        Block::heading("Not interpreted"),
        unknown.or(history::nothing(report, "Every entry was understood.")),
    ];
    Section::new("events", "Events", blocks)
}

/// Rows of the events of one kind, with when each was recorded.
fn of(report: &Report, cells: impl Fn(&Event) -> Option<[Text; 3]>) -> Vec<Row> {
    let row = |other: &OtherEvent| {
        let [a, b, c] = cells(&other.event)?;
        let when: Time = other.at;
        let cells: Vec<Cell> = vec![Text::plain(words::minute(when)).into(), a.into(), b.into(), c.into()];
        Some(Row::new(cells))
    };
    report.facts.others.iter().filter_map(row).take(LISTED).collect()
}

fn table(caption: &'static str, [a, b, c]: [&'static str; 3], rows: Vec<Row>) -> Table {
    let columns = vec![words::fit("Recorded"), words::fill(a, 2), words::fill(b, 3), words::fill(c, 3)];
    Table { caption, columns, rows }
}
