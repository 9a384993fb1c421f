//! The one model of a table: CSV and workbook lay it out.

use walwarden_core::{Digest, Time};

use crate::render::escape;

/// Longest text of a cell, in characters: a cell of a workbook holds twice as many.
const CAP: usize = 16_000;

/// A table, its rows in order.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Path of its CSV file.
    pub(crate) file: String,
    /// One line: what it holds.
    pub(crate) title: String,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// As many cells as columns in each.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Time,
    /// Left empty: for the auditor's pen.
    Auditor,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Empty,
    /// Safe to look at.
    Text(String),
    Number(i128),
    Time(Time),
}

impl Table {
    /// Puts rows in order of time, then item, where the table has both.
    pub(crate) fn sorted(mut self) -> Self {
        let place = |name: &str| self.columns.iter().position(|column| column.name == name);
        if let (Some(at), Some(id)) = (place("occurred_at"), place("item_id")) {
            self.rows.sort_by(|one, other| (one.get(at), one.get(id)).cmp(&(other.get(at), other.get(id))));
        }
        self
    }

    /// Name of the file without folder and ending: the name of the sheet.
    pub(crate) fn name(&self) -> &str {
        let file = self.file.rsplit('/').next().unwrap_or(&self.file);
        file.strip_suffix(".csv").unwrap_or(file)
    }
}

impl Cell {
    /// Text of the record or of ours; nothing hidden in it.
    pub(crate) fn text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(escape::visible(text, CAP)) }
    }

    /// Several texts in one.
    pub(crate) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<T> = texts.into_iter().collect();
        Self::text(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>().join("; "))
    }

    /// A count.
    pub(crate) fn count(number: usize) -> Self {
        i128::try_from(number).map_or(Self::Empty, Self::Number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<Digest> for Cell {
    fn from(digest: Digest) -> Self {
        Self::Text(digest.to_string())
    }
}

impl From<Time> for Cell {
    fn from(time: Time) -> Self {
        Self::Time(time)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number.into())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Cell {
    fn from(yes: bool) -> Self {
        Self::text(if yes { "yes" } else { "no" })
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Empty, Into::into)
    }
}

/// Columns of text.
pub(crate) const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

/// A column of numbers.
pub(crate) const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}

/// A column of instants.
pub(crate) const fn time(name: &'static str) -> Column {
    Column { name, kind: Kind::Time }
}

/// What the auditor fills in, at the end of a population.
pub(crate) const AUDITOR: [Column; 2] =
    [Column { name: "auditor_tick", kind: Kind::Auditor }, Column { name: "auditor_note", kind: Kind::Auditor }];

/// Cells under [`AUDITOR`].
pub(crate) const BLANK: [Cell; 2] = [Cell::Empty, Cell::Empty];
