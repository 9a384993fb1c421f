//! A vault at work: its chain, its store, its registry, and who works.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use walwarden_core::{
    Digest, EntryId, Time,
    event::Event,
    policy::Policy,
    registry::{Registry, Versions},
    statement::{KeyRegistry, Statement, key_registry::Use},
};

use crate::{
    chain_store::{ChainStore as _, files::FilesChain},
    clock::Clock,
    config::Config,
    encryption::Encryption,
    error::{OperatorError, ProduceError, VaultError},
    keys,
    mirror::Mirror,
    signer::{HeadSigner, StatementSigner},
    store::Store,
    vault::{Appended, Chain, Context, Draft, Identity, Snapshot, by_envelope},
};

/// A vault and everything that works on it.
pub struct Producer {
    /// The vault's folder.
    pub folder: PathBuf,
    /// Where things are.
    pub config: Config,
    /// The chain.
    pub chain: Chain<FilesChain>,
    /// Where objects are kept.
    pub store: Box<dyn Store>,
    /// Where copies of them are kept.
    pub copies: Vec<Box<dyn Store>>,
    /// To whom they are encrypted.
    pub encryption: Encryption,
    /// The newest registry version.
    pub registry: KeyRegistry,
    /// Who works.
    pub identity: Identity,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// The keys of one run.
pub struct Signers {
    /// Signs heads.
    pub head: HeadSigner,
    /// Signs this run's statements.
    pub statement: StatementSigner,
}

impl Producer {
    /// Opens a vault. Nothing is locked, nothing is repaired, no key is opened.
    ///
    /// # Errors
    /// No vault, or one that is damaged.
    pub fn open(
        folder: &Path,
        clock: Arc<dyn Clock>,
        identity: Identity,
        notice: Box<dyn Fn(&str) + Send>,
    ) -> Result<Self, ProduceError> {
        let config = Config::read(folder)?;
        let chain = FilesChain::new(folder);
        let registry = keys::newest(&chain)?;
        let (store, copies) = config.stores(folder)?;
        let mirror =
            |name: &String| Ok::<_, ProduceError>(Mirror::new(config.store(folder, name)?, &config.origin, folder));
        let mirror = config.vault.copy_to.as_ref().map(mirror).transpose()?;
        Ok(Self {
            folder: folder.to_owned(),
            store,
            copies,
            encryption: Encryption::to(&config.encryption.recipients).map_err(OperatorError::from)?,
            chain: Chain::new(chain, mirror, config.origin.clone(), notice),
            config,
            registry,
            identity,
            clock,
        })
    }

    /// The store of that name: the main one, or one of copies.
    ///
    /// # Errors
    /// None is called so.
    pub fn store_called(&self, name: &str) -> Result<&dyn Store, ProduceError> {
        let mut all = self.copies.iter().chain([&self.store]).map(AsRef::as_ref);
        let known = || self.copies.iter().chain([&self.store]).map(|s| s.location().name.clone()).collect::<Vec<_>>();
        let unknown = || OperatorError::UnknownStore { name: name.into(), known: known().join(", ") };
        Ok(all.find(|store| store.location().name == name).ok_or_else(unknown)?)
    }

    /// The folder in which one run's files lie while it lasts.
    #[must_use]
    pub fn staging(&self, run: EntryId) -> PathBuf {
        let configured = self.config.staging.as_ref().map(|folder| self.folder.join(folder));
        let folder = configured.or_else(|| self.store.staging()).unwrap_or_else(|| self.folder.join("staging"));
        folder.join(run.as_str())
    }

    /// Opens the keys of one run: the log key, and the one for statements of `purpose`.
    ///
    /// # Errors
    /// A wrong passphrase, or a key that the registry does not have.
    pub fn unlock(&self, passphrase: &str, purpose: Use) -> Result<Signers, ProduceError> {
        let folder = &self.config.keys;
        let statement = keys::statement_signer(folder, passphrase, &self.registry, purpose)?;
        Ok(Signers { head: keys::head_signer(folder, passphrase, &self.registry)?, statement })
    }

    /// Appends an entry under a signed head.
    ///
    /// # Errors
    /// Nothing is acknowledged then.
    pub fn append(
        &mut self,
        signer: &mut HeadSigner,
        make: impl FnOnce(&Context) -> Result<Draft, ProduceError>,
    ) -> Result<Appended, ProduceError> {
        self.chain.append(signer, self.clock.as_ref(), &self.identity, make)
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// All registry versions.
    ///
    /// # Errors
    /// They do not stand.
    pub fn versions(&self) -> Result<Versions, ProduceError> {
        keys::versions(self.chain.store())
    }

    /// The registry as it was in force at each entry.
    ///
    /// # Errors
    /// A version is not entered in the chain.
    pub fn registry_of(&self, snapshot: &Snapshot) -> Result<Registry, ProduceError> {
        let entries = snapshot.entries()?;
        Ok(self.versions()?.in_force(&entries).map_err(VaultError::Registry)?)
    }

    /// The policy of the last adoption, from its blob.
    ///
    /// # Errors
    /// Its blob is missing or is none.
    pub fn policy(&self, snapshot: &Snapshot) -> Result<Option<Policy>, ProduceError> {
        let entries = snapshot.entries()?;
        let adopted = entries.all().iter().rev().find_map(|entry| match entry.event() {
            Event::PolicyAdopted(adopted) => Some((entry.seq, adopted.sha256)),
            _ => None,
        });
        adopted.map(|(seq, digest)| self.policy_blob(seq, &digest)).transpose()
    }

    /// A resolved policy from its blob.
    ///
    /// # Errors
    /// Its blob is missing or is none.
    pub fn policy_blob(&self, entry: u64, digest: &Digest) -> Result<Policy, ProduceError> {
        let bytes = self.blob(entry, digest)?;
        Ok(Policy::parse(&bytes).map_err(OperatorError::from)?)
    }

    /// A blob that an entry refers to.
    ///
    /// # Errors
    /// It is missing or is another.
    pub fn blob(&self, entry: u64, digest: &Digest) -> Result<Vec<u8>, ProduceError> {
        let missing = VaultError::Missing { what: "blob", digest: *digest, entry };
        Ok(self.chain.store().blob(digest)?.ok_or(missing)?)
    }

    /// The envelope's bytes of a statement that an entry refers to.
    ///
    /// # Errors
    /// It is missing.
    pub fn envelope(&self, entry: u64, file: &str, digest: &Digest) -> Result<Vec<u8>, ProduceError> {
        let ndjson = self.chain.store().statements(file)?;
        let found = by_envelope(&ndjson).get(digest).map(|line| line.to_vec());
        Ok(found.ok_or(VaultError::Missing { what: "statement", digest: *digest, entry })?)
    }
}

/// Signs a statement and puts it into an envelope.
///
/// # Errors
/// The signer refuses.
pub fn sign<P: walwarden_core::statement::Predicate>(
    signer: &StatementSigner,
    statement: &Statement<P>,
) -> Result<walwarden_core::dsse::Envelope, ProduceError> {
    use walwarden_core::sign::SignStatement as _;
    let payload = statement.to_jcs()?;
    let signature = signer.sign_statement(&payload)?;
    Ok(walwarden_core::dsse::Envelope::new(payload, vec![signature]))
}
