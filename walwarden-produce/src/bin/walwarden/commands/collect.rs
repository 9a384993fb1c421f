//! `walwarden collect`.

use walwarden_core::{event::EvidenceTrigger, statement::key_registry::Use};
use walwarden_produce::{
    ProduceError,
    collect::{CollectRequest, Collected, collect},
    producer::Producer,
};

use super::{open, print};
use crate::{args::collect::CollectArgs, exit::Exit, job::Job, talk};

pub(super) fn run(job: &Job, args: &CollectArgs) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let database = database(&producer, args)?;
    let request = CollectRequest {
        collector: args.collector,
        database: database.as_deref(),
        trigger: EvidenceTrigger::Manual,
        due_at: None,
        run_by: args.author.as_deref(),
        reason: args.reason.as_deref(),
    };
    let passphrase = job.passphrase.read("the log and statement keys", false)?;
    let mut signers = producer.unlock(&passphrase, Use::Evidence)?;
    drop(passphrase);
    let collected = collect(&mut producer, &mut signers, &request)?;
    Ok(told(&collected))
}

/// The database that is meant: where the collector captures one, the only one there is.
fn database(producer: &Producer, args: &CollectArgs) -> Result<Option<String>, ProduceError> {
    if args.database.is_none() && !args.collector.is_of_database() {
        return Ok(None);
    }
    Ok(Some(producer.config.database(args.database.as_deref())?.id.clone()))
}

/// What was captured, and what a reviewer should look at.
fn told(collected: &Collected) -> Exit {
    let Collected { entry, data, failure } = collected;
    let mut facts = vec![("collector", data.collector.clone()), ("rows", data.rows.to_string())];
    if let Some(diff) = data.diff {
        facts.push(("since before", format!("{} new, {} gone, {} other", diff.added, diff.removed, diff.changed)));
    }
    facts.extend(data.flags.iter().map(|flag| ("flag", format!("{}: {}", flag.code, flag.detail))));
    facts.push(("entry", format!("{} {}", entry.seq, entry.id)));
    print(&facts);
    match failure {
        None => Exit::Done,
        Some(why) => {
            talk::two_lines(why, "the failed capture is recorded; mend the cause and capture again");
            Exit::Failed
        }
    }
}
