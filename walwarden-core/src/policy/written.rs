//! `policy.toml` as it is written (`spec:policy-1`, `spec:policy-7`).

use alloc::{format, string::String, vec::Vec};
use core::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::{
    CompleteSet, Exclusion, Expected, Framework, NotApplicable, POLICY_TYPE, Policy, PolicyError, Roles, Subservice,
    database::{Promises, WrittenDatabase},
    duration::Duration,
    evidence::WrittenEvidence,
    retention::WrittenEvidenceRetention,
    scope::WrittenOtherLayer,
    signing::{WrittenAlerts, WrittenClock, WrittenSigning},
};
use crate::{time::Time, value::parse_str};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    policy: Head,
    #[serde(default)]
    defaults: Promises,
    #[serde(default)]
    database: Vec<WrittenDatabase>,
    #[serde(default)]
    exclude: Vec<Exclusion>,
    complete_set: Option<CompleteSet>,
    #[serde(default)]
    other_layer: Vec<WrittenOtherLayer>,
    signing: Option<WrittenSigning>,
    alerts: Option<WrittenAlerts>,
    #[serde(default)]
    evidence: Vec<WrittenEvidence>,
    evidence_retention: Option<WrittenEvidenceRetention>,
    #[serde(default)]
    subservice: Vec<Subservice>,
    roles: Option<Roles>,
    #[serde(default)]
    not_applicable: Vec<NotApplicable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: String,
    organisation: String,
    effective_from: Instant,
    author: String,
    approved_by: String,
    approval_ref: Option<String>,
    timezone: String,
    #[serde(default)]
    frameworks: Vec<Framework>,
    soc2_availability_in_scope: Option<bool>,
    record_within: Option<Duration>,
    sign_off: Option<bool>,
    clock: Option<WrittenClock>,
}

/// RFC 3339 in UTC, to the second, or to six digits of one.
struct Instant(Time);

impl FromStr for Instant {
    type Err = Expected;

    fn from_str(s: &str) -> Result<Self, Expected> {
        let spelt = match s.strip_suffix('Z') {
            Some(rest) if rest.len() == 19 => format!("{rest}.000000Z"),
            _ => s.into(),
        };
        spelt.parse().map(Self).map_err(|_| Expected("a time like 2026-07-01T00:00:00Z"))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse_str(deserializer)
    }
}

impl Written {
    /// Reads a text.
    pub(super) fn read(text: &str) -> Result<Self, PolicyError> {
        toml::from_str(text).map_err(|error| PolicyError::Toml(placed(text, &error)))
    }

    /// The defaults carried into each database; nothing is put in order yet.
    pub(super) fn resolve(self) -> Result<Policy, PolicyError> {
        let Self { policy, defaults, .. } = self;
        let databases = self.database.into_iter().map(|database| database.resolve(&defaults));
        Ok(Policy {
            r#type: POLICY_TYPE.into(),
            version: policy.version,
            organisation: policy.organisation,
            effective_from: policy.effective_from.0,
            author: policy.author,
            approved_by: policy.approved_by,
            approval_ref: policy.approval_ref,
            timezone: policy.timezone,
            frameworks: policy.frameworks,
            soc2_availability_in_scope: policy.soc2_availability_in_scope,
            record_within_s: policy.record_within.map(|Duration(seconds)| seconds),
            sign_off: policy.sign_off,
            clock: policy.clock.map(Into::into),
            databases: databases.collect::<Result<_, _>>()?,
            exclude: self.exclude,
            complete_set: self.complete_set,
            other_layer: self.other_layer.into_iter().map(Into::into).collect(),
            signing: self.signing.map(Into::into),
            alerts: self.alerts.map(Into::into),
            evidence: self.evidence.into_iter().map(Into::into).collect(),
            evidence_retention: self.evidence_retention.map(Into::into),
            subservice: self.subservice,
            roles: self.roles,
            not_applicable: self.not_applicable,
        })
    }
}

/// What is wrong with a text, in one line, with the line where it stands.
fn placed(text: &str, error: &toml::de::Error) -> String {
    let what = error.message().replace('\n', " ");
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => format!("line {}: {what}", before.split('\n').count()),
        None => what,
    }
}
