//! Exceptions and what was done about each: response, age, retest, open from before.

use walwarden_core::{
    Time,
    rules::{Item, RuleResult, Status},
};

use super::{Block, Cell, Mark, Row, Section, Sign, Table, Text, Tone, family, summary, words};
use crate::report::{Report, recorded::ActionShown};

/// Rows of exceptions: more than this are a population, and stand in the workpapers.
const LISTED: usize = 1_000;

/// Exceptions with their responses, then every action.
pub(super) fn section(report: &Report) -> Section {
    let end = report.claims.as_ref().map(|claims| claims.period.end);
    let all = report.rules.iter().filter(|rule| rule.status == Status::Exception);
    let all: Vec<Row> = all
        .flat_map(|rule| rule.items.iter().enumerate().map(move |(place, item)| (rule, place, item)))
        .filter(|(_, _, item)| item.deviation.is_some())
        .map(|(rule, place, item)| exception(report, (rule, place, item), end))
        .collect();
    let count = all.len();
    let table = Table {
        caption: "Exceptions, with their age at the end of the period and what is recorded about each",
        columns: vec![
            words::fit("Rule"),
            words::fill("Item", 3),
            words::fit("Age"),
            words::fill("Response, retest", 2),
            words::fit("State"),
        ],
        rows: all.into_iter().take(LISTED).collect(),
    };
    let mut blocks = vec![
        Block::plain("A response never removes a deviation. It says that somebody saw it, and what was done."),
        table.or("No item deviates: there is nothing to respond to."),
    ];
    if count > LISTED {
        let more = words::number(count.saturating_sub(LISTED) as u64);
        blocks.push(Block::plain(format!("{more} more stand in the workpapers (--workpapers), in exceptions.csv.")));
    }
    blocks.push(Block::heading("Actions"));
    blocks.extend(family::listed(report, actions(report, end), true, "exceptions.csv"));
    Section::new("actions", "Exceptions and actions", blocks)
}

fn exception(report: &Report, (rule, place, item): (&RuleResult, usize, &Item), end: Option<Time>) -> Row {
    let about = |action: &&ActionShown| !item.entry.is_empty() && action.subjects.contains(&item.entry);
    let action = report.facts.recorded.actions.iter().rev().find(about);
    let (response, state) = match action {
        Some(action) => {
            let said = Text::link(anchor(action), &action.kind.replace('_', " ")).and(", ").and_record(&action.owner);
            (said, state(action, end))
        }
        None => (Text::plain("none recorded"), Mark::new(Sign::Ring, Tone::Warn, "open")),
    };
    let lines = std::iter::once(response).chain(retest(report, rule, item));
    let cells: Vec<Cell> = vec![
        Text::link(summary::anchor(rule, place), rule.rule.id).into(),
        Text::code(&item.id).into(),
        Text::plain(end.map_or_else(String::new, |end| age(item.at, end))).into(),
        Cell::Lines(lines.collect()),
        state.into(),
    ];
    Row::new(cells)
}

/// Of a restore test that deviates: the first one after it that passed.
fn retest(report: &Report, rule: &RuleResult, item: &Item) -> Option<Text> {
    let of = report.facts.restores.iter().filter(|_| rule.rule.id.starts_with("WW-RT"));
    let mut after = of.filter(|test| test.database == item.database && test.started_at > item.at);
    let passed = after.find(|test| test.outcome == "passed")?;
    let link = Text::link(format!("restore-{}", passed.seq), &words::minute(passed.started_at));
    Some(Text::plain("a later test passed: ").join(link))
}

fn age(at: Time, end: Time) -> String {
    format!("{} d", end.seconds_since(at).max(0) / 86_400)
}

fn anchor(action: &ActionShown) -> String {
    format!("action-{}", action.seq)
}

fn state(action: &ActionShown, end: Option<Time>) -> Mark {
    let late = action.due.zip(end).is_some_and(|(due, end)| due < end);
    match (action.is_open(), late) {
        (false, _) => Mark::new(Sign::Disc, Tone::Good, "closed"),
        (true, true) => Mark::new(Sign::Triangle, Tone::Bad, "overdue"),
        (true, false) => Mark::new(Sign::Ring, Tone::Warn, "open"),
    }
}

fn actions(report: &Report, end: Option<Time>) -> Table {
    let rows = report.facts.recorded.actions.iter().map(|action| {
        let opened = if action.opened_before_period { ", before the period" } else { "" };
        let mut lines = vec![
            Text::plain(action.kind.replace('_', " ")).and(", ").and_record(&action.reason_code),
            Text::value(&action.text),
        ];
        lines.extend(action.root_cause.as_deref().map(|cause| Text::plain("root cause: ").join(Text::value(cause))));
        let due = action.due.map_or_else(|| "none set".to_owned(), words::minute);
        let cells = vec![
            Text::plain(format!("{}{opened}", words::minute(action.opened_at))).into(),
            Cell::Lines(lines),
            Text::record(&action.owner).into(),
            Text::plain(due).into(),
            state(action, end).into(),
        ];
        Row { anchor: anchor(action), cells }
    });
    Table {
        caption: "Actions recorded in the period, or open when it began; times in UTC",
        columns: vec![
            words::fill("Opened", 1),
            words::fill("What", 4),
            words::fill("Owner", 1),
            words::fit("Due"),
            words::fit("State"),
        ],
        rows: rows.collect(),
    }
}
