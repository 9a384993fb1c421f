//! Copies of backups in other stores: made, and read again whole.

use std::io;

use walwarden_core::{
    Digest, EntryId, Time,
    event::{BackupCompleted, CopyMethod, CopyOutcome, CopyVerified, Event, Lock, Separation},
    policy::DatabasePolicy,
    statement::{Backup, Object},
};

use crate::{
    backup_set::{self, Chosen},
    error::{ProduceError, StorageError},
    producer::{Producer, Signers},
    store::{self, LOCAL, Location, Store, UNLOCKED},
    vault::{Appended, Draft, Snapshot},
};

/// What was found of one copy.
#[derive(Debug)]
pub struct Copied {
    /// Its entry.
    pub entry: Appended,
    /// What the entry says.
    pub verified: CopyVerified,
    /// Name of the store.
    pub store: String,
    /// Why it is not as it should be.
    pub error: Option<StorageError>,
}

/// A copy that is to be made or looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Entry of the backup.
    pub backup: EntryId,
    /// Name of the store.
    pub store: String,
    /// Whether it was there and whole at the last look.
    pub seen: bool,
}

/// What there is to do: every held backup in every store of copies, and in the main one where it counts as a copy
/// because it lies apart from the database. `again`: as if everything were due.
///
/// # Errors
/// The chain cannot be read.
pub fn due(producer: &Producer, snapshot: &Snapshot, now: Time, again: bool) -> Result<Vec<Due>, ProduceError> {
    let policy = producer.policy(snapshot)?;
    let entries = snapshot.entries()?;
    let (mut looks, mut gone) = (Vec::new(), Vec::new());
    for entry in entries.all() {
        match entry.event() {
            Event::CopyVerified(copy) => looks.push((entry.at(), *copy)),
            Event::RetentionPruned(pruned) => gone.extend(pruned.confirmed),
            _ => {}
        }
    }
    let mut due = Vec::new();
    for chosen in backup_set::all(snapshot)?.into_iter().filter(|chosen| !gone.contains(&chosen.id)) {
        let promised = policy.as_ref().and_then(|policy| policy.database(&chosen.data.database));
        for place in places(producer, &chosen.data, promised) {
            let location = place.location();
            let last = looks.iter().rfind(|(_, copy)| copy.backup == chosen.id && is_at(&copy.location, location));
            let every = promised.and_then(|promised| promised.copies.as_ref()?.reverify_s);
            let good = last.filter(|(_, copy)| copy.outcome == CopyOutcome::Ok);
            let rests =
                |(at, _): &(Time, _)| !again && every.is_none_or(|every| now < at.plus_seconds(every - ahead(every)));
            if !good.is_some_and(rests) {
                due.push(Due { backup: chosen.id, store: location.name.clone(), seen: good.is_some() });
            }
        }
    }
    Ok(due)
}

/// How long before its time a copy is read again: with one run a night, the last one that is in time.
fn ahead(every_s: i64) -> i64 {
    const NIGHT_AND_A_HALF_S: i64 = 36 * 3600;
    NIGHT_AND_A_HALF_S.min(every_s / 2)
}

/// Does all that is [`due`] that `wanted` lets through, and tells of each.
///
/// # Errors
/// As [`copy`].
pub fn copy_due(
    producer: &mut Producer,
    signers: &mut Signers,
    wanted: &dyn Fn(&Due) -> bool,
    again: bool,
    told: &mut dyn FnMut(&Copied),
) -> Result<(), ProduceError> {
    let snapshot = producer.chain.read()?;
    for due in due(producer, &snapshot, producer.now(), again)?.iter().filter(|due| wanted(due)) {
        told(&copy(producer, signers, &snapshot, due)?);
    }
    Ok(())
}

/// The stores in which a backup is looked after as a copy.
fn places<'p>(
    producer: &'p Producer,
    backup: &BackupCompleted,
    promised: Option<&DatabasePolicy>,
) -> Vec<&'p dyn Store> {
    let main = producer.store.as_ref();
    let is_copy = promised.is_some_and(|promised| {
        promised.copies.as_ref().is_some_and(|copies| {
            copies.min > 0
                && copies.is_apart(&separation(main.location(), promised))
                && is_at(&backup.object, main.location())
        })
    });
    let copies = producer.copies.iter().map(AsRef::as_ref);
    copies.chain(is_copy.then_some(main)).collect()
}

/// Makes a copy where there is none, reads it whole, and records what was found.
///
/// # Errors
/// The chain did not take the record. A copy that is missing or altered is no error: it is recorded.
pub fn copy(
    producer: &mut Producer,
    signers: &mut Signers,
    snapshot: &Snapshot,
    due: &Due,
) -> Result<Copied, ProduceError> {
    let chosen = backup_set::choose(snapshot, Some(due.backup.as_str()))?;
    let statement = backup_set::authentic(producer, snapshot, &chosen, &mut String::new());
    let statement = statement.map_err(|why| ProduceError::Bug(format!("backup {}: {why}", chosen.id)))?;
    let policy = producer.policy(snapshot)?;
    let promised = policy.as_ref().and_then(|policy| policy.database(&chosen.data.database));
    let place = producer.store_called(&due.store)?;
    let looked = Look { main: producer.store.as_ref(), place, seen: due.seen }.at(&chosen, &statement.predicate);
    let verified = CopyVerified {
        database: chosen.data.database.clone(),
        backup: chosen.id,
        outcome: looked.outcome(),
        sha256_actual: looked.actual(),
        location: looked.location,
        method: CopyMethod::FullReread,
        sha256_expected: chosen.data.object.sha256,
        lock: looked.lock,
        separation: promised.map_or(Separation { provider: false, account: false, region: false }, |promised| {
            separation(place.location(), promised)
        }),
    };
    let event = Event::CopyVerified(Box::new(verified.clone()));
    let entry = producer.append(&mut signers.head, |_| Ok(Draft::plain(event)))?;
    Ok(Copied { entry, verified, store: due.store.clone(), error: looked.error })
}

/// What a look at a copy found.
struct Looked {
    location: Object,
    lock: Lock,
    error: Option<StorageError>,
    altered: Option<Digest>,
}

impl Looked {
    fn outcome(&self) -> CopyOutcome {
        match &self.error {
            None => CopyOutcome::Ok,
            Some(_) if self.altered.is_some() => CopyOutcome::Mismatch,
            Some(error) if error.error.kind() == io::ErrorKind::NotFound => CopyOutcome::Missing,
            Some(_) => CopyOutcome::Unreachable,
        }
    }

    fn actual(&self) -> Option<Digest> {
        if self.error.is_none() { Some(self.location.sha256) } else { self.altered }
    }
}

/// Looks at one place.
struct Look<'a> {
    main: &'a dyn Store,
    place: &'a dyn Store,
    /// Whether the set was there: what is gone now is recorded as gone before it is copied again.
    seen: bool,
}

/// Why an object is not as it should be, and the digest of what there is instead.
type NotThere = (StorageError, Option<Digest>);

impl Look<'_> {
    /// Looks at all objects of a set; what was never there is copied.
    fn at(&self, chosen: &Chosen, backup: &Backup) -> Looked {
        let dump = &chosen.data.object;
        let location = at_place(dump, self.place.location());
        let others = [Some(&backup.globals.object), backup.rowkey.as_ref().map(|rowkey| &rowkey.object)];
        for original in others.into_iter().flatten() {
            if let Err((error, altered)) = self.object(original) {
                return Looked { location, lock: UNLOCKED, error: Some(error), altered };
            }
        }
        // The dump last: where it lies, the whole set does.
        match self.object(dump) {
            Ok((location, lock)) => Looked { location, lock, error: None, altered: None },
            Err((error, altered)) => Looked { location, lock: UNLOCKED, error: Some(error), altered },
        }
    }

    fn object(&self, original: &Object) -> Result<(Object, Lock), NotThere> {
        let none = |error| (error, None);
        let place = self.place;
        let is_main = place.location() == self.main.location();
        let version = original.version_id.as_deref().filter(|_| is_main);
        let found =
            store::hash(place, &original.key, version).map_err(|error| unless_no_bucket(place, original, error));
        let found = match found {
            Err(error) if error.error.kind() == io::ErrorKind::NotFound && !is_main && !self.seen => {
                let copy = store::copy(self.main, original, place).map_err(none)?;
                let lock = place.lock(&original.key, copy.version_id.as_deref()).map_err(none)?;
                return Ok((copy, lock));
            }
            found => found.map_err(none)?,
        };
        if found != (original.bytes.0, original.sha256) {
            let other = io::Error::new(io::ErrorKind::InvalidData, format!("its digest is {}", found.1));
            return Err((StorageError::at("verify", &original.key)(other), Some(found.1)));
        }
        let lock = place.lock(&original.key, version).map_err(none)?;
        let object = if is_main { original.clone() } else { at_place(original, place.location()) };
        Ok((object, lock))
    }
}

/// What is not there may be so because nothing is.
fn unless_no_bucket(place: &dyn Store, original: &Object, error: StorageError) -> StorageError {
    if error.error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    place.list(&original.key).err().filter(|asked| asked.reason_code() == "bucket-missing").unwrap_or(error)
}

/// The same bytes in another store.
fn at_place(object: &Object, location: &Location) -> Object {
    let Location { provider, account_ref, region, bucket, .. } = location.clone();
    Object { provider, account_ref, region, bucket, version_id: None, etag: None, ..object.clone() }
}

fn is_at(object: &Object, location: &Location) -> bool {
    object.provider == location.provider
        && object.account_ref == location.account_ref
        && object.region == location.region
        && object.bucket == location.bucket
}

/// In what a store lies apart from a database. A folder of this machine lies apart only where its provider is named.
fn separation(location: &Location, database: &DatabasePolicy) -> Separation {
    let named = location.provider != LOCAL;
    Separation {
        provider: named && location.provider != database.provider,
        account: named && location.account_ref != database.account_ref,
        region: named && location.region != database.region,
    }
}
