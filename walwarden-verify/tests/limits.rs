//! The limits of `spec:bytes-6`, each with what just fits and what just does not, and inputs that are no files: always an
//! answer, never a hang, never more memory than the input deserves.
#![allow(clippy::disallowed_types, reason = "a test starts the program")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use walwarden_core::{checkpoint::Note, dsse::Envelope, handover::Handover, jcs, limits};
use walwarden_fixtures::{corpus, pack};
use walwarden_verify::{
    OpenError, Source, Trust, VerifyInput,
    checks::CHECKS,
    open,
    report::{Outcome, Report},
    verify,
};

/// Whether something of this size is taken.
type Taken = fn(usize) -> bool;

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

fn object(members: usize) -> String {
    let members: Vec<String> = (0..members).map(|n| format!("\"{n:05}\":0")).collect();
    format!("{{{}}}", members.join(","))
}

fn envelope(signatures: usize) -> bool {
    // 43 characters in ascending order; the last leaves the unused bits zero.
    let one = |n: usize| format!("{{\"keyid\":\"{}{n:02}A\",\"sig\":\"{}==\"}}", "A".repeat(40), "A".repeat(86));
    let signatures: Vec<String> = (0..signatures).map(one).collect();
    let text = format!(
        "{{\"payload\":\"e30=\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{}]}}",
        signatures.join(",")
    );
    Envelope::parse(text.as_bytes()).is_ok()
}

fn note(lines: usize) -> bool {
    let root = "A".repeat(43);
    let signature = "A".repeat(88);
    let line = format!("\u{2014} acme.example/x {signature}\n");
    Note::parse(&format!("acme.example/x\n7\n{root}=\n\n{}", line.repeat(lines))).is_ok()
}

/// A good handover, with white space after it.
fn handover(length: usize) -> bool {
    let mut text = fs::read(corpus::folder().join("golden/minimal.json")).unwrap();
    text.resize(length, b' ');
    Handover::parse(&text).is_ok()
}

/// A zip with this many files, the statement first.
fn zip_of(files: usize) -> Source {
    let names = (1..files).map(|n| (format!("n/{n:06}"), Vec::new()));
    let files: BTreeMap<String, Vec<u8>> = names.chain([("bundle.dsse.json".into(), b"{}".to_vec())]).collect();
    Source::from_zip("x", pack::zip(&files)).expect("a zip")
}

fn named(length: usize) -> bool {
    let name = "n".repeat(length);
    let files = BTreeMap::from([("bundle.dsse.json".to_owned(), b"{}".to_vec()), (name, Vec::new())]);
    Source::from_zip("x", pack::zip(&files)).expect("a zip").violation_count() == 0
}

#[test]
fn what_just_fits_is_taken_and_one_more_is_not() {
    let table: [(&str, usize, Taken); 9] = [
        ("document", limits::DOCUMENT_BYTES, |n| jcs::check(format!("\"{}\"", "x".repeat(n - 2)).as_bytes()).is_ok()),
        ("table list", limits::LIST_BYTES, |n| {
            jcs::check_up_to(format!("\"{}\"", "x".repeat(n - 2)).as_bytes(), limits::LIST_BYTES).is_ok()
        }),
        ("depth", limits::DEPTH, |n| jcs::check(nested(n).as_bytes()).is_ok()),
        ("members", limits::MEMBERS, |n| jcs::check(object(n).as_bytes()).is_ok()),
        ("signatures of an envelope", limits::SIGNATURES, envelope),
        ("signature lines of a note", limits::NOTE_SIGNATURES, note),
        ("handover", limits::HANDOVER_BYTES, handover),
        ("origin", limits::ORIGIN_BYTES, |n| "o".repeat(n).parse::<walwarden_core::Origin>().is_ok()),
        ("name of a file", limits::NAME_BYTES, named),
    ];
    for (what, limit, taken) in table {
        assert!(taken(limit), "{what}: {limit} fits");
        assert!(!taken(limit + 1), "{what}: {} does not", limit + 1);
    }
}

#[test]
fn lines_and_documents_of_a_bundle_are_judged_and_every_check_is_listed() {
    let text = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8)).into_bytes();
    let line = |length: usize| [text(length), b"\n".to_vec()].concat();
    for (name, content, fits) in [
        ("chain/proofs.json", text(limits::DOCUMENT_BYTES), true),
        ("chain/proofs.json", text(limits::DOCUMENT_BYTES + 1), false),
        ("chain/checkpoints.ndjson", line(limits::DOCUMENT_BYTES), true),
        ("chain/checkpoints.ndjson", line(limits::DOCUMENT_BYTES + 1), false),
        ("chain/entries.ndjson", line(limits::DOCUMENT_BYTES + 1), false),
    ] {
        let files = BTreeMap::from([("bundle.dsse.json".to_owned(), b"{}".to_vec()), (name.to_owned(), content)]);
        let report = judge(&Source::from_zip("x", pack::zip(&files)).unwrap());
        assert_eq!(matches!(outcome(&report, "json.canonical"), Outcome::Pass(_)), fits, "{name}");
    }
}

fn judge(source: &Source) -> Report {
    let as_of = "2026-09-15T12:00:00.000000Z".parse().unwrap();
    let report = verify(&VerifyInput { source, trust: &Trust::default(), as_of });
    assert_eq!(report.checks.len(), CHECKS.len());
    report
}

fn outcome<'r>(report: &'r Report, id: &str) -> &'r Outcome {
    &report.checks.iter().find(|result| result.check.id == id).unwrap().outcome
}

#[test]
fn files_of_a_zip_are_counted() {
    assert_eq!(zip_of(limits::FILES).violation_count(), 0);
    // The library that packs it goes over to Zip64 above, which the profile does not know.
    assert_ne!(zip_of(limits::FILES + 1).violation_count(), 0);
}

#[test]
fn files_of_a_folder_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bundle.dsse.json"), b"{}").unwrap();
    for n in 1..limits::FILES {
        fs::File::create(folder.path().join(format!("{n:05}"))).unwrap();
    }
    assert_eq!(open(folder.path()).unwrap().files().count(), limits::FILES);
    fs::File::create(folder.path().join("one-more")).unwrap();
    assert!(matches!(open(folder.path()), Err(OpenError::TooLarge { .. })));
}

/// Runs the program with this much address space and this much time.
fn bounded(args: &[&str], megabytes: u64) -> Output {
    let script = format!("ulimit -v {}; exec timeout 60 \"$@\"", megabytes * 1024);
    Command::new("sh").args(["-c", &script, "sh", env!("CARGO_BIN_EXE_walwarden-verify")]).args(args).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_no_bundle_is_refused_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let sparse = |name: &str, length: u64| {
        let path = folder.path().join(name);
        fs::File::create(&path).unwrap().set_len(length).unwrap();
        path.display().to_string()
    };
    let golden = |name: &str| corpus::folder().join("golden").join(name).display().to_string();
    let (five, two, bundle) = (sparse("five", 5 << 30), sparse("two", 2 << 30), golden("minimal.zip"));
    let pipe = folder.path().join("pipe").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let cases: [(&[&str], &str); 7] = [
        (&[&five], "larger than a bundle may be"),
        (&[&two], "is no zip"),
        (&["/dev/zero"], "neither a file nor a folder"),
        (&[&pipe], "neither a file nor a folder"),
        (&[&bundle, "--trust", "/dev/zero"], "longer than 65536 bytes"),
        (&[&bundle, "--known-head", "/dev/zero"], "longer than"),
        (&[&bundle, "--trust", &five], "longer than 65536 bytes"),
    ];
    for (args, expected) in cases {
        let (code, words) = said(&bounded(args, 300));
        assert_eq!(code, Some(2), "{args:?}: {words}");
        assert!(words.contains(expected), "{args:?}: {words}");
    }
    // The bound is one: with less than the program itself takes, nothing is judged.
    assert_ne!(bounded(&[&bundle], 4).status.code(), Some(3));
    assert_eq!(bounded(&[&bundle], 300).status.code(), Some(3));
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_with_things_that_are_no_files_is_judged_and_nothing_hangs() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("chain")).unwrap();
    fs::write(folder.path().join("bundle.dsse.json"), b"{}").unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(at("chain/entries.ndjson")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", at("readme.txt")).unwrap();
    std::os::unix::fs::symlink("/etc", at("keys")).unwrap();
    let path = folder.path().to_owned();
    let (done, waits) = std::sync::mpsc::channel();
    std::thread::spawn(move || drop(done.send(Box::new(judge(&open(&path).unwrap())))));
    let report = waits.recv_timeout(Duration::from_secs(30)).expect("it does not wait for a writer");
    let Outcome::Fail(finding) = outcome(&report, "bundle.listed") else { panic!("it is judged") };
    assert_eq!(finding.what, "neither a file nor a folder");
    assert!(open(Path::new("/dev/null")).is_err());
}
