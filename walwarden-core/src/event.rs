//! Typed `data` of the events that this version interprets (`spec:events-1`).
//!
//! An unknown type, or data with unknown members, is [`Event::NotInterpreted`]: it verifies and is listed.

mod action;
mod alert;
mod backup;
mod chain;
mod copy;
mod evidence;
mod restore;
mod retention;
mod review;
mod schedule;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::ops::RangeInclusive;

use serde_json::value::RawValue;

use crate::{jcs::JcsError, value::EntryId};

pub use action::{ActionKind, ActionRecorded, ActionState, OperatorAction, OperatorActionKind, RecordCorrected};
pub use alert::{AlertAcknowledged, AlertRaised, Delivery};
pub use backup::{BackupCompleted, BackupFailed, BackupStarted, SchemaDigests, Stage, Trigger};
pub use chain::{
    AnchorAttached, AnchorKind, Database, Excluded, ExportKind, ExportMade, ExportState, Genesis, KeyAction, KeyChange,
    KeyChanged, Observed, PolicyAdopted, Predecessor, ScopeDeclared, Zone, ZoneTransition,
};
pub use copy::{CopyMethod, CopyOutcome, CopyVerified, HandoffRecorded, Lock, LockMode, Separation};
pub use evidence::{Covers, Diff, EvidenceCollected, EvidenceOutcome, EvidenceTrigger, Flag, flag};
pub use restore::{
    Environment, EnvironmentClass, Outcome, Purpose, RestoreStarted, RestoreTested, TestEnvironment, TestScope,
};
pub use retention::{HoldAction, HoldChanged, PruneRule, PrunedObject, RetentionPruned, Tier};
pub use review::{Conclusion, ReviewSigned, Reviewed, Role};
pub use schedule::{Duty, MaintenanceDeclared, OccurrenceMissed};

macro_rules! events {
    ($($(#[$doc:meta])* $name:literal => $variant:ident($data:ty)),* $(,)?) => {
        /// An event, by type.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant(Box<$data>),)*
            /// Of a type, or with members, that this version does not know.
            NotInterpreted,
        }

        impl Event {
            /// Every type that this version interprets.
            pub const TYPES: &'static [&'static str] = &[$($name),*];

            /// Reads `data` of an entry of type `kind`.
            #[must_use]
            pub fn parse(kind: &str, data: &RawValue) -> Self {
                match kind {
                    $($name => serde_json::from_str(data.get()).map_or(Self::NotInterpreted, |d| Self::$variant(Box::new(d))),)*
                    _ => Self::NotInterpreted,
                }
            }

            /// The entry's `type`; empty for [`Event::NotInterpreted`].
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    Self::NotInterpreted => "",
                }
            }

            /// The canonical `data`.
            ///
            /// # Errors
            /// When a number has no canonical form; [`JcsError::Shape`] for [`Event::NotInterpreted`].
            pub fn data(&self) -> Result<Box<RawValue>, JcsError> {
                let bytes = match self {
                    $(Self::$variant(data) => crate::jcs::to_vec(data)?,)*
                    Self::NotInterpreted => return Err(JcsError::Shape("an event that is not interpreted".into())),
                };
                let text = String::from_utf8(bytes).map_err(|_| JcsError::Shape("not UTF-8".into()))?;
                RawValue::from_string(text).map_err(|_| JcsError::Shape("not JSON".into()))
            }
        }
    };
}

events! {
    /// The first entry of a chain.
    "chain.genesis" => Genesis(Genesis),
    /// A policy version.
    "policy.adopted" => PolicyAdopted(PolicyAdopted),
    /// What is in scope.
    "scope.declared" => ScopeDeclared(ScopeDeclared),
    /// A new registry version.
    "key.changed" => KeyChanged(KeyChanged),
    /// Some duties rest for a while.
    "maintenance.declared" => MaintenanceDeclared(MaintenanceDeclared),
    /// Something promised did not happen.
    "occurrence.missed" => OccurrenceMissed(OccurrenceMissed),
    /// A backup begins.
    "backup.started" => BackupStarted(BackupStarted),
    /// A backup is stored and read back.
    "backup.completed" => BackupCompleted(BackupCompleted),
    /// A backup failed.
    "backup.failed" => BackupFailed(BackupFailed),
    /// A copy of a backup was looked at.
    "copy.verified" => CopyVerified(CopyVerified),
    /// A restore test begins.
    "restore.started" => RestoreStarted(RestoreStarted),
    /// A restore test is over.
    "restore.tested" => RestoreTested(RestoreTested),
    /// Evidence was captured.
    "evidence.collected" => EvidenceCollected(EvidenceCollected),
    /// Stored backups were deleted.
    "retention.pruned" => RetentionPruned(RetentionPruned),
    /// Something must not be deleted, or may be again.
    "hold.changed" => HoldChanged(HoldChanged),
    /// Somebody was told of something.
    "alert.raised" => AlertRaised(AlertRaised),
    /// Somebody has seen an alert.
    "alert.acknowledged" => AlertAcknowledged(AlertAcknowledged),
    /// Something is done about a deviation.
    "action.recorded" => ActionRecorded(ActionRecorded),
    /// A person did something to the systems by hand.
    "operator.action" => OperatorAction(OperatorAction),
    /// A backup was put to use in another region.
    "handoff.recorded" => HandoffRecorded(HandoffRecorded),
    /// A person has reviewed something.
    "review.signed" => ReviewSigned(ReviewSigned),
    /// What an entry should have said.
    "record.corrected" => RecordCorrected(RecordCorrected),
    /// Somebody outside saw a head.
    "anchor.attached" => AnchorAttached(AnchorAttached),
    /// A bundle is about to be sealed, or was.
    "export.made" => ExportMade(ExportMade),
}

impl Event {
    /// How many statements an entry of this type references (`spec:events-4`); `None` of a type that is not known.
    #[must_use]
    pub fn statements(kind: &str) -> Option<RangeInclusive<usize>> {
        match kind {
            "chain.genesis" | "key.changed" | "backup.completed" | "restore.tested" | "evidence.collected"
            | "review.signed" => Some(1..=1),
            "policy.adopted" => Some(0..=1),
            kind => Self::TYPES.contains(&kind).then_some(0..=0),
        }
    }

    /// Types whose data may name entries; the `refs` of all others are empty.
    pub const REFERRING: &'static [&'static str] = &[
        "backup.started",
        "backup.failed",
        "copy.verified",
        "restore.started",
        "restore.tested",
        "evidence.collected",
        "retention.pruned",
        "alert.raised",
        "alert.acknowledged",
        "action.recorded",
        "handoff.recorded",
        "review.signed",
        "record.corrected",
    ];

    /// Every entry id in the data, in order of the members: what the entry's `refs` must equal (`spec:events-2`).
    #[must_use]
    pub fn refs(&self) -> Vec<EntryId> {
        // Several members stand in the order of the canonical form, which is that of their names.
        match self {
            Self::BackupStarted(data) => data.retry_of.into_iter().collect(),
            Self::BackupFailed(data) => data.retry_of.into_iter().collect(),
            Self::CopyVerified(data) => [data.backup].into(),
            Self::RestoreStarted(data) => [data.backup].into(),
            Self::RestoreTested(data) => data.actions.iter().copied().chain([data.backup]).collect(),
            Self::EvidenceCollected(data) => data.previous.into_iter().collect(),
            Self::RetentionPruned(data) => {
                let objects = data.objects.iter().map(|object| &object.backup);
                data.confirmed.iter().chain(&data.held).chain(objects).copied().collect()
            }
            Self::AlertRaised(data) => data.subject.into_iter().collect(),
            Self::AlertAcknowledged(data) => [data.alert].into(),
            Self::ActionRecorded(data) => {
                data.action.iter().chain(&data.closed_by).chain(&data.subjects).copied().collect()
            }
            Self::HandoffRecorded(data) => [data.backup].into(),
            Self::ReviewSigned(data) => data.subjects.clone(),
            Self::RecordCorrected(data) => [data.corrects].into(),
            _ => Vec::new(),
        }
    }

    /// The database that it is about; `None` where it is about none, or about several.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        match self {
            // `*` is all of them.
            Self::MaintenanceDeclared(data) => Some(data.database.as_str()).filter(|database| *database != "*"),
            Self::OccurrenceMissed(data) => data.database.as_deref(),
            Self::BackupStarted(data) => Some(&data.database),
            Self::BackupCompleted(data) => Some(&data.database),
            Self::BackupFailed(data) => Some(&data.database),
            Self::CopyVerified(data) => Some(&data.database),
            Self::RestoreStarted(data) => Some(&data.database),
            Self::RestoreTested(data) => Some(&data.database),
            Self::EvidenceCollected(data) => data.database.as_deref(),
            Self::RetentionPruned(data) => Some(&data.database),
            Self::HandoffRecorded(data) => Some(&data.database),
            _ => None,
        }
    }
}
