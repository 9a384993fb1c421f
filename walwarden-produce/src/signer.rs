//! Signers: core's two operations, over encrypted key files.
//!
//! A signer is never asked to sign bytes. [`HeadSigner`] signs only an extension of the head that was signed last, which
//! it remembers in the folder of keys, outside the vault; [`StatementSigner`] parses what it signs first.

pub mod key_file;
pub mod state;

use std::{collections::BTreeSet, path::PathBuf};

use ed25519_dalek::{Signer as _, SigningKey};
use walwarden_core::{
    Base64, Origin,
    checkpoint::Head,
    dsse::{Signed, pae},
    key::{Ed25519Key, PublicKey},
    merkle::Proof,
    sign::{LastHead, Refusal, SignError, SignHead, SignStatement, may_sign_head, may_sign_statement},
    statement::key_registry::Use,
};

use crate::{error::SignerError, keys::ring::Ring};
use state::HeadMemory;

/// Signs heads with a log key from a file.
#[derive(Debug)]
pub struct HeadSigner {
    key: SigningKey,
    public: Ed25519Key,
    /// Keys that it succeeds: they sign too, to show that who held them agreed (`spec:keys-9`).
    succeeds: Vec<(SigningKey, Ed25519Key)>,
    memory: HeadMemory,
    origin: Origin,
    /// Opens its successor, when the registry changes while it is at work.
    ring: Option<Ring>,
}

impl HeadSigner {
    /// Puts a key and its memory to work for one chain.
    ///
    /// # Errors
    /// The key is unusable, or its memory is of another chain or missing.
    pub fn new(key: SigningKey, path: PathBuf, memory: HeadMemory, origin: Origin) -> Result<Self, SignerError> {
        let public = ed25519_key(&key, path)?;
        let remembered = memory.read()?.origin;
        if remembered != origin {
            return Err(SignerError::Origin { expected: remembered, found: origin });
        }
        Ok(Self { key, public, succeeds: Vec::new(), memory, origin, ring: None })
    }

    /// Lets a key that this one succeeds sign too.
    ///
    /// # Errors
    /// The key is unusable.
    pub fn succeed(&mut self, key: SigningKey, path: PathBuf) -> Result<(), SignerError> {
        let public = ed25519_key(&key, path)?;
        self.succeeds.push((key, public));
        Ok(())
    }

    /// Keeps what opens its successor.
    #[must_use]
    pub fn with_ring(self, ring: Ring) -> Self {
        Self { ring: Some(ring), ..self }
    }

    /// What opens its successor.
    #[must_use]
    pub const fn ring(&self) -> Option<&Ring> {
        self.ring.as_ref()
    }
}

impl SignHead for HeadSigner {
    fn sign_head(&mut self, head: &Head, proof: &Proof) -> Result<Vec<(Ed25519Key, Vec<u8>)>, SignError> {
        if head.origin != self.origin {
            return Err(Refusal::Origin { expected: self.origin.clone(), found: head.origin.clone() }.into());
        }
        let _lock = self.memory.lock().map_err(unavailable)?;
        let last = self.last_head()?;
        may_sign_head(last.as_ref(), head, proof)?;
        // Remembered first: a signature that nobody remembers could be followed by one over another history.
        let new = LastHead { origin: head.origin.clone(), head: head.tree };
        self.memory.remember(&new).map_err(unavailable)?;
        let text = head.to_string();
        let all =
            [(&self.key, self.public)].into_iter().chain(self.succeeds.iter().map(|(key, public)| (key, *public)));
        Ok(all.map(|(key, public)| (public, key.sign(text.as_bytes()).to_bytes().to_vec())).collect())
    }

    fn last_head(&self) -> Result<Option<LastHead>, SignError> {
        let last = self.memory.read().map_err(unavailable)?;
        Ok((last.head.size > 0).then_some(last))
    }

    fn public_key(&self) -> Ed25519Key {
        self.public
    }
}

/// Signs statements with a key from a file.
#[derive(Debug)]
pub struct StatementSigner {
    key: SigningKey,
    public: PublicKey,
    uses: BTreeSet<Use>,
    origin: Origin,
}

impl StatementSigner {
    /// Puts a key to work for one chain and some uses.
    ///
    /// # Errors
    /// The key is unusable.
    pub fn new(key: SigningKey, path: PathBuf, uses: BTreeSet<Use>, origin: Origin) -> Result<Self, SignerError> {
        let public = public_key(&key, path)?;
        Ok(Self { key, public, uses, origin })
    }

    /// The public key.
    #[must_use]
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }
}

impl SignStatement for StatementSigner {
    fn sign_statement(&self, payload: &[u8]) -> Result<Signed, SignError> {
        may_sign_statement(payload, &self.uses, &self.origin)?;
        Ok(signed(&self.key, &self.public, payload))
    }
}

/// Signs the PAE of a payload.
pub(crate) fn signed(key: &SigningKey, public: &PublicKey, payload: &[u8]) -> Signed {
    Signed { keyid: public.id(), sig: Base64(key.sign(&pae(payload)).to_bytes().to_vec()) }
}

/// The public half, as the format accepts it.
pub(crate) fn public_key(key: &SigningKey, path: PathBuf) -> Result<PublicKey, SignerError> {
    ed25519_key(key, path).map(PublicKey::from)
}

pub(crate) fn ed25519_key(key: &SigningKey, path: PathBuf) -> Result<Ed25519Key, SignerError> {
    Ed25519Key::from_bytes(key.verifying_key().to_bytes()).map_err(|_| SignerError::NotAKey(path))
}

fn unavailable(error: SignerError) -> SignError {
    SignError::Unavailable(error.to_string())
}
