//! A series for machines, version `v1` (`spec/schema/series.v1.json`).

use serde::Serialize;
use walwarden_core::{Digest, Period};

use crate::{
    compare::Periods,
    render::escape,
    report::recorded::ActionShown,
    series::{Member, Series, Trend},
};

/// `schema` of every series of this version.
const SCHEMA: &str = "https://walwarden.dev/spec/series/v1";

/// Writes the series, indented, ended by LF.
pub(super) fn render(series: &Series) -> Result<String, serde_json::Error> {
    let v1 = V1 {
        schema: SCHEMA,
        verdict: series.verdict().word(),
        exit_code: series.verdict().exit_code(),
        as_of: series.as_of.to_string(),
        evidence: series.evidence,
        bundles: series.members.iter().map(Into::into).collect(),
        rules: series.trends.iter().map(Into::into).collect(),
        open_actions: series.open_actions.iter().map(Into::into).collect(),
    };
    Ok(escape::json(&serde_json::to_string_pretty(&v1)?) + "\n")
}

#[derive(Serialize)]
struct V1<'a> {
    schema: &'static str,
    verdict: &'static str,
    exit_code: u8,
    as_of: String,
    evidence: Option<Period>,
    bundles: Vec<Bundle<'a>>,
    rules: Vec<Rule<'a>>,
    open_actions: Vec<Action<'a>>,
}

#[derive(Serialize)]
struct Bundle<'a> {
    name: &'a str,
    bundle_digest: Option<Digest>,
    period: Period,
    verdict: &'static str,
    exit_code: u8,
    exceptions: usize,
    not_evidenced: usize,
    checks_failed: usize,
    checks_not_run: usize,
    joins: Option<Joins>,
    not_joined: Option<&'a str>,
}

#[derive(Serialize)]
struct Joins {
    relation: &'static str,
    /// The gap, or what both cover.
    span: Option<Period>,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'static str,
    title: &'a str,
    periods: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    status: &'static str,
    deviating: usize,
    population: usize,
}

#[derive(Serialize)]
struct Action<'a> {
    entry: &'a str,
    opened_at: String,
    opened_before_last_period: bool,
    kind: &'a str,
    state: &'a str,
    owner: &'a str,
    due: Option<String>,
    reason_code: &'a str,
    text: &'a str,
}

impl<'a> From<&'a Member> for Bundle<'a> {
    fn from(member: &'a Member) -> Self {
        let (report, counts) = (&member.report, member.report.counts());
        let joins = |joins: Periods| match joins {
            Periods::Join => Joins { relation: "join", span: None },
            Periods::Same => Joins { relation: "same", span: None },
            Periods::Gap(gap) => Joins { relation: "gap", span: Some(gap) },
            Periods::Overlap(both) => Joins { relation: "overlap", span: Some(both) },
        };
        Self {
            name: &report.subject.name,
            bundle_digest: report.subject.bundle_digest,
            period: member.period,
            verdict: report.verdict().word(),
            exit_code: report.verdict().exit_code(),
            exceptions: counts.exceptions,
            not_evidenced: counts.not_evidenced,
            checks_failed: counts.failed,
            checks_not_run: counts.not_run,
            joins: member.joins.map(joins),
            not_joined: member.not_joined.as_deref(),
        }
    }
}

impl<'a> From<&'a Trend> for Rule<'a> {
    fn from(trend: &'a Trend) -> Self {
        let points = trend.periods.iter().map(|(status, deviating, population)| Point {
            status: status.word(),
            deviating: *deviating,
            population: *population,
        });
        Self { id: trend.rule, title: trend.title, periods: points.collect() }
    }
}

impl<'a> From<&'a ActionShown> for Action<'a> {
    fn from(action: &'a ActionShown) -> Self {
        Self {
            entry: &action.id,
            opened_at: action.opened_at.to_string(),
            opened_before_last_period: action.opened_before_period,
            kind: &action.kind,
            state: &action.state,
            owner: &action.owner,
            due: action.due.map(|due| due.to_string()),
            reason_code: &action.reason_code,
            text: &action.text,
        }
    }
}
