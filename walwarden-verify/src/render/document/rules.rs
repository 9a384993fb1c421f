//! Every rule with its population.

use walwarden_core::rules::{
    Gap, GapKind, Item, RuleResult,
    criteria::{self, MAPPING},
};

use super::{Block, Card, Cell, Fact, Row, Section, Table, Text, words};
use crate::report::Report;

/// Where a rule stands in this document.
pub(super) fn anchor(rule: &RuleResult) -> String {
    anchor_of(rule.rule.id)
}

/// Where a rule stands, by its id.
pub(super) fn anchor_of(id: &str) -> String {
    format!("rule-{id}")
}

/// Items that conform in another way than the usual one: more than this stand in the workpapers.
const NOTED: usize = 6;

/// Every rule in full, and those of the mapping that this version does not evaluate.
pub(super) fn section(report: &Report) -> Section {
    let intro = "Each rule compares the record with what the policy promised. What was late or missed stays a deviation, also after it was put right; what a rule counts as put right in time is said with its items. Items that deviate stand in the summary; whole populations stand in the workpapers (--workpapers).";
    let mut blocks = vec![Block::plain(intro)];
    blocks.extend(not_evaluated(report).map(Block::plain));
    blocks.extend(report.rules.iter().map(|rule| Block::Card(card(rule))));
    Section::new("rules", "Rules", blocks)
}

/// Which numbers are skipped, and why.
fn not_evaluated(report: &Report) -> Option<String> {
    let known = |id: &str| report.rules.iter().any(|rule| rule.rule.id == id);
    let skipped: Vec<&str> = MAPPING.iter().map(|(id, _)| *id).filter(|id| !known(id)).collect();
    (!skipped.is_empty()).then(|| {
        format!(
            "Rules of the mapping that this version does not evaluate: {}. What a policy promises there was not compared with the record.",
            skipped.join(", ")
        )
    })
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
    let mut blocks = vec![table.or("No rule is known to this program.")];
    blocks.extend(not_evaluated(report).map(Block::plain));
    Section { anchor: "rules".into(), number: String::new(), title: "Every rule", blocks }
}

fn card(rule: &RuleResult) -> Card {
    let (id, means) = rule.rule.basis.print();
    let mut facts = vec![
        Fact::new("Computed", Text::plain(rule.rule.computation)),
        Fact::new("Basis", Text::plain(format!("{id}: {means}"))),
        Fact::new("Population", population(rule)),
        Fact::new("Criteria", criteria(rule)),
    ];
    let said_below = matches!(rule.gaps.as_slice(), [only] if only.words() == rule.reason);
    if !rule.reason.is_empty() && !said_below {
        facts.push(Fact::new("Reason", words::reason(rule)));
    }
    facts.extend(rule.gaps.iter().map(gap));
    Card {
        anchor: anchor(rule),
        mark: words::status(rule),
        title: Text::plain(rule.rule.id).and(format!(" · {}", rule.rule.title)),
        lead: Text::default(),
        facts,
        table: items(rule),
    }
}

fn population(rule: &RuleResult) -> Text {
    let all = words::count(rule.items.len(), "item", "items");
    let deviating = rule.deviating();
    let conform = rule.items.len().saturating_sub(deviating);
    Text::plain(format!("{all}, {conform} conform, {deviating} deviate; whole in populations/{}.csv", rule.rule.id))
}

/// The criteria that a rule speaks to, by framework.
fn criteria(rule: &RuleResult) -> Text {
    let of = criteria::of(rule.rule.id).iter();
    let words: Vec<String> = of.map(|(framework, ids)| format!("{} {}", framework.word(), ids.join(", "))).collect();
    Text::plain(if words.is_empty() { "none".to_owned() } else { words.join("; ") })
}

/// A part without evidence.
fn gap(gap: &Gap) -> Fact {
    let label = match gap.kind {
        GapKind::NotCovered => "Not covered",
        GapKind::NoInput => "Not recorded",
        GapKind::NotPromised => "Not promised",
        GapKind::NotTested => "Not tested",
    };
    Fact::new(label, words::database(&gap.database).and(": ").join(Text::value(&words::times(&gap.what))))
}

/// What conforms in another way than the usual one; items that deviate stand in the summary, the others are counted.
fn items(rule: &RuleResult) -> Option<Table> {
    let shown = |item: &Item| item.deviation.is_none() && item.note.is_some();
    let items = rule.items.iter().filter(|item| shown(item));
    let rows = items.take(NOTED).map(|item| {
        let note = item.note.as_deref().map(|words| Text::value(&words::times(words)));
        let cells = vec![
            Text::plain(words::time(item.at)).into(),
            words::database(&item.database).into(),
            Cell::Lines(note.into_iter().collect()),
        ];
        Row::new(cells)
    });
    let table = Table {
        caption: "Items that conform in another way than the usual one, the first of them; times in UTC",
        columns: vec![words::fit("When"), words::fit("Database"), words::fill("How it conforms", 1)],
        rows: rows.collect(),
    };
    (!table.rows.is_empty()).then_some(table)
}
