//! Signers: core's two operations, wherever the keys lie.
//!
//! A [`Holder`] has log and statement keys and remembers the head that was signed last: the [`folder`] of keys of this
//! host, or a signer apart that is spoken to in lines ([`wire`], [`remote`]); a key of AWS KMS for statements may stand before
//! either (`aws_kms`). A signer is never asked to sign bytes. It
//! signs a head only as an extension of the last one, and a statement only after it has parsed it (`spec:keys-10`).

#[cfg(feature = "kms")]
pub mod aws_kms;
pub mod folder;
pub mod key_file;
pub mod remote;
pub mod server;
pub mod state;
pub mod wire;

use std::{
    collections::BTreeSet,
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use ed25519_dalek::{Signer as _, SigningKey};
use walwarden_core::{
    Base64, Origin,
    checkpoint::Head,
    dsse::{Signed, pae},
    key::{Ed25519Key, PublicKey},
    merkle::Proof,
    sign::{LastHead, Refusal, SignError, SignHead, SignStatement, may_sign_statement},
    statement::{
        KeyRegistry,
        key_registry::{RegistryKey, State, Storage, Use},
    },
};

use crate::error::SignerError;

/// What holds log and statement keys, and remembers the last signed head.
pub trait Holder: fmt::Debug + Send + Sync {
    /// Which of some keys that a registry lists it holds; of several the one that stands first.
    ///
    /// # Errors
    /// None of them, or it cannot say.
    fn first(&self, listed: &[&RegistryKey]) -> Result<usize, SignerError>;

    /// The last signed head; of size 0 where none was signed yet.
    ///
    /// # Errors
    /// It cannot say.
    fn last_head(&self) -> Result<LastHead, SignerError>;

    /// Signs the text of a head with log keys that it holds, when it extends the last one; remembers it before it answers.
    ///
    /// # Errors
    /// It refuses, does not have a key, or cannot remember.
    fn sign_head(&self, head: &Head, proof: &Proof, keys: &[Ed25519Key]) -> Result<Vec<Vec<u8>>, SignerError>;

    /// Signs the PAE of a statement with a key that it holds, after it has parsed it.
    ///
    /// # Errors
    /// It refuses, or does not have the key.
    fn sign_statement(&self, key: &PublicKey, payload: &[u8]) -> Result<Vec<u8>, SignerError>;

    /// Makes a key; durable on return.
    ///
    /// # Errors
    /// It cannot.
    fn make(&self, uses: &[Use]) -> Result<MadeKey, SignerError>;
}

/// A new key.
#[derive(Debug, Clone)]
pub struct MadeKey {
    /// Its public half.
    pub public: PublicKey,
    /// In what its private half lies.
    pub storage: Storage,
    /// The file of it, where that is on this host.
    pub path: Option<PathBuf>,
}

/// Signs heads with the log key that a registry lists as active, and a holder has.
#[derive(Debug, Clone)]
pub struct HeadSigner {
    holder: Arc<dyn Holder>,
    listed: Vec<RegistryKey>,
    /// Keys that it succeeds: they sign too, to show that who held them agreed (`spec:keys-9`).
    succeeds: Vec<Ed25519Key>,
    origin: Origin,
    key: OnceLock<Ed25519Key>,
}

impl HeadSigner {
    /// A signer for the chain of a registry. The holder is asked for nothing yet: it may be away.
    #[must_use]
    pub fn new(holder: Arc<dyn Holder>, registry: &KeyRegistry, succeeds: Vec<Ed25519Key>) -> Self {
        let listed = active(registry, Use::Log);
        Self { holder, listed, succeeds, origin: registry.origin.clone(), key: OnceLock::new() }
    }

    /// Looks whether it could sign: the key is there, and what is remembered is of this chain.
    ///
    /// # Errors
    /// It could not.
    pub fn ready(&self) -> Result<(), SignerError> {
        self.key()?;
        self.remembered().map(drop)
    }

    /// Whether a signer apart cannot be reached now.
    #[must_use]
    pub fn is_away(&self) -> bool {
        matches!(self.remembered(), Err(SignerError::Sign(SignError::Away(_))))
    }

    /// What holds the keys.
    #[must_use]
    pub fn holder(&self) -> &Arc<dyn Holder> {
        &self.holder
    }

    fn key(&self) -> Result<Ed25519Key, SignerError> {
        if let Some(key) = self.key.get() {
            return Ok(*key);
        }
        let found = chosen(self.holder.as_ref(), &self.listed, Use::Log)?;
        let key = *found.jwk.as_ed25519().ok_or(SignerError::NoKey(Use::Log.word()))?;
        Ok(*self.key.get_or_init(|| key))
    }

    fn remembered(&self) -> Result<LastHead, SignerError> {
        let last = self.holder.last_head()?;
        if last.origin == self.origin {
            return Ok(last);
        }
        Err(SignerError::Origin { expected: last.origin, found: self.origin.clone() })
    }
}

impl SignHead for HeadSigner {
    fn sign_head(&mut self, head: &Head, proof: &Proof) -> Result<Vec<(Ed25519Key, Vec<u8>)>, SignError> {
        if head.origin != self.origin {
            return Err(Refusal::Origin { expected: self.origin.clone(), found: head.origin.clone() }.into());
        }
        let keys: Vec<Ed25519Key> = [self.key()?].into_iter().chain(self.succeeds.iter().copied()).collect();
        let signatures = self.holder.sign_head(head, proof, &keys)?;
        let text = head.to_string();
        let signed: Vec<_> = keys.into_iter().zip(signatures).collect();
        // What does not hold would stand in the chain for good.
        let holds = |(key, signature): &(Ed25519Key, Vec<u8>)| key.verifies(text.as_bytes(), signature);
        if signed.len() == self.succeeds.len() + 1 && signed.iter().all(holds) {
            return Ok(signed);
        }
        Err(SignError::Mismatch(PublicKey::from(self.key()?).id()))
    }

    fn last_head(&self) -> Result<Option<LastHead>, SignError> {
        let last = self.remembered()?;
        Ok((last.head.size > 0).then_some(last))
    }
}

/// Signs statements with the key that a registry lists as active for a use, and a holder has.
#[derive(Debug, Clone)]
pub struct StatementSigner {
    holder: Arc<dyn Holder>,
    listed: Vec<RegistryKey>,
    purpose: Use,
    origin: Origin,
    key: OnceLock<RegistryKey>,
}

impl StatementSigner {
    /// A signer for the chain of a registry. The holder is asked for nothing yet: it may be away.
    #[must_use]
    pub fn new(holder: Arc<dyn Holder>, registry: &KeyRegistry, purpose: Use) -> Self {
        let listed = active(registry, purpose);
        Self { holder, listed, purpose, origin: registry.origin.clone(), key: OnceLock::new() }
    }

    /// Looks whether it could sign: the key is there.
    ///
    /// # Errors
    /// It could not.
    pub fn ready(&self) -> Result<(), SignerError> {
        self.key().map(drop)
    }

    fn key(&self) -> Result<&RegistryKey, SignerError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let found = chosen(self.holder.as_ref(), &self.listed, self.purpose)?.clone();
        Ok(self.key.get_or_init(|| found))
    }
}

impl SignStatement for StatementSigner {
    fn sign_statement(&self, payload: &[u8]) -> Result<Signed, SignError> {
        let key = self.key()?;
        // A holder knows what a key is for by the name of its file; the registry says it.
        may_sign_statement(payload, &key.uses.iter().copied().collect(), &self.origin)?;
        let signature = self.holder.sign_statement(&key.jwk, payload)?;
        if !key.jwk.verifies(&pae(payload), &signature) {
            return Err(SignError::Mismatch(key.jwk.id()));
        }
        Ok(Signed { keyid: key.jwk.id(), sig: Base64(signature) })
    }
}

/// A private key at hand, and what it may sign.
#[derive(Debug)]
pub struct KeySigner {
    key: SigningKey,
    public: Ed25519Key,
    uses: BTreeSet<Use>,
    origin: Origin,
}

impl KeySigner {
    /// Puts a key to work for one chain and some uses.
    ///
    /// # Errors
    /// The key is unusable.
    pub fn new(key: SigningKey, path: PathBuf, uses: BTreeSet<Use>, origin: Origin) -> Result<Self, SignerError> {
        let public = ed25519_key(&key, path)?;
        Ok(Self { key, public, uses, origin })
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public.into()
    }

    /// What it may sign.
    #[must_use]
    pub const fn uses(&self) -> &BTreeSet<Use> {
        &self.uses
    }

    /// Signs the text of a head. That it may be signed is whoever remembers the last one's to say.
    fn sign_text(&self, head: &Head) -> Result<Vec<u8>, SignerError> {
        if !self.uses.contains(&Use::Log) {
            return Err(SignError::from(Refusal::Use("checkpoint")).into());
        }
        Ok(self.key.sign(head.to_string().as_bytes()).to_bytes().to_vec())
    }
}

impl SignStatement for KeySigner {
    fn sign_statement(&self, payload: &[u8]) -> Result<Signed, SignError> {
        may_sign_statement(payload, &self.uses, &self.origin)?;
        Ok(signed(&self.key, &self.public(), payload))
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

fn ed25519_key(key: &SigningKey, path: PathBuf) -> Result<Ed25519Key, SignerError> {
    Ed25519Key::from_bytes(key.verifying_key().to_bytes()).map_err(|_| SignerError::NotAKey(path))
}

/// Active keys with a use, the one that came last first.
fn active(registry: &KeyRegistry, purpose: Use) -> Vec<RegistryKey> {
    let counts = |key: &&RegistryKey| key.state == State::Active && key.uses.contains(&purpose);
    registry.keys.iter().rev().filter(counts).cloned().collect()
}

/// The key with a use that a holder has.
///
/// # Errors
/// There is none, or the holder cannot say.
pub fn held<'a>(holder: &dyn Holder, registry: &'a KeyRegistry, purpose: Use) -> Result<&'a RegistryKey, SignerError> {
    let listed = active(registry, purpose);
    let id = chosen(holder, &listed, purpose)?.jwk.id();
    registry.find(&id).ok_or(SignerError::NoKey(purpose.word()))
}

fn chosen<'a>(holder: &dyn Holder, listed: &'a [RegistryKey], purpose: Use) -> Result<&'a RegistryKey, SignerError> {
    let none = SignerError::NoKey(purpose.word());
    if listed.is_empty() {
        return Err(none);
    }
    let all: Vec<&RegistryKey> = listed.iter().collect();
    listed.get(holder.first(&all)?).ok_or(none)
}
