//! What is due now, by the policy in force and the vault's own record.
//!
//! The plan is made without any key: a run with nothing to do opens none.

use std::collections::BTreeSet;

use walwarden_core::{
    EntryId, Period, Time, duties,
    event::{Duty, Event, OccurrenceMissed, Outcome},
    policy::{DatabasePolicy, Policy},
    record::Record,
    schedule::Schedule,
};

use crate::{
    collect, copies,
    error::{OperatorError, ProduceError},
    producer::Producer,
    prune,
    record::with_record,
    store::Store,
    vault::Snapshot,
    witness::last,
};

/// How long a failed restore test of a backup rests before the same backup is tested again.
const REST_S: i64 = 24 * 3600;

/// How far ahead the next occurrence is looked for.
const AHEAD_S: i64 = 366 * 24 * 3600;

/// One thing to do; tasks are done in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// An occurrence passed without a run: that is recorded.
    Missed(OccurrenceMissed),
    /// A database is to be backed up.
    Backup(BackupDue),
    /// A copy is to be made or read again.
    Copy(copies::Due),
    /// A database is to be restored and compared.
    RestoreTest(TestDue),
    /// The newest head is to be stamped by an authority.
    Anchor {
        /// Its name in `walwarden.toml`.
        authority: String,
    },
    /// The newest head is to be cosigned by a witness.
    Witness {
        /// Its name.
        witness: String,
    },
    /// Backups that the retention no longer keeps are to be deleted.
    Prune(prune::Due),
    /// Evidence is to be captured.
    Evidence(collect::due::Due),
}

/// A backup that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupDue {
    /// Which database.
    pub database: String,
    /// Since when.
    pub expected_at: Time,
    /// Entry of the attempt that failed.
    pub retry_of: Option<EntryId>,
}

/// A restore test that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestDue {
    /// Which database.
    pub database: String,
    /// Entry of the backup.
    pub backup: EntryId,
}

impl Task {
    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Missed(missed) => {
                let of = missed.database.as_deref().unwrap_or("*");
                let what = missed.collector.as_deref().unwrap_or_else(|| duty(missed.kind));
                format!("record what was missed: {what} of {of}, due at {}", missed.expected_at)
            }
            Self::Backup(due) if due.retry_of.is_some() => format!("backup of {}, again", due.database),
            Self::Backup(due) => format!("backup of {}, due at {}", due.database, due.expected_at),
            Self::Copy(due) => format!("copy of backup {} in {}", due.backup, due.store),
            Self::RestoreTest(due) => format!("restore test of {}", due.database),
            Self::Anchor { authority } => format!("time stamp of {authority}"),
            Self::Witness { witness } => format!("cosignature of {witness}"),
            Self::Evidence(due) => format!("capture of {}", due.words()),
            Self::Prune(due) => {
                let ids: Vec<&str> = due.backups.iter().map(EntryId::as_str).collect();
                format!("delete {} of {}: {}", backups(ids.len()), due.database, ids.join(" "))
            }
        }
    }

    /// Whether it is done already, and waits for the signer among these.
    #[must_use]
    pub fn is_among(&self, waiting: &[Event]) -> bool {
        waiting.iter().any(|event| match (self, event) {
            (Self::Backup(due), Event::BackupCompleted(done)) => {
                done.database == due.database && done.started_at >= due.expected_at
            }
            (Self::RestoreTest(due), Event::RestoreTested(done)) => done.backup == due.backup,
            (Self::Evidence(due), Event::EvidenceCollected(done)) => {
                let same = done.database == due.database && done.due_at == Some(due.due_at);
                same && done.collector == due.collector.to_string()
            }
            _ => false,
        })
    }

    /// Whether what comes of it can wait for a signer that is away.
    #[must_use]
    pub const fn can_wait(&self) -> bool {
        matches!(self, Self::Backup(_) | Self::RestoreTest(_) | Self::Evidence(_))
    }

    /// Whether two plans mean the same task by it: what was tried is not tried again in one run.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Backup(a), Self::Backup(b)) => a.database == b.database && a.expected_at == b.expected_at,
            (Self::RestoreTest(a), Self::RestoreTest(b)) => a.database == b.database,
            (Self::Evidence(a), Self::Evidence(b)) => a.collector == b.collector && a.database == b.database,
            (Self::Prune(a), Self::Prune(b)) => a.database == b.database,
            (Self::Copy(a), Self::Copy(b)) => a.backup == b.backup && a.store == b.store,
            _ => self == other,
        }
    }
}

/// What is due now, in order.
///
/// # Errors
/// The vault is damaged.
pub fn plan(producer: &Producer) -> Result<Vec<Task>, ProduceError> {
    let snapshot = producer.chain.read()?;
    let now = producer.now();
    let mut tasks = with_record(producer, &snapshot, |record| Ok(of_record(record, now)))?;
    let copies = copies(producer, &snapshot, now)?;
    let at = tasks.partition_point(|task| matches!(task, Task::Missed(_) | Task::Backup(_)));
    tasks.splice(at..at, copies);
    let (since, stamped) = with_record(producer, &snapshot, |record| Ok(anchors(record, now)))?;
    let authorities = producer.config.anchor.iter().filter(|_| since.is_some() && !stamped);
    tasks.extend(authorities.map(|authority| Task::Anchor { authority: authority.name.clone() }));
    for config in since.iter().flat_map(|_| &producer.config.witness) {
        let witness = config.witness().map_err(OperatorError::from)?;
        let cosigned = last(&snapshot, &witness)?.map(|(at, _)| at);
        if cosigned < since {
            tasks.push(Task::Witness { witness: witness.name().into() });
        }
    }
    Ok(tasks)
}

/// What lies ahead of a vault.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ahead {
    /// The next backup of each database that has a schedule, by the first of its schedules.
    pub backups: Vec<(String, Time)>,
    /// What no run does by itself, a sentence each: who reads that nothing is due should know.
    pub left: Vec<String>,
}

/// What lies ahead by the policy in force, and what no run does by itself.
///
/// # Errors
/// The vault cannot be read.
pub fn ahead(producer: &Producer) -> Result<Ahead, ProduceError> {
    let snapshot = producer.chain.read()?;
    let now = producer.now();
    let year = Period { start: now, end: now.plus_seconds(AHEAD_S) };
    with_record(producer, &snapshot, |record| {
        let Some(policy) = record.in_force(now) else {
            let wait = |policy: &Policy| {
                format!("policy {} is in force from {}: nothing is due before", policy.version, policy.effective_from)
            };
            return Ok(Ahead { left: record.newest_policy().map(wait).into_iter().collect(), ..Ahead::default() });
        };
        let zone = record.zone(&policy.timezone);
        let mut ahead = Ahead::default();
        for database in producer.config.database.iter().map(|database| &database.id) {
            let promised = policy.database(database);
            let extras = promised.map(|promised| promised.extra_schedules.as_slice()).unwrap_or_default();
            let own = promised.and_then(|promised| promised.schedule.as_ref());
            let schedules = own.into_iter().chain(extras.iter().map(|extra| &extra.cron));
            let next = |schedule: &Schedule| zone.and_then(|zone| schedule.instants(zone, year).find(|at| *at > now));
            ahead.backups.extend(schedules.filter_map(next).min().map(|at| (database.clone(), at)));
            if own.is_none() && extras.is_empty() {
                let what = format!("policy {} has no schedule for {database}: no run backs it up", policy.version);
                ahead.left.push(what);
            }
            let accounts: Vec<&str> = stores(producer).map(|store| store.location().account_ref.as_str()).collect();
            for extra in extras.iter().filter(|extra| !accounts.contains(&extra.to.as_str())) {
                let what = format!("{} of {database} goes to {}: no store lies in that account", extra.name, extra.to);
                ahead.left.push(what);
            }
            if record.completed_after(database, 0).is_none() {
                ahead.left.push(format!("{database} has no backup yet: walwarden backup {database}"));
            }
        }
        Ok(ahead)
    })
}

fn stores(producer: &Producer) -> impl Iterator<Item = &dyn Store> {
    let copies = producer.copies.iter().map(AsRef::as_ref);
    copies.chain([producer.store.as_ref()])
}

fn copies(producer: &Producer, snapshot: &Snapshot, now: Time) -> Result<impl Iterator<Item = Task>, ProduceError> {
    Ok(copies::due(producer, snapshot, now, false)?.into_iter().map(Task::Copy))
}

fn of_record(record: &Record<'_>, now: Time) -> Vec<Task> {
    let promised: Vec<&DatabasePolicy> =
        record.in_force(now).map(|policy| policy.databases.iter().collect()).unwrap_or_default();
    let missed = missed(record, now).into_iter().map(Task::Missed);
    let backups = promised.iter().filter_map(|database| backup(record, &database.id)).map(Task::Backup);
    let tests = promised.iter().filter_map(|database| restore_test(record, database, now)).map(Task::RestoreTest);
    let prunes = prune::due(record, now).into_iter().map(Task::Prune);
    // Last: an inventory of the stores sees what was deleted.
    let evidence = collect::due::due(record, now).into_iter().map(Task::Evidence);
    missed.chain(backups).chain(tests).chain(prunes).chain(evidence).collect()
}

/// An anchor is due once in each window of the cadence, by the time that it states; before the first one, at once. Since
/// when, where any is promised, and whether an authority has stamped a head since then.
fn anchors(record: &Record<'_>, now: Time) -> (Option<Time>, bool) {
    let promised = record.in_force(now).and_then(|policy| policy.signing.as_ref()?.anchor);
    let windows = duties::windows(record, |policy| policy.signing.as_ref()?.anchor);
    let from =
        windows.last().filter(|window| window.contains(now)).map_or(record.period().start, |window| window.start);
    let stamped = record.events(&["anchor.attached"]).any(|(_, event)| match event {
        Event::AnchorAttached(anchor) => anchor.gen_time.is_some_and(|at| at >= from),
        _ => false,
    });
    (promised.map(|_| from), stamped)
}

fn backup(record: &Record<'_>, database: &str) -> Option<BackupDue> {
    let due = duties::backups(record, database).into_iter().next()?;
    let failed = record.events(&["backup.failed"]).filter_map(|(line, event)| match event {
        Event::BackupFailed(failed) if failed.database == database && line.at() >= due.window.at => Some(line.id),
        _ => None,
    });
    Some(BackupDue { database: database.into(), expected_at: due.window.at, retry_of: failed.last() })
}

/// A test is due once in each window of its cadence, and once before the first window, as soon as there is a backup.
fn restore_test(record: &Record<'_>, promised: &DatabasePolicy, now: Time) -> Option<TestDue> {
    promised.restore_test.as_ref()?.cadence?;
    let id = promised.id.as_str();
    let newest = record.backups_back(id).next()?;
    let windows = duties::windows(record, |policy| policy.database(id)?.restore_test.as_ref()?.cadence);
    let running = windows.last().filter(|window| window.contains(now));
    let from = running.map_or(record.period().start, |window| window.start);
    let tests: Vec<_> = record
        .events(&["restore.tested"])
        .filter_map(|(_, event)| match event {
            Event::RestoreTested(test) if test.database == id && test.started_at >= from => Some(test),
            _ => None,
        })
        .collect();
    let passed = tests.iter().any(|test| test.outcome == Outcome::Passed);
    let rests = tests.iter().any(|test| test.backup == newest.line.id && now < test.ended_at.plus_seconds(REST_S));
    (!passed && !rests).then(|| TestDue { database: id.into(), backup: newest.line.id })
}

/// What passed without a run and is not recorded yet.
fn missed(record: &Record<'_>, now: Time) -> Vec<OccurrenceMissed> {
    let known: BTreeSet<_> = record
        .events(&["occurrence.missed"])
        .filter_map(|(_, event)| if let Event::OccurrenceMissed(missed) = event { Some(key(&missed)) } else { None })
        .collect();
    let backups = duties::missed(record).into_iter().map(|(database, window)| OccurrenceMissed {
        kind: Duty::Backup,
        database: Some(database),
        collector: None,
        expected_at: window.at,
        window_end: window.end,
        found_at: now,
        reason_code: None,
    });
    let captures = duties::evidence(record).into_iter().filter(|awaited| awaited.captured.is_none());
    let captures = captures.filter_map(|awaited| {
        Some(OccurrenceMissed {
            kind: Duty::Evidence,
            expected_at: awaited.since,
            window_end: awaited.until.filter(|until| *until <= now)?,
            collector: Some(awaited.collector.word().into()),
            database: awaited.database,
            found_at: now,
            reason_code: None,
        })
    });
    backups.chain(captures).filter(|missed| !known.contains(&key(missed))).collect()
}

/// One occurrence is recorded as missed once.
fn key(missed: &OccurrenceMissed) -> (&'static str, Option<String>, Option<String>, Time) {
    (duty(missed.kind), missed.database.clone(), missed.collector.clone(), missed.expected_at)
}

fn backups(n: usize) -> String {
    if n == 1 { "one backup".into() } else { format!("{n} backups") }
}

fn duty(duty: Duty) -> &'static str {
    match duty {
        Duty::Backup => "a backup",
        Duty::Copy => "a copy",
        Duty::RestoreTest => "a restore test",
        Duty::Evidence => "evidence",
    }
}
