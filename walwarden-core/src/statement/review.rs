//! `review/v1`: a person has seen these very entries, under this head (`spec:statements-10`).

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{EntryRef, Head, Predicate};
use crate::{
    event::{Conclusion, ReviewSigned, Reviewed, Role},
    merkle::TreeHead,
    time::Period,
    value::present,
};

/// The predicate. `subjects` carry digests beside the ids of the entry's `data`. Its statement has one subject for each
/// of them: name is the id, digest the entry hash; of a policy its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Chain, entry, policy, actor, tool.
    #[serde(flatten)]
    pub head: Head,
    /// What kind of thing was reviewed.
    pub subject: Reviewed,
    /// The reviewed entries; none where a policy carries its approval with it.
    pub subjects: Vec<EntryRef>,
    /// In which role.
    pub role: Role,
    /// Person id: the custodian of the key.
    pub person: String,
    /// What came of it.
    pub conclusion: Conclusion,
    /// The period, where a period was reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub period: Option<Period>,
    /// The head that the person had seen; `head` in the document.
    #[serde(rename = "head")]
    pub seen: TreeHead,
    /// The person's function.
    pub title: String,
    /// What the person remarks; may be empty.
    pub notes: String,
}

impl Predicate for Review {
    const TYPE: &'static str = "https://walwarden.dev/spec/review/v1";
    const FILE: &'static str = "statements/review.ndjson";

    fn rule(&self) -> Result<(), &'static str> {
        if self.period.is_some() != (self.subject == Reviewed::Period) {
            return Err("a review of a period, and no other, says which");
        }
        if self.period.is_some_and(|period| period.start >= period.end) {
            return Err("the reviewed period ends before it begins");
        }
        Ok(())
    }
}

impl Review {
    /// The `data` of the `review.signed` entry that references it.
    #[must_use]
    pub fn data(&self) -> ReviewSigned {
        ReviewSigned {
            subject: self.subject,
            subjects: self.subjects.iter().map(|subject| subject.id).collect(),
            role: self.role,
            person: self.person.clone(),
            conclusion: self.conclusion,
            period: self.period,
            head: self.seen,
        }
    }
}
