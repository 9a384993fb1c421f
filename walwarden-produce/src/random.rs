//! The one place that asks the operating system for randomness.

use walwarden_core::{EntryId, Time};

use crate::error::ProduceError;

/// `N` random bytes.
///
/// # Errors
/// [`ProduceError::Random`]: the operating system gives none.
#[expect(clippy::disallowed_methods, reason = "the one source of randomness")]
pub fn bytes<const N: usize>() -> Result<[u8; N], ProduceError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| ProduceError::Random)?;
    Ok(bytes)
}

/// A new id: of an entry, a run or a test.
///
/// # Errors
/// As [`bytes`].
pub fn entry_id(now: Time) -> Result<EntryId, ProduceError> {
    let millis = u64::try_from(now.micros() / 1000).unwrap_or(0);
    Ok(EntryId::new(millis, bytes()?))
}

/// `length` characters of lower-case base32 (RFC 4648).
///
/// # Errors
/// As [`bytes`].
pub fn base32(length: usize) -> Result<String, ProduceError> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let place = || Ok(char::from(ALPHABET[usize::from(bytes::<1>()?[0] & 31)]));
    (0..length).map(|_| place()).collect()
}
