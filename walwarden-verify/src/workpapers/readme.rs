//! `00_README.txt`: what lies here, and how to read it.

use walwarden_core::{
    policy::Framework,
    rules::{Basis, Status},
};

use super::Table;
use crate::{
    render::{DISCLAIMER, escape::visible_name},
    report::{Report, RunBlock},
};

/// The text, ended by LF, lines as wide as a page.
pub(super) fn text(report: &Report, run: &RunBlock, tables: &[&Table]) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    let claims = report.claims.as_ref();
    let digest = |digest: Option<walwarden_core::Digest>| digest.map_or("not established".into(), |d| d.to_string());
    line("Workpapers of a walwarden evidence bundle\n");
    line("Prepared by client (software). Columns named auditor_* are empty: they are yours.\n");
    line(&format!("organisation    {}", claims.map_or("not known".into(), |c| visible_name(&c.organisation))));
    if let Some(claims) = claims {
        line(&format!("period          {} to {} (half-open)", claims.period.start, claims.period.end));
        line(&format!("origin          {}", claims.origin));
    }
    line(&format!("bundle          {}", visible_name(&report.subject.name)));
    line(&format!("bundle digest   {}", digest(report.subject.bundle_digest)));
    line(&format!("file sha256     {}", digest(report.subject.file_digest)));
    line(&format!("as of           {}", report.as_of));
    let (verdict, counts) = (report.verdict(), report.counts());
    line(&format!("verdict         {} (exit code {})", verdict.words(), verdict.exit_code()));
    line(&format!(
        "counts          {} checks failed, {} not run, {} accepted by the reader, {} passed; {} exceptions, {} rules not evidenced",
        counts.failed, counts.not_run, counts.accepted, counts.passed, counts.exceptions, counts.not_evidenced
    ));
    let names = |frameworks: &[Framework]| match frameworks {
        [] => "none".to_owned(),
        some => some.iter().map(|framework| framework.word()).collect::<Vec<_>>().join(", "),
    };
    let arranged = &report.arranged;
    line(&format!("frameworks      {} (chosen by: {})", names(&arranged.frameworks), arranged.by.word()));
    line(&format!("left out        {}; the rules are the same", names(&arranged.left_out())));
    line(&format!("availability    SOC 2 A1: {}, as the policy says", arranged.availability.word()));
    line(&format!("program         walwarden-verify {}, sha256 {}", run.version, digest(run.program)));
    line("\nFiles\n");
    for table in tables {
        line(&format!("  {:<34} {} ({} rows)", table.file, table.title, table.rows.len()));
    }
    for (file, about) in FILES {
        line(&format!("  {file:<34} {about}"));
    }
    line("\nHow to read a table\n");
    HOW.iter().for_each(|text| line(text));
    line("\nStatuses of a rule, strongest first; what an item is: conforms or deviates\n");
    for status in [
        Status::IntegrityFailure,
        Status::Exception,
        Status::NotEvidenced,
        Status::NotTested,
        Status::Supported,
        Status::NotOccurred,
        Status::NotApplicable,
    ] {
        line(&format!("  {}", status.word()));
    }
    line("\nBasis: on what a statement rests\n");
    for basis in [Basis::B1, Basis::B2, Basis::B3, Basis::B4, Basis::B5] {
        let (id, means) = basis.print();
        line(&format!("  {id}  {means}"));
    }
    line(&format!("\n{DISCLAIMER}"));
    out
}

const FILES: [(&str, &str); 5] = [
    ("workpapers.xlsx", "all tables as sheets, and a cover"),
    ("report.json", "the report for machines: spec/15-report.md"),
    ("junit.xml", "checks and rules for a build server"),
    ("oscal-assessment-results.json", "NIST OSCAL assessment results, SP 800-53 only"),
    ("SHA256SUMS", "digests of all files here: sha256sum -c SHA256SUMS"),
];

const HOW: [&str; 8] = [
    "  CSV by RFC 4180: UTF-8, lines end with LF, one header line. Empty: not recorded, or does not apply.",
    "  Times are UTC, YYYY-MM-DDTHH:MM:SS.ffffffZ. Numbers are whole; columns ending in _s are seconds.",
    "  Rows with occurred_at and item_id are in order of these two.",
    "  A text that begins with = + - @ (plain or full-width), tab or a line break has one ' before it, so that no",
    "  spreadsheet takes it for a formula. Take that ' away to have the text.",
    "  What cannot be seen, such as a control character, is written [U+XXXX].",
    "  entry_id names a line of chain/entries.ndjson in the bundle; seq is its number, entry_hash its leaf.",
    "  To draw a sample: walwarden-verify sample BUNDLE --rule RULE --ref REF (spec/17-workpapers.md)",
];
