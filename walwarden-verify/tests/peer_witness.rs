//! A witness that is not ours cosigns our checkpoints, and the verifier takes it: `fixtures/peers/witness/`.
#![allow(clippy::disallowed_types, reason = "a test starts programs")]

mod golden_support;
mod python_support;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use golden_support::cases;
use python_support::python;
use serde_json::{Value, json};
use walwarden_core::{checkpoint::Note, cosignature::Witness};
use walwarden_fixtures::{
    case::Expect,
    corpus,
    tamper::{CHECKPOINTS, Kit},
};
use walwarden_verify::{Report, Source, Trust, VerifyInput, report::Outcome, verify};

/// When that witness says that it saw what it cosigned.
const TIME: &str = "2026-07-31T22:00:00.000000Z";

fn peer(file: &str) -> PathBuf {
    corpus::folder().join("peers/witness").join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(peer(file)).expect("text")
}

fn witness() -> Witness {
    Witness::parse_file(text("key.txt").as_bytes()).expect("a verifier key").remove(0)
}

/// The last checkpoint of a bundle.
fn last(kit: &Kit) -> String {
    let checkpoints = kit.text(CHECKPOINTS);
    let line: Value = serde_json::from_str(checkpoints.lines().last().expect("a line")).expect("JSON");
    line["note"].as_str().expect("a note").to_owned()
}

/// A golden bundle whose last checkpoint is this note, judged by a reader who pinned the witness.
fn judged(toml: &Path, note: &str) -> Report {
    let expect = Expect::read(toml);
    let kit = Kit::of(&fs::read(toml.with_extension("zip")).expect("a zip"));
    let size = Note::parse(note).expect("a note").head.tree.size;
    let changed = last(&kit) != note;
    let line = json!({ "note": note, "size": size }).to_string();
    let put = |kit: Kit| kit.lines(CHECKPOINTS, |lines| *lines.last_mut().expect("a line") = line).reseal();
    let kit = if changed { put(kit) } else { kit };
    let source = Source::from_zip("cosigned.zip", kit.zip()).expect("a zip");
    let mut trust: Trust = golden_support::trust(toml, &expect);
    trust.add_witnesses(text("key.txt").as_bytes(), None).expect("a witness");
    verify(&VerifyInput { source: &source, trust: &trust, as_of: expect.as_of.parse().expect("a time") })
}

fn witnessed(report: &Report) -> &Outcome {
    &report.checks.iter().find(|result| result.check.id == "chain.witnessed").expect("the check").outcome
}

#[test]
fn a_recorded_cosignature_of_another_program_holds() {
    let (before, cosigned) = (text("checkpoint"), text("cosigned"));
    assert!(cosigned.starts_with(&before), "it adds a line and changes none");
    let note = Note::parse(&cosigned).expect("a note");
    let times = witness().cosigned(&note).expect("it holds");
    assert_eq!(times.iter().map(ToString::to_string).collect::<Vec<_>>(), [TIME]);
    assert_eq!(witness().cosigned(&Note::parse(&before).expect("a note")), Ok(Vec::new()), "nobody had seen it before");
    assert_eq!(witness().to_verifier_key(), text("key.txt").trim(), "we write the key as that program does");

    let minimal = corpus::folder().join("golden/minimal.toml");
    assert!(matches!(witnessed(&judged(&minimal, &cosigned)), Outcome::Pass(_)));
    // Of the last line, one character of the signature is another.
    let at = cosigned.len() - 20;
    let other = if cosigned.as_bytes()[at] == b'A' { "B" } else { "A" };
    let spoilt = format!("{}{other}{}", &cosigned[..at], &cosigned[at + 1..]);
    assert!(matches!(witnessed(&judged(&minimal, &spoilt)), Outcome::Fail(_)));
    assert!(matches!(witnessed(&judged(&minimal, &before)), Outcome::Fail(_)), "nobody cosigned it");
}

#[test]
fn another_program_cosigns_every_golden_bundle_and_judges_our_cosignatures() {
    let Some(python) = python("aics_tlog", "a witness that is not ours") else { return };
    let make = |args: &[&str], note: &str| -> String {
        let mut child = Command::new(&python)
            .arg("-B")
            .arg(peer("make.py"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python runs");
        child.stdin.take().expect("a pipe").write_all(note.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{args:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(make(&["cosign"], &text("checkpoint")), text("cosigned"), "the recording is what it says");
    let mut count = 0;
    for toml in cases("golden") {
        let kit = Kit::of(&fs::read(toml.with_extension("zip")).expect("a zip"));
        let cosigned = make(&["cosign"], &last(&kit));
        let times = witness().cosigned(&Note::parse(&cosigned).expect("a note")).expect("it holds");
        assert_eq!(times.len(), 1, "{}", toml.display());
        count += 1;
    }
    assert!(count > 10, "too few to be all: {count}");

    let witnessed = Kit::of(&fs::read(corpus::folder().join("golden/witnessed.zip")).expect("a zip"));
    let keys = fs::read_to_string(corpus::folder().join("golden/witnesses.txt")).expect("keys");
    let keys: Vec<&str> = keys.lines().filter(|line| line.contains('+')).collect();
    let args: Vec<&str> = std::iter::once("check").chain(keys).collect();
    let note = last(&witnessed);
    let seconds = make(&args, &note);
    let seconds: Vec<i64> = seconds.lines().map(|line| line.parse().expect("seconds")).collect();
    let ours =
        Witness::parse_file(&fs::read(corpus::folder().join("golden/witnesses.txt")).expect("keys")).expect("keys");
    let note = Note::parse(&note).expect("a note");
    let expected: Vec<i64> =
        ours.iter().map(|witness| witness.cosigned(&note).unwrap()[0].micros() / 1_000_000).collect();
    assert_eq!((seconds.len(), seconds), (2, expected));
}
