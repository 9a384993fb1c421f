//! `walwarden vault restore` and `walwarden chain recover`.

use std::{fs, path::Path};

use walwarden_produce::{
    ProduceError,
    config::{Config, FILE},
    error::{OperatorError, StorageError},
    files,
    mirror::{Recovered, recover as bring},
};

use super::print;
use crate::{exit::Exit, job::Job};

pub(super) fn restore(job: &Job, config: &Path, from: Option<&str>) -> Result<Exit, ProduceError> {
    let text = fs::read_to_string(config).map_err(StorageError::at("read", config))?;
    let configured = Config::parse(&text, &job.vault).map_err(OperatorError::from)?;
    let path = job.vault.join(FILE);
    if path.exists() {
        return Err(OperatorError::Exists(path).into());
    }
    files::folder(&job.vault)?;
    let recovered = from_copy(job, &configured, from)?;
    // Last: what was broken off is no vault, and is begun again.
    files::create(&path, text.as_bytes(), 0o644)?;
    Ok(told(recovered))
}

pub(super) fn recover(job: &Job, from: Option<&str>) -> Result<Exit, ProduceError> {
    let config = Config::read(&job.vault)?;
    Ok(told(from_copy(job, &config, from)?))
}

fn from_copy(job: &Job, config: &Config, from: Option<&str>) -> Result<Recovered, ProduceError> {
    let name = from.or(config.vault.copy_to.as_deref()).ok_or(OperatorError::NoCopyOfVault)?;
    bring(config.store(name)?.as_ref(), &config.origin, &job.vault)
}

fn told(recovered: Recovered) -> Exit {
    print(&[("entries", recovered.has.to_string()), ("brought", (recovered.has - recovered.had).to_string())]);
    Exit::Done
}
