//! The vault's own copy: kept before a head is signed, and what brings a lost machine back.

#[path = "support/s3.rs"]
mod s3_support;
mod support;

use std::{fs, process::Output};

use s3_support::{Fault, Proxy, S3, store, with_credentials};
use support::{Server, Vault, assert_success, assert_two_lines, copy, stdout};
use walwarden_core::handover::Handover;

/// A vault that is copied into a bucket, as are its backups.
fn copied(server: &Server, endpoint: &str) -> Vault {
    let vault = Vault::init(&server.conninfo());
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let more = format!("\n[[copy]]\nname = \"dr\"\n{}\n[vault]\ncopy_to = \"dr\"\n", store(endpoint, "acme-dr"));
    fs::write(path, text + &more).unwrap();
    vault
}

fn run(vault: &Vault, args: &[&str]) -> Output {
    with_credentials(&mut vault.command()).args(args).output().unwrap()
}

#[test]
fn a_lost_machine_comes_back_with_every_acknowledged_entry() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let server = Server::start(20);
    let vault = copied(&server, &s3.endpoint());
    assert_success(&run(&vault, &["backup"]));
    let lost = vault.dir.path().join("lost");
    fs::rename(vault.path(), &lost).unwrap();
    let config = lost.join("walwarden.toml");
    let restore = ["vault", "restore", "--config", config.to_str().unwrap()];
    let output = run(&vault, &restore);
    assert_success(&output);
    assert_two_lines(&run(&vault, &restore), 2, "is there already");
    let of_chain =
        ["chain/entries.ndjson", "chain/checkpoints.ndjson", "keys/registry.ndjson", "statements/backup.ndjson"];
    for file in of_chain.into_iter().chain(["policy.toml"]) {
        assert_eq!(fs::read(vault.path().join(file)).unwrap(), fs::read(lost.join(file)).unwrap(), "{file}");
    }
    let handover = Handover::parse(&fs::read(vault.path().join("handover.json")).unwrap()).unwrap();
    let before = Handover::parse(&fs::read(lost.join("handover.json")).unwrap()).unwrap();
    assert_eq!((&handover.roots, handover.threshold), (&before.roots, before.threshold));
    assert_eq!(handover.head.size, vault.kinds().len() as u64, "the newest head");
    for blob in fs::read_dir(lost.join("blobs")).unwrap().flatten() {
        assert!(vault.path().join("blobs").join(blob.file_name()).exists(), "{blob:?}");
    }
    // The store of backups was on that machine too: its copy in the bucket is the one to restore from.
    fs::rename(lost.join("objects"), vault.path().join("objects")).unwrap();
    assert_success(&run(&vault, &["restore-test"]));
    assert_success(&run(&vault, &["backup"]));
}

#[test]
fn an_older_copy_of_a_vault_is_brought_up_to_date() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let server = Server::start(20);
    let vault = copied(&server, &s3.endpoint());
    assert_success(&run(&vault, &["backup"]));
    let older = vault.dir.path().join("older");
    copy(&vault.path(), &older);
    assert_success(&run(&vault, &["backup"]));
    let newest = vault.entries();
    fs::rename(vault.path(), vault.dir.path().join("newer")).unwrap();
    fs::rename(&older, vault.path()).unwrap();
    assert_two_lines(&run(&vault, &["backup"]), 2, "older copy");
    let output = run(&vault, &["chain", "recover"]);
    assert_success(&output);
    assert!(stdout(&output).contains("brought"), "{}", stdout(&output));
    assert_eq!(vault.entries(), newest);
    assert_success(&run(&vault, &["backup"]));
}

#[test]
fn another_store_gets_the_whole_chain() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    s3.bucket("acme-new", false);
    let server = Server::start(20);
    let vault = copied(&server, &s3.endpoint());
    assert_success(&run(&vault, &["backup"]));
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("acme-dr", "acme-new")).unwrap();
    assert_success(&run(&vault, &["backup"]));
    let lost = vault.dir.path().join("lost");
    fs::rename(vault.path(), &lost).unwrap();
    let config = lost.join("walwarden.toml");
    assert_success(&run(&vault, &["vault", "restore", "--config", config.to_str().unwrap()]));
    assert_eq!(vault.entries(), fs::read(lost.join("chain/entries.ndjson")).unwrap());
}

#[test]
fn while_the_copy_cannot_be_kept_nothing_is_acknowledged() {
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let proxy = Proxy::before(&s3);
    let server = Server::start(20);
    let vault = copied(&server, &proxy.endpoint());
    assert_success(&run(&vault, &["backup"]));
    let head = stdout(&run(&vault, &["head"]));
    let before = vault.entries();
    proxy.inject(|_| Some(Fault::Drop));
    assert_two_lines(&run(&vault, &["backup"]), 2, "acme-dr");
    assert_eq!(vault.entries(), before, "nothing begins, so that nothing lacks an end");
    // One that fails between the question and the answer: the line waits for the next head, and is copied with it.
    proxy.inject(|line| line.starts_with("PUT").then_some(Fault::Drop));
    assert_two_lines(&run(&vault, &["backup"]), 2, "acme-dr");
    assert_ne!(vault.entries(), before);
    assert_eq!(stdout(&run(&vault, &["head"])), head);
    proxy.heal();
    assert_success(&run(&vault, &["backup"]));
    let lines = vault.kinds().len();
    assert_eq!(s3.keys("acme-dr").iter().filter(|key| key.contains("/entries/")).count(), lines);
    // Answers that are lost after the store has done its part do no harm either.
    let mut count = 0;
    proxy.inject(move |line| {
        count += usize::from(line.starts_with("PUT"));
        (line.starts_with("PUT") && count % 3 == 0).then_some(Fault::LoseAnswer)
    });
    let _ = run(&vault, &["backup"]);
    proxy.heal();
    assert_success(&run(&vault, &["backup"]));
    let older = vault.dir.path().join("lost");
    fs::rename(vault.path(), &older).unwrap();
    assert_success(&run(&vault, &["vault", "restore", "--config", older.join("walwarden.toml").to_str().unwrap()]));
    assert_eq!(vault.entries(), fs::read(older.join("chain/entries.ndjson")).unwrap());
}
