//! What was recorded too late (`spec:rules-13`).

use alloc::{format, string::String};

use super::Record;
use crate::{chain::Line, policy::Policy};

impl Record<'_> {
    /// The policy that an entry was recorded under; `None` before the first, and of one that is not carried.
    #[must_use]
    pub fn policy_of(&self, entry: &Line<'_>) -> Option<&Policy> {
        self.policy_with_place(entry).map(|(_, policy)| policy)
    }

    /// As [`Record::policy_of`], with its place among the policies of the exhibits.
    pub(crate) fn policy_with_place(&self, entry: &Line<'_>) -> Option<(usize, &Policy)> {
        let wanted = entry.policy()?;
        let place = self.digests.iter().position(|digest| *digest == Some(wanted))?;
        Some((place, self.exhibits.policies.get(place)?))
    }

    /// Why an entry is late, for people: it was recorded later after it happened than the policy promises, or in this
    /// period though it happened before it. `None` of one that is in time.
    #[must_use]
    pub fn lateness(&self, entry: &Line<'_>) -> Option<String> {
        let at = entry.at();
        let after = entry.recorded_at.micros().saturating_sub(at.micros());
        let within = self.policy_of(entry).and_then(|policy| policy.record_within_s);
        if let Some(within) = within.filter(|within| after > within.saturating_mul(1_000_000)) {
            let seconds = entry.recorded_at.seconds_since(at);
            return Some(format!("recorded late: {seconds} s after it happened, promised {within} s"));
        }
        let earlier = at < self.period.start && self.period.contains(entry.recorded_at);
        earlier.then(|| format!("late for an earlier period: it happened at {at} and was recorded in this one"))
    }
}
