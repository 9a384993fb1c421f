//! `walwarden key`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand, ValueEnum};
use walwarden_core::statement::key_registry::{RevocationKind, Storage, Use};

const EXAMPLES: &str = "\
Examples:
  walwarden key list
  walwarden key rotate log --root-key /media/usb/root.pem
  walwarden key new review --custodian sec-lead --public-key sec-lead.pub.pem --root-key /media/usb/root.pem
  walwarden key new backup restore-test evidence --custodian ops-lead --public-key kms.pub.pem --storage kms \\
      --root-key /media/usb/root.pem
  walwarden key revoke W0EDALDa --reason 'laptop stolen' --root-key /media/usb/root.pem
  walwarden key rotate root --root-key /media/usb/root.pem --out /media/usb2/root.pem
  walwarden key rotate log --root-exchange /media/usb

Each change makes a new version of the key registry, signed by the root keys, and enters it in the chain.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum KeyCommand {
    /// List the keys of the registry
    List,
    /// Compare the registry with a keys.csv that somebody kept; ends with 1 when they differ
    Compare(CompareArgs),
    /// Add a key: a person's review key, or a further one of this host
    New(NewArgs),
    /// Replace a key by a new one; what the old one signed stays good
    Rotate(RotateArgs),
    /// End a key without a successor; what it signed stays good
    Retire(RetireArgs),
    /// End a key that must not be believed any more; a successor is made where this host needs one
    Revoke(RevokeArgs),
}

/// The root keys that sign.
#[derive(Debug, Group)]
pub(crate) struct RootArgs {
    /// File of a root key; once for each that must sign
    #[arg(long = "root-key", value_name = "FILE", required_unless_present = "root_exchange")]
    pub(crate) root_keys: Vec<PathBuf>,
    /// Folder, a stick or a share, in which machines apart that have a root sign: `walwarden root sign`. Waits for them
    #[arg(long, value_name = "DIR")]
    pub(crate) root_exchange: Option<PathBuf>,
    /// Passphrase of the root keys from a file [default: as for the other keys, when that is not asked for]
    #[arg(long, value_name = "FILE")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub(crate) struct CompareArgs {
    /// The keys.csv
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Group)]
pub(crate) struct NewArgs {
    /// What it signs; a review key has no other purpose
    #[arg(value_name = "PURPOSE", required = true)]
    pub(crate) purposes: Vec<PurposeArg>,
    /// Who holds it; of a review key the person id
    #[arg(long, value_name = "ID")]
    pub(crate) custodian: String,
    /// Write the private key to this file, under a passphrase of its own [default: into this host's folder of keys]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Enter a key of which only the public half is here: PEM, as `openssl pkey -pubout` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    pub(crate) public_key: Option<PathBuf>,
    /// In what the private half of the key in --public-key lies
    #[arg(long, value_enum, default_value = "file", requires = "public_key")]
    pub(crate) storage: StorageArg,
    /// Passphrase of the key in --out from a file
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) out_passphrase_file: Option<PathBuf>,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, Group)]
pub(crate) struct RotateArgs {
    /// Which key of this host; or the root, whose new key goes to --out or is --root-public
    #[arg(value_name = "KEY")]
    pub(crate) key: RotatedArg,
    /// File of the new root key, which is made here
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The public half of a new root that was made on another machine, which signs through --root-exchange
    #[arg(long, value_name = "FILE", conflicts_with = "out", requires = "root_exchange")]
    pub(crate) root_public: Option<PathBuf>,
    /// Passphrase of the new root key from a file
    #[arg(long, value_name = "FILE", requires = "out")]
    pub(crate) out_passphrase_file: Option<PathBuf>,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, Group)]
pub(crate) struct RetireArgs {
    /// Its id, or the beginning of it
    #[arg(value_name = "KEYID", allow_hyphen_values = true)]
    pub(crate) key: String,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, Group)]
pub(crate) struct RevokeArgs {
    /// Its id, or the beginning of it
    #[arg(value_name = "KEYID", allow_hyphen_values = true)]
    pub(crate) key: String,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// What happened to it
    #[arg(long, value_enum, default_value = "compromised")]
    pub(crate) kind: KindArg,
    /// Believe it only below this number of entries [default: up to now]
    #[arg(long, value_name = "N")]
    pub(crate) last_trusted: Option<u64>,
    #[command(flatten)]
    pub(crate) root: RootArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum PurposeArg {
    /// Statements of backups
    Backup,
    /// Statements of restore tests
    RestoreTest,
    /// Statements of captures
    Evidence,
    /// Bundles
    Bundle,
    /// A person's reviews
    Review,
}

impl PurposeArg {
    pub(crate) const fn purpose(self) -> Use {
        match self {
            Self::Backup => Use::Backup,
            Self::RestoreTest => Use::RestoreTest,
            Self::Evidence => Use::Evidence,
            Self::Bundle => Use::Bundle,
            Self::Review => Use::Review,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StorageArg {
    /// A passphrase-encrypted file
    File,
    /// A separate signing process
    Agent,
    /// A key management service
    Kms,
    /// A hardware module
    Hsm,
}

impl StorageArg {
    pub(crate) const fn storage(self) -> Storage {
        match self {
            Self::File => Storage::File,
            Self::Agent => Storage::Agent,
            Self::Kms => Storage::Kms,
            Self::Hsm => Storage::Hsm,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RotatedArg {
    /// Signs heads
    Log,
    /// Signs statements of backups, restore tests and captures
    Statement,
    /// Signs captures, where they have a key of their own
    Evidence,
    /// Signs bundles
    Bundle,
    /// Signs the registry
    Root,
}

impl RotatedArg {
    /// By which use it is found; the root has none.
    pub(crate) const fn purpose(self) -> Option<Use> {
        match self {
            Self::Log => Some(Use::Log),
            Self::Statement => Some(Use::Backup),
            Self::Evidence => Some(Use::Evidence),
            Self::Bundle => Some(Use::Bundle),
            Self::Root => None,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindArg {
    /// Somebody else may have it
    Compromised,
    /// It is lost, or was replaced early
    Superseded,
}

impl KindArg {
    pub(crate) const fn kind(self) -> RevocationKind {
        match self {
            Self::Compromised => RevocationKind::Compromised,
            Self::Superseded => RevocationKind::Superseded,
        }
    }
}
