//! The vault's own copy in a store: every line with what it refers to, before a head over it is signed.
//!
//! Under `vault/<origin>/`: `entries/<seq>`, `statements/<file>/<sha256>`, `blobs/<sha256>`, `timestamps/<size>`, `checkpoints/<size>`,
//! one
//! object each, since object stores cannot append. A machine that is lost is brought back from it ([`recover`]).

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use walwarden_core::{
    Digest, Origin,
    chain::{Entries, Entry},
    checkpoint::{CheckpointLine, Note},
    event::Event,
    jcs,
    merkle::TreeHead,
};

use crate::{
    chain_store::{ChainStore, files::FilesChain},
    error::{ProduceError, StorageError, VaultError},
    files,
    init::POLICY_FILE,
    keys,
    store::{Location, Store, put_bytes},
    vault::by_envelope,
};

/// The file in the vault that says how many bytes of the chain are copied, and to which store.
const MARKER: &str = "chain/mirrored";
/// Files that hold statements.
const STATEMENTS: [&str; 5] = ["backup", "evidence", "registry", "restore-test", "review"];

/// A vault's copy.
pub struct Mirror {
    store: Box<dyn Store>,
    folder: String,
    marker: PathBuf,
}

impl Mirror {
    /// The copy of a vault's chain in a store.
    #[must_use]
    pub fn new(store: Box<dyn Store>, origin: &Origin, vault: &Path) -> Self {
        Self { store, folder: folder(origin), marker: vault.join(MARKER) }
    }

    /// Copies the lines that are not there yet, each after what it refers to.
    ///
    /// # Errors
    /// The store does not take them, or holds another history.
    pub fn lines(&self, chain: &dyn ChainStore) -> Result<(), ProduceError> {
        let from = self.copied();
        if from == 0 {
            // A vault that was not copied from its first day on.
            let mut sizes = BTreeSet::new();
            for line in chain.checkpoints()?? {
                if sizes.insert(line.size) { self.checkpoint(&line)? } else { self.cosigned(&line)? }
            }
        }
        let bytes = chain.read_from(from)?;
        let mut at = from;
        for line in bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
            self.line(chain, line)?;
            at += line.len() as u64 + 1;
        }
        if at != from {
            files::replace(&self.marker, format!("{at} {}", self.place()).as_bytes(), 0o644)?;
        }
        Ok(())
    }

    /// Looks whether the store answers, before a line is written that it would have to take.
    ///
    /// # Errors
    /// It does not.
    pub fn answers(&self) -> Result<(), ProduceError> {
        let first = format!("{}/entries/{:012}", self.folder, 0);
        match self.store.reader(&first, None) {
            // Nothing is there yet, or no bucket is.
            Err(error) if error.error.kind() == io::ErrorKind::NotFound => Ok(self.store.list(&first).map(drop)?),
            asked => Ok(asked.map(drop)?),
        }
    }

    /// Copies a checkpoint.
    ///
    /// # Errors
    /// As [`Mirror::lines`].
    pub fn checkpoint(&self, line: &CheckpointLine) -> Result<(), ProduceError> {
        self.put(&format!("checkpoints/{:012}", line.size), &jcs::to_vec(line)?)
    }

    /// Copies a checkpoint that came to have cosignatures, beside the one without.
    ///
    /// # Errors
    /// As [`Mirror::lines`].
    pub fn cosigned(&self, line: &CheckpointLine) -> Result<(), ProduceError> {
        let bytes = jcs::to_vec(line)?;
        let digest = Digest::of(&bytes).to_string();
        self.put(&format!("checkpoints/{:012}-{digest}", line.size), &bytes)
    }

    /// Bytes of the chain that this store has. Another one than the last has to get all of it: a copy that begins in the
    /// middle brings nothing back.
    fn copied(&self) -> u64 {
        let marker = fs::read_to_string(&self.marker).unwrap_or_default();
        let bytes = marker.split_once(' ').filter(|(_, place)| *place == self.place().to_string());
        bytes.and_then(|(bytes, _)| bytes.parse().ok()).unwrap_or(0)
    }

    /// What tells this store from others.
    fn place(&self) -> Digest {
        let Location { name, provider, account_ref, region, bucket } = self.store.location();
        Digest::of([name, provider, account_ref, region, bucket].map(String::as_str).join("\0").as_bytes())
    }

    fn line(&self, chain: &dyn ChainStore, line: &[u8]) -> Result<(), ProduceError> {
        let entry = Entry::parse(line)?;
        for blob in &entry.blobs {
            let missing = VaultError::Missing { what: "blob", digest: blob.sha256, entry: entry.seq };
            self.put(&format!("blobs/{}", blob.sha256), &chain.blob(&blob.sha256)?.ok_or(missing)?)?;
        }
        if let Some(size) = anchored(entry.event())
            && let Some(token) = chain.timestamp(size)?
        {
            self.put(&format!("timestamps/{size:012}"), &token)?;
        }
        for reference in &entry.statements {
            let (file, envelope) = statement(chain, &reference.envelope)?.ok_or(VaultError::Missing {
                what: "statement",
                digest: reference.envelope,
                entry: entry.seq,
            })?;
            self.put(&format!("statements/{file}/{}", reference.envelope), &envelope)?;
        }
        self.put(&format!("entries/{:012}", entry.seq), line)
    }

    /// Stores an object, or finds it there with the same bytes.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), ProduceError> {
        let key = format!("{}/{name}", self.folder);
        match put_bytes(self.store.as_ref(), &key, bytes) {
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                if read(self.store.as_ref(), &key)? == bytes { Ok(()) } else { Err(VaultError::OtherCopy(key).into()) }
            }
            done => Ok(done.map(drop)?),
        }
    }
}

/// What a recovery brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Lines that were there.
    pub had: u64,
    /// Lines that there are now.
    pub has: u64,
}

/// Brings the lines that a vault lacks from its copy; what it has must be how the copy begins. An empty vault gets all.
///
/// # Errors
/// The copy cannot be read, is not whole, or holds another history; the vault is then as it was.
pub fn recover(store: &dyn Store, origin: &Origin, vault: &Path) -> Result<Recovered, ProduceError> {
    let folder = folder(origin);
    let whole = |part: &str| -> Result<Vec<String>, ProduceError> {
        let prefix = format!("{folder}/{part}/");
        let latest = store.list(&prefix)?.into_iter().filter(|listed| listed.latest && !listed.delete_marker);
        let mut keys: Vec<String> = latest.map(|listed| listed.key).collect();
        keys.sort_unstable();
        Ok(keys)
    };
    let mut ndjson = Vec::new();
    for key in whole("entries")? {
        ndjson.extend(read(store, &key)?);
        ndjson.push(b'\n');
    }
    let mut checkpoints: Vec<CheckpointLine> = Vec::new();
    for key in whole("checkpoints")? {
        let damaged = VaultError::Checkpoint { line: checkpoints.len() + 1 };
        checkpoints.push(jcs::parse_exact(&read(store, &key)?).map_err(|_| damaged)?);
    }
    let entries = check(&ndjson, &checkpoints)?;
    let mut chain = if vault.join("chain").is_dir() { FilesChain::new(vault) } else { FilesChain::create(vault)? };
    chain.lock()?;
    let had = chain.read_from(0)?;
    if !ndjson.starts_with(&had) {
        return Err(VaultError::OtherCopy(format!("{folder}/entries")).into());
    }
    let had_lines = had.iter().filter(|byte| **byte == b'\n').count();
    for entry in entries.all().iter().skip(had_lines) {
        for blob in entry.blobs() {
            chain.put_blob(&read(store, &format!("{folder}/blobs/{}", blob.sha256))?)?;
        }
        if let Some(size) = anchored(entry.event()) {
            chain.put_timestamp(size, &read(store, &format!("{folder}/timestamps/{size:012}"))?)?;
        }
        for reference in entry.statements() {
            let (file, envelope) = fetch_statement(store, &folder, &reference.envelope)?;
            if statement(&chain, &reference.envelope)?.is_none() {
                chain.put_statement(&file_of(&file), &envelope)?;
            }
        }
    }
    let mut at = had.len() as u64;
    for line in ndjson[had.len()..].split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
        chain.append(at, line)?;
        at += line.len() as u64 + 1;
    }
    let known = chain.checkpoints()??;
    for checkpoint in checkpoints.iter().filter(|checkpoint| !known.contains(checkpoint)) {
        chain.append_checkpoint(&jcs::to_vec(checkpoint)?)?;
    }
    files::replace(&vault.join(MARKER), at.to_string().as_bytes(), 0o644)?;
    beside(&chain, vault, &entries)?;
    chain.unlock();
    Ok(Recovered { had: had_lines as u64, has: entries.all().len() as u64 })
}

/// What lies beside the chain and follows from it, where it is lost: the text of the policy adopted last, and what the
/// auditor gets, with the newest head.
fn beside(chain: &FilesChain, vault: &Path, entries: &Entries<'_>) -> Result<(), ProduceError> {
    let adopted = entries.all().iter().rev().find_map(|line| match line.event() {
        Event::PolicyAdopted(adopted) => Some(adopted.toml_sha256),
        _ => None,
    });
    let path = vault.join(POLICY_FILE);
    if let Some(text) = adopted.map(|digest| chain.blob(&digest)).transpose()?.flatten()
        && !path.exists()
    {
        files::create(&path, &text, 0o644)?;
    }
    if !vault.join(keys::HANDOVER).exists() {
        let size = chain.checkpoints()??.iter().map(|line| line.size).max().unwrap_or(0);
        let root = entries.root_at(size).ok_or(VaultError::Empty)?;
        keys::write_handover(vault, &keys::newest(chain)?, TreeHead { size, root })?;
    }
    Ok(())
}

/// Size of the head that an entry has a token over.
fn anchored(event: Event) -> Option<u64> {
    match event {
        Event::AnchorAttached(anchor) => anchor.token_sha256.map(|_| anchor.size),
        _ => None,
    }
}

/// The copy is a chain, and the tree of its lines has the root of every checkpoint.
fn check<'a>(ndjson: &'a [u8], checkpoints: &[CheckpointLine]) -> Result<Entries<'a>, VaultError> {
    let entries = Entries::parse(ndjson).map_err(VaultError::Damaged)?;
    entries.contiguous().map_err(VaultError::Damaged)?;
    let head = |(index, line): (usize, &CheckpointLine)| {
        Note::parse(&line.note).map(|note| note.head.tree).map_err(|_| VaultError::Checkpoint { line: index + 1 })
    };
    let heads = checkpoints.iter().enumerate().map(head).collect::<Result<Vec<_>, _>>()?;
    if heads.is_empty() {
        return Err(VaultError::Empty);
    }
    entries.rebuild(&heads).map_err(VaultError::Damaged)?;
    Ok(entries)
}

/// Which file holds an envelope, and its bytes.
fn statement(chain: &dyn ChainStore, digest: &Digest) -> Result<Option<(&'static str, Vec<u8>)>, StorageError> {
    for file in STATEMENTS {
        let ndjson = chain.statements(&file_of(file))?;
        if let Some(envelope) = by_envelope(&ndjson).get(digest) {
            return Ok(Some((file, envelope.to_vec())));
        }
    }
    Ok(None)
}

fn fetch_statement(store: &dyn Store, folder: &str, digest: &Digest) -> Result<(String, Vec<u8>), ProduceError> {
    for file in STATEMENTS {
        match read(store, &format!("{folder}/statements/{file}/{digest}")) {
            Ok(envelope) if Digest::of(&envelope) == *digest => return Ok((file.into(), envelope)),
            Err(error) if error.error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Err(VaultError::OtherCopy(format!("{folder}/statements/*/{digest}")).into())
}

/// The file of a vault that holds statements of a name.
fn file_of(name: &str) -> String {
    if name == "registry" { walwarden_core::bundle::REGISTRY.into() } else { format!("statements/{name}.ndjson") }
}

/// Where the copy of a chain lies in a store.
pub(crate) fn folder(origin: &Origin) -> String {
    format!("vault/{origin}")
}

fn read(store: &dyn Store, key: &str) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut store.reader(key, None)?, &mut bytes).map_err(StorageError::at("read", key))?;
    Ok(bytes)
}
