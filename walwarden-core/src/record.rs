//! The verified facts that rules may read, and nothing else (`spec:rules-1`).

use alloc::vec::Vec;

use crate::{
    chain::{Anchored, Entries, Entry},
    event::Event,
    policy::Policy,
    time::Period,
    value::EntryId,
};

/// A chain whose tree was rebuilt, seen through a period.
#[derive(Debug)]
pub struct Record<'a> {
    entries: &'a Entries<'a>,
    events: Vec<Event>,
    period: Period,
    policies: Vec<Policy>,
    signed: Vec<EntryId>,
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
        let events = entries.all().iter().map(Entry::event).collect();
        Self { entries, events, period, policies, signed }
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

    /// Policies carried, in order of adoption.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The policy that an entry was recorded under.
    #[must_use]
    pub fn policy_of(&self, entry: &Entry<'_>) -> Option<&Policy> {
        let wanted = entry.policy?;
        self.policies.iter().find(|policy| policy.digest().is_ok_and(|digest| digest == wanted))
    }

    /// Whether the entry's statement was verified.
    #[must_use]
    pub fn is_signed(&self, id: EntryId) -> bool {
        self.signed.contains(&id)
    }
}
