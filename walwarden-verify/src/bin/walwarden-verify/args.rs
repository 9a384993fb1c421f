//! What was typed: the form without a command judges a bundle, the others have a file each.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::{
    check_fork::CheckFork,
    compare::Compare,
    exit::{Exit, Failure},
    explain::Explain,
    files::Files,
    report::Report,
    run::Run,
    sample::Sample,
    show::Show,
    verify::{self, Verify},
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify 2026-q3.zip --trust handover.json
      judge a bundle by what the organisation handed over by another channel
  walwarden-verify 2026-q3.zip --root 3b1f…64 hex digits… --first-contact
      pin a root key by its fingerprint; no head of this history is held yet
  walwarden-verify 2026-q4.zip --trust handover.json --previous 2026-q3.zip \\
      --html report.html --json report.json
      the next quarter must continue the last one; also write the report as files
  walwarden-verify compare 2026-q3.zip 2026-q4.zip --trust handover.json
      what two histories are to each other: continued, cut short, or forked
  walwarden-verify show 2026-q3.zip --backup-on 2026-08-14 --trust handover.json
      the backups of a day: where they lie, who signed them, and the proof that they are in the record
  walwarden-verify report 2026-q2.zip 2026-q3.zip --trust handover.json
      several periods: how far back the evidence reaches, trends, open actions
  walwarden-verify 2026-q3.zip --trust handover.json --workpapers papers
      the populations behind the report, as CSV and as one workbook, in a new folder
  walwarden-verify sample 2026-q3.zip --rule WW-BK-01 --ref 9f2c61d07ab34e58 \\
      --size 25 --trust handover.json
      a sample that the organisation could not choose
  walwarden-verify 2026-q3.zip --trust handover.json --witness witnesses.txt \\
      --tsa-root tsa.pem --artifacts dumps
      judge by witnesses and an authority that you chose, and hash the dumps in a folder
  walwarden-verify explain chain.roots
      what a check means, and what to ask when it fails

A bundle that is named like a command is given with its folder:
  walwarden-verify ./explain

The fingerprint of a root key is what this prints:
  openssl pkey -pubin -in root.pub -outform DER | sha256sum

Exit codes:
  0  verified
  1  rejected: a check failed
  2  nothing was judged: wrong arguments or unreadable input
  3  not established: intact, but a required check could not be run
  4  verified, with exceptions: authentic, and it shows deviations";

/// Judges a walwarden evidence bundle. Reads files, and nothing else: no network, no other program.
#[derive(Debug, Parser)]
#[command(
    name = "walwarden-verify",
    version,
    after_help = EXAMPLES,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// The bundle: a zip, or a folder with its files unpacked
    #[arg(required = true)]
    bundle: Option<PathBuf>,

    #[command(flatten)]
    options: verify::Options,
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is meant by no command at all.
    #[command(skip)]
    Verify(Box<Verify>),
    Compare(Compare),
    CheckFork(CheckFork),
    Show(Box<Show>),
    Report(Box<Report>),
    Sample(Box<Sample>),
    Explain(Explain),
}

impl Args {
    /// The words that are commands.
    pub(crate) fn command_names() -> Vec<String> {
        Self::command_tree().get_subcommands().map(|command| command.get_name().to_owned()).collect()
    }

    fn command_tree() -> clap::Command {
        <Self as clap::CommandFactory>::command()
    }

    /// The command; `None` only where clap has let nothing through.
    pub(crate) fn command(self) -> Option<Command> {
        let Self { command, bundle, options } = self;
        command.or_else(|| Some(Command::Verify(Box::new(Verify { bundle: bundle?, options }))))
    }
}

impl Command {
    /// What will be read and written.
    pub(crate) fn files(&self) -> Files<'_> {
        match self {
            Self::Verify(verify) => verify.files(),
            Self::Compare(compare) => compare.files(),
            Self::CheckFork(check) => check.files(),
            Self::Show(show) => show.files(),
            Self::Report(report) => report.files(),
            Self::Sample(sample) => sample.files(),
            Self::Explain(_) => Files::default(),
        }
    }

    /// Does it.
    pub(crate) fn run(&self, run: &Run) -> Result<Exit, Failure> {
        match self {
            Self::Verify(verify) => verify.run(run),
            Self::Compare(compare) => compare.run(),
            Self::CheckFork(check) => check.run(),
            Self::Show(show) => show.run(),
            Self::Report(report) => report.run(run),
            Self::Sample(sample) => sample.run(),
            Self::Explain(explain) => explain.run(),
        }
    }
}
