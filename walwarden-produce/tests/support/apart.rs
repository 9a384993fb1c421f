//! A vault whose keys lie with a signer of its own process.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::support::{Vault, stdout};

/// A vault whose keys have moved to a signer apart.
pub(crate) struct Apart {
    pub(crate) vault: Vault,
    pub(crate) signer: Child,
}

impl Apart {
    pub(crate) fn new(conninfo: &str) -> Self {
        let vault = Vault::init(conninfo);
        fs::rename(vault.keys(), vault.dir.path().join("signer")).unwrap();
        let path = vault.path().join("walwarden.toml");
        let text = fs::read_to_string(&path).unwrap();
        let store = "[signer]\nsocket = \"../socket\"\n\n[store]";
        fs::write(path, text.replace("[store]", store)).unwrap();
        let signer = start(&vault);
        Self { vault, signer }
    }

    /// The program without any passphrase.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
        command.arg("--vault").arg(self.vault.path()).args(args).current_dir(self.vault.dir.path());
        command.env_remove("WALWARDEN_VAULT").stdin(Stdio::null());
        command
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.vault.dir.path().join("socket")
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.signer.kill();
        self.signer.wait().unwrap();
    }

    /// What the signer answers to a line, or nothing where it hangs up.
    pub(crate) fn ask(&self, line: &str) -> Option<Value> {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        stream.write_all(b"\n").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).ok()
    }

    pub(crate) fn refusal(&self, line: &str) -> (String, String) {
        let answer = self.ask(line).unwrap();
        let text = |name: &str| answer["error"][name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text("kind"), text("text"))
    }

    pub(crate) fn key(&self, purpose: &str) -> String {
        let listed = stdout(&self.run(&["key", "list"]));
        let line = listed.lines().rfind(|line| line.starts_with("key") && line.contains("  active  "));
        let line = listed.lines().rfind(|line| line.contains("  active  ") && line.contains(purpose)).or(line);
        line.unwrap().split_whitespace().nth(1).unwrap().to_owned()
    }

    pub(crate) fn memory(&self) -> Value {
        serde_json::from_slice(&fs::read(self.vault.dir.path().join("signer/last-head.json")).unwrap()).unwrap()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn serve(vault: &Vault) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden"));
    command.current_dir(vault.dir.path()).args(["--passphrase-file", "passphrase", "signer", "serve"]);
    command.args(["--socket", "socket", "--keys", "signer"]).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub(crate) fn start(vault: &Vault) -> Child {
    let log = fs::OpenOptions::new().create(true).append(true).open(vault.dir.path().join("signer.log")).unwrap();
    let child = serve(vault).stderr(log).spawn().unwrap();
    let began = Instant::now();
    while UnixStream::connect(vault.dir.path().join("socket")).is_err() {
        assert!(began.elapsed() < Duration::from_secs(120), "no signer");
        thread::sleep(Duration::from_millis(5));
    }
    child
}
