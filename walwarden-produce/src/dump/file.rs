//! Files that hold a dump: created for us alone, on disk for certain, hashed in one pass.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use walwarden_core::{Decimal, digest::Hasher, statement::Bytes};

/// Creates an empty file that only its owner can read. pg_dump then writes into it and keeps its mode.
pub(super) fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// Flushes a file to disk and hashes it.
pub(super) fn settle(path: &Path) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    file.sync_all()?;
    let (mut hasher, mut bytes) = (Hasher::new(), 0);
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => {
                hasher.update(&chunk[..read]);
                bytes += read as u64;
            }
        }
    }
    Ok(Bytes { bytes: Decimal(bytes), sha256: hasher.finish() })
}
