//! A vault that captures evidence as a role of its own, and what it captured.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{collections::BTreeMap, fs, process::Output};

use walwarden_core::{
    chain::Entries,
    dsse::Envelope,
    event::{Event, EvidenceCollected},
    statement::{Evidence, Statement},
};

use super::support::{Server, Vault, stdout};

/// The role of the guide: it reads statistics and settings, and nothing else.
pub(crate) const ROLE: &str = "CREATE ROLE auditor LOGIN; GRANT pg_monitor TO auditor";

/// A server with that role, and a vault that reaches `shop` by it alone.
pub(crate) fn world() -> (Server, Vault) {
    let server = Server::start(10);
    server.sql("postgres", ROLE);
    let vault = Vault::init(&format!("host={} user=auditor dbname=shop", server.cluster.folder().display()));
    (server, vault)
}

/// A capture as it is recorded.
pub(crate) struct Captured {
    pub(crate) data: EvidenceCollected,
    pub(crate) stated: Evidence,
    pub(crate) outputs: BTreeMap<String, Vec<u8>>,
}

/// One row.
pub(crate) type Row = BTreeMap<String, Option<String>>;

impl Captured {
    /// The last entry, which must be a capture.
    pub(crate) fn last(vault: &Vault) -> Self {
        let ndjson = vault.entries();
        let entries = Entries::parse(&ndjson).unwrap();
        let line = entries.all().last().unwrap();
        let Event::EvidenceCollected(data) = line.event() else { panic!("{}", line.kind()) };
        let statements = fs::read(vault.path().join("statements/evidence.ndjson")).unwrap();
        let envelope = statements.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap();
        let envelope = Envelope::parse(envelope).unwrap();
        assert_eq!(envelope.payload_digest(), line.statements()[0].payload);
        let stated: Statement<Evidence> = serde_json::from_slice(&envelope.payload.0).unwrap();
        assert_eq!(stated.predicate.data(), *data);
        let blob = |sha256: &str| fs::read(vault.path().join("blobs").join(sha256)).unwrap();
        let outputs = stated.predicate.outputs.iter();
        let outputs = outputs.map(|output| (output.name.clone(), blob(&output.sha256.to_string()))).collect();
        for output in &stated.predicate.outputs {
            output.query.iter().for_each(|query| assert!(!blob(&query.to_string()).is_empty()));
        }
        Self { data: *data, stated: stated.predicate, outputs }
    }

    pub(crate) fn rows(&self, name: &str) -> Vec<Row> {
        let lines = self.outputs[name].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    /// The texts of a column.
    pub(crate) fn column(&self, name: &str, column: &str) -> Vec<String> {
        self.rows(name).iter().map(|row| row[column].clone().unwrap_or_default()).collect()
    }

    pub(crate) fn flags(&self) -> Vec<(String, String)> {
        self.data.flags.iter().map(|flag| (flag.code.clone(), flag.detail.clone())).collect()
    }

    /// Details of the flags of a code.
    pub(crate) fn flagged(&self, code: &str) -> Vec<String> {
        self.flags().into_iter().filter(|(found, _)| found == code).map(|(_, detail)| detail).collect()
    }
}

/// Captures, which must succeed.
pub(crate) fn collect(vault: &Vault, args: &[&str]) -> Captured {
    let output = try_collect(vault, args);
    assert!(output.status.success(), "{}{}", stdout(&output), String::from_utf8_lossy(&output.stderr));
    Captured::last(vault)
}

pub(crate) fn try_collect(vault: &Vault, args: &[&str]) -> Output {
    vault.command().arg("collect").args(args).output().unwrap()
}

/// A vault of one database that adopts this policy; backups and captures reach it by these connections.
pub(crate) fn vault_with(policy: &str, connection: &str, evidence: &str) -> Vault {
    let vault = Vault { dir: tempfile::tempdir().unwrap() };
    fs::write(vault.passphrase_file(), super::support::PASSPHRASE).unwrap();
    let file = vault.dir.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    let mut init = vault.command();
    init.arg("init").arg("--keys").arg(vault.keys()).arg("--root-key").arg(vault.dir.path().join("root.pem"));
    init.args(["--organisation", "Acme", "--origin", "acme.example/backups", "--zone", "UTC"]);
    init.args(["--author", "dba-lead", "--approved-by", "cto"]);
    init.arg("--db").arg(format!("shop={connection}")).arg("--policy").arg(&file);
    super::support::assert_success(&init.output().unwrap());
    let config = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(config, format!("{text}\n[[evidence]]\ndatabase = \"shop\"\n{evidence}")).unwrap();
    vault
}
