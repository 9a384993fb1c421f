//! The search for a path from a signer to a root that the reader brought (`spec:time-7`, `spec:time-8`).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use base64ct::{Base64, Encoding as _};

use super::{Fault, TokenError, certificate::Cert};
use crate::{limits, time::Time};

/// Roots of time-stamping authorities: certificates of authorities that the **reader** brought.
#[derive(Debug, Clone, Default)]
pub struct TsaRoots(Vec<Cert>);

/// Why a file holds no roots.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TsaRootsError {
    /// The file is longer than 1 MiB.
    #[error("a file of roots is at most 1 MiB long")]
    TooLong,
    /// More than 64 roots.
    #[error("more than 64 roots of time-stamping authorities")]
    TooMany,
    /// No certificate in it.
    #[error("no certificate in PEM or DER")]
    Empty,
    /// PEM that is none, or of another kind.
    #[error("PEM that is not of certificates alone: {0}")]
    Pem(String),
    /// A certificate that is none, or not of an authority.
    #[error(transparent)]
    Certificate(#[from] TokenError),
}

impl TsaRoots {
    /// Takes the certificates of a file, in PEM with any text between them or one in DER; gives their number.
    ///
    /// A root need not be self-signed: the reader may trust an authority in the middle. It must be an authority.
    ///
    /// # Errors
    /// [`TsaRootsError`]: the file is at fault.
    pub fn add(&mut self, file: &[u8]) -> Result<usize, TsaRootsError> {
        if file.len() > limits::TSA_ROOT_BYTES {
            return Err(TsaRootsError::TooLong);
        }
        let ders = match core::str::from_utf8(file) {
            Ok(text) if text.contains("-----BEGIN ") => pem(text)?,
            _ if file.first() == Some(&0x30) => [file.to_vec()].into(),
            _ => return Err(TsaRootsError::Empty),
        };
        for der in &ders {
            super::reader::walk(der)?;
            let root = Cert::parse(der)?;
            root.may_issue(0)?;
            if self.0.iter().all(|other| other.der != root.der) {
                self.0.push(root);
            }
            if self.0.len() > limits::TSA_ROOTS {
                return Err(TsaRootsError::TooMany);
            }
        }
        Ok(ders.len())
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Subjects of the roots, in the order given.
    pub fn subjects(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|root| root.subject().to_string())
    }
}

/// The certificates of a PEM file. Another kind of block is refused, so that nothing given is silently passed over.
fn pem(text: &str) -> Result<Vec<Vec<u8>>, TsaRootsError> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let mut ders = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line == BEGIN {
            let mut body = String::new();
            loop {
                match lines.next() {
                    Some(END) => break,
                    Some(line) => body.push_str(line),
                    None => return Err(TsaRootsError::Pem("a block without its end".into())),
                }
            }
            ders.push(Base64::decode_vec(&body).map_err(|error| TsaRootsError::Pem(error.to_string()))?);
        } else if line.starts_with("-----BEGIN ") {
            return Err(TsaRootsError::Pem(line.into()));
        }
    }
    if ders.is_empty() { Err(TsaRootsError::Empty) } else { Ok(ders) }
}

/// A search through certificates whose subject is the issuer that one below them names.
pub(super) struct Search<'a> {
    roots: &'a TsaRoots,
    carried: &'a [Cert],
    at: Time,
    steps: usize,
}

/// How a way upwards ended that did not reach a root.
enum End {
    /// No certificate of this name.
    Nowhere(String),
    /// It led to a root by its names, and does not hold.
    Broken(TokenError),
}

impl<'a> Search<'a> {
    pub(super) const fn new(roots: &'a TsaRoots, carried: &'a [Cert], at: Time) -> Self {
        Self { roots, carried, at, steps: limits::TSA_PATH_STEPS }
    }

    /// Subject of the root that the signer's path ends at.
    pub(super) fn from(mut self, signer: &Cert) -> Result<String, TokenError> {
        match self.climb(signer, 0, &mut Vec::new()) {
            Ok(root) => Ok(root.subject().to_string()),
            Err(End::Broken(error)) => Err(error),
            Err(End::Nowhere(issuer)) => Err(Fault::NoPath.at("an issuer among the roots you brought", issuer)),
        }
    }

    /// Finds a root above `child`, which has `below` authorities under it that count for a path length. A way that
    /// leads to a root by its names and does not hold is remembered: it claims an authority of the reader's.
    fn climb(&mut self, child: &Cert, below: usize, path: &mut Vec<usize>) -> Result<&'a Cert, End> {
        self.step().map_err(End::Broken)?;
        let mut broken = None;
        let mut nowhere = child.issuer().to_string();
        for root in self.roots.0.iter().filter(|root| root.subject() == child.issuer()) {
            match self.edge(child, root, below) {
                Ok(()) => return Ok(root),
                Err(error) => _ = broken.get_or_insert(error),
            }
        }
        for (index, authority) in self.carried.iter().enumerate() {
            if authority.subject() != child.issuer() || path.contains(&index) {
                continue;
            }
            path.push(index);
            let above = self.climb(authority, below.saturating_add(usize::from(!authority.is_self_issued())), path);
            path.pop();
            match above.and_then(|root| self.edge(child, authority, below).map(|()| root).map_err(End::Broken)) {
                Ok(root) => return Ok(root),
                Err(End::Broken(error)) => _ = broken.get_or_insert(error),
                Err(End::Nowhere(issuer)) => nowhere = issuer,
            }
        }
        Err(broken.map_or(End::Nowhere(nowhere), End::Broken))
    }

    /// Whether `issuer` issued `child` and might: valid at `genTime`, an authority, this deep, and by its signature.
    fn edge(&mut self, child: &Cert, issuer: &Cert, below: usize) -> Result<(), TokenError> {
        self.step()?;
        issuer.valid_at(self.at)?;
        issuer.may_issue(below)?;
        child.issued_by(issuer)
    }

    /// Hostile names can lead in many circles.
    fn step(&mut self) -> Result<(), TokenError> {
        match self.steps.checked_sub(1) {
            Some(left) => self.steps = left,
            None => return Err(Fault::Limit.at(format!("{} steps to a root", limits::TSA_PATH_STEPS), "more")),
        }
        Ok(())
    }
}
