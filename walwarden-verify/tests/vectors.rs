//! The judge does what `spec/` says: cases that the Python reference wrote, and the lists on the pages.

use serde_json::Value;
use walwarden_core::{Base64, Time};
use walwarden_verify::{
    Report, Source, Trust, Verdict, VerifyInput,
    checks::CHECKS,
    report::{CheckResult, Outcome},
    verify,
};

const VERDICTS: [Verdict; 4] = [Verdict::Verified, Verdict::Exceptions, Verdict::NotEstablished, Verdict::Rejected];

fn spec(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../spec/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The cases of a file, of which there must be so many. Change a number on purpose.
fn cases(file: &str, count: usize) -> Vec<Value> {
    let document: Value = serde_json::from_str(&spec(&format!("vectors/{file}"))).unwrap();
    let cases = document["cases"].as_array().unwrap().clone();
    assert_eq!(cases.len(), count, "{file}");
    cases
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("{member} is a string in {case}"))
}

fn judged(zip: &str, trust: &Trust, as_of: &str) -> Option<Report> {
    let source = Source::from_zip("vector.zip", zip.parse::<Base64>().unwrap().0)?;
    let as_of: Time = as_of.parse().unwrap();
    Some(verify(&VerifyInput { source: &source, trust, as_of }))
}

fn failed(results: &[CheckResult]) -> Vec<(&str, &Outcome)> {
    let failed = results.iter().filter(|result| matches!(result.outcome, Outcome::Fail(_)));
    failed.map(|result| (result.check.id, &result.outcome)).collect()
}

#[test]
fn the_worst_result_is_the_verdict() {
    for case in cases("verdicts.json", 20) {
        let word = |word: &Value| *VERDICTS.iter().find(|verdict| word == verdict.word()).unwrap();
        let worst = case["results"].as_array().unwrap().iter().map(word).max().unwrap();
        assert_eq!(worst, word(&case["verdict"]), "{case}");
        assert_eq!(u64::from(worst.exit_code()), case["exit"].as_u64().unwrap(), "{case}");
    }
}

/// spec:bundle-5
#[test]
fn every_deviation_from_the_zip_profile_fails_that_check() {
    for case in cases("zip.json", 65) {
        let name = text(&case, "name");
        let report = judged(text(&case, "zip"), &Trust::default(), "2026-08-01T06:00:00.000000Z");
        let report = report.unwrap_or_else(|| panic!("{name} is a zip, however bad"));
        let profile = report.checks.iter().find(|result| result.check.id == "zip.profile").unwrap();
        let passes = matches!(profile.outcome, Outcome::Pass(_));
        assert_eq!(passes, case["valid"].as_bool().unwrap(), "{name}: {:?}", profile.outcome);
    }
}

/// Bundles of which no byte was made by our programs. Keys are retired between the start of a backup and its end.
#[test]
fn bundles_made_by_other_means_are_judged_as_the_pages_say() {
    for case in cases("bundle.json", 3) {
        let mut trust = Trust::default();
        trust.add_handover(text(&case, "handover").as_bytes()).unwrap();
        let report = judged(text(&case, "zip"), &trust, text(&case, "as_of")).unwrap();
        assert_eq!(failed(&report.checks), [], "{}", text(&case, "name"));
        let digest = report.subject.bundle_digest.map(|digest| digest.to_string());
        assert_eq!(digest.as_deref(), Some(text(&case, "bundle")));
        let exceptions = report.rules.iter().filter(|rule| rule.status.word() == "exception").map(|rule| rule.rule.id);
        let expected: Vec<&str> =
            case["exceptions"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        assert_eq!(exceptions.collect::<Vec<_>>(), expected);
        assert_eq!(u64::from(report.verdict().exit_code()), case["exit"].as_u64().unwrap());
    }
}

/// spec:verification-4
#[test]
fn the_checks_are_those_of_the_page() {
    let page = spec("13-verification.md");
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.contains(".md#")).collect();
    let pages = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec")).unwrap();
    let pages: Vec<String> = pages.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let file = |slug: &str| {
        let page = format!("-{}.md", slug.rsplit_once('-').unwrap().0);
        pages.iter().find(|name| name.ends_with(&page)).unwrap()
    };
    let ours: Vec<String> = CHECKS
        .iter()
        .map(|check| {
            let (id, slug, title) = (check.id, check.spec, check.title);
            let needed = if check.required { "required" } else { "if any" };
            format!("| `{id}` | [{slug}]({}#{slug}) | {title} | {needed} |", file(slug))
        })
        .collect();
    assert_eq!(listed, ours);
    for check in CHECKS {
        let anchor = format!("<a id=\"{}\"></a>", check.spec);
        assert!(spec(file(check.spec)).contains(&anchor), "{} cites {}", check.id, check.spec);
    }
}
