//! `evidence/v1`: what a collector captured, from where, by which question, and what it could not see
//! (`spec:statements-11`).

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{EntryRef, Head, Predicate, Subject};
use crate::{
    digest::Digest,
    event::{Covers, Diff, EvidenceCollected, EvidenceOutcome, EvidenceTrigger, Flag},
    time::Time,
    value::{Decimal, present},
};

/// The predicate. `previous` carries a digest beside the id of the entry's `data`. Its statement's subjects are the
/// outputs, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Chain, entry, policy, actor, tool.
    #[serde(flatten)]
    pub head: Head,
    /// The database, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub database: Option<String>,
    /// Which collector.
    pub collector: String,
    /// The occurrence it is for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due_at: Option<Time>,
    /// The span that it speaks of.
    pub covers: Covers,
    /// What set it going.
    pub trigger: EvidenceTrigger,
    /// How it ended.
    pub outcome: EvidenceOutcome,
    /// Rows in its outputs.
    pub rows: Decimal,
    /// The capture that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub previous: Option<EntryRef>,
    /// What differs from that one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub diff: Option<Diff>,
    /// What a reviewer should look at.
    pub flags: Vec<Flag>,
    /// Why it was done by hand, or why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reason: Option<String>,
    /// Version of the collector.
    pub collector_version: String,
    /// The server that was asked, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub source: Option<Source>,
    /// The role it was asked as.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub session_role: Option<String>,
    /// Parameters of the collector.
    pub parameters: BTreeMap<String, String>,
    /// Zone in which days of `covers` are counted.
    pub zone: String,
    /// When it began.
    pub started_at: Time,
    /// When it was over.
    pub ended_at: Time,
    /// Who ran it.
    pub run_by: String,
    /// Pages read, where the source has pages.
    pub pages: i64,
    /// Always `false`: a capture that was cut short has failed.
    pub truncated: bool,
    /// What was left out on purpose.
    pub filters: Vec<String>,
    /// What the role could not see.
    pub not_visible: Vec<String>,
    /// The same thing counted by another way.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reconciled: Option<Reconciled>,
    /// What was captured; at least one.
    pub outputs: Vec<Output>,
    /// What was blackened.
    pub redactions: Vec<String>,
}

impl Predicate for Evidence {
    const TYPE: &'static str = "https://walwarden.dev/spec/evidence/v1";
    const FILE: &'static str = "statements/evidence.ndjson";

    fn rule(&self) -> Result<(), &'static str> {
        if self.truncated { Err("evidence that was cut short is none") } else { Ok(()) }
    }
}

impl Evidence {
    /// The `data` of the entry that references it.
    #[must_use]
    pub fn data(&self) -> EvidenceCollected {
        EvidenceCollected {
            database: self.database.clone(),
            collector: self.collector.clone(),
            due_at: self.due_at,
            covers: self.covers,
            trigger: self.trigger,
            outcome: self.outcome,
            rows: self.rows,
            previous: self.previous.map(|previous| previous.id),
            diff: self.diff,
            flags: self.flags.clone(),
            reason: self.reason.clone(),
        }
    }

    /// The subjects that its statement must have.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        self.outputs.iter().map(|output| Subject::new(output.name.clone(), output.sha256)).collect()
    }
}

/// A server that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Who runs it.
    pub provider: String,
    /// SHA-256 of the host's name.
    pub host_sha256: Digest,
    /// `current_database()`.
    pub database: String,
    /// From `pg_control_system()`.
    pub system_identifier: Decimal,
    /// `server_version`.
    pub server_version: String,
    /// Whether it is a standby.
    pub in_recovery: bool,
}

/// One output of a capture: a blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What it is called.
    pub name: String,
    /// SHA-256 of the blob.
    pub sha256: Digest,
    /// Its length.
    pub bytes: Decimal,
    /// Its media type.
    pub media: String,
    /// Its columns, where it is a table.
    pub columns: Vec<String>,
    /// SHA-256 of a blob with the question as it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub query: Option<Digest>,
}

/// A second count of the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciled {
    /// How it was counted.
    pub source: String,
    /// What came out.
    pub rows: Decimal,
    /// Whether both are equal.
    pub equal: bool,
}
