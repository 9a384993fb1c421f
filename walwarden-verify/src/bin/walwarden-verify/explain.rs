//! `explain`: what a check or a rule means.

use walwarden_verify::explain;

use crate::{
    exit::{Exit, Failure},
    files::print,
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify explain
      every check and every rule, a line each
  walwarden-verify explain chain.roots
  walwarden-verify explain WW-RT-01";

/// Says what a check or a rule means, what its failure reads as, and what to ask next
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    /// Id of a check or a rule, as a report prints it; without it, all are listed
    #[arg(value_name = "ID")]
    id: Option<String>,
}

impl Explain {
    /// Prints it.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let text = match &self.id {
            None => explain::list(),
            Some(id) => explain::text(id).ok_or_else(|| {
                let near = explain::near(id).join(", ");
                Failure::new(format!("there is no check or rule {id:?}"), format!("the nearest: {near}"))
            })?,
        };
        print(text.as_bytes())?;
        Ok(Exit::Verified)
    }
}
