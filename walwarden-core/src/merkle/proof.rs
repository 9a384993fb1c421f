//! Inclusion and consistency proofs: RFC 9162 2.1.3 and 2.1.4 (`spec:merkle-5`, `spec:merkle-6`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Range, TreeHead, node_hash};
use crate::digest::Digest;

/// The digests of a proof, in the order of RFC 9162.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proof(pub Vec<Digest>);

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The sizes or the index do not describe a proof.
    #[error("a proof from {from} to {size} does not exist")]
    Sizes {
        /// Leaf index, or the smaller tree's size.
        from: u64,
        /// The larger tree's size.
        size: u64,
    },
    /// Too few or too many digests for these sizes.
    #[error("the proof has {found} digests, too few or too many for its sizes")]
    Length {
        /// Digests given.
        found: usize,
    },
    /// The proof leads to another root.
    #[error("the proof leads to root {found}, not {expected}")]
    Root {
        /// The root that was to be proved.
        expected: Digest,
        /// The root the proof leads to.
        found: Digest,
    },
}

/// Proves that leaf `index` is in the tree over `leaves`; `None` when there is no such leaf.
///
/// Cost: one pass over the leaves.
#[must_use]
pub fn inclusion(leaves: &[Digest], index: usize) -> Option<Proof> {
    (index < leaves.len()).then(|| {
        let mut proof = Vec::new();
        path(leaves, index, &mut proof);
        Proof(proof)
    })
}

/// Proves that the tree over the first `old` leaves is a prefix; `None` when `old` is 0 or beyond the end.
///
/// Cost: one pass over the leaves.
#[must_use]
pub fn consistency(leaves: &[Digest], old: usize) -> Option<Proof> {
    (1..=leaves.len()).contains(&old).then(|| {
        let mut proof = Vec::new();
        subproof(leaves, old, true, &mut proof);
        Proof(proof)
    })
}

/// One digest of an inclusion proof, joined with the one below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The digest of the proof.
    pub sibling: Digest,
    /// Whether it stands on the left.
    pub is_left: bool,
    /// The hash of the node over both.
    pub node: Digest,
}

/// Verifies that `leaf` (a leaf hash) stands at `index` of `tree` (RFC 9162 2.1.3.2).
///
/// # Errors
/// Whoever made the proof is at fault; wrong sizes fail too.
pub fn verify_inclusion(proof: &Proof, leaf: &Digest, index: u64, tree: &TreeHead) -> Result<(), ProofError> {
    inclusion_steps(proof, leaf, index, tree).map(|_| ())
}

/// As [`verify_inclusion`], with the way from the leaf to the root: the node of the last step is that root.
///
/// # Errors
/// As [`verify_inclusion`].
pub fn inclusion_steps(proof: &Proof, leaf: &Digest, index: u64, tree: &TreeHead) -> Result<Vec<Step>, ProofError> {
    if index >= tree.size {
        return Err(ProofError::Sizes { from: index, size: tree.size });
    }
    let length = ProofError::Length { found: proof.0.len() };
    let (mut node, mut last) = (index, tree.size.saturating_sub(1));
    let mut root = *leaf;
    let mut steps = Vec::new();
    for sibling in &proof.0 {
        if last == 0 {
            return Err(length);
        }
        let is_left = node & 1 == 1 || node == last;
        root = if is_left { node_hash(sibling, &root) } else { node_hash(&root, sibling) };
        steps.push(Step { sibling: *sibling, is_left, node: root });
        while is_left && node & 1 == 0 && node != 0 {
            node >>= 1;
            last >>= 1;
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    same(&tree.root, &root)?;
    Ok(steps)
}

/// Verifies that `new` extends `old` (RFC 9162 2.1.4.2). Sizes are part of the claim: wrong ones fail.
///
/// # Errors
/// Whoever made the proof is at fault. An empty old tree has no proof ([`ProofError::Sizes`]).
pub fn verify_consistency(proof: &Proof, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
    if old.size == 0 || old.size > new.size {
        return Err(ProofError::Sizes { from: old.size, size: new.size });
    }
    let length = ProofError::Length { found: proof.0.len() };
    if old.size == new.size {
        return if proof.0.is_empty() { same(&old.root, &new.root) } else { Err(length) };
    }
    let mut digests = proof.0.iter();
    let start = if old.size.is_power_of_two() { Some(&old.root) } else { digests.next() };
    let Some(start) = start else { return Err(length) };
    let (mut node, mut last) = (old.size.saturating_sub(1), new.size.saturating_sub(1));
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_root, mut new_root) = (*start, *start);
    for sibling in digests {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            old_root = node_hash(sibling, &old_root);
            new_root = node_hash(sibling, &new_root);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_root = node_hash(&new_root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    same(&old.root, &old_root)?;
    same(&new.root, &new_root)
}

fn same(expected: &Digest, found: &Digest) -> Result<(), ProofError> {
    if expected == found { Ok(()) } else { Err(ProofError::Root { expected: *expected, found: *found }) }
}

fn root(leaves: &[Digest]) -> Digest {
    leaves.iter().copied().collect::<Range>().root()
}

/// The largest power of two below `n`, for n >= 2.
fn split(n: usize) -> usize {
    n.next_power_of_two() >> 1
}

fn path(leaves: &[Digest], index: usize, out: &mut Vec<Digest>) {
    if leaves.len() < 2 {
        return;
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if index < middle {
        path(left, index, out);
        out.push(root(right));
    } else {
        path(right, index.saturating_sub(middle), out);
        out.push(root(left));
    }
}

fn subproof(leaves: &[Digest], old: usize, whole: bool, out: &mut Vec<Digest>) {
    if old == leaves.len() {
        if !whole {
            out.push(root(leaves));
        }
        return;
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if old <= middle {
        subproof(left, old, whole, out);
        out.push(root(right));
    } else {
        subproof(right, old.saturating_sub(middle), false, out);
        out.push(root(left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    fn leaves(n: u64) -> Vec<Digest> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn head(leaves: &[Digest]) -> TreeHead {
        TreeHead { size: leaves.len() as u64, root: root(leaves) }
    }

    #[test]
    fn every_proof_up_to_33_holds_and_only_for_its_sizes() {
        let all = leaves(33);
        for n in 1..=all.len() {
            let new = head(&all[..n]);
            for index in 0..n {
                let proof = inclusion(&all[..n], index).unwrap();
                assert_eq!(verify_inclusion(&proof, &all[index], index as u64, &new), Ok(()));
                assert!(verify_inclusion(&proof, &all[index], n as u64, &new).is_err());
                if n > 1 {
                    let other = (index + 1) % n;
                    assert!(verify_inclusion(&proof, &all[index], other as u64, &new).is_err());
                }
                let old = head(&all[..=index]);
                let proof = consistency(&all[..n], index + 1).unwrap();
                assert_eq!(verify_consistency(&proof, &old, &new), Ok(()), "{} to {n}", index + 1);
                for wrong in [TreeHead { size: old.size + 1, ..old }, TreeHead { size: old.size - 1, ..old }] {
                    assert!(verify_consistency(&proof, &wrong, &new).is_err(), "{} as {}", old.size, wrong.size);
                }
                let mut long = proof.clone();
                long.0.push(all[0]);
                assert!(verify_consistency(&long, &old, &new).is_err());
                if !proof.0.is_empty() {
                    let short = Proof(proof.0[..proof.0.len() - 1].to_vec());
                    assert!(verify_consistency(&short, &old, &new).is_err());
                }
            }
        }
        assert_eq!(inclusion(&all, 33), None);
        assert_eq!(consistency(&all, 0), None);
        assert_eq!(consistency(&all, 34), None);
    }

    #[test]
    fn a_wrong_larger_size_fails_where_the_path_differs() {
        let all = leaves(8);
        let proof = consistency(&all[..7], 3).unwrap();
        let new = TreeHead { size: 16, root: root(&all[..7]) };
        assert!(verify_consistency(&proof, &head(&all[..3]), &new).is_err());
    }
}
