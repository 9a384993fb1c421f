//! Judges an evidence bundle offline: what was typed, what it means, then the verdict.

mod args;
mod artifacts;
mod check_fork;
mod compare;
mod exit;
mod explain;
mod files;
mod judging;
mod now;
mod output;
mod report;
mod run;
mod sample;
mod show;
mod trust;
mod verify;

use std::{io::Write as _, process::ExitCode};

use clap::Parser as _;

use crate::{
    args::Args,
    exit::{Exit, Failure},
    run::Run,
};

fn main() -> ExitCode {
    exit::catch_panics();
    let done = match Args::try_parse().map(Args::command) {
        Ok(Some(command)) => command.files().settle().and_then(|reach| command.run(&Run::begin(&reach))),
        Ok(None) => Err(Failure::new("no bundle was given", format!("see {} --help", exit::program()))),
        Err(error) => return exit::of_clap(&error).into(),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => {
            // Nobody listens any more if this fails.
            _ = writeln!(std::io::stderr(), "error: {}\nhint: {}", error.what, error.hint);
            Exit::Usage.into()
        }
    }
}
