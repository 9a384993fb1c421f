//! Report values for tests: an ordinary quarter and what is made of it.

use walwarden_core::{
    Digest, Period, Time,
    merkle::TreeHead,
    rules::{Assessment, Gap, GapKind, Item, RULES, RuleResult, Status},
};

use crate::{
    checks::CHECKS,
    compare::Relation,
    report::{
        Arranged, ArtifactsShown, BackupOutcome, BackupShown, CheckResult, Claims, Compared, CompletedShown, Container,
        Contradiction, DatabaseShown, Evidence, Finding, KeyShown, KnownHead, NotRun, ObjectShown, OtherFile, Outcome,
        PolicyShown, ReadsAs, Recorded, Report, RestoreShown, RunBlock, Shown, StampShown, Subject, TrustShown,
    },
};

/// The instant `day` days and two hours into the period.
pub(crate) fn at(day: u32) -> Time {
    let start: Time = "2026-07-01T02:00:05.000000Z".parse().expect("a time");
    Time::from_micros(start.micros() + i64::from(day) * 86_400_000_000).expect("in range")
}

/// A digest that stands for `name`.
pub(crate) fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

/// A quarter in which no check failed and no item deviates.
pub(crate) fn clean() -> Report {
    let mut report = Report {
        spec_version: "1",
        subject: Subject {
            name: "acme-2026-Q3.zip".into(),
            container: Container::Zip,
            bytes: 1_482_203,
            file_digest: Some(digest("zip")),
            bundle_digest: Some(digest("bundle")),
        },
        as_of: at(95),
        claims: Some(claims()),
        trust: TrustShown {
            pins: vec![digest("root 1"), digest("root 2")],
            threshold: 2,
            known: Some(KnownHead {
                head: TreeHead { size: 212, root: digest("known") },
                source: "--trust",
                entries_after: Some(41),
            }),
            first_contact: false,
            tsa_roots: vec!["CN=Time root,O=Authority".into()],
            contradicted: None,
        },
        checks: CHECKS
            .iter()
            .map(|check| CheckResult {
                check,
                outcome: Outcome::Pass(Evidence(format!("41 things, root {}", digest(check.id)))),
            })
            .collect(),
        rules: Vec::new(),
        arranged: Arranged::default(),
        facts: facts(),
    };
    set(&mut report, "chain.witnessed", Outcome::NotRun(NotRun::NoInput("a witness key")));
    report.rules = RULES
        .iter()
        .map(|rule| {
            let items = (0..3).map(|day| item(rule.id, "orders-prod", day, None)).collect();
            RuleResult::new(rule, Assessment::over(items))
        })
        .collect();
    report
}

/// The same quarter with a policy version that was adopted in it.
pub(crate) fn two_policies() -> Report {
    let mut report = clean();
    let mut promises = policy();
    promises.version = "2026.4".into();
    promises.databases[0].rpo_s = 30 * 3_600;
    promises.other_layer.clear();
    let first = report.facts.policies[0].clone();
    report.facts.policies.push(PolicyShown {
        version: "2026.4".into(),
        digest: digest("policy 2"),
        effective_from: at(30),
        signed: true,
        promises: Some(promises),
        ..first
    });
    report
}

/// The same quarter with exceptions, a gap, a failed backup and a failed restore test, on a first contact.
pub(crate) fn exceptions() -> Report {
    let mut report = clean();
    report.trust.known = None;
    report.trust.first_contact = true;
    set(&mut report, "chain.known", Outcome::Accepted("first contact: no earlier head was given"));
    let deviations = ["no completed run followed within 24 h", "no action or explanation is recorded"];
    let failures = of(&mut report, "WW-BK-03");
    failures.items = (0..4)
        .map(|day| item("WW-BK-03", "ledger-łódź-東京", day, deviations.get(usize::try_from(day).unwrap()).copied()))
        .collect();
    failures.status = Status::Exception;
    let gap = |kind, database: &str, what: &str| Gap { kind, database: database.into(), what: what.into() };
    let open = gap(
        GapKind::NotCovered,
        "orders-prod",
        "due at 2026-09-30T00:00:00.000000Z: the record ends before it could be filled",
    );
    let unpromised = gap(GapKind::NotPromised, "ledger-łódź-東京", "no policy in force promises a schedule");
    let performed = of(&mut report, "WW-BK-01");
    let items = std::mem::take(&mut performed.items);
    *performed = RuleResult::new(performed.rule, Assessment::with_gaps(items, [open, unpromised].into()));
    let missing =
        Assessment::without(Status::NotEvidenced, "no-input: no restore test is recorded for ledger-łódź-東京");
    let equal = of(&mut report, "WW-RT-02");
    *equal = RuleResult::new(equal.rule, missing);
    let within = of(&mut report, "WW-RT-03");
    within.status = Status::NotOccurred;
    within.items.clear();
    report
}

/// The same quarter, one byte changed.
pub(crate) fn rejected() -> Report {
    let mut report = exceptions();
    let finding = |what: &str, at: &str, reads_as| {
        Outcome::Fail(Finding {
            what: what.into(),
            reads_as,
            at: at.into(),
            expected: digest("expected").to_string(),
            found: digest("found").to_string(),
        })
    };
    set(
        &mut report,
        "bundle.digests",
        finding("A file has another digest than the bundle lists.", "chain/entries.ndjson", ReadsAs::Edit),
    );
    set(
        &mut report,
        "chain.roots",
        finding("The entries shown are not the entries that were signed.", "checkpoint of size 253", ReadsAs::Edit),
    );
    for id in ["chain.proofs", "statements.referenced", "bundle.agrees"] {
        set(&mut report, id, Outcome::NotRun(NotRun::Needs("chain.roots")));
    }
    for rule in &mut report.rules {
        let gated = Assessment::without(Status::IntegrityFailure, "a check that this rule rests on did not pass");
        *rule = RuleResult::new(rule.rule, gated);
    }
    report.trust.contradicted = Some(Contradiction {
        previous: "acme-2026-Q2.zip".into(),
        relation: Relation::Fork,
        why: "The first 41 lines of the one are not those of the other.".into(),
    });
    report.facts = Shown::default();
    report
}

/// No zip that can be read further than its name.
pub(crate) fn unreadable() -> Report {
    let mut report = rejected();
    report.claims = None;
    report.subject.bundle_digest = None;
    report.trust = TrustShown::default();
    report
}

/// Strings that try to break out, and long lists.
pub(crate) fn hostile(rows: u32) -> Report {
    let mut report = exceptions();
    let bad = "<script>alert(1)</script>\u{1b}[31m\u{202E}gpj.exe\u{2066}\" onload='x' {{ 7*7 }} {% raw %} \u{0} مرحبا \u{1F600}";
    let long = "x".repeat(10_000);
    let claims = report.claims.as_mut().expect("claims");
    claims.organisation = bad.into();
    claims.zone = long.clone();
    claims.ceremony = Some(bad.into());
    report.subject.name = bad.into();
    report.facts.databases[0].id = bad.into();
    report.facts.databases[1].id = long.clone();
    report.facts.policies[0].version = bad.into();
    report.facts.keys[0].custodian = long.clone();
    report.facts.stamps[0].authority = bad.into();
    report.facts.stamps[1].authority = long.clone();
    report.trust.tsa_roots.push(bad.into());
    report.facts.not_interpreted.push((9, bad.into(), long.clone()));
    report.facts.restores[0].lessons = bad.repeat(50);
    let artifacts = report.facts.artifacts.as_mut().expect("artifacts");
    artifacts.folder = bad.into();
    artifacts.others[0].path = bad.into();
    artifacts.objects[0].key = bad.into();
    artifacts.objects[1].compared = Compared::Differs { path: bad.into(), bytes: 7, sha256: digest("other") };
    artifacts.objects[2].compared = Compared::Unread { path: long.clone(), why: bad.into() };
    report.facts.restores[0].steps.push((bad.into(), bad.into(), -1));
    set(
        &mut report,
        "blobs.digests",
        Outcome::Fail(Finding {
            what: bad.into(),
            reads_as: ReadsAs::Other,
            at: long.clone(),
            expected: bad.into(),
            found: long.clone(),
        }),
    );
    for day in 0..rows {
        report.facts.backups.push(backup(
            u64::from(day) + 1_000,
            if day % 2 == 0 { bad } else { "مركز البيانات في القاهرة" },
            day % 92,
        ));
        of(&mut report, "WW-BK-01").items.push(item(
            "WW-BK-03",
            if day % 3 == 0 { bad } else { "orders" },
            day % 92,
            Some(bad),
        ));
    }
    if rows > 0 {
        of(&mut report, "WW-BK-01").status = Status::Exception;
    }
    report
}

/// A quarter with so many backups that were due, of which every eighteenth was missed.
pub(crate) fn large(backups: u32) -> Report {
    let mut report = clean();
    let at = |place: u32| Time::from_micros(at(0).micros() + i64::from(place) * 2_000_000_000).expect("in range");
    let shown = |place: u32| BackupShown {
        id: format!("01J1N4Q7Z00000000000{place:06}"),
        ..backup(
            u64::from(place) + 7,
            ["orders-prod", "ledger-łódź-東京", "مركز البيانات"][place as usize % 3],
            place % 92,
        )
    };
    report.facts.backups = (0..backups).map(shown).collect();
    let performed = of(&mut report, "WW-BK-01");
    performed.items = (0..backups)
        .map(|place| Item {
            id: format!("WW-BK-01/orders-prod/{}", at(place)),
            at: at(place),
            entry: if place % 18 == 0 { String::new() } else { shown(place).id },
            ..item(
                "WW-BK-01",
                "orders-prod",
                0,
                (place % 18 == 0).then_some("missed: no run started before the next one was due"),
            )
        })
        .collect();
    performed.status = Status::Exception;
    let due = |place: u32| crate::report::recorded::DueShown {
        database: "orders-prod".into(),
        extra: None,
        window: Period { start: at(place), end: at(place + 1) },
    };
    report.facts.recorded.due = (0..backups).map(due).collect();
    report
}

/// A quarter in which nothing is recorded but that it began.
pub(crate) fn empty() -> Report {
    let mut report = clean();
    for rule in &mut report.rules {
        *rule = RuleResult::new(rule.rule, Assessment::over(Vec::new()));
    }
    report.facts = Shown { entries: 1, ..Shown::default() };
    report
}

/// What a rule came to.
pub(crate) fn of<'r>(report: &'r mut Report, id: &str) -> &'r mut RuleResult {
    report.rules.iter_mut().find(|result| result.rule.id == id).expect("a rule of the list")
}

/// Puts an outcome in the place of another.
pub(crate) fn set(report: &mut Report, id: &str, outcome: Outcome) {
    report.checks.iter_mut().find(|result| result.check.id == id).expect("a check of the list").outcome = outcome;
}

/// An item of a rule.
pub(crate) fn item(rule: &str, database: &str, day: u32, deviation: Option<&str>) -> Item {
    Item {
        id: format!("{rule}/{database}/{}", at(day)),
        at: at(day),
        database: database.into(),
        entry: "01J1N4Q7Z0000000000000BK01".into(),
        deviation: deviation.map(Into::into),
        note: (deviation.is_none() && day == 1).then(|| "by hand: a person started the run".into()),
    }
}

/// The run block of the tests.
pub(crate) fn run() -> RunBlock {
    RunBlock {
        version: "0.1.0".into(),
        program: Some(digest("program")),
        platform: "linux x86_64".into(),
        sandbox: "in force: no files but the bundle, no network".into(),
    }
}

fn claims() -> Claims {
    Claims {
        organisation: "Acme".into(),
        origin: "acme.example/backups-k3v9q2x7ta".parse().expect("an origin"),
        period: Period {
            start: "2026-07-01T00:00:00.000000Z".parse().expect("a time"),
            end: "2026-10-01T00:00:00.000000Z".parse().expect("a time"),
        },
        zone: "Europe/Berlin".into(),
        sealed_at: at(92),
        head: TreeHead { size: 253, root: digest("head") },
        ceremony: Some("same-host".into()),
    }
}

fn facts() -> Shown {
    let database = |id: &str, provider: &str| DatabaseShown {
        id: id.into(),
        provider: provider.into(),
        region: "eu-central-1".into(),
        owner: "dba-lead".into(),
        server_version: "17.5".into(),
    };
    let mut backups: Vec<BackupShown> = (0..12).map(|day| backup(u64::from(day) * 4 + 7, "orders-prod", day)).collect();
    backups[3].outcome = BackupOutcome::Failed {
        stage: "dump".into(),
        reason: "connection-lost".into(),
        message: "server closed the connection unexpectedly".into(),
    };
    backups[7].outcome = BackupOutcome::Open;
    Shown {
        recorded: Recorded { due: (0..12).map(due).collect(), ..Recorded::default() },
        zone: Some(walwarden_core::zone::Zone::utc()),
        kinds: [("backup.completed".to_owned(), 10), ("backup.failed".to_owned(), 1)].into(),
        others: Vec::new(),
        exposures: vec![exposure()],
        files: vec![("bundle.dsse.json".into(), 4_210, digest("file"))],
        span: Some(Period { start: at(0), end: at(92) }),
        entries: 253,
        entries_in_period: 241,
        databases: vec![database("orders-prod", "supabase"), database("ledger-łódź-東京", "own")],
        policies: vec![PolicyShown {
            version: "2026.3".into(),
            digest: digest("policy"),
            effective_from: at(0),
            author: "dba-lead".into(),
            approved_by: "cto".into(),
            signed: false,
            promises: Some(policy()),
        }],
        backups,
        restores: vec![restore(61, "passed"), restore(99, "failed")],
        stamps: vec![stamp(120, Some("CN=Time root,O=Authority")), stamp(240, None)],
        keys: keys(),
        artifacts: Some(artifacts()),
        not_interpreted: Vec::new(),
    }
}

/// A policy that promises something of every kind.
pub(crate) fn policy() -> walwarden_core::policy::Policy {
    let toml = r#"
[policy]
version = "2026.3"
organisation = "Acme"
effective_from = "2026-07-01T00:00:00Z"
author = "dba-lead"
approved_by = "cto"
timezone = "Europe/Berlin"
[defaults]
rpo = "27h"
rto = "4h"
schedule = "0 2 * * *"
start_tolerance = "30m"
max_run = "1h"
max_resolution = "24h"
manual_counts = true
retention = { mode = "tiers", daily = 7, weekly = 4, monthly = 12, grace = "48h" }
copies = { min = 1, separation = "provider", reverify = "30d", object_lock = "none" }
[defaults.restore_test]
cadence = "monthly"
guard = "35d"
[[database]]
id = "orders-prod"
owner = "dba-lead"
provider = "supabase"
account_ref = "acme-prod"
region = "eu-central-1"
criticality = "high"
[[exclude]]
database = "scratch"
reason = "no customer data"
approved_by = "cto"
[complete_set]
database = { where = "s3 acme-dr", owner = "dba-lead" }
keys = { where = "escrow, safe 2", owner = "ciso", verify = "quarterly" }
config = { where = "git infra/provisioning", owner = "ops-lead", verify = "monthly" }
[[other_layer]]
name = "provider daily snapshots"
operator = "Supabase"
retention = "7d"
[[subservice]]
name = "Supabase"
relied_on_for = ["disk encryption", "physical security"]
report = { kind = "SOC 2 Type II", review = "yearly" }
[[evidence]]
collector = "access_control"
frequency = "monthly"
reviewers = ["sec-lead"]
review_within = "14d"
"#;
    walwarden_core::policy::Policy::from_toml(toml).expect("a policy")
}

/// A backup each night but the ninth, under an RPO of 27 hours.
fn exposure() -> crate::report::ExposureShown {
    use walwarden_core::exposure::{Breach, Limit, Tooth};
    let span = |start, end| Period { start: at(start), end: at(end) };
    let tooth = |(start, end)| Tooth { span: span(start, end), newest: Some(at(start)) };
    let nights = (1..20).filter(|night| *night != 9);
    let exposure = walwarden_core::rules::exposure::Exposure {
        teeth: nights.map(|night| tooth((night, night + if night == 8 { 2 } else { 1 }))).collect(),
        limits: vec![Limit { span: span(0, 92), rpo_s: 97_200 }],
        breaches: vec![Breach { span: span(9, 10), most_s: 172_800, rpo_s: 97_200 }],
        entries: std::collections::BTreeMap::new(),
    };
    crate::report::ExposureShown { database: "orders-prod".into(), exposure }
}

fn due(day: u32) -> crate::report::recorded::DueShown {
    crate::report::recorded::DueShown {
        database: "orders-prod".into(),
        extra: None,
        window: Period { start: at(day), end: at(day + 1) },
    }
}

fn artifacts() -> ArtifactsShown {
    let results = [
        Compared::Equal { path: "2026-07-01.dump.age".into(), before_encryption: false },
        Compared::Equal { path: "2026-07-02.dump".into(), before_encryption: true },
        Compared::Unread { path: "2026-07-03.dump.age".into(), why: "Permission denied (os error 13)".into() },
        Compared::NotGiven,
    ];
    let object = |(place, compared): (u64, Compared)| ObjectShown {
        seq: (place != 3).then_some(place * 4 + 7),
        database: "orders-prod".into(),
        what: if place == 3 { "row key" } else { "dump" },
        key: format!("orders-prod/2026-07-0{}T020005Z.dump.age", place + 1),
        bytes: 734_003_200 + place,
        sha256: digest(&format!("object {place}")),
        compared,
    };
    ArtifactsShown {
        folder: "/mnt/restored/orders".into(),
        objects: (0..).zip(results).map(object).collect(),
        others: vec![OtherFile {
            path: "notes.txt".into(),
            bytes: 12,
            why: "no stated object has its size or its name".into(),
        }],
        others_left_out: 3,
        more: Some("there are more than 200,000 files, and the rest was not looked at"),
    }
}

fn stamp(size: u64, root: Option<&str>) -> StampShown {
    let authority = "CN=Time stamps,O=Authority".into();
    StampShown { size, gen_time: at(40), not_after: at(41), authority, root: root.map(Into::into) }
}

fn backup(seq: u64, database: &str, day: u32) -> BackupShown {
    BackupShown {
        seq,
        id: format!("01J1N4Q7Z00000000000{seq:06}"),
        database: database.into(),
        started_at: Some(at(day)),
        outcome: BackupOutcome::Completed(CompletedShown {
            snapshot_at: at(day),
            bytes: 734_003_200 + u64::from(day) * 12_345,
            sha256: digest(&format!("object {seq}")),
            key: format!("{database}/2026-07-{:02}T020005Z.dump.age", day % 28 + 1),
            tables: 42,
            rows: 8_120_554 + u64::from(day),
            content_root: (day != 5).then(|| digest(&format!("content {seq}"))),
            signers: vec!["kW4x".into()],
        }),
    }
}

fn restore(seq: u64, outcome: &str) -> RestoreShown {
    let passed = outcome == "passed";
    let step = |name: &str, outcome: &str, seconds| (name.to_owned(), outcome.to_owned(), seconds);
    RestoreShown {
        seq,
        id: format!("01J1N4Q7Z00000000000{seq:06}"),
        database: "orders-prod".into(),
        backup: "01J1N4Q7Z0000000000000BK01".into(),
        outcome: outcome.into(),
        started_at: at(14),
        seconds: passed.then_some(1_452),
        rto_s: Some(3_600),
        tables: (if passed { 42 } else { 41 }, 42),
        rows: (if passed { 8_120_554 } else { 8_120_553 }, 8_120_554),
        root_expected: Some(digest("content 7")),
        root_actual: Some(digest(if passed { "content 7" } else { "other" })),
        steps: vec![
            step("fetch", "ok", 61),
            step("verify bytes and signature", "ok", 3),
            step("decrypt", "ok", 40),
            step("pg_restore", "ok", 1_102),
            step("compare rows", if passed { "ok" } else { "failed" }, 246),
            step("smoke: orders readable", if passed { "ok" } else { "skipped" }, 0),
        ],
        performed_by: "walwarden@backup-01".into(),
        lessons: if passed { String::new() } else { "The trigger on public.orders fired during the restore.".into() },
    }
}

fn keys() -> Vec<KeyShown> {
    let key = |name: &str, uses: &[&str], storage: &str, state: &str| KeyShown {
        keyid: format!("{}PrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS", digest(name).to_string().get(..4).expect("hex")),
        fingerprint: digest(name),
        uses: uses.iter().map(|&word| word.to_owned()).collect(),
        custodian: "sec-lead".into(),
        storage: storage.into(),
        state: state.into(),
        from: Some((0, at(0))),
        to: matches!(state, "retired" | "revoked").then(|| (120, at(40))),
    };
    vec![
        key("root 1", &["root"], "", "pinned"),
        key("root 2", &["root"], "", "not pinned"),
        key("log", &["log"], "file", "active"),
        key("statements", &["backup", "restore-test", "bundle"], "file", "active"),
        key("old", &["log"], "file", "retired"),
        key("lost", &["backup"], "file", "revoked"),
    ]
}
