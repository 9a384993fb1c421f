//! What exists, and what the rules say of it so far: the producer reads its own chain by the steps of a verifier.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    Digest, EntryId, Origin, Period, Time,
    chain::{Entries, Line},
    dsse::Envelope,
    event::{Event, Outcome, Stage},
    merkle::TreeHead,
    policy::Policy,
    record::{Exhibits, Record},
    registry::{Registry, Version},
    rules::{self, Gate, RuleResult},
    statement::{Backup, Evidence, Predicate, RestoreTest, Review, Statement, key_registry::Use},
};

use crate::{
    chain_store::ChainStore as _,
    error::{OperatorError, ProduceError, VaultError},
    period::zone_facts,
    producer::Producer,
    vault::by_envelope,
};

/// What exists.
#[derive(Debug)]
pub struct Status {
    /// The chain.
    pub origin: Origin,
    /// Its newest head.
    pub head: TreeHead,
    /// Lines above that head, which the next append will cover.
    pub uncovered: u64,
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
    /// The last failed run: instant, stage, reason.
    pub last_failure: Option<(Time, Stage, String)>,
    /// Runs that began and have no end.
    pub open: Vec<EntryId>,
    /// The last restore test.
    pub last_test: Option<(Time, Outcome)>,
}

/// Reads a vault.
///
/// # Errors
/// It is damaged.
pub fn status(producer: &Producer) -> Result<Status, ProduceError> {
    let snapshot = producer.chain.read()?;
    let entries = snapshot.entries()?;
    let anchored = entries.rebuild(&snapshot.heads()?).map_err(VaultError::Damaged)?;
    let versions = producer.versions()?;
    let registry = versions.clone().in_force(&entries).map_err(VaultError::Registry)?;
    let first = entries.all().first().ok_or(VaultError::Empty)?;
    let now = producer.now();
    let end = Time::from_micros(now.micros().saturating_add(1)).unwrap_or(now);
    let period = Period { start: first.recorded_at, end };
    let mut policies = Vec::new();
    for entry in entries.all() {
        if let Event::PolicyAdopted(adopted) = entry.event() {
            policies.push(producer.policy_blob(entry.seq, &adopted.sha256)?);
        }
    }
    let mut databases: Vec<DatabaseStatus> = Vec::new();
    for promised in policies.last().iter().flat_map(|policy| &policy.databases) {
        databases.push(DatabaseStatus { id: promised.id.clone(), ..DatabaseStatus::default() });
    }
    entries.all().iter().for_each(|entry| note(&mut databases, entry));
    let stated = Stated::read(producer, &entries, &registry)?;
    // What an export will record of them; nothing is sealed yet.
    let names: BTreeSet<&str> = policies.iter().map(|policy| policy.timezone.as_str()).collect();
    let zones: Result<Vec<_>, _> = names.into_iter().map(|name| zone_facts(name, &period)).collect();
    let zones = zones.map_err(OperatorError::from)?;
    let exhibits = Exhibits { zones, ..stated.exhibits(policies, versions.all()) };
    let record = Record::new(&anchored, &entries, period, exhibits);
    let rules = rules::evaluate(Some(&record), Gate::Open);
    let head = snapshot.head()?;
    let uncovered = (entries.all().len() as u64).saturating_sub(head.size);
    Ok(Status { origin: producer.chain.origin().clone(), head, uncovered, databases, rules })
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
            database.last_failure = Some((entry.recorded_at, data.stage, data.reason_code));
        }
        Event::RestoreTested(data) => database.last_test = Some((data.started_at, data.outcome)),
        _ => {}
    }
}

/// Statements that are there and signed by a key that could sign them there, by entry.
struct Stated {
    backups: BTreeMap<EntryId, Backup>,
    restore_tests: BTreeMap<EntryId, RestoreTest>,
    evidence: BTreeMap<EntryId, Evidence>,
    reviews: BTreeMap<EntryId, Review>,
}

impl Stated {
    fn read(producer: &Producer, entries: &Entries<'_>, registry: &Registry) -> Result<Self, ProduceError> {
        Ok(Self {
            backups: stated(producer, entries, registry, Use::Backup)?,
            restore_tests: stated(producer, entries, registry, Use::RestoreTest)?,
            evidence: stated(producer, entries, registry, Use::Evidence)?,
            reviews: stated(producer, entries, registry, Use::Review)?,
        })
    }

    fn exhibits<'s>(&'s self, policies: Vec<Policy>, registry: &'s [Version]) -> Exhibits<'s> {
        let Self { backups, restore_tests, evidence, reviews } = self;
        let ids = backups.keys().chain(restore_tests.keys()).chain(evidence.keys()).chain(reviews.keys());
        Exhibits {
            policies,
            signed: ids.copied().collect(),
            backups: backups.iter().map(|(id, stated)| (*id, stated)).collect(),
            restore_tests: restore_tests.iter().map(|(id, stated)| (*id, stated)).collect(),
            evidence: evidence.iter().map(|(id, stated)| (*id, stated)).collect(),
            reviews: reviews.iter().map(|(id, stated)| (*id, stated)).collect(),
            registry,
            ..Exhibits::default()
        }
    }
}

fn stated<P: Predicate>(
    producer: &Producer,
    entries: &Entries<'_>,
    registry: &Registry,
    purpose: Use,
) -> Result<BTreeMap<EntryId, P>, ProduceError> {
    let kept = producer.chain.store().statements(P::FILE)?;
    let kept = by_envelope(&kept);
    let mut stated = BTreeMap::new();
    for entry in entries.all() {
        let holds = |envelope: &Digest| {
            let envelope = Envelope::parse(kept.get(envelope)?).ok()?;
            let authentic = envelope.verify(&registry.keys_at(purpose, entry.seq), 1).ok()?;
            Some(Statement::<P>::parse(authentic).ok()?.predicate)
        };
        if let Some(predicate) = entry.statements().iter().find_map(|reference| holds(&reference.envelope)) {
            stated.insert(entry.id, predicate);
        }
    }
    Ok(stated)
}
