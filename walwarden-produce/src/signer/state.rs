//! What a head signer remembers: its last head, outside the vault.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

use walwarden_core::{Digest, Origin, jcs, merkle::TreeHead, sign::LastHead};

use crate::{
    error::{SignerError, StorageError},
    files,
};

/// The file in the folder of keys.
pub const FILE: &str = "last-head.json";
const LOCK: &str = "last-head.lock";

/// The last signed head of one log key.
#[derive(Debug, Clone)]
pub struct HeadMemory {
    path: PathBuf,
    lock: PathBuf,
}

impl HeadMemory {
    /// Begins to remember, with the empty tree.
    ///
    /// # Errors
    /// The file exists: a memory is never begun twice.
    pub fn create(folder: &Path, origin: &Origin) -> Result<Self, SignerError> {
        let memory = Self::open(folder);
        let empty = LastHead { origin: origin.clone(), head: TreeHead { size: 0, root: Digest::of(&[]) } };
        let bytes = jcs::to_vec(&empty).map_err(|_| SignerError::Memory(memory.path.clone()))?;
        files::create(&memory.path, &bytes, 0o600)?;
        files::create(&memory.lock, &[], 0o600)?;
        Ok(memory)
    }

    /// The memory in a folder of keys.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        Self { path: folder.join(FILE), lock: folder.join(LOCK) }
    }

    /// The last head; of size 0 when none was signed yet.
    ///
    /// # Errors
    /// Missing or spoilt. It is never replaced by an empty one: that would forget what was signed.
    pub fn read(&self) -> Result<LastHead, SignerError> {
        let bytes = files::read(&self.path).map_err(|_| SignerError::Memory(self.path.clone()))?;
        jcs::parse_exact(&bytes).map_err(|_| SignerError::Memory(self.path.clone()))
    }

    /// Replaces the last head; durable on return.
    ///
    /// # Errors
    /// It could not be written.
    pub fn remember(&self, head: &LastHead) -> Result<(), SignerError> {
        let bytes = jcs::to_vec(head).map_err(|_| SignerError::Memory(self.path.clone()))?;
        Ok(files::replace(&self.path, &bytes, 0o600)?)
    }

    /// Excludes every other process from signing until the file is dropped.
    ///
    /// # Errors
    /// The lock file cannot be opened.
    pub fn lock(&self) -> Result<File, SignerError> {
        let at = |error| StorageError { doing: "lock", path: self.lock.clone(), error };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.lock).map_err(at)?;
        file.lock().map_err(at)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_neither_begun_twice_nor_replaced_when_lost() {
        let dir = tempfile::tempdir().unwrap();
        let origin: Origin = "acme.example/backups".parse().unwrap();
        let memory = HeadMemory::create(dir.path(), &origin).unwrap();
        assert_eq!(memory.read().unwrap().head.size, 0);
        assert!(HeadMemory::create(dir.path(), &origin).is_err());
        let head = LastHead { origin, head: TreeHead { size: 7, root: Digest::of(b"x") } };
        memory.remember(&head).unwrap();
        assert_eq!(memory.read().unwrap(), head);
        std::fs::write(dir.path().join(FILE), "{}").unwrap();
        assert!(matches!(memory.read(), Err(SignerError::Memory(_))));
        std::fs::remove_file(dir.path().join(FILE)).unwrap();
        assert!(matches!(memory.read(), Err(SignerError::Memory(_))));
    }
}
