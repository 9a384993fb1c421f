//! `show`: the backups of a day, with what shows them.

use std::path::{Path, PathBuf};

use walwarden_verify::{
    render::{ShowFormat, shown_backups},
    show,
    show::{Asked, Day},
};

use crate::{
    exit::{Exit, Failure},
    files::{Files, colour, is_stdout, print, write},
    judging::{Job, Judging},
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify show 2026-q3.zip --backup-on 2026-08-14 --trust handover.json
      which backups are of that day, where they lie, who signed them, and the proof that they are in the record
  walwarden-verify show 2026-q3.zip --backup-on 2026-08-14 --database shop \\
      --trust handover.json --json shop.json
      one database; the file holds line, proof, checkpoint, statement and keys, and can be checked alone

A backup is of the day in UTC in which its snapshot lies. Where there is none, the last one before is shown.
The bundle is judged first, as without a command: what it does not establish is shown as not established.

Exit codes:
  0  verified
  1  rejected: a check failed
  2  nothing was shown: wrong arguments, unreadable input, or no such database
  3  not established: intact, but a required check could not be run
  4  verified, with exceptions: authentic, and it shows deviations";

/// Shows the backups of a day: locator, digests, signer, proof, restore tests
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The bundle: a zip, or a folder with its files unpacked
    bundle: PathBuf,

    /// The day in which the snapshot lies, in UTC
    #[arg(long, value_name = "YYYY-MM-DD")]
    backup_on: Day,

    /// One database; without it, all of them
    #[arg(long, value_name = "ID")]
    database: Option<String>,

    #[command(flatten)]
    judging: Judging,

    #[command(flatten)]
    reports: Reports,
}

/// What is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
struct Reports {
    /// Write what is shown as JSON, which can be checked alone; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

impl Show {
    /// What will be read and written.
    pub(crate) fn files(&self) -> Files<'_> {
        let read = std::iter::once(self.bundle.as_path()).chain(self.judging.read());
        let write = self.reports.json.iter().map(|path| path.as_path().into()).collect();
        Files { read: read.collect(), write, force: self.reports.output.replace.force, ..Files::default() }
    }

    /// Judges, looks up, writes.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Job { source, trust, as_of } = self.judging.job(&self.bundle, &self.reports.output.as_of)?;
        let asked = Asked { day: self.backup_on, database: self.database.as_deref() };
        let input = walwarden_verify::VerifyInput { source: &source, trust: &trust, as_of };
        let shown = show(&input, &asked).map_err(|error| {
            let hint = match error.known.as_slice() {
                [] => "it names none".to_owned(),
                known => format!("it names: {}", known.join(", ")),
            };
            Failure::new(error, hint)
        })?;
        let rendered = |format| {
            let mut rendered = Vec::new();
            shown_backups(&shown, format, &mut rendered).map(|()| rendered).map_err(|error| {
                Failure::new(format!("the backups cannot be written: {error}"), "please report this fault")
            })
        };
        let json: Option<&Path> = self.reports.json.as_deref();
        if let Some(path) = json {
            write(path, &rendered(ShowFormat::Json)?, self.reports.output.quiet)?;
        }
        if !self.reports.output.quiet && !json.is_some_and(is_stdout) {
            print(&rendered(ShowFormat::Text { colour: colour() })?)?;
        }
        Ok(shown.report.verdict().into())
    }
}
