//! ECDSA on P-256 with SHA-256, for keys that a management service holds (`spec:keys-2`, `spec:keys-3`).

use p256::{
    Sec1Point,
    ecdsa::{DerSignature, Signature, VerifyingKey, signature::Verifier as _},
};

use super::KeyError;

/// Longest DER of a signature: two integers of 33 bytes.
const LONGEST: usize = 72;

/// A public key on P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Es256Key {
    key: VerifyingKey,
    x: [u8; 32],
    y: [u8; 32],
}

impl Es256Key {
    /// Accepts the two coordinates of a key, big-endian.
    ///
    /// # Errors
    /// The key's author is at fault: [`KeyError::NotCanonical`].
    pub fn from_coordinates(x: [u8; 32], y: [u8; 32]) -> Result<Self, KeyError> {
        let point = Sec1Point::from_affine_coordinates(&x.into(), &y.into(), false);
        let key = VerifyingKey::from_sec1_point(&point).map_err(|_| KeyError::NotCanonical)?;
        Ok(Self { key, x, y })
    }

    /// The coordinates, big-endian: x, then y.
    #[must_use]
    pub const fn coordinates(&self) -> (&[u8; 32], &[u8; 32]) {
        (&self.x, &self.y)
    }

    /// Verifies a signature in strict DER whose s is at most n/2: of the two signatures that ECDSA takes for one, and of
    /// the many spellings of either, one (`spec:keys-3`).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        if signature.len() > LONGEST {
            return false;
        }
        let Ok(der) = DerSignature::from_bytes(signature) else { return false };
        let Ok(parsed) = Signature::try_from(der) else { return false };
        let one_spelling = parsed.to_der().as_bytes() == signature && parsed.normalize_s() == parsed;
        one_spelling && self.key.verify(message, &parsed).is_ok()
    }
}
