//! Appendices that are lists: files, tickmarks, limits.

use super::{Block, Row, Section, Table, Text, history, words, words::LIMITS};
use crate::report::Report;

/// Files that are listed: a long history has one for each attachment.
const FILES: usize = 200;

/// Marks that workpapers use.
const TICKS: [(&str, &str, &str); 13] = [
    ("Backups", "A", "ran in the window of its schedule"),
    ("Backups", "B", "has a signed statement"),
    ("Backups", "C", "has a copy as far apart as promised"),
    ("Backups", "D", "is encrypted as promised"),
    ("Backups", "E", "failed, was alerted and resolved"),
    ("Backups", "F", "has a plausible size and number of rows"),
    ("Restore tests", "A", "ran within its cadence"),
    ("Restore tests", "B", "has a signed statement"),
    ("Restore tests", "C", "counts are equal"),
    ("Restore tests", "D", "content root is equal"),
    ("Restore tests", "E", "took no longer than the RTO"),
    ("Restore tests", "F", "names who performed it"),
    ("Restore tests", "G", "has its action closed"),
];

/// The files of the bundle.
pub(super) fn files(report: &Report) -> Section {
    let files = &report.facts.files;
    let rows = files.iter().take(FILES).map(|(name, bytes, digest)| {
        Row::new(vec![Text::code(name).into(), Text::plain(words::number(*bytes)).into(), Text::digest(digest).into()])
    });
    let table = Table {
        caption: "Files of the bundle as they were read, with bytes and SHA-256",
        columns: vec![words::fill("File", 1), words::figures("Bytes"), words::fit("SHA-256")],
        rows: rows.collect(),
    };
    let mut blocks = vec![table.or("No file could be read.")];
    if files.len() > FILES {
        let more = words::count(files.len().saturating_sub(FILES), "more file", "more files");
        blocks.push(Block::plain(format!("{more}: the bundle's own list has all of them.")));
    }
    Section::new("files", "Files", blocks)
}

/// What the letters in workpapers mean.
pub(super) fn tickmarks() -> Section {
    let rows = TICKS.iter().map(|(of, letter, means)| {
        Row::new(vec![Text::plain(of).into(), Text::plain(letter).into(), Text::plain(means).into()])
    });
    let table = Table {
        caption: "Tickmarks of the workpapers",
        columns: vec![words::fit("Population"), words::fit("Mark"), words::fill("Means", 1)],
        rows: rows.collect(),
    };
    Section::new("tickmarks", "Tickmarks", vec![table.or("None.")])
}

/// The limits once more, beside what was not shown.
pub(super) fn limits(report: &Report) -> Section {
    let mut blocks = vec![Block::List(LIMITS.iter().map(Text::plain).collect())];
    if !history::is_established(report) {
        blocks.push(Block::plain(history::NOT_SHOWN));
    }
    Section::new("all-limits", "Limits", blocks)
}
