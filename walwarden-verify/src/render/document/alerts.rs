//! Alerts: raised, delivered, acknowledged.

use super::{Cell, Mark, Row, Section, Sign, Table, Text, Tone, family, words};
use crate::report::{Report, recorded::AlertShown};

/// Every alert, with how long it took until somebody acknowledged it.
pub(super) fn section(report: &Report) -> Section {
    let promised = report
        .facts
        .policies
        .iter()
        .any(|policy| policy.promises.as_ref().is_some_and(|policy| policy.alerts.is_some()));
    let table = Table {
        caption: "Alerts recorded in the period; times in UTC",
        columns: vec![
            words::fit("Raised"),
            words::fill("Alert", 2),
            words::fit("Severity"),
            words::fit("Delivery"),
            words::fill("Acknowledged", 2),
        ],
        rows: report.facts.recorded.alerts.iter().map(row).collect(),
    };
    let mut blocks = vec![family::rules(report, &["WW-MO"])];
    blocks.extend(family::listed(report, table, promised, "population_alerts.csv"));
    Section::new("alerts", "Alerts", blocks)
}

fn row(alert: &AlertShown) -> Row {
    let mark = match alert.delivery.as_str() {
        "delivered" => Mark::new(Sign::Disc, Tone::Good, "delivered"),
        "failed" => Mark::new(Sign::Cross, Tone::Bad, "failed"),
        other => Mark::new(Sign::Ring, Tone::Warn, other),
    };
    let acknowledged = match &alert.acknowledged {
        Some((at, by)) => {
            let after = words::about(at.seconds_since(alert.at));
            Text::plain(format!("after {after}, by ")).and_record(by)
        }
        None => Text::plain("not acknowledged"),
    };
    let name = Text::record(&alert.alert);
    let name = if alert.test { name.and(" (a test fire)") } else { name };
    let cells: Vec<Cell> = vec![
        Text::plain(words::minute(alert.at)).into(),
        Cell::Lines(vec![name, Text::plain("by ").and_record(&alert.channel)]),
        Text::record(&alert.severity).into(),
        mark.into(),
        acknowledged.into(),
    ];
    Row::new(cells)
}
