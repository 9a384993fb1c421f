//! Workpapers: the populations behind a report as tables, for an auditor's own work (`spec/17-workpapers.md`).
//!
//! One `Table` drives a CSV file and a sheet of the workbook. Tables say what the report says; nothing is judged here.
//! Nothing here writes a file: the papers are bytes with names.

mod backups;
mod cell;
mod csv;
mod events;
mod exceptions;
mod index;
mod ipe;
mod join;
mod matrix;
mod populations;
mod readme;
mod restores;
mod rules;
mod totals;
mod xlsx;

use std::io;

use walwarden_core::Digest;

use crate::{
    render::{Format, render},
    report::{Report, RunBlock},
};
pub(crate) use cell::{Cell, Table};
pub use csv::{guarded, unguarded};
use join::Joined;

/// One file of the workpapers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// Path in the folder, with `/`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The folders that papers lie in, below that of the workpapers.
pub const FOLDERS: &[&str] = &["populations"];
/// The workbook.
const WORKBOOK: &str = "workpapers.xlsx";

/// Every file of the workpapers, in the order of `SHA256SUMS`, which is the last.
///
/// # Errors
/// A renderer that cannot do its work, as [`io::ErrorKind::Other`].
pub fn workpapers(report: &Report, run: &RunBlock) -> io::Result<Vec<Paper>> {
    let joined = Joined::of(report);
    let mut tables = populations::of_rules(report, &joined);
    tables.extend(populations::of_events(report, &joined));
    tables.insert(0, exceptions::table(report, &joined));
    tables.insert(1, exceptions::gaps(report));
    tables.insert(2, matrix::table(report));
    tables.push(populations::keys(report));
    tables.push(populations::tickmarks());
    tables.push(totals::table(report, &tables));
    let mut papers: Vec<Paper> = tables.iter().map(csv::paper).collect();
    let ipe = ipe::table(report, run, &tables, &papers);
    let index = index::table(&tables, &ipe);
    papers.extend([csv::paper(&ipe), csv::paper(&index)]);
    let sheets: Vec<&Table> = [&ipe, &index].into_iter().chain(&tables).collect();
    let workbook = xlsx::workbook(report, run, &sheets).map_err(io::Error::other)?;
    papers.push(Paper { name: WORKBOOK.into(), bytes: workbook });
    for (name, format) in
        [("report.json", Format::Json), ("junit.xml", Format::Junit), ("oscal-assessment-results.json", Format::Oscal)]
    {
        let mut bytes = Vec::new();
        render(report, run, format, &mut bytes)?;
        papers.push(Paper { name: name.into(), bytes });
    }
    papers.push(Paper { name: "00_README.txt".into(), bytes: readme::text(report, run, &sheets).into_bytes() });
    papers.sort_by(|one, other| one.name.cmp(&other.name));
    papers.push(sums(&papers));
    Ok(papers)
}

/// The population of a rule as its CSV file: what a sample is drawn from (`spec:workpapers-8`).
#[must_use]
pub fn population(report: &Report, rule: &str) -> Option<Paper> {
    let result = report.rules.iter().find(|result| result.rule.id == rule)?;
    Some(csv::paper(&rules::table(result, &Joined::of(report))))
}

/// As `sha256sum` prints and checks it.
fn sums(papers: &[Paper]) -> Paper {
    let lines = papers.iter().map(|paper| format!("{}  {}\n", Digest::of(&paper.bytes), paper.name));
    Paper { name: "SHA256SUMS".into(), bytes: lines.collect::<String>().into_bytes() }
}

#[cfg(test)]
mod tests;
