//! Where the chain lies: lines, checkpoints, statements and blobs, durable on return.

pub mod files;
pub mod postgres;
pub mod transfer;

use walwarden_core::{Digest, checkpoint::CheckpointLine};

use crate::error::{StorageError, VaultError};

/// A chain's storage. One writer at a time holds the lock; readers need none.
pub trait ChainStore {
    /// Excludes every other writer until [`ChainStore::unlock`].
    ///
    /// # Errors
    /// [`StorageError`].
    fn lock(&mut self) -> Result<(), StorageError>;

    /// Lets other writers in.
    fn unlock(&mut self);

    /// All bytes of the chain after `position` (a number of bytes, 0 for all): whole lines, and at the end perhaps a
    /// part of one.
    ///
    /// # Errors
    /// [`StorageError`].
    fn read_from(&self, position: u64) -> Result<Vec<u8>, StorageError>;

    /// Appends a line at `position`, which is the end; LF is added. On an error the line is taken away again.
    ///
    /// # Errors
    /// [`StorageError`].
    fn append(&mut self, position: u64, line: &[u8]) -> Result<(), StorageError>;

    /// Takes away what lies after `position`.
    ///
    /// # Errors
    /// [`StorageError`].
    fn cut(&mut self, position: u64) -> Result<(), StorageError>;

    /// All checkpoints, oldest first; a part of a line at the end is left out.
    ///
    /// # Errors
    /// [`StorageError`], or a checkpoint that is none.
    fn checkpoints(&self) -> Result<Result<Vec<CheckpointLine>, VaultError>, StorageError>;

    /// Appends a checkpoint.
    ///
    /// # Errors
    /// [`StorageError`].
    fn append_checkpoint(&mut self, line: &[u8]) -> Result<(), StorageError>;

    /// Keeps an envelope in the file that a bundle would carry it in, such as `statements/backup.ndjson`.
    ///
    /// # Errors
    /// [`StorageError`].
    fn put_statement(&mut self, file: &str, envelope: &[u8]) -> Result<(), StorageError>;

    /// All bytes of such a file; empty when there is none. Part of a line at the end is left out.
    ///
    /// # Errors
    /// [`StorageError`].
    fn statements(&self, file: &str) -> Result<Vec<u8>, StorageError>;

    /// Keeps a blob under its digest.
    ///
    /// # Errors
    /// [`StorageError`].
    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest, StorageError>;

    /// A blob; `None` when it is not there or is not what its name says.
    ///
    /// # Errors
    /// [`StorageError`].
    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StorageError>;

    /// Keeps a time-stamp token over the checkpoint of a size; another one than is there is refused.
    ///
    /// # Errors
    /// [`StorageError`].
    fn put_timestamp(&mut self, size: u64, token: &[u8]) -> Result<(), StorageError>;

    /// The token over the checkpoint of a size.
    ///
    /// # Errors
    /// [`StorageError`].
    fn timestamp(&self, size: u64) -> Result<Option<Vec<u8>>, StorageError>;
}

/// A chain wherever it lies.
pub type AnyChain = Box<dyn ChainStore>;

impl ChainStore for AnyChain {
    fn lock(&mut self) -> Result<(), StorageError> {
        (**self).lock()
    }

    fn unlock(&mut self) {
        (**self).unlock();
    }

    fn read_from(&self, position: u64) -> Result<Vec<u8>, StorageError> {
        (**self).read_from(position)
    }

    fn append(&mut self, position: u64, line: &[u8]) -> Result<(), StorageError> {
        (**self).append(position, line)
    }

    fn cut(&mut self, position: u64) -> Result<(), StorageError> {
        (**self).cut(position)
    }

    fn checkpoints(&self) -> Result<Result<Vec<CheckpointLine>, VaultError>, StorageError> {
        (**self).checkpoints()
    }

    fn append_checkpoint(&mut self, line: &[u8]) -> Result<(), StorageError> {
        (**self).append_checkpoint(line)
    }

    fn put_statement(&mut self, file: &str, envelope: &[u8]) -> Result<(), StorageError> {
        (**self).put_statement(file, envelope)
    }

    fn statements(&self, file: &str) -> Result<Vec<u8>, StorageError> {
        (**self).statements(file)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest, StorageError> {
        (**self).put_blob(bytes)
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StorageError> {
        (**self).blob(digest)
    }

    fn put_timestamp(&mut self, size: u64, token: &[u8]) -> Result<(), StorageError> {
        (**self).put_timestamp(size, token)
    }

    fn timestamp(&self, size: u64) -> Result<Option<Vec<u8>>, StorageError> {
        (**self).timestamp(size)
    }
}
