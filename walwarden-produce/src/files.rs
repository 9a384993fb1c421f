//! Writing files so that they are there after a crash.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::error::StorageError;

/// Replaces a file in one step: a reader, or a crash, sees the old bytes or the new ones.
///
/// # Errors
/// [`StorageError`]; the old file is then still there.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StorageError> {
    let partial = with_suffix(path, ".new");
    write_synced(OpenOptions::new().write(true).create(true).truncate(true).mode(mode), &partial, bytes)?;
    fs::rename(&partial, path).map_err(StorageError::at("rename to", path))?;
    sync_folder_of(path)
}

/// Creates a file that must not exist yet.
///
/// # Errors
/// [`StorageError`], also when the file exists; what was written of it is removed again.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    write_synced(&mut options, path, bytes)?;
    sync_folder_of(path)
}

fn write_synced(options: &mut OpenOptions, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let mut file = options.open(path).map_err(StorageError::at("create", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        let _ = fs::remove_file(path);
        StorageError::at("write", path)(error)
    })
}

/// Makes the names in a file's folder durable.
///
/// # Errors
/// [`StorageError`].
pub fn sync_folder_of(path: &Path) -> Result<(), StorageError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync(folder.unwrap_or(Path::new(".")))
}

/// Makes a file's bytes, or a folder's names, durable.
///
/// # Errors
/// [`StorageError`].
pub fn sync(path: &Path) -> Result<(), StorageError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(StorageError::at("flush", path))
}

/// Reads a file whole.
///
/// # Errors
/// [`StorageError`].
pub fn read(path: &Path) -> Result<Vec<u8>, StorageError> {
    fs::read(path).map_err(StorageError::at("read", path))
}

/// Creates a folder and those above it.
///
/// # Errors
/// [`StorageError`].
pub fn folder(path: &Path) -> Result<(), StorageError> {
    fs::create_dir_all(path).map_err(StorageError::at("create folder", path))
}

/// The same path with more text after its last letter.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
