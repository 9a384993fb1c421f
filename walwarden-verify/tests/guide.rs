//! The commands of the auditor's guide run, and end as the guide says.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs")]

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use walwarden_core::{Decimal, Digest, event::Trigger, handover::Handover};
use walwarden_fixtures::{
    corpus,
    golden::{august, begun, july, witness, witness_keys},
    keys::TestKey,
    story::{keys::Ring, tables::tiny},
};

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
    let seen = tempfile::tempdir().expect("a folder");
    seen_and_stored(seen.path());

    let mut ends: BTreeMap<i32, usize> = BTreeMap::new();
    for line in
        guide.lines().filter(|line| line.trim_start().starts_with("walwarden-verify ") && line.starts_with("    "))
    {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let args = words.iter().map(|word| if *word == "FINGERPRINT" { root.as_str() } else { word });
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
        // The record with witnesses and real dumps has the names of the guide in a folder of its own.
        let from_outside = words.contains(&"--witness") || words.contains(&"--artifacts");
        let place = if from_outside { seen.path() } else { folder.path() };
        let output = command.current_dir(place).env_clear().args(args).output().expect("the program starts");
        let expected = if words.contains(&"--evidence") { 1 } else { 0 };
        let said = String::from_utf8_lossy(&output.stderr);
        let said: String = said.lines().filter(|line| !line.starts_with("wrote ")).collect();
        assert_eq!((output.status.code(), said.as_str()), (Some(expected), ""), "{line}");
        if from_outside {
            let said = String::from_utf8(output.stdout).expect("UTF-8");
            let check = if words.contains(&"--witness") { "chain.witnessed" } else { "artifacts.digests" };
            let passed = said.lines().any(|line| line.contains("● passed") && line.contains(check));
            assert!(passed, "{line}: {check} passed\n{said}");
        }
        *ends.entry(expected).or_default() += 1;
    }
    assert_eq!(ends, BTreeMap::from([(0, 20), (1, 1)]), "change these numbers on purpose");
    for written in [
        "report.html",
        "report.pdf",
        "report.json",
        "checks.xml",
        "oscal.json",
        "backup.json",
        "fork.json",
        "papers/workpapers.xlsx",
        "sample_WW-BK-04.json",
    ] {
        assert!(folder.path().join(written).is_file(), "{written}");
    }
}

/// A bundle whose head two witnesses cosigned and whose dumps exist, under the names of the guide.
fn seen_and_stored(folder: &Path) {
    let stored = b"what lies in the storage";
    let mut story = begun("acme.example/guide-t4v8w1y5zb", Ring::small(), &["shop"]);
    let run = story.at("2026-07-02T00:00:00Z").backup_started("shop", Trigger::Schedule);
    let backup = story.wait(4_210).backup_completed(&run, &tiny(), |backup| {
        let object = &mut backup.data.object;
        (object.bytes, object.sha256) = (Decimal(stored.len() as u64), Digest::of(stored));
    });
    story.at("2026-07-02T06:00:00Z").restore_test(&backup);
    story.at("2026-07-31T22:10:00Z").export(july());
    for index in [0, 1] {
        let (witness, key) = witness(index);
        story.cosign(&witness, &key, "2026-07-31T22:11:00Z");
    }
    let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("written");
    write("acme-2026-Q3.zip", &story.seal(july()).zip());
    write("handover.json", story.handover(1).as_bytes());
    write("witnesses.txt", witness_keys().as_bytes());
    fs::create_dir(folder.join("dumps")).expect("a folder");
    write("dumps/any-name", stored);
}

/// What the guide says of pins and a change of roots.
#[test]
fn pins_of_after_a_change_of_roots_do_not_anchor_an_older_bundle() {
    let mut story = begun("acme.example/guide-roots-c6f2h9k3mn", Ring::small(), &["shop"]);
    let backup = story.at("2026-07-02T00:00:00Z").backup("shop", &tiny());
    story.at("2026-07-02T06:00:00Z").restore_test(&backup);
    let first = story.at("2026-07-31T22:10:00Z");
    let head = first.export(july());
    let (first, old) = (first.seal(july()), story.handover(1));
    let kept = format!("{} {} {}\n", story.origin, head.size, head.root);
    story.exported(&first, head.size);
    let roots = [TestKey::new("root b")];
    let signers = [TestKey::new("root a"), TestKey::new("root b")];
    story.at("2026-08-01T08:00:00Z").replace_roots(&roots, 1, &signers);
    let backup = story.at("2026-08-02T00:00:00Z").backup("shop", &tiny());
    story.at("2026-08-02T06:00:00Z").restore_test(&backup);
    story.at("2026-08-31T22:10:00Z").export(august());
    let second = story.seal(august());

    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("written");
    write("old.zip", &first.zip());
    write("new.zip", &second.zip());
    write("old.json", old.as_bytes());
    write("kept-head.txt", kept.as_bytes());
    let new = TestKey::new("root b").fingerprint().to_string();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
        let output = command.current_dir(folder.path()).env_clear().args(args).output().expect("the program starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let (code, said) = run(&["new.zip", "--root", &new, "--previous", "old.zip"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("not signed by the root keys that you pinned") && said.contains("pins that you held then"));
    assert_eq!(run(&["new.zip", "--trust", "old.json", "--previous", "old.zip"]), (Some(0), String::new()));
    assert_eq!(run(&["old.zip", "--trust", "old.json"]), (Some(0), String::new()));
    assert_eq!(run(&["new.zip", "--root", &new, "--known-head", "kept-head.txt"]), (Some(0), String::new()));
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
