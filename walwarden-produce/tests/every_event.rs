//! Every type of event is written by what writes it in earnest, and read by the verifier and the rules.

#[path = "support/s3.rs"]
mod s3_support;
mod support;
#[path = "support/tsa.rs"]
mod tsa;
#[path = "support/world.rs"]
mod world;

use std::{collections::BTreeSet, fs};

use s3_support::{S3, credentials, store};
use support::{Server, Vault, assert_success, assert_two_lines, judged, walk};
use walwarden_core::event::{AlertRaised, Event, Outcome};
use world::{PASSPHRASE, World, time, verifier};

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
copies = { min = 1, separation = "provider", reverify = "5d" }
retention = { mode = "keep_last", keep = 2, grace = "24h" }
[defaults.restore_test]
cadence = "P1D"
guard = "10d"
environment_class = ["test"]

[alerts]
raise_within = "15m"
ack_within = "24h"
channels = ["oncall"]
escalation = ["dba-lead", "sec-lead"]

[signing]
anchor = "weekly"

[[evidence]]
collector = "access_control"
frequency = "weekly"
reviewers = ["sec-lead"]
review_within = "2d"

[roles]
superuser_allowed = ["postgres"]

[[database]]
id = "shop"
owner = "dba-lead"
provider = "self-hosted"
account_ref = "acme-prod"
region = "local"
criticality = "high"
"#;

/// What an alert says to whom.
fn told(raised: &[AlertRaised], alert: &str) -> Vec<(String, String)> {
    let of = raised.iter().filter(|raised| raised.alert == alert);
    of.map(|raised| (raised.severity.clone(), raised.recipients_ref.clone())).collect()
}

/// Ten days of a database on which everything happens that a host notices by itself.
fn noticed(server: &Server, s3: &S3) -> World {
    let mut world = World::new(POLICY, &server.conninfo(), "03-01T12:00", |dir| {
        let (copy, secret) = (store(&s3.endpoint(), "acme-dr"), credentials(dir));
        let url = tsa::authority(&dir.join("tsa"), true);
        format!(
            "[[copy]]\nname = \"dr\"\n{copy}credentials = \"{}\"\n[[anchor]]\nname = \"test\"\nurl = \"{url}\"\n\
             [[channel]]\nname = \"oncall\"\nkind = \"command\"\nargv = [\"true\"]\nrecipients_ref = \"rota\"\n",
            secret.display()
        )
    });
    let first = world.run(time("03-02T02:05"));
    assert_eq!(first.failures, [""; 0], "{:?}", first.done);
    let what: Vec<&str> = first.done.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(what, ["backup of", "copy of", "restore test", "capture of", "time stamp"]);
    // A night without a timer.
    let raised = world.run(time("03-04T02:05")).raised;
    assert_eq!(told(&raised, "backup-missed"), [("page".to_owned(), "rota".to_owned())]);
    // The capture of Monday has waited two days for its review.
    assert_eq!(told(&raised, "review-overdue"), [("warn".to_owned(), "rota".to_owned())]);
    server.sql("postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS false");
    let raised = world.run(time("03-05T02:05")).raised;
    assert_eq!(told(&raised, "backup-failed"), [("page".to_owned(), "rota".to_owned())]);
    server.sql("postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS true");
    // Two backups are kept: the third deletes one.
    world.run(time("03-05T02:20"));
    world.run(time("03-06T02:05"));

    // A superuser that nobody allowed, and a backup whose bytes were changed where it lies.
    server.sql("postgres", "CREATE ROLE mallory LOGIN SUPERUSER");
    for day in ["07", "08"] {
        world.run(time(&format!("03-{day}T02:05")));
    }
    let mut dumps = Vec::new();
    walk(&world.producer.folder.join("objects"), &mut dumps);
    for dump in dumps.iter().filter(|path| path.ends_with("db.dump")) {
        let mut bytes = fs::read(dump).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        let mut permissions = fs::metadata(dump).unwrap().permissions();
        #[expect(clippy::permissions_set_readonly_false, reason = "a thief does not ask")]
        permissions.set_readonly(false);
        fs::set_permissions(dump, permissions).unwrap();
        fs::write(dump, bytes).unwrap();
    }
    let raised = world.run(time("03-09T01:00")).raised;
    assert_eq!(told(&raised, "new-superuser"), [("page".to_owned(), "rota".to_owned())]);
    assert_eq!(told(&raised, "restore-failed"), [("page".to_owned(), "dba-lead, sec-lead".to_owned())]);
    let events = world.events();
    let failed = |event: &Event| matches!(event, Event::RestoreTested(test) if test.outcome == Outcome::Failed);
    assert!(events.iter().any(|(_, event)| failed(event)), "{events:?}");
    let again = world.run(time("03-09T02:05")).done;
    assert!(again.contains(&("restore test".into(), true)), "{again:?}");
    world
}

/// A second version replaces the first, and is approved by its approver.
fn adopted(vault: &Vault) {
    let file = vault.dir.path().join("next.toml");
    let adopt = ["policy", "adopt", "next.toml", "--change", "four hours become two"];
    fs::write(&file, POLICY.replace("rto = \"4h\"", "rto = \"2h\"")).unwrap();
    let before = vault.entries();
    assert_two_lines(&vault.run(&adopt), 2, "version");
    let next = POLICY.replace("rto = \"4h\"", "rto = \"2h\"").replace("version = \"1\"", "version = \"2\"");
    fs::write(&file, next.replace("id = \"shop\"", "id = \"other\"")).unwrap();
    assert_two_lines(&vault.run(&adopt), 2, "other");
    fs::write(&file, next.replace("approved_by = \"cto\"", "approved_by = \"dba-lead\"")).unwrap();
    assert_two_lines(&vault.run(&adopt), 1, "promise cannot be kept");
    assert_eq!(vault.entries(), before, "nothing is recorded");
    fs::write(&file, &next).unwrap();
    assert_success(&vault.run(&adopt));
    let mut events = vault.events();
    let Some(Event::ScopeDeclared(scope)) = events.pop() else { panic!("{:?}", vault.kinds()) };
    let Some(Event::PolicyAdopted(policy)) = events.pop() else { panic!("{:?}", vault.kinds()) };
    assert_eq!((policy.version.as_str(), policy.change.as_deref()), ("2", Some("four hours become two")));
    let first = events.iter().find_map(|event| match event {
        Event::PolicyAdopted(first) => Some(first.sha256),
        _ => None,
    });
    assert_eq!(policy.supersedes, first);
    let began = events.iter().find_map(|event| match event {
        Event::ScopeDeclared(first) => Some(first.databases[0].from),
        _ => None,
    });
    assert_eq!((scope.databases.len(), Some(scope.databases[0].from)), (1, began), "in scope since the first day");
    assert_eq!(fs::read_to_string(vault.path().join("policy.toml")).unwrap(), next);
}

/// The chain as lines: as many as counted, nothing left out, and judged from its folder alone.
fn dumped(vault: &Vault) {
    fs::copy(vault.path().join("handover.json"), vault.dir.path().join("before.json")).unwrap();
    let output = vault.run(&["chain", "dump", "dump", "--recipient", "auditor"]);
    assert_success(&output);
    let folder = vault.dir.path().join("dump");
    let counts: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("counts.json")).unwrap()).unwrap();
    let counted = |name: &str| counts["files"][name]["lines"].as_u64().unwrap();
    for (name, told) in counts["files"].as_object().unwrap() {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(text.lines().count() as u64, told["lines"].as_u64().unwrap(), "{name}");
        assert_eq!(walwarden_core::Digest::of(text.as_bytes()).to_string(), told["sha256"].as_str().unwrap(), "{name}");
    }
    let streams = Event::TYPES.iter().map(|kind| counted(&format!("streams/{kind}.ndjson")));
    assert_eq!(streams.sum::<u64>(), counted("chain/entries.ndjson"));
    assert_eq!(counted("chain/entries.ndjson"), counts["size"].as_u64().unwrap());
    assert_eq!(
        fs::read(folder.join("streams/operator.action.ndjson")).unwrap().iter().filter(|b| **b == b'\n').count(),
        1
    );
    let mut command = std::process::Command::new(verifier().unwrap());
    command.arg(folder.join("chain.zip")).arg("--trust").arg(vault.dir.path().join("before.json"));
    let judged = command.output().unwrap();
    assert!(matches!(judged.status.code(), Some(0 | 4)), "{}", support::stdout(&judged));
    assert_two_lines(&vault.run(&["chain", "dump", "dump"]), 2, "dump");
}

#[test]
fn every_type_is_written_in_earnest() {
    if verifier().is_none() {
        return;
    }
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let server = Server::start(20);
    let World { dir, producer, signers, .. } = noticed(&server, &s3);
    drop((producer, signers));
    fs::write(dir.path().join("passphrase"), PASSPHRASE).unwrap();
    let vault = Vault { dir };
    let run = |args: &[&str]| assert_success(&vault.run(args));
    let last = |kind: &str| {
        let ndjson = vault.entries();
        let entries = walwarden_core::chain::Entries::parse(&ndjson).unwrap();
        entries.all().iter().rfind(|line| line.kind() == kind).unwrap_or_else(|| panic!("no {kind}")).id.to_string()
    };
    // What people add.
    fs::write(vault.dir.path().join("own"), "a person's own\n").unwrap();
    run(&["key", "new", "review", "--root-key", "root.pem", "--out-passphrase-file", "own", "--custodian", "sec-lead"]
        .iter()
        .copied()
        .chain(["--out", "sec-lead.pem"])
        .collect::<Vec<_>>());
    let capture = last("evidence.collected");
    // A calendar has as many events as there are things that wait.
    let waits: serde_json::Value = serde_json::from_slice(&vault.run(&["status", "--json"]).stdout).unwrap();
    let waits = waits["awaited"].as_array().unwrap();
    assert!(waits.iter().any(|one| one["captured"] == capture && one["reviewers"][0] == "sec-lead"), "{waits:?}");
    run(&["status", "--ics", "--out", "due.ics"]);
    let calendar = fs::read_to_string(vault.dir.path().join("due.ics")).unwrap();
    assert!(calendar.starts_with("BEGIN:VCALENDAR\r\n") && calendar.ends_with("END:VCALENDAR\r\n"), "{calendar}");
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), waits.len(), "{calendar}");
    let key = ["--key", "sec-lead.pem", "--key-passphrase-file", "own"];
    run(&[["review", &capture, "--conclusion", "issue", "--notes", "who is mallory?"].as_slice(), &key].concat());
    let alert = last("alert.raised");
    run(&["alert", "ack", &alert, "--by", "sec-lead"]);
    run(&["action", "open", &capture, "--text", "drop mallory", "--reason-code", "superuser", "--owner", "dba-lead"]);
    run(&["hold", "place", "shop", "--reason", "lawsuit", "--by", "ciso"]);
    let rest = ["maintenance", "declare", "shop", "--reason", "move", "--approved-by", "cto", "--kind", "backup"];
    run(&[rest.as_slice(), &["--from", "2998-01-01", "--to", "2998-01-02"]].concat());
    run(&["note", "correct", &alert, "--member", "channel", "--now", "chat", "--reason", "it was the other one"]);
    run(&["operator", "record", "login", "db1", "--reason", "mallory", "--approved-by", "cto"]);
    // Another region took over, after a look at the backup there.
    let backup = last("backup.completed");
    let moved = ["handoff", "record", &backup, "--from-region", "eu-1", "--to-region", "eu-2"];
    run(&[moved.as_slice(), &["--root-verified", "--signature-valid", "--verified-by", "ops-lead"]].concat());
    assert_two_lines(&vault.run(&["handoff", "record", &alert, "--from-region", "a", "--to-region", "b"]), 2, "backup");

    adopted(&vault);
    dumped(&vault);

    // Sealing writes the last type; the verifier accepts it all, and interprets every line.
    let report = judged(&vault, "b.zip", &[]);
    assert!(!report.contains("not interpreted"), "{report}");
    let written: BTreeSet<&str> = vault.events().iter().map(Event::kind).collect();
    let known: BTreeSet<&str> = Event::TYPES.iter().copied().collect();
    assert_eq!(written, known);
}
