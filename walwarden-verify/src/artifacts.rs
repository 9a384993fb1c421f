//! The stored objects themselves, as the auditor brings them: hashed beside the bundle (`spec:verification-6`).
//!
//! Every file below a folder is looked at. Only those are read whole that can be an object which a statement names, by
//! their size or their name: no other file can have its digest.

mod names;
mod walk;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use walwarden_core::{
    Digest,
    digest::Hasher,
    statement::{Bytes, Object},
};

use crate::{
    facts::{Carried, Predicate},
    source::Source,
};
pub(crate) use names::{Named, Names};

/// Files that are looked at; more are said to be more.
pub const FILES: usize = 200_000;
/// Folders in folders.
pub const LEVELS: usize = 32;
/// Bytes read at once: they stay in a processor's own cache.
const PIECE: usize = 256 << 10;

/// What lies in a folder of stored objects.
#[derive(Debug, Clone)]
pub struct Artifacts {
    /// The folder, as given.
    pub folder: String,
    /// Every file, by path.
    pub files: Vec<GivenFile>,
    /// What was not looked at, because there is more than a folder of objects may have.
    pub more: Option<&'static str>,
}

/// A file of that folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenFile {
    /// Path below the folder, parts joined by `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// What is known of its content.
    pub content: Content,
}

/// What is known of a file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// SHA-256 of its bytes.
    Hashed(Digest),
    /// No stated object has its size or its name.
    OfNoInterest,
    /// It could not be read, or is no plain file; why.
    Unread(String),
}

/// Why nothing was looked at.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {error}", path.display())]
pub struct FolderError {
    /// The folder.
    pub path: PathBuf,
    /// The system's answer.
    pub error: io::Error,
}

/// An object that a statement names.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    /// Digest of the statement's payload.
    pub(crate) payload: Digest,
    /// The database.
    pub(crate) database: String,
    /// `dump`, `globals` or `row key`.
    pub(crate) what: &'static str,
    /// Where it is stored.
    pub(crate) key: String,
    /// Bytes and digest as stored.
    pub(crate) stored: (u64, Digest),
    /// Bytes and digest before encryption.
    pub(crate) plain: Option<(u64, Digest)>,
}

impl Artifacts {
    /// Looks at everything below `folder`, and hashes what can be an object that the bundle names. `progress` is told the
    /// bytes hashed so far, and of how many.
    ///
    /// # Errors
    /// The folder itself cannot be read. What cannot be read in it is an entry of the list.
    pub fn read(folder: &Path, bundle: &Source, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<Self, FolderError> {
        let failed = |error| FolderError { path: folder.to_owned(), error };
        let (mut found, more) = walk::walk(folder).map_err(failed)?;
        let stated = Carried::read(bundle).map(|carried| stated(&carried)).unwrap_or_default();
        let names = Names::of(&stated);
        let sizes: BTreeSet<u64> = stated.iter().flat_map(Stated::sizes).collect();
        let mut wanted: Vec<&mut (GivenFile, PathBuf)> = found
            .iter_mut()
            .filter(|(file, _)| file.content == Content::OfNoInterest)
            .filter(|(file, _)| sizes.contains(&file.bytes) || matches!(names.find(&file.path), Named::One(_)))
            .collect();
        // The longest first: both threads end at about the same time.
        wanted.sort_by_key(|(file, _)| std::cmp::Reverse(file.bytes));
        hash_all(wanted, progress);
        let files = found.into_iter().map(|(file, _)| file).collect();
        Ok(Self { folder: folder.display().to_string(), files, more })
    }
}

impl Stated {
    /// Sizes that a file of this object can have.
    fn sizes(&self) -> impl Iterator<Item = u64> {
        [Some(self.stored.0), self.plain.map(|(bytes, _)| bytes)].into_iter().flatten()
    }
}

/// Every object that backup statements name, in their order.
pub(crate) fn stated(carried: &Carried) -> Vec<Stated> {
    let mut all = Vec::new();
    for one in &carried.all {
        let Predicate::Backup(backup) = &one.predicate else { continue };
        let mut add = |what, object: &Object, plain: Option<&Bytes>| {
            all.push(Stated {
                payload: one.payload_digest,
                database: backup.data.database.clone(),
                what,
                key: object.key.clone(),
                stored: (object.bytes.0, object.sha256),
                plain: plain.map(|plain| (plain.bytes.0, plain.sha256)),
            });
        };
        add("dump", &backup.data.object, Some(&backup.plain));
        add("globals", &backup.globals.object, Some(&backup.globals.plain));
        if let Some(rowkey) = &backup.rowkey {
            add("row key", &rowkey.object, None);
        }
    }
    all
}

/// Hashes on two threads; each takes the next file when it is done with one.
fn hash_all(files: Vec<&mut (GivenFile, PathBuf)>, progress: &(dyn Fn(u64, u64) + Sync)) {
    let total = files.iter().map(|(file, _)| file.bytes).sum();
    let two = files.len() > 1;
    let (todo, done) = (Mutex::new(files.into_iter()), AtomicU64::new(0));
    let told = |bytes: u64| progress(done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes), total);
    let next = || todo.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut piece = vec![0; PIECE];
        while let Some((file, path)) = next() {
            match hash(path, &mut piece, &told) {
                Ok((bytes, digest)) => (file.bytes, file.content) = (bytes, Content::Hashed(digest)),
                Err(why) => file.content = Content::Unread(why),
            }
        }
    };
    std::thread::scope(|scope| {
        if two {
            scope.spawn(work);
        }
        work();
    });
}

/// Length and digest of a file that stays as it is while it is read.
fn hash(path: &Path, piece: &mut [u8], told: &dyn Fn(u64)) -> Result<(u64, Digest), String> {
    let failed = |error: io::Error| error.to_string();
    let mut file = File::open(path).map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    let mut hasher = Hasher::new();
    let mut bytes = 0_u64;
    // No further than it was long: a file that grows all the time would never end.
    while bytes <= before.len() {
        let read = file.read(piece).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.update(piece.get(..read).unwrap_or_default());
        bytes = bytes.saturating_add(read as u64);
        told(read as u64);
    }
    let after = file.metadata().map_err(failed)?;
    if bytes != before.len() || after.len() != before.len() || after.modified().ok() != before.modified().ok() {
        return Err("it changed while it was read".into());
    }
    Ok((bytes, hasher.finish()))
}
