//! Metrics of a vault with a quarter in it, whose numbers are known.

use std::{collections::BTreeMap, path::Path, process::Command, sync::Arc};

use walwarden_core::{
    Digest, Time,
    chain::{Actor, ActorKind, Auth, Entries, Tool},
    event::{Event, Outcome},
};
use walwarden_fixtures::golden;
use walwarden_produce::{
    clock::FixedClock,
    metrics::{Family, Value, metrics, open_metrics},
    producer::Producer,
    vault::Identity,
};

fn identity() -> Identity {
    let actor = Actor { kind: ActorKind::Service, id: "walwarden".into(), auth: Auth::OsUser, host: None };
    let (name, version) = ("walwarden".into(), "0".into());
    let tool = Tool { name, version, sha256: Digest::of(b"tool"), clock_offset_ms: None, clock_source: None };
    Identity { actor, tool }
}

/// The vault of a quarter, opened a minute after its last entry; and how many entries it has.
fn quarter(folder: &Path) -> (Producer, Time, usize) {
    let vault = folder.join("vault");
    let made = golden::vault("quarter").unwrap().write_vault(&vault).unwrap();
    let ndjson = std::fs::read(made.folder.join("chain/entries.ndjson")).unwrap();
    let entries = Entries::parse(&ndjson).unwrap();
    let now = entries.all().last().unwrap().recorded_at.plus_seconds(60);
    let clock = Arc::new(FixedClock::new(now));
    (Producer::open(&made.folder, clock, identity(), Box::new(|_| ())).unwrap(), now, entries.all().len())
}

/// Sum of all samples of a name.
fn sum(families: &[Family], name: &str) -> Option<f64> {
    let family = families.iter().find(|family| family.name == format!("walwarden_{name}"))?;
    Some(
        family
            .samples
            .iter()
            .map(|sample| match sample.value {
                Value::Whole(value) => value as f64,
                Value::Ratio(value) => value,
            })
            .sum(),
    )
}

/// Entries of a kind, counted without reading events.
fn count(vault: &Path, kind: &str) -> f64 {
    let text = std::fs::read_to_string(vault.join("chain/entries.ndjson")).unwrap();
    text.matches(&format!("\"type\":\"{kind}\"")).count() as f64
}

#[test]
fn the_numbers_are_those_of_the_record() {
    let folder = tempfile::tempdir().unwrap();
    let (producer, now, lines) = quarter(folder.path());
    let families = metrics(&producer).unwrap();
    let vault = &producer.folder;
    let of = |name| sum(&families, name);
    let counted = |kind| Some(count(vault, kind));
    assert!(of("backup_runs").unwrap() > 90.0, "a quarter of days");
    assert_eq!(of("backup_runs").unwrap(), count(vault, "backup.completed") + count(vault, "backup.failed"));
    assert_eq!(of("restore_tests"), counted("restore.tested"));
    assert_eq!(of("chain_size").unwrap() + of("chain_spooled_lines").unwrap(), lines as f64);
    assert_eq!(of("heartbeat_timestamp_seconds").unwrap().round(), (now.micros() / 1_000_000) as f64);
    // The guard: the last test that passed.
    let ndjson = std::fs::read(vault.join("chain/entries.ndjson")).unwrap();
    let entries = Entries::parse(&ndjson).unwrap();
    let passed = entries.all().iter().rev().find_map(|line| match line.event() {
        Event::RestoreTested(test) if test.outcome == Outcome::Passed => Some(test.ended_at),
        _ => None,
    });
    let guard =
        families.iter().find(|family| family.name.ends_with("_restore_verified_last_timestamp_seconds")).unwrap();
    let newest = Value::Ratio(passed.unwrap().micros() as f64 / 1e6);
    assert!(guard.samples.iter().any(|sample| sample.value == newest && sample.labels["scope"] == "full"), "{guard:?}");
    // Ratios follow from what stands beside them.
    let single = |name: &str| {
        let family = families.iter().find(|family| family.name == format!("walwarden_{name}")).unwrap();
        let of = family.samples.iter().map(|sample| (sample.labels["database"].clone(), sample.value));
        of.collect::<BTreeMap<_, _>>()
    };
    let number = |value: &Value| match value {
        Value::Whole(value) => *value as f64,
        Value::Ratio(value) => *value,
    };
    for (database, ratio) in single("exposure_rpo_ratio") {
        let expected = number(&single("exposure_seconds")[&database]) / number(&single("rpo_seconds")[&database]);
        assert_eq!(number(&ratio), expected, "{database}");
    }
    // Of the captures and reviews of the story: what waits, and no more than all that is promised.
    for name in ["evidence_due", "evidence_overdue", "review_overdue", "retention_missing", "retention_overdue"] {
        assert!(of(name).is_some(), "{name}");
    }
    let waiting = walwarden_produce::awaited::awaited(&producer).unwrap();
    let captures = waiting.iter().filter(|one| one.captured.is_none());
    assert_eq!(of("evidence_due"), Some(captures.count() as f64));
    let overdue = waiting.iter().filter(|one| one.captured.is_some() && one.is_overdue(now));
    assert_eq!(of("review_overdue"), Some(overdue.count() as f64));
    // Never happened, so absent. The anchor of this story states no time.
    for (kind, name) in [("occurrence.missed", "backup_missed"), ("anchor.attached", "chain_unanchored_entries")] {
        assert_eq!(count(vault, kind) > 0.0, of(name).is_some(), "{name}");
    }
}

#[test]
fn another_reader_of_open_metrics_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let (producer, ..) = quarter(folder.path());
    let families = metrics(&producer).unwrap();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/python/bin/python3");
    let read = |text: &str| {
        let file = folder.path().join("metrics.txt");
        std::fs::write(&file, text).unwrap();
        let script = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as f\n\
            print(sum(len(m.samples) for m in f(open(sys.argv[1]).read())))";
        Command::new(&python).args(["-c", script]).arg(file).output()
    };
    let known = Command::new(&python).args(["-c", "import prometheus_client"]).output();
    if !known.is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "target/python lacks prometheus_client: .ci/setup test");
        println!("SKIPPED: metrics read by prometheus_client, which target/python lacks");
        return;
    }
    let text = open_metrics(&families);
    let output = read(&text).unwrap();
    let samples: usize = families.iter().map(|family| family.samples.len()).sum();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), samples.to_string(), "{output:?}\n{text}");
    let cut = text.replace("# EOF\n", "");
    assert!(!read(&cut).unwrap().status.success(), "what is cut off is found");
}
