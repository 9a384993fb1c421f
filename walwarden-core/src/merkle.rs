//! RFC 6962 trees over SHA-256 (`spec:merkle-1` to `spec:merkle-4`).

pub mod proof;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
pub use proof::{
    Proof, ProofError, Step, consistency, inclusion, inclusion_steps, verify_consistency, verify_inclusion,
};

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
    Digest::of_parts(&[&[1], &left.0, &right.0])
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

    /// Root of 2^n leaves.
    #[must_use]
    pub fn complete(leaves: &[Digest]) -> Digest {
        let mut level = leaves.to_vec();
        while level.len() > 1 {
            let pairs: Vec<[u8; 64]> =
                level.as_chunks::<2>().0.iter().map(|[left, right]| joined(left, right)).collect();
            level = Digest::of_each(&[1], &pairs);
        }
        level.first().copied().unwrap_or_else(|| Digest::of(&[]))
    }

    /// Appends a complete tree of 2^`levels` leaves by its root, where a multiple of as many leaves stands before it.
    pub(crate) fn push_complete(&mut self, levels: u32, root: Digest) {
        self.merge(root, self.size >> levels);
        self.size = self.size.saturating_add(1 << levels);
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.merge(leaf, self.size);
        self.size = self.size.saturating_add(1);
    }

    /// Appends a complete tree, of which `before` as large ones stand before it.
    fn merge(&mut self, root: Digest, before: u64) {
        let mut node = root;
        let mut carry = before;
        while carry & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
            carry >>= 1;
        }
        self.peaks.push(node);
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

    /// Root of the leaves so far and, after them, of a tree that is smaller than the last complete one.
    pub(crate) fn root_before(&self, rest: Option<Digest>) -> Digest {
        match rest {
            None => self.root(),
            Some(rest) => self.peaks.iter().rev().fold(rest, |right, left| node_hash(left, &right)),
        }
    }

    /// Size and root of the leaves so far.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: self.root() }
    }
}

/// Two digests, one after the other.
fn joined(left: &Digest, right: &Digest) -> [u8; 64] {
    let mut both = [0; 64];
    let (first, second) = both.split_at_mut(32);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    both
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
