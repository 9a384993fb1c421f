//! What a bundle carries, by name and order (`spec:bundle-1`, `spec:bundle-2`).

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    limits,
    merkle::Proof,
    statement::{Backup, Evidence, Predicate as _, RestoreTest, Review},
    value::Decimal,
};

/// The bundle's own statement: first in the zip.
pub const STATEMENT: &str = "bundle.dsse.json";
/// All lines from genesis.
pub const ENTRIES: &str = "chain/entries.ndjson";
/// Checkpoints, by size.
pub const CHECKPOINTS: &str = "chain/checkpoints.ndjson";
/// Consistency proofs between successive checkpoints.
pub const PROOFS: &str = "chain/proofs.json";
/// Registry versions in order.
pub const REGISTRY: &str = "keys/registry.ndjson";
/// The keys as a table.
pub const KEYS_CSV: &str = "keys/keys.csv";
/// A fixed text.
pub const README: &str = "readme.txt";
/// The folder of blobs, named by digest.
pub const BLOBS: &str = "blobs/";
/// The folder of time-stamp tokens, named by the size of the checkpoint that they cover.
pub const TIMESTAMPS: &str = "chain/timestamps/";
/// The folder of statements.
pub const STATEMENTS: &str = "statements/";

/// The fixed text of `readme.txt` for format version 1.
pub const README_TEXT: &str = include_str!("bundle/readme.txt");

/// The name of a blob.
#[must_use]
pub fn blob_name(digest: &Digest) -> String {
    format!("{BLOBS}{digest}")
}

/// The name of the time-stamp token over the checkpoint of this size.
#[must_use]
pub fn timestamp_name(size: u64) -> String {
    format!("{TIMESTAMPS}{size}.tsr")
}

/// The size of the checkpoint that a file of this name is a time-stamp token over: decimal, no leading zero.
#[must_use]
pub fn timestamp_size(name: &str) -> Option<u64> {
    let size: Decimal = name.strip_prefix(TIMESTAMPS)?.strip_suffix(".tsr")?.parse().ok()?;
    Some(size.0)
}

/// Whether `name` may stand in a bundle: `[a-z0-9._/-]`, relative, no empty, `.` or `..` segment, at most 128 bytes.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'/' | b'-');
    name.len() <= limits::NAME_BYTES
        && name.bytes().all(allowed)
        && name.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// Whether format version 1 knows a file of this name.
#[must_use]
pub fn is_known(name: &str) -> bool {
    const FIXED: [&str; 7] = [STATEMENT, ENTRIES, CHECKPOINTS, PROOFS, REGISTRY, KEYS_CSV, README];
    FIXED.contains(&name)
        || [Backup::FILE, Evidence::FILE, RestoreTest::FILE, Review::FILE].contains(&name)
        || name.strip_prefix(BLOBS).is_some_and(|digest| digest.parse::<Digest>().is_ok())
        || timestamp_size(name).is_some()
}

/// A line that is empty, or a last line without LF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadLine;

/// Splits NDJSON: every line is ended by LF and none is empty; an empty file has no lines.
pub fn lines(ndjson: &[u8]) -> impl Iterator<Item = Result<&[u8], BadLine>> {
    let mut rest = ndjson;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, after) = match memchr::memchr(b'\n', rest) {
            Some(end) => (rest.get(..end), rest.get(end.saturating_add(1)..)),
            None => (None, None),
        };
        rest = after.unwrap_or_default();
        Some(line.filter(|line| !line.is_empty()).ok_or(BadLine))
    })
}

/// `_type` of `chain/proofs.json`.
pub const PROOFS_TYPE: &str = "https://walwarden.dev/spec/proofs/v1";

/// `chain/proofs.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// Always [`PROOFS_TYPE`].
    #[serde(rename = "_type")]
    pub r#type: String,
    /// One for each pair of successive checkpoints.
    pub consistency: Vec<ConsistencyProof>,
}

/// A consistency proof between two sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    /// The smaller size.
    pub from: u64,
    /// The digests.
    pub proof: Proof,
    /// The larger size.
    pub to: u64,
}
