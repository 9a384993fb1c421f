//! Files that people bring: documents, screenshots, logs.

use std::{fs, path::Path};

use crate::{
    error::{OperatorError, ProduceError, StorageError},
    files,
    vault::Blob,
};

/// The largest file that is taken into the vault.
pub const BYTES: u64 = 64 << 20;

/// What a file holds, by its extension.
#[must_use]
pub fn media(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("txt" | "md" | "log") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// Reads files that go with an entry. The record does not repeat their names, which may tell what it must not.
///
/// # Errors
/// One cannot be read, or is larger than [`BYTES`].
pub fn attachments<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<Vec<Blob>, ProduceError> {
    let blob = |path: &Path| {
        let length = fs::metadata(path).map_err(StorageError::at("read the attachment", path))?.len();
        if length > BYTES {
            let (what, expected) = ("attachment", "a file of 64 MiB at most");
            return Err(OperatorError::Value { what, value: path.display().to_string(), expected }.into());
        }
        Ok(Blob { name: "attachment".into(), media: media(path).into(), bytes: files::read(path)? })
    };
    paths.into_iter().map(blob).collect()
}
