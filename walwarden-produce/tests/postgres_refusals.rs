//! Each thing that goes wrong has its own word, on real servers.

mod postgres_support;

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::atomic::AtomicBool};

use postgres_support::*;
use walwarden_core::event::Stage;
use walwarden_produce::{
    dump::{DumpRequest, attested_dump},
    postgres::{Connection, Tools},
    restore::cluster::Cluster,
};

/// Stage and reason, having asserted that no file stays.
fn refused(connection: &Connection) -> (Stage, &'static str) {
    let files = files();
    let error = dump(connection, &files).unwrap_err();
    assert!(!files.dump.exists() && !files.globals.exists(), "{error}");
    assert!(!error.message.is_empty());
    (error.stage, error.reason_code)
}

fn through(cluster: &Cluster, further: &str) -> Connection {
    let text = format!("host={} port=5432 dbname=postgres user=postgres {further}", cluster.folder().display());
    Connection::resolve(&text, &|_| None).unwrap()
}

#[test]
fn servers_that_cannot_be_reached() {
    let cluster = cluster_with(&[("password_encryption", "scram-sha-256")]);
    assert_eq!(refused(&through(&cluster, "dbname=nowhere")), (Stage::Connect, "database-missing"));
    assert_eq!(refused(&through(&cluster, "user=nobody_here")), (Stage::Connect, "role-missing"));
    assert_eq!(refused(&through(&cluster, "port=6999")), (Stage::Connect, "connection-refused"));
    assert_eq!(
        refused(&through(&cluster, "sslmode=require host=localhost port=6999")),
        (Stage::Connect, "connection-refused")
    );
    let service = Connection::resolve("service=walwarden_nowhere", &|_| None).unwrap();
    assert_eq!(refused(&service), (Stage::Connect, "service-unknown"));
    let host = Connection::resolve("host=nowhere.invalid", &|_| None).unwrap();
    assert_eq!(refused(&host), (Stage::Connect, "host-unknown"));
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let cluster = cluster();
    sql(&cluster.connection("postgres"), "CREATE ROLE app LOGIN SUPERUSER PASSWORD 'right horse'");
    let hba = cluster.folder().join("data/pg_hba.conf");
    let rules = fs::read_to_string(&hba).unwrap();
    fs::write(&hba, format!("local all app scram-sha-256\n{rules}")).unwrap();
    sql(&cluster.connection("postgres"), "COPY (SELECT pg_reload_conf()) TO '/dev/null'");
    let spec = |password: &str| {
        let uri = format!("postgres://app:{password}@/postgres?host={}", cluster.folder().display());
        Connection::resolve("env:SHOP", &|name| (name == "SHOP").then(|| uri.clone())).unwrap()
    };
    let wrong = dump(&spec("staple%20battery"), &files()).unwrap_err();
    assert_eq!((wrong.stage, wrong.reason_code), (Stage::Connect, "authentication-failed"));
    assert!(!format!("{wrong} {wrong:?}").contains("battery"));
    // The right one reaches psql, pg_dump and pg_dumpall alike.
    sql(&cluster.connection("postgres"), "CREATE TABLE public.t (id int PRIMARY KEY)");
    dump(&spec("right%20horse"), &files()).unwrap();
}

#[test]
fn privileges_and_row_security() {
    let cluster = cluster();
    let database = database(&cluster, "shop", &[&fixture("nasty.sql")]);
    sql(&database, "CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA \"sch\"\"ema\" TO reader");
    let as_reader = through(&cluster, "dbname=shop user=reader");
    assert_eq!(refused(&as_reader), (Stage::Preflight, "no-select-privilege"));
    sql(&database, "GRANT SELECT ON ALL TABLES IN SCHEMA \"sch\"\"ema\" TO reader");
    assert_eq!(refused(&as_reader), (Stage::Preflight, "row-security"));
}

#[test]
fn databases_that_cannot_be_told_for_sure() {
    let cluster = cluster();
    let admin = cluster.connection("postgres");
    sql(&admin, "CREATE DATABASE raw TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
    assert_eq!(refused(&cluster.connection("raw")), (Stage::Preflight, "sql-ascii"));
    // Bytes that are no UTF-8 in a database that says it is: what an old import or a damaged disk leaves.
    sql(&cluster.connection("raw"), "CREATE TABLE public.t (v text); INSERT INTO public.t VALUES (E'a\\xff')");
    sql(&admin, "UPDATE pg_database SET encoding = pg_char_to_encoding('UTF8') WHERE datname = 'raw'");
    let files = files();
    let error = dump(&cluster.connection("raw"), &files).unwrap_err();
    assert_eq!((error.stage, error.reason_code), (Stage::Content, "invalid-encoding"));
    assert!(error.message.contains("public.t") && !files.dump.exists());
}

#[test]
fn transaction_poolers() {
    let cluster = cluster_with(&[("port", "6543")]);
    let text = format!("host={} port=6543 dbname=postgres user=postgres", cluster.folder().display());
    let connection = Connection::resolve(&text, &|_| None).unwrap();
    assert_eq!(refused(&connection), (Stage::Preflight, "transaction-pooler"));
}

/// A folder of programs in which one is replaced, or missing.
fn programs(cluster: &Cluster, replaced: &str, script: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["psql", "pg_dump", "pg_dumpall", "pg_restore"] {
        let path = folder.path().join(name);
        match script {
            Some(script) if name == replaced => {
                fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            None if name == replaced => {}
            _ => {
                let command =
                    cluster.connection("postgres").command(walwarden_produce::postgres::Program::Psql).unwrap();
                let real = Path::new(command.get_program()).with_file_name(name);
                std::os::unix::fs::symlink(real, &path).unwrap();
            }
        }
    }
    folder
}

fn with(cluster: &Cluster, folder: &tempfile::TempDir) -> Connection {
    cluster.connection("postgres").with_tools(Tools { bin_dir: Some(folder.path().into()) })
}

#[test]
fn programs_that_are_missing_or_too_old() {
    let cluster = cluster();
    for (name, reason) in
        [("pg_dump", "pg-dump-missing"), ("psql", "psql-missing"), ("pg_dumpall", "pg-dumpall-missing")]
    {
        let folder = programs(&cluster, name, None);
        assert_eq!(refused(&with(&cluster, &folder)), (Stage::Preflight, reason));
    }
    let old = programs(&cluster, "pg_dump", Some("echo 'pg_dump (PostgreSQL) 9.6.24'"));
    assert_eq!(refused(&with(&cluster, &old)), (Stage::Preflight, "server-newer-than-pg-dump"));
    let silent = programs(&cluster, "pg_dump", Some("exit 0"));
    assert_eq!(refused(&with(&cluster, &silent)), (Stage::Preflight, "tool-version-unreadable"));
}

#[test]
fn a_pg_dump_that_fails_tells_its_exit_code() {
    let cluster = cluster();
    sql(&cluster.connection("postgres"), "CREATE TABLE public.t (id int PRIMARY KEY)");
    let script = "case \"$1\" in --version) echo 'pg_dump (PostgreSQL) 15.0';; *) echo 'pg_dump: error: boom' >&2; exit 3;; esac";
    let failing = programs(&cluster, "pg_dump", Some(script));
    let files = files();
    let error = dump(&with(&cluster, &failing), &files).unwrap_err();
    assert_eq!((error.stage, error.reason_code, error.exit_code), (Stage::Dump, "dump-failed", Some(3)));
    assert!(error.message.contains("boom") && !files.dump.exists());
}

#[test]
fn a_full_disk_is_said_to_be_full() {
    let cluster = cluster();
    let shop = database(&cluster, "shop", &[&fixture("shop.sql")]);
    // A file size limit stands in for a full disk where no small file system can be mounted.
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
        .arg(folder.path())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        eprintln!("SKIPPED: a small file system cannot be mounted here");
        return;
    }
    let files = Files {
        dump: folder.path().join("d"),
        globals: folder.path().join("g"),
        ranges: folder.path().join("r"),
        folder: tempfile::tempdir().unwrap(),
    };
    let error = dump(&shop, &files).unwrap_err();
    let left = fs::read_dir(folder.path()).unwrap().count();
    std::process::Command::new("umount").arg(folder.path()).status().unwrap();
    // Whoever comes to its end first: pg_dump, or who writes ranges of rows.
    assert!(matches!(error.stage, Stage::Dump | Stage::Content), "{error}");
    assert_eq!((error.reason_code, left), ("disk-full", 0), "{error}");
}

#[test]
fn a_file_that_exists_is_not_overwritten() {
    let cluster = cluster();
    let files = files();
    fs::write(&files.dump, "mine").unwrap();
    let error = dump(&cluster.connection("postgres"), &files).unwrap_err();
    assert_eq!((error.stage, error.reason_code), (Stage::Dump, "file-exists"));
    assert_eq!(fs::read(&files.dump).unwrap(), b"mine");
}

#[test]
fn a_stop_leaves_nothing() {
    let cluster = cluster();
    let shop = database(&cluster, "shop", &[&fixture("shop.sql")]);
    let files = files();
    let (row_key, cancel) = (key(), AtomicBool::new(true));
    let request = DumpRequest {
        dump_path: &files.dump,
        globals_path: &files.globals,
        ranges_path: &files.ranges,
        row_key: &row_key,
        settings: &walwarden_produce::dump::DumpSettings::default(),
        jobs: 1,
        now: &now,
        progress: &|_| (),
        cancel: &cancel,
    };
    let error = attested_dump(&shop, &request).unwrap_err();
    assert_eq!(error.reason_code, "stopped");
    assert!(!files.dump.exists() && !files.globals.exists() && !files.ranges.exists());
}

#[test]
fn a_role_that_may_only_read_is_enough() {
    let cluster = cluster();
    let small = database(&cluster, "small", &[]);
    sql(&small, "CREATE TABLE public.t (id serial PRIMARY KEY, v text); INSERT INTO public.t (v) VALUES ('x')");
    sql(&small, "CREATE ROLE reader LOGIN IN ROLE pg_read_all_data");
    let dumped = dump(&through(&cluster, "dbname=small user=reader"), &files()).unwrap();
    assert_eq!((dumped.tables, dumped.rows), (1, 1));
    assert_eq!((dumped.tls.mode.as_str(), dumped.tls.protocol.as_str()), ("off", "unix"));
}

#[test]
fn a_table_locked_by_somebody_else_is_waited_for_and_then_named() {
    let cluster = cluster();
    let small = database(&cluster, "small", &[]);
    sql(&small, "CREATE TABLE public.t (id serial PRIMARY KEY)");
    let mut other = walwarden_produce::postgres::Session::open(&small).unwrap();
    other.run("BEGIN; LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE").unwrap();
    assert_eq!(refused(&small), (Stage::Snapshot, "lock-timeout"));
    other.run("COMMIT").unwrap();
    dump(&small, &files()).unwrap();
}

const CHILD: &str = "WALWARDEN_TEST_SOCKET";

/// Not a test of its own: what `a_killed_backup_leaves_no_process` kills.
#[test]
#[ignore = "run by another test"]
fn the_backup_that_is_killed() {
    let Ok(socket) = std::env::var(CHILD) else { return };
    let text = format!("host={socket} port=5432 dbname=big user=postgres");
    let _ = dump(&Connection::resolve(&text, &|_| None).unwrap(), &files());
}

#[test]
fn a_killed_backup_leaves_no_process() {
    let cluster = cluster();
    let big = database(&cluster, "big", &[]);
    sql(&big, "CREATE TABLE public.t AS SELECT n, repeat(md5(n::text), 8) AS v FROM generate_series(1, 400000) n");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_backup_that_is_killed"])
        .env(CHILD, cluster.folder())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut watch = walwarden_produce::postgres::Session::open(&cluster.connection("postgres")).unwrap();
    let mut running = || {
        let [count] = watch.one("SELECT count(*)::text FROM pg_stat_activity WHERE datname = 'big'").unwrap();
        count.parse::<u32>().unwrap()
    };
    // The session that holds the snapshot, pg_dump, and at least one reader.
    let began = std::time::Instant::now();
    while running() < 3 {
        assert!(
            began.elapsed().as_secs() < 30 && child.try_wait().unwrap().is_none(),
            "the backup did not get that far"
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let began = std::time::Instant::now();
    while running() > 0 {
        assert!(began.elapsed().as_secs() < 5, "{} sessions outlive the backup", running());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn an_extension_that_the_target_lacks_is_named() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    sql(&shop, "CREATE EXTENSION citext");
    let files = files();
    let dumped = dump(&shop, &files).unwrap();
    let target = cluster();
    // The archive's own table of contents is asked, so a name in it that no server knows will do.
    let bytes = fs::read(&files.dump).unwrap();
    let mut changed = bytes.clone();
    let mut at = 0;
    while let Some(found) = changed[at..].windows(6).position(|window| window == b"citext") {
        changed[at + found..at + found + 6].copy_from_slice(b"cjtext");
        at += found + 6;
    }
    fs::write(&files.dump, changed).unwrap();
    let restored = restore(&target, &files, &dumped, &[]);
    let step = restored.steps.iter().find(|step| step.name == "extensions").unwrap();
    assert_eq!(step.outcome, walwarden_core::statement::restore_test::StepOutcome::Failed);
    assert!(step.detail.as_ref().is_some_and(|detail| detail.contains("cjtext")), "{step:?}");
    assert_eq!(restored.tables_equal, None);
}

#[test]
fn an_encrypted_connection_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, private) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"])
        .arg(&private)
        .arg("-out")
        .arg(&certificate)
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !made {
        assert!(std::env::var_os("CI").is_none(), "may not be skipped here: no openssl to make a certificate");
        eprintln!("SKIPPED: no openssl to make a certificate");
        return;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let cluster = cluster_with(&[("listen_addresses", "127.0.0.1"), ("port", &port)]);
    let local = format!("host={} port={port} user=postgres dbname=postgres", cluster.folder().display());
    let local = Connection::resolve(&local, &|_| None).unwrap();
    let data = cluster.folder().join("data");
    for (from, to) in [(&certificate, "server.crt"), (&private, "server.key")] {
        // Written into a file that the server's user owns already.
        let owned = data.join(to);
        sql(&local, &format!("COPY (SELECT 1) TO '{}'", owned.display()));
        fs::write(&owned, fs::read(from).unwrap()).unwrap();
        fs::set_permissions(&owned, fs::Permissions::from_mode(0o600)).unwrap();
    }
    sql(&local, "ALTER SYSTEM SET ssl TO on");
    sql(&local, "COPY (SELECT pg_reload_conf()) TO '/dev/null'");
    let spec = format!("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require");
    let facts = Connection::resolve(&spec, &|_| None).unwrap().server_facts().unwrap();
    assert_eq!((facts.tls.mode.as_str(), facts.tls.protocol.as_str()), ("require", "TLSv1.3"));
    let unknown = Connection::resolve(&spec.replace("require", "verify-full"), &|_| None).unwrap();
    assert_eq!(refused(&unknown), (Stage::Connect, "tls-failed"));
}
