//! A vault whose clock a test moves: runs, bundles and verdicts at instants of its choice.
#![allow(dead_code, reason = "no test uses all of it")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use serde_json::Value;
use walwarden_core::{
    Digest, Time,
    chain::{Actor, ActorKind, Auth, Entries, Tool},
    event::{AlertRaised, Event},
    statement::key_registry::Use,
};
use walwarden_produce::{
    clock::FixedClock,
    config::DatabaseConfig,
    encryption::Identities,
    init::{InitRequest, init},
    keys::Root,
    people,
    postgres::Tools,
    producer::{Producer, Signers},
    run::{Done, RunRequest, claim, run},
    seal::{SealRequest, seal},
    vault::Identity,
};

/// The passphrase of its keys and of its root.
pub(crate) const PASSPHRASE: &str = "p";

/// The year of every instant.
pub(crate) fn time(text: &str) -> Time {
    format!("2026-{text}:00.000000Z").parse().unwrap()
}

/// The program of auditors, where it is built beside that of producers.
pub(crate) fn verifier() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing", path.display());
    println!("SKIPPED: what bundles say, walwarden-verify is not built beside walwarden");
    None
}

pub(crate) fn identity() -> Identity {
    let actor = Actor { kind: ActorKind::Service, id: "walwarden".into(), auth: Auth::OsUser, host: None };
    let tool = Tool {
        name: "walwarden".into(),
        version: "0".into(),
        sha256: Digest::of(b"tool"),
        clock_offset_ms: None,
        clock_source: None,
    };
    Identity { actor, tool }
}

/// A vault, opened and unlocked.
pub(crate) struct World {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) producer: Producer,
    pub(crate) signers: Signers,
}

/// What a run did, and what it told.
pub(crate) struct Ran {
    /// The first two words of each task, and whether it went well.
    pub(crate) done: Vec<(String, bool)>,
    /// What the tasks that did not go well said.
    pub(crate) failures: Vec<String>,
    /// Alerts as they were recorded.
    pub(crate) raised: Vec<AlertRaised>,
}

impl World {
    /// A vault of `shop` at `conninfo` under a policy, with more configuration.
    pub(crate) fn new(policy: &str, conninfo: &str, at: &str, config: impl FnOnce(&Path) -> String) -> Self {
        Self::called("Acme", policy, conninfo, time(at), |dir, _| config(dir))
    }

    /// As [`World::new`], of an organisation, with configuration that may look at the clock.
    pub(crate) fn called(
        organisation: &str,
        policy: &str,
        conninfo: &str,
        at: Time,
        config: impl FnOnce(&Path, &Arc<FixedClock>) -> String,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(at));
        let vault = dir.path().join("vault");
        let database = DatabaseConfig::new("shop", conninfo);
        let request = InitRequest {
            vault: &vault,
            keys: &dir.path().join("keys"),
            root: Root::Here { path: &dir.path().join("root.pem"), passphrase: PASSPHRASE },
            organisation,
            origin: "acme.example/backups",
            databases: &[database],
            zone: "UTC",
            author: "dba-lead",
            approved_by: "cto",
            policy: Some(policy),
            run_as: None,
            tools: Tools::default(),
            passphrase: PASSPHRASE,
        };
        init(&request, clock.as_ref(), &identity()).unwrap();
        let path = vault.join("walwarden.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}\n{}", config(dir.path(), &clock))).unwrap();
        let producer = Producer::open(&vault, clock.clone(), identity(), Box::new(|_| ())).unwrap();
        let signers = producer.unlock(PASSPHRASE, Use::Backup).unwrap();
        Self { dir, clock, producer, signers }
    }

    /// `walwarden run` at an instant.
    pub(crate) fn run(&mut self, at: Time) -> Ran {
        self.clock.set(at);
        let _claim = claim(&self.producer).unwrap().unwrap();
        let raised = Mutex::new(Vec::new());
        let (identities, cancel) = (Identities::default(), AtomicBool::new(false));
        let told = |alert: &walwarden_produce::alert::Raised| raised.lock().unwrap().push(alert.recorded.clone());
        let request = RunRequest {
            identities: &identities,
            run_as: None,
            jobs: 1,
            progress: &|_| (),
            told: &told,
            cancel: &cancel,
        };
        let (mut done, mut failures) = (Vec::new(), Vec::new());
        let mut ended = |one: &Done| {
            let words: Vec<String> = one.task.words().split(' ').take(2).map(Into::into).collect();
            failures.extend(one.failure.clone());
            done.push((words.join(" "), one.failure.is_none()));
        };
        run(&mut self.producer, &mut self.signers, &request, &mut |_| (), &mut ended).unwrap();
        Ran { done, failures, raised: raised.into_inner().unwrap() }
    }

    /// What a run at an instant did.
    pub(crate) fn run_at(&mut self, at: &str) -> Vec<(String, bool)> {
        self.run(time(at)).done
    }

    /// Records what a person says.
    pub(crate) fn record(&mut self, event: Event) {
        people::record(&mut self.producer, &mut self.signers.head, event).unwrap();
    }

    /// Events of all entries, with their ids.
    pub(crate) fn events(&self) -> Vec<(walwarden_core::EntryId, Event)> {
        let ndjson = fs::read(self.producer.folder.join("chain/entries.ndjson")).unwrap();
        let entries = Entries::parse(&ndjson).unwrap();
        entries.all().iter().map(|line| (line.id, line.event())).collect()
    }

    /// Seals a period at an instant.
    pub(crate) fn seal(&mut self, verifier: &Path, at: Time, period: &str) -> PathBuf {
        self.clock.set(at);
        let mut signers = self.producer.unlock(PASSPHRASE, Use::Bundle).unwrap();
        let out = self.dir.path().join("bundle.zip");
        let request =
            SealRequest { period, out: Some(&out), as_is: false, beside: Vec::new(), verifier, notice: &|_| () };
        seal(&mut self.producer, &mut signers, &request).unwrap();
        out
    }

    /// What the verifier says of a bundle at an instant, and how it ends.
    pub(crate) fn judged(&self, verifier: &Path, bundle: &Path, at: Time) -> (i32, Value) {
        let json = bundle.with_extension("json");
        let mut command = Command::new(verifier);
        command.arg(bundle).arg("--trust").arg(self.producer.folder.join("handover.json"));
        command.args(["--as-of", &at.to_string(), "--quiet", "--json"]).arg(&json);
        let status = command.status().unwrap();
        (status.code().unwrap(), serde_json::from_slice(&fs::read(json).unwrap()).unwrap())
    }
}

/// Items of rules that deviate, as a report tells them.
pub(crate) fn deviations(report: &Value) -> Vec<String> {
    let rules = report["rules"].as_array().unwrap().iter();
    let items = rules.flat_map(|rule| rule["items"].as_array().unwrap());
    let deviating = items.filter(|item| item.get("deviation").is_some_and(|deviation| !deviation.is_null()));
    deviating.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}
