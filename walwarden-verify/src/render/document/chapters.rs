//! Chapters that are made of captures: access, encryption, changes, logging.

use std::collections::BTreeMap;

use super::{Block, Row, Section, Table, Text, family, history, others, words};
use crate::report::Report;

/// Roles, and who did what by hand.
pub(super) fn access(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-AC"]), Block::heading("Captures of roles and grants")];
    blocks.extend(family::captures(report, &["access_control", "store_access"]));
    blocks.extend([Block::heading("Acts of people"), others::operators(report)]);
    Section::new("access", "Access", blocks)
}

/// How backups are encrypted, and what is known of the databases themselves.
pub(super) fn encryption(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-EN"]), Block::heading("Backups, by how they are encrypted")];
    blocks.push(algorithms(report).or(history::nothing(report, "No verified statement of a backup is carried.")));
    blocks.push(Block::heading("Encryption at rest, documents of providers, keys in escrow"));
    blocks.extend(family::captures(report, &["encryption_at_rest", "provider_document", "key_escrow"]));
    Section::new("encryption", "Encryption", blocks)
}

fn algorithms(report: &Report) -> Table {
    let mut found: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for encryption in report.facts.recorded.runs.iter().filter_map(|run| run.encryption.as_ref()) {
        let count = found.entry((&encryption.alg, encryption.recipients.join(", "))).or_default();
        *count = count.saturating_add(1);
    }
    let rows = found.into_iter().map(|((alg, recipients), count)| {
        let recipients = if recipients.is_empty() { Text::plain("none") } else { Text::record(&recipients) };
        Row::new(vec![Text::record(alg).into(), recipients.into(), Text::plain(words::number(count as u64)).into()])
    });
    Table {
        caption: "Completed backups by algorithm and recipients, as their statements say",
        columns: vec![words::fit("Algorithm"), words::fill("Recipients", 1), words::figures("Backups")],
        rows: rows.collect(),
    }
}

/// Migrations, commits, approvals, schemas.
pub(super) fn changes(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-CM"]), Block::heading("Captures of changes and schemas")];
    blocks.extend(family::captures(report, &["change_management", "schema_snapshot", "scope_inventory"]));
    Section::new("changes", "Changes", blocks)
}

/// Settings and exports of logs.
pub(super) fn logging(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-LG"]), Block::heading("Captures of settings and exports")];
    blocks.extend(family::captures(report, &["connection_logs", "query_audit"]));
    Section::new("logging", "Logging", blocks)
}
