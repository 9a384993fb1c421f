//! Events of the period, gathered for populations and workpapers. Only from a chain that is established; what a
//! statement says, only where it was verified.

use std::collections::BTreeMap;

use serde::Serialize;
use walwarden_core::{
    Period, Time,
    chain::{Line, entry_hash},
    duties,
    event::{
        ActionRecorded, ActionState, BackupCompleted, CopyOutcome, CopyVerified, Event, EvidenceCollected,
        RestoreTested, RetentionPruned, ReviewSigned, Separation,
    },
    occurrence::Window,
    policy::Apart,
    record::Record,
    rules::bound::promises_too_much,
    statement::{Evidence, evidence::Output},
    value::EntryId,
};

use super::{One, Predicate};
use crate::report::recorded::{
    ActionShown, AlertShown, CaptureShown, CopyShown, DueShown, EncryptionShown, Ipe, OutputShown, PruneShown,
    Recorded, ReviewShown, RunShown, SourceShown, TestShown,
};

/// Types that are read outside the period too: actions may be open from before, copies make backups available later, and
/// a period is signed off after its end.
pub(super) const ALWAYS: &[&str] = &["action.recorded", "copy.verified", "review.signed"];

/// Goes through the chain once, beside what is shown.
pub(super) struct Gather<'r> {
    record: &'r Record<'r>,
    recorded: Recorded,
    /// Runs and tests by run, each with the seq of the entry shown.
    runs: BTreeMap<EntryId, (u64, RunShown)>,
    tests: BTreeMap<EntryId, (u64, TestShown)>,
    /// Completed backups that count only once they are copied: their run, and how far apart the copy must lie.
    uncopied: BTreeMap<EntryId, (EntryId, Option<Apart>)>,
    /// Place in the list, by opening entry.
    actions: BTreeMap<EntryId, usize>,
    alerts: BTreeMap<EntryId, usize>,
}

impl<'r> Gather<'r> {
    pub(super) fn new(record: &'r Record<'r>) -> Self {
        Self {
            record,
            recorded: Recorded { due: due(record), ..Recorded::default() },
            runs: BTreeMap::new(),
            tests: BTreeMap::new(),
            uncopied: BTreeMap::new(),
            actions: BTreeMap::new(),
            alerts: BTreeMap::new(),
        }
    }

    /// Takes an entry of the period, or one of [`ALWAYS`]; `statement` is its verified one.
    pub(super) fn entry(&mut self, entry: &Line<'_>, event: &Event, statement: Option<&One>) {
        let in_period = self.record.period().contains(entry.recorded_at);
        match event {
            Event::ActionRecorded(action) => self.action(entry, action),
            Event::CopyVerified(copy) => self.copy(entry, copy, in_period),
            Event::ReviewSigned(review) if in_period || review.period == Some(self.record.period()) => {
                self.recorded.reviews.push(reviewed(entry, review, statement));
            }
            _ if !in_period => {}
            Event::BackupStarted(start) => {
                let run = self.run(entry, start.run_id);
                run.trigger = Some(word(&start.trigger));
                (run.expected_at, run.started_at) = (start.expected_at, Some(entry.at()));
            }
            Event::BackupFailed(failed) => self.run(entry, failed.run_id).ended_at = Some(entry.at()),
            Event::BackupCompleted(done) => self.completed(entry, done, statement),
            Event::RestoreStarted(start) => {
                let test = self.test(entry, start.test_id);
                (test.purpose, test.environment) = (word(&start.purpose), start.environment.name.clone());
                test.class = word(&start.environment.class);
            }
            Event::RestoreTested(done) => self.tested(entry, done, statement),
            Event::RetentionPruned(pruned) => self.recorded.prunes.extend(prunes(entry, pruned)),
            Event::EvidenceCollected(capture) => self.recorded.captures.push(captured(entry, capture, statement)),
            Event::AlertRaised(alert) => {
                self.alerts.insert(entry.id, self.recorded.alerts.len());
                self.recorded.alerts.push(AlertShown {
                    seq: entry.seq,
                    id: entry.id.to_string(),
                    at: entry.at(),
                    alert: alert.alert.clone(),
                    severity: alert.severity.clone(),
                    subject: alert.subject.map(|subject| subject.to_string()),
                    channel: alert.channel.clone(),
                    delivery: word(&alert.delivery),
                    test: alert.test,
                    acknowledged: None,
                });
            }
            Event::AlertAcknowledged(seen) => {
                let alert = self.alerts.get(&seen.alert).and_then(|place| self.recorded.alerts.get_mut(*place));
                if let Some(alert) = alert {
                    alert.acknowledged.get_or_insert_with(|| (entry.at(), seen.by.clone()));
                }
            }
            _ => {}
        }
    }

    /// Each list in order of the chain.
    pub(super) fn finish(self) -> Recorded {
        let Self { mut recorded, runs, tests, record, .. } = self;
        recorded.runs = in_order(runs);
        recorded.tests = in_order(tests);
        let start = record.period().start;
        // What was settled before the period is no matter of this period.
        recorded.actions.retain(|action| action.is_open() || action.state_at >= start);
        recorded
    }

    /// The run, shown by its last entry.
    fn run(&mut self, entry: &Line<'_>, run: EntryId) -> &mut RunShown {
        let started = self.record.started(run);
        let (seq, shown) = self.runs.entry(run).or_insert_with(|| {
            let shown = RunShown {
                entry_hash: entry_hash(entry.bytes()),
                trigger: None,
                expected_at: None,
                started_at: started,
                ended_at: None,
                available_at: None,
                encryption: None,
            };
            (entry.seq, shown)
        });
        (*seq, shown.entry_hash) = (entry.seq, entry_hash(entry.bytes()));
        shown
    }

    fn completed(&mut self, entry: &Line<'_>, done: &BackupCompleted, statement: Option<&One>) {
        let promised = self.record.promised(entry, &done.database).and_then(|database| database.copies.as_ref());
        let copied = promised.filter(|copies| copies.min > 0).map(|copies| copies.separation);
        let run = self.run(entry, done.run_id);
        run.ended_at = Some(done.completed_at);
        run.started_at = Some(done.started_at);
        run.available_at = copied.is_none().then_some(done.completed_at);
        if let Some(Predicate::Backup(backup)) = statement.map(|one| &one.predicate) {
            let recipients = backup.encryption.recipients.clone();
            run.encryption = Some(EncryptionShown { alg: backup.encryption.alg.clone(), recipients });
        }
        if let Some(apart) = copied {
            self.uncopied.insert(entry.id, (done.run_id, apart));
        }
    }

    fn copy(&mut self, entry: &Line<'_>, copy: &CopyVerified, in_period: bool) {
        if copy.outcome == CopyOutcome::Ok
            && let Some((run, apart)) = self.uncopied.get(&copy.backup)
            && lies(copy.separation, *apart)
        {
            if let Some((_, run)) = self.runs.get_mut(run) {
                run.available_at = Some(entry.at());
            }
            self.uncopied.remove(&copy.backup);
        }
        if !in_period {
            return;
        }
        let apart = [
            ("provider", copy.separation.provider),
            ("account", copy.separation.account),
            ("region", copy.separation.region),
        ];
        self.recorded.copies.push(CopyShown {
            seq: entry.seq,
            id: entry.id.to_string(),
            at: entry.at(),
            database: copy.database.clone(),
            backup: copy.backup.to_string(),
            outcome: word(&copy.outcome),
            method: word(&copy.method),
            provider: copy.location.provider.clone(),
            account_ref: copy.location.account_ref.clone(),
            region: copy.location.region.clone(),
            apart: apart.into_iter().filter_map(|(of, is)| is.then_some(of)).collect(),
            lock: word(&copy.lock.mode),
            lock_until: copy.lock.until,
        });
    }

    fn test(&mut self, entry: &Line<'_>, test: EntryId) -> &mut TestShown {
        let (seq, shown) = self.tests.entry(test).or_insert_with(|| {
            let shown = TestShown {
                entry_hash: entry_hash(entry.bytes()),
                purpose: String::new(),
                scope: None,
                environment: String::new(),
                class: String::new(),
                ended_at: None,
                checks_passed_at: None,
                data_age_s: None,
                rpo_s: None,
                approved_by: None,
                actions: Vec::new(),
                signers: Vec::new(),
            };
            (entry.seq, shown)
        });
        (*seq, shown.entry_hash) = (entry.seq, entry_hash(entry.bytes()));
        shown
    }

    fn tested(&mut self, entry: &Line<'_>, done: &RestoreTested, statement: Option<&One>) {
        let test = self.test(entry, done.test_id);
        (test.purpose, test.scope) = (word(&done.purpose), Some(word(&done.scope)));
        (test.environment, test.class) = (done.environment.name.clone(), word(&done.environment.class));
        (test.ended_at, test.checks_passed_at) = (Some(done.ended_at), done.checks_passed_at);
        (test.data_age_s, test.rpo_s) = (Some(done.data_age_s), Some(done.rpo_target_s));
        test.approved_by.clone_from(&done.approved_by);
        test.actions = done.actions.iter().map(ToString::to_string).collect();
        test.signers = statement.map(signers).unwrap_or_default();
    }

    /// Joins an action's entries into one.
    fn action(&mut self, entry: &Line<'_>, action: &ActionRecorded) {
        let period = self.record.period();
        if entry.recorded_at >= period.end {
            return; // what came later is of a later period
        }
        let place = action.action.and_then(|opening| self.actions.get(&opening).copied());
        let ids = |ids: &[EntryId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        match place.and_then(|place| self.recorded.actions.get_mut(place)) {
            Some(known) => {
                (known.state, known.state_at) = (word(&action.state), entry.recorded_at);
                known.closed_by = ids(&action.closed_by);
                known.due = action.due;
                for subject in ids(&action.subjects) {
                    if !known.subjects.contains(&subject) {
                        known.subjects.push(subject);
                    }
                }
            }
            None => {
                // An update whose opening is not known stands for itself.
                self.actions.insert(action.action.unwrap_or(entry.id), self.recorded.actions.len());
                self.actions.insert(entry.id, self.recorded.actions.len());
                self.recorded.actions.push(ActionShown {
                    seq: entry.seq,
                    id: entry.id.to_string(),
                    opened_at: entry.recorded_at,
                    opened_before_period: entry.recorded_at < period.start || action.state != ActionState::Opened,
                    kind: word(&action.kind),
                    state: word(&action.state),
                    state_at: entry.recorded_at,
                    subjects: ids(&action.subjects),
                    reason_code: action.reason_code.clone(),
                    root_cause: action.root_cause.clone(),
                    owner: action.owner.clone(),
                    due: action.due,
                    closed_by: ids(&action.closed_by),
                    text: action.text.clone(),
                });
            }
        }
    }
}

/// The word that an event writes for a value.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

fn in_order<T>(shown: BTreeMap<EntryId, (u64, T)>) -> Vec<T> {
    let mut shown: Vec<(u64, T)> = shown.into_values().collect();
    shown.sort_by_key(|(seq, _)| *seq);
    shown.into_iter().map(|(_, shown)| shown).collect()
}

const fn lies(separation: Separation, apart: Option<Apart>) -> bool {
    match apart {
        None => true,
        Some(Apart::Provider) => separation.provider,
        Some(Apart::Account) => separation.account,
        Some(Apart::Region) => separation.region,
    }
}

/// When backups were due by the policies in force, while their database was in scope.
fn due(record: &Record<'_>) -> Vec<DueShown> {
    if promises_too_much(record) {
        return Vec::new();
    }
    let shown = |(database, extra, window): (&str, Option<&str>, Window)| DueShown {
        database: database.into(),
        extra: extra.map(Into::into),
        window: Period { start: window.at, end: window.end },
    };
    duties::due(record).into_iter().map(shown).collect()
}

fn prunes(entry: &Line<'_>, pruned: &RetentionPruned) -> Vec<PruneShown> {
    let (at, tier): (Time, String) = (entry.at(), word(&pruned.rule.tier));
    let outcome = |backup: &EntryId| match () {
        () if pruned.held.contains(backup) => "held",
        () if pruned.confirmed.contains(backup) => "confirmed",
        () => "not confirmed",
    };
    let object = |object: &walwarden_core::event::PrunedObject| PruneShown {
        seq: entry.seq,
        id: entry.id.to_string(),
        at,
        database: pruned.database.clone(),
        backup: object.backup.to_string(),
        key: object.key.clone(),
        tier: tier.clone(),
        keep: pruned.rule.keep,
        age_days: object.age_days,
        outcome: outcome(&object.backup),
    };
    pruned.objects.iter().map(object).collect()
}

fn captured(entry: &Line<'_>, capture: &EvidenceCollected, statement: Option<&One>) -> CaptureShown {
    CaptureShown {
        seq: entry.seq,
        id: entry.id.to_string(),
        at: entry.at(),
        database: capture.database.clone(),
        collector: capture.collector.clone(),
        due_at: capture.due_at,
        covers: Period { start: capture.covers.from, end: capture.covers.to },
        trigger: word(&capture.trigger),
        outcome: word(&capture.outcome),
        rows: capture.rows.0,
        diff: capture.diff.map(|diff| (diff.added, diff.removed, diff.changed)),
        flags: capture.flags.iter().map(|flag| (flag.code.clone(), flag.detail.clone())).collect(),
        reason: capture.reason.clone(),
        ipe: statement.and_then(|one| match &one.predicate {
            Predicate::Evidence(evidence) => Some(ipe(evidence, one)),
            _ => None,
        }),
    }
}

fn ipe(evidence: &Evidence, one: &One) -> Ipe {
    let output = |output: &Output| OutputShown {
        name: output.name.clone(),
        sha256: output.sha256,
        bytes: output.bytes.0,
        media: output.media.clone(),
        columns: output.columns.clone(),
        query: output.query,
    };
    Ipe {
        collector_version: evidence.collector_version.clone(),
        source: evidence.source.as_ref().map(|source| SourceShown {
            provider: source.provider.clone(),
            host_sha256: source.host_sha256,
            database: source.database.clone(),
            system_identifier: source.system_identifier.0,
            server_version: source.server_version.clone(),
            in_recovery: source.in_recovery,
        }),
        session_role: evidence.session_role.clone(),
        parameters: evidence.parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        zone: evidence.zone.clone(),
        started_at: evidence.started_at,
        ended_at: evidence.ended_at,
        run_by: evidence.run_by.clone(),
        pages: evidence.pages,
        filters: evidence.filters.clone(),
        not_visible: evidence.not_visible.clone(),
        reconciled: evidence.reconciled.as_ref().map(|by| (by.source.clone(), by.rows.0, by.equal)),
        outputs: evidence.outputs.iter().map(output).collect(),
        redactions: evidence.redactions.clone(),
        tool: evidence.head.tool.sha256,
        signers: signers(one),
    }
}

fn reviewed(entry: &Line<'_>, review: &ReviewSigned, statement: Option<&One>) -> ReviewShown {
    ReviewShown {
        seq: entry.seq,
        id: entry.id.to_string(),
        at: entry.at(),
        subject: word(&review.subject),
        subjects: review.subjects.iter().map(ToString::to_string).collect(),
        role: word(&review.role),
        person: review.person.clone(),
        conclusion: word(&review.conclusion),
        period: review.period,
        head: review.head,
        said: statement.and_then(|one| match &one.predicate {
            Predicate::Review(review) => Some((review.title.clone(), review.notes.clone())),
            _ => None,
        }),
    }
}

/// Key ids that signed a statement.
fn signers(one: &One) -> Vec<String> {
    one.envelope.signatures.iter().map(|signature| signature.keyid.to_string()).collect()
}
