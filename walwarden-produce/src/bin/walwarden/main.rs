//! `walwarden`: attested PostgreSQL backups, restore tests, sealed evidence.
//!
//! Data goes to standard output, talk to standard error.

/// Prints a line. A reader that has gone away, as `head` does, ends nothing: what is done goes on.
macro_rules! say {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

/// Prints text that brings its own ends of lines, as [`say`] does.
macro_rules! tell {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = write!(std::io::stdout(), $($text)*);
    }};
}

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
