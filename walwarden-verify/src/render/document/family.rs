//! What every chapter shares: its rules, its captures, and the one line that stands for nothing.

use walwarden_core::rules::RuleResult;

use super::{Block, Cell, Mark, Row, Sign, Table, Text, Tone, history, rules, words};
use crate::report::{Report, recorded::CaptureShown};

/// Rows of a table that the body lists: the rest belongs to the workpapers.
pub(super) const LISTED: usize = 200;

/// The rules of a chapter, one a row.
pub(super) fn rules(report: &Report, families: &[&str]) -> Block {
    let of = |rule: &&RuleResult| families.iter().any(|family| rule.rule.id.starts_with(family));
    table(report.rules.iter().filter(of), "The rules of this chapter")
        .or("No rule of this version asks about this: what a policy promises here was not compared with the record.")
}

/// Rules with their status, how many items they judged, and the reason.
pub(super) fn table<'a>(results: impl Iterator<Item = &'a RuleResult>, caption: &'static str) -> Table {
    let rows = results.map(|rule| {
        let title = Text::plain(rule.rule.title);
        let reason = (!rule.reason.is_empty()).then(|| words::reason(rule));
        let cells: Vec<Cell> = vec![
            Text::link(rules::anchor(rule), rule.rule.id).into(),
            words::status(rule).into(),
            Text::plain(rule.rule.basis.print().0).into(),
            Cell::Lines(std::iter::once(title).chain(reason).collect()),
        ];
        Row::new(cells)
    });
    Table {
        caption,
        columns: vec![
            words::fit("Rule"),
            words::fit("Status"),
            words::fit("Basis"),
            words::fill("What it asks; reason", 1),
        ],
        rows: rows.collect(),
    }
}

/// A table of the record, or one line that says why there is none.
pub(super) fn listed(report: &Report, mut table: Table, promised: bool, file: &str) -> Vec<Block> {
    let none = match (history::is_established(report), promised) {
        (false, _) => history::NOT_SHOWN,
        (true, true) => "No event recorded.",
        (true, false) => "Not promised by the policy; no event recorded.",
    };
    let all = table.rows.len();
    table.rows.truncate(LISTED);
    let mut blocks = vec![table.or(none)];
    if all > LISTED {
        let more = words::count(all.saturating_sub(LISTED), "more row", "more rows");
        blocks.push(Block::plain(format!("{more}: all of them stand in the workpapers (--workpapers), in {file}.")));
    }
    blocks
}

/// Captures by these collectors.
pub(super) fn captures(report: &Report, collectors: &[&str]) -> Vec<Block> {
    let of = |capture: &&CaptureShown| collectors.contains(&capture.collector.as_str());
    let rows = report.facts.recorded.captures.iter().filter(of).map(capture);
    let table = Table {
        caption: "Captures of evidence recorded in the period; times in UTC",
        columns: vec![
            words::fit("Captured"),
            words::fit("Collector"),
            words::fit("Outcome"),
            words::figures("Rows"),
            words::fill("Database; change since the one before; flags", 1),
        ],
        rows: rows.collect(),
    };
    listed(report, table, collectors.iter().any(|collector| promises(report, collector)), "population_evidence.csv")
}

/// Whether a policy in force asks for captures by a collector.
pub(super) fn promises(report: &Report, collector: &str) -> bool {
    let mut asked = report.facts.policies.iter().filter_map(|policy| policy.promises.as_ref());
    asked.any(|policy| policy.evidence.iter().any(|evidence| evidence.collector.word() == collector))
}

fn capture(capture: &CaptureShown) -> Row {
    let mark = if capture.outcome == "ok" {
        Mark::new(Sign::Disc, Tone::Good, "captured")
    } else {
        Mark::new(Sign::Cross, Tone::Bad, &capture.outcome)
    };
    let mut lines = Vec::new();
    lines.extend(capture.database.as_deref().map(Text::record));
    lines.extend(
        capture.diff.map(|(added, removed, changed)| {
            Text::plain(format!("{added} added, {removed} removed, {changed} changed"))
        }),
    );
    lines.extend(capture.flags.iter().map(|(code, detail)| Text::record(code).and(": ").join(Text::value(detail))));
    if capture.trigger == "manual" {
        lines.push(Text::plain("by hand"));
    }
    lines.extend(capture.reason.as_deref().map(Text::value));
    Row::new(vec![
        Text::link(format!("capture-{}", capture.seq), &words::minute(capture.at)).into(),
        Text::record(&capture.collector).into(),
        mark.into(),
        Text::plain(words::number(capture.rows)).into(),
        Cell::Lines(lines),
    ])
}
