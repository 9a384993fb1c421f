//! `walwarden anchor`.

use walwarden_core::statement::key_registry::Use;
use walwarden_produce::{
    ProduceError,
    anchor::{Anchored, attach, newest, query, stamp},
    error::OperatorError,
    files,
};

use super::{open, passphrase, print};
use crate::{args::AnchorArgs, exit::Exit, job::Job, talk};

pub(super) fn run(job: &Job, args: &AnchorArgs) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    if let Some(file) = &args.query {
        let (head, note) = newest(&producer.chain.read()?)?;
        files::create(file, &query(&note)?, 0o644)?;
        print(&[("query", file.display().to_string()), ("head", format!("{} {}", head.size, head.root))]);
        return Ok(Exit::Done);
    }
    let token = args.attach.as_deref().map(files::read).transpose()?;
    let authorities = producer.config.anchor.clone();
    if token.is_none() && authorities.is_empty() {
        return Err(OperatorError::NoAuthority.into());
    }
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut signers = producer.unlock(&passphrase, Use::Backup)?;
    drop(passphrase);
    if let Some(token) = token {
        told(&attach(&mut producer, &mut signers, &token)?);
        return Ok(Exit::Done);
    }
    let mut exit = Exit::Done;
    for authority in &authorities {
        match stamp(&mut producer, &mut signers, authority) {
            Ok(anchored) => told(&anchored),
            Err(error) => {
                talk::two_lines(
                    &error.to_string(),
                    "nothing is lost: the next run asks again, or take a --query there by hand",
                );
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

fn told(anchored: &Anchored) {
    print(&[
        ("anchor", anchored.entry.id.to_string()),
        ("over", format!("{} {}", anchored.head.size, anchored.head.root)),
        ("time", anchored.gen_time.to_string()),
        ("authority", anchored.authority.clone()),
    ]);
}
