//! Checkpoints: C2SP tlog-checkpoint, signed notes (`spec:chain-7`).
//!
//! ```text
//! acme.example/backups-7k2m9q4xtz
//! 41
//! n53q1sDqLyEzvLzqUHl2lnxtlHdCq2BflzhrXJlkUgE=
//!
//! — acme.example/backups-7k2m9q4xtz 7Q2mIBhO…
//! ```

use alloc::{format, string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    key::Ed25519Key,
    limits,
    merkle::TreeHead,
    value::{Base64, Origin},
};

/// Which chain a head is of, and the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The chain.
    pub origin: Origin,
    /// Size and root.
    pub tree: TreeHead,
}

impl fmt::Display for Head {
    /// The text that is signed: three lines, each ended by LF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.tree.size, Base64(self.tree.root.0.to_vec()))
    }
}

/// Why a note is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Not the form of a checkpoint.
    #[error("not a checkpoint: {0}")]
    Form(&'static str),
    /// No signature by a key that may sign here.
    #[error("no signature by a log key of the registry")]
    Unsigned,
    /// A signature that claims a key and does not hold.
    #[error("a signature by the log key does not hold")]
    BadSignature,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key: the origin, for log keys.
    pub name: String,
    /// First four bytes of the key's hash.
    pub hash: [u8; 4],
    /// The signature.
    pub signature: Vec<u8>,
}

/// A parsed note: it re-encodes to the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is signed.
    pub head: Head,
    /// Signature lines in order.
    pub signatures: Vec<NoteSignature>,
}

/// The key hash of a signed note: `SHA-256(name || LF || 0x01 || key)[..4]`.
#[must_use]
pub fn key_hash(name: &str, key: &Ed25519Key) -> [u8; 4] {
    let digest = Digest::of_parts(&[name.as_bytes(), b"\n\x01", &key.to_bytes()]);
    let [a, b, c, d, ..] = digest.0;
    [a, b, c, d]
}

impl Note {
    /// Parses a whole note.
    ///
    /// # Errors
    /// Any other form than the one [`Note::to_text`] writes.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (body, signatures) = text.split_once("\n\n").ok_or(NoteError::Form("no empty line"))?;
        let mut lines = body.split('\n');
        let mut line = || lines.next().ok_or(NoteError::Form("fewer than three lines"));
        let origin = line()?.parse().map_err(|_| NoteError::Form("the first line is no origin"))?;
        let size = line()?;
        let root: Base64 = line()?.parse().map_err(|_| NoteError::Form("the root is no base64"))?;
        if lines.next().is_some() {
            return Err(NoteError::Form("more than three lines"));
        }
        let size: crate::value::Decimal = size.parse().map_err(|_| NoteError::Form("the size is no decimal"))?;
        let root = Digest(root.0.try_into().map_err(|_| NoteError::Form("the root is not 32 bytes"))?);
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Form("no LF at the end"))?;
        let signatures: Vec<_> = signatures.split('\n').map(NoteSignature::parse).collect::<Result<_, _>>()?;
        if signatures.len() > limits::NOTE_SIGNATURES {
            return Err(NoteError::Form("more than 64 signatures"));
        }
        Ok(Self { head: Head { origin, tree: TreeHead { size: size.0, root } }, signatures })
    }

    /// The whole note.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.head);
        for signature in &self.signatures {
            let mut bytes = signature.hash.to_vec();
            bytes.extend_from_slice(&signature.signature);
            text.push_str(&format!("\u{2014} {} {}\n", signature.name, Base64(bytes)));
        }
        text
    }

    /// Adds a signature, kept in order of key id (`spec:time-2`: the core note).
    pub fn add(&mut self, key: &Ed25519Key, signature: Vec<u8>) {
        let name = String::from(self.head.origin.as_str());
        let hash = key_hash(&name, key);
        self.signatures.push(NoteSignature { name, hash, signature });
        self.signatures.sort_by_key(|signature| signature.hash);
    }

    /// Requires a valid signature by one of `keys`; a line that claims one of them and does not hold fails.
    /// Lines of other names and hashes are cosignatures and are passed over.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`], [`NoteError::BadSignature`].
    pub fn verify(&self, keys: &[Ed25519Key]) -> Result<(), NoteError> {
        let text = format!("{}", self.head);
        let name = self.head.origin.as_str();
        let mut signed = false;
        for key in keys {
            let hash = key_hash(name, key);
            for line in self.signatures.iter().filter(|s| s.name == name && s.hash == hash) {
                if !key.verifies(text.as_bytes(), &line.signature) {
                    return Err(NoteError::BadSignature);
                }
                signed = true;
            }
        }
        if signed { Ok(()) } else { Err(NoteError::Unsigned) }
    }
}

impl Note {
    /// The core note: the text, the empty line, and the lines of these log keys in order of their hash. Time stamps and
    /// `checkpoint_sha256` cover it, so that a cosignature can come later (`spec:time-2`).
    #[must_use]
    pub fn core(&self, log_keys: &[Ed25519Key]) -> String {
        let name = self.head.origin.as_str();
        let hashes: Vec<[u8; 4]> = log_keys.iter().map(|key| key_hash(name, key)).collect();
        let is_log = |line: &&NoteSignature| line.name == name && hashes.contains(&line.hash);
        let mut signatures: Vec<NoteSignature> = self.signatures.iter().filter(is_log).cloned().collect();
        signatures.sort_by_key(|signature| signature.hash);
        Self { head: self.head.clone(), signatures }.to_text()
    }
}

/// Whether a text can name the key of a signature line.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control())
}

impl NoteSignature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let rest = line.strip_prefix("\u{2014} ").ok_or(NoteError::Form("a signature line has another form"))?;
        let (name, signature) = rest.split_once(' ').ok_or(NoteError::Form("a signature line has another form"))?;
        if !is_key_name(name) {
            return Err(NoteError::Form("a signature line has no key name"));
        }
        let bytes: Base64 = signature.parse().map_err(|_| NoteError::Form("a signature is no base64"))?;
        let (hash, signature) = bytes.0.split_first_chunk::<4>().ok_or(NoteError::Form("a signature is too short"))?;
        if signature.is_empty() {
            return Err(NoteError::Form("a signature is too short"));
        }
        Ok(Self { name: name.into(), hash: *hash, signature: signature.to_vec() })
    }
}

/// One line of `chain/checkpoints.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// The whole note.
    pub note: String,
    /// Its size, for finding it.
    pub size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};
    use std::vec;

    fn key(seed: u8) -> (SigningKey, Ed25519Key) {
        let signing = SigningKey::from_bytes(&[seed; 32]);
        let public = Ed25519Key::from_bytes(signing.verifying_key().to_bytes()).unwrap();
        (signing, public)
    }

    fn note(seed: u8) -> Note {
        let (signing, public) = key(seed);
        let head = Head {
            origin: "acme.example/backups".parse().unwrap(),
            tree: TreeHead { size: 41, root: Digest::of(b"") },
        };
        let mut note = Note { head, signatures: vec![] };
        let signature = signing.sign(format!("{}", note.head).as_bytes()).to_vec();
        note.add(&public, signature);
        note
    }

    #[test]
    fn a_note_has_one_spelling() {
        let text = note(1).to_text();
        assert_eq!(Note::parse(&text).unwrap().to_text(), text);
        for (from, to) in [
            ("\n41\n", "\n041\n"),
            ("\n41\n", "\n41 \n"),
            ("\n41\n", "\n41\n\n"),
            ("\n\n", "\nextension\n\n"),
            ("\u{2014} ", "- "),
            ("\u{2014} acme", "\u{2014} ac me"),
            ("acme.example", "Acme.example"),
        ] {
            let spoilt = text.replacen(from, to, 1);
            assert_ne!(spoilt, text);
            assert!(Note::parse(&spoilt).is_err(), "{spoilt}");
        }
        assert!(Note::parse(text.trim_end()).is_err());
    }

    #[test]
    fn a_line_that_claims_a_key_must_hold_and_others_are_passed_over() {
        let (_, log) = key(1);
        let (_, other) = key(2);
        assert_eq!(note(1).verify(&[log]), Ok(()));
        assert_eq!(note(1).verify(&[log, other]), Ok(()));
        assert_eq!(note(1).verify(&[other]), Err(NoteError::Unsigned));
        let mut spoilt = note(1);
        spoilt.head.tree.size = 42;
        assert_eq!(spoilt.verify(&[log]), Err(NoteError::BadSignature));
        // A second, spoilt line under the same key is no cosignature.
        let mut doubled = note(1);
        doubled.add(&log, vec![0; 64]);
        assert_eq!(doubled.verify(&[log]), Err(NoteError::BadSignature));
        let mut cosigned = note(1);
        cosigned.signatures.push(NoteSignature {
            name: "witness.example".into(),
            hash: [9; 4],
            signature: vec![1; 72],
        });
        assert_eq!(cosigned.verify(&[log]), Ok(()));
    }
}
