//! A witness that is not ours: aics-tlog's checks and signatures, behind HTTP.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use walwarden_core::{Base64, checkpoint::key_hash, value::hex};
use walwarden_produce::{chain_store::files::FilesChain, config::Config, keys};

pub(crate) struct Peer {
    child: Child,
    pub(crate) url: String,
    /// Its verifier key.
    pub(crate) key: String,
}

impl Peer {
    /// A witness that knows the log of a vault; `None`, said aloud, where `.ci/setup test` was not run. `mode` is nothing,
    /// `broken`, or `clock=` with a file of the seconds that it takes for now.
    pub(crate) fn start(vault: &Path, name: &str, seed: u8, mode: &str) -> Option<Self> {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("target/python/bin/python3");
        let mut has = Command::new(&python);
        if !has.args(["-c", "import aics_tlog"]).output().is_ok_and(|output| output.status.success()) {
            assert!(std::env::var_os("CI").is_none(), "target/python lacks aics_tlog: .ci/setup test");
            println!("SKIPPED: a witness by aics_tlog, which target/python lacks");
            return None;
        }
        let registry = keys::newest(&FilesChain::new(vault)).unwrap();
        let log = *registry.keys[0].jwk.as_ed25519().unwrap();
        let origin = Config::read(vault).unwrap().origin.to_string();
        let hash = hex(&key_hash(&origin, &log));
        let log = format!("{origin}+{hash}+{}", Base64([[1].as_slice(), &log.to_bytes()].concat()));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/witness.py");
        let mut child = Command::new(python)
            .arg(script)
            .args([name, &hex(&[seed; 32]), &log, mode])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (port, key) = line.trim().split_once(' ').unwrap();
        Some(Self { url: format!("http://127.0.0.1:{port}/"), key: key.into(), child })
    }

    /// As `walwarden.toml` names it.
    pub(crate) fn config(&self) -> String {
        format!("\n[[witness]]\nurl = \"{}\"\nkey = \"{}\"\n", self.url, self.key)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
