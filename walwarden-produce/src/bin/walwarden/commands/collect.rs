//! `walwarden collect`.

use walwarden_core::{
    event::{Covers, EvidenceTrigger},
    statement::key_registry::Use,
};
use walwarden_produce::{
    ProduceError,
    collect::{CollectRequest, Collected, Words, collect},
    error::OperatorError,
    period,
    producer::Producer,
    seal::zone,
};

use super::{alert, open, passphrase, place, print, waits};
use crate::{args::collect::CollectArgs, exit::Exit, job::Job, talk};

pub(super) fn run(job: &Job, args: &CollectArgs) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let database = database(&producer, args)?;
    let request = request(&producer, args, database.as_deref())?;
    let passphrase = passphrase(job, &producer, "the log and statement keys")?;
    let mut signers = producer.unlock(&passphrase, Use::Evidence)?;
    drop(passphrase);
    let collected = collect(&mut producer, &mut signers, &request)?;
    let exit = told(&collected);
    alert(&mut producer, &mut signers.head)?;
    Ok(exit)
}

fn request<'a>(
    producer: &Producer,
    args: &'a CollectArgs,
    database: Option<&'a str>,
) -> Result<CollectRequest<'a>, ProduceError> {
    let instant = |text: &Option<String>| text.as_ref().map(|text| producer.instant(text)).transpose();
    let covers = |text: &String| {
        let period = period::parse(text, &zone(producer)?).map_err(OperatorError::from)?;
        Ok::<_, ProduceError>(Covers { from: period.start, to: period.end })
    };
    Ok(CollectRequest {
        run_by: args.author.as_deref(),
        reason: args.reason.as_deref(),
        file: args.file.as_deref(),
        covers: args.covers.as_ref().map(covers).transpose()?,
        words: Words {
            supplier: args.supplier.clone(),
            at: instant(&args.at)?,
            valid_until: instant(&args.valid_until)?,
            encrypted: args.encrypted.as_deref().map(|said| said == "yes"),
            note: args.note.clone(),
            custodian: args.custodian.clone(),
            key: args.key.clone(),
            place: args.place.clone(),
        },
        ..CollectRequest::new(args.collector, database, EvidenceTrigger::Manual)
    })
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
    facts.extend([("entry", entry.id().to_string()), place(entry)]);
    print(&facts);
    match failure {
        None => waits(entry),
        Some(why) => {
            talk::two_lines(why, "the failed capture is recorded; mend the cause and capture again");
            Exit::Failed
        }
    }
}
