//! What every command that judges one bundle takes, and what it means together.

use std::path::Path;

use walwarden_core::Time;
use walwarden_verify::{Source, Trust, open};

use crate::{
    artifacts::Brought,
    exit::Failure,
    files::unreadable,
    now::AsOf,
    trust::{Heads, Pins},
};

/// What the reader brings.
#[derive(Debug, clap::Args)]
pub(crate) struct Judging {
    #[command(flatten)]
    pins: Pins,

    #[command(flatten)]
    heads: Heads,

    #[command(flatten)]
    brought: Brought,
}

/// A judgement that nothing stands in the way of.
pub(crate) struct Job {
    pub(crate) source: Source,
    pub(crate) trust: Trust,
    pub(crate) as_of: Time,
}

impl Judging {
    /// Files that [`Judging::job`] will read beside the bundle.
    pub(crate) fn read(&self) -> impl Iterator<Item = &Path> {
        self.pins.read().chain(self.heads.read()).chain(self.brought.read())
    }

    /// What was typed means this.
    pub(crate) fn job(&self, bundle: &Path, as_of: &AsOf) -> Result<Job, Failure> {
        let as_of = as_of.time()?;
        let mut trust = self.pins.trust()?;
        self.heads.add_to(&mut trust, as_of)?;
        let source = open(bundle).map_err(unreadable)?;
        trust.artifacts = self.brought.artifacts(&source)?;
        Ok(Job { source, trust, as_of })
    }
}
