//! One run: whatever is due, once, in order.
//!
//! A failure is recorded and does not keep the rest from being done. Runs of one vault exclude each other, so that any
//! number of timers may start them.

use std::{
    fs::{File, OpenOptions, TryLockError},
    sync::atomic::{AtomicBool, Ordering},
};

use walwarden_core::{
    Time,
    event::{CopyOutcome, Event, Outcome, Purpose, Trigger},
};

use crate::{
    alert::Raised,
    alerts::{raise_daily, raise_due},
    anchor::stamp,
    backup::{BackupRequest, NotBackedUp, backup},
    collect::{CollectRequest, collect},
    config::WitnessConfig,
    copies::copy,
    dump::Progress,
    encryption::Identities,
    error::{OperatorError, ProduceError, StorageError},
    plan::{Task, plan},
    producer::{Producer, Signers},
    prune::prune,
    restore::target::Target,
    restore_test::{RestoreTestRequest, Words, restore_test},
    runs,
    spool::{Item, Recorded, Spool, drain},
    vault::Draft,
    witness::cosign,
};

/// The file whose lock a run holds.
const LOCK: &str = "run.lock";

/// How things are done.
pub struct RunRequest<'a> {
    /// What opens encrypted backups.
    pub identities: &'a Identities,
    /// As root: the user that throwaway servers run as.
    pub run_as: Option<&'a str>,
    /// Sessions and jobs at the same time.
    pub jobs: usize,
    /// Told how far a task is.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Told of each alert that was raised.
    pub told: &'a dyn Fn(&Raised),
    /// Set to stop after what is being done.
    pub cancel: &'a AtomicBool,
}

/// How a task ended.
#[derive(Debug)]
pub struct Done {
    /// What was done.
    pub task: Task,
    /// When it began.
    pub from: Time,
    /// When it ended.
    pub to: Time,
    /// Why it failed.
    pub failure: Option<String>,
}

/// Excludes other runs of a vault.
///
/// # Errors
/// The lock file cannot be opened. `None`: another run is at work.
pub fn claim(producer: &Producer) -> Result<Option<File>, StorageError> {
    let path = producer.folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(StorageError::at("lock", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StorageError::at("lock", &path)(error)),
    }
}

/// Records what waited for the signer, does what is due, tells of each task before and after, and raises the alerts that
/// are due. Where the signer is away, backups, restore tests and captures are made all the same, and wait; nothing else is
/// done.
///
/// # Errors
/// The vault takes no record; nothing more is done then. Tasks that failed are no error.
pub fn run(
    producer: &mut Producer,
    signers: &mut Signers,
    request: &RunRequest<'_>,
    begins: &mut dyn FnMut(&Task),
    ended: &mut dyn FnMut(&Done),
) -> Result<(), ProduceError> {
    runs::sweep(producer)?;
    let mut tried: Vec<Task> = Vec::new();
    while !request.cancel.load(Ordering::Relaxed) {
        let is_away = is_away(producer, signers)?;
        let waiting = Spool::of(&producer.folder).items()?;
        let waiting: Vec<Event> = waiting.iter().map(Item::event).collect();
        // Planned anew each time: what was done may have made something else due.
        let is_next = |task: &Task| !tried.iter().any(|before| before.is_same(task)) && !task.is_among(&waiting);
        let Some(task) = plan(producer)?.into_iter().find(is_next) else { break };
        begins(&task);
        tried.push(task.clone());
        let from = producer.now();
        let failure = if is_away && !task.can_wait() {
            Some(String::from("not done: the signer is away"))
        } else {
            match perform(producer, signers, request, &task) {
                // The signer went away meanwhile; or what is asked for cannot be, which keeps nothing else from being done.
                Err(error) if error.is_away() || matches!(error, ProduceError::Operator(_)) => Some(error.to_string()),
                done => done?,
            }
        };
        ended(&Done { task, from, to: producer.now(), failure });
        // At once: what is done next may take hours.
        raise_due(producer, &mut signers.head, request.told)?;
    }
    raise_due(producer, &mut signers.head, request.told)
}

/// Records what waits, where the signer can be reached.
fn is_away(producer: &mut Producer, signers: &mut Signers) -> Result<bool, ProduceError> {
    match drain(producer, &mut signers.head) {
        Ok(()) => Ok(signers.head.is_away()),
        Err(error) if error.is_away() => Ok(true),
        Err(error) => Err(error),
    }
}

/// Why something that was done has not ended well all the same.
fn waits(recorded: &Recorded) -> Option<String> {
    recorded.entry().is_none().then(|| "it is done, and waits for the signer, which is away".into())
}

/// Does one task; `Some` tells why it failed, and that is recorded.
fn perform(
    producer: &mut Producer,
    signers: &mut Signers,
    request: &RunRequest<'_>,
    task: &Task,
) -> Result<Option<String>, ProduceError> {
    match task {
        Task::Missed(missed) => {
            let event = Event::OccurrenceMissed(Box::new(missed.clone()));
            producer.append(&mut signers.head, |_| Ok(Draft::plain(event)))?;
            Ok(None)
        }
        Task::Backup(due) => {
            let database = match producer.config.database(Some(&due.database)) {
                Ok(database) => database.clone(),
                Err(error) => return Ok(Some(error.to_string())),
            };
            let request = BackupRequest {
                database: &database,
                trigger: if due.retry_of.is_some() { Trigger::Retry } else { Trigger::Schedule },
                expected_at: Some(due.expected_at),
                retry_of: due.retry_of,
                jobs: request.jobs,
                progress: request.progress,
                cancel: request.cancel,
            };
            match backup(producer, signers, &request) {
                Ok(done) => Ok(waits(&done.entry)),
                Err(NotBackedUp { error, recorded: Some(_), .. }) => Ok(Some(error.to_string())),
                Err(failure) => Err(failure.unrecorded.map_or(failure.error, |error| *error)),
            }
        }
        Task::Copy(due) => {
            let snapshot = producer.chain.read()?;
            let copied = copy(producer, signers, &snapshot, due)?;
            let why = || copied.error.as_ref().map(ToString::to_string).unwrap_or_default();
            let outcome = copied.verified.outcome;
            Ok((outcome != CopyOutcome::Ok).then(|| format!("the copy is {}: {}", outcome.word(), why())))
        }
        Task::Anchor { authority } => {
            let Some(known) = producer.config.anchor.iter().find(|known| known.name == *authority).cloned() else {
                return Ok(Some(OperatorError::NoAuthority.to_string()));
            };
            // An authority that is away is no failure of the chain: it is asked again by the next run.
            Ok(stamp(producer, signers, &known).err().map(|error| error.to_string()))
        }
        Task::Witness { witness } => {
            let named = |config: &&WitnessConfig| config.witness().is_ok_and(|known| known.name() == witness);
            let Some(known) = producer.config.witness.iter().find(named).cloned() else {
                return Ok(Some(OperatorError::NoWitness.to_string()));
            };
            // As of an authority; but one that refuses has seen what it should not have.
            let Err(error) = cosign(producer, &mut signers.head, &known) else { return Ok(None) };
            let text = error.to_string();
            if matches!(error, ProduceError::Operator(OperatorError::Witness { .. })) {
                raise_daily(producer, &mut signers.head, "witness-refused", &text, request.told)?;
            }
            Ok(Some(text))
        }
        Task::Evidence(due) => {
            let mut request = CollectRequest::new(due.collector, due.database.as_deref(), due.trigger);
            request.due_at = Some(due.due_at);
            let collected = collect(producer, signers, &request)?;
            Ok(collected.failure.or_else(|| waits(&collected.entry)))
        }
        Task::Prune(due) => {
            let pruned = prune(producer, signers, due)?;
            Ok((!pruned.failures.is_empty()).then(|| pruned.failures.join("; ")))
        }
        Task::RestoreTest(due) => {
            let request = RestoreTestRequest {
                backup: Some(due.backup.as_str()),
                purpose: Purpose::Scheduled,
                target: &Target::Throwaway,
                incident_at: None,
                words: Words::default(),
                run_as: request.run_as,
                identities: request.identities,
                jobs: request.jobs,
                progress: request.progress,
                cancel: request.cancel,
            };
            let tested = restore_test(producer, signers, &request)?;
            let outcome = tested.tested.outcome;
            let failed = (outcome != Outcome::Passed).then(|| {
                let failed = tested.steps.iter().find_map(|step| step.detail.as_deref());
                format!("the restore test {}: {}", outcome.word(), failed.unwrap_or("-"))
            });
            Ok(failed.or_else(|| waits(&tested.entry)))
        }
    }
}
