//! How much a policy may promise for rules to judge it (`spec:rules-52`): a few lines can promise millions of runs, and who
//! verifies has to count each.

use alloc::collections::BTreeSet;

use crate::{
    policy::{DatabasePolicy, Policy},
    record::{Record, Term},
    schedule::Schedule,
    time::Period,
};

/// What rules judge of a record without entries: hourly backups of two hundred databases for a quarter.
const LEAST: u64 = 500_000;
/// What each entry adds to that.
const EACH: u64 = 16;
/// Most pairs of an extra schedule and an entry or policy: each of the one is held against each of the other.
const PAIRS: u64 = 100_000_000;
const DAY: u64 = 86_400_000_000;

/// Whether there are too many runs and windows for the entries that could fill them.
#[must_use]
pub fn promises_too_much(record: &Record<'_>) -> bool {
    let terms = record.terms_of_period();
    let promised = terms.iter().map(|term| promised(term, record.period()));
    let promised = promised.fold(0, u64::saturating_add);
    let held = (record.all().len() as u64).saturating_add(terms.len() as u64);
    promised > LEAST.saturating_add(EACH.saturating_mul(record.all().len() as u64))
        || extras(&terms).saturating_mul(held) > PAIRS
}

/// The extra schedules of all databases, by their names.
fn extras(terms: &[Term<'_>]) -> u64 {
    let databases = terms.iter().filter_map(|term| term.policy).flat_map(|policy| &policy.databases);
    let names = databases
        .flat_map(|database| database.extra_schedules.iter().map(|extra| (database.id.as_str(), extra.name.as_str())));
    names.collect::<BTreeSet<_>>().len() as u64
}

/// At most so many runs and windows does a policy promise within a period.
fn promised(term: &Term<'_>, period: Period) -> u64 {
    let Some(policy) = term.policy else { return 0 };
    let (start, end) = (term.span.start.max(period.start), term.span.end.min(period.end));
    let length = u64::try_from(end.micros().saturating_sub(start.micros())).unwrap_or(0);
    length.div_ceil(DAY).saturating_mul(a_day(policy))
}

fn a_day(policy: &Policy) -> u64 {
    let of = |database: &DatabasePolicy| {
        let extras = database.extra_schedules.iter().map(|extra| &extra.cron);
        database.schedule.iter().chain(extras).map(Schedule::runs_a_day).fold(1, u64::saturating_add)
    };
    let databases = policy.databases.iter().map(of).fold(0, u64::saturating_add);
    databases.saturating_add(policy.evidence.len() as u64).saturating_add(1)
}
