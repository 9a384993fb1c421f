//! Why producing failed: the shape says whose fault it is.
//!
//! Messages say what is wrong, in one line; what to do about it is the program's to say. No message holds a passphrase,
//! a password or a connection string.

use std::{io, path::PathBuf};

use walwarden_core::{
    Digest, EntryId, Origin,
    chain::ChainError,
    jcs::JcsError,
    key::{KeyError, KeyId},
    policy::PolicyError,
    registry::RegistryError,
    sign::{Refusal, SignError},
};

use crate::{
    config::ConfigError,
    dump::DumpError,
    encryption::EncryptionError,
    period::PeriodError,
    postgres::{ConnectionError, SqlError},
    restore::cluster::ClusterError,
    store::NoBucket,
};

/// Why something was not produced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProduceError {
    /// What was asked for cannot be done.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A file, a folder, a disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The vault's own chain.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A key, or what it refuses to sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] SqlError),
    /// A dump failed.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// The throwaway server.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The verifier beside this program.
    #[error(transparent)]
    Verifier(#[from] VerifierError),
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Random,
    /// What cannot be.
    #[error("this should not happen, please report it: {0}")]
    Bug(String),
}

impl ProduceError {
    /// Whether nothing is wrong but that the signer cannot be reached.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Signer(SignerError::Sign(SignError::Away(_))))
    }
}

impl From<JcsError> for ProduceError {
    fn from(error: JcsError) -> Self {
        Self::Bug(format!("a document of our own is {error}"))
    }
}

impl From<SignError> for ProduceError {
    fn from(error: SignError) -> Self {
        Self::Signer(error.into())
    }
}

/// What was asked for cannot be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorError {
    /// `walwarden.toml`.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `policy.toml`.
    #[error("policy: {0}")]
    Policy(#[from] PolicyError),
    /// A policy's version is adopted once.
    #[error("a policy of version {0:?} was adopted already")]
    AdoptedAlready(String),
    /// Recipients or identities.
    #[error(transparent)]
    Encryption(#[from] EncryptionError),
    /// The policy promises encrypted backups, and there is nobody to encrypt to.
    #[error("the policy promises that backups of {0} are encrypted, and [encryption] names no recipients")]
    Unencrypted(String),
    /// A connection is weaker than the policy promises.
    #[error("the database would be {0}")]
    WeakTls(String),
    /// An encrypted backup is to be opened, and nothing that opens it was given.
    #[error("backup {0} is encrypted, and no identity was given to open it")]
    NoIdentity(EntryId),
    /// What was given opens other backups.
    #[error("backup {0} is encrypted, and the identity that was given is none of those it is encrypted to")]
    OtherIdentity(EntryId),
    /// A connection string.
    #[error("database {database}: {error}")]
    Connection {
        /// Its id.
        database: String,
        /// What is wrong.
        error: ConnectionError,
    },
    /// A period.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// `init` where something is already.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// Keys inside the vault would travel with it.
    #[error("the keys must not lie inside the vault: {} is in {}", .keys.display(), .vault.display())]
    KeysInVault {
        /// The folder of keys.
        keys: PathBuf,
        /// The vault.
        vault: PathBuf,
    },
    /// A database that the vault does not know.
    #[error("no database {name} in walwarden.toml, which has: {known}")]
    UnknownDatabase {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A database with more tables, sequences or views than a list may name.
    #[error(
        "the statement would be too long: its list of tables, of sequences, or of what is left out is beyond 64 MiB"
    )]
    StatementTooLong,
    /// What is attested cannot be established.
    #[error("the backup's statement cannot be relied on: {0}")]
    NotAttested(String),
    /// A time stamp that is none.
    #[error("this is no time stamp of this vault: {0}")]
    NotAToken(String),
    /// A witness does not cosign.
    #[error("the witness {name} does not cosign: {why}")]
    Witness {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// No witness to ask.
    #[error("walwarden.toml names no witness")]
    NoWitness,
    /// No authority to ask.
    #[error("walwarden.toml names no time-stamping authority")]
    NoAuthority,
    /// Nowhere to bring a vault back from.
    #[error("walwarden.toml names no store that the vault is copied to")]
    NoCopyOfVault,
    /// A store that is not configured.
    #[error("no store {name} in walwarden.toml, which has: {known}")]
    UnknownStore {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// More than one to choose from.
    #[error("walwarden.toml has several databases: {0}")]
    WhichDatabase(String),
    /// A key that the registry does not have, or that has ended already.
    #[error("the registry has no key {id} that is {state}")]
    UnknownKey {
        /// What was asked for.
        id: String,
        /// What it would have to be.
        state: &'static str,
    },
    /// The same public key again.
    #[error("the registry has key {0} already")]
    KeyListed(KeyId),
    /// Without a log key nothing could be appended any more.
    #[error("key {0} is the only active log key")]
    LastLogKey(KeyId),
    /// A file that should hold a public key.
    #[error("{} holds no public key that the format accepts{}", .path.display(), .error.map(|error| format!(": {error}")).unwrap_or_default())]
    NotAPublicKey {
        /// Which.
        path: PathBuf,
        /// Why, where it is a key.
        error: Option<KeyError>,
    },
    /// No entry of that kind.
    #[error("{id} is no {kind} of this vault")]
    UnknownEntry {
        /// What was asked for.
        id: String,
        /// What it should be.
        kind: &'static str,
    },
    /// Nothing is there that could be reviewed.
    #[error("there is nothing to review: {0}")]
    NothingToReview(&'static str),
    /// One person on both sides.
    #[error("{person} cannot stand on both sides: {person} {did}")]
    NotApart {
        /// Person id.
        person: String,
        /// What they did.
        did: &'static str,
    },
    /// Somebody else is to approve.
    #[error("{person} cannot approve this policy: it names {approver} as its approver")]
    NotTheApprover {
        /// Person id.
        person: String,
        /// Person id.
        approver: String,
    },
    /// No channel to test.
    #[error("the policy names no channel of alerts")]
    NoChannel,
    /// Another process has changed the registry.
    #[error("another run has changed the registry meanwhile; nothing was changed by this one")]
    RegistryMoved,
    /// A cut in a version that was signed already would be too early.
    #[error("the chain grew while the roots were asked: what they signed ends a key before its last entry")]
    ChainGrew,
    /// Nobody waits for them any longer.
    #[error("{} was not signed by enough roots", .0.display())]
    RootsDidNotSign(PathBuf),
    /// A root is to be replaced, by nothing.
    #[error("a new root needs a file to be written to, or its public half")]
    NoNewRoot,
    /// A question, and no terminal.
    #[error("there is no terminal on which to ask whether this is what is wanted")]
    NobodyToAsk,
    /// Roots, fewer of them than are to sign.
    #[error("{threshold} of {roots} roots cannot sign a version")]
    Threshold {
        /// How many were to sign.
        threshold: i64,
        /// How many there are.
        roots: usize,
    },
    /// A file that should hold a registry version.
    #[error("{} is no registry version that a root could sign", .0.display())]
    NotAVersion(PathBuf),
    /// Two signers over one folder of keys.
    #[error("another signer has the folder {}", .0.display())]
    SignerAtWork(PathBuf),
    /// A user that this system does not have.
    #[error("this system has no user {0}")]
    UnknownUser(String),
    /// No signer to ask.
    #[error("walwarden.toml names no signer")]
    NoSigner,
    /// A key of AWS KMS, and a program that does not know the service.
    #[error("walwarden.toml has [kms], and this walwarden was built without it")]
    WithoutKms,
    /// A key that no command of ours can replace.
    #[error("key {0} lies with a service, which makes no key at our asking")]
    KeyInService(KeyId),
    /// Nothing to restore.
    #[error("no completed backup {0}")]
    NoBackup(String),
    /// A value that cannot stand.
    #[error("{what} {value:?} is not {expected}")]
    Value {
        /// Which.
        what: &'static str,
        /// What was given.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// A file, a folder, a disk.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {error}", .path.display())]
pub struct StorageError {
    /// What was tried.
    pub doing: &'static str,
    /// With what.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

impl StorageError {
    /// Names what was tried, for `map_err`.
    pub fn at(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self { doing, path, error }
    }

    /// A stable word for the record.
    #[must_use]
    pub fn reason_code(&self) -> &'static str {
        if self.error.get_ref().is_some_and(|inner| inner.is::<NoBucket>()) {
            return "bucket-missing";
        }
        match self.error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "disk-full",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "not-writable",
            io::ErrorKind::NotFound => "file-missing",
            io::ErrorKind::AlreadyExists => "object-exists",
            io::ErrorKind::InvalidData => "read-back-differs",
            io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => "store-unreachable",
            _ => "storage-error",
        }
    }
}

/// The vault's own chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// Not a vault.
    #[error("{} is no vault: it has no walwarden.toml", .0.display())]
    NotAVault(PathBuf),
    /// Lines that do not follow, below what was signed or followed by others.
    #[error("the chain of this vault is damaged: {0}")]
    Damaged(ChainError),
    /// A stored checkpoint is none.
    #[error("checkpoint {line} of this vault is damaged")]
    Checkpoint {
        /// From 1.
        line: usize,
    },
    /// A file that an entry refers to is not there, or is another.
    #[error("the vault lacks {what} {digest}, which entry {entry} refers to")]
    Missing {
        /// Statement or blob.
        what: &'static str,
        /// Its digest.
        digest: Digest,
        /// The entry's position.
        entry: u64,
    },
    /// The registry does not stand.
    #[error("the key registry of this vault is damaged: {0}")]
    Registry(#[from] RegistryError),
    /// Behind the head that its signer signed last.
    #[error("this vault has {lines} entries, but its signer has signed a head over {signed}: it is an older copy")]
    SetBack {
        /// Entries there.
        lines: u64,
        /// Entries signed.
        signed: u64,
    },
    /// Another history than the one signed last.
    #[error("the first {size} entries of this vault are not those that its signer signed")]
    OtherHistory {
        /// Size of the last signed head.
        size: u64,
    },
    /// What the store of the vault's copy holds is not this vault.
    #[error("{0} in the store of the vault's copy holds something else than this vault")]
    OtherCopy(String),
    /// What the auditor gets is none.
    #[error("handover.json of this vault is damaged")]
    Handover,
    /// The registry is another than the one that the signer was opened for.
    #[error("the key registry has changed while this run was at work")]
    KeysChanged,
    /// What waits for the signer cannot be read.
    #[error("{}, which waits for the signer, is spoilt", .0.display())]
    Spool(PathBuf),
    /// No entry at all.
    #[error("the chain of this vault is empty: init did not end")]
    Empty,
}

/// A key, or what it refuses to sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// It does not open.
    #[error("the passphrase does not open {}", .0.display())]
    Passphrase(PathBuf),
    /// No passphrase was given, and there is nobody to ask.
    #[error("no passphrase was given, and there is no terminal to ask for it")]
    NoPassphrase,
    /// The two answers differ.
    #[error("the two passphrases differ")]
    PassphrasesDiffer,
    /// Nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The file holds no encrypted key.
    #[error("{} is no passphrase-encrypted Ed25519 key", .0.display())]
    NotAKey(PathBuf),
    /// The registry does not know it.
    #[error("the key in {} is not an active key of this vault's registry for that use", .0.display())]
    NotInRegistry(PathBuf),
    /// The registry has no active key for it.
    #[error("the registry has no active key for {0}")]
    NoKey(&'static str),
    /// Not one of the registry's roots.
    #[error("the key in {} is not a root of this vault's registry", .0.display())]
    NotARoot(PathBuf),
    /// Not a person's.
    #[error("the key in {} is not an active review key of this vault's registry", .0.display())]
    NotAReviewKey(PathBuf),
    /// Fewer roots than must sign.
    #[error("{needed} root keys must sign a registry version, {given} were given")]
    Roots {
        /// The registry's threshold.
        needed: i64,
        /// Different ones given.
        given: usize,
    },
    /// The registry changed while a run was at work, and its key was revoked.
    #[error("key {0} was revoked while this run was at work: what it states would not count")]
    Revoked(KeyId),
    /// It was asked for a key that it does not have.
    #[error("the signer does not hold key {0}")]
    NotHeld(KeyId),
    /// What the signer remembers is missing or spoilt.
    #[error("{}, where the signer remembers its last head, is missing or spoilt", .0.display())]
    Memory(PathBuf),
    /// It refuses, or could not remember.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// Another chain.
    #[error("the keys sign for {expected}, this vault is {found}")]
    Origin {
        /// Theirs.
        expected: Origin,
        /// The vault's.
        found: Origin,
    },
    /// Files.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<SignerError> for SignError {
    fn from(error: SignerError) -> Self {
        match error {
            SignerError::Sign(error) => error,
            SignerError::Origin { expected, found } => Refusal::Origin { expected, found }.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// The verifier beside this program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// Not there.
    #[error("{} is missing: a bundle is not published unjudged", .0.display())]
    Missing(PathBuf),
    /// It could not judge.
    #[error("walwarden-verify could not judge the bundle (exit {0})")]
    Unusable(i32),
    /// It rejects.
    #[error("walwarden-verify rejects the bundle")]
    Rejected,
}
