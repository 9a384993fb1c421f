//! Typed `data` of the events that this version interprets (`spec:events-1`).
//!
//! An unknown type, or data with unknown members, is [`Event::NotInterpreted`]: it verifies and is listed.

mod backup;
mod chain;
mod evidence;
mod restore;
mod review;

use alloc::{boxed::Box, string::String, vec::Vec};

use serde_json::value::RawValue;

use crate::{jcs::JcsError, value::EntryId};

pub use backup::{BackupCompleted, BackupFailed, BackupStarted, SchemaDigests, Stage, Trigger};
pub use chain::{
    AnchorAttached, AnchorKind, Database, Excluded, ExportKind, ExportMade, ExportState, Genesis, KeyAction, KeyChange,
    KeyChanged, Observed, PolicyAdopted, Predecessor, ScopeDeclared, Zone, ZoneTransition,
};
pub use evidence::{Covers, Diff, EvidenceCollected, EvidenceOutcome, EvidenceTrigger, Flag};
pub use restore::{
    Environment, EnvironmentClass, Outcome, Purpose, RestoreStarted, RestoreTested, TestEnvironment, TestScope,
};
pub use review::{Conclusion, ReviewSigned, Reviewed, Role};

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
    /// A backup begins.
    "backup.started" => BackupStarted(BackupStarted),
    /// A backup is stored and read back.
    "backup.completed" => BackupCompleted(BackupCompleted),
    /// A backup failed.
    "backup.failed" => BackupFailed(BackupFailed),
    /// A restore test begins.
    "restore.started" => RestoreStarted(RestoreStarted),
    /// A restore test is over.
    "restore.tested" => RestoreTested(RestoreTested),
    /// Evidence was captured.
    "evidence.collected" => EvidenceCollected(EvidenceCollected),
    /// A person has reviewed something.
    "review.signed" => ReviewSigned(ReviewSigned),
    /// Somebody outside saw a head.
    "anchor.attached" => AnchorAttached(AnchorAttached),
    /// A bundle is about to be sealed, or was.
    "export.made" => ExportMade(ExportMade),
}

impl Event {
    /// Types whose data may name entries; the `refs` of all others are empty.
    pub const REFERRING: &'static [&'static str] = &[
        "backup.started",
        "backup.failed",
        "restore.started",
        "restore.tested",
        "evidence.collected",
        "review.signed",
    ];

    /// Every entry id in the data, in order of the members: what the entry's `refs` must equal (`spec:events-2`).
    #[must_use]
    pub fn refs(&self) -> Vec<EntryId> {
        match self {
            Self::BackupStarted(data) => data.retry_of.into_iter().collect(),
            Self::BackupFailed(data) => data.retry_of.into_iter().collect(),
            Self::RestoreStarted(data) => [data.backup].into(),
            // JCS order of members: `actions` before `backup`.
            Self::RestoreTested(data) => data.actions.iter().copied().chain([data.backup]).collect(),
            Self::EvidenceCollected(data) => data.previous.into_iter().collect(),
            Self::ReviewSigned(data) => data.subjects.clone(),
            _ => Vec::new(),
        }
    }
}
