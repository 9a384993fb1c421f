//! `walwarden run`.

use walwarden_core::statement::key_registry::Use;
use walwarden_produce::{
    ProduceError,
    alerts::due,
    plan::{ahead, plan},
    producer::Producer,
    run::{Done, RunRequest, claim, run as do_all},
    spool::Spool,
};

use super::{heartbeat, identities, open, passphrase, raised};
use crate::{
    exit::Exit,
    job::{Job, RunJob},
    talk,
};

pub(super) fn run(job: &Job, task: &RunJob) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let planned = plan(&producer)?;
    if task.plan {
        planned.iter().for_each(|task| say!("due   {}", task.words()));
        return coming(&producer, planned.is_empty());
    }
    // Without anything to do no key is opened.
    let waiting = |producer: &Producer| Ok::<_, ProduceError>(Spool::of(&producer.folder).items()?.len());
    if planned.is_empty() && due(&producer)?.is_empty() && waiting(&producer)? == 0 {
        producer.not_set_back()?;
        heartbeat(&producer);
        return coming(&producer, true);
    }
    let Some(_claim) = claim(&producer)? else {
        say!("another run of this vault is at work, and does what is due"); // no fault: cron mails nothing
        return Ok(Exit::Done);
    };
    let identities = identities(&producer, task.identity.as_deref())?;
    let passphrase = passphrase(job, &producer, "the log and statement keys")?;
    let mut signers = producer.unlock(&passphrase, Use::Backup)?;
    drop(passphrase);
    let cancel = talk::cancel_flag();
    let bar = talk::Bar::new("run");
    let progress = |progress: walwarden_produce::dump::Progress<'_>| bar.tell(progress);
    let request = RunRequest {
        identities: &identities,
        run_as: task.run_as.as_deref(),
        jobs: task.jobs,
        progress: &progress,
        told: &raised,
        cancel: &cancel,
    };
    let mut failed = 0_usize;
    let mut ended = |done: &Done| failed += usize::from(!told(done));
    do_all(&mut producer, &mut signers, &request, &mut |task| say!("begin {}", task.words()), &mut ended)?;
    bar.done();
    let waiting = waiting(&producer)?;
    if waiting > 0 {
        talk::two_lines(
            &format!("the signer is away: {waiting} entries wait in the vault's spool, and count for nothing yet"),
            "the next run records them once it is back; `walwarden status` shows what waits",
        );
        return Ok(Exit::Failed);
    }
    heartbeat(&producer);
    coming(&producer, planned.is_empty())?;
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// One line for a task that ended.
fn told(done: &Done) -> bool {
    let seconds = done.to.seconds_since(done.from);
    match &done.failure {
        None => say!("done  {}  {seconds} s", done.task.words()),
        Some(why) => {
            say!("FAILED  {}  {seconds} s", done.task.words());
            talk::two_lines(
                &format!("{}: {why}", done.task.words()),
                "the next run tries again; `walwarden status` says what is recorded",
            );
        }
    }
    done.failure.is_none()
}

/// What comes next.
fn coming(producer: &Producer, nothing: bool) -> Result<Exit, ProduceError> {
    if nothing {
        say!("nothing is due");
    }
    let ahead = ahead(producer)?;
    for (database, at) in ahead.backups {
        say!("next  backup of {database} at {at}");
    }
    ahead.left.iter().for_each(|left| say!("note  {left}"));
    Ok(Exit::Done)
}
