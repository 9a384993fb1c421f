//! Copies: where they lie, and when they were last looked at.

use std::collections::BTreeMap;

use super::{Cell, Mark, Row, Section, Sign, Table, Text, Tone, family, words};
use crate::report::{Report, recorded::CopyShown};

/// Looks by place, then those that found something else than the copy.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-CP"])];
    let promises = report.facts.policies.iter().filter_map(|policy| policy.promises.as_ref());
    let promised = promises
        .flat_map(|policy| &policy.databases)
        .any(|database| database.copies.as_ref().is_some_and(|c| c.min > 0));
    blocks.extend(family::listed(report, places(report), promised, "populations/WW-CP-01.csv"));
    let bad = report.facts.recorded.copies.iter().filter(|copy| copy.outcome != "ok").map(one);
    let bad = Table {
        caption: "Looks that did not find an equal copy; times in UTC",
        columns: vec![
            words::fit("When"),
            words::fit("Database"),
            words::fit("Outcome"),
            words::fill("Backup, place", 1),
        ],
        rows: bad.collect(),
    };
    if !bad.rows.is_empty() {
        blocks.extend(family::listed(report, bad, promised, "populations/WW-CP-01.csv"));
    }
    Section::new("copies", "Copies", blocks)
}

/// One row for each database and place.
fn places(report: &Report) -> Table {
    let mut places: BTreeMap<(&str, &str, &str), Vec<&CopyShown>> = BTreeMap::new();
    for copy in &report.facts.recorded.copies {
        places.entry((&copy.database, &copy.provider, &copy.region)).or_default().push(copy);
    }
    let rows = places.into_iter().map(|((database, provider, region), looks)| {
        let equal = looks.iter().filter(|copy| copy.outcome == "ok").count();
        let last = looks.last();
        let apart = last.map_or_else(String::new, |copy| copy.apart.join(", "));
        let lock = last.map_or_else(String::new, |copy| copy.lock.clone());
        let cells: Vec<Cell> = vec![
            Text::record(database).into(),
            Text::record(provider).and(", ").and_record(region).into(),
            Text::plain(if apart.is_empty() { "none".to_owned() } else { apart }).into(),
            Text::plain(if lock.is_empty() { "none".to_owned() } else { lock }).into(),
            Text::plain(words::number(looks.len() as u64)).into(),
            Text::plain(words::number(equal as u64)).into(),
            Text::plain(last.map_or_else(String::new, |copy| words::minute(copy.at))).into(),
        ];
        Row::new(cells)
    });
    Table {
        caption: "Looks at copies, by database and place; times in UTC",
        columns: vec![
            words::fill("Database", 2),
            words::fill("Place", 2),
            words::fit("Apart in"),
            words::fit("Lock"),
            words::figures("Looks"),
            words::figures("Equal"),
            words::fit("Last"),
        ],
        rows: rows.collect(),
    }
}

fn one(copy: &CopyShown) -> Row {
    let place = Text::record(&copy.provider).and(", ").and_record(&copy.region);
    Row::new(vec![
        Text::plain(words::minute(copy.at)).into(),
        Text::record(&copy.database).into(),
        Mark::new(Sign::Cross, Tone::Bad, &copy.outcome).into(),
        Cell::Lines(vec![Text::code(&copy.backup), place]),
    ])
}
