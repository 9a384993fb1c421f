//! What rules may read beside the lines of the chain (`spec:rules-1`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use crate::{
    digest::Digest,
    event::Zone,
    policy::Policy,
    registry::Version,
    statement::{Backup, Evidence, RestoreTest, Review},
    time::{Period, Time},
    value::EntryId,
};

/// What a bundle carries beside its chain: only what a check has verified.
#[derive(Debug, Clone, Default)]
pub struct Exhibits<'a> {
    /// Policies, in order of adoption.
    pub policies: Vec<Policy>,
    /// Entries whose every statement was verified.
    pub signed: BTreeSet<EntryId>,
    /// Statements of completed backups.
    pub backups: BTreeMap<EntryId, &'a Backup>,
    /// Statements of restore tests.
    pub restore_tests: BTreeMap<EntryId, &'a RestoreTest>,
    /// Statements of evidence.
    pub evidence: BTreeMap<EntryId, &'a Evidence>,
    /// Statements of reviews and approvals, by the entry that holds them.
    pub reviews: BTreeMap<EntryId, &'a Review>,
    /// Files attached, by digest; those withheld are not here.
    pub blobs: BTreeMap<Digest, &'a [u8]>,
    /// Versions of the key registry, in order.
    pub registry: &'a [Version],
    /// What the bundle says of its own making; `None` outside of a bundle.
    pub seal: Option<Seal>,
    /// What the reader brought.
    pub reader: Reader,
    /// What a producer knows that looks at its own duties; a verifier goes by what was recorded.
    pub outlook: Outlook,
}

/// What a producer knows beside its record.
#[derive(Debug, Clone, Default)]
pub struct Outlook {
    /// Offsets of zones beside those that the chain records for the period (`spec:occurrences-2`).
    pub zones: Vec<Zone>,
    /// The time until which nothing happened that is not in the record.
    pub now: Option<Time>,
}

/// What a bundle says of its own making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// When it was sealed.
    pub sealed_at: Time,
}

/// What only a reader can bring; `None` where nothing was.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Period of the bundle before this one.
    pub previous: Option<Period>,
    /// Stored objects of backups that were hashed: whether each was the one of its statement.
    pub objects: Option<BTreeMap<EntryId, bool>>,
    /// Times from outside that hold under the reader's own roots, or are of the reader's own witnesses, each with the
    /// size of the tree it dates.
    pub anchors: Option<Vec<(u64, Time)>>,
    /// From the start of the first of several bundles to the end of the last.
    pub evidence: Option<Period>,
}
