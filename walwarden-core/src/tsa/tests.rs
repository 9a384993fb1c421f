//! Tokens of `fixtures/peers/tsa/`, which other programs made: one table of what each must come to.

use std::{collections::BTreeSet, fs, path::PathBuf, string::String, vec, vec::Vec};

use super::*;

/// How far a token gets.
#[derive(Debug, PartialEq)]
enum Comes {
    /// To a root of the reader's.
    Anchored,
    /// To nobody the reader knows, though it is sound.
    Unknown,
    /// This far, in the order of the gates.
    Parse(Fault),
    Open(Fault),
    Anchor(Fault),
}
use Comes::{Anchor, Anchored, Open, Parse, Unknown};

const ODD: &[(&str, Comes)] = &[
    ("attributes_unordered", Open(Fault::Attributes)),
    ("authority_expired", Anchor(Fault::Validity)),
    ("authority_forged", Anchor(Fault::Issued)),
    ("authority_of_same_name", Anchored),
    ("authority_unknown", Unknown),
    ("certificate_unused", Anchored),
    ("content_spoilt", Open(Fault::Attributes)),
    ("content_type_other", Open(Fault::Attributes)),
    ("curve_other", Open(Fault::Algorithm)),
    ("expired", Open(Fault::Validity)),
    ("extension_critical", Open(Fault::Extension)),
    ("imprint_of_other_note", Open(Fault::Imprint)),
    ("imprint_of_whole_note", Open(Fault::Imprint)),
    ("imprint_sha512", Parse(Fault::Algorithm)),
    ("indefinite_length", Parse(Fault::NotDer)),
    ("issuer_no_authority", Anchor(Fault::Authority)),
    ("key_id", Anchored),
    ("length_not_minimal", Parse(Fault::NotDer)),
    ("message_digest_absent", Open(Fault::Attributes)),
    ("nested_deep", Parse(Fault::Limit)),
    ("nine_certificates", Parse(Fault::Limit)),
    ("not_yet_valid", Open(Fault::Validity)),
    ("p384_sha512", Anchored),
    ("path_too_long", Anchor(Fault::Authority)),
    ("plain", Anchored),
    ("purpose_absent", Open(Fault::Purpose)),
    ("purpose_besides", Open(Fault::Purpose)),
    ("purpose_not_critical", Open(Fault::Purpose)),
    ("purpose_other", Open(Fault::Purpose)),
    ("rsa_1024", Open(Fault::Algorithm)),
    ("rsa_plain", Anchored),
    ("sha1", Parse(Fault::Algorithm)),
    ("signature_spoilt", Open(Fault::Signature)),
    ("signer_twice", Open(Fault::Signer)),
    ("signer_without_certificate", Open(Fault::Signer)),
    ("signing_certificate_absent", Open(Fault::Attributes)),
    ("signing_certificate_other", Open(Fault::SigningCertificate)),
    ("time_beyond_microseconds", Anchored),
    ("trailing_bytes", Parse(Fault::NotDer)),
    ("two_signers", Parse(Fault::Signer)),
    ("version_2", Parse(Fault::NotAToken)),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/peers/tsa")
}

fn file(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn roots(files: &[&str]) -> TsaRoots {
    let mut roots = TsaRoots::default();
    files.iter().for_each(|name| assert_eq!(roots.add(&file(name)), Ok(1)));
    roots
}

fn comes(token: &[u8], message: &[u8], roots: &TsaRoots) -> Comes {
    let token = match Token::parse(token) {
        Ok(token) => token,
        Err(error) => return Parse(error.fault),
    };
    let stamp = match token.open(message) {
        Ok(stamp) => stamp,
        Err(error) => return Open(error.fault),
    };
    match stamp.anchor(roots) {
        Ok(_) => Anchored,
        Err(TokenError { fault: Fault::NoPath, .. }) => Unknown,
        Err(error) => Anchor(error.fault),
    }
}

#[test]
fn every_odd_token_comes_as_far_as_it_may() {
    let note = file("first.note");
    let roots = roots(&["ec-root.pem", "rsa-root.pem"]);
    for (name, expected) in ODD {
        assert_eq!(comes(&file(&std::format!("odd/{name}.tsr")), &note, &roots), *expected, "{name}");
    }
    let listed: BTreeSet<String> = ODD.iter().map(|(name, _)| std::format!("{name}.tsr")).collect();
    let present = fs::read_dir(folder().join("odd")).unwrap();
    let present: BTreeSet<String> = present.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(listed, present);
}

#[test]
fn openssl_tokens_hold_under_their_roots_and_under_no_other() {
    let (ec, rsa) = (file("ec.tsr"), file("rsa.tsr"));
    let (first, second) = (file("first.note"), file("second.note"));
    assert_eq!(comes(&ec, &first, &roots(&["ec-root.pem"])), Anchored);
    assert_eq!(comes(&ec, &first, &roots(&["rsa-root.pem"])), Unknown);
    assert_eq!(comes(&ec, &first, &TsaRoots::default()), Unknown);
    assert_eq!(comes(&ec, &second, &roots(&["ec-root.pem"])), Open(Fault::Imprint));
    // This token carries its signer's certificate alone: the reader brings the authority that issued it.
    assert_eq!(comes(&rsa, &second, &roots(&["rsa-root.pem"])), Unknown);
    assert_eq!(comes(&rsa, &second, &roots(&["rsa-authority.pem"])), Anchored);
    assert_eq!(comes(&rsa, &second, &roots(&["rsa-authority.pem", "rsa-root.pem"])), Anchored);
}

#[test]
fn accuracy_and_cut_off_digits_make_the_bound_later() {
    let note = file("first.note");
    let stamp = |name: &str| Token::parse(&file(name)).unwrap().open(&note).unwrap();
    let times = |name: &str| (stamp(name).gen_time().to_string(), stamp(name).not_after().to_string());
    let (whole, bound) = times("odd/plain.tsr");
    assert!(whole.ends_with("-11-11T12:00:00.000000Z"), "{whole}");
    assert_eq!(whole, bound);
    let (fraction, bound) = times("odd/key_id.tsr");
    assert!(fraction.ends_with("12:00:00.250000Z") && bound.ends_with("12:00:02.750000Z"), "{fraction} {bound}");
    let (cut, bound) = times("odd/time_beyond_microseconds.tsr");
    assert!(cut.ends_with("12:00:00.123456Z") && bound.ends_with("12:00:00.123457Z"), "{cut} {bound}");
    assert_eq!(stamp("odd/plain.tsr").authority(), "CN=EC time stamps,O=TEST ONLY");
}

#[test]
fn no_changed_byte_is_accepted_or_panics() {
    let (token, note, roots) = (file("odd/plain.tsr"), file("first.note"), roots(&["ec-root.pem"]));
    // Neither signed nor used: the digest algorithms in front (RFC 5652 5.1), which the signer names again, and the
    // carried copy of the root, which the reader has himself.
    let place = |part: &[u8]| {
        let start = token.windows(part.len()).position(|window| window == part).unwrap();
        start..start + part.len()
    };
    let (algorithms, root) = (place(b"\x31\x0f\x30\x0d\x06\x09\x60"), place(&chain_der(&file("ec-root.pem"))));
    let algorithms = algorithms.start..algorithms.start + 17;
    let mut accepted = 0;
    for index in 0..token.len() {
        let mut spoilt = token.clone();
        spoilt[index] ^= 0x41;
        if comes(&spoilt, &note, &roots) == Anchored {
            assert!(algorithms.contains(&index) || root.contains(&index), "{index}");
            accepted += 1;
        }
        assert_ne!(comes(&token[..index], &note, &roots), Anchored);
    }
    assert!(accepted > 0, "the exceptions are real");
}

#[test]
fn roots_are_certificates_of_authorities_and_nothing_else() {
    let mut roots = TsaRoots::default();
    let both = [file("ec-root.pem"), b"a line between\r\n".to_vec(), file("rsa-root.pem")].concat();
    assert_eq!(roots.add(&both), Ok(2));
    assert_eq!(roots.subjects().collect::<Vec<_>>(), ["CN=EC root,O=TEST ONLY", "CN=RSA root,O=TEST ONLY"]);
    assert!(
        matches!(roots.add(&file("ec-signer.pem")), Err(TsaRootsError::Certificate(e)) if e.fault == Fault::Authority)
    );
    assert!(matches!(roots.add(&file("ec-signer.key")), Err(TsaRootsError::Pem(_))));
    assert_eq!(roots.add(b"hello"), Err(TsaRootsError::Empty));
    assert_eq!(roots.add(&vec![0x30; (1 << 20) + 1]), Err(TsaRootsError::TooLong));
    let der = chain_der(&file("ec-root.pem"));
    assert_eq!(TsaRoots::default().add(&der), Ok(1));
    assert!(matches!(TsaRoots::default().add(&[der, vec![0]].concat()), Err(TsaRootsError::Certificate(_))));
}

fn chain_der(pem: &[u8]) -> Vec<u8> {
    use base64ct::Encoding as _;
    let text = std::str::from_utf8(pem).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    base64ct::Base64::decode_vec(&body).unwrap()
}
