//! The instant that counts as now.

use std::time::UNIX_EPOCH;

use walwarden_core::Time;

use crate::exit::Failure;

/// `--as-of`, for every command that judges.
#[derive(Debug, clap::Args)]
pub(crate) struct AsOf {
    /// The instant that counts as now, like 2026-10-05T08:00:00Z [default: the clock]
    #[arg(long = "as-of", value_name = "TIME")]
    text: Option<String>,
}

impl AsOf {
    /// What was given, or the clock.
    pub(crate) fn time(&self) -> Result<Time, Failure> {
        self.text.as_deref().map_or_else(now, instant)
    }
}

/// `2026-10-05T08:00:00Z`, with or without six fractional digits.
fn instant(text: &str) -> Result<Time, Failure> {
    let whole = text.strip_suffix('Z').filter(|rest| rest.len() == 19).map(|rest| format!("{rest}.000000Z"));
    whole
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| Failure::new(format!("--as-of {text}: no such instant"), "write it like 2026-10-05T08:00:00Z"))
}

/// The one look at the clock.
fn now() -> Result<Time, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the default of --as-of, and nothing else")]
    let now = std::time::SystemTime::now();
    let micros = now.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_micros()).ok());
    let time = micros.and_then(Time::from_micros);
    time.ok_or_else(|| Failure::new("the clock of this machine is out of range", "set it, or give --as-of"))
}
