//! `report`: several periods of one record.

use std::path::{Path, PathBuf};

use walwarden_verify::{
    Source, open,
    render::{self, SeriesFormat},
    series,
    series::SeriesError,
};

use crate::{
    exit::{Exit, Failure},
    files::{Files, colour, is_stdout, print, unreadable, write},
    output::{Output, Pages},
    run::Run,
    trust::{Heads, Pins},
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify report 2026-q2.zip 2026-q3.zip 2026-q4.zip \\
      --trust handover.json
      how far back the evidence reaches, what changed, and which actions are open
  walwarden-verify report 2026-q2.zip 2026-q3.zip --trust handover.json \\
      --pdf periods.pdf
      the same, as pages to hand over

Each bundle is judged by itself, and each but the first as the continuation of the one before it. A head that
you hold is asked of every bundle that reaches it.

Exit codes: the worst verdict of all bundles
  0  verified
  1  rejected: a check of a bundle failed
  2  nothing was judged: wrong arguments, unreadable input, or bundles of several records
  3  not established: intact, but a required check of a bundle could not be run
  4  verified, with exceptions: authentic, and a bundle shows deviations";

/// Several bundles of one record: evidence age, trends, actions still open
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    /// The bundles, the earliest period first
    #[arg(value_name = "BUNDLE", required = true, num_args = 2..)]
    bundles: Vec<PathBuf>,

    #[command(flatten)]
    pins: Pins,

    #[command(flatten)]
    heads: Heads,

    #[command(flatten)]
    reports: Reports,
}

/// What is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
struct Reports {
    #[command(flatten)]
    pages: Pages,

    /// Write what is shown as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

impl Report {
    /// What will be read and written.
    pub(crate) fn files(&self) -> Files<'_> {
        let bundles = self.bundles.iter().map(PathBuf::as_path);
        let read = bundles.chain(self.pins.read()).chain(self.heads.read());
        let write = self.reports.asked().map(|(_, path)| path.into());
        Files {
            read: read.collect(),
            write: write.collect(),
            force: self.reports.output.replace.force,
            ..Files::default()
        }
    }

    /// Judges all, then writes.
    pub(crate) fn run(&self, run: &Run) -> Result<Exit, Failure> {
        let as_of = self.reports.output.as_of.time()?;
        if self.heads.previous.is_some() {
            let what = "--previous is the bundle before one, and here are several";
            return Err(Failure::new(what, "give it as the first of the bundles"));
        }
        let mut trust = self.pins.trust()?;
        self.heads.add_to(&mut trust, as_of)?;
        let sources: Vec<Source> =
            self.bundles.iter().map(|path| open(path).map_err(unreadable)).collect::<Result<_, _>>()?;
        let series = series::series(&sources, &trust, as_of).map_err(|error| {
            let hint = match error {
                SeriesError::TooFew => "judge one bundle without a command: walwarden-verify BUNDLE",
                SeriesError::Unread(_) => "judge that bundle by itself first: walwarden-verify BUNDLE",
                SeriesError::Origin(..) => {
                    "give bundles of one record; compare says what two histories are to each other"
                }
                _ => "give the earliest period first, and each period once",
            };
            Failure::new(error, hint)
        })?;
        let run = run.block();
        let rendered = |format| {
            let mut rendered = Vec::new();
            render::series(&series, &run, format, &mut rendered).map(|()| rendered).map_err(|error| {
                Failure::new(format!("the report cannot be written: {error}"), "please report this fault")
            })
        };
        for (format, path) in self.reports.asked() {
            write(path, &rendered(format)?, self.reports.output.quiet)?;
        }
        if !self.reports.output.quiet && !self.reports.asked().any(|(_, path)| is_stdout(path)) {
            print(&rendered(SeriesFormat::Text { colour: colour() })?)?;
        }
        Ok(series.verdict().into())
    }
}

impl Reports {
    /// The renderings asked for, each with its path.
    fn asked(&self) -> impl Iterator<Item = (SeriesFormat, &Path)> {
        let page = self.pages.html().map(|path| (SeriesFormat::Html, path));
        let paper = self.pages.pdf().map(|(paper, path)| (SeriesFormat::Pdf(paper), path));
        let json = self.json.as_deref().map(|path| (SeriesFormat::Json, path));
        page.into_iter().chain(paper).chain(json)
    }
}
