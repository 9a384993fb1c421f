//! What holds for every output of every report.

mod arranged;
mod files;
mod hostile;
mod junit;
mod language;
mod large;

pub(crate) use language::forbidden;

use std::collections::BTreeSet;

use walwarden_core::rules::Status;

use super::{Format, Paper, escape, render, sample};
use crate::report::{Outcome, Report, RunBlock};

const FORMATS: [Format; 7] = [
    Format::Text { colour: false },
    Format::Text { colour: true },
    Format::Html,
    Format::Pdf(Paper::A4),
    Format::Json,
    Format::Junit,
    Format::Oscal,
];

/// Every kind of report, by name.
pub(super) fn samples() -> Vec<(&'static str, Report)> {
    vec![
        ("clean", sample::clean()),
        ("exceptions", sample::exceptions()),
        ("rejected", sample::rejected()),
        ("unreadable", sample::unreadable()),
        ("hostile", sample::hostile(40)),
        ("empty", sample::empty()),
        ("two policies", sample::two_policies()),
    ]
}

fn bytes(report: &Report, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    render(report, &sample::run(), format, &mut out).expect("it renders");
    out
}

pub(super) fn string(report: &Report, format: Format) -> String {
    String::from_utf8(bytes(report, format)).expect("UTF-8")
}

/// The words of a page without its tags.
fn words_of(html: &str) -> String {
    let mut out = String::new();
    let body = html.split_once("<body>").expect("a body").1;
    for (place, part) in body.split('<').enumerate() {
        out.push_str(if place == 0 { part } else { part.split_once('>').expect("a tag ends").1 });
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&#x60;", "`"),
        ("&amp;", "&"),
    ];
    entities.iter().fold(out, |text, (entity, c)| text.replace(entity, c))
}

fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// What must occur in every output, as it is printed there.
fn must_occur(report: &Report) -> Vec<String> {
    let shown = |text: &str, cap| escape::visible(text, cap);
    let mut words = vec![report.verdict().words().to_owned()];
    for result in &report.checks {
        words.push(result.check.id.to_owned());
        if let Outcome::Fail(finding) = &result.outcome {
            let sentences = [&finding.what, &finding.expected, &finding.found, &finding.at];
            words.extend(sentences.map(|sentence| shown(sentence, escape::SENTENCE)));
        }
    }
    for rule in &report.rules {
        words.push(rule.rule.id.to_owned());
        words.push(rule.status.print().1.to_owned());
        if rule.status == Status::Exception {
            for item in rule.items.iter().filter(|item| item.deviation.is_some()) {
                words.push(shown(&item.id, escape::NAME));
                let deviation = super::document::words::times(item.deviation.as_deref().unwrap_or(""));
                words.push(shown(&deviation, escape::SENTENCE));
            }
        }
    }
    words.extend(report.subject.bundle_digest.iter().chain(&report.subject.file_digest).map(ToString::to_string));
    words.extend(
        report
            .trust
            .contradicted
            .iter()
            .flat_map(|one| [one.relation.word().to_owned(), shown(&one.why, escape::SENTENCE)]),
    );
    words.extend(report.trust.pins.iter().map(ToString::to_string));
    words
}

fn assert_occur(name: &str, output: &str, report: &Report, words: &[String]) {
    assert!(words.len() > report.checks.len(), "nothing was looked for");
    let output = squeezed(output);
    for word in words {
        assert!(output.contains(&squeezed(word)), "{name}: {word}");
    }
}

#[test]
fn everything_occurs_in_text_and_html() {
    for (name, report) in samples() {
        let words = must_occur(&report);
        assert_occur(name, &string(&report, Format::Text { colour: false }), &report, &words);
        assert_occur(name, &words_of(&string(&report, Format::Html)), &report, &words);
    }
}

#[test]
fn the_same_report_and_run_give_the_same_bytes() {
    for (name, report) in samples() {
        for format in FORMATS {
            // Another thread: its maps have other seeds.
            let other = std::thread::scope(|scope| scope.spawn(|| bytes(&report, format)).join().expect("it renders"));
            assert!(bytes(&report, format) == other, "{name} {format:?}");
        }
    }
}

#[test]
fn only_the_run_block_depends_on_the_run() {
    let report = sample::exceptions();
    let with = |run: &RunBlock| {
        let mut out = Vec::new();
        render(&report, run, Format::Html, &mut out).expect("it renders");
        String::from_utf8(out).expect("UTF-8")
    };
    let (one, other) = (with(&sample::run()), with(&RunBlock { sandbox: "off".into(), ..RunBlock::default() }));
    let before = |page: &str| page.split_once("<section id=\"run\">").expect("a run block").0.to_owned();
    assert_ne!(one, other);
    assert_eq!(before(&one), before(&other));
}

#[test]
fn nothing_hidden_gets_through() {
    let report = sample::hostile(40);
    for format in [Format::Text { colour: false }, Format::Html, Format::Json] {
        let output = string(&report, format);
        let hidden: BTreeSet<char> = output.chars().filter(|c| *c != '\n' && escape::is_hidden(*c)).collect();
        assert_eq!(hidden, BTreeSet::new(), "{format:?}");
    }
    let text = string(&report, Format::Text { colour: false });
    assert!(text.contains("[U+202E]") && text.contains("[U+001B]"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&string(&report, Format::Json)).expect("JSON");
    assert!(json["claims"]["organisation"].as_str().expect("a name").contains('\u{202E}'), "the value is exact");
}

#[test]
fn colour_adds_nothing_but_colour() {
    for (name, report) in samples() {
        let mut coloured = string(&report, Format::Text { colour: true });
        assert!(coloured.contains("\u{1b}["));
        for code in ["0", "1", "2", "31", "32", "33"] {
            coloured = coloured.replace(&format!("\u{1b}[{code}m"), "");
        }
        let trimmed: Vec<&str> = coloured.lines().map(str::trim_end).collect();
        assert_eq!(trimmed, string(&report, Format::Text { colour: false }).lines().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn lines_of_text_fit_a_terminal() {
    for (name, report) in samples() {
        let text = string(&report, Format::Text { colour: false });
        // A line that is made to be copied is not broken: the head under "Keep this line" is one.
        let long: Vec<&str> = text.lines().filter(|line| unicode_width::UnicodeWidthStr::width(*line) > 100).collect();
        assert!(long.iter().all(|line| line.starts_with("    acme.example/")) && long.len() <= 1, "{name}: {long:?}");
    }
}

#[test]
fn counts_are_those_of_the_report_everywhere() {
    for (name, report) in samples() {
        let counts = report.counts();
        let line = format!(
            "{} failed · {} not run · {} accepted by the reader · {} passed · {} {} · {} not evidenced",
            counts.failed,
            counts.not_run,
            counts.accepted,
            counts.passed,
            counts.exceptions,
            if counts.exceptions == 1 { "exception" } else { "exceptions" },
            counts.not_evidenced
        );
        assert!(string(&report, Format::Text { colour: false }).contains(&line), "{name}: {line}");
        let page = squeezed(&words_of(&string(&report, Format::Html)));
        let checks = format!("Checks {} failed {} required and not run", counts.failed, counts.required_not_run);
        assert!(page.contains(&squeezed(&checks)), "{name}: {checks}");
        let accepted = format!("{} accepted by the reader {} passed", counts.accepted, counts.passed);
        assert!(page.contains(&squeezed(&accepted)), "{name}: {accepted}");
        let of = |status: Status| report.rules.iter().filter(|rule| rule.status == status).count();
        let rules =
            format!("Rules {} integrity failure {} exception", of(Status::IntegrityFailure), of(Status::Exception));
        assert!(page.contains(&squeezed(&rules)), "{name}: {rules}");
        let json: serde_json::Value = serde_json::from_str(&string(&report, Format::Json)).expect("JSON");
        assert_eq!(json["counts"]["exceptions"], counts.exceptions);
        assert_eq!(json["counts"]["failed"], counts.failed);
        let deviating: u64 = json["rules"]
            .as_array()
            .expect("rules")
            .iter()
            .filter(|rule| rule["status"] == "exception")
            .map(|rule| rule["deviating"].as_u64().expect("a number"))
            .sum();
        assert_eq!(deviating, u64::try_from(counts.exceptions).expect("small"));
    }
}

#[test]
fn failures_and_exceptions_come_before_what_is_supported() {
    for format in [Format::Text { colour: false }, Format::Html] {
        let report = sample::exceptions();
        let output = match format {
            Format::Html => words_of(&string(&report, format)),
            _ => string(&report, format),
        };
        let summary = output.rsplit_once("Every check").expect("a list of checks").0;
        let at = |word: &str| summary.rfind(word).unwrap_or_else(|| panic!("{format:?}: {word}"));
        assert!(at("no completed run followed") < at("Supported, not occurred"));
        assert!(at("no-input: no restore test") < at("Supported, not occurred"));
    }
}

#[test]
fn what_changed_between_two_policies_is_said() {
    let page = squeezed(&words_of(&string(&sample::two_policies(), Format::Html)));
    for said in ["What version 2026.4 promises", "From 2026.3 to 2026.4", "databases.orders-prod.rpo_s 97200 108000"] {
        assert!(page.contains(&squeezed(said)), "{said}");
    }
    assert!(page.contains(&squeezed("other_layer.provider daily snapshots.operator Supabase absent")));
    assert!(!page.contains("databases.orders-prod.rto_s"), "what is equal is not listed");
}
