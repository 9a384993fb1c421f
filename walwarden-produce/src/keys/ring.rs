//! The folder of keys: which file holds which key, and opening them for work.
//!
//! `init` names files by what their keys are for (`log.pem`); a later key has the first letters of its id too
//! (`log.W0EDALDa.pem`). So no file is ever renamed, and the registry alone says which key counts.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ed25519_dalek::SigningKey;
use walwarden_core::{
    key::{Ed25519Key, PublicKey},
    statement::{
        KeyRegistry,
        key_registry::{RegistryKey, State, Use},
    },
};

use crate::{
    error::SignerError,
    passphrase::Passphrase,
    signer::{HeadSigner, StatementSigner, key_file, public_key, state::HeadMemory},
};

/// Letters of a key id in the name of its file.
const LETTERS: usize = 8;

/// A folder of keys and what opens them.
#[derive(Clone)]
pub struct Ring {
    /// The folder.
    pub folder: PathBuf,
    /// Opens its keys.
    pub passphrase: Passphrase,
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Ring {
    /// Opens the log key that a registry lists as active, and those that are to sign the next head with it.
    ///
    /// # Errors
    /// As [`head_signer`]; or the file of one of the other keys is not there.
    pub fn head_signer(&self, registry: &KeyRegistry, owing: &[Ed25519Key]) -> Result<HeadSigner, SignerError> {
        let mut signer = head_signer(&self.folder, &self.passphrase, registry)?;
        for key in owing {
            let (found, path) = open(&self.folder, &self.passphrase, &[Use::Log], &PublicKey::from(*key))?;
            signer.succeed(found, path)?;
        }
        Ok(signer.with_ring(self.clone()))
    }

    /// The active key with that use whose file lies in the folder; of several the one that came last.
    ///
    /// # Errors
    /// There is none, or the passphrase does not open it.
    pub fn find<'a>(&self, registry: &'a KeyRegistry, purpose: Use) -> Result<&'a RegistryKey, SignerError> {
        Ok(open_active(&self.folder, &self.passphrase, registry, purpose)?.2)
    }
}

/// The word that names files of keys with these uses.
#[must_use]
pub fn word(uses: &[Use]) -> &'static str {
    match uses {
        [Use::Backup | Use::RestoreTest] => "statement",
        [one] => one.word(),
        _ => "statement",
    }
}

/// The name of the file of a key that is added to a folder.
#[must_use]
pub fn file_name(uses: &[Use], key: &PublicKey) -> String {
    let id = key.id();
    let letters: String = id.as_str().chars().take(LETTERS).collect();
    format!("{}.{letters}.pem", word(uses))
}

/// Opens the log key.
///
/// # Errors
/// A wrong passphrase, a key that the registry does not have, a memory that is missing.
pub fn head_signer(folder: &Path, passphrase: &str, registry: &KeyRegistry) -> Result<HeadSigner, SignerError> {
    let (key, path, _) = open_active(folder, passphrase, registry, Use::Log)?;
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
    let (key, path, listed) = open_active(folder, passphrase, registry, purpose)?;
    StatementSigner::new(key, path, listed.uses.iter().copied().collect(), registry.origin.clone())
}

/// Active keys with a use, the one that came last first.
fn active(registry: &KeyRegistry, purpose: Use) -> impl Iterator<Item = &RegistryKey> {
    registry.keys.iter().rev().filter(move |key| key.state == State::Active && key.uses.contains(&purpose))
}

fn open_active<'a>(
    folder: &Path,
    passphrase: &str,
    registry: &'a KeyRegistry,
    purpose: Use,
) -> Result<(SigningKey, PathBuf, &'a RegistryKey), SignerError> {
    let mut first = None;
    for listed in active(registry, purpose) {
        match open(folder, passphrase, &listed.uses, &listed.jwk) {
            Ok((key, path)) => return Ok((key, path, listed)),
            // Its file may lie on another host.
            Err(error @ (SignerError::NotInRegistry(_) | SignerError::Storage(_))) => {
                first.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or(SignerError::NoKey(purpose.word())))
}

fn open(
    folder: &Path,
    passphrase: &str,
    uses: &[Use],
    public: &PublicKey,
) -> Result<(SigningKey, PathBuf), SignerError> {
    let [named, plain] = candidates(folder, uses, public);
    let path = if named.exists() { named } else { plain };
    let key = key_file::open(&path, passphrase)?;
    if public_key(&key, path.clone())? == *public { Ok((key, path)) } else { Err(SignerError::NotInRegistry(path)) }
}

/// Where the file of a key may be: under the name of a key that was added, then under that of `init`.
fn candidates(folder: &Path, uses: &[Use], key: &PublicKey) -> [PathBuf; 2] {
    [folder.join(file_name(uses, key)), folder.join(format!("{}.pem", word(uses)))]
}
