//! Judges a case of `fixtures/` as its `.toml` says, and compares.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use walwarden_core::{
    registry::RootPins,
    rules::{RuleResult, Status},
};
use walwarden_fixtures::{
    case::Expect,
    corpus,
    golden::{august, begun, july},
    story::{keys::Ring, tables::tiny},
};
use walwarden_verify::{
    Report, Source, Trust, VerifyInput, open,
    report::Outcome,
    trust::{KnownHead, Previous, parse_head},
    verify,
};

/// Cases of a folder, by path of their `.toml`; every zip has one, and every one a zip.
pub(crate) fn cases(folder: &str) -> Vec<PathBuf> {
    let files = std::fs::read_dir(corpus::folder().join(folder)).expect("the folder of cases");
    let files: BTreeSet<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    let tomls: Vec<PathBuf> =
        files.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")).cloned().collect();
    for path in &files {
        let known = ["toml", "zip"].iter().all(|extension| files.contains(&path.with_extension(extension)));
        let brought = path.extension().is_some_and(|e| e == "json" || e == "txt");
        assert!(known || brought, "{} stands alone", path.display());
    }
    tomls
}

/// Name of a case.
pub(crate) fn name(toml: &Path) -> String {
    toml.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// What the reader of a case brings.
pub(crate) fn trust(toml: &Path, expect: &Expect) -> Trust {
    let beside = |file: &str| toml.parent().expect("a folder").join(file);
    let mut trust = Trust { first_contact: expect.first_contact, ..Trust::default() };
    if let Some(file) = &expect.trust {
        trust.add_handover(&std::fs::read(beside(file)).expect("a handover")).expect("a handover");
    }
    if !expect.roots.is_empty() {
        let pins: BTreeSet<_> = expect.roots.iter().map(|root| root.parse().expect("a pin")).collect();
        trust.pins = Some(RootPins { threshold: expect.threshold.unwrap_or(pins.len()), pins });
    }
    for file in &expect.tsa_roots {
        trust.tsa_roots.add(&std::fs::read(beside(file)).expect("roots")).expect("roots");
    }
    if let Some(file) = &expect.witness {
        let keys = std::fs::read(beside(file)).expect("a file of witnesses");
        trust.add_witnesses(&keys, expect.witness_threshold).expect("witnesses");
    }
    if let Some(line) = &expect.known_head {
        let head = parse_head(line).expect("a head");
        trust.known.push(KnownHead { origin: Some(head.origin), head: head.tree, source: "--known-head" });
    }
    if let Some(file) = &expect.previous {
        let previous = open(&beside(file)).expect("a bundle");
        let as_of = expect.as_of.parse().expect("a time");
        trust.add_previous(Previous::of(&previous, trust.pins.as_ref(), as_of).expect("an earlier bundle that stands"));
    }
    trust
}

/// Judges a case.
pub(crate) fn judge(toml: &Path, expect: &Expect) -> Report {
    let source: Source = open(&toml.with_extension("zip")).expect("a zip");
    let trust = trust(toml, expect);
    verify(&VerifyInput { source: &source, trust: &trust, as_of: expect.as_of.parse().expect("a time") })
}

/// Ids of the checks with such an outcome, in the order of checks.
pub(crate) fn ids(report: &Report, which: impl Fn(&Outcome) -> bool) -> Vec<&'static str> {
    report.checks.iter().filter(|result| which(&result.outcome)).map(|result| result.check.id).collect()
}

/// Everything in which a report differs from what was expected.
pub(crate) fn differences(expect: &Expect, report: &Report) -> Vec<String> {
    let fails = ids(report, |outcome| matches!(outcome, Outcome::Fail(_)));
    let not_run = ids(report, |outcome| matches!(outcome, Outcome::NotRun(_)));
    let exceptions: Vec<&str> =
        report.rules.iter().filter(|rule| rule.status == Status::Exception).map(|rule| rule.rule.id).collect();
    let first = report.checks.iter().find_map(|result| match &result.outcome {
        Outcome::Fail(finding) => Some(finding.reads_as.word().to_owned()),
        _ => None,
    });
    let mut found = Vec::new();
    let mut compare = |what: &str, expected: &[String], found_ids: &[&str]| {
        let (expected, actual) = (sorted(expected.iter().map(String::as_str)), sorted(found_ids.iter().copied()));
        for missing in expected.difference(&actual) {
            found.push(format!("{what} without {missing}"));
        }
        for surplus in actual.difference(&expected) {
            found.push(format!("{what} with {surplus}"));
        }
    };
    compare("fails", &expect.fails, &fails);
    compare("not_run", &expect.not_run, &not_run);
    compare("exceptions", &expect.exceptions, &exceptions);
    if let Some(expected) = &expect.not_evidenced {
        let lacking = |rule: &&RuleResult| rule.status == Status::NotEvidenced && rule.lacks_evidence();
        let found: Vec<&str> = report.rules.iter().filter(lacking).map(|rule| rule.rule.id).collect();
        compare("not_evidenced", expected, &found);
    }
    if report.verdict().word() != expect.verdict {
        found.push(format!("verdict {} instead of {}", report.verdict().word(), expect.verdict));
    }
    if first != expect.reads_as {
        found.push(format!("reads as {first:?} instead of {:?}", expect.reads_as));
    }
    if !found.is_empty() {
        for result in &report.checks {
            if let Outcome::Fail(finding) = &result.outcome {
                found.push(format!("    {}: {} at {}", result.check.id, finding.what, finding.at));
            }
        }
    }
    found
}

fn sorted<'a>(ids: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    ids.collect()
}

/// Judges every case of a folder, and fails with all differences at once. Returns the reports by name.
pub(crate) fn judge_all(folder: &str) -> Vec<(String, Report)> {
    let mut reports = Vec::new();
    let mut wrong = Vec::new();
    for toml in cases(folder) {
        let expect = Expect::read(&toml);
        let report = judge(&toml, &expect);
        wrong.extend(differences(&expect, &report).into_iter().map(|what| format!("{}: {what}", name(&toml))));
        reports.push((name(&toml), report));
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    reports
}

/// Two bundles of one record: in July a backup failed, and what was to be done about it is still open in August.
pub(crate) fn two_periods() -> (Vec<Source>, Trust) {
    let mut story = begun("acme.example/series-p7d2k9w4xc", Ring::small(), &["shop"]);
    let backup = story.at("2026-07-02T00:00:00Z").backup("shop", &tiny());
    story.at("2026-07-02T06:00:00Z").restore_test(&backup);
    let failed = story.at("2026-07-03T00:00:00Z").backup_failed("shop");
    story.at("2026-07-03T09:00:00Z").action_opened(&[failed]);
    story.at("2026-07-04T00:00:00Z").backup("shop", &tiny());
    let end = story.at("2026-07-31T22:10:00Z").export(july());
    let first = story.seal(july());
    story.exported(&first, end.size);
    let backup = story.at("2026-08-02T00:00:00Z").backup("shop", &tiny());
    story.at("2026-08-02T06:00:00Z").restore_test(&backup);
    story.at("2026-08-31T22:10:00Z").export(august());
    let second = story.seal(august());
    let mut trust = Trust { first_contact: false, ..Trust::default() };
    trust.add_handover(story.handover(1).as_bytes()).expect("a handover");
    let source = |name: &str, zip| Source::from_zip(name, zip).expect("a zip");
    (vec![source("july.zip", first.zip()), source("august.zip", second.zip())], trust)
}
