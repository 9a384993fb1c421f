//! `walwarden root`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

const EXAMPLES: &str = "\
Examples, on the machine that keeps the root:
  walwarden root new root.pem
  walwarden root sign /media/usb/registry-2.json --root-key root.pem

and on the host that backs up, before and between:
  walwarden init --root-public /media/usb/root.pub.pem --root-exchange /media/usb ...
  walwarden key rotate log --root-exchange /media/usb

The private half of a root never leaves its machine; what travels is a registry version and a signature.";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum RootCommand {
    /// Make a root key on this machine, and its public half beside it
    New(RootNewArgs),
    /// Show the version of a registry that another host asks for, and sign it
    Sign(RootSignArgs),
}

#[derive(Debug, Group)]
pub(crate) struct RootNewArgs {
    /// The file of the key, NAME.pem; its public half goes to NAME.pub.pem
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Passphrase of the root key from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub(crate) struct RootSignArgs {
    /// What the other host wrote: registry-N.json
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// File of a root key of this machine
    #[arg(long = "root-key", value_name = "FILE", required = true)]
    pub(crate) root_keys: Vec<PathBuf>,
    /// Passphrase of the root keys from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
    /// Sign without being asked whether what is shown is what is wanted
    #[arg(long)]
    pub(crate) yes: bool,
}
