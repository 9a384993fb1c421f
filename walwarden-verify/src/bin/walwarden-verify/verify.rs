//! Without a command: judges a bundle and writes the report. Everything is opened and every conflict named before
//! anything is judged or written.

use std::path::{Path, PathBuf};

use walwarden_core::policy::Framework;
use walwarden_verify::{
    VerifyInput,
    render::{Format, render},
    verify,
    workpapers::{FOLDERS, workpapers},
};

use crate::{
    exit::{Exit, Failure},
    files::{Files, colour, is_stdout, print, write, write_papers},
    judging::{Job, Judging},
    output::{Output, Pages},
    run::Run,
};

/// What was typed.
#[derive(Debug)]
pub(crate) struct Verify {
    pub(crate) bundle: PathBuf,
    pub(crate) options: Options,
}

/// All of it but the bundle, which no command has to have.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    judging: Judging,

    #[command(flatten)]
    reports: Reports,
}

/// What is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
struct Reports {
    #[command(flatten)]
    pages: Pages,

    /// Write the report as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write the report as JUnit XML, for a build server; `-` is standard output
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write OSCAL assessment results for SP 800-53 as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    oscal: Option<PathBuf>,

    /// Write workpapers into a new folder: populations as CSV and as one workbook
    #[arg(long, value_name = "FOLDER")]
    workpapers: Option<PathBuf>,

    /// Arrange the report by these frameworks: soc2, iso27001, hipaa, pci, dora, nist80053, csf
    /// [default: those that the policy names, else all]
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    frameworks: Vec<String>,

    #[command(flatten)]
    output: Output,
}

impl Verify {
    /// What will be read and written.
    pub(crate) fn files(&self) -> Files<'_> {
        let read = std::iter::once(self.bundle.as_path()).chain(self.options.judging.read());
        let reports = &self.options.reports;
        let write = reports.asked().map(|(_, path)| path.into()).collect();
        let folder = reports.workpapers.as_deref().map(|folder| (folder, FOLDERS));
        Files { read: read.collect(), write, force: reports.output.replace.force, folder }
    }

    /// Judges, then writes every rendering.
    pub(crate) fn run(&self, run: &Run) -> Result<Exit, Failure> {
        let frameworks = self.options.reports.frameworks()?;
        let Job { source, trust, as_of } =
            self.options.judging.job(&self.bundle, &self.options.reports.output.as_of)?;
        let report = verify(&VerifyInput { source: &source, trust: &trust, as_of }).arranged_by(&frameworks);
        let run = run.block();
        let rendered = |format| {
            let mut rendered = Vec::new();
            render(&report, &run, format, &mut rendered).map(|()| rendered).map_err(|error| {
                Failure::new(format!("the report cannot be rendered: {error}"), "please report this fault")
            })
        };
        for (format, path) in self.options.reports.asked() {
            write(path, &rendered(format)?, self.options.reports.output.quiet)?;
        }
        if let Some(folder) = &self.options.reports.workpapers {
            let papers = workpapers(&report, &run).map_err(|error| {
                Failure::new(format!("the workpapers cannot be made: {error}"), "please report this fault")
            })?;
            write_papers(folder, &papers, self.options.reports.output.quiet)?;
        }
        if let Some(text) = self.options.reports.text() {
            print(&rendered(text)?)?;
        }
        Ok(report.verdict().into())
    }
}

impl Reports {
    /// The frameworks asked for; none: the report decides.
    fn frameworks(&self) -> Result<Vec<Framework>, Failure> {
        let known = |word: &String| {
            word.trim().parse::<Framework>().map_err(|_| {
                let ids: Vec<&str> = Framework::ALL.iter().map(|framework| framework.short()).collect();
                let what = format!("--frameworks: {} is no framework of this program", word.trim());
                Failure::new(what, format!("there are {}", ids.join(", ")))
            })
        };
        self.frameworks.iter().map(known).collect()
    }

    /// The renderings asked for, each with its path.
    fn asked(&self) -> impl Iterator<Item = (Format, &Path)> {
        let pages = self.pages.html().map(|path| (Format::Html, path));
        let paper = self.pages.pdf().map(|(paper, path)| (Format::Pdf(paper), path));
        let others = [(Format::Json, &self.json), (Format::Junit, &self.junit), (Format::Oscal, &self.oscal)];
        let others = others.into_iter().filter_map(|(format, path)| Some((format, path.as_deref()?)));
        pages.into_iter().chain(paper).chain(others)
    }

    /// The report as text, unless something else goes to standard output.
    fn text(&self) -> Option<Format> {
        let taken = self.output.quiet || self.asked().any(|(_, path)| is_stdout(path));
        (!taken).then(|| Format::Text { colour: colour() })
    }
}
