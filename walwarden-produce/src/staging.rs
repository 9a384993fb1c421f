//! A folder for one run's files: the data of a database, in the clear, while the run lasts.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{error::StorageError, store::local::folder};

/// The folder; removed with all that is in it when this is dropped.
#[derive(Debug)]
pub struct Staging(PathBuf);

impl Staging {
    /// Makes it, for this user alone.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn new(path: PathBuf) -> Result<Self, StorageError> {
        folder(&path)?;
        Ok(Self(path))
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Removes it now.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn remove(self) -> Result<(), StorageError> {
        remove(&self.0)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = remove(&self.0);
    }
}

/// Removes the folder of a run that was killed.
///
/// # Errors
/// [`StorageError`].
pub fn remove(path: &Path) -> Result<(), StorageError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(StorageError::at("remove", path)(error)),
        _ => {}
    }
    // The folder above it goes with the last of them.
    if let Some(above) = path.parent() {
        let _ = fs::remove_dir(above);
    }
    Ok(())
}
