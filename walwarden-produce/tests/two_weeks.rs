//! Two weeks of `walwarden run` under an injected clock: a real database, real dumps, a real bucket, a sealed bundle.

#[path = "support/s3.rs"]
mod s3_support;
#[path = "support/mod.rs"]
mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicBool},
};

use s3_support::{Fault, Proxy, S3, credentials, store};
use support::Server;
use walwarden_core::{
    Digest, Time,
    chain::{Actor, ActorKind, Auth, Tool},
    statement::key_registry::Use,
};
use walwarden_produce::{
    clock::FixedClock,
    config::DatabaseConfig,
    encryption::Identities,
    init::{InitRequest, init},
    postgres::Tools,
    producer::{Producer, Signers},
    run::{Done, RunRequest, claim, run},
    seal::{SealRequest, seal},
    vault::Identity,
};

const POLICY: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-03-01T00:00:00Z"
author = "dba-lead"
approved_by = "cto"
timezone = "UTC"

[defaults]
rpo = "27h"
rto = "4h"
schedule = "0 2 * * *"
start_tolerance = "30m"
max_run = "1h"
max_resolution = "24h"
manual_counts = true
copies = { min = 1, separation = "provider", reverify = "5d" }
retention = { mode = "keep_last", keep = 7, grace = "24h" }
[defaults.restore_test]
cadence = "weekly"
guard = "10d"
environment_class = ["test"]

[[database]]
id = "shop"
owner = "dba-lead"
provider = "self-hosted"
account_ref = "acme-prod"
region = "local"
criticality = "high"
"#;

/// A vault whose clock a test moves.
struct World {
    dir: tempfile::TempDir,
    clock: Arc<FixedClock>,
    producer: Producer,
    signers: Signers,
}

impl World {
    fn new(server: &Server, copies: &str, at: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(time(at)));
        let vault = dir.path().join("vault");
        let database = DatabaseConfig { id: "shop".into(), connection: server.conninfo() };
        let request = InitRequest {
            vault: &vault,
            keys: &dir.path().join("keys"),
            root_key: &dir.path().join("root.pem"),
            organisation: "Acme",
            origin: "acme.example/backups",
            databases: &[database],
            zone: "UTC",
            author: "dba-lead",
            approved_by: "cto",
            policy: Some(POLICY),
            run_as: None,
            tools: Tools::default(),
            passphrase: "p",
            root_passphrase: "r",
        };
        init(&request, clock.as_ref(), &identity()).unwrap();
        let path = vault.join("walwarden.toml");
        let text = fs::read_to_string(&path).unwrap();
        let secret = credentials(dir.path());
        fs::write(&path, format!("{text}\n[[copy]]\nname = \"dr\"\n{copies}credentials = \"{}\"\n", secret.display()))
            .unwrap();
        let producer = Producer::open(&vault, clock.clone(), identity(), Box::new(|_| ())).unwrap();
        let signers = producer.unlock("p", Use::Backup).unwrap();
        Self { dir, clock, producer, signers }
    }

    /// One run at an instant; what was done and how it ended.
    fn run_at(&mut self, at: &str) -> Vec<(String, bool)> {
        self.clock.set(time(at));
        let _claim = claim(&self.producer).unwrap().unwrap();
        let request = RunRequest {
            identities: &Identities::default(),
            run_as: None,
            jobs: 1,
            progress: &|_| (),
            told: &|_| (),
            cancel: &AtomicBool::new(false),
        };
        let mut all = Vec::new();
        let mut ended = |done: &Done| all.push((kind(&done.task.words()), done.failure.is_none()));
        run(&mut self.producer, &mut self.signers, &request, &mut |_| (), &mut ended).unwrap();
        all
    }

    fn seal(&mut self, at: &str, period: &str) -> PathBuf {
        self.clock.set(time(at));
        let mut signers = self.producer.unlock("p", Use::Bundle).unwrap();
        let out = self.dir.path().join("bundle.zip");
        let request = SealRequest {
            period,
            out: Some(&out),
            as_is: false,
            beside: Vec::new(),
            verifier: &verifier(),
            notice: &|_| (),
        };
        seal(&mut self.producer, &mut signers, &request).unwrap();
        out
    }
}

fn failed(done: &[(String, bool)]) -> Vec<String> {
    done.iter().filter(|(_, good)| !good).map(|(what, _)| what.clone()).collect()
}

fn kind(words: &str) -> String {
    let first: Vec<&str> = words.split(' ').collect();
    first[..2.min(first.len())].join(" ")
}

fn identity() -> Identity {
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

fn time(text: &str) -> Time {
    format!("2026-{text}:00.000000Z").parse().unwrap()
}

fn verifier() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify")
}

/// Rules with an exception, each with its items, as the verifier tells them.
fn exceptions(bundle: &Path, handover: &Path, as_of: &str) -> (i32, Vec<(String, Vec<String>)>) {
    let json = bundle.with_extension("json");
    let status = Command::new(verifier())
        .arg(bundle)
        .arg("--trust")
        .arg(handover)
        .args(["--as-of", &format!("2026-{as_of}:00.000000Z"), "--quiet", "--json"])
        .arg(&json)
        .status()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let mut found = Vec::new();
    for rule in report["rules"].as_array().unwrap() {
        let items =
            rule["items"].as_array().unwrap().iter().filter(|item| item.get("deviation").is_some_and(|d| !d.is_null()));
        let items: Vec<String> = items.map(|item| item["id"].as_str().unwrap().into()).collect();
        if !items.is_empty() {
            found.push((rule["id"].as_str().unwrap().to_owned(), items));
        }
    }
    (status.code().unwrap(), found)
}

#[test]
fn two_weeks_end_with_exactly_the_planted_exceptions() {
    if !verifier().exists() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", verifier().display());
        println!("SKIPPED: two weeks of runs, walwarden-verify is not built beside walwarden");
        return;
    }
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let proxy = Proxy::before(&s3);
    let server = Server::start(50);
    let copies = store(&proxy.endpoint(), "acme-dr");
    let mut world = World::new(&server, &copies, "03-01T12:00");
    let ok = |what: &str| (what.to_owned(), true);
    // The first night: a backup, its copy, and as there is no test yet, a restore test. Then nothing more is due.
    assert_eq!(world.run_at("03-02T02:05"), [ok("backup of"), ok("copy of"), ok("restore test")]);
    assert_eq!(world.run_at("03-02T02:20"), []);
    assert_eq!(world.run_at("03-03T02:05"), [ok("backup of"), ok("copy of")]);
    server.sql("shop", "INSERT INTO public.item SELECT g, 'later', 1 FROM generate_series(1000, 1100) g");
    assert_eq!(world.run_at("03-04T02:05"), [ok("backup of"), ok("copy of")]);
    // The fifth: no timer. Found the night after, when the backup of that night is made too.
    assert_eq!(world.run_at("03-06T02:05")[..3], [ok("record what"), ok("backup of"), ok("copy of")]);
    // The seventh: the database takes no connections for a quarter of an hour.
    server.sql("postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS false");
    assert_eq!(failed(&world.run_at("03-07T02:05")), ["backup of"]);
    server.sql("postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS true");
    assert_eq!(world.run_at("03-07T02:20")[..2], [ok("backup of"), ok("copy of")]);
    // The eighth: the store of copies is away for a quarter of an hour.
    proxy.inject(|_| Some(Fault::Drop));
    let night = world.run_at("03-08T02:05");
    assert_eq!((&night[0], failed(&night)[0].as_str()), (&ok("backup of"), "copy of"));
    proxy.heal();
    assert_eq!(failed(&world.run_at("03-08T02:20")), [""; 0]);
    // A new week, a new test. The timer is late on the tenth.
    assert_eq!(world.run_at("03-09T02:05").last(), Some(&ok("restore test")));
    assert_eq!(world.run_at("03-10T05:00")[0], ok("backup of"));
    for day in 11..=16 {
        let night = world.run_at(&format!("03-{day:02}T02:05"));
        assert_eq!((&night[0], failed(&night)), (&ok("backup of"), vec![]), "{day}");
    }
    let left = s3.keys("acme-dr").iter().filter(|key| key.ends_with("db.dump")).count();
    assert_eq!(left, 7);
    let bundle = world.seal("03-16T08:00", "2026-03-02/2026-03-16");
    let handover = world.dir.path().join("vault/handover.json");
    let (code, found) = exceptions(&bundle, &handover, "03-16T09:00");
    let expected = [
        // The night without a timer, and the one on which it was late.
        "WW-BK-01/shop/2026-03-05T02:00:00.000000Z",
        "WW-BK-01/shop/2026-03-10T02:00:00.000000Z",
        // The age of the data on the fifth.
        "WW-BK-02/shop/2026-03-04T02:05:",
        // The failure on the seventh, to which nobody said anything.
        "WW-BK-03/shop/2026-03-07T02:05:",
    ];
    let items: Vec<&String> = found.iter().flat_map(|(_, items)| items).collect();
    let as_planted =
        items.len() == expected.len() && items.iter().zip(expected).all(|(id, start)| id.starts_with(start));
    assert!(as_planted && code == 4, "{code}: {found:#?}");
    drop(server);
}
