//! Sign-off: what the organisation's people signed, and blank lines for the auditor.

use super::{Block, Fact, Row, Section, Table, Text, family, history, words};
use crate::report::Report;

/// Reviews of the period, then blank lines.
pub(super) fn section(report: &Report) -> Section {
    let rows = report.facts.recorded.reviews.iter().filter(|review| review.subject == "period").map(|review| {
        let period = review.period.map_or_else(
            || "not named".to_owned(),
            |period| format!("{} to {}", words::minute(period.start), words::minute(period.end)),
        );
        Row::new(vec![
            Text::plain(words::minute(review.at)).into(),
            Text::record(&review.person).into(),
            Text::plain(&review.role).into(),
            Text::plain(period).into(),
            Text::plain(format!("size {}, root ", words::number(review.head.size)))
                .join(Text::code(words::short(&review.head.root)))
                .into(),
        ])
    });
    let table = Table {
        caption: "Reviews of the period, signed with a person's key; times in UTC",
        columns: vec![
            words::fit("Signed"),
            words::fill("By", 2),
            words::fit("As"),
            words::fill("Period", 3),
            words::fill("Head seen", 3),
        ],
        rows: rows.collect(),
    };
    let blank = || Text::plain("");
    let blocks = vec![
        family::rules(report, &["WW-SO"]),
        table.or(history::nothing(report, "Nobody signed the period.")),
        Block::heading("For the auditor"),
        Block::Facts(vec![
            Fact::new("Received on", blank()),
            Fact::new("Root keys compared", blank()),
            Fact::new("Repeated by", blank()),
            Fact::new("Name", blank()),
            Fact::new("Date, signature", blank()),
        ]),
    ];
    Section::new("signoff", "Sign-off", blocks)
}
