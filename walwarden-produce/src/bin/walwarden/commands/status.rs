//! `walwarden status`.

use walwarden_produce::{
    ProduceError,
    status::{DatabaseStatus, status},
};

use super::open;
use crate::{exit::Exit, job::Job};

pub(super) fn run(job: &Job) -> Result<Exit, ProduceError> {
    let status = status(&open(job)?)?;
    println!("chain  {}", status.origin);
    println!("head   {} {}", status.head.size, status.head.root);
    if status.uncovered > 0 {
        println!("       {} entries lie above it; the next run covers them", status.uncovered);
    }
    status.databases.iter().for_each(database);
    println!("\nrules, over everything recorded so far");
    for result in &status.rules {
        let (symbol, words) = result.status.print();
        let count = match result.items.len() {
            0 => String::new(),
            all => format!("  {} of {all} deviate", result.deviating()),
        };
        println!("{symbol:3} {:9} {words}{count}  {}", result.rule.id, result.rule.title);
        for item in result.items.iter().filter_map(|item| Some((&item.database, item.at, item.deviation.as_ref()?))) {
            println!("              {} {}: {}", item.0, item.1, item.2);
        }
        if !result.reason.is_empty() {
            println!("              {}", result.reason);
        }
    }
    Ok(Exit::Done)
}

fn database(database: &DatabaseStatus) {
    println!("\n{}", database.id);
    match &database.last_backup {
        Some((id, at)) => println!("  backups        {}, the last one {id} of {at}", database.backups),
        None => println!("  backups        none"),
    }
    if let Some((at, stage, reason)) = &database.last_failure {
        println!("  last failure   {at} at {} ({reason})", stage.word());
    }
    for run in &database.open {
        println!("  without an end {run}");
    }
    match &database.last_test {
        Some((at, outcome)) => println!("  restore test   {} at {at}", outcome.word()),
        None => println!("  restore test   none"),
    }
}
