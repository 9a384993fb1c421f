//! Deleting the backups that the retention in force no longer keeps, and saying so.
//!
//! What is deleted is confirmed by the store before it is recorded. A run that dies in between deletes nothing twice: the
//! next one finds the backup gone, and records that.

use walwarden_core::{
    EntryId, Time, duties,
    event::{Event, PruneRule, PrunedObject, RetentionPruned, Tier},
    policy::Retention,
    record::Record,
};

use crate::{
    backup_set::{self, Chosen},
    error::ProduceError,
    producer::{Producer, Signers},
    random,
    record::with_record,
    store::{self, Listed, Store},
    vault::{Appended, Draft, Snapshot},
};

/// What may be deleted of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which database.
    pub database: String,
    /// Backups that go, by their entries, oldest first.
    pub backups: Vec<EntryId>,
    /// Backups that would go, but for a hold.
    pub held: Vec<EntryId>,
    /// The rule that no longer keeps them.
    pub rule: PruneRule,
}

/// What came of it.
#[derive(Debug)]
pub struct Pruned {
    /// Its entry.
    pub entry: Appended,
    /// What the entry says.
    pub pruned: RetentionPruned,
    /// Why something is still there.
    pub failures: Vec<String>,
}

/// What may be deleted of each database now.
#[must_use]
pub fn due(record: &Record<'_>, now: Time) -> Vec<Due> {
    let Some(policy) = record.in_force(now) else { return Vec::new() };
    let of = policy.databases.iter().filter_map(|database| {
        let rule = rule(database.retention.as_ref()?);
        let all = duties::deletable(record, &database.id);
        let ids = |held: bool| all.iter().filter(|one| one.held == held).map(|one| one.backup.line.id).collect();
        let (backups, held): (Vec<_>, Vec<_>) = (ids(false), ids(true));
        (!backups.is_empty()).then(|| Due { database: database.id.clone(), backups, held, rule })
    });
    of.collect()
}

/// As [`due`], of a vault.
///
/// # Errors
/// It is damaged.
pub fn due_now(producer: &Producer, snapshot: &Snapshot) -> Result<Vec<Due>, ProduceError> {
    let now = producer.now();
    with_record(producer, snapshot, |record| Ok(due(record, now)))
}

/// Deletes what is due of a database, in every store, and records it.
///
/// # Errors
/// The chain did not take the record. What the stores did not let go is no error: it is recorded as named, and not as
/// confirmed.
pub fn prune(producer: &mut Producer, signers: &mut Signers, due: &Due) -> Result<Pruned, ProduceError> {
    let snapshot = producer.chain.read()?;
    let all = backup_set::all(&snapshot)?;
    let (mut objects, mut confirmed, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for id in due.backups.iter().chain(&due.held) {
        let Some(backup) = all.iter().find(|backup| backup.id == *id) else { continue };
        objects.push(named(backup, producer.now()));
        if due.held.contains(id) {
            continue;
        }
        match delete(producer, backup) {
            Ok(()) => confirmed.push(*id),
            Err(why) => failures.push(format!("backup {id}: {why}")),
        }
    }
    let pruned = RetentionPruned {
        database: due.database.clone(),
        run_id: random::entry_id(producer.now())?,
        rule: due.rule,
        objects,
        confirmed,
        held: due.held.clone(),
    };
    let event = Event::RetentionPruned(Box::new(pruned.clone()));
    let entry = producer.append(&mut signers.head, |_| Ok(Draft::plain(event)))?;
    Ok(Pruned { entry, pruned, failures })
}

fn named(backup: &Chosen, now: Time) -> PrunedObject {
    PrunedObject {
        backup: backup.id,
        key: backup.data.object.key.clone(),
        version_id: backup.data.object.version_id.clone(),
        age_days: now.seconds_since(backup.data.snapshot_at).div_euclid(86_400),
    }
}

/// Deletes a backup's whole folder wherever it lies, and looks whether it is gone.
fn delete(producer: &Producer, backup: &Chosen) -> Result<(), String> {
    let key = &backup.data.object.key;
    let folder = key.rsplit_once('/').map_or(key.as_str(), |(folder, _)| folder);
    let prefix = format!("{folder}/");
    for place in producer.copies.iter().chain([&producer.store]).map(AsRef::as_ref) {
        let told = |error: crate::error::StorageError| format!("{}: {error}", place.location().name);
        store::discard(place, &prefix).map_err(told)?;
        let left = place.list(&prefix).map_err(told)?;
        if let Some(first) = left.iter().find(|listed| !listed.delete_marker) {
            return Err(still_there(place, first));
        }
    }
    Ok(())
}

fn still_there(place: &dyn Store, listed: &Listed) -> String {
    format!("{}: {} is still there after it was deleted", place.location().name, listed.key)
}

/// The rule that keeps a backup longest.
const fn rule(retention: &Retention) -> PruneRule {
    match retention {
        Retention::KeepLast { keep, .. } => PruneRule { tier: Tier::KeepLast, keep: *keep },
        Retention::Tiers { monthly: Some(keep), .. } => PruneRule { tier: Tier::Monthly, keep: *keep },
        Retention::Tiers { weekly: Some(keep), .. } => PruneRule { tier: Tier::Weekly, keep: *keep },
        Retention::Tiers { daily, .. } => {
            PruneRule { tier: Tier::Daily, keep: if let Some(keep) = daily { *keep } else { 0 } }
        }
    }
}
