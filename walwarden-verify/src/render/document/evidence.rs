//! The schedule of evidence: who collects what how often, and who reviews it.

use walwarden_core::policy::Frequency;

use super::{Block, Cell, Mark, Row, Section, Sign, Table, Text, Tone, due, family, words};
use crate::{
    render::chart::{Figure, GridRow, grid, months},
    report::{Report, recorded::ReviewShown},
};

/// The schedule, what was captured in which month, reviews.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-EV", "WW-SS"]), Block::heading("The schedule")];
    blocks.extend(family::listed(report, schedule(report), false, "population_evidence.csv"));
    blocks.push(Block::Figure(captured(report)));
    blocks.push(Block::heading("All captures"));
    let collectors: Vec<&str> = names(report);
    blocks.extend(family::captures(report, &collectors));
    blocks.push(Block::heading("Reviews"));
    blocks.extend(family::listed(report, reviews(report), true, "population_evidence.csv"));
    Section::new("evidence", "Evidence schedule", blocks)
}

fn names(report: &Report) -> Vec<&str> {
    let mut names: Vec<&str> =
        report.facts.recorded.captures.iter().map(|capture| capture.collector.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn schedule(report: &Report) -> Table {
    let policy = report.facts.policies.iter().rev().find_map(|policy| policy.promises.as_ref());
    let rows = policy.into_iter().flat_map(|policy| &policy.evidence).map(|evidence| {
        let within =
            evidence.review_within_s.map_or_else(String::new, |within| format!(", within {}", words::about(within)));
        let cells: Vec<Cell> = vec![
            Text::record(evidence.collector.word()).into(),
            Text::plain(frequency(&evidence.frequency)).into(),
            Text::record(&evidence.reviewers.join(", ")).and(within).into(),
        ];
        Row::new(cells)
    });
    Table {
        caption: "What the policy last in force asks for",
        columns: vec![words::fill("Evidence", 2), words::fit("Frequency"), words::fill("Reviewed by", 2)],
        rows: rows.collect(),
    }
}

fn frequency(frequency: &Frequency) -> String {
    match frequency {
        Frequency::Every(cadence) => words::cadence(cadence),
        Frequency::PerMigration => "after each migration".into(),
    }
}

/// Which collector captured in which month.
fn captured(report: &Report) -> Figure {
    let (start, end) = due::local_days(report);
    let months = months(start, end);
    let captures = &report.facts.recorded.captures;
    let rows: Vec<GridRow> = names(report)
        .into_iter()
        .map(|name| {
            let cell = |month: &String| {
                let of = captures.iter().filter(|capture| capture.collector == name);
                let of = of.filter(|capture| due::local_day(report, capture.at).month() == *month);
                let mark = |ok| {
                    if ok {
                        Mark::new(Sign::Disc, Tone::Good, "done")
                    } else {
                        Mark::new(Sign::Cross, Tone::Bad, "deviates")
                    }
                };
                of.map(|capture| capture.outcome == "ok").max().map(mark)
            };
            GridRow { name: name.to_owned(), cells: months.iter().map(cell).collect() }
        })
        .collect();
    let description = format!("{} in the period.", words::count(captures.len(), "capture", "captures"));
    let title = "Captures of evidence by collector and month; a failed one deviates";
    grid("figure-captures", title, description, &months, &rows, "no evidence was captured")
}

fn reviews(report: &Report) -> Table {
    Table {
        caption: "Reviews signed in the period; times in UTC",
        columns: vec![
            words::fit("Signed"),
            words::fit("Of"),
            words::fill("By, as", 2),
            words::fit("Conclusion"),
            words::fill("Title, head seen", 3),
        ],
        rows: report.facts.recorded.reviews.iter().map(review).collect(),
    }
}

fn review(review: &ReviewShown) -> Row {
    let mark = if review.conclusion == "no_issue" {
        Mark::new(Sign::Disc, Tone::Good, "no issue")
    } else {
        Mark::new(Sign::Triangle, Tone::Warn, "issue")
    };
    let title = match &review.said {
        Some((title, _)) => Text::value(title),
        None => Text::plain("its statement is not verified here"),
    };
    let seen = Text::plain(format!("head of size {}", words::number(review.head.size)));
    let cells: Vec<Cell> = vec![
        Text::plain(words::minute(review.at)).into(),
        Text::plain(review.subject.replace('_', " ")).into(),
        Text::record(&review.person).and(", ").and(&review.role).into(),
        mark.into(),
        Cell::Lines(vec![title, seen]),
    ];
    Row::new(cells)
}
