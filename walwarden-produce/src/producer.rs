//! A vault at work: its chain, its store, its registry, and who works.

use std::{
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use walwarden_core::{
    Digest, EntryId, Time,
    chain::Line,
    dsse::Envelope,
    event::Event,
    key::KeyId,
    policy::Policy,
    registry::{Registry, RegistryError},
    sign::{SignError, SignStatement},
    statement::{
        KeyRegistry, Statement,
        key_registry::{State, Use},
    },
};

use crate::{
    chain_store::{AnyChain, ChainStore},
    clock::Clock,
    config::Config,
    encryption::Encryption,
    error::{OperatorError, ProduceError, SignerError, VaultError},
    keys,
    mirror::Mirror,
    passphrase::Passphrase,
    period, random, seal,
    signer::{HeadSigner, Holder, StatementSigner, folder::Folder},
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
    pub chain: Chain<AnyChain>,
    /// Where objects are kept.
    pub store: Box<dyn Store>,
    /// Where copies of them are kept.
    pub copies: Vec<Box<dyn Store>>,
    /// To whom they are encrypted.
    pub encryption: Encryption,
    /// The newest registry version.
    pub registry: KeyRegistry,
    /// Digest of its payload.
    pub registry_payload: Digest,
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
        let chain = config.chain(folder)?;
        let (registry, registry_payload) = newest(&chain)?;
        let (store, copies) = config.stores()?;
        let mirror = |name: &String| Ok::<_, ProduceError>(Mirror::new(config.store(name)?, &config.origin, folder));
        let mirror = config.vault.copy_to.as_ref().map(mirror).transpose()?;
        Ok(Self {
            folder: folder.to_owned(),
            store,
            copies,
            encryption: Encryption::to(&config.encryption.recipients).map_err(OperatorError::from)?,
            chain: Chain::new(chain, mirror, config.origin.clone(), notice),
            config,
            registry,
            registry_payload,
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
        let folder =
            self.config.staging.clone().or_else(|| self.store.staging()).unwrap_or_else(|| self.folder.join("staging"));
        folder.join(run.as_str())
    }

    /// Opens the keys of one run: the log key, and the one for statements of `purpose`. A signer apart may be away.
    ///
    /// # Errors
    /// A wrong passphrase, or a key that the registry does not have.
    pub fn unlock(&self, passphrase: &str, purpose: Use) -> Result<Signers, ProduceError> {
        let head = self.head_signer(self.holder(passphrase)?)?;
        let statement = StatementSigner::new(Arc::clone(head.holder()), &self.registry, purpose);
        // To open a key is made to cost a tenth of a second: both at once.
        let ready = thread::scope(|scope| {
            let other = scope.spawn(|| statement.ready());
            let ready = head.ready();
            [ready, other.join().unwrap_or_else(|panic| resume_unwind(panic))]
        });
        ready.into_iter().try_for_each(unless_away)?;
        Ok(Signers { head, statement })
    }

    /// Opens the log key, for entries without a statement of this host.
    ///
    /// # Errors
    /// As [`Producer::unlock`].
    pub fn unlock_head(&self, passphrase: &str) -> Result<HeadSigner, ProduceError> {
        let head = self.head_signer(self.holder(passphrase)?)?;
        unless_away(head.ready())?;
        Ok(head)
    }

    /// Requires that the signer has not signed more than this vault holds. One that is away is not asked.
    ///
    /// Where nothing is done nothing is signed, and an older copy of a vault would go on in silence.
    ///
    /// # Errors
    /// [`VaultError::SetBack`], or the signer cannot be asked.
    pub fn not_set_back(&self) -> Result<(), ProduceError> {
        // What is remembered is no secret: no passphrase opens it.
        let signed = match self.holder("")?.last_head() {
            Err(SignerError::Sign(SignError::Away(_))) => return Ok(()),
            last => last?.head.size,
        };
        let lines = self.chain.read()?.entries()?.all().len() as u64;
        if signed > lines { Err(VaultError::SetBack { lines, signed }.into()) } else { Ok(()) }
    }

    /// What holds the keys: a signer apart, where one is configured, else the folder of keys, which the passphrase opens;
    /// before it a key of AWS KMS, where one is configured.
    ///
    /// # Errors
    /// What is configured is no signer.
    pub fn holder(&self, passphrase: &str) -> Result<Arc<dyn Holder>, ProduceError> {
        let holder: Arc<dyn Holder> = match &self.config.signer {
            Some(signer) => Arc::new(signer.open().map_err(OperatorError::from)?),
            None => Arc::new(Folder::new(&self.config.keys, Passphrase::new(passphrase.into()))),
        };
        match &self.config.kms {
            Some(kms) => kms.open(holder),
            None => Ok(holder),
        }
    }

    fn head_signer(&self, holder: Arc<dyn Holder>) -> Result<HeadSigner, ProduceError> {
        Ok(HeadSigner::new(holder, &self.registry, keys::owing(self.chain.store())?))
    }

    /// Appends an entry under a signed head. Where the registry has changed since the signer was opened, the log key that
    /// is in force now is opened first: an older one would sign what does not count.
    ///
    /// # Errors
    /// Nothing is acknowledged then.
    pub fn append(
        &mut self,
        signer: &mut HeadSigner,
        make: impl FnOnce(&Context) -> Result<Draft, ProduceError>,
    ) -> Result<Appended, ProduceError> {
        let who = (random::entry_id(self.now())?, self.identity.clone());
        self.append_as(signer, who, make)
    }

    /// As [`Producer::append`], of an entry whose id is settled already, and who did it.
    ///
    /// # Errors
    /// As [`Producer::append`].
    pub fn append_as(
        &mut self,
        signer: &mut HeadSigner,
        (id, identity): (EntryId, Identity),
        make: impl FnOnce(&Context) -> Result<Draft, ProduceError>,
    ) -> Result<Appended, ProduceError> {
        let mut make = Some(make);
        loop {
            let registry = &self.registry;
            let known = self.registry_payload;
            let result = self.chain.append_as(signer, self.clock.as_ref(), (id, &identity), |context| {
                if context.registry != Some(known) {
                    return Err(VaultError::KeysChanged.into());
                }
                let make = make.take().ok_or_else(|| ProduceError::Bug("an entry was made twice".into()))?;
                let draft = make(context)?;
                not_revoked(&draft, registry)?;
                Ok(draft)
            });
            match result {
                Err(ProduceError::Vault(VaultError::KeysChanged)) => {
                    self.reload()?;
                    *signer = self.head_signer(Arc::clone(signer.holder()))?;
                }
                result => return result,
            }
        }
    }

    /// Has lines covered that a crash has left without a head.
    ///
    /// # Errors
    /// As [`Producer::append`].
    pub fn cover(&mut self, signer: &mut HeadSigner) -> Result<(), ProduceError> {
        self.reload()?;
        *signer = self.head_signer(Arc::clone(signer.holder()))?;
        self.chain.cover(signer)
    }

    /// What will hold for the next entry, as far as is known without the lock and the signer.
    ///
    /// # Errors
    /// The vault is damaged.
    pub fn expected(&self) -> Result<Context, ProduceError> {
        let snapshot = self.chain.read()?;
        let adopted = |line: &Line<'_>| match line.event() {
            Event::PolicyAdopted(adopted) => Some(adopted.sha256),
            _ => None,
        };
        Ok(Context {
            origin: self.chain.origin().clone(),
            id: random::entry_id(self.now())?,
            policy: snapshot.entries()?.all().iter().rev().find_map(adopted),
            registry: Some(self.registry_payload),
            before: snapshot.head()?,
            identity: self.identity.clone(),
        })
    }

    /// Reads the registry again.
    ///
    /// # Errors
    /// It is damaged.
    pub fn reload(&mut self) -> Result<(), ProduceError> {
        (self.registry, self.registry_payload) = newest(self.chain.store())?;
        Ok(())
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// A date, or an RFC 3339 time; days begin at midnight of the policy's zone.
    ///
    /// # Errors
    /// It is neither.
    pub fn instant(&self, text: &str) -> Result<Time, ProduceError> {
        Ok(period::parse_instant(text, &seal::zone(self)?).map_err(OperatorError::from)?)
    }

    /// The registry as it was in force at each entry.
    ///
    /// # Errors
    /// A version is not entered in the chain.
    pub fn registry_of(&self, snapshot: &Snapshot) -> Result<Registry, ProduceError> {
        let versions = keys::versions(self.chain.store(), &snapshot.ndjson)?;
        Ok(versions.in_force(&snapshot.entries()?).map_err(VaultError::Registry)?)
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

/// A signer that is away is asked again when something is to be signed.
fn unless_away(ready: Result<(), SignerError>) -> Result<(), SignerError> {
    match ready {
        Err(SignerError::Sign(SignError::Away(_))) => Ok(()),
        ready => ready,
    }
}

fn newest(store: &dyn ChainStore) -> Result<(KeyRegistry, Digest), ProduceError> {
    let versions = keys::versions(store, &store.read_from(0)?)?;
    let newest = versions.all().last().ok_or(VaultError::Registry(RegistryError::Empty))?;
    Ok((newest.registry.clone(), newest.payload))
}

/// A statement by a key that was revoked while the run lasted would spoil every bundle that carries it.
fn not_revoked(draft: &Draft, registry: &KeyRegistry) -> Result<(), SignerError> {
    let signatures = draft.statement.iter().flat_map(|(_, envelope)| &envelope.signatures);
    let revoked = |id: &&KeyId| registry.find(id).is_some_and(|key| key.state == State::Revoked);
    match signatures.map(|signature| &signature.keyid).find(revoked) {
        Some(id) => Err(SignerError::Revoked(id.clone())),
        None => Ok(()),
    }
}

/// Signs a statement and puts it into an envelope.
///
/// # Errors
/// The signer refuses.
pub fn sign<P: walwarden_core::statement::Predicate>(
    signer: &dyn SignStatement,
    statement: &Statement<P>,
) -> Result<Envelope, ProduceError> {
    sign_payload(signer, statement.to_jcs()?)
}

/// Signs the bytes of a statement and puts them into an envelope.
///
/// # Errors
/// The signer refuses.
pub fn sign_payload(signer: &dyn SignStatement, payload: Vec<u8>) -> Result<Envelope, ProduceError> {
    let signature = signer.sign_statement(&payload)?;
    Ok(Envelope::new(payload, vec![signature]))
}
