//! The verified facts that rules may read, and nothing else (`spec:rules-1`).

mod custody;
mod exhibits;
mod late;

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use crate::{
    chain::{Anchored, Entries, Line},
    digest::Digest,
    event::{Duty, Event, Outcome, Purpose, RestoreTested},
    policy::{DatabasePolicy, Policy},
    time::{Period, Time},
    value::EntryId,
    zone::Zone,
};

pub use custody::{Check, Completed, Custody};
pub use exhibits::{Exhibits, Outlook, Reader, Seal};

/// A chain whose tree was rebuilt, seen through a period. Lookups cost O(log n): a chain may have millions of entries.
#[derive(Debug)]
pub struct Record<'a> {
    entries: &'a Entries<'a>,
    period: Period,
    exhibits: Exhibits<'a>,
    /// Digest of each policy of the exhibits.
    digests: Vec<Option<Digest>>,
    index: Index,
    /// From when each adopted policy counts, in order, and its place if it is carried.
    adopted: Vec<(Time, Option<usize>)>,
    zones: Vec<(String, Zone)>,
    utc: Zone,
}

/// A policy while it is in force (`spec:occurrences-3`).
#[derive(Debug, Clone, Copy)]
pub struct Term<'r> {
    /// From when to when; the last one has no end in sight.
    pub span: Period,
    /// The policy; `None` of one that is not carried.
    pub policy: Option<&'r Policy>,
}

/// What rules look up, gathered in one pass over the lines; events are parsed only where they are asked for.
#[derive(Debug, Default)]
struct Index {
    /// By run, then position: the starts.
    started: Vec<(EntryId, u32)>,
    /// Runs with an end, good or bad, sorted.
    ended: Vec<EntryId>,
    /// Restore tests that ended, sorted.
    tested: Vec<EntryId>,
    /// By database: seq and end of its passed restore tests, in order.
    passed: BTreeMap<String, Vec<(u64, Time)>>,
    /// Entries that an action or an explanation is about.
    answered: BTreeSet<EntryId>,
    /// By type, in the order of [`Event::TYPES`]: positions.
    by_type: Vec<Vec<u32>>,
}

impl<'a> Record<'a> {
    /// Reads anchored entries and what was verified beside them.
    #[must_use]
    pub fn new(_established: &Anchored, entries: &'a Entries<'a>, period: Period, exhibits: Exhibits<'a>) -> Self {
        let index = Index::new(entries.all());
        let digests = exhibits.policies.iter().map(|policy| policy.digest().ok()).collect();
        let (adopted, zones) = (Vec::new(), Vec::new());
        let mut record = Self { entries, period, exhibits, digests, index, adopted, zones, utc: Zone::utc() };
        record.adopted = record.adoptions();
        record.zones = record.known_zones();
        record
    }

    fn adoptions(&self) -> Vec<(Time, Option<usize>)> {
        let place = |digest: Digest| self.digests.iter().position(|known| *known == Some(digest));
        let adopted = self.declared().filter_map(|(line, event)| match event {
            Event::PolicyAdopted(adopted) => {
                Some((line.recorded_at.max(adopted.effective_from), place(adopted.sha256)))
            }
            _ => None,
        });
        adopted.collect()
    }

    /// Zones that exports of this very period have recorded, behind those brought; the last of a name counts.
    fn known_zones(&self) -> Vec<(String, Zone)> {
        let recorded = self.declared().filter_map(|(_, event)| match event {
            Event::ExportMade(export) if export.period == Some(self.period) => export.zone,
            _ => None,
        });
        let all = self.exhibits.outlook.zones.iter().cloned().chain(recorded);
        all.filter_map(|zone| Some((zone.name.clone(), Zone::try_from(&zone).ok()?))).collect()
    }

    /// Events of [`DECLARING`], in order.
    fn declared(&self) -> impl Iterator<Item = (&'a Line<'a>, Event)> {
        self.events(DECLARING)
    }

    /// Lines of these types, in order; those of the whole chain.
    pub fn lines(&self, kinds: &[&str]) -> impl Iterator<Item = &'a Line<'a>> + use<'_, 'a> {
        let of = Event::TYPES.iter().zip(&self.index.by_type).filter(|(kind, _)| kinds.contains(kind));
        let lists: Vec<&[u32]> = of.map(|(_, positions)| positions.as_slice()).collect();
        // A single type is in order already.
        let mut merged = Vec::new();
        let one = match lists.as_slice() {
            [] => &[],
            [one] => *one,
            several => {
                merged = several.concat();
                merged.sort_unstable();
                &[]
            }
        };
        one.iter().copied().chain(merged).filter_map(|position| self.line(position))
    }

    /// Events of these types, in order; those of the whole chain.
    pub fn events(&self, kinds: &[&str]) -> impl Iterator<Item = (&'a Line<'a>, Event)> + use<'_, 'a> {
        self.lines(kinds).map(|line| (line, line.event()))
    }

    /// Events of these types that were recorded in the period, in order.
    pub fn recorded(&self, kinds: &[&str]) -> impl Iterator<Item = (&'a Line<'a>, Event)> + use<'_, 'a> {
        let within = |line: &&Line<'_>| self.period.contains(line.recorded_at);
        self.lines(kinds).filter(within).map(|line| (line, line.event()))
    }

    /// What stands beside the chain.
    #[must_use]
    pub const fn exhibits(&self) -> &Exhibits<'a> {
        &self.exhibits
    }

    /// All policies ever in force, in order of time.
    #[must_use]
    pub fn all_terms(&self) -> Vec<Term<'_>> {
        let mut terms = Vec::new();
        let mut until = Time::LAST;
        for (from, place) in self.adopted.iter().rev() {
            if *from < until {
                let policy = place.and_then(|place| self.exhibits.policies.get(place));
                terms.push(Term { span: Period { start: *from, end: until }, policy });
                until = *from;
            }
        }
        terms.reverse();
        terms
    }

    /// The policies in force from the period's start on, in order of time.
    #[must_use]
    pub fn terms(&self) -> Vec<Term<'_>> {
        let mut terms = self.all_terms();
        terms.retain(|term| term.span.end > self.period.start);
        terms
    }

    /// The policies in force in the period, in order of time; `None` of one that is not carried.
    #[must_use]
    pub fn terms_of_period(&self) -> Vec<Term<'_>> {
        let mut terms = self.terms();
        terms.retain(|term| term.span.start < self.period.end);
        terms
    }

    /// The policy in force at an instant of the period or after it.
    #[must_use]
    pub fn in_force(&self, at: Time) -> Option<&Policy> {
        self.terms().into_iter().find(|term| term.span.contains(at)).and_then(|term| term.policy)
    }

    /// Databases of the policies in force in the period.
    #[must_use]
    pub fn databases(&self) -> BTreeSet<&str> {
        let policies = self.terms_of_period().into_iter().filter_map(|term| term.policy);
        policies.flat_map(|policy| policy.databases.iter().map(|database| database.id.as_str())).collect()
    }

    /// Offsets of a zone, as recorded for the period.
    #[must_use]
    pub fn zone(&self, name: &str) -> Option<&Zone> {
        if name == "UTC" {
            return Some(&self.utc);
        }
        self.zones.iter().rev().find(|(known, _)| known == name).map(|(_, zone)| zone)
    }

    /// UTC, which is in every record.
    #[must_use]
    pub const fn utc(&self) -> &Zone {
        &self.utc
    }

    /// From when to when a database was in scope, by the last declaration that names it; `None` where none does.
    #[must_use]
    pub fn scope(&self, database: &str) -> Option<Period> {
        let scopes = self.declared().filter_map(|(_, event)| match event {
            Event::ScopeDeclared(scope) => scope.databases.into_iter().find(|known| known.id == database),
            _ => None,
        });
        scopes.last().map(|known| Period { start: known.from, end: known.to.unwrap_or(Time::LAST) })
    }

    /// Spans of maintenance in which a duty rests; only those that were recorded before they began.
    pub fn maintenance(&self, database: &str, duty: Duty) -> impl Iterator<Item = Period> {
        self.declared().filter_map(move |(line, event)| match event {
            Event::MaintenanceDeclared(declared)
                if (declared.database == database || declared.database == "*")
                    && declared.kinds.contains(&duty)
                    && line.recorded_at < declared.from =>
            {
                Some(Period { start: declared.from, end: declared.to })
            }
            _ => None,
        })
    }

    /// Whether an action, an explanation, a risk acceptance or a lesson is recorded about an entry.
    #[must_use]
    pub fn is_answered(&self, entry: EntryId) -> bool {
        self.index.answered.contains(&entry)
    }

    /// To when the record reaches: what is not in it by then did not happen.
    #[must_use]
    pub fn covered(&self) -> Time {
        let last = self.all().last().map_or(self.period.start, |line| line.recorded_at);
        self.exhibits.outlook.now.map_or(last, |now| now.max(last))
    }

    /// The period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// All entries, from genesis.
    #[must_use]
    pub fn all(&self) -> &'a [Line<'a>] {
        self.entries.all()
    }

    /// Entries recorded in the period: its items.
    pub fn items(&self) -> impl Iterator<Item = &'a Line<'a>> {
        self.all().iter().filter(|line| self.period.contains(line.recorded_at))
    }

    /// Restore tests recorded in the period; a real recovery is none.
    pub fn restore_tests(&self) -> impl Iterator<Item = (&'a Line<'a>, RestoreTested)> {
        self.recorded(&["restore.tested"]).filter_map(|(line, event)| match event {
            Event::RestoreTested(test) if matches!(test.purpose, Purpose::Scheduled | Purpose::Drill) => {
                Some((line, *test))
            }
            _ => None,
        })
    }

    /// The policy adopted last of those carried.
    #[must_use]
    pub fn newest_policy(&self) -> Option<&Policy> {
        self.exhibits.policies.last()
    }

    /// What was promised for a database by the policy that an entry was recorded under.
    #[must_use]
    pub fn promised(&self, entry: &Line<'_>, database: &str) -> Option<&DatabasePolicy> {
        self.policy_of(entry)?.database(database)
    }

    /// Whether the entry's statement was verified.
    #[must_use]
    pub fn is_signed(&self, id: EntryId) -> bool {
        self.exhibits.signed.contains(&id)
    }

    /// When a run started; the last start counts where there are several.
    #[must_use]
    pub fn started(&self, run: EntryId) -> Option<Time> {
        let after = self.index.started.partition_point(|(other, _)| *other <= run);
        let (_, position) = self.index.started.get(after.checked_sub(1)?).filter(|(other, _)| *other == run)?;
        self.line(*position).map(Line::at)
    }

    /// Whether a run has an end, good or bad.
    #[must_use]
    pub fn has_ended(&self, run: EntryId) -> bool {
        self.index.ended.binary_search(&run).is_ok()
    }

    /// Whether a restore test has an end, good or bad.
    #[must_use]
    pub fn has_test_ended(&self, test: EntryId) -> bool {
        self.index.tested.binary_search(&test).is_ok()
    }

    /// When the first backup of `database` was completed whose entry comes after `seq`.
    #[must_use]
    pub fn completed_after(&self, database: &str, seq: u64) -> Option<Time> {
        let completed = self.entries.completed_of(database);
        let seq_at = |position: &u32| self.line(*position).map(|line| line.seq);
        let first = completed.partition_point(|position| seq_at(position).is_some_and(|at| at <= seq));
        match self.line(*completed.get(first)?)?.event() {
            Event::BackupCompleted(done) => Some(done.completed_at),
            _ => None,
        }
    }

    /// When the first restore test of `database` passed whose entry comes after `seq`.
    #[must_use]
    pub fn passed_after(&self, database: &str, seq: u64) -> Option<Time> {
        let passed = self.index.passed.get(database)?;
        let first = passed.partition_point(|(at, _)| *at <= seq);
        passed.get(first).map(|(_, time)| *time)
    }

    fn line(&self, position: u32) -> Option<&'a Line<'a>> {
        self.all().get(usize::try_from(position).ok()?)
    }
}

impl Index {
    fn new(lines: &[Line<'_>]) -> Self {
        let mut index = Self { by_type: alloc::vec![Vec::new(); Event::TYPES.len()], ..Self::default() };
        for (line, position) in lines.iter().zip(0..).filter(|(line, _)| line.is_interpreted()) {
            if let Some(positions) = line.type_place().and_then(|place| index.by_type.get_mut(place)) {
                positions.push(position);
            }
            if line.is_one_of(&["backup.started"]) {
                index.started.push((line.run(), position));
            } else if line.is_one_of(&["backup.failed", "backup.completed"]) {
                index.ended.push(line.run());
            } else if line.is_one_of(&["action.recorded"]) {
                if let Event::ActionRecorded(action) = line.event() {
                    index.answered.extend(action.subjects);
                }
            } else if let Event::RestoreTested(test) = tested(line) {
                index.tested.push(test.test_id);
                if test.outcome == Outcome::Passed {
                    index.passed.entry(test.database).or_default().push((line.seq, test.ended_at));
                }
            }
        }
        index.started.sort_unstable();
        index.ended.sort_unstable();
        index.tested.sort_unstable();
        index
    }
}

/// Events that say what is promised, and of what.
const DECLARING: &[&str] = &["policy.adopted", "scope.declared", "maintenance.declared", "export.made"];

/// The event of a restore test; of other lines nothing is read.
fn tested(line: &Line<'_>) -> Event {
    if line.is_one_of(&["restore.tested"]) { line.event() } else { Event::NotInterpreted }
}
