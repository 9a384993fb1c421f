//! Each question of the lint: a policy that passes all of them, changed in one place, fails that one alone.

use std::collections::BTreeSet;

use walwarden_core::policy::{
    Algorithm, Policy,
    lint::{Linted, Location, Surroundings, lint, lints},
};
use walwarden_core::zone::Zone;

const GOOD: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-07-01T00:00:00Z"
author = "dba-lead"
approved_by = "cto"
timezone = "Europe/Berlin"
frameworks = ["hipaa", "pci:4.0.1"]

[defaults]
rpo = "27h"
rto = "4h"
schedule = "0 2 * * *"
start_tolerance = "1h"
max_run = "1h"
max_resolution = "24h"
retention = { mode = "tiers", daily = 7, monthly = 2 }
copies = { min = 1, separation = "account" }
encryption = { backup = ["age-x25519", "aes-256-gcm"] }
restore_test = { cadence = "monthly", guard = "31d" }

[[database]]
id = "shop"
owner = "dba-lead"
provider = "own"
account_ref = "acme"
region = "eu-central"
criticality = "high"
extra_schedules = [{ name = "independent", cron = "0 4 1 * *", to = "acme-dr" }]

[[exclude]]
database = "scratch"
reason = "no customer data"
approved_by = "cto"

[[evidence]]
collector = "access_control"
frequency = "monthly"
reviewers = ["sec-lead"]

[evidence_retention]
chain = "6y"
logs = { online = "12mo" }
"#;

/// Which question, and by which change it is answered with no.
const CASES: &[(&str, &str, &str)] = &[
    ("rpo-gap", r#"start_tolerance = "1h""#, r#"start_tolerance = "61m""#),
    ("rpo-gap", "0 2 * * *", "0 2 * * 1-5"),
    ("rpo-gap", "0 2 * * *", "0 2 1 1 *"),
    ("rpo-gap", "0 2 * * *", "0 2 29 2 *"),
    ("guard-window", r#"guard = "31d""#, r#"guard = "743h""#),
    ("guard-window", r#""monthly", guard"#, r#""P32D", guard"#),
    ("database-incomplete", "schedule = \"0 2 * * *\"\n", ""),
    ("database-incomplete", "retention = { mode = \"tiers\", daily = 7, monthly = 2 }\n", ""),
    ("database-incomplete", r#"cadence = "monthly", "#, ""),
    ("database-incomplete", r#"owner = "dba-lead""#, r#"owner = " ""#),
    ("database-incomplete", r#"criticality = "high""#, r#"criticality = """#),
    ("unexplained", r#"reason = "no customer data""#, r#"reason = "  ""#),
    (
        "unexplained",
        "[evidence_retention]",
        "[[not_applicable]]\nrule = \"WW-CP-02\"\nreason = \"r\"\napproved_by = \"\"\n[evidence_retention]",
    ),
    ("approver-is-author", r#"author = "dba-lead""#, r#"author = "cto""#),
    ("reviewer-without-key", r#"["sec-lead"]"#, r#"["sec-lead", "ops-lead"]"#),
    ("reviewer-collects", r#"["sec-lead"]"#, r#"["runner"]"#),
    ("separation-unmet", "min = 1", "min = 2"),
    ("separation-unmet", r#"separation = "account""#, r#"separation = "region""#),
    ("account-unmet", r#"to = "acme-dr""#, r#"to = "acme-other""#),
    ("encryption-unmet", r#"["age-x25519", "aes-256-gcm"]"#, r#"["aes-256-gcm"]"#),
    ("retention-short", "monthly = 2", "monthly = 1"),
    // Those of 31 nights, and of the first of two months.
    ("retention-short", r#"mode = "tiers", daily = 7, monthly = 2"#, r#"mode = "keep_last", keep = 32"#),
    ("back-dated", "2026-07-01T00:00:00Z", "2026-06-30T23:59:59Z"),
    ("hipaa-evidence-age", r#"chain = "6y""#, r#"chain = "71mo""#),
    ("hipaa-evidence-age", r#"chain = "6y""#, r#"chain = "2190d""#),
    ("hipaa-evidence-age", "chain = \"6y\"\n", ""),
    ("pci-log-age", r#"online = "12mo""#, r#"online = "360d""#),
    ("pci-log-age", r#"online = "12mo""#, ""),
];

/// Changes that no question minds.
const FINE: &[(&str, &str)] = &[
    (r#"mode = "tiers", daily = 7, monthly = 2"#, r#"mode = "keep_last", keep = 33"#),
    (r#"mode = "tiers", daily = 7, monthly = 2"#, r#"mode = "tiers", daily = 31"#),
    (r#"mode = "tiers", daily = 7, monthly = 2"#, r#"mode = "tiers", weekly = 5"#),
    (r#"["age-x25519", "aes-256-gcm"]"#, "[]"),
    ("min = 1", "min = 0"),
    ("0 2 * * *", "0 * * * *"),
    ("0 2 * * *", "0 */4 * * *"),
    (r#"frameworks = ["hipaa", "pci:4.0.1"]"#, r#"frameworks = ["dora"]"#),
];

/// Berlin, over two years.
fn berlin() -> Zone {
    let changes = [("2026-10-25", 3600), ("2027-03-28", 7200), ("2027-10-31", 3600), ("2028-03-26", 7200)];
    let at = |day: &str| format!("{day}T01:00:00.000000Z").parse().unwrap();
    Zone::new(7200, changes.map(|(day, offset)| (at(day), offset)).into()).unwrap()
}

fn asked(toml: &str) -> Linted {
    let about = Surroundings {
        adopted_at: Some("2026-07-01T00:00:00.000000Z".parse().unwrap()),
        reviewers: Some(&["sec-lead", "runner"]),
        collectors: Some(&["runner"]),
        locations: Some(&[
            Location { provider: "own", account_ref: "acme", region: "eu-central", elsewhere: true },
            Location { provider: "own", account_ref: "acme-dr", region: "eu-central", elsewhere: true },
            // A folder of this machine, whatever it is called, is apart from nothing.
            Location { provider: "other", account_ref: "other", region: "other", elsewhere: false },
        ]),
        encryption: Some(&[Algorithm::AgeX25519]),
        zone: Some(&berlin()),
    };
    lint(&Policy::from_toml(toml).unwrap(), &about)
}

#[test]
fn each_question_is_answered_with_no_by_one_change() {
    assert_eq!(asked(GOOD), Linted::default());
    for (id, from, to) in CASES {
        assert!(GOOD.contains(from), "{from}");
        let found = asked(&GOOD.replace(from, to));
        let ids: Vec<&str> = found.findings.iter().map(|finding| finding.lint.id).collect();
        assert_eq!(ids, [*id], "{to}: {:?}", found.findings);
        assert!(found.not_looked_at.is_empty());
    }
    for (from, to) in FINE {
        assert!(GOOD.contains(from), "{from}");
        assert_eq!(asked(&GOOD.replace(from, to)), Linted::default(), "{to}");
    }
    let spoilt: BTreeSet<&str> = CASES.iter().map(|(id, ..)| *id).collect();
    assert_eq!(spoilt, lints().map(|lint| lint.id).collect(), "every question has a case");
}

#[test]
fn what_is_not_given_is_named() {
    let linted = lint(&Policy::from_toml(GOOD).unwrap(), &Surroundings::default());
    let ids: Vec<&str> = linted.not_looked_at.iter().map(|one| one.lint.id).collect();
    let unasked =
        ["reviewer-without-key", "reviewer-collects", "separation-unmet", "account-unmet", "encryption-unmet"];
    assert_eq!(ids, [["rpo-gap"].as_slice(), &unasked, &["back-dated"]].concat());
    assert_eq!(linted.findings, []);
}

#[test]
fn the_page_lists_the_questions() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/11-policy.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.contains("policy-9")).filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<(&str, bool)> =
        rows.map(|row| (row.split('`').next().unwrap(), row.contains("(a warning)"))).collect();
    let are: Vec<(&str, bool)> = lints().map(|lint| (lint.id, lint.severity.word() == "warning")).collect();
    assert_eq!(listed, are);
}
