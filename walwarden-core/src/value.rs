//! Small values with one spelling: decimals, base64, entry ids, origins (`spec:bytes-4`).

use alloc::{format, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use base64ct::{Base64 as Standard, Encoding as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits;

/// Deserializes a string through `FromStr`.
pub(crate) fn parse_str<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr,
    T::Err: fmt::Display,
    D: Deserializer<'de>,
{
    struct Visitor<T>(core::marker::PhantomData<T>);
    impl<T: FromStr> de::Visitor<'_> for Visitor<T>
    where
        T::Err: fmt::Display,
    {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, s: &str) -> Result<T, E> {
            s.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Visitor(core::marker::PhantomData))
}

/// Deserializes an optional member that must not be `null` when present (`spec:bytes-3`).
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Deserializes a member that is required and may be `null`: without this, `serde` lets it be absent (`spec:bytes-3`).
pub(crate) fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// A count or size, written as a decimal string so that no JSON reader rounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(pub u64);

/// The text is not `0|[1-9][0-9]*` below 2^64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a decimal string is 0 or digits without a leading zero, below 2^64")]
pub struct NotADecimal;

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(s: &str) -> Result<Self, NotADecimal> {
        let canonical = s == "0" || !s.starts_with('0') && s.bytes().all(|b| b.is_ascii_digit());
        s.parse().ok().filter(|_| canonical).map(Self).ok_or(NotADecimal)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Bytes, written in base64: standard alphabet, padded, no stray bits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Base64(pub Vec<u8>);

/// The text is not canonical base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("base64 uses the standard alphabet, with padding and no stray bits")]
pub struct NotBase64;

impl FromStr for Base64 {
    type Err = NotBase64;

    fn from_str(s: &str) -> Result<Self, NotBase64> {
        Standard::decode_vec(s).map(Self).map_err(|_| NotBase64)
    }
}

impl fmt::Display for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Standard::encode_string(&self.0))
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of an entry or of a run: 26 characters of Crockford's base 32, upper case.
///
/// Ids are unique within a chain; the time inside means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryId([u8; 26]);

/// As the bytes; chains sort millions of ids, and two numbers compare sooner than 26 bytes.
impl Ord for EntryId {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        let first = |id: &Self| id.0.first_chunk().map_or(0, |first| u128::from_be_bytes(*first));
        let last = |id: &Self| id.0.last_chunk().map_or(0, |last| u128::from_be_bytes(*last));
        first(self).cmp(&first(other)).then_with(|| last(self).cmp(&last(other)))
    }
}

impl PartialOrd for EntryId {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl EntryId {
    /// Spells 128 bits: 48 of milliseconds, 80 of randomness, both given by the caller.
    #[must_use]
    pub fn new(millis: u64, random: [u8; 10]) -> Self {
        let mut bits = u128::from(millis & 0xFFFF_FFFF_FFFF);
        for byte in random {
            bits = bits << 8 | u128::from(byte);
        }
        let mut id = [b'0'; 26];
        for place in id.iter_mut().rev() {
            *place = CROCKFORD.get((bits & 31) as usize).copied().unwrap_or(b'0');
            bits >>= 5;
        }
        Self(id)
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The text is not an entry id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 26 characters of upper-case Crockford base 32, the first at most 7")]
pub struct NotAnId;

impl FromStr for EntryId {
    type Err = NotAnId;

    fn from_str(s: &str) -> Result<Self, NotAnId> {
        let bytes: [u8; 26] = s.as_bytes().try_into().map_err(|_| NotAnId)?;
        let first_fits = bytes.first().is_some_and(|first| *first <= b'7');
        // `I`, `L`, `O` and `U` are not of this alphabet.
        let fits = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U');
        // No early end: a loop over all 26 compiles to a few vector instructions.
        let all_fit = bytes.iter().fold(true, |all, b| all & fits(*b));
        (first_fits && all_fit).then_some(Self(bytes)).ok_or(NotAnId)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of a chain: `[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9._-]*)*`, at most 100 bytes (`spec:chain-2`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is like acme.example/backups: lower-case letters, digits, '.', '-', later also '_', at most 100 bytes"
)]
pub struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(s: &str) -> Result<Self, NotAnOrigin> {
        let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = s.len() <= limits::ORIGIN_BYTES
            && s.split('/').enumerate().all(|(i, segment)| {
                segment.bytes().next().is_some_and(alnum)
                    && segment.bytes().all(|b| alnum(b) || b == b'.' || b == b'-' || (b == b'_' && i > 0))
            });
        fits.then(|| Self(s.into())).ok_or(NotAnOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Types that stand in documents as the text that they are written as.
macro_rules! as_string {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parse_str(deserializer)
            }
        }
    )*};
}
pub(crate) use as_string;
as_string!(Decimal, Base64, EntryId, Origin);

/// Spells bytes in unpadded base64url, as JWK and key ids do (RFC 7515, RFC 7638).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    base64ct::Base64UrlUnpadded::encode_string(bytes)
}

/// Reads 32 bytes of unpadded base64url without stray bits.
pub(crate) fn base64url_32(s: &str) -> Option<[u8; 32]> {
    let bytes = base64ct::Base64UrlUnpadded::decode_vec(s).ok()?;
    // A decoder may tolerate stray bits in the last character: the spelling must be the one we would write.
    (base64url(&bytes) == s).then_some(bytes)?.try_into().ok()
}

/// Lower-case hex of any bytes.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for bad in ["", "00", "01", "-1", "+1", "1 ", "18446744073709551616"] {
            assert!(bad.parse::<Decimal>().is_err(), "{bad}");
        }
        assert_eq!("18446744073709551615".parse(), Ok(Decimal(u64::MAX)));
        for bad in ["QQ", "QR==", "QQ==\n", "_-==", "QQ=", "=QQ="] {
            assert!(bad.parse::<Base64>().is_err(), "{bad}");
        }
        assert_eq!("QQ==".parse(), Ok(Base64(b"A".to_vec())));
        for bad in ["", "Acme", "/a", "a//b", "a/", "_a", "a b", ".a", "a/.b"] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
        assert!("acme.example/back_ups-1/x".parse::<Origin>().is_ok());
        let id = EntryId::new(1_469_918_176_385, [0xFF; 10]);
        assert_eq!(id.as_str(), "01ARYZ6S41ZZZZZZZZZZZZZZZZ");
        assert_eq!(id.as_str().parse(), Ok(id));
        for bad in ["81ARYZ6S41ZZZZZZZZZZZZZZZZ", "01ARYZ6S41ZZZZZZZZZZZZZZZU", "01aryz6s41zzzzzzzzzzzzzzzz"] {
            assert!(bad.parse::<EntryId>().is_err(), "{bad}");
        }
    }
}
