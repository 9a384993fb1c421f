//! What a check or a rule means, in words for an auditor: one place for `walwarden-verify explain`, guides and reports.
//!
//! Tests hold that every check and every rule has its words, and that every way of failing seen in the corpus is named.

mod bundle;
mod chain;
mod content;
mod keys;
mod rules;

use walwarden_core::rules::RULES;

use crate::{checks::CHECKS, render, report::ReadsAs};

/// Words about one check.
#[derive(Debug)]
pub struct CheckText {
    /// Its id.
    pub id: &'static str,
    /// What it asks, in a sentence or two.
    pub asks: &'static str,
    /// What is hashed, verified or compared with what.
    pub compares: &'static str,
    /// Each way of failing: what it reads as, and what was found then.
    pub fails: &'static [(ReadsAs, &'static str)],
    /// When it is not run, beside "a check that it builds on did not pass"; empty: only then.
    pub not_run: &'static str,
    /// What to ask the organisation next.
    pub ask: &'static str,
}

/// Words about one rule.
#[derive(Debug)]
pub struct RuleText {
    /// Its id.
    pub id: &'static str,
    /// Slug of the specification.
    pub spec: &'static str,
    /// What it asks, in a sentence or two.
    pub asks: &'static str,
    /// The population: which items are judged.
    pub population: &'static str,
    /// What a deviating item says.
    pub deviates: &'static str,
    /// What the rule cannot know.
    pub limits: &'static str,
    /// What to ask the organisation next.
    pub ask: &'static str,
}

/// The pages of the specification, from 01.
const PAGES: [&str; 15] = [
    "model",
    "bytes",
    "statements",
    "rows",
    "merkle",
    "chain",
    "keys",
    "time",
    "bundle",
    "events",
    "policy",
    "rules",
    "verification",
    "comparison",
    "report",
];

/// The words about a check.
#[must_use]
pub fn of_check(id: &str) -> Option<&'static CheckText> {
    let families = [bundle::TEXTS, chain::TEXTS, keys::TEXTS, content::TEXTS];
    families.into_iter().flatten().find(|text| text.id == id)
}

/// The words about a rule.
#[must_use]
pub fn of_rule(id: &str) -> Option<&'static RuleText> {
    rules::TEXTS.iter().find(|text| text.id == id)
}

/// Every check and every rule, a line each.
#[must_use]
pub fn list() -> String {
    let width = CHECKS.iter().map(|check| check.id.len()).max().unwrap_or_default();
    let mut text = String::from("Checks: is the record what it claims to be?\n");
    for check in CHECKS {
        text.push_str(&format!("  {:width$}  {}\n", check.id, check.title));
    }
    text.push_str("\nRules: does the record show what the policy promised?\n");
    for rule in RULES {
        text.push_str(&format!("  {:width$}  {}\n", rule.id, rule.title));
    }
    text
}

/// All that is said of one check or rule; `None` when there is none of this id.
#[must_use]
pub fn text(id: &str) -> Option<String> {
    let check = CHECKS.iter().find(|check| check.id.eq_ignore_ascii_case(id));
    let rule = RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id));
    let check = check.and_then(|check| Some(render::explain::check(check, of_check(check.id)?)));
    check.or_else(|| rule.and_then(|rule| Some(render::explain::rule(rule, of_rule(rule.id)?))))
}

/// The ids nearest to one that does not exist, at most three.
#[must_use]
pub fn near(id: &str) -> Vec<&'static str> {
    let id: String = id.chars().take(64).collect::<String>().to_ascii_lowercase();
    let ids = CHECKS.iter().map(|check| check.id).chain(RULES.iter().map(|rule| rule.id));
    let mut ids: Vec<_> = ids.map(|known| (distance(&id, &known.to_ascii_lowercase()), known)).collect();
    ids.sort();
    ids.into_iter().take(3).map(|(_, known)| known).collect()
}

/// `spec/06-chain.md, chain-6`.
pub(crate) fn section(slug: &str) -> String {
    let page = slug.rsplit_once('-').map_or(slug, |(page, _)| page);
    let number = PAGES.iter().position(|name| *name == page).map_or(0, |index| index.saturating_add(1));
    format!("spec/{number:02}-{page}.md, {slug}")
}

/// Edits between two words (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        let mut next = vec![left];
        for (to, above) in b.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(from != *to));
            left = replaced.min(left.saturating_add(1)).min(above.saturating_add(1));
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_section(id: &str, slug: &str) {
        let section = section(slug);
        let (file, slug) = section.split_once(", ").unwrap();
        let spec = std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(spec.contains(&format!("<a id=\"{slug}\">")), "{id}: {file} has no {slug}");
    }

    #[test]
    fn every_check_and_every_rule_has_its_words() {
        for check in CHECKS {
            let words =
                of_check(check.id).unwrap_or_else(|| panic!("add the words about {} to src/explain/", check.id));
            let page = text(check.id).unwrap();
            assert!(page.starts_with(&format!("{}: {}", check.id, check.title)), "{page}");
            for part in [words.asks, words.compares, words.ask] {
                assert!(part.len() > 20 && part.ends_with(['.', '?']), "{}: {part}", check.id);
            }
            assert!(!words.fails.is_empty() || !words.not_run.is_empty(), "{}", check.id);
            assert_section(check.id, check.spec);
        }
        for rule in RULES {
            let words = of_rule(rule.id).unwrap_or_else(|| panic!("add the words about {} to src/explain/", rule.id));
            assert!(text(rule.id).unwrap().contains(words.spec));
            assert_section(rule.id, words.spec);
        }
        let words = [bundle::TEXTS, chain::TEXTS, keys::TEXTS, content::TEXTS].into_iter().flatten().count();
        assert_eq!((words, rules::TEXTS.len()), (CHECKS.len(), RULES.len()), "no words are about nothing");
    }

    #[test]
    fn a_mistyped_id_finds_its_neighbours() {
        assert_eq!(near("chain.root").first(), Some(&"chain.roots"));
        assert_eq!(near("ww-rt-01").first(), Some(&"WW-RT-01"));
        assert_eq!(near(&"x".repeat(100_000)).len(), 3);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("abc", "")), (3, 3, 3));
    }
}
