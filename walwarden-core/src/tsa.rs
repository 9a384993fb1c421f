//! Time-stamp tokens: RFC 3161 over the core note of a checkpoint (`spec:time-5` to `spec:time-9`).
//!
//! This is the only module that knows CMS (RFC 5652) and X.509 (RFC 5280). A token passes three gates, each a type:
//! [`Token::parse`] reads strict DER within limits, [`Token::open`] holds it against the bytes that it must cover and
//! against its own signer, and [`Stamp::anchor`] looks for a path to a root that the **auditor** brought. Certificates
//! in a token are a signer's word about itself: they create no trust (`spec:model-2`).
//!
//! ```
//! use walwarden_core::tsa::{Fault, Token};
//! let error = Token::parse(b"\x30\x80\x00\x00").unwrap_err();
//! assert_eq!(error.fault, Fault::NotDer); // an indefinite length is BER
//! ```

mod certificate;
mod chain;
mod reader;
mod signature;
mod signer;
mod stamp;

use alloc::string::{String, ToString};
use core::fmt;

pub use chain::{TsaRoots, TsaRootsError};
pub use signer::Token;
pub use stamp::Stamp;

/// What is wrong with a token, or with a certificate under it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}: expected {expected}, found {found}")]
pub struct TokenError {
    /// What kind of defect.
    pub fault: Fault,
    /// What should stand there.
    pub expected: String,
    /// What does.
    pub found: String,
}

/// Kinds of defects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// More bytes, certificates or nesting than a token may have.
    Limit,
    /// Not the one DER encoding: BER, bytes behind the end, or another structure.
    NotDer,
    /// Well-formed, and no time-stamp token of the known versions.
    NotAToken,
    /// Not exactly one signer whose certificate the token carries.
    Signer,
    /// Signed attributes that are missing, doubled, unordered or of another content.
    Attributes,
    /// The signing-certificate attribute names another certificate.
    SigningCertificate,
    /// An algorithm or a key that this version does not accept.
    Algorithm,
    /// The signature over the signed attributes does not hold.
    Signature,
    /// The token is about other bytes.
    Imprint,
    /// An extension that is critical and not known, or occurs twice.
    Extension,
    /// The signer's certificate is not for time stamps alone.
    Purpose,
    /// A certificate was not valid when the token was made.
    Validity,
    /// An issuer that may not issue, or not this deep.
    Authority,
    /// The signature of an issuer under a certificate does not hold.
    Issued,
    /// No path to a root that the reader brought.
    NoPath,
}

impl Fault {
    const fn words(self) -> &'static str {
        match self {
            Self::Limit => "the time stamp is larger than the format allows",
            Self::NotDer => "the time stamp is not strict DER",
            Self::NotAToken => "this is no time-stamp token",
            Self::Signer => "the time stamp has not exactly one signer with its certificate",
            Self::Attributes => "the signed attributes of the time stamp are not as they must be",
            Self::SigningCertificate => "the time stamp names another signing certificate",
            Self::Algorithm => "an algorithm or key that is not accepted in a time stamp",
            Self::Signature => "the signature of the time stamp does not hold",
            Self::Imprint => "the time stamp is about other bytes",
            Self::Extension => "a certificate of the time stamp has an extension that cannot be judged",
            Self::Purpose => "the signer's certificate is not for time stamps alone",
            Self::Validity => "a certificate was not valid when the time stamp was made",
            Self::Authority => "a certificate of the time stamp was issued by one that may not issue it",
            Self::Issued => "the signature under a certificate of the time stamp does not hold",
            Self::NoPath => "the time stamp leads to no root that you brought",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Fault {
    /// The error with what should stand there, and what does.
    fn at(self, expected: impl ToString, found: impl ToString) -> TokenError {
        TokenError { fault: self, expected: expected.to_string(), found: found.to_string() }
    }
}

#[cfg(test)]
mod tests;
