//! The verified facts that rules may read, and nothing else (`spec:rules-1`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use crate::{
    chain::{Anchored, Entries, Line},
    digest::Digest,
    event::{Event, Outcome, Purpose, RestoreTested},
    policy::{DatabasePolicy, Policy},
    time::{Period, Time},
    value::EntryId,
};

/// A chain whose tree was rebuilt, seen through a period. Lookups cost O(log n): a chain may have millions of entries.
#[derive(Debug)]
pub struct Record<'a> {
    entries: &'a Entries<'a>,
    period: Period,
    policies: Vec<(Option<Digest>, Policy)>,
    signed: BTreeSet<EntryId>,
    index: Index,
}

/// What rules look up, gathered in one pass over the lines; events are parsed only where they are asked for.
#[derive(Debug, Default)]
struct Index {
    /// By run, then position: the starts.
    started: Vec<(EntryId, u32)>,
    /// Runs with an end, good or bad, sorted.
    ended: Vec<EntryId>,
    /// By database: seq of its last passed restore test.
    passed: BTreeMap<alloc::string::String, u64>,
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
        Self { entries, period, policies, signed: signed.into_iter().collect(), index }
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

/// The event of a restore test; of other lines nothing is read.
fn tested(line: &Line<'_>) -> Event {
    if line.is_one_of(&["restore.tested"]) { line.event() } else { Event::NotInterpreted }
}
