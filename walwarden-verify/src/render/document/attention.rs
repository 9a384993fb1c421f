//! What to look at first, for the first page: failures, required checks not run, exceptions and missing evidence.

use walwarden_core::rules::{Gap, GapKind, Item, RuleResult, Status};

use super::{Attention, Mark, Point, Sign, Text, Tone, checks, rules, summary, words};
use crate::report::{CheckResult, Outcome, Report};

/// As many as the first page has room for.
const FIRST: usize = 12;
/// With more items and parts than these there is one point for each rule.
const APART: usize = 6;
/// Longest sentence there, in characters: the whole one stands behind the link.
const SHORT: usize = 170;
/// Characters of a deviation without which it says nothing.
const LEAST: usize = 40;
/// Characters of a point that stands for a rule: one line of the first page.
const LINE: usize = 100;

/// The first points, and how many there are.
pub(super) fn attention(report: &Report) -> Attention {
    let mut points = points(report);
    let all = points.len();
    points.truncate(FIRST);
    Attention {
        title: "To look at first",
        none: "Nothing: every required check passed or was accepted by the reader, no item deviates, and no promised evidence is missing.",
        more: "summary",
        points,
        all,
    }
}

fn points(report: &Report) -> Vec<Point> {
    let mut points = Vec::new();
    if let Some(contradiction) = &report.trust.contradicted {
        let what = Text::link("contradiction".into(), contradiction.relation.word())
            .and(": this history and that of the bundle given with --previous contradict each other");
        points.push(Point { mark: Mark::new(Sign::Cross, Tone::Bad, "contradiction"), what });
    }
    points.extend(report.checks.iter().filter_map(failed));
    points.extend(report.checks.iter().filter_map(not_run));
    points.extend(not_evaluated(report));
    let with = |status| report.rules.iter().filter(move |rule: &&RuleResult| rule.status == status);
    let exceptions: Vec<&RuleResult> = with(Status::Exception).collect();
    // An exception does not hide that evidence is missing for another part of the same rule.
    let lacking: Vec<&RuleResult> = with(Status::Exception).chain(with(Status::NotEvidenced)).collect();
    let each: Vec<Point> =
        exceptions.iter().flat_map(|rule| deviating(rule).map(|at| deviates(rule, at, "", SHORT))).collect();
    let parts: Vec<Point> = lacking.iter().flat_map(|rule| missing(rule)).collect();
    if each.len().saturating_add(parts.len()) <= APART {
        points.extend(each.into_iter().chain(parts));
    } else {
        points.extend(exceptions.iter().filter_map(|rule| of_rule(rule)));
        points.extend(of_missing(&lacking));
    }
    points
}

/// Items that deviate, each with its place.
fn deviating(rule: &RuleResult) -> impl Iterator<Item = (usize, &Item)> {
    rule.items.iter().enumerate().filter(|(_, item)| item.deviation.is_some())
}

/// One point for all items of a rule, so that none of the rules is hidden by another.
fn of_rule(rule: &RuleResult) -> Option<Point> {
    let mut databases: Vec<&str> = deviating(rule).map(|(_, item)| item.database.as_str()).collect();
    databases.sort_unstable();
    databases.dedup();
    let (found, all) = (rule.deviating(), rule.items.len());
    let of = match (found, databases.len()) {
        (1, _) => String::new(),
        (_, 0 | 1) => format!("{found} of {all}, the first "),
        (_, some) => format!("{found} of {all} in {some} databases, the first "),
    };
    Some(deviates(rule, deviating(rule).next()?, &of, LINE))
}

/// One point for all rules that lack evidence.
fn of_missing(rules: &[&RuleResult]) -> Option<Point> {
    let lacking: Vec<&RuleResult> = rules.iter().copied().filter(|rule| !missing(rule).is_empty()).collect();
    if let [only] = lacking.as_slice() {
        return missing(only).into_iter().next();
    }
    let what = lacking.iter().enumerate().fold(Text::default(), |text, (place, rule)| {
        let text = if place == 0 { text } else { text.and(", ") };
        text.join(Text::link(rules::anchor(rule), rule.rule.id))
    });
    let what = what.and(": promised evidence is missing");
    (!lacking.is_empty()).then(|| Point { mark: not_evidenced(), what })
}

fn failed(result: &CheckResult) -> Option<Point> {
    let Outcome::Fail(finding) = &result.outcome else { return None };
    let what = Text::link(format!("failed-{}", result.check.id), result.check.id).and(": ");
    Some(Point { mark: words::outcome(result), what: what.join(Text::value(&short(&finding.what, SHORT))) })
}

fn not_run(result: &CheckResult) -> Option<Point> {
    let Outcome::NotRun(reason) = &result.outcome else { return None };
    let what = Text::link(checks::anchor(result), result.check.id).and(": ");
    let point = Point { mark: words::outcome(result), what: what.join(Text::value(&words::not_run(reason))) };
    result.check.required.then_some(point)
}

/// Rules that a failed check keeps from speaking: one point for all of them.
fn not_evaluated(report: &Report) -> Option<Point> {
    let closed = report.rules.iter().filter(|rule| rule.status == Status::IntegrityFailure);
    let count = closed.clone().count();
    let first = closed.clone().next()?;
    let what = if count == report.rules.len() {
        Text::plain("no rule was evaluated: a check that the rules rest on did not pass")
    } else {
        Text::link(rules::anchor(first), first.rule.id)
            .and(format!(": {} not evaluated", words::count(count, "rule was", "rules were")))
    };
    Some(Point { mark: words::status(first), what })
}

/// `most` characters of it, where they are enough to say what it is.
fn deviates(rule: &RuleResult, (place, item): (usize, &Item), of: &str, most: usize) -> Point {
    let deviation = words::times(item.deviation.as_deref().unwrap_or(""));
    let head = Text::link(summary::anchor(rule, place), rule.rule.id)
        .and(" ")
        .join(words::database(&item.database))
        .and(format!(", {of}{}: ", words::minute(item.at)));
    let room = most.saturating_sub(head.flat().chars().count()).max(LEAST);
    let what = head.join(Text::value(&short(&deviation, room)));
    Point { mark: Mark::new(Sign::Cross, Tone::Bad, if of.is_empty() { "exception" } else { "exceptions" }), what }
}

/// Parts without evidence that was promised; what nobody promised is no such part.
fn missing(rule: &RuleResult) -> Vec<Point> {
    let link = || Text::link(rules::anchor(rule), rule.rule.id);
    let is_missing = |gap: &&Gap| matches!(gap.kind, GapKind::NotCovered | GapKind::NoInput);
    let of_gap = |gap: &Gap| Point {
        mark: not_evidenced(),
        what: link()
            .and(" ")
            .join(words::database(&gap.database))
            .and(": ")
            .join(Text::value(&short(&words::times(&gap.what), SHORT))),
    };
    let gaps: Vec<Point> = rule.gaps.iter().filter(is_missing).map(of_gap).collect();
    if gaps.is_empty() && rule.lacks_evidence() {
        let reason = if rule.reason.is_empty() { Text::plain(rule.rule.title) } else { words::reason(rule) };
        return vec![Point { mark: not_evidenced(), what: link().and(": ").join(reason) }];
    }
    gaps
}

fn not_evidenced() -> Mark {
    Mark::new(Sign::Ring, Tone::Warn, "not evidenced")
}

/// The beginning of a sentence.
fn short(words: &str, most: usize) -> String {
    let cut: String = words.chars().take(most).collect();
    if cut.len() < words.len() { format!("{cut}…") } else { cut }
}
