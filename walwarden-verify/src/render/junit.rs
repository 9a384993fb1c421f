//! JUnit XML, for build servers: a suite for the checks, and one for each database (`spec:workpapers-11`).
//!
//! A build that minds only failures and errors is green exactly when the exit code is 0. What did not pass is never a
//! passed test case: a required check that was not run is an error, everything else that says nothing is skipped.

use std::collections::BTreeMap;

use walwarden_core::rules::{Gap, GapKind, RuleResult, Status};

use super::{
    document::{TITLE, not_run},
    escape::{self, NAME, SENTENCE},
};
use crate::report::{CheckResult, Outcome, Report};

/// Suite of the rules and parts of rules that are of no one database.
const ORGANISATION: &str = "organisation";

/// Writes the report as JUnit XML, ended by LF.
pub(super) fn render(report: &Report) -> String {
    let mut suites = vec![("checks".to_owned(), report.checks.iter().map(Case::of_check).collect::<Vec<_>>())];
    suites.extend(databases(report));
    let all: Vec<&Case> = suites.iter().flat_map(|(_, cases)| cases).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!("<testsuites name=\"{}\"{}>\n", xml(TITLE, NAME), counts(&all)));
    for (name, cases) in &suites {
        let name = xml(name, NAME);
        out.push_str(&format!("  <testsuite name=\"{name}\"{}>\n", counts(&cases.iter().collect::<Vec<_>>())));
        out.push_str(&properties(report));
        cases.iter().for_each(|case| out.push_str(&case.xml(&name)));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// The rules by database, in their order; what is of none stands first.
fn databases(report: &Report) -> Vec<(String, Vec<Case>)> {
    let mut suites: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for result in &report.rules {
        let parts = result.by_database();
        if parts.is_empty() {
            suites.entry("").or_default().push(Case::of_rule(result, result.status, None));
        }
        for (database, status) in parts {
            let suite = if database == "*" { "" } else { database };
            suites.entry(suite).or_default().push(Case::of_rule(result, status, Some(database)));
        }
    }
    let named = |(name, cases): (&str, Vec<Case>)| match name {
        "" => (ORGANISATION.to_owned(), cases),
        // A database may have any name, and no suite is mistaken for another.
        name => (format!("database {name}"), cases),
    };
    suites.into_iter().map(named).collect()
}

/// One check or rule.
struct Case {
    name: String,
    result: Result,
}

enum Result {
    Passed,
    /// What kind, in a line, in full.
    Failed(&'static str, String, String),
    /// What kind, in a line: required and not run, or promised and not evidenced.
    Error(&'static str, String),
    Skipped(String),
}

impl Case {
    fn of_check(result: &CheckResult) -> Self {
        let check = result.check;
        let came = match &result.outcome {
            Outcome::Pass(_) => Result::Passed,
            Outcome::Fail(finding) => {
                let parts = [("where", &finding.at), ("expected", &finding.expected), ("found", &finding.found)];
                let said = parts.iter().filter(|(_, value)| !value.is_empty());
                let full: Vec<String> = said.map(|(label, value)| format!("{label}: {}", shown(value))).collect();
                Result::Failed(finding.reads_as.word(), shown(&finding.what), full.join("\n"))
            }
            Outcome::NotRun(reason) if check.required => {
                Result::Error("not-run", format!("not run: {}", not_run(reason)))
            }
            Outcome::NotRun(reason) => Result::Skipped(format!("not run: {}", not_run(reason))),
            Outcome::Accepted(choice) => Result::Skipped(format!("accepted by the reader, not passed: {choice}")),
        };
        Self { name: format!("{}: {}", check.id, check.title), result: came }
    }

    /// A rule as it stands for a database; `None` where it stands for all.
    fn of_rule(result: &RuleResult, status: Status, database: Option<&str>) -> Self {
        let of = |of: &str| database.is_none_or(|database| database == of);
        let (word, words) = (status.word(), status.print().1);
        let items: Vec<_> = result.items.iter().filter(|item| of(&item.database)).collect();
        let gaps: Vec<_> = result.gaps.iter().filter(|gap| of(&gap.database)).collect();
        let reason = || {
            let gap = gaps.first().map_or(result.reason.as_str(), |gap| gap.what.as_str());
            format!("{words}: {}", shown(gap))
        };
        let came = match status {
            Status::Supported => Result::Passed,
            Status::Exception => {
                let deviating: Vec<String> = items
                    .iter()
                    .filter_map(|item| {
                        let deviation = shown(item.deviation.as_deref()?);
                        Some(format!("{}: {deviation}", escape::visible(&item.id, NAME)))
                    })
                    .collect();
                Result::Failed(word, format!("{words} {}/{}", deviating.len(), items.len()), deviating.join("\n"))
            }
            Status::IntegrityFailure => Result::Failed(word, reason(), String::new()),
            Status::NotEvidenced if missing(result, &gaps) => Result::Error(word, reason()),
            Status::NotEvidenced | Status::NotTested | Status::NotOccurred | Status::NotApplicable => {
                Result::Skipped(reason())
            }
        };
        Self { name: format!("{}: {}", result.rule.id, result.rule.title), result: came }
    }

    fn xml(&self, suite: &str) -> String {
        let head = format!("    <testcase classname=\"{suite}\" name=\"{}\"", xml(&self.name, NAME));
        let line = |text: &str| xml(text, SENTENCE);
        match &self.result {
            Result::Passed => format!("{head}/>\n"),
            Result::Failed(kind, what, full) => format!(
                "{head}>\n      <failure type=\"{kind}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                line(what),
                full.lines().map(|part| xml(part, usize::MAX)).collect::<Vec<_>>().join("\n")
            ),
            Result::Error(kind, why) => {
                format!("{head}>\n      <error type=\"{kind}\" message=\"{}\"/>\n    </testcase>\n", line(why))
            }
            Result::Skipped(why) => format!("{head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", line(why)),
        }
    }
}

/// Whether evidence is missing that was promised.
fn missing(result: &RuleResult, gaps: &[&Gap]) -> bool {
    let promised = gaps.iter().any(|gap| matches!(gap.kind, GapKind::NotCovered | GapKind::NoInput));
    promised || gaps.is_empty() && result.lacks_evidence()
}

/// A sentence as it may be shown.
fn shown(text: &str) -> String {
    escape::visible(text, SENTENCE)
}

/// Text for an attribute or between tags: nothing hidden, which leaves nothing that XML 1.0 forbids, and no markup.
fn xml(text: &str, cap: usize) -> String {
    let mut out = String::new();
    for c in escape::visible(text, cap).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}

fn counts(cases: &[&Case]) -> String {
    let of = |which: fn(&Result) -> bool| cases.iter().filter(|case| which(&case.result)).count();
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
        cases.len(),
        of(|result| matches!(result, Result::Failed(..))),
        of(|result| matches!(result, Result::Error(..))),
        of(|result| matches!(result, Result::Skipped(_)))
    )
}

/// What the whole report says.
fn properties(report: &Report) -> String {
    let verdict = report.verdict();
    let digest = report.subject.bundle_digest.map_or_else(String::new, |digest| digest.to_string());
    let all = [
        ("verdict", verdict.word().to_owned()),
        ("exit-code", verdict.exit_code().to_string()),
        ("bundle-digest", digest),
        ("as-of", report.as_of.to_string()),
    ];
    let lines = all.map(|(name, value)| format!("      <property name=\"{name}\" value=\"{}\"/>\n", xml(&value, NAME)));
    format!("    <properties>\n{}    </properties>\n", lines.concat())
}
