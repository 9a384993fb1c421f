//! Rules about copies of backups (`spec:rules-43`, `spec:rules-44`).

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use super::{Assessment, Basis, Gap, GapKind, Rule, Status, backup::item, words};
use crate::{
    event::{CopyMethod, CopyOutcome, LockMode},
    policy::{Apart, Copies, DatabasePolicy, Retention},
    record::{Check, Completed, Custody, Record},
};

/// Each backup held has its copies, apart and read again.
pub(super) const APART: Rule = Rule {
    id: "WW-CP-01",
    title: "Copies lie apart and were read again",
    computation: "each backup held in the period has its promised copies, as far from the source as promised, read back whole and hashed, and again in time",
    basis: Basis::B3,
    reader: false,
    evaluate: |record| judge(record, "WW-CP-01", |copies| copies.min > 0, apart),
};

/// Each backup held has a copy that cannot be deleted.
pub(super) const LOCKED: Rule = Rule {
    id: "WW-CP-02",
    title: "Copies are locked against deletion",
    computation: "each backup held in the period has a copy whose lock was seen when it was read: of the promised mode, for as long as promised",
    basis: Basis::B3,
    reader: false,
    evaluate: |record| judge(record, "WW-CP-02", wants_lock, locked),
};

/// What is asked of one backup.
struct Asked<'r> {
    record: &'r Record<'r>,
    custody: &'r Custody,
    backup: &'r Completed<'r>,
    promised: &'r DatabasePolicy,
    copies: &'r Copies,
}

/// What one backup came to.
enum Found {
    Conforms,
    Deviates(String),
    NotCovered(String),
}

fn judge(record: &Record<'_>, rule: &str, asks: fn(&Copies) -> bool, look: fn(&Asked<'_>) -> Found) -> Assessment {
    let custody = Custody::of(record);
    let (mut items, mut gaps, mut waived) = (Vec::new(), Vec::new(), 0_usize);
    for database in record.databases() {
        let promises = record.terms_of_period().into_iter().filter_map(|term| term.policy?.database(database));
        let copies: Vec<&Copies> = promises.filter_map(|promised| promised.copies.as_ref()).collect();
        let gap = |kind, what: String| Gap { kind, database: database.into(), what };
        if copies.is_empty() {
            gaps.push(gap(GapKind::NotPromised, "no policy in force promises copies".into()));
            continue;
        }
        if !copies.iter().any(|copies| asks(copies)) {
            waived = waived.saturating_add(1);
            continue;
        }
        for backup in held(record, &custody, database) {
            let Some(promised) = record.promised(backup.line, database) else { continue };
            let Some(copies) = promised.copies.as_ref().filter(|copies| asks(copies)) else { continue };
            let asked = Asked { record, custody: &custody, backup: &backup, promised, copies };
            let deviation = match look(&asked) {
                Found::Conforms => None,
                Found::Deviates(why) => Some(why),
                Found::NotCovered(what) => {
                    gaps.push(gap(GapKind::NotCovered, what));
                    continue;
                }
            };
            items.push(item(rule, backup.line, database, backup.done.snapshot_at, deviation));
        }
    }
    if items.is_empty() && gaps.is_empty() && waived > 0 {
        return Assessment::without(Status::NotApplicable, "the policy in force asks for none");
    }
    if items.is_empty() && gaps.is_empty() {
        return super::no_population(record);
    }
    Assessment::with_gaps(items, gaps)
}

/// Backups completed before the period's end and not deleted before its start, in order.
fn held<'r>(record: &Record<'r>, custody: &Custody, database: &str) -> Vec<Completed<'r>> {
    let period = record.period();
    let of = record.backups_back(database).filter(|backup| {
        backup.done.completed_at < period.end
            && custody.pruned(backup.line.id).is_none_or(|pruned| pruned > period.start)
    });
    let mut held: Vec<_> = of.collect();
    held.reverse();
    held
}

fn apart(asked: &Asked<'_>) -> Found {
    let Asked { record, custody, backup, copies, .. } = *asked;
    let checks = custody.checks(backup.line.id);
    let good: Vec<&Check> = checks.iter().filter(|check| is_good(check, copies)).collect();
    if good.is_empty() {
        return no_copy(asked, checks);
    }
    let places: BTreeSet<_> = good.iter().map(|check| check.place()).collect();
    let min = usize::try_from(copies.min).unwrap_or(usize::MAX);
    if places.len() < min {
        return Found::Deviates(format!("{} of {min} copies were read back", places.len()));
    }
    let of_place = |place: &[&str; 5]| checks.iter().rfind(|check| check.place() == *place);
    let is_bad = |check: &&Check| matches!(check.copy.outcome, CopyOutcome::Mismatch | CopyOutcome::Missing);
    let bad: Vec<&Check> = places.iter().filter_map(of_place).filter(is_bad).collect();
    if let Some(first) = bad.first().filter(|_| places.len().saturating_sub(bad.len()) < min) {
        let what = if first.copy.outcome == CopyOutcome::Missing { "missing" } else { "altered" };
        return Found::Deviates(format!("the copy was found {what} at {}", first.at.to_words()));
    }
    let Some(every) = copies.reverify_s else { return Found::Conforms };
    let end = record.period().end.min(record.covered());
    let end = custody.pruned(backup.line.id).map_or(end, |pruned| pruned.min(end));
    let nexts = good.iter().skip(1).map(|check| check.at).chain([end]);
    let late = good.iter().map(|check| check.at).zip(nexts).find(|(from, to)| {
        let due = from.plus_seconds(every);
        due < *to && due >= record.period().start
    });
    late.map_or(Found::Conforms, |(from, to)| {
        let (from, to, every) = (from.to_words(), to.to_words(), words::duration(every));
        Found::Deviates(format!("not read again from {from} to {to}, promised every {every}"))
    })
}

fn is_good(check: &Check, copies: &Copies) -> bool {
    check.copy.outcome == CopyOutcome::Ok && check.copy.method == CopyMethod::FullReread && copies.apart(&check.copy)
}

/// Words for a backup of which no copy was read back as promised.
fn no_copy(asked: &Asked<'_>, checks: &[Check]) -> Found {
    let Asked { record, backup, promised, copies, .. } = *asked;
    let far = match copies.separation {
        Some(Apart::Provider) => "at another provider",
        Some(Apart::Account) => "in another account",
        Some(Apart::Region) => "in another region",
        None => "anywhere",
    };
    let ok: Vec<&Check> = checks.iter().filter(|check| check.copy.outcome == CopyOutcome::Ok).collect();
    if checks.is_empty() && backup.done.completed_at.plus_seconds(promised.max_run_s) > record.covered() {
        return Found::NotCovered(format!(
            "the backup of {}: the record ends before its copy was due",
            backup.done.snapshot_at.to_words()
        ));
    }
    let why = if ok.iter().any(|check| copies.apart(&check.copy)) {
        format!("the copy {far} was looked at, not read back and hashed")
    } else if ok.is_empty() && !checks.is_empty() {
        format!("the copy {far} could not be read")
    } else if ok.is_empty() {
        format!("no copy {far} is recorded")
    } else {
        format!("no copy {far}: those read back lie nearer")
    };
    Found::Deviates(why)
}

fn wants_lock(copies: &Copies) -> bool {
    copies.object_lock.is_some_and(|mode| mode != LockMode::None)
}

fn locked(asked: &Asked<'_>) -> Found {
    let Asked { custody, backup, promised, copies, .. } = *asked;
    let checks = custody.checks(backup.line.id);
    let Some(last) = checks.iter().rfind(|check| check.copy.outcome == CopyOutcome::Ok) else {
        return no_copy(asked, checks);
    };
    let lock = last.copy.lock;
    let strong = match copies.object_lock {
        Some(LockMode::Compliance) => lock.mode == LockMode::Compliance,
        _ => lock.mode != LockMode::None,
    };
    if !strong {
        return Found::Deviates(format!("no such lock was seen at {}", last.at.to_words()));
    }
    let Some(least) = least_kept(promised.retention.as_ref()) else { return Found::Conforms };
    match lock.until {
        Some(until) if until >= backup.done.snapshot_at.plus_seconds(least) => Found::Conforms,
        Some(until) => Found::Deviates(format!("locked only until {}", until.to_words())),
        None => Found::Deviates("locked, and no end of the lock was seen".into()),
    }
}

/// Seconds for which every backup is kept at the least.
fn least_kept(retention: Option<&Retention>) -> Option<i64> {
    match retention? {
        Retention::Tiers { daily: Some(days), .. } => Some(days.saturating_mul(86_400)),
        _ => None,
    }
}
