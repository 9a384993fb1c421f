//! `policy.toml` before it is adopted: a start to edit, and what is wrong with one.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::Path,
};

use serde_json::json;
use walwarden_core::{
    Digest, Period, Time,
    policy::{
        Algorithm, Policy,
        lint::{self, Finding, Linted, NotLookedAt, Severity, Surroundings},
    },
    statement::key_registry::{RegistryKey, State, Use},
    zone::Zone,
};

use crate::{
    error::{OperatorError, ProduceError, StorageError},
    period,
    producer::Producer,
    store::{LOCAL, Location},
};

const FULL: &str = include_str!("policy_file/full.toml");
const MINIMAL: &str = include_str!("policy_file/minimal.toml");

/// In microseconds.
const DAY: i64 = 86_400_000_000;

/// A commented policy that passes its own lint, in force from the day after `now`.
#[must_use]
pub fn template(minimal: bool, now: Time) -> String {
    let tomorrow = now.micros().div_euclid(DAY).saturating_add(1).saturating_mul(DAY);
    let day = Time::from_micros(tomorrow).unwrap_or(now).to_string();
    let text = if minimal { MINIMAL } else { FULL };
    text.replace("{effective_from}", &format!("{}Z", day.get(..19).unwrap_or_default()))
}

/// Writes a policy to edit where nothing is yet.
///
/// # Errors
/// Something is there, or the folder cannot be written.
pub fn write(path: &Path, minimal: bool, now: Time) -> Result<(), ProduceError> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(OperatorError::Exists(path.to_owned()).into());
        }
        made => made.map_err(StorageError::at("write", path))?,
    };
    let written = file.write_all(template(minimal, now).as_bytes()).and_then(|()| file.sync_all());
    Ok(written.map_err(StorageError::at("write", path))?)
}

/// A policy that was read, and what reading it found.
#[derive(Debug)]
pub struct Checked {
    /// The policy.
    pub policy: Policy,
    /// Its digest.
    pub sha256: Digest,
    /// Digest of the file.
    pub toml_sha256: Digest,
    /// What it promises and cannot keep.
    pub linted: Linted,
}

/// What a vault knows that a policy is held against.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Persons with an active key for reviews.
    pub reviewers: Vec<String>,
    /// Actors that capture evidence.
    pub collectors: Vec<String>,
    /// Stores that can hold copies.
    pub stores: Vec<Location>,
    /// Whether backups are encrypted.
    pub encrypted: bool,
}

impl Known {
    /// What the vault of a producer knows.
    #[must_use]
    pub fn of(producer: &Producer) -> Self {
        let is_reviewer = |key: &&RegistryKey| key.state == State::Active && key.uses == [Use::Review];
        // Where backups are made is a copy too, where that is a provider's.
        let main = (producer.store.location().provider != LOCAL).then_some(&producer.store);
        let stores = producer.copies.iter().chain(main);
        Self {
            reviewers: producer.registry.keys.iter().filter(is_reviewer).map(|key| key.custodian.clone()).collect(),
            collectors: vec![producer.identity.actor.id.clone()],
            stores: stores.map(|store| store.location().clone()).collect(),
            encrypted: !producer.encryption.is_none(),
        }
    }
}

/// Reads a policy as if it were adopted `now`, and holds it against what is known.
///
/// # Errors
/// It is no policy, or its time zone is none.
pub fn check(path: &Path, now: Time, known: Option<&Known>) -> Result<Checked, ProduceError> {
    let text = fs::read_to_string(path).map_err(StorageError::at("read", path))?;
    let policy = Policy::from_toml(&text).map_err(OperatorError::from)?;
    let sha256 = policy.digest()?;
    let linted = linted(&policy, now, known)?;
    Ok(Checked { policy, sha256, toml_sha256: Digest::of(text.as_bytes()), linted })
}

/// Asks every question of a policy that is adopted at an instant.
///
/// # Errors
/// Its time zone is none.
pub fn linted(policy: &Policy, adopted_at: Time, known: Option<&Known>) -> Result<Linted, OperatorError> {
    let end = Time::from_micros(adopted_at.micros() + 2 * 366 * DAY).unwrap_or(adopted_at);
    let zone = period::zone_facts(&policy.timezone, &Period { start: adopted_at, end })?;
    let zone = Zone::try_from(&zone).ok();
    let stores = known.map(|known| known.stores.iter().map(place).collect::<Vec<_>>());
    let reviewers = known.map(|known| words(&known.reviewers));
    let collectors = known.map(|known| words(&known.collectors));
    let about = Surroundings {
        adopted_at: Some(adopted_at),
        reviewers: reviewers.as_deref(),
        collectors: collectors.as_deref(),
        locations: stores.as_deref(),
        encryption: known.map(|known| if known.encrypted { &[Algorithm::AgeX25519][..] } else { &[] }),
        zone: zone.as_ref(),
    };
    Ok(lint::lint(policy, &about))
}

fn place(store: &Location) -> lint::Location<'_> {
    let Location { provider, account_ref, region, .. } = store;
    lint::Location { provider, account_ref, region, elsewhere: provider != LOCAL }
}

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

impl Checked {
    /// Findings of this kind.
    pub fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.linted.findings.iter().filter(move |finding| finding.lint.severity == severity)
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> String {
        let finding = |one: &Finding| json!({ "id": one.lint.id, "severity": one.lint.severity.word(), "at": one.at, "what": one.what });
        let skipped = |one: &NotLookedAt| json!({ "id": one.lint.id, "why": one.why });
        let value = json!({
            "version": self.policy.version,
            "sha256": self.sha256.to_string(),
            "toml_sha256": self.toml_sha256.to_string(),
            "databases": self.policy.databases.iter().map(|database| &database.id).collect::<Vec<_>>(),
            "findings": self.linted.findings.iter().map(finding).collect::<Vec<_>>(),
            "not_looked_at": self.linted.not_looked_at.iter().map(skipped).collect::<Vec<_>>(),
        });
        format!("{value:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_passes_its_own_lint() {
        let now: Time = "2026-12-31T23:59:59.999999Z".parse().unwrap();
        let text = |text: &str| text.to_owned();
        let (provider, account_ref, region) = (text("elsewhere"), text("acme-dr"), text("eu-north"));
        let known = Known {
            reviewers: vec![text("ops-lead"), text("sec-lead")],
            collectors: vec![text("backup-runner")],
            stores: vec![Location { name: text("dr"), provider, account_ref, region, bucket: text("b") }],
            encrypted: false,
        };
        for minimal in [false, true] {
            let policy = Policy::from_toml(&template(minimal, now)).unwrap();
            assert_eq!(policy.effective_from, "2027-01-01T00:00:00.000000Z".parse().unwrap());
            assert_eq!(linted(&policy, now, Some(&known)).unwrap(), Linted::default(), "minimal: {minimal}");
        }
    }
}
