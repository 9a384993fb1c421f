//! Policy versions: what each promises in numbers, and what changed between them.

use std::collections::BTreeMap;

use serde_json::Value;
use walwarden_core::policy::{DatabasePolicy, Policy, Retention};

use super::{Block, Cell, Heading, Row, Section, Table, Text, family, history, words};
use crate::report::{PolicyShown, Report};

/// Changed members that are listed.
const CHANGES: usize = 200;

/// Versions, numbers, differences.
pub(super) fn section(report: &Report) -> Section {
    let mut blocks = vec![family::rules(report, &["WW-PO"]), versions(report)];
    for policy in &report.facts.policies {
        if let Some(promises) = &policy.promises {
            let text = Text::plain("What version ").and_record(&policy.version).and(" promises");
            blocks.push(Block::Heading(Heading { anchor: String::new(), text }));
            blocks.push(numbers(promises).or("It names no database."));
        }
    }
    for pair in report.facts.policies.windows(2) {
        if let [old, new] = pair {
            let text = Text::plain("From ").and_record(&old.version).and(" to ").and_record(&new.version);
            blocks.push(Block::Heading(Heading { anchor: String::new(), text }));
            blocks.push(differences(old, new));
        }
    }
    Section::new("policy", "Policy", blocks)
}

fn versions(report: &Report) -> Block {
    let row = |policy: &PolicyShown| {
        let approval = if policy.signed { "signed by" } else { "approval stated, not signed:" };
        Row::new(vec![
            Text::record(&policy.version).into(),
            Text::plain(words::time(policy.effective_from)).into(),
            Text::record(&policy.author).into(),
            Text::plain(approval).and(" ").and_record(&policy.approved_by).into(),
            Text::code(words::short(&policy.digest)).into(),
        ])
    };
    let table = Table {
        caption: "Policy versions in force in the period, oldest first; times in UTC",
        columns: vec![
            words::fit("Version"),
            words::fit("Effective from"),
            words::fill("Author", 2),
            words::fill("Approval", 3),
            words::fit("Digest"),
        ],
        rows: report.facts.policies.iter().map(row).collect(),
    };
    table.or(history::nothing(report, "No policy was in force in the period."))
}

fn numbers(policy: &Policy) -> Table {
    let rows = policy.databases.iter().map(|database| {
        Row::new(vec![
            Text::record(&database.id).into(),
            Text::plain(words::about(database.rpo_s)).into(),
            Text::plain(words::about(database.rto_s)).into(),
            schedule(policy, database),
            Text::plain(database.retention.as_ref().map_or_else(none, kept)).into(),
            copies(database),
            restore_tests(database),
        ])
    });
    Table {
        caption: "Promises by database",
        columns: vec![
            words::fill("Database", 3),
            words::fit("RPO"),
            words::fit("RTO"),
            words::fill("Schedule", 3),
            words::fill("Kept", 4),
            words::fill("Copies", 3),
            words::fill("Restore tests", 3),
        ],
        rows: rows.collect(),
    }
}

fn none() -> String {
    "not promised".into()
}

fn schedule(policy: &Policy, database: &DatabasePolicy) -> Cell {
    let mut lines = match &database.schedule {
        Some(schedule) => vec![Text::code(schedule.to_string()), Text::record(&policy.timezone)],
        None => vec![Text::plain(none())],
    };
    lines.extend(database.extra_schedules.iter().map(|extra| {
        Text::code(extra.cron.to_string()).and(" ").and_record(&extra.name).and(", to ").and_record(&extra.to)
    }));
    Cell::Lines(lines)
}

fn kept(retention: &Retention) -> String {
    match retention {
        Retention::Tiers { daily, weekly, monthly, .. } => {
            let tiers = [(daily, "daily"), (weekly, "weekly"), (monthly, "monthly")];
            let tiers = tiers.into_iter().filter_map(|(keep, name)| keep.map(|keep| format!("{keep} {name}")));
            tiers.collect::<Vec<_>>().join(", ")
        }
        Retention::KeepLast { keep, .. } => format!("the last {keep}"),
    }
}

fn copies(database: &DatabasePolicy) -> Cell {
    let Some(copies) = &database.copies else { return Text::plain(none()).into() };
    let apart = copies.separation.as_ref().map(|apart| format!("another {}", words::serialised(apart)));
    let again = copies.reverify_s.map(|every| format!("read again every {}", words::about(every)));
    let lines = std::iter::once(format!("at least {}", copies.min)).chain(apart).chain(again);
    Cell::Lines(lines.map(Text::plain).collect())
}

fn restore_tests(database: &DatabasePolicy) -> Cell {
    let Some(tests) = &database.restore_test else { return Text::plain(none()).into() };
    let every = tests.cadence.as_ref().map(words::cadence);
    let full = tests.full_exercise.as_ref().map(|full| format!("in full {}", words::cadence(full)));
    let guard = tests.guard_s.map(|guard| format!("none older than {}", words::about(guard)));
    let lines: Vec<Text> = [every, full, guard].into_iter().flatten().map(Text::plain).collect();
    if lines.is_empty() { Text::plain(none()).into() } else { Cell::Lines(lines) }
}

fn differences(old: &PolicyShown, new: &PolicyShown) -> Block {
    let (Some(old), Some(new)) = (&old.promises, &new.promises) else {
        return Block::plain("Not compared: one of the two is not carried.");
    };
    let (old, new) = (members(old), members(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let said = |value: Option<&String>| value.map_or_else(|| Text::plain("absent"), |value| Text::record(value));
    let rows =
        names.into_iter().filter(|name| old.get(*name) != new.get(*name)).take(CHANGES).map(|name| {
            Row::new(vec![Text::code(name).into(), said(old.get(name)).into(), said(new.get(name)).into()])
        });
    let table = Table {
        caption: "Members that differ, in the resolved form; durations in seconds",
        columns: vec![words::fill("Member", 3), words::fill("Was", 2), words::fill("Is", 2)],
        rows: rows.collect(),
    };
    table.or("They promise the same.")
}

/// Every member by its path. Databases are named, so that one more does not move the others.
fn members(policy: &Policy) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    if let Ok(value) = serde_json::to_value(policy) {
        flatten("", &value, &mut out);
    }
    out
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| flatten(&below(name), value, out)),
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                let named =
                    ["id", "name", "database", "rule", "collector"].iter().find_map(|key| value.get(key)?.as_str());
                flatten(&below(named.unwrap_or(&place.to_string())), value, out);
            }
        }
        Value::String(text) => _ = out.insert(path.to_owned(), text.clone()),
        other => _ = out.insert(path.to_owned(), other.to_string()),
    }
}
