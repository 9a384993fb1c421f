//! Where backups lie: a folder, or an object store.
//!
//! Nothing is ever overwritten. An object is there whole or not at all, its digest is taken while it is written, and
//! what was written is read back before anybody speaks of it.

pub mod local;
pub mod remote;
mod s3;

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use walwarden_core::{
    Decimal, Digest, Time,
    digest::Hasher,
    event::{Lock, LockMode},
    statement::{Bytes, Object},
};

use crate::{encryption::Encryption, error::StorageError};

/// Provider of a folder where none is named.
pub const LOCAL: &str = "local";
/// Bytes moved at once.
const CHUNK: usize = 1 << 20;

/// Where a store's objects lie, as the chain names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its name in `walwarden.toml`.
    pub name: String,
    /// Whose machines.
    pub provider: String,
    /// Whose account there.
    pub account_ref: String,
    /// Which region.
    pub region: String,
    /// Bucket or folder.
    pub bucket: String,
}

/// What the store calls what it has just stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Of a versioned bucket.
    pub version_id: Option<String>,
    /// No digest of the bytes.
    pub etag: Option<String>,
}

/// One version of an object, as the store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Of a versioned bucket.
    pub version_id: Option<String>,
    /// Its length; 0 of a delete marker.
    pub bytes: u64,
    /// When it was stored.
    pub modified: Option<Time>,
    /// Whether it only says that the object was deleted.
    pub delete_marker: bool,
    /// Whether it is what a reader without a version gets.
    pub latest: bool,
}

/// A store has no such bucket or container: no object of it is missing, the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such bucket")]
pub struct NoBucket;

impl NoBucket {
    /// Codes by which stores say so.
    const CODES: [&str; 2] = ["NoSuchBucket", "ContainerNotFound"];

    /// Whether a store's answer says so.
    fn is_said(answer: &str) -> bool {
        Self::CODES.iter().any(|code| answer.contains(code))
    }

    fn error() -> io::Error {
        io::Error::other(Self)
    }
}

/// Nothing keeps an object from being deleted.
pub const UNLOCKED: Lock = Lock { mode: LockMode::None, until: None };

/// A store for objects.
pub trait Store: Send + Sync {
    /// Where it is.
    fn location(&self) -> &Location;

    /// Begins an object of about that many bytes; it is not there before [`Upload::finish`].
    ///
    /// # Errors
    /// [`StorageError`], also when there is an object of that key.
    fn writer(&self, key: &str, about: u64) -> Result<Box<dyn Upload + '_>, StorageError>;

    /// Reads an object from its beginning.
    ///
    /// # Errors
    /// [`StorageError`].
    fn reader(&self, key: &str, version: Option<&str>) -> Result<Box<dyn Read + '_>, StorageError>;

    /// All versions of all objects whose key begins with `prefix`, to the last page.
    ///
    /// # Errors
    /// [`StorageError`]; a part of a list is never returned.
    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError>;

    /// Removes an object, or one version of it. That it is not there is no error.
    ///
    /// # Errors
    /// [`StorageError`].
    fn delete(&self, key: &str, version: Option<&str>) -> Result<(), StorageError>;

    /// What keeps an object from being deleted.
    ///
    /// # Errors
    /// [`StorageError`].
    fn lock(&self, key: &str, version: Option<&str>) -> Result<Lock, StorageError> {
        let _ = (key, version);
        Ok(UNLOCKED)
    }

    /// The local file that holds an object, for programs that read files.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let _ = key;
        None
    }

    /// A folder from which files can be moved into the store without copying them.
    fn staging(&self) -> Option<PathBuf> {
        None
    }

    /// Moves a file of [`Store::staging`] in.
    ///
    /// # Errors
    /// [`StorageError`]; [`io::ErrorKind::Unsupported`] where it has to be copied.
    fn adopt(&self, key: &str, staged: &Path) -> Result<Written, StorageError> {
        let _ = key;
        Err(StorageError::at("move", staged)(io::ErrorKind::Unsupported.into()))
    }
}

/// An object that is being written. Nothing is stored when it is dropped before [`Upload::finish`].
pub trait Upload: Write {
    /// Stores what was written.
    ///
    /// # Errors
    /// [`StorageError`].
    fn finish(self: Box<Self>) -> Result<Written, StorageError>;
}

/// Stores a staged file that holds `plain`, encrypted where there are recipients, and reads it back. The file is gone
/// afterwards, or is nobody's.
///
/// # Errors
/// [`StorageError`]; [`io::ErrorKind::InvalidData`] when other bytes come back than were written.
pub fn put(
    store: &dyn Store,
    key: &str,
    (staged, plain): (&Path, Bytes),
    encryption: &Encryption,
) -> Result<Object, StorageError> {
    let (written, bytes, sha256) = if encryption.is_none() && store.staging().is_some() {
        (store.adopt(key, staged)?, plain.bytes.0, plain.sha256)
    } else {
        let file = File::open(staged).map_err(StorageError::at("read", staged))?;
        let stored = write(store, key, plain.bytes.0, |sink| encryption.encrypt(file, sink))?;
        fs::remove_file(staged).map_err(StorageError::at("remove", staged))?;
        stored
    };
    read_back(store, key, written, bytes, sha256)
}

/// Stores bytes, and reads them back.
///
/// # Errors
/// As [`put`].
pub fn put_bytes(store: &dyn Store, key: &str, bytes: &[u8]) -> Result<Object, StorageError> {
    let (written, length, sha256) = write(store, key, bytes.len() as u64, |sink| sink.write_all(bytes))?;
    read_back(store, key, written, length, sha256)
}

/// Copies an object of one store into another, byte for byte, and reads it back.
///
/// # Errors
/// As [`put`]; [`io::ErrorKind::InvalidData`] too when the original is not what it should be.
pub fn copy(from: &dyn Store, original: &Object, to: &dyn Store) -> Result<Object, StorageError> {
    let source = from.reader(&original.key, original.version_id.as_deref())?;
    let (written, bytes, sha256) = write(to, &original.key, original.bytes.0, |sink| pump(source, sink))?;
    if sha256 != original.sha256 {
        let _ = to.delete(&original.key, written.version_id.as_deref());
        let found = io::Error::new(io::ErrorKind::InvalidData, format!("its digest is {sha256}"));
        return Err(StorageError::at("copy", &original.key)(found));
    }
    read_back(to, &original.key, written, bytes, sha256)
}

/// Reads an object and hashes it: length and digest.
///
/// # Errors
/// [`StorageError`].
pub fn hash(store: &dyn Store, key: &str, version: Option<&str>) -> Result<(u64, Digest), StorageError> {
    let mut sink = HashingWriter::new(io::sink());
    pump(store.reader(key, version)?, &mut sink).map_err(StorageError::at("read", key))?;
    Ok(sink.finish())
}

/// Removes every version of every object under a prefix.
///
/// # Errors
/// [`StorageError`].
pub fn discard(store: &dyn Store, prefix: &str) -> Result<(), StorageError> {
    for version in store.list(prefix)? {
        store.delete(&version.key, version.version_id.as_deref())?;
    }
    Ok(())
}

/// Length and digest of a file.
///
/// # Errors
/// It cannot be read.
pub fn hash_file(path: &Path) -> io::Result<(u64, Digest)> {
    let mut sink = HashingWriter::new(io::sink());
    pump(File::open(path)?, &mut sink)?;
    Ok(sink.finish())
}

/// Moves all bytes of a reader into a writer.
pub(crate) fn pump(mut from: impl Read, to: &mut dyn Write) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(n) => to.write_all(&chunk[..n])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A writer that counts and hashes what goes through it.
pub(crate) struct HashingWriter<W> {
    inner: W,
    hasher: Hasher,
    bytes: u64,
}

impl<W: Write> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::new(), bytes: 0 }
    }

    /// Length and digest.
    pub(crate) fn finish(self) -> (u64, Digest) {
        (self.bytes, self.hasher.finish())
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes an object, hashing it in flight.
fn write(
    store: &dyn Store,
    key: &str,
    about: u64,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(Written, u64, Digest), StorageError> {
    let mut upload = store.writer(key, about)?;
    let mut sink = HashingWriter::new(&mut upload);
    fill(&mut sink).map_err(StorageError::at("store", key))?;
    let (bytes, sha256) = sink.finish();
    Ok((upload.finish()?, bytes, sha256))
}

fn read_back(
    store: &dyn Store,
    key: &str,
    written: Written,
    bytes: u64,
    sha256: Digest,
) -> Result<Object, StorageError> {
    let found = hash(store, key, written.version_id.as_deref())?;
    if found != (bytes, sha256) {
        let other = io::Error::new(io::ErrorKind::InvalidData, "other bytes were read back than were written");
        return Err(StorageError::at("store", key)(other));
    }
    let Location { provider, account_ref, region, bucket, .. } = store.location().clone();
    let Written { version_id, etag } = written;
    Ok(Object {
        provider,
        account_ref,
        region,
        bucket,
        key: key.into(),
        version_id,
        etag,
        bytes: Decimal(bytes),
        sha256,
    })
}
