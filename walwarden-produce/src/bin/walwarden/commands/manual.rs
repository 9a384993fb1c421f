//! `walwarden manual` and `walwarden completions`.

use std::{io, path::Path};

use clap::CommandFactory as _;
use clap_complete::Shell;
use walwarden_produce::{
    ProduceError,
    error::{OperatorError, StorageError},
};

use crate::{args::Args, exit::Exit};

/// One page for the program and for each of its commands, in a new folder.
pub(super) fn pages(folder: &Path) -> Result<Exit, ProduceError> {
    if folder.exists() {
        return Err(OperatorError::Exists(folder.into()).into());
    }
    std::fs::create_dir(folder).map_err(StorageError::at("make", folder))?;
    clap_mangen::generate_to(Args::command(), folder).map_err(StorageError::at("write pages into", folder))?;
    say!("man pages in {}; man -l {} shows the first", folder.display(), folder.join("walwarden.1").display());
    Ok(Exit::Done)
}

/// What a shell reads to complete a line.
pub(super) fn completions(shell: Shell) -> Exit {
    clap_complete::generate(shell, &mut Args::command(), "walwarden", &mut io::stdout());
    Exit::Done
}
