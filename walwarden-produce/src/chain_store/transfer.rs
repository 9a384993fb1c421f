//! A chain from one store into another, byte for byte.

use walwarden_core::{
    bundle::{REGISTRY, lines},
    chain::Entries,
    event::Event,
    jcs,
    statement::{Backup, Evidence, Predicate as _, RestoreTest, Review},
};

use super::ChainStore;
use crate::error::{ProduceError, StorageError, VaultError};

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Lines of the chain.
    pub entries: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// Statements, registry versions among them.
    pub statements: u64,
    /// Blobs.
    pub blobs: u64,
}

/// Copies a whole chain into an empty store; entries last, so that a copy that broke off is no chain.
///
/// # Errors
/// Something is missing, the other store is not empty, or either cannot be read or written.
pub fn transfer(from: &dyn ChainStore, to: &mut dyn ChainStore) -> Result<Moved, ProduceError> {
    if !to.read_from(0)?.is_empty() {
        let full = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(StorageError::at("move a chain into", "a store that has one")(full).into());
    }
    let ndjson = from.read_from(0)?;
    let entries = Entries::parse(&ndjson).map_err(VaultError::Damaged)?;
    entries.contiguous().map_err(VaultError::Damaged)?;
    let mut moved = Moved { entries: 0, checkpoints: 0, statements: 0, blobs: 0 };
    for file in [REGISTRY, Backup::FILE, RestoreTest::FILE, Evidence::FILE, Review::FILE] {
        for envelope in lines(&from.statements(file)?).filter_map(Result::ok) {
            to.put_statement(file, envelope)?;
            moved.statements += 1;
        }
    }
    for entry in entries.all() {
        for blob in entry.blobs() {
            let missing = VaultError::Missing { what: "blob", digest: blob.sha256, entry: entry.seq };
            to.put_blob(&from.blob(&blob.sha256)?.ok_or(missing)?)?;
            moved.blobs += 1;
        }
        if let Event::AnchorAttached(anchor) = entry.event()
            && let Some(token) = from.timestamp(anchor.size)?
        {
            to.put_timestamp(anchor.size, &token)?;
        }
    }
    for checkpoint in from.checkpoints()?? {
        to.append_checkpoint(&jcs::to_vec(&checkpoint)?)?;
        moved.checkpoints += 1;
    }
    let mut at = 0;
    for line in lines(&ndjson).filter_map(Result::ok) {
        to.append(at, line)?;
        at += line.len() as u64 + 1;
        moved.entries += 1;
    }
    Ok(moved)
}
