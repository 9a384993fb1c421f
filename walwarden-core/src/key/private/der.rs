//! Private keys in DER: PKCS#8 (plain and encrypted), PKCS#1, SEC 1.

use memchr::memmem;

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// A private key that begins anywhere in `bytes`.
pub(super) fn find(bytes: &[u8]) -> Option<&'static str> {
    // Every plain form begins with a sequence and the version, 0 or 1; the encrypted one with an object identifier of
    // PKCS#5 or PKCS#12. Nothing of it occurs in JSON text.
    const STARTS: [(&[u8], usize); 3] = [(&[INTEGER, 1, 0], 4), (&[INTEGER, 1, 1], 4), (&PKCS, 10)];
    // The one byte that all of them hold is not in text: most files are done with one look.
    let control = memchr::memchr(ALWAYS, bytes)?;
    let bytes = bytes.get(control.saturating_sub(LONGEST_START)..)?;
    STARTS.iter().find_map(|(needle, reach)| {
        memmem::find_iter(bytes, needle).find_map(|at| {
            (2..=*reach).find_map(|back| {
                let rest = bytes.get(at.checked_sub(back)?..)?;
                let (SEQUENCE, _, after) = tlv(rest)? else { return None };
                whole(rest.get(..rest.len().checked_sub(after.len())?)?)
            })
        })
    })
}

/// How the identifiers of all PKCS begin: 1.2.840.113549.1.
const PKCS: [u8; 7] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1];

/// Stands at the beginning of every form.
pub(super) const ALWAYS: u8 = 1;

/// Bytes of a key before the first byte 1, at most: headers of two sequences, and an identifier.
const LONGEST_START: usize = 32;

/// Whether all of `bytes` is one private key.
pub(super) fn whole(bytes: &[u8]) -> Option<&'static str> {
    let (SEQUENCE, content, []) = tlv(bytes)? else { return None };
    match tlv(content)? {
        (INTEGER, [0 | 1], rest) => pkcs8(rest).or_else(|| sec1(rest)).or_else(|| pkcs1(rest)),
        (SEQUENCE, algorithm, rest) => encrypted(algorithm, rest),
        _ => None,
    }
}

/// What follows the version: algorithm, key, attributes.
fn pkcs8(rest: &[u8]) -> Option<&'static str> {
    let (SEQUENCE, algorithm, rest) = tlv(rest)? else { return None };
    let (OID, _, _) = tlv(algorithm)? else { return None };
    let (OCTETS, [_, ..], rest) = tlv(rest)? else { return None };
    only(rest, 2, |tag| tag & 0x80 != 0).then_some("PKCS#8")
}

/// What follows the version: the key, curve and public key.
fn sec1(rest: &[u8]) -> Option<&'static str> {
    let (OCTETS, key, rest) = tlv(rest)? else { return None };
    ((20..=66).contains(&key.len()) && only(rest, 2, |tag| matches!(tag, 0xA0 | 0xA1))).then_some("SEC 1")
}

/// What follows the version: eight integers of RSA, the first of them large, or five of DSA.
fn pkcs1(rest: &[u8]) -> Option<&'static str> {
    let (INTEGER, modulus, _) = tlv(rest)? else { return None };
    let mut integers = 0_usize;
    let all = only(rest, 8, |tag| {
        integers = integers.saturating_add(1);
        tag == INTEGER
    });
    (all && modulus.len() >= 64 && matches!(integers, 5 | 8)).then_some("PKCS#1")
}

/// `EncryptedPrivateKeyInfo` under a scheme of PKCS#5 or PKCS#12.
fn encrypted(algorithm: &[u8], rest: &[u8]) -> Option<&'static str> {
    let (OID, identifier, _) = tlv(algorithm)? else { return None };
    let [5 | 12, ..] = identifier.strip_prefix(&PKCS)? else { return None };
    let (OCTETS, key, []) = tlv(rest)? else { return None };
    (key.len() >= 16).then_some("encrypted PKCS#8")
}

/// Whether `bytes` are at most so many elements, whose tags all fit. A hostile file may hold millions in each of millions.
fn only(mut bytes: &[u8], most: usize, mut fits: impl FnMut(u8) -> bool) -> bool {
    for _ in 0..most {
        match tlv(bytes) {
            Some((tag, _, rest)) if fits(tag) => bytes = rest,
            _ => break,
        }
    }
    bytes.is_empty()
}

/// Tag, content and what follows; DER lengths only.
fn tlv(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}
