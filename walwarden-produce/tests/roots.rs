//! Roots on machines apart: their private halves are never where backups are made.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output},
    thread,
    time::{Duration, Instant},
};

use support::{PASSPHRASE, Vault, assert_success, assert_two_lines, judged, stderr, stdout};
use walwarden_core::{dsse::Envelope, event::Event, handover::Handover};

/// A database that does not answer: none of these tests needs one.
const DATABASE: &str = "shop=host=/nonexistent dbname=shop";

/// The machine that keeps roots, and what both sides see.
struct Safe {
    dir: tempfile::TempDir,
    stick: PathBuf,
}

impl Safe {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stick = dir.path().join("stick");
        fs::create_dir(&stick).unwrap();
        fs::write(dir.path().join("passphrase"), "another one\n").unwrap();
        Self { dir, stick }
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("root").args(args).args(["--root-passphrase-file", "passphrase"]);
        command.current_dir(self.dir.path()).output().unwrap()
    }

    /// A new root; its public half comes onto the stick.
    fn root(&self, name: &str) -> PathBuf {
        assert_success(&self.run(&["new", &format!("{name}.pem")]));
        let public = self.stick.join(format!("{name}.pub.pem"));
        fs::copy(self.dir.path().join(format!("{name}.pub.pem")), &public).unwrap();
        public
    }

    fn sign(&self, version: u64, root: &str) -> Output {
        self.run(&["sign", &format!("stick/registry-{version}.json"), "--root-key", &format!("{root}.pem"), "--yes"])
    }

    /// What the other side asks for, once it does.
    fn asked(&self, version: u64, by: &mut Child) {
        let began = Instant::now();
        while !self.stick.join(format!("registry-{version}.json")).exists() {
            assert!(began.elapsed() < Duration::from_secs(60) && by.try_wait().unwrap().is_none(), "nothing is asked");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A vault in its folder that is about to be made.
fn unmade() -> Vault {
    let vault = Vault { dir: tempfile::tempdir().unwrap() };
    fs::write(vault.passphrase_file(), PASSPHRASE).unwrap();
    vault
}

fn init(vault: &Vault, safe: &Safe, publics: &[&Path], more: &[&str]) -> Child {
    let keys = vault.keys().display().to_string();
    let mut args = vec!["init", "--keys", &keys, "--organisation", "Acme", "--origin", "acme.example/backups"];
    args.extend(["--author", "dba-lead", "--approved-by", "cto", "--db", DATABASE]);
    for public in publics {
        args.extend(["--root-public", public.to_str().unwrap()]);
    }
    args.extend(["--root-exchange", safe.stick.to_str().unwrap()]);
    args.extend(more);
    vault.start(&args)
}

fn made(vault: &Vault, safe: &Safe, root: &str) {
    let public = safe.root(root);
    let mut child = init(vault, safe, &[&public], &[]);
    safe.asked(1, &mut child);
    assert_success(&safe.sign(1, root));
    assert_success(&child.wait_with_output().unwrap());
}

/// `walwarden key ARGS --root-exchange STICK`, begun.
fn key(vault: &Vault, safe: &Safe, args: &[&str]) -> Child {
    let stick = safe.stick.display().to_string();
    vault.start(&[&["key"], args, &["--root-exchange", &stick]].concat())
}

/// Enters something else.
fn grow(vault: &Vault) {
    let capture = ["collect", "manual", "--file", "passphrase", "--at", "2026-01-01T00:00:00Z", "--note", "as seen"];
    assert_success(&vault.run(&capture));
}

#[test]
fn a_root_that_was_never_on_the_host() {
    let (safe, vault) = (Safe::new(), unmade());
    made(&vault, &safe, "root");
    let shown = stdout(&safe.run(&["sign", "stick/registry-1.json", "--root-key", "root.pem", "--yes"]));
    for word in ["acme.example/backups-", "version", "1 of 1 must sign", "nothing: a new chain", "dba-lead  log"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    // No file of the host holds the root, and what the auditor pins is its digest.
    let handover = Handover::parse(&fs::read(vault.path().join("handover.json")).unwrap()).unwrap();
    let listed = stdout(&vault.run(&["key", "list"]));
    assert!(listed.contains(&format!("sha256 {}", handover.roots[0])), "{listed}");
    assert!(!vault.dir.path().join("root.pem").exists());

    // A key changes: the host waits until the root has signed.
    let mut rotation = key(&vault, &safe, &["rotate", "log"]);
    safe.asked(2, &mut rotation);
    assert_success(&safe.sign(2, "root"));
    let rotated = rotation.wait_with_output().unwrap();
    assert_success(&rotated);
    assert!(stderr(&rotated).contains("walwarden root sign registry-2.json"), "{}", stderr(&rotated));

    let neither = key(&vault, &safe, &["rotate", "root"]).wait_with_output().unwrap();
    assert_two_lines(&neither, 2, "a new root needs a file");

    // The root gives way to another: both sign, one after the other.
    let next = safe.root("next");
    let mut renewal = key(&vault, &safe, &["rotate", "root", "--root-public", next.to_str().unwrap()]);
    safe.asked(3, &mut renewal);
    let old = safe.sign(3, "root");
    assert_success(&old);
    assert!(stderr(&old).contains("signs as one that gives way"), "{}", stderr(&old));
    thread::sleep(Duration::from_secs(1));
    assert!(renewal.try_wait().unwrap().is_none(), "the old root alone is not enough");
    assert_success(&safe.sign(3, "next"));
    assert_success(&renewal.wait_with_output().unwrap());
    judged(&vault, "b.zip", &[]);
    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    let mut command = Command::new(verifier);
    command.current_dir(vault.dir.path()).args(["b.zip", "--trust", "vault/handover.json", "--json", "b.json"]);
    assert!(matches!(command.output().unwrap().status.code(), Some(0 | 4)));
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(vault.dir.path().join("b.json")).unwrap()).unwrap();
    assert!(report.to_string().contains(r#""ceremony":"separate""#), "{report}");
}

#[test]
fn two_of_three_roots() {
    let (safe, vault) = (Safe::new(), unmade());
    let publics = ["one", "two", "three"].map(|name| safe.root(name));
    let publics: Vec<&Path> = publics.iter().map(PathBuf::as_path).collect();
    let refused = init(&vault, &safe, &publics, &["--root-threshold", "4"]).wait_with_output().unwrap();
    assert_two_lines(&refused, 2, "4 of 3 roots cannot sign");
    let mut child = init(&vault, &safe, &publics, &["--root-threshold", "2"]);
    safe.asked(1, &mut child);
    assert_success(&safe.sign(1, "three"));
    // Somebody who may write there adds a signature of their own: it is passed over.
    assert_success(&safe.run(&["new", "stranger.pem"]));
    assert_success(&safe.sign(1, "stranger"));
    thread::sleep(Duration::from_secs(1));
    assert!(child.try_wait().unwrap().is_none(), "one root, and one that is none");
    assert_success(&safe.sign(1, "one"));
    assert_success(&child.wait_with_output().unwrap());
    judged(&vault, "b.zip", &[]);
}

#[test]
fn what_was_signed_for_an_earlier_question_is_not_taken() {
    let (safe, vault) = (Safe::new(), unmade());
    made(&vault, &safe, "root");
    let mut rotation = key(&vault, &safe, &["rotate", "log"]);
    safe.asked(2, &mut rotation);
    let asked = fs::read(safe.stick.join("registry-2.json")).unwrap();
    // Nobody comes: the host gives up, and nothing has changed.
    let term = Command::new("kill").args(["-TERM", &rotation.id().to_string()]).status().unwrap();
    assert!(term.success());
    assert_two_lines(&rotation.wait_with_output().unwrap(), 2, "was not signed by enough roots");
    assert!(stdout(&vault.run(&["key", "list"])).starts_with("registry version 1,"));
    // The root signs after all, but the host asks for something else by now.
    assert_success(&safe.sign(2, "root"));
    let mut again = key(&vault, &safe, &["rotate", "bundle"]);
    let began = Instant::now();
    while fs::read(safe.stick.join("registry-2.json")).unwrap() == asked {
        assert!(began.elapsed() < Duration::from_secs(60), "nothing is asked");
        thread::sleep(Duration::from_millis(20));
    }
    thread::sleep(Duration::from_secs(1));
    assert!(again.try_wait().unwrap().is_none(), "an answer to another question");
    assert_success(&safe.sign(2, "root"));
    assert_success(&again.wait_with_output().unwrap());
    let answer = fs::read(safe.stick.join("registry-2.signed.json")).unwrap();
    assert!(Envelope::parse(&answer).unwrap().payload.0 != asked);
    judged(&vault, "b.zip", &[]);
}

#[test]
fn a_chain_that_grew_meanwhile_is_cut_nowhere_else() {
    let (safe, vault) = (Safe::new(), unmade());
    made(&vault, &safe, "root");
    let mut rotation = key(&vault, &safe, &["rotate", "log"]);
    safe.asked(2, &mut rotation);
    grow(&vault);
    assert_success(&safe.sign(2, "root"));
    assert_two_lines(&rotation.wait_with_output().unwrap(), 2, "the chain grew");
    assert!(vault.events().iter().all(|event| !matches!(event, Event::KeyChanged(_))));
    // A key that is added ends none: it may be entered wherever the chain is by now.
    let mut addition = key(&vault, &safe, &["new", "bundle", "--custodian", "ops-lead"]);
    let began = Instant::now();
    while !fs::read_to_string(safe.stick.join("registry-2.json")).unwrap().contains("ops-lead") {
        assert!(began.elapsed() < Duration::from_secs(60) && addition.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(20));
    }
    grow(&vault);
    assert_success(&safe.sign(2, "root"));
    assert_success(&addition.wait_with_output().unwrap());
    judged(&vault, "b.zip", &[]);
}

#[test]
fn what_is_no_version_is_not_signed() {
    let safe = Safe::new();
    safe.root("root");
    fs::write(safe.stick.join("registry-7.json"), "{\"_type\":\"https://in-toto.io/Statement/v1\"}").unwrap();
    assert_two_lines(&safe.sign(7, "root"), 2, "is no registry version");
    assert!(!safe.stick.join("registry-7.signed.json").exists());
    let asked = ["sign", "stick/registry-7.json", "--root-key", "root.pem"];
    assert_two_lines(&safe.run(&asked), 2, "is no registry version");
    assert_two_lines(&safe.run(&["new", "root.pem"]), 2, "is there already");
}
