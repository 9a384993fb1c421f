//! Root keys, wherever they lie: opened on this host, or on machines apart, to which a registry version travels as a file.
//!
//! This host puts the version into a folder that both sides see, a stick or a share: `registry-2.json`, the payload as it
//! is to be signed. On each machine that has a root, `walwarden root sign` shows it and puts its signature beside it:
//! `registry-2.signed.json`, the envelope. This host waits until the version stands (`spec:keys-6`), and believes nothing
//! else of that folder.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use ed25519_dalek::SigningKey;
use walwarden_core::{
    Digest,
    dsse::{Envelope, Signed, pae},
    key::PublicKey,
    registry::{RegistryError, Versions},
    statement::{KeyRegistry, Statement},
};

use crate::{
    error::{OperatorError, ProduceError, SignerError, StorageError},
    files,
    passphrase::Passphrase,
    signer::{key_file, public_key, signed},
};

/// The longest file that is read of such a folder; no verifier reads a longer statement.
const LIMIT: u64 = 2 << 20;
/// How often the folder is looked at; a stick comes and goes.
const GLANCE: Duration = Duration::from_millis(500);

/// The roots of a change.
pub struct Roots<'a> {
    /// Those of this host.
    pub here: Vec<(SigningKey, PublicKey)>,
    /// The way to all others.
    pub apart: Option<Exchange<'a>>,
}

/// A folder in which versions and signatures are handed over.
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Told what waits to be signed.
    pub waiting: &'a dyn Fn(&Path),
    /// Set by another thread to wait no longer.
    pub cancel: &'a AtomicBool,
}

impl<'a> Roots<'a> {
    /// Opens root keys, each once. They must be roots of the registry, and enough of them where no others are asked.
    ///
    /// # Errors
    /// A wrong passphrase, another key, too few.
    pub fn open(
        registry: &KeyRegistry,
        files: &[(PathBuf, Passphrase)],
        apart: Option<Exchange<'a>>,
    ) -> Result<Self, SignerError> {
        let mut here: Vec<(SigningKey, PublicKey)> = Vec::new();
        for (path, passphrase) in files {
            let (key, public) = open_root(path, passphrase)?;
            if !registry.roots.contains(&public) {
                return Err(SignerError::NotARoot(path.clone()));
            }
            if here.iter().all(|(_, known)| *known != public) {
                here.push((key, public));
            }
        }
        let (needed, given) = (registry.threshold, here.len());
        if apart.is_some() || i64::try_from(given).is_ok_and(|given| given >= needed) {
            Ok(Self { here, apart })
        } else {
            Err(SignerError::Roots { needed, given })
        }
    }

    /// A version, signed by enough roots to follow those that were entered; waits for the roots that are apart.
    ///
    /// # Errors
    /// It does not stand, whoever signs it; or nobody waits any longer.
    pub(super) fn signed(&self, registry: &KeyRegistry, entered: &[Vec<u8>]) -> Result<Envelope, ProduceError> {
        let payload = payload(registry)?;
        let signatures = self.here.iter().map(|(key, public)| signed(key, public, &payload)).collect();
        let envelope = Envelope::new(payload, signatures);
        match (stands(&envelope, entered)?, &self.apart) {
            (Ok(()), _) => Ok(envelope),
            // Signatures are what is missing.
            (Err(RegistryError::Envelope { .. }), Some(exchange)) => exchange.completed(registry, envelope, entered),
            (Err(error), _) => Err(ProduceError::Bug(format!("the new registry does not stand: {error}"))),
        }
    }
}

impl Exchange<'_> {
    fn completed(&self, registry: &KeyRegistry, ours: Envelope, entered: &[Vec<u8>]) -> Result<Envelope, ProduceError> {
        let asked = self.folder.join(format!("registry-{}.json", registry.version));
        files::replace(&asked, &ours.payload.0, 0o644)?;
        (self.waiting)(&asked);
        let mut roots = registry.roots.clone();
        if let Some(previous) =
            Versions::parse(entered.iter().map(Vec::as_slice)).ok().as_ref().and_then(Versions::newest)
        {
            roots.extend_from_slice(&previous.roots);
        }
        while !self.cancel.load(Ordering::Relaxed) {
            if let Some(answer) = answered(&asked, &ours) {
                let both = merged(&ours, answer, &roots);
                if stands(&both, entered)?.is_ok() {
                    return Ok(both);
                }
            }
            thread::sleep(GLANCE);
        }
        Err(OperatorError::RootsDidNotSign(asked).into())
    }
}

/// The signatures that there are beside what is asked for. Those of another payload are of an earlier question.
fn answered(asked: &Path, envelope: &Envelope) -> Option<Envelope> {
    let bytes = read(&answer_beside(asked)).ok()?;
    Envelope::parse(&bytes).ok().filter(|answer| answer.payload == envelope.payload)
}

/// An envelope, and the signatures of another one that hold under some keys: whoever can write there adds nothing else.
fn merged(ours: &Envelope, others: Envelope, roots: &[PublicKey]) -> Envelope {
    let text = pae(&ours.payload.0);
    let holds =
        |other: &Signed| roots.iter().any(|root| root.id() == other.keyid && root.verifies(&text, &other.sig.0));
    let others = others.signatures.into_iter().filter(holds).collect();
    Envelope::new(ours.payload.0.clone(), both(ours.signatures.clone(), others))
}

/// What we would not read back is not written.
fn stands(envelope: &Envelope, entered: &[Vec<u8>]) -> Result<Result<(), RegistryError>, ProduceError> {
    let line = envelope.to_jcs()?;
    Ok(Versions::parse(entered.iter().chain([&line]).map(Vec::as_slice)).map(drop))
}

/// The payload of a version.
pub(super) fn payload(registry: &KeyRegistry) -> Result<Vec<u8>, ProduceError> {
    Ok(Statement::new(registry.subjects(), registry.clone()).to_jcs()?)
}

/// Opens a root key of this host.
///
/// # Errors
/// A wrong passphrase, or no key.
pub fn open_root(path: &Path, passphrase: &str) -> Result<(SigningKey, PublicKey), SignerError> {
    let key = key_file::open(path, passphrase)?;
    let public = public_key(&key, path.to_owned())?;
    Ok((key, public))
}

/// A root key that was made.
#[derive(Debug)]
pub struct MadeRoot {
    /// Its public half.
    pub public: PublicKey,
    /// The file of that.
    pub file: PathBuf,
}

/// Makes a root key: `root.pem`, and `root.pub.pem` for the host that will ask for its signature.
///
/// # Errors
/// One of the files exists, or cannot be written.
pub fn make_root(path: &Path, passphrase: &str) -> Result<MadeRoot, ProduceError> {
    let file = path.with_extension("pub.pem");
    if file.exists() {
        return Err(OperatorError::Exists(file).into());
    }
    let key = key_file::generate()?;
    let public = public_key(&key, path.to_owned())?;
    key_file::write(path, &key, passphrase)?;
    key_file::write_public(&file, &public)?;
    Ok(MadeRoot { public, file })
}

/// A version that a root is asked to sign.
#[derive(Debug)]
pub struct Asked {
    /// What it states.
    pub registry: KeyRegistry,
    /// The digest of what is signed.
    pub digest: Digest,
    path: PathBuf,
    payload: Vec<u8>,
}

impl Asked {
    /// Reads it. That it is one says nothing of who asks: that is for people to see.
    ///
    /// # Errors
    /// Another file.
    pub fn read(path: &Path) -> Result<Self, ProduceError> {
        let payload = read(path)?;
        let none = |_| OperatorError::NotAVersion(path.to_owned());
        let registry = Statement::<KeyRegistry>::parse_payload(&payload).map_err(none)?.predicate;
        Ok(Self { registry, digest: Digest::of(&payload), path: path.to_owned(), payload })
    }

    /// Adds signatures to those that are there; returns the file of them.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn sign(&self, roots: &[(SigningKey, PublicKey)]) -> Result<PathBuf, ProduceError> {
        let ours = roots.iter().map(|(key, public)| signed(key, public, &self.payload)).collect();
        let ours = Envelope::new(self.payload.clone(), ours);
        let whole = match answered(&self.path, &ours) {
            // Whose they are is for the host to judge that asks.
            Some(others) => Envelope::new(ours.payload.0.clone(), both(ours.signatures, others.signatures)),
            None => ours,
        };
        let answer = answer_beside(&self.path);
        files::replace(&answer, &whole.to_jcs()?, 0o644)?;
        Ok(answer)
    }
}

fn both(ours: Vec<Signed>, others: Vec<Signed>) -> Vec<Signed> {
    let is_new = |other: &Signed| ours.iter().all(|signature| signature.keyid != other.keyid);
    let others: Vec<Signed> = others.into_iter().filter(is_new).collect();
    ours.into_iter().chain(others).collect()
}

/// `registry-2.signed.json`.
fn answer_beside(asked: &Path) -> PathBuf {
    asked.with_extension("signed.json")
}

fn read(path: &Path) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(StorageError::at("read", path))?;
    file.take(LIMIT).read_to_end(&mut bytes).map_err(StorageError::at("read", path))?;
    Ok(bytes)
}
