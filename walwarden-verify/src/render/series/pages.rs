//! A series as a document, so that its pages are of the same hand as those of one report.

use walwarden_core::Digest;

use super::{TITLE, chapters, days, evidence, words_of};
use crate::{
    compare::Periods,
    render::{
        comparison::joined,
        document::{
            Attention, Count, Cover, DISCLAIMER, Document, Fact, Mark, Panel, Point, SUBTITLE, Section, Sign, Tally,
            Text, Tone, program, words,
        },
        escape::visible_name,
        pdf,
    },
    report::{RunBlock, Verdict},
    series::{Member, Series},
};

/// What is about the file, beside its pages.
pub(super) fn identity(series: &Series, run: &RunBlock) -> pdf::Identity {
    let digests = series.members.iter().filter_map(|member| member.report.subject.bundle_digest);
    let all: Vec<u8> = digests.flat_map(|digest| digest.0).collect();
    pdf::Identity::new(Digest::of(&all), series.as_of, run)
}

/// Everything that is printed, in order.
pub(super) fn document(series: &Series, run: &RunBlock) -> Document {
    let chapters = chapters(series).into_iter().chain([("run", "This run", vec![super::Block::Facts(program(run))])]);
    let sections = chapters.zip(1_usize..).map(|((anchor, title, blocks), number)| Section {
        number: number.to_string(),
        ..Section::new(anchor, title, blocks)
    });
    let organisation = organisation(series);
    Document {
        title: TITLE,
        running: running(series, &organisation),
        digest: words::count(series.members.len(), "bundle", "bundles"),
        disclaimer: DISCLAIMER,
        cover: cover(series, &organisation),
        sections: sections.collect(),
        organisation: visible_name(&organisation),
    }
}

/// As the last bundle that says so says it.
fn organisation(series: &Series) -> String {
    let claims = series.members.iter().rev().find_map(|member| member.report.claims.as_ref());
    claims.map_or_else(|| "Organisation not established".to_owned(), |claims| claims.organisation.clone())
}

fn running(series: &Series, organisation: &str) -> String {
    let (first, last) = (series.members.first(), series.members.last());
    let ends = first.zip(last).map(|(first, last)| (first.period.start, last.period.end));
    ends.map_or_else(String::new, |(start, end)| {
        format!("{} · {} to {} UTC", visible_name(organisation), words::minute(start), words::minute(end))
    })
}

fn cover(series: &Series, organisation: &str) -> Cover {
    let points = points(series);
    Cover {
        subtitle: SUBTITLE,
        organisation: Text::record(organisation),
        panel: Panel {
            mark: words::verdict(series.verdict()),
            sentence: "The worst verdict of all bundles. Each was judged by itself, and each but the first as the continuation of the one before it.".into(),
            counts: Vec::new(),
        },
        attention: Attention {
            title: "To look at first",
            none: "Nothing: every bundle is verified, the periods join, and no action is open at the end.",
            all: points.len(),
            points,
            more: "summary",
        },
        tallies: vec![verdicts(series)],
        facts: facts(series),
        limits_title: "Limits",
        limits: words::LIMITS.iter().map(Text::plain).collect(),
    }
}

/// Bundles that show something, periods that do not tile, actions that nobody closed.
fn points(series: &Series) -> Vec<Point> {
    let mut points = Vec::new();
    for (member, at) in series.members.iter().zip(1_usize..) {
        let link = || Text::link(format!("bundle-{at}"), &format!("Bundle {at}"));
        let counts = member.report.counts();
        let verdict = member.report.verdict();
        if verdict != Verdict::Verified {
            let what = format!(
                " {} failed, {} not run, {} exceptions, {} not evidenced",
                counts.failed, counts.not_run, counts.exceptions, counts.not_evidenced
            );
            points.push(Point { mark: words::verdict(verdict), what: link().and(what) });
        }
        if let Some(joins @ (Periods::Gap(_) | Periods::Overlap(_) | Periods::Same)) = member.joins {
            let mark = Mark::new(Sign::Cross, Tone::Bad, "does not tile");
            points.push(Point { mark, what: link().and(" ").and(joined(joins)) });
        }
        if let Some(why) = &member.not_joined {
            let mark = Mark::new(Sign::Dash, Tone::Warn, "not joined");
            points.push(Point { mark, what: link().and(": ").join(Text::value(why)) });
        }
    }
    let open = series.open_actions.len();
    if open > 0 {
        let carried = series.open_actions.iter().filter(|action| action.opened_before_period).count();
        let what = Text::link("actions".into(), &words::count(open, "action", "actions"))
            .and(format!(" open at the end, {carried} of them from before the last period"));
        points.push(Point { mark: Mark::new(Sign::Ring, Tone::Warn, "open"), what });
    }
    points
}

/// How many bundles came to which verdict.
fn verdicts(series: &Series) -> Tally {
    let count = |verdict: Verdict, label, tone| {
        let is = |member: &&Member| member.report.verdict() == verdict;
        let number = series.members.iter().filter(is).count();
        Count { number: number.to_string(), label, tone: if number == 0 { Tone::Quiet } else { tone } }
    };
    Tally {
        label: "Bundles",
        counts: vec![
            count(Verdict::Rejected, "rejected", Tone::Bad),
            count(Verdict::NotEstablished, "not established", Tone::Warn),
            count(Verdict::Exceptions, "verified, with exceptions", Tone::Warn),
            count(Verdict::Verified, "verified", Tone::Good),
        ],
    }
}

fn facts(series: &Series) -> Vec<Fact> {
    let claims = series.members.iter().rev().find_map(|member| member.report.claims.as_ref());
    let mut facts: Vec<Fact> =
        claims.iter().map(|claims| Fact::new("Origin", Text::code(claims.origin.to_string()))).collect();
    let periods = series.members.iter().map(|member| {
        Text::plain(format!("{}, {} days, ", words_of(member.period), days(member.period)))
            .and(words::verdict(member.report.verdict()).words)
    });
    facts.push(Fact { label: "Periods", values: periods.collect() });
    facts.push(Fact::new("Evidence", Text::plain(evidence(series))));
    let joins = series.members.iter().filter_map(|member| Some(Text::plain(joined(member.joins?))));
    facts.push(Fact { label: "They tile", values: joins.collect() });
    facts.push(Fact::new("Judged as of", Text::plain(format!("{} UTC", words::time(series.as_of)))));
    facts
}
