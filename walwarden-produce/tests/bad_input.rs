//! Bad input: each is a clear two-line error or a recorded failure; no secret in any output; the vault stays whole.

mod support;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::{Command, Output, Stdio},
};

use support::{Server, Vault, assert_success, assert_two_lines, copy, stderr, stdout};
use walwarden_produce::postgres::{Program, Tools};

/// A backup that fails is recorded, leaves no object behind, and the next one works.
fn assert_recorded(vault: &Vault, output: &Output, stage: &str, reason: &str, what: &str) {
    assert_two_lines(output, 1, what);
    assert_eq!(vault.failure(), (stage.to_owned(), reason.to_owned()), "{}", stderr(output));
    assert!(stderr(output).contains("the failure is recorded as entry"), "{}", stderr(output));
    let left: Vec<_> = vault.objects().into_iter().filter(|path| path.to_string_lossy().contains("partial")).collect();
    assert!(left.is_empty(), "{left:?}");
    assert_success(&vault.run(&["status"]));
}

#[test]
fn a_server_that_is_not_there() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let output = vault.run(&["backup", "shop"]);
    assert_recorded(&vault, &output, "connect", "connection-refused", "backup of shop failed at connect");
    assert!(vault.objects().is_empty());
    // What status says to type records what is done about it.
    let said = stdout(&vault.run(&["status"]));
    let command = said.split("walwarden action open ").nth(1).expect("a command");
    let words: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
    assert_eq!(words[1..4], ["--reason-code", "connection-refused", "--text"], "{said}");
    assert_success(&vault.run(&["action", "open", words[0], words[1], words[2], words[3], "the server was started"]));
    assert!(!stdout(&vault.run(&["status"])).contains("walwarden action open"));
}

#[test]
fn a_database_and_a_user_that_are_not_there() {
    let server = Server::start(1);
    let vault = Vault::init(&server.conninfo());
    vault.configure("dbname=shop", "dbname=nope");
    let output = vault.run(&["backup"]);
    assert_recorded(&vault, &output, "connect", "database-missing", "failed at connect");
    vault.configure("user=postgres dbname=nope", "user=nobody dbname=shop");
    let output = vault.run(&["backup"]);
    assert_two_lines(&output, 1, "failed at connect");
    vault.configure("user=nobody", "user=postgres");
    assert_success(&vault.run(&["backup"]));
}

#[test]
fn a_wrong_password_is_recorded_and_shown_nowhere() {
    let hba = tempfile::tempdir().unwrap();
    fs::set_permissions(hba.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = hba.path().join("hba.conf");
    fs::write(&file, "local all postgres trust\nlocal all all scram-sha-256\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let server = Server::with(10, &[("hba_file", &file.to_string_lossy())]);
    server.sql("shop", "CREATE ROLE app LOGIN PASSWORD 'right-secret'; GRANT pg_read_all_data TO app");
    let socket = server.cluster.folder().display().to_string().replace('/', "%2F");
    let url = |password: &str| format!("postgres://app:{password}@{socket}/shop");
    let vault = Vault::init_with(tempfile::tempdir().unwrap(), "env:SHOP_URL", &[("SHOP_URL", &url("wrong-secret"))]);
    let run = |password: &str| vault.command().arg("backup").env("SHOP_URL", url(password)).output().unwrap();
    let output = run("wrong-secret");
    assert_recorded(&vault, &output, "connect", "authentication-failed", "failed at connect");
    assert!(!stderr(&output).contains("secret"), "{}", stderr(&output));
    assert!(!String::from_utf8(vault.entries()).unwrap().contains("secret"));
    let output = run("right-secret");
    assert_success(&output);
    let mut files = Vec::new();
    support::walk(&vault.path(), &mut files);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(12).any(|window| window == b"right-secret"), "{}", path.display());
    }
    let output = vault.run(&["backup"]);
    assert_two_lines(&output, 1, "SHOP_URL");
}

#[test]
fn a_password_in_an_argument_or_in_the_configuration_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "hunter2secret";
    for connection in [format!("postgres://app:{secret}@db/shop"), format!("host=db password={secret}")] {
        let output = Command::new(env!("CARGO_BIN_EXE_walwarden"))
            .current_dir(dir.path())
            .args(["--vault", "v", "--passphrase-file", "/dev/null", "init", "--keys", "k", "--root-key", "r"])
            .args(["--organisation", "Acme", "--origin", "acme.example/b", "--db", &format!("shop={connection}")])
            .output()
            .unwrap();
        let all = stdout(&output) + &stderr(&output);
        assert!(!all.contains(secret), "{all}");
        assert_eq!(output.status.code(), Some(2), "{all}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    let vault = Vault::init("host=/nonexistent dbname=shop");
    vault.configure("host=/nonexistent dbname=shop", &format!("host=/nonexistent password={secret}"));
    let output = vault.run(&["backup"]);
    assert_recorded(&vault, &output, "preflight", "password-in-argument", "holds a password");
    assert!(!stderr(&output).contains(secret));
    assert!(!String::from_utf8(vault.entries()).unwrap().contains(secret));
}

#[test]
fn a_wrong_passphrase_and_none() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let before = vault.entries();
    for command in [&["backup"][..], &["restore-test"], &["bundle", "--period", "2026"]] {
        fs::write(vault.passphrase_file(), "wrong horse\n").unwrap();
        let output = vault.run(command);
        let without_verifier = stderr(&output).contains("walwarden-verify is missing");
        if !without_verifier {
            assert_two_lines(&output, 2, "the passphrase does not open");
        }
        assert!(!stderr(&output).contains("wrong horse"));
        fs::write(vault.passphrase_file(), "").unwrap();
        let output = vault.run(command);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("the passphrase is empty") || without_verifier, "{}", stderr(&output));
    }
    assert_eq!(vault.entries(), before, "nothing was begun");
    let missing = Command::new(env!("CARGO_BIN_EXE_walwarden"))
        .arg("--vault")
        .arg(vault.path())
        .args(["--passphrase-file", "/nonexistent/p", "backup"])
        .output()
        .unwrap();
    assert_two_lines(&missing, 2, "/nonexistent/p");
}

#[test]
fn a_passphrase_by_descriptor() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let script = "exec 7<\"$1\"; shift; exec \"$@\" 7<&7";
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(vault.passphrase_file())
        .arg(env!("CARGO_BIN_EXE_walwarden"))
        .arg("--vault")
        .arg(vault.path())
        .args(["--passphrase-fd", "7", "backup"])
        .output()
        .unwrap();
    // The keys opened: the backup was tried, and failed at the server that is not there.
    assert_recorded(&vault, &output, "connect", "connection-refused", "failed at connect");
}

#[test]
fn programs_that_are_missing() {
    let server = Server::start(1);
    let vault = Vault::init(&server.conninfo());
    let bin = vault.dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    vault.configure("[store]", &format!("[postgres]\nbin_dir = \"{}\"\n\n[store]", bin.display()));
    let output = vault.run(&["backup"]);
    assert_recorded(&vault, &output, "preflight", "pg-dump-missing", "pg_dump was not found");
    for program in [Program::PgDump, Program::PgDumpall] {
        symlink(Tools::default().find(program).unwrap(), bin.join(program.name())).unwrap();
    }
    let output = vault.run(&["backup"]);
    assert_recorded(&vault, &output, "preflight", "psql-missing", "psql was not found");
    assert!(vault.objects().is_empty());
}

/// What a role cannot see must not be missing silently.
#[test]
fn what_cannot_be_read_whole_is_recorded_as_failed() {
    let server = Server::start(10);
    server.sql("shop", "CREATE ROLE app LOGIN");
    let vault = Vault::init(&server.conninfo());
    vault.configure("user=postgres", "user=app");
    assert_recorded(&vault, &vault.run(&["backup"]), "preflight", "no-select-privilege", "may not read");
    server.sql("shop", "GRANT pg_read_all_data TO app; ALTER TABLE public.item ENABLE ROW LEVEL SECURITY");
    assert_recorded(&vault, &vault.run(&["backup"]), "preflight", "row-security", "hides rows");
    server.sql("shop", "ALTER ROLE app BYPASSRLS");
    assert_success(&vault.run(&["backup"]));
    let ascii = "CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0";
    server.sql("postgres", ascii);
    vault.configure("dbname=shop", "dbname=ascii");
    assert_recorded(&vault, &vault.run(&["backup"]), "preflight", "sql-ascii", "SQL_ASCII");
}

#[test]
fn no_vault_no_such_database_no_backup() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.current_dir(dir.path()).env_remove("WALWARDEN_VAULT").args(args).output().unwrap()
    };
    assert_two_lines(&run(&["status"]), 2, "is no vault");
    assert_two_lines(&run(&["--vault", "x", "head"]), 2, "is no vault");
    assert_eq!(run(&["frobnicate"]).status.code(), Some(2));
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let before = vault.entries();
    assert_two_lines(&vault.run(&["backup", "crm"]), 2, "no database crm in walwarden.toml, which has: shop");
    assert_two_lines(&vault.run(&["restore-test"]), 2, "no completed backup in this vault");
    assert_two_lines(&vault.run(&["restore-test", "01KA4Z8E5P9V2Q7M3D1C6B0TXY"]), 2, "no completed backup of");
    assert_eq!(vault.entries(), before);
    vault.configure("origin =", "origni =");
    assert_two_lines(&vault.run(&["status"]), 2, "walwarden.toml: line 3");
}

#[test]
fn a_vault_restored_to_an_older_state() {
    let server = Server::start(10);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let older = vault.dir.path().join("older");
    copy(&vault.path(), &older);
    assert_success(&vault.run(&["backup"]));
    fs::rename(vault.path(), vault.dir.path().join("newest")).unwrap();
    fs::rename(&older, vault.path()).unwrap();
    let before = vault.entries();
    for command in [&["backup"][..], &["restore-test"], &["run"]] {
        assert_two_lines(&vault.run(command), 2, "it is an older copy");
    }
    // What is there can still be looked at.
    let output = vault.run(&["status"]);
    assert_success(&output);
    assert!(stdout(&output).contains("wrong  this vault has"), "{}", stdout(&output));
    assert_eq!(vault.entries(), before);
    fs::remove_dir_all(vault.path()).unwrap();
    fs::rename(vault.dir.path().join("newest"), vault.path()).unwrap();
    assert_success(&vault.run(&["backup"]));
    assert_eq!(vault.kinds().iter().filter(|kind| *kind == "backup.completed").count(), 3);
}

/// Disk full in the vault's own disk: the dump's partial files go first, so the failure can still be recorded.
#[test]
fn a_disk_that_is_full() {
    let Some(disk) = SmallDisk::mount(4) else {
        println!("skipped: only root can mount a small disk");
        return;
    };
    let server = Server::start(400_000);
    let dir = tempfile::tempdir_in(disk.path()).unwrap();
    let vault = Vault::init_in(dir, &server.conninfo());
    let output = vault.run(&["backup"]);
    assert_two_lines(&output, 1, "failed at");
    assert_eq!(vault.failure().1, "disk-full", "{}", stderr(&output));
    assert!(vault.objects().is_empty(), "{:?}", vault.objects());
    assert_success(&vault.run(&["status"]));
    server.sql("shop", "TRUNCATE public.item");
    assert_success(&vault.run(&["backup"]));
}

/// A disk without a byte to spare: nothing can be recorded, and the program says so.
#[test]
fn a_disk_without_a_byte_to_spare() {
    let Some(disk) = SmallDisk::mount(4) else {
        println!("skipped: only root can mount a small disk");
        return;
    };
    let server = Server::start(10);
    let vault = Vault::init_in(tempfile::tempdir_in(disk.path()).unwrap(), &server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let filler = disk.path().join("filler");
    let _ = Command::new("dd")
        .args(["if=/dev/zero", "bs=4096"])
        .arg(format!("of={}", filler.display()))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let before = vault.entries();
    let output = vault.run(&["backup"]);
    assert!(!output.status.success());
    assert!(stderr(&output).contains("No space left on device"), "{}", stderr(&output));
    assert!(vault.entries().starts_with(&before), "nothing acknowledged is lost");
    fs::remove_file(&filler).unwrap();
    assert_success(&vault.run(&["backup"]));
    assert_success(&vault.run(&["restore-test"]));
    assert_eq!(vault.kinds().iter().filter(|kind| *kind == "backup.completed").count(), 2);
}

/// A small file system in memory, removed when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(mebibytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output().ok()?;
        mounted.status.success().then_some(Self(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}
