//! The keys of a vault: the ceremony of `init`, the registry as the chain enters it, and what the auditor is given.
//! [`change`] enters a new registry version, which the [`roots`] sign.

pub mod change;
pub mod compare;
pub mod roots;

use std::path::{Path, PathBuf};

use walwarden_core::{
    Origin,
    bundle::REGISTRY,
    chain::{Entries, Entry, Line},
    dsse::Envelope,
    event::Event,
    handover::{HANDOVER_TYPE, Handover},
    key::{Ed25519Key, PublicKey},
    merkle::TreeHead,
    registry::{Registry, Versions},
    statement::{
        KeyRegistry,
        key_registry::{Ceremony, RegistryKey, State, Storage, Use},
    },
};

use crate::{
    chain_store::ChainStore,
    error::{ProduceError, VaultError},
    files,
    signer::{folder, key_file, public_key, state::HeadMemory},
    vault::by_envelope,
};
use roots::{Exchange, Roots};

/// The file in the vault that the auditor gets by another channel.
pub const HANDOVER: &str = "handover.json";

/// How the line of an entry ends that enters a registry version.
const ENTERING: [&str; 2] = [r#""type":"chain.genesis"}"#, r#""type":"key.changed"}"#];

/// What the keys of a new vault sign. Backups, restore tests and captures are one duty of one host; sealing is another.
const ROLES: [&[Use]; 3] = [&[Use::Log], &[Use::Backup, Use::Evidence, Use::RestoreTest], &[Use::Bundle]];

/// Where new keys go.
pub struct CeremonyRequest<'a> {
    /// The folder of log and statement keys.
    pub folder: &'a Path,
    /// The roots.
    pub root: Root<'a>,
    /// Opens the folder's keys.
    pub passphrase: &'a str,
    /// The chain.
    pub origin: &'a Origin,
    /// Who holds the keys.
    pub custodian: &'a str,
}

/// The roots of a new vault.
#[derive(Clone, Copy)]
pub enum Root<'a> {
    /// One that is made on this host.
    Here {
        /// Its file.
        path: &'a Path,
        /// Opens it.
        passphrase: &'a str,
    },
    /// Those that were made on machines apart.
    Apart {
        /// Their public halves.
        publics: &'a [PublicKey],
        /// How many of them must sign.
        threshold: i64,
        /// The way to them.
        exchange: Exchange<'a>,
    },
}

/// What a ceremony made.
pub struct Made {
    /// Registry version 1, signed by the roots.
    pub registry: Envelope,
    /// The roots.
    pub roots: Vec<PublicKey>,
}

/// Makes the keys of this host, and registry version 1. The registry says whether the root was made here too
/// (`spec:keys-4`).
///
/// # Errors
/// A file exists already, or cannot be written; roots that are apart did not sign.
pub fn ceremony(request: &CeremonyRequest<'_>) -> Result<Made, ProduceError> {
    let mut keys = Vec::new();
    for uses in ROLES {
        let path = request.folder.join(format!("{}.pem", folder::word(uses)));
        let key = key_file::generate()?;
        key_file::write(&path, &key, request.passphrase)?;
        keys.push(active(public_key(&key, path)?, uses.to_vec(), request.custodian, Storage::File));
    }
    HeadMemory::create(request.folder, request.origin)?;
    let (roots, threshold, ceremony, signers) = match request.root {
        Root::Here { path, passphrase } => {
            let key = key_file::generate()?;
            key_file::write(path, &key, passphrase)?;
            let public = public_key(&key, path.to_owned())?;
            (vec![public], 1, Ceremony::SameHost, Roots { here: vec![(key, public)], apart: None })
        }
        Root::Apart { publics, threshold, exchange } => {
            let signers = Roots { here: Vec::new(), apart: Some(exchange) };
            (publics.to_vec(), threshold, Ceremony::Separate, signers)
        }
    };
    let (origin, previous) = (request.origin.clone(), None);
    let registry = KeyRegistry { origin, version: 1, previous, roots: roots.clone(), threshold, ceremony, keys };
    Ok(Made { registry: signers.signed(&registry, &[])?, roots })
}

/// A key that begins to count.
fn active(jwk: PublicKey, uses: Vec<Use>, custodian: &str, storage: Storage) -> RegistryKey {
    RegistryKey {
        jwk,
        uses,
        custodian: custodian.into(),
        storage,
        state: State::Active,
        last_head: None,
        last_trusted: None,
        kind: None,
        reason: None,
    }
}

/// Envelopes of the registry versions that lines of a chain enter, in order, one line each without LF. An envelope that a
/// crash has left without an entry is no version.
///
/// # Errors
/// One is missing, or the line that enters it is none.
pub fn entered(store: &dyn ChainStore, ndjson: &[u8]) -> Result<Vec<Vec<u8>>, ProduceError> {
    let kept = store.statements(REGISTRY)?;
    let kept = by_envelope(&kept);
    let mut versions = Vec::new();
    for line in ndjson.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
        // In canonical form the type is the last member of an entry.
        if !ENTERING.iter().any(|end| line.ends_with(end.as_bytes())) {
            continue;
        }
        let entry = Entry::parse(line)?;
        let Some(version) = entry.statements.first() else { continue };
        let missing = VaultError::Missing { what: "registry version", digest: version.payload, entry: entry.seq };
        versions.push(kept.get(&version.envelope).ok_or(missing)?.to_vec());
    }
    Ok(versions)
}

/// The registry versions that lines of a chain enter.
///
/// # Errors
/// They do not stand.
pub fn versions(store: &dyn ChainStore, ndjson: &[u8]) -> Result<Versions, ProduceError> {
    let entered = entered(store, ndjson)?;
    Ok(Versions::parse(entered.iter().map(Vec::as_slice)).map_err(VaultError::Registry)?)
}

/// The keys that may have signed the statement of an entry. One that was retired while the entry's run lasted is among them:
/// it is judged where the run began (`spec:keys-9`).
#[must_use]
pub fn of_statement(registry: &Registry, entries: &Entries<'_>, purpose: Use, line: &Line<'_>) -> Vec<PublicKey> {
    let Some(version) = registry.at(line.seq) else { return Vec::new() };
    let began = || began(entries, line);
    let counts = |key: &RegistryKey| registry.key_of_run(&key.jwk.id(), purpose, line.seq, began).ok();
    version.keys.iter().filter_map(counts).collect()
}

/// Where the run of an entry began.
fn began(entries: &Entries<'_>, line: &Line<'_>) -> Option<u64> {
    let run = match line.event() {
        Event::BackupCompleted(completed) => completed.run_id,
        Event::RestoreTested(tested) => tested.test_id,
        _ => return None,
    };
    let starts = |earlier: &&Line<'_>| match earlier.event() {
        Event::BackupStarted(started) => started.run_id == run,
        Event::RestoreStarted(started) => started.test_id == run,
        _ => false,
    };
    let before = entries.all().iter().rev().skip_while(|later| later.seq >= line.seq);
    before.filter(|earlier| earlier.is_one_of(&["backup.started", "restore.started"])).find(starts).map(|line| line.seq)
}

/// Retired log keys that have not yet signed together with their successor: the next head must carry their signatures
/// too (`spec:keys-9`).
///
/// # Errors
/// The vault is damaged.
pub fn owing(store: &dyn ChainStore) -> Result<Vec<Ed25519Key>, ProduceError> {
    let mut ndjson = store.read_from(0)?;
    let versions = versions(store, &ndjson)?;
    if versions.all().len() == 1 {
        return Ok(Vec::new());
    }
    ndjson.truncate(ndjson.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
    let entries = Entries::parse(&ndjson).map_err(VaultError::Damaged)?;
    let registry = versions.in_force(&entries).map_err(VaultError::Registry)?;
    let signed = store.checkpoints()??.iter().map(|line| line.size).max().unwrap_or(0);
    let owing = registry.retired_log_keys().into_iter().filter(|(from, _)| signed <= *from);
    Ok(owing.map(|(_, key)| key).collect())
}

/// The newest registry version of a vault.
///
/// # Errors
/// As [`versions`].
pub fn newest(store: &dyn ChainStore) -> Result<KeyRegistry, ProduceError> {
    let versions = versions(store, &store.read_from(0)?)?;
    versions
        .newest()
        .cloned()
        .ok_or_else(|| VaultError::Registry(walwarden_core::registry::RegistryError::Empty).into())
}

/// Writes `handover.json` with a head.
///
/// # Errors
/// It cannot be written.
pub fn write_handover(vault: &Path, registry: &KeyRegistry, head: TreeHead) -> Result<PathBuf, ProduceError> {
    let handover = Handover {
        r#type: HANDOVER_TYPE.into(),
        origin: registry.origin.clone(),
        roots: registry.roots.iter().map(PublicKey::fingerprint).collect(),
        threshold: usize::try_from(registry.threshold).unwrap_or(1),
        head,
    };
    let bug = |error| ProduceError::Bug(format!("a handover is not written: {error}"));
    let text = serde_json::to_string_pretty(&handover).map_err(bug)? + "\n";
    let path = vault.join(HANDOVER);
    files::replace(&path, text.as_bytes(), 0o644)?;
    Ok(path)
}

/// Writes the registry's roots into `handover.json`, and leaves the head that stands there: the auditor's last bundle must
/// not fall short of it.
///
/// # Errors
/// It cannot be read or written.
pub fn renew_handover(vault: &Path, registry: &KeyRegistry) -> Result<PathBuf, ProduceError> {
    let bytes = files::read(&vault.join(HANDOVER))?;
    let old = Handover::parse(&bytes).map_err(|_| VaultError::Handover)?;
    write_handover(vault, registry, old.head)
}
