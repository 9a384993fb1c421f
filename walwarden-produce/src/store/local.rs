//! A folder as a store.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read as _},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use walwarden_core::{Decimal, Digest, digest::Hasher, statement::Object};

use super::Store;
use crate::{config::StoreConfig, error::StorageError, files};

/// Bytes read at once.
const CHUNK: usize = 1 << 20;
/// What a staged object is called until it is whole.
const PARTIAL: &str = ".partial";

/// Objects in a folder, one file each.
#[derive(Debug, Clone)]
pub struct LocalStore {
    folder: PathBuf,
    bucket: String,
    account_ref: String,
    region: String,
}

impl LocalStore {
    /// The store of a vault.
    #[must_use]
    pub fn new(vault: &Path, config: &StoreConfig) -> Self {
        Self {
            folder: vault.join(&config.folder),
            // The name only: a path says nothing to whoever reads the statement.
            bucket: config.folder.file_name().map(|name| name.to_string_lossy().into()).unwrap_or_default(),
            account_ref: config.account_ref.clone(),
            region: config.region.clone(),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }
}

impl Store for LocalStore {
    fn stage(&self, key: &str) -> Result<PathBuf, StorageError> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.folder);
        // Dumps hold the data of the database: nobody else on this machine reads them.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(StorageError::at("create folder", folder))?;
        Ok(files::with_suffix(&path, PARTIAL))
    }

    fn commit(&self, key: &str) -> Result<Object, StorageError> {
        let path = self.path(key);
        let staged = files::with_suffix(&path, PARTIAL);
        files::sync(&staged)?;
        fs::rename(&staged, &path).map_err(StorageError::at("rename to", &path))?;
        files::sync_folder_of(&path)?;
        if let Some(folder) = path.parent() {
            files::sync_folder_of(folder)?;
        }
        let (bytes, sha256) = self.hash(key)?;
        Ok(Object {
            provider: "local".into(),
            account_ref: self.account_ref.clone(),
            region: self.region.clone(),
            bucket: self.bucket.clone(),
            key: key.into(),
            version_id: None,
            etag: None,
            bytes: Decimal(bytes),
            sha256,
        })
    }

    fn fetch(&self, key: &str) -> Result<PathBuf, StorageError> {
        let path = self.path(key);
        match fs::metadata(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(StorageError::at("read", &path)(error)),
        }
    }

    fn hash(&self, key: &str) -> Result<(u64, Digest), StorageError> {
        let path = self.path(key);
        hash_file(&path).map_err(StorageError::at("read", &path))
    }

    fn discard(&self, folder: &str) -> Result<(), StorageError> {
        let path = self.path(folder);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StorageError::at("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

/// Length and digest of a file.
///
/// # Errors
/// It cannot be read.
pub fn hash_file(path: &Path) -> io::Result<(u64, Digest)> {
    let mut file = File::open(path)?;
    let mut hasher = Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok((bytes, hasher.finish())),
            n => {
                hasher.update(&chunk[..n]);
                bytes += n as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn staged_then_stored_then_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig { folder: "objects".into(), account_ref: "a".into(), region: "r".into() };
        let store = LocalStore::new(dir.path(), &config);
        let staged = store.stage("shop/one/db.dump").unwrap();
        assert!(store.fetch("shop/one/db.dump").is_err());
        fs::write(&staged, b"dump").unwrap();
        let object = store.commit("shop/one/db.dump").unwrap();
        assert_eq!((object.bytes.0, object.sha256), (4, Digest::of(b"dump")));
        assert_eq!((object.bucket.as_str(), object.key.as_str()), ("objects", "shop/one/db.dump"));
        assert!(!staged.exists());
        let mode = fs::metadata(dir.path().join("objects/shop/one")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        store.discard("shop/one").unwrap();
        store.discard("shop/one").unwrap();
        assert!(store.hash("shop/one/db.dump").is_err());
    }
}
