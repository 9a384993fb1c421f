//! The whole chain for other programs to read, each line counted, beside the bundle that proves it.
//!
//! The files are for reading and importing; what an auditor goes by is `chain.zip`, which `walwarden-verify` judges
//! without this host. No dump of a chain replaces a dump of the database that holds it, if a database does.

use std::{collections::BTreeMap, fs, path::Path};

use serde::Serialize;
use walwarden_core::{
    Digest, EntryId,
    bundle::{CHECKPOINTS, ENTRIES, KEYS_CSV, REGISTRY, lines},
    event::{Event, ExportKind, ExportMade, ExportState},
    jcs,
    statement::{Backup, Evidence, Predicate as _, RestoreTest, Review},
};

use crate::{
    error::{OperatorError, ProduceError, StorageError},
    files,
    producer::{Producer, Signers},
    seal::{SealRequest, Sealed, seal},
    vault::{Draft, Snapshot},
};

/// The sealed bundle in the folder.
const SEALED: &str = "chain.zip";

/// What counts what.
const COUNTS: &str = "counts.json";

/// What was dumped.
#[derive(Debug)]
pub struct Dumped {
    /// The bundle that proves it.
    pub sealed: Sealed,
    /// Lines of each file, by its name.
    pub lines: BTreeMap<String, u64>,
    /// The entry that records it.
    pub entry: EntryId,
}

/// One file, as `counts.json` tells of it.
#[derive(Serialize)]
struct Counted {
    lines: u64,
    bytes: u64,
    sha256: Digest,
}

/// `counts.json`.
#[derive(Serialize)]
struct Counts<'a> {
    origin: &'a str,
    size: u64,
    root: Digest,
    files: BTreeMap<String, Counted>,
}

/// Seals the chain from its first entry until now, and writes it beside that as lines: entries, checkpoints, registry,
/// statements, and a stream of entries for each type. A stream without an entry is an empty file.
///
/// # Errors
/// The folder exists, the bundle is not published, or something cannot be written.
pub fn dump(
    producer: &mut Producer,
    signers: &mut Signers,
    folder: &Path,
    verifier: &Path,
    recipient: Option<&str>,
) -> Result<Dumped, ProduceError> {
    if folder.exists() {
        return Err(OperatorError::Exists(folder.into()).into());
    }
    fs::create_dir(folder).map_err(StorageError::at("make", folder))?;
    let first = producer.chain.read()?.entries()?.all().first().map_or_else(|| producer.now(), |line| line.recorded_at);
    let request = SealRequest {
        period: &format!("{first}/{}", producer.now()),
        out: Some(&folder.join(SEALED)),
        as_is: false,
        beside: Vec::new(),
        verifier,
        notice: &|_| (),
    };
    let sealed = seal(producer, signers, &request)?;
    let snapshot = producer.chain.read()?;
    let mut counted = BTreeMap::new();
    for (name, bytes) in streams(producer, &snapshot)? {
        let path = folder.join(&name);
        path.parent().map_or(Ok(()), files::folder)?;
        files::create(&path, &bytes, 0o644)?;
        let (lines, bytes, sha256) = (lines(&bytes).count() as u64, bytes.len() as u64, Digest::of(&bytes));
        counted.insert(name, Counted { lines, bytes, sha256 });
    }
    let head = snapshot.head()?;
    let lines = counted.iter().map(|(name, counted)| (name.clone(), counted.lines)).collect();
    let counts = Counts { origin: producer.chain.origin().as_str(), size: head.size, root: head.root, files: counted };
    let mut json = serde_json::to_vec_pretty(&counts).map_err(|error| ProduceError::Bug(error.to_string()))?;
    json.push(b'\n');
    files::create(&folder.join(COUNTS), &json, 0o644)?;
    let made = ExportMade {
        state: ExportState::Written,
        kind: ExportKind::ChainDump,
        period: None,
        zone: None,
        size: Some(head.size),
        payload_sha256: None,
        rejected: None,
        recipient: recipient.map(Into::into),
    };
    let entry = producer.append(&mut signers.head, |_| Ok(Draft::plain(Event::ExportMade(Box::new(made)))))?;
    Ok(Dumped { sealed, lines, entry: entry.id })
}

/// The files, by name.
fn streams(producer: &Producer, snapshot: &Snapshot) -> Result<BTreeMap<String, Vec<u8>>, ProduceError> {
    let store = producer.chain.store();
    let ndjson = store.read_from(0)?;
    let entries = snapshot.entries()?;
    let mut files: BTreeMap<String, Vec<u8>> =
        Event::TYPES.iter().map(|kind| (format!("streams/{kind}.ndjson"), Vec::new())).collect();
    for (entry, line) in entries.all().iter().zip(lines(&ndjson).filter_map(Result::ok)) {
        let stream = files.entry(format!("streams/{}.ndjson", entry.kind())).or_default();
        stream.extend_from_slice(line);
        stream.push(b'\n');
    }
    let mut checkpoints = Vec::new();
    for checkpoint in store.checkpoints()?? {
        checkpoints.extend(jcs::to_vec(&checkpoint)?);
        checkpoints.push(b'\n');
    }
    files.insert(CHECKPOINTS.into(), checkpoints);
    for file in [REGISTRY, Backup::FILE, RestoreTest::FILE, Evidence::FILE, Review::FILE] {
        files.insert(file.into(), store.statements(file)?);
    }
    files.insert(KEYS_CSV.into(), producer.registry_of(snapshot)?.csv().into_bytes());
    files.insert(ENTRIES.into(), ndjson);
    Ok(files)
}
