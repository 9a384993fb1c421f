//! What `collect` was given.

use clap::Args as Group;
use walwarden_core::policy::Collector;

const COLLECT_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault collect access_control shop
  walwarden --vault /srv/vault collect store_inventory

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
}
