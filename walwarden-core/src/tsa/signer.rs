//! The token as CMS has it: one signer over one TSTInfo (`spec:time-5`, `spec:time-6`).

use alloc::{format, vec::Vec};

use der::{
    Tag, Tagged as _,
    asn1::{AnyRef, ObjectIdentifier as Oid},
};
use x509_cert::{name::Name, serial_number::SerialNumber, spki::AlgorithmIdentifierRef};

use super::{
    Fault, Stamp, TokenError,
    certificate::Cert,
    reader::{self, Elements, context},
    signature::{Hash, Scheme},
    stamp::Info,
};
use crate::{digest::Digest, limits};

const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
const TST_INFO: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.1.4");
const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.4");
/// The identifier of a SET.
const SET: u8 = 0x31;
const SIGNING_CERTIFICATE_V2: Oid = Oid::new_unwrap("1.2.840.113549.1.9.16.2.47");

/// A parsed token, of which nothing is verified yet.
#[derive(Debug, Clone)]
pub struct Token<'a> {
    certificates: Vec<Cert>,
    /// The bytes of the TSTInfo.
    content: &'a [u8],
    info: Info,
    signer: SignerInfo<'a>,
}

/// The one signer.
#[derive(Debug, Clone)]
struct SignerInfo<'a> {
    id: SignerId,
    hash: Hash,
    scheme: Scheme,
    /// The signed attributes, with the header of their `[0]`.
    attributes: &'a [u8],
    signature: &'a [u8],
}

/// How a signer names its certificate.
#[derive(Debug, Clone, PartialEq)]
enum SignerId {
    Issued { issuer: Name, serial: SerialNumber },
    KeyId(Vec<u8>),
}

impl<'a> Token<'a> {
    /// Reads a token: DER of a CMS ContentInfo, within the limits, with one TSTInfo and one signer.
    ///
    /// # Errors
    /// [`Fault::Limit`], [`Fault::NotDer`], [`Fault::NotAToken`], [`Fault::Signer`], [`Fault::Algorithm`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TokenError> {
        if bytes.len() > limits::TOKEN_BYTES {
            return Err(Fault::Limit.at(format!("{} bytes", limits::TOKEN_BYTES), bytes.len()));
        }
        reader::walk(bytes)?;
        let mut outer = Elements::sequence(bytes, "a ContentInfo")?;
        is(SIGNED_DATA, outer.value()?)?;
        let content = outer.next(context(0, true))?;
        outer.end()?;
        let mut data = Elements::sequence(content.value(), "a SignedData")?;
        version(3, data.value()?)?;
        data.next(Tag::Set)?; // the digest algorithms, which the signer names again
        let content = encapsulated(data.next(Tag::Sequence)?)?;
        let certificates = data.next_if(context(0, true))?.map_or_else(|| Ok(Vec::new()), certificates)?;
        data.next_if(context(1, true))?; // revocation lists, which are not read
        let signer = SignerInfo::only(data.next(Tag::Set)?)?;
        data.end()?;
        Ok(Self { certificates, content, info: Info::parse(content)?, signer })
    }

    /// Holds the token against the bytes that it must cover, and against its own signer: imprint, signed attributes,
    /// signature, and the purpose and validity of the signer's certificate. Nothing of this needs a root.
    ///
    /// # Errors
    /// [`Fault::Imprint`], [`Fault::Signer`], [`Fault::Attributes`], [`Fault::SigningCertificate`],
    /// [`Fault::Algorithm`], [`Fault::Signature`], [`Fault::Extension`], [`Fault::Purpose`], [`Fault::Validity`].
    pub fn open(self, message: &[u8]) -> Result<Stamp, TokenError> {
        self.info.covers(Digest::of(message))?;
        let signer = self.signer_certificate()?.clone();
        self.signer.attributes(self.content, &signer)?;
        self.signer.verify(&signer)?;
        signer.may_stamp()?;
        signer.valid_at(self.info.gen_time)?;
        Ok(Stamp::new(&self.info, signer, self.certificates))
    }

    /// The one certificate that the signer names.
    fn signer_certificate(&self) -> Result<&Cert, TokenError> {
        let mut named = self.certificates.iter().filter(|cert| self.signer.id.names(cert));
        let first = named.next().ok_or_else(|| Fault::Signer.at("the signer's certificate in the token", "none"))?;
        match named.next() {
            None => Ok(first),
            Some(_) => Err(Fault::Signer.at("one certificate of the signer", "two")),
        }
    }
}

impl<'a> SignerInfo<'a> {
    /// The only element of the set of signers.
    fn only(set: AnyRef<'a>) -> Result<Self, TokenError> {
        let mut infos = Elements::of(set.value(), "the signers")?;
        let Some(info) = infos.optional()? else { return Err(Fault::Signer.at("one signer", "none")) };
        if infos.optional()?.is_some() {
            return Err(Fault::Signer.at("one signer", "more"));
        }
        if info.tag() != Tag::Sequence {
            return Err(Fault::NotDer.at("SEQUENCE of a signer", info.tag()));
        }
        let mut parts = Elements::of(info.value(), "a signer")?;
        let stated: u8 = parts.value()?;
        let id = match parts.next_if(context(0, false))? {
            Some(key_id) => SignerId::KeyId(key_id.value().to_vec()),
            None => SignerId::issued(&mut Elements::of(parts.next(Tag::Sequence)?.value(), "a signer's id")?)?,
        };
        version(if matches!(id, SignerId::KeyId(_)) { 3 } else { 1 }, stated)?;
        let hash = Hash::of(&parts.value::<AlgorithmIdentifierRef<'_>>()?)?;
        let mut peek = parts.clone();
        if peek.next_if(context(0, true))?.is_none() {
            return Err(Fault::Attributes.at("signed attributes", "none"));
        }
        let attributes = parts.whole()?;
        let scheme = Scheme::of_signer(&parts.value::<AlgorithmIdentifierRef<'_>>()?, hash)?;
        let signature = parts.next(Tag::OctetString)?.value();
        parts.next_if(context(1, true))?; // unsigned attributes, which are not read
        parts.end()?;
        Ok(Self { id, hash, scheme, attributes, signature })
    }

    /// Requires the signature over the attributes. They are signed as a SET, not under the tag that they have here
    /// (RFC 5652 5.4).
    fn verify(&self, signer: &Cert) -> Result<(), TokenError> {
        let mut message = self.attributes.to_vec();
        if let Some(tag) = message.first_mut() {
            *tag = SET;
        }
        if signer.verifies(self.scheme, &message, self.signature)? {
            return Ok(());
        }
        Err(Fault::Signature.at(format!("a signature of {}", signer.subject()), "another"))
    }

    /// Requires content type, digest of the content, and the signer's certificate, each once and all in DER order.
    fn attributes(&self, content: &[u8], signer: &Cert) -> Result<(), TokenError> {
        let list = AnyRef::try_from(self.attributes).map_err(|error| Fault::NotDer.at("signed attributes", error))?;
        let mut list = Elements::of(list.value(), "the signed attributes")?;
        let mut found: Vec<(Oid, &[u8])> = Vec::new();
        let mut before: &[u8] = &[];
        while list.clone().optional()?.is_some() {
            let whole = list.whole()?;
            if whole <= before {
                return Err(Fault::Attributes.at("signed attributes in ascending order", "another order"));
            }
            before = whole;
            let (oid, value) = attribute(whole)?;
            if found.iter().any(|(other, _)| *other == oid) {
                return Err(Fault::Attributes.at(format!("{oid} once"), "twice"));
            }
            found.push((oid, value));
        }
        let wanted = |oid: Oid| {
            let value = found.iter().find(|(other, _)| *other == oid).map(|(_, value)| *value);
            value.ok_or_else(|| Fault::Attributes.at(format!("attribute {oid}"), "none"))
        };
        let kind: Oid = reader::value(wanted(CONTENT_TYPE)?, "a content type")?;
        if kind != TST_INFO {
            return Err(Fault::Attributes.at(format!("content type {TST_INFO}"), kind));
        }
        let digest: AnyRef<'_> = reader::value(wanted(MESSAGE_DIGEST)?, "a message digest")?;
        if digest.tag() != Tag::OctetString || digest.value() != self.hash.digest(content).as_slice() {
            return Err(Fault::Attributes.at("the digest of the TSTInfo", "another"));
        }
        signing_certificate(wanted(SIGNING_CERTIFICATE_V2)?, signer)
    }
}

impl SignerId {
    /// Reads issuer and serial number, and nothing after them.
    fn issued(parts: &mut Elements<'_>) -> Result<Self, TokenError> {
        let issuer = parts.value()?;
        let serial = parts.value()?;
        parts.clone().end()?;
        Ok(Self::Issued { issuer, serial })
    }

    fn names(&self, cert: &Cert) -> bool {
        match self {
            Self::Issued { issuer, serial } => cert.issuer() == issuer && cert.serial() == serial,
            Self::KeyId(id) => cert.key_id().as_ref() == Some(id),
        }
    }
}

/// The content of the TSTInfo's OCTET STRING.
fn encapsulated(info: AnyRef<'_>) -> Result<&[u8], TokenError> {
    let mut parts = Elements::of(info.value(), "the content")?;
    is(TST_INFO, parts.value()?)?;
    let explicit = parts.next(context(0, true))?;
    parts.end()?;
    let mut inner = Elements::of(explicit.value(), "the content")?;
    let octets = inner.next(Tag::OctetString)?;
    inner.end()?;
    Ok(octets.value())
}

/// All certificates; attribute certificates and other choices are none.
fn certificates(set: AnyRef<'_>) -> Result<Vec<Cert>, TokenError> {
    let mut elements = Elements::of(set.value(), "the certificates")?;
    let mut ders = Vec::new();
    while let Some(element) = elements.clone().optional()? {
        if element.tag() != Tag::Sequence {
            return Err(Fault::NotAToken.at("certificates of X.509 alone", element.tag()));
        }
        ders.push(elements.whole()?);
    }
    if ders.len() > limits::TOKEN_CERTIFICATES {
        return Err(Fault::Limit.at(format!("{} certificates", limits::TOKEN_CERTIFICATES), ders.len()));
    }
    ders.into_iter().map(Cert::parse).collect()
}

/// Type and only value of an attribute.
fn attribute(whole: &[u8]) -> Result<(Oid, &[u8]), TokenError> {
    let mut parts = Elements::sequence(whole, "a signed attribute")?;
    let oid = parts.value()?;
    let values = parts.next(Tag::Set)?;
    parts.end()?;
    let mut values = Elements::of(values.value(), "a signed attribute")?;
    let value = values.whole()?;
    values.end()?;
    Ok((oid, value))
}

/// Requires that the first certificate that a SigningCertificateV2 (RFC 5035) names is the signer's.
fn signing_certificate(value: &[u8], signer: &Cert) -> Result<(), TokenError> {
    const PART: &str = "a signing-certificate attribute";
    let mut ids = Elements::of(Elements::sequence(value, PART)?.next(Tag::Sequence)?.value(), PART)?;
    let mut id = Elements::of(ids.next(Tag::Sequence)?.value(), PART)?;
    let hash = match id.clone().next_if(Tag::Sequence)? {
        Some(_) => Hash::of(&id.value::<AlgorithmIdentifierRef<'_>>()?)?,
        None => Hash::Sha256,
    };
    let found = id.next(Tag::OctetString)?.value();
    let expected = hash.digest(&signer.der);
    if found != expected.as_slice() {
        return Err(Fault::SigningCertificate.at(hex(&expected), hex(found)));
    }
    let Some(issued) = id.next_if(Tag::Sequence)? else { return id.end() };
    id.end()?;
    // IssuerSerial: one directoryName, and the serial number.
    let mut parts = Elements::of(issued.value(), PART)?;
    let mut names = Elements::of(parts.next(Tag::Sequence)?.value(), PART)?;
    let name = names.next(context(4, true))?;
    names.end()?;
    let issuer: Name = reader::value(name.value(), PART)?;
    let serial: SerialNumber = parts.value()?;
    parts.end()?;
    if issuer == *signer.issuer() && serial == *signer.serial() {
        return Ok(());
    }
    Err(Fault::SigningCertificate.at(signer.issuer(), issuer))
}

fn is(expected: Oid, found: Oid) -> Result<(), TokenError> {
    if found == expected { Ok(()) } else { Err(Fault::NotAToken.at(format!("content {expected}"), found)) }
}

/// Requires a version number.
pub(super) fn version(expected: u8, found: u8) -> Result<(), TokenError> {
    if found == expected { Ok(()) } else { Err(Fault::NotAToken.at(format!("version {expected}"), found)) }
}

fn hex(bytes: &[u8]) -> alloc::string::String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
