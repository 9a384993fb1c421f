//! Every check with its outcome, and each failure in full.

use super::{Block, Card, Cell, Fact, Mark, Row, Section, Sign, Table, Text, Tone, words};
use crate::report::{CheckResult, Finding, Outcome, Report};

/// Where a check stands in this document.
pub(super) fn anchor(result: &CheckResult) -> String {
    format!("check-{}", result.check.id)
}

/// Every check with evidence, finding or reason.
pub(super) fn blocks(report: &Report) -> Vec<Block> {
    let rows = report.checks.iter().map(|result| {
        let title = Text::plain(result.check.title).and(format!(" (spec:{})", result.check.spec));
        let cells = vec![
            Text::code(result.check.id).into(),
            words::outcome(result).into(),
            Cell::Lines(vec![title, said(result)]),
        ];
        Row { anchor: anchor(result), cells }
    });
    let table = Table {
        caption: "Every check, in order, with what was compared, found or missing",
        columns: vec![words::fit("Check"), words::fit("Outcome"), words::fill("What it asks, and what came of it", 1)],
        rows: rows.collect(),
    };
    vec![
        Block::plain(
            "Each check asks whether the record is what it claims to be. All are listed, in the order in which they were run, whatever failed before.",
        ),
        table.or("No check is known to this program."),
    ]
}

/// One line for each check.
pub(super) fn list(report: &Report) -> Section {
    let rows = report.checks.iter().map(|result| {
        let text =
            if matches!(result.outcome, Outcome::Pass(_)) { Text::plain(result.check.title) } else { said(result) };
        Row::new(vec![Text::code(result.check.id).into(), words::outcome(result).into(), text.into()])
    });
    let table = Table {
        caption: "Every check, in order",
        columns: vec![words::fit("Check"), words::fit("Outcome"), words::fill("What holds, or why not", 1)],
        rows: rows.collect(),
    };
    Section {
        anchor: "checks".into(),
        number: String::new(),
        title: "Every check",
        blocks: vec![table.or("No check is known to this program.")],
    }
}

/// What came of it, in a line.
fn said(result: &CheckResult) -> Text {
    match &result.outcome {
        Outcome::Pass(evidence) => Text::value(&evidence.0),
        Outcome::Fail(finding) => Text::value(&finding.what),
        Outcome::NotRun(reason) => Text::value(&words::not_run(reason)),
        Outcome::Accepted(choice) => Text::value(choice),
    }
}

/// A failed check in full.
pub(super) fn card(result: &CheckResult) -> Option<Card> {
    let Outcome::Fail(finding) = &result.outcome else {
        return None;
    };
    Some(Card {
        anchor: format!("failed-{}", result.check.id),
        mark: words::outcome(result),
        title: Text::link(anchor(result), result.check.id).and(format!(" · {}", result.check.title)),
        lead: Text::value(&finding.what),
        facts: facts(finding),
        table: None,
    })
}

/// A failed check of something else than this report.
pub(in crate::render) fn finding(id: &str, finding: &Finding) -> Card {
    Card {
        anchor: format!("failed-{id}"),
        mark: Mark::new(Sign::Cross, Tone::Bad, "failed"),
        title: Text::code(id),
        lead: Text::value(&finding.what),
        facts: facts(finding),
        table: None,
    }
}

fn facts(finding: &Finding) -> Vec<Fact> {
    [
        ("Where", finding.at.as_str()),
        ("Expected", &finding.expected),
        ("Found", &finding.found),
        ("Reads as", finding.reads_as.word()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(label, value)| Fact::new(label, Text::value(value)))
    .collect()
}
