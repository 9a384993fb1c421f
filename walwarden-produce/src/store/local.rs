//! A folder as a store.
//!
//! Ours rather than a library's: a dump is moved in instead of being copied once more, names and bytes are flushed to
//! disk, and nobody else on the machine can read them.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
};

use walwarden_core::Time;

use super::{Listed, Location, Store, Upload, Written};
use crate::{error::StorageError, files};

/// What an object is called until it is whole.
const PARTIAL: &str = ".partial";
/// Where dumps are written before they are moved in.
const STAGING: &str = ".staging";

/// Objects in a folder, one file each.
#[derive(Debug, Clone)]
pub struct LocalStore {
    folder: PathBuf,
    location: Location,
}

impl LocalStore {
    /// The store in a folder.
    #[must_use]
    pub const fn new(folder: PathBuf, location: Location) -> Self {
        Self { folder, location }
    }

    /// The file of a key, which never leads out of the folder.
    fn path(&self, key: &str) -> Result<PathBuf, StorageError> {
        let plain = Path::new(key).components().all(|part| matches!(part, Component::Normal(_)));
        if plain && !key.is_empty() {
            return Ok(self.folder.join(key));
        }
        Err(StorageError::at("use the key", key)(io::ErrorKind::InvalidInput.into()))
    }

    /// The file for a new object; its folder exists on return.
    fn new_path(&self, key: &str) -> Result<PathBuf, StorageError> {
        let path = self.path(key)?;
        if path.exists() {
            return Err(StorageError::at("store", path)(io::ErrorKind::AlreadyExists.into()));
        }
        folder(path.parent().unwrap_or(&self.folder))?;
        Ok(path)
    }
}

impl Store for LocalStore {
    fn location(&self) -> &Location {
        &self.location
    }

    fn writer(&self, key: &str, _about: u64) -> Result<Box<dyn Upload + '_>, StorageError> {
        let path = self.new_path(key)?;
        let partial = files::with_suffix(&path, PARTIAL);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial);
        Ok(Box::new(Writing { file: file.map_err(StorageError::at("create", &partial))?, path, partial, whole: false }))
    }

    fn reader(&self, key: &str, _version: Option<&str>) -> Result<Box<dyn Read + '_>, StorageError> {
        let path = self.path(key)?;
        Ok(Box::new(File::open(&path).map_err(StorageError::at("read", &path))?))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StorageError> {
        let mut listed = Vec::new();
        if self.folder.is_dir() {
            walk(&self.folder, &self.folder, prefix, &mut listed)?;
        }
        listed.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(listed)
    }

    fn delete(&self, key: &str, _version: Option<&str>) -> Result<(), StorageError> {
        let path = self.path(key)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StorageError::at("remove", &path)(error));
            }
            _ => {}
        }
        // Folders that are empty now go too; one that is not says so.
        for above in path.ancestors().skip(1).take_while(|above| *above != self.folder) {
            if fs::remove_dir(above).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        self.path(key).ok()
    }

    fn staging(&self) -> Option<PathBuf> {
        Some(self.folder.join(STAGING))
    }

    fn adopt(&self, key: &str, staged: &Path) -> Result<Written, StorageError> {
        let path = self.new_path(key)?;
        files::sync(staged)?;
        fs::rename(staged, &path).map_err(StorageError::at("rename to", &path))?;
        settle(&path)
    }
}

struct Writing {
    file: File,
    path: PathBuf,
    partial: PathBuf,
    whole: bool,
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for Writing {
    fn finish(mut self: Box<Self>) -> Result<Written, StorageError> {
        self.file.sync_all().map_err(StorageError::at("flush", &self.partial))?;
        fs::rename(&self.partial, &self.path).map_err(StorageError::at("rename to", &self.path))?;
        self.whole = true;
        settle(&self.path)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.whole {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Makes a folder that nobody else on this machine reads: dumps hold the data of the database.
///
/// # Errors
/// [`StorageError`].
pub(crate) fn folder(path: &Path) -> Result<(), StorageError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(StorageError::at("create folder", path))
}

/// Makes the name of a new object durable, and that of its folder.
fn settle(path: &Path) -> Result<Written, StorageError> {
    files::sync_folder_of(path)?;
    path.parent().map_or(Ok(()), files::sync_folder_of)?;
    Ok(Written::default())
}

fn walk(root: &Path, folder: &Path, prefix: &str, listed: &mut Vec<Listed>) -> Result<(), StorageError> {
    let at = StorageError::at;
    for entry in fs::read_dir(folder).map_err(at("list", folder))? {
        let entry = entry.map_err(at("list", folder))?;
        let path = entry.path();
        let key = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            // Moved in or away meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(at("list", &path)(error)),
        };
        if metadata.is_dir() {
            if key != STAGING && (key.starts_with(prefix) || prefix.starts_with(&key)) {
                walk(root, &path, prefix, listed)?;
            }
        } else if key.starts_with(prefix) {
            let modified = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
            let modified = modified.and_then(|since| Time::from_micros(since.as_micros().try_into().ok()?));
            let bytes = metadata.len();
            listed.push(Listed { key, version_id: None, bytes, modified, delete_marker: false, latest: true });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use walwarden_core::{Decimal, Digest, statement::Bytes};

    use super::*;
    use crate::{
        encryption::Encryption,
        store::{copy, discard, hash, put, put_bytes},
    };

    fn store(folder: &Path) -> LocalStore {
        let location = Location {
            name: "main".into(),
            provider: "local".into(),
            account_ref: "a".into(),
            region: "r".into(),
            bucket: "objects".into(),
        };
        LocalStore::new(folder.join("objects"), location)
    }

    #[test]
    fn staged_then_stored_then_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let staging = store.staging().unwrap();
        folder(&staging).unwrap();
        let staged = staging.join("db.dump");
        fs::write(&staged, b"dump").unwrap();
        let plain = Bytes { bytes: Decimal(4), sha256: Digest::of(b"dump") };
        let object = put(&store, "shop/one/db.dump", (&staged, plain), &Encryption::default()).unwrap();
        assert_eq!((object.bytes.0, object.sha256), (4, Digest::of(b"dump")));
        assert_eq!((object.bucket.as_str(), object.key.as_str()), ("objects", "shop/one/db.dump"));
        assert!(!staged.exists());
        let mode = fs::metadata(dir.path().join("objects/shop/one")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let copied = copy(&store, &object, &self::store(&dir.path().join("dr"))).unwrap();
        assert_eq!(copied.sha256, object.sha256);
        discard(&store, "shop/one").unwrap();
        discard(&store, "shop/one").unwrap();
        assert!(hash(&store, "shop/one/db.dump", None).is_err());
        assert!(!dir.path().join("objects/shop").exists());
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_half_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        put_bytes(&store, "a/b", b"first").unwrap();
        assert!(put_bytes(&store, "a/b", b"second").is_err());
        assert_eq!(hash(&store, "a/b", None).unwrap().1, Digest::of(b"first"));
        let mut upload = store.writer("a/c", 5).unwrap();
        upload.write_all(b"half").unwrap();
        drop(upload);
        let keys: Vec<_> = store.list("").unwrap().into_iter().map(|listed| listed.key).collect();
        assert_eq!(keys, ["a/b"]);
        assert!(store.list("nothing").unwrap().is_empty());
        for bad in ["../x", "/etc/passwd", "a/../../x", ""] {
            assert!(store.reader(bad, None).is_err(), "{bad}");
        }
    }
}
