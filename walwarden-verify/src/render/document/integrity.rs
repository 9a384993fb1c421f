//! Why the record can be relied on, and how far: range, time, keys, checks.

use super::{Block, Fact, Heading, Section, Text, checks, cover, family, history, keys, time, words};
use crate::report::Report;

/// Range and heads, anchors in time, keys, and every check.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-IN"]), range(report)];
    blocks.push(heading("time", "Time"));
    blocks.extend(time::blocks(report));
    blocks.push(heading("segregation", "Keys and who holds them"));
    blocks.extend(keys::blocks(report));
    blocks.push(heading("checks", "Every check"));
    blocks.extend(checks::blocks(report));
    Section::new("integrity", "Integrity", blocks)
}

fn heading(anchor: &str, words: &str) -> Block {
    Block::Heading(Heading { anchor: anchor.into(), text: Text::plain(words) })
}

fn range(report: &Report) -> Block {
    if !history::is_established(report) {
        return Block::plain(history::NOT_SHOWN);
    }
    let mut facts = vec![Fact::new(
        "Entries",
        Text::plain(format!(
            "{} from the first, {} of them recorded in the period",
            words::number(report.facts.entries),
            words::number(report.facts.entries_in_period)
        )),
    )];
    if let Some(span) = report.facts.span {
        let words = format!("{} to {} UTC, self-asserted", words::time(span.start), words::time(span.end));
        facts.push(Fact::new("Recorded", Text::plain(words)));
    }
    facts.push(Fact::new("Order", Text::plain("fixed by the chain: each entry names the digest of the one before")));
    facts.extend(cover::heads(report));
    Block::Facts(facts)
}
