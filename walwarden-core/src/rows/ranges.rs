//! Roots of ranges of a table's rows, by which a difference is narrowed to a few of them (`spec:rows-13`).

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    merkle::{Range, node_hash},
    value::Decimal,
};

/// Ranges kept of one table at most; when there are as many, two become one.
const RANGES: usize = 2048;
/// A range holds two to this power of rows at least.
const LEVELS: u32 = 6;

/// The roots of a table's ranges: each complete one is a subtree of its tree, so that the tree's root follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeRoots {
    /// Rows of each range but the last: a power of two.
    pub rows_each: Decimal,
    /// Roots in the order of the rows.
    pub roots: Vec<Digest>,
}

impl RangeRoots {
    /// The root of a table of so many rows; `None` where these are not the ranges of such a table.
    #[must_use]
    pub fn root(&self, rows: u64) -> Option<Digest> {
        let each = self.rows_each.0;
        let full = usize::try_from(rows.checked_div(each)?).ok()?;
        let rest = usize::from(!rows.is_multiple_of(each));
        if !each.is_power_of_two() || full.checked_add(rest) != Some(self.roots.len()) {
            return None;
        }
        let (complete, last) = self.roots.split_at_checked(full)?;
        let mut tree = Range::new();
        complete.iter().for_each(|root| tree.push_complete(each.trailing_zeros(), *root));
        Some(tree.root_before(last.first().copied()))
    }
}

/// A tree that grows at its right edge and remembers the roots of its ranges.
#[derive(Debug, Clone)]
pub(super) struct RangedTree {
    levels: u32,
    /// Roots of complete ranges.
    roots: Vec<Digest>,
    /// All complete ranges.
    complete: Range,
    /// The range that is not complete.
    rest: Range,
}

impl RangedTree {
    pub(super) const fn new() -> Self {
        Self { levels: LEVELS, roots: Vec::new(), complete: Range::new(), rest: Range::new() }
    }

    pub(super) fn push(&mut self, leaf: Digest) {
        self.rest.push(leaf);
        if self.rest.size() == self.rows_each() {
            let root = self.rest.root();
            self.complete.push_complete(self.levels, root);
            self.roots.push(root);
            self.rest = Range::new();
            self.shorten();
        }
    }

    pub(super) const fn size(&self) -> u64 {
        self.complete.size().saturating_add(self.rest.size())
    }

    pub(super) const fn rows_each(&self) -> u64 {
        1 << self.levels
    }

    pub(super) fn root(&self) -> Digest {
        self.complete.root_before(self.last())
    }

    pub(super) fn into_roots(mut self) -> RangeRoots {
        self.roots.extend(self.last());
        RangeRoots { rows_each: Decimal(self.rows_each()), roots: self.roots }
    }

    fn last(&self) -> Option<Digest> {
        (self.rest.size() > 0).then(|| self.rest.root())
    }

    /// Makes one range of two, where there are too many.
    fn shorten(&mut self) {
        if self.roots.len() == RANGES {
            let pairs = self.roots.as_chunks::<2>().0;
            self.roots = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
            self.levels = self.levels.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(rows: u64) -> (RangedTree, Range) {
        let (mut ranged, mut plain) = (RangedTree::new(), Range::new());
        for row in 0..rows {
            let leaf = Digest::of(&row.to_be_bytes());
            ranged.push(leaf);
            plain.push(leaf);
        }
        (ranged, plain)
    }

    #[test]
    fn the_root_follows_from_the_ranges() {
        for rows in [0, 1, 63, 64, 65, 128, 1000, 131_071, 131_072, 131_073, 131_136, 200_001] {
            let (ranged, plain) = tree(rows);
            assert_eq!((ranged.size(), ranged.root()), (plain.size(), plain.root()), "{rows}");
            let ranges = ranged.into_roots();
            assert!(ranges.roots.len() <= RANGES + 1);
            assert_eq!(ranges.root(rows), Some(plain.root()), "{rows}");
            assert_eq!(ranges.root(rows + 2 * ranges.rows_each.0), None);
        }
    }

    #[test]
    fn ranges_that_are_no_ranges_have_no_root() {
        let mut ranges = tree(200).0.into_roots();
        assert_eq!((ranges.rows_each.0, ranges.roots.len()), (64, 4));
        let root = ranges.root(200);
        ranges.roots.swap(0, 1);
        assert_ne!(ranges.root(200), root);
        for each in [0, 48, u64::MAX] {
            ranges.rows_each = Decimal(each);
            assert_eq!(ranges.root(200), None);
        }
    }
}
