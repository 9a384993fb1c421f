//! What `backup.failed` says of a failure.

use std::sync::atomic::{AtomicBool, Ordering};

use walwarden_core::event::Stage;

use crate::{
    dump::DumpError,
    error::{OperatorError, ProduceError, StorageError},
};

/// Longest message in `backup.failed`.
const MESSAGE_BYTES: usize = 500;

/// What `backup.failed` will say.
pub(super) struct Failure {
    pub(super) stage: Stage,
    pub(super) reason_code: &'static str,
    pub(super) error: ProduceError,
}

impl Failure {
    pub(super) fn dump(error: DumpError, cancel: &AtomicBool) -> Self {
        if cancel.load(Ordering::Relaxed) {
            return Self::interrupted(error.stage);
        }
        Self { stage: error.stage, reason_code: error.reason_code, error: error.into() }
    }

    pub(super) fn interrupted(stage: Stage) -> Self {
        Self::plain(stage, "interrupted", "the run was interrupted".into())
    }

    fn plain(stage: Stage, reason_code: &'static str, message: String) -> Self {
        let error = DumpError { stage, reason_code, exit_code: None, message };
        Self { stage, reason_code, error: error.into() }
    }

    pub(super) fn connection(error: OperatorError) -> Self {
        let reason_code = match &error {
            OperatorError::Connection { error, .. } => error.reason_code(),
            _ => "configuration",
        };
        Self { stage: Stage::Preflight, reason_code, error: error.into() }
    }

    pub(super) fn storage(stage: Stage, error: StorageError) -> Self {
        Self { stage, reason_code: error.reason_code(), error: error.into() }
    }

    pub(super) fn bug(error: ProduceError) -> Self {
        Self { stage: Stage::Preflight, reason_code: "bug", error }
    }
}

/// What of an error may stand in the chain, which others will read: no path of this host.
pub(super) fn recordable(error: &ProduceError) -> String {
    match error {
        ProduceError::Storage(error) => format!("cannot {}: {}", error.doing, error.error),
        other => other.to_string(),
    }
}

/// The first line, bounded.
pub(super) fn short(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let end = line.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= MESSAGE_BYTES).last();
    line[..end.unwrap_or(0)].to_owned()
}
