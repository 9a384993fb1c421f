//! Keys of the newest registry.

use super::{Block, Cell, Mark, Row, Section, Sign, Table, Text, Tone, history::NOT_SHOWN, words};
use crate::{
    render::chart::{Validity, spans},
    report::{KeyShown, Report},
};

/// What a key is worth.
const WORTH: &str = "Custodians and storage are the organisation's word. A key is believed only where the root keys that the reader pinned have signed the registry that names it.";

/// The figure, and who holds which key.
pub(super) fn blocks(report: &Report) -> Vec<Block> {
    let rows = report.facts.keys.iter().map(|key| {
        let entry = |at: Option<(u64, _)>| Text::plain(at.map_or_else(String::new, |(seq, _)| words::number(seq)));
        Row::new(vec![
            Text::record(&key.uses.join(", ")).into(),
            Text::code(beginning(key)).into(),
            Text::record(&key.custodian).into(),
            Text::record(&key.storage).into(),
            entry(key.from).into(),
            entry(key.to).into(),
            state(key).into(),
        ])
    });
    let table = Table {
        caption: "Keys, roots first, with the entry that brought each and the one that ended it",
        columns: vec![
            words::fill("Use", 3),
            words::fit("Key id begins"),
            words::fill("Custodian", 2),
            words::fit("Storage"),
            words::figures("From entry"),
            words::figures("To entry"),
            words::fit("State"),
        ],
        rows: rows.collect(),
    };
    vec![Block::plain(WORTH), figure(report), table.or(NOT_SHOWN)]
}

/// Every key with its whole fingerprint.
pub(super) fn section(report: &Report) -> Section {
    let rows = report.facts.keys.iter().map(|key| {
        Row::new(vec![
            Cell::Lines(vec![Text::digest(&key.fingerprint), Text::code(&key.keyid)]),
            Text::record(&key.uses.join(", ")).into(),
        ])
    });
    let table = Table {
        caption: "Every key of the newest registry: fingerprint (SHA-256 of the SPKI), as pins are written, and key id",
        columns: vec![words::fill("Fingerprint, key id", 4), words::fill("Use", 1)],
        rows: rows.collect(),
    };
    Section::new("keys", "Keys, whole", vec![table.or(NOT_SHOWN)])
}

fn figure(report: &Report) -> Block {
    let validity = |key: &KeyShown| Validity {
        name: format!("{} {}", key.uses.first().map_or("", String::as_str), beginning(key)),
        from: key.from.map(|(_, at)| at),
        to: key.to.map(|(_, at)| at),
        mark: state(key),
    };
    let keys: Vec<Validity> = report.facts.keys.iter().map(validity).collect();
    let span = report.facts.span.or_else(|| report.claims.as_ref().map(|claims| claims.period));
    Block::Figure(spans(span, &keys))
}

fn beginning(key: &KeyShown) -> &str {
    key.keyid.get(..8).unwrap_or("")
}

fn state(key: &KeyShown) -> Mark {
    match key.state.as_str() {
        "active" | "pinned" => Mark::new(Sign::Disc, Tone::Good, &key.state),
        "revoked" => Mark::new(Sign::Cross, Tone::Bad, &key.state),
        "not pinned" => Mark::new(Sign::Ring, Tone::Warn, &key.state),
        other => Mark::new(Sign::Dash, Tone::Quiet, other),
    }
}
