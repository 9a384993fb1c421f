//! The words about a check are true to it: every way in which it fails in the corpus is among those that are named.

mod golden_support;

use std::collections::BTreeSet;

use golden_support::{cases, judge, name};
use walwarden_fixtures::case::Expect;
use walwarden_verify::{explain, report::Outcome};

#[test]
fn every_way_of_failing_that_was_seen_is_explained() {
    let mut missing = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for toml in cases("tampered") {
        let report = judge(&toml, &Expect::read(&toml));
        for result in &report.checks {
            let Outcome::Fail(finding) = &result.outcome else { continue };
            let words = explain::of_check(result.check.id).expect("every check has its words");
            seen.insert((result.check.id, finding.reads_as.word()));
            if !words.fails.iter().any(|(reads_as, _)| *reads_as == finding.reads_as) {
                missing.insert(format!(
                    "{} reads as {} ({}: {})",
                    result.check.id,
                    finding.reads_as.word(),
                    name(&toml),
                    finding.what
                ));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen.len() > 40, "the corpus shows many ways of failing, not {}", seen.len());
}
