//! What a check or a rule means, in words for an auditor: one place for `walwarden-verify explain`, guides and reports.

use walwarden_core::rules::{RULES, Rule};

use crate::checks::{CHECKS, Check};

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

/// All that is known of one check or rule; `None` when there is none of this id.
#[must_use]
pub fn text(id: &str) -> Option<String> {
    let check = CHECKS.iter().find(|check| check.id.eq_ignore_ascii_case(id));
    let rule = || RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id));
    check.map(check_page).or_else(|| rule().map(rule_page))
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

fn check_page(check: &Check) -> String {
    let needed = if check.required {
        "required: the verdict is not established when it is not run"
    } else {
        "judged where there is something of its kind"
    };
    let mut page = Page::new(check.id, check.title);
    page.part("Needed", needed);
    page.part("Specification", &section(check.spec));
    page.0
}

fn rule_page(rule: &Rule) -> String {
    let mut page = Page::new(rule.id, rule.title);
    let (basis, meaning) = rule.basis.print();
    page.part("Computes", rule.computation);
    page.part("Basis at best", &format!("{basis}, {meaning}"));
    page.0
}

/// `spec/06-chain.md, chain-6`.
fn section(slug: &str) -> String {
    let page = slug.rsplit_once('-').map_or(slug, |(page, _)| page);
    let number = PAGES.iter().position(|name| *name == page).map_or(0, |index| index.saturating_add(1));
    format!("spec/{number:02}-{page}.md, {slug}")
}

/// Text in two columns of meaning: a label, and lines that wrap at 100 columns.
struct Page(String);

impl Page {
    const WIDTH: usize = 96;

    fn new(id: &str, title: &str) -> Self {
        Self(format!("{id}: {title}\n"))
    }

    fn label(&mut self, label: &str) {
        self.0.push_str(&format!("\n{label}\n"));
    }

    fn part(&mut self, label: &str, text: &str) {
        self.label(label);
        self.wrapped("  ", "  ", text);
    }

    /// Words of this program only: none is hostile, and none is wider than its characters.
    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let mut line = String::from(first);
        for word in text.split_whitespace() {
            let start = line.ends_with(' ');
            let length = line.chars().count().saturating_add(word.chars().count());
            if !start && length >= Self::WIDTH {
                self.0.push_str(&line);
                self.0.push('\n');
                line = rest.into();
            } else if !start {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.0.push_str(&line);
        self.0.push('\n');
    }
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

    #[test]
    fn every_check_names_a_section_that_exists() {
        for check in CHECKS {
            let page = text(check.id).unwrap();
            let file = page.lines().find_map(|line| line.trim().strip_prefix("spec/")).unwrap();
            let (file, slug) = file.split_once(", ").unwrap();
            let spec = std::fs::read_to_string(format!("{}/../spec/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            assert!(spec.contains(&format!("<a id=\"{slug}\">")), "{}: {file} has no {slug}", check.id);
        }
        for rule in RULES {
            assert!(text(rule.id).unwrap().contains(rule.computation.split(' ').next().unwrap()));
        }
    }

    #[test]
    fn a_mistyped_id_finds_its_neighbours() {
        assert_eq!(near("chain.root").first(), Some(&"chain.roots"));
        assert_eq!(near("ww-rt-01").first(), Some(&"WW-RT-01"));
        assert_eq!(near(&"x".repeat(100_000)).len(), 3);
        assert_eq!((distance("kitten", "sitting"), distance("", "abc"), distance("abc", "")), (3, 3, 3));
    }
}
