//! The second verifier, `spec/reference/verify.py`, was written from the pages of `spec/` and not from this crate. It
//! must come to the same verdict, the same failing checks and the same checks not run, on every bundle of the corpus and
//! on bundles changed at random. Control rules are outside its scope, so `exceptions` is `verified` to it.
#![allow(clippy::disallowed_types, reason = "a test starts programs")]

mod golden_support;
mod python_support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use golden_support::{cases, ids, judge, name};
use python_support::python;
use serde::Deserialize;
use serde_json::{Value, json};
use walwarden_core::{Time, jcs};
use walwarden_fixtures::{
    case::Expect,
    corpus,
    tamper::{CHECKPOINTS, ENTRIES, Kit, PROOFS, REGISTRY},
};
use walwarden_verify::{Report, Source, Trust, Verdict, VerifyInput, report::Outcome, verify};

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
    let failing: BTreeSet<String> = of(|o| matches!(o, Outcome::Fail(_)));
    let verdict = match report.verdict() {
        Verdict::Exceptions => "verified",
        // It fails by what is outside alone.
        Verdict::Rejected if failing.is_empty() => "verified",
        verdict => verdict.word(),
    };
    (verdict.to_owned(), failing, of(|o| matches!(o, Outcome::NotRun(_))))
}

#[test]
fn two_verifiers_agree_on_every_bundle_of_the_corpus() {
    let Some(python) = python("cryptography", "the second verifier") else { return };
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
            let fails: BTreeSet<String> = said(&expect.fails);
            let verdict = match expect.verdict.as_str() {
                "exceptions" => "verified",
                "rejected" if fails.is_empty() => "verified",
                verdict => verdict,
            };
            let expected: Judgement = (verdict.to_owned(), fails, said(&expect.not_run));
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

#[test]
fn the_second_verifier_reads_every_vector() {
    let Some(python) = python("cryptography", "the second verifier") else { return };
    let verifier = workspace().join("spec/reference/verify.py");
    let run = Command::new(&python).arg(verifier).arg("--vectors").output().expect("python runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let read: usize = said.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    assert!(read > 1_000, "{said}");
}

/// How many bundles with changed bytes are compared, and how many with changed documents.
const CHANGED: [usize; 2] = [2_000, 1_000];

#[test]
fn two_verifiers_agree_on_bundles_whose_bytes_were_changed() {
    let Some(python) = python("cryptography", "the second verifier") else { return };
    let golden = Golden::of(&corpus::folder().join("golden/minimal.toml"));
    let mut random = Random(0x7761_6c77_6172_6465);
    let judged = compare(&python, (0..CHANGED[0]).map(|_| (&golden, random.bytes(&golden.zip))));
    assert_eq!(judged.get("verified"), None, "nobody signed the change: {judged:?}");
}

#[test]
fn two_verifiers_agree_on_bundles_whose_documents_were_changed_and_signed_again() {
    let Some(python) = python("cryptography", "the second verifier") else { return };
    let golden: Vec<Golden> = cases("golden").iter().map(|toml| Golden::of(toml)).collect();
    let mut random = Random(0x7665_7269_6679);
    let changed = (0..CHANGED[1]).map(|number| {
        let golden = &golden[number % golden.len()];
        (golden, random.documents(&golden.zip))
    });
    let judged = compare(&python, changed);
    assert!(judged["verified"] > 0 && judged["rejected"] > 0, "some changes are allowed, others are not: {judged:?}");
}

/// A good bundle and what its reader brings.
struct Golden {
    toml: PathBuf,
    zip: Vec<u8>,
    trust: Trust,
    as_of: Time,
}

impl Golden {
    fn of(toml: &Path) -> Self {
        let expect = Expect::read(toml);
        let zip = std::fs::read(toml.with_extension("zip")).expect("a zip");
        let trust = golden_support::trust(toml, &expect);
        Self { toml: toml.to_owned(), zip, trust, as_of: expect.as_of.parse().expect("a time") }
    }
}

/// Has both judge these zips, each as the reader of its golden bundle would; counts the verdicts.
fn compare<'a>(python: &Path, changed: impl Iterator<Item = (&'a Golden, Vec<u8>)>) -> BTreeMap<String, usize> {
    let folder = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(corpus::folder().join("golden")).expect("a folder") {
        let file = file.expect("a file");
        if file.path().extension().is_some_and(|extension| extension != "toml") {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("copied"); // what the reader brings
        }
    }
    let mut expected = BTreeMap::new();
    for (number, (golden, zip)) in changed.enumerate() {
        let judgement = match Source::from_zip("changed.zip", zip.clone()) {
            None => ("unreadable".to_owned(), BTreeSet::new(), BTreeSet::new()),
            Some(source) => first(&verify(&VerifyInput { source: &source, trust: &golden.trust, as_of: golden.as_of })),
        };
        let path = folder.path().join(format!("changed-{number}"));
        std::fs::write(path.with_extension("zip"), zip).expect("written");
        std::fs::copy(&golden.toml, path.with_extension("toml")).expect("copied");
        expected.insert(format!("changed-{number}"), (name(&golden.toml), judgement));
    }
    let second = second(python, &[folder.path().to_owned()]);
    let mut differences = Vec::new();
    let mut judged: BTreeMap<String, usize> = BTreeMap::new();
    for ((_, case), (found, why)) in &second {
        let (of, judgement) = &expected[case];
        *judged.entry(found.0.clone()).or_default() += 1;
        if found != judgement {
            differences.push(format!("{case} of {of}: {found:?}, this crate: {judgement:?} {why:?}"));
        }
    }
    if !differences.is_empty() {
        let kept = folder.keep();
        panic!("{} differences, kept in {}\n{}", differences.len(), kept.display(), differences.join("\n"));
    }
    assert_eq!(second.len(), expected.len(), "it judged every case, and no other");
    judged
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
    fn bytes(&mut self, zip: &[u8]) -> Vec<u8> {
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

    /// One member of one document is another, and whatever covers it is signed again.
    fn documents(&mut self, zip: &[u8]) -> Vec<u8> {
        let kit = Kit::of(zip);
        let statements: Vec<&str> = kit.names().into_iter().filter(|name| name.starts_with("statements/")).collect();
        let statements = statements[self.below(statements.len())].to_owned();
        match self.below(8) {
            0 => kit.restate(|payload| self.document(payload, "subject")).zip(),
            1 => self.line(kit, CHECKPOINTS).reseal().zip(),
            2 => {
                let text = kit.text(PROOFS);
                let mut kit = kit;
                *kit.file(PROOFS) = self.document(&text, "").into_bytes();
                kit.reseal().zip()
            }
            3 => self.statement(kit, REGISTRY).resign_all().zip(),
            4 | 5 => self.line(kit, ENTRIES).resign_all().zip(),
            _ => self.statement(kit, &statements).resign_all().zip(),
        }
    }

    fn line(&mut self, kit: Kit, name: &str) -> Kit {
        let count = kit.text(name).lines().count();
        let index = self.below(count);
        kit.lines(name, |lines| lines[index] = self.document(&lines[index].clone(), "prev"))
    }

    fn statement(&mut self, kit: Kit, name: &str) -> Kit {
        let count = kit.text(name).lines().count();
        let index = self.below(count);
        kit.restate_line(name, index, |payload| self.document(payload, ""))
    }

    /// A document with one value in it changed; a member named `spared` at its top is left alone.
    fn document(&mut self, text: &str, spared: &str) -> String {
        loop {
            let mut value: Value = serde_json::from_str(text).expect("a document");
            let kept = value.get(spared).cloned();
            self.value(&mut value);
            if let (Some(kept), Some(object)) = (kept, value.as_object_mut()) {
                object.insert(spared.to_owned(), kept);
            }
            let changed = jcs::to_vec(&value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(changed) = changed.filter(|changed| changed != text && value.is_object()) {
                return changed;
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        let deeper = self.below(8) > 0;
        match value {
            Value::Object(members) if deeper && !members.is_empty() => {
                let key = members.keys().nth(self.below(members.len())).expect("a member").clone();
                match self.below(12) {
                    0 => _ = members.remove(&key),
                    1 => _ = members.insert("unknown".into(), Value::Bool(true)),
                    _ => self.value(members.get_mut(&key).expect("a member")),
                }
            }
            Value::Array(items) if deeper && !items.is_empty() => {
                let (index, other) = (self.below(items.len()), self.below(items.len()));
                match self.below(10) {
                    0 => _ = items.remove(index),
                    1 => items.push(items[index].clone()),
                    2 => items.swap(index, other),
                    _ => self.value(&mut items[index]),
                }
            }
            Value::String(text) if deeper && !text.is_empty() && text.is_ascii() => {
                let at = self.below(text.len());
                let class: &str = match text.as_bytes()[at] {
                    b'0'..=b'9' => "0123456789",
                    b'a'..=b'z' => "abcdefz-",
                    b'A'..=b'Z' => "ABCDEFZ",
                    _ => " .-:/_",
                };
                let to = class.as_bytes()[self.below(class.len())];
                text.replace_range(at..=at, &char::from(to).to_string());
            }
            Value::Number(number) if deeper => {
                let by = [-1, 1, 2, 1_000][self.below(4)];
                *value = (number.as_i64().expect("an integer") + by).into();
            }
            Value::Bool(_) if deeper => *value = Value::Bool(value == &Value::Bool(false)),
            _ => {
                let others = [
                    json!(null),
                    json!(true),
                    json!(0),
                    json!(-1),
                    json!(9_007_199_254_740_991_u64),
                    json!(""),
                    json!("passed"),
                    json!("0"),
                    json!([]),
                    json!({}),
                    json!([[]]),
                ];
                *value = others[self.below(others.len())].clone();
            }
        }
    }
}
