//! Rules about the record, policies, scope, access, encryption, changes, logs, alerts, evidence, suppliers and sign-off,
//! each for every status it can give (`spec:rules-17` to `spec:rules-38`).

mod chain_support;

use std::collections::{BTreeMap, BTreeSet};

use chain_support::{Line, id, ndjson, parse};
use serde_json::{Value, json};
use walwarden_core::{
    Digest, Period, Time,
    dsse::Envelope,
    merkle::TreeHead,
    policy::Policy,
    record::{Exhibits, Reader, Record, Seal},
    registry::Version,
    rules::{Gate, RULES, RuleResult, Status, evaluate},
    statement::{Backup, KeyRegistry, Review},
};

use Status::{Exception, NotEvidenced, NotOccurred, NotTested, Supported};

/// What is promised beside the least: in `[policy]`, in `[defaults]`, in tables.
type Promise = (&'static str, &'static str, &'static str);

const NOTHING: Promise = ("", "", "");

fn policy((head, defaults, tables): Promise) -> Policy {
    let author = if head.contains("author") { "" } else { "author = \"dba\"\n" };
    Policy::from_toml(&format!(
        r#"[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-07-01T00:00:00Z"
{author}approved_by = "cto"
timezone = "UTC"
{head}
[defaults]
rpo = "27h"
rto = "1h"
max_run = "1h"
max_resolution = "24h"
{defaults}
[[database]]
id = "shop"
owner = "dba"
provider = "own"
account_ref = "acme"
region = "eu"
criticality = "high"
migrations = {{ kind = "query", sql = "select id from migrations" }}
{tables}"#
    ))
    .unwrap()
}

/// Day of August 2026, or of the months beside it, hour of the day.
fn at(day: i64, hour: i64) -> Time {
    let first: Time = "2026-08-01T00:00:00.000000Z".parse().unwrap();
    Time::from_micros(first.micros() + ((day - 1) * 24 + hour) * 3_600_000_000).unwrap()
}

fn august() -> Period {
    Period { start: at(1, 0), end: at(32, 0) }
}

/// A line with an id of its own.
fn line(n: u64, time: Time, kind: &'static str, data: Value) -> Line {
    Line { id: Some(id(n)), ..(time, kind, data).into() }
}

fn capture_of(n: u64, time: Time, collector: &str, flags: &[(&str, &str)], more: Value) -> Line {
    let flags: Vec<Value> = flags.iter().map(|(code, detail)| json!({"code": code, "detail": detail})).collect();
    let mut data = json!({"collector": collector, "database": "shop", "covers": {"from": at(1, 0), "to": at(400, 0)},
        "trigger": "schedule", "outcome": "ok", "rows": "3", "flags": flags});
    for (key, value) in more.as_object().unwrap() {
        data[key] = value.clone();
    }
    line(n, time, "evidence.collected", data)
}

fn capture(n: u64, day: i64, collector: &str, flags: &[(&str, &str)]) -> Line {
    capture_of(n, at(day, 4), collector, flags, json!({}))
}

fn document(n: u64, day: i64, valid_until: Time, flags: &[(&str, &str)]) -> Line {
    let mut line = capture(n, day, "provider_document", flags);
    line.data.as_object_mut().unwrap().remove("database");
    line.data["covers"]["to"] = json!(valid_until);
    line
}

fn head(size: u64) -> Value {
    json!({"size": size, "root": Digest::of(&size.to_be_bytes())})
}

fn review(n: u64, day: i64, person: &'static str, of: u64) -> Line {
    let data = json!({"subject": "evidence", "subjects": [id(of)], "role": "reviewer", "person": person,
        "conclusion": "no_issue", "head": head(1)});
    Line { actor: person, ..line(n, at(day, 9), "review.signed", data) }
}

fn signed_off(n: u64, role: &str, person: &'static str, size: u64) -> Line {
    let data = json!({"subject": "period", "subjects": [id(1)], "role": role, "person": person,
        "conclusion": "no_issue", "head": head(size), "period": august()});
    Line { actor: person, ..line(n, at(32, 1), "review.signed", data) }
}

fn failed(n: u64, time: Time) -> Line {
    let data = json!({"database": "shop", "run_id": id(n), "stage": "dump", "reason_code": "disk-full"});
    line(n, time, "backup.failed", data)
}

fn copy(n: u64, outcome: &str) -> Line {
    let data = json!({"database": "shop", "backup": id(1), "outcome": outcome, "location": object(),
        "method": "full_reread", "sha256_expected": Digest::of(b""), "lock": {"mode": "none"},
        "separation": {"provider": true, "account": true, "region": true}});
    line(n, at(5, 0), "copy.verified", data)
}

fn object() -> Value {
    json!({"provider": "local", "account_ref": "acme", "region": "eu", "bucket": "b", "key": "k", "bytes": "1",
        "sha256": Digest::of(b"")})
}

fn completed(n: u64, day: i64) -> Line {
    let (zero, time) = (Digest::of(b""), at(day, 2));
    let data = json!({"database": "shop", "run_id": id(n), "started_at": time, "snapshot_at": time,
        "completed_at": time, "object": object(), "same_snapshot": true, "schema": {"portable": zero, "exact": zero},
        "tables": 1, "rows": "1", "warnings": 0});
    line(n, time, "backup.completed", data)
}

/// The statement of a completed backup.
fn stated(line: &Line, alg: &str, recipients: &[&str], protocol: &str) -> Backup {
    let zero = Digest::of(b"");
    let plain = json!({"bytes": "1", "sha256": zero});
    let mut stated = json!({"origin": "acme.example/backups", "entry": line.id, "policy": null,
        "actor": {"kind": "service", "id": "walwarden", "auth": "none"},
        "tool": {"name": "walwarden", "version": "0.1.0", "sha256": zero}, "plain": plain,
        "globals": {"object": object(), "plain": plain}, "sequences": [], "session": {},
        "server": {"version": "17.6", "system_identifier": "1", "in_recovery": false},
        "tls": {"mode": "require", "protocol": protocol},
        "pg_dump": {"version": "17.6", "args": [], "exit_code": 0, "stderr_sha256": zero},
        "encryption": {"alg": alg, "recipients": recipients}, "schema_counts": {},
        "set": {"keys_ref": "safe", "config_ref": "git", "config_sha256": zero}});
    for (key, value) in line.data.as_object().unwrap() {
        stated[key] = value.clone();
    }
    serde_json::from_value(stated).unwrap()
}

fn alert(n: u64, time: Time, subject: Option<u64>, delivery: &str) -> Line {
    let mut data = json!({"alert": "BackupFailed", "severity": "page", "channel": "oncall", "recipients_ref": "oncall",
        "delivery": delivery, "test": subject.is_none()});
    if let Some(subject) = subject {
        data["subject"] = json!(id(subject));
    }
    line(n, time, "alert.raised", data)
}

fn acknowledged(n: u64, time: Time, alert: u64) -> Line {
    line(n, time, "alert.acknowledged", json!({"alert": id(alert), "by": "dba"}))
}

fn action(n: u64, time: Time, of: Option<u64>, state: &str, subject: u64) -> Line {
    let mut data = json!({"kind": "corrective", "state": state, "subjects": [id(subject)], "reason_code": "looked-into",
        "owner": "dba", "closed_by": [], "text": "done"});
    if let Some(of) = of {
        data["action"] = json!(id(of));
    }
    line(n, time, "action.recorded", data)
}

fn maintenance(from: Time, to: Time) -> Line {
    let data = json!({"database": "*", "from": from, "to": to, "kinds": ["evidence"], "reason": "moved",
        "approved_by": "cto"});
    line(900, at(-10, 0), "maintenance.declared", data)
}

fn anchored(n: u64) -> Line {
    let data = json!({"size": 1, "checkpoint_sha256": Digest::of(b""), "kind": "other"});
    line(n, at(9, 0), "anchor.attached", data)
}

/// A registry of one version: one key for backups.
fn registry(custodian: &str, storage: &str, ceremony: &str, state: &str) -> Version {
    let root = json!({"crv": "Ed25519", "kty": "OKP", "x": "sRZ74nAFGCNyl92863i5zx-v6lQdjVovnYtMj9vsprw"});
    let mut key = json!({"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        "uses": ["backup"], "custodian": custodian, "storage": storage, "state": state});
    if state == "retired" {
        key["last_trusted"] = head(4);
    }
    let registry: KeyRegistry = serde_json::from_value(json!({"origin": "acme.example/backups", "version": 1,
        "previous": null, "roots": [root], "threshold": 1, "ceremony": ceremony, "keys": [key]}))
    .unwrap();
    Version {
        payload: Digest::of(b"1"),
        envelope_digest: Digest::of(b"1"),
        envelope: Envelope::new(vec![], vec![]),
        registry,
    }
}

/// What a rule is shown.
struct Case {
    rule: &'static str,
    case: &'static str,
    promise: Promise,
    lines: Vec<Line>,
    /// To when the record reaches.
    until: Time,
    adopted: Option<Time>,
    unsigned: BTreeSet<u64>,
    backups: Vec<(u64, Backup)>,
    registry: Vec<Version>,
    approval: bool,
    seal: Option<Time>,
    reader: Reader,
}

/// A record of July and August under a policy that promises this.
fn case(rule: &'static str, case: &'static str, promise: Promise, lines: &[Line]) -> Case {
    Case {
        rule,
        case,
        promise,
        lines: lines.to_vec(),
        until: at(32, 6),
        adopted: Some(at(-15, 0)),
        unsigned: BTreeSet::new(),
        backups: Vec::new(),
        registry: Vec::new(),
        approval: false,
        seal: Some(at(32, 6)),
        reader: Reader::default(),
    }
}

impl Case {
    fn judge(mut self) -> RuleResult {
        let policy = policy(self.promise);
        let genesis = json!({"org_name": "Acme", "zone": "UTC", "spec_version": "1", "root_fingerprints": []});
        self.lines.push(line(2, at(-16, 0), "chain.genesis", genesis));
        if let Some(adopted) = self.adopted {
            let data = json!({"version": "1", "sha256": policy.digest().unwrap(), "toml_sha256": Digest::of(b""),
                "effective_from": policy.effective_from, "author": policy.author, "approved_by": "cto"});
            self.lines.push(line(1, adopted, "policy.adopted", data));
        }
        self.lines.push(line(3, self.until, "export.made", json!({"state": "begun", "kind": "bundle"})));
        self.lines.sort_by_key(|line| line.recorded_at);
        let bytes = ndjson(&self.lines, self.adopted.map(|_| policy.digest().unwrap()));
        let entries = parse(&bytes);
        let anchored = entries.rebuild(&[]).unwrap();
        let unsigned: BTreeSet<_> = self.unsigned.iter().map(|n| id(*n)).collect();
        let signed = entries.all().iter().map(|entry| entry.id).filter(|id| !unsigned.contains(id)).collect();
        let approval: Review = serde_json::from_value(json!({"origin": "acme.example/backups", "entry": id(1),
            "policy": null, "actor": {"kind": "person", "id": "cto", "auth": "key"},
            "tool": {"name": "walwarden", "version": "0.1.0", "sha256": Digest::of(b"")}, "subject": "policy",
            "subjects": [], "role": "approver", "person": "cto", "conclusion": "no_issue",
            "head": TreeHead { size: 1, root: Digest::of(b"") }, "title": "CTO", "notes": ""}))
        .unwrap();
        let exhibits = Exhibits {
            policies: self.adopted.map(|_| policy).into_iter().collect(),
            signed,
            backups: self.backups.iter().map(|(n, backup)| (id(*n), backup)).collect(),
            reviews: self.approval.then_some((id(1), &approval)).into_iter().collect(),
            registry: &self.registry,
            seal: self.seal.map(|sealed_at| Seal { sealed_at }),
            reader: self.reader,
            ..Exhibits::default()
        };
        let record = Record::new(&anchored, &entries, august(), exhibits);
        let results = evaluate(Some(&record), Gate::Open);
        results.into_iter().find(|result| result.rule.id == self.rule).unwrap()
    }
}

const ROLES: Promise = ("", "", "[[evidence]]\ncollector = \"access_control\"\nfrequency = \"monthly\"\n");
const REVIEWED: Promise = (
    "",
    "",
    "[[evidence]]\ncollector = \"access_control\"\nfrequency = \"monthly\"\nreviewers = [\"ciso\"]\nreview_within = \"14d\"\n",
);
const MODEL: Promise = (
    "",
    "",
    "[roles]\nsuperuser_allowed = [\"postgres\"]\n[[evidence]]\ncollector = \"access_control\"\nfrequency = \"monthly\"\n",
);
const INVENTORY: Promise = ("", "", "[[evidence]]\ncollector = \"scope_inventory\"\nfrequency = \"monthly\"\n");
const CHANGES: Promise = ("", "", "[[evidence]]\ncollector = \"change_management\"\nfrequency = \"monthly\"\n");
const SNAPSHOTS: Promise = ("", "", "[[evidence]]\ncollector = \"schema_snapshot\"\nfrequency = \"monthly\"\n");
const AFTER_MIGRATIONS: Promise =
    ("", "", "[[evidence]]\ncollector = \"schema_snapshot\"\nfrequency = \"per_migration\"\ndue_within = \"1d\"\n");
const LOGS: Promise = ("", "", "[[evidence]]\ncollector = \"connection_logs\"\nfrequency = \"monthly\"\n");
const ALERTS: Promise = ("", "", "[alerts]\nraise_within = \"15m\"\nack_within = \"24h\"\n");
const DEAD_TESTS: Promise =
    ("", "restore_test = { max_run = \"24h\" }\n", "[alerts]\nraise_within = \"15m\"\nack_within = \"24h\"\n");
const MISSES: Promise = ("", "schedule = \"0 2 1 * *\"\n", "[alerts]\nraise_within = \"15m\"\n");
const TEST_FIRE: Promise = ("", "", "[alerts]\ntest_fire = \"monthly\"\n");
const SUPPLIERS: Promise =
    ("", "", "[[subservice]]\nname = \"Disks\"\nreport = { kind = \"SOC 2\", review = \"yearly\" }\n");
const ENCRYPTED: Promise = ("", "encryption = { backup = [\"age-x25519\"], tls_min = \"1.2\" }\n", "");
const AT_REST: Promise = ("", "encryption = { db_at_rest = \"declared\" }\n", "");
const BY_API: Promise = ("", "encryption = { db_at_rest = \"api\" }\n", "");
const SEGREGATED: Promise = ("", "", "[signing]\nsegregated = true\nstorage = [\"kms\"]\n");
const WEEKLY_ANCHOR: Promise = ("", "", "[signing]\nanchor = \"P14D\"\n");
const COMPLETE: Promise = (
    "",
    "schedule = \"0 2 * * *\"\nretention = { mode = \"keep_last\", keep = 7 }\nrestore_test = { cadence = \"monthly\" }\n",
    "",
);
const CLOCKS: Promise = ("record_within = \"1h\"\nclock = { max_offset = \"2s\", min_share_pct = 50 }\n", "", "");
const SIGN_OFF: Promise = ("sign_off = true\n", "", "");

fn integrity() -> Vec<(Case, Status, &'static str)> {
    let quiet = || case("WW-IN-02", "", NOTHING, &[]);
    let known = |state| vec![registry("ciso", "kms", "separate", state)];
    let anchors =
        |times: &[Time]| Reader { anchors: Some(times.iter().map(|time| (7, *time)).collect()), ..Reader::default() };
    let anchor = |about, lines: &[Line]| case("WW-IN-03", about, WEEKLY_ANCHOR, lines);
    let before = |end| Reader { previous: Some(Period { start: at(-31, 0), end }), ..Reader::default() };
    let seal = |about, seal, reader| Case { seal, reader, ..case("WW-IN-04", about, NOTHING, &[]) };
    let clock = |about, offsets: &[Option<i64>]| {
        let failed = offsets.iter().zip(10..).map(|(offset, n)| Line { offset_ms: *offset, ..failed(n, at(3, 0)) });
        let mut case = case("WW-IN-05", about, CLOCKS, &failed.collect::<Vec<_>>());
        case.until = at(32, 6);
        case
    };
    let late = |about, at, recorded_at| {
        let line = Line { recorded_at, offset_ms: Some(0), ..alert(10, at, None, "delivered") };
        case("WW-IN-05", about, CLOCKS, &[line])
    };
    vec![
        (case("WW-IN-01", "whole", NOTHING, &[]), Supported, ""),
        (Case { registry: known("active"), case: "active", ..quiet() }, Supported, ""),
        (Case { registry: known("retired"), case: "retired", ..quiet() }, Supported, ""),
        (Case { case: "no registry", ..quiet() }, NotTested, ""),
        (case("WW-IN-03", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (anchor("none attached", &[]), NotEvidenced, ""),
        (anchor("no roots brought", &[anchored(10)]), NotTested, ""),
        // Windows of 14 days from 1 July: those of the period end on 12 and 26 August.
        (Case { reader: anchors(&[at(5, 0), at(20, 0)]), ..anchor("in each", &[anchored(10)]) }, Supported, ""),
        (Case { reader: anchors(&[at(5, 0), at(20, 0)]), ..anchor("witnesses, and no entry", &[]) }, Supported, ""),
        (
            Case { reader: anchors(&[at(5, 0)]), ..anchor("one without", &[anchored(10)]) },
            Exception,
            "no time from outside before 2026-08-26",
        ),
        (
            Case { reader: anchors(&[at(5, 0)]), until: at(25, 0), ..anchor("ends early", &[anchored(10)]) },
            NotEvidenced,
            "",
        ),
        (seal("sealed after", Some(at(32, 1)), Reader::default()), Supported, ""),
        (seal("sealed before", Some(at(31, 1)), Reader::default()), NotEvidenced, ""),
        (seal("not sealed", None, Reader::default()), NotTested, ""),
        (seal("tiles", Some(at(32, 1)), before(at(1, 0))), Supported, ""),
        (seal("gap", Some(at(32, 1)), before(at(0, 0))), Exception, "a gap: the period before ends at"),
        (seal("overlap", Some(at(32, 1)), before(at(2, 0))), Exception, "an overlap: the period before ends at"),
        (case("WW-IN-05", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (clock("none measured", &[None, None]), NotEvidenced, ""),
        (clock("enough", &[Some(-1999), Some(2000), Some(2001), None]), Supported, ""),
        (clock("too few", &[Some(0), Some(2001), None]), Exception, "1 of 3 entries have a clock within 2000 ms"),
        (late("late", at(3, 0), at(3, 2)), Exception, "recorded late: 7200 s after it happened, promised 3600 s"),
        (late("of July", at(0, 23), at(1, 0)), Exception, "late for an earlier period"),
        (
            case(
                "WW-IN-05",
                "a late failure is one of WW-BK-03",
                CLOCKS,
                &[Line { recorded_at: at(3, 2), offset_ms: Some(0), ..failed(10, at(3, 0)) }],
            ),
            Supported,
            "",
        ),
    ]
}

fn policies() -> Vec<(Case, Status, &'static str)> {
    let tight: Promise = ("", "schedule = \"0 */12 * * *\"\nmax_run = \"3h\"\nrpo = \"14h\"\n", "");
    let tight = (tight.0, "schedule = \"0 2 * * 1-5\"\n", tight.2);
    let same: Promise = ("author = \"cto\"\n", COMPLETE.1, "");
    let none = |rule| Case { adopted: None, ..case(rule, "no policy", NOTHING, &[]) };
    let of_policy = |n, day| {
        let mut line = review(n, day, "cto", 1);
        line.data["subject"] = json!("policy");
        line.data["role"] = json!("approver");
        line
    };
    vec![
        (none("WW-PO-01"), NotEvidenced, ""),
        (case("WW-PO-01", "minimal", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-PO-01", "complete", COMPLETE, &[]), Supported, ""),
        (Case { approval: true, ..case("WW-PO-01", "signed", COMPLETE, &[]) }, Supported, ""),
        (case("WW-PO-01", "signed later", COMPLETE, &[of_policy(10, 2)]), Supported, ""),
        (case("WW-PO-01", "same person", same, &[]), Exception, "version 1: cto wrote it and approved it"),
        (Case { adopted: Some(at(4, 0)), ..case("WW-PO-01", "adopted late", COMPLETE, &[]) }, NotEvidenced, ""),
        (none("WW-PO-02"), NotEvidenced, ""),
        (case("WW-PO-02", "no schedule", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-PO-02", "fits", COMPLETE, &[]), Supported, ""),
        (case("WW-PO-02", "weekends", tight, &[]), Exception, "gap 3 d + start 0 s + run 1 h = 3 d 1 h, RPO 27 h"),
    ]
}

fn scope_and_access() -> Vec<(Case, Status, &'static str)> {
    let inventory =
        |about, flags: &[(&str, &str)]| case("WW-SC-01", about, INVENTORY, &[capture(10, 5, "scope_inventory", flags)]);
    let changed = [
        capture(10, 5, "scope_inventory", &[("identity-changed", "shop: 1 to 2")]),
        action(11, at(6, 0), None, "opened", 10),
    ];
    let roles = |flags: &[(&str, &str)]| capture(10, 5, "access_control", flags);
    let reviewed = |about, lines: &[Line]| case("WW-AC-01", about, REVIEWED, &[&[roles(&[])], lines].concat());
    let super_added = [("superuser-added", "mallory")];
    let model = |about, flags: &[(&str, &str)], lines: &[Line]| {
        case("WW-AC-02", about, MODEL, &[&[roles(flags)], lines].concat())
    };
    let told = alert(11, at(5, 5), Some(10), "delivered");
    let closed = [action(12, at(6, 0), None, "opened", 10), action(13, at(7, 0), Some(12), "closed", 10)];
    let backups = |about, custodian, storage, ceremony| Case {
        registry: vec![registry(custodian, storage, ceremony, "active")],
        ..case("WW-AC-04", about, SEGREGATED, &[completed(10, 3)])
    };
    let mut made_by = reviewed("by who captured it", &[]);
    made_by.lines = vec![Line { actor: "ciso", ..roles(&[]) }, review(11, 6, "ciso", 10)];
    vec![
        (case("WW-SC-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-SC-01", "none", INVENTORY, &[]), NotEvidenced, ""),
        (inventory("known", &[]), Supported, ""),
        (inventory("unknown", &[("database-unknown", "scratch2")]), Exception, "database-unknown: scratch2"),
        (
            inventory("moved", &[("identity-changed", "shop: 1 to 2")]),
            Exception,
            "no action or explanation is recorded",
        ),
        (case("WW-SC-01", "moved, explained", INVENTORY, &changed), Supported, ""),
        (case("WW-AC-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-AC-01", "no review promised", ROLES, &[roles(&[])]), NotEvidenced, ""),
        (case("WW-AC-01", "missed", REVIEWED, &[]), NotEvidenced, ""),
        (case("WW-AC-01", "in July alone", REVIEWED, &[capture(10, -5, "access_control", &[])]), NotEvidenced, ""),
        (reviewed("reviewed", &[review(11, 6, "ciso", 10)]), Supported, ""),
        (reviewed("by another", &[review(11, 6, "ops", 10)]), Exception, "whom the policy does not name as reviewer"),
        (reviewed("late", &[review(11, 25, "ciso", 10)]), Exception, "after it was captured, promised 1209600 s"),
        (reviewed("never", &[]), Exception, "no review is recorded"),
        (made_by, Exception, "reviewed by ciso, who captured it"),
        (
            Case { unsigned: [11].into(), ..reviewed("unsigned", &[review(11, 6, "ciso", 10)]) },
            Exception,
            "the review by ciso has no signed statement",
        ),
        (case("WW-AC-01", "review still due", REVIEWED, &[capture(10, 30, "access_control", &[])]), NotEvidenced, ""),
        (case("WW-AC-02", "no model", ROLES, &[roles(&[])]), NotEvidenced, ""),
        (case("WW-AC-02", "not captured", MODEL, &[]), NotEvidenced, ""),
        (model("none added", &[], &[]), Supported, ""),
        (model("added", &super_added, &[]), Exception, "superuser-added: mallory; no alert was delivered, no action"),
        (model("told", &super_added, std::slice::from_ref(&told)), Exception, "no action about it is closed"),
        (model("closed, untold", &super_added, &closed), Exception, "no alert was delivered"),
        (model("told and closed", &super_added, &[&[told], closed.as_slice()].concat()), Supported, ""),
        (
            model("by membership", &[("superuser-reachable", "app by dba_group")], &[]),
            Exception,
            "superuser-reachable: app by dba_group",
        ),
        (model("outside", &[("role-outside-model", "app: CREATEDB")], &[]), Exception, "role-outside-model"),
        (model("outside, closed", &[("role-outside-model", "app: CREATEDB")], &closed), Supported, ""),
        (case("WW-AC-03", "later", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-AC-04", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-AC-04", "no registry", SEGREGATED, &[]), NotTested, ""),
        (backups("apart", "ciso", "kms", "separate"), Supported, ""),
        (
            backups("custodian", "walwarden", "kms", "separate"),
            Exception,
            "walwarden makes backups and is custodian of key",
        ),
        (backups("in a file", "ciso", "file", "separate"), Exception, "lies in file, promised kms"),
        (backups("one host", "ciso", "kms", "same-host"), Exception, "ceremony same-host"),
    ]
}

fn encryption() -> Vec<(Case, Status, &'static str)> {
    let backup = |about, alg, recipients: &[&str], protocol| {
        let line = completed(10, 3);
        let backups = vec![(10, stated(&line, alg, recipients, protocol))];
        Case { backups, ..case("WW-EN-01", about, ENCRYPTED, &[line]) }
    };
    let yes = [("at-rest-encrypted", "AES-256")];
    let storage = |about, promise, day, flags: &[(&str, &str)]| {
        case("WW-EN-02", about, promise, &[capture(10, day, "encryption_at_rest", flags)])
    };
    vec![
        (case("WW-EN-01", "not promised", NOTHING, &[completed(10, 3)]), NotEvidenced, ""),
        (case("WW-EN-01", "no backup", ENCRYPTED, &[]), NotOccurred, ""),
        (case("WW-EN-01", "no statement", ENCRYPTED, &[completed(10, 3)]), NotEvidenced, ""),
        (backup("as promised", "age-x25519", &["ops"], "TLSv1.3"), Supported, ""),
        (backup("on one machine", "age-x25519", &["ops"], "unix"), Supported, ""),
        (backup("in the clear", "age-x25519", &["ops"], "none"), Exception, "read over none, promised TLS"),
        (backup("plain", "none", &["ops"], "TLSv1.3"), Exception, "encrypted with none, promised age-x25519"),
        (backup("to nobody", "age-x25519", &[], "TLSv1.2"), Exception, "no recipient is named"),
        (backup("no TLS", "age-x25519", &["ops"], "none"), Exception, "read over none, promised TLS 1.2 at least"),
        (backup("old TLS", "age-x25519", &["ops"], "TLSv1.1"), Exception, "read over TLSv1.1, promised TLS 1.2"),
        (case("WW-EN-02", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-EN-02", "none", AT_REST, &[]), NotEvidenced, ""),
        (storage("says nothing", AT_REST, 5, &[]), NotEvidenced, ""),
        (storage("captured", AT_REST, 5, &yes), Supported, ""),
        (storage("bare", AT_REST, 5, &[("at-rest-unencrypted", "disk 1")]), Exception, "at-rest-unencrypted: disk 1"),
        (case("WW-EN-02", "document", AT_REST, &[document(10, 5, at(90, 0), &yes)]), Supported, ""),
        (case("WW-EN-02", "expired", AT_REST, &[document(10, 5, at(20, 0), &yes)]), Exception, "was valid until"),
        (case("WW-EN-02", "document, not API", BY_API, &[document(10, 5, at(90, 0), &yes)]), NotEvidenced, ""),
        (storage("API", BY_API, 5, &yes), Supported, ""),
    ]
}

fn changes_and_logs() -> Vec<(Case, Status, &'static str)> {
    let diff = |added: i64| json!({"diff": {"added": added, "removed": 0, "changed": 0}, "previous": id(9)});
    let migrated = |about, added, flags: &[(&str, &str)]| {
        case("WW-CM-01", about, CHANGES, &[capture_of(10, at(5, 4), "change_management", flags, diff(added))])
    };
    let snapshot = |about, flags: &[(&str, &str)], more| {
        case("WW-CM-02", about, SNAPSHOTS, &[capture_of(10, at(5, 4), "schema_snapshot", flags, more)])
    };
    let log =
        |rule, about, flags: &[(&str, &str)]| case(rule, about, LOGS, &[capture(10, 5, "connection_logs", flags)]);
    let gap = [("gap-day", "2026-08-02")];
    let explained = [capture(10, 5, "connection_logs", &gap), action(11, at(6, 0), None, "opened", 10)];
    vec![
        (case("WW-CM-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-CM-01", "not captured", CHANGES, &[]), NotEvidenced, ""),
        (migrated("none", 0, &[]), NotOccurred, ""),
        (migrated("approved", 2, &[]), Supported, ""),
        (
            migrated("no commit", 2, &[("migration-without-commit", "0042")]),
            Exception,
            "migration-without-commit: 0042",
        ),
        (migrated("not applied", 0, &[("commit-without-migration", "0043")]), Exception, "commit-without-migration"),
        (migrated("unapproved", 1, &[("migration-unapproved", "0044")]), Exception, "migration-unapproved: 0044"),
        (
            migrated("by itself", 1, &[("self-approved", "0045"), ("self-approved", "0046")]),
            Exception,
            "self-approved: 0045 (and 1 more)",
        ),
        (case("WW-CM-02", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-CM-02", "not captured", SNAPSHOTS, &[]), NotEvidenced, ""),
        (snapshot("the first", &[], json!({})), NotOccurred, ""),
        (snapshot("as before", &[], diff(0)), Supported, ""),
        (snapshot("drift", &[("drift-without-migration", "public.orders")], diff(1)), Exception, "public.orders"),
        (case("WW-LG-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (case("WW-LG-01", "not captured", LOGS, &[]), NotEvidenced, ""),
        (log("WW-LG-01", "on", &[]), Supported, ""),
        (log("WW-LG-01", "off", &[("setting-off", "log_connections")]), Exception, "setting-off: log_connections"),
        (log("WW-LG-01", "overridden", &[("setting-overridden", "role app")]), Exception, "setting-overridden"),
        (case("WW-LG-02", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (log("WW-LG-02", "no export", &[("no-export", "settings alone")]), NotEvidenced, ""),
        (log("WW-LG-02", "whole", &[]), Supported, ""),
        (log("WW-LG-02", "cut", &[("edge-missing", "from 2 August")]), Exception, "edge-missing: from 2 August"),
        (log("WW-LG-02", "empty day", &gap), Exception, "gap-day: 2026-08-02; no action or explanation is recorded"),
        (case("WW-LG-02", "empty day, explained", LOGS, &explained), Supported, ""),
    ]
}

fn alerts() -> Vec<(Case, Status, &'static str)> {
    let minutes = |n: i64| Time::from_micros(at(5, 0).micros() + n * 60_000_000).unwrap();
    let told = |about, lines: &[Line]| case("WW-MO-01", about, ALERTS, &[&[failed(10, at(5, 0))], lines].concat());
    let raised = alert(11, minutes(10), Some(10), "delivered");
    let seen = acknowledged(12, at(5, 3), 11);
    let fire = |about, lines: &[Line]| case("WW-MO-01", about, TEST_FIRE, lines);
    let started =
        line(10, at(5, 0), "backup.started", json!({"database": "shop", "run_id": id(10), "trigger": "schedule"}));
    let dead =
        |about, lines: &[Line]| case("WW-MO-01", about, ALERTS, &[std::slice::from_ref(&started), lines].concat());
    let mut ended = failed(11, at(5, 0));
    ended.data["run_id"] = json!(id(10));
    let restored = json!({"database": "shop", "test_id": id(10), "backup": id(1), "purpose": "scheduled",
        "environment": {"name": "throwaway", "class": "test", "host_sha256": Digest::of(b"host")}});
    let dead_test = |about, promise, lines: &[Line]| {
        case("WW-MO-01", about, promise, &[&[line(10, at(5, 0), "restore.started", restored.clone())], lines].concat())
    };
    let missed = json!({"kind": "backup", "database": "shop", "expected_at": at(5, 0), "window_end": at(6, 0), "found_at": at(6, 1)});
    vec![
        (case("WW-MO-01", "not promised", NOTHING, &[failed(10, at(5, 0))]), NotEvidenced, ""),
        (case("WW-MO-01", "nothing happened", ALERTS, &[]), NotOccurred, ""),
        (told("told", &[raised.clone(), seen]), Supported, ""),
        (told("untold", &[]), Exception, "a failed backup: no alert is recorded"),
        (
            told("late", &[alert(11, minutes(16), Some(10), "delivered")]),
            Exception,
            "raised 960 s after it, promised 900 s",
        ),
        (
            told("refused", &[alert(11, minutes(1), Some(10), "failed")]),
            Exception,
            "not known to be delivered by oncall",
        ),
        (told("unseen", std::slice::from_ref(&raised)), Exception, "not acknowledged"),
        (
            told("seen late", &[raised, acknowledged(12, at(6, 1), 11)]),
            Exception,
            "acknowledged 89400 s after the alert",
        ),
        (
            case("WW-MO-01", "a missed one", ALERTS, &[line(10, at(6, 1), "occurrence.missed", missed)]),
            Exception,
            "something missed: no alert",
        ),
        (case("WW-MO-01", "mismatch", ALERTS, &[copy(10, "mismatch")]), Exception, "a copy with other bytes: no alert"),
        (case("WW-MO-01", "missing", ALERTS, &[copy(10, "missing")]), Exception, "a missing copy: no alert"),
        (case("WW-MO-01", "good copy", ALERTS, &[copy(10, "ok")]), NotOccurred, ""),
        (
            case(
                "WW-MO-01",
                "just now",
                ALERTS,
                &[failed(10, at(31, 23)), alert(11, at(31, 23), Some(10), "delivered")],
            ),
            NotEvidenced,
            "",
        ),
        (dead("dead", &[]), Exception, "a backup without an end: no alert is recorded"),
        (
            dead("dead, and told", &[alert(11, at(5, 1), Some(10), "delivered"), acknowledged(12, at(5, 3), 11)]),
            Supported,
            "",
        ),
        (dead("it ended", &[ended]), Exception, "a failed backup: no alert"),
        (Case { until: at(5, 0), ..dead("still open", &[]) }, NotOccurred, ""),
        (dead_test("a dead test", DEAD_TESTS, &[]), Exception, "a restore test without an end: no alert is recorded"),
        (dead_test("no longest test is promised", ALERTS, &[]), NotOccurred, ""),
        (
            dead_test("it was told of", DEAD_TESTS, &[alert(11, at(6, 0), Some(10), "delivered")]),
            Exception,
            "not acknowledged",
        ),
        (
            case("WW-MO-01", "missed, and not found", MISSES, &[]),
            Exception,
            "the producer did not find it, and nobody was told",
        ),
        (fire("tested", &[alert(10, at(9, 0), None, "delivered")]), Supported, ""),
        (fire("tested in July", &[alert(10, at(-9, 0), None, "delivered")]), Exception, "no test alert was delivered"),
        (fire("test refused", &[alert(10, at(9, 0), None, "failed")]), Exception, "no test alert was delivered"),
        (Case { until: at(31, 0), ..fire("ends early", &[]) }, NotEvidenced, ""),
    ]
}

fn evidence() -> Vec<(Case, Status, &'static str)> {
    let ev = |about, lines: &[Line]| case("WW-EV-01", about, REVIEWED, lines);
    let roles = capture(10, 5, "access_control", &[]);
    let late = Line { recorded_at: at(7, 4), ..roles.clone() };
    let prompt: Promise = ("record_within = \"24h\"\n", "", ROLES.2);
    let failed = capture_of(10, at(5, 4), "access_control", &[], json!({"outcome": "failed"}));
    let diff = json!({"diff": {"added": 1, "removed": 0, "changed": 0}});
    let migration = capture_of(10, at(5, 4), "change_management", &[], diff);
    let unchanged = capture(10, 5, "change_management", &[]);
    let after = |about, lines: &[Line]| case("WW-EV-01", about, AFTER_MIGRATIONS, lines);
    let snapshot = |day| capture(11, day, "schema_snapshot", &[]);
    let scope = |from, to| {
        let database = json!({"id": "shop", "provider": "own", "account_ref": "acme", "region": "eu",
            "server_version": "17.6", "system_identifier": "1", "host_sha256": Digest::of(b""), "criticality": "high",
            "owner": "dba", "from": from, "to": to});
        let data = json!({"databases": [database], "excluded": [], "observed": [], "query_sha256": Digest::of(b"")});
        line(901, at(-12, 0), "scope.declared", data)
    };
    vec![
        (case("WW-EV-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (ev("missed", &[]), Exception, "missed: no capture is recorded"),
        (
            ev("late for its window", &[capture(10, 32, "access_control", &[])]),
            Exception,
            "the next one was made at 2026-09-01",
        ),
        (ev("failed", std::slice::from_ref(&failed)), Exception, "missed: 1 captures failed"),
        (ev("captured and reviewed", &[roles.clone(), review(11, 9, "ciso", 10)]), Supported, ""),
        (ev("not reviewed", std::slice::from_ref(&roles)), Exception, "no review is recorded"),
        (ev("review still due", &[capture(10, 30, "access_control", &[])]), NotEvidenced, ""),
        (case("WW-EV-01", "no review promised", ROLES, std::slice::from_ref(&roles)), Supported, ""),
        (case("WW-EV-01", "recorded late", prompt, &[late]), Exception, "recorded late: 172800 s"),
        (Case { unsigned: [10].into(), ..ev("not stated", &[roles, review(11, 9, "ciso", 10)]) }, NotEvidenced, ""),
        (Case { until: at(31, 0), ..ev("ends early", &[]) }, NotEvidenced, ""),
        (ev("rests", &[maintenance(at(1, 0), at(32, 0))]), NotOccurred, ""),
        (ev("rests too short", &[maintenance(at(1, 0), at(31, 0))]), Exception, "missed"),
        (ev("came into scope", &[scope(at(2, 0), at(90, 0))]), NotOccurred, ""),
        (ev("was in scope", &[scope(at(1, 0), at(32, 0))]), Exception, "missed"),
        (after("migrations are not seen", &[]), NotEvidenced, ""),
        (after("no migration", &[unchanged]), NotOccurred, ""),
        (after("captured after it", &[migration.clone(), snapshot(5)]), Supported, ""),
        (after("a day after it", &[migration.clone(), snapshot(6)]), Supported, ""),
        (after("too late", &[migration.clone(), snapshot(7)]), Exception, "the next one was made at 2026-08-07"),
        (after("before it alone", &[snapshot(4), migration]), Exception, "missed: no capture is recorded"),
    ]
}

fn suppliers_and_sign_off() -> Vec<(Case, Status, &'static str)> {
    let named = [("supplier", "Disks")];
    let report = |about, lines: &[Line]| case("WW-SS-01", about, SUPPLIERS, lines);
    let valid = document(10, 5, at(90, 0), &named);
    let two = |first: (&str, &'static str, u64), second: (&str, &'static str, u64)| {
        [signed_off(10, first.0, first.1, first.2), signed_off(11, second.0, second.1, second.2)]
    };
    let off = |about, lines: &[Line]| case("WW-SO-01", about, SIGN_OFF, lines);
    let both = two(("preparer", "dba", 9), ("reviewer", "ciso", 9));
    let mut issue = both.clone();
    issue[1].data["conclusion"] = json!("issue");
    let early = two(("preparer", "dba", 2), ("reviewer", "ciso", 2));
    vec![
        (case("WW-SS-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (report("none", &[]), NotEvidenced, ""),
        (report("of another", &[document(10, 5, at(90, 0), &[("supplier", "Other")])]), NotEvidenced, ""),
        (report("reviewed", &[valid.clone(), review(11, 6, "ciso", 10)]), Supported, ""),
        (
            report("unread", std::slice::from_ref(&valid)),
            Exception,
            "SOC 2 of Disks: no signed review in the last 366 days",
        ),
        (report("read by who brought it", &[valid, review(11, 6, "walwarden", 10)]), Exception, "no signed review"),
        (
            report("expired", &[document(10, 5, at(20, 0), &named), review(11, 6, "ciso", 10)]),
            Exception,
            "the SOC 2 of Disks was valid until",
        ),
        (case("WW-SO-01", "not promised", NOTHING, &[]), NotEvidenced, ""),
        (off("two persons", &both), Supported, ""),
        (off("none", &[]), Exception, "of 0 signatures of the period"),
        (off("one", &both[..1]), Exception, "1 by a preparer and 0 by a reviewer have a verified statement"),
        (Case { unsigned: [11].into(), ..off("unsigned", &both) }, Exception, "1 by a preparer and 0 by a reviewer"),
        (
            off("one person", &two(("preparer", "dba", 9), ("reviewer", "dba", 9))),
            Exception,
            "dba prepared and reviewed",
        ),
        (
            off("two heads", &two(("preparer", "dba", 9), ("reviewer", "ciso", 8))),
            Exception,
            "prepared over 9 entries, reviewed over 8",
        ),
        (off("an issue", &issue), Exception, "signed with an issue"),
        (
            off("the period went on", &[early.as_slice(), &[failed(12, at(5, 0))]].concat()),
            Exception,
            "signed over 2 entries, and the period's own reach to 3",
        ),
    ]
}

/// What each rule can come to; a closed gate, an exclusion and no pinned root stand before all of them.
const CAN: &[(&str, &[Status])] = &[
    ("WW-IN-01", &[Supported]),
    ("WW-IN-02", &[NotTested, Supported]),
    ("WW-IN-03", &[Exception, NotEvidenced, NotTested, Supported]),
    ("WW-IN-04", &[Exception, NotEvidenced, NotTested, Supported]),
    ("WW-IN-05", &[Exception, NotEvidenced, Supported]),
    ("WW-PO-01", &[Exception, NotEvidenced, Supported]),
    ("WW-PO-02", &[Exception, NotEvidenced, Supported]),
    ("WW-SC-01", &[Exception, NotEvidenced, Supported]),
    ("WW-AC-01", &[Exception, NotEvidenced, Supported]),
    ("WW-AC-02", &[Exception, NotEvidenced, Supported]),
    ("WW-AC-03", &[NotEvidenced]),
    ("WW-AC-04", &[Exception, NotEvidenced, NotTested, Supported]),
    ("WW-EN-01", &[Exception, NotEvidenced, Supported, NotOccurred]),
    ("WW-EN-02", &[Exception, NotEvidenced, Supported]),
    ("WW-CM-01", &[Exception, NotEvidenced, Supported, NotOccurred]),
    ("WW-CM-02", &[Exception, NotEvidenced, Supported, NotOccurred]),
    ("WW-LG-01", &[Exception, NotEvidenced, Supported]),
    ("WW-LG-02", &[Exception, NotEvidenced, Supported]),
    ("WW-MO-01", &[Exception, NotEvidenced, Supported, NotOccurred]),
    ("WW-EV-01", &[Exception, NotEvidenced, Supported, NotOccurred]),
    ("WW-SS-01", &[Exception, NotEvidenced, Supported]),
    ("WW-SO-01", &[Exception, NotEvidenced, Supported]),
];

#[test]
fn each_rule_gives_each_status_it_can() {
    let families = [
        integrity(),
        policies(),
        scope_and_access(),
        encryption(),
        changes_and_logs(),
        alerts(),
        evidence(),
        suppliers_and_sign_off(),
    ];
    let mut came: BTreeMap<&str, BTreeSet<Status>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, status, words) in families.into_iter().flatten() {
        let (rule, about) = (case.rule, case.case);
        let result = case.judge();
        came.entry(rule).or_default().insert(result.status);
        let deviations: Vec<&str> = result.items.iter().filter_map(|item| item.deviation.as_deref()).collect();
        let said = words.is_empty() == deviations.is_empty() && deviations.iter().all(|what| what.contains(words));
        if result.status != status || !said {
            wrong.push(format!("{rule}: {about}: {:?} {deviations:?} {}", result.status, result.reason));
        }
        let ids: BTreeSet<&str> = result.items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids.len(), result.items.len(), "{rule}: {about}: {ids:?}");
    }
    assert_eq!(wrong, Vec::<String>::new());
    for (rule, can) in CAN {
        assert_eq!(came.get(rule), Some(&can.iter().copied().collect()), "{rule}");
        assert!(RULES.iter().any(|one| one.id == *rule), "{rule} is in the list");
    }
}

#[test]
fn what_nobody_promised_does_not_touch_the_verdict() {
    for rule in CAN.iter().map(|(rule, _)| *rule) {
        let result = case(rule, "nothing promised", NOTHING, &[failed(10, at(3, 0)), completed(11, 4)]).judge();
        assert_ne!(result.status, Exception, "{rule}");
        assert!(!result.lacks_evidence(), "{rule}: {}", result.reason);
    }
}

#[test]
fn an_approval_is_told_from_a_name() {
    let note = |case: Case| case.judge().items[0].note.clone().unwrap();
    assert!(note(case("WW-PO-01", "", COMPLETE, &[])).contains("stated, not signed (B4)"));
    assert!(note(Case { approval: true, ..case("WW-PO-01", "", COMPLETE, &[]) }).contains("by cto is signed"));
}
