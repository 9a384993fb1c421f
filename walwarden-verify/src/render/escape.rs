//! Makes strings of the record safe to look at, once for all outputs (`spec:report-6`).
//!
//! What each output needs beyond this (markup, terminal, PDF strings) is its own affair: after this step no string holds a
//! control character, a change of writing direction or a character that cannot be seen.

use std::fmt::Write as _;

/// Longest name, id or place, in characters.
pub(crate) const NAME: usize = 200;
/// Longest sentence or value of a finding, in characters.
pub(crate) const SENTENCE: usize = 1_000;

/// Replaces what cannot be seen by `[U+XXXX]`, and cuts after `cap` characters, saying how many are left out.
pub(crate) fn visible(text: &str, cap: usize) -> String {
    let mut out = String::with_capacity(text.len().min(cap.saturating_mul(4)));
    for c in text.chars().take(cap) {
        if is_hidden(c) {
            // Writing to a string cannot fail.
            let _ = write!(out, "[U+{:04X}]", u32::from(c));
        } else {
            out.push(c);
        }
    }
    let rest = text.chars().skip(cap).count();
    if rest > 0 {
        let _ = write!(out, "… [{rest} more characters]");
    }
    out
}

/// A name in words that go to a person.
pub(crate) fn visible_name(text: &str) -> String {
    visible(text, NAME)
}

/// Writes JSON text in which hidden characters are `\uXXXX` escapes: the value stays exact, the bytes cannot mislead.
///
/// Such characters occur inside JSON strings only, so escaping them anywhere is escaping them there.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, changes of writing direction, and what has no width or no meaning.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
        || is_noncharacter(u32::from(c))
}

const fn is_noncharacter(c: u32) -> bool {
    matches!(c, 0xFDD0..=0xFDEF) || c & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(visible("a\u{202E}b\u{1b}[31m\u{0}\n", 99), "a[U+202E]b[U+001B][31m[U+0000][U+000A]");
        assert_eq!(visible("\u{E0041}\u{1FFFF}\u{200B}", 99), "[U+E0041][U+1FFFF][U+200B]");
        assert_eq!(visible("مرحبا 東京 łódź <b>", 99), "مرحبا 東京 łódź <b>");
    }

    #[test]
    fn long_strings_say_what_is_left_out() {
        assert_eq!(visible("abcdef", 4), "abcd… [2 more characters]");
        assert_eq!(visible("éééé", 4), "éééé");
    }

    #[test]
    fn json_keeps_the_value() {
        let value = serde_json::json!({ "name": "a\u{202E}b\u{E0041}\u{7f}\n" });
        let text = json(&serde_json::to_string(&value).unwrap());
        assert!(text.chars().all(|c| !is_hidden(c)), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
