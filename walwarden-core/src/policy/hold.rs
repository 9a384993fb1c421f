//! The order of lists, and what must hold beside the shape of the members (`spec:policy-2`, `spec:policy-8`).

use alloc::{
    format,
    string::{String, ToString as _},
};

use super::{DatabasePolicy, EvidencePolicy, Frequency, Migrations, Policy, PolicyError, Retention};

impl Policy {
    /// Lists of things with names stand by name, so that the order of writing promises nothing.
    pub(super) fn sort(&mut self) {
        self.databases.sort_by(|a, b| a.id.cmp(&b.id));
        for database in &mut self.databases {
            database.extra_schedules.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.exclude.sort_by(|a, b| a.database.cmp(&b.database));
        self.other_layer.sort_by(|a, b| a.name.cmp(&b.name));
        self.evidence.sort_by_key(evidence_name);
        self.subservice.sort_by(|a, b| a.name.cmp(&b.name));
        self.not_applicable.sort_by(|a, b| a.rule.cmp(&b.rule));
    }

    /// What must hold beside the shape of the members (`spec:policy-8`).
    pub(super) fn hold(&self) -> Result<(), PolicyError> {
        named("database", self.databases.iter().map(|database| database.id.clone()))?;
        named("excluded database", self.exclude.iter().map(|one| one.database.clone()))?;
        named("other layer", self.other_layer.iter().map(|one| one.name.clone()))?;
        named("evidence of", self.evidence.iter().map(evidence_name))?;
        named("subservice", self.subservice.iter().map(|one| one.name.clone()))?;
        named("not applicable rule", self.not_applicable.iter().map(|one| one.rule.clone()))?;
        if let Some(both) = self.exclude.iter().find(|one| self.database(&one.database).is_some()) {
            return Err(broken(format!("database {}", both.database), "it is in scope or left out, not both"));
        }
        if let Some(clock) = &self.clock {
            require((1..=100).contains(&clock.min_share_pct), "clock", "min_share_pct is a number of 1 to 100")?;
        }
        for one in &self.evidence {
            let due = (one.frequency == Frequency::PerMigration) == one.due_within_s.is_some();
            require(due, &evidence_name(one), "due_within belongs to per_migration, and to it alone")?;
        }
        for one in &self.not_applicable {
            require(is_rule_id(&one.rule), &format!("rule {}", one.rule), "a rule is named like WW-CP-02")?;
        }
        self.databases.iter().try_for_each(DatabasePolicy::hold)
    }
}

impl DatabasePolicy {
    fn hold(&self) -> Result<(), PolicyError> {
        let at = format!("database {}", self.id);
        named("extra schedule", self.extra_schedules.iter().map(|one| one.name.clone()))?;
        require(self.size_change_pct.is_none_or(|pct| pct > 0), &at, "size_change_pct is more than 0")?;
        require(self.copies.as_ref().is_none_or(|copies| copies.min >= 0), &at, "copies.min is 0 or more")?;
        let kept = match &self.retention {
            Some(Retention::Tiers { daily, weekly, monthly, .. }) => {
                let tiers = [daily, weekly, monthly];
                tiers.iter().any(|tier| tier.is_some()) && tiers.iter().all(|tier| tier.is_none_or(|keep| keep > 0))
            }
            Some(Retention::KeepLast { keep, .. }) => *keep > 0,
            None => true,
        };
        require(kept, &at, "retention keeps at least one backup, and no tier keeps none")?;
        let whole = self.migrations.as_ref().is_none_or(Migrations::holds);
        require(whole, &at, "repo, path and branch of migrations stand together")
    }
}

/// How a capture that recurs is told from others.
fn evidence_name(one: &EvidencePolicy) -> String {
    format!("{} {}", one.collector, one.frequency)
}

/// Names ascend by bytes, and none occurs twice.
fn named(what: &str, names: impl Iterator<Item = String>) -> Result<(), PolicyError> {
    let mut last: Option<String> = None;
    for name in names {
        match &last {
            Some(last) if *last == name => return Err(PolicyError::Duplicate(format!("{what} {name}"))),
            Some(last) if *last > name => return Err(broken(format!("{what} {name}"), "lists ascend by name")),
            _ => last = Some(name),
        }
    }
    Ok(())
}

/// `WW-`, two capitals, `-`, two digits.
fn is_rule_id(text: &str) -> bool {
    match text.as_bytes() {
        [b'W', b'W', b'-', a, b, b'-', c, d] => {
            a.is_ascii_uppercase() && b.is_ascii_uppercase() && c.is_ascii_digit() && d.is_ascii_digit()
        }
        _ => false,
    }
}

fn require(holds: bool, at: &str, what: &'static str) -> Result<(), PolicyError> {
    if holds { Ok(()) } else { Err(broken(at.to_string(), what)) }
}

const fn broken(at: String, what: &'static str) -> PolicyError {
    PolicyError::Rule { at, what }
}
