//! Outputs of a [`Report`]: text, HTML, PDF, JSON and JUnit (`spec/15-report.md`).
//!
//! `document` turns the report into words once; `text`, `html` and `pdf` lay those words out. `json` is for machines and
//! is made from the report itself. None of them filters, sorts, counts or judges.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)] // what is printed is hostile: spec:model-6

mod chart;
mod comparison;
mod document;
pub(crate) mod escape;
pub(crate) mod explain;
mod fork;
mod html;
mod json;
mod junit;
mod oscal;
mod pdf;
mod series;
mod show;
mod text;

use std::io::{self, Write};

use crate::report::{Report, RunBlock};
pub use comparison::{ComparisonFormat, comparison};
use document::Document;
pub(crate) use document::not_after;
pub(crate) use document::{DISCLAIMER, SUBTITLE, TITLE};
pub(crate) use escape::visible_name;
pub use fork::fork;
pub use pdf::Paper;
pub use series::{SeriesFormat, series};
pub use show::{ShowFormat, shown_backups};

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For a terminal, 100 columns wide: what to look at first, then one line for each check and rule.
    Text {
        /// Whether to add colour, which never carries meaning alone.
        colour: bool,
    },
    /// One self-contained page for screen and print.
    Html,
    /// Pages of paper.
    Pdf(Paper),
    /// `report.json`, version `v1`.
    Json,
    /// JUnit XML: a suite of checks and one for each database.
    Junit,
    /// NIST OSCAL assessment results, version 1.2.3.
    Oscal,
}

/// Writes `report` in `format`. The same report and run give the same bytes.
///
/// # Errors
/// `out` is at fault; a renderer that cannot do its work reports that as [`io::ErrorKind::Other`].
pub fn render(report: &Report, run: &RunBlock, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text { colour } => out.write_all(text::render(&Document::brief(report, run), colour).as_bytes()),
        Format::Html => out.write_all(html::render(&Document::full(report, run)).map_err(io::Error::other)?.as_bytes()),
        Format::Pdf(paper) => {
            out.write_all(&pdf::render(&Document::full(report, run), paper, &pdf::Identity::of(report, run))?)
        }
        Format::Json => out.write_all(json::render(report, run).map_err(io::Error::other)?.as_bytes()),
        Format::Junit => out.write_all(junit::render(report).as_bytes()),
        Format::Oscal => out.write_all(oscal::render(report, run).map_err(io::Error::other)?.as_bytes()),
    }
}

/// What a page shows before anybody asks for a report: verdict, counts, subject, claims, checks and the status of each rule,
/// as members of the same names in `report.json` have them.
///
/// # Errors
/// As [`render`].
pub fn brief(report: &Report) -> io::Result<String> {
    json::brief(report).map_err(io::Error::other)
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::forbidden;
