//! What `collect` was given.

use std::path::PathBuf;

use clap::Args as Group;
use walwarden_core::policy::Collector;

const COLLECT_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault collect access_control shop
  walwarden --vault /srv/vault collect store_inventory
  walwarden --vault /srv/vault collect connection_logs shop --file july.log --covers 2026-07
  walwarden --vault /srv/vault collect provider_document --file soc2.pdf --supplier Supabase \\
      --at 2026-05-31 --valid-until 2027-05-31 --encrypted yes

Every capture is recorded, a failed one too. `walwarden run` captures what the policy says is due.";

#[derive(Debug, Group)]
#[command(after_help = COLLECT_EXAMPLES)]
pub(crate) struct CollectArgs {
    /// Which collector
    #[arg(value_name = "COLLECTOR")]
    pub(crate) collector: Collector,
    /// Which database, by id [default: the only one]
    #[arg(value_name = "DB")]
    pub(crate) database: Option<String>,
    /// Person id of who has it captured [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) author: Option<String>,
    /// Why it is captured by hand
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// What a person brings: a document, a file, an export of a log
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Of an export: which period it should cover [default: the last window of the policy that is over]
    #[arg(long, value_name = "PERIOD")]
    pub(crate) covers: Option<String>,
    /// Of a document: whose it is, as a subservice of the policy is named
    #[arg(long, value_name = "NAME")]
    pub(crate) supplier: Option<String>,
    /// When a document was issued, a file was made, a key was seen: a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
    /// Of a document: until when it holds [default: a year]
    #[arg(long, value_name = "TIME")]
    pub(crate) valid_until: Option<String>,
    /// Of a document: whether it says that the storage is encrypted
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    pub(crate) encrypted: Option<String>,
    /// What a file is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Of a key: person id of who holds it
    #[arg(long, value_name = "ID")]
    pub(crate) custodian: Option<String>,
    /// Of a key: its id
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Of a key: where it lies
    #[arg(long, value_name = "TEXT")]
    pub(crate) place: Option<String>,
}
