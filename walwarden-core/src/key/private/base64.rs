//! A lenient base64 decoder: both alphabets, padding or none. It searches, it does not verify.

use alloc::vec::Vec;

/// Value of each byte as a digit of either alphabet; 0xFF of no digit.
#[cfg_attr(not(test), expect(clippy::indexing_slicing, reason = "a constant: out of bounds does not compile"))]
const VALUES: [u8; 256] = {
    let mut values = [0xFF; 256];
    let mut digits: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while let [digit, rest @ ..] = digits {
        values[*digit as usize] = value;
        digits = rest;
        value += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};

fn value(byte: u8) -> Option<u8> {
    VALUES.get(usize::from(byte)).copied().filter(|value| *value != 0xFF)
}

/// Whether a byte is a digit of either alphabet: comparisons alone, so that several bytes are compared at once.
pub(super) const fn is_digit(byte: u8) -> bool {
    let letter = byte | 0x20;
    (letter >= b'a') & (letter <= b'z')
        | (byte >= b'0') & (byte <= b'9')
        | (byte == b'+')
        | (byte == b'/')
        | (byte == b'-')
        | (byte == b'_')
}

/// Decodes a whole text; `None` when a byte is no digit before the padding.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text {
        if *byte == b'=' {
            break;
        }
        let value = value(*byte)?;
        bits = bits << 6 | u32::from(value);
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            out.push(u8::try_from(bits >> held & 0xFF).unwrap_or_default());
            bits &= (1_u32 << held).saturating_sub(1);
        }
    }
    Some(out)
}
