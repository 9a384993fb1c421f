//! Cosignatures of witnesses: C2SP tlog-cosignature, `cosignature/v1` with Ed25519 (`spec:time-11`).
//!
//! A witness signs, under its own name and with the seconds of its own clock, that this head extends all it saw before:
//!
//! ```text
//! cosignature/v1
//! time 1785535200
//! acme.example/backups-7k2m9q4xtz
//! 41
//! n53q1sDqLyEzvLzqUHl2lnxtlHdCq2BflzhrXJlkUgE=
//! ```

use alloc::{format, string::String, vec::Vec};
use core::str::FromStr;

use crate::{
    checkpoint::{Head, Note, NoteSignature, is_key_name},
    digest::Digest,
    key::Ed25519Key,
    limits,
    time::Time,
    value::{Base64, hex},
};

/// Signature type of C2SP signed-note for a timestamped cosignature.
const COSIGNATURE: u8 = 0x04;

/// A witness, as its verifier key names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    name: String,
    key: Ed25519Key,
}

/// Why a file holds no verifier keys of witnesses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// Not `name+hash+key`, or of another kind than Ed25519 cosignatures.
    #[error("line {0} is no verifier key of a witness: name+hash+base64, of type 0x04")]
    Line(usize),
    /// One public key twice: it would be counted once.
    #[error("line {0} names a key for the second time")]
    Twice(usize),
    /// None, too many, or too long a file.
    #[error("a file of witnesses has 1 to {max} keys and at most {bytes} bytes", max = limits::WITNESSES, bytes = limits::WITNESS_BYTES)]
    Size,
}

/// A line that claims a witness does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line that claims this witness does not hold")]
pub struct BadCosignature;

impl Witness {
    /// A witness of this name.
    #[must_use]
    pub fn new(name: &str, key: Ed25519Key) -> Option<Self> {
        is_key_name(name).then(|| Self { name: name.into(), key })
    }

    /// Reads a file: one verifier key a line; empty lines and lines that begin with `#` are for people.
    ///
    /// # Errors
    /// The file is at fault: [`WitnessError`].
    pub fn parse_file(bytes: &[u8]) -> Result<Vec<Self>, WitnessError> {
        let text = core::str::from_utf8(bytes).ok().filter(|text| text.len() <= limits::WITNESS_BYTES);
        let mut witnesses: Vec<Self> = Vec::new();
        for (index, line) in text.ok_or(WitnessError::Size)?.lines().enumerate() {
            let (number, line) = (index.saturating_add(1), line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let witness: Self = line.parse().map_err(|()| WitnessError::Line(number))?;
            if witnesses.iter().any(|known| known.key == witness.key) {
                return Err(WitnessError::Twice(number));
            }
            witnesses.push(witness);
        }
        if (1..=limits::WITNESSES).contains(&witnesses.len()) { Ok(witnesses) } else { Err(WitnessError::Size) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key hash of a signed note: `SHA-256(name || LF || 0x04 || key)[..4]`.
    #[must_use]
    pub fn hash(&self) -> [u8; 4] {
        let digest = Digest::of_parts(&[self.name.as_bytes(), &[b'\n', COSIGNATURE], &self.key.to_bytes()]);
        let [a, b, c, d, ..] = digest.0;
        [a, b, c, d]
    }

    /// The verifier key: `name+hash+base64`, the hash in hex.
    #[must_use]
    pub fn to_verifier_key(&self) -> String {
        let key = Base64([[COSIGNATURE].as_slice(), &self.key.to_bytes()].concat());
        format!("{}+{}+{key}", self.name, hex(&self.hash()))
    }

    /// The signature line that holds this signature over [`cosigned_text`] of a head and `seconds`.
    #[must_use]
    pub fn line(&self, seconds: u64, signature: &[u8]) -> NoteSignature {
        let signature = [seconds.to_be_bytes().as_slice(), signature].concat();
        NoteSignature { name: self.name.clone(), hash: self.hash(), signature }
    }

    /// Whether a line claims to be of this witness: by name and key hash.
    #[must_use]
    pub fn is_claimed_by(&self, line: &NoteSignature) -> bool {
        line.name == self.name && line.hash == self.hash()
    }

    /// When this witness cosigned a note, by its own clock; nothing when no line claims it.
    ///
    /// # Errors
    /// [`BadCosignature`] when a line that claims it does not hold, or states no time of this format.
    pub fn cosigned(&self, note: &Note) -> Result<Vec<Time>, BadCosignature> {
        let claimed = note.signatures.iter().filter(|line| self.is_claimed_by(line));
        claimed.map(|line| self.verified(&note.head, &line.signature).ok_or(BadCosignature)).collect()
    }

    fn verified(&self, head: &Head, bytes: &[u8]) -> Option<Time> {
        let (seconds, signature) = bytes.split_first_chunk::<8>()?;
        let seconds = u64::from_be_bytes(*seconds);
        let time = i64::try_from(seconds).ok()?.checked_mul(1_000_000).and_then(Time::from_micros)?;
        self.key.verifies(cosigned_text(head, seconds).as_bytes(), signature).then_some(time)
    }
}

/// What a witness signs.
#[must_use]
pub fn cosigned_text(head: &Head, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{head}")
}

impl FromStr for Witness {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '+'); // base64 has the same sign
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(()) };
        let bytes: Base64 = key.parse().map_err(|_| ())?;
        let Some((&COSIGNATURE, key)) = bytes.0.split_first() else { return Err(()) };
        let key = Ed25519Key::from_bytes(key.try_into().map_err(|_| ())?).map_err(|_| ())?;
        let witness = Self::new(name, key).ok_or(())?;
        if hex(&witness.hash()) == hash { Ok(witness) } else { Err(()) }
    }
}
