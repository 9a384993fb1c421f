//! The verified facts that rules may read, and nothing else (`spec:rules-1`).

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

/// A chain whose tree was rebuilt, seen through a period. Lookups cost O(log n): a chain may have millions of entries.
#[derive(Debug)]
pub struct Record<'a> {
    entries: &'a Entries<'a>,
    period: Period,
    policies: Vec<(Option<Digest>, Policy)>,
    signed: BTreeSet<EntryId>,
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
    /// By database: seq of its last passed restore test.
    passed: BTreeMap<String, u64>,
    /// Entries that an action or an explanation is about.
    answered: BTreeSet<EntryId>,
    /// Declarations of scope and of maintenance, adoptions and exports: positions.
    declared: Vec<u32>,
}

impl<'a> Record<'a> {
    /// Reads anchored entries. `policies` are those carried, in order of adoption; `signed` are the entries whose
    /// statement was verified.
    #[must_use]
    pub fn new(
        _established: &Anchored,
        entries: &'a Entries<'a>,
        period: Period,
        policies: Vec<Policy>,
        signed: Vec<EntryId>,
    ) -> Self {
        let index = Index::new(entries.all());
        let policies = policies.into_iter().map(|policy| (policy.digest().ok(), policy)).collect();
        let signed = signed.into_iter().collect();
        let (adopted, zones) = (Vec::new(), Vec::new());
        let mut record = Self { entries, period, policies, signed, index, adopted, zones, utc: Zone::utc() };
        record.adopted = record.adoptions();
        record.zones = record.recorded_zones();
        record
    }

    fn adoptions(&self) -> Vec<(Time, Option<usize>)> {
        let place = |digest: Digest| self.policies.iter().position(|(known, _)| *known == Some(digest));
        let adopted = self.declared().filter_map(|(line, event)| match event {
            Event::PolicyAdopted(adopted) => {
                Some((line.recorded_at.max(adopted.effective_from), place(adopted.sha256)))
            }
            _ => None,
        });
        adopted.collect()
    }

    /// Zones that exports of this very period have recorded; the last of a name counts.
    fn recorded_zones(&self) -> Vec<(String, Zone)> {
        let zones = self.declared().filter_map(|(_, event)| match event {
            Event::ExportMade(export) if export.period == Some(self.period) => {
                let zone = export.zone?;
                Some((zone.name.clone(), Zone::try_from(&zone).ok()?))
            }
            _ => None,
        });
        zones.collect()
    }

    /// Events of [`DECLARING`], in order.
    fn declared(&self) -> impl Iterator<Item = (&'a Line<'a>, Event)> {
        self.index.declared.iter().filter_map(|position| self.line(*position)).map(|line| (line, line.event()))
    }

    /// The policies in force from the period's start on, in order of time.
    #[must_use]
    pub fn terms(&self) -> Vec<Term<'_>> {
        let mut terms = Vec::new();
        let mut until = Time::LAST;
        for (from, place) in self.adopted.iter().rev() {
            if *from < until && until > self.period.start {
                let policy = place.and_then(|place| self.policies.get(place)).map(|(_, policy)| policy);
                terms.push(Term { span: Period { start: *from, end: until }, policy });
                until = *from;
            }
        }
        terms.reverse();
        terms
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
        self.all().last().map_or(self.period.start, |line| line.recorded_at)
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
        self.items().filter(|line| line.is_one_of(&["restore.tested"])).filter_map(|line| match line.event() {
            Event::RestoreTested(test) if matches!(test.purpose, Purpose::Scheduled | Purpose::Drill) => {
                Some((line, *test))
            }
            _ => None,
        })
    }

    /// The policy adopted last of those carried.
    #[must_use]
    pub fn newest_policy(&self) -> Option<&Policy> {
        self.policies.last().map(|(_, policy)| policy)
    }

    /// What was promised for a database by the policy that an entry was recorded under.
    #[must_use]
    pub fn promised(&self, entry: &Line<'_>, database: &str) -> Option<&DatabasePolicy> {
        let wanted = entry.policy()?;
        self.policies.iter().find(|(digest, _)| *digest == Some(wanted))?.1.database(database)
    }

    /// Whether the entry's statement was verified.
    #[must_use]
    pub fn is_signed(&self, id: EntryId) -> bool {
        self.signed.contains(&id)
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

    /// Whether a restore test of `database` passed whose entry comes after `seq`.
    #[must_use]
    pub fn passed_after(&self, database: &str, seq: u64) -> bool {
        self.index.passed.get(database).is_some_and(|last| *last > seq)
    }

    fn line(&self, position: u32) -> Option<&'a Line<'a>> {
        self.all().get(usize::try_from(position).ok()?)
    }
}

impl Index {
    fn new(lines: &[Line<'_>]) -> Self {
        let mut index = Self::default();
        for (line, position) in lines.iter().zip(0..).filter(|(line, _)| line.is_interpreted()) {
            if line.is_one_of(&["backup.started"]) {
                index.started.push((line.run(), position));
            } else if line.is_one_of(&["backup.failed", "backup.completed"]) {
                index.ended.push(line.run());
            } else if line.is_one_of(DECLARING) {
                index.declared.push(position);
            } else if line.is_one_of(&["action.recorded"]) {
                if let Event::ActionRecorded(action) = line.event() {
                    index.answered.extend(action.subjects);
                }
            } else if let Event::RestoreTested(test) = tested(line)
                && test.outcome == Outcome::Passed
            {
                index.passed.insert(test.database, line.seq);
            }
        }
        index.started.sort_unstable();
        index.ended.sort_unstable();
        index
    }
}

/// Events that say what is promised, and of what.
const DECLARING: &[&str] = &["policy.adopted", "scope.declared", "maintenance.declared", "export.made"];

/// The event of a restore test; of other lines nothing is read.
fn tested(line: &Line<'_>) -> Event {
    if line.is_one_of(&["restore.tested"]) { line.event() } else { Event::NotInterpreted }
}
