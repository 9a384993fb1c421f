//! Strict DER: every element of a token is walked once before any is understood (`spec:time-5`).

use alloc::format;

use der::{Decode, Reader as _, SliceReader, Tag, Tagged as _, asn1::AnyRef};

use super::{Fault, TokenError};
use crate::limits;

/// Requires that `bytes` are one element in DER, to the last byte and nested at most [`limits::TOKEN_DEPTH`] deep.
///
/// The walk judges identifiers and lengths everywhere, also in what is not read later: unsigned attributes, say. The
/// order within a SET is judged only where a signature needs it, since authorities write certificates in any order.
pub(super) fn walk(bytes: &[u8]) -> Result<(), TokenError> {
    let mut elements = Elements::of(bytes, "the whole")?;
    walk_all(&mut elements, 1)?;
    Ok(())
}

fn walk_all(elements: &mut Elements<'_>, depth: usize) -> Result<(), TokenError> {
    if depth > limits::TOKEN_DEPTH {
        return Err(Fault::Limit.at(format!("{} levels", limits::TOKEN_DEPTH), "more"));
    }
    while let Some(element) = elements.optional()? {
        if element.tag().is_constructed() {
            walk_all(&mut Elements::of(element.value(), "an element")?, depth.saturating_add(1))?;
        }
    }
    Ok(())
}

/// Elements one after the other: the content of a SEQUENCE, say.
#[derive(Clone)]
pub(super) struct Elements<'a> {
    reader: SliceReader<'a>,
    part: &'static str,
}

impl<'a> Elements<'a> {
    /// The elements in `bytes`, which are the content of `part`.
    pub(super) fn of(bytes: &'a [u8], part: &'static str) -> Result<Self, TokenError> {
        let reader = SliceReader::new(bytes).map_err(|error| not_der(part, &error))?;
        Ok(Self { reader, part })
    }

    /// The content of a SEQUENCE that is all of `bytes`.
    pub(super) fn sequence(bytes: &'a [u8], part: &'static str) -> Result<Self, TokenError> {
        let mut outer = Self::of(bytes, part)?;
        let inner = outer.next(Tag::Sequence)?;
        outer.end()?;
        Self::of(inner.value(), part)
    }

    /// The next element, whatever it is.
    pub(super) fn optional(&mut self) -> Result<Option<AnyRef<'a>>, TokenError> {
        if self.reader.is_finished() {
            return Ok(None);
        }
        self.reader.decode().map(Some).map_err(|error| not_der(self.part, &error))
    }

    /// The bytes of the next element with its header.
    pub(super) fn whole(&mut self) -> Result<&'a [u8], TokenError> {
        self.reader.tlv_bytes().map_err(|error| not_der(self.part, &error))
    }

    /// The next element, which must have this tag.
    pub(super) fn next(&mut self, tag: Tag) -> Result<AnyRef<'a>, TokenError> {
        let found = self.optional()?;
        found.filter(|found| found.tag() == tag).ok_or_else(|| {
            let found = found.map_or_else(|| "nothing".into(), |found| format!("{}", found.tag()));
            Fault::NotDer.at(format!("{tag} in {}", self.part), found)
        })
    }

    /// The next element, where it has this tag; else it stays.
    pub(super) fn next_if(&mut self, tag: Tag) -> Result<Option<AnyRef<'a>>, TokenError> {
        if !self.reader.is_finished() && Tag::peek(&self.reader) == Ok(tag) {
            self.next(tag).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The next element as a value of the library.
    pub(super) fn value<T: Decode<'a, Error = der::Error>>(&mut self) -> Result<T, TokenError> {
        self.reader.decode().map_err(|error| not_der(self.part, &error))
    }

    /// Requires that nothing follows.
    pub(super) fn end(mut self) -> Result<(), TokenError> {
        match self.optional()? {
            None => Ok(()),
            Some(more) => Err(Fault::NotDer.at(format!("the end of {}", self.part), format!("{}", more.tag()))),
        }
    }
}

/// A value of the library that is all of `bytes`.
pub(super) fn value<'a, T: Decode<'a, Error = der::Error>>(
    bytes: &'a [u8],
    part: &'static str,
) -> Result<T, TokenError> {
    T::from_der(bytes).map_err(|error| not_der(part, &error))
}

fn not_der(part: &'static str, error: &der::Error) -> TokenError {
    Fault::NotDer.at(format!("DER of {part}"), error)
}

/// Tag of `[number]`, constructed or not.
pub(super) const fn context(number: u32, constructed: bool) -> Tag {
    Tag::ContextSpecific { constructed, number: der::TagNumber(number) }
}
