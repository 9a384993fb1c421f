//! Which alerts are due, by the vault's own record: each condition is told once on each channel, until it clears.
//!
//! A condition is known by its name and by the entry that it is about; what clears it brings another entry. What is not
//! known to be delivered is sent again, ever more rarely.

mod conditions;

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    EntryId, Time,
    chain::Line,
    event::{AlertRaised, Delivery, Event},
    policy::Alerts,
    record::Record,
};

pub(crate) use self::conditions::newest_at_hand;
use self::conditions::{Condition, conditions, is_over};
use crate::{
    alert::{Alert, Raised, raise},
    error::ProduceError,
    producer::Producer,
    record::with_record,
    signer::HeadSigner,
};

/// What happened longer ago is told to nobody any more: alerts are of what is wrong now.
const STALE_S: i64 = 7 * 86_400;

/// The wait before the second attempt to deliver; it doubles with each.
const RETRY_S: i64 = 60;

/// The longest wait between attempts.
const RETRY_MOST_S: i64 = 86_400;

/// How often what no entry shows is told.
const DAY_S: i64 = 86_400;

/// What is raised when an alert is not acknowledged in time.
const ACK_OVERDUE: &str = "ack-overdue";

/// An alert that is due on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Its name.
    pub alert: &'static str,
    /// `page` or `warn`.
    pub severity: &'static str,
    /// The entry that it is about.
    pub subject: EntryId,
    /// In words.
    pub text: String,
    /// The channel's name.
    pub channel: String,
    /// Who is to get it.
    pub recipients_ref: String,
}

/// Raises what is due; tells of each. Nothing is raised while the signer is away.
///
/// # Errors
/// The vault is damaged, or the chain did not take a record.
pub fn raise_due(producer: &mut Producer, head: &mut HeadSigner, told: &dyn Fn(&Raised)) -> Result<(), ProduceError> {
    let all = due(producer)?;
    // What cannot be recorded would be sent again by every run.
    if !all.is_empty() && head.is_away() {
        return Ok(());
    }
    for due in all {
        let alert = Alert {
            name: due.alert,
            severity: due.severity,
            text: &due.text,
            subject: Some(due.subject),
            channel: &due.channel,
            recipients_ref: &due.recipients_ref,
            test: false,
        };
        told(&raise(producer, head, &alert)?);
    }
    Ok(())
}

/// Raises something that no entry shows, once a day on each channel.
///
/// # Errors
/// As [`raise_due`].
pub fn raise_daily(
    producer: &mut Producer,
    head: &mut HeadSigner,
    name: &'static str,
    text: &str,
    told: &dyn Fn(&Raised),
) -> Result<(), ProduceError> {
    let snapshot = producer.chain.read()?;
    let promised = producer.policy(&snapshot)?.and_then(|policy| policy.alerts);
    let since = producer.now().plus_seconds(-DAY_S);
    for channel in channels(producer, promised.as_ref()) {
        let is_it = |line: &Line<'_>| match line.event() {
            Event::AlertRaised(raised) => raised.alert == name && raised.channel == channel && line.at() > since,
            _ => false,
        };
        if !snapshot.entries()?.all().iter().any(is_it) {
            let recipients_ref = &reached_by(producer, &channel);
            let alert =
                Alert { name, severity: "page", text, subject: None, channel: &channel, recipients_ref, test: false };
            told(&raise(producer, head, &alert)?);
        }
    }
    Ok(())
}

/// Channels that the policy names, else all that are configured.
fn channels(producer: &Producer, promised: Option<&Alerts>) -> Vec<String> {
    match promised.map(|alerts| &alerts.channels).filter(|named| !named.is_empty()) {
        Some(named) => named.clone(),
        None => producer.config.channel.iter().map(|channel| channel.name.clone()).collect(),
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Name of its alert.
    pub alert: &'static str,
    /// The entry that it is about.
    pub entry: EntryId,
    /// When that happened.
    pub at: Time,
    /// In words.
    pub text: String,
}

/// What is wrong now, told or not. What has succeeded since is not, though it is told of and stays in the record.
///
/// # Errors
/// The vault is damaged.
pub fn standing(producer: &Producer) -> Result<Vec<Standing>, ProduceError> {
    let snapshot = producer.chain.read()?;
    let now = producer.now();
    let signed = snapshot.head()?.size;
    with_record(producer, &snapshot, |record| {
        let of = conditions(record, signed, now).into_iter().filter_map(|condition| {
            let Condition { alert, subject, text, .. } = condition;
            let line = record.all().iter().find(|line| line.id == subject)?;
            let standing = Standing { alert, entry: subject, at: line.at(), text };
            (!is_over(record, alert, line)).then_some(standing)
        });
        Ok(of.collect())
    })
}

/// What is due: by the channels that the policy in force names, else by all that are configured.
///
/// # Errors
/// The vault is damaged.
pub fn due(producer: &Producer) -> Result<Vec<Due>, ProduceError> {
    let snapshot = producer.chain.read()?;
    let (now, signed) = (producer.now(), snapshot.head()?.size);
    with_record(producer, &snapshot, |record| {
        let promised = record.in_force(now).and_then(|policy| policy.alerts.as_ref());
        let channels = channels(producer, promised);
        if channels.is_empty() {
            return Ok(Vec::new());
        }
        let told = Told::of(record);
        let mut all = conditions(record, signed, now);
        all.extend(told.unacknowledged(promised, now));
        let mut due = Vec::new();
        for condition in &all {
            let asked = channels.iter().map(|name| (name, recipients(producer, promised, condition, name)));
            let open = asked.filter(|(name, to)| told.is_due(&Key::new(condition, name, to), now));
            due.extend(open.map(|(name, recipients_ref)| Due {
                alert: condition.alert,
                severity: condition.severity,
                subject: condition.subject,
                text: condition.text.clone(),
                channel: name.clone(),
                recipients_ref,
            }));
        }
        Ok(due)
    })
}

/// Who gets it: a person of the escalation list, all of it for what must not wait, else whoever the channel reaches.
fn recipients(producer: &Producer, promised: Option<&Alerts>, condition: &Condition, channel: &str) -> String {
    let escalation = promised.map(|alerts| alerts.escalation.as_slice()).unwrap_or_default();
    if let Some(person) = &condition.to {
        return person.clone();
    }
    if condition.to_all && !escalation.is_empty() {
        return escalation.join(", ");
    }
    reached_by(producer, channel)
}

/// Whom a channel reaches, as the configuration says it.
fn reached_by(producer: &Producer, channel: &str) -> String {
    let configured = producer.config.channel.iter().find(|configured| configured.name == channel);
    configured.and_then(|configured| configured.recipients_ref.clone()).unwrap_or_else(|| "walwarden.toml".into())
}

/// One thing told to somebody on a channel.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    alert: String,
    severity: String,
    subject: EntryId,
    channel: String,
    recipients_ref: String,
}

impl Key {
    fn new(condition: &Condition, channel: &str, recipients_ref: &str) -> Self {
        Self {
            alert: condition.alert.into(),
            severity: condition.severity.into(),
            subject: condition.subject,
            channel: channel.into(),
            recipients_ref: recipients_ref.into(),
        }
    }
}

/// Attempts to tell one thing.
#[derive(Debug, Default)]
struct Attempts {
    number: u32,
    last: Option<Time>,
    delivered: bool,
}

/// An alert, on however many channels.
struct First {
    id: EntryId,
    at: Time,
    alert: String,
    acknowledged: bool,
}

/// What was told already.
struct Told {
    attempts: BTreeMap<Key, Attempts>,
    firsts: Vec<First>,
}

impl Told {
    fn of(record: &Record<'_>) -> Self {
        let mut raised: Vec<(EntryId, Time, AlertRaised)> = Vec::new();
        let mut acknowledged: BTreeSet<EntryId> = BTreeSet::new();
        for (line, event) in record.events(&["alert.raised", "alert.acknowledged"]) {
            match event {
                Event::AlertRaised(alert) if !alert.test => raised.push((line.id, line.at(), *alert)),
                Event::AlertAcknowledged(seen) => _ = acknowledged.insert(seen.alert),
                _ => {}
            }
        }
        // Who acknowledges one of several that say the same has acknowledged what they say.
        let mut groups: BTreeMap<(String, EntryId), First> = BTreeMap::new();
        let mut attempts: BTreeMap<Key, Attempts> = BTreeMap::new();
        let mut members: BTreeMap<EntryId, (String, EntryId)> = BTreeMap::new();
        for (id, at, alert) in raised {
            let Some(subject) = alert.subject else { continue };
            let group = match members.get(&subject) {
                Some(first) if alert.alert == ACK_OVERDUE => first.clone(),
                _ => (alert.alert.clone(), subject),
            };
            let first = groups.entry(group.clone());
            let first = first.or_insert_with(|| First { id, at, alert: alert.alert.clone(), acknowledged: false });
            first.acknowledged |= acknowledged.contains(&id);
            members.insert(id, group);
            let AlertRaised { alert, severity, channel, recipients_ref, delivery, .. } = alert;
            let of = attempts.entry(Key { alert, severity, subject, channel, recipients_ref }).or_default();
            of.number = of.number.saturating_add(1);
            of.last = of.last.max(Some(at));
            of.delivered |= delivery == Delivery::Delivered;
        }
        Self { attempts, firsts: groups.into_values().collect() }
    }

    /// Whether it has to be told now: for the first time, or again.
    fn is_due(&self, key: &Key, now: Time) -> bool {
        let Some(Attempts { number, last: Some(last), delivered }) = self.attempts.get(key) else { return true };
        let doubled = 1_i64.checked_shl(number.saturating_sub(1).min(30)).unwrap_or(i64::MAX);
        let wait = RETRY_S.saturating_mul(doubled).min(RETRY_MOST_S);
        !delivered && last.plus_seconds(wait) <= now
    }

    /// What nobody has acknowledged in time: told to one person of the list after the other.
    fn unacknowledged(&self, promised: Option<&Alerts>, now: Time) -> Vec<Condition> {
        let Some((alerts, within)) = promised.and_then(|alerts| Some((alerts, alerts.ack_within_s?))) else {
            return Vec::new();
        };
        let persons: Vec<Option<&String>> = match alerts.escalation.as_slice() {
            [] => vec![None],
            list => list.iter().map(Some).collect(),
        };
        let mut overdue = Vec::new();
        for first in self.firsts.iter().filter(|first| !first.acknowledged && is_recent(first.at, now)) {
            let mut until = first.at;
            for person in &persons {
                until = until.plus_seconds(within);
                if until <= now {
                    let text = format!("{}, raised at {}, is not acknowledged", first.alert, first.at);
                    let to = person.cloned();
                    let (alert, severity, subject) = (ACK_OVERDUE, "page", first.id);
                    overdue.push(Condition { alert, severity, subject, text, to, to_all: false });
                }
            }
        }
        overdue
    }
}

/// Whether something happened so lately that it is still told.
fn is_recent(at: Time, now: Time) -> bool {
    at.plus_seconds(STALE_S) > now
}
