//! Several periods of one record: each bundle judged by itself and as the continuation of the one before
//! (`spec:report-11`).

use std::collections::BTreeMap;

use walwarden_core::{
    Origin, Period, Time,
    dsse::Envelope,
    rules::{RULES, RuleResult, Status},
    statement::{Bundle, Statement},
};

use crate::{
    VerifyInput,
    compare::{Periods, periods},
    report::{Report, Verdict, recorded::ActionShown},
    source::Source,
    trust::{Previous, Trust},
    verify,
};

/// Several bundles of one record, in order of their periods.
#[derive(Debug)]
#[non_exhaustive]
pub struct Series {
    /// The instant given as now.
    pub as_of: Time,
    /// The bundles, the earliest first.
    pub members: Vec<Member>,
    /// From the start of the first period to the end of the last without a gap, over bundles that stand: how far back
    /// the evidence reaches. `None` where the last one does not stand.
    pub evidence: Option<Period>,
    /// Each rule over the periods.
    pub trends: Vec<Trend>,
    /// Actions that the last bundle shows as not closed.
    pub open_actions: Vec<ActionShown>,
}

/// One bundle of a series.
#[derive(Debug)]
#[non_exhaustive]
pub struct Member {
    /// What came of it.
    pub report: Report,
    /// Its period, as it says.
    pub period: Period,
    /// How its period lies to the one before; `None` of the first.
    pub joins: Option<Periods>,
    /// Why it could not be judged as a continuation of the one before; `None` where it was, and of the first.
    pub not_joined: Option<String>,
}

/// A rule over the periods of a series.
#[derive(Debug)]
#[non_exhaustive]
pub struct Trend {
    /// Id of the rule.
    pub rule: &'static str,
    /// Its title.
    pub title: &'static str,
    /// For each bundle: the status, how many items deviate, of how many.
    pub periods: Vec<(Status, usize, usize)>,
}

/// Why bundles are no series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// One alone.
    #[error("a series has at least two bundles")]
    TooFew,
    /// It does not say of what it is.
    #[error("{0} does not say of which record and period it is")]
    Unread(String),
    /// Of another record.
    #[error("{0} is of another record than {1}")]
    Origin(String, String),
    /// Not after the one before it.
    #[error("the period of {0} does not begin after that of {1}")]
    Order(String, String),
}

/// What a bundle says of itself, not believed yet.
struct Claim {
    origin: Origin,
    period: Period,
    size: u64,
}

impl Claim {
    fn of(source: &Source) -> Option<Self> {
        let envelope = Envelope::parse(source.file(walwarden_core::bundle::STATEMENT)?).ok()?;
        let bundle = Statement::<Bundle>::parse_payload(&envelope.payload.0).ok()?.predicate;
        Some(Self { origin: bundle.origin, period: bundle.period, size: bundle.end.size })
    }
}

/// Judges bundles of one record, given in order of their periods.
///
/// Heads that the reader holds are asked of every bundle that reaches them, and of the last one in any case: an earlier
/// one is only a part of it. Where every head held is later than the first bundle, no head is asked of that one; each
/// later one has to continue it.
///
/// # Errors
/// [`SeriesError`]: these bundles are no series, and nothing was judged.
pub fn series(sources: &[Source], trust: &Trust, as_of: Time) -> Result<Series, SeriesError> {
    let claims = claims(sources)?;
    let mut members: Vec<Member> = Vec::new();
    let mut evidence: Option<Period> = None;
    let mut before: Option<&Source> = None;
    for (place, (source, claim)) in sources.iter().zip(&claims).enumerate() {
        let mut own = asked_of(claim, trust, place.saturating_add(1) == sources.len());
        let not_joined = before.and_then(|before| continued(before, &mut own, as_of).err());
        let joins = members.last().map(|member| periods(member.period, claim.period));
        evidence = match (evidence, joins, &not_joined) {
            (Some(span), Some(Periods::Join | Periods::Overlap(_)), None) => {
                Some(Period { start: span.start, end: claim.period.end })
            }
            _ => Some(claim.period),
        };
        // One bundle alone says nothing of how long evidence is kept.
        own.evidence = evidence.filter(|span| *span != claim.period);
        let report = verify(&VerifyInput { source, trust: &own, as_of });
        evidence = evidence.filter(|_| stands(&report));
        members.push(Member { report, period: claim.period, joins, not_joined });
        before = Some(source);
    }
    let last = members.last().map(|member| &member.report.facts.recorded.actions);
    let open_actions = last.into_iter().flatten().filter(|action| action.is_open()).cloned().collect();
    Ok(Series { as_of, trends: trends(&members), members, evidence, open_actions })
}

impl Series {
    /// The worst verdict of all.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.members.iter().map(|member| member.report.verdict()).max().unwrap_or(Verdict::NotEstablished)
    }
}

/// Authentic, whatever its rules say.
fn stands(report: &Report) -> bool {
    matches!(report.verdict(), Verdict::Verified | Verdict::Exceptions)
}

fn claims(sources: &[Source]) -> Result<Vec<Claim>, SeriesError> {
    let name = |source: &Source| source.name().to_owned();
    let mut claims: Vec<Claim> = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        let claim = Claim::of(source).ok_or_else(|| SeriesError::Unread(name(source)))?;
        let before = place.checked_sub(1).and_then(|place| sources.get(place)).map(name).unwrap_or_default();
        if let Some(known) = claims.last() {
            if known.origin != claim.origin {
                return Err(SeriesError::Origin(name(source), before));
            }
            if claim.period.start <= known.period.start {
                return Err(SeriesError::Order(name(source), before));
            }
        }
        claims.push(claim);
    }
    if claims.len() < 2 { Err(SeriesError::TooFew) } else { Ok(claims) }
}

/// The trust by which one bundle of the series is judged, but for the one before it.
fn asked_of(claim: &Claim, trust: &Trust, last: bool) -> Trust {
    let mut own = Trust { previous: None, ..trust.clone() };
    if !last {
        own.known.retain(|known| known.head.size <= claim.size);
    }
    own.first_contact = own.first_contact || own.known.is_empty() && !trust.known.is_empty();
    own
}

/// Asks that a bundle continue the one before it.
fn continued(before: &Source, own: &mut Trust, as_of: Time) -> Result<(), String> {
    let previous = Previous::of(before, own.pins.as_ref(), as_of).map_err(|error| error.to_string())?;
    own.first_contact = false;
    own.add_previous(previous);
    Ok(())
}

fn trends(members: &[Member]) -> Vec<Trend> {
    let by: Vec<BTreeMap<&str, &RuleResult>> = members
        .iter()
        .map(|member| member.report.rules.iter().map(|result| (result.rule.id, result)).collect())
        .collect();
    let trend = |rule: &'static walwarden_core::rules::Rule| {
        let of = by.iter().filter_map(|results| results.get(rule.id));
        let periods = of.map(|result| (result.status, result.deviating(), result.items.len())).collect();
        Trend { rule: rule.id, title: rule.title, periods }
    };
    RULES.iter().map(trend).collect()
}
