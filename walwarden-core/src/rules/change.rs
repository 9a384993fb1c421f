//! Rules about changes of the schema (`spec:rules-31`, `spec:rules-32`).

use super::{
    Assessment, Basis, Rule,
    capture::{Judged, consume},
};
use crate::{event::flag, policy::Collector, record::Record};

/// Migrations are those of commits that somebody else approved.
pub(super) const MIGRATIONS: Rule = Rule {
    id: "WW-CM-01",
    title: "Migrations were those of approved commits",
    computation: "no capture with migrations flags one without a commit, a commit without one, or one that no other person approved",
    basis: Basis::B3,
    reader: false,
    evaluate: migrations,
};

/// The schema changes by migrations alone.
pub(super) const DRIFT: Rule = Rule {
    id: "WW-CM-02",
    title: "The schema changed by migrations alone",
    computation: "no snapshot of the schema differs from the one before without a migration between them",
    basis: Basis::B3,
    reader: false,
    evaluate: drift,
};

const UNMATCHED: &[&str] =
    &[flag::MIGRATION_WITHOUT_COMMIT, flag::COMMIT_WITHOUT_MIGRATION, flag::MIGRATION_UNAPPROVED, flag::SELF_APPROVED];

fn migrations(record: &Record<'_>) -> Assessment {
    consume(record, MIGRATIONS.id, &[Collector::ChangeManagement], |capture| {
        let added = capture.data.diff.map_or(0, |diff| diff.added);
        match capture.flagged(UNMATCHED) {
            Some(flags) => Judged::Deviates(flags),
            None if added > 0 => Judged::Conforms(None),
            None => Judged::NoItem,
        }
    })
}

fn drift(record: &Record<'_>) -> Assessment {
    consume(record, DRIFT.id, &[Collector::SchemaSnapshot], |capture| {
        match capture.flagged(&[flag::DRIFT_WITHOUT_MIGRATION]) {
            Some(drift) => Judged::Deviates(drift),
            None if capture.data.previous.is_some() => Judged::Conforms(None),
            None => Judged::NoItem,
        }
    })
}
