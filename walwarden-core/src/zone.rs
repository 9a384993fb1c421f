//! Local time: the offsets of a zone over a span (`spec:occurrences-2`).
//!
//! Nothing here knows a zone database: offsets come from the record (`export.made`) or from the caller.

use alloc::vec::Vec;

use chrono::{DateTime, NaiveDateTime};

use crate::{event, time::Time};

/// Offsets from UTC, each from an instant on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    first_s: i64,
    /// Instant, and the offset from then on; ascending.
    changes: Vec<(Time, i64)>,
}

/// No zone is further from UTC, in seconds.
const FURTHEST: i64 = 26 * 3600;

/// Offsets that no zone has: out of order, or beyond 26 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("changes of offset are in order of time, each within 26 hours of UTC")]
pub struct NotAZone;

impl Zone {
    /// Builds a zone from the offset before every change, in seconds, and the changes.
    ///
    /// # Errors
    /// [`NotAZone`].
    pub fn new(first_s: i64, changes: Vec<(Time, i64)>) -> Result<Self, NotAZone> {
        let near = |offset: &i64| (-FURTHEST..=FURTHEST).contains(offset);
        let ascending = changes.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        let fits = near(&first_s) && changes.iter().all(|(_, offset)| near(offset)) && ascending;
        fits.then_some(Self { first_s, changes }).ok_or(NotAZone)
    }

    /// UTC.
    #[must_use]
    pub const fn utc() -> Self {
        Self { first_s: 0, changes: Vec::new() }
    }

    /// Offset at an instant, in seconds.
    #[must_use]
    pub fn offset(&self, at: Time) -> i64 {
        let after = self.changes.partition_point(|(change, _)| *change <= at);
        let last = after.checked_sub(1).and_then(|last| self.changes.get(last));
        last.map_or(self.first_s, |(_, offset)| *offset)
    }

    /// What clocks show at an instant.
    #[must_use]
    pub fn local(&self, at: Time) -> NaiveDateTime {
        shifted(at, self.offset(at))
    }

    /// The first instant at which clocks show `local` or, where they skip it, the first one after the gap. `None`
    /// outside the years of [`Time`].
    #[must_use]
    pub fn instant(&self, local: NaiveDateTime) -> Option<Time> {
        let shown = local.and_utc().timestamp_micros();
        let before = |offset: i64| shown.saturating_sub(offset.saturating_mul(1_000_000));
        // No change that far before can matter.
        let from = self.changes.partition_point(|(change, _)| change.micros() < before(FURTHEST));
        let mut spans = self.spans_from(from);
        spans
            .find_map(|(start, end, offset)| {
                let at = before(offset);
                let ends = end.map_or(i64::MAX, Time::micros);
                (at < ends).then(|| at.max(start.map_or(i64::MIN, Time::micros)))
            })
            .and_then(Time::from_micros)
    }

    /// Spans of one offset each: start, end and offset.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (Option<Time>, Option<Time>, i64)> {
        self.spans_from(0)
    }

    /// From the span that ends with a change.
    fn spans_from(&self, change: usize) -> impl Iterator<Item = (Option<Time>, Option<Time>, i64)> {
        let before = change.checked_sub(1).and_then(|before| self.changes.get(before));
        let start = before.map_or((None, self.first_s), |(at, offset)| (Some(*at), *offset));
        let later = self.changes.get(change..).unwrap_or_default();
        let starts = core::iter::once(start).chain(later.iter().map(|(at, offset)| (Some(*at), *offset)));
        let ends = later.iter().map(|(at, _)| Some(*at)).chain([None]);
        starts.zip(ends).map(|((start, offset), end)| (start, end, offset))
    }
}

impl TryFrom<&event::Zone> for Zone {
    type Error = NotAZone;

    fn try_from(recorded: &event::Zone) -> Result<Self, NotAZone> {
        let changes = recorded.transitions.iter().map(|change| (change.at, change.offset_s)).collect();
        Self::new(recorded.offset_s, changes)
    }
}

/// An instant as clocks with this offset show it.
pub(crate) fn shifted(at: Time, offset_s: i64) -> NaiveDateTime {
    let shown = at.micros().saturating_add(offset_s.saturating_mul(1_000_000));
    // Times have four-digit years and offsets are short: chrono reaches much further.
    DateTime::from_timestamp_micros(shown).unwrap_or_default().naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{string::ToString, vec};

    fn time(text: &str) -> Time {
        std::format!("{text}.000000Z").parse().unwrap()
    }

    fn berlin() -> Zone {
        Zone::new(7200, vec![(time("2026-10-25T01:00:00"), 3600), (time("2027-03-28T01:00:00"), 7200)]).unwrap()
    }

    #[test]
    fn what_clocks_skip_is_the_first_instant_after_and_what_they_repeat_is_the_first() {
        for (local, instant) in [
            ("2026-10-25T01:59:59", "2026-10-24T23:59:59.000000Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00.000000Z"), // shown twice
            ("2026-10-25T03:00:00", "2026-10-25T02:00:00.000000Z"),
            ("2027-03-28T01:59:59", "2027-03-28T00:59:59.000000Z"),
            ("2027-03-28T02:00:00", "2027-03-28T01:00:00.000000Z"), // not shown
            ("2027-03-28T02:59:59", "2027-03-28T01:00:00.000000Z"), // not shown
            ("2027-03-28T03:00:00", "2027-03-28T01:00:00.000000Z"),
        ] {
            let found = berlin().instant(local.parse().unwrap()).unwrap();
            assert_eq!(found.to_string(), instant, "{local}");
        }
        assert_eq!(berlin().local(time("2026-10-25T00:59:59")).to_string(), "2026-10-25 02:59:59");
        assert_eq!(berlin().local(time("2026-10-25T01:00:00")).to_string(), "2026-10-25 02:00:00");
    }

    #[test]
    fn no_zone_has_offsets_out_of_order_or_days_long() {
        let (one, other) = (time("2026-10-25T01:00:00"), time("2027-03-28T01:00:00"));
        assert_eq!(Zone::new(0, vec![(other, 0), (one, 0)]), Err(NotAZone));
        assert_eq!(Zone::new(0, vec![(one, 0), (one, 0)]), Err(NotAZone));
        assert_eq!(Zone::new(FURTHEST + 1, vec![]), Err(NotAZone));
        assert_eq!(Zone::new(0, vec![(one, -FURTHEST - 1)]), Err(NotAZone));
    }
}
