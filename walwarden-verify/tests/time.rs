//! What a report says of time: no more than the reader's own roots carry (`spec:time-10`).
#![allow(clippy::disallowed_types, reason = "a test starts the program")]

mod golden_support;

use std::{path::PathBuf, process::Command};

use walwarden_core::tsa::TsaRoots;
use walwarden_fixtures::{case::Expect, corpus};
use walwarden_verify::{
    Report, RunBlock, Source, VerifyInput, open,
    render::{Format, render},
    verify,
};

const NAMED: &str = "named by the organisation, not independent";

fn toml() -> PathBuf {
    corpus::folder().join("golden/timestamped.toml")
}

fn judged(roots: &[&str]) -> Report {
    let expect = Expect::read(&toml());
    let mut trust = golden_support::trust(&toml(), &expect);
    trust.tsa_roots = TsaRoots::default();
    for root in roots {
        let file = corpus::folder().join(format!("peers/tsa/{root}.pem"));
        trust.tsa_roots.add(&std::fs::read(file).expect("a root")).expect("a root");
    }
    let source: Source = open(&toml().with_extension("zip")).expect("a zip");
    verify(&VerifyInput { source: &source, trust: &trust, as_of: expect.as_of.parse().expect("a time") })
}

fn text(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    render(report, &RunBlock::default(), format, &mut out).expect("it renders");
    String::from_utf8(out).expect("UTF-8").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_head_stamped_late_is_bounded_by_the_late_time_and_no_later_entry_is() {
    let report = judged(&["ec-root", "rsa-authority"]);
    let stamps = &report.facts.stamps;
    assert_eq!(stamps.iter().map(|stamp| stamp.size).collect::<Vec<_>>(), [7, 11]);
    for stamp in stamps {
        // The head was signed on the third or tenth, and seen on the twenty-first; the authority states one second.
        assert_eq!(stamp.gen_time.to_string(), "2026-11-21T07:49:18.000000Z");
        assert_eq!(stamp.not_after.to_string(), "2026-11-21T07:49:19.000000Z");
        assert!(stamp.root.is_some());
    }
    assert!(report.facts.entries > 11, "entries after the head have no bound");
    let html = text(&report, Format::Html);
    assert!(html.contains("2026-11-21 07:49:19") && html.contains("entries after the head have no such bound"));
    assert!(!html.contains(NAMED));
}

#[test]
fn without_a_root_of_the_readers_a_time_stamp_is_the_organisations_word() {
    for (roots, independent) in [(&[][..], 0), (&["rsa-root"], 0), (&["ec-root"], 1)] {
        let report = judged(roots);
        let stamps = &report.facts.stamps;
        assert_eq!(stamps.iter().filter(|stamp| stamp.root.is_some()).count(), independent);
        assert!(text(&report, Format::Html).contains(NAMED));
        let json: serde_json::Value = serde_json::from_str(&text(&report, Format::Json)).expect("JSON");
        let shown = json["facts"]["timestamps"].as_array().expect("a list");
        assert_eq!(shown.iter().filter(|stamp| !stamp["root"].is_null()).count(), independent);
        assert_eq!(json["trust"]["tsa_roots"].as_array().expect("a list").len(), roots.len());
    }
}

#[test]
fn the_program_takes_roots_and_refuses_what_is_none() {
    let file = |name: &str| corpus::folder().join(name).display().to_string();
    let run = |root: &str| {
        Command::new(env!("CARGO_BIN_EXE_walwarden-verify"))
            .args([file("golden/timestamped.zip"), "--trust".into(), file("golden/timestamped.json")])
            .args(["--as-of", "2026-12-15T12:00:00Z", "--tsa-root", &file(root)])
            .output()
            .expect("the program starts")
    };
    let good = run("peers/tsa/ec-root.pem");
    let said = String::from_utf8_lossy(&good.stdout);
    assert_eq!(good.status.code(), Some(4), "weeks without a backup: {said}");
    assert!(said.contains("1 of 2 time stamps"), "{said}");
    for (root, why) in [
        ("peers/tsa/ec-signer.pem", "CA:TRUE"),
        ("peers/tsa/ec-signer.key", "PEM"),
        ("golden/timestamped.zip", "PEM or DER"),
    ] {
        let refused = run(root);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && said.contains("hint: --tsa-root takes certificates"), "{said}");
    }
}
