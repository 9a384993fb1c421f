//! Each rule, for each status it can give (`spec:rules-5` to `spec:rules-10`).

mod chain_support;

use std::collections::BTreeSet;

use chain_support::{id, ndjson, parse};
use serde_json::json;
use walwarden_core::{
    Digest, Period, Time,
    policy::Policy,
    record::{Exhibits, Record},
    rules::{Gate, RuleResult, Status, evaluate},
};

const POLICY: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-07-01T00:00:00Z"
author = "dba"
approved_by = "cto"
timezone = "UTC"
[defaults]
rpo = "27h"
rto = "1h"
max_run = "1h"
max_resolution = "24h"
[[database]]
id = "shop"
owner = "dba"
provider = "own"
account_ref = "acme"
region = "eu"
criticality = "high"
"#;

/// Day of July 2026, hour of the day.
fn at(day: u32, hour: u32) -> Time {
    format!("2026-07-{day:02}T{hour:02}:00:00.000000Z").parse().unwrap()
}

/// An event in a chain: when, type, data.
type Line = (Time, &'static str, serde_json::Value);

/// Rule, case, lines, whether a policy was adopted, the status, and words of every deviation.
type Row = (&'static str, &'static str, Vec<Line>, bool, Status, &'static str);

fn started(run: u64, time: Time) -> Line {
    (time, "backup.started", json!({"database": "shop", "run_id": id(run), "trigger": "schedule"}))
}

fn failed(run: u64, time: Time) -> Line {
    let data = json!({"database": "shop", "run_id": id(run), "stage": "dump", "reason_code": "disk-full"});
    (time, "backup.failed", data)
}

fn completed(run: u64, time: Time) -> Line {
    let zero = Digest::of(b"");
    let object = json!({"provider": "local", "account_ref": "acme", "region": "eu", "bucket": "b", "key": "k",
        "bytes": "1", "sha256": zero});
    let data = json!({"database": "shop", "run_id": id(run), "started_at": time, "snapshot_at": time,
        "completed_at": time, "object": object, "same_snapshot": true, "content_root": zero,
        "schema": {"portable": zero, "exact": zero}, "tables": 1, "rows": "1", "warnings": 0});
    (time, "backup.completed", data)
}

/// A restore test that took `minutes` and found `equal` of two tables.
fn tested(time: Time, outcome: &str, minutes: i64, equal: i64) -> Line {
    let end = Time::from_micros(time.micros() + minutes * 60_000_000).unwrap();
    let root = |n: i64| Digest::of(&[u8::try_from(n).unwrap()]);
    let mut data = json!({"database": "shop", "test_id": id(77), "backup": id(78), "purpose": "scheduled",
        "environment": {"name": "throwaway", "class": "test", "host_sha256": root(0), "server_version": "15.1",
            "system_identifier": "1", "database": "walwarden"},
        "scope": "full", "performed_by": "walwarden", "started_at": time, "ended_at": end, "outcome": outcome,
        "rto_target_s": 3600, "rpo_target_s": 97200, "data_age_s": 60, "tables_expected": 2, "tables_equal": equal,
        "rows_expected": "9", "rows_actual": "9", "root_expected": root(2), "root_actual": root(equal), "actions": []});
    if outcome == "passed" {
        data["checks_passed_at"] = json!(end);
    }
    (end, "restore.tested", data)
}

/// Status of each rule over July, and the deviations of `rule`.
fn judge(rule: &str, lines: &[Line], sign: bool, promised: bool, gate: Gate) -> (Status, Vec<String>) {
    let policy = Policy::from_toml(POLICY).unwrap();
    let lines: Vec<_> = lines.iter().cloned().map(Into::into).collect();
    let bytes = ndjson(&lines, promised.then(|| policy.digest().unwrap()));
    let entries = parse(&bytes);
    let anchored = entries.rebuild(&[]).unwrap();
    let period = Period { start: at(1, 0), end: at(30, 0) };
    let signed = if sign { entries.all().iter().map(|entry| entry.id).collect() } else { BTreeSet::new() };
    let policies = if promised { vec![policy] } else { vec![] };
    let record = Record::new(&anchored, &entries, period, Exhibits { policies, signed, ..Exhibits::default() });
    let results = evaluate(Some(&record), gate);
    let result = results.into_iter().find(|result: &RuleResult| result.rule.id == rule).unwrap();
    (result.status, result.items.into_iter().filter_map(|item| item.deviation).collect())
}

#[test]
fn each_rule_gives_each_status_it_can() {
    let ok = || vec![started(1, at(2, 1)), completed(1, at(2, 2))];
    let fail = || vec![started(1, at(2, 1)), failed(1, at(2, 2))];
    let good = tested(at(3, 1), "passed", 10, 2);
    let bad = tested(at(3, 1), "failed", 10, 1);
    let aborted = tested(at(3, 1), "aborted", 10, 0);
    let june: Time = "2026-06-30T23:30:00.000000Z".parse().unwrap();
    let long_ago: Time = "2026-06-30T20:00:00.000000Z".parse().unwrap();
    let with = |mut lines: Vec<Line>, more: &[Line]| {
        lines.extend_from_slice(more);
        lines
    };
    use Status::{Exception, NotEvidenced, NotOccurred, Supported};
    let table: Vec<Row> = vec![
        ("WW-BK-03", "no failure", ok(), true, NotOccurred, ""),
        ("WW-BK-03", "never resolved", fail(), true, Exception, "no completed backup is recorded after it"),
        (
            "WW-BK-03",
            "resolved",
            with(fail(), &[completed(2, at(2, 5))]),
            true,
            Exception,
            "failed at dump (disk-full); no action or explanation is recorded",
        ),
        (
            "WW-BK-03",
            "resolved late",
            with(fail(), &[completed(2, at(9, 5))]),
            true,
            Exception,
            "came only at 2026-07-09",
        ),
        (
            "WW-BK-03",
            "no policy",
            with(fail(), &[completed(2, at(2, 5))]),
            false,
            Exception,
            "promises a max_resolution",
        ),
        ("WW-BK-03", "a dead run", vec![started(1, at(2, 1))], true, Exception, "no end is recorded"),
        ("WW-BK-03", "an open run", vec![started(1, at(29, 23))], true, NotOccurred, ""),
        (
            "WW-BK-03",
            "open at the end of the period before",
            vec![started(1, june)],
            true,
            Exception,
            "no end is recorded",
        ),
        ("WW-BK-03", "dead in the period before", vec![started(1, long_ago)], true, NotOccurred, ""),
        ("WW-BK-04", "signed", ok(), true, Supported, ""),
        ("WW-BK-04", "no backup", fail(), true, NotOccurred, ""),
        ("WW-RT-01", "no policy", ok(), false, NotEvidenced, ""),
        ("WW-RT-02", "equal", vec![good.clone()], true, Supported, ""),
        ("WW-RT-02", "unequal", vec![bad.clone()], true, Exception, "1 of 2 tables came back equal"),
        ("WW-RT-02", "only aborted", vec![aborted.clone()], true, NotOccurred, ""),
        ("WW-RT-03", "in time", vec![good.clone()], true, Supported, ""),
        (
            "WW-RT-03",
            "too slow",
            vec![tested(at(3, 1), "passed", 61, 2)],
            true,
            Exception,
            "took 3660 s, promised 3600 s",
        ),
        ("WW-RT-03", "none passed", vec![bad.clone()], true, NotOccurred, ""),
        ("WW-RT-06", "none failed", vec![good.clone()], true, NotOccurred, ""),
        ("WW-RT-06", "left open", vec![bad.clone()], true, Exception, "failed, and no passed test"),
        ("WW-RT-06", "aborted", vec![aborted], true, Exception, "aborted, and no passed test"),
        ("WW-RT-06", "retested", vec![bad, tested(at(4, 1), "passed", 10, 2)], true, Supported, ""),
    ];
    for (rule, case, lines, promised, status, words) in table {
        let (found, deviations) = judge(rule, &lines, true, promised, Gate::Open);
        assert_eq!(found, status, "{rule}: {case}: {deviations:?}");
        assert!(words.is_empty() == deviations.is_empty(), "{rule}: {case}: {deviations:?}");
        assert!(deviations.iter().all(|deviation| deviation.contains(words)), "{rule}: {case}: {deviations:?}");
    }
    let (status, deviations) = judge("WW-BK-04", &ok(), false, true, Gate::Open);
    assert_eq!((status, deviations), (Exception, vec!["no signed statement".to_string()]));
}

#[test]
fn gates_stand_before_all_rules() {
    let lines = [started(1, at(2, 1)), completed(1, at(2, 2)), started(2, at(3, 1)), failed(2, at(3, 2))];
    assert_eq!(judge("WW-BK-04", &lines, true, true, Gate::SignerNotEstablished).0, Status::NotTested);
    assert_eq!(judge("WW-BK-03", &lines, true, true, Gate::SignerNotEstablished).0, Status::Exception, "stays visible");
    for rule in evaluate(None, Gate::Open).iter().chain(&evaluate(None, Gate::Closed)) {
        assert_eq!((rule.status, rule.items.len()), (Status::IntegrityFailure, 0), "{}", rule.rule.id);
    }
}
