//! `compare`: what two histories are to each other.

use std::{
    fs,
    path::{Path, PathBuf},
};

use walwarden_core::{Time, limits};
use walwarden_verify::{
    Source, Trust, compare,
    compare::{HeldHead, Side},
    open,
    render::{self, ComparisonFormat},
};

use crate::{
    exit::{Exit, Failure},
    files::{Files, colour, is_stdout, print, small, unreadable, write},
    output::Output,
    trust::Pins,
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify compare 2026-q3.zip 2026-q4.zip --trust handover.json
      does the next quarter continue the last one, without gap?
  walwarden-verify compare kept-head.txt 2026-q4.zip --trust handover.json
      does the bundle continue a head that was kept: a checkpoint, or the line `origin size root`?
  walwarden-verify compare from-them.zip from-their-bank.zip \\
      --trust handover.json --evidence fork.json
      were two histories signed? If so, write what shows it to somebody who has neither bundle

Relations of the second to the first:
  IDENTICAL     the same head
  EXTENDS       all lines of the first, and more
  ROLLBACK      fewer lines, all of them in the first
  FORK          both are signed under your root keys, and cannot both be true
  UNRELATED     two chains
  UNDETERMINED  none of these was shown

Exit codes:
  0  IDENTICAL or EXTENDS, and every required check of both passed
  1  FORK or ROLLBACK, or a check of either failed
  2  nothing was compared: wrong arguments or unreadable input
  3  UNRELATED or UNDETERMINED, or a required check of either could not be run";

/// Says what two histories are to each other: continued, cut short, or forked
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Compare {
    /// The earlier bundle, or a head that you kept
    #[arg(value_name = "A")]
    old: PathBuf,

    /// The later bundle, or a head that you kept
    #[arg(value_name = "B")]
    new: PathBuf,

    #[command(flatten)]
    pins: Pins,

    #[command(flatten)]
    reports: Reports,
}

/// What is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
struct Reports {
    /// Write the comparison as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Where a fork is shown, write the evidence of it; check-fork judges that file without the bundles
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,

    #[command(flatten)]
    output: Output,
}

/// A side, opened.
enum Opened {
    Bundle(Source),
    Head(HeldHead),
}

/// A run that nothing stands in the way of.
struct Job {
    old: Opened,
    new: Opened,
    trust: Trust,
    as_of: Time,
}

impl Compare {
    /// What will be read and written.
    pub(crate) fn files(&self) -> Files<'_> {
        let read = [self.old.as_path(), self.new.as_path()].into_iter().chain(self.pins.read());
        let write =
            [&self.reports.json, &self.reports.evidence].into_iter().filter_map(|path| Some(path.as_deref()?.into()));
        Files {
            read: read.collect(),
            write: write.collect(),
            force: self.reports.output.replace.force,
            ..Files::default()
        }
    }

    /// Compares, then writes.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Job { old, new, trust, as_of } = self.job()?;
        let comparison = compare(old.side(), new.side(), &trust, as_of);
        let rendered = |format| {
            let mut rendered = Vec::new();
            render::comparison(&comparison, format, &mut rendered).map(|()| rendered).map_err(|error| {
                Failure::new(format!("the comparison cannot be written: {error}"), "please report this fault")
            })
        };
        if let Some(path) = &self.reports.json {
            write(path, &rendered(ComparisonFormat::Json)?, self.reports.output.quiet)?;
        }
        if let (Some(path), Some(fork)) = (&self.reports.evidence, &comparison.fork) {
            write(path, fork.bytes(), self.reports.output.quiet)?;
        }
        let taken = self.files().write.iter().any(|path| is_stdout(path));
        if !taken && !self.reports.output.quiet {
            let mut text = rendered(ComparisonFormat::Text { colour: colour() })?;
            text.extend_from_slice(self.about_evidence(comparison.fork.is_some()).as_bytes());
            print(&text)?;
        }
        Ok(comparison.verdict().into())
    }

    /// What became of the evidence, or how to get it.
    fn about_evidence(&self, shown: bool) -> String {
        match (&self.reports.evidence, shown) {
            (None, false) => String::new(),
            (None, true) => "\nTo keep what shows the fork: the same command with --evidence fork.json\n".into(),
            (Some(path), true) => {
                let path = path.display();
                format!(
                    "\nThe evidence is in {path}: walwarden-verify check-fork {path} judges it without the bundles.\n"
                )
            }
            (Some(path), false) => format!("\nNo fork is shown: nothing was written to {}.\n", path.display()),
        }
    }

    /// What was typed means this.
    fn job(&self) -> Result<Job, Failure> {
        let as_of = self.reports.output.as_of.time()?;
        let trust = self.pins.trust()?;
        Ok(Job { old: Opened::of(&self.old)?, new: Opened::of(&self.new)?, trust, as_of })
    }
}

impl Opened {
    /// A head where the file reads as one, else a bundle.
    fn of(path: &Path) -> Result<Self, Failure> {
        let is_small =
            fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= limits::DOCUMENT_BYTES as u64);
        if is_small {
            let text = String::from_utf8(small(path, limits::DOCUMENT_BYTES)?).unwrap_or_default();
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            if let Ok(head) = HeldHead::parse(&name, &text) {
                return Ok(Self::Head(head));
            }
        }
        open(path).map(Self::Bundle).map_err(unreadable)
    }

    const fn side(&self) -> Side<'_> {
        match self {
            Self::Bundle(source) => Side::Bundle(source),
            Self::Head(head) => Side::Head(head),
        }
    }
}
