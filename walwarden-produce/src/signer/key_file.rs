//! Private keys in files: PKCS#8, encrypted by passphrase, PEM, as `openssl pkey -passin` reads them.

use std::path::Path;

use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey as _, KeypairBytes},
};
use pkcs8::{
    EncodePrivateKey as _, EncryptedPrivateKeyInfoOwned, LineEnding, PrivateKeyInfoRef,
    der::{Decode as _, pem::PemLabel as _},
    pkcs5::pbes2,
};
use zeroize::Zeroizing;

use crate::{
    error::{ProduceError, SignerError},
    files, random,
};

/// scrypt with 16 MiB, five times over: the strongest that OpenSSL opens within its default memory limit of 32 MiB.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);
/// Longest key file that is read.
const LIMIT: usize = 64 << 10;

/// Makes a key.
///
/// # Errors
/// No randomness.
pub fn generate() -> Result<SigningKey, ProduceError> {
    let seed = Zeroizing::new(random::bytes::<32>()?);
    Ok(SigningKey::from_bytes(&seed))
}

/// Writes a key to a new file that only its owner can read.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write(path: &Path, key: &SigningKey, passphrase: &str) -> Result<(), ProduceError> {
    let bug = |_| ProduceError::Bug("a private key has no PKCS#8 form".into());
    // Version 1, without the public key: OpenSSL 1.1 reads no other.
    let pair = KeypairBytes { secret_key: *key.as_bytes(), public_key: None };
    let plain = pair.to_pkcs8_der().map_err(bug)?;
    let info = PrivateKeyInfoRef::from_der(plain.as_bytes()).map_err(|e| bug(e.into()))?;
    let encrypted = info.encrypt_with_params(parameters()?, passphrase).map_err(bug)?;
    let pem = encrypted.to_pem(EncryptedPrivateKeyInfoOwned::PEM_LABEL, LineEnding::LF).map_err(|e| bug(e.into()))?;
    Ok(files::create(path, pem.as_bytes(), 0o600)?)
}

fn parameters() -> Result<pbes2::Parameters, ProduceError> {
    let (log_n, r, p) = SCRYPT;
    let salt = random::bytes::<16>()?;
    let iv = random::bytes::<16>()?;
    let bug = |_| ProduceError::Bug("scrypt parameters are refused".into());
    let scrypt = pkcs8::pkcs5::scrypt::Params::new(log_n, r, p).map_err(|_| bug(()))?;
    pbes2::Parameters::generate_scrypt_aes256cbc(scrypt, &salt, iv).map_err(|_| bug(()))
}

/// Opens a key.
///
/// # Errors
/// [`SignerError::NotAKey`] for another file, [`SignerError::Passphrase`] for a wrong passphrase.
pub fn open(path: &Path, passphrase: &str) -> Result<SigningKey, SignerError> {
    let not_a_key = || SignerError::NotAKey(path.to_owned());
    let bytes = files::read(path)?;
    let text = std::str::from_utf8(&bytes).ok().filter(|text| text.len() <= LIMIT).ok_or_else(not_a_key)?;
    let (label, der) = pkcs8::SecretDocument::from_pem(text).map_err(|_| not_a_key())?;
    if label != EncryptedPrivateKeyInfoOwned::PEM_LABEL {
        return Err(not_a_key());
    }
    let info = EncryptedPrivateKeyInfoOwned::from_der(der.as_bytes()).map_err(|_| not_a_key())?;
    let plain = info.decrypt(passphrase).map_err(|_| SignerError::Passphrase(path.to_owned()))?;
    SigningKey::from_pkcs8_der(plain.as_bytes()).map_err(|_| SignerError::Passphrase(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, process::Command};

    use super::*;

    #[test]
    fn opens_with_its_passphrase_only_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.pem");
        let key = generate().unwrap();
        write(&path, &key, "correct horse").unwrap();
        assert_eq!(open(&path, "correct horse").unwrap().to_bytes(), key.to_bytes());
        assert!(matches!(open(&path, "wrong"), Err(SignerError::Passphrase(_))));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&path, &key, "again").is_err(), "a key is never overwritten");
        std::fs::write(&path, "no key").unwrap();
        assert!(matches!(open(&path, "x"), Err(SignerError::NotAKey(_))));
    }

    #[test]
    fn openssl_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("root.pem");
        let key = generate().unwrap();
        write(&path, &key, "correct horse").unwrap();
        let openssl = Command::new("openssl")
            .args(["pkey", "-passin", "pass:correct horse", "-pubout", "-outform", "DER", "-in"])
            .arg(&path)
            .output();
        let Ok(output) = openssl else {
            println!("skipped: openssl is not installed");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(&output.stdout[12..], key.verifying_key().as_bytes());
    }
}
