//! Words that a report may not say of itself.

use serde_json::Value;

use super::{sample, samples};
use crate::render::document::{DISCLAIMER, Document, SUBTITLE};

/// Forbidden as whole words, in any case; `*` stands for any ending.
const FORBIDDEN: &str = include_str!("../../../tests/forbidden.txt");

/// Allowed although they hold a forbidden word.
const ALLOWED: &[&str] = &[DISCLAIMER, SUBTITLE, "certificate", "Effective from", "effective from"];

/// The forbidden words that occur in `text`.
pub(crate) fn forbidden(text: &str) -> Vec<&'static str> {
    let text = ALLOWED.iter().fold(text.to_owned(), |text, allowed| text.replace(allowed, " ")).to_lowercase();
    let is_word = |c: char| c.is_alphanumeric() || c == '-';
    let occurs = |entry: &&str| {
        let word = entry.trim_end_matches('*').to_lowercase();
        text.match_indices(&word).any(|(at, _)| {
            let before = text[..at].chars().next_back().is_some_and(is_word);
            let after = text[at + word.len()..].chars().next().is_some_and(is_word);
            !before && (entry.ends_with('*') || !after)
        })
    };
    FORBIDDEN.lines().filter(occurs).collect()
}

/// Everything a document says, without the words of the record.
fn said(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Value::Array(values) => values.iter().for_each(|value| said(value, out)),
        Value::Object(members) => {
            let kind = members.get("kind").and_then(Value::as_str).unwrap_or("");
            if !matches!(kind, "record" | "code" | "digest") {
                members.values().for_each(|value| said(value, out));
            }
        }
        _ => {}
    }
}

#[test]
fn the_test_can_fail() {
    assert_eq!(forbidden("This is Compliant."), ["compliant"]);
    assert_eq!(forbidden("certified, assurance: attestation"), ["certif*", "assur*", "attest*"]);
    assert_eq!(forbidden("a point-in-time recovery, in our view"), ["point-in-time", "in our view"]);
    assert_eq!(forbidden("Effective from; the certificate; ineffective; noncompliant; an auditor"), Vec::<&str>::new());
    assert_eq!(forbidden(DISCLAIMER), Vec::<&str>::new());
    assert_eq!(forbidden("opinion"), ["opinion"]);
}

#[test]
fn no_document_says_a_forbidden_word() {
    for (name, report) in samples() {
        for document in [Document::full(&report, &sample::run()), Document::brief(&report, &sample::run())] {
            let mut text = String::new();
            said(&serde_json::to_value(&document).expect("JSON"), &mut text);
            assert!(text.contains("Every check"), "nothing was read: {text}");
            assert_eq!(forbidden(&text), Vec::<&str>::new(), "{name}");
        }
    }
}

#[test]
fn no_template_check_or_rule_says_a_forbidden_word() {
    let page = include_str!("../../../templates/page.html");
    let parts = include_str!("../../../templates/parts.html");
    let titles = crate::checks::CHECKS.iter().map(|check| check.title);
    let rules = walwarden_core::rules::RULES.iter().flat_map(|rule| [rule.title, rule.computation]);
    for text in [page, parts].into_iter().chain(titles).chain(rules) {
        assert_eq!(forbidden(text), Vec::<&str>::new(), "{text}");
    }
}
