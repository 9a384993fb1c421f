//! `walwarden`: attested PostgreSQL backups, restore tests, sealed evidence.
//!
//! Data goes to standard output, talk to standard error.

mod args;
mod commands;
mod exit;
mod hint;
mod job;
mod talk;

use std::process::ExitCode;

use clap::Parser as _;

use args::Args;
use job::Job;

fn main() -> ExitCode {
    let job = Job::try_from(Args::parse());
    let exit = job.and_then(commands::run).unwrap_or_else(|error| talk::error(&error));
    ExitCode::from(exit as u8)
}
