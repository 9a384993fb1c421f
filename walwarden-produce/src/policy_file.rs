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
        Policy,
        lint::{Finding, Linted, NotLookedAt, Severity, Surroundings, lint},
    },
    zone::Zone,
};

use crate::{
    error::{OperatorError, ProduceError, StorageError},
    period,
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

/// Reads a policy as if it were adopted `now`.
///
/// # Errors
/// It is no policy, or its time zone is none.
pub fn check(path: &Path, now: Time) -> Result<Checked, ProduceError> {
    let text = fs::read_to_string(path).map_err(StorageError::at("read", path))?;
    let policy = Policy::from_toml(&text).map_err(OperatorError::from)?;
    let years = Period { start: now, end: Time::from_micros(now.micros() + 2 * 366 * DAY).unwrap_or(now) };
    let zone = period::zone_facts(&policy.timezone, &years).map_err(OperatorError::from)?;
    let zone = Zone::try_from(&zone).ok();
    let sha256 = policy.digest()?;
    let linted = lint(&policy, &Surroundings { adopted_at: Some(now), zone: zone.as_ref(), ..Surroundings::default() });
    Ok(Checked { policy, sha256, toml_sha256: Digest::of(text.as_bytes()), linted })
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
    use walwarden_core::policy::lint::Location;

    use super::*;

    #[test]
    fn what_is_written_passes_its_own_lint() {
        let now: Time = "2026-12-31T23:59:59.999999Z".parse().unwrap();
        let years = Period { start: now, end: "2029-01-01T00:00:00.000000Z".parse().unwrap() };
        let zone = Zone::try_from(&period::zone_facts("Europe/Berlin", &years).unwrap()).unwrap();
        for minimal in [false, true] {
            let text = template(minimal, now);
            let policy = Policy::from_toml(&text).unwrap();
            assert_eq!(policy.effective_from, "2027-01-01T00:00:00.000000Z".parse().unwrap());
            let all = Surroundings {
                adopted_at: Some(now),
                reviewers: Some(&["ops-lead", "sec-lead"]),
                collectors: Some(&["backup-runner"]),
                locations: Some(&[Location { provider: "elsewhere", account_ref: "acme-dr", region: "eu-north" }]),
                zone: Some(&zone),
            };
            assert_eq!(lint(&policy, &all), Linted::default(), "minimal: {minimal}");
        }
    }
}
