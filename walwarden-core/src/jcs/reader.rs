//! Reads canonical documents whose members are known.
//!
//! Canonical JSON has one spelling (`spec:bytes-1`), so such a document is fixed text and values in turn: to find the
//! fixed text where it must stand, and each value in its one spelling, is to know that the document is canonical and has
//! exactly these members. That is several times faster than a scan and a parser.
//!
//! It may answer `None` for a document that is good: text with escapes, or beyond ASCII. It never reads a bad one.

use crate::{
    digest::Digest,
    limits,
    time::Time,
    value::{Decimal, EntryId},
};

/// Where reading has come to. Every method takes what it names and steps over it, or answers `None`.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the first byte of a document.
    pub(crate) const fn new(document: &'a [u8]) -> Self {
        Self { rest: document }
    }

    /// Bytes not read yet.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// Exactly this text.
    pub(crate) fn fixed(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// This text if it is there.
    pub(crate) fn found(&mut self, text: &str) -> bool {
        self.fixed(text).is_some()
    }

    /// The content of a string that is one of some words.
    pub(crate) fn word(&mut self, words: &[&str]) -> Option<()> {
        let word = self.text()?;
        words.iter().any(|known| known.as_bytes() == word).then_some(())
    }

    /// The content of a string, not its closing quote, which stands next: ASCII without escapes.
    pub(crate) fn text(&mut self) -> Option<&'a [u8]> {
        let plain = |b: &u8| (0x20..0x80).contains(b) && !matches!(*b, b'"' | b'\\');
        // Eight at a time: most text is longer, and a loop without early end needs no branch for each byte.
        let (eights, _) = self.rest.as_chunks::<8>();
        let whole = eights.iter().take_while(|eight| eight.iter().fold(true, |all, b| all & plain(b))).count();
        let mut length = whole.saturating_mul(8);
        length = length.saturating_add(self.rest.get(length..)?.iter().take_while(|b| plain(b)).count());
        let (text, rest) = self.rest.split_at_checked(length)?;
        if rest.first() != Some(&b'"') {
            return None;
        }
        self.rest = rest;
        Some(text)
    }

    /// 64 hex digits, not decoded.
    pub(crate) fn hex(&mut self) -> Option<&'a [u8; 64]> {
        let (digits, rest) = self.rest.split_first_chunk::<64>()?;
        let is_digit = |b: u8| b.is_ascii_digit() | (b'a'..=b'f').contains(&b);
        digits.iter().fold(true, |all, b| all & is_digit(*b)).then_some(())?;
        self.rest = rest;
        Some(digits)
    }

    /// A digest.
    pub(crate) fn digest(&mut self) -> Option<Digest> {
        self.spelt::<64, _>()
    }

    /// A time.
    pub(crate) fn time(&mut self) -> Option<Time> {
        self.spelt::<27, _>()
    }

    /// An entry or run id.
    pub(crate) fn id(&mut self) -> Option<EntryId> {
        self.spelt::<26, _>()
    }

    /// A value of fixed length.
    fn spelt<const N: usize, T: core::str::FromStr>(&mut self) -> Option<T> {
        let (spelling, rest) = self.rest.split_first_chunk::<N>()?;
        let value = core::str::from_utf8(spelling).ok()?.parse().ok()?;
        self.rest = rest;
        Some(value)
    }

    /// The content of a decimal string.
    pub(crate) fn decimal(&mut self) -> Option<Decimal> {
        core::str::from_utf8(self.text()?).ok()?.parse().ok()
    }

    /// An integer.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let digits = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let negative = digits.len() < self.rest.len();
        let length = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = digits.split_at_checked(length)?;
        let canonical = match digits {
            [] => false,
            [b'0'] => !negative,
            [first, ..] => *first != b'0' && digits.len() <= 16,
        };
        canonical.then_some(())?;
        let value =
            digits.iter().fold(0_i64, |n, digit| n.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0'))));
        (value <= limits::INTEGER).then_some(())?;
        self.rest = rest;
        Some(if negative { value.wrapping_neg() } else { value })
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        if self.found("true") { Some(true) } else { self.fixed("false").map(|()| false) }
    }

    /// Nothing follows.
    pub(crate) fn end(&self) -> Option<()> {
        self.rest.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// spec:bytes-1: what this reads is canonical, and read as `serde_json` reads it.
        #[test]
        fn text_and_integers_are_those_of_the_scanner(text in "[ -~é\"\\\\]{0,24}", number in any::<i64>(), digits in "-?[0-9]{0,18}") {
            let string = std::format!("\"{text}\"");
            let mut reader = Reader::new(&string.as_bytes()[1..]);
            if reader.text().is_some_and(|read| read.len() == text.len()) {
                prop_assert_eq!(crate::jcs::check(string.as_bytes()), Ok(()));
            }
            for spelling in [digits, std::format!("{number}"), std::format!("{}", number >> 11)] {
                let mut reader = Reader::new(spelling.as_bytes());
                let read = reader.integer().filter(|_| reader.end().is_some());
                let canonical = crate::jcs::check(spelling.as_bytes()).is_ok();
                prop_assert_eq!(read, canonical.then(|| spelling.parse::<i64>().unwrap()), "{}", spelling);
            }
        }
    }
}
