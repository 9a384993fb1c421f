//! Restore tests, each in full.

use super::{Block, Card, Cell, Fact, Mark, Row, Section, Sign, Table, Text, Tone, due, family, history, words};
use crate::{
    render::chart::{Bar, Figure, GridRow, durations, grid, months},
    report::{Report, RestoreShown},
};

/// Tests that are shown in full.
const CARDS: usize = 60;

/// Restore tests of the period, in chain order.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![
        family::rules(report, &["WW-RT", "WW-TW"]),
        Block::plain(
            "Each test restored a recorded backup into another server and computed tables, rows and content root again. Equality is the producer's word, unless the reader repeats it.",
        ),
    ];
    blocks.push(Block::Figure(durations(&report.facts.restores.iter().map(bar).collect::<Vec<_>>())));
    blocks.push(Block::Figure(coverage(report)));
    blocks.push(table(report).or(history::nothing(report, "No restore test is recorded in the period.")));
    blocks.extend(report.facts.restores.iter().take(CARDS).map(|test| Block::Card(card(test))));
    if report.facts.restores.len() > CARDS {
        let more = report.facts.restores.len().saturating_sub(CARDS);
        blocks.push(Block::plain(format!(
            "{more} more stand in the workpapers (--workpapers), in population_restores.csv."
        )));
    }
    Section::new("restores", "Restore tests", blocks)
}

fn bar(test: &RestoreShown) -> Bar {
    Bar {
        database: test.database.clone(),
        when: words::minute(test.started_at),
        seconds: test.seconds,
        rto_s: test.rto_s,
        mark: outcome(&test.outcome),
    }
}

/// Which database was tested in which month, by the items of the rule about that.
fn coverage(report: &Report) -> Figure {
    let items = report.rules.iter().find(|rule| rule.rule.id == "WW-RT-01").map(|rule| rule.items.as_slice());
    let items = items.unwrap_or_default();
    let (start, end) = due::local_days(report);
    let months = months(start, end);
    let mut names: Vec<&str> = items.iter().map(|item| item.database.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let rows: Vec<GridRow> = names
        .into_iter()
        .map(|name| {
            let cell = |month: &String| {
                let of = items.iter().filter(|item| item.database == name);
                let of = of.filter(|item| due::local_day(report, item.at).month() == *month);
                of.map(words::covered).max_by_key(|mark| mark.tone == Tone::Good)
            };
            GridRow { name: name.to_owned(), cells: months.iter().map(cell).collect() }
        })
        .collect();
    let title = "Restore tests by database and month; a window counts in the month in which it begins";
    let done = items.iter().filter(|item| item.deviation.is_none()).count();
    let description = format!("{} due, {done} with a passed test.", words::count(items.len(), "window", "windows"));
    grid("figure-coverage", title, description, &months, &rows, "no restore test was due")
}

/// All tests, one a row.
fn table(report: &Report) -> Table {
    let rows = report.facts.restores.iter().map(|test| {
        let title = Text::link(anchor(test), &words::time(test.started_at));
        Row::new(vec![
            title.into(),
            Text::record(&test.database).into(),
            outcome(&test.outcome).into(),
            Text::plain(test.seconds.map_or_else(|| "none".to_owned(), words::duration)).into(),
            Text::plain(test.rto_s.map_or_else(|| "none".to_owned(), words::duration)).into(),
            of(test.tables).into(),
            of(test.rows).into(),
        ])
    });
    Table {
        caption: "Restore tests recorded in the period; times in UTC",
        columns: vec![
            words::fit("Started"),
            words::fill("Database", 1),
            words::fit("Outcome"),
            words::figures("Took"),
            words::figures("RTO"),
            words::figures("Tables equal"),
            words::figures("Rows found"),
        ],
        rows: rows.collect(),
    }
}

/// Where a test stands in full.
fn anchor(test: &RestoreShown) -> String {
    format!("restore-{}", test.seq)
}

fn card(test: &RestoreShown) -> Card {
    let title =
        Text::plain("Restore test of ").and_record(&test.database).and(format!(", entry {}", words::number(test.seq)));
    Card {
        anchor: anchor(test),
        mark: outcome(&test.outcome),
        title,
        lead: Text::default(),
        facts: facts(test),
        table: (!test.steps.is_empty()).then(|| steps(test)),
    }
}

fn outcome(outcome: &str) -> Mark {
    match outcome {
        "passed" => Mark::new(Sign::Disc, Tone::Good, outcome),
        "failed" => Mark::new(Sign::Cross, Tone::Bad, outcome),
        "open" => Mark::new(Sign::Ring, Tone::Warn, "no end"),
        other => Mark::new(Sign::Square, Tone::Warn, other),
    }
}

fn facts(test: &RestoreShown) -> Vec<Fact> {
    let mut facts = vec![
        Fact::new("Started", Text::plain(format!("{} UTC", words::time(test.started_at)))),
        Fact::new("Performed by", Text::record(&test.performed_by)),
        Fact::new("Backup", Text::code(&test.backup)),
        Fact::new("Duration", duration(test)),
        Fact::new("Tables equal", of(test.tables)),
        Fact::new("Rows found", of(test.rows)),
    ];
    let roots = [("Root expected", &test.root_expected), ("Root recomputed", &test.root_actual)];
    facts.extend(roots.map(|(label, root)| {
        Fact::new(label, root.as_ref().map_or_else(|| Text::plain("none recorded"), Text::digest))
    }));
    facts.push(Fact::new(
        "Roots",
        Text::plain(match (&test.root_expected, &test.root_actual) {
            (Some(expected), Some(actual)) if expected == actual => "equal",
            (Some(_), Some(_)) => "not equal",
            _ => "not compared",
        }),
    ));
    if !test.lessons.is_empty() {
        facts.push(Fact::new("Lessons", Text::value(&test.lessons)));
    }
    facts
}

fn of((found, expected): (u64, u64)) -> Text {
    Text::plain(format!("{} of {}", words::number(found), words::number(expected)))
}

fn duration(test: &RestoreShown) -> Text {
    let Some(seconds) = test.seconds else {
        return Text::plain("none: only a passed test has a duration");
    };
    let took = words::duration(seconds);
    Text::plain(match test.rto_s {
        Some(rto) if seconds <= rto => format!("{took}, within the promised {}", words::duration(rto)),
        Some(rto) => format!("{took}, longer than the promised {}", words::duration(rto)),
        None => format!("{took}; the policy promises none"),
    })
}

fn steps(test: &RestoreShown) -> Table {
    let rows = test.steps.iter().map(|(name, outcome, seconds)| {
        let mark = match outcome.as_str() {
            "ok" => Mark::new(Sign::Disc, Tone::Good, outcome),
            "skipped" => Mark::new(Sign::Dash, Tone::Quiet, outcome),
            other => Mark::new(Sign::Cross, Tone::Bad, other),
        };
        let cells: Vec<Cell> =
            vec![Text::record(name).into(), mark.into(), Text::plain(words::duration(*seconds)).into()];
        Row::new(cells)
    });
    Table {
        caption: "Steps of the restore test",
        columns: vec![words::fill("Step", 1), words::fit("Outcome"), words::figures("Took")],
        rows: rows.collect(),
    }
}
