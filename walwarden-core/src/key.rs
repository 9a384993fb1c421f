//! Public keys: JWK, key id, fingerprint, strict Ed25519 (`spec:keys-1` to `spec:keys-3`).

use alloc::{format, string::String};
use core::{fmt, str::FromStr};

use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    digest::Digest,
    value::{base64url, base64url_32},
};

/// An Ed25519 public key whose encoding is canonical and whose point is not of small order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why 32 bytes are no key we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes are no point of the curve, or not its canonical encoding.
    #[error("the public key is not the canonical encoding of a point")]
    NotCanonical,
    /// Signatures under such a key hold for many messages.
    #[error("the public key has small order")]
    SmallOrder,
}

impl PublicKey {
    /// Accepts the 32 bytes of a key.
    ///
    /// # Errors
    /// The key's author is at fault: [`KeyError`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        if !is_reduced(&bytes) {
            return Err(KeyError::NotCanonical);
        }
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotCanonical)?;
        // Also refuses the two non-canonical signs of x = 0, which are of small order: spec:keys-2
        if key.is_weak() { Err(KeyError::SmallOrder) } else { Ok(Self(key)) }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The key id: RFC 7638 thumbprint of the JWK.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(&self.to_bytes()));
        KeyId(base64url(&Digest::of(jwk.as_bytes()).0))
    }

    /// What a pin names: SHA-256 of the SubjectPublicKeyInfo, as
    /// `openssl pkey -pubin -outform DER | sha256sum` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        Digest::of_parts(&[&PREFIX, &self.to_bytes()])
    }

    /// Verifies a signature strictly: no malleable form, no cofactor.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// The coordinate is below 2^255 - 19: the decoder would accept its double.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    !(*low >= 0xED && middle.iter().all(|b| *b == 0xFF) && high & 0x7F == 0x7F)
}

/// The JWK of an Ed25519 key: `{"crv":"Ed25519","kty":"OKP","x":"..."}` and nothing else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    crv: String,
    kty: String,
    x: String,
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Jwk { crv: "Ed25519".into(), kty: "OKP".into(), x: base64url(&self.to_bytes()) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let jwk = Jwk::deserialize(deserializer)?;
        if jwk.crv != "Ed25519" || jwk.kty != "OKP" {
            return Err(D::Error::custom("an algorithm that this version does not know"));
        }
        let bytes = base64url_32(&jwk.x).ok_or_else(|| D::Error::custom("x is not 32 bytes of base64url"))?;
        Self::from_bytes(bytes).map_err(D::Error::custom)
    }
}

/// A key id: 43 characters of unpadded base64url.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

/// The text is not a key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id is a thumbprint of 43 characters of base64url")]
pub struct NotAKeyId;

impl KeyId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = NotAKeyId;

    fn from_str(s: &str) -> Result<Self, NotAKeyId> {
        base64url_32(s).map(|_| Self(s.into())).ok_or(NotAKeyId)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::value::parse_str(deserializer)
    }
}
