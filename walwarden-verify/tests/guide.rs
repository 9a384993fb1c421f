//! The commands of the auditor's guide run, and end as the guide says.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs")]

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use walwarden_core::handover::Handover;
use walwarden_fixtures::corpus;

/// The files of the guide, and what stands for them.
const FILES: [(&str, &str); 7] = [
    ("acme-2026-Q3.zip", "golden/previous.zip"),
    ("acme-2026-Q4.zip", "golden/next.zip"),
    ("handover.json", "golden/previous.json"),
    ("tsa-root.pem", "peers/tsa/ec-root.pem"),
    ("one.zip", "pairs/forked-failed.zip"),
    ("other.zip", "pairs/forked-longer.zip"),
    ("handover-of-that-chain.json", "golden/minimal.json"),
];

#[test]
fn every_command_of_the_guide_runs() {
    let guide = fs::read_to_string(corpus::folder().join("../spec/guides/auditor.md")).expect("the guide");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, file) in FILES {
        fs::copy(corpus::folder().join(file), folder.path().join(name)).expect("copied");
    }
    let handover = Handover::parse(&fs::read(folder.path().join("handover.json")).expect("read")).expect("a handover");
    let root = handover.roots.first().expect("a root").to_string();
    keep_head(folder.path());

    let mut ends: BTreeMap<i32, usize> = BTreeMap::new();
    for line in guide.lines().filter(|line| line.starts_with("    walwarden-verify")) {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let args = words.iter().map(|word| if *word == "FINGERPRINT" { root.as_str() } else { word });
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
        let output = command.current_dir(folder.path()).env_clear().args(args).output().expect("the program starts");
        let expected = if words.contains(&"--evidence") { 1 } else { 0 };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.as_str()), (Some(expected), ""), "{line}");
        *ends.entry(expected).or_default() += 1;
    }
    assert_eq!(ends, BTreeMap::from([(0, 11), (1, 1)]), "change these numbers on purpose");
    for written in ["report.html", "report.pdf", "report.json", "fork.json"] {
        assert!(folder.path().join(written).is_file(), "{written}");
    }
}

/// The line that the report of the first bundle says to keep.
fn keep_head(folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
    let args = ["acme-2026-Q3.zip", "--trust", "handover.json"];
    let output = command.current_dir(folder).env_clear().args(args).output().expect("the program starts");
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    let after = report.split("Keep this line").nth(1).expect("the section");
    let line = after.lines().find(|line| line.starts_with("    ")).expect("the line").trim();
    fs::write(folder.join("kept-head.txt"), format!("{line}\n")).expect("written");
}
