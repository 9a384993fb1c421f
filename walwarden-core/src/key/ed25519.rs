//! Ed25519 with one accept-set: strict about keys, and about signatures (`spec:keys-2`, `spec:keys-3`).

use ed25519_dalek::{Signature, VerifyingKey};

use super::KeyError;

/// An Ed25519 public key whose encoding is canonical and whose point is not of small order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ed25519Key(VerifyingKey);

impl Ed25519Key {
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

    /// Verifies 64 bytes strictly: no malleable form, no cofactor.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

/// The coordinate is below 2^255 - 19: the decoder would accept its double.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    !(*low >= 0xED && middle.iter().all(|b| *b == 0xFF) && high & 0x7F == 0x7F)
}
