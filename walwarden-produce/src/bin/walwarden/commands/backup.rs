//! `walwarden backup`.

use walwarden_core::{event::Trigger, statement::key_registry::Use};
use walwarden_produce::{
    ProduceError,
    backup::{BackedUp, BackupRequest, NotBackedUp, backup},
};

use super::{alert, copy::copies, open, passphrase, place, print, sweep, waits};
use crate::{exit::Exit, hint, job::Job, talk};

pub(super) fn run(job: &Job, database: Option<&str>, trigger: Trigger, jobs: usize) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let database = producer.config.database(database)?.clone();
    let passphrase = passphrase(job, &producer, "the log and statement keys")?;
    let mut signers = producer.unlock(&passphrase, Use::Backup)?;
    drop(passphrase);
    sweep(&producer)?;
    let cancel = talk::cancel_flag();
    let bar = talk::Bar::new(&format!("backup of {}", database.id));
    let progress = |progress: walwarden_produce::dump::Progress<'_>| bar.tell(progress);
    let request = BackupRequest {
        database: &database,
        trigger,
        expected_at: None,
        retry_of: None,
        jobs,
        progress: &progress,
        cancel: &cancel,
    };
    let result = backup(&mut producer, &mut signers, &request);
    bar.done();
    let exit = match result {
        Ok(done) => {
            completed(&done);
            if waits(&done.entry) == Exit::Failed {
                return Ok(Exit::Failed);
            }
            copies(&mut producer, &mut signers, Some(done.entry.id().as_str()), false)?
        }
        Err(failure) => failed(&database.id, failure)?,
    };
    alert(&mut producer, &mut signers.head)?;
    Ok(exit)
}

fn completed(done: &BackedUp) {
    for warning in &done.warnings {
        talk::notice(warning);
    }
    let completed = &done.completed;
    print(&[
        ("backup", done.entry.id().to_string()),
        ("database", completed.database.clone()),
        ("snapshot", completed.snapshot_at.to_string()),
        ("object", completed.object.key.clone()),
        ("bytes", completed.object.bytes.to_string()),
        ("sha256", completed.object.sha256.to_string()),
        ("content", completed.content_root.map(|root| root.to_string()).unwrap_or_default()),
        ("tables", completed.tables.to_string()),
        ("rows", completed.rows.to_string()),
        place(&done.entry),
    ]);
}

fn failed(database: &str, failure: NotBackedUp) -> Result<Exit, ProduceError> {
    let stage = match &failure.error {
        ProduceError::Dump(error) => format!(" at {}", error.stage.word()),
        _ => String::new(),
    };
    let hint = hint::of(&failure.error);
    match (failure.recorded, failure.unrecorded) {
        (Some(recorded), unremoved) => {
            talk::two_lines(&format!("backup of {database} failed{stage}: {}", failure.error), &hint);
            match recorded.entry() {
                Some(entry) => talk::notice(&format!(
                    "the failure is recorded as entry {}, {}; `walwarden status` says how to record what is done about it",
                    entry.seq,
                    recorded.id()
                )),
                None => talk::notice("the record of it waits for the signer, which is away"),
            }
            if let Some(error) = unremoved {
                talk::notice(&format!("what was written could not be removed: {error}"));
            }
            Ok(Exit::Failed)
        }
        (None, Some(unrecorded)) => {
            talk::two_lines(&format!("backup of {database} failed{stage}: {}", failure.error), &hint);
            talk::notice(&format!("the failure could not be recorded, it shows as a run without an end: {unrecorded}"));
            Ok(Exit::Failed)
        }
        (None, None) => Err(failure.error),
    }
}
