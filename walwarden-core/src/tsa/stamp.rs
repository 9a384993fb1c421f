//! What a token says, and what it is worth to a reader (`spec:time-6`, `spec:time-8`).

use alloc::{format, string::String, string::ToString as _, vec::Vec};

use der::{
    Tag,
    asn1::{AnyRef, ObjectIdentifier as Oid},
};
use x509_cert::{ext::Extensions, spki::AlgorithmIdentifierRef};

use super::{
    Fault, TokenError, TsaRoots,
    certificate::Cert,
    reader::{Elements, context},
    signature::Hash,
    signer::version,
};
use crate::{digest::Digest, time::Time};

/// A token that covers the bytes it was held against and is signed by the certificate that it carries.
///
/// Whose certificate that is nobody has said yet: [`Stamp::anchor`] asks the reader's roots.
#[derive(Debug, Clone)]
pub struct Stamp {
    gen_time: Time,
    not_after: Time,
    signer: Cert,
    carried: Vec<Cert>,
}

impl Stamp {
    pub(super) fn new(info: &Info, signer: Cert, carried: Vec<Cert>) -> Self {
        Self { gen_time: info.gen_time, not_after: info.not_after, signer, carried }
    }

    /// When the authority says that it made the token.
    #[must_use]
    pub const fn gen_time(&self) -> Time {
        self.gen_time
    }

    /// The latest instant that the token allows: `genTime` and the accuracy that the authority states.
    #[must_use]
    pub const fn not_after(&self) -> Time {
        self.not_after
    }

    /// Subject of the signer's certificate (RFC 4514): its own word.
    #[must_use]
    pub fn authority(&self) -> String {
        self.signer.subject().to_string()
    }

    /// Looks for a path from the signer to a root of the reader, judged at `genTime`; gives the root's subject.
    ///
    /// # Errors
    /// [`Fault::NoPath`] when no certificate leads to one of the roots by its name: an authority of somebody else.
    /// [`Fault::Validity`], [`Fault::Authority`], [`Fault::Issued`], [`Fault::Extension`], [`Fault::Algorithm`] when one
    /// does, and may not; [`Fault::Limit`] when the search takes too long.
    pub fn anchor(&self, roots: &TsaRoots) -> Result<String, TokenError> {
        super::chain::Search::new(roots, &self.carried, self.gen_time).from(&self.signer)
    }
}

/// What is read of a TSTInfo (RFC 3161 2.4.2).
#[derive(Debug, Clone)]
pub(super) struct Info {
    imprint: Digest,
    pub(super) gen_time: Time,
    not_after: Time,
}

impl Info {
    pub(super) fn parse(content: &[u8]) -> Result<Self, TokenError> {
        super::reader::walk(content)?;
        let mut parts = Elements::sequence(content, "a TSTInfo")?;
        version(1, parts.value()?)?;
        let _policy: Oid = parts.value()?;
        let imprint = imprint(parts.next(Tag::Sequence)?)?;
        parts.next(Tag::Integer)?; // serial number
        let (gen_time, rounded) = gen_time(parts.next(Tag::GeneralizedTime)?.value())?;
        let accuracy = parts.next_if(Tag::Sequence)?.map_or(Ok(0), accuracy)?;
        parts.next_if(Tag::Boolean)?; // ordering
        parts.next_if(Tag::Integer)?; // nonce
        parts.next_if(context(0, true))?; // the authority's name for itself: the certificate counts
        if let Some(extensions) = parts.next_if(context(1, true))? {
            no_critical(extensions)?;
        }
        parts.end()?;
        let latest = gen_time.micros().checked_add(accuracy).and_then(|at| at.checked_add(rounded));
        let not_after = latest.and_then(Time::from_micros).ok_or_else(|| time_fault("beyond the year 9999"))?;
        Ok(Self { imprint, gen_time, not_after })
    }

    pub(super) fn covers(&self, expected: Digest) -> Result<(), TokenError> {
        if self.imprint == expected { Ok(()) } else { Err(Fault::Imprint.at(expected, self.imprint)) }
    }
}

/// The imprint, which is SHA-256 whatever the signature uses.
fn imprint(imprint: AnyRef<'_>) -> Result<Digest, TokenError> {
    let mut parts = Elements::of(imprint.value(), "an imprint")?;
    let hash = Hash::of(&parts.value::<AlgorithmIdentifierRef<'_>>()?)?;
    let digest = parts.next(Tag::OctetString)?.value();
    parts.end()?;
    match digest.try_into() {
        Ok(digest) if hash == Hash::Sha256 => Ok(Digest(digest)),
        _ => Err(Fault::Algorithm.at("an imprint of SHA-256", format!("{hash:?} with {} bytes", digest.len()))),
    }
}

/// `YYYYMMDDHHMMSS[.f]Z`, no zero at the end of the fraction; with 1 where parts of a microsecond were cut off.
fn gen_time(text: &[u8]) -> Result<(Time, i64), TokenError> {
    let text = core::str::from_utf8(text).map_err(|_| time_fault("other characters"))?;
    let digits = text.strip_suffix('Z').ok_or_else(|| time_fault(text))?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let zero_at_end = fraction.ends_with('0') && digits.contains('.');
    if fraction.is_empty() || zero_at_end || !fraction.bytes().all(|b| b.is_ascii_digit()) || !whole.is_ascii() {
        return Err(time_fault(text));
    }
    let part = |from: usize, to: usize| whole.get(from..to).unwrap_or_default();
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let spelt = format!(
        "{}-{}-{}T{}:{}:{}.{micros}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        whole.get(12..).unwrap_or_default(),
    );
    let time = spelt.parse().map_err(|_| time_fault(text))?;
    Ok((time, i64::from(fraction.len() > 6)))
}

fn time_fault(found: &str) -> TokenError {
    Fault::NotDer.at("genTime as YYYYMMDDHHMMSS[.f]Z", found)
}

/// Microseconds of an Accuracy.
fn accuracy(accuracy: AnyRef<'_>) -> Result<i64, TokenError> {
    let mut parts = Elements::of(accuracy.value(), "an accuracy")?;
    let mut micros = 0_i64;
    for (tag, factor) in [(Tag::Integer, 1_000_000), (context(0, false), 1_000), (context(1, false), 1)] {
        if let Some(part) = parts.next_if(tag)? {
            let number = number(part.value()).ok_or_else(|| Fault::NotDer.at("an accuracy", "another number"))?;
            micros = micros.saturating_add(number.saturating_mul(factor));
        }
    }
    parts.end()?;
    Ok(micros)
}

/// A number of at most four bytes, not negative, in its shortest form.
fn number(bytes: &[u8]) -> Option<i64> {
    let shortest = match bytes {
        [] => false,
        [0, second, ..] => *second >= 0x80,
        [first, ..] => *first < 0x80,
    };
    (shortest && bytes.len() <= 4).then(|| bytes.iter().fold(0, |value: i64, byte| value << 8 | i64::from(*byte)))
}

/// Requires that no extension of a TSTInfo is critical: none is known.
fn no_critical(extensions: AnyRef<'_>) -> Result<(), TokenError> {
    let mut list = Elements::of(extensions.value(), "the extensions of a TSTInfo")?;
    let mut extensions = Extensions::new();
    while list.clone().optional()?.is_some() {
        extensions.push(list.value()?);
    }
    match extensions.iter().find(|extension| extension.critical) {
        None => Ok(()),
        Some(critical) => Err(Fault::Extension.at("no critical extension of a TSTInfo", critical.extn_id)),
    }
}
