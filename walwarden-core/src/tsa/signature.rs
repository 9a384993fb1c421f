//! The algorithms that a token and its certificates may use (`spec:time-6`).

use alloc::{boxed::Box, format, vec::Vec};

use der::{
    asn1::{AnyRef, ObjectIdentifier as Oid, UintRef},
    referenced::OwnedToRef as _,
};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned};

use super::{Fault, TokenError, reader::Elements};

const SHA256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.3");
const EC_KEY: Oid = Oid::new_unwrap("1.2.840.10045.2.1");
const P256: Oid = Oid::new_unwrap("1.2.840.10045.3.1.7");
const P384: Oid = Oid::new_unwrap("1.3.132.0.34");
const RSA_KEY: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA_WITH: [(Oid, Hash); 3] = [
    (Oid::new_unwrap("1.2.840.10045.4.3.2"), Hash::Sha256),
    (Oid::new_unwrap("1.2.840.10045.4.3.3"), Hash::Sha384),
    (Oid::new_unwrap("1.2.840.10045.4.3.4"), Hash::Sha512),
];
const RSA_WITH: [(Oid, Hash); 3] = [
    (Oid::new_unwrap("1.2.840.113549.1.1.11"), Hash::Sha256),
    (Oid::new_unwrap("1.2.840.113549.1.1.12"), Hash::Sha384),
    (Oid::new_unwrap("1.2.840.113549.1.1.13"), Hash::Sha512),
];
/// Bits of an RSA modulus: fewer are weak, more only cost time.
const RSA_BITS: core::ops::RangeInclusive<usize> = 2048..=4096;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// Reads the algorithm of a digest.
    pub(super) fn of(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Self, TokenError> {
        no_parameters(algorithm)?;
        match algorithm.oid {
            SHA256 => Ok(Self::Sha256),
            SHA384 => Ok(Self::Sha384),
            SHA512 => Ok(Self::Sha512),
            other => Err(Fault::Algorithm.at("SHA-256, SHA-384 or SHA-512", other)),
        }
    }

    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    /// What stands before the digest in PKCS#1 v1.5 (RFC 8017 9.2, note 1).
    const fn prefix(self) -> [u8; 19] {
        let (name, length, whole) = match self {
            Self::Sha256 => (1, 32, 49),
            Self::Sha384 => (2, 48, 65),
            Self::Sha512 => (3, 64, 81),
        };
        [0x30, whole, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, name, 5, 0, 4, length]
    }
}

/// A way to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Ecdsa(Hash),
    Rsa(Hash),
}

impl Scheme {
    /// Reads a signature algorithm that names its hash.
    pub(super) fn of(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<Self, TokenError> {
        no_parameters(algorithm)?;
        let hash = |list: [(Oid, Hash); 3]| list.into_iter().find(|(oid, _)| *oid == algorithm.oid).map(|(_, h)| h);
        let ecdsa = hash(ECDSA_WITH).map(Self::Ecdsa);
        ecdsa.or_else(|| hash(RSA_WITH).map(Self::Rsa)).ok_or_else(|| {
            Fault::Algorithm.at("ECDSA or RSA (PKCS#1 v1.5) with SHA-256, SHA-384 or SHA-512", algorithm.oid)
        })
    }

    /// Reads the signature algorithm of a signer, which names RSA alone or with the hash of its attributes.
    pub(super) fn of_signer(algorithm: &AlgorithmIdentifierRef<'_>, hash: Hash) -> Result<Self, TokenError> {
        if algorithm.oid == RSA_KEY {
            no_parameters(algorithm)?;
            return Ok(Self::Rsa(hash));
        }
        let scheme = Self::of(algorithm)?;
        let (Self::Ecdsa(named) | Self::Rsa(named)) = scheme;
        if named == hash { Ok(scheme) } else { Err(Fault::Algorithm.at(format!("{hash:?}"), format!("{named:?}"))) }
    }

    /// Whether `signature` is one of `message` under `key`.
    ///
    /// # Errors
    /// [`Fault::Algorithm`] for a key of another kind, or one that is too weak.
    pub(super) fn holds(
        self,
        key: &SubjectPublicKeyInfoOwned,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, TokenError> {
        match self {
            Self::Ecdsa(hash) => ecdsa(key, &hash.digest(message), signature),
            Self::Rsa(hash) => {
                let scheme = Pkcs1v15Sign { hash_len: Some(hash.digest(b"").len()), prefix: Box::new(hash.prefix()) };
                Ok(rsa_key(key)?.verify(scheme, &hash.digest(message), signature).is_ok())
            }
        }
    }
}

fn ecdsa(key: &SubjectPublicKeyInfoOwned, digest: &[u8], signature: &[u8]) -> Result<bool, TokenError> {
    let curve = curve(key)?;
    let point = key.subject_public_key.raw_bytes();
    let no_point = || Fault::Algorithm.at("a point of the curve", "other bytes");
    if curve == P256 {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| no_point())?;
        let signature = p256::ecdsa::Signature::from_der(signature);
        Ok(signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()))
    } else {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| no_point())?;
        let signature = p384::ecdsa::Signature::from_der(signature);
        Ok(signature.is_ok_and(|signature| key.verify_prehash(digest, &signature).is_ok()))
    }
}

/// The curve of an ECDSA key: P-256 or P-384, by name.
fn curve(key: &SubjectPublicKeyInfoOwned) -> Result<Oid, TokenError> {
    let algorithm = key.algorithm.owned_to_ref();
    if algorithm.oid != EC_KEY {
        return Err(Fault::Algorithm.at("a key for ECDSA or RSA", algorithm.oid));
    }
    let curve = algorithm.parameters_oid().map_err(|_| Fault::Algorithm.at("a named curve", "none"))?;
    if curve == P256 || curve == P384 { Ok(curve) } else { Err(Fault::Algorithm.at("P-256 or P-384", curve)) }
}

fn rsa_key(key: &SubjectPublicKeyInfoOwned) -> Result<RsaPublicKey, TokenError> {
    let algorithm = key.algorithm.owned_to_ref();
    if algorithm.oid != RSA_KEY {
        return Err(Fault::Algorithm.at("an RSA key", algorithm.oid));
    }
    no_parameters(&algorithm)?;
    let mut numbers = Elements::sequence(key.subject_public_key.raw_bytes(), "an RSA key")?;
    let (modulus, exponent): (UintRef<'_>, UintRef<'_>) = (numbers.value()?, numbers.value()?);
    numbers.end()?;
    let modulus = BigUint::from_bytes_be(modulus.as_bytes());
    if !RSA_BITS.contains(&modulus.bits()) {
        return Err(Fault::Algorithm.at("RSA with 2048 to 4096 bits", format!("{} bits", modulus.bits())));
    }
    RsaPublicKey::new(modulus, BigUint::from_bytes_be(exponent.as_bytes()))
        .map_err(|error| Fault::Algorithm.at("an RSA key", error))
}

/// Parameters are absent, or NULL.
fn no_parameters(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<(), TokenError> {
    match algorithm.parameters {
        None => Ok(()),
        Some(parameters) if parameters == AnyRef::NULL => Ok(()),
        Some(_) => Err(Fault::Algorithm.at(format!("no parameters of {}", algorithm.oid), "parameters")),
    }
}
