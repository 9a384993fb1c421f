//! `walwarden prune`.

use walwarden_core::statement::key_registry::Use;
use walwarden_produce::{
    ProduceError,
    prune::{Due, due_now, prune},
    run::claim,
};

use super::{open, passphrase};
use crate::{exit::Exit, job::Job, talk};

pub(super) fn run(job: &Job, yes: bool) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let due = due_now(&producer, &producer.chain.read()?)?;
    due.iter().for_each(|due| planned(due, yes));
    if due.is_empty() {
        say!("nothing to delete: the retention keeps every backup there is");
        return Ok(Exit::Done);
    }
    if !yes {
        talk::notice("nothing was deleted; `walwarden prune --yes` does it");
        return Ok(Exit::Done);
    }
    let Some(_claim) = claim(&producer)? else {
        talk::notice("another run of this vault is at work, and does what is due");
        return Ok(Exit::Done);
    };
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut signers = producer.unlock(&passphrase, Use::Backup)?;
    drop(passphrase);
    let mut exit = Exit::Done;
    for due in &due {
        let pruned = prune(&mut producer, &mut signers, due)?;
        say!("deleted  {} of {}, entry {}", pruned.pruned.confirmed.len(), due.backups.len(), pruned.entry.seq);
        for failure in &pruned.failures {
            talk::two_lines(failure, "it is recorded as not confirmed; see to the store, the next run tries again");
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

fn planned(due: &Due, yes: bool) {
    let verb = if yes { "delete " } else { "would delete " };
    for id in &due.backups {
        say!("{verb} {} {id}", due.database);
    }
    for id in &due.held {
        say!("held  {} {id}", due.database);
    }
}
