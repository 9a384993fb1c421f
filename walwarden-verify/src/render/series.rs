//! A [`Series`] in words and for machines (`spec:report-11`).

mod json;
mod pages;

use std::io::{self, Write};

use walwarden_core::{Period, rules::Status};

use super::{
    comparison::joined,
    document::{Block, Cell, Fact, Heading, Mark, Row, Table, Text, words},
    html,
    pdf::{self, Paper},
    text::{self, Lines},
};
use crate::{
    report::{RunBlock, recorded::ActionShown},
    series::{Member, Series},
};

/// How a series is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeriesFormat {
    /// For a terminal, 100 columns wide.
    Text {
        /// Whether to add colour, which never carries meaning alone.
        colour: bool,
    },
    /// One self-contained page for screen and print.
    Html,
    /// Pages of paper.
    Pdf(Paper),
    /// JSON, version `v1`.
    Json,
}

/// Writes a series. The same series and run give the same bytes.
///
/// # Errors
/// `out` is at fault; a renderer that cannot do its work reports that as [`io::ErrorKind::Other`].
pub fn series(series: &Series, run: &RunBlock, format: SeriesFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        SeriesFormat::Text { colour } => out.write_all(text::lines(&lines(series), colour).as_bytes()),
        SeriesFormat::Html => {
            let page = html::render(&pages::document(series, run)).map_err(io::Error::other)?;
            out.write_all(page.as_bytes())
        }
        SeriesFormat::Pdf(paper) => {
            out.write_all(&pdf::render(&pages::document(series, run), paper, &pages::identity(series, run))?)
        }
        SeriesFormat::Json => out.write_all(json::render(series).map_err(io::Error::other)?.as_bytes()),
    }
}

/// The title of every form of it.
const TITLE: &str = "Several periods of one record";

/// A chapter: its anchor, its title, and what stands there.
type Chapter = (&'static str, &'static str, Vec<Block>);

fn lines(series: &Series) -> Lines {
    let chapters = chapters(series).into_iter();
    let blocks = chapters.flat_map(|(_, title, blocks)| std::iter::once(Block::heading(title)).chain(blocks));
    Lines { title: TITLE.into(), mark: Some(words::verdict(series.verdict())), blocks: blocks.collect() }
}

fn chapters(series: &Series) -> Vec<Chapter> {
    let parts = series.members.iter().zip(1_usize..).flat_map(|(member, at)| part(member, at));
    vec![
        ("summary", "Bundles, the earliest period first", parts.collect()),
        ("evidence", "How far back the evidence reaches", vec![Block::plain(evidence(series))]),
        ("trends", "Rules, period by period", vec![trends(series).or("No rule was evaluated.")]),
        ("actions", "Actions open at the end", vec![actions(series).or("None is recorded as open.")]),
    ]
}

/// The span of evidence, in a sentence.
fn evidence(series: &Series) -> String {
    match series.evidence {
        Some(span) => format!("{}, without a gap, over bundles that stand: {} days.", words_of(span), days(span)),
        None => "Not established: the last bundle does not stand.".into(),
    }
}

fn words_of(span: Period) -> String {
    format!("{} to {} UTC, end not included", words::time(span.start), words::time(span.end))
}

/// Whole days.
const fn days(span: Period) -> i64 {
    span.end.seconds_since(span.start) / 86_400
}

fn part(member: &Member, at: usize) -> Vec<Block> {
    let report = &member.report;
    let counts = report.counts();
    let mut facts = vec![Fact::new("File", Text::record(&report.subject.name))];
    facts.extend(report.subject.bundle_digest.as_ref().map(|digest| Fact::new("Bundle digest", Text::digest(digest))));
    facts.push(Fact::new("Period", Text::plain(words_of(member.period))));
    let said = format!(
        "{}: {} failed, {} not run, {} accepted by the reader, {} exceptions, {} not evidenced",
        report.verdict().words(),
        counts.failed,
        counts.not_run,
        counts.accepted,
        counts.exceptions,
        counts.not_evidenced
    );
    facts.push(Fact::new("Verdict", Text::plain(said)));
    if let Some(joins) = member.joins {
        facts.push(Fact::new("Joins", Text::plain(joined(joins))));
    }
    if let Some(why) = &member.not_joined {
        facts.push(Fact::new("Continues", Text::plain("not established: ").join(Text::value(why))));
    }
    let heading = Heading { anchor: format!("bundle-{at}"), text: Text::plain(format!("Bundle {at}")) };
    vec![Block::Heading(heading), Block::Facts(facts)]
}

fn trends(series: &Series) -> Table {
    let rows = series.trends.iter().map(|trend| {
        let periods = trend.periods.iter().zip(1_usize..).map(|((status, deviating, population), at)| {
            let figures = match status {
                Status::Exception => format!(" {deviating}/{population}"),
                Status::Supported => format!(" {population}/{population}"),
                _ => String::new(),
            };
            Text::plain(format!("{at}: {}{figures}", status.print().1))
        });
        let last = trend.periods.last().map_or(Status::NotApplicable, |(status, ..)| *status);
        let (sign, tone) = words::sign_of(last);
        Row::new(vec![
            Text::code(trend.rule).into(),
            Text::plain(trend.title).into(),
            Cell::Lines(periods.collect()),
            Mark::new(sign, tone, last.print().1).into(),
        ])
    });
    Table {
        caption: "Every rule, with its status in each period",
        columns: vec![
            words::fit("Rule"),
            words::fill("Title", 1),
            words::fit("Period by period"),
            words::fit("At the end"),
        ],
        rows: rows.collect(),
    }
}

/// Whether an action was open before the last period began.
const fn carried(action: &ActionShown) -> &'static str {
    if action.opened_before_period { "carried over into the last period" } else { "opened in the last period" }
}

fn actions(series: &Series) -> Table {
    let rows = series.open_actions.iter().map(|action| {
        let due = action.due.map_or_else(|| "no date".to_owned(), words::time);
        Row::new(vec![
            Text::plain(words::time(action.opened_at)).into(),
            Text::record(&action.kind).into(),
            Text::record(&action.owner).into(),
            Text::plain(due).into(),
            Cell::Lines(vec![Text::value(&action.text), Text::code(&action.id), Text::plain(carried(action))]),
        ])
    });
    Table {
        caption: "Every action that is not closed, with when it was opened",
        columns: vec![
            words::fit("Opened (UTC)"),
            words::fit("Kind"),
            words::fit("Owner"),
            words::fit("Due (UTC)"),
            words::fill("What, entry", 1),
        ],
        rows: rows.collect(),
    }
}
