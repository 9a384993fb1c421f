//! The ceremony of `init`, and opening signers for work.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use walwarden_core::{
    Origin,
    bundle::REGISTRY,
    dsse::Envelope,
    handover::{HANDOVER_TYPE, Handover},
    key::PublicKey,
    merkle::TreeHead,
    registry::Versions,
    statement::{
        KeyRegistry, Statement,
        key_registry::{Ceremony, RegistryKey, State, Storage, Use},
    },
};

use crate::{
    chain_store::ChainStore,
    error::{ProduceError, SignerError, VaultError},
    files,
    signer::{HeadSigner, StatementSigner, key_file, public_key, signed, state::HeadMemory},
};

/// The file in the vault that the auditor gets by another channel.
pub const HANDOVER: &str = "handover.json";

/// A key file and what its key signs. Backups and restore tests are one duty of one host; sealing is another.
struct Role {
    file: &'static str,
    uses: &'static [Use],
}

const LOG: Role = Role { file: "log.pem", uses: &[Use::Log] };
const STATEMENT: Role = Role { file: "statement.pem", uses: &[Use::Backup, Use::RestoreTest] };
const BUNDLE: Role = Role { file: "bundle.pem", uses: &[Use::Bundle] };

/// Where new keys go.
pub struct CeremonyRequest<'a> {
    /// The folder of log and statement keys.
    pub folder: &'a Path,
    /// The root key's own file.
    pub root: &'a Path,
    /// Opens the folder's keys.
    pub passphrase: &'a str,
    /// Opens the root key.
    pub root_passphrase: &'a str,
    /// The chain.
    pub origin: &'a Origin,
    /// Who holds the keys.
    pub custodian: &'a str,
}

/// What a ceremony made.
pub struct Made {
    /// Registry version 1, signed by the root.
    pub registry: Envelope,
    /// The root.
    pub root: PublicKey,
}

/// Makes all keys on this host, and registry version 1. The registry says that it was one host (`spec:keys-5`).
///
/// # Errors
/// A file exists already, or cannot be written.
pub fn ceremony(request: &CeremonyRequest<'_>) -> Result<Made, ProduceError> {
    let mut keys = Vec::new();
    for role in [LOG, STATEMENT, BUNDLE] {
        let path = request.folder.join(role.file);
        let key = key_file::generate()?;
        key_file::write(&path, &key, request.passphrase)?;
        keys.push(RegistryKey {
            jwk: public_key(&key, path)?,
            uses: role.uses.to_vec(),
            custodian: request.custodian.into(),
            storage: Storage::File,
            state: State::Active,
            last_head: None,
            last_trusted: None,
            kind: None,
            reason: None,
        });
    }
    let root = key_file::generate()?;
    key_file::write(request.root, &root, request.root_passphrase)?;
    let public = public_key(&root, request.root.to_owned())?;
    HeadMemory::create(request.folder, request.origin)?;
    let registry = KeyRegistry {
        origin: request.origin.clone(),
        version: 1,
        previous: None,
        roots: vec![public],
        threshold: 1,
        ceremony: Ceremony::SameHost,
        keys,
    };
    Ok(Made { registry: envelope(registry, &root, &public)?, root: public })
}

fn envelope(registry: KeyRegistry, root: &SigningKey, public: &PublicKey) -> Result<Envelope, ProduceError> {
    let payload = Statement::new(registry.subjects(), registry).to_jcs()?;
    let signature = signed(root, public, &payload);
    Ok(Envelope::new(payload, vec![signature]))
}

/// Opens the log key.
///
/// # Errors
/// A wrong passphrase, a key that the registry does not have, a memory that is missing.
pub fn head_signer(folder: &Path, passphrase: &str, registry: &KeyRegistry) -> Result<HeadSigner, SignerError> {
    let (key, path) = open(folder, &LOG, passphrase, registry)?;
    HeadSigner::new(key, path, HeadMemory::open(folder), registry.origin.clone())
}

/// Opens the key for statements of one use.
///
/// # Errors
/// A wrong passphrase, or a key that the registry does not have for that use.
pub fn statement_signer(
    folder: &Path,
    passphrase: &str,
    registry: &KeyRegistry,
    purpose: Use,
) -> Result<StatementSigner, SignerError> {
    let role = if BUNDLE.uses.contains(&purpose) { BUNDLE } else { STATEMENT };
    let (key, path) = open(folder, &role, passphrase, registry)?;
    let uses: BTreeSet<Use> = role.uses.iter().copied().collect();
    StatementSigner::new(key, path, uses, registry.origin.clone())
}

fn open(
    folder: &Path,
    role: &Role,
    passphrase: &str,
    registry: &KeyRegistry,
) -> Result<(SigningKey, PathBuf), SignerError> {
    let path = folder.join(role.file);
    let key = key_file::open(&path, passphrase)?;
    let public = public_key(&key, path.clone())?;
    let good = |known: &&RegistryKey| {
        known.jwk == public
            && known.state == State::Active
            && role.uses.iter().all(|purpose| known.uses.contains(purpose))
    };
    match registry.keys.iter().find(good) {
        Some(_) => Ok((key, path)),
        None => Err(SignerError::NotInRegistry(path)),
    }
}

/// All registry versions of a vault.
///
/// # Errors
/// They do not stand.
pub fn versions(store: &dyn ChainStore) -> Result<Versions, ProduceError> {
    let bytes = store.statements(REGISTRY)?;
    let lines = walwarden_core::bundle::lines(&bytes).filter_map(Result::ok);
    Ok(Versions::parse(lines).map_err(VaultError::Registry)?)
}

/// The newest registry version of a vault.
///
/// # Errors
/// As [`versions`].
pub fn newest(store: &dyn ChainStore) -> Result<KeyRegistry, ProduceError> {
    let versions = versions(store)?;
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
