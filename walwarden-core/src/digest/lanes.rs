//! Many digests at once, two in step.
//!
//! The steps of one SHA-256 wait for each other, those of two do not: two messages in turn, two blocks each, take about
//! three quarters of the time that they take one after the other.

use alloc::{vec, vec::Vec};

use sha2::block_api::compress256;

use super::Digest;

type Block = [u8; 64];

/// FIPS 180-4, 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

impl Digest {
    /// Hashes `prefix` and a message, for each message; digests in order. `prefix` is shorter than a block.
    ///
    /// Messages need not be of one length. Equal to [`Digest::of_parts`] over each.
    pub fn of_each<M: AsRef<[u8]>>(prefix: &'static [u8], messages: &[M]) -> Vec<Self> {
        let mut digests = vec![Self([0; 32]); messages.len()];
        let mut waiting = messages.iter().map(AsRef::as_ref).zip(&mut digests);
        let mut next = || waiting.next().map(|(message, digest)| Lane::new(prefix, message, digest));
        let (mut one, mut other) = (next(), next());
        loop {
            match (&mut one, &mut other) {
                (Some(a), Some(b)) => {
                    in_step(a, b);
                    one = one.filter(Lane::goes_on).or_else(&mut next);
                    other = other.filter(Lane::goes_on).or_else(&mut next);
                }
                (Some(last), None) | (None, Some(last)) => {
                    last.alone();
                    (one, other) = (one.filter(Lane::goes_on), other.filter(Lane::goes_on));
                }
                (None, None) => break,
            }
        }
        digests
    }
}

/// One message on its way.
struct Lane<'m> {
    state: [u32; 8],
    /// Prefix and beginning, where there is a prefix and enough to fill a block.
    head: Block,
    /// The rest with its padding, in the first or both.
    tail: [Block; 2],
    /// How much of each there is to do.
    heads: usize,
    body: &'m [Block],
    tails: usize,
    digest: &'m mut Digest,
}

impl<'m> Lane<'m> {
    fn new(prefix: &'static [u8], message: &'m [u8], digest: &'m mut Digest) -> Self {
        let mut head = [0; 64];
        let (first, rest) = head.split_at_mut(prefix.len().min(64));
        first.copy_from_slice(prefix);
        let after = match message.split_at_checked(rest.len()) {
            Some((begin, after)) if !prefix.is_empty() => {
                rest.copy_from_slice(begin);
                Some(after)
            }
            _ => None,
        };
        let whole = prefix.is_empty().then_some(message);
        let (body, left) = after.or(whole).map_or((&[][..], message), <[u8]>::as_chunks);
        let begun = if after.or(whole).is_none() { prefix } else { &[] };
        let bits = (prefix.len() as u64).wrapping_add(message.len() as u64).wrapping_mul(8);
        let (tail, tails) = padded(begun, left, bits);
        Self { state: INITIAL, head, tail, heads: usize::from(after.is_some()), body, tails, digest }
    }

    /// Blocks that lie one after the other, to be done next.
    fn run(&self) -> &[Block] {
        match (self.heads, self.body) {
            (1, _) => core::slice::from_ref(&self.head),
            (_, []) => self.tail.get(2_usize.saturating_sub(self.tails)..).unwrap_or_default(),
            (_, body) => body,
        }
    }

    /// Takes `blocks` of the run as done; writes the digest after the last one.
    fn advance(&mut self, blocks: usize) {
        match (self.heads, self.body) {
            (1, _) => self.heads = 0,
            (_, []) => self.tails = self.tails.saturating_sub(blocks),
            (_, body) => self.body = body.get(blocks..).unwrap_or_default(),
        }
        if self.tails == 0 {
            for (place, word) in self.digest.0.as_chunks_mut::<4>().0.iter_mut().zip(self.state) {
                *place = word.to_be_bytes();
            }
        }
    }

    const fn goes_on(&self) -> bool {
        self.tails > 0
    }

    fn alone(&mut self) {
        let mut state = self.state;
        let run = self.run();
        let blocks = run.len();
        compress256(&mut state, run);
        self.state = state;
        self.advance(blocks);
    }
}

/// Does as many blocks of both as lie one after the other.
fn in_step(a: &mut Lane<'_>, b: &mut Lane<'_>) {
    let (mut state_a, mut state_b) = (a.state, b.state);
    let blocks = a.run().len().min(b.run().len());
    let run_a = a.run().get(..blocks).unwrap_or_default();
    let run_b = b.run().get(..blocks).unwrap_or_default();
    for (some_a, some_b) in run_a.chunks(2).zip(run_b.chunks(2)) {
        compress256(&mut state_a, some_a);
        compress256(&mut state_b, some_b);
    }
    (a.state, b.state) = (state_a, state_b);
    a.advance(blocks);
    b.advance(blocks);
}

/// The end of a message, at most one byte short of a block, with its padding: in the last of two blocks or in both.
fn padded(begun: &[u8], left: &[u8], bits: u64) -> ([Block; 2], usize) {
    let mut bytes = [0_u8; 128];
    let length = begun.len().saturating_add(left.len());
    let tails = if length < 56 { 1 } else { 2 };
    let from = if tails == 1 { 64 } else { 0 };
    let content = begun.iter().chain(left).chain(&[0x80]);
    for (place, byte) in bytes.iter_mut().skip(from).zip(content) {
        *place = *byte;
    }
    if let Some(end) = bytes.last_chunk_mut::<8>() {
        *end = bits.to_be_bytes();
    }
    let mut tail = [[0; 64]; 2];
    for (block, bytes) in tail.iter_mut().zip(bytes.as_chunks::<64>().0) {
        *block = *bytes;
    }
    (tail, tails)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Each length around the ends of blocks, beside messages of other lengths.
    #[test]
    fn equal_to_one_after_the_other_at_every_length() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
        for prefix in [&[][..], &[0], &[1, 2, 3]] {
            let messages: Vec<&[u8]> = (0..300).chain([1000, 0, 999]).map(|length| &bytes[..length]).collect();
            let expected: Vec<Digest> = messages.iter().map(|message| Digest::of_parts(&[prefix, message])).collect();
            assert_eq!(Digest::of_each(prefix, &messages), expected);
        }
    }

    proptest! {
        #[test]
        fn equal_whatever_the_messages(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..9)) {
            let expected: Vec<Digest> = messages.iter().map(|message| Digest::of_parts(&[&[7], message])).collect();
            prop_assert_eq!(Digest::of_each(&[7], &messages), expected);
        }
    }
}
