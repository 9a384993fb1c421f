//! Which backups a retention keeps (`spec:occurrences-7`).

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use chrono::{Datelike as _, NaiveDate};

use crate::{policy::Retention, time::Time, value::EntryId, zone::Zone};

/// What tells a day, week or month from the others.
type Unit = fn(NaiveDate) -> (i32, u32);

/// Of the backups that are there, those that are kept: the last of each of so many days, weeks and months that have one,
/// by the clock of `zone`; or the last so many. Backups are named by their snapshots.
#[must_use]
pub fn kept(retention: &Retention, there: &[(Time, EntryId)], zone: &Zone) -> BTreeSet<EntryId> {
    let mut sorted: Vec<(Time, EntryId)> = there.to_vec();
    sorted.sort_unstable();
    match retention {
        Retention::KeepLast { keep, .. } => sorted.iter().rev().take(count(*keep)).map(|(_, id)| *id).collect(),
        Retention::Tiers { daily, weekly, monthly, .. } => {
            let day: Unit = |day| (day.year(), day.ordinal());
            let week: Unit = |day| (day.iso_week().year(), day.iso_week().week());
            let month: Unit = |day| (day.year(), day.month());
            let of = |(keep, unit): (&Option<i64>, Unit)| {
                let last: BTreeMap<_, EntryId> =
                    sorted.iter().map(|(at, id)| (unit(zone.local(*at).date()), *id)).collect();
                last.into_values().rev().take(count(keep.unwrap_or(0))).collect::<Vec<_>>()
            };
            [(daily, day), (weekly, week), (monthly, month)].into_iter().flat_map(of).collect()
        }
    }
}

fn count(keep: i64) -> usize {
    usize::try_from(keep.max(0)).unwrap_or(usize::MAX)
}

impl Retention {
    /// Seconds that a backup may stay after it fell out of all that keeps it.
    #[must_use]
    pub fn grace_s(&self) -> i64 {
        let (Self::Tiers { grace_s, .. } | Self::KeepLast { grace_s, .. }) = self;
        grace_s.unwrap_or(0)
    }
}
