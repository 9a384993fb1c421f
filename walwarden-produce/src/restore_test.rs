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
    event::{Environment, Event, Outcome, Purpose, RestoreStarted, RestoreTested},
    policy::DatabasePolicy,
    statement::{
        Backup,
        backup::Encryption,
        restore_test::{Cleanup, Isolation, Step, StepOutcome},
    },
};

use crate::{
    backup_set::{self, Chosen, choose},
    dump::Progress,
    encryption::Identities,
    error::{OperatorError, ProduceError},
    host,
    producer::{Producer, Signers},
    random,
    restore::{
        checks::SmokeQuery,
        cluster::{ClusterRequest, Prepared},
        compare::{RestoreRequest, Restored, restore_and_compare},
        pg_restore,
        target::{Place, Target},
    },
    runs,
    spool::{Recorded, Stated, record},
    staging::Staging,
};
use gates::{Gates, Making};
pub use record::Words;

/// Which backup to test, and how.
pub struct RestoreTestRequest<'a> {
    /// Id of the backup's entry or run, or of a database; the newest completed backup otherwise.
    pub backup: Option<&'a str>,
    /// Why.
    pub purpose: Purpose,
    /// Where to.
    pub target: &'a Target,
    /// When what is recovered from happened.
    pub incident_at: Option<Time>,
    /// What people add.
    pub words: Words<'a>,
    /// As root: the user that a throwaway server runs as.
    pub run_as: Option<&'a str>,
    /// What opens backups that are encrypted.
    pub identities: &'a Identities,
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
    /// Its entry, or that it waits for the signer.
    pub entry: Recorded,
    /// What the entry says.
    pub tested: RestoreTested,
    /// Its steps.
    pub steps: Vec<Step>,
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
    request.words.stand()?;
    let snapshot = producer.chain.read()?;
    let chosen = choose(&snapshot, request.backup)?;
    // Nothing is tried without a target or an identity, and what was not tried is no failed test.
    if let Ok(stated) = backup_set::authentic(producer, &snapshot, &chosen, &mut String::new()) {
        opens(request.identities, &stated.predicate.encryption, chosen.id)?;
    }
    request.target.reached()?;
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
    let _mark = runs::mark(&producer.folder, run.test_id, "")?;
    let started = run.started(producer);
    record(producer, signers, |_| Ok(started))?;
    let staging = Staging::new(producer.staging(run.test_id))?;
    let (gates, making) = run.gates(producer, &snapshot, &staging);
    let restored = if gates.open() { run.restore(producer, &gates, making, &staging.file("")) } else { None };
    run.record(producer, signers, &gates, restored)
}

/// Whether there is an identity for a backup that needs one.
fn opens(identities: &Identities, encryption: &Encryption, backup: EntryId) -> Result<(), OperatorError> {
    match encryption.alg.as_str() {
        "none" => Ok(()),
        _ if identities.is_empty() => Err(OperatorError::NoIdentity(backup)),
        _ if !identities.open_for(&encryption.recipients) => Err(OperatorError::OtherIdentity(backup)),
        _ => Ok(()),
    }
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
    fn started(&self, producer: &Producer) -> Stated {
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
        Stated::plain(Some(self.started_at), Event::RestoreStarted(Box::new(event)))
    }

    /// Does and times a step; `None` when it failed.
    fn step<T>(
        &mut self,
        producer: &Producer,
        name: &str,
        work: impl FnOnce(&mut Self) -> Result<(T, Option<String>), String>,
    ) -> Option<T> {
        self.step_since(producer, (name, producer.now()), work)
    }

    /// A step that began before others ended.
    fn step_since<T>(
        &mut self,
        producer: &Producer,
        (name, started_at): (&str, Time),
        work: impl FnOnce(&mut Self) -> Result<(T, Option<String>), String>,
    ) -> Option<T> {
        let (outcome, detail, value) = match work(self) {
            Ok((value, detail)) => (StepOutcome::Ok, detail, Some(value)),
            Err(why) => (StepOutcome::Failed, Some(why), None),
        };
        let seconds = producer.now().seconds_since(started_at);
        self.steps.push(Step { name: name.into(), outcome, started_at, seconds, detail });
        value
    }

    /// Restores what the gates let through, and compares.
    fn restore(
        &mut self,
        producer: &Producer,
        gates: &Gates,
        making: Option<Making>,
        staging: &Path,
    ) -> Option<Restored> {
        let (expected, set) = (gates.expected()?, gates.set.as_ref()?);
        let began = making.as_ref().map_or_else(|| producer.now(), |making| making.began);
        let place = self.step_since(producer, ("target", began), |run| run.place(making))?;
        let database = self.database();
        let refused_system = self.refused_system(gates);
        let smoke: Vec<SmokeQuery> = self.promised.iter().flat_map(|promised| &promised.smoke).map(query).collect();
        let clock = producer.clock.clone();
        let restored = restore_and_compare(
            &|database| place.connection(database),
            &RestoreRequest {
                dump_path: &set.dump,
                globals_path: Some(&set.globals),
                database: &database,
                create: place.creates(),
                refused_system,
                scratch: staging,
                row_key: &set.row_key,
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
            let removed = place.remove(&database);
            let dropped = removed == Ok(true);
            run.cleanup = Cleanup { dropped, at: dropped.then(|| producer.now()) };
            let kept = (!dropped).then(|| "the database stays".into());
            removed.map(|_| ((), kept)).map_err(|error| format!("what was made for it could not be removed: {error}"))
        });
        self.isolation = self.isolation(producer, gates, &restored);
        Some(restored)
    }

    fn place(&self, making: Option<Making>) -> Result<(Place, Option<String>), String> {
        let place = match (self.request.target, making) {
            (Target::Throwaway, None) => return Err("no throwaway cluster was made".into()),
            (Target::Throwaway, Some(making)) => {
                let started = making.prepared.and_then(Prepared::start);
                Place::Cluster(Box::new(started.map_err(|error| error.to_string())?))
            }
            (Target::Server { connection, .. }, _) => Place::Server(connection.clone()),
            (Target::Database(connection), _) => Place::Database(connection.clone()),
        };
        Ok((place, None))
    }

    /// Name of the database that is restored into; one of its own on a server that others use.
    fn database(&self) -> String {
        match self.request.target {
            Target::Throwaway => "walwarden_restore_test".into(),
            Target::Server { .. } => format!("walwarden_rt_{}", self.test_id.as_str().to_ascii_lowercase()),
            Target::Database(connection) => connection.server_facts().map(|facts| facts.database).unwrap_or_default(),
        }
    }

    /// A test is not made on the system that it is a test of; clones and branches of it share its identifier.
    fn refused_system(&self, gates: &Gates) -> Option<u64> {
        let source = gates.statement.as_ref()?.predicate.server.system_identifier.0;
        matches!(self.request.target, Target::Server { reason: None, .. }).then_some(source)
    }

    /// How far the target was from the source. A source that does not answer counts as near.
    fn isolation(&self, producer: &Producer, gates: &Gates, restored: &Restored) -> Isolation {
        let source = gates.statement.as_ref().map(|statement| statement.predicate.server.system_identifier.0);
        let target = restored.facts.as_ref();
        let same_system = source.is_some() && source == target.map(|facts| facts.system_identifier);
        let config = producer.config.database(Some(&self.chosen.data.database)).ok();
        let connection = config.and_then(|database| producer.config.connection(database).ok());
        let host = connection.and_then(|connection| connection.server_facts().ok()).map(|facts| facts.host);
        let throwaway = matches!(self.request.target, Target::Throwaway);
        let target_host = target.filter(|_| !throwaway).map(|facts| facts.host.as_str());
        let (same_host, found) = match (host.as_deref(), target_host) {
            (None, _) => (true, Some("the source did not answer: taken as the same host")),
            (Some(host), None) if is_here(host) => (true, Some("a throwaway cluster on the source's host")),
            (Some(_), None) => (false, None),
            (Some(host), Some(target)) => (host == target || is_here(host) && is_here(target), None),
        };
        let given = match self.request.target {
            Target::Server { reason, .. } => reason.clone(),
            _ => None,
        };
        Isolation { same_system, same_host, reason: given.or_else(|| found.map(str::to_owned)) }
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

/// The throwaway cluster that a backup wants.
fn cluster<'a>(
    request: &'a RestoreTestRequest<'_>,
    producer: &'a Producer,
    test_id: &'a EntryId,
    backup: &Backup,
) -> ClusterRequest<'a> {
    let config = &producer.config;
    let major = |version: &str| version.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
    ClusterRequest {
        bin_dir: config.postgres.bin_dir.as_deref().map(Path::new),
        run_as: request.run_as.or(config.restore_test.run_as.as_deref()),
        server_major: pg_restore::server_for(major(&backup.server.version), &backup.pg_dump.version),
        name: Some(test_id.as_str()),
        settings: &[],
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
