//! Judges an evidence bundle offline: what was typed, what it means, then the verdict.

mod args;
mod exit;
mod job;

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;

use crate::{args::Args, exit::Exit, job::Job};

fn main() -> ExitCode {
    exit::catch_panics();
    let job = match Args::try_parse() {
        Ok(args) => Job::try_from(args),
        Err(error) => return exit::of_clap(&error).into(),
    };
    match job.and_then(Job::run) {
        Ok(verdict) => Exit::from(verdict).into(),
        Err(error) => {
            // Nobody listens any more if this fails.
            _ = writeln!(std::io::stderr(), "error: {}\nhint: {}", error.what, error.hint);
            Exit::Usage.into()
        }
    }
}
