//! Private keys in files: PKCS#8, encrypted by passphrase, PEM, as `openssl pkey -passin` reads them.

use std::path::Path;

use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey as _, KeypairBytes},
};
use pkcs8::{
    EncodePrivateKey as _, EncryptedPrivateKeyInfoOwned, LineEnding, PrivateKeyInfoRef,
    der::{Decode as _, Document, pem::PemLabel as _},
    pkcs5::pbes2,
};
use walwarden_core::key::{KeyError, PublicKey};
use zeroize::Zeroizing;

use crate::{
    error::{OperatorError, ProduceError, SignerError},
    files, random,
};

/// scrypt with 16 MiB, five times over: the strongest that OpenSSL opens within its default memory limit of 32 MiB.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);
/// Length of the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410).
const ED25519: usize = 44;
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

/// Reads a public key: SubjectPublicKeyInfo in PEM, as `openssl pkey -pubout` writes it.
///
/// # Errors
/// Another file, or a key that the format does not accept (`spec:keys-1`, `spec:keys-2`).
pub fn public(path: &Path) -> Result<PublicKey, ProduceError> {
    let none = |error| OperatorError::NotAPublicKey { path: path.to_owned(), error };
    let bytes = files::read(path)?;
    let text = std::str::from_utf8(&bytes).ok().filter(|text| text.len() <= LIMIT).ok_or_else(|| none(None))?;
    let (label, der) = Document::from_pem(text).map_err(|_| none(None))?;
    if label != "PUBLIC KEY" {
        return Err(none(None).into());
    }
    Ok(spki(der.as_bytes()).map_err(none)?)
}

/// Reads a SubjectPublicKeyInfo.
///
/// # Errors
/// Another document, or, with the reason, a key that the format does not accept.
pub fn spki(der: &[u8]) -> Result<PublicKey, Option<KeyError>> {
    // The key stands at the end; that all before it is right too, its own encoding shows.
    let key = match (der.len(), der.last_chunk::<32>(), der.last_chunk::<64>()) {
        (ED25519, Some(y), _) => PublicKey::ed25519(*y),
        (_, Some(y), Some(both)) => {
            let (x, _) = both.split_first_chunk::<32>().ok_or(None)?;
            PublicKey::es256(*x, *y)
        }
        _ => return Err(None),
    };
    let key = key.map_err(Some)?;
    if key.spki() == der { Ok(key) } else { Err(None) }
}

/// Writes a public key to a new file, in the form that [`public`] reads.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write_public(path: &Path, key: &PublicKey) -> Result<(), ProduceError> {
    let bug = |_| ProduceError::Bug("a public key has no PEM form".into());
    let document = Document::try_from(key.spki()).map_err(bug)?;
    let pem = document.to_pem("PUBLIC KEY", LineEnding::LF).map_err(bug)?;
    Ok(files::create(path, pem.as_bytes(), 0o644)?)
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

    #[test]
    fn a_public_key_of_openssl_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (private, path) = (dir.path().join("k.pem"), dir.path().join("p.pem"));
        let openssl = |args: &[&str]| {
            let output = Command::new("openssl").args(args).current_dir(dir.path()).output();
            output.map(|output| assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)))
        };
        if openssl(&["version"]).is_err() {
            println!("SKIPPED: openssl is not installed");
            return;
        }
        let ed25519 = ["genpkey", "-algorithm", "ed25519", "-out", "k.pem"];
        let p256 = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "k.pem"];
        for (made, algorithm) in [(ed25519.as_slice(), "Ed25519"), (p256.as_slice(), "ES256")] {
            openssl(made).unwrap();
            openssl(&["pkey", "-in", "k.pem", "-pubout", "-out", "p.pem"]).unwrap();
            openssl(&["pkey", "-in", "k.pem", "-pubout", "-outform", "DER", "-out", "p.der"]).unwrap();
            let key = public(&path).unwrap();
            assert_eq!((key.algorithm(), key.spki()), (algorithm, std::fs::read(dir.path().join("p.der")).unwrap()));
            assert!(public(&private).is_err(), "a private key is no public key");
        }
        openssl(&["genpkey", "-algorithm", "RSA", "-out", "k.pem"]).unwrap();
        openssl(&["pkey", "-in", "k.pem", "-pubout", "-out", "p.pem"]).unwrap();
        assert!(public(&path).is_err());
    }
}
