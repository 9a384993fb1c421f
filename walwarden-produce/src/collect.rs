//! Evidence: what a collector captures, stated with all that a reader needs to judge how (`spec:statements-11`).
//!
//! A capture of a database is one transaction that sees one state and writes nothing. It ends as `evidence.collected`
//! whether it is good or failed; a part of a population is never stated as the whole.

mod access_control;
mod ask;
mod before;
mod capture;
mod change_management;
mod document;
pub mod due;
mod encryption_at_rest;
mod git;
mod log_export;
mod logs;
mod migrations;
mod roles;
mod schema_snapshot;
mod scope_inventory;
mod store_inventory;

use std::path::Path;

use walwarden_core::{
    Decimal, Time,
    event::{Covers, Event, EvidenceCollected, EvidenceOutcome, EvidenceTrigger},
    policy::{Collector, DatabasePolicy, Policy},
    statement::{EntryRef, Evidence, Predicate as _, Statement, evidence::Output},
};

use crate::{
    backup::head,
    error::{OperatorError, ProduceError},
    producer::{Producer, Signers},
    spool::{self, Recorded, record},
    vault::{Blob, Context, Snapshot},
};
use before::Before;
use capture::{Capture, Failure};
pub use document::Words;

/// Version of the collectors: another one where the same server gives other rows or flags.
const VERSION: &str = "1";

/// What to capture.
#[derive(Debug, Clone)]
pub struct CollectRequest<'a> {
    /// By which collector.
    pub collector: Collector,
    /// Of which database, by id; `None` where the collector captures something of the organisation.
    pub database: Option<&'a str>,
    /// What set it going.
    pub trigger: EvidenceTrigger,
    /// The occurrence it is for.
    pub due_at: Option<Time>,
    /// The person on whose behalf; the actor otherwise.
    pub run_by: Option<&'a str>,
    /// Why it is done by hand.
    pub reason: Option<&'a str>,
    /// What a person brings: a document, a file, an export of a log.
    pub file: Option<&'a Path>,
    /// Of an export: what it should cover; the last window of the policy that is over otherwise.
    pub covers: Option<Covers>,
    /// What the person says of it.
    pub words: Words,
}

impl<'a> CollectRequest<'a> {
    /// A capture without anything from a person.
    #[must_use]
    pub fn new(collector: Collector, database: Option<&'a str>, trigger: EvidenceTrigger) -> Self {
        Self {
            collector,
            database,
            trigger,
            due_at: None,
            run_by: None,
            reason: None,
            file: None,
            covers: None,
            words: Words::default(),
        }
    }
}

/// A capture that was recorded.
#[derive(Debug)]
pub struct Collected {
    /// Its entry, or that it waits for the signer.
    pub entry: Recorded,
    /// What the entry says.
    pub data: EvidenceCollected,
    /// Why it failed.
    pub failure: Option<String>,
}

/// Captures, states and records.
///
/// # Errors
/// Nothing was recorded: what was asked for cannot be, or the chain took no entry. A capture that failed is no error.
pub fn collect(
    producer: &mut Producer,
    signers: &mut Signers,
    request: &CollectRequest<'_>,
) -> Result<Collected, ProduceError> {
    check(producer, request)?;
    let snapshot = producer.chain.read()?;
    let started_at = producer.now();
    let policy = producer.policy(&snapshot)?;
    let before = Before::find(producer, &snapshot, request)?;
    let scene = Scene { producer, snapshot: &snapshot, policy: policy.as_ref(), request, before, now: started_at };
    let (capture, failure) = match scene.capture() {
        Ok(capture) => (capture, None),
        Err(failure) => (failure.capture(), Some(failure)),
    };
    let stated = Stated::of(&scene, capture, failure.as_ref())?;
    let data = stated.data.clone();
    let event = Event::EvidenceCollected(Box::new(data.clone()));
    let entry = record(producer, signers, |context| {
        let (ended_at, evidence, blobs) = stated.evidence(context);
        let payload = Statement::new(evidence.subjects(), evidence).to_jcs()?;
        Ok(spool::Stated { at: Some(ended_at), event, statement: Some((Evidence::FILE, payload)), blobs })
    })?;
    Ok(Collected { entry, data, failure: failure.map(|failure| failure.message) })
}

/// How many roles are superuser or can become one, by the last good capture of a database; `None` where there is none.
///
/// # Errors
/// The vault is damaged.
pub fn superusers(producer: &Producer, snapshot: &Snapshot, database: &str) -> Result<Option<usize>, ProduceError> {
    let request = CollectRequest::new(Collector::AccessControl, Some(database), EvidenceTrigger::Manual);
    let last = Before::find(producer, snapshot, &request)?;
    Ok(last.as_ref().and_then(access_control::superusers))
}

/// What was asked for can be captured at all.
fn check(producer: &Producer, request: &CollectRequest<'_>) -> Result<(), OperatorError> {
    if request.collector.is_of_database() {
        producer.config.database(request.database)?;
    }
    document::check(request.collector, request.file, &request.words)
}

/// What a collector has at hand.
struct Scene<'a> {
    producer: &'a Producer,
    snapshot: &'a Snapshot,
    policy: Option<&'a Policy>,
    request: &'a CollectRequest<'a>,
    before: Option<Before>,
    /// When the capture began.
    now: Time,
}

impl Scene<'_> {
    fn capture(&self) -> Result<Capture, Failure> {
        match self.request.collector {
            Collector::ScopeInventory => scope_inventory::capture(self),
            Collector::AccessControl => access_control::capture(self),
            Collector::StoreInventory => store_inventory::capture(self),
            Collector::ConnectionLogs | Collector::QueryAudit => logs::capture(self),
            Collector::EncryptionAtRest => encryption_at_rest::capture(self),
            Collector::SchemaSnapshot => schema_snapshot::capture(self),
            Collector::ChangeManagement => change_management::capture(self),
            Collector::ProviderDocument | Collector::KeyEscrow | Collector::Manual => document::capture(self),
        }
    }

    /// What the policy promises of the database.
    fn promised(&self) -> Option<&DatabasePolicy> {
        self.policy?.database(self.request.database?)
    }

    /// The zone of the policy.
    fn zone(&self) -> &str {
        self.policy.map_or("UTC", |policy| &policy.timezone)
    }

    /// From the end of what the capture before speaks of, or else from when the record begins, until now.
    fn since_before(&self) -> Result<Covers, ProduceError> {
        let begins = || Ok::<_, ProduceError>(self.snapshot.entries()?.all().first().map(|entry| entry.recorded_at));
        let from = match &self.before {
            Some(before) => Some(before.data.covers.to),
            None => begins()?,
        };
        Ok(Covers { from: from.unwrap_or(self.now).min(self.now), to: self.now })
    }
}

/// A capture on its way into the record.
struct Stated {
    data: EvidenceCollected,
    capture: Capture,
    previous: Option<EntryRef>,
    outputs: Vec<Output>,
    blobs: Vec<Blob>,
    zone: String,
    started_at: Time,
    ended_at: Time,
    run_by: String,
}

impl Stated {
    fn of(scene: &Scene<'_>, mut capture: Capture, failure: Option<&Failure>) -> Result<Self, ProduceError> {
        let (outputs, blobs) = capture.outputs()?;
        let before = scene.before.as_ref().filter(|_| failure.is_none());
        let request = scene.request;
        let data = EvidenceCollected {
            database: request.database.map(Into::into),
            collector: request.collector.to_string(),
            due_at: request.due_at,
            covers: match capture.covers {
                Some(covers) => covers,
                None => scene.since_before()?,
            },
            trigger: request.trigger,
            outcome: if failure.is_some() { EvidenceOutcome::Failed } else { EvidenceOutcome::Ok },
            rows: Decimal(capture.rows()),
            previous: before.map(|before| before.entry.id),
            diff: before.map(|before| capture.diff(before)),
            flags: capture.take_flags(),
            reason: failure.map(|failure| failure.reason_code.into()).or_else(|| request.reason.map(Into::into)),
        };
        let actor = &scene.producer.identity.actor.id;
        Ok(Self {
            data,
            previous: before.map(|before| before.entry),
            capture,
            outputs,
            blobs,
            zone: scene.zone().into(),
            started_at: scene.now,
            ended_at: scene.producer.now(),
            run_by: request.run_by.map_or_else(|| actor.clone(), Into::into),
        })
    }

    /// When it was over, the predicate, and the blobs.
    fn evidence(self, context: &Context) -> (Time, Evidence, Vec<Blob>) {
        let (data, capture) = (self.data, self.capture);
        let (source, session_role) = capture.asked.map(|asked| (asked.source, asked.role)).unzip();
        let evidence = Evidence {
            head: head(context),
            database: data.database,
            collector: data.collector,
            due_at: data.due_at,
            covers: data.covers,
            trigger: data.trigger,
            outcome: data.outcome,
            rows: data.rows,
            previous: self.previous,
            diff: data.diff,
            flags: data.flags,
            reason: data.reason,
            collector_version: VERSION.into(),
            source,
            session_role,
            parameters: capture.parameters,
            zone: self.zone,
            started_at: self.started_at,
            ended_at: self.ended_at,
            run_by: self.run_by,
            pages: capture.pages,
            truncated: false,
            filters: capture.filters,
            not_visible: capture.not_visible,
            reconciled: capture.reconciled,
            outputs: self.outputs,
            redactions: capture.redactions,
        };
        (self.ended_at, evidence, self.blobs)
    }
}
