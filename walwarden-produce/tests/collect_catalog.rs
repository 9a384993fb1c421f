//! Captures of a real server by a role that may do next to nothing: nothing is left out, nothing is made up.

#[path = "support/mod.rs"]
mod support;
#[path = "support/collect.rs"]
mod support_collect;

use support::{assert_two_lines, stdout};
use support_collect::{Captured, collect, try_collect, world};
use walwarden_core::event::{EvidenceOutcome, EvidenceTrigger, flag};

#[test]
fn every_role_is_there_and_every_way_to_become_superuser() {
    let (server, vault) = world();
    server.sql(
        "postgres",
        "CREATE ROLE pgbouncer LOGIN; CREATE ROLE pguser SUPERUSER LOGIN; \
         CREATE ROLE app_admin; CREATE ROLE middle; CREATE ROLE clerk LOGIN NOINHERIT; \
         GRANT postgres TO app_admin; GRANT app_admin TO middle; GRANT middle TO clerk; \
         ALTER ROLE clerk SET log_statement TO 'none'",
    );
    let first = collect(&vault, &["access_control", "shop"]);
    let roles = first.column("roles.ndjson", "role");
    for role in ["pgbouncer", "pguser", "pg_monitor", "clerk", "postgres"] {
        assert!(roles.iter().any(|found| found == role), "{role} is not in {roles:?}");
    }
    // Counted by the server itself, not by a limit or a pattern of ours.
    assert!(first.stated.reconciled.as_ref().unwrap().equal);
    let clerk = first.rows("roles.ndjson").into_iter().find(|row| row["role"].as_deref() == Some("clerk")).unwrap();
    assert_eq!(clerk["config"].as_deref(), Some("{log_statement=none}"));
    assert_eq!(first.flagged(flag::SUPERUSER_ADDED), ["pguser", "postgres"]);
    assert_eq!(first.flagged(flag::SUPERUSER_REACHABLE), ["clerk, through postgres"]);
    assert_eq!(first.stated.session_role.as_deref(), Some("auditor"));
    assert_eq!((first.data.trigger, first.stated.truncated), (EvidenceTrigger::Manual, false));
    assert!(first.stated.outputs.iter().all(|output| output.query.is_some() && !output.columns.is_empty()));

    server.sql("postgres", "DROP ROLE pgbouncer; CREATE ROLE newcomer SUPERUSER; ALTER ROLE clerk CREATEDB");
    let second = collect(&vault, &["access_control", "shop"]);
    assert_eq!(second.flags(), [(flag::SUPERUSER_ADDED.into(), "newcomer".into())]);
    assert_eq!(second.data.previous, Some(first.stated.head.entry));
    // newcomer; pgbouncer, in roles and in who can become whom; clerk.
    let diff = second.data.diff.unwrap();
    assert_eq!((diff.added, diff.removed, diff.changed), (1, 2, 1));
    // One speaks from where the other ended, on the same day: nothing is overwritten.
    assert_eq!(second.data.covers.from, first.data.covers.to);
    drop(server);
}

#[test]
fn the_catalogs_are_read_and_not_what_the_role_may_use() {
    let (server, vault) = world();
    server.sql(
        "shop",
        "CREATE ROLE app LOGIN; CREATE SCHEMA hidden; CREATE TABLE hidden.salary (id int); \
         GRANT USAGE ON SCHEMA hidden TO app; GRANT SELECT, INSERT ON hidden.salary TO app; \
         ALTER DEFAULT PRIVILEGES IN SCHEMA hidden GRANT SELECT ON TABLES TO app",
    );
    let captured = collect(&vault, &["access_control"]);
    let grants = captured.rows("grants.ndjson");
    let of_app = |privilege: &str, object: &str| {
        grants.iter().any(|row| {
            row["grantee"].as_deref() == Some("app")
                && row["privilege"].as_deref() == Some(privilege)
                && row["object"].as_deref() == Some(object)
        })
    };
    assert!(of_app("INSERT", "salary") && of_app("SELECT", "salary") && of_app("USAGE", "hidden"), "{grants:?}");
    assert_eq!(captured.column("default-privileges.ndjson", "grantee"), ["app"]);
    drop(server);
}

#[test]
fn a_table_without_rows_is_a_file_without_lines() {
    let (server, vault) = world();
    let captured = collect(&vault, &["access_control"]);
    assert_eq!(captured.outputs["default-privileges.ndjson"], b"");
    let rows: usize = captured.outputs.keys().map(|name| captured.rows(name).len()).sum();
    assert_eq!(captured.data.rows.0, rows as u64);
    drop(server);
}

#[test]
fn a_question_without_an_answer_is_recorded_as_failed() {
    let (server, vault) = world();
    let good = collect(&vault, &["access_control"]);
    server.sql("postgres", "REVOKE SELECT ON pg_auth_members FROM PUBLIC");
    server.sql("shop", "REVOKE SELECT ON pg_auth_members FROM PUBLIC");
    let output = try_collect(&vault, &["access_control"]);
    assert_two_lines(&output, 1, "pg_auth_members");
    let failed = Captured::last(&vault);
    assert_eq!(failed.data.outcome, EvidenceOutcome::Failed);
    assert_eq!((failed.data.rows.0, failed.data.reason.as_deref()), (0, Some("insufficient-privilege")));
    assert!(failed.data.flags.is_empty() && failed.data.diff.is_none());
    let text = String::from_utf8(failed.outputs["failure.txt"].clone()).unwrap();
    assert!(text.contains("pg_auth_members"), "{text}");
    // The server that refused is named.
    assert_eq!(failed.stated.source.unwrap().database, "shop");
    // What is compared with later is the last good one.
    server.sql("shop", "GRANT SELECT ON pg_auth_members TO PUBLIC");
    let again = collect(&vault, &["access_control"]);
    assert_eq!(again.data.previous, Some(good.stated.head.entry));

    // A server that is away, too.
    drop(server);
    assert_two_lines(&try_collect(&vault, &["scope_inventory"]), 1, "no connection");
    assert_eq!(Captured::last(&vault).data.outcome, EvidenceOutcome::Failed);
}

#[test]
fn unknown_databases_and_another_server_are_flagged() {
    let (server, vault) = world();
    server.sql("postgres", "CREATE DATABASE \"it's new\"; ALTER DATABASE \"it's new\" ALLOW_CONNECTIONS false");
    let first = collect(&vault, &["scope_inventory"]);
    assert_eq!(first.flagged(flag::DATABASE_UNKNOWN), ["it's new", "postgres"]);
    assert!(first.flagged(flag::IDENTITY_CHANGED).is_empty());
    assert_eq!(first.column("databases.ndjson", "name"), ["it's new", "postgres", "shop", "template0", "template1"]);
    let other = support::Server::start(1);
    other.sql("postgres", support_collect::ROLE);
    let folder = |server: &support::Server| server.cluster.folder().display().to_string();
    vault.configure(&folder(&server), &folder(&other));
    let second = collect(&vault, &["scope_inventory"]);
    let changed = second.flagged(flag::IDENTITY_CHANGED);
    assert_eq!(changed.len(), 2, "{changed:?}");
    drop((server, other));
}

#[test]
fn stores_and_chain_are_compared_both_ways() {
    let server = support::Server::start(10);
    let vault = support::Vault::init(&server.conninfo());
    support::assert_success(&vault.run(&["backup"]));
    support::assert_success(&vault.run(&["backup"]));
    let whole = collect(&vault, &["store_inventory"]);
    assert!(whole.flags().is_empty(), "{:?}", whole.flags());
    assert_eq!(whole.data.rows.0, vault.objects().len() as u64);
    assert!(whole.stated.reconciled.as_ref().unwrap().equal);
    let dump = vault.objects().into_iter().find(|file| file.ends_with("db.dump")).unwrap();
    std::fs::rename(&dump, dump.with_file_name("stray")).unwrap();
    std::fs::write(vault.path().join("objects/foreign"), b"x").unwrap();
    let output = try_collect(&vault, &["store_inventory"]);
    assert!(output.status.success());
    let torn = Captured::last(&vault);
    let [missing] = torn.flagged(flag::BACKUP_MISSING).try_into().unwrap();
    assert!(stdout(&output).contains(&missing) && missing.parse::<walwarden_core::EntryId>().is_ok());
    assert_eq!(torn.flagged("object-unknown"), ["main: foreign"]);
    assert!(!torn.stated.reconciled.as_ref().unwrap().equal);
    drop(server);
}
