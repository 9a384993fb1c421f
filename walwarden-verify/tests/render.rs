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

/// Forbidden as whole words, in any case; `*` stands for any ending.
const FORBIDDEN: &str = include_str!("forbidden.txt");
/// Allowed although they hold a forbidden word: what this is not, certificates, and when a policy begins.
const ALLOWED: [&str; 5] = [
    "It is not an auditor's opinion or a certification, and says",
    "not an attestation engagement",
    "certificate",
    "effective from",
    "Effective from",
];

/// The forbidden words that a page says, outside of what it repeats from the record.
fn forbidden(page: &str) -> Vec<&'static str> {
    let body = page.split_once("<body>").expect("a body").1;
    let mut said = String::new();
    let mut quoted = 0_i32;
    for part in body.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or(("", part));
        match tag.split(' ').next().unwrap_or("") {
            "bdi" | "code" => quoted += 1,
            "/bdi" | "/code" => quoted -= 1,
            _ => said.push(' '),
        }
        if quoted == 0 {
            said.push_str(words);
        }
    }
    let said = said.replace("&#x27;", "'");
    let said = ALLOWED.iter().fold(said, |said, allowed| said.replace(allowed, " ")).to_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    let occurs = |entry: &&str| {
        let word = entry.trim_end_matches('*').to_lowercase();
        said.match_indices(&word).any(|(at, _)| {
            let before = said[..at].chars().next_back().is_some_and(is_word);
            let after = said[at + word.len()..].chars().next().is_some_and(is_word);
            !before && (entry.ends_with('*') || !after)
        })
    };
    FORBIDDEN.lines().filter(occurs).collect()
}

#[test]
fn the_search_for_forbidden_words_can_fail() {
    let page = |words: &str| format!("<html><body><p>{words}</p></body>");
    assert_eq!(forbidden(&page("This is Compliant, and assures.")), ["compliant", "assur*"]);
    assert_eq!(forbidden(&page("<bdi>certified</bdi> <code>opinion</code>")), Vec::<&str>::new());
    assert_eq!(forbidden(&page("not an attestation engagement; an opinion")), ["opinion"]);
}

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
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/schema/report.v1.json");
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
        assert_eq!(forbidden(&page), Vec::<&str>::new(), "{name}");
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
