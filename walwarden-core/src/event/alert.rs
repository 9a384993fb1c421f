//! Alerts: raised, and acknowledged by somebody.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::value::{EntryId, present};

/// `alert.raised`: somebody was told, or should have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRaised {
    /// Name of the alert.
    pub alert: String,
    /// How urgent.
    pub severity: String,
    /// The entry that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub subject: Option<EntryId>,
    /// By which channel of the configuration.
    pub channel: String,
    /// Who was told, by reference: no address.
    pub recipients_ref: String,
    /// What the channel said.
    pub delivery: Delivery,
    /// Raised to see whether it arrives.
    pub test: bool,
}

/// What a channel said of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It took it.
    Delivered,
    /// It refused it.
    Failed,
    /// It does not say.
    Unknown,
}

/// `alert.acknowledged`: somebody has seen an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertAcknowledged {
    /// Entry of the alert.
    pub alert: EntryId,
    /// Person id.
    pub by: String,
    /// What they say.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub note: Option<String>,
    /// Person id of whom they told.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub escalated_to: Option<String>,
}
