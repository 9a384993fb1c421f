//! What the report shows beside its verdict: only from what was established.

use std::collections::BTreeMap;

use walwarden_core::{
    Digest, Period,
    chain::Line,
    event::{Conclusion, Event, RestoreTested, Reviewed, Role},
    policy::Policy,
    record::{Custody, Record},
    rules::exposure,
    statement::{RestoreTest, key_registry::Ceremony, restore_test::StepOutcome},
    value::EntryId,
};

use super::{
    Carried, Facts, One, Predicate,
    recorded::{ALWAYS, Gather},
};
use crate::report::{
    BackupOutcome, BackupShown, Claims, CompletedShown, DatabaseShown, ExposureShown, OtherEvent, PolicyShown,
    RestoreShown, Shown, Subject,
};

impl Facts<'_> {
    /// What was read.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            name: self.source.name().into(),
            container: self.source.container(),
            bytes: self.source.bytes().len() as u64,
            file_digest: self.bytes.digests.container,
            bundle_digest: self.bundle().ok().map(|read| read.digest),
        }
    }

    /// What the bundle says of itself.
    pub(crate) fn claims(&self) -> Option<Claims> {
        let said = &self.bundle().ok()?.statement.predicate;
        let ceremony = self.versions().ok().and_then(|versions| versions.newest()).map(|registry| {
            match registry.ceremony {
                Ceremony::SameHost => "same-host",
                Ceremony::Separate => "separate",
            }
            .to_owned()
        });
        Some(Claims {
            organisation: said.organisation.clone(),
            origin: said.origin.clone(),
            period: said.period,
            zone: said.zone.clone(),
            sealed_at: said.sealed_at,
            head: said.end,
            ceremony,
        })
    }

    /// Entries of the chain, once its tree has every signed root.
    pub(crate) fn established_entries(&self) -> Option<u64> {
        self.anchored().ok().map(|anchored| anchored.head().size)
    }

    /// Facts of the established record; nothing of a chain that was not, nor of a period that nobody signed.
    pub(crate) fn shown(&self, record: Option<&Record<'_>>) -> Shown {
        let artifacts = self.established.artifacts.clone();
        let mut shown = Shown { keys: self.keys_shown(), artifacts, files: self.files_shown(), ..Shown::default() };
        shown.entries = self.established_entries().unwrap_or_default();
        let (Some(record), Ok(entries)) = (record, self.entries()) else { return shown };
        shown.stamps = self.established.stamps.clone();
        let period = record.period();
        shown.entries_in_period = record.items().count() as u64;
        shown.span = span(entries.all());
        shown.exposures = exposures(record);
        shown.zone = record.newest_policy().and_then(|policy| record.zone(&policy.timezone)).cloned();
        shown.policies = self.policies_shown(entries.all(), period);
        let statements = self.statements().ok();
        let recorded = Gather::new(record);
        let (runs, tests) = (BTreeMap::new(), BTreeMap::new());
        let mut collect = Collect { shown, period, statements, recorded, runs, tests };
        for entry in record.all() {
            collect.entry(entry);
        }
        let mut shown = collect.finish();
        shown.recorded.keys = self.keys_csv();
        shown
    }

    /// Every file that could be read.
    fn files_shown(&self) -> Vec<(String, u64, Digest)> {
        let files = self.source.files().filter_map(|(name, bytes)| Some((name, bytes?)));
        files.filter_map(|(name, bytes)| Some((name.into(), bytes.len() as u64, self.digest(name)?))).collect()
    }

    fn policies_shown(&self, entries: &[Line<'_>], period: Period) -> Vec<PolicyShown> {
        let mut policies = Vec::new();
        let approval = |payload: &Digest| {
            let one = self.statements().ok().and_then(|statements| statements.find(payload));
            one.is_some_and(|one| matches!(one.predicate, Predicate::Review(_)))
        };
        // Carried with the adoption, or given later in a review of it: as WW-PO-01 counts them.
        let is_signed = |adoption: &Line<'_>, policy: &Policy| {
            let reviews = entries.iter().filter(|line| line.is_one_of(&["review.signed"]));
            let later = reviews.filter_map(|line| match line.event() {
                Event::ReviewSigned(review) => Some((line, review)),
                _ => None,
            });
            let mut later = later.filter(|(line, review)| {
                review.subject == Reviewed::Policy
                    && review.role == Role::Approver
                    && review.person == policy.approved_by
                    && review.conclusion == Conclusion::NoIssue
                    && review.subjects.contains(&adoption.id)
                    && (line.recorded_at < period.start || line.statements().iter().any(|s| approval(&s.payload)))
            });
            adoption.statements().iter().any(|s| approval(&s.payload)) || later.next().is_some()
        };
        for adopted in self.established.policies.as_deref().unwrap_or_default() {
            let Some(entry) = entries.get(adopted.position) else { continue };
            if entry.recorded_at < period.start {
                policies.clear(); // only the last one before the period was in force in it
            }
            if let (Some(policy), true) = (&adopted.policy, entry.recorded_at < period.end) {
                policies.push(PolicyShown {
                    version: policy.version.clone(),
                    digest: adopted.digest,
                    effective_from: policy.effective_from,
                    author: policy.author.clone(),
                    approved_by: policy.approved_by.clone(),
                    signed: is_signed(entry, policy),
                    promises: Some(policy.clone()),
                });
            }
        }
        policies
    }
}

/// Goes through the chain once.
struct Collect<'f> {
    shown: Shown,
    period: Period,
    statements: Option<&'f Carried>,
    recorded: Gather<'f>,
    /// Index of the backup shown, by run.
    runs: BTreeMap<EntryId, usize>,
    /// Index of the restore test shown, by run.
    tests: BTreeMap<EntryId, usize>,
}

impl<'f> Collect<'f> {
    fn entry(&mut self, entry: &Line<'_>) {
        if !entry.is_interpreted() {
            self.shown.not_interpreted.push((entry.seq, entry.id.to_string(), entry.kind().into_owned()));
            return;
        }
        let in_period = self.period.contains(entry.recorded_at);
        if !in_period && !entry.is_one_of(&["scope.declared"]) && !entry.is_one_of(ALWAYS) {
            return;
        }
        let event = entry.event();
        if in_period {
            self.other(entry, &event);
        }
        self.recorded.entry(entry, &event, self.statement(entry));
        match &event {
            Event::ScopeDeclared(scope) => {
                self.shown.databases = scope.databases.iter().map(database).collect();
            }
            Event::BackupStarted(start) if in_period => {
                let outcome = BackupOutcome::Open;
                self.backup(entry, start.run_id, &start.database, outcome);
            }
            Event::BackupFailed(failed) if in_period => {
                let outcome = BackupOutcome::of(failed);
                self.backup(entry, failed.run_id, &failed.database, outcome);
            }
            Event::BackupCompleted(done) if in_period => {
                let completed = CompletedShown {
                    snapshot_at: done.snapshot_at,
                    bytes: done.object.bytes.0,
                    sha256: done.object.sha256,
                    key: done.object.key.clone(),
                    tables: u64::try_from(done.tables).unwrap_or_default(),
                    rows: done.rows.0,
                    content_root: done.content_root,
                    signers: self.signers(entry),
                };
                self.backup(entry, done.run_id, &done.database, BackupOutcome::Completed(completed));
            }
            Event::RestoreStarted(start) if in_period => {
                self.tests.insert(start.test_id, self.shown.restores.len());
                self.shown.restores.push(RestoreShown {
                    seq: entry.seq,
                    id: entry.id.to_string(),
                    database: start.database.clone(),
                    backup: start.backup.to_string(),
                    outcome: "open".into(),
                    started_at: entry.at(),
                    seconds: None,
                    rto_s: None,
                    tables: (0, 0),
                    rows: (0, 0),
                    root_expected: None,
                    root_actual: None,
                    steps: Vec::new(),
                    performed_by: String::new(),
                    lessons: String::new(),
                });
            }
            Event::RestoreTested(test) if in_period => {
                let id = test.test_id;
                let restore = restore(entry, test, self.statement(entry).and_then(One::restore_test));
                match self.tests.get(&id).and_then(|index| self.shown.restores.get_mut(*index)) {
                    Some(started) => *started = restore,
                    None => self.shown.restores.push(restore),
                }
            }
            _ => {}
        }
    }

    /// Counts an entry of the period, and keeps what no list of its own holds.
    fn other(&mut self, entry: &Line<'_>, event: &Event) {
        let count = self.shown.kinds.entry(event.kind().into()).or_default();
        *count = count.saturating_add(1);
        let kept = matches!(
            event,
            Event::MaintenanceDeclared(_)
                | Event::HoldChanged(_)
                | Event::OperatorAction(_)
                | Event::RecordCorrected(_)
        );
        if kept {
            self.shown.others.push(OtherEvent { seq: entry.seq, at: entry.recorded_at, event: event.clone() });
        }
    }

    /// Shows a run's end in place of its start.
    fn backup(&mut self, entry: &Line<'_>, run: EntryId, database: &str, outcome: BackupOutcome) {
        let started_at = matches!(outcome, BackupOutcome::Open).then(|| entry.at());
        let mut shown =
            BackupShown { seq: entry.seq, id: entry.id.to_string(), database: database.into(), started_at, outcome };
        match self.runs.get(&run).and_then(|index| self.shown.backups.get_mut(*index)) {
            Some(started) => {
                shown.started_at = started.started_at;
                *started = shown;
            }
            None => {
                self.runs.insert(run, self.shown.backups.len());
                self.shown.backups.push(shown);
            }
        }
    }

    /// The verified statement of an entry.
    fn statement(&self, entry: &Line<'_>) -> Option<&'f One> {
        let payload: Digest = entry.statements().first()?.payload;
        self.statements?.find(&payload)
    }

    fn signers(&self, entry: &Line<'_>) -> Vec<String> {
        let signatures = self.statement(entry).map(|one| one.envelope.signatures.as_slice()).unwrap_or_default();
        signatures.iter().map(|signature| signature.keyid.to_string()).collect()
    }

    /// In chain order of the entries shown.
    fn finish(mut self) -> Shown {
        self.shown.backups.sort_by_key(|backup| backup.seq);
        self.shown.restores.sort_by_key(|restore| restore.seq);
        self.shown.recorded = self.recorded.finish();
        self.shown
    }
}

impl One {
    fn restore_test(&self) -> Option<&RestoreTest> {
        match &self.predicate {
            Predicate::RestoreTest(test) => Some(test),
            _ => None,
        }
    }
}

/// By database, as the rule about it computes them.
fn exposures(record: &Record<'_>) -> Vec<ExposureShown> {
    let custody = Custody::of(record);
    let shown = |database: &str| {
        let exposure = exposure::of(record, database, &custody)?;
        Some(ExposureShown { database: database.into(), exposure })
    };
    record.databases().into_iter().filter_map(shown).collect()
}

/// From the first entry to the last.
fn span(entries: &[Line<'_>]) -> Option<Period> {
    Some(Period { start: entries.first()?.recorded_at, end: entries.last()?.recorded_at })
}

fn database(database: &walwarden_core::event::Database) -> DatabaseShown {
    DatabaseShown {
        id: database.id.clone(),
        provider: database.provider.clone(),
        region: database.region.clone(),
        owner: database.owner.clone(),
        server_version: database.server_version.clone(),
    }
}

fn restore(entry: &Line<'_>, test: &RestoreTested, statement: Option<&RestoreTest>) -> RestoreShown {
    let steps = statement.map(|statement| statement.steps.as_slice()).unwrap_or_default();
    let word = |outcome: StepOutcome| match outcome {
        StepOutcome::Ok => "ok",
        StepOutcome::Failed => "failed",
        StepOutcome::Skipped => "skipped",
    };
    let number = |n: i64| u64::try_from(n).unwrap_or_default();
    RestoreShown {
        seq: entry.seq,
        id: entry.id.to_string(),
        database: test.database.clone(),
        backup: test.backup.to_string(),
        outcome: test.outcome.word().into(),
        started_at: test.started_at,
        seconds: test.checks_passed_at.map(|at| at.seconds_since(test.started_at)),
        rto_s: Some(test.rto_target_s),
        tables: (number(test.tables_equal.unwrap_or_default()), number(test.tables_expected)),
        rows: (test.rows_actual.map_or(0, |rows| rows.0), test.rows_expected.0),
        root_expected: test.root_expected,
        root_actual: test.root_actual,
        steps: steps.iter().map(|step| (step.name.clone(), word(step.outcome).into(), step.seconds)).collect(),
        performed_by: test.performed_by.clone(),
        lessons: test.lessons.clone().unwrap_or_default(),
    }
}
