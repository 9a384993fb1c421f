//! JUnit, read back by another library.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "Python reads the file, or says that it is absent"
)]

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::{sample, samples, string};
use crate::{
    render::Format,
    report::{Outcome, Verdict},
};

/// Prints the suites as JSON: attributes, and of each case its name and the kinds of its children.
const READ: &str = "
import json, sys
from xml.etree import ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
assert root.tag == 'testsuites'
cases = lambda suite: [{'name': c.get('name'), 'is': [k.tag for k in c], 'message': [k.get('message') for k in c],
                        'text': ''.join(k.text or '' for k in c)} for c in suite.iter('testcase')]
properties = lambda suite: {p.get('name'): p.get('value') for p in suite.iter('property')}
print(json.dumps([root.attrib] + [dict(s.attrib, cases=cases(s), properties=properties(s)) for s in root]))
";

/// The file as Python reads it; `None`, said aloud, without Python.
pub(super) fn read(xml: &str) -> Option<Value> {
    let child = Command::new("python3").args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            println!("SKIPPED: python3: {error}");
            return None;
        }
    };
    child.stdin.take().expect("a pipe").write_all(xml.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{xml}");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn another_reader_counts_what_the_report_counts() {
    for (name, report) in samples() {
        let Some(read) = read(&string(&report, Format::Junit)) else { return };
        let suites = read.as_array().expect("suites");
        let (checks, rules) = (&suites[1], &suites[2..]);
        let counts = report.counts();
        let number = |suite: &Value, of: &str| suite[of].as_str().expect("a count").parse::<usize>().expect("a number");
        let cases = |suite: &Value| suite["cases"].as_array().expect("cases").clone();
        let having = |suite: &Value, kind: &str| cases(suite).iter().filter(|case| case["is"][0] == kind).count();
        assert_eq!(number(checks, "tests"), report.checks.len(), "{name}");
        assert_eq!(number(checks, "failures"), counts.failed, "{name}");
        assert_eq!(number(checks, "errors"), counts.required_not_run, "{name}");
        assert_eq!(number(checks, "skipped"), counts.not_run - counts.required_not_run + counts.accepted, "{name}");
        // A suite for each database that a rule names, and one for the rest; each deviating item stands in one of them.
        let named: BTreeSet<&str> = report
            .rules
            .iter()
            .flat_map(
                |rule| if rule.by_database().is_empty() { vec!["*"] } else { rule.by_database().into_keys().collect() },
            )
            .collect();
        assert_eq!(rules.len(), named.len(), "{name}");
        let all: Vec<Value> = rules.iter().flat_map(cases).collect();
        for rule in &report.rules {
            let of = all.iter().filter(|case| case["name"].as_str().expect("a name").starts_with(rule.rule.id));
            assert_eq!(of.count(), rule.by_database().len().max(1), "{name}: {}", rule.rule.id);
        }
        let deviating = |case: &Value| match case["message"][0].as_str() {
            Some(message) if message.starts_with("exception ") => case["text"].as_str().expect("text").lines().count(),
            _ => 0,
        };
        assert_eq!(all.iter().map(deviating).sum::<usize>(), counts.exceptions, "{name}");
        for suite in &suites[1..] {
            for (kind, of) in [("failure", "failures"), ("error", "errors"), ("skipped", "skipped")] {
                assert_eq!(having(suite, kind), number(suite, of), "{name}: {kind}");
            }
        }
        for of in ["tests", "failures", "errors", "skipped"] {
            assert_eq!(
                number(&read[0], of),
                suites[1..].iter().map(|suite| number(suite, of)).sum::<usize>(),
                "{name}: {of}"
            );
        }
        let green = number(&read[0], "failures") + number(&read[0], "errors") == 0;
        assert_eq!(green, report.verdict() == Verdict::Verified, "{name}: green is exit code 0");
        assert_eq!(checks["properties"]["verdict"], report.verdict().word());
    }
}

#[test]
fn a_failure_says_what_where_expected_and_found() {
    let report = sample::rejected();
    let Some(read) = read(&string(&report, Format::Junit)) else { return };
    let mut found = 0;
    for (result, case) in report.checks.iter().zip(read[1]["cases"].as_array().expect("cases")) {
        let Outcome::Fail(finding) = &result.outcome else { continue };
        assert_eq!(case["message"][0], finding.what.as_str());
        for part in [&finding.at, &finding.expected, &finding.found] {
            assert!(case["text"].as_str().expect("text").contains(part.as_str()), "{part}");
        }
        found += 1;
    }
    assert_eq!(found, 2);
}
