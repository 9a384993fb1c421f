//! What is known of time, and by whose word (`spec:time-1`, `spec:time-10`).

use super::{Block, Fact, Mark, Row, Sign, Table, Text, Tone, history, words};
use crate::report::{Report, StampShown};

/// What a time stamp shows, and what it does not.
const WORTH: &str = "Times in entries and statements are self-asserted: the organisation's own clock wrote them. A time stamp by an authority under a root that you gave shows that a head, and with it each entry under it, existed not after a time. It does not show when an entry was written, that it is true, or that no other history was stamped as well; entries after the head have no such bound.";
/// The basis of a token by an authority that the reader did not name.
const NAMED: &str = "named by the organisation, not independent";

/// Time stamps over heads, by size.
pub(super) fn blocks(report: &Report) -> Vec<Block> {
    let table = Table {
        caption: "Time stamps over heads of this chain",
        columns: vec![
            words::figures("Entries covered"),
            words::fit("Not after (UTC)"),
            words::fill("Basis", 2),
            words::fill("Authority", 3),
        ],
        rows: report.facts.stamps.iter().map(row).collect(),
    };
    let none = history::nothing(report, "No time stamp is shown: every time in this report is self-asserted.");
    vec![Block::plain(WORTH), table.or(none)]
}

/// For the first page.
pub(super) fn fact(report: &Report) -> Fact {
    let stamps = &report.facts.stamps;
    let independent = stamps.iter().filter(|stamp| stamp.root.is_some()).count();
    let text = match (stamps.len(), independent) {
        (0, _) => Text::plain("self-asserted by the organisation"),
        (all, 0) => Text::plain(format!(
            "self-asserted by the organisation; {} {NAMED}",
            words::count(all, "time stamp", "time stamps")
        )),
        (all, some) => Text::plain(format!(
            "self-asserted by the organisation; {some} of {} under a root that you gave, see ",
            words::count(all, "time stamp", "time stamps")
        ))
        .join(Text::link("time".into(), "Time")),
    };
    Fact::new("Times", text)
}

fn row(stamp: &StampShown) -> Row {
    let (mark, authority) = match &stamp.root {
        Some(root) => (
            Mark::new(Sign::Disc, Tone::Good, "not after, by an authority of yours"),
            Text::record(&stamp.authority).and(", under your root ").and_record(root),
        ),
        None => (Mark::new(Sign::Ring, Tone::Warn, NAMED), Text::record(&stamp.authority)),
    };
    Row::new(vec![
        Text::plain(words::number(stamp.size)).into(),
        Text::plain(words::time(words::not_after(stamp.not_after))).into(),
        mark.into(),
        authority.into(),
    ])
}
