//! What a database does while it is backed up: sessions that are ended, a server that crashes, locks that others want.

mod support;

use std::{fs, process::Command, thread, time::Duration};

use support::{Server, Vault, assert_success, assert_two_lines, judged, stderr};
use walwarden_core::event::Event;
use walwarden_produce::postgres::Session;

/// Enough for a backup to last a while.
const ROWS: u32 = 400_000;

/// A backup that is on its way, with its sessions at work.
fn begun(vault: &Vault) -> std::process::Child {
    let after = vault.entries().iter().filter(|byte| **byte == b'\n').count();
    let child = vault.start(&["backup"]);
    vault.wait_for("backup.started", after);
    thread::sleep(Duration::from_millis(400));
    child
}

fn asked(server: &Server, query: &str) -> String {
    let [answer] = Session::open(&server.cluster.connection("postgres")).unwrap().one(query).unwrap();
    answer
}

/// It failed, that is recorded, nothing is left, and the next one works.
fn recovers(server: &Server, vault: &Vault, output: &std::process::Output) {
    assert_two_lines(output, 1, "backup of shop failed");
    let (stage, reason) = vault.failure();
    assert!(["dump", "content", "snapshot"].contains(&stage.as_str()), "{stage} {reason}");
    assert!(vault.objects().is_empty(), "{:?}", vault.objects());
    // A server that crashed comes back by itself.
    for _ in 0..100 {
        if Session::open(&server.cluster.connection("shop")).and_then(|mut s| s.run("SELECT 1")).is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_success(&vault.run(&["backup"]));
}

#[test]
fn sessions_that_are_ended() {
    let server = Server::start(ROWS);
    let vault = Vault::init(&server.conninfo());
    let child = begun(&vault);
    let end = "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity WHERE datname = 'shop'";
    assert_ne!(asked(&server, end), "0");
    recovers(&server, &vault, &child.wait_with_output().unwrap());
}

#[test]
fn a_server_that_crashes() {
    let server = Server::start(ROWS);
    let vault = Vault::init(&server.conninfo());
    let child = begun(&vault);
    let pid = asked(&server, "SELECT min(pid)::text FROM pg_stat_activity WHERE datname = 'shop'");
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    recovers(&server, &vault, &child.wait_with_output().unwrap());
}

#[test]
fn others_who_want_the_tables_wait_until_the_end() {
    let server = Server::start(ROWS);
    let vault = Vault::init(&server.conninfo());
    for statement in ["TRUNCATE public.item", "ALTER TABLE public.item ADD COLUMN late int", "DROP TABLE public.log"] {
        let child = begun(&vault);
        let mut session = Session::open(&server.cluster.connection("shop")).unwrap();
        let refused = session.run(&format!("SET lock_timeout = '100ms'; {statement}")).unwrap_err();
        assert_eq!(refused.sqlstate(), Some("55P03"), "{statement}: {refused}");
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{statement}: {}", stderr(&output));
        let completed = vault.events().into_iter().rev().find_map(|event| match event {
            Event::BackupCompleted(completed) => Some(completed),
            _ => None,
        });
        assert_eq!(completed.unwrap().rows.0, u64::from(ROWS) + 1, "{statement}");
    }
}

#[test]
fn lists_that_no_statement_could_hold_stand_beside_it() {
    let server = Server::start(1);
    // Long names: 5500 sequences, or as many views, make more than 1 MiB.
    let schema = "x".repeat(63);
    server.sql("shop", &format!("CREATE SCHEMA {schema}"));
    for (create, name, of) in [("SEQUENCE", "s", ""), ("VIEW", "v", " AS SELECT 1")] {
        let one = format!("format('CREATE {create} {schema}.{}%s{of}', n)", name.repeat(55));
        let some = format!("FOR n IN 1..5500 LOOP EXECUTE {one}; IF n % 500 = 0 THEN COMMIT; END IF; END LOOP");
        server.sql("shop", &format!("DO $$ BEGIN {some}; END $$"));
    }
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let blobs = fs::read_dir(vault.path().join("blobs")).unwrap().flatten();
    assert_eq!(blobs.filter(|blob| blob.metadata().unwrap().len() > 700 << 10).count(), 2);
    assert_success(&vault.run(&["restore-test"]));
    judged(&vault, "lists.zip", &[]);
}
