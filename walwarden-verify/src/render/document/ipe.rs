//! How each extract was made: information produced by the entity.

use super::{Block, Card, Cell, Fact, Mark, Row, Section, Sign, Table, Text, Tone, words};
use crate::report::{Report, recorded::CaptureShown};

/// Captures in full: more than this stand in the workpapers.
const LISTED: usize = 120;

/// A card for all captures that were made in the same way, with a row for each.
pub(super) fn section(report: &Report) -> Section {
    let captures = &report.facts.recorded.captures;
    let mut blocks = vec![Block::plain(
        "Each block says where extracts came from, what was asked, what was left out and what the role could not see, as the signed statements of the captures have it. Times in UTC.",
    )];
    if captures.is_empty() {
        blocks.push(Block::plain(super::history::nothing(report, "No evidence was captured in the period.")));
    }
    let mut alike: Vec<(&str, Vec<Fact>, Vec<Row>)> = Vec::new();
    for capture in captures.iter().take(LISTED) {
        let (how, row) = (how(capture), row(capture));
        match alike.iter_mut().find(|(collector, facts, _)| *collector == capture.collector && *facts == how) {
            Some((_, _, rows)) => rows.push(row),
            None => alike.push((&capture.collector, how, vec![row])),
        }
    }
    let cards = alike.into_iter().zip(1_usize..);
    blocks.extend(cards.map(|((collector, facts, rows), number)| Block::Card(card(number, collector, facts, rows))));
    if captures.len() > LISTED {
        let more = words::count(captures.len().saturating_sub(LISTED), "more capture stands", "more captures stand");
        blocks.push(Block::plain(format!("{more} in the workpapers (--workpapers), in ipe.csv.")));
    }
    Section::new("ipe", "How extracts were made", blocks)
}

fn card(number: usize, collector: &str, facts: Vec<Fact>, rows: Vec<Row>) -> Card {
    let count = words::count(rows.len(), "capture", "captures");
    let table = Table {
        caption: "Each capture, with its output; times in UTC",
        columns: vec![
            words::fit("Result"),
            words::figures("Entry"),
            words::fit("Covers, ran"),
            words::fill("Rows, output", 1),
        ],
        rows,
    };
    Card {
        anchor: format!("captures-{number}"),
        mark: Mark::new(Sign::Disc, Tone::Quiet, count),
        title: Text::record(collector),
        lead: Text::default(),
        facts,
        table: Some(table),
    }
}

/// One capture: what of it no other has.
fn row(capture: &CaptureShown) -> Row {
    let mark = if capture.outcome == "ok" {
        Mark::new(Sign::Disc, Tone::Good, "captured")
    } else {
        Mark::new(Sign::Cross, Tone::Bad, &capture.outcome)
    };
    let span = |from, to| format!("{} to {}", words::minute(from), words::minute(to));
    let mut times = vec![Text::plain(format!("covers {}", span(capture.covers.start, capture.covers.end)))];
    let mut found = vec![Text::plain(format!("{} rows", words::number(capture.rows)))];
    if let Some(ipe) = &capture.ipe {
        times.push(Text::plain(format!("ran {}", span(ipe.started_at, ipe.ended_at))));
        found = vec![Text::plain(format!("{} rows, {} pages", words::number(capture.rows), ipe.pages))];
        found.extend(ipe.reconciled.iter().map(|(how, rows, equal)| {
            let result = if *equal { "equal" } else { "not equal" };
            Text::plain("counted again: ").and_record(how).and(format!(", {} rows, {result}", words::number(*rows)))
        }));
        found.extend(ipe.outputs.iter().map(|output| {
            let name = Text::record(&output.name).and(format!(", {}: ", words::size(output.bytes)));
            name.join(Text::digest(&output.sha256))
        }));
    }
    Row {
        anchor: format!("capture-{}", capture.seq),
        cells: vec![
            mark.into(),
            Text::plain(words::number(capture.seq)).into(),
            Cell::Lines(times),
            Cell::Lines(found),
        ],
    }
}

/// How a capture was made.
fn how(capture: &CaptureShown) -> Vec<Fact> {
    let Some(ipe) = &capture.ipe else {
        return vec![Fact::new("Statement", Text::plain("not carried or not verified: how it was made is not known"))];
    };
    let mut facts = Vec::new();
    if let Some(source) = &ipe.source {
        let server = Text::record(&source.provider)
            .and(", database ")
            .and_record(&source.database)
            .and(format!(", system {}, PostgreSQL ", source.system_identifier))
            .and_record(&source.server_version)
            .and(if source.in_recovery { ", a standby" } else { "" });
        facts.push(Fact::new("Source", server));
    }
    let role = ipe.session_role.as_ref().map_or_else(|| Text::plain("none stated"), |role| Text::record(role));
    let parameters: Vec<String> = ipe.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    facts.push(Fact::new("By, as role", Text::record(&ipe.run_by).and(", ").join(role)));
    let mut empty = Vec::new();
    for (label, words) in [
        ("Parameters", parameters.join("; ")),
        ("Filters", ipe.filters.join("; ")),
        ("Not visible", ipe.not_visible.join("; ")),
        ("Blackened", ipe.redactions.join("; ")),
    ] {
        if words.is_empty() {
            empty.push(label.to_lowercase());
        } else {
            facts.push(Fact::new(label, Text::record(&words)));
        }
    }
    if !empty.is_empty() {
        facts.push(Fact::new("Stated as none", Text::plain(empty.join(", "))));
    }
    facts.extend([
        Fact::new("Zone", Text::record(&ipe.zone)),
        Fact::new("Program", Text::digest(&ipe.tool)),
        Fact::new("Signed by", Text::code(ipe.signers.join(", "))),
    ]);
    facts
}
