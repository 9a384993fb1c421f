//! How much data a failure would have cost at each instant: the age of the newest backup then at hand
//! (`spec:occurrences-6`).

use alloc::{collections::BTreeMap, vec::Vec};

use crate::time::{Period, Time};

/// A backup: the state of the data that it holds, and when it was at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The snapshot.
    pub snapshot_at: Time,
    /// When it could have been restored from.
    pub at_hand: Vec<Period>,
}

/// A time in which one state of the data is the newest at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tooth {
    /// From when to when.
    pub span: Period,
    /// The newest state; `None` where the record knows of none.
    pub newest: Option<Time>,
}

impl Tooth {
    /// Exposure at its end, in whole seconds: the most in it.
    #[must_use]
    pub fn most_s(&self) -> Option<i64> {
        self.newest.map(|newest| self.span.end.seconds_since(newest))
    }
}

/// An RPO while it is promised, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// From when to when.
    pub span: Period,
    /// The RPO.
    pub rpo_s: i64,
}

/// A longest time in which the exposure was above one RPO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// From the instant at which the exposure reached the RPO.
    pub span: Period,
    /// The most exposure in it, in whole seconds.
    pub most_s: i64,
    /// The RPO.
    pub rpo_s: i64,
}

/// The exposure over `span`, tooth after tooth without a gap. Until the first backup is at hand the newest state is the
/// instant at which the database came into scope, where that lies in `span`.
#[must_use]
pub fn teeth(backups: &[Held], span: Period, entered: Option<Time>) -> Vec<Tooth> {
    // At each instant: states that come to hand, and states that are lost.
    let mut changes: BTreeMap<Time, Vec<(Time, bool)>> = BTreeMap::new();
    for backup in backups {
        for at_hand in &backup.at_hand {
            let (from, to) = (at_hand.start.max(span.start), at_hand.end.min(span.end));
            if from < to {
                changes.entry(from).or_default().push((backup.snapshot_at, true));
                changes.entry(to).or_default().push((backup.snapshot_at, false));
            }
        }
    }
    let mut teeth: Vec<Tooth> = Vec::new();
    let mut add = |start: Time, end: Time, newest: Option<Time>| {
        if start < end {
            match teeth.last_mut().filter(|last| last.newest == newest) {
                Some(last) => last.span.end = end,
                None => teeth.push(Tooth { span: Period { start, end }, newest }),
            }
        }
    };
    let mut at_hand: BTreeMap<Time, usize> = BTreeMap::new();
    let mut never = true;
    let mut since = span.start;
    for (at, states) in changes {
        let newest = at_hand.last_key_value().map(|(newest, _)| *newest);
        add(since, at, newest.or(entered.filter(|_| never)));
        since = at;
        for (state, comes) in states {
            never = false;
            let count = at_hand.entry(state).or_default();
            *count = if comes { count.saturating_add(1) } else { count.saturating_sub(1) };
        }
        at_hand.retain(|_, count| *count > 0);
    }
    let newest = at_hand.last_key_value().map(|(newest, _)| *newest);
    add(since, span.end, newest.or(entered.filter(|_| never)));
    teeth
}

/// Where the exposure is above the RPO: at the RPO itself it is not. `limits` follow each other and do not overlap.
#[must_use]
pub fn breaches(teeth: &[Tooth], limits: &[Limit]) -> Vec<Breach> {
    let mut breaches: Vec<Breach> = Vec::new();
    for limit in limits {
        let rpo = limit.rpo_s.saturating_mul(1_000_000);
        let first = teeth.partition_point(|tooth| tooth.span.end <= limit.span.start);
        for tooth in teeth.iter().skip(first).take_while(|tooth| tooth.span.start < limit.span.end) {
            let Some(newest) = tooth.newest else { continue };
            let reached = Time::from_micros(newest.micros().saturating_add(rpo)).unwrap_or(Time::LAST);
            let start = tooth.span.start.max(limit.span.start).max(reached);
            let end = tooth.span.end.min(limit.span.end);
            if start >= end {
                continue;
            }
            let most_s = end.seconds_since(newest);
            match breaches.last_mut().filter(|last| last.span.end == start && last.rpo_s == limit.rpo_s) {
                Some(last) => (last.span.end, last.most_s) = (end, last.most_s.max(most_s)),
                None => breaches.push(Breach { span: Period { start, end }, most_s, rpo_s: limit.rpo_s }),
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec;

    fn second(n: i64) -> Time {
        Time::from_micros(n * 1_000_000).unwrap()
    }

    fn span(start: i64, end: i64) -> Period {
        Period { start: second(start), end: second(end) }
    }

    #[test]
    fn the_newest_state_counts_and_a_loss_brings_back_the_one_before() {
        let held = |at: i64, at_hand: &[(i64, i64)]| Held {
            snapshot_at: second(at),
            at_hand: at_hand.iter().map(|(from, to)| span(*from, *to)).collect(),
        };
        let backups = [held(10, &[(20, 90)]), held(40, &[(50, 70), (80, 85)])];
        let tooth = |start, end, newest: Option<i64>| Tooth { span: span(start, end), newest: newest.map(second) };
        let expected = [
            tooth(0, 20, None),
            tooth(20, 50, Some(10)),
            tooth(50, 70, Some(40)),
            tooth(70, 80, Some(10)),
            tooth(80, 85, Some(40)),
            tooth(85, 90, Some(10)),
            tooth(90, 100, None),
        ];
        assert_eq!(teeth(&backups, span(0, 100), None), expected);
        assert_eq!(teeth(&[], span(0, 100), Some(second(5))), [tooth(0, 100, Some(5))], "from its first instant on");
    }

    #[test]
    fn at_the_rpo_itself_nothing_is_breached() {
        let backup = |at: i64| Held { snapshot_at: second(at), at_hand: vec![span(at, 1000)] };
        let of = |rpo_s| {
            breaches(&teeth(&[backup(0), backup(30)], span(0, 60), None), &[Limit { span: span(0, 60), rpo_s }])
        };
        assert_eq!(of(30), []);
        let breach = |start, end| Breach { span: span(start, end), most_s: 30, rpo_s: 29 };
        assert_eq!(of(29), [breach(29, 30), breach(59, 60)]);
    }

    proptest! {
        #[test]
        fn intervals_equal_a_count_of_every_second(
            backups in prop::collection::vec((0i64..200, prop::collection::vec((0i64..300, 1i64..120), 1..3)), 0..8),
            limits in prop::collection::vec((1i64..80, 1i64..90), 1..4),
            entered in prop::option::of(0i64..100),
        ) {
            let held: Vec<Held> = backups.iter().map(|(at, spans)| Held {
                snapshot_at: second(*at),
                at_hand: spans.iter().map(|(after, length)| span(at + after, at + after + length)).collect(),
            }).collect();
            let mut from = 0;
            let limits: Vec<Limit> = limits.iter().map(|(length, rpo_s)| {
                let limit = Limit { span: span(from, from + length), rpo_s: *rpo_s };
                from += length;
                limit
            }).collect();
            let whole = span(0, 300);
            let teeth = teeth(&held, whole, entered.map(second));
            let breaches = breaches(&teeth, &limits);
            // Halves of seconds: a breach begins where the exposure reaches the RPO.
            let mut seen = false;
            for n in 0..300 {
                let half = Time::from_micros(n * 1_000_000 + 500_000).unwrap();
                let newest = held.iter().filter(|b| b.at_hand.iter().any(|p| p.contains(half))).map(|b| b.snapshot_at).max();
                seen |= newest.is_some();
                let newest = newest.or(entered.map(second).filter(|_| !seen));
                let tooth = teeth.iter().find(|tooth| tooth.span.contains(half)).unwrap();
                prop_assert_eq!(tooth.newest, newest);
                let rpo = limits.iter().find(|limit| limit.span.contains(half)).map(|limit| limit.rpo_s);
                let over = newest.zip(rpo).is_some_and(|(newest, rpo)| half.micros() - newest.micros() > rpo * 1_000_000);
                prop_assert_eq!(breaches.iter().any(|breach| breach.span.contains(half)), over, "second {}", n);
            }
        }
    }
}
