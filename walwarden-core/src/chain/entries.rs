//! All lines of a chain: read in pieces, judged as one.

use alloc::{borrow::Cow, collections::BTreeMap, vec::Vec};

use super::{
    ChainError, genesis_prev,
    line::{Line, Payloads, Read},
};
use crate::{
    bundle::lines,
    digest::Digest,
    merkle::{Proof, Range, TreeHead},
    value::{EntryId, Origin},
};

/// All lines of a chain, from genesis, each canonical and an entry. Nothing else is established by having one.
///
/// Takes about 130 bytes a line beside the lines themselves.
#[derive(Debug, Clone, Default)]
pub struct Entries<'a> {
    lines: Vec<Line<'a>>,
    hashes: Vec<Digest>,
    /// Payload and position, for each statement that an entry refers to.
    payloads: Vec<(Digest, u32)>,
    /// The first 8 bytes of each payload, and its place in `payloads`, sorted.
    by_payload: Vec<(u64, u32)>,
    /// By database: positions of its completed backups, ascending.
    completed: BTreeMap<Cow<'a, str>, Vec<u32>>,
    /// Positions by id, then ascending.
    by_id: Vec<u32>,
    /// Roots of the complete subtrees of [`SUBTREE`] leaves.
    subtrees: Vec<Digest>,
    origin: Option<Origin>,
}

/// Leaves of a subtree whose root is kept: 2 to this power.
const SUBTREE: u32 = 10;

/// Lines read at once: their bytes stay near while they are hashed and then read.
const BATCH: usize = 64;

/// Some lines of a chain, one after the other, not yet put together with the others.
#[derive(Debug, Default)]
pub struct Piece<'a> {
    lines: Vec<Line<'a>>,
    hashes: Vec<Digest>,
    payloads: Vec<(Digest, u32)>,
    completed: BTreeMap<Cow<'a, str>, Vec<u32>>,
    /// Positions by id, then ascending.
    by_id: Vec<u32>,
    first_prev: Option<Digest>,
}

/// Cuts NDJSON into pieces of about `size` bytes, each of whole lines.
pub fn pieces(ndjson: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = ndjson;
    while !rest.is_empty() {
        let after = rest.get(size..).unwrap_or_default();
        let end = after.iter().position(|b| *b == b'\n').map(|lf| size.saturating_add(lf).saturating_add(1));
        let (piece, more) = end.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, &[]));
        pieces.push(piece);
        rest = more;
    }
    pieces
}

/// The origin that the first line states; `None` when that is no entry.
#[must_use]
pub fn origin(ndjson: &[u8]) -> Option<Origin> {
    super::Entry::parse(lines(ndjson).next()?.ok()?).ok().map(|entry| entry.origin)
}

impl<'a> Piece<'a> {
    /// Reads whole lines of a chain whose first line states `origin`.
    ///
    /// # Errors
    /// [`ChainError::Lines`] or [`ChainError::Entry`]: the first line that is none, counted from 1 in this piece.
    pub fn read(ndjson: &'a [u8], origin: Option<&Origin>) -> Result<Self, ChainError> {
        let mut piece = Self::default();
        let mut split = lines(ndjson);
        loop {
            let mut batch: Vec<&[u8]> = Vec::with_capacity(BATCH);
            let bad = loop {
                match split.next() {
                    Some(Ok(line)) => batch.push(line),
                    ended => break ended.is_some(),
                }
                if batch.len() == BATCH {
                    break false;
                }
            };
            piece.batch(&batch, origin)?;
            if bad {
                return Err(ChainError::Lines { line: piece.lines.len().saturating_add(1) });
            }
            if batch.len() < BATCH {
                piece.by_id = (0..u32::try_from(piece.lines.len()).unwrap_or(u32::MAX)).collect();
                sort_by_id(&mut piece.by_id, &piece.lines);
                return Ok(piece);
            }
        }
    }

    fn batch(&mut self, batch: &[&'a [u8]], origin: Option<&Origin>) -> Result<(), ChainError> {
        let hashes = Digest::of_each(&[0], batch); // spec:chain-4: the RFC 6962 leaf hash
        for (bytes, hash) in batch.iter().zip(&hashes) {
            let number = self.lines.len().saturating_add(1);
            let Read { mut line, prev, payloads, completed } =
                Line::read(bytes, origin).map_err(|error| ChainError::Entry { line: number, error })?;
            match self.hashes.last() {
                Some(before) if *before == prev => line.mark_follows(),
                Some(_) => {}
                None => self.first_prev = Some(prev),
            }
            if let Some(before) = self.lines.last() {
                line.mark_policy_of(before);
            }
            let position = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
            match payloads {
                Payloads::None => {}
                Payloads::One(payload) => self.payloads.push((payload, position)),
                Payloads::Many(many) => self.payloads.extend(many.into_iter().map(|payload| (payload, position))),
            }
            if let Some(database) = completed {
                add(&mut self.completed, database, [position]);
            }
            self.lines.push(line);
            self.hashes.push(*hash);
        }
        Ok(())
    }
}

/// All [`pieces`] of a chain, put together in their order: each as it is read, so that none is held twice.
#[derive(Debug)]
pub struct Joining<'a> {
    joined: Result<Entries<'a>, ChainError>,
}

impl<'a> Joining<'a> {
    /// Nothing yet of a chain whose pieces are read with this origin.
    #[must_use]
    pub fn new(origin: Option<Origin>) -> Self {
        Self { joined: Ok(Entries { origin, ..Entries::default() }) }
    }

    /// Adds the next piece. What follows a piece that is none counts no more.
    pub fn push(&mut self, piece: Result<Piece<'a>, ChainError>) {
        let Ok(entries) = &mut self.joined else { return };
        let before = entries.lines.len();
        match piece {
            Ok(piece) => entries.append(piece, u32::try_from(before).unwrap_or(u32::MAX)),
            Err(error) => self.joined = Err(error.after(before)),
        }
    }

    /// The whole chain.
    ///
    /// # Errors
    /// As [`Entries::parse`].
    pub fn finish(self) -> Result<Entries<'a>, ChainError> {
        let mut entries = self.joined?;
        sort_by_id(&mut entries.by_id, &entries.lines); // which finds the sorted pieces, and merges them
        let payloads = entries.payloads.iter().map(|(payload, _)| first(payload));
        entries.by_payload = payloads.zip(0..).collect();
        entries.by_payload.sort_unstable();
        entries.subtrees = entries.hashes.chunks_exact(1 << SUBTREE).map(Range::complete).collect();
        Ok(entries)
    }
}

impl<'a> Entries<'a> {
    /// Parses NDJSON: every line canonical, every line an entry.
    ///
    /// # Errors
    /// [`ChainError::Lines`] or [`ChainError::Entry`]: the first line that is none.
    pub fn parse(ndjson: &'a [u8]) -> Result<Self, ChainError> {
        let origin = origin(ndjson);
        let piece = Piece::read(ndjson, origin.as_ref());
        let mut joining = Joining::new(origin);
        joining.push(piece);
        joining.finish()
    }

    fn append(&mut self, mut piece: Piece<'a>, shift: u32) {
        let follows = match self.hashes.last() {
            Some(last) => piece.first_prev.as_ref() == Some(last),
            None => self.origin.as_ref().map(genesis_prev) == piece.first_prev,
        };
        if let Some(first) = piece.lines.first_mut().filter(|_| follows) {
            first.mark_follows();
        }
        for (database, positions) in piece.completed {
            add(&mut self.completed, database, positions.into_iter().map(|position| position.saturating_add(shift)));
        }
        self.by_id.extend(piece.by_id.into_iter().map(|position| position.saturating_add(shift)));
        let payloads = piece.payloads.into_iter();
        self.payloads.extend(payloads.map(|(payload, position)| (payload, position.saturating_add(shift))));
        self.lines.append(&mut piece.lines);
        self.hashes.append(&mut piece.hashes);
    }

    /// The lines in order.
    #[must_use]
    pub fn all(&self) -> &[Line<'a>] {
        &self.lines
    }

    /// Origin that the first line states; `None` of a chain without lines.
    #[must_use]
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The entry hashes in order: the leaves of the tree.
    #[must_use]
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// Position of the first entry with this id.
    #[must_use]
    pub fn position(&self, id: EntryId) -> Option<usize> {
        let place = self.by_id.partition_point(|position| at(&self.lines, *position).is_some_and(|line| line.id < id));
        let position = *self.by_id.get(place)?;
        at(&self.lines, position).filter(|line| line.id == id)?;
        usize::try_from(position).ok()
    }

    /// Positions of the entries that refer to a payload, ascending.
    pub fn referring(&self, payload: &Digest) -> impl Iterator<Item = usize> {
        let from = self.by_payload.partition_point(|(other, _)| *other < first(payload));
        let alike = self.by_payload.iter().skip(from).take_while(move |(other, _)| *other == first(payload));
        let found = alike.filter_map(|(_, place)| self.payloads.get(usize::try_from(*place).ok()?));
        found.filter(move |(other, _)| other == payload).filter_map(|(_, position)| usize::try_from(*position).ok())
    }

    /// Positions of the completed backups of each database, ascending.
    pub fn completed(&self) -> impl Iterator<Item = (&str, &[u32])> {
        self.completed.iter().map(|(database, positions)| (database.as_ref(), positions.as_slice()))
    }

    /// Positions of the completed backups of a database, ascending.
    #[must_use]
    pub fn completed_of(&self, database: &str) -> &[u32] {
        self.completed.get(database).map_or(&[], Vec::as_slice)
    }

    /// Payload and position of every statement that entries refer to, in order of the entries.
    pub fn payloads(&self) -> impl Iterator<Item = (&Digest, usize)> {
        self.payloads.iter().filter_map(|(payload, position)| Some((payload, usize::try_from(*position).ok()?)))
    }

    /// Checks origin, `seq`, `prev`, ids and order of recording. It says where, and proves nothing (`spec:chain-3`).
    ///
    /// # Errors
    /// The first line that does not follow.
    pub fn contiguous(&self) -> Result<(), ChainError> {
        let repeated = self.repeated_id();
        let mut recorded = None;
        for (index, line) in self.lines.iter().enumerate() {
            let number = index.saturating_add(1);
            if line.is_of_other_origin() {
                return Err(ChainError::Origin { line: number });
            }
            if line.seq != index as u64 {
                return Err(ChainError::Seq { line: number, found: line.seq });
            }
            if !line.follows() {
                return Err(self.does_not_follow(index, line));
            }
            if repeated == Some(index) {
                return Err(ChainError::Id { line: number, id: line.id });
            }
            if recorded > Some(line.recorded_at) {
                return Err(ChainError::RecordedAt { line: number });
            }
            recorded = Some(line.recorded_at);
        }
        Ok(())
    }

    /// The first position whose id stands at an earlier one.
    fn repeated_id(&self) -> Option<usize> {
        let id = |position: &u32| at(&self.lines, *position).map(|line| line.id);
        let pairs = self.by_id.windows(2).filter_map(|pair| <&[u32; 2]>::try_from(pair).ok());
        let repeated = pairs.filter(|[one, other]| id(one) == id(other)).map(|[_, other]| *other).min()?;
        usize::try_from(repeated).ok()
    }

    fn does_not_follow(&self, index: usize, line: &Line<'_>) -> ChainError {
        let before = index.checked_sub(1).and_then(|before| self.hashes.get(before)).copied();
        let genesis = || self.origin.as_ref().map(genesis_prev);
        let expected = before.or_else(genesis).unwrap_or(Digest([0; 32]));
        let found = line.entry().map_or(Digest([0; 32]), |entry| entry.prev);
        ChainError::Prev { line: index.saturating_add(1), expected, found }
    }

    /// Rebuilds the tree and requires the root of every head: what the lines show is what was signed (`spec:chain-6`).
    ///
    /// # Errors
    /// [`ChainError::Root`] or [`ChainError::Short`] for the first head that differs.
    pub fn rebuild(&self, heads: &[TreeHead]) -> Result<Anchored, ChainError> {
        let lines = self.hashes.len() as u64;
        let mut sorted: Vec<TreeHead> = heads.to_vec();
        sorted.sort_by_key(|head| head.size);
        let mut range = Range::new();
        for head in sorted {
            self.grow(&mut range, 0, head.size).ok_or(ChainError::Short { size: head.size, lines })?;
            let found = range.root();
            if head.root != found {
                return Err(ChainError::Root { size: head.size, expected: head.root, found });
            }
        }
        self.grow(&mut range, 0, lines).ok_or(ChainError::Short { size: lines, lines })?;
        Ok(Anchored { head: range.head() })
    }

    /// Root of the first `size` lines; `None` beyond the end.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Digest> {
        self.root_of(0, size)
    }

    /// Proves that the line at `position` stands in the tree of all lines (`spec:merkle-5`); `None` beyond the end.
    ///
    /// Cost: about one node hash for each 1024 lines, and 1024.
    #[must_use]
    pub fn inclusion(&self, position: u64) -> Option<Proof> {
        let (mut from, mut to) = (0, self.hashes.len() as u64);
        if position >= to {
            return None;
        }
        let mut proof = Vec::new();
        // From the root down; a proof goes up.
        while let Some(levels) = to.saturating_sub(from).saturating_sub(1).checked_ilog2() {
            let middle = from.saturating_add(1 << levels);
            let sibling = if position < middle { (middle, to) } else { (from, middle) };
            proof.push(self.root_of(sibling.0, sibling.1)?);
            (from, to) = if position < middle { (from, middle) } else { (middle, to) };
        }
        proof.reverse();
        Some(Proof(proof))
    }

    /// Root of the lines from `from`, a multiple of a power of two that is not below their number, up to `to`.
    fn root_of(&self, from: u64, to: u64) -> Option<Digest> {
        let mut range = Range::new();
        self.grow(&mut range, from, to)?;
        Some(range.root())
    }

    /// Appends the leaves up to `to` to a range that begins at `from`, whole subtrees where they fit; `None` when there are
    /// not as many lines.
    fn grow(&self, range: &mut Range, from: u64, to: u64) -> Option<()> {
        const LEAVES: u64 = 1 << SUBTREE;
        if to > self.hashes.len() as u64 {
            return None;
        }
        loop {
            let at = from.saturating_add(range.size());
            if at >= to {
                return Some(());
            }
            if at.is_multiple_of(LEAVES) && to.saturating_sub(at) >= LEAVES {
                range.push_complete(SUBTREE, *self.subtrees.get(usize::try_from(at >> SUBTREE).ok()?)?);
            } else {
                range.push(*self.hashes.get(usize::try_from(at).ok()?)?);
            }
        }
    }
}

/// Stable: positions of one id stay ascending.
fn sort_by_id(positions: &mut [u32], lines: &[Line<'_>]) {
    positions.sort_by_key(|position| at(lines, *position).map(|line| line.id));
}

/// The first 8 bytes: enough to find by, as each match is compared whole.
fn first(payload: &Digest) -> u64 {
    payload.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

fn add<'a>(
    all: &mut BTreeMap<Cow<'a, str>, Vec<u32>>,
    database: Cow<'a, str>,
    positions: impl IntoIterator<Item = u32>,
) {
    match all.get_mut(&database) {
        Some(known) => known.extend(positions),
        None => drop(all.insert(database, positions.into_iter().collect())),
    }
}

fn at<'l, 'a>(lines: &'l [Line<'a>], position: u32) -> Option<&'l Line<'a>> {
    lines.get(usize::try_from(position).ok()?)
}

/// The tree of these lines has the root of every carried head. Made by [`Entries::rebuild`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    head: TreeHead,
}

impl Anchored {
    /// Head of the whole tree shown.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{inclusion, verify_inclusion};

    /// `spec:merkle-5`: with kept subtrees as without, on both sides of their bounds.
    #[test]
    fn a_line_is_proved_to_stand_in_the_tree_of_all() {
        let hashes: Vec<Digest> = (0..5_000_u32).map(|n| Digest::of(&n.to_be_bytes())).collect();
        for size in [1, 2, 3, 7, 1_023, 1_024, 1_025, 2_048, 3_000, 4_096, 4_097, 5_000] {
            let leaves = &hashes[..size];
            let entries = Entries {
                hashes: leaves.to_vec(),
                subtrees: leaves.chunks_exact(1 << SUBTREE).map(Range::complete).collect(),
                ..Entries::default()
            };
            let tree = TreeHead { size: size as u64, root: entries.root_at(size as u64).unwrap() };
            for position in [0, 1, size / 3, size / 2, size - 1].into_iter().filter(|position| *position < size) {
                let proof = entries.inclusion(position as u64).unwrap();
                assert_eq!(Some(&proof), inclusion(leaves, position).as_ref(), "{position} of {size}");
                verify_inclusion(&proof, &leaves[position], position as u64, &tree).unwrap();
            }
            assert_eq!(entries.inclusion(size as u64), None);
        }
    }
}
