//! `store_inventory`: every version of every object in every store, compared with the chain both ways.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    Decimal, EntryId,
    event::{Event, LockMode, flag},
    statement::{Object, evidence::Reconciled},
};

use super::{
    Scene,
    capture::{Capture, Failure, Row, Table, row, text},
};
use crate::{
    backup_set::{self, Chosen},
    error::ProduceError,
    mirror,
    store::{Listed, Location, Store},
};

const OBJECTS: &str = "objects.ndjson";
const COLUMNS: [&str; 11] =
    ["store", "key", "version_id", "provider", "bucket", "bytes", "modified", "delete_marker", "latest", "lock", "of"];
/// An object that no entry of the chain accounts for; rules do not read it.
const UNKNOWN: &str = "object-unknown";

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let producer = scene.producer;
    let backups = backup_set::all(scene.snapshot)?;
    let gone = deleted(scene)?;
    let (mut rows, mut held) = (Vec::new(), BTreeSet::new());
    let mut capture = Capture::default();
    for store in producer.copies.iter().chain([&producer.store]).map(AsRef::as_ref) {
        // To the last page, or an error: a part of a list is never returned.
        for listed in store.list("")? {
            let of = of(scene, &backups, &listed);
            if let Of::Backup(backup) = of {
                if is_dump(store.location(), backup, &listed) {
                    held.insert(backup.id);
                }
                if gone.contains(&backup.id) && !listed.delete_marker {
                    let what = format!("{}: {} is of a backup that was deleted", store.location().name, listed.key);
                    capture.flag(UNKNOWN, what);
                }
            }
            if matches!(of, Of::Nothing) {
                capture.flag(UNKNOWN, format!("{}: {}", store.location().name, listed.key));
            }
            rows.push(object(store, &listed, &of)?);
        }
    }
    let expected: Vec<&Chosen> = backups.iter().filter(|backup| !gone.contains(&backup.id)).collect();
    let missing: Vec<EntryId> = expected.iter().map(|backup| backup.id).filter(|id| !held.contains(id)).collect();
    missing.iter().for_each(|id| capture.flag(flag::BACKUP_MISSING, id.to_string()));
    capture.reconciled = Some(Reconciled {
        source: "backups of the chain, completed and not deleted".into(),
        rows: Decimal(expected.len() as u64),
        equal: missing.is_empty(),
    });
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    capture.parameters = parameters(producer.copies.iter().chain([&producer.store]).map(|store| store.location()));
    capture.not_visible = vec!["rules of a bucket's lifecycle, and who may read it".into()];
    capture.tables = vec![Table::new(OBJECTS, &COLUMNS, 3, rows)];
    capture.pages = 1;
    Ok(capture)
}

/// What an object belongs to.
enum Of<'c> {
    Backup(&'c Chosen),
    Vault,
    Nothing,
}

fn of<'c>(scene: &Scene<'_>, backups: &'c [Chosen], listed: &Listed) -> Of<'c> {
    if listed.key.starts_with(&format!("{}/", mirror::folder(&scene.producer.config.origin))) {
        return Of::Vault;
    }
    // A backup's objects lie in a folder of its own.
    let folder = |key: &str| key.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let backup = backups.iter().find(|backup| folder(&backup.data.object.key) == folder(&listed.key));
    backup.map_or(Of::Nothing, Of::Backup)
}

/// Whether an object is the dump of a backup, there where the chain says that it is.
fn is_dump(location: &Location, backup: &Chosen, listed: &Listed) -> bool {
    let object: &Object = &backup.data.object;
    object.provider == location.provider
        && object.account_ref == location.account_ref
        && object.region == location.region
        && object.bucket == location.bucket
        && object.key == listed.key
        && object.version_id == listed.version_id
        && object.bytes == Decimal(listed.bytes)
        && !listed.delete_marker
}

/// Backups whose deletion was confirmed.
fn deleted(scene: &Scene<'_>) -> Result<BTreeSet<EntryId>, ProduceError> {
    let entries = scene.snapshot.entries()?;
    let pruned = entries.all().iter().filter_map(|entry| match entry.event() {
        Event::RetentionPruned(pruned) => Some(pruned.confirmed),
        _ => None,
    });
    Ok(pruned.flatten().collect())
}

fn object(store: &dyn Store, listed: &Listed, of: &Of<'_>) -> Result<Row, Failure> {
    let location = store.location();
    let lock = match of {
        Of::Backup(_) if !listed.delete_marker => {
            let lock = store.lock(&listed.key, listed.version_id.as_deref())?;
            let until = lock.until.map(|until| format!(" until {until}")).unwrap_or_default();
            let mode = match lock.mode {
                LockMode::None => "none",
                LockMode::Governance => "governance",
                LockMode::Compliance => "compliance",
            };
            Some(format!("{mode}{until}"))
        }
        _ => None,
    };
    let belongs = match of {
        Of::Backup(backup) => Some(format!("backup {}", backup.id)),
        Of::Vault => Some("vault".into()),
        Of::Nothing => None,
    };
    Ok(row([
        ("store", Some(location.name.clone())),
        ("key", Some(listed.key.clone())),
        ("version_id", listed.version_id.clone()),
        ("provider", Some(location.provider.clone())),
        ("bucket", Some(location.bucket.clone())),
        ("bytes", Some(listed.bytes.to_string())),
        ("modified", listed.modified.map(|at| at.to_string())),
        ("delete_marker", Some(listed.delete_marker.to_string())),
        ("latest", Some(listed.latest.to_string())),
        ("lock", lock),
        ("of", belongs),
    ]))
}

fn key(row: &Row) -> [&str; 3] {
    [text(row, "store"), text(row, "key"), text(row, "version_id")]
}

/// Each store by its name, and where it is.
fn parameters<'s>(stores: impl Iterator<Item = &'s Location>) -> BTreeMap<String, String> {
    let place = |at: &Location| format!("{}, {}, {}, {}", at.provider, at.account_ref, at.region, at.bucket);
    stores.map(|location| (format!("store {}", location.name), place(location))).collect()
}
