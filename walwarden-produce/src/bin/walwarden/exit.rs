//! Exit codes.

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// It was tried and failed; the failure is recorded, unless the message says otherwise.
    Failed = 1,
    /// It was not tried: arguments, configuration, keys, files.
    Usage = 2,
}
