//! The second verifier, `spec/reference/verify.py`, was written from the pages of `spec/` and not from this crate. It
//! must come to the same verdict, the same failing checks and the same checks not run, on every bundle of the corpus and
//! on bundles changed at random. Control rules are outside its scope, so `exceptions` is `verified` to it.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs, and prints its skips")]
#![allow(clippy::disallowed_methods, reason = "only whether CI is set")]

mod golden_support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use golden_support::{cases, ids, judge, name};
use serde::Deserialize;
use walwarden_fixtures::{case::Expect, corpus};
use walwarden_verify::{Report, Source, Verdict, VerifyInput, report::Outcome, verify};

/// What both come to: verdict, failing checks, checks not run.
type Judgement = (String, BTreeSet<String>, BTreeSet<String>);

/// Checks of this crate that the second verifier does not run.
const OUTSIDE: [&str; 1] = ["time.timestamps"];

#[derive(Deserialize)]
struct Line {
    folder: String,
    case: String,
    verdict: String,
    fails: Vec<String>,
    not_run: Vec<String>,
    why: BTreeMap<String, String>,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Python that `.ci/setup` makes; `None`, said aloud, where there is none.
fn python() -> Option<PathBuf> {
    let python = workspace().join("target/python/bin/python3");
    let there =
        Command::new(&python).args(["-c", "import cryptography"]).output().is_ok_and(|run| run.status.success());
    if there {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none(), "target/python is missing: .ci/setup test");
    println!("SKIPPED: the second verifier needs target/python, made by `.ci/setup test`");
    None
}

/// What the second verifier makes of every case of these folders, in one process.
fn second(python: &Path, folders: &[PathBuf]) -> BTreeMap<(String, String), (Judgement, BTreeMap<String, String>)> {
    let verifier = workspace().join("spec/reference/verify.py");
    let run = Command::new(python).arg(verifier).arg("--corpus").args(folders).output().expect("python runs");
    let errors = String::from_utf8_lossy(&run.stderr);
    assert_eq!(errors, "", "it never fails by itself");
    let text = String::from_utf8(run.stdout).expect("UTF-8");
    let judged = |line: &str| {
        let line: Line = serde_json::from_str(line).expect("one JSON document a line");
        let sets = (line.fails.into_iter().collect(), line.not_run.into_iter().collect());
        ((line.folder, line.case), ((line.verdict, sets.0, sets.1), line.why))
    };
    text.lines().map(judged).collect()
}

/// What this crate makes of a bundle, as far as the second verifier asks.
fn first(report: &Report) -> Judgement {
    let of = |which: fn(&Outcome) -> bool| {
        let asked = ids(report, which).into_iter().filter(|id| !OUTSIDE.contains(id));
        asked.map(str::to_owned).collect()
    };
    let verdict = match report.verdict() {
        Verdict::Exceptions => "verified",
        verdict => verdict.word(),
    };
    let (fails, not_run) = (of(|o| matches!(o, Outcome::Fail(_))), of(|o| matches!(o, Outcome::NotRun(_))));
    (verdict.to_owned(), fails, not_run)
}

#[test]
fn two_verifiers_agree_on_every_bundle_of_the_corpus() {
    let Some(python) = python() else { return };
    let folders = ["golden", "tampered"].map(|folder| corpus::folder().join(folder));
    let second = second(&python, &folders);
    let mut differences = Vec::new();
    let mut count = 0_usize;
    for folder in ["golden", "tampered"] {
        for toml in cases(folder) {
            count += 1;
            let expect = Expect::read(&toml);
            let (found, why) = &second[&(folder.to_owned(), name(&toml))];
            let said = |ids: &[String]| ids.iter().filter(|id| !OUTSIDE.contains(&id.as_str())).cloned().collect();
            let verdict = if expect.verdict == "exceptions" { "verified" } else { &expect.verdict };
            let expected: Judgement = (verdict.to_owned(), said(&expect.fails), said(&expect.not_run));
            for (whose, judgement) in [("the .toml", expected), ("this crate", first(&judge(&toml, &expect)))] {
                if *found != judgement {
                    differences.push(format!("{folder}/{}: {found:?}, {whose}: {judgement:?} {why:?}", name(&toml)));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    assert_eq!(second.len(), count, "it judged every case, and no other");
}

/// How many changed bundles are compared.
const CHANGED: usize = 2_000;

#[test]
fn two_verifiers_agree_on_bundles_changed_at_random() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let toml = corpus::folder().join("golden/minimal.toml");
    let (expect, zip) = (Expect::read(&toml), std::fs::read(toml.with_extension("zip")).expect("a zip"));
    let trust = golden_support::trust(&toml, &expect);
    let as_of = expect.as_of.parse().expect("a time");
    let case = std::fs::read_to_string(&toml).expect("a case");
    std::fs::copy(toml.with_extension("json"), folder.path().join("minimal.json")).expect("a handover");

    let mut random = Random(0x7761_6c77_6172_6465);
    let mut expected = BTreeMap::new();
    for number in 0..CHANGED {
        let changed = random.change(&zip);
        let judgement = match Source::from_zip("changed.zip", changed.clone()) {
            None => ("unreadable".to_owned(), BTreeSet::new(), BTreeSet::new()),
            Some(source) => first(&verify(&VerifyInput { source: &source, trust: &trust, as_of })),
        };
        assert_ne!(judgement.0, "verified", "change {number} was believed");
        let path = folder.path().join(format!("changed-{number}"));
        std::fs::write(path.with_extension("zip"), changed).expect("written");
        std::fs::write(path.with_extension("toml"), &case).expect("written");
        expected.insert(format!("changed-{number}"), judgement);
    }
    let second = second(&python, &[folder.path().to_owned()]);
    let mut differences = Vec::new();
    for ((_, case), (found, why)) in &second {
        if *found != expected[case] {
            differences.push(format!("{case}: {found:?}, this crate: {:?} {why:?}", expected[case]));
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
    assert_eq!(second.len(), CHANGED);
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).expect("below the bound")
    }

    /// One to four changes: a byte, some bytes taken out, some put in, some copied from elsewhere.
    fn change(&mut self, zip: &[u8]) -> Vec<u8> {
        let mut bytes = zip.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let length = 1 + self.below(16.min(bytes.len() - at));
            match self.below(4) {
                0 => bytes[at] ^= u8::try_from(1 + self.below(255)).expect("a byte"),
                1 => _ = bytes.drain(at..at + length),
                2 => {
                    let byte = u8::try_from(self.below(256)).expect("a byte");
                    bytes.splice(at..at, std::iter::repeat_n(byte, length));
                }
                _ => {
                    let from = self.below(bytes.len() - length + 1);
                    bytes.copy_within(from..from + length, at);
                }
            }
        }
        // What changed nothing is changed once more.
        if bytes == zip {
            bytes[self.below(zip.len())] ^= 1;
        }
        bytes
    }
}
