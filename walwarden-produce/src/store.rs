//! Where the objects of a backup are kept.

pub mod local;

use std::path::PathBuf;

use walwarden_core::{Digest, statement::Object};

use crate::error::StorageError;

/// A place for objects. An object is written beside the store, then stored whole or not at all.
pub trait Store {
    /// Where to write an object before it is stored; its folder exists on return.
    ///
    /// # Errors
    /// [`StorageError`].
    fn stage(&self, key: &str) -> Result<PathBuf, StorageError>;

    /// Stores a staged object, reads it back and returns where it lies, with the digest of what was read back.
    ///
    /// # Errors
    /// [`StorageError`].
    fn commit(&self, key: &str) -> Result<Object, StorageError>;

    /// A local file with an object's bytes, for programs that read files.
    ///
    /// # Errors
    /// [`StorageError`].
    fn fetch(&self, key: &str) -> Result<PathBuf, StorageError>;

    /// Reads an object and hashes it: length and digest.
    ///
    /// # Errors
    /// [`StorageError`].
    fn hash(&self, key: &str) -> Result<(u64, Digest), StorageError>;

    /// Removes what there is of a backup's folder, staged or stored.
    ///
    /// # Errors
    /// [`StorageError`].
    fn discard(&self, folder: &str) -> Result<(), StorageError>;
}
