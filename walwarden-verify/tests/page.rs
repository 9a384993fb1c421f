//! What `.ci/proof` builds: the module, the page, and the second opinion in JavaScript.
//!
//! The program, the module and the second opinion come to the same verdict and the same failing checks on every bundle of
//! the corpus, each within its scope, and program and module write the same reports, byte for byte; `second_verifier.rs` holds the program against the verifier in Python, over the same
//! bundles. Then the page itself, in a browser.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs, and prints its skips")]
#![allow(clippy::disallowed_methods, reason = "only whether CI is set")]

mod golden_support;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use golden_support::{cases, ids, judge, name, trust};
use serde::Deserialize;
use serde_json::{Value, json};
use walwarden_core::Digest;
use walwarden_fixtures::{case::Expect, corpus};
use walwarden_verify::{
    Report, RunBlock,
    checks::CHECKS,
    render::{Format, Paper, render},
    report::Outcome,
    workpapers::workpapers,
};

/// Cases that fail by the members of a statement alone, which the second opinion does not look at and says so.
const BY_MEMBERS: [&str; 3] =
    ["tampered/evidence_truncated", "tampered/review_of_period_unsaid", "tampered/statement_member_unknown"];

/// Cases of which every rendering is asked for: a PDF takes seconds.
const RENDERED: [&str; 3] = ["minimal", "quarter", "previous"];

#[derive(Deserialize)]
struct Line {
    name: String,
    module: ByModule,
    /// The module again, given the digests of all parts.
    ahead: ByModule,
    second: BySecond,
}

#[derive(Deserialize, PartialEq)]
struct ByModule {
    code: u8,
    verdict: String,
    fails: BTreeSet<String>,
    not_run: BTreeSet<String>,
    /// SHA-256 of each rendering asked for; empty: there is none.
    renderings: Vec<String>,
}

#[derive(Deserialize)]
struct BySecond {
    verdict: String,
    fails: BTreeSet<String>,
    not_run: BTreeSet<String>,
    made: BTreeSet<String>,
    outside: Vec<String>,
}

fn root() -> PathBuf {
    corpus::folder().join("..")
}

/// Whether node is there; if not, that is said aloud.
fn node(what: &str) -> bool {
    let found = Command::new("node").arg("--version").output().is_ok_and(|run| run.status.success());
    assert!(found || std::env::var_os("CI").is_none(), "node is not installed: .ci/setup test");
    if !found {
        println!("SKIPPED: {what} needs node");
    }
    found
}

/// A file that `.ci/proof` builds, where node is there too; `None`, said aloud, where one of them is not.
fn built(file: &str, what: &str) -> Option<PathBuf> {
    let path = root().join("target/proof").join(file);
    assert!(path.exists() || std::env::var_os("CI").is_none(), "no target/proof/{file}: .ci/proof");
    if !path.exists() {
        println!("SKIPPED: {what} needs target/proof/{file}, made by `make proof`");
    }
    (path.exists() && node(what)).then_some(path)
}

/// What the reader of a case brings, as both scripts take it.
fn job(folder: &str, toml: &Path) -> Value {
    let expect = Expect::read(toml);
    let beside = |file: &String| toml.parent().expect("a folder").join(file);
    let mut files = BTreeMap::from([("bundle", toml.with_extension("zip"))]);
    for (key, file) in [("handover", &expect.trust), ("previous", &expect.previous), ("witnesses", &expect.witness)] {
        files.extend(file.as_ref().map(|file| (key, beside(file))));
    }
    let request = json!({
        "bundle": format!("{}.zip", name(toml)), "as_of": expect.as_of, "previous": expect.previous.clone().unwrap_or_default(),
        "roots": expect.roots, "root_threshold": expect.threshold, "known_head": expect.known_head,
        "witness_threshold": expect.witness_threshold, "first_contact": expect.first_contact, "platform": "a test",
    });
    // The second opinion takes no earlier bundle, but the head in which it ends.
    let held = trust(toml, &expect).known.into_iter().find(|known| known.source != "--trust");
    let head =
        held.map(|known| format!("{} {} {}", known.origin.expect("an origin"), known.head.size, known.head.root));
    json!({
        "name": format!("{folder}/{}", name(toml)), "render": RENDERED.contains(&name(toml).as_str()), "request": request, "files": files, "roots": expect.roots,
        "tsa_roots": expect.tsa_roots.iter().map(beside).collect::<Vec<_>>(),
        "threshold": expect.threshold, "head": head, "first_contact": expect.first_contact,
    })
}

#[test]
fn program_module_and_second_opinion_agree_on_every_bundle_of_the_corpus() {
    let Some(module) = built("walwarden-verify.wasm", "the comparison with the module and the second opinion") else {
        return;
    };
    let all: Vec<(&str, PathBuf)> = ["golden", "tampered"]
        .iter()
        .flat_map(|folder| cases(folder).into_iter().map(move |toml| (*folder, toml)))
        .collect();
    let jobs: Vec<Value> = all.iter().map(|(folder, toml)| job(folder, toml)).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/tests/judge.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(module).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().expect("node starts");
    let mut input = node.stdin.take().expect("its input");
    let given = serde_json::to_vec(&jobs).expect("JSON");
    let writer = std::thread::spawn(move || input.write_all(&given));
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("a thread").expect("it reads its jobs");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: BTreeMap<String, Line> = lines
        .lines()
        .map(|line| serde_json::from_str::<Line>(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .map(|line| (line.name.clone(), line))
        .collect();
    assert_eq!(lines.len(), all.len(), "each case was judged, and no other");
    let mut differences = Vec::new();
    for (folder, toml) in &all {
        let case = format!("{folder}/{}", name(toml));
        differences.extend(compare(&case, toml, &lines[&case]).into_iter().map(|what| format!("{case}: {what}")));
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

/// Digests of what the program renders, told that it runs where the module does.
fn renderings(case: &str, report: &Report) -> Vec<String> {
    if !RENDERED.iter().any(|name| case.ends_with(&format!("/{name}"))) {
        return Vec::new();
    }
    let run = RunBlock {
        version: env!("CARGO_PKG_VERSION").into(),
        program: None,
        platform: "wasm32, a test".into(),
        sandbox: "a WebAssembly module without imports: no file, no network, no clock".into(),
    };
    let formats = [Format::Html, Format::Json, Format::Pdf(Paper::A4), Format::Pdf(Paper::Letter), Format::Junit];
    let formats = formats.into_iter().chain([Format::Oscal, Format::Text { colour: false }]);
    let mut digests: Vec<String> = formats
        .map(|format| {
            let mut bytes = Vec::new();
            render(report, &run, format, &mut bytes).expect("rendered");
            Digest::of(&bytes).to_string()
        })
        .collect();
    let mut papers = Vec::new();
    for paper in workpapers(report, &run).expect("workpapers") {
        for part in [paper.name.as_bytes(), &paper.bytes] {
            papers.extend(u32::try_from(part.len()).expect("a length").to_le_bytes());
            papers.extend(part);
        }
    }
    digests.push(Digest::of(&papers).to_string());
    digests
}

/// In what the two differ from the program and from what the case says.
fn compare(case: &str, toml: &Path, line: &Line) -> Vec<String> {
    let expect = Expect::read(toml);
    let report = judge(toml, &expect);
    let of = |which: fn(&Outcome) -> bool| ids(&report, which).into_iter().map(str::to_owned).collect();
    let fails: BTreeSet<String> = of(|outcome| matches!(outcome, Outcome::Fail(_)));
    let not_run: BTreeSet<String> = of(|outcome| matches!(outcome, Outcome::NotRun(_)));
    let mut wrong = Vec::new();
    let mut same = |what: &str, holds: bool| {
        if !holds {
            wrong.push(what.to_owned())
        }
    };
    same("the program and the .toml", report.verdict().word() == expect.verdict);
    same(
        "verdict of the module",
        line.module.verdict == expect.verdict && line.module.code == report.verdict().exit_code(),
    );
    same("failing checks of the module", line.module.fails == fails);
    same("checks that the module does not run", line.module.not_run == not_run);
    same("a rendering of the module", line.module.renderings == renderings(case, &report));
    same("the module with digests computed ahead", line.ahead == line.module);
    // The second opinion says what it does not make; what it makes has to be the same.
    let known: BTreeSet<String> = CHECKS.iter().map(|check| check.id.to_owned()).collect();
    let apart =
        line.second.made.union(&line.second.outside.iter().cloned().collect()).filter(|id| known.contains(*id)).count();
    same(
        "the list of what is outside",
        apart == known.len() && line.second.outside.iter().all(|id| !line.second.made.contains(id)),
    );
    let mut made = line.second.made.clone();
    if BY_MEMBERS.contains(&case) {
        made.remove("statements.signed");
    }
    let scope = |ids: &BTreeSet<String>| ids.intersection(&made).cloned().collect::<BTreeSet<_>>();
    let (fails, not_run) = (scope(&fails), scope(&not_run));
    same("failing checks of the second opinion", scope(&line.second.fails) == fails);
    same("checks that the second opinion does not run", scope(&line.second.not_run) == not_run);
    let required = CHECKS.iter().filter(|check| check.required).any(|check| not_run.contains(check.id));
    let verdict = match (fails.is_empty(), required) {
        (false, _) => "rejected",
        (true, true) => "not-established",
        (true, false) => "nothing wrong in scope",
    };
    same("verdict of the second opinion", line.second.verdict == verdict);
    if !wrong.is_empty() {
        wrong.push(format!("module {:?}, second {:?}, program {fails:?}", line.module.fails, line.second.fails));
    }
    wrong
}

#[test]
fn the_second_opinion_is_a_program() {
    if !node("the second opinion") {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/verify.mjs");
    let golden = corpus::folder().join("golden");
    let run = |arguments: &[&Path]| {
        let run = Command::new("node").arg(&script).args(arguments).output().expect("node runs");
        (
            run.status.code(),
            String::from_utf8_lossy(&run.stdout).into_owned(),
            String::from_utf8_lossy(&run.stderr).into_owned(),
        )
    };
    let (bundle, handover) = (golden.join("minimal.zip"), golden.join("minimal.json"));
    let (code, out, err) = run(&[&bundle, Path::new("--trust"), &handover]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("NOTHING WRONG IN SCOPE\n") && out.contains("Not looked at here:"), "{out}");
    assert!(!out.to_lowercase().contains("verified"), "it claims no more than it has looked at: {out}");
    assert_eq!(run(&[&bundle]).0, Some(3), "no root is pinned, and no head is held");
    let tampered = corpus::folder().join("tampered/file_changed_readme.zip");
    assert_eq!(run(&[&tampered, Path::new("--trust"), &handover]).0, Some(1));
    let (code, _, err) = run(&[&handover]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: ") && err.contains("\nhint: "), "{err}");
}

#[test]
fn the_second_opinion_reads_the_vectors() {
    if !node("the second opinion, over the vectors,") {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/tests/vectors.mjs");
    let run = Command::new("node").arg(script).arg(root().join("spec")).output().expect("node runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    let read: usize = said.split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    assert!(read > 500, "{said}");
}

#[test]
fn the_page_judges_in_a_browser_and_speaks_to_nobody() {
    let Some(page) = built("verify.html", "the page in a browser") else { return };
    let chromium = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    let modules = root().join("target/node/node_modules");
    if !chromium.exists() || !modules.join("playwright-core").exists() || !modules.join("axe-core").exists() {
        assert!(std::env::var_os("CI").is_none(), "no chromium, or no playwright-core in target/node: .ci/setup test");
        println!("SKIPPED: the page in a browser needs chromium and playwright-core, brought by `.ci/setup test`");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/tests/browser.cjs");
    let run = Command::new("node")
        .env("NODE_PATH", modules)
        .arg(script)
        .args([page, corpus::folder(), root().join("target/proof/pictures"), root().join("target/proof/site")])
        .output()
        .expect("node runs");
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stdout));
}
