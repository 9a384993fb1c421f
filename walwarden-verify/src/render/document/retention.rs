//! What was deleted, what was held, and what should be kept.

use std::collections::BTreeMap;

use super::{Block, Row, Section, Table, Text, family, others, words};
use crate::report::{Report, recorded::PruneShown};

/// Prunes by database and tier, holds, inventories.
pub(super) fn section(report: &Report) -> Section {
    let promises = report.facts.policies.iter().filter_map(|policy| policy.promises.as_ref());
    let promised = promises.flat_map(|policy| &policy.databases).any(|database| database.retention.is_some());
    let mut blocks = vec![family::rules(report, &["WW-RN"]), Block::heading("Deleted")];
    blocks.extend(family::listed(report, prunes(report), promised, "population_prunes.csv"));
    blocks.extend([Block::heading("Held"), others::holds(report)]);
    blocks.push(Block::heading("Inventories of the storage"));
    blocks.extend(family::captures(report, &["store_inventory"]));
    Section::new("retention", "Retention", blocks)
}

fn prunes(report: &Report) -> Table {
    let mut groups: BTreeMap<(&str, &str, i64), Vec<&PruneShown>> = BTreeMap::new();
    for prune in &report.facts.recorded.prunes {
        groups.entry((&prune.database, &prune.tier, prune.keep)).or_default().push(prune);
    }
    let rows = groups.into_iter().map(|((database, tier, keep), objects)| {
        let of = |outcome: &str| {
            let count = objects.iter().filter(|prune| prune.outcome == outcome).count();
            Text::plain(words::number(count as u64))
        };
        let oldest = objects.iter().map(|prune| prune.age_days).max().unwrap_or(0);
        Row::new(vec![
            Text::record(database).into(),
            Text::record(tier).and(format!(", {keep} kept")).into(),
            of("confirmed").into(),
            of("held").into(),
            of("not confirmed").into(),
            Text::plain(format!("{oldest} d")).into(),
            Text::plain(objects.last().map_or_else(String::new, |prune| words::minute(prune.at))).into(),
        ])
    });
    Table {
        caption: "Objects deleted under the policy, by database and tier; times in UTC",
        columns: vec![
            words::fill("Database", 2),
            words::fill("Tier", 2),
            words::figures("Confirmed"),
            words::figures("Held"),
            words::figures("Not confirmed"),
            words::figures("Oldest"),
            words::fit("Last"),
        ],
        rows: rows.collect(),
    }
}
