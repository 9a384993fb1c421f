//! Every rule with its population.

use walwarden_core::rules::{Gap, GapKind, RuleResult};

use super::{Block, Card, Cell, Fact, Row, Section, Table, Text, words};
use crate::report::Report;

/// Where a rule stands in this document.
pub(super) fn anchor(rule: &RuleResult) -> String {
    format!("rule-{}", rule.rule.id)
}

/// What a policy may promise and no rule of this version reads: an exception there is not seen.
const NOT_ASKED: &str = "No rule of this version asks about the recovery point (RPO), copies and their storage, retention, access, encryption, changes, logging, alerts or reviews: what a policy promises there was not compared with the record.";

/// Every rule in full.
pub(super) fn section(report: &Report) -> Section {
    let intro = "Each rule compares the record with what the policy promised. What was late or missed stays a deviation, also after it was put right; what a rule counts as put right in time is said with its items.";
    let intro = [Block::plain(intro), Block::plain(NOT_ASKED)];
    let blocks = intro.into_iter().chain(report.rules.iter().map(|rule| Block::Card(card(rule)))).collect();
    Section { anchor: "rules".into(), number: String::new(), title: "Every rule", blocks }
}

/// One line for each rule.
pub(super) fn list(report: &Report) -> Section {
    let rows = report.rules.iter().map(|rule| {
        let cells: Vec<Cell> = vec![
            Text::code(rule.rule.id).into(),
            words::status(rule).into(),
            Text::plain(rule.rule.basis.print().0).into(),
            Text::plain(rule.rule.title).into(),
        ];
        Row::new(cells)
    });
    let table = Table {
        caption: "Every rule, in order",
        columns: vec![words::fit("Rule"), words::fit("Status"), words::fit("Basis"), words::fill("Title", 1)],
        rows: rows.collect(),
    };
    let blocks = vec![table.or("No rule is known to this program."), Block::plain(NOT_ASKED)];
    Section { anchor: "rules".into(), number: String::new(), title: "Every rule", blocks }
}

fn card(rule: &RuleResult) -> Card {
    let (id, means) = rule.rule.basis.print();
    let mut facts = vec![
        Fact::new("Computed", Text::plain(rule.rule.computation)),
        Fact::new("Basis", Text::plain(format!("{id}: {means}"))),
        Fact::new("Population", Text::plain(words::count(rule.items.len(), "item", "items"))),
    ];
    let said_below = matches!(rule.gaps.as_slice(), [only] if only.words() == rule.reason);
    if !rule.reason.is_empty() && !said_below {
        facts.push(Fact::new("Reason", Text::value(&words::times(&rule.reason))));
    }
    facts.extend(rule.gaps.iter().map(gap));
    Card {
        anchor: anchor(rule),
        mark: words::status(rule),
        title: Text::plain(rule.rule.id).and(format!(" · {}", rule.rule.title)),
        lead: Text::default(),
        facts,
        table: (!rule.items.is_empty()).then(|| items(rule)),
    }
}

/// A part without evidence.
fn gap(gap: &Gap) -> Fact {
    let label = match gap.kind {
        GapKind::NotCovered => "Not covered",
        GapKind::NoInput => "Not recorded",
        GapKind::NotPromised => "Not promised",
        GapKind::NotTested => "Not tested",
    };
    Fact::new(label, Text::record(&gap.database).and(": ").join(Text::value(&words::times(&gap.what))))
}

fn items(rule: &RuleResult) -> Table {
    let rows = rule.items.iter().enumerate().map(|(place, item)| {
        let deviation = item.deviation.as_deref().or(item.note.as_deref());
        let deviation = deviation.map(|words| Text::value(&words::times(words)));
        Row {
            anchor: format!("item-{}-{place}", rule.rule.id),
            cells: vec![
                words::conforms(item.deviation.as_deref()).into(),
                Text::plain(words::time(item.at)).into(),
                Text::record(&item.database).into(),
                Cell::Lines(deviation.into_iter().chain([Text::code(&item.id)]).collect()),
            ],
        }
    });
    Table {
        caption: "The population of the rule",
        columns: vec![
            words::fit("Result"),
            words::fit("When (UTC)"),
            words::fit("Database"),
            words::fill("Deviation or how, item", 1),
        ],
        rows: rows.collect(),
    }
}
