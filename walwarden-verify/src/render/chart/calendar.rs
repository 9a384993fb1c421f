//! Backups that were due, by database and local day.

use std::collections::BTreeMap;

use super::{
    Figure, Paint, Panel, Place, WIDTH,
    axis::{Day, month_name, months},
    many,
};
use crate::render::document::{Mark, Sign, Text, Tone};

/// Where the days begin.
const LEFT: f32 = 112.0;
/// Height of a row.
const ROW: f32 = 12.5;
/// Height of the names of a month and its days.
const HEAD: f32 = 26.0;
/// Rows of one panel: more go on in the next.
const ROWS: usize = 40;
/// More months than this are left to the table.
const MONTHS: usize = 24;

/// How the backups of a day went; the worst of a day counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render) enum DayState {
    /// Nothing was due because the database was not in scope.
    OutOfScope,
    /// Excused by maintenance.
    Excused,
    /// Made.
    Made,
    /// The record ends too early to tell.
    NotCovered,
    /// Made, too late.
    Late,
    /// Failed or missed.
    Bad,
}

impl DayState {
    const ALL: [Self; 6] = [Self::Made, Self::Late, Self::Bad, Self::Excused, Self::NotCovered, Self::OutOfScope];

    fn mark(self) -> Mark {
        match self {
            Self::Made => Mark::new(Sign::Disc, Tone::Good, "made"),
            Self::Late => Mark::new(Sign::Half, Tone::Warn, "late"),
            Self::Bad => Mark::new(Sign::Cross, Tone::Bad, "failed or missed"),
            Self::Excused => Mark::new(Sign::Dash, Tone::Quiet, "excused"),
            Self::NotCovered => Mark::new(Sign::Diamond, Tone::Warn, "not covered by the record"),
            Self::OutOfScope => Mark::new(Sign::Ring, Tone::Quiet, "out of scope"),
        }
    }
}

/// A row for each database, a cell for each local day; a day on which nothing was due has no sign.
pub(in crate::render) fn calendar(
    databases: &[String],
    (start, end): (Day, Day),
    days: &BTreeMap<(String, Day), DayState>,
    empty: &str,
) -> Figure {
    let all = months(start, end);
    let mut panels = Vec::new();
    for month in all.iter().take(MONTHS) {
        let of_month: Vec<Day> = start.until(end).filter(|day| day.month() == *month).collect();
        let rows: Vec<&[String]> = if databases.is_empty() { vec![&[]] } else { databases.chunks(ROWS).collect() };
        panels.extend(rows.into_iter().map(|rows| panel(month, &of_month, rows, days, empty)));
    }
    let mut description = description(databases.len(), days);
    if all.len() > MONTHS {
        description.push_str(&format!(" The last {} months are not drawn.", all.len().saturating_sub(MONTHS)));
    }
    Figure {
        anchor: "figure-calendar".into(),
        title: Text::plain("Backups that were due, by database and local day; the worst of a day counts"),
        description,
        legend: DayState::ALL.map(DayState::mark).into(),
        panels,
    }
}

fn description(databases: usize, days: &BTreeMap<(String, Day), DayState>) -> String {
    if days.is_empty() {
        return "No backup was due in the period.".into();
    }
    let of = |state: DayState| days.values().filter(|found| **found == state).count();
    let said: Vec<String> = DayState::ALL
        .into_iter()
        .filter(|state| of(*state) > 0)
        .map(|state| format!("{} {}", of(state), state.mark().words))
        .collect();
    let rows = super::super::document::words::count(databases, "database", "databases");
    format!("Days of {rows}: {}.", said.join(", "))
}

fn panel(
    month: &str,
    of_month: &[Day],
    databases: &[String],
    days: &BTreeMap<(String, Day), DayState>,
    empty: &str,
) -> Panel {
    let height = ROW * many(databases.len().max(1));
    let mut panel = Panel::new(HEAD + height + 8.0);
    let cell = (WIDTH - LEFT) / 31.0;
    let x = |day: &Day| LEFT + cell * (many(day.of_month()) - 0.5);
    panel.words((0.0, 9.0), Place::Start, month_name(month), Paint::Navy);
    for day in of_month {
        panel.words((x(day), 19.5), Place::Middle, day.of_month().to_string(), Paint::Muted);
    }
    panel.frame((LEFT, HEAD - 2.0), (WIDTH - LEFT, height), databases.is_empty().then_some(empty));
    let mut top = HEAD - 2.0;
    for (place, database) in databases.iter().enumerate() {
        if place > 0 {
            panel.line(&[(0.0, top), (WIDTH, top)], Paint::Rule, 0.4);
        }
        panel.name((0.0, top + 9.0), database);
        for day in of_month {
            if let Some(state) = days.get(&(database.clone(), *day)) {
                let mark = state.mark();
                panel.sign(mark.sign, (x(day), top + ROW / 2.0), 3.0, mark.tone);
            }
        }
        top += ROW;
    }
    panel
}
