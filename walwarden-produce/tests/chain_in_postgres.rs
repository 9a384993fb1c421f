//! A chain in PostgreSQL: the same bytes, many writers, nothing changed or removed.

mod support;

use std::{fs, process::Stdio};

use support::{Server, Vault, assert_success, stderr, stdout};
use walwarden_core::chain::Entries;
use walwarden_produce::postgres::Session;

/// A vault whose chain was moved to a database `ledger`, appended to by a role that owns nothing.
fn moved(server: &Server) -> (Vault, String) {
    server.sql("postgres", "CREATE DATABASE ledger; CREATE ROLE writer LOGIN");
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let owner = server.conninfo().replace("dbname=shop", "dbname=ledger");
    let output = vault.run(&["chain", "move", "--to", &owner, "--writer", "writer"]);
    assert_success(&output);
    let writer = owner.replace("user=postgres", "user=writer");
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[chain]\nconnection = \"{writer}\"\n")).unwrap();
    (vault, writer)
}

#[test]
fn several_processes_append_at_once_and_export_gives_the_same_bytes() {
    let server = Server::start(20);
    let (vault, _) = moved(&server);
    let before = vault.entries();
    let mut children: Vec<_> = (0..4)
        .map(|_| vault.command().arg("backup").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for child in children.drain(..) {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    // The files are what was moved, and are not written to any more.
    assert_eq!(vault.entries(), before);
    let copy = vault.dir.path().join("copy");
    assert_success(&vault.run(&["chain", "export", copy.to_str().unwrap()]));
    let ndjson = fs::read(copy.join("chain/entries.ndjson")).unwrap();
    assert!(ndjson.starts_with(&before));
    let entries = Entries::parse(&ndjson).unwrap();
    entries.contiguous().unwrap();
    let completed = entries.all().iter().filter(|entry| entry.kind() == "backup.completed").count();
    assert_eq!(completed, 5);
    assert_success(&vault.run(&["restore-test"]));
    let status = vault.run(&["status"]);
    assert_success(&status);
    assert!(stdout(&status).contains("shop"), "{}", stdout(&status));
}

#[test]
fn rows_are_only_ever_added() {
    let server = Server::start(5);
    let (vault, writer) = moved(&server);
    let refused = |who: &str, sql: &str| {
        let connection = walwarden_produce::config::connection("ledger", who, Default::default()).unwrap();
        let error = Session::open(&connection).unwrap().run(sql).unwrap_err();
        assert_eq!(error.sqlstate(), Some("42501"), "{sql}: {error}");
    };
    let owner = writer.replace("user=writer", "user=postgres");
    for sql in [
        "UPDATE walwarden.entries SET line = line",
        "DELETE FROM walwarden.entries WHERE seq = 0",
        "TRUNCATE walwarden.checkpoints",
        "DELETE FROM walwarden.statements",
        "UPDATE walwarden.blobs SET bytes = ''",
    ] {
        refused(&writer, sql);
        // Also the owner has to take the triggers away first, which no role of a run can.
        refused(&owner, sql);
    }
    refused(&writer, "ALTER TABLE walwarden.entries DISABLE TRIGGER ALL");
    // A writer that forges a line is found out by its next reader.
    let connection = walwarden_produce::config::connection("ledger", &writer, Default::default()).unwrap();
    let forge = "INSERT INTO walwarden.entries SELECT max(seq) + 1, max(ends_at) + 3, '{}' FROM walwarden.entries";
    Session::open(&connection).unwrap().run(forge).unwrap();
    let output = vault.run(&["backup"]);
    assert!(!output.status.success() && stderr(&output).contains("error: "), "{}", stderr(&output));
}
