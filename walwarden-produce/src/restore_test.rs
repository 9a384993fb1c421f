//! A restore test: what was attested is checked, restored, compared, and the result chained.
//!
//! The backup's signature, then the digests of its objects, are checked **before** anything is restored. A test that
//! fails is recorded as failed: after `restore.started` only the chain itself can keep it from being recorded.

mod gates;
mod record;

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use walwarden_core::{
    Digest, EntryId, Time,
    chain::StatementRef,
    event::{BackupCompleted, Environment, Event, Outcome, Purpose, RestoreStarted, RestoreTested},
    policy::DatabasePolicy,
    statement::restore_test::{Cleanup, Isolation, Step, StepOutcome},
};

use crate::{
    dump::Progress,
    error::{OperatorError, ProduceError},
    host,
    producer::{Producer, Signers},
    random,
    restore::{
        checks::SmokeQuery,
        cluster::{Cluster, ClusterRequest},
        compare::{Expected, RestoreRequest, Restored, restore_and_compare},
    },
    vault::{Appended, Draft, Snapshot},
};
use gates::Gates;

/// Name of the database that is restored into.
const TARGET: &str = "walwarden_restore_test";

/// Which backup to test, and how.
pub struct RestoreTestRequest<'a> {
    /// Id of the backup's entry or run, or of a database; the newest completed backup otherwise.
    pub backup: Option<&'a str>,
    /// Why.
    pub purpose: Purpose,
    /// As root: the user that the throwaway server runs as.
    pub run_as: Option<&'a str>,
    /// Restore jobs, and sessions that read rows.
    pub jobs: usize,
    /// Told how far the work is.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Set to stop early.
    pub cancel: &'a AtomicBool,
}

/// A recorded restore test; passed or not.
#[derive(Debug)]
pub struct Tested {
    /// Its entry.
    pub entry: Appended,
    /// What the entry says.
    pub tested: RestoreTested,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// The backup that is tested.
struct Chosen {
    id: EntryId,
    seq: u64,
    statement: Option<StatementRef>,
    data: BackupCompleted,
}

/// Tests a backup.
///
/// # Errors
/// Nothing to test, or the chain did not take the record. A failed test is no error.
pub fn restore_test(
    producer: &mut Producer,
    signers: &mut Signers,
    request: &RestoreTestRequest<'_>,
) -> Result<Tested, ProduceError> {
    let snapshot = producer.chain.read()?;
    let chosen = choose(&snapshot, request.backup)?;
    let policy = producer.policy(&snapshot)?;
    let promised = policy.as_ref().and_then(|policy| policy.database(&chosen.data.database)).cloned();
    let mut run = Run {
        request,
        chosen,
        promised,
        test_id: random::entry_id(producer.now())?,
        started_at: producer.now(),
        steps: Vec::new(),
        isolation: Isolation { same_system: false, same_host: true, reason: None },
        cleanup: Cleanup { dropped: true, at: None },
    };
    let started = run.started(producer);
    producer.append(&mut signers.head, |_| Ok(started))?;
    let gates = run.gates(producer, &snapshot);
    let restored = if gates.open() { run.restore(producer, &gates) } else { None };
    run.record(producer, signers, &gates, restored)
}

fn choose(snapshot: &Snapshot, wanted: Option<&str>) -> Result<Chosen, ProduceError> {
    let entries = snapshot.entries()?;
    let found = entries.all().iter().rev().find_map(|entry| {
        let Event::BackupCompleted(data) = entry.event() else { return None };
        let named = |text: &str| text == entry.id.as_str() || text == data.run_id.as_str() || text == data.database;
        wanted.is_none_or(named).then(|| Chosen {
            id: entry.id,
            seq: entry.seq,
            statement: entry.statements().first().copied(),
            data: *data,
        })
    });
    let none = || OperatorError::NoBackup(wanted.map_or("in this vault".into(), |text| format!("of {text:?}")));
    Ok(found.ok_or_else(none)?)
}

struct Run<'a> {
    request: &'a RestoreTestRequest<'a>,
    chosen: Chosen,
    promised: Option<DatabasePolicy>,
    test_id: EntryId,
    started_at: Time,
    steps: Vec<Step>,
    isolation: Isolation,
    cleanup: Cleanup,
}

impl Run<'_> {
    fn started(&self, producer: &Producer) -> Draft {
        let event = RestoreStarted {
            database: self.chosen.data.database.clone(),
            test_id: self.test_id,
            backup: self.chosen.id,
            purpose: self.request.purpose,
            environment: Environment {
                name: producer.config.restore_test.environment.clone(),
                class: producer.config.restore_test.class,
                host_sha256: host::digest(&host::name()),
            },
        };
        Draft { at: Some(self.started_at), ..Draft::plain(Event::RestoreStarted(Box::new(event))) }
    }

    /// Does and times a step; `None` when it failed.
    fn step<T>(
        &mut self,
        producer: &Producer,
        name: &str,
        work: impl FnOnce(&mut Self) -> Result<(T, Option<String>), String>,
    ) -> Option<T> {
        let started_at = producer.now();
        let (outcome, detail, value) = match work(self) {
            Ok((value, detail)) => (StepOutcome::Ok, detail, Some(value)),
            Err(why) => (StepOutcome::Failed, Some(why), None),
        };
        let seconds = producer.now().seconds_since(started_at);
        self.steps.push(Step { name: name.into(), outcome, started_at, seconds, detail });
        value
    }

    /// Restores what the gates let through, and compares.
    fn restore(&mut self, producer: &Producer, gates: &Gates) -> Option<Restored> {
        let expected = gates.expected()?;
        let cluster = self.step(producer, "cluster", |run| run.cluster(producer, &expected))?;
        let smoke: Vec<SmokeQuery> = self.promised.iter().flat_map(|promised| &promised.smoke).map(query).collect();
        let clock = producer.clock.clone();
        let restored = restore_and_compare(
            &|database| cluster.connection(database),
            &RestoreRequest {
                dump_path: &gates.dump,
                globals_path: Some(gates.globals.as_path()).filter(|path| !path.as_os_str().is_empty()),
                database: TARGET,
                row_key: gates.row_key.as_ref()?,
                expected,
                smoke: &smoke,
                amcheck_required: false,
                jobs: self.request.jobs.max(1),
                now: &|| clock.now(),
                progress: self.request.progress,
                cancel: self.request.cancel,
            },
        );
        self.steps.extend(restored.steps.iter().cloned());
        self.step(producer, "removal", |run| {
            let removed = cluster.remove();
            run.cleanup = Cleanup { dropped: removed.is_ok(), at: removed.is_ok().then(|| producer.now()) };
            removed.map(|()| ((), None)).map_err(|error| format!("the throwaway cluster could not be removed: {error}"))
        });
        self.isolation = self.isolation(producer, gates, &restored);
        Some(restored)
    }

    fn cluster(&self, producer: &Producer, expected: &Expected<'_>) -> Result<(Cluster, Option<String>), String> {
        let config = &producer.config;
        let request = ClusterRequest {
            bin_dir: config.postgres.bin_dir.as_deref().map(Path::new),
            run_as: self.request.run_as.or(config.restore_test.run_as.as_deref()),
            server_major: expected
                .server_version
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .and_then(|n| n.parse().ok()),
            settings: &[],
        };
        Cluster::start(&request).map(|cluster| (cluster, None)).map_err(|error| error.to_string())
    }

    /// How far the target was from the source. A source that does not answer counts as near.
    fn isolation(&self, producer: &Producer, gates: &Gates, restored: &Restored) -> Isolation {
        let source = gates.statement.as_ref().map(|statement| statement.predicate.server.system_identifier.0);
        let target = restored.facts.as_ref().map(|facts| facts.system_identifier);
        let same_system = source.is_some() && source == target;
        let config = producer.config.database(Some(&self.chosen.data.database)).ok();
        let connection = config.and_then(|database| producer.config.connection(database).ok());
        let host = connection.and_then(|connection| connection.server_facts().ok()).map(|facts| facts.host);
        let (same_host, reason) = match host {
            None => (true, "the source did not answer: taken as the same host"),
            Some(host) if is_here(&host) => (true, "a throwaway cluster on the source's host"),
            Some(_) => (false, ""),
        };
        Isolation { same_system, same_host, reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()) }
    }

    /// Passed is what passed every gate, every step and every comparison.
    fn outcome(&self, gates: &Gates, restored: Option<&Restored>) -> Outcome {
        if self.request.cancel.load(Ordering::Relaxed) {
            return Outcome::Aborted;
        }
        let steps = self.steps.iter().all(|step| step.outcome != StepOutcome::Failed);
        let compared = restored.is_some_and(|restored| {
            restored.outcome == Outcome::Passed && restored.schema.expected == restored.schema.actual
        });
        if gates.open() && steps && compared { Outcome::Passed } else { Outcome::Failed }
    }

    fn reference(&self) -> Result<Digest, ProduceError> {
        let missing = || ProduceError::Bug("a completed backup without a statement".into());
        self.chosen.statement.map(|statement| statement.payload).ok_or_else(missing)
    }
}

fn query(smoke: &walwarden_core::policy::SmokeQuery) -> SmokeQuery {
    SmokeQuery { name: smoke.name.clone(), sql: smoke.sql.clone() }
}

fn is_here(host: &str) -> bool {
    host.is_empty()
        || host.starts_with(['/', '@'])
        || ["localhost", "127.0.0.1", "::1"].contains(&host)
        || host == host::name()
}

/// What keeps a backup from being trusted before it is restored.
fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
