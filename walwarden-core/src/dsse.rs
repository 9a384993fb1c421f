//! DSSE envelopes (`spec:statements-1` to `spec:statements-4`).
//!
//! The payload is verified as received, then parsed: [`Envelope::verify`] returns [`Authentic`], from which alone
//! statements are read.

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    jcs::{self, JcsError},
    key::{KeyId, PublicKey},
    limits,
    value::Base64,
};

/// The one payload type.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The statement's bytes.
    pub payload: Base64,
    /// Always [`PAYLOAD_TYPE`].
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// Signatures over the [`pae`] of the payload, sorted by key id, no key twice.
    pub signatures: Vec<Signed>,
}

/// One signature of an envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Which key is claimed; only a hint.
    pub keyid: KeyId,
    /// 64 bytes of Ed25519, or the DER of ES256.
    pub sig: Base64,
}

/// A payload whose every signature holds, and who signed it. There is no other way to one than [`Envelope::verify`].
#[derive(Debug, Clone, Copy)]
pub struct Authentic<'a> {
    payload: &'a [u8],
}

impl<'a> Authentic<'a> {
    /// The bytes that were signed.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Why an envelope does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DsseError {
    /// Not canonical JSON, or other members.
    #[error("the envelope is {0}")]
    Jcs(#[from] JcsError),
    /// Not an in-toto statement.
    #[error("the payload type is not {PAYLOAD_TYPE}")]
    PayloadType,
    /// None, too many, unsorted or doubled signatures.
    #[error("an envelope has 1 to 16 signatures, sorted by key id, none twice")]
    Signatures,
    /// A signature by a key that may not sign this.
    #[error("key {0} may not sign this")]
    UnknownKey(KeyId),
    /// A signature that does not hold.
    #[error("the signature by key {0} does not hold")]
    BadSignature(KeyId),
    /// Fewer distinct keys than required.
    #[error("{found} of the {required} required keys have signed")]
    Threshold {
        /// How many distinct public keys must sign.
        required: usize,
        /// How many did.
        found: usize,
    },
}

/// Pre-authentication encoding, the bytes that are signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body`.
#[must_use]
pub fn pae(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

impl Envelope {
    /// Parses one line of an NDJSON file, without its LF.
    ///
    /// # Errors
    /// The envelope's author is at fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, DsseError> {
        let envelope: Self = jcs::parse_exact(bytes)?;
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(DsseError::PayloadType);
        }
        let sorted = envelope.signatures.is_sorted_by(|a, b| a.keyid.as_str().as_bytes() < b.keyid.as_str().as_bytes());
        if !sorted || !(1..=limits::SIGNATURES).contains(&envelope.signatures.len()) {
            return Err(DsseError::Signatures);
        }
        Ok(envelope)
    }

    /// Assembles an envelope from signatures in any order.
    #[must_use]
    pub fn new(payload: Vec<u8>, mut signatures: Vec<Signed>) -> Self {
        signatures.sort_by(|a, b| a.keyid.cmp(&b.keyid));
        Self { payload: Base64(payload), payload_type: PAYLOAD_TYPE.into(), signatures }
    }

    /// The canonical bytes, without LF.
    ///
    /// # Errors
    /// Never in practice: all members are strings.
    pub fn to_jcs(&self) -> Result<Vec<u8>, JcsError> {
        jcs::to_vec(self)
    }

    /// SHA-256 of the payload: the identity of the statement.
    #[must_use]
    pub fn payload_digest(&self) -> Digest {
        Digest::of(&self.payload.0)
    }

    /// Verifies that **every** signature holds under one of `keys`, and that `threshold` distinct public keys signed.
    ///
    /// This is the one threshold rule of the project; it counts decoded keys, not key ids (`spec:statements-4`).
    ///
    /// # Errors
    /// The signer, or who changed the envelope, is at fault.
    pub fn verify(&self, keys: &[PublicKey], threshold: usize) -> Result<Authentic<'_>, DsseError> {
        let pae = pae(&self.payload.0);
        let mut signers: Vec<&PublicKey> = Vec::new();
        for signature in &self.signatures {
            let keyid = &signature.keyid;
            let key = keys.iter().find(|key| key.id() == *keyid).ok_or_else(|| DsseError::UnknownKey(keyid.clone()))?;
            if !key.verifies(&pae, &signature.sig.0) {
                return Err(DsseError::BadSignature(keyid.clone()));
            }
            if !signers.contains(&key) {
                signers.push(key);
            }
        }
        let found = signers.len();
        if found < threshold.max(1) {
            return Err(DsseError::Threshold { required: threshold.max(1), found });
        }
        Ok(Authentic { payload: &self.payload.0 })
    }

    /// How many distinct keys of `keys` have a valid signature here; other signatures do not count.
    #[must_use]
    pub fn signers_among(&self, keys: &[PublicKey]) -> usize {
        let pae = pae(&self.payload.0);
        let mut signers: Vec<&PublicKey> = Vec::new();
        for key in keys {
            let id = key.id();
            let signed = || self.signatures.iter().any(|s| s.keyid == id && key.verifies(&pae, &s.sig.0));
            if !signers.contains(&key) && signed() {
                signers.push(key);
            }
        }
        signers.len()
    }
}
