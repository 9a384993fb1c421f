//! `check-fork`: judges a fork-evidence file by itself.

use std::path::PathBuf;

use walwarden_core::{fork::Fork, limits};
use walwarden_verify::render;

use crate::{
    exit::{Exit, Failure},
    files::{Files, colour, print, small},
    trust::Pins,
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify check-fork fork.json --trust handover.json
  walwarden-verify check-fork fork.json --root 3b1f…64 hex digits…
      does this file show that two histories of one chain were signed?

Exit codes:
  0  the fork is shown
  1  it is not: something in the file does not stand under your root keys
  2  nothing was judged: wrong arguments or unreadable input";

/// Judges a fork-evidence file under your root keys, without either bundle
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckFork {
    /// The file that `compare --evidence` wrote
    file: PathBuf,

    #[command(flatten)]
    pins: Pins,
}

impl CheckFork {
    /// What will be read.
    pub(crate) fn files(&self) -> Files<'_> {
        let read = std::iter::once(self.file.as_path()).chain(self.pins.read());
        Files { read: read.collect(), ..Files::default() }
    }

    /// Judges and prints.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let pins = self.pins.trust()?.pins.ok_or_else(|| {
            Failure::new("no root key was given to judge the evidence by", "pass --trust handover.json or --root HEX")
        })?;
        let bytes = small(&self.file, limits::DOCUMENT_BYTES)?;
        let judged = Fork::parse(&bytes, &pins);
        print(render::fork(&judged, &bytes, colour()).as_bytes())?;
        Ok(if judged.is_ok() { Exit::Verified } else { Exit::Rejected })
    }
}
