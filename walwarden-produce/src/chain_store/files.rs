//! A chain in files: append, flush, lock; torn tails are cut off.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use walwarden_core::{
    Digest,
    bundle::{self, CHECKPOINTS, ENTRIES, blob_name},
    checkpoint::CheckpointLine,
    jcs,
};

use super::ChainStore;
use crate::{
    error::{StorageError, VaultError},
    files,
};

/// The file whose lock excludes other writers.
const LOCK: &str = "chain/lock";
/// Files and folders of a new chain.
const FOLDERS: [&str; 4] = ["chain", "statements", "keys", "blobs"];

/// A chain in the folder of a vault, with the file names of a bundle.
#[derive(Debug)]
pub struct FilesChain {
    folder: PathBuf,
    lock: Option<File>,
}

impl FilesChain {
    /// The chain in a folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), lock: None }
    }

    /// Makes the folders and an empty chain.
    ///
    /// # Errors
    /// [`StorageError`], also when there is a chain already.
    pub fn create(folder: &Path) -> Result<Self, StorageError> {
        for name in FOLDERS {
            files::folder(&folder.join(name))?;
        }
        for name in [ENTRIES, CHECKPOINTS, LOCK] {
            files::create(&folder.join(name), &[], 0o644)?;
        }
        Ok(Self::new(folder))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Appends a line to a file whose last line may be torn: that part is taken away first.
    fn append_line(&self, name: &str, line: &[u8]) -> Result<(), StorageError> {
        let path = self.path(name);
        let new = !path.exists();
        let append = || append_at(&path, end_of_lines(&path)?, line);
        append().map_err(StorageError::at("append to", &path))?;
        if new { files::sync_folder_of(&path) } else { Ok(()) }
    }
}

impl ChainStore for FilesChain {
    fn lock(&mut self) -> Result<(), StorageError> {
        let path = self.path(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.and_then(|file| file.lock().map(|()| file)).map_err(StorageError::at("lock", &path))?;
        self.lock = Some(file);
        Ok(())
    }

    fn unlock(&mut self) {
        self.lock = None;
    }

    fn read_from(&self, position: u64) -> Result<Vec<u8>, StorageError> {
        let path = self.path(ENTRIES);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(position))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(StorageError::at("read", &path))
    }

    fn append(&mut self, position: u64, line: &[u8]) -> Result<(), StorageError> {
        let path = self.path(ENTRIES);
        append_at(&path, position, line).map_err(StorageError::at("append to", &path))
    }

    fn cut(&mut self, position: u64) -> Result<(), StorageError> {
        let path = self.path(ENTRIES);
        cut_at(&path, position).map_err(StorageError::at("repair", &path))
    }

    fn checkpoints(&self) -> Result<Result<Vec<CheckpointLine>, VaultError>, StorageError> {
        let bytes = read_or_empty(&self.path(CHECKPOINTS))?;
        let lines = bundle::lines(whole_lines(&bytes)).enumerate().map(|(index, line)| {
            let damaged = VaultError::Checkpoint { line: index + 1 };
            line.ok().and_then(|line| jcs::parse_exact(line).ok()).ok_or(damaged)
        });
        Ok(lines.collect())
    }

    fn append_checkpoint(&mut self, line: &[u8]) -> Result<(), StorageError> {
        self.append_line(CHECKPOINTS, line)
    }

    fn put_statement(&mut self, file: &str, envelope: &[u8]) -> Result<(), StorageError> {
        self.append_line(file, envelope)
    }

    fn statements(&self, file: &str) -> Result<Vec<u8>, StorageError> {
        let mut bytes = read_or_empty(&self.path(file))?;
        bytes.truncate(whole_lines(&bytes).len());
        Ok(bytes)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest, StorageError> {
        let digest = Digest::of(bytes);
        if self.blob(&digest)?.is_none() {
            files::replace(&self.path(&blob_name(&digest)), bytes, 0o644)?;
        }
        Ok(digest)
    }

    fn put_timestamp(&mut self, size: u64, token: &[u8]) -> Result<(), StorageError> {
        if self.timestamp(size)?.is_some_and(|there| there == token) {
            return Ok(());
        }
        let path = self.path(&bundle::timestamp_name(size));
        files::folder(path.parent().unwrap_or(&self.folder))?;
        files::create(&path, token, 0o644)
    }

    fn timestamp(&self, size: u64) -> Result<Option<Vec<u8>>, StorageError> {
        let path = self.path(&bundle::timestamp_name(size));
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::at("read", &path)(error)),
        }
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StorageError> {
        let path = self.path(&blob_name(digest));
        match std::fs::read(&path) {
            Ok(bytes) => Ok((Digest::of(&bytes) == *digest).then_some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::at("read", &path)(error)),
        }
    }
}

/// Writes a line at the end, flushed; on an error the file is as it was, as far as the disk allows.
fn append_at(path: &Path, end: u64, line: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    if file.metadata()?.len() > end {
        file.set_len(end)?;
    }
    file.seek(SeekFrom::Start(end))?;
    let mut bytes = Vec::with_capacity(line.len() + 1);
    bytes.extend_from_slice(line);
    bytes.push(b'\n');
    file.write_all(&bytes).and_then(|()| file.sync_data()).inspect_err(|_| {
        let _ = file.set_len(end);
    })
}

/// Where the last whole line ends; the file is read only when its last line is torn.
fn end_of_lines(path: &Path) -> io::Result<u64> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        file => file?,
    };
    let length = file.metadata()?.len();
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last == [b'\n'] {
        return Ok(length);
    }
    Ok(whole_lines(&std::fs::read(path)?).len() as u64)
}

fn cut_at(path: &Path, end: u64) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(end)?;
    file.sync_all()
}

fn read_or_empty(path: &Path) -> Result<Vec<u8>, StorageError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(StorageError::at("read", path)(error)),
    }
}

/// The bytes up to the last LF.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    &bytes[..end]
}
