//! Public keys: JWK, key id, fingerprint, signatures with one accept-set (`spec:keys-1` to `spec:keys-3`).

mod ed25519;
mod es256;
pub mod private;

use alloc::{format, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::{ed25519::Ed25519Key, es256::Es256Key};
use crate::{
    digest::Digest,
    value::{base64url, base64url_32, present},
};

/// A public key of either algorithm. Equal when the decoded keys are: that is what thresholds count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PublicKey {
    /// For every use; the only one for heads of chains, and for witnesses.
    Ed25519(Ed25519Key),
    /// ECDSA on P-256 with SHA-256, for every use but heads.
    Es256(Es256Key),
}

/// Why bytes are no key we accept.
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
    /// Accepts the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// The key's author is at fault: [`KeyError`].
    pub fn ed25519(bytes: [u8; 32]) -> Result<Self, KeyError> {
        Ed25519Key::from_bytes(bytes).map(Self::Ed25519)
    }

    /// Accepts the coordinates of a P-256 key.
    ///
    /// # Errors
    /// The key's author is at fault: [`KeyError`].
    pub fn es256(x: [u8; 32], y: [u8; 32]) -> Result<Self, KeyError> {
        Es256Key::from_coordinates(x, y).map(Self::Es256)
    }

    /// The algorithm, as JOSE names it.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "Ed25519",
            Self::Es256(_) => "ES256",
        }
    }

    /// The key as an Ed25519 key, the only kind that signs heads.
    #[must_use]
    pub const fn as_ed25519(&self) -> Option<&Ed25519Key> {
        match self {
            Self::Ed25519(key) => Some(key),
            Self::Es256(_) => None,
        }
    }

    /// The key id: RFC 7638 thumbprint, SHA-256 of the JWK.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let jwk = match self {
            Self::Ed25519(_) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x()),
            Self::Es256(key) => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.x(), base64url(key.coordinates().1))
            }
        };
        KeyId(base64url(&Digest::of(jwk.as_bytes()).0))
    }

    /// What a pin names: SHA-256 of the SubjectPublicKeyInfo, as
    /// `openssl pkey -pubin -outform DER | sha256sum` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.spki())
    }

    /// The SubjectPublicKeyInfo in DER: RFC 8410, and RFC 5480 with the point not compressed.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        const P256: [u8; 27] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
        ];
        match self {
            Self::Ed25519(key) => [ED25519.as_slice(), &key.to_bytes()].concat(),
            Self::Es256(key) => [P256.as_slice(), key.coordinates().0, key.coordinates().1].concat(),
        }
    }

    /// The key in one word, as `keys/keys.csv` has it (`spec:keys-11`): `x`, or `x.y`, in base64url.
    #[must_use]
    pub fn to_word(&self) -> String {
        match self {
            Self::Ed25519(_) => self.x(),
            Self::Es256(key) => format!("{}.{}", self.x(), base64url(key.coordinates().1)),
        }
    }

    /// Verifies a signature in the one form that its algorithm has here.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => key.verifies(message, signature),
            Self::Es256(key) => key.verifies(message, signature),
        }
    }

    /// The member `x` of the JWK.
    fn x(&self) -> String {
        match self {
            Self::Ed25519(key) => base64url(&key.to_bytes()),
            Self::Es256(key) => base64url(key.coordinates().0),
        }
    }
}

impl From<Ed25519Key> for PublicKey {
    fn from(key: Ed25519Key) -> Self {
        Self::Ed25519(key)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A JWK with the required members only: `{"crv":"Ed25519","kty":"OKP","x"}` or `{"crv":"P-256","kty":"EC","x","y"}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    crv: String,
    kty: String,
    x: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    y: Option<String>,
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (crv, kty, y) = match self {
            Self::Ed25519(_) => ("Ed25519", "OKP", None),
            Self::Es256(key) => ("P-256", "EC", Some(base64url(key.coordinates().1))),
        };
        Jwk { crv: crv.into(), kty: kty.into(), x: self.x(), y }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let Jwk { crv, kty, x, y } = Jwk::deserialize(deserializer)?;
        let coordinate = |text: &str| {
            base64url_32(text).ok_or_else(|| D::Error::custom("a coordinate is not 32 bytes of base64url"))
        };
        match (crv.as_str(), kty.as_str(), y) {
            ("Ed25519", "OKP", None) => Self::ed25519(coordinate(&x)?),
            ("P-256", "EC", Some(y)) => Self::es256(coordinate(&x)?, coordinate(&y)?),
            _ => return Err(D::Error::custom("an algorithm that this version does not know")),
        }
        .map_err(D::Error::custom)
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
