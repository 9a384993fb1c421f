//! Canonical JSON: RFC 8785 restricted to integers (`spec:bytes-1` to `spec:bytes-6`).
//!
//! Documents are hashed, signed and verified as the exact bytes stored. [`check`] accepts exactly the bytes that
//! [`to_vec`] writes, in one pass and without building a tree; typed parsing comes after it.

mod reader;

use alloc::{string::String, vec::Vec};
use core::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits;
pub(crate) use reader::Reader;

/// Why bytes are not a canonical document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JcsError {
    /// Longer than its limit.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// Not UTF-8, or a byte that canonical JSON does not have at this place.
    #[error("not canonical JSON at byte {at}: {what}")]
    NotCanonical {
        /// Offset from the start of the document.
        at: usize,
        /// What rule is broken there.
        what: &'static str,
    },
    /// Canonical, but not the document expected here.
    #[error("not the expected document: {0}")]
    Shape(String),
    /// A value that has no canonical form: a fraction or an integer beyond 2^53 - 1 (writing only).
    #[error("a number without canonical form")]
    Number,
}

/// Parses a canonical document of at most [`limits::DOCUMENT_BYTES`].
///
/// # Errors
/// The document's author is at fault: [`JcsError::NotCanonical`] for the bytes, [`JcsError::Shape`] for the members.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, JcsError> {
    check(bytes)?;
    serde_json::from_slice(bytes).map_err(|e| JcsError::Shape(alloc::format!("{e}")))
}

/// As [`parse`], and requires that the parsed value writes the same bytes again: no member is unknown, none is dropped, and
/// no object is written as the array of its values, which `serde` reads too.
///
/// # Errors
/// As [`parse`].
pub fn parse_exact<'a, T: Deserialize<'a> + Serialize>(bytes: &'a [u8]) -> Result<T, JcsError> {
    parse_exact_up_to(bytes, limits::DOCUMENT_BYTES)
}

/// As [`parse_exact`], with another limit of length.
///
/// # Errors
/// As [`parse`].
pub fn parse_exact_up_to<'a, T: Deserialize<'a> + Serialize>(bytes: &'a [u8], limit: usize) -> Result<T, JcsError> {
    check_up_to(bytes, limit)?;
    let value: T = serde_json::from_slice(bytes).map_err(|e| JcsError::Shape(alloc::format!("{e}")))?;
    if to_vec(&value)? != bytes {
        return Err(JcsError::Shape("a member is unknown here, or is null instead of absent".into()));
    }
    Ok(value)
}

/// Checks that `bytes` are one canonical JSON value within all limits.
///
/// # Errors
/// Names the first offending byte.
pub fn check(bytes: &[u8]) -> Result<(), JcsError> {
    check_up_to(bytes, limits::DOCUMENT_BYTES)
}

/// As [`check`], with another limit of length.
///
/// # Errors
/// As [`check`].
pub fn check_up_to(bytes: &[u8], limit: usize) -> Result<(), JcsError> {
    if bytes.len() > limit {
        return Err(JcsError::TooLong { limit });
    }
    if let Err(e) = core::str::from_utf8(bytes) {
        return Err(JcsError::NotCanonical { at: e.valid_up_to(), what: "not UTF-8" });
    }
    let mut scanner = Scanner { bytes, at: 0 };
    scanner.value(0)?;
    if scanner.at == bytes.len() { Ok(()) } else { Err(scanner.wrong("bytes after the value")) }
}

/// Writes the canonical form.
///
/// # Errors
/// [`JcsError::Number`] for a number without canonical form, [`JcsError::Shape`] where `serde` cannot represent the
/// value; both are faults of the caller.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JcsError> {
    let value = serde_json::to_value(value).map_err(|e| JcsError::Shape(alloc::format!("{e}")))?;
    let mut out = Vec::new();
    write_value(&value, &mut out)?;
    Ok(out)
}

/// Appends `s` as a canonical JSON string, quotes included.
pub fn write_string(s: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = s.as_bytes();
    while let Some(stop) = escaped_at(rest) {
        let (plain, tail) = rest.split_at(stop);
        out.extend_from_slice(plain);
        if let Some((byte, tail)) = tail.split_first() {
            write_escape(*byte, out);
            rest = tail;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte is that cannot stand in a string as it is. Whole blocks are looked at first, all bytes of one at a
/// time, of which compilers make vector code: rows of databases are mostly plain text.
fn escaped_at(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 32;
    let is_escaped = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    let (blocks, _) = bytes.as_chunks::<BLOCK>();
    let is_plain = |block: &&[u8; BLOCK]| !block.iter().fold(false, |any, byte| any | is_escaped(byte));
    let plain = blocks.iter().take_while(is_plain).count().saturating_mul(BLOCK);
    let at = bytes.get(plain..)?.iter().position(is_escaped)?;
    Some(plain.saturating_add(at))
}

/// Compares two member names as RFC 8785 orders them: by UTF-16 code units.
#[must_use]
pub fn compare_names(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0A => b'n',
        0x0C => b'f',
        0x0D => b'r',
        _ => {
            let low = HEX.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' | byte >> 4, low]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn write_value(value: &Value, out: &mut Vec<u8>) -> Result<(), JcsError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(n) => {
            let n =
                n.as_i64().filter(|n| n.unsigned_abs() <= limits::INTEGER.unsigned_abs()).ok_or(JcsError::Number)?;
            out.extend_from_slice(alloc::format!("{n}").as_bytes());
        }
        Value::String(s) => write_string(s, out),
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_value(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(a, _), (b, _)| compare_names(a, b));
            out.push(b'{');
            for (i, (name, value)) in members.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(name, out);
                out.push(b':');
                write_value(value, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// One pass over bytes that are known to be UTF-8.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    const fn wrong(&self, what: &'static str) -> JcsError {
        JcsError::NotCanonical { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn take(&mut self, byte: u8, what: &'static str) -> Result<(), JcsError> {
        if self.peek() != Some(byte) {
            return Err(self.wrong(what));
        }
        self.step();
        Ok(())
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), JcsError> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.wrong("no JSON value starts like this"));
        }
        self.at = self.at.saturating_add(word.len());
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), JcsError> {
        match self.peek() {
            Some(b'{') => self.object(depth.saturating_add(1)),
            Some(b'[') => self.array(depth.saturating_add(1)),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b' ' | b'\t' | b'\n' | b'\r') => Err(self.wrong("white space")),
            _ => Err(self.wrong("no JSON value starts like this")),
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JcsError> {
        self.open(depth)?;
        if self.peek() == Some(b']') {
            self.step();
            return Ok(());
        }
        loop {
            self.value(depth)?;
            match self.peek() {
                Some(b',') => self.step(),
                _ => return self.take(b']', "expected ',' or ']'"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JcsError> {
        self.open(depth)?;
        if self.peek() == Some(b'}') {
            self.step();
            return Ok(());
        }
        let mut previous: Option<&'a [u8]> = None;
        for _ in 0..limits::MEMBERS {
            let start = self.at;
            let name = self.string()?;
            if previous.is_some_and(|previous| compare_raw_names(previous, name) != Ordering::Less) {
                self.at = start;
                return Err(self.wrong("member names must ascend by UTF-16 units, each once"));
            }
            previous = Some(name);
            self.take(b':', "expected ':'")?;
            self.value(depth)?;
            match self.peek() {
                Some(b',') => self.step(),
                _ => return self.take(b'}', "expected ',' or '}'"),
            }
        }
        Err(self.wrong("more than 4096 members"))
    }

    fn open(&mut self, depth: usize) -> Result<(), JcsError> {
        if depth > limits::DEPTH {
            return Err(self.wrong("nested deeper than 16"));
        }
        self.step();
        Ok(())
    }

    /// Returns what stands between the quotes, still escaped.
    fn string(&mut self) -> Result<&'a [u8], JcsError> {
        self.take(b'"', "expected a string")?;
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\').unwrap_or(rest.len());
            self.at = self.at.saturating_add(plain);
            match self.peek() {
                Some(b'"') => {
                    let raw = self.bytes.get(start..self.at).unwrap_or_default();
                    self.step();
                    return Ok(raw);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.wrong("a control character without escape")),
                None => return Err(self.wrong("a string without end")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JcsError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (decoded, length) =
            decode_escape(rest).ok_or_else(|| self.wrong("an escape that RFC 8785 does not write"))?;
        let mut canonical = Vec::with_capacity(6);
        write_escape(decoded, &mut canonical);
        if rest.get(..length) != Some(canonical.as_slice()) {
            return Err(self.wrong("an escape that RFC 8785 does not write"));
        }
        self.at = self.at.saturating_add(length);
        Ok(())
    }

    fn integer(&mut self) -> Result<(), JcsError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).count();
        let text = rest.get(..length).and_then(|t| core::str::from_utf8(t).ok()).unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let canonical = digits.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !digits.starts_with('0'));
        let value = text.parse::<i64>().ok().filter(|n| n.unsigned_abs() <= limits::INTEGER.unsigned_abs());
        if !canonical || value.is_none() {
            return Err(self.wrong("not an integer of at most 2^53 - 1 in its one spelling"));
        }
        self.at = self.at.saturating_add(length);
        Ok(())
    }
}

/// Reads one of the escapes that RFC 8785 can write: the character it stands for, and its length.
fn decode_escape(rest: &[u8]) -> Option<(u8, usize)> {
    match rest {
        [b'\\', b'u', b'0', b'0', high @ b'0'..=b'1', low, ..] => {
            let low = char::from(*low).to_digit(16).and_then(|d| u8::try_from(d).ok())?;
            Some(((high & 1) << 4 | low, 6))
        }
        [b'\\', c, ..] => {
            let byte = match c {
                b'"' | b'\\' => *c,
                b'b' => 0x08,
                b't' => 0x09,
                b'n' => 0x0A,
                b'f' => 0x0C,
                b'r' => 0x0D,
                _ => return None,
            };
            Some((byte, 2))
        }
        _ => None,
    }
}

/// Compares two names as they stand in the document, escapes and all.
fn compare_raw_names(a: &[u8], b: &[u8]) -> Ordering {
    // UTF-8 order is UTF-16 order below U+E000, whose first byte is 0xEE.
    let simple = |raw: &[u8]| raw.iter().all(|byte| *byte < 0xEE && *byte != b'\\');
    if simple(a) && simple(b) {
        return a.cmp(b);
    }
    compare_names(&unescape(a), &unescape(b))
}

fn unescape(raw: &[u8]) -> String {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, tail)) = rest.split_first() {
        match decode_escape(rest) {
            Some((decoded, length)) => {
                out.push(decoded);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{boxed::Box, format, string::ToString};

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-limits::INTEGER..=limits::INTEGER).prop_map(Value::from),
            any::<String>().prop_map(Value::String),
        ];
        leaf.prop_recursive(5, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn writes_what_it_accepts(value in json()) {
            let bytes = to_vec(&value).unwrap();
            prop_assert_eq!(check(&bytes), Ok(()));
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
        }

        /// spec:bytes-1 states the rule as JCS(parse(b)) == b; the scanner must not differ from it anywhere.
        #[test]
        fn accepts_only_what_it_writes(value in json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = to_vec(&value).unwrap();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let again = serde_json::from_slice::<Value>(&bytes).ok().and_then(|v| to_vec(&v).ok());
            prop_assert_eq!(check(&bytes).is_ok(), again == Some(bytes));
        }
    }

    #[test]
    fn refuses_other_spellings() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(check(deep(16).as_bytes()), Ok(()));
        let wide = |n: usize| {
            let members: Vec<_> = (0..n).map(|i| format!("\"{i:05}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(check(wide(4096).as_bytes()), Ok(()));
        let bad: [Box<str>; 24] = [
            "".into(),
            " 1".into(),
            "1 ".into(),
            "1.0".into(),
            "1e3".into(),
            "-0".into(),
            "01".into(),
            "+1".into(),
            "9007199254740992".into(),
            r#"{"b":1,"a":2}"#.into(),
            r#"{"a":1,"a":1}"#.into(),
            r#"{"a": 1}"#.into(),
            r#""\u0041""#.into(),
            r#""\u001F""#.into(),
            r#""\/""#.into(),
            r#""\u000a""#.into(),
            "\"\u{1}\"".into(),
            "[1,]".into(),
            "{\"a\":1,}".into(),
            "\"".into(),
            "nul".into(),
            deep(17).into(),
            wide(4097).into(),
            "{\"\u{10000}\":1,\"\u{10000}\":1}".into(),
        ];
        for text in bad {
            assert!(check(text.as_bytes()).is_err(), "{}", &text[..text.len().min(40)]);
        }
        assert!(check("\u{feff}{}".as_bytes()).is_err());
        assert!(check(b"\"\xff\"").is_err());
        // U+10000 is D800 DC00 in UTF-16 and so comes before U+FFFF, though its UTF-8 form is greater.
        assert_eq!(check("{\"\u{10000}\":1,\"\u{ffff}\":1}".as_bytes()), Ok(()));
        assert!(check("{\"\u{ffff}\":1,\"\u{10000}\":1}".as_bytes()).is_err());
        assert_eq!(check(r#"{"\n":1,"a":1}"#.as_bytes()), Ok(()));
        assert_eq!(to_vec(&1.5).unwrap_err().to_string(), "a number without canonical form");
    }
}
