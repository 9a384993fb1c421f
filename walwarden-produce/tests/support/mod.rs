//! What the tests of the program share: a server, a vault, runs.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use walwarden_core::{chain::Entries, event::Event};
use walwarden_produce::{
    clock::{Clock as _, SystemClock},
    postgres::Session,
    restore::cluster::{Cluster, ClusterRequest},
};

/// The passphrase of every test vault.
pub(crate) const PASSPHRASE: &str = "correct horse battery";

/// A throwaway server with one database, `shop`.
pub(crate) struct Server {
    pub(crate) cluster: Cluster,
}

impl Server {
    pub(crate) fn start(rows: u32) -> Self {
        Self::with(rows, &[])
    }

    pub(crate) fn with(rows: u32, settings: &[(&str, &str)]) -> Self {
        let cluster = Cluster::start(&ClusterRequest { settings, ..ClusterRequest::default() }).unwrap();
        let server = Self { cluster };
        server.sql("postgres", "CREATE DATABASE shop");
        server.sql("shop", "CREATE TABLE public.item (id int PRIMARY KEY, name text NOT NULL, price numeric(9,2))");
        let rows = format!(
            "INSERT INTO public.item SELECT g, repeat(md5(g::text), 4), g / 7.0 FROM generate_series(1, {rows}) g"
        );
        server.sql("shop", &rows);
        server.sql(
            "shop",
            "CREATE TABLE public.log (at timestamptz, text text); INSERT INTO public.log VALUES (now(), NULL)",
        );
        server
    }

    /// A throwaway server with the sample database of the demonstration.
    pub(crate) fn shop() -> Self {
        let server = Self { cluster: Cluster::start(&ClusterRequest::default()).unwrap() };
        server.sql("postgres", "CREATE DATABASE shop");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/sql/shop.sql");
        let mut psql = Command::new("psql");
        psql.args(["-qX", "-v", "ON_ERROR_STOP=1", "-d", &server.conninfo(), "-f"]).arg(file);
        assert_success(&psql.output().unwrap());
        server
    }

    pub(crate) fn sql(&self, database: &str, statement: &str) {
        Session::open(&self.cluster.connection(database)).unwrap().run(statement).unwrap();
    }

    /// How `--db` names its database.
    pub(crate) fn conninfo(&self) -> String {
        format!("host={} user=postgres dbname=shop", self.cluster.folder().display())
    }
}

/// A vault in a folder of its own.
pub(crate) struct Vault {
    pub(crate) dir: TempDir,
}

impl Vault {
    /// A vault whose one database is reached by `conninfo`.
    pub(crate) fn init(conninfo: &str) -> Self {
        Self::init_in(tempfile::tempdir().unwrap(), conninfo)
    }

    pub(crate) fn init_in(dir: TempDir, conninfo: &str) -> Self {
        Self::init_with(dir, conninfo, &[])
    }

    pub(crate) fn init_with(dir: TempDir, conninfo: &str, variables: &[(&str, &str)]) -> Self {
        let vault = Self { dir };
        fs::write(vault.passphrase_file(), PASSPHRASE).unwrap();
        let output = vault
            .command()
            .envs(variables.iter().copied())
            .arg("init")
            .arg("--keys")
            .arg(vault.keys())
            .arg("--root-key")
            .arg(vault.dir.path().join("root.pem"))
            .args(["--organisation", "Acme", "--origin", "acme.example/backups", "--zone", "Europe/Berlin"])
            .args(["--author", "dba-lead", "--approved-by", "cto"])
            .arg("--db")
            .arg(format!("shop={conninfo}"))
            .output()
            .unwrap();
        assert_success(&output);
        vault
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    pub(crate) fn passphrase_file(&self) -> PathBuf {
        self.dir.path().join("passphrase")
    }

    /// The program, with this vault and its passphrase.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("--vault").arg(self.path()).arg("--passphrase-file").arg(self.passphrase_file());
        command.env_remove("WALWARDEN_VAULT").current_dir(self.dir.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command().args(args).output().unwrap()
    }

    /// Starts a run and goes on.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until the chain has an entry of that kind beyond `after` entries.
    pub(crate) fn wait_for(&self, kind: &str, after: usize) {
        let began = Instant::now();
        let needle = format!("\"type\":\"{kind}\"");
        loop {
            let text = String::from_utf8(self.entries()).unwrap();
            if text.lines().skip(after).any(|line| line.contains(&needle)) {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "no {kind}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn entries(&self) -> Vec<u8> {
        fs::read(self.path().join("chain/entries.ndjson")).unwrap()
    }

    /// Kinds of all entries; the chain is whole and every checkpoint is of it.
    pub(crate) fn kinds(&self) -> Vec<String> {
        assert_success(&self.run(&["status"]));
        let ndjson = self.entries();
        let entries = Entries::parse(&ndjson).unwrap();
        entries.all().iter().map(|entry| entry.kind().into_owned()).collect()
    }

    /// Events of all entries.
    pub(crate) fn events(&self) -> Vec<Event> {
        let ndjson = self.entries();
        Entries::parse(&ndjson).unwrap().all().iter().map(|entry| entry.event()).collect()
    }

    /// Stage and reason of the last entry, which must be a failed backup.
    pub(crate) fn failure(&self) -> (String, String) {
        match self.events().pop() {
            Some(Event::BackupFailed(failed)) => (failed.stage.word().into(), failed.reason_code),
            other => panic!("no failed backup, but {other:?}"),
        }
    }

    /// Files that backups have left in the store.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        walk(&self.path().join("objects"), &mut files);
        files
    }

    /// Replaces text in `walwarden.toml`.
    pub(crate) fn configure(&self, from: &str, to: &str) {
        let path = self.path().join("walwarden.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

pub(crate) fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// Copies a folder whole.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn assert_success(output: &Output) {
    assert!(output.status.success(), "{:?}\n{}{}", output.status, stdout(output), stderr(output));
}

/// Asserts the exit code and that an error is two lines, `error:` and `hint:`, without any of `secrets`.
pub(crate) fn assert_two_lines(output: &Output, code: i32, what: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("walwarden: ")).collect();
    let [error, hint] = lines.as_slice() else { panic!("not two lines: {text}") };
    assert!(error.starts_with("error: ") && error.contains(what), "{text}");
    assert!(hint.starts_with("hint: ") && hint.len() > 15, "{text}");
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A period that holds all that a test records: until the end of this year.
pub(crate) fn always() -> String {
    let now = SystemClock.now().to_string();
    format!("2020-01-01/{}-01-01", now[..4].parse::<u32>().unwrap() + 1)
}

/// Seals everything that is recorded so far, and has `walwarden-verify` judge it: with the vault's handover, and with each
/// of `others`, which auditors may hold. All must accept it. Returns the report.
pub(crate) fn judged(vault: &Vault, name: &str, others: &[&Path]) -> String {
    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    assert!(verifier.exists(), "build it first: cargo build -p walwarden-verify");
    let own = vault.dir.path().join("handover-before.json");
    fs::copy(vault.path().join("handover.json"), &own).unwrap();
    let sealed = vault.run(&["bundle", "--period", &always(), "--out", name]);
    assert_success(&sealed);
    let mut last = String::new();
    for trust in [own.as_path()].iter().chain(others) {
        let mut command = Command::new(&verifier);
        let output = command.current_dir(vault.dir.path()).args([name, "--trust"]).arg(trust).output().unwrap();
        last = stdout(&output);
        assert!(matches!(output.status.code(), Some(0 | 4)), "{last}{}", stderr(&output));
    }
    last
}
