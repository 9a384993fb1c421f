//! What exists, and what the rules say of it so far: the producer reads its own chain by the steps of a verifier.

use walwarden_core::{
    EntryId, Origin, Time,
    chain::Line,
    event::{Event, Outcome, Stage},
    merkle::TreeHead,
    rules::{self, Gate, RuleResult},
};

use crate::{backup_set, error::ProduceError, producer::Producer, record::with_record, spool::Spool, vault::Snapshot};

/// What exists.
#[derive(Debug)]
pub struct Status {
    /// The chain.
    pub origin: Origin,
    /// Its newest head.
    pub head: TreeHead,
    /// Lines above that head, which the next append will cover.
    pub uncovered: u64,
    /// What waits for the signer: id of the entry to come, when it happened, what.
    pub waiting: Vec<(EntryId, Time, Event)>,
    /// Databases in scope, and others that the chain knows.
    pub databases: Vec<DatabaseStatus>,
    /// The rules over everything recorded so far.
    pub rules: Vec<RuleResult>,
}

/// What exists of one database.
#[derive(Debug, Default)]
pub struct DatabaseStatus {
    /// Its id.
    pub id: String,
    /// Completed backups.
    pub backups: u64,
    /// The last completed backup: entry and instant of its snapshot.
    pub last_backup: Option<(EntryId, Time)>,
    /// To how many recipients its statement says that it is encrypted; `None` where there is no such statement.
    pub recipients: Option<usize>,
    /// The last failed run.
    pub last_failure: Option<Failure>,
    /// Runs that began and have no end.
    pub open: Vec<EntryId>,
    /// The last restore test.
    pub last_test: Option<(Time, Outcome)>,
}

/// A failed run of a backup.
#[derive(Debug)]
pub struct Failure {
    /// Its entry.
    pub entry: EntryId,
    /// When it was recorded.
    pub at: Time,
    /// How far the run had come.
    pub stage: Stage,
    /// Why, in one word.
    pub reason: String,
    /// Whether an action or an explanation is recorded, as WW-BK-03 asks.
    pub answered: bool,
}

/// Reads a vault.
///
/// # Errors
/// It is damaged.
pub fn status(producer: &Producer) -> Result<Status, ProduceError> {
    let snapshot = producer.chain.read()?;
    let head = snapshot.head()?;
    let waiting =
        Spool::of(&producer.folder).items()?.into_iter().map(|item| (item.id, item.at, item.event())).collect();
    with_record(producer, &snapshot, |record| {
        let mut databases: Vec<DatabaseStatus> = Vec::new();
        for promised in record.newest_policy().iter().flat_map(|policy| &policy.databases) {
            databases.push(DatabaseStatus { id: promised.id.clone(), ..DatabaseStatus::default() });
        }
        record.all().iter().for_each(|entry| note(&mut databases, entry));
        for database in &mut databases {
            if let Some(failure) = &mut database.last_failure {
                failure.answered = record.is_answered(failure.entry);
            }
            database.recipients = recipients(producer, &snapshot, database)?;
        }
        let uncovered = (record.all().len() as u64).saturating_sub(head.size);
        let rules = rules::evaluate(Some(record), Gate::Open);
        Ok(Status { origin: producer.chain.origin().clone(), head, uncovered, waiting, databases, rules })
    })
}

fn recipients(
    producer: &Producer,
    snapshot: &Snapshot,
    database: &DatabaseStatus,
) -> Result<Option<usize>, ProduceError> {
    let Some((id, _)) = database.last_backup else { return Ok(None) };
    let chosen = backup_set::choose(snapshot, Some(id.as_str()))?;
    let statement = backup_set::authentic(producer, snapshot, &chosen, &mut String::new());
    Ok(statement.ok().map(|statement| statement.predicate.encryption.recipients.len()))
}

fn note(databases: &mut Vec<DatabaseStatus>, entry: &Line<'_>) {
    let event = entry.event();
    let id = match &event {
        Event::BackupStarted(data) => &data.database,
        Event::BackupCompleted(data) => &data.database,
        Event::BackupFailed(data) => &data.database,
        Event::RestoreTested(data) => &data.database,
        _ => return,
    };
    let place = databases.iter().position(|database| database.id == *id).unwrap_or_else(|| {
        databases.push(DatabaseStatus { id: id.clone(), ..DatabaseStatus::default() });
        databases.len() - 1
    });
    let Some(database) = databases.get_mut(place) else { return };
    match event {
        Event::BackupStarted(data) => database.open.push(data.run_id),
        Event::BackupCompleted(data) => {
            database.open.retain(|run| *run != data.run_id);
            database.backups += 1;
            database.last_backup = Some((entry.id, data.snapshot_at));
        }
        Event::BackupFailed(data) => {
            database.open.retain(|run| *run != data.run_id);
            let (entry, at) = (entry.id, entry.recorded_at);
            let (stage, reason) = (data.stage, data.reason_code);
            database.last_failure = Some(Failure { entry, at, stage, reason, answered: false });
        }
        Event::RestoreTested(data) => database.last_test = Some((data.started_at, data.outcome)),
        _ => {}
    }
}
