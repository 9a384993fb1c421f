//! `walwarden signer`.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand};

const EXAMPLES: &str = "\
Examples:
  walwarden --passphrase-file /srv/signer/passphrase signer serve \\
      --socket /run/walwarden/signer --keys /srv/signer/keys --client walwarden
  walwarden --vault /srv/vault signer show

walwarden.toml of the vault names it: [signer] socket = \"/run/walwarden/signer\"";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum SignerCommand {
    /// Hold the keys, and sign what extends the last head; to be run by a user of its own
    Serve(SignerServeArgs),
    /// Ask the signer of walwarden.toml which keys it holds and what it signed last
    Show,
}

#[derive(Debug, Group)]
pub(crate) struct SignerServeArgs {
    /// Where to listen
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: PathBuf,
    /// The folder of keys that `init` wrote
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: PathBuf,
    /// A user that may ask, by name or number; once for each [default: only the signer's own user]
    #[arg(long = "client", value_name = "USER")]
    pub(crate) clients: Vec<String>,
}
