//! The verified facts that rules may read, and nothing else (`spec:rules-1`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

use crate::{
    chain::{Anchored, Entries, Entry},
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
    events: Vec<Event>,
    period: Period,
    policies: Vec<(Option<Digest>, Policy)>,
    signed: BTreeSet<EntryId>,
    index: Index,
}

/// What rules look up, gathered in one pass.
#[derive(Debug, Default)]
struct Index {
    /// By run: when it started.
    started: BTreeMap<EntryId, Time>,
    /// Runs with an end, good or bad.
    ended: BTreeSet<EntryId>,
    /// By database: seq and end of its completed backups, ascending.
    completed: BTreeMap<String, Vec<(u64, Time)>>,
    /// By database: seq of its last passed restore test.
    passed: BTreeMap<String, u64>,
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
        let events: Vec<Event> = entries.all().iter().map(Entry::event).collect();
        let index = Index::new(entries.all().iter().zip(&events));
        let policies = policies.into_iter().map(|policy| (policy.digest().ok(), policy)).collect();
        Self { entries, events, period, policies, signed: signed.into_iter().collect(), index }
    }

    /// The period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// All entries with their events, from genesis.
    pub fn all(&self) -> impl Iterator<Item = (&Entry<'a>, &Event)> {
        self.entries.all().iter().zip(&self.events)
    }

    /// Entries recorded in the period: its items.
    pub fn items(&self) -> impl Iterator<Item = (&Entry<'a>, &Event)> {
        self.all().filter(|(entry, _)| self.period.contains(entry.recorded_at))
    }

    /// Restore tests recorded in the period; a real recovery is none.
    pub fn restore_tests(&self) -> impl Iterator<Item = (&Entry<'a>, &RestoreTested)> {
        self.items().filter_map(|(entry, event)| match event {
            Event::RestoreTested(test) if matches!(test.purpose, Purpose::Scheduled | Purpose::Drill) => {
                Some((entry, test.as_ref()))
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
    pub fn promised(&self, entry: &Entry<'_>, database: &str) -> Option<&DatabasePolicy> {
        let wanted = entry.policy?;
        self.policies.iter().find(|(digest, _)| *digest == Some(wanted))?.1.database(database)
    }

    /// Whether the entry's statement was verified.
    #[must_use]
    pub fn is_signed(&self, id: EntryId) -> bool {
        self.signed.contains(&id)
    }

    /// When a run started.
    #[must_use]
    pub fn started(&self, run: EntryId) -> Option<Time> {
        self.index.started.get(&run).copied()
    }

    /// Whether a run has an end, good or bad.
    #[must_use]
    pub fn has_ended(&self, run: EntryId) -> bool {
        self.index.ended.contains(&run)
    }

    /// When the first backup of `database` was completed whose entry comes after `seq`.
    #[must_use]
    pub fn completed_after(&self, database: &str, seq: u64) -> Option<Time> {
        let completed = self.index.completed.get(database)?;
        completed.get(completed.partition_point(|(at, _)| *at <= seq)).map(|(_, time)| *time)
    }

    /// Whether a restore test of `database` passed whose entry comes after `seq`.
    #[must_use]
    pub fn passed_after(&self, database: &str, seq: u64) -> bool {
        self.index.passed.get(database).is_some_and(|last| *last > seq)
    }
}

impl Index {
    fn new<'e>(all: impl Iterator<Item = (&'e Entry<'e>, &'e Event)>) -> Self {
        let mut index = Self::default();
        for (entry, event) in all {
            match event {
                Event::BackupStarted(start) => {
                    index.started.insert(start.run_id, entry.at);
                }
                Event::BackupFailed(failed) => {
                    index.ended.insert(failed.run_id);
                }
                Event::BackupCompleted(done) => {
                    index.ended.insert(done.run_id);
                    let completed = index.completed.entry(done.database.clone()).or_default();
                    completed.push((entry.seq, done.completed_at));
                }
                Event::RestoreTested(test) if test.outcome == Outcome::Passed => {
                    index.passed.insert(test.database.clone(), entry.seq);
                }
                _ => {}
            }
        }
        index
    }
}
