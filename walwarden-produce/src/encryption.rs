//! Encryption of stored objects with age (age-encryption.org/v1), to recipients whose identities need not be here.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
};

use age::{Decryptor, Encryptor, IdentityFile, x25519::Recipient};
use walwarden_core::statement::backup;

use crate::store::pump;

/// What statements call it.
pub const ALGORITHM: &str = "age-x25519";

/// To whom objects are encrypted; to nobody, they are stored as they are.
#[derive(Debug, Clone, Default)]
pub struct Encryption {
    recipients: Vec<Recipient>,
}

/// What is no recipient or no identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptionError {
    /// A recipient. A secret key is not repeated.
    #[error("recipient {0} is no age1... public key")]
    Recipient(usize),
    /// A file of identities.
    #[error("{path} holds no age identity: {said}")]
    Identity {
        /// Which.
        path: String,
        /// Why not.
        said: String,
    },
}

impl Encryption {
    /// Encrypts to age X25519 recipients (`age1...`).
    ///
    /// # Errors
    /// [`EncryptionError::Recipient`], by its place from 1.
    pub fn to(recipients: &[String]) -> Result<Self, EncryptionError> {
        let parse = |(place, text): (usize, &String)| text.parse().map_err(|_| EncryptionError::Recipient(place + 1));
        Ok(Self { recipients: recipients.iter().enumerate().map(parse).collect::<Result<_, _>>()? })
    }

    /// Whether nothing is encrypted.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.recipients.is_empty()
    }

    /// As a backup statement says it.
    #[must_use]
    pub fn stated(&self) -> backup::Encryption {
        let alg = if self.is_none() { "none" } else { ALGORITHM };
        backup::Encryption { alg: alg.into(), recipients: self.recipients.iter().map(Recipient::to_string).collect() }
    }

    /// Moves all bytes of a reader into a writer, encrypted where there are recipients.
    ///
    /// # Errors
    /// Reading or writing failed.
    pub fn encrypt(&self, from: impl Read, to: &mut dyn Write) -> io::Result<()> {
        if self.is_none() {
            return pump(from, to);
        }
        let recipients = self.recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut sink = encryptor.wrap_output(to)?;
        pump(from, &mut sink)?;
        sink.finish().map(drop)
    }
}

/// What opens encrypted objects.
#[derive(Default)]
pub struct Identities(Vec<Box<dyn age::Identity + Send + Sync>>);

impl Identities {
    /// Reads a file of identities, as `age-keygen` writes it.
    ///
    /// # Errors
    /// [`EncryptionError::Identity`].
    pub fn read(path: &Path) -> Result<Self, EncryptionError> {
        let error = |said: String| EncryptionError::Identity { path: path.display().to_string(), said };
        let text = fs::read(path).map_err(|e| error(e.to_string()))?;
        // Which line is none is not repeated: it could be a key with a typing mistake.
        let file = IdentityFile::from_buffer(text.as_slice()).map_err(|_| error("it cannot be read".into()))?;
        let identities = file.into_identities().map_err(|_| error("it cannot be read".into()))?;
        if identities.is_empty() { Err(error("it is empty".into())) } else { Ok(Self(identities)) }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them opens what is encrypted to these recipients: tried, with nothing.
    #[must_use]
    pub fn open_for(&self, recipients: &[String]) -> bool {
        let mut sealed = Vec::new();
        let tried = Encryption::to(recipients).is_ok_and(|to| to.encrypt(io::empty(), &mut sealed).is_ok());
        tried && self.decrypt(sealed.as_slice(), &mut io::sink()).is_ok()
    }

    /// Moves the decrypted bytes of an age file into a writer.
    ///
    /// # Errors
    /// No identity fits, the bytes are not whole, or reading or writing failed.
    pub fn decrypt(&self, from: impl Read, to: &mut dyn Write) -> io::Result<()> {
        let invalid = |error: age::DecryptError| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
        let decryptor = Decryptor::new(from).map_err(invalid)?;
        let identities = self.0.iter().map(|identity| &**identity as &dyn age::Identity);
        pump(decryptor.decrypt(identities).map_err(invalid)?, to)
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} identities", self.0.len())
    }
}

/// A new identity, as a file for `age-keygen`'s readers, and its recipient.
#[must_use]
pub fn new_identity() -> (zeroize::Zeroizing<String>, String) {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    let public = identity.to_public().to_string();
    let text = format!("# public key: {public}\n{}\n", identity.to_string().expose_secret());
    (zeroize::Zeroizing::new(text), public)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identities(text: &str) -> Identities {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("id");
        fs::write(&path, text).unwrap();
        Identities::read(&path).unwrap()
    }

    #[test]
    fn only_the_recipient_reads_it_and_a_changed_byte_shows() {
        let ((secret, public), (other, _)) = (new_identity(), new_identity());
        let encryption = Encryption::to(std::slice::from_ref(&public)).unwrap();
        let plain: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut sealed = Vec::new();
        encryption.encrypt(plain.as_slice(), &mut sealed).unwrap();
        let mut opened = Vec::new();
        identities(&secret).decrypt(sealed.as_slice(), &mut opened).unwrap();
        assert!(opened == plain);
        assert!(identities(&other).decrypt(sealed.as_slice(), &mut io::sink()).is_err());
        assert!(identities(&secret).open_for(std::slice::from_ref(&public)));
        assert!(!identities(&other).open_for(std::slice::from_ref(&public)));
        for cut in [sealed.len() - 1, sealed.len() / 2, 10] {
            assert!(identities(&secret).decrypt(&sealed[..cut], &mut io::sink()).is_err(), "cut at {cut}");
        }
        let middle = sealed.len() / 2;
        sealed[middle] ^= 1;
        assert!(identities(&secret).decrypt(sealed.as_slice(), &mut io::sink()).is_err());
        assert_eq!(encryption.stated().recipients, [public]);
    }

    #[test]
    fn a_secret_key_as_recipient_is_not_repeated() {
        let (secret, _) = new_identity();
        let line = secret.lines().last().unwrap().to_owned();
        let error = Encryption::to(std::slice::from_ref(&line)).unwrap_err();
        assert_eq!(error, EncryptionError::Recipient(1));
        assert!(!error.to_string().contains(&line[..20]));
        assert!(Encryption::to(&[]).unwrap().is_none());
    }
}
