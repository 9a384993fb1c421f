//! Rules about the record itself: chain, keys, anchors, seal, clock (`spec:rules-17` to `spec:rules-21`).

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use super::{
    Assessment, Basis, Gap, GapKind, Item, Rule,
    capture::promises,
    window::{ALL, gap, not_promised, windows},
};
use crate::{
    chain::Line,
    event::{Event, Purpose},
    key::KeyId,
    policy::{Clock, Collector, Policy},
    record::Record,
    statement::key_registry::State,
    time::Time,
};

/// The chain is whole, from genesis on.
pub(super) const CHAIN: Rule = Rule {
    id: "WW-IN-01",
    title: "The record is whole from its first entry on",
    computation: "entries follow each other without a gap, and their tree has every signed root; else integrity failure",
    basis: Basis::B1,
    reader: false,
    evaluate: chain,
};

/// Each key signed only what it could.
pub(super) const KEYS: Rule = Rule {
    id: "WW-IN-02",
    title: "Keys signed only what they were listed for",
    computation: "every signature is of a key with that use and state in the registry version in force; else integrity failure",
    basis: Basis::B1,
    reader: false,
    evaluate: keys,
};

/// Somebody outside saw a head in each window.
pub(super) const ANCHORING: Rule = Rule {
    id: "WW-IN-03",
    title: "Somebody outside saw the record as often as promised",
    computation: "each window of the promised cadence has a time from outside that dates a head, under roots or of witnesses that the reader brings",
    basis: Basis::B1,
    reader: true,
    evaluate: anchoring,
};

/// The bundle was sealed after its period, and follows the one before.
pub(super) const SEAL: Rule = Rule {
    id: "WW-IN-04",
    title: "The bundle was sealed after its period, and periods tile",
    computation: "sealed_at lies after the end of the period; with an earlier bundle, its period ends where this one starts",
    basis: Basis::B2,
    reader: false,
    evaluate: seal,
};

/// Clocks were right, and entries were made when things happened.
pub(super) const CLOCK: Rule = Rule {
    id: "WW-IN-05",
    title: "Clocks were right, and entries in time",
    computation: "the promised share of entries has a clock within the promised offset, and no entry is late",
    basis: Basis::B3,
    reader: false,
    evaluate: clock,
};

/// An item about the whole organisation.
fn item(rule: &str, at: Time, deviation: Option<String>, note: Option<String>) -> Item {
    Item { id: format!("{rule}/{ALL}/{at}"), at, database: ALL.into(), entry: String::new(), deviation, note }
}

fn chain(record: &Record<'_>) -> Assessment {
    let (all, period) = (record.all().len(), record.items().count());
    let note = format!("{all} entries from the first one on, {period} of them recorded in the period");
    Assessment::over(vec![item(CHAIN.id, record.period().start, None, Some(note))])
}

fn keys(record: &Record<'_>) -> Assessment {
    let versions = super::access::versions(record);
    let Some((newest, _)) = versions.last() else {
        return Assessment::with_gaps(vec![], vec![gap(GapKind::NotTested, ALL, "no key registry is at hand")]);
    };
    let mut listed: BTreeMap<KeyId, &Line<'_>> = BTreeMap::new();
    for (version, line) in &versions {
        for key in &version.keys {
            listed.entry(key.jwk.id()).or_insert(line);
        }
    }
    let items = newest.keys.iter().map(|key| {
        let id = key.jwk.id();
        let first = listed.get(&id);
        let at = first.map_or(record.period().start, |line| line.recorded_at);
        let entry = first.map(|line| line.id.to_string()).unwrap_or_default();
        let cut = key.cut().map(|cut| format!(": it counts for no entry from {cut} on")).unwrap_or_default();
        let note = (key.state != State::Active).then(|| format!("{}{cut}", key.state.word()));
        Item { id: format!("{}/{ALL}/{at}/{id}", KEYS.id), entry, ..item(KEYS.id, at, None, note) }
    });
    Assessment::over(items.collect())
}

fn anchoring(record: &Record<'_>) -> Assessment {
    let promised = |policy: &Policy| policy.signing.as_ref().and_then(|signing| signing.anchor);
    if !in_force(record, |policy| promised(policy).is_some()) {
        return Assessment::with_gaps(vec![], vec![not_promised("that somebody outside sees heads")]);
    }
    let windows = match windows(record, promised) {
        Ok(windows) => windows,
        Err(lacking) => return Assessment::with_gaps(vec![], vec![lacking]),
    };
    let anchors = record.exhibits().reader.anchors.as_ref();
    let attached = record.lines(&["anchor.attached"]).next().is_some() || anchors.is_some_and(|some| !some.is_empty());
    if !windows.is_empty() && !attached {
        let what = "no time from outside is attached to any head";
        return Assessment::with_gaps(vec![], vec![gap(GapKind::NoInput, ALL, what)]);
    }
    let Some(anchors) = anchors else {
        let what = "the reader brought no root of a time-stamping authority, and no witness";
        return Assessment::with_gaps(vec![], vec![gap(GapKind::NotTested, ALL, what)]);
    };
    let mut times: Vec<(Time, u64)> = anchors.iter().map(|(size, time)| (*time, *size)).collect();
    times.sort_unstable();
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for window in windows {
        let first = times.partition_point(|(time, _)| *time < window.span.start);
        match times.get(first).filter(|(time, _)| *time < window.span.end) {
            Some((time, size)) => {
                let note = format!("{size} entries were there at {time}");
                items.push(item(ANCHORING.id, window.span.start, None, Some(note)));
            }
            None if record.covered() < window.span.end => {
                gaps.push(gap(GapKind::NotCovered, ALL, format!("due by {}: the record ends before", window.span.end)));
            }
            None => {
                let what = format!("no time from outside before {}", window.span.end);
                items.push(item(ANCHORING.id, window.span.start, Some(what), None));
            }
        }
    }
    Assessment::with_gaps(items, gaps)
}

fn seal(record: &Record<'_>) -> Assessment {
    let period = record.period();
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    match record.exhibits().seal {
        None => gaps.push(gap(GapKind::NotTested, ALL, "no bundle was sealed yet")),
        Some(seal) if seal.sealed_at <= period.end => {
            let what = format!("sealed at {}, before the period's end: what came then is not in it", seal.sealed_at);
            gaps.push(gap(GapKind::NotCovered, ALL, what));
        }
        Some(seal) => items.push(item(SEAL.id, period.end, None, Some(format!("sealed at {}", seal.sealed_at)))),
    }
    if let Some(previous) = record.exhibits().reader.previous {
        let (end, start) = (previous.end, period.start);
        let apart = format!("the period before ends at {end}, this one starts at {start}");
        let (deviation, note) = match end.cmp(&start) {
            core::cmp::Ordering::Equal => (None, Some(format!("the period before ends at {end}"))),
            core::cmp::Ordering::Less => (Some(format!("a gap: {apart}")), None),
            core::cmp::Ordering::Greater => (Some(format!("an overlap: {apart}")), None),
        };
        items.push(item(SEAL.id, start, deviation, note));
    }
    Assessment::with_gaps(items, gaps)
}

/// Entries of a policy that promises something of clocks.
#[derive(Default)]
struct Entries {
    all: u64,
    /// With a clock that was measured.
    measured: u64,
    /// With one that is within the limit.
    within: u64,
}

fn clock(record: &Record<'_>) -> Assessment {
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    let clocks = in_force(record, |policy| policy.clock.is_some());
    let prompt = in_force(record, |policy| policy.record_within_s.is_some());
    if !clocks {
        gaps.push(not_promised("how far clocks may be off"));
    }
    if !prompt {
        gaps.push(not_promised("how soon what happened is recorded"));
    }
    if !clocks && !prompt {
        return Assessment::with_gaps(items, gaps);
    }
    // By policy version: its place in the exhibits.
    let mut under: BTreeMap<usize, (Time, Entries, u64)> = BTreeMap::new();
    for line in record.items() {
        let Some((place, policy)) = record.policy_with_place(line) else { continue };
        let (_, entries, late) = under.entry(place).or_insert_with(|| (line.recorded_at, Entries::default(), 0));
        if let Some(clock) = &policy.clock {
            entries.count(line, clock);
        }
        if policy.record_within_s.is_some()
            && !elsewhere(record, line)
            && let Some(lateness) = record.lateness(line)
        {
            *late = late.saturating_add(1);
            let id = format!("{}/{ALL}/{}/{}", CLOCK.id, line.at(), line.id);
            items.push(Item { id, entry: line.id.to_string(), ..item(CLOCK.id, line.at(), Some(lateness), None) });
        }
    }
    for (place, (from, entries, late)) in under {
        let Some(policy) = record.exhibits().policies.get(place) else { continue };
        if let Some(clock) = &policy.clock {
            entries.judge(from, clock, &mut items, &mut gaps);
        }
        if let Some(within) = policy.record_within_s.filter(|_| late == 0) {
            let note = format!("each entry was recorded within {within} s, as far as no other rule asks that");
            let id = format!("{}/{ALL}/{from}/record-within", CLOCK.id);
            items.push(Item { id, ..item(CLOCK.id, from, None, Some(note)) });
        }
    }
    Assessment::with_gaps(items, gaps)
}

impl Entries {
    fn count(&mut self, line: &Line<'_>, clock: &Clock) {
        let offset = line.clock_offset_ms();
        let within = offset.is_some_and(|offset| offset.unsigned_abs() <= clock.max_offset_ms.unsigned_abs());
        self.all = self.all.saturating_add(1);
        self.measured = self.measured.saturating_add(offset.is_some().into());
        self.within = self.within.saturating_add(within.into());
    }

    fn judge(&self, from: Time, clock: &Clock, items: &mut Vec<Item>, gaps: &mut Vec<Gap>) {
        let Self { all, measured, within } = self;
        if *measured == 0 {
            let what = format!("none of {all} entries says how far its clock was off");
            gaps.push(gap(GapKind::NoInput, ALL, what));
            return;
        }
        let share = u64::try_from(clock.min_share_pct).unwrap_or(100);
        let enough = within.saturating_mul(100) >= share.saturating_mul(*all);
        let what = format!(
            "{within} of {all} entries have a clock within {} ms, promised {share} of 100",
            clock.max_offset_ms
        );
        let (deviation, note) = if enough { (None, Some(what)) } else { (Some(what), None) };
        let id = format!("{}/{ALL}/{from}/clock", CLOCK.id);
        items.push(Item { id, ..item(CLOCK.id, from, deviation, note) });
    }
}

/// Whether another rule has an entry as its item, and says that it is late: WW-BK-03, WW-BK-04, WW-RT-05 or WW-EV-01.
fn elsewhere(record: &Record<'_>, line: &Line<'_>) -> bool {
    if line.is_one_of(&["backup.failed", "backup.completed"]) {
        return true;
    }
    if !line.is_one_of(&["evidence.collected", "restore.tested"]) {
        return false;
    }
    match line.event() {
        Event::RestoreTested(test) => matches!(test.purpose, Purpose::Scheduled | Purpose::Drill),
        Event::EvidenceCollected(data) => {
            let collector = Collector::ALL.iter().find(|collector| collector.word() == data.collector);
            let promised = |policy: &Policy| collector.is_some_and(|of| promises(policy, *of).next().is_some());
            record.policy_of(line).is_some_and(promised)
        }
        _ => false,
    }
}

/// Whether a policy in force in the period promises something.
pub(super) fn in_force(record: &Record<'_>, promised: impl Fn(&Policy) -> bool) -> bool {
    record.terms_of_period().into_iter().filter_map(|term| term.policy).any(promised)
}
