//! What a cadence asks for of a database in the period (`spec:rules-14`).

use alloc::{format, string::String, vec::Vec};

use super::{Gap, GapKind, window};
use crate::{
    policy::{Cadence, Policy},
    record::Record,
    time::{Period, Time},
};

/// What a cadence asks for in the period.
pub(super) struct Asked {
    /// Windows that ended in the period and that the record covers.
    pub(super) over: Vec<Period>,
    /// Whether any policy in force in the period promises the duty.
    pub(super) promised: bool,
    /// Parts that cannot be judged.
    pub(super) gaps: Vec<Gap>,
}

/// The windows of a duty of a database (`*`: of the organisation) while it was in scope.
pub(super) fn asked(record: &Record<'_>, database: &str, cadence: impl Fn(&Policy) -> Option<Cadence>) -> Asked {
    let promised = record.terms_of_period().iter().any(|term| term.policy.and_then(&cadence).is_some());
    let windows = match window::windows(record, &cadence) {
        Ok(windows) => windows,
        Err(gap) => {
            return Asked { over: Vec::new(), promised, gaps: [Gap { database: database.into(), ..gap }].into() };
        }
    };
    let scope = record.scope(database);
    let within = |window: &Period| scope.is_none_or(|scope| scope.start <= window.start && window.end <= scope.end);
    let ended = windows.into_iter().map(|window| window.span).filter(within);
    let (over, open): (Vec<Period>, Vec<Period>) = ended.partition(|window| window.end <= record.covered());
    let gap = |window: &Period| {
        window::gap(GapKind::NotCovered, database, format!("{}: the record ends before it does", span(window)))
    };
    Asked { over, promised, gaps: open.iter().map(gap).collect() }
}

/// `from 2026-07-01 00:00 to 2026-08-01 00:00 UTC`.
pub(super) fn span(window: &Period) -> String {
    let minute = |time: Time| time.to_words().get(..16).map(String::from).unwrap_or_default();
    format!("from {} to {} UTC", minute(window.start), minute(window.end))
}
