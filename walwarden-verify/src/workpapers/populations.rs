//! All populations, in order of the index.

use super::{
    Cell, Table, backups,
    cell::{Column, text, time},
    events,
    join::Joined,
    restores, rules,
};
use crate::report::Report;

/// One table for each rule.
pub(super) fn of_rules(report: &Report, joined: &Joined<'_>) -> Vec<Table> {
    report.rules.iter().map(|result| rules::table(result, joined)).collect()
}

/// One table for each kind of event.
pub(super) fn of_events(report: &Report, joined: &Joined<'_>) -> [Table; 9] {
    [
        backups::table(report, joined),
        restores::table(report, joined),
        events::failures(report, joined),
        events::prunes(report),
        events::role_changes(report),
        events::migrations(report),
        events::evidence(report),
        events::alerts(report),
        events::actions(report),
    ]
}

/// `keys.csv`: six columns, as `keys/keys.csv` of the bundle.
pub(super) fn keys(report: &Report) -> Table {
    const COLUMNS: [Column; 6] = [
        text("key_id"),
        text("public_key"),
        text("algorithm"),
        text("status"),
        time("activated_at"),
        time("retired_at"),
    ];
    let cell = |(place, value): (usize, &String)| match value.parse() {
        Ok(at) if place >= 4 => Cell::Time(at),
        _ => Cell::text(value),
    };
    let rows = report.facts.recorded.keys.iter().map(|row| row.iter().enumerate().map(cell).collect());
    Table {
        file: "keys.csv".into(),
        title: "Keys of the registry, public parts".into(),
        columns: COLUMNS.into(),
        rows: rows.collect(),
    }
}

/// `tickmarks.csv`: what each attribute means, and which rule says it.
pub(super) fn tickmarks() -> Table {
    let of = |file: &'static str, attributes: &[(&'static str, &'static str, &'static str)]| {
        let row = |(column, rule, means): &(&'static str, &'static str, &'static str)| {
            vec![Cell::text(file), Cell::text(column), Cell::text(rule), Cell::text(means)]
        };
        attributes.iter().map(row).collect::<Vec<_>>()
    };
    let words = [
        ("holds", "the rule has this entry as an item, and it conforms"),
        ("deviates", "the rule has this entry as an item, and it deviates: the reason stands in the rule's population"),
        ("not tested", "the rule could not be evaluated here"),
        ("n/a", "the rule does not apply"),
        ("", "the entry is no item of the rule"),
    ];
    let mut rows = of("population_backups.csv", &backups::ATTRIBUTES);
    rows.extend(of("population_restores.csv", &restores::ATTRIBUTES));
    rows.extend(words.map(|(word, means)| vec!["every attribute".into(), word.into(), Cell::Empty, means.into()]));
    Table {
        file: "tickmarks.csv".into(),
        title: "What each attribute and each of its words means".into(),
        columns: [text("file"), text("mark"), text("rule"), text("means")].into(),
        rows,
    }
}
