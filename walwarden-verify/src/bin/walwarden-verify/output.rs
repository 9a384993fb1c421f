//! Options of outputs that several commands share.

use std::path::{Path, PathBuf};

use walwarden_verify::render::Paper;

use crate::{files::Replace, now::AsOf};

/// Reports for people.
#[derive(Debug, clap::Args)]
pub(crate) struct Pages {
    /// Write the report as HTML; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Write the report as PDF; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,

    /// Size of the pages of the PDF
    #[arg(long, value_name = "SIZE", value_enum, default_value_t)]
    paper: Size,
}

/// What every command that writes takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Output {
    /// Print nothing to standard output but what `-` asks for
    #[arg(long, short)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) replace: Replace,

    #[command(flatten)]
    pub(crate) as_of: AsOf,
}

/// Sizes of paper.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Size {
    #[default]
    A4,
    Letter,
}

impl Pages {
    /// Where the page goes.
    pub(crate) fn html(&self) -> Option<&Path> {
        self.html.as_deref()
    }

    /// Where the paper goes, and its size.
    pub(crate) fn pdf(&self) -> Option<(Paper, &Path)> {
        let paper = match self.paper {
            Size::A4 => Paper::A4,
            Size::Letter => Paper::Letter,
        };
        Some((paper, self.pdf.as_deref()?))
    }
}
