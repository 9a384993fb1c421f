//! Exposure: how much data a failure would have cost at each instant, under what was promised.

use walwarden_core::Time;

use super::{Block, Cell, Heading, Row, Table, Text, family, words};
use crate::{
    render::chart::{Curve, exposure},
    report::{ExposureShown, Report},
};

/// Databases of which the exposure is drawn: the rest stands in the table and in the workpapers.
const DRAWN: usize = 12;

/// The figure, and every interval above the promise.
pub(super) fn blocks(report: &Report) -> Vec<Block> {
    let heading = Heading { anchor: "exposure".into(), text: Text::plain("Exposure") };
    let mut blocks = vec![Block::Heading(heading)];
    let exposures = &report.facts.exposures;
    if let Some(claims) = &report.claims {
        let curves: Vec<Curve> = exposures.iter().take(DRAWN).map(curve).collect();
        blocks.push(Block::Figure(exposure(claims.period, &curves)));
    }
    if exposures.len() > DRAWN {
        blocks.push(Block::plain(format!("The first {DRAWN} of {} databases are drawn.", exposures.len())));
    }
    let promised = exposures.iter().any(|one| !one.exposure.limits.is_empty());
    let table = breaches(report);
    if promised && table.rows.is_empty() {
        blocks.push(Block::plain("At no instant was the newest backup at hand older than the RPO."));
    } else {
        blocks.extend(family::listed(report, table, promised, "populations/WW-BK-02.csv"));
    }
    blocks
}

fn curve(shown: &ExposureShown) -> Curve {
    let mut parts: Vec<Vec<(Time, i64)>> = Vec::new();
    let mut open = false;
    for tooth in &shown.exposure.teeth {
        let Some(newest) = tooth.newest else {
            open = false;
            continue;
        };
        if !open {
            parts.push(Vec::new());
            open = true;
        }
        if let Some(part) = parts.last_mut() {
            part.extend([tooth.span.start, tooth.span.end].map(|at| (at, at.seconds_since(newest))));
        }
    }
    Curve {
        database: shown.database.clone(),
        parts,
        rpo: shown.exposure.limits.iter().map(|limit| (limit.span, limit.rpo_s)).collect(),
        breaches: shown.exposure.breaches.iter().map(|breach| breach.span).collect(),
    }
}

fn breaches(report: &Report) -> Table {
    let all = report.facts.exposures.iter().flat_map(|shown| {
        shown.exposure.breaches.iter().enumerate().map(move |(place, breach)| (shown, place, breach))
    });
    let rows = all.map(|(shown, place, breach)| {
        let cells: Vec<Cell> = vec![
            Text::plain(place.saturating_add(1).to_string()).into(),
            Text::record(&shown.database).into(),
            Text::plain(words::minute(breach.span.start)).into(),
            Text::plain(words::minute(breach.span.end)).into(),
            Text::plain(words::about(breach.span.end.seconds_since(breach.span.start))).into(),
            Text::plain(words::about(breach.most_s)).into(),
            Text::plain(words::about(breach.rpo_s)).into(),
        ];
        Row::new(cells)
    });
    Table {
        caption: "Intervals in which the newest backup at hand was older than the RPO; times in UTC",
        columns: vec![
            words::figures("No."),
            words::fill("Database", 1),
            words::fit("From"),
            words::fit("To"),
            words::figures("Lasted"),
            words::figures("Most"),
            words::figures("RPO"),
        ],
        rows: rows.collect(),
    }
}
