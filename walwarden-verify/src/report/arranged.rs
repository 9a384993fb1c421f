//! Which criteria a report speaks of (`spec:report-13`). It is a view: no verdict depends on it.

use walwarden_core::{
    policy::{Framework, Policy},
    rules::criteria::{Criterion, is_availability, roll_up},
};

use super::Report;

/// The frameworks of a report, and whether SOC 2's Availability is among what the policy has in scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arranged {
    /// The frameworks shown, in printing order.
    pub frameworks: Vec<Framework>,
    /// Who chose them.
    pub by: ArrangedBy,
    /// What the policy says of Availability.
    pub availability: Availability,
}

/// Who chose the frameworks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrangedBy {
    /// The reader, by `--frameworks`.
    Reader,
    /// The policy last in force.
    Policy,
    /// Nobody: all of them are shown.
    Nobody,
}

/// `soc2_availability_in_scope` of the policy last in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// It says that it is.
    InScope,
    /// It says that it is not: what A1 comes to is informational.
    NotInScope,
    /// It says nothing, or no policy is established.
    NotStated,
}

impl Default for Arranged {
    fn default() -> Self {
        Self::of(None)
    }
}

impl Arranged {
    /// As the policy last in force says.
    #[must_use]
    pub fn of(policy: Option<&Policy>) -> Self {
        let availability = match policy.and_then(|policy| policy.soc2_availability_in_scope) {
            Some(true) => Availability::InScope,
            Some(false) => Availability::NotInScope,
            None => Availability::NotStated,
        };
        let named = policy.map(|policy| policy.frameworks.as_slice()).unwrap_or_default();
        match named {
            [] => Self { frameworks: Framework::ALL.to_vec(), by: ArrangedBy::Nobody, availability },
            named => Self { frameworks: in_order(named), by: ArrangedBy::Policy, availability },
        }
    }

    /// The frameworks that are not shown.
    #[must_use]
    pub fn left_out(&self) -> Vec<Framework> {
        Framework::ALL.iter().filter(|framework| !self.frameworks.contains(framework)).copied().collect()
    }

    /// Whether what a criterion comes to is informational: it counts in no sum of criteria.
    #[must_use]
    pub fn is_informational(&self, criterion: &Criterion) -> bool {
        self.availability == Availability::NotInScope && is_availability(criterion.framework, criterion.id)
    }
}

impl Report {
    /// The same report, arranged by frameworks that the reader chose; none: as it was.
    #[must_use]
    pub fn arranged_by(mut self, frameworks: &[Framework]) -> Self {
        if !frameworks.is_empty() {
            self.arranged.frameworks = in_order(frameworks);
            self.arranged.by = ArrangedBy::Reader;
        }
        self
    }

    /// Every criterion of the frameworks shown that a rule speaks to.
    #[must_use]
    pub fn criteria(&self) -> Vec<Criterion> {
        self.arranged.frameworks.iter().flat_map(|framework| roll_up(&self.rules, *framework)).collect()
    }
}

impl ArrangedBy {
    /// Stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Policy => "policy",
            Self::Nobody => "nobody",
        }
    }
}

impl Availability {
    /// Stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InScope => "in-scope",
            Self::NotInScope => "not-in-scope",
            Self::NotStated => "not-stated",
        }
    }
}

/// Each once, in printing order.
fn in_order(named: &[Framework]) -> Vec<Framework> {
    Framework::ALL.iter().filter(|framework| named.contains(framework)).copied().collect()
}
