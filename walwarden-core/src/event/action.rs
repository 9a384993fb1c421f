//! What persons did about something, or did to the systems, and corrections of what was recorded.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    time::Time,
    value::{EntryId, present},
};

/// `action.recorded`: what is done about a deviation; each change of state is an entry of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRecorded {
    /// The entry that opened it; absent in that one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub action: Option<EntryId>,
    /// What kind of answer it is.
    pub kind: ActionKind,
    /// What this entry makes of it.
    pub state: ActionState,
    /// The entries that it is about.
    pub subjects: Vec<EntryId>,
    /// Stable code.
    pub reason_code: String,
    /// Why it came to this.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub root_cause: Option<String>,
    /// Person id.
    pub owner: String,
    /// When it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due: Option<Time>,
    /// The entries that close it: a retest, a review.
    pub closed_by: Vec<EntryId>,
    /// For people.
    pub text: String,
}

/// What kind of answer to a deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Something is mended.
    Corrective,
    /// It is said how it came about.
    Explanation,
    /// It is left as it is, knowingly.
    RiskAcceptance,
    /// Something was learnt.
    Lesson,
}

/// What an entry makes of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// It begins.
    Opened,
    /// There is news.
    Updated,
    /// It is done.
    Closed,
}

/// `operator.action`: a person did something to the systems by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorAction {
    /// What.
    pub action: OperatorActionKind,
    /// To what.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Person id.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub approved_by: Option<String>,
}

/// What a person did by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorActionKind {
    /// A backup out of turn.
    ManualBackup,
    /// A restore over production.
    RestoreProd,
    /// The use of a private key.
    KeyUse,
    /// A change of configuration.
    ConfigChange,
    /// A login.
    Login,
    /// Reading what backups hold.
    Read,
    /// Fetching what backups hold.
    Download,
}

/// `record.corrected`: what an entry should have said. It stands beside the entry and changes no rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordCorrected {
    /// The entry.
    pub corrects: EntryId,
    /// Which member of it.
    pub member: String,
    /// What it says.
    pub was: String,
    /// What it should say.
    pub now: String,
    /// Why.
    pub reason: String,
}
