//! Metrics of a vault, from its own record. What never happened is absent, not 0.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    EntryId, Time,
    duties::{self, Awaited},
    event::{ActionState, BackupCompleted, CopyOutcome, Duty, Event, Outcome, RestoreTested, TestScope, Trigger},
    policy::Policy,
    record::{Custody, Record},
};

pub use self::text::{Family, Kind, Sample, Value, open_metrics};
use self::text::{Metrics, seconds};
use crate::{
    alerts::newest_at_hand, collect, error::ProduceError, plan, producer::Producer, record::with_record, spool::Spool,
    vault::Snapshot,
};

/// Everything that the record knows now.
///
/// # Errors
/// The vault is damaged.
pub fn metrics(producer: &Producer) -> Result<Vec<Family>, ProduceError> {
    let snapshot = producer.chain.read()?;
    let head = snapshot.head()?;
    let now = producer.now();
    let waiting = Spool::of(&producer.folder).items()?.len() as u64;
    let next = plan::ahead(producer)?.backups;
    let mut metrics = with_record(producer, &snapshot, |record| {
        let mut metrics = Metrics::of(producer.chain.origin().as_str());
        let mut of: BTreeMap<String, Database> = BTreeMap::new();
        let mut triggers: BTreeMap<EntryId, Trigger> = BTreeMap::new();
        for line in record.all() {
            let event = line.event();
            if let Event::BackupStarted(run) = &event {
                triggers.insert(run.run_id, run.trigger);
            }
            if let Some(database) = event.database().filter(|database| *database != "*") {
                of.entry(database.into()).or_default().note(line.at(), &event, &triggers);
            }
        }
        of.iter().for_each(|(database, of)| of.tell(&mut metrics, database));
        for (database, at) in next {
            metrics.gauge("backup_next_due_timestamp_seconds", &[("database", &database)], seconds(at));
        }
        promises(record, &of, now, &mut metrics);
        people(record, &mut metrics);
        chain(record, head.size, waiting, &mut metrics);
        metrics.gauge("heartbeat_timestamp_seconds", &[], seconds(now));
        metrics.gauge("build_info", &[("version", env!("CARGO_PKG_VERSION"))], Value::Whole(1));
        Ok(metrics)
    })?;
    superusers(producer, &snapshot, &mut metrics)?;
    Ok(metrics.into_families())
}

/// What was recorded of one database.
#[derive(Default)]
struct Database {
    backup: Option<BackupCompleted>,
    failed: Option<Time>,
    runs: BTreeMap<(&'static str, &'static str), i64>,
    missed: i64,
    verified: BTreeMap<String, Time>,
    unverified: BTreeMap<String, i64>,
    passed: BTreeMap<&'static str, Time>,
    last_passed: Option<RestoreTested>,
    tests: BTreeMap<&'static str, i64>,
}

impl Database {
    fn note(&mut self, at: Time, event: &Event, triggers: &BTreeMap<EntryId, Trigger>) {
        let trigger = |run: &EntryId| triggers.get(run).map_or("unknown", |trigger| word(*trigger));
        match event {
            Event::BackupCompleted(done) => {
                *self.runs.entry(("completed", trigger(&done.run_id))).or_default() += 1;
                self.backup = Some((**done).clone());
            }
            Event::BackupFailed(failed) => {
                *self.runs.entry(("failed", trigger(&failed.run_id))).or_default() += 1;
                self.failed = Some(at);
            }
            Event::OccurrenceMissed(missed) if missed.kind == Duty::Backup => self.missed += 1,
            Event::CopyVerified(copy) => {
                let location = format!("{}/{}", copy.location.provider, copy.location.bucket);
                if copy.outcome == CopyOutcome::Ok {
                    self.verified.insert(location, at);
                } else {
                    *self.unverified.entry(location).or_default() += 1;
                }
            }
            Event::RestoreTested(test) => {
                *self.tests.entry(test.outcome.word()).or_default() += 1;
                if test.outcome == Outcome::Passed {
                    let scope = if test.scope == TestScope::Full { "full" } else { "subset" };
                    self.passed.insert(scope, test.ended_at);
                    self.last_passed = Some((**test).clone());
                }
            }
            _ => {}
        }
    }

    fn tell(&self, metrics: &mut Metrics, database: &str) {
        let of = ("database", database);
        if let Some(backup) = &self.backup {
            metrics.gauge("backup_last_success_timestamp_seconds", &[of], seconds(backup.completed_at));
            metrics.gauge("backup_bytes", &[of], Value::count(backup.object.bytes.0));
            metrics.gauge("backup_rows", &[of], Value::count(backup.rows.0));
        }
        if let Some(at) = self.failed {
            metrics.gauge("backup_last_failure_timestamp_seconds", &[of], seconds(at));
        }
        for ((outcome, trigger), count) in &self.runs {
            metrics.counter("backup_runs", &[of, ("outcome", outcome), ("trigger", trigger)], *count);
        }
        if self.missed > 0 {
            metrics.counter("backup_missed", &[of], self.missed);
        }
        for (location, at) in &self.verified {
            metrics.gauge("copy_last_verified_timestamp_seconds", &[of, ("location", location)], seconds(*at));
        }
        for (location, count) in &self.unverified {
            metrics.counter("copy_failures", &[of, ("location", location)], *count);
        }
        for (scope, at) in &self.passed {
            metrics.gauge("restore_verified_last_timestamp_seconds", &[of, ("scope", scope)], seconds(*at));
        }
        for (outcome, count) in &self.tests {
            metrics.counter("restore_tests", &[of, ("outcome", outcome)], *count);
        }
    }
}

/// What is promised, and how near its limit each database is.
fn promises(record: &Record<'_>, of: &BTreeMap<String, Database>, now: Time, metrics: &mut Metrics) {
    let Some(policy) = record.in_force(now) else { return };
    let custody = Custody::of(record);
    let tested: BTreeSet<EntryId> = record
        .events(&["restore.tested"])
        .filter_map(|(_, event)| match event {
            Event::RestoreTested(test) if test.outcome == Outcome::Passed => Some(test.backup),
            _ => None,
        })
        .collect();
    for promised in &policy.databases {
        let database = ("database", promised.id.as_str());
        metrics.gauge("rpo_seconds", &[database], Value::Whole(promised.rpo_s));
        metrics.gauge("rto_seconds", &[database], Value::Whole(promised.rto_s));
        if let Some(newest) = newest_at_hand(record, &custody, promised, now) {
            let age = now.seconds_since(newest.done.snapshot_at);
            metrics.gauge("exposure_seconds", &[database], Value::Whole(age));
            metrics.gauge("exposure_rpo_ratio", &[database], Value::ratio(age, promised.rpo_s));
        }
        let passed = of.get(&promised.id).and_then(|of| of.last_passed.as_ref());
        if let Some((started, checked)) = passed.and_then(|test| Some((test.started_at, test.checks_passed_at?))) {
            let took = checked.seconds_since(started);
            metrics.gauge("restore_duration_seconds", &[database], Value::Whole(took));
            metrics.gauge("restore_rto_ratio", &[database], Value::ratio(took, promised.rto_s));
        }
        let copies = promised.copies.as_ref();
        let held = record.backups_back(&promised.id);
        let held = held.filter(|backup| custody.at_hand(backup, copies).iter().any(|at_hand| at_hand.end > now));
        let untested = held.filter(|backup| !tested.contains(&backup.line.id)).count();
        metrics.gauge("backups_never_verified", &[database], Value::count(untested as u64));
        if let Some(kept) = duties::retention(record, &promised.id) {
            metrics.gauge("retention_missing", &[database], Value::count(kept.missing as u64));
            metrics.gauge("retention_overdue", &[database], Value::count(kept.overdue as u64));
        }
    }
    evidence(record, policy, now, metrics);
}

/// What waits to be captured and reviewed, of each collector that is promised.
fn evidence(record: &Record<'_>, policy: &Policy, now: Time, metrics: &mut Metrics) {
    let awaited = duties::evidence(record);
    let promised: BTreeSet<&str> = policy.evidence.iter().map(|promise| promise.collector.word()).collect();
    for collector in promised {
        let of = || awaited.iter().filter(|awaited| awaited.collector.word() == collector);
        let captures = || of().filter(|awaited| awaited.captured.is_none());
        let reviews = || of().filter(|awaited| awaited.captured.is_some());
        let overdue = |awaited: &&Awaited| awaited.is_overdue(now);
        let mut tell = |name, count: usize| {
            metrics.gauge(name, &[("collector", collector)], Value::count(count as u64));
        };
        tell("evidence_due", captures().count());
        tell("evidence_overdue", captures().filter(overdue).count());
        tell("review_overdue", reviews().filter(overdue).count());
    }
}

/// Roles that are superuser or can become one, by the last good capture of each database.
fn superusers(producer: &Producer, snapshot: &Snapshot, metrics: &mut Metrics) -> Result<(), ProduceError> {
    for database in &producer.config.database {
        if let Some(count) = collect::superusers(producer, snapshot, &database.id)? {
            metrics.gauge("superuser_roles", &[("database", &database.id)], Value::count(count as u64));
        }
    }
    Ok(())
}

/// What waits for people.
fn people(record: &Record<'_>, metrics: &mut Metrics) {
    let (mut open, mut alerts) = (BTreeSet::new(), BTreeSet::new());
    let events = record.events(&["action.recorded", "alert.raised", "alert.acknowledged"]);
    for (line, event) in events {
        match event {
            Event::ActionRecorded(action) if action.state == ActionState::Opened => _ = open.insert(line.id),
            Event::ActionRecorded(action) if action.state == ActionState::Closed => {
                action.action.iter().for_each(|id| _ = open.remove(id));
            }
            Event::AlertRaised(alert) if !alert.test => _ = alerts.insert(line.id),
            Event::AlertAcknowledged(seen) => _ = alerts.remove(&seen.alert),
            _ => {}
        }
    }
    metrics.gauge("actions_open", &[], Value::count(open.len() as u64));
    metrics.gauge("alerts_unacknowledged", &[], Value::count(alerts.len() as u64));
}

/// The chain itself.
fn chain(record: &Record<'_>, signed: u64, waiting: u64, metrics: &mut Metrics) {
    let all = record.all();
    metrics.gauge("chain_size", &[], Value::count(signed));
    let uncovered = (all.len() as u64).saturating_sub(signed);
    metrics.gauge("chain_spooled_lines", &[], Value::count(uncovered.saturating_add(waiting)));
    let covered = all.iter().rfind(|line| line.seq < signed);
    if let Some(line) = covered {
        metrics.gauge("checkpoint_last_timestamp_seconds", &[], seconds(line.recorded_at));
    }
    if let Some(offset) = all.iter().rev().find_map(|line| line.clock_offset_ms()) {
        metrics.gauge("clock_offset_seconds", &[], Value::Ratio(offset as f64 / 1000.0));
    }
    let mut anchored = None;
    for (_, event) in record.events(&["anchor.attached"]) {
        if let Event::AnchorAttached(anchor) = event {
            anchored = anchored.max(Some((anchor.size, anchor.gen_time)));
        }
    }
    if let Some((size, at)) = anchored {
        metrics.gauge("chain_unanchored_entries", &[], Value::count((all.len() as u64).saturating_sub(size)));
        if let Some(at) = at {
            metrics.gauge("anchor_last_timestamp_seconds", &[], seconds(at));
        }
    }
}

const fn word(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Schedule => "schedule",
        Trigger::Manual => "manual",
        Trigger::Retry => "retry",
    }
}
