//! JUnit XML, for build servers: one suite for the checks, one for the rules.
//!
//! A build that minds only failures and errors is green exactly when the exit code is 0. What did not pass is never a
//! passed test case: a required check that was not run is an error, everything else that says nothing is skipped.

use walwarden_core::rules::{RuleResult, Status};

use super::{
    document::{TITLE, not_run},
    escape::{self, NAME, SENTENCE},
};
use crate::report::{CheckResult, Outcome, Report};

/// Writes the report as JUnit XML, ended by LF.
pub(super) fn render(report: &Report) -> String {
    let checks: Vec<Case> = report.checks.iter().map(Case::of_check).collect();
    let rules: Vec<Case> = report.rules.iter().map(Case::of_rule).collect();
    let all: Vec<&Case> = checks.iter().chain(&rules).collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!("<testsuites name=\"{}\"{}>\n", xml(TITLE, NAME), counts(&all)));
    for (name, cases) in [("checks", &checks), ("rules", &rules)] {
        out.push_str(&format!("  <testsuite name=\"{name}\"{}>\n", counts(&cases.iter().collect::<Vec<_>>())));
        out.push_str(&properties(report));
        cases.iter().for_each(|case| out.push_str(&case.xml(name)));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
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
    /// Required, and not run.
    Error(String),
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
            Outcome::NotRun(reason) if check.required => Result::Error(format!("not run: {}", not_run(reason))),
            Outcome::NotRun(reason) => Result::Skipped(format!("not run: {}", not_run(reason))),
            Outcome::Accepted(choice) => Result::Skipped(format!("accepted by the reader, not passed: {choice}")),
        };
        Self { name: format!("{}: {}", check.id, check.title), result: came }
    }

    fn of_rule(result: &RuleResult) -> Self {
        let (word, words) = (result.status.word(), result.status.print().1);
        let reason = || format!("{words}: {}", shown(&result.reason));
        let came = match result.status {
            Status::Supported => Result::Passed,
            Status::Exception => {
                let items = result.items.iter().filter_map(|item| {
                    Some(format!("{}: {}", escape::visible(&item.id, NAME), shown(item.deviation.as_deref()?)))
                });
                let line = format!("{words} {}/{}", result.deviating(), result.items.len());
                Result::Failed(word, line, items.collect::<Vec<_>>().join("\n"))
            }
            Status::NotEvidenced if result.lacks_evidence() => Result::Failed(word, reason(), String::new()),
            Status::NotEvidenced
            | Status::IntegrityFailure
            | Status::NotTested
            | Status::NotOccurred
            | Status::NotApplicable => Result::Skipped(reason()),
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
            Result::Error(why) => {
                format!("{head}>\n      <error type=\"not-run\" message=\"{}\"/>\n    </testcase>\n", line(why))
            }
            Result::Skipped(why) => format!("{head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", line(why)),
        }
    }
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
        of(|result| matches!(result, Result::Error(_))),
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
