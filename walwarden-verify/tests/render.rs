//! Every fixture in every output: nothing that a reader needs is missing, and nothing is said that may not be said.

#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "asks pdftotext, and says what is skipped")]

mod golden_support;

use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use golden_support::{cases, judge, name};
use serde_json::Value;
use walwarden_core::rules::Status;
use walwarden_fixtures::case::Expect;
use walwarden_verify::{
    Report, RunBlock,
    render::{Format, Paper, render},
    report::Outcome,
};

/// Forbidden in every report, but for the fixed sentences; the whole list stands beside the renderers.
const FORBIDDEN: &[&str] =
    &["compliant", "guarantee", "tamper-proof", "audit-ready", "certified", "assurance", "immutable", "point-in-time"];

fn reports() -> Vec<(String, Report)> {
    let all: Vec<_> = ["golden", "tampered"].into_iter().flat_map(cases).collect();
    assert!(all.len() > 100, "fixtures were not found: {}", all.len());
    all.iter().map(|toml| (name(toml), judge(toml, &Expect::read(toml)))).collect()
}

fn output(report: &Report, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    render(report, &RunBlock::default(), format, &mut out).expect("it renders");
    out
}

/// Ids of all checks and rules, the verdict, findings and exceptions.
fn must_occur(report: &Report) -> Vec<String> {
    let mut words = vec![report.verdict().words().to_owned()];
    for result in &report.checks {
        words.push(result.check.id.to_owned());
        if let Outcome::Fail(finding) = &result.outcome {
            words.extend([finding.what.clone(), finding.at.clone(), finding.expected.clone(), finding.found.clone()]);
        }
    }
    for rule in &report.rules {
        words.push(rule.rule.id.to_owned());
        if rule.status == Status::Exception {
            words.extend(rule.items.iter().filter(|item| item.deviation.is_some()).map(|item| item.id.clone()));
        }
    }
    // Outputs show hidden characters as such and cut long strings; that is tested with the renderers.
    words.retain(|word| word.len() < 200 && !word.chars().any(char::is_control));
    words
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn assert_occur(name: &str, what: &str, text: &str, words: &[String]) {
    let text = squeezed(text);
    for word in words {
        assert!(text.contains(&squeezed(word)), "{name}, {what}: {word}");
    }
}

fn unescaped(html: &str) -> String {
    let text: String =
        html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().concat();
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, c)| text.replace(entity, c))
}

#[test]
fn text_page_and_json_hold_everything() {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/schema/report.v1-draft.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).expect("the schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for (name, report) in reports() {
        let words = must_occur(&report);
        let text = String::from_utf8(output(&report, Format::Text { colour: false })).expect("UTF-8");
        assert_occur(&name, "text", &text, &words);
        let page = String::from_utf8(output(&report, Format::Html)).expect("UTF-8");
        assert_occur(&name, "page", &unescaped(&page), &words);
        let json: Value = serde_json::from_slice(&output(&report, Format::Json)).expect("JSON");
        let errors: Vec<String> =
            schema.iter_errors(&json).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
        assert_eq!(json["verdict"]["word"], report.verdict().word(), "{name}");
        let said = unescaped(&page).to_lowercase();
        for word in FORBIDDEN {
            assert!(!said.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn the_pdf_holds_everything() {
    if let Err(error) = Command::new("pdftotext").arg("-v").stderr(Stdio::null()).status() {
        println!("SKIPPED: pdftotext: {error}");
        return;
    }
    let reports = reports();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, report)) = reports.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = pdf_text(&output(report, Format::Pdf(Paper::A4)));
                    assert_occur(name, "PDF", &text, &must_occur(report));
                }
            });
        }
    });
}

/// The words of all pages, without what stands on every page.
fn pdf_text(pdf: &[u8]) -> String {
    const OF_EVERY_PAGE: [&str; 4] = ["Prepared by software", "opinion or a certification", "bundle ", "continued"];
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(pdf).expect("written");
    let output = Command::new("pdftotext").arg("-raw").arg(file.path()).arg("-").output().expect("pdftotext runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).replace('\u{c}', "\n");
    let own = |line: &&str| !OF_EVERY_PAGE.iter().any(|start| line.starts_with(start));
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}

/// The commands of the page, as a reader would type them beside the file.
#[test]
fn the_printed_commands_print_what_the_page_says() {
    if ["unzip", "openssl", "base64"].iter().any(|program| Command::new(program).arg("--help").output().is_err()) {
        println!("SKIPPED: unzip, openssl or base64 is not installed");
        return;
    }
    let folder = walwarden_fixtures::corpus::folder().join("golden");
    let toml = folder.join("restored.toml");
    let report = judge(&toml, &Expect::read(&toml));
    let page = String::from_utf8(output(&report, Format::Html)).expect("UTF-8");
    let commands: Vec<String> = page
        .split("<pre")
        .skip(1)
        .map(|part| unescaped(&format!("<pre{}", part.split_once("</pre>").expect("it ends").0)))
        .collect();
    let digests =
        [report.subject.file_digest, report.subject.bundle_digest].map(|digest| digest.expect("a digest").to_string());
    for (command, digest) in commands.iter().filter(|command| command.contains("openssl")).zip(&digests) {
        let output = Command::new("sh").arg("-c").arg(command).current_dir(&folder).output().expect("sh runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            printed.starts_with(digest.as_str()),
            "{command} prints {printed} {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let claims = report.claims.as_ref().expect("claims");
    let head =
        walwarden_verify::trust::parse_head(commands.last().expect("a head")).expect("the line to keep is a head");
    assert_eq!((head.origin, head.tree), (claims.origin.clone(), claims.head));
    assert_eq!(commands.len(), 3);
}
