//! `walwarden copy`.

use walwarden_core::{event::CopyOutcome, statement::key_registry::Use};
use walwarden_produce::{
    ProduceError,
    copies::{Copied, copy_due},
    producer::{Producer, Signers},
};

use super::{alert, open, passphrase};
use crate::{exit::Exit, hint, job::Job, talk};

pub(super) fn run(job: &Job, backup: Option<&str>, again: bool) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut signers = producer.unlock(&passphrase, Use::Backup)?;
    drop(passphrase);
    if producer.copies.is_empty() {
        talk::notice("walwarden.toml has no [[copy]]: there is nowhere to copy to");
    }
    let exit = copies(&mut producer, &mut signers, backup, again)?;
    alert(&mut producer, &mut signers.head)?;
    Ok(exit)
}

/// Makes and reads copies, a line each.
pub(super) fn copies(
    producer: &mut Producer,
    signers: &mut Signers,
    backup: Option<&str>,
    again: bool,
) -> Result<Exit, ProduceError> {
    let mut exit = Exit::Done;
    copy_due(producer, signers, &|due| backup.is_none_or(|id| due.backup.as_str() == id), again, &mut |copied| {
        if !told(copied) {
            exit = Exit::Failed;
        }
    })?;
    Ok(exit)
}

fn told(copied: &Copied) -> bool {
    let Copied { verified, store, error, .. } = copied;
    say!("copy  {}  {store}  {}", verified.backup, verified.outcome.word());
    if let Some(error) = error {
        talk::two_lines(
            &format!("the copy of backup {} in {store} is {}: {error}", verified.backup, verified.outcome.word()),
            &format!("it is recorded; {}, then: walwarden copy", hint::storage(error)),
        );
    }
    verified.outcome == CopyOutcome::Ok
}
