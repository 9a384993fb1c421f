//! `walwarden status`.

use serde_json::{Value, json};
use walwarden_core::{EntryId, Time, duties::Awaited, event::Event, rules::RuleResult};
use walwarden_produce::{
    ProduceError,
    alerts::standing,
    awaited::{awaited, calendar, terms, words},
    files::replace,
    metrics::{metrics, open_metrics},
    plan::{Task, plan},
    producer::Producer,
    status::{DatabaseStatus, status},
};

use super::open;
use crate::{args::StatusArgs, exit::Exit, job::Job};

pub(super) fn run(job: &Job, args: &StatusArgs) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let whole = match (args.openmetrics, args.ics) {
        (true, _) => Some(open_metrics(&metrics(&producer)?)),
        (_, true) => Some(calendar(producer.chain.origin(), &awaited(&producer)?, producer.now())),
        _ => None,
    };
    if let Some(text) = whole {
        match &args.out {
            Some(path) => replace(path, text.as_bytes(), 0o644)?,
            None => tell!("{text}"),
        }
        return Ok(Exit::Done);
    }
    if args.json {
        say!("{:#}", json(&producer)?);
        return Ok(Exit::Done);
    }
    for task in plan(&producer)? {
        say!("due    {}", task.words());
    }
    for one in awaited(&producer)? {
        say!("waits  {}: {}", words(&one), terms(&one, producer.now()));
    }
    for (name, text) in standing(&producer)? {
        say!("wrong  {name}: {text}");
    }
    let status = status(&producer)?;
    say!("chain  {}", status.origin);
    say!("head   {} {}", status.head.size, status.head.root);
    if status.uncovered > 0 {
        say!("       {} entries lie above it; the next run covers them", status.uncovered);
    }
    for (id, at, event) in &status.waiting {
        say!("spool  {} of {at}, {id}: not signed, and counted nowhere", event.kind());
    }
    status.databases.iter().for_each(database);
    say!("\nrules, over everything recorded so far");
    for result in &status.rules {
        let (symbol, words) = result.status.print();
        let count = match result.items.len() {
            0 => String::new(),
            all => format!("  {} of {all} deviate", result.deviating()),
        };
        say!("{symbol:3} {:9} {words}{count}  {}", result.rule.id, result.rule.title);
        for item in result.items.iter().filter_map(|item| Some((&item.database, item.at, item.deviation.as_ref()?))) {
            say!("              {} {}: {}", item.0, item.1, item.2);
        }
        if !result.reason.is_empty() {
            say!("              {}", result.reason);
        }
    }
    Ok(Exit::Done)
}

/// The same for programs.
fn json(producer: &Producer) -> Result<Value, ProduceError> {
    let status = status(producer)?;
    let rule = |result: &RuleResult| {
        let (population, deviating) = (result.items.len(), result.deviating());
        json!({ "id": result.rule.id, "status": result.status.word(), "population": population, "deviating": deviating })
    };
    let due: Vec<String> = plan(producer)?.iter().map(Task::words).collect();
    let spooled = |(id, at, event): &(EntryId, Time, Event)| json!({ "id": id.as_str(), "at": at.to_string(), "type": event.kind() });
    let spooled: Vec<Value> = status.waiting.iter().map(spooled).collect();
    let wrong = standing(producer)?;
    let wrong: Vec<Value> = wrong.iter().map(|(alert, text)| json!({ "alert": alert, "text": text })).collect();
    let now = producer.now();
    let waiting = |one: &Awaited| {
        json!({
            "collector": one.collector.word(), "database": one.database, "reviewers": one.reviewers,
            "captured": one.captured.map(|(id, _)| id.to_string()),
            "since": one.since.to_string(), "until": one.until.map(|until| until.to_string()),
            "overdue": one.is_overdue(now),
        })
    };
    let waits: Vec<Value> = awaited(producer)?.iter().map(waiting).collect();
    Ok(json!({
        "origin": status.origin.as_str(),
        "head": { "size": status.head.size, "root": status.head.root.to_string() },
        "uncovered": status.uncovered,
        "spooled": spooled,
        "due": due,
        "awaited": waits,
        "wrong": wrong,
        "rules": status.rules.iter().map(rule).collect::<Vec<_>>(),
        "metrics": metrics(producer)?,
    }))
}

fn database(database: &DatabaseStatus) {
    say!("\n{}", database.id);
    match &database.last_backup {
        Some((id, at)) => say!("  backups        {}, the last one {id} of {at}", database.backups),
        None => say!("  backups        none"),
    }
    if let Some((at, stage, reason)) = &database.last_failure {
        say!("  last failure   {at} at {} ({reason})", stage.word());
    }
    for run in &database.open {
        say!("  without an end {run}");
    }
    match &database.last_test {
        Some((at, outcome)) => say!("  restore test   {} at {at}", outcome.word()),
        None => say!("  restore test   none"),
    }
}
