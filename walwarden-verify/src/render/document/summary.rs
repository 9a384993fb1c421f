//! What to look at first: failures, exceptions, gaps, and only then what is supported (`spec:report-3`).

use walwarden_core::{
    fork,
    rules::{RuleResult, Status},
};

use super::{Block, Card, Cell, Fact, Row, Section, Table, Text, checks, criteria, perform, rules, words};
use crate::{
    compare::Relation,
    report::{Contradiction, Outcome, Report},
};

/// The summary; with the ids of items where no other chapter has them.
pub(super) fn section(report: &Report, ids: bool) -> Section {
    let mut blocks: Vec<Block> = report.trust.contradicted.iter().flat_map(|one| contradiction(report, one)).collect();
    blocks.extend(failures(report));
    blocks.extend(exceptions(report, ids));
    blocks.extend(not_run(report));
    blocks.extend(gaps(report));
    blocks.extend(strengths(report));
    blocks.push(Block::heading("Criteria"));
    blocks.extend(criteria::overview(report));
    Section { anchor: "summary".into(), number: String::new(), title: "Summary", blocks }
}

/// Where an item that deviates stands in this document.
pub(super) fn anchor(rule: &RuleResult, place: usize) -> String {
    format!("exception-{}-{place}", rule.rule.id)
}

/// How this history contradicts the one before, and how to keep what shows it.
fn contradiction(report: &Report, contradiction: &Contradiction) -> [Block; 4] {
    let fork = contradiction.relation == Relation::Fork;
    let says =
        if fork { fork::SAYS } else { "That is no proof of a fork: the comparison says what is missing for one." };
    let keep = if fork {
        "To write the evidence, which anybody who has the fingerprint of the root key can judge without either bundle:"
    } else {
        "To compare the two in full, and to write the evidence where a fork is shown:"
    };
    let (old, new) = (perform::typed(&contradiction.previous, "OLD.zip"), perform::file_name(report));
    let card = Card {
        anchor: "contradiction".into(),
        mark: words::relation(contradiction.relation),
        title: Text::plain("This bundle, beside ").and_record(&contradiction.previous).and(", given with --previous"),
        lead: Text::value(&contradiction.why),
        facts: vec![Fact::new("What it means", Text::plain(says))],
        table: None,
    };
    let command =
        [format!("walwarden-verify compare {old} {new} \\"), "  --trust handover.json --evidence fork.json".to_owned()];
    [Block::heading("Two histories"), Block::Card(card), Block::plain(keep), Block::Commands(command.into())]
}

fn failures(report: &Report) -> Vec<Block> {
    let cards: Vec<Card> = report.checks.iter().filter_map(checks::card).collect();
    if cards.is_empty() {
        return Vec::new();
    }
    std::iter::once(Block::heading("Failed checks")).chain(cards.into_iter().map(Block::Card)).collect()
}

fn exceptions(report: &Report, ids: bool) -> Vec<Block> {
    let rows = report.rules.iter().filter(|rule| rule.status == Status::Exception).flat_map(|rule| {
        rule.items.iter().enumerate().filter_map(move |(place, item)| {
            let deviation = item.deviation.as_deref()?;
            let id = ids.then(|| Text::code(&item.id));
            let cells = vec![
                Text::link(rules::anchor(rule), rule.rule.id).into(),
                Text::plain(words::time(item.at)).into(),
                words::database(&item.database).into(),
                Cell::Lines(std::iter::once(Text::value(&words::times(deviation))).chain(id).collect()),
            ];
            Some(Row { anchor: anchor(rule, place), cells })
        })
    });
    let table = Table {
        caption: "Every item that deviates, rule by rule",
        columns: vec![
            words::fit("Rule"),
            words::fit("When (UTC)"),
            words::fit("Database"),
            words::fill("Deviation", 1),
        ],
        rows: rows.collect(),
    };
    vec![Block::heading("Exceptions"), table.or(none(report))]
}

/// The sentence that stands where no item deviates: a rule that was not evaluated found nothing.
fn none(report: &Report) -> &'static str {
    let unread = report.rules.iter().filter(|rule| rule.status == Status::IntegrityFailure).count();
    match unread {
        0 => "No exceptions were identified by the rules listed, for the items and period stated.",
        some if some == report.rules.len() => {
            "Not known: no rule was evaluated, because a check that the rules rest on did not pass."
        }
        _ => {
            "No exceptions were identified by the rules that were evaluated. Others were not, because a check that they rest on did not pass."
        }
    }
}

/// Checks that were not run, or that the reader did without.
fn not_run(report: &Report) -> Vec<Block> {
    let rows = report.checks.iter().filter_map(|result| {
        let reason = match &result.outcome {
            Outcome::NotRun(reason) => Text::value(&words::not_run(reason)),
            Outcome::Accepted(choice) => Text::value(choice),
            Outcome::Pass(_) | Outcome::Fail(_) => return None,
        };
        let check = Text::link(checks::anchor(result), result.check.id);
        Some(Row::new(vec![check.into(), words::outcome(result).into(), reason.into()]))
    });
    let table = Table {
        caption: "Every check that was not run or was accepted by the reader, with the reason",
        columns: vec![words::fit("Check"), words::fit("Outcome"), words::fill("Reason", 1)],
        rows: rows.collect(),
    };
    if table.rows.is_empty() { Vec::new() } else { vec![Block::heading("Checks not run"), Block::Table(table)] }
}

fn gaps(report: &Report) -> Vec<Block> {
    let is_gap =
        |rule: &&RuleResult| matches!(rule.status, Status::IntegrityFailure | Status::NotEvidenced | Status::NotTested);
    let table = statuses(
        report.rules.iter().filter(is_gap),
        "Every rule that could not be supported or refuted, with the reason",
    );
    vec![Block::heading("Not evidenced, not tested"), table.or("Every rule could be evaluated.")]
}

fn strengths(report: &Report) -> Vec<Block> {
    let is_other =
        |rule: &&RuleResult| matches!(rule.status, Status::Supported | Status::NotOccurred | Status::NotApplicable);
    let table =
        statuses(report.rules.iter().filter(is_other), "Every rule that is supported, did not occur or does not apply");
    vec![Block::heading("Supported, not occurred, not applicable"), table.or("No rule is supported.")]
}

fn statuses<'a>(rules: impl Iterator<Item = &'a RuleResult>, caption: &'static str) -> Table {
    let rows = rules.map(|rule| {
        let reason = if rule.reason.is_empty() {
            Text::plain(rule.rule.title)
        } else {
            Text::plain(rule.rule.title).and(": ").join(words::reason(rule))
        };
        let cells: Vec<Cell> =
            vec![Text::link(rules::anchor(rule), rule.rule.id).into(), words::status(rule).into(), reason.into()];
        Row::new(cells)
    });
    Table {
        caption,
        columns: vec![words::fit("Rule"), words::fit("Status"), words::fill("Title, reason", 1)],
        rows: rows.collect(),
    }
}
