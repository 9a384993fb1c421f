//! Rules about encryption of backups and of databases (`spec:rules-29`, `spec:rules-30`).

use alloc::{collections::BTreeSet, format, string::ToString as _, vec, vec::Vec};

use super::{
    Assessment, Basis, GapKind, Item, Rule,
    backup::item,
    capture::{Capture, Captures},
    integrity::in_force,
    window::{after, gap, not_promised},
};
use crate::{
    event::{Event, flag},
    policy::{AtRest, Collector, Encryption, Policy},
    record::Record,
    statement::Backup,
};

/// Backups are encrypted as promised, on their way too.
pub(super) const BACKUPS: Rule = Rule {
    id: "WW-EN-01",
    title: "Backups were encrypted as promised, and read over TLS",
    computation: "each backup statement has an allowed algorithm, names recipients, and a TLS version no older than promised",
    basis: Basis::B3,
    reader: false,
    evaluate: backups,
};

/// Somebody says that the databases' own storage is encrypted.
pub(super) const AT_REST: Rule = Rule {
    id: "WW-EN-02",
    title: "Encryption of the databases' storage is stated",
    computation: "for each database a capture says that its storage is encrypted, no older than 366 days at the period's end",
    basis: Basis::B5,
    reader: false,
    evaluate: at_rest,
};

/// Days for which a word about encryption or of a supplier holds.
const YEAR_DAYS: i64 = 366;

fn backups(record: &Record<'_>) -> Assessment {
    let asks = |promise: &Encryption| !promise.backup.is_empty() || promise.tls_min.is_some();
    let promises = |policy: &Policy| policy.databases.iter().any(|one| one.encryption.as_ref().is_some_and(asks));
    if !in_force(record, promises) {
        return Assessment::with_gaps(vec![], vec![not_promised("how backups are encrypted")]);
    }
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let mut unpromised = BTreeSet::new();
    for (line, event) in record.recorded(&["backup.completed"]) {
        let Event::BackupCompleted(done) = event else { continue };
        let promise = record.promised(line, &done.database).and_then(|promised| promised.encryption.as_ref());
        let Some(promise) = promise.filter(|promise| asks(promise)) else {
            if unpromised.insert(done.database.clone()) {
                gaps.push(gap(
                    GapKind::NotPromised,
                    &done.database,
                    "no policy promises how its backups are encrypted",
                ));
            }
            continue;
        };
        let Some(backup) = record.exhibits().backups.get(&line.id) else {
            let what = format!("the backup of {} has no verified statement", done.started_at);
            gaps.push(gap(GapKind::NoInput, &done.database, what));
            continue;
        };
        items.push(item(BACKUPS.id, line, &done.database, done.started_at, weakness(backup, promise)));
    }
    Assessment::with_gaps(items, gaps)
}

/// What of an encryption is weaker than promised.
fn weakness(backup: &Backup, promise: &Encryption) -> Option<alloc::string::String> {
    let allowed: Vec<&str> = promise.backup.iter().map(|algorithm| algorithm.word()).collect();
    let found = backup.encryption.alg.as_str();
    let mut weak = Vec::new();
    if !allowed.is_empty() && !allowed.contains(&found) {
        weak.push(format!("encrypted with {found}, promised {}", allowed.join(" or ")));
    }
    if !allowed.is_empty() && backup.encryption.recipients.is_empty() {
        weak.push("no recipient is named".into());
    }
    weak.extend(promise.weaker_tls(&backup.tls.protocol));
    (!weak.is_empty()).then(|| weak.join("; "))
}

fn at_rest(record: &Record<'_>) -> Assessment {
    let captures = Captures::new(record);
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let end = record.period().end;
    for database in record.databases() {
        let terms = record.terms_of_period();
        let of = |policy: &Policy| policy.database(database)?.encryption.as_ref()?.db_at_rest;
        let Some(promise) = terms.iter().rev().find_map(|term| term.policy.and_then(of)) else {
            gaps.push(gap(GapKind::NotPromised, database, "no policy in force promises anything of its storage"));
            continue;
        };
        let sources: &[Collector] = match promise {
            AtRest::Declared => &[Collector::ProviderDocument, Collector::EncryptionAtRest],
            AtRest::Api => &[Collector::EncryptionAtRest],
        };
        let speaks = |capture: &&Capture<'_>| {
            let about = capture.has(flag::AT_REST_ENCRYPTED) || capture.has(flag::AT_REST_UNENCRYPTED);
            about && capture.is_good() && capture.is_of(database) && capture.line.recorded_at < end
        };
        let all = sources.iter().flat_map(|source| captures.of(*source)).filter(speaks);
        let Some(last) = all.max_by_key(|capture| capture.at) else {
            gaps.push(gap(GapKind::NoInput, database, "no capture says whether its storage is encrypted"));
            continue;
        };
        let aged = after(last.at, YEAR_DAYS.saturating_mul(86_400)) < end;
        let expired = last.data.collector == Collector::ProviderDocument.word() && last.data.covers.to < end;
        let deviation = if let Some(bare) = last.flagged(&[flag::AT_REST_UNENCRYPTED]) {
            Some(bare)
        } else if aged {
            Some(format!("the last capture is of {}, more than {YEAR_DAYS} days before the period's end", last.at))
        } else {
            expired.then(|| format!("the document was valid until {}", last.data.covers.to))
        };
        let note = deviation.is_none().then(|| format!("{}, captured at {}", last.data.collector, last.at));
        let id = format!("{}/{database}/{end}", AT_REST.id);
        let entry = last.line.id.to_string();
        items.push(Item { id, at: end, database: database.into(), entry, deviation, note });
    }
    Assessment::with_gaps(items, gaps)
}
