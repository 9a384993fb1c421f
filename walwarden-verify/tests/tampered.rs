//! Tampered bundles: exactly the checks that fail, what is not run, how it reads; those that must pass included.

mod golden_support;

use std::collections::BTreeSet;

use golden_support::{ids, judge_all};
use walwarden_verify::{Verdict, checks::CHECKS, report::Outcome};

/// Checks that no bundle fails by itself: there is nothing, nothing is read, or it is about what the reader brings.
const NEVER_FAIL: [&str; 2] = ["chain.not-empty", "artifacts.digests"];

#[test]
fn every_tampered_bundle_is_judged_as_it_says() {
    let reports = judge_all("tampered");
    assert_eq!(reports.len(), 368, "change this number on purpose");

    let passing =
        reports.iter().filter(|(_, report)| matches!(report.verdict(), Verdict::Verified | Verdict::Exceptions));
    assert_eq!(passing.count(), 36, "change this number on purpose");

    let first = |outcome: &Outcome| matches!(outcome, Outcome::Fail(_));
    let firsts: BTreeSet<&str> = reports.iter().filter_map(|(_, report)| ids(report, first).first().copied()).collect();
    let never: Vec<&str> = CHECKS.iter().map(|check| check.id).filter(|id| !firsts.contains(id)).collect();
    assert_eq!(never, NEVER_FAIL, "every other check is the first failure of some case");
}
