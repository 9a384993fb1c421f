//! Rules about who may do what (`spec:rules-25` to `spec:rules-28`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use super::{
    Assessment, Basis, GapKind, Item, Rule,
    action::closed,
    capture::{Captures, Found, Judged, consume, due, is_promised},
    integrity::in_force,
    review::Reviews,
    window::{ALL, gap, not_promised},
};
use crate::{
    chain::Line,
    event::{Delivery, Event, flag},
    key::KeyId,
    policy::{Collector, Policy},
    record::Record,
    statement::{
        KeyRegistry,
        key_registry::{Ceremony, State, Use},
    },
    value::EntryId,
};

/// Roles are captured and reviewed.
pub(super) const ROLES: Rule = Rule {
    id: "WW-AC-01",
    title: "Roles were reviewed in time, by another person",
    computation: "each capture of access_control that was due has a signed review by another person, in time",
    basis: Basis::B3,
    reader: false,
    evaluate: roles,
};

/// Nobody became superuser outside of the policy.
pub(super) const SUPERUSERS: Rule = Rule {
    id: "WW-AC-02",
    title: "No superuser was added outside of the policy",
    computation: "no capture flags a superuser, by membership too, or a role outside of the model; or it was told and an action about it is closed",
    basis: Basis::B3,
    reader: false,
    evaluate: superusers,
};

/// Who reaches the backups.
pub(super) const STORES: Rule = Rule {
    id: "WW-AC-03",
    title: "Access to backups was captured and reviewed",
    computation: "a capture of who reaches the stores in each window, reviewed; its collector comes with a later version",
    basis: Basis::B3,
    reader: false,
    evaluate: stores,
};

/// Who backs up does not sign.
pub(super) const SEGREGATION: Rule = Rule {
    id: "WW-AC-04",
    title: "Who makes backups holds no key for their statements",
    computation: "no actor of a backup is custodian of a key for backups; keys lie where the policy says, and were not all made on one host",
    basis: Basis::B2,
    reader: false,
    evaluate: segregation,
};

fn roles(record: &Record<'_>) -> Assessment {
    const OF: &[Collector] = &[Collector::AccessControl];
    if !is_promised(record, OF) {
        return Assessment::with_gaps(vec![], vec![not_promised("captures of access_control")]);
    }
    let (captures, reviews) = (Captures::new(record), Reviews::new(record));
    let (due, mut gaps) = due(record, &captures, OF);
    let mut items = Vec::new();
    for due in &due {
        match due.found(record, &captures, &reviews) {
            Found::Good(capture, Some(told)) => {
                items.push(Item { note: Some(told), ..due.item(ROLES.id, Some(capture), None) });
            }
            Found::Good(_, None) => {
                gaps.push(gap(GapKind::NotPromised, due.database, "the policy promises no review of access_control"));
            }
            Found::Wrong(capture, what) => items.push(due.item(ROLES.id, Some(capture), Some(what))),
            Found::Open(until) => {
                let what = format!("review due by {until}: the record ends before");
                gaps.push(gap(GapKind::NotCovered, due.database, what));
            }
            Found::Missed(what) | Found::Withheld(what) => {
                let what = format!("{} of {}: {what}", due.collector, due.span.start);
                gaps.push(gap(GapKind::NoInput, due.database, what));
            }
            Found::NotCovered => gaps.push(due.not_covered()),
            Found::Excused => {}
        }
    }
    Assessment::with_gaps(items, gaps)
}

fn superusers(record: &Record<'_>) -> Assessment {
    if !in_force(record, |policy| policy.roles.is_some()) {
        return Assessment::with_gaps(vec![], vec![not_promised("a model of roles")]);
    }
    let (told, closed) = (told(record), closed(record));
    consume(record, SUPERUSERS.id, &[Collector::AccessControl], |capture| {
        let superuser = capture.flagged(&[flag::SUPERUSER_ADDED, flag::SUPERUSER_REACHABLE]);
        let outside = capture.flagged(&[flag::ROLE_OUTSIDE_MODEL]);
        let untold = superuser.is_some() && !told.contains(&capture.line.id);
        let open = !closed.contains(&capture.line.id);
        let Some(flags) = superuser.or(outside) else { return Judged::Conforms(None) };
        match (untold, open) {
            (false, false) => Judged::Conforms(Some(format!("{flags}; an action about it is closed"))),
            (true, true) => Judged::Deviates(format!("{flags}; no alert was delivered, no action about it is closed")),
            (true, false) => Judged::Deviates(format!("{flags}; no alert was delivered")),
            (false, true) => Judged::Deviates(format!("{flags}; no action about it is closed")),
        }
    })
}

/// Entries of which an alert was delivered.
fn told(record: &Record<'_>) -> BTreeSet<EntryId> {
    let subject = |(_, event)| match event {
        Event::AlertRaised(alert) if !alert.test && alert.delivery == Delivery::Delivered => alert.subject,
        _ => None,
    };
    record.events(&["alert.raised"]).filter_map(subject).collect()
}

fn stores(_: &Record<'_>) -> Assessment {
    let what = "no policy of this version can promise captures of who reaches the stores";
    Assessment::with_gaps(vec![], vec![gap(GapKind::NotPromised, ALL, what)])
}

/// The versions of the key registry, each with the entry from which it is in force.
pub(super) fn versions<'r>(record: &'r Record<'_>) -> Vec<(&'r KeyRegistry, &'r Line<'r>)> {
    let entered = record.lines(&["chain.genesis", "key.changed"]);
    record.exhibits().registry.iter().map(|version| &version.registry).zip(entered).collect()
}

/// An item about the organisation, told from others by a word.
fn item(line: &Line<'_>, at: crate::time::Time, word: &str, deviation: Option<String>) -> Item {
    let id = format!("{}/{ALL}/{at}/{word}", SEGREGATION.id);
    Item { id, at, database: ALL.into(), entry: line.id.to_string(), deviation, note: None }
}

fn segregation(record: &Record<'_>) -> Assessment {
    let segregated = |policy: &Policy| policy.signing.as_ref().is_some_and(|signing| signing.segregated == Some(true));
    let stored = |policy: &Policy| policy.signing.as_ref().is_some_and(|signing| !signing.storage.is_empty());
    let (apart, places) = (in_force(record, segregated), in_force(record, stored));
    if !apart && !places {
        return Assessment::with_gaps(vec![], vec![not_promised("who may hold keys, or where")]);
    }
    let versions = versions(record);
    let Some((newest, line)) = versions.last().copied() else {
        return Assessment::with_gaps(vec![], vec![gap(GapKind::NotTested, ALL, "no key registry is at hand")]);
    };
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    if apart {
        actors(record, &versions, segregated, &mut items);
        let one_host = newest.ceremony == Ceremony::SameHost;
        let what = "ceremony same-host: whoever had that host when keys were made had every key";
        let at = line.recorded_at.max(record.period().start);
        items.push(item(line, at, "ceremony", one_host.then(|| what.into())));
    } else {
        gaps.push(not_promised("that who makes backups holds no key for them"));
    }
    if places {
        storage(record, &versions, &mut items);
    } else {
        gaps.push(not_promised("where keys lie"));
    }
    Assessment::with_gaps(items, gaps)
}

/// Each actor of backups of the period, once for each version of the registry.
fn actors(
    record: &Record<'_>,
    versions: &[(&KeyRegistry, &Line<'_>)],
    segregated: impl Fn(&Policy) -> bool,
    items: &mut Vec<Item>,
) {
    let (mut seen, mut holders) = (BTreeSet::new(), BTreeMap::new());
    let within = record.lines(&["backup.started", "backup.completed"]);
    for line in within.filter(|line| record.period().contains(line.recorded_at)) {
        if !record.policy_of(line).is_some_and(&segregated) {
            continue;
        }
        let before = versions.partition_point(|(_, entered)| entered.seq <= line.seq);
        let version = before.checked_sub(1).and_then(|place| versions.get(place));
        let (Some((registry, _)), Some(entry)) = (version, line.entry()) else { continue };
        let actor = entry.actor.id;
        if !seen.insert((before, actor.clone())) {
            continue;
        }
        let holders = holders.entry(before).or_insert_with(|| backup_holders(registry));
        let holds = holders.get(actor.as_str());
        let deviation = holds.map(|key| format!("{actor} makes backups and is custodian of key {key}"));
        items.push(item(line, line.recorded_at, &actor, deviation));
    }
}

/// Custodians of active keys for backups, each with one of the keys.
fn backup_holders(registry: &KeyRegistry) -> BTreeMap<&str, KeyId> {
    let keys = registry.keys.iter().filter(|key| key.state == State::Active && key.uses.contains(&Use::Backup));
    keys.map(|key| (key.custodian.as_str(), key.jwk.id())).collect()
}

/// Each key that was active in the period, by where it lies.
fn storage(record: &Record<'_>, versions: &[(&KeyRegistry, &Line<'_>)], items: &mut Vec<Item>) {
    let policies = record.terms_of_period();
    let Some(promise) = policies.iter().rev().find_map(|term| {
        term.policy?.signing.as_ref().map(|signing| &signing.storage).filter(|storage| !storage.is_empty())
    }) else {
        return;
    };
    let first = versions.partition_point(|(_, line)| line.recorded_at <= record.period().start);
    let in_force = versions.get(first.saturating_sub(1)..).unwrap_or_default();
    let mut seen = BTreeMap::new();
    for (registry, line) in in_force.iter().filter(|(_, line)| line.recorded_at < record.period().end) {
        for key in registry.keys.iter().filter(|key| key.state == State::Active) {
            let id = key.jwk.id().to_string();
            if seen.insert((id.clone(), key.storage.word()), ()).is_some() {
                continue;
            }
            let words: Vec<&str> = promise.iter().map(|storage| storage.word()).collect();
            let what = || {
                format!("key {id} of {} lies in {}, promised {}", key.custodian, key.storage.word(), words.join(" or "))
            };
            let at = line.recorded_at.max(record.period().start);
            items.push(item(line, at, &id, (!promise.contains(&key.storage)).then(what)));
        }
    }
}
