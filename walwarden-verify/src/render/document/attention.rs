//! What to look at first, for the first page: failures, required checks not run, exceptions and missing evidence.

use walwarden_core::rules::{Gap, GapKind, Item, RuleResult, Status};

use super::{Attention, Mark, Point, Sign, Text, Tone, checks, rules, summary, words};
use crate::report::{CheckResult, Outcome, Report};

/// As many as the first page has room for.
const FIRST: usize = 12;
/// Longest sentence there, in characters: the whole one stands behind the link.
const SHORT: usize = 170;

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
    let many = with(Status::Exception).map(RuleResult::deviating).sum::<usize>() > FIRST;
    for rule in with(Status::Exception) {
        let deviating = rule.items.iter().enumerate().filter(|(_, item)| item.deviation.is_some());
        if many {
            points.extend(by_database(rule, deviating));
        } else {
            points.extend(deviating.map(|(place, item)| deviates(rule, place, item, "")));
        }
    }
    // An exception does not hide that evidence is missing for another part of the same rule.
    for rule in with(Status::Exception).chain(with(Status::NotEvidenced)) {
        points.extend(missing(rule));
    }
    points
}

fn failed(result: &CheckResult) -> Option<Point> {
    let Outcome::Fail(finding) = &result.outcome else { return None };
    let what = Text::link(format!("failed-{}", result.check.id), result.check.id).and(": ");
    Some(Point { mark: words::outcome(result), what: what.join(Text::value(&short(&finding.what))) })
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

/// One point for each database, so that many items of one kind do not hide the others.
fn by_database<'r>(rule: &RuleResult, deviating: impl Iterator<Item = (usize, &'r Item)>) -> Vec<Point> {
    let mut groups: Vec<(usize, &Item, usize)> = Vec::new();
    for (place, item) in deviating {
        match groups.iter_mut().find(|(_, first, _)| first.database == item.database) {
            Some((_, _, count)) => *count = count.saturating_add(1),
            None => groups.push((place, item, 1)),
        }
    }
    let point = |(place, first, count): (usize, &Item, usize)| {
        let all = if count == 1 { String::new() } else { format!("{count} items, the first ") };
        deviates(rule, place, first, &all)
    };
    groups.into_iter().map(point).collect()
}

fn deviates(rule: &RuleResult, place: usize, item: &Item, of: &str) -> Point {
    let deviation = words::times(item.deviation.as_deref().unwrap_or(""));
    let what = Text::link(summary::anchor(rule, place), rule.rule.id)
        .and(" ")
        .join(words::database(&item.database))
        .and(format!(", {of}{}: ", words::minute(item.at)))
        .join(Text::value(&short(&deviation)));
    Point { mark: Mark::new(Sign::Cross, Tone::Bad, if of.is_empty() { "exception" } else { "exceptions" }), what }
}

/// Parts without evidence that was promised; what nobody promised is no such part.
fn missing(rule: &RuleResult) -> Vec<Point> {
    let mark = || Mark::new(Sign::Ring, Tone::Warn, "not evidenced");
    let link = || Text::link(rules::anchor(rule), rule.rule.id);
    let is_missing = |gap: &&Gap| matches!(gap.kind, GapKind::NotCovered | GapKind::NoInput);
    let of_gap = |gap: &Gap| Point {
        mark: mark(),
        what: link()
            .and(" ")
            .join(words::database(&gap.database))
            .and(": ")
            .join(Text::value(&short(&words::times(&gap.what)))),
    };
    let gaps: Vec<Point> = rule.gaps.iter().filter(is_missing).map(of_gap).collect();
    if gaps.is_empty() && rule.lacks_evidence() {
        let reason = if rule.reason.is_empty() { Text::plain(rule.rule.title) } else { words::reason(rule) };
        return vec![Point { mark: mark(), what: link().and(": ").join(reason) }];
    }
    gaps
}

/// The beginning of a sentence.
fn short(words: &str) -> String {
    let cut: String = words.chars().take(SHORT).collect();
    if cut.len() < words.len() { format!("{cut}…") } else { cut }
}
