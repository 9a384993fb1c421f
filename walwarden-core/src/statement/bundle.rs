//! `bundle/v1`: what a bundle carries, and for which period (`spec:bundle-3`).

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::Predicate;
use crate::{
    digest::Digest,
    merkle::TreeHead,
    time::{Period, Time},
    value::{EntryId, Origin},
};

/// The predicate; its statement's subjects are every other file of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The organisation's name, as in genesis.
    pub organisation: String,
    /// The chain.
    pub origin: Origin,
    /// The period, half-open, UTC.
    pub period: Period,
    /// The zone in which its bounds are whole days.
    pub zone: String,
    /// The last checkpoint carried: over all lines carried.
    pub end: TreeHead,
    /// Number of entries recorded in the period, by type.
    pub counts: BTreeMap<String, i64>,
    /// Digests of the policies in force in the period, oldest first.
    pub policies: Vec<Digest>,
    /// Version of the bundle's format: `1`.
    pub format: i64,
    /// When it was sealed; self-asserted.
    pub sealed_at: Time,
    /// What is referenced in the period and not carried.
    pub withheld: Vec<Withheld>,
}

impl Predicate for Bundle {
    const TYPE: &'static str = "https://walwarden.dev/spec/bundle/v1";
    const FILE: &'static str = "bundle.dsse.json";
}

/// Something referenced and not carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withheld {
    /// Its digest.
    pub sha256: Digest,
    /// Why.
    pub reason: String,
    /// The entry that references it.
    pub entry: EntryId,
}
