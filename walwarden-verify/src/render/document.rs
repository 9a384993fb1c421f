//! The report as a document: headings, facts, tables and marks, with every sentence written once (`spec:report-1`).
//!
//! Text, HTML and PDF lay out what stands here and decide nothing. Every string of the record enters through
//! [`Text::record`] or [`Text::code`], which make it safe to look at ([`super::escape`]).

mod actions;
mod alerts;
mod appendix;
mod artifacts;
mod attention;
mod backups;
mod chapters;
mod checks;
mod copies;
mod cover;
mod criteria;
mod due;
mod evidence;
mod exposure;
mod family;
mod history;
mod integrity;
mod ipe;
mod keys;
mod meaning;
mod others;
mod perform;
mod policy;
mod questions;
mod restores;
mod retention;
mod rules;
mod scope;
mod signoff;
mod summary;
mod tally;
mod time;
pub(super) mod words;

use std::iter;

use serde::Serialize;
use walwarden_core::Digest;

use super::{
    chart::Figure,
    escape::{NAME, SENTENCE, visible},
};
use crate::report::{Report, RunBlock};
pub(super) use artifacts::compared;
pub(super) use checks::finding;
pub(super) use cover::verdict_line;
pub(super) use perform::program;
pub(crate) use words::{DISCLAIMER, SUBTITLE, TITLE, not_after, not_run};

/// Everything that is printed, in order.
#[derive(Debug, Serialize)]
pub(crate) struct Document {
    /// Also the title of the file.
    pub(crate) title: &'static str,
    /// The organisation's name, or that it is not known.
    pub(crate) organisation: String,
    /// Stands on every page: organisation and period.
    pub(crate) running: String,
    /// Stands on every page: the short digest of the bundle.
    pub(crate) digest: String,
    /// Stands on every page.
    pub(crate) disclaimer: &'static str,
    /// The first page.
    pub(crate) cover: Cover,
    /// The rest.
    pub(crate) sections: Vec<Section>,
}

/// The first page, or the first lines.
#[derive(Debug, Serialize)]
pub(crate) struct Cover {
    /// Under the title; fixed.
    pub(crate) subtitle: &'static str,
    /// The organisation's name, or that it is not known.
    pub(crate) organisation: Text,
    /// The verdict.
    pub(crate) panel: Panel,
    /// What to look at first.
    pub(crate) attention: Attention,
    /// Plain counts.
    pub(crate) tallies: Vec<Tally>,
    /// What it is about.
    pub(crate) facts: Vec<Fact>,
    /// Heading of the limits.
    pub(crate) limits_title: &'static str,
    /// The limits.
    pub(crate) limits: Vec<Text>,
}

/// The verdict, with what led to it.
#[derive(Debug, Serialize)]
pub(crate) struct Panel {
    /// Sign, words and colour.
    pub(crate) mark: Mark,
    /// What the verdict means.
    pub(crate) sentence: String,
    /// How many of each kind.
    pub(crate) counts: Vec<Count>,
}

/// Failures, exceptions and missing evidence, before anything else.
#[derive(Debug, Serialize)]
pub(crate) struct Attention {
    /// Its heading.
    pub(crate) title: &'static str,
    /// Stands where there is no point.
    pub(crate) none: &'static str,
    /// The first points; an output that has less room may end earlier.
    pub(crate) points: Vec<Point>,
    /// How many points there are in all.
    pub(crate) all: usize,
    /// Anchor of the place where all of them stand.
    pub(crate) more: &'static str,
}

/// One thing to look at.
#[derive(Debug, Serialize)]
pub(crate) struct Point {
    /// Its status.
    pub(crate) mark: Mark,
    /// What it is, with a link to where it stands in full.
    pub(crate) what: Text,
}

/// Counts of one kind of thing.
#[derive(Debug, Serialize)]
pub(crate) struct Tally {
    /// Of what.
    pub(crate) label: &'static str,
    /// How many.
    pub(crate) counts: Vec<Count>,
}

/// A number and what it counts.
#[derive(Debug, Serialize)]
pub(crate) struct Count {
    /// The number.
    pub(crate) number: String,
    /// What it counts.
    pub(crate) label: &'static str,
    /// Colour.
    pub(crate) tone: Tone,
}

/// A chapter.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// For links.
    pub(crate) anchor: String,
    /// Its number, or the letter of an appendix.
    pub(crate) number: String,
    /// Its heading.
    pub(crate) title: &'static str,
    /// Its content.
    pub(crate) blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", content = "of", rename_all = "lowercase")]
pub(crate) enum Block {
    /// A heading below that of the section.
    Heading(Heading),
    /// A paragraph.
    Paragraph(Text),
    /// Points.
    List(Vec<Text>),
    /// Labels and values.
    Facts(Vec<Fact>),
    /// A table with at least one row.
    Table(Table),
    /// One thing in full.
    Card(Card),
    /// A drawing; what it shows stands in a table below it as well.
    Figure(Figure),
    /// Lines to type.
    Commands(Vec<String>),
}

/// A heading below that of a section.
#[derive(Debug, Serialize)]
pub(crate) struct Heading {
    /// For links; may be empty.
    pub(crate) anchor: String,
    /// The words.
    pub(crate) text: Text,
}

/// One thing in full: a finding, a rule, a restore test.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    /// For links.
    pub(crate) anchor: String,
    /// Its status.
    pub(crate) mark: Mark,
    /// What it is.
    pub(crate) title: Text,
    /// What is said of it; may be empty.
    pub(crate) lead: Text,
    /// Labels and values.
    pub(crate) facts: Vec<Fact>,
    /// Its parts.
    pub(crate) table: Option<Table>,
}

/// A label and its values, one a line.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    /// The label.
    pub(crate) label: &'static str,
    /// The values.
    pub(crate) values: Vec<Text>,
}

/// A table.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    /// What it shows, for those who cannot see it.
    pub(crate) caption: &'static str,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// A column.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Column {
    /// Its head.
    pub(crate) title: &'static str,
    /// How wide it is.
    pub(crate) width: Width,
}

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Width {
    /// As wide as its content.
    Fit,
    /// As wide as its content, set to the right.
    Number,
    /// A share of what is left.
    Fill(u8),
}

/// A row.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// For links; may be empty.
    pub(crate) anchor: String,
    /// One for each column.
    pub(crate) cells: Vec<Cell>,
}

/// A cell.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", content = "of", rename_all = "lowercase")]
pub(crate) enum Cell {
    /// Lines of words.
    Lines(Vec<Text>),
    /// A status.
    Mark(Mark),
}

/// A status: always sign, words and colour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Mark {
    /// The sign.
    pub(crate) sign: Sign,
    /// The words.
    pub(crate) words: String,
    /// The colour.
    pub(crate) tone: Tone,
}

/// The colour of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Not as it should be.
    Bad,
    /// Neither.
    Quiet,
}

/// The sign of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum Sign {
    /// Filled circle.
    Disc,
    /// Circle, half of it filled.
    Half,
    /// Cross.
    Cross,
    /// Empty circle.
    Ring,
    /// Dash.
    Dash,
    /// Filled square.
    Square,
    /// Empty set.
    Empty,
    /// Triangle.
    Triangle,
    /// Empty diamond.
    Diamond,
    /// Outside: `n/a`.
    Outside,
}

impl Sign {
    /// The sign as a character.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Disc => "●",
            Self::Half => "◐",
            Self::Cross => "✕",
            Self::Ring => "○",
            Self::Dash => "–",
            Self::Square => "■",
            Self::Empty => "∅",
            Self::Triangle => "▲",
            Self::Diamond => "◇",
            Self::Outside => "n/a",
        }
    }
}

impl From<Sign> for &'static str {
    fn from(sign: Sign) -> Self {
        sign.text()
    }
}

/// A line of words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Text(pub(crate) Vec<Span>);

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "of", rename_all = "lowercase")]
pub(crate) enum Span {
    /// The program's own words.
    Plain(String),
    /// Words of the record: set apart from the writing direction around them.
    Record(String),
    /// Ids, paths and numbers to compare, in one width.
    Code(String),
    /// 64 hex digits, shown in groups of eight.
    Digest(String),
    /// A link to an anchor of this document.
    Link {
        /// The anchor.
        to: String,
        /// The words.
        text: String,
    },
}

impl Text {
    /// Words of the program.
    pub(crate) fn plain(words: impl AsRef<str>) -> Self {
        Self::default().and(words)
    }

    /// Words of the record.
    pub(crate) fn record(words: &str) -> Self {
        Self::default().and_record(words)
    }

    /// An id, a path or a number to compare.
    pub(crate) fn code(words: impl AsRef<str>) -> Self {
        Self(vec![Span::Code(visible(words.as_ref(), NAME))])
    }

    /// A digest.
    pub(crate) fn digest(digest: &Digest) -> Self {
        Self(vec![Span::Digest(digest.to_string())])
    }

    /// A link.
    pub(crate) fn link(to: String, text: &str) -> Self {
        Self(vec![Span::Link { to, text: visible(text, NAME) }])
    }

    /// Words of a check or of the record, in which digests are shown as such.
    pub(crate) fn value(words: &str) -> Self {
        let words = visible(words, SENTENCE);
        let mut spans: Vec<Span> = Vec::new();
        for word in words.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let end = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len();
            let (bare, rest) = word.split_at(end);
            let (digest, text) = if bare.parse::<Digest>().is_ok() { (Some(bare), rest) } else { (None, word) };
            spans.extend(digest.map(|digest| Span::Digest(digest.to_owned())));
            match spans.last_mut() {
                _ if text.is_empty() => {}
                Some(Span::Record(line)) => line.push_str(text),
                _ => spans.push(Span::Record(text.to_owned())),
            }
        }
        Self(spans)
    }

    /// Appends words of the program.
    pub(crate) fn and(mut self, words: impl AsRef<str>) -> Self {
        self.0.push(Span::Plain(visible(words.as_ref(), SENTENCE)));
        self
    }

    /// Appends words of the record.
    pub(crate) fn and_record(mut self, words: &str) -> Self {
        self.0.push(Span::Record(visible(words, NAME)));
        self
    }

    /// Appends another line.
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The words in one string.
    pub(crate) fn flat(&self) -> String {
        self.0.iter().map(Span::text).collect()
    }

    /// Whether there is nothing to print.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|span| span.text().is_empty())
    }
}

impl Span {
    /// The words without their kind.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Plain(text)
            | Self::Record(text)
            | Self::Code(text)
            | Self::Digest(text)
            | Self::Link { text, .. } => text,
        }
    }
}

impl Section {
    /// A section without a number.
    pub(crate) fn new(anchor: &str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { anchor: anchor.into(), number: String::new(), title, blocks }
    }

    /// Number and title.
    pub(crate) fn heading(&self) -> String {
        if self.number.is_empty() { self.title.to_owned() } else { format!("{} {}", self.number, self.title) }
    }
}

impl Fact {
    /// A label with one value.
    pub(crate) fn new(label: &'static str, value: Text) -> Self {
        Self { label, values: vec![value] }
    }
}

impl Mark {
    /// A status.
    pub(crate) fn new(sign: Sign, tone: Tone, words: impl AsRef<str>) -> Self {
        Self { sign, words: visible(words.as_ref(), NAME), tone }
    }
}

impl Block {
    /// A heading without an anchor.
    pub(crate) fn heading(words: &str) -> Self {
        Self::Heading(Heading { anchor: String::new(), text: Text::plain(words) })
    }

    /// A paragraph of the program's own words.
    pub(crate) fn plain(words: impl AsRef<str>) -> Self {
        Self::Paragraph(Text::plain(words))
    }
}

impl Section {
    /// Cuts long tables: what is printed is for people, and must not grow with what somebody promised.
    fn shortened(mut self) -> Self {
        let blocks = self.blocks.into_iter().flat_map(|mut block| {
            let left = match &mut block {
                Block::Table(table) => table.shorten(),
                Block::Card(card) => card.table.as_mut().map_or(0, Table::shorten),
                _ => 0,
            };
            let more = (left > 0).then(|| {
                Block::plain(format!(
                    "{}: all of them are in the workpapers (--workpapers).",
                    words::count(left, "more row is not printed here", "more rows are not printed here")
                ))
            });
            iter::once(block).chain(more)
        });
        self.blocks = blocks.collect();
        self
    }
}

impl Table {
    /// Rows beyond this stand in workpapers alone.
    const MOST: usize = 2000;

    /// Drops what is too much; how many rows that were.
    fn shorten(&mut self) -> usize {
        let left = self.rows.len().saturating_sub(Self::MOST);
        self.rows.truncate(Self::MOST);
        left
    }

    /// A table, or the sentence that stands for an empty one.
    pub(crate) fn or(self, sentence: &str) -> Block {
        if self.rows.is_empty() { Block::plain(sentence) } else { Block::Table(self) }
    }
}

impl Row {
    /// A row without an anchor.
    pub(crate) const fn new(cells: Vec<Cell>) -> Self {
        Self { anchor: String::new(), cells }
    }
}

impl From<Text> for Cell {
    fn from(text: Text) -> Self {
        Self::Lines(vec![text])
    }
}

impl From<Mark> for Cell {
    fn from(mark: Mark) -> Self {
        Self::Mark(mark)
    }
}

impl Document {
    /// The whole report.
    pub(crate) fn full(report: &Report, run: &RunBlock) -> Self {
        let chapters = vec![
            meaning::section(),
            summary::section(report, false),
            scope::section(report),
            policy::section(report),
            integrity::section(report),
            backups::section(report),
            copies::section(report),
            restores::section(report),
            retention::section(report),
            chapters::access(report),
            chapters::encryption(report),
            chapters::changes(report),
            chapters::logging(report),
            alerts::section(report),
            evidence::section(report),
            actions::section(report),
            criteria::section(report),
            questions::section(),
            signoff::section(report),
            perform::section(report),
        ];
        let appendices = vec![
            ipe::section(report),
            others::section(report),
            keys::section(report),
            perform::digests(report),
            appendix::files(report),
            rules::section(report),
            appendix::tickmarks(),
            appendix::limits(report),
            perform::run(report, run),
        ];
        let numbers = (1..=u8::MAX).map(|number| number.to_string());
        let letters = ('A'..='Z').map(String::from);
        let numbered = |(section, number)| Section { number, ..section };
        let sections = chapters.into_iter().zip(numbers).chain(appendices.into_iter().zip(letters)).map(numbered);
        Self::with(report, sections.collect())
    }

    /// What a person wants to see first, in a terminal.
    pub(crate) fn brief(report: &Report, run: &RunBlock) -> Self {
        let mut sections = vec![summary::section(report, true), checks::list(report), rules::list(report)];
        if report.facts.artifacts.is_some() {
            sections.push(artifacts::section(report));
        }
        sections.extend([perform::head(report), perform::run(report, run)]);
        Self::with(report, sections)
    }

    fn with(report: &Report, sections: Vec<Section>) -> Self {
        Self {
            title: TITLE,
            organisation: cover::organisation(report).flat(),
            running: cover::running(report),
            digest: cover::short(report),
            disclaimer: DISCLAIMER,
            cover: cover::cover(report),
            sections: sections.into_iter().map(Section::shortened).collect(),
        }
    }
}
