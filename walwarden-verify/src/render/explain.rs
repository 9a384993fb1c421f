//! What a check or a rule means, laid out for a terminal.

use walwarden_core::rules::Rule;

use super::{
    document::{Block, Fact, Text},
    text::{self, Lines},
};
use crate::{
    checks::Check,
    explain::{CheckText, RuleText, section},
};

/// A check, with its words.
pub(crate) fn check(check: &Check, words: &CheckText) -> String {
    let needed = if check.required {
        "required: the verdict is not established when it is not run"
    } else {
        "judged where there is something of its kind"
    };
    let fails = match words.fails {
        [] => vec![Text::plain("never: what it finds wrong makes it not run")],
        some => some.iter().map(|(reads_as, what)| Text::plain(format!("{}: {what}", reads_as.word()))).collect(),
    };
    let always = "a check that it builds on did not pass; the report names it";
    let not_run = [words.not_run, always].into_iter().filter(|words| !words.is_empty()).map(Text::plain);
    let facts = vec![
        Fact::new("Asks", Text::plain(words.asks)),
        Fact::new("Compares", Text::plain(words.compares)),
        Fact::new("Needed", Text::plain(needed)),
        Fact { label: "Fails", values: fails },
        Fact { label: "Not run", values: not_run.collect() },
        Fact::new("Ask next", Text::plain(words.ask)),
        Fact::new("Specification", Text::code(section(check.spec))),
    ];
    page(format!("{}: {}", check.id, check.title), facts)
}

/// A rule, with its words.
pub(crate) fn rule(rule: &Rule, words: &RuleText) -> String {
    let (basis, meaning) = rule.basis.print();
    let other = [
        "integrity failure: a check failed; no rule speaks over a record that does not stand",
        "not tested: no root key was pinned; nothing is called supported, exceptions stay visible",
        "not occurred: nothing of the kind is recorded in the period",
    ];
    let facts = vec![
        Fact::new("Asks", Text::plain(words.asks)),
        Fact::new("Items", Text::plain(words.population)),
        Fact::new("Computes", Text::plain(rule.computation)),
        Fact::new("Basis", Text::plain(format!("{basis} at best: {meaning}"))),
        Fact::new("Exception says", Text::plain(words.deviates)),
        Fact { label: "Otherwise", values: other.into_iter().map(Text::plain).collect() },
        Fact::new("Does not show", Text::plain(words.limits)),
        Fact::new("Ask next", Text::plain(words.ask)),
        Fact::new("Specification", Text::code(section(words.spec))),
    ];
    page(format!("{}: {}", rule.id, rule.title), facts)
}

fn page(title: String, facts: Vec<Fact>) -> String {
    text::lines(&Lines { title, mark: None, blocks: vec![Block::Facts(facts)] }, false)
}
