//! WW-SC-01: every database that exists is known (`spec:rules-24`).

use super::{
    Assessment, Basis, Rule,
    capture::{Judged, consume, unless_explained},
};
use crate::{event::flag, policy::Collector, record::Record};

/// Each database seen is in scope or excluded.
pub(super) const SCOPE: Rule = Rule {
    id: "WW-SC-01",
    title: "Every database that was seen is in scope or excluded",
    computation: "no capture of scope_inventory flags an unknown database, or an identity that changed and that nobody explained",
    basis: Basis::B3,
    reader: false,
    evaluate: scope,
};

fn scope(record: &Record<'_>) -> Assessment {
    consume(record, SCOPE.id, &[Collector::ScopeInventory], |capture| {
        if let Some(unknown) = capture.flagged(&[flag::DATABASE_UNKNOWN]) {
            return Judged::Deviates(unknown);
        }
        unless_explained(record, capture, capture.flagged(&[flag::IDENTITY_CHANGED]))
    })
}
