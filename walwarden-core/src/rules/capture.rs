//! Captures of evidence, and the duties that a policy promises of them (`spec:rules-14`, `spec:rules-16`).

use alloc::{
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    vec,
    vec::Vec,
};

use super::{
    Assessment, Gap, GapKind, Item,
    review::{Asked, Review, Reviews},
    window::{self, ALL, after, gap, not_promised},
};
use crate::{
    chain::Line,
    event::{Duty as Kind, Event, EvidenceCollected, EvidenceOutcome},
    policy::{Collector, EvidencePolicy, Frequency, Policy},
    record::Record,
    time::{Period, Time},
};

/// A capture, good or failed, and its entry.
#[derive(Debug)]
pub(super) struct Capture<'r> {
    /// Its entry.
    pub(super) line: &'r Line<'r>,
    /// When it was made.
    pub(super) at: Time,
    /// What it says.
    pub(super) data: EvidenceCollected,
    /// Its statement was verified, or was carried with the bundle of an earlier period.
    stated: bool,
}

impl Capture<'_> {
    /// Database, or all of them.
    pub(super) fn database(&self) -> &str {
        self.data.database.as_deref().unwrap_or(ALL)
    }

    /// Whether it speaks of a database.
    pub(super) fn is_of(&self, database: &str) -> bool {
        database == ALL || self.data.database.as_deref().is_none_or(|of| of == database)
    }

    /// Whether it holds what it was to capture, and its statement is there.
    pub(super) fn is_good(&self) -> bool {
        self.stated && self.data.outcome == EvidenceOutcome::Ok
    }

    /// Details of the flags with this code.
    pub(super) fn flags<'c>(&'c self, code: &'c str) -> impl Iterator<Item = &'c str> {
        self.data.flags.iter().filter(move |flag| flag.code == code).map(|flag| flag.detail.as_str())
    }

    /// Whether a flag with this code is there.
    pub(super) fn has(&self, code: &str) -> bool {
        self.flags(code).next().is_some()
    }

    /// Flags with these codes, in words; `None` where there is none.
    pub(super) fn flagged(&self, codes: &[&str]) -> Option<String> {
        let flags = self.data.flags.iter().filter(|flag| codes.contains(&flag.code.as_str()));
        let words: Vec<String> = flags.map(|flag| format!("{}: {}", flag.code, flag.detail)).collect();
        match words.as_slice() {
            [] => None,
            [first] => Some(first.clone()),
            [first, more @ ..] => Some(format!("{first} (and {} more)", more.len())),
        }
    }

    /// Its entry as an item of a rule.
    pub(super) fn item(&self, rule: &str, deviation: Option<String>) -> Item {
        let id = format!("{rule}/{}/{}/{}", self.database(), self.at, self.data.collector);
        let (database, entry) = (self.database().into(), self.line.id.as_str().into());
        Item { id, at: self.at, database, entry, deviation, note: None }
    }
}

/// The captures of a record, by collector, in order.
pub(super) struct Captures<'r>(BTreeMap<&'static str, Vec<Capture<'r>>>);

impl<'r> Captures<'r> {
    /// All of a record.
    pub(super) fn new(record: &'r Record<'_>) -> Self {
        let mut by: BTreeMap<&'static str, Vec<Capture<'r>>> = BTreeMap::new();
        for (line, event) in record.events(&["evidence.collected"]) {
            let Event::EvidenceCollected(data) = event else { continue };
            let known = Collector::ALL.iter().find(|collector| collector.word() == data.collector);
            let stated = record.is_signed(line.id) || !record.period().contains(line.recorded_at);
            if let Some(collector) = known {
                by.entry(collector.word()).or_default().push(Capture { line, at: line.at(), data: *data, stated });
            }
        }
        by.values_mut().for_each(|captures| captures.sort_by_key(|capture| capture.at));
        Self(by)
    }

    /// Those of a collector, by when they were made.
    pub(super) fn of(&self, collector: Collector) -> &[Capture<'r>] {
        self.0.get(collector.word()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those of a collector that were made in a span.
    fn within(&self, collector: Collector, span: Period) -> &[Capture<'r>] {
        let all = self.of(collector);
        let from = all.partition_point(|capture| capture.at < span.start);
        let to = all.partition_point(|capture| capture.at < span.end);
        all.get(from..to).unwrap_or_default()
    }
}

/// What is due of a collector: one capture in a span.
pub(super) struct Due<'r> {
    /// Which collector.
    pub(super) collector: Collector,
    /// Of which database, or of all.
    pub(super) database: &'r str,
    /// When it may be made.
    pub(super) span: Period,
    /// What the policy promises of it.
    pub(super) promise: &'r EvidencePolicy,
}

/// What came of something due.
pub(super) enum Found<'c, 'r> {
    /// A capture that is all that was promised; how it was reviewed, where a review is promised.
    Good(&'c Capture<'r>, Option<String>),
    /// A capture that lacks something, and what.
    Wrong(&'c Capture<'r>, String),
    /// A capture whose review the record does not reach.
    Open(Time),
    /// None whose statement is carried.
    Withheld(String),
    /// None, and what there is instead.
    Missed(String),
    /// None, and the record does not reach the end.
    NotCovered,
    /// None, in maintenance that was declared before it began.
    Excused,
}

/// All that is due in the period of these collectors, and parts of which that cannot be told.
pub(super) fn due<'r>(
    record: &'r Record<'_>,
    captures: &Captures<'_>,
    collectors: &[Collector],
) -> (Vec<Due<'r>>, Vec<Gap>) {
    let (mut due, gaps) = begun(record, captures, collectors);
    // After a migration it is due though the record ends before the deadline; the window that runs is the next period's.
    due.retain(|due| due.promise.frequency == Frequency::PerMigration || due.span.end <= record.period().end);
    (due, gaps)
}

/// As [`due`], and what is due in windows that run at the end of the period.
pub(super) fn begun<'r>(
    record: &'r Record<'_>,
    captures: &Captures<'_>,
    collectors: &[Collector],
) -> (Vec<Due<'r>>, Vec<Gap>) {
    let scopes: BTreeMap<&str, Option<Period>> =
        record.databases().into_iter().map(|database| (database, record.scope(database))).collect();
    let in_scope = |database: &str, span: Period| {
        let scope = scopes.get(database).copied().flatten();
        scope.is_none_or(|scope| scope.start <= span.start && span.end <= scope.end)
    };
    let (mut found, mut gaps) = (Vec::new(), Vec::new());
    for collector in collectors.iter().copied() {
        // A policy may promise a collector more than once, each time with another frequency.
        for place in 0..most_promises(record, collector) {
            let nth = |policy: &'r Policy| promises(policy, collector).nth(place);
            let cadence = |policy: &'r Policy| match nth(policy)?.frequency {
                Frequency::Every(cadence) => Some(cadence),
                Frequency::PerMigration => None,
            };
            let windows = window::all(record, cadence).unwrap_or_else(|lacking| {
                if !gaps.contains(&lacking) {
                    gaps.push(lacking);
                }
                Vec::new()
            });
            for window in windows {
                let Some(promise) = nth(window.policy) else { continue };
                let databases = databases(window.policy, collector).into_iter();
                let databases = databases.filter(|database| in_scope(database, window.span));
                found.extend(databases.map(|database| Due { collector, database, span: window.span, promise }));
            }
        }
        per_migration(record, captures, collector, &mut found, &mut gaps);
    }
    (found, gaps)
}

/// What is due after each migration that a capture of the period has seen.
fn per_migration<'r>(
    record: &'r Record<'_>,
    captures: &Captures<'_>,
    collector: Collector,
    found: &mut Vec<Due<'r>>,
    gaps: &mut Vec<Gap>,
) {
    let terms = record.terms_of_period();
    let promised = |policy: &'r Policy| {
        let promise = promises(policy, collector).find(|promise| promise.frequency == Frequency::PerMigration)?;
        Some((promise, promise.due_within_s?))
    };
    if !terms.iter().filter_map(|term| term.policy).any(|policy| promised(policy).is_some()) {
        return;
    }
    let seen = captures.of(Collector::ChangeManagement);
    let mut of_period = seen
        .iter()
        .filter(|capture| capture.is_good() && record.period().contains(capture.line.recorded_at))
        .peekable();
    if of_period.peek().is_none() {
        let what = format!("{collector} is due after each migration, and no capture of change_management is recorded");
        gaps.push(gap(GapKind::NoInput, ALL, what));
    }
    for capture in of_period.filter(|capture| capture.data.diff.is_some_and(|diff| diff.added > 0)) {
        let term = terms.iter().find(|term| term.span.contains(capture.at)).and_then(|term| term.policy);
        let Some((policy, (promise, within))) = term.and_then(|policy| Some((policy, promised(policy)?))) else {
            continue;
        };
        // Up to the deadline, which is inside.
        let end = Time::from_micros(after(capture.at, within).micros().saturating_add(1)).unwrap_or(Time::LAST);
        let span = Period { start: capture.at, end };
        let databases = databases(policy, collector).into_iter().filter(|database| capture.is_of(database));
        found.extend(databases.map(|database| Due { collector, database, span, promise }));
    }
}

impl<'r> Due<'r> {
    /// What came of it.
    pub(super) fn found<'c>(
        &self,
        record: &Record<'_>,
        captures: &'c Captures<'r>,
        reviews: &Reviews<'_>,
    ) -> Found<'c, 'r> {
        let within = captures.within(self.collector, self.span).iter().filter(|capture| capture.is_of(self.database));
        let mut first = None;
        let mut failed = 0_usize;
        let mut withheld = None;
        for capture in within {
            if !capture.stated {
                withheld = Some(capture.at);
                continue;
            }
            if !capture.is_good() {
                failed = failed.saturating_add(1);
                continue;
            }
            match self.judge(record, capture, reviews) {
                found @ Found::Good(..) => return found,
                other => _ = first.get_or_insert(other),
            }
        }
        if let Some(first) = first {
            return first;
        }
        if let Some(at) = withheld {
            return Found::Withheld(format!("captured at {at}, and the statement is not carried"));
        }
        let rests = |span: Period| span.start <= self.span.start && self.span.end <= span.end;
        if record.maintenance(self.database, Kind::Evidence).any(rests) {
            return Found::Excused;
        }
        if record.covered() < self.span.end {
            return Found::NotCovered;
        }
        let later = Period { start: self.span.end, end: Time::LAST };
        let next = captures.within(self.collector, later).iter();
        let next = next.filter(|capture| capture.is_good()).find(|capture| capture.is_of(self.database));
        let tried = if failed > 0 { format!("{failed} captures failed") } else { "no capture is recorded".into() };
        Found::Missed(match next {
            Some(next) => format!("{tried}; the next one was made at {}", next.at),
            None => tried,
        })
    }

    fn judge<'c>(&self, record: &Record<'_>, capture: &'c Capture<'r>, reviews: &Reviews<'_>) -> Found<'c, 'r> {
        if let Some(late) = record.lateness(capture.line) {
            return Found::Wrong(capture, late);
        }
        let promise = self.promise;
        if promise.reviewers.is_empty() && promise.review_within_s.is_none() {
            return Found::Good(capture, None);
        }
        let asked = Asked {
            since: capture.at,
            within_s: promise.review_within_s,
            reviewers: &promise.reviewers,
            makers: makers(record, capture),
        };
        match reviews.of_capture(record, capture.line.id, &asked) {
            Review::Good(told) => Found::Good(capture, Some(told)),
            Review::Wrong(wrong) => Found::Wrong(capture, wrong),
            Review::Open(until) => Found::Open(until),
        }
    }

    /// As an item of a rule: its instant is the start of its span.
    pub(super) fn item(&self, rule: &str, capture: Option<&Capture<'_>>, deviation: Option<String>) -> Item {
        let entry = capture.map(|capture| capture.line.id.to_string()).unwrap_or_default();
        let (database, at) = (self.database, self.span.start);
        let id = format!("{rule}/{database}/{at}/{}", self.collector);
        Item { id, at, database: database.into(), entry, deviation, note: None }
    }

    /// The part of which the record does not show the end.
    pub(super) fn not_covered(&self) -> Gap {
        let what = format!("{} due by {}: the record ends before", self.collector, self.span.end);
        gap(GapKind::NotCovered, self.database, what)
    }
}

/// Who made a capture: the actor of its entry, and who ran it.
pub(super) fn makers(record: &Record<'_>, capture: &Capture<'_>) -> Vec<String> {
    let actor = capture.line.entry().map(|entry| entry.actor.id);
    let run_by = record.exhibits().evidence.get(&capture.line.id).map(|evidence| evidence.run_by.clone());
    actor.into_iter().chain(run_by).collect()
}

/// What a policy promises of a collector.
pub(super) fn promises(policy: &Policy, collector: Collector) -> impl Iterator<Item = &EvidencePolicy> {
    policy.evidence.iter().filter(move |promise| promise.collector == collector)
}

/// How often any policy in force promises a collector.
fn most_promises(record: &Record<'_>, collector: Collector) -> usize {
    let policies = record.terms().into_iter().filter_map(|term| term.policy);
    policies.map(|policy| promises(policy, collector).count()).max().unwrap_or(0)
}

/// Whether a policy in force in the period promises one of these collectors.
pub(super) fn is_promised(record: &Record<'_>, collectors: &[Collector]) -> bool {
    let mut policies = record.terms_of_period().into_iter().filter_map(|term| term.policy);
    policies.any(|policy| policy.evidence.iter().any(|promise| collectors.contains(&promise.collector)))
}

/// Of what a collector captures: each database, or all of them together.
fn databases(policy: &Policy, collector: Collector) -> Vec<&str> {
    if !collector.is_of_database() {
        return vec![ALL];
    }
    let migrates = collector == Collector::ChangeManagement;
    let of = policy.databases.iter().filter(|database| !migrates || database.migrations.is_some());
    of.map(|database| database.id.as_str()).collect()
}

/// What a rule makes of a capture.
pub(super) enum Judged {
    /// It is no item.
    NoItem,
    /// It conforms; how, where that is not the usual way.
    Conforms(Option<String>),
    /// It deviates.
    Deviates(String),
    /// It lacks what the rule reads.
    Lacks(String),
}

/// What deviates unless somebody explained it.
pub(super) fn unless_explained(record: &Record<'_>, capture: &Capture<'_>, flags: Option<String>) -> Judged {
    match flags {
        Some(flags) if record.is_answered(capture.line.id) => Judged::Conforms(Some(format!("{flags}; explained"))),
        Some(flags) => Judged::Deviates(format!("{flags}; no action or explanation is recorded")),
        None => Judged::Conforms(None),
    }
}

/// Judges a rule that reads captures: each good one recorded in the period under a policy that promises its collector;
/// one that was due and is not there is a part without input (`spec:rules-16`).
pub(super) fn consume(
    record: &Record<'_>,
    rule: &str,
    collectors: &[Collector],
    judge: impl Fn(&Capture<'_>) -> Judged,
) -> Assessment {
    if !is_promised(record, collectors) {
        let words: Vec<&str> = collectors.iter().map(|collector| collector.word()).collect();
        return Assessment::with_gaps(vec![], vec![not_promised(&format!("captures of {}", words.join(" or ")))]);
    }
    let (captures, reviews) = (Captures::new(record), Reviews::new(record));
    let (due, mut gaps) = due(record, &captures, collectors);
    for due in &due {
        match due.found(record, &captures, &reviews) {
            Found::Missed(what) | Found::Withheld(what) => {
                gaps.push(gap(
                    GapKind::NoInput,
                    due.database,
                    format!("{} of {}: {what}", due.collector, due.span.start),
                ));
            }
            Found::NotCovered => gaps.push(due.not_covered()),
            _ => {}
        }
    }
    let mut items = Vec::new();
    for capture in collectors.iter().flat_map(|collector| captures.of(*collector)) {
        let promised = record.policy_of(capture.line).is_some_and(|policy| {
            policy.evidence.iter().any(|promise| promise.collector.word() == capture.data.collector)
        });
        if !promised || !capture.is_good() || !record.period().contains(capture.line.recorded_at) {
            continue;
        }
        match judge(capture) {
            Judged::NoItem => {}
            Judged::Conforms(note) => items.push(Item { note, ..capture.item(rule, None) }),
            Judged::Deviates(what) => items.push(capture.item(rule, Some(what))),
            Judged::Lacks(what) => {
                gaps.push(gap(GapKind::NoInput, capture.database(), format!("captured at {}: {what}", capture.at)));
            }
        }
    }
    Assessment::with_gaps(items, gaps)
}
