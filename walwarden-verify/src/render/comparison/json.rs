//! `comparison.json`, version `v1-draft` (`spec/schema/comparison.v1-draft.json`).

use serde::Serialize;
use walwarden_core::{Digest, Period};

use crate::{
    compare::{Comparison, Periods, SideShown},
    render::escape,
};

/// `schema` of every comparison of this version.
const SCHEMA: &str = "https://walwarden.dev/spec/comparison/v1-draft";

/// Writes the comparison, indented, ended by LF.
pub(super) fn render(comparison: &Comparison) -> Result<String, serde_json::Error> {
    let mut text = escape::json(&serde_json::to_string_pretty(&V1::of(comparison))?);
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct V1<'a> {
    schema: &'static str,
    relation: &'static str,
    why: &'a str,
    verdict: &'static str,
    exit_code: u8,
    as_of: String,
    root_pinned: bool,
    periods: Option<PeriodsV1>,
    first: Side<'a>,
    second: Side<'a>,
    /// SHA-256 of the evidence file, where a fork is shown.
    fork_evidence_sha256: Option<Digest>,
}

#[derive(Serialize)]
struct PeriodsV1 {
    relation: &'static str,
    /// The gap, or what both cover.
    span: Option<Period>,
}

#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    kind: &'static str,
    bundle_digest: Option<Digest>,
    head: Option<Head>,
    genesis: Option<Digest>,
    period: Option<Period>,
    failed: Vec<Failed<'a>>,
    required_not_run: &'a [&'static str],
}

#[derive(Serialize)]
struct Head {
    origin: String,
    size: u64,
    root: Digest,
}

#[derive(Serialize)]
struct Failed<'a> {
    check: &'static str,
    what: &'a str,
    reads_as: &'static str,
    at: &'a str,
    expected: &'a str,
    found: &'a str,
}

impl<'a> V1<'a> {
    fn of(comparison: &'a Comparison) -> Self {
        let verdict = comparison.verdict();
        Self {
            schema: SCHEMA,
            relation: comparison.relation.word(),
            why: &comparison.why,
            verdict: verdict.word(),
            exit_code: verdict.exit_code(),
            as_of: comparison.as_of.to_string(),
            root_pinned: comparison.pinned,
            periods: comparison.periods.map(PeriodsV1::of),
            first: Side::of(&comparison.old),
            second: Side::of(&comparison.new),
            fork_evidence_sha256: comparison.fork.as_ref().map(|fork| Digest::of(fork.bytes())),
        }
    }
}

impl PeriodsV1 {
    const fn of(periods: Periods) -> Self {
        match periods {
            Periods::Join => Self { relation: "join", span: None },
            Periods::Same => Self { relation: "same", span: None },
            Periods::Gap(span) => Self { relation: "gap", span: Some(span) },
            Periods::Overlap(span) => Self { relation: "overlap", span: Some(span) },
        }
    }
}

impl<'a> Side<'a> {
    fn of(side: &'a SideShown) -> Self {
        let head = side.head.as_ref().map(|head| Head {
            origin: head.origin.to_string(),
            size: head.tree.size,
            root: head.tree.root,
        });
        let failed = side.failed.iter().map(|(check, finding)| Failed {
            check,
            what: &finding.what,
            reads_as: finding.reads_as.word(),
            at: &finding.at,
            expected: &finding.expected,
            found: &finding.found,
        });
        Self {
            name: &side.name,
            kind: side.kind,
            bundle_digest: side.bundle_digest,
            head,
            genesis: side.genesis,
            period: side.period,
            failed: failed.collect(),
            required_not_run: &side.not_run,
        }
    }
}
