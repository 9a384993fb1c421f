//! Reviews: a person has looked at something and says what came of it.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    merkle::TreeHead,
    time::Period,
    value::{EntryId, present},
};

/// `review.signed`: members as in the statement, which has digests beside the ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewSigned {
    /// What kind of thing was reviewed.
    pub subject: Reviewed,
    /// The reviewed entries; of a period, its last entry.
    pub subjects: Vec<EntryId>,
    /// In which role.
    pub role: Role,
    /// Person id.
    pub person: String,
    /// What came of it.
    pub conclusion: Conclusion,
    /// The period, where a period was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub period: Option<Period>,
    /// The head that the person had seen.
    pub head: TreeHead,
}

/// What was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reviewed {
    /// A capture.
    Evidence,
    /// Something that deviated.
    Exception,
    /// A whole period.
    Period,
    /// A policy.
    Policy,
    /// A list of roles.
    RoleList,
}

/// In which role a person reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who put it together.
    Preparer,
    /// Who looked at it.
    Reviewer,
    /// Who put it into force.
    Approver,
}

/// What came of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Nothing to object to.
    NoIssue,
    /// Something is wrong.
    Issue,
}
