//! What *parses* as a private key, anywhere in bytes, also inside base64. Text that merely looks like one, say in a commit
//! message, does not (`spec:keys-13`).

mod base64;
mod der;

use alloc::{borrow::Cow, string::String, vec::Vec};

use memchr::memmem;
use serde::Deserialize;

/// Base64 inside base64 inside a file: a statement's payload, and a document in it.
const LAYERS: usize = 3;

/// The first private key in the bytes of a file: its form.
pub fn find(bytes: &[u8]) -> Option<&'static str> {
    find_in(bytes, 0)
}

fn find_in(bytes: &[u8], layer: usize) -> Option<&'static str> {
    let plain = || {
        der::find(bytes).or_else(|| pem(bytes)).or_else(|| openssh(bytes)).or_else(|| age(bytes)).or_else(|| jwk(bytes))
    };
    let plain = if may_hold_one(bytes) { plain() } else { None };
    plain.or_else(|| if layer < LAYERS { in_base64(bytes, layer) } else { None })
}

const BEGIN: &[u8] = b"-----BEGIN ";
const OPENSSH: &[u8] = b"openssh-key-v1\0";
const AGE: &[u8] = b"AGE-SECRET-KEY-1";
const JWK: &[u8] = b"kty";

/// Whether any form could begin somewhere: one look over all bytes for what each of them must hold, piece by piece, so
/// that all look at bytes that are near.
fn may_hold_one(bytes: &[u8]) -> bool {
    const PIECE: usize = 128 << 10;
    let needles = [BEGIN, OPENSSH, AGE, JWK].map(memmem::Finder::new);
    let mut rest = bytes;
    while !rest.is_empty() {
        // A needle may begin in this piece and end in the next.
        let piece = rest.get(..PIECE.saturating_add(OPENSSH.len().max(AGE.len()))).unwrap_or(rest);
        if memchr::memchr(der::ALWAYS, piece).is_some() || needles.iter().any(|needle| needle.find(piece).is_some()) {
            return true;
        }
        rest = rest.get(PIECE..).unwrap_or_default();
    }
    false
}

fn from(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or_default()
}

/// PEM, its line ends possibly escaped inside a JSON string.
fn pem(bytes: &[u8]) -> Option<&'static str> {
    memmem::find_iter(bytes, BEGIN).find_map(|at| {
        let rest = from(bytes, at.saturating_add(BEGIN.len()));
        let rest = rest.get(..rest.len().min(64 << 10))?;
        let (label, body) = rest.split_at_checked(memmem::find(rest, b"-----")?)?;
        let body = from(body, 5);
        let (body, end) = body.split_at_checked(memmem::find(body, b"-----")?)?;
        let text = unfolded(end.starts_with(b"-----END ").then_some(body)?);
        // RFC 1421: lines `Name: value` stand before the base64, which has no colon.
        let lines = text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii);
        let (headers, digits): (Vec<&[u8]>, Vec<&[u8]>) = lines.partition(|line| line.contains(&b':'));
        let mut digits = digits.concat();
        let prose = digits.iter().any(u8::is_ascii_whitespace);
        digits.retain(|b| !b.is_ascii_whitespace());
        let decoded = base64::decode(&digits)?;
        let plain = der::whole(&decoded).or_else(|| openssh(&decoded));
        plain.or_else(|| if prose { None } else { encrypted(label, &headers, &decoded) })
    })
}

/// A key encrypted in the old way of PEM. Its content cannot be parsed; that it is one is said by the two headers,
/// each well formed, over base64 that decodes to blocks.
fn encrypted(label: &[u8], headers: &[&[u8]], content: &[u8]) -> Option<&'static str> {
    let header = |name: &[u8]| headers.iter().find_map(|line| line.strip_prefix(name)).map(<[u8]>::trim_ascii);
    let (_, vector) = header(b"DEK-Info:")?.split_at_checked(memchr::memchr(b',', header(b"DEK-Info:")?)?)?;
    let vector = from(vector, 1);
    let initialised = (16..=32).contains(&vector.len()) && vector.iter().all(u8::is_ascii_hexdigit);
    let form = label.ends_with(b"PRIVATE KEY") && header(b"Proc-Type:")? == b"4,ENCRYPTED" && initialised;
    (form && content.len() >= 16 && content.len().is_multiple_of(8)).then_some("encrypted PEM")
}

/// The text with its line ends as they were, however often they are escaped.
fn unfolded(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut escaped = false;
    for byte in body {
        match byte {
            b'\\' => escaped = true,
            b'n' | b'r' | b't' if escaped => {
                escaped = false;
                out.push(if *byte == b'n' { b'\n' } else { b' ' });
            }
            byte => {
                escaped = false;
                out.push(*byte);
            }
        }
    }
    out
}

/// `openssh-key-v1`, then cipher, KDF, its options, a number of keys and a public key, each with its length.
fn openssh(bytes: &[u8]) -> Option<&'static str> {
    memmem::find_iter(bytes, OPENSSH).find_map(|at| {
        let rest = from(bytes, at.saturating_add(OPENSSH.len()));
        let (_cipher, rest) = ssh_string(rest)?;
        let (_kdf, rest) = ssh_string(rest)?;
        let (_options, rest) = ssh_string(rest)?;
        let rest = rest.strip_prefix(&[0, 0, 0, 1])?;
        let (_public, rest) = ssh_string(rest)?;
        let (private, _) = ssh_string(rest)?;
        (!private.is_empty()).then_some("OpenSSH")
    })
}

fn ssh_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// An age identity: Bech32, its checksum right.
fn age(bytes: &[u8]) -> Option<&'static str> {
    memmem::find_iter(bytes, AGE).find_map(|at| {
        let data = from(bytes, at.saturating_add(AGE.len())).get(..58)?;
        bech32_holds(b"age-secret-key-", data).then_some("age")
    })
}

/// BIP 173.
fn bech32_holds(prefix: &[u8], data: &[u8]) -> bool {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut values: Vec<u32> = prefix.iter().map(|c| u32::from(c >> 5)).collect();
    values.push(0);
    values.extend(prefix.iter().map(|c| u32::from(c & 31)));
    for c in data {
        let place = ALPHABET.iter().position(|a| *a == c.to_ascii_lowercase());
        let Some(value) = place.and_then(|place| u32::try_from(place).ok()) else { return false };
        values.push(value);
    }
    let checksum = values.iter().fold(1_u32, |checksum, value| {
        let shifted = (checksum & 0x01ff_ffff) << 5 ^ value;
        let taps = GENERATOR.iter().enumerate().filter(|(i, _)| checksum >> 25 >> i & 1 == 1);
        taps.fold(shifted, |sum, (_, generator)| sum ^ generator)
    });
    checksum == 1
}

/// A JWK with its private member.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    d: Option<String>,
    k: Option<String>,
}

impl Jwk {
    fn is_private(&self) -> bool {
        let member = if self.kty == "oct" { &self.k } else { &self.d };
        member.as_ref().and_then(|d| base64::decode(d.as_bytes())).is_some_and(|d| d.len() >= 16)
    }
}

/// How far `kty` may lie from the beginning of its object.
const JWK_BEFORE: usize = 8 << 10;
/// How long an object may be.
const JWK_BYTES: usize = 16 << 10;

/// A JSON object with `kty` and `d`, possibly escaped inside a JSON string.
fn jwk(bytes: &[u8]) -> Option<&'static str> {
    /// Escapes are taken away from as many bytes at once, so that a file full of `kty` is not copied for each of them.
    const STRETCH: usize = 64 << 10;
    let mut at = 0_usize;
    while let Some(found) = memmem::find(from(bytes, at), JWK) {
        let place = at.saturating_add(found);
        at = place.saturating_add(STRETCH);
        let end = bytes.len().min(at.saturating_add(JWK_BYTES));
        let mut text = Cow::Borrowed(bytes.get(place.saturating_sub(JWK_BEFORE)..end)?);
        for _ in 0..LAYERS {
            if private_object(&text) {
                return Some("JWK");
            }
            if !text.contains(&b'\\') {
                break;
            }
            text = Cow::Owned(unescaped(&text));
        }
    }
    None
}

/// Whether one of the objects with `kty` not far from their beginning is a private JWK. Each is tried once, however many
/// `kty` are in it.
fn private_object(text: &[u8]) -> bool {
    if memmem::find(text, b"\"d\"").is_none() && memmem::find(text, b"\"k\"").is_none() {
        return false;
    }
    let mut tried = 0_usize;
    memmem::find_iter(text, JWK).any(|place| {
        let start = tried.max(place.saturating_sub(JWK_BEFORE));
        tried = place;
        memchr::memchr_iter(b'{', text.get(start..place).unwrap_or_default()).any(|brace| {
            let object = from(text, start.saturating_add(brace));
            let object = object.get(..JWK_BYTES).unwrap_or(object);
            let mut values = serde_json::Deserializer::from_slice(object).into_iter::<Jwk>();
            values.next().is_some_and(|jwk| jwk.is_ok_and(|jwk| jwk.is_private()))
        })
    })
}

/// Takes one layer of JSON escapes away.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next().map(|escaped| if *escaped == b'n' { b'\n' } else { *escaped })),
            byte => out.push(*byte),
        }
    }
    out
}

/// Inside runs of base64 as long as the shortest key. Digests in hex are runs too, and hold nothing.
fn in_base64(bytes: &[u8], layer: usize) -> Option<&'static str> {
    const SHORTEST: usize = 40;
    /// A run of the shortest length covers one block of this length whole.
    const BLOCK: usize = 16;
    let mut at = 0_usize;
    loop {
        let (blocks, _) = from(bytes, at).as_chunks::<BLOCK>();
        let whole = |block: &[u8; BLOCK]| block.iter().fold(true, |all, b| all & base64::is_digit(*b));
        let skipped = blocks.iter().position(whole)?;
        let block = at.saturating_add(skipped.saturating_mul(BLOCK));
        let start = bytes.get(..block)?.iter().rposition(|b| !base64::is_digit(*b)).map_or(0, |i| i.saturating_add(1));
        // Block by block, as far as it goes: a byte at a time would cost more than all the hashing.
        let rest = blocks.get(skipped..)?;
        let more = rest.iter().position(|block| !whole(block)).unwrap_or(rest.len());
        let near = block.saturating_add(more.saturating_mul(BLOCK));
        let length = from(bytes, near).iter().position(|b| !base64::is_digit(*b));
        let end = length.map_or(bytes.len(), |length| near.saturating_add(length));
        let run = bytes.get(start..end)?;
        if run.len() >= SHORTEST && !is_hex(run) {
            let found = base64::decode(run).and_then(|decoded| find_in(&decoded, layer.saturating_add(1)));
            if found.is_some() {
                return found;
            }
        }
        at = end;
    }
}

/// Whether all are lower-case hex digits. No early end inside a block: several bytes are compared at once.
fn is_hex(run: &[u8]) -> bool {
    let hex = |b: &u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let (blocks, rest) = run.as_chunks::<16>();
    blocks.iter().all(|block| block.iter().fold(true, |all, b| all & hex(b))) && rest.iter().all(hex)
}

#[cfg(test)]
mod tests;
