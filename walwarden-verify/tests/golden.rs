//! Golden bundles: verdict, what is not run, exceptions.

mod golden_support;

use golden_support::judge_all;

#[test]
fn every_golden_bundle_is_judged_as_it_says() {
    let reports = judge_all("golden");
    assert_eq!(reports.len(), 6, "change this number on purpose");
}
