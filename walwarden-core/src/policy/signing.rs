//! What is promised of signatures, anchors, clocks and alerts.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{
    cadence::Cadence,
    duration::{Duration, Offset},
};
use crate::{statement::key_registry::Storage, value::present};

/// Who signs, with keys that lie where, and how often heads are shown to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Who makes backups signs nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub segregated: Option<bool>,
    /// Where keys may lie.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<Storage>,
    /// Seconds, of each span of which one head is carried.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub checkpoint_every_s: Option<i64>,
    /// How often a head is stamped or cosigned by somebody outside.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub anchor: Option<Cadence>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSigning {
    segregated: Option<bool>,
    #[serde(default)]
    storage: Vec<Storage>,
    checkpoint_every: Option<Duration>,
    anchor: Option<Cadence>,
}

impl From<WrittenSigning> for Signing {
    fn from(written: WrittenSigning) -> Self {
        let WrittenSigning { segregated, storage, checkpoint_every, anchor } = written;
        Self { segregated, storage, checkpoint_every_s: checkpoint_every.map(|Duration(seconds)| seconds), anchor }
    }
}

/// How far clocks may be off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Largest offset in milliseconds, either way.
    pub max_offset_ms: i64,
    /// Of a hundred entries, how many must keep to it.
    pub min_share_pct: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenClock {
    max_offset: Offset,
    min_share_pct: i64,
}

impl From<WrittenClock> for Clock {
    fn from(WrittenClock { max_offset: Offset(max_offset_ms), min_share_pct }: WrittenClock) -> Self {
        Self { max_offset_ms, min_share_pct }
    }
}

/// Who is told how soon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    /// Seconds from what happened to the alert.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub raise_within_s: Option<i64>,
    /// Seconds from the alert to its acknowledgement.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub ack_within_s: Option<i64>,
    /// How often an alert is raised to see whether it arrives.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub test_fire: Option<Cadence>,
    /// Channels of the configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Person ids, in the order in which they are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenAlerts {
    raise_within: Option<Duration>,
    ack_within: Option<Duration>,
    test_fire: Option<Cadence>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    escalation: Vec<String>,
}

impl From<WrittenAlerts> for Alerts {
    fn from(written: WrittenAlerts) -> Self {
        let WrittenAlerts { raise_within, ack_within, test_fire, channels, escalation } = written;
        let seconds = |duration: Option<Duration>| duration.map(|Duration(seconds)| seconds);
        Self {
            raise_within_s: seconds(raise_within),
            ack_within_s: seconds(ack_within),
            test_fire,
            channels,
            escalation,
        }
    }
}
