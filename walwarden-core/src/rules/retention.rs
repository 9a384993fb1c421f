//! Rules about keeping and deleting (`spec:rules-49` to `spec:rules-51`).

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use super::{Assessment, Basis, Gap, GapKind, Item, Rule, Status, windows, words};
use crate::{
    chain::Line,
    event::{Event, EvidenceCollected, EvidenceOutcome, HoldAction, RetentionPruned, flag},
    policy::{Collector, Retention},
    record::{Completed, Custody, Record},
    retention::kept,
    time::Time,
    value::EntryId,
    zone::Zone,
};

/// Nothing is deleted early, missing, or kept too long.
pub(super) const KEPT: Rule = Rule {
    id: "WW-RN-01",
    title: "Backups were kept as long as promised, and no longer",
    computation: "no backup was deleted while the retention in force kept it; at the period's end each kept one is in the store, and none is there beyond its grace without a hold",
    basis: Basis::B3,
    reader: false,
    evaluate: retention,
};

/// Each deletion is recorded and confirmed.
pub(super) const PRUNED: Rule = Rule {
    id: "WW-RN-02",
    title: "Every deletion of a backup is recorded and confirmed",
    computation: "each object named for deletion was confirmed as deleted or is held; each backup that the store's inventory lacks was deleted by such an entry",
    basis: Basis::B3,
    reader: false,
    evaluate: pruned,
};

/// The evidence reaches back as far as promised.
pub(super) const EVIDENCE_AGE: Rule = Rule {
    id: "WW-RN-03",
    title: "Evidence is kept as long as promised",
    computation: "the periods of the bundles that the reader brought span at least what the policy promises to keep",
    basis: Basis::B1,
    reader: true,
    evaluate: evidence_age,
};

fn retention(record: &Record<'_>) -> Assessment {
    let custody = Custody::of(record);
    let end = end(record);
    let inventory = inventories(record).pop();
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for database in record.databases() {
        let gap = |kind, what: &str| Gap { kind, database: database.into(), what: what.into() };
        let policy = record.in_force(end).or_else(|| record.terms_of_period().last().and_then(|term| term.policy));
        let promised = policy.and_then(|policy| Some((policy, policy.database(database)?.retention.as_ref()?)));
        let Some((policy, promise)) = promised else {
            gaps.push(gap(GapKind::NotPromised, "no policy in force promises a retention"));
            continue;
        };
        let Some(zone) = record.zone(&policy.timezone) else {
            gaps.push(gap(GapKind::NoInput, "the record holds no offsets of the policy's zone for this period"));
            continue;
        };
        if inventory.is_none() {
            gaps.push(gap(GapKind::NoInput, "no inventory of the store is recorded in the period"));
        }
        let all: Vec<Completed<'_>> = record.backups_back(database).collect();
        let held = standing(record, database, promise, zone);
        for Standing { snapshot_at, id, is_missing, is_overdue, is_held } in held {
            let deviation = if is_missing {
                Some(String::from("missing: it is to be kept, and the inventory of the store does not have it"))
            } else if is_overdue && !is_held {
                Some(format!("overdue: kept longer than its grace of {}", words::duration(promise.grace_s())))
            } else {
                None
            };
            let note = (is_overdue && is_held).then(|| String::from("beyond its retention, under a hold"));
            items.push(Item { note, ..item("WW-RN-01", database, snapshot_at, id, deviation) });
        }
        items.extend(early(record, database, &all, &custody));
    }
    if items.is_empty() && gaps.is_empty() {
        return super::no_population(record);
    }
    Assessment::with_gaps(items, gaps)
}

/// The last instant that a record tells of, in its period.
fn end(record: &Record<'_>) -> Time {
    record.period().end.min(record.covered())
}

/// How a backup that nothing has deleted stands against a promise, at the end of a record.
pub(crate) struct Standing {
    snapshot_at: Time,
    id: EntryId,
    /// To be kept, and not in the last inventory of the store.
    pub(crate) is_missing: bool,
    /// In the store beyond its grace.
    pub(crate) is_overdue: bool,
    /// Under a hold.
    pub(crate) is_held: bool,
}

/// Of every backup of a database that nothing has deleted.
pub(crate) fn standing(record: &Record<'_>, database: &str, promise: &Retention, zone: &Zone) -> Vec<Standing> {
    let (end, custody) = (end(record), Custody::of(record));
    let inventory = inventories(record).pop();
    let missing: BTreeSet<EntryId> = inventory.iter().flat_map(|(_, taken)| missing(taken)).collect();
    let all: Vec<Completed<'_>> = record.backups_back(database).collect();
    let there = |at: Time| {
        let of = all.iter().filter(|backup| {
            backup.done.completed_at <= at && custody.pruned(backup.line.id).is_none_or(|pruned| pruned > at)
        });
        of.map(|backup| (backup.done.snapshot_at, backup.line.id)).collect::<Vec<_>>()
    };
    let holds = holds(record, end);
    let is_held = |id: &EntryId| holds.contains(id.as_str()) || holds.contains(database) || holds.contains("*");
    let now = there(end);
    let kept_now = kept(promise, &now, zone);
    let graced = Time::from_micros(end.micros().saturating_sub(promise.grace_s().saturating_mul(1_000_000)));
    let before = graced.map(&there).unwrap_or_default();
    let kept_before = kept(promise, &before, zone);
    let known_before: BTreeSet<EntryId> = before.into_iter().map(|(_, id)| id).collect();
    let of = now.iter().map(|(snapshot_at, id)| {
        let (kept, missing) = (kept_now.contains(id), missing.contains(id));
        let (is_missing, is_held) = (missing && kept, is_held(id));
        let is_overdue = !kept && !missing && known_before.contains(id) && !kept_before.contains(id);
        Standing { snapshot_at: *snapshot_at, id: *id, is_missing, is_overdue, is_held }
    });
    of.collect()
}

/// The backups deleted in the period: early is one that the retention in force still kept.
fn early(record: &Record<'_>, database: &str, all: &[Completed<'_>], custody: &Custody) -> Vec<Item> {
    let mut items = Vec::new();
    for (line, pruned) in prunes(record).into_iter().filter(|(_, pruned)| pruned.database == database) {
        let at = line.at();
        let policy = record.in_force(at.max(record.period().start));
        let promise = policy.and_then(|policy| Some((policy.database(database)?.retention.as_ref()?, policy)));
        let zone = promise.and_then(|(_, policy)| record.zone(&policy.timezone));
        let there: Vec<(Time, EntryId)> = all
            .iter()
            .filter(|backup| {
                backup.done.completed_at <= at && custody.pruned(backup.line.id).is_none_or(|gone| gone >= at)
            })
            .map(|backup| (backup.done.snapshot_at, backup.line.id))
            .collect();
        let keep = promise.zip(zone).map(|((promise, _), zone)| kept(promise, &there, zone)).unwrap_or_default();
        for id in &pruned.confirmed {
            let snapshot_at = there.iter().find(|(_, known)| known == id).map_or(at, |(snapshot, _)| *snapshot);
            let early = keep
                .contains(id)
                .then(|| format!("deleted early, at {}: the retention in force still kept it", at.to_words()));
            items.push(item("WW-RN-01", database, snapshot_at, *id, early));
        }
    }
    items
}

fn pruned(record: &Record<'_>) -> Assessment {
    let custody = Custody::of(record);
    let mut items = Vec::new();
    for (line, pruned) in prunes(record) {
        for object in &pruned.objects {
            let done = pruned.confirmed.contains(&object.backup) || pruned.held.contains(&object.backup);
            let deviation = (!done).then(|| String::from("named for deletion, and neither confirmed nor held"));
            let (id, at) = (format!("WW-RN-02/{}/{}/{}", pruned.database, line.at(), object.backup), line.at());
            let (database, entry) = (pruned.database.clone(), line.id.as_str().into());
            items.push(Item { id, at, database, entry, deviation, note: None });
        }
    }
    for (line, taken) in inventories(record) {
        for backup in missing(&taken).filter(|backup| custody.pruned(*backup).is_none()) {
            let deviation = Some(String::from("not in the store any more, and no entry deleted it"));
            let (id, at) = (format!("WW-RN-02/*/{}/{backup}", line.at()), line.at());
            let (database, entry) = (taken.database.clone().unwrap_or_else(|| "*".into()), backup.as_str().into());
            items.push(Item { id, at, database, entry, deviation, note: None });
        }
    }
    Assessment::over(items)
}

fn evidence_age(record: &Record<'_>) -> Assessment {
    let end = record.period().end.min(record.covered());
    let promise = record.in_force(end).and_then(|policy| policy.evidence_retention.as_ref()?.chain);
    let Some(promise) = promise else {
        let what = String::from("no policy in force promises how long evidence is kept");
        return Assessment::with_gaps(
            Vec::new(),
            [Gap { kind: GapKind::NotPromised, database: "*".into(), what }].into(),
        );
    };
    let Some(span) = record.exhibits().reader.evidence else {
        return Assessment::without(Status::NotTested, "one bundle shows one period: bring the earlier ones too");
    };
    let days = promise.least_days();
    let short = span.end.seconds_since(span.start) < days.saturating_mul(86_400);
    let deviation = short.then(|| format!("{}: less than the {days} days promised", windows::span(&span)));
    let id = format!("WW-RN-03/*/{}", span.start);
    Assessment::over(
        [Item { id, at: span.start, database: "*".into(), entry: String::new(), deviation, note: None }].into(),
    )
}

/// Deletions recorded in the period.
fn prunes<'r>(record: &'r Record<'_>) -> Vec<(&'r Line<'r>, RetentionPruned)> {
    let of = record.recorded(&["retention.pruned"]);
    of.filter_map(|(line, event)| if let Event::RetentionPruned(data) = event { Some((line, *data)) } else { None })
        .collect()
}

/// Inventories of the store that were recorded in the period, in order.
fn inventories<'r>(record: &'r Record<'_>) -> Vec<(&'r Line<'r>, EvidenceCollected)> {
    let of = record.recorded(&["evidence.collected"]).filter_map(|(line, event)| match event {
        Event::EvidenceCollected(taken) => Some((line, *taken)),
        _ => None,
    });
    let is = |taken: &EvidenceCollected| {
        taken.collector == Collector::StoreInventory.word() && taken.outcome == EvidenceOutcome::Ok
    };
    of.filter(|(_, taken)| is(taken)).collect()
}

/// Backups that an inventory says are not there.
fn missing(taken: &EvidenceCollected) -> impl Iterator<Item = EntryId> {
    taken.flags.iter().filter(|one| one.code == flag::BACKUP_MISSING).filter_map(|one| one.detail.parse().ok())
}

/// What is under a hold at an instant: databases, ids of backups, or `*`.
pub(crate) fn holds(record: &Record<'_>, at: Time) -> BTreeSet<String> {
    let mut holds = BTreeSet::new();
    for (line, event) in record.events(&["hold.changed"]) {
        let Event::HoldChanged(hold) = event else { continue };
        if line.at() > at {
            break;
        }
        match hold.action {
            HoldAction::Placed => holds.insert(hold.scope),
            HoldAction::Released => holds.remove(&hold.scope),
        };
    }
    holds
}

fn item(rule: &str, database: &str, at: Time, entry: EntryId, deviation: Option<String>) -> Item {
    let id = format!("{rule}/{database}/{at}");
    Item { id, at, database: database.into(), entry: entry.as_str().into(), deviation, note: None }
}
