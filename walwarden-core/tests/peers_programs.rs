//! `openssl pkeyutl` and Python's `securesystemslib` accept our DSSE signatures, and refuse spoilt ones.
//!
//! Skips aloud where a program is missing; with `CI=true` that is a failure.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use ed25519_dalek::{Signer as _, SigningKey};
use walwarden_core::{
    Base64, Digest,
    dsse::{Envelope, Signed, pae},
    key::PublicKey,
};

const PAYLOAD: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1"}"#;

fn signing() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn public() -> PublicKey {
    PublicKey::from_bytes(signing().verifying_key().to_bytes()).unwrap()
}

fn envelope() -> Envelope {
    let sig = Base64(signing().sign(&pae(PAYLOAD)).to_bytes().to_vec());
    Envelope::new(PAYLOAD.to_vec(), vec![Signed { keyid: public().id(), sig }])
}

/// SubjectPublicKeyInfo, DER: what a pin is the SHA-256 of.
fn spki() -> Vec<u8> {
    let prefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    [prefix.as_slice(), &public().to_bytes()].concat()
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

fn openssl_accepts(dir: &Path, message: &[u8], signature: &[u8]) -> Option<bool> {
    fs::write(dir.join("key.der"), spki()).unwrap();
    fs::write(dir.join("message"), message).unwrap();
    fs::write(dir.join("signature"), signature).unwrap();
    let args = "pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in message -sigfile signature";
    run(Command::new("openssl").args(args.split(' ')).current_dir(dir)).map(|output| output.status.success())
}

#[test]
fn openssl_accepts_the_signature_over_the_pae() {
    let dir = tempfile::tempdir().unwrap();
    let signature = envelope().signatures[0].sig.0.clone();
    match openssl_accepts(dir.path(), &pae(PAYLOAD), &signature) {
        None => skip("openssl is not installed"),
        Some(accepted) => {
            assert!(accepted);
            assert_eq!(
                openssl_accepts(dir.path(), PAYLOAD, &signature),
                Some(false),
                "the bare payload was not signed"
            );
        }
    }
}

#[test]
fn the_fingerprint_is_what_openssl_and_sha256sum_print() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("key.der"), spki()).unwrap();
    let shell = "openssl pkey -pubin -inform DER -in key.der -outform DER | openssl dgst -sha256 -r";
    match run(Command::new("sh").args(["-c", shell]).current_dir(dir.path())).filter(|o| o.status.success()) {
        None => skip("openssl is not installed"),
        Some(output) => {
            let printed = String::from_utf8(output.stdout).unwrap();
            assert_eq!(printed.split(' ').next().unwrap().parse::<Digest>().unwrap(), public().fingerprint());
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

fn securesystemslib(dir: &Path, envelope: &Envelope) -> Option<Output> {
    let venv = workspace().join("target/python/bin/python3");
    let python = std::env::var_os("WALWARDEN_PYTHON").map_or(venv, PathBuf::from);
    let has = run(Command::new(&python).args(["-c", "import securesystemslib, cryptography"]))?;
    if !has.status.success() {
        return None;
    }
    fs::write(dir.join("key.der"), spki()).unwrap();
    fs::write(dir.join("envelope.json"), envelope.to_jcs().unwrap()).unwrap();
    let args = ["-c", PYTHON, "key.der", "envelope.json", public().id().as_str()].map(String::from);
    run(Command::new(python).args(args).current_dir(dir))
}

#[test]
fn securesystemslib_accepts_the_envelope_and_refuses_a_spoilt_one() {
    let dir = tempfile::tempdir().unwrap();
    let Some(output) = securesystemslib(dir.path(), &envelope()) else {
        return skip("Python's securesystemslib is not installed: make target/python");
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), public().id().as_str());
    let mut spoilt = envelope();
    spoilt.payload.0[0] ^= 1;
    let output = securesystemslib(dir.path(), &spoilt).unwrap();
    assert!(!output.status.success(), "a spoilt payload was accepted");
}
