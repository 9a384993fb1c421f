//! Ranges of a table's rows by key: kept with a backup, to say later which rows of a table differ (`spec:rows-13`).

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufWriter, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use walwarden_core::{
    jcs,
    rows::{ContentLeaf, RangeRoots, TableHasher},
};

use super::{
    catalog::Table,
    rows::{ContentError, Reading},
    session::Session,
};

/// The ranges of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRanges {
    /// Schema.
    pub schema: String,
    /// Name.
    pub name: String,
    /// Texts of the key with which each range begins, in the order of the key's columns.
    pub from: Vec<Vec<String>>,
    /// Roots of the ranges.
    pub ranges: RangeRoots,
}

impl TableRanges {
    /// `schema.name`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// Whether these are ranges of the rows that a leaf object attests: their roots make its root.
    #[must_use]
    pub fn is_of(&self, leaf: &ContentLeaf) -> bool {
        let (rows, root) = leaf.rows_and_root();
        leaf.place() == ("table", &self.schema, &self.name)
            && self.from.len() == self.ranges.roots.len()
            && self.ranges.root(rows) == Some(root)
    }
}

/// A file with the ranges of tables, a line each, in the order in which the tables were read.
#[derive(Debug)]
pub struct RangesFile(Mutex<BufWriter<File>>);

impl RangesFile {
    /// Begins an empty file where there is one already.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).truncate(true).open(path)?;
        Ok(Self(Mutex::new(BufWriter::new(file))))
    }

    /// Adds a table, in canonical JSON.
    pub(crate) fn append(&self, table: &TableRanges) -> io::Result<()> {
        let mut line = jcs::to_vec(table).map_err(io::Error::other)?;
        line.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }

    /// Writes out what waits.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// Reads the ranges of those tables that are asked for.
///
/// # Errors
/// A line holds something else, or the file cannot be read.
pub fn read(from: impl BufRead, wanted: &dyn Fn(&TableRanges) -> bool) -> io::Result<Vec<TableRanges>> {
    let table = |line: io::Result<String>| serde_json::from_str(&line?).map_err(io::Error::other);
    from.lines().map(table).filter(|table| table.as_ref().map_or(true, wanted)).collect()
}

/// A run of neighbouring ranges in which something differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The key with which it begins; from the first row on where there is none.
    pub from: Option<Vec<String>>,
    /// The key before which it ends; to the last row where there is none.
    pub before: Option<Vec<String>>,
    /// Rows in it when they were attested, at most.
    pub rows: u64,
}

/// Reads a table again and names the ranges that are not as they were attested.
///
/// Ranges are found again by the keys that they began with. Where such a row is gone, its range and the one before it
/// count as one.
///
/// # Errors
/// [`ContentError`].
pub fn differing(
    reading: &Reading<'_>,
    session: &mut Session,
    table: &Table,
    attested: &TableRanges,
) -> Result<Vec<KeyRange>, ContentError> {
    let places = key_places(table);
    let mut walk = Walk::new(reading, table, attested);
    let mut key = String::new();
    reading.each_row(session, table, |values, row| {
        joined(places.iter().map(|place| values.get(*place).copied().flatten().unwrap_or_default()), &mut key);
        walk.row(&key, row);
    })?;
    Ok(walk.finish())
}

struct Walk<'a> {
    attested: &'a TableRanges,
    /// Where each range begins.
    begins: HashMap<String, usize>,
    empty: TableHasher,
    /// Rows since the last beginning.
    here: TableHasher,
    /// The range they belong to; none before the first.
    at: Option<usize>,
    /// Whether there are rows before the first range.
    before: bool,
    differs: Vec<bool>,
}

impl<'a> Walk<'a> {
    fn new(reading: &Reading<'_>, table: &Table, attested: &'a TableRanges) -> Self {
        let mut begins = HashMap::new();
        for (place, from) in attested.from.iter().enumerate() {
            let mut key = String::new();
            joined(from.iter().map(String::as_str), &mut key);
            begins.insert(key, place);
        }
        let empty = TableHasher::new(reading.key, table.order());
        let differs = vec![false; attested.from.len()];
        Self { attested, begins, here: empty.clone(), empty, at: None, before: false, differs }
    }

    fn row(&mut self, key: &str, row: &[u8]) {
        if let Some(begun) = self.begins.get(key).copied().filter(|begun| self.at.is_none_or(|at| *begun > at)) {
            self.close(begun);
            self.at = Some(begun);
        }
        self.here.push(row);
    }

    /// Judges the rows up to the beginning of a range.
    fn close(&mut self, until: usize) {
        let here = std::mem::replace(&mut self.here, self.empty.clone());
        let (rows, root) = here.finish();
        let first = self.at.unwrap_or_default();
        let equal = self.at.is_some() && until == first + 1 && self.attested.ranges.roots.get(first) == Some(&root);
        if !equal {
            self.differs.iter_mut().take(until).skip(first).for_each(|differs| *differs = true);
            self.before |= self.at.is_none() && rows > 0;
        }
    }

    fn finish(mut self) -> Vec<KeyRange> {
        self.close(self.differs.len());
        let each = self.attested.ranges.rows_each.0;
        let key = |place: usize| self.attested.from.get(place).cloned();
        let mut found = Vec::new();
        if self.before {
            found.push(KeyRange { from: None, before: key(0), rows: 0 });
        }
        for (place, _) in self.differs.iter().enumerate().filter(|(_, differs)| **differs) {
            match found.last_mut() {
                Some(last) if last.before == key(place) => {
                    last.before = key(place + 1);
                    last.rows += each;
                }
                _ => found.push(KeyRange { from: key(place), before: key(place + 1), rows: each }),
            }
        }
        found
    }
}

/// Notes the keys with which ranges begin while rows are hashed.
pub(crate) struct Starts<'a> {
    table: &'a Table,
    places: Vec<usize>,
    each: u64,
    from: Vec<Vec<String>>,
}

impl<'a> Starts<'a> {
    pub(crate) fn of(table: &'a Table) -> Self {
        Self { table, places: key_places(table), each: 0, from: Vec::new() }
    }

    /// Looks at a row that is about to be pushed.
    pub(crate) fn before(&mut self, hasher: &TableHasher, values: &[Option<&str>]) {
        let each = hasher.rows_each();
        if self.places.is_empty() || !hasher.rows().is_multiple_of(each) {
            return;
        }
        if self.each != 0 && self.each != each {
            // Two ranges have become one: each second beginning is left.
            self.halve();
        }
        self.each = each;
        let text = |place: &usize| values.get(*place).copied().flatten().unwrap_or_default().to_owned();
        self.from.push(self.places.iter().map(text).collect());
    }

    fn halve(&mut self) {
        let mut keep = false;
        self.from.retain(|_| {
            keep = !keep;
            keep
        });
    }

    /// The ranges, where there is a key and more than one of them.
    pub(crate) fn with(mut self, ranges: RangeRoots) -> Option<TableRanges> {
        if self.each != ranges.rows_each.0 && self.from.len() == 2 * ranges.roots.len() {
            self.halve();
        }
        let whole = self.from.len() == ranges.roots.len() && self.from.len() > 1;
        let (schema, name) = (self.table.schema.clone(), self.table.name.clone());
        whole.then_some(TableRanges { schema, name, from: self.from, ranges })
    }
}

/// Where the key's columns stand among those that are read.
fn key_places(table: &Table) -> Vec<usize> {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    table.key.iter().filter_map(|column| place(&column.name)).collect()
}

/// Texts as one, such that no two lists of texts give the same.
fn joined<'a>(texts: impl Iterator<Item = &'a str>, out: &mut String) {
    out.clear();
    for text in texts {
        let _ = write!(out, "{}:{text}", text.len());
    }
}
