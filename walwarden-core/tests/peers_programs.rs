//! `openssl pkeyutl` and Python's `securesystemslib` accept our DSSE signatures of both algorithms, and refuse spoilt
//! ones; what `openssl` signs with ES256, we accept once its s is the low one.
//!
//! Skips aloud where a program is missing; with `CI=true` that is a failure.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ed25519_dalek::Signer as _;
use walwarden_core::{
    Base64, Digest,
    dsse::{Envelope, Signed, pae},
    key::PublicKey,
};

const PAYLOAD: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1"}"#;

/// A key pair of either algorithm.
enum Pair {
    Ed25519(ed25519_dalek::SigningKey),
    Es256(p256::ecdsa::SigningKey),
}

/// One of each.
fn pairs() -> [Pair; 2] {
    let es256 = p256::ecdsa::SigningKey::from_slice(&[42; 32]).unwrap();
    [Pair::Ed25519(ed25519_dalek::SigningKey::from_bytes(&[42; 32])), Pair::Es256(es256)]
}

impl Pair {
    fn public(&self) -> PublicKey {
        match self {
            Self::Ed25519(key) => PublicKey::ed25519(key.verifying_key().to_bytes()).unwrap(),
            Self::Es256(key) => of_point(key.verifying_key().to_sec1_point(false).as_bytes()),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_vec(),
            Self::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.normalize_s().to_der().as_bytes().to_vec()
            }
        }
    }

    fn envelope(&self) -> Envelope {
        let sig = Base64(self.sign(&pae(PAYLOAD)));
        Envelope::new(PAYLOAD.to_vec(), vec![Signed { keyid: self.public().id(), sig }])
    }
}

/// The key of a SEC 1 point: 0x04, x, y.
fn of_point(point: &[u8]) -> PublicKey {
    PublicKey::es256(point[1..33].try_into().unwrap(), point[33..].try_into().unwrap()).unwrap()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Says that a test did not run; in CI that is a failure.
fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "may not be skipped here: {why}");
    eprintln!("SKIPPED: {why}");
}

fn run(command: &mut Command) -> Option<Output> {
    command.output().ok()
}

fn openssl(dir: &Path, args: &str) -> Option<Output> {
    run(Command::new("openssl").args(args.split(' ')).current_dir(dir))
}

fn openssl_accepts(dir: &Path, key: &PublicKey, message: &[u8], signature: &[u8]) -> Option<bool> {
    fs::write(dir.join("key.der"), key.spki()).unwrap();
    fs::write(dir.join("message"), message).unwrap();
    fs::write(dir.join("signature"), signature).unwrap();
    let digest = if matches!(key, PublicKey::Es256(_)) { " -digest sha256" } else { "" };
    let args = "pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile signature";
    openssl(dir, &format!("{args}{digest}")).map(|output| output.status.success())
}

#[test]
fn openssl_accepts_the_signature_over_the_pae() {
    let dir = tempfile::tempdir().unwrap();
    for pair in pairs() {
        let (key, signature) = (pair.public(), pair.envelope().signatures[0].sig.0.clone());
        let Some(accepted) = openssl_accepts(dir.path(), &key, &pae(PAYLOAD), &signature) else {
            return skip("openssl is not installed");
        };
        assert!(accepted, "{}", key.algorithm());
        let bare = openssl_accepts(dir.path(), &key, PAYLOAD, &signature);
        assert_eq!(bare, Some(false), "the bare payload was not signed");
    }
}

#[test]
fn of_the_two_signatures_that_openssl_takes_for_one_we_take_the_low() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("message"), pae(PAYLOAD)).unwrap();
    let made = openssl(dir.path(), "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem");
    if !made.is_some_and(|output| output.status.success()) {
        return skip("openssl is not installed");
    }
    let spki = openssl(dir.path(), "pkey -in private.pem -pubout -outform DER").unwrap().stdout;
    let key = of_point(&spki[26..]);
    assert_eq!(key.spki(), spki);
    let signed = openssl(dir.path(), "pkeyutl -sign -inkey private.pem -rawin -digest sha256 -in message").unwrap();
    let one = p256::ecdsa::Signature::from_der(&signed.stdout).unwrap();
    let low = one.normalize_s();
    let high = p256::ecdsa::Signature::from_scalars(low.r().to_bytes(), (-*low.s()).to_bytes()).unwrap();
    for (signature, ours) in [(low, true), (high, false)] {
        let der = signature.to_der();
        assert_eq!(openssl_accepts(dir.path(), &key, &pae(PAYLOAD), der.as_bytes()), Some(true));
        assert_eq!(key.verifies(&pae(PAYLOAD), der.as_bytes()), ours);
    }
}

#[test]
fn the_fingerprint_is_what_openssl_and_sha256sum_print() {
    let dir = tempfile::tempdir().unwrap();
    let shell = "openssl pkey -pubin -inform DER -in key.der -outform DER | openssl dgst -sha256 -r";
    for pair in pairs() {
        fs::write(dir.path().join("key.der"), pair.public().spki()).unwrap();
        match run(Command::new("sh").args(["-c", shell]).current_dir(dir.path())).filter(|o| o.status.success()) {
            None => return skip("openssl is not installed"),
            Some(output) => {
                let printed = String::from_utf8(output.stdout).unwrap();
                assert_eq!(printed.split(' ').next().unwrap().parse::<Digest>().unwrap(), pair.public().fingerprint());
            }
        }
    }
}

const PYTHON: &str = r#"
import json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
key = SSlibKey.from_crypto(load_der_public_key(open(sys.argv[1], "rb").read()), keyid=sys.argv[3])
envelope = Envelope.from_dict(json.load(open(sys.argv[2])))
accepted = envelope.verify([key], 1)
print(",".join(accepted))
"#;

fn securesystemslib(dir: &Path, key: &PublicKey, envelope: &Envelope) -> Option<Output> {
    let venv = workspace().join("target/python/bin/python3");
    let python = std::env::var_os("WALWARDEN_PYTHON").map_or(venv, PathBuf::from);
    let has = run(Command::new(&python).args(["-c", "import securesystemslib, cryptography"]))?;
    if !has.status.success() {
        return None;
    }
    fs::write(dir.join("key.der"), key.spki()).unwrap();
    fs::write(dir.join("envelope.json"), envelope.to_jcs().unwrap()).unwrap();
    let args = ["-c", PYTHON, "key.der", "envelope.json", key.id().as_str()].map(String::from);
    run(Command::new(python).args(args).current_dir(dir))
}

#[test]
fn securesystemslib_accepts_the_envelope_and_refuses_a_spoilt_one() {
    let dir = tempfile::tempdir().unwrap();
    for pair in pairs() {
        let key = pair.public();
        let Some(output) = securesystemslib(dir.path(), &key, &pair.envelope()) else {
            return skip("Python's securesystemslib is not installed: make target/python");
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), key.id().as_str());
        let mut spoilt = pair.envelope();
        spoilt.payload.0[0] ^= 1;
        let output = securesystemslib(dir.path(), &key, &spoilt).unwrap();
        assert!(!output.status.success(), "a spoilt payload was accepted");
    }
}
