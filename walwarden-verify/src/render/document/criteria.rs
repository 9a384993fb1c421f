//! What the rules come to together, by criterion of each framework.

use walwarden_core::{
    policy::Framework,
    rules::{
        Status,
        criteria::{Criterion, OUTSIDE, roll_up},
    },
};

use super::{Block, Cell, Heading, Mark, Row, Section, Table, Text, rules, words};
use crate::report::Report;

const STATUSES: [Status; 7] = [
    Status::IntegrityFailure,
    Status::Exception,
    Status::NotEvidenced,
    Status::NotTested,
    Status::Supported,
    Status::NotOccurred,
    Status::NotApplicable,
];

/// The frameworks that the policy names; all of them where it names none.
fn frameworks(report: &Report) -> Vec<Framework> {
    let policy = report.facts.policies.iter().rev().find_map(|policy| policy.promises.as_ref());
    match policy {
        Some(policy) if !policy.frameworks.is_empty() => policy.frameworks.clone(),
        _ => Framework::ALL.to_vec(),
    }
}

/// One row for each framework: how many of its criteria came to which status.
pub(super) fn overview(report: &Report) -> Block {
    let rows = frameworks(report).into_iter().map(|framework| {
        let criteria = roll_up(&report.rules, framework);
        let of = |status| criteria.iter().filter(|criterion| criterion.status == status).count();
        let said =
            STATUSES.iter().map(|status| (of(Some(*status)), status.print().1)).chain([(of(None), "without a status")]);
        let said: Vec<String> =
            said.filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}")).collect();
        Row::new(vec![
            Text::link(anchor(framework), framework.title()).into(),
            Text::plain(criteria.len().to_string()).into(),
            Text::plain(if said.is_empty() { "none".to_owned() } else { said.join(", ") }).into(),
        ])
    });
    let table = Table {
        caption: "Criteria to which a rule here speaks, by the strongest status among their rules",
        columns: vec![words::fill("Framework", 2), words::figures("Criteria"), words::fill("By status", 3)],
        rows: rows.collect(),
    };
    table.or("No framework is known to this program.")
}

/// Every criterion with its rules.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![Block::plain(
        "The mapping of rules to criteria is this program's, by the ids alone. The status of a criterion is the strongest of its rules, in this order: integrity failure, exception, not evidenced, not tested, supported, not occurred, not applicable. Rules named beside it are not counted: nobody promised what they ask about, or only the reader can bring what they need. A criterion asks for more than any rule here can show.",
    )];
    for framework in frameworks(report) {
        blocks.push(Block::Heading(Heading { anchor: anchor(framework), text: Text::plain(framework.title()) }));
        let (counted, rest): (Vec<Criterion>, Vec<Criterion>) =
            roll_up(&report.rules, framework).into_iter().partition(|criterion| criterion.status.is_some());
        blocks.push(matrix(&counted).or("No rule of this version that speaks to it was counted."));
        if !rest.is_empty() {
            let ids: Vec<&str> = rest.iter().map(|criterion| criterion.id).collect();
            blocks.push(Block::plain(format!(
                "Not promised, or for the reader to bring, and so without a status: {}.",
                ids.join(", ")
            )));
        }
        let outside: Vec<String> =
            OUTSIDE.iter().filter(|(of, ..)| *of == framework).map(|(_, id, what)| format!("{id}, {what}")).collect();
        if !outside.is_empty() {
            blocks.push(Block::plain(format!("Outside of this tool, always not applicable: {}.", outside.join("; "))));
        }
    }
    Section::new("criteria", "Criteria", blocks)
}

fn anchor(framework: Framework) -> String {
    let word: String = framework.word().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("criteria-{word}")
}

fn matrix(criteria: &[Criterion]) -> Table {
    let rows = criteria.iter().map(|criterion| {
        let mut cells: Vec<Cell> = vec![Text::plain(criterion.id).into()];
        cells.push(criterion.status.map_or_else(|| Cell::from(Text::plain("none")), |status| mark(status).into()));
        cells.push(named(&criterion.rules).into());
        cells.push(named(&criterion.beside).into());
        Row::new(cells)
    });
    Table {
        caption: "Criteria, with the rules counted and those beside",
        columns: vec![words::fit("Criterion"), words::fit("Status"), words::fill("Rules", 3), words::fill("Beside", 2)],
        rows: rows.collect(),
    }
}

/// Rules with the sign of their status.
fn named(told: &[(&'static str, Status)]) -> Text {
    told.iter().enumerate().fold(Text::default(), |text, (place, (id, status))| {
        let text = if place == 0 { text } else { text.and(", ") };
        let link = Text::link(rules::anchor_of(id), id);
        text.join(link).and(format!(" {}", status.print().1))
    })
}

fn mark(status: Status) -> Mark {
    let (sign, tone) = words::sign_of(status);
    Mark::new(sign, tone, status.print().1)
}
