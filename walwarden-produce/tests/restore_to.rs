//! Restores to a server of somebody's: for a test, and for real.

mod support;

use std::fs;

use support::{Server, Vault, assert_success, assert_two_lines, stderr, stdout};
use walwarden_core::event::{Event, Outcome, Purpose, RestoreTested};
use walwarden_produce::postgres::Session;

fn last(vault: &Vault) -> RestoreTested {
    match vault.events().pop() {
        Some(Event::RestoreTested(tested)) => *tested,
        other => panic!("no restore, but {other:?}"),
    }
}

fn databases(server: &Server) -> String {
    let mut session = Session::open(&server.cluster.connection("postgres")).unwrap();
    let [names] = session.one("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database").unwrap();
    names
}

#[test]
fn the_system_that_was_backed_up_needs_a_reason() {
    let server = Server::start(50);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let before = databases(&server);
    let target = server.conninfo();
    assert_two_lines(&vault.run(&["restore-test", "--target", &target]), 1, "no reason was given");
    let tested = last(&vault);
    assert_eq!((tested.outcome, tested.rows_actual), (Outcome::Failed, None));
    let output = vault.run(&["restore-test", "--target", &target, "--reason", "a branch shares its identifier"]);
    assert_success(&output);
    let tested = last(&vault);
    assert_eq!((tested.outcome, tested.purpose), (Outcome::Passed, Purpose::Drill));
    assert!(tested.environment.database.starts_with("walwarden_rt_"), "{:?}", tested.environment);
    // What was made for it is dropped, and nothing else.
    assert_eq!(databases(&server), before);
    let other = Server::start(1);
    assert_success(&vault.run(&["restore-test", "--target", &other.conninfo()]));
    assert_eq!(last(&vault).outcome, Outcome::Passed);
}

#[test]
fn a_real_restore_goes_into_an_empty_database_and_stays() {
    let server = Server::start(50);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    server.sql("postgres", "CREATE DATABASE again");
    let to = server.conninfo().replace("dbname=shop", "dbname=again");
    let restore = ["restore", "shop", "--to", &to, "--incident-at", "2036-01-01T00:00:00Z"];
    assert_success(&vault.run(&restore));
    let tested = last(&vault);
    assert_eq!((tested.outcome, tested.purpose), (Outcome::Passed, Purpose::Recovery));
    assert!(tested.incident_at.is_some() && tested.data_age_s > 86_400, "{tested:?}");
    assert_success(&vault.run(&["verify-db", "shop", "--db", &to]));
    // A name mistyped says nothing about the backup, and is not recorded.
    let before = vault.entries();
    let mistyped = to.replace("dbname=again", "dbname=agian");
    assert_two_lines(&vault.run(&["restore", "shop", "--to", &mistyped]), 2, "does not exist");
    assert_two_lines(&vault.run(&["restore-test", "--target", "host=/nonexistent dbname=x"]), 2, "");
    assert_eq!(vault.entries(), before);
    // Nothing is restored over anything, and that it was tried is recorded.
    let output = vault.run(&restore);
    assert_two_lines(&output, 1, "not empty");
    assert_eq!(last(&vault).outcome, Outcome::Failed);
    assert_success(&vault.run(&["verify-db", "shop", "--db", &to]));
    // A changed dump is not even begun with.
    server.sql("postgres", "CREATE DATABASE third");
    let dump = vault.objects().into_iter().find(|path| path.ends_with("db.dump")).unwrap();
    let mut bytes = fs::read(&dump).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&dump, bytes).unwrap();
    let output = vault.run(&["restore", "shop", "--to", &server.conninfo().replace("dbname=shop", "dbname=third")]);
    assert_two_lines(&output, 1, "db.dump");
    assert!(!stdout(&output).contains("passed"), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn a_dump_of_many_files_is_tested_like_any_other() {
    let server = Server::start(300);
    let vault = Vault::init(&server.conninfo());
    let config = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&config).unwrap();
    let with = |dump: &str| fs::write(&config, format!("{text}dump = {dump}\n")).unwrap();
    with(r#"{ format = "directory", jobs = 2, compression = "gzip:1", max_rate = 100_000_000 }"#);
    assert_success(&vault.run(&["backup"]));
    let output = vault.run(&["restore-test"]);
    assert_success(&output);
    assert!(stdout(&output).contains("passed"), "{}", stdout(&output));
    // What stands beside the object set of another format is the same.
    with(r#"{ compression = "none" }"#);
    assert_success(&vault.run(&["backup"]));
    assert_success(&vault.run(&["restore-test"]));
    for wrong in [r#"{ format = "tar" }"#, r#"{ compression = "zstd:99" }"#, r#"{ rate = 1 }"#] {
        with(wrong);
        assert_two_lines(&vault.run(&["backup"]), 2, "walwarden.toml");
    }
}
