//! How the program ends.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use walwarden_verify::Verdict;

/// Exit codes (`spec:verification-2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Authentic, and no exception.
    Verified = 0,
    /// A check failed.
    Rejected = 1,
    /// Nothing was judged: wrong arguments, unreadable input, or a fault of this program.
    Usage = 2,
    /// Intact, but a required check could not be run.
    NotEstablished = 3,
    /// Authentic, and shows exceptions.
    Exceptions = 4,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Verified => Self::Verified,
            Verdict::Exceptions => Self::Exceptions,
            Verdict::NotEstablished => Self::NotEstablished,
            Verdict::Rejected => Self::Rejected,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong before there was a verdict, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What is wrong.
    pub(crate) what: String,
    /// What to do.
    pub(crate) hint: String,
}

impl Failure {
    pub(crate) fn new(what: impl ToString, hint: impl Into<String>) -> Self {
        Self { what: what.to_string(), hint: hint.into() }
    }
}

/// A panic is a fault of this program, never a verdict.
pub(crate) fn catch_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        _ = writeln!(
            io::stderr(),
            "error: walwarden-verify {} has a fault at {place}; nothing was judged\n\
             hint: please report it with this line; the bundle stays with you",
            env!("CARGO_PKG_VERSION")
        );
        std::process::exit(Exit::Usage as i32);
    }));
}

/// Help and version go to standard output; mistakes become two lines.
pub(crate) fn of_clap(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        _ = error.print();
        return Exit::Verified;
    }
    let text = error.to_string();
    let what = text.split("\n\n").next().unwrap_or_default();
    let what: Vec<&str> = what.trim_start_matches("error:").split_whitespace().collect();
    // A command that was named has a help of its own.
    let named = std::env::args().nth(1).filter(|word| crate::args::Args::command_names().contains(word));
    let command = named.map(|name| format!("{name} ")).unwrap_or_default();
    let what = match error.kind() {
        // A second word beside the bundle reads as a command to the parser, whatever it is to the reader.
        clap::error::ErrorKind::ArgumentConflict if what.contains(&"subcommand") => {
            "a command stands first, and a bundle alone: there is more here".to_owned()
        }
        _ => what.join(" "),
    };
    _ = writeln!(io::stderr(), "error: {what}\nhint: see {} {command}--help", program());
    Exit::Usage
}

/// The program as it was called, so that a hint can be typed as it stands.
pub(crate) fn program() -> String {
    let plain = |name: &String| name.chars().all(|c| c.is_ascii_graphic());
    std::env::args().next().filter(plain).unwrap_or_else(|| "walwarden-verify".into())
}
