//! Which runs are at work, so that what a killed one left behind can be told from what another one is writing.
//!
//! A run holds the lock of a file that names its folder in the store, if it has one. The kernel lets go of it however the run ends.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write as _,
    path::{Path, PathBuf},
};

use walwarden_core::{EntryId, event::Event};

use crate::{
    error::{ProduceError, StorageError},
    files,
    producer::Producer,
    restore::cluster,
    spool::{Item, Spool},
    staging, store,
};

/// The folder in the vault.
const FOLDER: &str = "runs";

/// A run at work; its mark is removed when this is dropped.
#[derive(Debug)]
pub struct Mark {
    path: PathBuf,
    lock: Option<File>,
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Mark {
    /// Leaves the mark there, so that a later run removes what this one could not.
    pub fn leave(self) {
        let mut left = std::mem::ManuallyDrop::new(self);
        // The lock goes, or the later run could be one of this very process.
        let _ = left.lock.take();
    }
}

/// Marks a run that writes into `folder` of the store.
///
/// # Errors
/// The mark cannot be written.
pub fn mark(vault: &Path, run: EntryId, folder: &str) -> Result<Mark, StorageError> {
    let marks = vault.join(FOLDER);
    files::folder(&marks)?;
    let path = marks.join(run.as_str());
    // Locked before it has its name: nobody finds it unlocked while the run lives.
    let unnamed = files::with_suffix(&path, ".new");
    let make = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&unnamed)?;
        file.lock()?;
        file.write_all(folder.as_bytes())?;
        fs::rename(&unnamed, &path)?;
        Ok(file)
    };
    let file = make().map_err(StorageError::at("create", &path))?;
    Ok(Mark { path, lock: Some(file) })
}

/// Removes what killed runs have left in the store, and returns the ids of those runs. A run whose backup is in the
/// chain, or waits for the signer, keeps its objects, acknowledged or not.
///
/// # Errors
/// The chain or the marks cannot be read.
pub fn sweep(producer: &Producer) -> Result<Vec<EntryId>, ProduceError> {
    let dead = dead(&producer.folder.join(FOLDER));
    if dead.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = producer.chain.read()?;
    let waiting = Spool::of(&producer.folder).items()?;
    let entries = snapshot.entries()?;
    let events = entries.all().iter().map(|entry| entry.event()).chain(waiting.iter().map(Item::event));
    let completed = events.filter_map(|event| match event {
        Event::BackupCompleted(data) => Some(data.run_id),
        _ => None,
    });
    let completed: Vec<EntryId> = completed.collect();
    let mut swept = Vec::new();
    for run in dead {
        cluster::remove_left(run.id.as_str()).map_err(StorageError::at("remove the cluster of", run.id.as_str()))?;
        staging::remove(&producer.staging(run.id))?;
        if !completed.contains(&run.id) && run.folder.ends_with(run.id.as_str()) {
            store::discard(producer.store.as_ref(), &format!("{}/", run.folder))?;
        }
        swept.push(run.id);
        let _ = fs::remove_file(&run.path);
    }
    Ok(swept)
}

/// A mark that nobody holds.
struct Dead {
    id: EntryId,
    folder: String,
    path: PathBuf,
    /// Held until it is dealt with, so that two sweepers do not meet.
    _lock: File,
}

fn dead(marks: &Path) -> Vec<Dead> {
    let entries = fs::read_dir(marks).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let path = entry.path();
            let id = entry.file_name().to_str()?.parse().ok()?;
            let lock = File::open(&path).ok()?;
            match lock.try_lock() {
                Ok(()) => Some(Dead { id, folder: fs::read_to_string(&path).ok()?, path, _lock: lock }),
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
            }
        })
        .collect()
}
