//! Samples that the organisation could not steer (`spec:workpapers-7`): drawn from the bytes of a population by a number
//! that the auditor chose after the bundle came.

mod sheet;

use std::{fmt, str::FromStr};

use walwarden_core::{Digest, rules::RULES};

use crate::{
    report::Report,
    workpapers::{self, Paper},
};

/// The auditor's number: 16 to 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

/// The text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference is 16 to 64 digits of 0-9 and a-f")]
pub struct NotAReference;

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex && (16..=64).contains(&text.len()) { Ok(Self(text.into())) } else { Err(NotAReference) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How the items are picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The least digests of all.
    Simple,
    /// One of each of as many runs of time.
    Stratified,
}

impl Method {
    /// One word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Stratified => "stratified",
        }
    }
}

/// How often something happens, for sizes by common practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Once a year.
    Yearly,
    /// Once a quarter.
    Quarterly,
    /// Once a month.
    Monthly,
    /// Once a week.
    Weekly,
    /// Once a day.
    Daily,
    /// More often.
    ManyADay,
    /// When something sets it going.
    AdHoc,
}

impl Frequency {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Yearly, Self::Quarterly, Self::Monthly, Self::Weekly, Self::Daily, Self::ManyADay, Self::AdHoc];

    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yearly => "yearly",
            Self::Quarterly => "quarterly",
            Self::Monthly => "monthly",
            Self::Weekly => "weekly",
            Self::Daily => "daily",
            Self::ManyADay => "many-a-day",
            Self::AdHoc => "ad-hoc",
        }
    }

    /// What common practice takes of so many.
    const fn size(self, population: usize) -> usize {
        match self {
            Self::Yearly => 1,
            Self::Quarterly | Self::Monthly => 2,
            Self::Weekly => 5,
            Self::Daily => 25,
            Self::ManyADay => 40,
            Self::AdHoc => match population {
                251.. => 25,
                51..=250 => 15,
                11..=50 => 8,
                _ => population,
            },
        }
    }
}

/// A share strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

/// The number is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a share lies between 0 and 1, like 0.95")]
pub struct NotAShare;

impl FromStr for Share {
    type Err = NotAShare;

    fn from_str(text: &str) -> Result<Self, NotAShare> {
        let share: f64 = text.parse().map_err(|_| NotAShare)?;
        if share > 0.0 && share < 1.0 { Ok(Self(share)) } else { Err(NotAShare) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many items, and who says so: the auditor (`spec:workpapers-10`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// A number.
    Items(usize),
    /// By common practice for what happens so often.
    Frequency(Frequency),
    /// So that a rate above `tolerable` would be seen with this confidence.
    Confidence {
        /// How sure.
        confidence: Share,
        /// Which share of deviating items is still accepted.
        tolerable: Share,
    },
}

impl Size {
    /// The number of items out of `population`, never more.
    #[must_use]
    pub fn of(self, population: usize) -> usize {
        let wanted = match self {
            Self::Items(items) => items,
            Self::Frequency(frequency) => frequency.size(population),
            Self::Confidence { confidence, tolerable } => least(population, confidence.0, tolerable.0),
        };
        wanted.min(population)
    }
}

/// The least size of which the chance to miss every deviation is small enough.
fn least(population: usize, confidence: f64, tolerable: f64) -> usize {
    let deviating = (population as f64 * tolerable).floor().max(1.0) as usize;
    let (mut missed, limit) = (1.0_f64, (1.0 - confidence) * (1.0 + 1e-9));
    for size in 0..population {
        if missed <= limit {
            return size;
        }
        let good = population.saturating_sub(deviating).saturating_sub(size);
        missed *= good as f64 / population.saturating_sub(size) as f64;
    }
    population
}

/// What the auditor asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Id of the rule.
    pub rule: String,
    /// The auditor's number.
    pub reference: Reference,
    /// How many.
    pub size: Size,
    /// How.
    pub method: Method,
}

/// Why no sample can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// No rule has this id.
    #[error("there is no rule {0}")]
    NoRule(String),
    /// The population is empty.
    #[error("{rule} has no items here: {status}")]
    Empty {
        /// The rule.
        rule: String,
        /// Its status, in words.
        status: &'static str,
    },
}

/// A sample, with all that it takes to draw it again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sample {
    /// What was asked for.
    pub request: Request,
    /// Identity of the bundle.
    pub bundle_digest: Option<Digest>,
    /// Last part of the bundle's path.
    pub bundle: String,
    /// Verdict on the bundle, in words.
    pub verdict: &'static str,
    /// The population: its bytes, as in the workpapers.
    pub population: Paper,
    /// How many items it has.
    pub items: usize,
    /// What the digests of the items begin with.
    pub seed: String,
    /// The items drawn, in order of the draw: their ids and their lines.
    pub drawn: Vec<Drawn>,
}

/// An item of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its id, as the field holds it.
    pub item_id: String,
    /// When, as the field holds it.
    pub occurred_at: String,
    /// Its line of the population, without the end.
    pub line: String,
}

/// Ids of the rules that have a population.
#[must_use]
pub fn rules() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.id).collect()
}

/// Draws a sample of a rule's population.
///
/// # Errors
/// [`SampleError`]: there is nothing to draw from.
pub fn sample(report: &Report, request: Request) -> Result<Sample, SampleError> {
    let result = report.rules.iter().find(|result| result.rule.id == request.rule);
    let population = result.and_then(|_| workpapers::population(report, &request.rule));
    let (Some(result), Some(population)) = (result, population) else {
        return Err(SampleError::NoRule(request.rule));
    };
    let rows = rows(&population.bytes);
    if rows.is_empty() {
        return Err(SampleError::Empty { rule: request.rule, status: result.status.print().1 });
    }
    let seed = seed(&population.bytes, &request.reference, &request.rule);
    let (items, size) = (rows.len(), request.size.of(rows.len()));
    let drawn = match request.method {
        Method::Simple => simple(rows, &seed, size),
        Method::Stratified => stratified(rows, &seed, size),
    };
    Ok(Sample {
        bundle_digest: report.subject.bundle_digest,
        bundle: report.subject.name.clone(),
        verdict: report.verdict().words(),
        request,
        population,
        items,
        seed,
        drawn,
    })
}

/// `spec:workpapers-8`
#[must_use]
pub fn seed(population: &[u8], reference: &Reference, rule: &str) -> String {
    let population = Digest::of(population);
    Digest::of(format!("walwarden-sample-v1|{reference}|{rule}|{population}").as_bytes()).to_string()
}

/// Draws from the bytes of a population alone: what [`sample`] does, for populations that are already files.
#[must_use]
pub fn draw(population: &[u8], seed: &str, method: Method, size: usize) -> Vec<Drawn> {
    let rows = rows(population);
    let size = size.min(rows.len());
    match method {
        Method::Simple => simple(rows, seed, size),
        Method::Stratified => stratified(rows, seed, size),
    }
}

fn simple(rows: Vec<Drawn>, seed: &str, size: usize) -> Vec<Drawn> {
    let key = |row: &Drawn| Digest::of(format!("{seed}|{}", row.item_id).as_bytes());
    let mut keyed: Vec<(Digest, Drawn)> = rows.into_iter().map(|row| (key(&row), row)).collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().take(size).map(|(_, row)| row).collect()
}

fn stratified(mut rows: Vec<Drawn>, seed: &str, size: usize) -> Vec<Drawn> {
    rows.sort_by(|one, other| (&one.occurred_at, &one.item_id).cmp(&(&other.occurred_at, &other.item_id)));
    let (Some(length), Some(longer)) = (rows.len().checked_div(size), rows.len().checked_rem(size)) else {
        return Vec::new();
    };
    let mut rest = rows.as_slice();
    let mut drawn = Vec::with_capacity(size);
    for run in 0..size {
        let length = length.saturating_add(usize::from(run < longer));
        let (here, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        let digest = Digest::of(format!("{seed}|{run}").as_bytes());
        let first = digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let place = u64::try_from(here.len()).ok().and_then(|length| first.checked_rem(length));
        drawn.extend(place.and_then(|place| here.get(usize::try_from(place).ok()?)).cloned());
        rest = after;
    }
    drawn
}

/// The rows of a population that this program wrote: its fields hold no line break.
fn rows(population: &[u8]) -> Vec<Drawn> {
    let text = std::str::from_utf8(population).unwrap_or_default();
    let row = |line: &str| {
        let (item_id, rest) = field(line)?;
        let (occurred_at, _) = field(rest)?;
        Some(Drawn { item_id, occurred_at, line: line.to_owned() })
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// The first field of a line, and what follows its comma.
fn field(line: &str) -> Option<(String, &str)> {
    let Some(mut rest) = line.strip_prefix('"') else {
        let (field, rest) = line.split_once(',').unwrap_or((line, ""));
        return Some((field.to_owned(), rest));
    };
    let mut field = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(_) => field.push('"'),
            None => return Some((field, after.strip_prefix(',').unwrap_or(after))),
        }
        rest = after.strip_prefix('"')?;
    }
}
