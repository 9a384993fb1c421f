//! WW-MO-01: people were told of what went wrong (`spec:rules-35`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use super::{
    Assessment, Basis, Gap, GapKind, Item, Rule,
    integrity::in_force,
    performed::missed,
    window::{ALL, after, gap, not_promised, windows},
};
use crate::{
    chain::Line,
    event::{AlertRaised, CopyOutcome, Delivery, Duty, Event, Outcome},
    policy::{Alerts, Policy},
    record::Record,
    time::Time,
    value::EntryId,
};

/// Alerts were raised, delivered and acknowledged.
pub(super) const ALERTING: Rule = Rule {
    id: "WW-MO-01",
    title: "People were told of what went wrong, in time",
    computation: "each failure, dead run, miss and mismatch has an alert that was raised, delivered and acknowledged in time; and each window a test alert",
    basis: Basis::B3,
    reader: false,
    evaluate: alerting,
};

/// Alerts by what they are about, and when each was acknowledged.
struct Told<'r> {
    alerts: BTreeMap<EntryId, Vec<(&'r Line<'r>, AlertRaised)>>,
    acknowledged: BTreeMap<EntryId, Time>,
    tests: Vec<(&'r Line<'r>, AlertRaised)>,
}

/// Something that somebody has to be told of.
struct Trouble<'r> {
    line: &'r Line<'r>,
    database: &'r str,
    what: &'static str,
    /// From when on.
    since: Time,
}

/// What came of an alert.
enum Came {
    Good(String),
    Wrong(String),
    Open(Time),
}

fn alerting(record: &Record<'_>) -> Assessment {
    if !in_force(record, |policy| policy.alerts.is_some()) {
        return Assessment::with_gaps(vec![], vec![not_promised("alerts")]);
    }
    let told = Told::new(record);
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let events = record.recorded(&["backup.failed", "occurrence.missed", "copy.verified", "restore.tested"]);
    for (line, event) in events {
        if let Some(what) = trouble(&event) {
            let trouble = Trouble { line, database: event.database().unwrap_or(ALL), what, since: line.at() };
            told.tell(record, &trouble, &mut items, &mut gaps);
        }
    }
    dead(record, &told, &mut items, &mut gaps);
    unfound(record, &mut items, &mut gaps);
    match test_fires(record, &told, &mut gaps) {
        Ok(fires) => items.extend(fires),
        Err(lacking) => gaps.push(lacking),
    }
    Assessment::with_gaps(items, gaps)
}

/// Runs without an end, from the instant on at which they should have had one: they failed, and say nothing themselves.
fn dead(record: &Record<'_>, told: &Told<'_>, items: &mut Vec<Item>, gaps: &mut Vec<Gap>) {
    for line in record.lines(&["backup.started", "restore.started"]) {
        let event = line.event();
        let Some(database) = event.database() else { continue };
        let promised = record.promised(line, database);
        let (what, max_run, ended) = match &event {
            Event::BackupStarted(run) => {
                let max_run = promised.map(|promised| promised.max_run_s);
                ("a backup without an end", max_run, record.has_ended(run.run_id))
            }
            Event::RestoreStarted(test) => {
                let max_run = promised.and_then(|promised| promised.restore_test.as_ref()?.max_run_s);
                ("a restore test without an end", max_run, record.has_test_ended(test.test_id))
            }
            _ => continue,
        };
        let Some(since) = max_run.map(|max_run| after(line.recorded_at, max_run)) else { continue };
        if !ended && record.period().contains(since) && record.covered() >= since {
            told.tell(record, &Trouble { line, database, what, since }, items, gaps);
        }
    }
}

/// Backups that were missed and that the producer did not find by itself: of these nobody was told.
fn unfound(record: &Record<'_>, items: &mut Vec<Item>, gaps: &mut Vec<Gap>) {
    let mut found: BTreeSet<(String, Time)> = BTreeSet::new();
    for (_, event) in record.events(&["occurrence.missed"]) {
        if let Event::OccurrenceMissed(missed) = event
            && missed.kind == Duty::Backup
        {
            found.extend(missed.database.map(|database| (database, missed.expected_at)));
        }
    }
    let terms = record.terms();
    for (database, window) in missed(record) {
        let term = terms.iter().find(|term| term.span.contains(window.at));
        let promise = term.and_then(|term| term.policy?.alerts.as_ref());
        let Some(within) = promise.and_then(|alerts| alerts.raise_within_s) else { continue };
        if found.contains(&(database.clone(), window.at)) {
            continue;
        }
        let (at, until) = (window.at, after(window.end, within));
        if record.covered() < until {
            let what = format!("a missed backup at {at}: due by {until}, and the record ends before");
            gaps.push(gap(GapKind::NotCovered, &database, what));
            continue;
        }
        let deviation = Some("a missed backup: the producer did not find it, and nobody was told".into());
        let id = format!("{}/{database}/{at}/missed", ALERTING.id);
        items.push(Item { id, at, database, entry: String::new(), deviation, note: None });
    }
}

/// What somebody has to be told of.
fn trouble(event: &Event) -> Option<&'static str> {
    match event {
        Event::BackupFailed(_) => Some("a failed backup"),
        Event::OccurrenceMissed(_) => Some("something missed"),
        Event::CopyVerified(copy) if copy.outcome == CopyOutcome::Mismatch => Some("a copy with other bytes"),
        Event::CopyVerified(copy) if copy.outcome == CopyOutcome::Missing => Some("a missing copy"),
        Event::RestoreTested(test) if test.outcome != Outcome::Passed => Some("a restore test that did not pass"),
        _ => None,
    }
}

impl<'r> Told<'r> {
    fn new(record: &'r Record<'_>) -> Self {
        let mut told = Self { alerts: BTreeMap::new(), acknowledged: BTreeMap::new(), tests: Vec::new() };
        for (line, event) in record.events(&["alert.raised", "alert.acknowledged"]) {
            match event {
                Event::AlertRaised(alert) if alert.test => told.tests.push((line, *alert)),
                Event::AlertRaised(alert) => {
                    if let Some(subject) = alert.subject {
                        told.alerts.entry(subject).or_default().push((line, *alert));
                    }
                }
                Event::AlertAcknowledged(seen) => {
                    _ = told.acknowledged.entry(seen.alert).or_insert_with(|| line.at());
                }
                _ => {}
            }
        }
        told
    }

    /// The item of a trouble, under the policy that its entry was recorded under.
    fn tell(&self, record: &Record<'_>, trouble: &Trouble<'_>, items: &mut Vec<Item>, gaps: &mut Vec<Gap>) {
        let Trouble { line, database, what, since } = *trouble;
        let Some(alerts) = record.policy_of(line).and_then(|policy| policy.alerts.as_ref()) else { return };
        let at = line.at();
        let id = format!("{}/{database}/{at}/{}", ALERTING.id, line.id);
        let item =
            |deviation, note| Item { id, at, database: database.into(), entry: line.id.to_string(), deviation, note };
        match self.of(record, line, since, alerts) {
            Came::Good(note) => items.push(item(None, Some(note))),
            Came::Wrong(wrong) => items.push(item(Some(format!("{what}: {wrong}")), None)),
            Came::Open(until) => {
                let what = format!("{what} at {at}: due by {until}, and the record ends before");
                gaps.push(gap(GapKind::NotCovered, database, what));
            }
        }
    }

    /// What came of the alerts about an entry: the best of them counts.
    fn of(&self, record: &Record<'_>, about: &Line<'_>, since: Time, promise: &Alerts) -> Came {
        let alerts = self.alerts.get(&about.id).map(Vec::as_slice).unwrap_or_default();
        let mut open = None;
        let mut wrong = None;
        for (line, alert) in alerts {
            match self.judge(record, line, alert, since, promise) {
                good @ Came::Good(_) => return good,
                Came::Wrong(what) => _ = wrong.get_or_insert(what),
                Came::Open(until) => open = Some(until),
            }
        }
        let until = promise.raise_within_s.map(|within| after(since, within));
        match (open, wrong) {
            (Some(until), _) => Came::Open(until),
            (None, Some(what)) => Came::Wrong(what),
            (None, None) => match until.filter(|until| *until > record.covered()) {
                Some(until) => Came::Open(until),
                None => Came::Wrong("no alert is recorded".into()),
            },
        }
    }

    fn judge(&self, record: &Record<'_>, line: &Line<'_>, alert: &AlertRaised, since: Time, promise: &Alerts) -> Came {
        let raised = line.at();
        if let Some(within) = promise.raise_within_s.filter(|within| raised > after(since, *within)) {
            return Came::Wrong(format!("raised {} s after it, promised {within} s", raised.seconds_since(since)));
        }
        if alert.delivery != Delivery::Delivered {
            return Came::Wrong(format!("raised, and not known to be delivered by {}", alert.channel));
        }
        let Some(within) = promise.ack_within_s else { return Came::Good(format!("raised at {raised}")) };
        let until = after(raised, within);
        match self.acknowledged.get(&line.id) {
            Some(at) if *at <= until => Came::Good(format!("raised at {raised}, acknowledged at {at}")),
            Some(at) => {
                Came::Wrong(format!("acknowledged {} s after the alert, promised {within} s", at.seconds_since(raised)))
            }
            None if until > record.covered() => Came::Open(until),
            None => Came::Wrong("not acknowledged".into()),
        }
    }
}

/// Windows of test alerts, each with whether one was delivered.
fn test_fires(record: &Record<'_>, told: &Told<'_>, gaps: &mut Vec<Gap>) -> Result<Vec<Item>, Gap> {
    let cadence = |policy: &Policy| policy.alerts.as_ref()?.test_fire;
    let mut items = Vec::new();
    for window in windows(record, cadence)? {
        let span = window.span;
        let fired =
            told.tests.iter().find(|(line, alert)| alert.delivery == Delivery::Delivered && span.contains(line.at()));
        let id = format!("{}/{ALL}/{}/test-fire", ALERTING.id, span.start);
        let entry = fired.map(|(line, _)| line.id.to_string()).unwrap_or_default();
        let deviation = match fired {
            Some(_) => None,
            None if record.covered() < span.end => {
                gaps.push(gap(
                    GapKind::NotCovered,
                    ALL,
                    format!("test alert due by {}: the record ends before", span.end),
                ));
                continue;
            }
            None => Some(format!("no test alert was delivered before {}", span.end)),
        };
        items.push(Item { id, at: span.start, database: ALL.into(), entry, deviation, note: None });
    }
    Ok(items)
}
