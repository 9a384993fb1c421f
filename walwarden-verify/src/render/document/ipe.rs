//! How each extract was made: information produced by the entity.

use super::{Block, Card, Fact, Mark, Section, Sign, Text, Tone, words};
use crate::report::{
    Report,
    recorded::{CaptureShown, Ipe},
};

/// Captures in full: more than this stand in the workpapers.
const LISTED: usize = 120;

/// A card for each capture.
pub(super) fn section(report: &Report) -> Section {
    let captures = &report.facts.recorded.captures;
    let mut blocks = vec![Block::plain(
        "Each block says where an extract came from, what was asked, what was left out and what the role could not see, as the signed statement of the capture has it. Times in UTC.",
    )];
    if captures.is_empty() {
        blocks.push(Block::plain(super::history::nothing(report, "No evidence was captured in the period.")));
    }
    blocks.extend(captures.iter().take(LISTED).map(|capture| Block::Card(card(capture))));
    if captures.len() > LISTED {
        let more = words::count(captures.len().saturating_sub(LISTED), "more block stands", "more blocks stand");
        blocks.push(Block::plain(format!("{more} in the workpapers (--workpapers), in ipe.csv.")));
    }
    Section::new("ipe", "How extracts were made", blocks)
}

fn card(capture: &CaptureShown) -> Card {
    let mark = if capture.outcome == "ok" {
        Mark::new(Sign::Disc, Tone::Good, "captured")
    } else {
        Mark::new(Sign::Cross, Tone::Bad, &capture.outcome)
    };
    let title = Text::record(&capture.collector).and(format!(", entry {}", words::number(capture.seq)));
    Card {
        anchor: format!("capture-{}", capture.seq),
        mark,
        title,
        lead: Text::default(),
        facts: capture.ipe.as_ref().map_or_else(
            || vec![Fact::new("Statement", Text::plain("not carried or not verified: how it was made is not known"))],
            |ipe| facts(capture, ipe),
        ),
        table: None,
    }
}

fn facts(capture: &CaptureShown, ipe: &Ipe) -> Vec<Fact> {
    let none = |words: &str| Text::plain(if words.is_empty() { "none" } else { "" }).and_record(words);
    let mut facts = vec![Fact::new(
        "Covers",
        Text::plain(format!("{} to {}, zone ", words::time(capture.covers.start), words::time(capture.covers.end)))
            .and_record(&ipe.zone),
    )];
    if let Some(source) = &ipe.source {
        let server = Text::record(&source.provider)
            .and(", database ")
            .and_record(&source.database)
            .and(format!(", system {}, PostgreSQL ", source.system_identifier))
            .and_record(&source.server_version)
            .and(if source.in_recovery { ", a standby" } else { "" });
        facts.push(Fact::new("Source", server));
    }
    if let Some(role) = &ipe.session_role {
        facts.push(Fact::new("As role", Text::record(role)));
    }
    let parameters: Vec<String> = ipe.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let ran = format!("{} to {}, by ", words::time(ipe.started_at), words::time(ipe.ended_at));
    facts.extend([
        Fact::new("Parameters", none(&parameters.join("; "))),
        Fact::new("Ran", Text::plain(ran).and_record(&ipe.run_by)),
        Fact::new("Rows, pages", Text::plain(format!("{} rows, {} pages", words::number(capture.rows), ipe.pages))),
        Fact::new("Filters", none(&ipe.filters.join("; "))),
        Fact::new("Not visible", none(&ipe.not_visible.join("; "))),
        Fact::new("Blackened", none(&ipe.redactions.join("; "))),
    ]);
    if let Some((how, rows, equal)) = &ipe.reconciled {
        let result = if *equal { "equal" } else { "not equal" };
        facts.push(Fact::new(
            "Counted again",
            Text::record(how).and(format!(": {} rows, {result}", words::number(*rows))),
        ));
    }
    let outputs = ipe.outputs.iter().map(|output| {
        Text::record(&output.name).and(format!(", {}: ", words::size(output.bytes))).join(Text::digest(&output.sha256))
    });
    facts.push(Fact { label: "Outputs", values: outputs.collect() });
    facts.push(Fact::new("Program", Text::digest(&ipe.tool)));
    facts.push(Fact::new("Signed by", Text::code(ipe.signers.join(", "))));
    facts
}
