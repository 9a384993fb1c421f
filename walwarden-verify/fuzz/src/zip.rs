//! The container: whatever is found in it, a report lists every check.

use std::collections::BTreeSet;

use walwarden_core::Time;
use walwarden_verify::{Source, Trust, Verdict, VerifyInput, checks::CHECKS, verify};

/// Scans the bytes, and judges what was found.
pub fn run(data: &[u8]) {
    let Some(source) = Source::from_zip("fuzz.zip", data.to_vec()) else { return };
    let mut names = BTreeSet::new();
    for (name, bytes) in source.files() {
        assert!(names.insert(name.to_owned()), "a name occurs once");
        assert_eq!(source.file(name), bytes, "a name finds its file");
        assert!(bytes.is_none_or(|bytes| bytes.len() <= data.len()), "a file lies in the container");
    }
    let trust = Trust::default();
    let as_of: Time = "2026-11-01T00:00:00.000000Z".parse().expect("a time");
    let report = verify(&VerifyInput { source: &source, trust: &trust, as_of });
    assert_eq!(report.checks.len(), CHECKS.len(), "every check is listed");
    assert!(
        matches!(report.verdict(), Verdict::Rejected | Verdict::NotEstablished),
        "without a pinned root nothing is believed"
    );
}
