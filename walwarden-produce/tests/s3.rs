//! Backups in a bucket: encrypted, copied, restored, and what happens when the store fails.

#[path = "support/s3.rs"]
mod s3_support;
#[path = "support/mod.rs"]
mod support;

use std::{fs, process::Output};

use s3_support::{Fault, Proxy, S3, SECRET, store, with_credentials};
use support::{Server, Vault, assert_success, assert_two_lines, stderr, stdout};
use walwarden_core::event::{CopyOutcome, Event, LockMode, Outcome};
use walwarden_produce::encryption::new_identity;

const MAIN: &str = "folder = \"objects\"  # relative to this file\naccount_ref = \"local\"\nregion = \"local\"\n";

/// A vault whose backups go to `endpoint`, encrypted.
fn encrypted(server: &Server, endpoint: &str) -> Vault {
    let vault = Vault::init(&server.conninfo());
    let (secret, public) = new_identity();
    let identity = vault.dir.path().join("identity");
    fs::write(&identity, secret.as_bytes()).unwrap();
    vault.configure(MAIN, &store(endpoint, "acme-backups"));
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let more = format!("\n[encryption]\nrecipients = [\"{public}\"]\nidentity = \"{}\"\n", identity.display());
    fs::write(path, text + &more).unwrap();
    vault
}

fn run(vault: &Vault, args: &[&str]) -> Output {
    let output = with_credentials(&mut vault.command()).args(args).output().unwrap();
    let said = stdout(&output) + &stderr(&output);
    assert!(!said.contains(SECRET), "{said}");
    output
}

#[test]
fn an_encrypted_backup_in_a_bucket_is_copied_and_comes_back() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-backups", false);
    s3.bucket("acme-dr", true);
    let server = Server::start(200);
    let vault = encrypted(&server, &s3.endpoint());
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[[copy]]\nname = \"dr\"\n{}lock_days = 1\n", store(&s3.endpoint(), "acme-dr")))
        .unwrap();
    assert_success(&run(&vault, &["backup"]));
    let events = vault.events();
    let Some(Event::BackupCompleted(done)) = events.iter().find(|e| matches!(e, Event::BackupCompleted(_))) else {
        panic!("{events:?}")
    };
    assert!(done.object.version_id.is_some() && done.object.etag.is_some(), "{:?}", done.object);
    assert_eq!((done.object.provider.as_str(), done.object.bucket.as_str()), ("acme-s3", "acme-backups"));
    let keys = s3.keys("acme-backups");
    assert_eq!(keys.len(), 4, "{keys:?}");
    assert_eq!(s3.keys("acme-dr").len(), 3);
    // spec:rows-9: an encrypted object holds no name of a table and no row.
    for key in &keys {
        let bytes = s3.get(&format!("/acme-backups/{key}"));
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"), "{key}");
        assert!(!bytes.windows(4).any(|four| four == b"item"), "{key}");
    }
    let Some(Event::CopyVerified(copy)) = events.last() else { panic!("{events:?}") };
    assert_eq!((copy.outcome, copy.lock.mode), (CopyOutcome::Ok, LockMode::Governance));
    assert!(copy.lock.until.is_some());
    assert_eq!(copy.location.sha256, done.object.sha256);
    // Nothing in the clear stays on this machine, and no secret is in the vault.
    assert!(!vault.path().join("staging").exists());
    let identity = fs::read_to_string(vault.dir.path().join("identity")).unwrap();
    let secret = identity.lines().last().unwrap();
    let mut files = Vec::new();
    support::walk(&vault.path(), &mut files);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(SECRET) && !text.contains(secret) && !text.contains(support::PASSPHRASE), "{file:?}");
    }
    assert_success(&run(&vault, &["restore-test"]));
    let Some(Event::RestoreTested(tested)) = vault.events().pop() else { panic!("{:?}", vault.kinds()) };
    assert_eq!(tested.outcome, Outcome::Passed);
    assert!(!vault.path().join("staging").exists());
}

#[test]
fn copies_that_are_altered_or_gone_are_found() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let server = Server::start(20);
    let vault = Vault::init(&server.conninfo());
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[[copy]]\nname = \"dr\"\n{}", store(&s3.endpoint(), "acme-dr"))).unwrap();
    assert_success(&run(&vault, &["backup"]));
    let dump = s3.keys("acme-dr").into_iter().find(|key| key.ends_with("db.dump")).unwrap();
    assert_success(&run(&vault, &["copy", "--again"]));
    let good = s3.get(&format!("/acme-dr/{dump}"));
    let mut bad = good.clone();
    bad[100] ^= 1;
    s3.put(&format!("/acme-dr/{dump}"), &bad);
    assert_two_lines(&run(&vault, &["copy", "--again"]), 1, "mismatch");
    let last = |vault: &Vault| match vault.events().pop() {
        Some(Event::CopyVerified(copy)) => copy.outcome,
        other => panic!("{other:?}"),
    };
    assert_eq!(last(&vault), CopyOutcome::Mismatch);
    s3.put(&format!("/acme-dr/{dump}"), &good);
    assert_success(&run(&vault, &["copy"]));
    assert_eq!(last(&vault), CopyOutcome::Ok);
    // What is gone is recorded as gone before it is copied again.
    s3.delete(&format!("/acme-dr/{dump}"));
    assert_two_lines(&run(&vault, &["copy", "--again"]), 1, "missing");
    assert_eq!(last(&vault), CopyOutcome::Missing);
    assert_success(&run(&vault, &["copy"]));
    assert_eq!(s3.get(&format!("/acme-dr/{dump}")), good);
    drop(s3);
    assert_two_lines(&run(&vault, &["copy", "--again"]), 1, "unreachable");
    assert_eq!(last(&vault), CopyOutcome::Unreachable);
}

/// A bucket that is not there is no missing object, and is said before a dump is made for it.
#[test]
fn a_misspelt_bucket_is_called_so() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-backups", false);
    let server = Server::start(5);
    let vault = encrypted(&server, &s3.endpoint());
    let copy = format!("\n[[copy]]\nname = \"dr\"\n{}", store(&s3.endpoint(), "acme-drr"));
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap() + &copy;
    fs::write(&path, &text).unwrap();
    assert_two_lines(&run(&vault, &["backup"]), 1, "acme-drr");
    match vault.events().into_iter().rfind(|event| matches!(event, Event::CopyVerified(_))) {
        Some(Event::CopyVerified(copy)) => assert_eq!(copy.outcome, CopyOutcome::Unreachable),
        other => panic!("{other:?}"),
    }
    fs::write(&path, text.replace("\"acme-backups\"", "\"acme-bakups\"")).unwrap();
    let output = run(&vault, &["backup"]);
    assert_two_lines(&output, 1, "acme-bakups");
    assert!(stderr(&output).contains("no such bucket") && stderr(&output).contains("`bucket`"));
    assert_eq!(vault.failure(), ("preflight".into(), "bucket-missing".into()));
}

#[test]
fn a_store_that_fails_leaves_a_record_and_nothing_that_counts() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-backups", false);
    let proxy = Proxy::before(&s3);
    let server = Server::start(2000);
    let vault = encrypted(&server, &proxy.endpoint());
    // What passes within a few seconds is tried again and is no failure.
    for fault in [Fault::Drop, Fault::Busy] {
        let mut left = 2;
        proxy.inject(move |line| {
            let hit = line.starts_with("PUT") && left > 0;
            left -= i32::from(hit);
            hit.then_some(fault)
        });
        assert_success(&run(&vault, &["backup"]));
    }
    let good = vault.kinds().iter().filter(|kind| *kind == "backup.completed").count();
    assert_eq!(good, 2);
    for (fault, reason) in [
        (Fault::Busy, "store-unreachable"),
        (Fault::Forbidden, "not-writable"),
        (Fault::CutBody, "store-unreachable"),
        (Fault::LoseAnswer, "store-unreachable"),
    ] {
        proxy.inject(move |line| (line.starts_with("PUT") && line.contains("globals.sql")).then_some(fault));
        let output = run(&vault, &["backup"]);
        assert_two_lines(&output, 1, "globals.sql");
        assert_eq!(vault.failure(), ("upload".into(), reason.into()), "{fault:?}");
        assert_eq!(s3.keys("acme-backups").len(), good * 4, "{fault:?}: {:?}", s3.keys("acme-backups"));
    }
    // An answer that breaks off when what was written is read back.
    proxy.inject(|line| (line.starts_with("GET") && line.contains("db.dump")).then_some(Fault::CutAnswer));
    assert_eq!(run(&vault, &["backup"]).status.code(), Some(1));
    assert_eq!(vault.failure().0, "upload");
    // While the store is away, what it keeps cannot be removed; the next run does it.
    proxy.inject(|line| {
        (!line.contains("rowkey") && (line.starts_with("DELETE") || line.contains("versions"))
            || line.contains("rowkey"))
        .then_some(Fault::Drop)
    });
    assert_eq!(run(&vault, &["backup"]).status.code(), Some(1));
    assert!(s3.keys("acme-backups").len() > good * 4);
    proxy.heal();
    assert_success(&run(&vault, &["backup"]));
    assert_eq!(s3.keys("acme-backups").len(), (good + 1) * 4, "{:?}", s3.keys("acme-backups"));
}
