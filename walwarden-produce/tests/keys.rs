//! Keys that change: what was signed before stays good, what is signed after counts, a crash between loses nothing.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use support::{Server, Vault, always, assert_success, assert_two_lines, judged, stderr, stdout};
use walwarden_core::{
    checkpoint::{CheckpointLine, Note},
    event::{Event, KeyAction},
    handover::Handover,
};

/// A database that does not answer: none of these tests needs one.
const NOWHERE: &str = "host=/nonexistent dbname=shop";

/// The root key of a test vault, which has the passphrase of the others.
fn root(vault: &Vault) -> String {
    vault.dir.path().join("root.pem").display().to_string()
}

/// Runs `walwarden key ... --root-key FILE`.
fn key(vault: &Vault, args: &[&str]) -> std::process::Output {
    vault.command().arg("key").args(args).arg("--root-key").arg(root(vault)).output().unwrap()
}

/// Lines of `key list` that show a key of that use.
fn listed(vault: &Vault, purpose: &str) -> Vec<String> {
    let text = stdout(&vault.run(&["key", "list"]));
    let of = |line: &&str| {
        line.starts_with("key ") && line.split_whitespace().last().unwrap().split('+').any(|u| u == purpose)
    };
    text.lines().filter(of).map(str::to_owned).collect()
}

fn id(line: &str) -> String {
    line.split_whitespace().nth(1).unwrap().to_owned()
}

/// Signatures on each checkpoint of the vault.
fn signatures(vault: &Vault) -> Vec<usize> {
    let text = fs::read_to_string(vault.path().join("chain/checkpoints.ndjson")).unwrap();
    let note = |line: &str| Note::parse(&serde_json::from_str::<CheckpointLine>(line).unwrap().note).unwrap();
    text.lines().map(|line| note(line).signatures.len()).collect()
}

#[test]
fn every_key_is_replaced_in_the_middle_of_a_period() {
    let server = Server::start(50);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    for role in ["log", "statement", "bundle"] {
        assert_success(&key(&vault, &["rotate", role]));
    }
    assert_success(&vault.run(&["backup"]));
    assert_success(&vault.run(&["restore-test"]));
    let changes: Vec<_> = vault
        .events()
        .into_iter()
        .filter_map(|event| if let Event::KeyChanged(changed) = event { Some(changed) } else { None })
        .collect();
    assert_eq!(changes.iter().map(|changed| changed.registry_version).collect::<Vec<_>>(), [2, 3, 4]);
    let actions: Vec<_> = changes[0].changes.iter().map(|change| change.action).collect();
    assert_eq!(actions, [KeyAction::Retired, KeyAction::Added]);
    for purpose in ["log", "backup", "bundle"] {
        let states: Vec<_> = listed(&vault, purpose).iter().map(|line| line.contains("  active  ")).collect();
        assert_eq!(states, [false, true], "{purpose}");
    }
    // Only the head over the change of log key has two signatures; a second backup follows under the new key alone.
    let two: Vec<_> = signatures(&vault).into_iter().filter(|count| *count != 1).collect();
    assert_eq!(two, [2]);
    judged(&vault, "b.zip", &[]);
}

#[test]
fn keys_that_change_during_a_backup_leave_it_good() {
    let server = Server::start(150_000);
    let vault = Vault::init(&server.conninfo());
    let backup = vault.command().arg("backup").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while signatures(&vault).len() < 4 {
        assert!(began.elapsed() < Duration::from_secs(60), "the backup does not start");
        thread::sleep(Duration::from_millis(2));
    }
    // It has announced itself, and holds no lock for long: the keys change while it stands still.
    let signal = |name: &str| Command::new("kill").args([name, &backup.id().to_string()]).status().unwrap().success();
    thread::sleep(Duration::from_millis(50));
    assert!(signal("-STOP"));
    assert_success(&key(&vault, &["rotate", "log"]));
    assert_success(&key(&vault, &["rotate", "statement"]));
    assert!(signal("-CONT"));
    assert_success(&backup.wait_with_output().unwrap());
    let kinds = vault.kinds();
    let place = |kind: &str| kinds.iter().rposition(|found| found == kind).unwrap();
    assert!(place("key.changed") < place("backup.completed"), "the keys changed while it lasted: {kinds:?}");
    assert_success(&vault.run(&["restore-test"]));
    judged(&vault, "b.zip", &[]);
}

#[test]
fn a_revoked_key_gets_a_successor_where_the_host_needs_one() {
    let vault = Vault::init(NOWHERE);
    let log = id(&listed(&vault, "log")[0]);
    let refused = key(&vault, &["retire", &log]);
    assert_two_lines(&refused, 2, "is the only active log key");
    let before = vault.entries();
    assert_two_lines(&key(&vault, &["revoke", &log, "--reason", "x", "--last-trusted", "2"]), 2, "last-trusted");
    assert_eq!(vault.entries(), before, "nothing is written");

    assert_success(&key(&vault, &["revoke", &log[..10], "--reason", "host was broken into"]));
    // A revoked key signs nothing more, so the head is signed by its successor alone.
    assert_eq!(signatures(&vault).last(), Some(&1));
    let keys = listed(&vault, "log");
    assert!(keys[0].contains("  revoked  ") && keys[1].contains("  active  "), "{keys:?}");

    let statement = id(&listed(&vault, "backup")[0]);
    assert_success(&key(&vault, &["revoke", &statement, "--reason", "laptop lost", "--last-trusted", "3"]));
    assert_two_lines(&key(&vault, &["revoke", &statement, "--reason", "again"]), 2, "no key");
    assert_two_lines(&key(&vault, &["retire", &statement]), 2, "no key");
    let keys = listed(&vault, "backup");
    assert!(keys[0].contains("  revoked  ") && keys[1].contains("  active  "), "{keys:?}");
    judged(&vault, "b.zip", &[]);
}

#[test]
fn a_new_root_and_the_pin_of_the_old_one() {
    let vault = Vault::init(NOWHERE);
    let file = |name: &str| vault.dir.path().join(name);
    let old = file("old-handover.json");
    fs::copy(vault.path().join("handover.json"), &old).unwrap();
    let new = file("new-root.pem");
    fs::write(file("new-passphrase"), "another one\n").unwrap();
    let rotated = vault
        .command()
        .args(["key", "rotate", "root", "--root-key", &root(&vault), "--out"])
        .arg(&new)
        .arg("--out-passphrase-file")
        .arg(file("new-passphrase"))
        .output()
        .unwrap();
    assert_success(&rotated);
    assert_two_lines(&key(&vault, &["rotate", "log"]), 2, "is not a root of this vault's registry");

    // The new root signs the next change.
    let next = vault
        .command()
        .args(["key", "rotate", "log", "--root-key"])
        .arg(&new)
        .arg("--root-passphrase-file")
        .arg(file("new-passphrase"))
        .output()
        .unwrap();
    assert_success(&next);
    let pins = |path: &Path| Handover::parse(&fs::read(path).unwrap()).unwrap().roots;
    assert_ne!(pins(&old), pins(&vault.path().join("handover.json")));
    judged(&vault, "b.zip", &[&old]);
}

#[test]
fn keys_of_persons_lie_with_them() {
    let vault = Vault::init(NOWHERE);
    let file = |name: &str| vault.dir.path().join(name);
    fs::write(file("own"), "a person's own\n").unwrap();
    let before: Vec<PathBuf> = fs::read_dir(vault.keys()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let new = key(
        &vault,
        &["new", "review", "--custodian", "sec-lead", "--out", "sec-lead.pem", "--out-passphrase-file", "own"],
    );
    assert_success(&new);
    assert!(file("sec-lead.pem").exists());
    assert_eq!(fs::read_dir(vault.keys()).unwrap().count(), before.len(), "no file was added to the host's keys");
    let openssl = |args: &[&str]| Command::new("openssl").args(args).current_dir(vault.dir.path()).status();
    let make = ["genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "file:own", "-out", "k.pem"];
    if openssl(&make).is_ok_and(|status| status.success()) {
        assert!(
            openssl(&["pkey", "-in", "k.pem", "-passin", "file:own", "-pubout", "-out", "p.pem"]).unwrap().success()
        );
        let add = ["new", "review", "--custodian", "ciso", "--public-key", "p.pem"];
        assert_success(&key(&vault, &add));
        assert_two_lines(&key(&vault, &add), 2, "already");
        let review = ["review", "--period", &always(), "--conclusion", "no_issue", "--key", "k.pem"];
        assert_success(&vault.run(&[review.as_slice(), &["--key-passphrase-file", "own"]].concat()));
    } else {
        println!("SKIPPED: openssl is not installed");
    }
    let keys = listed(&vault, "review");
    assert!(keys[0].contains("  sec-lead  "), "{keys:?}");
    let mixed = key(&vault, &["new", "review", "backup", "--custodian", "sec-lead"]);
    assert_two_lines(&mixed, 2, "review stand alone");
    assert_success(&key(&vault, &["new", "evidence", "--custodian", "ops-lead"]));
    assert_eq!(listed(&vault, "evidence").len(), 2);
    judged(&vault, "b.zip", &[]);
}

#[test]
fn a_registry_against_a_file_that_was_kept() {
    let vault = Vault::init(NOWHERE);
    judged(&vault, "b.zip", &[]);
    let csv = vault.dir.path().join("keys.csv");
    let unzipped = Command::new("python3")
        .args(["-c", "import sys, zipfile; sys.stdout.write(zipfile.ZipFile('b.zip').read('keys/keys.csv').decode())"])
        .current_dir(vault.dir.path())
        .output()
        .unwrap();
    assert_success(&unzipped);
    fs::write(&csv, &unzipped.stdout).unwrap();
    let same = vault.run(&["key", "compare", "keys.csv"]);
    assert_success(&same);
    assert_eq!(stdout(&same), "same\n");

    assert_success(&key(&vault, &["rotate", "log"]));
    let differs = vault.run(&["key", "compare", "keys.csv"]);
    assert_eq!(differs.status.code(), Some(1), "{}", stderr(&differs));
    let text = stdout(&differs);
    assert!(text.contains("status: \"active\", now \"retired\"") && text.contains("added "), "{text}");
    assert!(text.ends_with("differs\n"), "{text}");
    assert_two_lines(&vault.run(&["key", "compare", "passphrase"]), 2, "keys.csv");
}

/// What a kill leaves: the new key's file and the new version, but no entry.
#[test]
fn killed_before_the_entry() {
    let (vault, after) = rotated_copy();
    let keys = after.join("keys");
    for entry in fs::read_dir(&keys).unwrap().flatten() {
        let target = vault.keys().join(entry.file_name());
        if !target.exists() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
    fs::copy(after.join("vault/keys/registry.ndjson"), vault.path().join("keys/registry.ndjson")).unwrap();
    assert_eq!(listed(&vault, "log").len(), 1, "a version without an entry is none");
    judged(&vault, "a.zip", &[]);
    assert_success(&key(&vault, &["rotate", "log"]));
    assert_eq!(listed(&vault, "log").len(), 2);
    judged(&vault, "b.zip", &[]);
}

/// What a kill leaves: the entry, but no head over it. Or the head was signed and remembered, and never stored.
#[test]
fn killed_before_the_head() {
    for remembered in [false, true] {
        let (vault, after) = rotated_copy();
        let before = fs::read(vault.path().join("chain/checkpoints.ndjson")).unwrap();
        let memory = fs::read(vault.keys().join("last-head.json")).unwrap();
        fs::remove_dir_all(vault.path()).unwrap();
        fs::remove_dir_all(vault.keys()).unwrap();
        support::copy(&after.join("vault"), &vault.path());
        support::copy(&after.join("keys"), &vault.keys());
        fs::write(vault.path().join("chain/checkpoints.ndjson"), before).unwrap();
        if !remembered {
            fs::write(vault.keys().join("last-head.json"), memory).unwrap();
        }
        assert_success(&key(&vault, &["rotate", "statement"]));
        assert_eq!(signatures(&vault), [1, 1, 1, 2], "the first head after the change has both signatures");
        judged(&vault, "b.zip", &[]);
    }
}

/// A vault, and a copy of it in which the log key was replaced.
fn rotated_copy() -> (Vault, PathBuf) {
    let vault = Vault::init(NOWHERE);
    let (now, after) = (vault.dir.path().join("now"), vault.dir.path().join("after"));
    for name in ["vault", "keys"] {
        support::copy(&vault.dir.path().join(name), &now.join(name));
    }
    assert_success(&key(&vault, &["rotate", "log"]));
    for name in ["vault", "keys"] {
        let place = vault.dir.path().join(name);
        fs::create_dir_all(&after).unwrap();
        fs::rename(&place, after.join(name)).unwrap();
        fs::rename(now.join(name), place).unwrap();
    }
    (vault, after)
}

#[test]
fn killed_at_points_of_a_change() {
    let vault = Vault::init(NOWHERE);
    let began = Instant::now();
    assert_success(&key(&vault, &["rotate", "log"]));
    let whole = began.elapsed();
    for point in 0..8 {
        let role = if point % 2 == 0 { "log" } else { "statement" };
        let mut command = vault.command();
        command.args(["key", "rotate", role, "--root-key", &root(&vault)]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        thread::sleep(whole * (2 * point + 1) / 16);
        // Where it has ended already there is nothing to kill.
        let _ = child.kill();
        child.wait().unwrap();
        vault.kinds();
    }
    assert_success(&key(&vault, &["rotate", "bundle"]));
    judged(&vault, "b.zip", &[]);
}
