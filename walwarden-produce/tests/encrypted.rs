//! What is promised to be encrypted is never stored in the clear, and what cannot be opened is not tested.

mod support;
#[path = "support/world.rs"]
mod world;

use std::fs;

use support::{Server, Vault, assert_success, assert_two_lines};
use walwarden_produce::encryption::new_identity;
use world::{PASSPHRASE, World};

const POLICY: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-03-01T00:00:00Z"
author = "dba-lead"
approved_by = "cto"
timezone = "UTC"

[defaults]
rpo = "27h"
rto = "4h"
schedule = "0 2 * * *"
start_tolerance = "30m"
max_run = "1h"
max_resolution = "24h"
encryption = { backup = ["age-x25519"] }

[[database]]
id = "shop"
owner = "dba-lead"
provider = "self-hosted"
account_ref = "acme-prod"
region = "local"
criticality = "high"
"#;

#[test]
fn no_backup_in_the_clear_and_no_test_without_an_identity() {
    let server = Server::start(20);
    let World { dir, producer, signers, .. } = World::new(POLICY, &server.conninfo(), "03-01T12:00", |_| String::new());
    drop((producer, signers));
    fs::write(dir.path().join("passphrase"), PASSPHRASE).unwrap();
    let vault = Vault { dir };
    let before = vault.entries();
    assert_two_lines(&vault.run(&["backup"]), 2, "names no recipients");
    assert_eq!((vault.entries(), vault.objects().len()), (before, 0), "nothing is recorded, nothing is stored");

    let (secret, public) = new_identity();
    fs::write(vault.dir.path().join("identity"), secret.as_bytes()).unwrap();
    let toml = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&toml).unwrap();
    fs::write(&toml, format!("{text}\n[encryption]\nrecipients = [\"{public}\"]\n")).unwrap();
    assert_success(&vault.run(&["backup"]));
    let before = vault.entries();
    assert_two_lines(&vault.run(&["restore-test"]), 2, "no identity was given");
    fs::write(vault.dir.path().join("other"), new_identity().0.as_bytes()).unwrap();
    assert_two_lines(&vault.run(&["restore-test", "--identity", "other"]), 2, "none of those it is encrypted to");
    assert_eq!(vault.entries(), before, "what was not tried is no failed test");
    // What is typed is sought from the current folder.
    assert_success(&vault.run(&["restore-test", "--identity", "identity"]));
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let mut child = vault.start(&["status"]);
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", support::stderr(&output));
}
