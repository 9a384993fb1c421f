//! Envelopes, registries and signers: who may say what, and whom a reader believes.

use std::collections::BTreeSet;

use ed25519_dalek::{Signer as _, SigningKey};
use walwarden_core::{
    Digest, Origin,
    checkpoint::Head,
    dsse::{DsseError, Envelope, Signed, pae},
    key::{KeyError, PublicKey},
    merkle::{Proof, TreeHead, consistency, leaf_hash},
    registry::{RegistryError, RootPins, Versions},
    sign::{LastHead, Refusal, may_sign_head, may_sign_statement},
    statement::{
        KeyRegistry, Statement,
        key_registry::{Ceremony, RegistryKey, State, Storage, Use},
    },
    value::Base64,
};

fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> PublicKey {
    PublicKey::ed25519(secret(seed).verifying_key().to_bytes()).unwrap()
}

fn sign(payload: &[u8], seeds: &[u8]) -> Envelope {
    let one = |seed: &u8| Signed {
        keyid: public(*seed).id(),
        sig: Base64(secret(*seed).sign(&pae(payload)).to_bytes().to_vec()),
    };
    Envelope::new(payload.to_vec(), seeds.iter().map(one).collect())
}

fn origin() -> Origin {
    "acme.example/backups".parse().unwrap()
}

fn key(seed: u8, uses: &[Use]) -> RegistryKey {
    RegistryKey {
        jwk: public(seed),
        uses: uses.to_vec(),
        custodian: "ops".into(),
        storage: Storage::File,
        state: State::Active,
        last_head: None,
        last_trusted: None,
        kind: None,
        reason: None,
    }
}

fn registry(version: i64, previous: Option<Digest>, roots: &[u8], threshold: i64) -> KeyRegistry {
    KeyRegistry {
        origin: origin(),
        version,
        previous,
        roots: roots.iter().copied().map(public).collect(),
        threshold,
        ceremony: Ceremony::Separate,
        keys: vec![key(100, &[Use::Log]), key(101, &[Use::Backup, Use::RestoreTest])],
    }
}

fn envelope(registry: KeyRegistry, seeds: &[u8]) -> Envelope {
    let subjects = registry.subjects();
    sign(&Statement::new(subjects, registry).to_jcs().unwrap(), seeds)
}

fn versions(envelopes: &[&Envelope]) -> Result<Versions, RegistryError> {
    let lines: Vec<Vec<u8>> = envelopes.iter().map(|e| e.to_jcs().unwrap()).collect();
    Versions::parse(lines.iter().map(Vec::as_slice))
}

fn pins(seeds: &[u8], threshold: usize) -> RootPins {
    RootPins { pins: seeds.iter().map(|seed| public(*seed).fingerprint()).collect(), threshold }
}

#[test]
fn a_threshold_counts_keys_and_an_unknown_signature_fails_the_envelope() {
    let envelope = sign(b"{}", &[1, 2]);
    assert!(envelope.verify(&[public(1), public(2)], 2).is_ok());
    assert!(matches!(envelope.verify(&[public(1)], 1), Err(DsseError::UnknownKey(_))));
    let short = DsseError::Threshold { required: 3, found: 2 };
    assert_eq!(envelope.verify(&[public(1), public(2), public(3)], 3).unwrap_err(), short);
    let mut spoilt = envelope.clone();
    spoilt.payload.0[0] = b'[';
    assert!(matches!(spoilt.verify(&[public(1), public(2)], 1), Err(DsseError::BadSignature(_))));
    let doubled = sign(b"{}", &[1, 1]);
    assert_eq!(Envelope::parse(&doubled.to_jcs().unwrap()).unwrap_err(), DsseError::Signatures);
    assert_eq!(Envelope::parse(&sign(b"{}", &[]).to_jcs().unwrap()).unwrap_err(), DsseError::Signatures);
    assert_eq!(Envelope::parse(&envelope.to_jcs().unwrap()).unwrap(), envelope);
}

#[test]
fn a_signature_counts_for_the_key_that_it_names_and_only_if_it_holds() {
    let signed = |named: u8, by: u8| {
        let sig = Base64(secret(by).sign(&pae(b"{}")).to_bytes().to_vec());
        Envelope::new(b"{}".to_vec(), vec![Signed { keyid: public(named).id(), sig }])
    };
    assert_eq!(signed(1, 1).signers_among(&[public(1), public(2)]), 1);
    assert_eq!(signed(1, 1).signers_among(&[public(1), public(1)]), 1, "one key twice is one key");
    assert_eq!(signed(2, 1).signers_among(&[public(1)]), 0, "it names another key");
    assert_eq!(signed(1, 2).signers_among(&[public(1)]), 0, "it was made by another key");
    assert_eq!(signed(2, 1).signers_among(&[public(1), public(2)]), 0);
}

#[test]
fn weak_and_doubly_encoded_keys_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(PublicKey::ed25519(one), Err(KeyError::SmallOrder));
    assert_eq!(PublicKey::ed25519([0; 32]), Err(KeyError::SmallOrder));
    // y = p + 1 is y = 1 in another spelling.
    let mut unreduced = [0xFF; 32];
    unreduced[0] = 0xEE;
    unreduced[31] = 0x7F;
    assert_eq!(PublicKey::ed25519(unreduced), Err(KeyError::NotCanonical));
    let text = serde_json::to_string(&public(1)).unwrap();
    assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), public(1));
    // The last character of 43 carries four bits; the two below them must be zero.
    let at = text.rfind('"').unwrap() - 1;
    let next = char::from(text.as_bytes()[at] + 1);
    let stray = format!("{}{next}{}", &text[..at], &text[at + 1..]);
    assert!(serde_json::from_str::<PublicKey>(&stray).is_err(), "{stray}");
    assert!(serde_json::from_str::<PublicKey>(&text.replace("OKP", "EC")).is_err());
}

#[test]
fn a_thief_cannot_anchor_a_registry_by_naming_the_victims_root() {
    // {roots: [victim, thief], threshold: 1} signed by the thief alone passes the bundle's own rule.
    let forged = versions(&[&envelope(registry(1, None, &[1, 66], 1), &[66])]).unwrap();
    assert_eq!(forged.anchored_by(&pins(&[1], 1)).unwrap_err(), RegistryError::NotAnchored { threshold: 1, found: 0 });
    let honest = versions(&[&envelope(registry(1, None, &[1, 2], 2), &[1, 2])]).unwrap();
    assert_eq!(honest.anchored_by(&pins(&[1, 2], 2)), Ok(1));
    assert_eq!(honest.anchored_by(&pins(&[1, 3], 2)), Err(RegistryError::NotAnchored { threshold: 2, found: 1 }));
}

#[test]
fn a_new_version_needs_the_roots_of_both() {
    let one = envelope(registry(1, None, &[1], 1), &[1]);
    let previous = Some(one.payload_digest());
    let next = |roots: &[u8], seeds: &[u8]| versions(&[&one, &envelope(registry(2, previous, roots, 1), seeds)]);
    assert_eq!(next(&[1], &[1]).unwrap().anchored_by(&pins(&[1], 1)), Ok(1));
    assert_eq!(next(&[2], &[1, 2]).unwrap().anchored_by(&pins(&[2], 1)), Ok(2), "pinned after the rotation");
    assert!(next(&[2], &[2]).is_err(), "the old root did not agree");
    assert!(next(&[2], &[1]).is_err(), "the new root did not agree");
    assert!(versions(&[&one, &envelope(registry(2, None, &[1], 1), &[1])]).is_err(), "previous is missing");
    assert!(versions(&[&one, &envelope(registry(3, previous, &[1], 1), &[1])]).is_err(), "a version is missing");
    assert!(versions(&[&envelope(registry(1, None, &[1], 2), &[1])]).is_err(), "threshold beyond the roots");
    let mut doubled = registry(1, None, &[1], 1);
    doubled.keys.push(key(1, &[Use::Bundle]));
    assert!(versions(&[&envelope(doubled, &[1])]).is_err(), "a key occurs twice");
    let mut mixed = registry(1, None, &[1], 1);
    mixed.keys.push(key(7, &[Use::Backup, Use::Log]));
    assert!(versions(&[&envelope(mixed, &[1])]).is_err(), "a log key has another use");
    assert_eq!(versions(&[]).unwrap_err(), RegistryError::Empty);
}

#[test]
fn a_head_signer_signs_only_extensions() {
    let leaves: Vec<Digest> = (0..9u8).map(|i| leaf_hash(&[i])).collect();
    let head = |n: usize| TreeHead {
        size: n as u64,
        root: leaves[..n].iter().copied().collect::<walwarden_core::merkle::Range>().root(),
    };
    let new = |tree| Head { origin: origin(), tree };
    let last = LastHead { origin: origin(), head: head(5) };
    let proof = consistency(&leaves, 5).unwrap();
    assert_eq!(may_sign_head(Some(&last), &new(head(9)), &proof), Ok(()));
    assert_eq!(may_sign_head(Some(&last), &new(head(5)), &Proof::default()), Ok(()), "again after a crash");
    assert_eq!(may_sign_head(Some(&last), &new(head(4)), &Proof::default()), Err(Refusal::Smaller { last: 5, new: 4 }));
    let other = TreeHead { size: 9, root: Digest::of(b"another history") };
    assert!(matches!(may_sign_head(Some(&last), &new(other), &proof), Err(Refusal::NotAnExtension { .. })));
    let elsewhere = Head { origin: "acme.example/other".parse().unwrap(), tree: head(9) };
    assert!(matches!(may_sign_head(Some(&last), &elsewhere, &proof), Err(Refusal::Origin { .. })));
    assert_eq!(may_sign_head(None, &new(head(1)), &Proof::default()), Ok(()));
}

#[test]
fn a_statement_signer_reads_what_it_signs() {
    let uses: BTreeSet<Use> = [Use::Backup].into();
    for payload in [b"{}".as_slice(), b"not json", br#"{"predicateType":"https://example.com/x"}"#] {
        assert!(matches!(may_sign_statement(payload, &uses, &origin()), Err(Refusal::Statement(_))));
    }
    // A registry is never signed by a statement key.
    let registry = registry(1, None, &[1], 1);
    let payload = Statement::new(registry.subjects(), registry).to_jcs().unwrap();
    assert!(matches!(may_sign_statement(&payload, &uses, &origin()), Err(Refusal::Statement(_))));
}

#[test]
fn a_handover_with_a_head_of_nothing_is_refused() {
    use walwarden_core::handover::{HANDOVER_TYPE, Handover, HandoverError};
    let text = |size: u64| {
        let root = Digest::of(b"");
        serde_json::json!({"_type": HANDOVER_TYPE, "origin": origin(), "roots": [root], "threshold": 1,
            "head": {"size": size, "root": root}})
        .to_string()
    };
    assert!(Handover::parse(text(1).as_bytes()).is_ok());
    assert_eq!(Handover::parse(text(0).as_bytes()).unwrap_err(), HandoverError::EmptyHead);
}
