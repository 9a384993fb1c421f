//! Scope, policies, backups and keys, from bytes whose checks passed.

use super::{Block, Cell, Fact, Mark, Row, Section, Sign, Table, Text, Tone, words};
use crate::{
    render::chart::{Validity, spans},
    report::{KeyShown, PolicyShown, Report},
};

/// Stands where facts would, when the checks they rest on did not pass.
pub(super) const NOT_SHOWN: &str = "Not shown: a check that these facts rest on did not pass.";

/// Whether the chain was established, so that an empty list means "none".
pub(super) const fn is_established(report: &Report) -> bool {
    report.facts.entries > 0
}

/// The sentence that stands for an empty list.
pub(super) const fn nothing<'a>(report: &Report, none: &'a str) -> &'a str {
    if is_established(report) { none } else { NOT_SHOWN }
}

/// Scope and policies.
pub(super) fn scope(report: &Report) -> Section {
    let mut blocks = vec![
        record(report),
        Block::heading("Databases in scope"),
        databases(report),
        Block::heading("Policies"),
        policies(report),
    ];
    if !report.facts.not_interpreted.is_empty() {
        blocks.extend([Block::heading("Entries not interpreted"), not_interpreted(report)]);
    }
    Section { anchor: "scope".into(), number: String::new(), title: "Record, scope and policy", blocks }
}

fn record(report: &Report) -> Block {
    if !is_established(report) {
        return Block::plain(NOT_SHOWN);
    }
    Block::Facts(vec![
        Fact::new(
            "Entries",
            Text::plain(format!(
                "{} from the first, {} of them recorded in the period",
                words::number(report.facts.entries),
                words::number(report.facts.entries_in_period)
            )),
        ),
        Fact::new("Times", Text::plain("self-asserted by the producer; the order of entries is fixed by the chain")),
    ])
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
    table.or(nothing(report, "No scope is declared for the period."))
}

fn policies(report: &Report) -> Block {
    let row = |policy: &PolicyShown| {
        let approval = if policy.signed { "signed by" } else { "approval stated, not signed:" };
        let approved = Text::plain(approval).and(" ").and_record(&policy.approved_by);
        Row::new(vec![
            Text::record(&policy.version).into(),
            Text::plain(words::time(policy.effective_from)).into(),
            Text::record(&policy.author).into(),
            approved.into(),
        ])
    };
    let table = Table {
        caption: "Policy versions in force in the period, oldest first",
        columns: vec![
            words::fit("Version"),
            words::fit("Effective from (UTC)"),
            words::fill("Author", 2),
            words::fill("Approval", 3),
        ],
        rows: report.facts.policies.iter().map(row).collect(),
    };
    table.or(nothing(report, "No policy was in force in the period."))
}

fn not_interpreted(report: &Report) -> Block {
    let rows = report.facts.not_interpreted.iter().map(|(seq, id, kind)| {
        Row::new(vec![Text::plain(words::number(*seq)).into(), Text::code(id).into(), Text::record(kind).into()])
    });
    let table = Table {
        caption: "Entries that verify and whose meaning this version does not know",
        columns: vec![words::figures("Entry"), words::fit("Id"), words::fill("Type", 1)],
        rows: rows.collect(),
    };
    table.or("None.")
}

/// Keys of the newest registry.
pub(super) fn keys(report: &Report) -> Section {
    let table = Table {
        caption: "Every key of the newest registry, roots first",
        columns: vec![
            words::fill("Fingerprint (SHA-256 of the SPKI), key id", 6),
            words::fill("Use", 2),
            words::fill("Custodian", 2),
            words::fit("Storage"),
            words::fit("State"),
        ],
        rows: report.facts.keys.iter().map(key).collect(),
    };
    Section {
        anchor: "keys".into(),
        number: String::new(),
        title: "Keys",
        blocks: vec![
            Block::plain(
                "Custodians and storage are the organisation's word. A key is believed only where the root keys that the reader pinned have signed the registry that names it.",
            ),
            figure(report),
            table.or(NOT_SHOWN),
        ],
    }
}

fn figure(report: &Report) -> Block {
    let validity = |key: &KeyShown| Validity {
        name: format!("{} {}", key.uses.join(", "), key.keyid.get(..6).unwrap_or("")),
        from: key.from.map(|(_, at)| at),
        to: key.to.map(|(_, at)| at),
        mark: state(key),
    };
    let keys: Vec<Validity> = report.facts.keys.iter().map(validity).collect();
    let span = report.facts.span.or_else(|| report.claims.as_ref().map(|claims| claims.period));
    Block::Figure(spans(span, &keys))
}

fn state(key: &KeyShown) -> Mark {
    match key.state.as_str() {
        "active" | "pinned" => Mark::new(Sign::Disc, Tone::Good, &key.state),
        "revoked" => Mark::new(Sign::Cross, Tone::Bad, &key.state),
        "not pinned" => Mark::new(Sign::Ring, Tone::Warn, &key.state),
        other => Mark::new(Sign::Dash, Tone::Quiet, other),
    }
}

fn key(key: &KeyShown) -> Row {
    let name = Cell::Lines(vec![Text::digest(&key.fingerprint), Text::code(&key.keyid)]);
    Row::new(vec![
        name,
        Text::record(&key.uses.join(", ")).into(),
        Text::record(&key.custodian).into(),
        Text::record(&key.storage).into(),
        Cell::from(state(key)),
    ])
}
