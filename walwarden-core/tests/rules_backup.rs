//! Each rule about backups, copies, restore tests and retention, for each status it can give (`spec:rules-7`,
//! `spec:rules-40` to `spec:rules-51`).

mod chain_support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use walwarden_core::{
    Digest, Period, Time,
    chain::Entries,
    duties,
    policy::Policy,
    record::{Exhibits, Reader, Record},
    rules::{Gate, Item, RuleResult, Status, evaluate},
    statement::{Backup, RestoreTest},
    value::EntryId,
};

use Status::{Exception, NotApplicable, NotEvidenced, NotOccurred, NotTested, Supported};
use chain_support::{id, ndjson, parse};

/// An event in a chain: when, type, data.
type Line = (Time, &'static str, Value);

/// Day of July 2026, hour of the day.
fn at(day: u32, hour: u32) -> Time {
    format!("2026-07-{day:02}T{hour:02}:00:00.000000Z").parse().unwrap()
}

/// What every policy here promises; more stands in each test.
const POLICY: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-06-01T00:00:00Z"
author = "dba"
approved_by = "cto"
timezone = "UTC"
MORE_POLICY
[defaults]
rpo = "27h"
rto = "1h"
max_run = "1h"
max_resolution = "24h"
MORE
[[database]]
id = "shop"
owner = "dba"
provider = "own"
account_ref = "acme"
region = "eu"
criticality = "high"
"#;

/// A case: lines of the chain, what the policy promises beside, and what stands beside the chain.
#[derive(Default)]
struct Case {
    lines: Vec<Line>,
    promises: &'static str,
    of_policy: &'static str,
    of_database: &'static str,
    /// Members of the statements of restore tests that are not as in a good one.
    test: Value,
    backup: Value,
    reader: Reader,
}

impl Case {
    fn of(lines: impl IntoIterator<Item = Line>) -> Self {
        Self { lines: lines.into_iter().collect(), ..Self::default() }
    }

    fn promising(self, promises: &'static str) -> Self {
        Self { promises, ..self }
    }

    fn judge(&self, rule: &str) -> RuleResult {
        self.read(|record| {
            evaluate(Some(record), Gate::Open).into_iter().find(|result| result.rule.id == rule).unwrap()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> T {
        let policy = POLICY.replace("MORE_POLICY", self.of_policy).replace("MORE", self.promises);
        let policy = Policy::from_toml(&(policy + self.of_database)).unwrap();
        let digest = policy.digest().unwrap();
        let adopted = json!({"version": "1", "sha256": digest, "toml_sha256": digest,
            "effective_from": policy.effective_from, "author": "dba", "approved_by": "cto"});
        let scope = json!({"databases": [{"id": "shop", "provider": "own", "account_ref": "acme", "region": "eu",
            "server_version": "15.1", "system_identifier": "1", "host_sha256": digest, "criticality": "high",
            "owner": "dba", "from": "2026-07-01T00:00:00.000000Z"}], "excluded": [], "observed": [],
            "query_sha256": digest});
        let june = "2026-06-20T00:00:00.000000Z".parse().unwrap();
        let mut lines: Vec<Line> = vec![(june, "policy.adopted", adopted), (june, "scope.declared", scope)];
        lines.extend(self.lines.iter().cloned());
        lines.push((at(31, 23), "export.made", json!({"state": "begun", "kind": "bundle"})));
        let lines: Vec<_> = lines.into_iter().map(Into::into).collect();
        let bytes = ndjson(&lines, Some(digest));
        let entries = parse(&bytes);
        let tests = self.statements("restore.tested", &entries, restore_statement, &self.test);
        let backups = self.statements("backup.completed", &entries, backup_statement, &self.backup);
        let exhibits = Exhibits {
            policies: vec![policy],
            signed: entries.all().iter().map(|entry| entry.id).collect(),
            restore_tests: tests.iter().map(|(id, test): (_, &RestoreTest)| (*id, test)).collect(),
            backups: backups.iter().map(|(id, backup): (_, &Backup)| (*id, backup)).collect(),
            reader: self.reader.clone(),
            ..Exhibits::default()
        };
        let anchored = entries.rebuild(&[]).unwrap();
        let period = Period { start: at(1, 0), end: at(29, 0) };
        read(&Record::new(&anchored, &entries, period, exhibits))
    }

    fn statements<P: serde::de::DeserializeOwned>(
        &self,
        kind: &str,
        entries: &Entries<'_>,
        make: fn(&Value) -> Value,
        other: &Value,
    ) -> BTreeMap<EntryId, P> {
        let of = entries.all().iter().filter(|entry| entry.kind() == kind);
        of.map(|entry| {
            let line: Value = serde_json::from_slice(entry.bytes()).unwrap();
            let mut statement = make(&line);
            for (name, value) in other.as_object().into_iter().flatten() {
                statement[name] = value.clone();
            }
            (entry.id, serde_json::from_value(statement).unwrap())
        })
        .collect()
    }

    #[track_caller]
    fn gives(self, rule: &str, status: Status, words: &str) {
        let result = self.judge(rule);
        let deviations: Vec<&str> = result.items.iter().filter_map(|item| item.deviation.as_deref()).collect();
        assert_eq!(result.status, status, "{rule}: {deviations:?} {:?}", result.gaps);
        assert_eq!(deviations.is_empty(), status != Exception, "{rule}: {deviations:?}");
        let said =
            deviations.join("\n") + &result.gaps.iter().map(|gap| gap.words()).collect::<String>() + &result.reason;
        assert!(said.contains(words), "{rule}: {said:?} does not say {words:?}");
        let mut ids: Vec<&str> = result.items.iter().map(|item| item.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), result.items.len(), "{rule}: an id stands twice");
    }
}

fn head(line: &Value) -> Value {
    json!({"origin": line["origin"], "entry": line["id"], "policy": line["policy"], "actor": line["actor"],
        "tool": line["tool"]})
}

fn with(mut value: Value, other: &Value) -> Value {
    for (name, member) in other.as_object().unwrap() {
        value[name] = member.clone();
    }
    value
}

fn restore_statement(line: &Value) -> Value {
    let digest = Digest::of(b"");
    let beside = json!({"backup": {"id": line["data"]["backup"], "digest": digest}, "actions": [],
        "steps": [{"name": "fetch", "outcome": "ok", "started_at": line["data"]["started_at"], "seconds": 1}],
        "signature": {"keyid": "k", "valid": true}, "bytes": {"cipher": true, "plain": true}, "table_mismatches": [],
        "omitted_equal": true, "schema": {"portable": true, "expected": {}, "actual": {}},
        "sequences": {"ok": true, "failed": []}, "amcheck": "ok", "smoke": [],
        "set_retrieved": {"keys": true, "config": true}, "isolation": {"same_system": false, "same_host": true},
        "cleanup": {"dropped": true}, "attachments": []});
    with(with(head(line), &line["data"]), &beside)
}

fn backup_statement(line: &Value) -> Value {
    let digest = Digest::of(b"");
    let object = &line["data"]["object"];
    let plain = json!({"bytes": "1", "sha256": digest});
    let beside = json!({"plain": plain, "globals": {"object": object, "plain": plain}, "sequences": [], "session": {},
        "server": {"version": "15.1", "system_identifier": "1", "in_recovery": false},
        "tls": {"mode": "verify-full", "protocol": "TLSv1.3"},
        "pg_dump": {"version": "15.1", "args": [], "exit_code": 0, "stderr_sha256": digest},
        "encryption": {"alg": "age-x25519", "recipients": ["age1"]}, "schema_counts": {},
        "set": {"keys_ref": "k", "config_ref": "c", "config_sha256": digest}});
    with(with(head(line), &line["data"]), &beside)
}

/// The backup of a day at two o'clock, done within the hour.
fn backup(day: u32) -> Line {
    sized(day, 100, 9)
}

fn sized(day: u32, bytes: u64, rows: u64) -> Line {
    let zero = Digest::of(b"");
    let object = json!({"provider": "local", "account_ref": "acme", "region": "eu", "bucket": "b",
        "key": format!("dump-{day}"), "bytes": bytes.to_string(), "sha256": zero});
    let data = json!({"database": "shop", "run_id": id(day.into()), "started_at": at(day, 2), "snapshot_at": at(day, 2),
        "completed_at": at(day, 3), "object": object, "same_snapshot": true, "content_root": zero,
        "schema": {"portable": zero, "exact": zero}, "tables": 1, "rows": rows.to_string(), "warnings": 0});
    (at(day, 3), "backup.completed", data)
}

/// Backups of days one to thirty.
fn nights(days: impl IntoIterator<Item = u32>) -> Vec<Line> {
    days.into_iter().map(backup).collect()
}

/// A look at the copy of the backup at a place of the chain (from 0, after the two lines that open it).
fn look(day: u32, hour: u32, place: u64, outcome: &str, provider: bool, method: &str, lock: Value) -> Line {
    let zero = Digest::of(b"");
    let location = json!({"provider": "s3", "account_ref": "acme-dr", "region": "us", "bucket": "dr",
        "key": format!("copy-{place}"), "bytes": "100", "sha256": zero});
    let data = json!({"database": "shop", "backup": id(1002 + place), "outcome": outcome, "location": location,
        "method": method, "sha256_expected": zero, "lock": lock,
        "separation": {"provider": provider, "account": true, "region": true}});
    (at(day, hour), "copy.verified", data)
}

fn good_look(day: u32, hour: u32, place: u64) -> Line {
    look(day, hour, place, "ok", true, "full_reread", json!({"mode": "none"}))
}

/// A restore test of an hour's half, begun at five.
fn tested(day: u32, outcome: &str) -> Line {
    let (start, end) = (at(day, 5), at(day, 6));
    let root = |equal| Digest::of(if equal { b"a" } else { b"b" });
    let passed = outcome == "passed";
    let mut data = json!({"database": "shop", "test_id": id(500 + u64::from(day)), "backup": id(1002),
        "purpose": "scheduled", "environment": {"name": "throwaway", "class": "test", "host_sha256": root(true),
            "server_version": "15.1", "system_identifier": "2", "database": "walwarden"},
        "scope": "full", "performed_by": "walwarden", "started_at": start, "ended_at": end, "outcome": outcome,
        "rto_target_s": 3600, "rpo_target_s": 97200, "data_age_s": 60, "tables_expected": 2,
        "tables_equal": if passed { 2 } else { 1 }, "rows_expected": "9", "rows_actual": "9",
        "root_expected": root(true), "root_actual": root(passed), "actions": []});
    if passed {
        data["checks_passed_at"] = json!(end);
    }
    (end, "restore.tested", data)
}

fn action(day: u32, about: u64) -> Line {
    let data = json!({"kind": "explanation", "state": "opened", "subjects": [id(1002 + about)], "reason_code": "known",
        "owner": "dba", "closed_by": [], "text": "known"});
    (at(day, 20), "action.recorded", data)
}

fn pruned(day: u32, places: &[u64], confirmed: bool) -> Line {
    let ids: Vec<EntryId> = places.iter().map(|place| id(1002 + place)).collect();
    let objects: Vec<Value> = ids.iter().map(|id| json!({"backup": id, "key": "k", "age_days": 1})).collect();
    let data = json!({"database": "shop", "run_id": id(900 + u64::from(day)), "rule": {"tier": "keep_last", "keep": 3},
        "objects": objects, "confirmed": if confirmed { json!(ids) } else { json!([]) }, "held": []});
    (at(day, 12), "retention.pruned", data)
}

fn captured(day: u32, collector: &str, flags: Value) -> Line {
    let data = json!({"collector": collector, "covers": {"from": at(1, 0), "to": at(day, 0)}, "trigger": "schedule",
        "outcome": "ok", "rows": "3", "flags": flags});
    (at(day, 13), "evidence.collected", data)
}

#[test]
fn exposure_is_judged_at_each_instant() {
    let rule = "WW-BK-02";
    Case::of(nights(1..=28)).gives(rule, Supported, "");
    let gap = || nights((1..=28).filter(|day| *day != 10));
    Case::of(gap()).gives(
        rule,
        Exception,
        "up to 49 h of data at risk, RPO 27 h: above it from 2026-07-10 05:00:00 UTC to 2026-07-11 03:00:00 UTC",
    );
    Case::of(nights(1..=20)).gives(rule, Exception, "to the end of the period");
    Case::of([]).gives(rule, Exception, "above it from 2026-07-02 03:00:00 UTC to the end of the period");
    const COPIES: &str = "copies = { min = 1, separation = \"provider\" }";
    let copied = |good: bool| -> Vec<Line> {
        let copy = |day: u32| {
            look(day, 4, u64::from(day - 1) * 2, "ok", good || day != 9, "full_reread", json!({"mode": "none"}))
        };
        (1..=28).flat_map(|day| [backup(day), copy(day)]).collect()
    };
    Case::of(copied(true)).promising(COPIES).gives(rule, Supported, "");
    Case::of(copied(false)).promising(COPIES).gives(rule, Exception, "up to 50 h");
    Case::of(nights(1..=28)).promising(COPIES).gives(rule, Exception, "2026-07-02 03:00:00");
    let mut lost = nights(1..=28);
    lost.extend([look(28, 9, 0, "missing", true, "head", json!({"mode": "none"}))]);
    Case::of(lost).gives(rule, Supported, "");
}

#[test]
fn stored_objects_are_judged_only_where_they_were_given() {
    let rule = "WW-BK-05";
    let given = |of: &[(u64, bool)]| {
        let objects = of.iter().map(|(place, equal)| (id(1002 + place), *equal)).collect();
        Case { reader: Reader { objects: Some(objects), ..Reader::default() }, ..Case::of(nights(1..=2)) }
    };
    Case::of(nights(1..=2)).gives(rule, NotTested, "--artifacts");
    given(&[(0, true)]).gives(rule, NotTested, "was not given");
    given(&[(0, true), (1, true)]).gives(rule, Supported, "");
    given(&[(0, true), (1, false)]).gives(rule, Exception, "another one");
    Case { lines: vec![], ..given(&[]) }.gives(rule, NotOccurred, "");
}

#[test]
fn an_empty_backup_or_a_sudden_size_deviates() {
    let rule = "WW-BK-06";
    const PROMISE: &str = "size_change_pct = 50";
    Case::of([]).gives(rule, NotOccurred, "");
    Case::of(nights(1..=5)).promising(PROMISE).gives(rule, Supported, "");
    Case::of([sized(1, 100, 0)]).gives(rule, Exception, "1 tables and 0 rows");
    Case::of([sized(1, 100, 0), action(1, 0)]).gives(rule, Supported, "");
    let sudden = |bytes| [backup(1), backup(2), backup(3), sized(4, bytes, 9)];
    Case::of(sudden(150)).promising(PROMISE).gives(rule, Supported, "");
    Case::of(sudden(49)).promising(PROMISE).gives(
        rule,
        Exception,
        "49 bytes, and the median of those before is 100 (promised within 50 %)",
    );
    Case::of(sudden(151)).promising(PROMISE).gives(rule, Exception, "151 bytes");
    Case::of(sudden(151)).gives(rule, Supported, "");
    Case::of([backup(1), backup(2), sized(3, 900, 9)]).promising(PROMISE).gives(rule, Supported, "");
}

#[test]
fn copies_lie_apart_and_are_read_again() {
    let rule = "WW-CP-01";
    const COPIES: &str = "copies = { min = 1, separation = \"provider\", reverify = \"10d\" }";
    Case::of(nights(1..=2)).gives(rule, NotEvidenced, "no policy in force promises copies");
    assert!(!Case::of(nights(1..=2)).judge(rule).lacks_evidence());
    Case::of(nights(1..=2)).promising("copies = { min = 0 }").gives(rule, NotApplicable, "");
    Case::of([]).promising(COPIES).gives(rule, NotOccurred, "");
    let one = |looks: &[Line]| Case::of([backup(20)].into_iter().chain(looks.iter().cloned())).promising(COPIES);
    one(&[good_look(20, 5, 0)]).gives(rule, Supported, "");
    one(&[]).gives(rule, Exception, "no copy at another provider is recorded");
    one(&[look(20, 5, 0, "ok", false, "full_reread", json!({"mode": "none"}))]).gives(
        rule,
        Exception,
        "those read back lie nearer",
    );
    one(&[look(20, 5, 0, "ok", true, "head", json!({"mode": "none"}))]).gives(
        rule,
        Exception,
        "not read back and hashed",
    );
    one(&[look(20, 5, 0, "unreachable", true, "full_reread", json!({"mode": "none"}))]).gives(
        rule,
        Exception,
        "could not be read",
    );
    one(&[good_look(20, 5, 0), look(22, 5, 0, "mismatch", true, "full_reread", json!({"mode": "none"}))]).gives(
        rule,
        Exception,
        "found altered at 2026-07-22",
    );
    let early = |looks: &[Line]| Case::of([backup(2)].into_iter().chain(looks.iter().cloned())).promising(COPIES);
    early(&[good_look(2, 5, 0), good_look(11, 5, 0), good_look(21, 5, 0)]).gives(rule, Supported, "");
    early(&[good_look(2, 5, 0), good_look(13, 5, 0), good_look(21, 5, 0)]).gives(
        rule,
        Exception,
        "not read again from 2026-07-02 05:00:00 UTC to 2026-07-13 05:00:00 UTC, promised every 10 d",
    );
    early(&[good_look(2, 5, 0), pruned(9, &[0], true)]).gives(rule, Supported, "");
    const TWO: &str = "copies = { min = 2 }";
    Case::of([backup(20), good_look(20, 5, 0)]).promising(TWO).gives(rule, Exception, "1 of 2 copies");
}

#[test]
fn copies_are_locked_for_as_long_as_promised() {
    let rule = "WW-CP-02";
    const LOCK: &str =
        "copies = { min = 1, object_lock = \"governance\" }\nretention = { mode = \"tiers\", daily = 7 }";
    const COMPLIANCE: &str = "copies = { min = 1, object_lock = \"compliance\" }";
    let one = |promises, lock: Value| {
        Case::of([backup(20), look(20, 5, 0, "ok", true, "full_reread", lock)]).promising(promises)
    };
    one(LOCK, json!({"mode": "governance", "until": at(27, 2)})).gives(rule, Supported, "");
    one(LOCK, json!({"mode": "governance", "until": at(27, 1)})).gives(
        rule,
        Exception,
        "locked only until 2026-07-27 01:00:00 UTC",
    );
    one(LOCK, json!({"mode": "governance"})).gives(rule, Exception, "no end of the lock");
    one(LOCK, json!({"mode": "none"})).gives(rule, Exception, "no such lock");
    one(COMPLIANCE, json!({"mode": "governance"})).gives(rule, Exception, "no such lock");
    one(COMPLIANCE, json!({"mode": "compliance"})).gives(rule, Supported, "");
    one("copies = { min = 1, object_lock = \"none\" }", json!({"mode": "none"})).gives(rule, NotApplicable, "");
    Case::of([backup(20)]).promising(LOCK).gives(rule, Exception, "no copy anywhere is recorded");
    Case::of([]).promising(LOCK).gives(rule, NotOccurred, "");
    Case::of([]).gives(rule, NotEvidenced, "no policy in force promises copies");
}

#[test]
fn every_window_has_a_passed_test() {
    let rule = "WW-RT-01";
    const WEEKLY: &str = "restore_test = { cadence = \"weekly\" }";
    // Mondays are 6, 13, 20 and 27; the week from 29 June began before the scope.
    let weekly = |days: &[u32]| Case::of(days.iter().map(|day| tested(*day, "passed"))).promising(WEEKLY);
    weekly(&[7, 14, 26]).gives(rule, Supported, "");
    weekly(&[7, 26]).gives(rule, Exception, "no restore test from 2026-07-13 00:00 to 2026-07-20 00:00 UTC");
    weekly(&[]).gives(rule, Exception, "no restore test from 2026-07-06");
    let failed = [tested(7, "passed"), tested(14, "failed"), tested(21, "passed")];
    Case::of(failed).promising(WEEKLY).gives(rule, Exception, "the last one ended: failed");
    Case::of([tested(7, "passed")]).gives(rule, NotEvidenced, "no policy in force promises how often");
    Case::of([tested(7, "passed")]).promising("restore_test = { cadence = \"quarterly\" }").gives(
        rule,
        NotOccurred,
        "",
    );
    let rest = json!({"database": "shop", "from": at(12, 0), "to": at(20, 0), "kinds": ["restore_test"],
        "reason": "moving", "approved_by": "cto"});
    let rested = [tested(7, "passed"), (at(8, 0), "maintenance.declared", rest), tested(21, "passed")];
    Case::of(rested).promising(WEEKLY).gives(rule, Supported, "");
    const FULL: &str = "restore_test = { full_exercise = \"weekly\" }";
    let full = || Case::of([7, 14, 26].map(|day| tested(day, "passed"))).promising(FULL);
    full().gives(rule, Supported, "");
    let without_keys = json!({"set_retrieved": {"keys": false, "config": true}});
    Case { test: without_keys, ..full() }.gives(rule, Exception, "left out data, keys or configuration");
}

#[test]
fn what_came_back_is_judged_by_the_statement_too() {
    let rule = "WW-RT-02";
    let one = |test: Value| Case { test, ..Case::of([backup(2), tested(3, "passed")]) };
    one(json!({})).gives(rule, Supported, "");
    one(json!({"sequences": {"ok": false, "failed": ["public.a"]}})).gives(rule, Exception, "these did not: sequences");
    one(json!({"omitted_equal": false})).gives(rule, Exception, "what the content root leaves out");
    Case { backup: json!({"same_snapshot": false}), ..one(json!({})) }.gives(
        rule,
        NotTested,
        "not from the dump's own snapshot",
    );
    Case::of([]).gives(rule, NotOccurred, "");
}

#[test]
fn tests_are_made_apart_from_production() {
    let rule = "WW-RT-04";
    const CLASSES: &str = "restore_test = { environment_class = [\"staging\"] }";
    const HOST: &str = "restore_test = { isolation = \"host\" }";
    let one = |test: Value| Case { test, ..Case::of([tested(3, "passed")]) };
    let target = |system: bool, reason: Option<&str>| json!({"isolation": {"same_system": system, "same_host": true, "reason": reason}});
    let without_reason = json!({"isolation": {"same_system": true, "same_host": true}});
    one(json!({})).gives(rule, Supported, "");
    one(without_reason).gives(rule, Exception, "no reason is recorded");
    one(target(true, Some("no other machine"))).gives(rule, Supported, "");
    one(json!({})).promising(CLASSES).gives(rule, Exception, "does not allow this class");
    one(json!({})).promising(HOST).gives(rule, Exception, "on the source's host");
    one(json!({"cleanup": {"dropped": false}})).gives(rule, Exception, "not dropped");
    Case::of([]).gives(rule, NotOccurred, "");
}

#[test]
fn tests_are_recorded_in_full() {
    let rule = "WW-RT-05";
    let one = |test: Value| Case { test, ..Case::of([tested(3, "passed")]) };
    one(json!({})).gives(rule, Supported, "");
    one(json!({"steps": []})).gives(rule, Exception, "no steps");
    Case::of([tested(3, "failed")]).gives(rule, Exception, "no action is recorded");
    Case::of([tested(3, "failed"), action(4, 0)]).gives(rule, Supported, "");
    let signed_off = |lines: Vec<Line>| Case { of_policy: "sign_off = true", ..Case::of(lines) };
    signed_off(vec![tested(3, "passed")]).gives(rule, Exception, "no person has reviewed it");
    let review = json!({"subject": "evidence", "subjects": [id(1002)], "role": "reviewer", "person": "sec-lead",
        "conclusion": "no_issue", "head": {"size": 2, "root": Digest::of(b"")}});
    signed_off(vec![tested(3, "passed"), (at(4, 0), "review.signed", review)]).gives(rule, Supported, "");
    Case::of([]).gives(rule, NotOccurred, "");
}

#[test]
fn failed_tests_are_closed_in_time() {
    let rule = "WW-RT-06";
    const WITHIN: &str = "restore_test = { close_failed_within = \"5d\" }";
    let of = |days: &[(u32, &str)]| Case::of(days.iter().map(|(day, outcome)| tested(*day, outcome))).promising(WITHIN);
    of(&[(3, "failed"), (8, "passed")]).gives(rule, Supported, "");
    of(&[(3, "failed"), (9, "passed")]).gives(rule, Exception, "passed only at 2026-07-09");
    of(&[(3, "failed")]).gives(rule, Exception, "no passed test is recorded after it");
    of(&[(27, "failed")]).gives(rule, NotEvidenced, "may pass until 2026-08-01");
    of(&[(3, "passed")]).gives(rule, NotOccurred, "");
}

#[test]
fn no_time_without_a_test_is_longer_than_the_guard() {
    let rule = "WW-RT-07";
    const GUARD: &str = "restore_test = { guard = \"10d\" }";
    let of = |days: &[u32]| Case::of(days.iter().map(|day| tested(*day, "passed")));
    of(&[5, 14, 22]).promising(GUARD).gives(rule, Supported, "");
    of(&[5, 22]).promising(GUARD).gives(rule, Exception, "17 d without a passed restore test, guard 10 d");
    of(&[12]).promising(GUARD).gives(rule, Exception, "11 d 6 h without");
    of(&[12]).gives(rule, NotApplicable, "shop: 16 d 18 h");
}

#[test]
fn what_a_recovery_needs_is_found() {
    let rule = "WW-TW-01";
    let set = |lines: Vec<Line>| Case {
        promises: "[complete_set]\ndatabase = { where = \"s3\", owner = \"dba\" }\nkeys = { where = \"safe\", owner = \"ciso\", verify = \"weekly\" }\nconfig = { where = \"git\", owner = \"ops\" }",
        ..Case::of(lines)
    };
    let weekly = |days: &[u32]| days.iter().map(|day| tested(*day, "passed")).collect();
    Case::of([]).gives(rule, NotEvidenced, "no policy in force names");
    set(weekly(&[2, 7, 14, 26])).gives(rule, Supported, "");
    set(weekly(&[2, 7, 26])).gives(rule, NotEvidenced, "keys: not verified from 2026-07-13");
    let mut escrow: Vec<Line> = weekly(&[2, 7, 26]);
    escrow.insert(2, captured(15, "key_escrow", json!([])));
    set(escrow).gives(rule, Supported, "");
    let not_from_there = json!({"set_retrieved": {"keys": false, "config": true}});
    Case { test: not_from_there, ..set(weekly(&[2, 7, 14, 26])) }.gives(rule, NotEvidenced, "keys: not verified");
    let blinded = json!({"content": {"canonical": "pgrow-v1", "root": Digest::of(b""), "tables": [], "omitted": [],
        "blinding": {"alg": "hmac-v1", "commitment": Digest::of(b"")}}});
    let mut lines = weekly(&[2, 7, 14, 26]);
    lines.insert(0, backup(1));
    Case { backup: blinded, ..set(lines) }.gives(rule, Exception, "no row key is kept with it");
}

#[test]
fn backups_are_kept_as_promised() {
    let rule = "WW-RN-01";
    const THREE: &str = "retention = { mode = \"keep_last\", keep = 3, grace = \"48h\" }";
    let inventory = |flags| captured(28, "store_inventory", flags);
    let of = |days: std::ops::RangeInclusive<u32>, more: &[Line]| {
        let mut lines = nights(days);
        lines.extend(more.iter().cloned());
        lines.push(inventory(json!([])));
        Case::of(lines).promising(THREE)
    };
    of(25..=28, &[]).gives(rule, Supported, ""); // one beyond, and its grace still runs
    of(20..=28, &[]).gives(rule, Exception, "overdue: kept longer than its grace of 48 h");
    of(20..=28, &[pruned(28, &[0, 1, 2, 3, 4], true)]).gives(rule, Supported, "");
    of(26..=28, &[pruned(28, &[2], true)]).gives(rule, Exception, "deleted early, at 2026-07-28 12:00:00 UTC");
    Case::of(nights(26..=28)).promising(THREE).gives(rule, NotEvidenced, "no inventory of the store");
    Case::of(nights(26..=28)).gives(rule, NotEvidenced, "no policy in force promises a retention");
    let gone = json!([{"code": "backup-missing", "detail": id(1003)}]);
    let mut missing = nights(26..=28);
    missing.push(inventory(gone));
    Case::of(missing).promising(THREE).gives(rule, Exception, "missing: it is to be kept");
    let hold = json!({"action": "placed", "scope": "shop", "reason": "a case", "by": "ciso"});
    let held = (at(28, 4), "hold.changed", hold);
    of(20..=28, &[held]).gives(rule, Supported, "");
}

/// Half of the grace is the operator's, the other half is for deleting.
#[test]
fn what_is_no_longer_kept_stays_for_half_of_its_grace() {
    let deletable = |promises| {
        let case = Case::of(nights(26..=31)).promising(promises);
        case.read(|record| duties::deletable(record, "shop").iter().map(|one| one.backup.line.id).collect::<Vec<_>>())
    };
    let first = |places: u64| (0..places).map(|place| id(1002 + place)).collect::<Vec<_>>();
    // Three are kept: at the end of the 31st those of 29, 30 and 31.
    assert_eq!(deletable("retention = { mode = \"keep_last\", keep = 3 }"), first(3));
    assert_eq!(deletable("retention = { mode = \"keep_last\", keep = 3, grace = \"40h\" }"), first(3));
    assert_eq!(deletable("retention = { mode = \"keep_last\", keep = 3, grace = \"48h\" }"), first(2));
    assert_eq!(deletable("retention = { mode = \"keep_last\", keep = 3, grace = \"20d\" }"), []);
    assert_eq!(deletable("copies = { min = 0 }"), [], "nothing is promised");
}

#[test]
fn deletions_are_recorded_and_confirmed() {
    let rule = "WW-RN-02";
    Case::of(nights(26..=28)).gives(rule, NotOccurred, "");
    let mut lines = nights(20..=24);
    lines.push(pruned(25, &[0, 1], true));
    Case::of(lines.clone()).gives(rule, Supported, "");
    lines.push(pruned(26, &[2], false));
    Case::of(lines).gives(rule, Exception, "neither confirmed nor held");
    let gone = json!([{"code": "backup-missing", "detail": id(1003)}]);
    let mut vanished = nights(26..=28);
    vanished.push(captured(28, "store_inventory", gone));
    Case::of(vanished).gives(rule, Exception, "no entry deleted it");
}

/// Backups of an extra schedule: those of day 1, 11 and 21 at one o'clock, which the nights at two fill an hour late.
#[test]
fn an_extra_schedule_asks_for_a_backup_in_its_account() {
    let rule = "WW-BK-01";
    let nightly = "schedule = \"0 2 * * *\"\nstart_tolerance = \"2h\"";
    let of = |lines: Vec<Line>| Case {
        of_database: "extra_schedules = [{ name = \"independent\", cron = \"0 1 1-28/10 * *\", to = \"acme-dr\" }]",
        ..Case::of(lines).promising(nightly)
    };
    let with = |looks: Vec<Line>| of([nights(1..=30), looks].concat());
    // Places: the backups of days 1, 11 and 21.
    let looks = vec![good_look(2, 9, 0), good_look(12, 9, 10), good_look(22, 9, 20)];
    with(looks.clone()).gives(rule, Supported, "");
    let ids: Vec<String> = with(looks.clone()).judge(rule).items.into_iter().map(|item| item.id).collect();
    assert_eq!((ids.len(), ids.iter().filter(|id| id.ends_with("/independent")).count()), (31, 3), "{ids:?}");
    // Copied after the next one was due; altered; listed and not read; nowhere at all.
    let late = good_look(11, 9, 0);
    let altered = look(2, 9, 0, "mismatch", true, "full_reread", json!({"mode": "none"}));
    let listed = look(2, 9, 0, "ok", true, "head", json!({"mode": "none"}));
    for first in [vec![late], vec![altered], vec![listed], vec![]] {
        with([&looks[1..], &first].concat()).gives(rule, Exception, "no copy in the account acme-dr");
    }
    // The last one may still be copied.
    with(looks[..2].to_vec()).gives(rule, NotEvidenced, "no copy in the account acme-dr yet");
    let none = of(vec![]).judge(rule).items;
    let missed = |item: &&Item| item.deviation.as_ref().is_some_and(|why| why.starts_with("missed"));
    let missed: Vec<&Item> = none.iter().filter(missed).filter(|item| item.id.ends_with("/independent")).collect();
    assert_eq!(missed.iter().map(|item| item.at).collect::<Vec<_>>(), [at(1, 1), at(11, 1)]);
    // Where it was made counts, too.
    let mut there = nights(1..=30);
    for (_, _, data) in &mut there {
        data["object"]["account_ref"] = json!("acme-dr");
    }
    of(there).gives(rule, Supported, "");
}

/// An occurrence owns the time to the next one: the backup that comes after the maintenance would else be a late one.
#[test]
fn declared_maintenance_excuses_an_extra_schedule() {
    let rest = |day| {
        let data = json!({"database": "shop", "kinds": ["backup"], "from": at(12, 3), "to": at(12, 5), "reason": "disks", "approved_by": "cto"});
        let case = Case::of([nights(1..=30), vec![(at(day, 1), "maintenance.declared", data)]].concat());
        let promising = case.promising("schedule = \"0 2 * * *\"\nstart_tolerance = \"1h\"");
        let of_database = "extra_schedules = [{ name = \"x\", cron = \"0 4 12 * *\", to = \"acme\" }]";
        Case { of_database, ..promising }
    };
    rest(11).gives("WW-BK-01", Supported, "excused by maintenance");
    // Declared afterwards, it excuses nothing.
    rest(14).gives("WW-BK-01", Exception, "late");
}

/// Pairs of schedules and entries are bounded, whatever a policy of a megabyte names.
#[test]
fn very_many_extra_schedules_are_not_judged() {
    let judged = |extras: usize| {
        let one = |n| format!("{{ name = \"{n:06}\", cron = \"0 4 12 * *\", to = \"acme\" }}");
        let all: Vec<String> = (0..extras).map(one).collect();
        let of_database: &'static str = format!("extra_schedules = [{}]", all.join(", ")).leak();
        let lines = (0..6_000)
            .map(|second| (at(2, 2).plus_seconds(second), "export.made", json!({"state": "begun", "kind": "bundle"})));
        Case { of_database, ..Case::of(lines).promising("schedule = \"0 2 * * *\"") }.judge("WW-BK-01")
    };
    assert_eq!(judged(100).status, Exception);
    let many = judged(17_000);
    assert_eq!((many.status, many.items.len()), (NotEvidenced, 0));
    assert!(many.reason.contains("none is judged"), "{}", many.reason);
}

/// Of two schedules that come at the same instant one run is asked, and one missed occurrence.
#[test]
fn what_is_due_by_two_schedules_is_due_once() {
    let missed = |of_database| {
        let case = Case::of(nights(1..=10)).promising("schedule = \"0 2 * * *\"\nstart_tolerance = \"2h\"");
        Case { of_database, ..case }.read(duties::missed).into_iter().map(|(_, window)| window.at).collect::<Vec<_>>()
    };
    let nights: Vec<Time> = (11..=28).map(|day| at(day, 2)).collect();
    assert_eq!(missed("extra_schedules = [{ name = \"x\", cron = \"0 2 12,20 * *\", to = \"acme\" }]"), nights);
    // That of the twentieth still waits.
    let apart = [nights, vec![at(12, 4)]].concat();
    assert_eq!(missed("extra_schedules = [{ name = \"x\", cron = \"0 4 12,20 * *\", to = \"acme\" }]"), apart);
    // One backup serves all that wait: what is asked for is the latest.
    let case = Case::of(vec![]).promising("schedule = \"0 2 24 * *\"");
    let of_database = "extra_schedules = [{ name = \"x\", cron = \"0 4 20 * *\", to = \"acme\" }]";
    let waiting =
        |record: &Record<'_>| duties::backups(record, "shop").iter().map(|one| one.window.at).collect::<Vec<_>>();
    assert_eq!(Case { of_database, ..case }.read(waiting), [at(24, 2), at(20, 4)]);
}

#[test]
fn the_age_of_evidence_needs_more_than_one_bundle() {
    let rule = "WW-RN-03";
    let years = |evidence: Option<Period>| Case {
        promises: "[evidence_retention]\nchain = \"1y\"",
        reader: Reader { evidence, ..Reader::default() },
        ..Case::default()
    };
    let since = |start: &str| Some(Period { start: start.parse().unwrap(), end: at(29, 0) });
    Case::default().gives(rule, NotEvidenced, "no policy in force promises how long");
    years(None).gives(rule, NotTested, "one bundle shows one period");
    years(since("2025-07-29T00:00:00.000000Z")).gives(rule, Supported, "");
    years(since("2025-07-30T00:00:00.000000Z")).gives(rule, Exception, "less than the 365 days promised");
}

#[test]
fn a_rule_that_the_policy_excludes_is_not_applicable() {
    let excluded = Case {
        promises: "[[not_applicable]]\nrule = \"WW-BK-02\"\nreason = \"a toy\"\napproved_by = \"ciso\"",
        ..Case::default()
    };
    excluded.gives("WW-BK-02", NotApplicable, "a toy (approved by ciso)");
}

#[test]
fn what_a_few_lines_promise_beyond_all_measure_is_not_judged() {
    let database = |n: u32| {
        format!(
            "[[database]]\nid = \"d{n}\"\nowner = \"dba\"\nprovider = \"own\"\naccount_ref = \"acme\"\nregion = \"eu\"\ncriticality = \"high\"\n"
        )
    };
    let judged = |databases: u32| {
        let every_minute: String = (10..10 + databases).map(database).collect();
        let promises = format!("schedule = \"* * * * *\"\nstart_tolerance = \"30m\"\n{every_minute}");
        Case::default().promising(Box::leak(promises.into_boxed_str())).judge("WW-BK-01")
    };
    // 1,440 runs a day of each, on 28 days: of thirteen databases that is more than half a million.
    let few = judged(1);
    assert!(few.status == Exception && few.items.len() > 60_000, "{:?}, {} items", few.status, few.items.len());
    let many = judged(12);
    assert_eq!((many.status, many.items.len()), (NotEvidenced, 0));
    assert!(many.reason.contains("none is judged"), "{}", many.reason);
}
