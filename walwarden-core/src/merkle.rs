//! RFC 6962 trees over SHA-256 (`spec:merkle-1` to `spec:merkle-4`).

pub mod proof;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
pub use proof::{Proof, ProofError, consistency, inclusion, verify_consistency, verify_inclusion};

/// Size and root of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// The RFC 6962 tree hash; of the empty tree SHA-256 of nothing.
    pub root: Digest,
}

/// Hashes a leaf: `SHA-256(0x00 || data)`.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], data])
}

/// Hashes an inner node: `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut data = [1; 65];
    let (head, tail) = data.split_at_mut(33);
    if let Some(place) = head.get_mut(1..) {
        place.copy_from_slice(&left.0);
    }
    tail.copy_from_slice(&right.0);
    Digest::of(&data)
}

/// A tree that grows at its right edge.
///
/// Keeps one digest for each complete subtree: memory is O(log n), a push costs one node hash on average.
#[derive(Debug, Clone, Default)]
pub struct Range {
    /// Roots of complete subtrees, largest first; their sizes are the binary digits of `size`.
    peaks: Vec<Digest>,
    size: u64,
}

impl Range {
    /// Starts an empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { peaks: Vec::new(), size: 0 }
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        let mut carry = self.size;
        while carry & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            carry >>= 1;
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Number of leaves so far.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the leaves so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Digest::of(&[]),
            Some(last) => peaks.fold(*last, |right, left| node_hash(left, &right)),
        }
    }

    /// Size and root of the leaves so far.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }
}

impl Extend<Digest> for Range {
    fn extend<I: IntoIterator<Item = Digest>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.push(leaf));
    }
}

impl FromIterator<Digest> for Range {
    fn from_iter<I: IntoIterator<Item = Digest>>(leaves: I) -> Self {
        let mut range = Self::new();
        range.extend(leaves);
        range
    }
}
