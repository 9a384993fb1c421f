//! `--artifacts`: stored objects, hashed before anything is judged.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use walwarden_verify::{Source, artifacts::Artifacts};

use crate::exit::Failure;

/// Stored objects that the reader brings.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What you bring")]
pub(crate) struct Brought {
    /// Folder with stored objects: dumps, globals and row keys, to be hashed and held against the statements
    #[arg(long, value_name = "FOLDER")]
    artifacts: Option<PathBuf>,
}

impl Brought {
    /// The folder that [`Brought::artifacts`] will read.
    pub(crate) fn read(&self) -> impl Iterator<Item = &Path> {
        self.artifacts.as_deref().into_iter()
    }

    /// Hashes what lies there.
    pub(crate) fn artifacts(&self, bundle: &Source) -> Result<Option<Artifacts>, Failure> {
        let Some(folder) = &self.artifacts else { return Ok(None) };
        let shown = AtomicU64::new(u64::MAX);
        let terminal = io::stderr().is_terminal();
        let progress = |done: u64, of: u64| {
            let percent = done.saturating_mul(100).checked_div(of).unwrap_or(100);
            if terminal && shown.swap(percent, Ordering::Relaxed) != percent {
                // Nothing depends on whether this is seen.
                _ = write!(io::stderr(), "\rhashing stored objects: {percent} % of {} MB", of / 1_000_000);
            }
        };
        let artifacts = Artifacts::read(folder, bundle, &progress);
        if terminal {
            _ = write!(io::stderr(), "\r\x1b[K");
        }
        let artifacts = artifacts.map_err(|error| {
            Failure::new(error, "--artifacts takes a folder; a single file is given with its folder")
        })?;
        Ok(Some(artifacts))
    }
}
