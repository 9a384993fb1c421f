//! The object set of a backup: what was attested, found again and opened.
//!
//! Nothing of it is used before the statement's signature held, and no dump is restored before the digests of its stored
//! and its plain bytes were those that were signed.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use walwarden_core::{
    Decimal, Digest, EntryId,
    chain::StatementRef,
    dsse::Envelope,
    event::{BackupCompleted, Event},
    jcs, limits,
    rows::{ContentLeaf, RowKey},
    statement::{
        Backup, Bytes, Object, Predicate as _, Statement,
        backup::{Content, Listed, Omitted, Sequence},
        key_registry::Use,
    },
};

use crate::{
    dump::archive,
    encryption::Identities,
    error::{OperatorError, ProduceError},
    keys,
    producer::Producer,
    staging::Staging,
    store::{HashingWriter, Store, pump},
    vault::Snapshot,
};

/// Names in the folder of one backup.
pub const DUMP: &str = "db.dump";
/// Roles and tablespaces.
pub const GLOBALS: &str = "globals.sql";
/// The folder that a dump of many files is unpacked into.
const FOLDER: &str = "db.files";
/// The row key K: 64 hex digits and LF.
pub const ROWKEY: &str = "rowkey";
/// Ranges of tables, for a difference to be narrowed to; no statement names it, since its hashes make the attested roots.
pub const RANGES: &str = "ranges.ndjson";

/// A backup that the chain holds.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Its entry.
    pub id: EntryId,
    /// The entry's position.
    pub seq: u64,
    /// Its statement, as the entry names it.
    pub statement: Option<StatementRef>,
    /// What the entry says.
    pub data: BackupCompleted,
}

/// All completed backups, oldest first.
///
/// # Errors
/// A line that is none.
pub fn all(snapshot: &Snapshot) -> Result<Vec<Chosen>, ProduceError> {
    let entries = snapshot.entries()?;
    let completed = entries.all().iter().filter_map(|entry| match entry.event() {
        Event::BackupCompleted(data) => {
            Some(Chosen { id: entry.id, seq: entry.seq, statement: entry.statements().first().copied(), data: *data })
        }
        _ => None,
    });
    Ok(completed.collect())
}

/// The newest completed backup that `wanted` names: by id of its entry or run, or by its database.
///
/// # Errors
/// There is none.
pub fn choose(snapshot: &Snapshot, wanted: Option<&str>) -> Result<Chosen, ProduceError> {
    let named = |chosen: &Chosen| {
        wanted.is_none_or(|text| {
            text == chosen.id.as_str() || text == chosen.data.run_id.as_str() || text == chosen.data.database
        })
    };
    let none = || OperatorError::NoBackup(wanted.map_or("in this vault".into(), |text| format!("of {text:?}")));
    Ok(all(snapshot)?.into_iter().rev().find(named).ok_or_else(none)?)
}

/// The statement of a backup, if it is the one that the entry references, signed by a key that could sign it there, and
/// says the same. Tells the key id of what signed it in any case.
///
/// # Errors
/// Why it is not, for people.
pub fn authentic(
    producer: &Producer,
    snapshot: &Snapshot,
    chosen: &Chosen,
    keyid: &mut String,
) -> Result<Statement<Backup>, String> {
    let reference = chosen.statement.ok_or("the backup has no statement")?;
    let bytes = producer.envelope(chosen.seq, Backup::FILE, &reference.envelope).map_err(told)?;
    let envelope = Envelope::parse(&bytes).map_err(told)?;
    *keyid = envelope.signatures.first().map(|signed| signed.keyid.to_string()).unwrap_or_default();
    let registry = producer.registry_of(snapshot).map_err(told)?;
    let entries = snapshot.entries().map_err(told)?;
    let line = entries.position(chosen.id).and_then(|place| entries.all().get(place));
    let keys = line.map(|line| keys::of_statement(&registry, &entries, Use::Backup, line)).unwrap_or_default();
    let authentic = envelope.verify(&keys, 1).map_err(told)?;
    let statement = Statement::<Backup>::parse(authentic).map_err(told)?;
    let same = envelope.payload_digest() == reference.payload
        && statement.predicate.head.entry == chosen.id
        && statement.predicate.data == chosen.data;
    if same { Ok(statement) } else { Err("the statement is not that of its entry".into()) }
}

/// An object set, its digests checked, in files that can be restored from.
#[derive(Debug)]
pub struct Opened {
    /// The dump: a file, or the folder that was made of one.
    pub dump: PathBuf,
    /// Roles and tablespaces.
    pub globals: PathBuf,
    /// K.
    pub row_key: RowKey,
    /// The lists of the statement.
    pub lists: Lists,
}

/// The lists of a statement, wherever they lie (`spec:rows-8`).
#[derive(Debug)]
pub struct Lists {
    /// Leaf objects of the content root.
    pub leaves: Vec<ContentLeaf>,
    /// What is not in the root.
    pub omitted: Vec<Omitted>,
    /// Sequences before and after the dump.
    pub sequences: Vec<Sequence>,
}

impl Lists {
    /// Reads them; `blob` brings those that were moved out of the statement.
    ///
    /// # Errors
    /// Why there are none, for people.
    pub fn of(backup: &Backup, blob: impl Fn(Digest) -> Result<Vec<u8>, String>) -> Result<Self, String> {
        let content = content(backup)?;
        Ok(Self {
            leaves: listed(&content.tables, &blob)?,
            omitted: listed(&content.omitted, &blob)?,
            sequences: listed(&backup.sequences, &blob)?,
        })
    }
}

fn content(backup: &Backup) -> Result<&Content, String> {
    backup.content.as_ref().ok_or_else(|| "the backup has no content root to compare with".into())
}

fn listed<T: Clone + DeserializeOwned + Serialize>(
    list: &Listed<T>,
    blob: impl Fn(Digest) -> Result<Vec<u8>, String>,
) -> Result<Vec<T>, String> {
    let bytes = match list {
        Listed::Inline(all) => return Ok(all.clone()),
        Listed::Blob(list) => blob(list.blob)?,
    };
    jcs::parse_exact_up_to(&bytes, limits::LIST_BYTES).map_err(told)
}

/// Where an object set is opened from, with what, and into which folder.
pub struct Opening<'a> {
    /// The vault.
    pub producer: &'a Producer,
    /// The store.
    pub store: &'a dyn Store,
    /// For sets that are encrypted.
    pub identities: &'a Identities,
    /// For what has to be fetched or decrypted.
    pub staging: &'a Staging,
}

impl Opening<'_> {
    /// Fetches, checks and decrypts the set of an authentic statement.
    ///
    /// # Errors
    /// What is not as it was signed, for people.
    pub fn open(&self, seq: u64, backup: &Backup) -> Result<Opened, String> {
        let alg = backup.encryption.alg.as_str();
        if alg != "none" && self.identities.is_empty() {
            return Err("the backup is encrypted, and no identity was given to open it".into());
        }
        let content = content(backup)?;
        let rowkey = backup.rowkey.as_ref().ok_or("the backup has no row key")?;
        let sealed = alg != "none";
        let dump = self.object(&backup.data.object, Some(backup.plain), sealed, DUMP)?;
        let globals = self.object(&backup.globals.object, Some(backup.globals.plain), sealed, GLOBALS)?;
        let key = self.object(&rowkey.object, None, sealed, ROWKEY)?;
        let dump = if archive::is_directory(&backup.pg_dump.args) {
            let folder = self.staging.file(FOLDER);
            archive::unpack(&dump, &folder).map_err(|error| format!("{}: {error}", backup.data.object.key))?;
            folder
        } else {
            dump
        };
        Ok(Opened { dump, globals, row_key: row_key(&key, content)?, lists: self.lists(seq, backup)? })
    }

    /// K and the lists alone, of an authentic statement.
    ///
    /// # Errors
    /// As [`Opening::open`].
    pub fn row_key(&self, seq: u64, backup: &Backup) -> Result<(RowKey, Lists), String> {
        let content = content(backup)?;
        let rowkey = backup.rowkey.as_ref().ok_or("the backup has no row key")?;
        let path = self.object(&rowkey.object, None, backup.encryption.alg != "none", ROWKEY)?;
        Ok((row_key(&path, content)?, self.lists(seq, backup)?))
    }

    /// The ranges of the set's tables, where it has any. They are as good as the roots that they make.
    ///
    /// # Errors
    /// They cannot be fetched or decrypted, for people.
    pub fn ranges(&self, backup: &Backup) -> Result<Option<PathBuf>, String> {
        let dump = &backup.data.object.key;
        let key = dump.rsplit_once('/').map_or(RANGES.into(), |(folder, _)| format!("{folder}/{RANGES}"));
        let failed = |error: &dyn std::fmt::Display| format!("{key}: {error}");
        let mut reader = match self.store.reader(&key, None) {
            Err(error) if error.error.kind() == io::ErrorKind::NotFound => return Ok(None),
            reader => reader.map_err(|error| failed(&error))?,
        };
        let (path, written) =
            self.fetch(&mut reader, backup.encryption.alg != "none", RANGES).map_err(|error| failed(&error))?;
        written.map_err(|error| failed(&error))?;
        Ok(Some(path))
    }

    /// One object: hashed as it is stored, decrypted, and hashed again, in one pass.
    fn object(&self, object: &Object, plain: Option<Bytes>, sealed: bool, name: &str) -> Result<PathBuf, String> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", object.key);
        let reader = self.store.reader(&object.key, object.version_id.as_deref()).map_err(|e| failed(&e.error))?;
        let mut stored = HashingReader { inner: reader, seen: HashingWriter::new(io::sink()) };
        let (path, written) = match self.store.file(&object.key).filter(|_| !sealed) {
            Some(path) => (path, pump(&mut stored, &mut io::sink()).map(|()| None)),
            None => self.fetch(&mut stored, sealed, name).map_err(|error| failed(&error))?,
        };
        // What could not be decrypted is read to its end all the same: first of all it is a question of stored bytes.
        pump(&mut stored, &mut io::sink()).map_err(|error| failed(&error))?;
        let (bytes, sha256) = stored.seen.finish();
        if (bytes, sha256) != (object.bytes.0, object.sha256) {
            return Err(failed(&format_args!("expected {}, found {sha256}", object.sha256)));
        }
        let found = written.map_err(|error| failed(&error))?.unwrap_or((bytes, sha256));
        match plain {
            Some(plain) if (plain.bytes, plain.sha256) != (Decimal(found.0), found.1) => {
                Err(failed(&format_args!("decrypted, expected {}, found {}", plain.sha256, found.1)))
            }
            _ => Ok(path),
        }
    }

    /// Brings the plain bytes into a file; `written` tells what they are.
    #[expect(clippy::type_complexity, reason = "an outcome beside a path")]
    fn fetch(
        &self,
        stored: &mut dyn Read,
        sealed: bool,
        name: &str,
    ) -> io::Result<(PathBuf, io::Result<Option<(u64, Digest)>>)> {
        let path = self.staging.file(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let mut sink = HashingWriter::new(file);
        let done = if sealed { self.identities.decrypt(stored, &mut sink) } else { pump(stored, &mut sink) };
        Ok((path, done.map(|()| Some(sink.finish()))))
    }

    fn lists(&self, seq: u64, backup: &Backup) -> Result<Lists, String> {
        Lists::of(backup, |blob| self.producer.blob(seq, &blob).map_err(told))
    }
}

/// A reader that counts and hashes what goes through it.
struct HashingReader<R> {
    inner: R,
    seen: HashingWriter<io::Sink>,
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        io::Write::write_all(&mut self.seen, &buffer[..n])?;
        Ok(n)
    }
}

/// K from its file: 64 hex digits and LF, and the one that the statement commits to.
///
/// # Errors
/// Why it is not, for people.
pub fn row_key(path: &Path, content: &Content) -> Result<RowKey, String> {
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(told)?);
    let digits: Digest = text.trim_end().parse().map_err(|_| "the row key is not 64 hex digits")?;
    let key = RowKey::new(digits.0).map_err(told)?;
    if content.blinding.commitment == Some(key.commitment()) {
        Ok(key)
    } else {
        Err("the row key is not the one that the statement commits to".into())
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
