//! `walwarden status`.

use serde_json::{Value, json};
use walwarden_core::{
    EntryId, Time,
    duties::Awaited,
    event::Event,
    rules::{RuleResult, Status},
};
use walwarden_produce::{
    ProduceError,
    alerts::{Standing, standing},
    awaited::{awaited, calendar, terms, words},
    config::is_id,
    error::VaultError,
    files::replace,
    metrics::{metrics, open_metrics},
    plan::{Task, plan},
    producer::Producer,
    status::{DatabaseStatus, Failure, status},
};

use super::{open, plain};
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
    for Standing { alert, entry, at, text } in standing(&producer)? {
        say!("wrong  {alert}, {at}, {entry}: {text}");
    }
    if let Some(why) = set_back(&producer) {
        say!("wrong  {why}");
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
    if args.rules {
        status.rules.iter().for_each(rule)
    } else {
        summary(&status.rules)
    }
    Ok(Exit::Done)
}

/// What the rules come to: those that deviate or lack evidence by name, the others counted.
fn summary(rules: &[RuleResult]) {
    const ALL: &str = "`walwarden status --rules` says it of each";
    let is_named = |result: &&RuleResult| result.status == Status::Exception || result.lacks_evidence();
    let named: Vec<&RuleResult> = rules.iter().filter(is_named).collect();
    let count = |is_it: &dyn Fn(&RuleResult) -> bool| rules.iter().filter(|result| is_it(result)).count();
    let supported = count(&|result| result.status == Status::Supported);
    let unpromised = count(&|result| result.status == Status::NotEvidenced && !result.lacks_evidence());
    say!("\nrules, over everything recorded so far: {ALL}");
    for result in &named {
        let (symbol, words) = result.status.print();
        say!("{symbol:3} {:9} {words}{}  {}", result.rule.id, deviate(result), result.rule.title);
    }
    let others = rules.len() - named.len() - supported - unpromised;
    say!(
        "    {supported} supported, {unpromised} about what nobody promised, {others} that nothing triggers or only others can test"
    );
}

/// A rule with all that deviates from it.
fn rule(result: &RuleResult) {
    let (symbol, words) = result.status.print();
    let unpromised = result.status == Status::NotEvidenced && !result.lacks_evidence();
    let words = if unpromised { "not promised" } else { words };
    say!("{symbol:3} {:9} {words}{}  {}", result.rule.id, deviate(result), result.rule.title);
    for item in result.items.iter().filter_map(|item| Some((&item.database, item.at, item.deviation.as_ref()?))) {
        say!("              {} {}: {}", item.0, item.1, item.2);
    }
    if !result.reason.is_empty() {
        say!("              {}", result.reason);
    }
}

fn deviate(result: &RuleResult) -> String {
    match result.items.len() {
        0 => String::new(),
        all => format!("  {} of {all} deviate", result.deviating()),
    }
}

/// That the vault is older than what its signer remembers. Who may not ask the signer sees the rest all the same.
fn set_back(producer: &Producer) -> Option<String> {
    match producer.not_set_back() {
        Err(ProduceError::Vault(error @ VaultError::SetBack { .. })) => Some(error.to_string()),
        _ => None,
    }
}

/// The same for programs.
fn json(producer: &Producer) -> Result<Value, ProduceError> {
    let status = status(producer)?;
    let judged = |result: &RuleResult| {
        let (population, deviating) = (result.items.len(), result.deviating());
        json!({ "id": result.rule.id, "status": result.status.word(), "population": population, "deviating": deviating })
    };
    let due: Vec<String> = plan(producer)?.iter().map(Task::words).collect();
    let spooled = |(id, at, event): &(EntryId, Time, Event)| json!({ "id": id.as_str(), "at": at.to_string(), "type": event.kind() });
    let spooled: Vec<Value> = status.waiting.iter().map(spooled).collect();
    let wrong = standing(producer)?;
    let one = |Standing { alert, entry, at, text }: &Standing| json!({ "alert": alert, "entry": entry.as_str(), "at": at.to_string(), "text": text });
    let wrong: Vec<Value> = wrong.iter().map(one).collect();
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
        "set_back": set_back(producer),
        "rules": status.rules.iter().map(judged).collect::<Vec<_>>(),
        "metrics": metrics(producer)?,
    }))
}

fn database(database: &DatabaseStatus) {
    say!("\n{}", database.id);
    match &database.last_backup {
        Some((id, at)) => say!("  backups        {}, the last one {id} of {at}", database.backups),
        None => say!("  backups        none"),
    }
    match database.recipients {
        Some(0) => say!("  encryption     none: the last one lies in the clear"),
        Some(1) => say!("  encryption     to one recipient"),
        Some(several) => say!("  encryption     to {several} recipients"),
        None => {}
    }
    if let Some(Failure { entry, at, stage, reason, answered }) = &database.last_failure {
        say!("  last failure   {at} at {} ({}), {entry}", stage.word(), plain(reason));
        if !answered {
            say!("                 what is done about it is not recorded yet: walwarden action open {entry} \\");
            let word = if is_id(reason) { reason } else { "WORD" }; // it is from the chain, and goes into a shell
            say!("                     --reason-code {word} --text \"...\"");
        }
    }
    for run in &database.open {
        say!("  without an end {run}");
    }
    match &database.last_test {
        Some((at, outcome)) => say!("  restore test   {} at {at}", outcome.word()),
        None => say!("  restore test   none"),
    }
}
