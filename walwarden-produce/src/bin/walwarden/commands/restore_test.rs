//! `walwarden restore-test`.

use std::path::{Path, PathBuf};

use walwarden_core::{
    Digest,
    chain::ActorKind,
    event::Outcome,
    statement::{
        key_registry::Use,
        restore_test::{Runbook, SetRetrieved, StepOutcome},
    },
};
use walwarden_produce::{
    ProduceError,
    attachment::attachments,
    config::connection,
    files,
    restore::target::Target,
    restore_test::{RestoreTestRequest, Tested, Words, restore_test},
};

use super::{alert, identities, open, passphrase, place, print, sweep, waits};
use crate::{
    exit::Exit,
    job::{Job, RestoreTestJob, To},
    talk,
};

pub(super) fn run(job: &Job, task: &RestoreTestJob) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let identities = identities(&producer, task.identity.as_deref())?;
    let reached = |text: &str| connection("the target", text, producer.config.tools());
    let target = match &task.to {
        To::Throwaway => Target::Throwaway,
        To::Server { connection, reason } => {
            Target::Server { connection: reached(connection)?, reason: reason.clone() }
        }
        To::Database(connection) => Target::Database(reached(connection)?),
    };
    let runbook = task.words.runbook.as_deref().map(followed).transpose()?;
    let attached = attachments(task.words.attachments.iter().map(PathBuf::as_path))?;
    if task.words.performed_by.is_some() {
        producer.identity.actor.kind = ActorKind::Person;
    }
    let passphrase = passphrase(job, &producer, "the log and statement keys")?;
    let mut signers = producer.unlock(&passphrase, Use::RestoreTest)?;
    drop(passphrase);
    sweep(&producer)?;
    let cancel = talk::cancel_flag();
    let bar = talk::Bar::new("restore test");
    let progress = |progress: walwarden_produce::dump::Progress<'_>| bar.tell(progress);
    let request = RestoreTestRequest {
        backup: task.backup.as_deref(),
        purpose: task.purpose,
        target: &target,
        incident_at: task.incident_at,
        words: Words {
            performed_by: task.words.performed_by.as_deref(),
            approved_by: task.words.approved_by.as_deref(),
            lessons: task.words.lessons.as_deref(),
            runbook: runbook.as_ref(),
            retrieved: SetRetrieved { keys: task.words.keys_retrieved, config: task.words.config_retrieved },
            attachments: &attached,
        },
        run_as: task.run_as.as_deref(),
        identities: &identities,
        jobs: task.jobs,
        progress: &progress,
        cancel: &cancel,
    };
    let result = restore_test(&mut producer, &mut signers, &request);
    bar.done();
    let exit = told(&result?);
    alert(&mut producer, &mut signers.head)?;
    Ok(exit)
}

/// A runbook as it is now.
fn followed(path: &Path) -> Result<Runbook, ProduceError> {
    Ok(Runbook { path: path.display().to_string(), sha256: Digest::of(&files::read(path)?) })
}

fn told(result: &Tested) -> Exit {
    let Tested { entry, tested, steps } = result;
    let number = |n: Option<String>| n.unwrap_or_else(|| "-".into());
    print(&[
        ("restore-test", entry.id().to_string()),
        ("backup", tested.backup.to_string()),
        ("outcome", tested.outcome.word().into()),
        ("seconds", tested.ended_at.seconds_since(tested.started_at).to_string()),
        ("tables", format!("{} of {}", number(tested.tables_equal.map(|n| n.to_string())), tested.tables_expected)),
        ("rows", format!("{} of {}", number(tested.rows_actual.map(|n| n.to_string())), tested.rows_expected)),
        ("content", number(tested.root_actual.map(|root| root.to_string()))),
        place(entry),
    ]);
    if tested.outcome == Outcome::Passed {
        return waits(entry);
    }
    let failed = steps.iter().find(|step| step.outcome == StepOutcome::Failed);
    let why =
        failed.map_or_else(String::new, |step| format!(" at {}: {}", step.name, step.detail.as_deref().unwrap_or("-")));
    talk::two_lines(
        &format!("restore test {}{why}", tested.outcome.word()),
        "it is recorded; remove the cause and test again",
    );
    Exit::Failed
}
