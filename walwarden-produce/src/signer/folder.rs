//! The folder of keys: which file holds which key, opened when it is needed, and the last head beside them.
//!
//! `init` names files by what their keys are for (`log.pem`); a later key has the first letters of its id too
//! (`log.W0EDALDa.pem`). So no file is ever renamed, and the registry alone says which key counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use walwarden_core::{
    checkpoint::Head,
    key::{Ed25519Key, PublicKey},
    merkle::Proof,
    sign::{LastHead, Refusal, SignError, SignStatement as _, may_sign_head},
    statement::key_registry::{RegistryKey, Storage, Use},
};

use super::{Holder, KeySigner, MadeKey, key_file, public_key, state::HeadMemory};
use crate::{
    error::{SignerError, StorageError},
    passphrase::Passphrase,
};

/// Letters of a key id in the name of its file.
const LETTERS: usize = 8;
/// The most files of keys that a folder may have: who may ask for new ones must not fill the disk.
const FILES: usize = 64;
/// What a key is for whose file has this name.
const WORDS: [(&str, &[Use]); 5] = [
    ("log", &[Use::Log]),
    ("bundle", &[Use::Bundle]),
    ("evidence", &[Use::Evidence]),
    ("statement", &[Use::Backup, Use::Evidence, Use::RestoreTest]),
    ("every-statement", &[Use::Backup, Use::Bundle, Use::Evidence, Use::RestoreTest]),
];

/// A folder of keys and what opens them.
pub struct Folder {
    folder: PathBuf,
    passphrase: Passphrase,
    memory: HeadMemory,
    /// Opened keys, by id.
    opened: Mutex<BTreeMap<String, Arc<KeySigner>>>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Folder {
    /// A folder; nothing is opened yet.
    #[must_use]
    pub fn new(folder: &Path, passphrase: Passphrase) -> Self {
        let memory = HeadMemory::open(folder);
        Self { folder: folder.to_owned(), passphrase, memory, opened: Mutex::default() }
    }

    /// Opens all keys in it; what each is for, its file's name says.
    ///
    /// # Errors
    /// One does not open, or what is remembered is missing.
    pub fn open_all(&self) -> Result<(), SignerError> {
        let origin = self.memory.read()?.origin;
        for (path, uses) in self.files()? {
            let key = key_file::open(&path, &self.passphrase)?;
            let signer = KeySigner::new(key, path, uses.iter().copied().collect(), origin.clone())?;
            self.keep(signer);
        }
        Ok(())
    }

    /// The keys that are open, and what they are for.
    #[must_use]
    pub fn keys(&self) -> Vec<(PublicKey, BTreeSet<Use>)> {
        self.opened().values().map(|key| (key.public(), key.uses().clone())).collect()
    }

    /// Files of keys, and what these are for.
    fn files(&self) -> Result<Vec<(PathBuf, &'static [Use])>, SignerError> {
        let listed = fs::read_dir(&self.folder).map_err(StorageError::at("list", &self.folder))?;
        let mut files = Vec::new();
        for entry in listed {
            let path = entry.map_err(StorageError::at("list", &self.folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let word = name.strip_suffix(".pem").and_then(|name| name.split('.').next());
            if let Some((_, uses)) = WORDS.iter().find(|(known, _)| Some(*known) == word) {
                files.push((path, *uses));
            }
        }
        files.sort();
        Ok(files)
    }

    /// A key that is open, or whose file is found by what it is for.
    fn key(&self, public: &PublicKey, uses: &[Use]) -> Result<Arc<KeySigner>, SignerError> {
        let open = self.opened().get(public.id().as_str()).map(Arc::clone);
        match open {
            Some(key) => Ok(key),
            None => self.open(public, uses),
        }
    }

    fn open(&self, public: &PublicKey, uses: &[Use]) -> Result<Arc<KeySigner>, SignerError> {
        let named = self.folder.join(file_name(uses, public));
        let path = if named.exists() { named } else { self.folder.join(format!("{}.pem", word(uses))) };
        let key = key_file::open(&path, &self.passphrase)?;
        if public_key(&key, path.clone())? != *public {
            return Err(SignerError::NotInRegistry(path));
        }
        let origin = self.memory.read()?.origin;
        Ok(self.keep(KeySigner::new(key, path, uses.iter().copied().collect(), origin)?))
    }

    fn keep(&self, key: KeySigner) -> Arc<KeySigner> {
        let key = Arc::new(key);
        self.opened().insert(key.public().id().to_string(), Arc::clone(&key));
        key
    }

    fn opened(&self) -> MutexGuard<'_, BTreeMap<String, Arc<KeySigner>>> {
        // A map is whole after every step, whoever panicked.
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder for Folder {
    fn first(&self, listed: &[&RegistryKey]) -> Result<usize, SignerError> {
        let mut first = None;
        for (place, key) in listed.iter().enumerate() {
            match self.key(&key.jwk, &key.uses) {
                Ok(_) => return Ok(place),
                // Its file may lie on another host.
                Err(error @ (SignerError::NotInRegistry(_) | SignerError::Storage(_))) => {
                    first.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(first.unwrap_or(SignerError::NoKey("that")))
    }

    fn last_head(&self) -> Result<LastHead, SignerError> {
        self.memory.read()
    }

    fn sign_head(&self, head: &Head, proof: &Proof, keys: &[Ed25519Key]) -> Result<Vec<Vec<u8>>, SignerError> {
        let keys = keys.iter().map(|key| self.key(&PublicKey::from(*key), &[Use::Log]));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let _lock = self.memory.lock()?;
        let last = self.memory.read()?;
        if last.origin != head.origin {
            let refusal = Refusal::Origin { expected: last.origin, found: head.origin.clone() };
            return Err(SignError::from(refusal).into());
        }
        may_sign_head(Some(&last).filter(|last| last.head.size > 0), head, proof).map_err(SignError::from)?;
        // Remembered first: a signature that nobody remembers could be followed by one over another history.
        self.memory.remember(&LastHead { origin: head.origin.clone(), head: head.tree })?;
        keys.iter().map(|key| key.sign_text(head)).collect()
    }

    fn sign_statement(&self, key: &PublicKey, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signer = self.opened().get(key.id().as_str()).map(Arc::clone);
        let signer = signer.ok_or_else(|| SignerError::NotHeld(key.id()))?;
        Ok(signer.sign_statement(payload)?.sig.0)
    }

    fn make(&self, uses: &[Use]) -> Result<MadeKey, SignerError> {
        if self.files()?.len() >= FILES {
            return Err(SignError::Declined(format!("its folder has {FILES} keys already")).into());
        }
        let key = key_file::generate().map_err(|error| SignError::Unavailable(error.to_string()))?;
        let public = public_key(&key, self.folder.clone())?;
        let path = self.folder.join(file_name(uses, &public));
        key_file::write(&path, &key, &self.passphrase).map_err(|error| SignError::Unavailable(error.to_string()))?;
        let origin = self.memory.read()?.origin;
        self.keep(KeySigner::new(key, path.clone(), uses.iter().copied().collect(), origin)?);
        Ok(MadeKey { public, storage: Storage::File, path: Some(path) })
    }
}

/// The word that names files of keys with these uses.
#[must_use]
pub fn word(uses: &[Use]) -> &'static str {
    let exact = WORDS.iter().find(|(_, known)| *known == uses);
    let covers = || WORDS.iter().find(|(_, known)| uses.iter().all(|purpose| known.contains(purpose)));
    exact.or_else(covers).map_or("review", |(word, _)| word)
}

/// The name of the file of a key that is added to a folder.
fn file_name(uses: &[Use], key: &PublicKey) -> String {
    let id = key.id();
    let letters: String = id.as_str().chars().take(LETTERS).collect();
    format!("{}.{letters}.pem", word(uses))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(word(&[Use::Log]), "log");
        assert_eq!(word(&[Use::Bundle]), "bundle");
        assert_eq!(word(&[Use::Evidence]), "evidence");
        assert_eq!(word(&[Use::Backup]), "statement");
        assert_eq!(word(&[Use::Backup, Use::Evidence, Use::RestoreTest]), "statement");
        assert_eq!(word(&[Use::Backup, Use::Bundle]), "every-statement");
        assert_eq!(word(&[Use::Review]), "review");
    }
}
