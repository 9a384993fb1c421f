//! Canonical rows and the content root, `pgrow-v1` (`spec:rows-1` to `spec:rows-8`).
//!
//! A row becomes a JCS object of its columns' output texts, a blinded leaf under the backup's row key K, and a leaf of
//! its table's tree; the leaf objects of all tables make the tree whose root is the content root.

mod ranges;

use alloc::{string::String, vec::Vec};
use core::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{
    digest::Digest,
    jcs::{self, JcsError},
    merkle::{Range, leaf_hash},
    value::Decimal,
};
pub use ranges::RangeRoots;
use ranges::RangedTree;

/// The columns of a table in the order in which they are read, ready to write rows.
#[derive(Debug, Clone)]
pub struct Layout {
    /// For each column in canonical order: its index as read, and `"name":`.
    members: Vec<(usize, Vec<u8>)>,
    width: usize,
}

impl Layout {
    /// Prepares the columns of a table, in the order in which values will come.
    ///
    /// # Errors
    /// [`RowsError::Duplicate`] when a name occurs twice.
    pub fn new<S: AsRef<str>>(columns: &[S]) -> Result<Self, RowsError> {
        let mut order: Vec<(usize, &str)> = columns.iter().map(AsRef::as_ref).enumerate().collect();
        order.sort_by(|(_, a), (_, b)| jcs::compare_names(a, b));
        if let Some(pair) = order.windows(2).find(|pair| matches!(pair, [a, b] if a.1 == b.1)) {
            return Err(RowsError::Duplicate(pair.iter().map(|p| p.1).take(1).collect()));
        }
        let member = |(index, name): &(usize, &str)| {
            let mut text = Vec::new();
            jcs::write_string(name, &mut text);
            text.push(b':');
            (*index, text)
        };
        Ok(Self { members: order.iter().map(member).collect(), width: columns.len() })
    }

    /// Writes one row into `out`, replacing what was there: `{"column":"text",...}` or `null`, never a JSON number.
    ///
    /// # Errors
    /// [`RowsError::Width`] when there is not exactly one value for each column.
    pub fn write(&self, values: &[Option<&str>], out: &mut Vec<u8>) -> Result<(), RowsError> {
        if values.len() != self.width {
            return Err(RowsError::Width { expected: self.width, found: values.len() });
        }
        out.clear();
        out.push(b'{');
        for (place, (index, name)) in self.members.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
            match values.get(*index).copied().flatten() {
                Some(text) => jcs::write_string(text, out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// The row key K of one backup: 32 random bytes, kept in the backup's object set, never in chain or bundle.
#[derive(Clone)]
pub struct RowKey {
    bytes: [u8; 32],
    mac: Hmac<Sha256>,
}

impl RowKey {
    /// Takes the 32 bytes of K.
    ///
    /// # Errors
    /// Never in practice: HMAC takes keys of every length.
    pub fn new(bytes: [u8; 32]) -> Result<Self, RowsError> {
        let mac = Hmac::new_from_slice(&bytes).map_err(|_| RowsError::Key)?;
        Ok(Self { bytes, mac })
    }

    /// What the statement says of K: `SHA-256("walwarden/rowkey/v1" || 0x00 || K)`.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        Digest::of_parts(&[b"walwarden/rowkey/v1\0", &self.bytes])
    }

    /// The inner digest of a row: `SHA-256(0x00 || JCS)`.
    #[must_use]
    pub fn inner(jcs: &[u8]) -> Digest {
        leaf_hash(jcs)
    }

    /// What opens one leaf to a reader: `HMAC-SHA-256(K, "walwarden/row/v1" || 0x00 || inner)`.
    #[must_use]
    pub fn opening(&self, inner: &Digest) -> Digest {
        let mut mac = self.mac.clone();
        mac.update(b"walwarden/row/v1\0");
        mac.update(&inner.0);
        Digest(mac.finalize().into_bytes().into())
    }

    /// The blinded leaf: `SHA-256(0x00 || opening || inner)`.
    #[must_use]
    pub fn leaf(&self, inner: &Digest) -> Digest {
        Digest::of_parts(&[&[0], &self.opening(inner).0, &inner.0])
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowKey(secret)")
    }
}

/// In which order the rows of a table are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As read, sorted by the primary key.
    Key,
    /// By inner digest, bytewise, duplicates kept: for tables without a usable key.
    LeafHash,
}

/// Hashes the rows of one table, or its large objects, as they come.
#[derive(Debug, Clone)]
pub struct TableHasher {
    key: RowKey,
    tree: RangedTree,
    /// Inner digests that wait for sorting; unused in key order.
    waiting: Option<Vec<Digest>>,
}

impl TableHasher {
    /// Starts a table. In [`Order::LeafHash`] 32 bytes are kept for each row.
    #[must_use]
    pub fn new(key: &RowKey, order: Order) -> Self {
        Self { key: key.clone(), tree: RangedTree::new(), waiting: (order == Order::LeafHash).then(Vec::new) }
    }

    /// Adds a row in its JCS form.
    pub fn push(&mut self, jcs: &[u8]) {
        let inner = RowKey::inner(jcs);
        match &mut self.waiting {
            Some(waiting) => waiting.push(inner),
            None => self.push_inner(&inner),
        }
    }

    /// Adds a row by its inner digest, in the order of the tree: for who sorts elsewhere.
    pub fn push_inner(&mut self, inner: &Digest) {
        self.tree.push(self.key.leaf(inner));
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.waiting.as_ref().map_or(self.tree.size(), |waiting| waiting.len() as u64)
    }

    /// Rows of a range, as it stands now: it doubles while rows come.
    #[must_use]
    pub const fn rows_each(&self) -> u64 {
        self.tree.rows_each()
    }

    /// Number of rows and root of the table's tree.
    #[must_use]
    pub fn finish(self) -> (u64, Digest) {
        let (rows, root, _) = self.finish_with_ranges();
        (rows, root)
    }

    /// As [`TableHasher::finish`], and the roots of its ranges.
    #[must_use]
    pub fn finish_with_ranges(mut self) -> (u64, Digest, RangeRoots) {
        if let Some(mut waiting) = self.waiting.take() {
            waiting.sort_unstable();
            waiting.iter().for_each(|inner| self.push_inner(inner));
        }
        (self.tree.size(), self.tree.root(), self.tree.into_roots())
    }
}

/// A column as the leaf object names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name.
    pub name: String,
    /// `format_type` of the column.
    #[serde(rename = "type")]
    pub r#type: String,
}

/// One leaf object of the content tree: a member of `content.tables`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ContentLeaf {
    /// All large objects of the database; always present.
    LargeObjects {
        /// How many.
        count: Decimal,
        /// Root of the tree over `{loid, sha256}`, blinded as rows are.
        root: Digest,
    },
    /// One table.
    Table {
        /// Schema.
        schema: String,
        /// Name.
        name: String,
        /// Columns that are in the rows, by UTF-8 bytes of the name.
        columns: Vec<Column>,
        /// Columns of the primary key in index order; empty in leaf-hash order.
        key: Vec<String>,
        /// Order of the rows.
        order: Order,
        /// Number of rows.
        rows: Decimal,
        /// Root of the row tree; SHA-256 of nothing when there are no rows.
        root: Digest,
    },
}

impl ContentLeaf {
    /// `(kind, schema, name)`, by whose bytes leaves are sorted.
    #[must_use]
    pub fn place(&self) -> (&str, &str, &str) {
        match self {
            Self::LargeObjects { .. } => ("large-objects", "", ""),
            Self::Table { schema, name, .. } => ("table", schema, name),
        }
    }

    /// Number of rows, or of large objects, and the root over them.
    #[must_use]
    pub const fn rows_and_root(&self) -> (u64, Digest) {
        match self {
            Self::LargeObjects { count, root } => (count.0, *root),
            Self::Table { rows, root, .. } => (rows.0, *root),
        }
    }
}

/// Computes the content root from leaf objects that stand in canonical order.
///
/// # Errors
/// [`RowsError::Unsorted`] or [`RowsError::Duplicate`] when the list is not strictly sorted, [`RowsError::Columns`] when
/// the columns of a table are not.
pub fn content_root(leaves: &[ContentLeaf]) -> Result<Digest, RowsError> {
    let mut range = Range::new();
    let mut previous: Option<&ContentLeaf> = None;
    for leaf in leaves {
        if let Some(previous) = previous {
            match previous.place().cmp(&leaf.place()) {
                core::cmp::Ordering::Less => {}
                core::cmp::Ordering::Equal => return Err(RowsError::Duplicate(named(leaf))),
                core::cmp::Ordering::Greater => return Err(RowsError::Unsorted(named(leaf))),
            }
        }
        if let ContentLeaf::Table { columns, .. } = leaf
            && !columns.is_sorted_by(|a, b| a.name.as_bytes() < b.name.as_bytes())
        {
            return Err(RowsError::Columns(named(leaf)));
        }
        range.push(leaf_hash(&jcs::to_vec(leaf)?));
        previous = Some(leaf);
    }
    Ok(range.root())
}

/// Why rows or leaf objects are not canonical.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowsError {
    /// A row has another number of values than its table has columns.
    #[error("a row has {found} values, its table {expected} columns")]
    Width {
        /// Columns of the table.
        expected: usize,
        /// Values of the row.
        found: usize,
    },
    /// The same column or table twice.
    #[error("{0} occurs twice")]
    Duplicate(String),
    /// A leaf object stands before one that sorts lower.
    #[error("{0} is out of order among the leaf objects")]
    Unsorted(String),
    /// The columns of a leaf object are not sorted by name.
    #[error("the columns of {0} are out of order")]
    Columns(String),
    /// The MAC refused its key.
    #[error("the row key is unusable")]
    Key,
    /// A leaf object has no canonical form.
    #[error(transparent)]
    Jcs(#[from] JcsError),
}

fn named(leaf: &ContentLeaf) -> String {
    let (kind, schema, name) = leaf.place();
    alloc::format!("{kind} {schema}.{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{string::ToString, vec};

    #[test]
    fn a_row_is_written_by_utf16_order_of_its_columns() {
        let layout = Layout::new(&["\u{ffff}", "b", "\u{10000}", "a\"", "a"]).unwrap();
        let mut out = vec![1];
        layout.write(&[Some("1"), None, Some("2\n"), Some(""), Some("é")], &mut out).unwrap();
        let text = std::str::from_utf8(&out).unwrap();
        assert_eq!(text, "{\"a\":\"é\",\"a\\\"\":\"\",\"b\":null,\"\u{10000}\":\"2\\n\",\"\u{ffff}\":\"1\"}");
        assert_eq!(jcs::check(&out), Ok(()));
        assert_eq!(layout.write(&[None], &mut out), Err(RowsError::Width { expected: 5, found: 1 }));
        Layout::new::<&str>(&[]).unwrap().write(&[], &mut out).unwrap();
        assert_eq!(out, b"{}");
        assert_eq!(Layout::new(&["a", "a"]).unwrap_err().to_string(), "a occurs twice");
    }

    #[test]
    fn leaf_hash_order_forgets_the_order_of_reading_and_keeps_duplicates() {
        let key = RowKey::new([7; 32]).unwrap();
        let root = |rows: &[&str], order| {
            let mut table = TableHasher::new(&key, order);
            rows.iter().for_each(|row| table.push(row.as_bytes()));
            table.finish()
        };
        assert_eq!(root(&["a", "b", "b"], Order::LeafHash), root(&["b", "a", "b"], Order::LeafHash));
        assert_ne!(root(&["a", "b", "b"], Order::LeafHash), root(&["a", "b"], Order::LeafHash));
        assert_ne!(root(&["a", "b"], Order::Key), root(&["b", "a"], Order::Key));
        assert_eq!(root(&[], Order::LeafHash), (0, Digest::of(b"")));
    }
}
