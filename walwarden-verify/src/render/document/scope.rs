//! What is in scope, what is not, and who answers for what.

use walwarden_core::policy::{Part, Policy};

use super::{Block, Fact, Row, Section, Table, Text, family, history, words};
use crate::report::Report;

/// What no tool can do for the organisation.
const DUTIES: [&str; 6] = [
    "Keep the signing keys, the row keys and the configuration apart from the dumps, each in its own place.",
    "Keep the storage of the backups closed to the public, and to those who need not reach it.",
    "Keep the clocks of all hosts set by a common source.",
    "Receive the alerts, and act on them.",
    "Repeat a restore now and then with people and machines that had no part in the first.",
    "Hand the fingerprints of the root keys, and heads, to the auditor by another channel than the bundle.",
];

/// Scope, exclusions, the complete set, suppliers, duties, other layers.
pub(super) fn section(report: &Report) -> Section {
    let policy = report.facts.policies.iter().rev().find_map(|policy| policy.promises.as_ref());
    let mut blocks = vec![family::rules(report, &["WW-SC"]), Block::heading("Databases in scope"), databases(report)];
    blocks.extend([Block::heading("Left out"), excluded(report, policy)]);
    blocks.extend([
        Block::heading("The complete set"),
        Block::plain("A recovery needs three things, and two of them are not in the dump."),
    ]);
    blocks.push(complete_set(report, policy));
    blocks.extend([Block::heading("Suppliers relied on"), suppliers(report, policy)]);
    blocks
        .extend([Block::heading("Duties of the organisation"), Block::List(DUTIES.iter().map(Text::plain).collect())]);
    blocks.extend([Block::heading("Other layers"), layers(report, policy)]);
    Section::new("scope", "Scope", blocks)
}

fn databases(report: &Report) -> Block {
    let rows = report.facts.databases.iter().map(|database| {
        let words = [&database.id, &database.provider, &database.region, &database.owner, &database.server_version];
        Row::new(words.map(|word| Text::record(word).into()).into())
    });
    let table = Table {
        caption: "Databases in scope, as declared",
        columns: vec![
            words::fill("Database", 3),
            words::fill("Provider", 2),
            words::fill("Region", 2),
            words::fill("Owner", 2),
            words::fill("PostgreSQL", 2),
        ],
        rows: rows.collect(),
    };
    table.or(history::nothing(report, "No scope is declared for the period."))
}

fn excluded(report: &Report, policy: Option<&Policy>) -> Block {
    let rows = policy.into_iter().flat_map(|policy| &policy.exclude).map(|excluded| {
        let words = [&excluded.database, &excluded.reason, &excluded.approved_by];
        Row::new(words.map(|word| Text::record(word).into()).into())
    });
    let table = Table {
        caption: "Databases that the policy excludes",
        columns: vec![words::fill("Database", 2), words::fill("Reason", 3), words::fill("Approved by", 2)],
        rows: rows.collect(),
    };
    table.or(history::nothing(report, "The policy excludes no database."))
}

fn complete_set(report: &Report, policy: Option<&Policy>) -> Block {
    let row = |what: &str, part: &Part| {
        let verified = part.verify.as_ref().map_or_else(|| "no cadence promised".to_owned(), words::cadence);
        Row::new(vec![
            Text::plain(what).into(),
            Text::record(&part.r#where).into(),
            Text::record(&part.owner).into(),
            Text::plain(verified).into(),
        ])
    };
    let set = policy.and_then(|policy| policy.complete_set.as_ref());
    let rows = set.map(|set| {
        vec![
            row("Dump, globals, row key", &set.database),
            row("Private keys", &set.keys),
            row("Configuration", &set.config),
        ]
    });
    let table = Table {
        caption: "What a recovery needs, as the policy names it",
        columns: vec![words::fit("Part"), words::fill("Where", 3), words::fill("Owner", 2), words::fit("Looked at")],
        rows: rows.unwrap_or_default(),
    };
    table.or(history::nothing(report, "Not promised by the policy: it does not say where keys and configuration are."))
}

fn suppliers(report: &Report, policy: Option<&Policy>) -> Block {
    let rows = policy.into_iter().flat_map(|policy| &policy.subservice).map(|supplier| {
        let report = supplier.report.as_ref().map_or_else(
            || Text::plain("none named"),
            |report| Text::record(&report.kind).and(format!(", read {}", words::cadence(&report.review))),
        );
        Row::new(vec![
            Text::record(&supplier.name).into(),
            Text::record(&supplier.relied_on_for.join(", ")).into(),
            report.into(),
        ])
    });
    let table = Table {
        caption: "Suppliers whose own controls are relied on, as the policy names them",
        columns: vec![words::fill("Supplier", 2), words::fill("Relied on for", 3), words::fill("Its report", 2)],
        rows: rows.collect(),
    };
    table.or(history::nothing(report, "The policy names none."))
}

fn layers(report: &Report, policy: Option<&Policy>) -> Block {
    let layers: Vec<Fact> = policy
        .into_iter()
        .flat_map(|policy| &policy.other_layer)
        .map(|layer| {
            let kept =
                layer.retention.as_ref().map_or_else(String::new, |kept| format!(", kept {}", words::span(kept)));
            Fact::new(
                "Declared, not evidenced",
                Text::record(&layer.name).and(", by ").and_record(&layer.operator).and(kept),
            )
        })
        .collect();
    if layers.is_empty() {
        return Block::plain(history::nothing(report, "The policy names no backups that others make."));
    }
    Block::Facts(layers)
}
