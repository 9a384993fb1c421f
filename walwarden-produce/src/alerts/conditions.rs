//! What people have to be told of, as the record shows it now.

use std::collections::BTreeMap;

use walwarden_core::{
    EntryId, Time,
    chain::Line,
    duties,
    event::{
        CopyOutcome, CopyVerified, Duty, Event, EvidenceCollected, EvidenceOutcome, OccurrenceMissed, Outcome, flag,
    },
    policy::{DatabasePolicy, Policy},
    record::{Completed, Custody, Record},
};

use super::is_recent;

/// For how long a line may wait for its head.
const UNCOVERED_S: i64 = 3600;

/// Of how much of the RPO a warning is.
const WARN_PCT: i64 = 80;

/// Something that people have to be told of.
#[derive(Debug)]
pub(super) struct Condition {
    /// Name of the alert.
    pub(super) alert: &'static str,
    /// `page` or `warn`.
    pub(super) severity: &'static str,
    /// The entry that it is about.
    pub(super) subject: EntryId,
    /// In words.
    pub(super) text: String,
    /// The one person to be told.
    pub(super) to: Option<String>,
    /// Whether the whole escalation list is told at once.
    pub(super) to_all: bool,
}

impl Condition {
    fn new(alert: &'static str, severity: &'static str, subject: EntryId, text: String) -> Self {
        Self { alert, severity, subject, text, to: None, to_all: false }
    }

    fn page(alert: &'static str, subject: EntryId, text: String) -> Self {
        Self::new(alert, "page", subject, text)
    }

    fn warn(alert: &'static str, subject: EntryId, text: String) -> Self {
        Self::new(alert, "warn", subject, text)
    }

    fn told_to_all(self) -> Self {
        Self { to_all: true, ..self }
    }
}

/// What there is, in no order; `signed` lines lie under the newest head.
pub(super) fn conditions(record: &Record<'_>, signed: u64, now: Time) -> Vec<Condition> {
    let mut all: Vec<Condition> = record
        .all()
        .iter()
        .filter(|line| is_recent(line.at(), now) || is_recent(line.recorded_at, now))
        .filter_map(|line| happened(line).or_else(|| without_end(record, line, now)))
        .collect();
    all.extend(unreachable(record));
    all.extend(uncovered(record, signed, now));
    if let Some(policy) = record.in_force(now) {
        let custody = Custody::of(record);
        all.extend(policy.databases.iter().filter_map(|database| exposed(record, &custody, database, now)));
        all.extend(policy.databases.iter().filter_map(|database| untested(record, database, now)));
        all.extend(unreviewed(record, policy, now));
        all.extend(clock(record, policy));
        all.extend(unanchored(record, now));
    }
    all
}

/// What an entry itself says.
fn happened(line: &Line<'_>) -> Option<Condition> {
    let id = line.id;
    match line.event() {
        Event::BackupFailed(failed) => {
            let text =
                format!("backup of {} failed at {}: {}", failed.database, failed.stage.word(), failed.reason_code);
            Some(Condition::page("backup-failed", id, text))
        }
        Event::OccurrenceMissed(missed) => Some(passed(id, &missed)),
        Event::CopyVerified(copy) => damaged(id, &copy),
        Event::RestoreTested(test) if test.outcome != Outcome::Passed => {
            let (database, outcome) = (&test.database, test.outcome.word());
            let differs = matches!((test.root_expected, test.root_actual), (Some(a), Some(b)) if a != b);
            let (name, what) = if differs { ("content-mismatch", ": other content") } else { ("restore-failed", "") };
            Some(Condition::page(name, id, format!("restore test of {database} {outcome}{what}")).told_to_all())
        }
        Event::EvidenceCollected(capture) => superuser(id, &capture),
        _ => None,
    }
}

/// Whether what an entry tells of has succeeded since. Other conditions say themselves how things stand now.
pub(super) fn is_over(record: &Record<'_>, alert: &str, line: &Line<'_>) -> bool {
    const HAPPENED: [&str; 9] = [
        "backup-failed",
        "backup-missed",
        "copy-mismatch",
        "copy-stale",
        "content-mismatch",
        "evidence-overdue",
        "new-superuser",
        "no-restore-verify",
        "restore-failed",
    ];
    let backed_up = |database: &str| record.completed_after(database, line.seq).is_some();
    let restored = |database: &str| record.passed_after(database, line.seq).is_some();
    let later = |kind: &'static str, is_it: &dyn Fn(&Event) -> bool| {
        record.events(&[kind]).any(|(later, event)| later.seq > line.seq && is_it(&event))
    };
    let captured = |collector: &str, database: Option<&str>| {
        later("evidence.collected", &|event| match event {
            Event::EvidenceCollected(capture) => {
                let is_same = capture.collector == collector && capture.database.as_deref() == database;
                is_same && capture.outcome == EvidenceOutcome::Ok && superuser(line.id, capture).is_none()
            }
            _ => false,
        })
    };
    let copied = |is_it: &dyn Fn(&CopyVerified) -> bool| {
        later(
            "copy.verified",
            &|event| matches!(event, Event::CopyVerified(copy) if copy.outcome == CopyOutcome::Ok && is_it(copy)),
        )
    };
    HAPPENED.contains(&alert)
        && match line.event() {
            Event::BackupFailed(failed) => backed_up(&failed.database),
            Event::BackupStarted(started) => backed_up(&started.database),
            Event::RestoreStarted(started) => restored(&started.database),
            Event::RestoreTested(test) => restored(&test.database),
            Event::EvidenceCollected(capture) => captured(&capture.collector, capture.database.as_deref()),
            Event::CopyVerified(copy) => copied(&|later| {
                let (a, b) = (&later.location, &copy.location);
                later.backup == copy.backup && (&a.provider, &a.bucket) == (&b.provider, &b.bucket)
            }),
            Event::OccurrenceMissed(missed) => {
                let database = missed.database.as_deref();
                match missed.kind {
                    Duty::Backup => database.is_some_and(backed_up),
                    Duty::RestoreTest => database.is_some_and(restored),
                    Duty::Copy => copied(&|later| database == Some(later.database.as_str())),
                    Duty::Evidence => captured(missed.collector.as_deref().unwrap_or_default(), database),
                }
            }
            _ => false,
        }
}

fn passed(id: EntryId, missed: &OccurrenceMissed) -> Condition {
    let of = missed.database.as_deref().unwrap_or("all databases");
    let at = missed.expected_at;
    match missed.kind {
        Duty::Backup => Condition::page("backup-missed", id, format!("backup of {of} due at {at} did not run")),
        Duty::Copy => Condition::warn("copy-stale", id, format!("copy of {of} due at {at} was not made")),
        Duty::RestoreTest => {
            Condition::page("no-restore-verify", id, format!("restore test of {of} due at {at} did not run"))
        }
        Duty::Evidence => {
            let what = missed.collector.as_deref().unwrap_or("evidence");
            Condition::warn("evidence-overdue", id, format!("{what} of {of} due at {at} was not captured"))
        }
    }
}

fn damaged(id: EntryId, copy: &CopyVerified) -> Option<Condition> {
    let what = match copy.outcome {
        CopyOutcome::Mismatch => "holds other bytes",
        CopyOutcome::Missing => "is missing",
        CopyOutcome::Ok | CopyOutcome::Unreachable => return None,
    };
    let text = format!("the copy of backup {} of {} {what}", copy.backup, copy.database);
    Some(Condition::page("copy-mismatch", id, text))
}

fn superuser(id: EntryId, capture: &EvidenceCollected) -> Option<Condition> {
    let new = [flag::SUPERUSER_ADDED, flag::SUPERUSER_REACHABLE];
    let found = capture.flags.iter().any(|flag| new.contains(&flag.code.as_str()));
    let of = capture.database.as_deref().unwrap_or("a database");
    found.then(|| Condition::page("new-superuser", id, format!("{of} has a superuser that the policy does not allow")))
}

/// A run that should be over and has no end.
fn without_end(record: &Record<'_>, line: &Line<'_>, now: Time) -> Option<Condition> {
    let event = line.event();
    let promised = record.promised(line, event.database()?)?;
    let (name, what, max_run_s, ended) = match &event {
        Event::BackupStarted(run) => ("backup-failed", "backup", promised.max_run_s, record.has_ended(run.run_id)),
        Event::RestoreStarted(test) => {
            let max_run_s = promised.restore_test.as_ref()?.max_run_s?;
            ("restore-failed", "restore test", max_run_s, record.has_test_ended(test.test_id))
        }
        _ => return None,
    };
    let over = !ended && line.recorded_at.plus_seconds(max_run_s) <= now;
    over.then(|| Condition::page(name, line.id, format!("{what} of {} has no end", promised.id)))
}

/// Lines that no head covers, after more than a run takes to sign one.
fn uncovered(record: &Record<'_>, signed: u64, now: Time) -> Option<Condition> {
    let first = record.all().iter().find(|line| line.seq >= signed)?;
    let text = format!("no signed head covers what was recorded since {}", first.recorded_at);
    let stale = first.recorded_at.plus_seconds(UNCOVERED_S) <= now;
    stale.then(|| Condition::page("checkpoint-stale", first.id, text))
}

/// A window of the promised cadence that is over and brought no time from outside: about the last token, or the genesis.
fn unanchored(record: &Record<'_>, now: Time) -> Option<Condition> {
    let windows = duties::windows(record, |policy| policy.signing.as_ref()?.anchor);
    let over = windows.iter().rfind(|window| window.end <= now)?;
    let last = record.events(&["anchor.attached"]).filter_map(|(line, event)| match event {
        Event::AnchorAttached(anchor) => Some((line.id, anchor.gen_time?)),
        _ => None,
    });
    let last = last.max_by_key(|(_, at)| *at);
    let (id, since) = last.or_else(|| record.all().first().map(|line| (line.id, line.recorded_at)))?;
    let text = format!("no time from outside since {since}; one was due by {}", over.end);
    (since < over.start).then(|| Condition::warn("anchor-stale", id, text))
}

/// Stores that could not be reached the last time, once each: about the backup whose copy has waited longest there.
fn unreachable(record: &Record<'_>) -> Vec<Condition> {
    let mut last: BTreeMap<(EntryId, String, String), CopyVerified> = BTreeMap::new();
    for (_, event) in record.events(&["copy.verified"]) {
        if let Event::CopyVerified(copy) = event {
            last.insert((copy.backup, copy.location.provider.clone(), copy.location.bucket.clone()), *copy);
        }
    }
    let mut stores: BTreeMap<(String, String), Condition> = BTreeMap::new();
    // Ids grow with time: the first of a store is its oldest.
    for ((backup, provider, bucket), copy) in last {
        if copy.outcome == CopyOutcome::Unreachable {
            let text = format!("the copy of backup {backup} of {} in {bucket} could not be reached", copy.database);
            stores.entry((provider, bucket)).or_insert_with(|| Condition::warn("copy-stale", backup, text));
        }
    }
    stores.into_values().collect()
}

/// The newest backup of a database that is at hand, in copies where they are promised.
pub(crate) fn newest_at_hand<'a>(
    record: &Record<'a>,
    custody: &Custody,
    database: &DatabasePolicy,
    now: Time,
) -> Option<Completed<'a>> {
    let copies = database.copies.as_ref();
    let mut back = record.backups_back(&database.id);
    back.find(|backup| custody.at_hand(backup, copies).iter().any(|at_hand| at_hand.end > now))
}

/// How old that is, against the RPO. Without any, its occurrences are missed or failed.
///
/// Between one backup and the next the age comes near the RPO every day, as it should: the warning waits until the next
/// one is late.
fn exposed(record: &Record<'_>, custody: &Custody, database: &DatabasePolicy, now: Time) -> Option<Condition> {
    let newest = newest_at_hand(record, custody, database, now)?;
    let age = now.seconds_since(newest.done.snapshot_at);
    let (id, rpo) = (newest.line.id, database.rpo_s);
    let text = format!("the newest backup at hand of {} is {age} s old, the RPO is {rpo} s", database.id);
    if age > rpo {
        return Some(Condition::page("exposure-high", id, text));
    }
    let grace = database.start_tolerance_s.unwrap_or(0).saturating_add(database.max_run_s);
    let waiting = duties::backups(record, &database.id);
    let is_late = waiting.iter().any(|due| due.window.at.plus_seconds(grace) <= now);
    let is_near = age.saturating_mul(100) > rpo.saturating_mul(WARN_PCT);
    (is_late && is_near).then(|| Condition::warn("exposure-high", id, text))
}

/// A database whose last passed restore test is too old; before the first one, whose first backup is.
fn untested(record: &Record<'_>, database: &DatabasePolicy, now: Time) -> Option<Condition> {
    let guard_s = database.restore_test.as_ref()?.guard_s?;
    let mut since = None;
    for (line, event) in record.events(&["backup.completed", "restore.tested"]) {
        match event {
            Event::BackupCompleted(done) if done.database == database.id && since.is_none() => {
                since = Some((line.id, done.completed_at));
            }
            Event::RestoreTested(test) if test.database == database.id && test.outcome == Outcome::Passed => {
                since = Some((line.id, test.ended_at));
            }
            _ => {}
        }
    }
    let (id, at) = since?;
    let text = format!("no restore test of {} has passed since {at}; the longest allowed is {guard_s} s", database.id);
    (at.plus_seconds(guard_s) < now).then(|| Condition::page("no-restore-verify", id, text))
}

/// Captures that nobody has reviewed in time.
fn unreviewed(record: &Record<'_>, policy: &Policy, now: Time) -> Vec<Condition> {
    let mut open: BTreeMap<EntryId, (Time, EvidenceCollected)> = BTreeMap::new();
    for (line, event) in record.events(&["evidence.collected", "review.signed"]) {
        match event {
            Event::EvidenceCollected(capture) if capture.outcome == EvidenceOutcome::Ok => {
                open.insert(line.id, (line.at(), *capture));
            }
            Event::ReviewSigned(review) => review.subjects.iter().for_each(|id| _ = open.remove(id)),
            _ => {}
        }
    }
    let overdue = open.into_iter().filter_map(|(id, (at, capture))| {
        let promised = policy.evidence.iter().find(|promised| promised.collector.word() == capture.collector)?;
        let until = at.plus_seconds(promised.review_within_s?);
        let text = format!("{} of {at} is not reviewed; it was due by {until}", capture.collector);
        (until < now && is_recent(until, now)).then(|| Condition::warn("review-overdue", id, text))
    });
    overdue.collect()
}

/// The clock, while it is off: about the first of the entries in a row that say so.
fn clock(record: &Record<'_>, policy: &Policy) -> Option<Condition> {
    let most = policy.clock.as_ref()?.max_offset_ms;
    let told = record.all().iter().rev().filter_map(|line| Some((line, line.clock_offset_ms()?)));
    let (line, offset) = told.take_while(|(_, offset)| offset.saturating_abs() > most).last()?;
    Some(Condition::warn("clock-offset", line.id, format!("the clock is off by {offset} ms, promised {most} ms")))
}
