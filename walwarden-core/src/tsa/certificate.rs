//! A certificate, and what must hold for a signer and for an authority (`spec:time-7`).

use alloc::{format, string::String, vec::Vec};

use der::{Decode, asn1::ObjectIdentifier as Oid, oid::AssociatedOid, referenced::OwnedToRef as _};
use x509_cert::{
    Certificate,
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier},
    name::Name,
    serial_number::SerialNumber,
};

use super::{
    Fault, TokenError,
    reader::{self, Elements},
    signature::Scheme,
};
use crate::time::Time;

const TIME_STAMPING: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.8");
const ANY_PURPOSE: Oid = Oid::new_unwrap("2.5.29.37.0");
/// Extensions whose meaning is judged here; others must not be critical.
const KNOWN: [Oid; 4] = [BasicConstraints::OID, KeyUsage::OID, ExtendedKeyUsage::OID, SubjectKeyIdentifier::OID];

/// A certificate that parses. Whether it is acceptable is asked only where a path uses it: a token may carry others.
#[derive(Debug, Clone)]
pub(super) struct Cert {
    /// All its bytes.
    pub(super) der: Vec<u8>,
    /// The bytes under its issuer's signature.
    tbs: Vec<u8>,
    parsed: Certificate,
}

/// What the known extensions say.
#[derive(Debug, Clone, Default)]
struct Extensions {
    basic: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
    /// Purposes, and whether they are critical.
    purposes: Option<(bool, Vec<Oid>)>,
    key_id: Option<Vec<u8>>,
}

impl Cert {
    /// Parses `der`, which holds one certificate and nothing else.
    pub(super) fn parse(der: &[u8]) -> Result<Self, TokenError> {
        let tbs = Elements::sequence(der, "a certificate")?.whole()?.to_vec();
        Ok(Self { der: der.to_vec(), tbs, parsed: reader::value(der, "a certificate")? })
    }

    pub(super) fn subject(&self) -> &Name {
        self.parsed.tbs_certificate().subject()
    }

    pub(super) fn issuer(&self) -> &Name {
        self.parsed.tbs_certificate().issuer()
    }

    /// The serial number.
    pub(super) fn serial(&self) -> &SerialNumber {
        self.parsed.tbs_certificate().serial_number()
    }

    /// The subject key identifier, where its extensions can be judged.
    pub(super) fn key_id(&self) -> Option<Vec<u8>> {
        Extensions::of(&self.parsed).ok()?.key_id
    }

    /// Whether `signature` is one of `message` under this certificate's key.
    pub(super) fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<bool, TokenError> {
        scheme.holds(self.parsed.tbs_certificate().subject_public_key_info(), message, signature)
    }

    /// Requires that `at` lies within the validity, whose both ends count.
    pub(super) fn valid_at(&self, at: Time) -> Result<(), TokenError> {
        let validity = self.parsed.tbs_certificate().validity();
        let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
        let (from, to) = (seconds(validity.not_before), seconds(validity.not_after));
        let now = u64::try_from(at.micros().div_euclid(1_000_000)).unwrap_or_default();
        if (from..=to).contains(&now) {
            return Ok(());
        }
        let span = format!("{} to {}", validity.not_before, validity.not_after);
        Err(Fault::Validity.at(format!("a time from {span} ({})", self.subject()), at))
    }

    /// Requires what RFC 3161 2.3 asks of a signer: critical, exactly for time stamps, and no authority itself.
    pub(super) fn may_stamp(&self) -> Result<(), TokenError> {
        let expected = "extended key usage timeStamping alone, critical";
        let extensions = Extensions::of(&self.parsed)?;
        match &extensions.purposes {
            Some((true, purposes)) if *purposes == [TIME_STAMPING] => {}
            Some((false, _)) => return Err(Fault::Purpose.at(expected, "not critical")),
            Some((true, purposes)) => return Err(Fault::Purpose.at(expected, names(purposes))),
            None => return Err(Fault::Purpose.at(expected, "no extended key usage")),
        }
        if extensions.basic.as_ref().is_some_and(|basic| basic.ca) {
            return Err(Fault::Purpose.at("no certificate authority", "CA:TRUE"));
        }
        match &extensions.usage {
            Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => {
                Err(Fault::Purpose.at("key usage digitalSignature or nonRepudiation", "neither"))
            }
            _ => Ok(()),
        }
    }

    /// Requires that it may issue below itself, with `below` authorities between it and the signer.
    pub(super) fn may_issue(&self, below: usize) -> Result<(), TokenError> {
        let who = self.subject();
        let extensions = Extensions::of(&self.parsed)?;
        let Some(basic) = extensions.basic.as_ref().filter(|basic| basic.ca) else {
            return Err(Fault::Authority.at("basic constraints with CA:TRUE", format!("none in {who}")));
        };
        if let Some(limit) = basic.path_len_constraint
            && usize::from(limit) < below
        {
            return Err(Fault::Authority.at(format!("path length {limit} ({who})"), below));
        }
        if extensions.usage.as_ref().is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(Fault::Authority.at("key usage keyCertSign", format!("none in {who}")));
        }
        match &extensions.purposes {
            Some((_, purposes)) if !purposes.iter().any(|oid| *oid == TIME_STAMPING || *oid == ANY_PURPOSE) => {
                Err(Fault::Authority.at(format!("purposes that include timeStamping ({who})"), names(purposes)))
            }
            _ => Ok(()),
        }
    }

    /// Whether it issued itself: such a certificate does not count for a path length.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject() == self.issuer()
    }

    /// Requires the signature of `issuer` under this certificate.
    pub(super) fn issued_by(&self, issuer: &Self) -> Result<(), TokenError> {
        let (outer, inner) = (self.parsed.signature_algorithm(), self.parsed.tbs_certificate().signature());
        if outer != inner {
            return Err(Fault::Algorithm.at(inner.oid, outer.oid));
        }
        let scheme = Scheme::of(&outer.owned_to_ref())?;
        let signature = self.parsed.signature();
        let holds = signature.unused_bits() == 0 && issuer.verifies(scheme, &self.tbs, signature.raw_bytes())?;
        if holds {
            return Ok(());
        }
        Err(Fault::Issued.at(format!("a signature of {} under {}", issuer.subject(), self.subject()), "another"))
    }
}

impl Extensions {
    fn of(parsed: &Certificate) -> Result<Self, TokenError> {
        let mut known = Self::default();
        let mut seen: Vec<Oid> = Vec::new();
        for extension in parsed.tbs_certificate().extensions().into_iter().flatten() {
            let (oid, bytes) = (extension.extn_id, extension.extn_value.as_bytes());
            if seen.contains(&oid) {
                return Err(Fault::Extension.at(format!("{oid} once"), "twice"));
            }
            seen.push(oid);
            if oid == BasicConstraints::OID {
                known.basic = Some(parse(bytes, "basic constraints")?);
            } else if oid == KeyUsage::OID {
                known.usage = Some(parse(bytes, "a key usage")?);
            } else if oid == ExtendedKeyUsage::OID {
                let purposes: ExtendedKeyUsage = parse(bytes, "an extended key usage")?;
                known.purposes = Some((extension.critical, purposes.0));
            } else if oid == SubjectKeyIdentifier::OID {
                let id: SubjectKeyIdentifier = parse(bytes, "a subject key identifier")?;
                known.key_id = Some(id.0.as_bytes().to_vec());
            } else if extension.critical {
                return Err(Fault::Extension.at(format!("critical extensions only of {}", names(&KNOWN)), oid));
            }
        }
        Ok(known)
    }
}

fn parse<'a, T: Decode<'a, Error = der::Error>>(bytes: &'a [u8], part: &'static str) -> Result<T, TokenError> {
    reader::value(bytes, part)
}

fn names(oids: &[Oid]) -> String {
    let names: Vec<String> = oids.iter().map(|oid| format!("{oid}")).collect();
    names.join(", ")
}
