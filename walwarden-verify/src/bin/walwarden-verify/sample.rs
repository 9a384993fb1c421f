//! `sample`: items of a rule's population that the organisation could not choose.

use std::path::{Path, PathBuf};

use walwarden_verify::{
    VerifyInput, sample,
    sample::{Frequency, Method, Reference, Request, Share, Size},
    verify,
};

use crate::{
    exit::{Exit, Failure},
    files::{Files, Replace, print, write},
    judging::{Job, Judging},
    now::AsOf,
};

const EXAMPLES: &str = "\
Examples:
  walwarden-verify sample 2026-q3.zip --rule WW-BK-01 --ref 9f2c61d07ab34e58 \\
      --size 25 --trust handover.json
      25 of the backups that were due; the sheet goes to standard output
  walwarden-verify sample 2026-q3.zip --rule WW-BK-01 --ref 9f2c61d07ab34e58 \\
      --confidence 0.95 --tolerable 0.05 --stratified --trust handover.json
      as many as it takes, spread over the period

REF is a number that you draw yourself after the bundle came, 16 to 64 hex digits:
  openssl rand -hex 16

Three files are written into the folder of --out: the population, sample_RULE.csv and sample_RULE.json.
The sheet holds a short Python program that draws the same items from the population.

Exit codes: those of the verdict on the bundle, 2 where nothing was drawn";

/// Draws a sample of a rule's population, by a number that you chose
#[derive(Debug, clap::Args)]
#[command(
    after_help = EXAMPLES,
    override_usage = "walwarden-verify sample [OPTIONS] --rule <RULE> --ref <REF> <BUNDLE>"
)]
pub(crate) struct Sample {
    /// The bundle: a zip, or a folder with its files unpacked
    bundle: PathBuf,

    /// The rule whose items are the population
    #[arg(long, value_name = "RULE", value_parser = rule)]
    rule: String,

    /// Your own random number, drawn after the bundle came: 16 to 64 hex digits
    #[arg(long = "ref", value_name = "REF")]
    reference: Reference,

    #[command(flatten)]
    size: HowMany,

    /// One item of each of as many spans of time, instead of any
    #[arg(long)]
    stratified: bool,

    #[command(flatten)]
    judging: Judging,

    #[command(flatten)]
    reports: Reports,
}

/// The size is the reader's choice.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How many")]
struct HowMany {
    /// So many items
    #[arg(long, value_name = "N", conflicts_with_all = ["frequency", "confidence"])]
    size: Option<usize>,

    /// As many as is common for: yearly, quarterly, monthly, weekly, daily, many-a-day, ad-hoc
    #[arg(long, value_name = "WORD", value_parser = frequency, conflicts_with = "confidence")]
    frequency: Option<Frequency>,

    /// As many as it takes to be so sure, like 0.95
    #[arg(long, value_name = "SHARE", requires = "tolerable")]
    confidence: Option<Share>,

    /// That no more than this share deviates, like 0.05
    #[arg(long, value_name = "SHARE", requires = "confidence")]
    tolerable: Option<Share>,
}

/// What is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
struct Reports {
    /// Folder for the files
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,

    /// Print nothing to standard output
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    replace: Replace,

    #[command(flatten)]
    as_of: AsOf,
}

impl Sample {
    /// What will be read and written.
    pub(crate) fn files(&self) -> Files<'_> {
        let read = std::iter::once(self.bundle.as_path()).chain(self.judging.read());
        let names =
            [format!("{}.csv", self.rule), format!("sample_{}.csv", self.rule), format!("sample_{}.json", self.rule)];
        let write = names.iter().map(|name| self.reports.out.join(name).into());
        Files { read: read.collect(), write: write.collect(), force: self.reports.replace.force, ..Files::default() }
    }

    /// Judges, draws, writes.
    pub(crate) fn run(&self) -> Result<Exit, Failure> {
        let Job { source, trust, as_of } = self.judging.job(&self.bundle, &self.reports.as_of)?;
        let report = verify(&VerifyInput { source: &source, trust: &trust, as_of });
        let method = if self.stratified { Method::Stratified } else { Method::Simple };
        let (rule, reference) = (self.rule.clone(), self.reference.clone());
        let drawn = sample(&report, Request { rule, reference, size: self.size.size()?, method }).map_err(|error| {
            Failure::new(error, "walwarden-verify BUNDLE shows what became of each rule; draw from one with items")
        })?;
        let fault = |error| Failure::new(format!("the sample cannot be written: {error}"), "please report this fault");
        for paper in drawn.papers().map_err(fault)? {
            let path: &Path = &self.reports.out.join(&paper.name);
            write(path, &paper.bytes, self.reports.quiet)?;
        }
        if !self.reports.quiet {
            print(drawn.text().as_bytes())?;
        }
        Ok(report.verdict().into())
    }
}

impl HowMany {
    fn size(&self) -> Result<Size, Failure> {
        match *self {
            Self { size: Some(0), .. } => Err(Failure::new("--size 0 draws nothing", "give at least 1")),
            Self { size: Some(items), .. } => Ok(Size::Items(items)),
            Self { frequency: Some(frequency), .. } => Ok(Size::Frequency(frequency)),
            Self { confidence: Some(confidence), tolerable: Some(tolerable), .. } => {
                Ok(Size::Confidence { confidence, tolerable })
            }
            _ => Err(Failure::new("no size was given", "give --size, --frequency, or --confidence with --tolerable")),
        }
    }
}

fn rule(text: &str) -> Result<String, String> {
    let known = sample::rules();
    let found = known.iter().find(|id| id.eq_ignore_ascii_case(text));
    found.map(|id| (*id).to_owned()).ok_or_else(|| format!("no rule has this id; there are: {}", known.join(", ")))
}

fn frequency(text: &str) -> Result<Frequency, String> {
    let words = || Frequency::ALL.map(Frequency::word).join(", ");
    Frequency::ALL.into_iter().find(|frequency| frequency.word() == text).ok_or_else(words)
}
