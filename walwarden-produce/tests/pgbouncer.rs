//! A real pooler in front of a real server: in transaction mode refused, in session mode no different from the server.

mod postgres_support;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use postgres_support::*;
use walwarden_produce::{dump::Stage, postgres::Connection, restore::cluster::Cluster};

const PGBOUNCER: &str = "/usr/sbin/pgbouncer";

/// A pooler on a socket in a folder of its own.
struct Pooler {
    child: Child,
    folder: tempfile::TempDir,
}

impl Pooler {
    /// Nothing where it is not installed.
    fn start(cluster: &Cluster, mode: &str) -> Option<Self> {
        if !Path::new(PGBOUNCER).is_file() {
            assert!(std::env::var_os("CI").is_none(), "pgbouncer is not installed");
            eprintln!("SKIPPED: pgbouncer is not installed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("pgbouncer.ini");
        let (server, own) = (cluster.folder().display(), folder.path().display());
        let text = format!(
            "[databases]\n* = host={server} port=5432 user=postgres\n[pgbouncer]\nauth_type = any\nlisten_port = 6432\n\
             unix_socket_dir = {own}\nlogfile = {own}/log\npool_mode = {mode}\n"
        );
        fs::write(&config, text).unwrap();
        // It refuses to run as root, and the server's folder is its owner's alone.
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(cluster.folder()).unwrap());
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        chown(folder.path(), Some(owner), None).unwrap();
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(["--reuid", &owner.to_string(), "--clear-groups", "--pdeathsig", "TERM", "--", PGBOUNCER]);
        let child = command.arg(&config).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pooler = Self { child, folder };
        let socket = pooler.folder.path().join(".s.PGSQL.6432");
        for _ in 0..100 {
            if socket.exists() {
                return Some(pooler);
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("pgbouncer does not listen: {:?}", fs::read_to_string(pooler.folder.path().join("log")));
    }

    fn connection(&self, database: &str) -> Connection {
        let text = format!("host={} port=6432 user=postgres dbname={database}", self.folder.path().display());
        Connection::resolve(&text, &|_| None).unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn in_transaction_mode_it_is_refused_though_nobody_else_uses_it() {
    let cluster = cluster();
    database(&cluster, "shop", &[&fixture("shop.sql")]);
    let Some(pooler) = Pooler::start(&cluster, "transaction") else { return };
    for _ in 0..3 {
        let files = files();
        let error = dump(&pooler.connection("shop"), &files).unwrap_err();
        assert_eq!((error.stage, error.reason_code), (Stage::Preflight, "transaction-pooler"), "{error}");
        assert!(!files.dump.exists());
    }
}

#[test]
fn in_session_mode_it_does_no_harm() {
    let cluster = cluster();
    let direct = database(&cluster, "shop", &[&fixture("shop.sql")]);
    let Some(pooler) = Pooler::start(&cluster, "session") else { return };
    let (pooled, root) = (dump(&pooler.connection("shop"), &files()), dump(&direct, &files()).unwrap().content_root);
    assert_eq!(pooled.unwrap().content_root, root);
}
