//! Evidence that waits for people: in words, and as a calendar that they can subscribe to.

use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component as _, EventLike as _};
use walwarden_core::{
    Origin, Time,
    duties::{self, Awaited},
};

use crate::{error::ProduceError, producer::Producer, record::with_record};

/// Captures to be made and captures to be reviewed, by their time.
///
/// # Errors
/// The vault is damaged.
pub fn awaited(producer: &Producer) -> Result<Vec<Awaited>, ProduceError> {
    let snapshot = producer.chain.read()?;
    with_record(producer, &snapshot, |record| Ok(duties::evidence(record)))
}

/// What is to be done: `review of access_control of shop, captured at …`.
#[must_use]
pub fn words(one: &Awaited) -> String {
    let of = one.database.as_ref().map(|database| format!(" of {database}")).unwrap_or_default();
    match &one.captured {
        Some((_, at)) => format!("review of {}{of}, captured at {at}", one.collector),
        None => format!("capture of {}{of}", one.collector),
    }
}

/// By when, and by whom where the policy names somebody.
#[must_use]
pub fn terms(one: &Awaited, now: Time) -> String {
    let until = match one.until {
        Some(until) if one.is_overdue(now) => format!("overdue since {until}"),
        Some(until) => format!("by {until}"),
        None => "without a limit".into(),
    };
    match one.reviewers.as_slice() {
        [] => until,
        reviewers => format!("{until}; reviewer {}", reviewers.join(" or ")),
    }
}

/// RFC 5545: an event for each, at its time, or now where it has none. The same record gives the same ids, so that a
/// calendar replaces what it knows.
#[must_use]
pub fn calendar(origin: &Origin, awaited: &[Awaited], now: Time) -> String {
    let mut calendar = Calendar::new();
    calendar.name(&format!("walwarden: evidence of {origin}"));
    for one in awaited {
        let at = instant(one.until.unwrap_or(now));
        let of = one.database.as_deref().unwrap_or("*");
        let what = if one.captured.is_some() { "review" } else { "capture" };
        let mut event = icalendar::Event::new();
        event.uid(&format!("{what}/{}/{of}/{}@{origin}", one.collector, one.since));
        event.timestamp(instant(now)).starts(at).ends(at).summary(&words(one)).description(&terms(one, now));
        calendar.push(event.done());
    }
    calendar.done().to_string()
}

/// Every instant of the record lies in the years that a calendar can name.
fn instant(at: Time) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.micros()).unwrap_or_default()
}
