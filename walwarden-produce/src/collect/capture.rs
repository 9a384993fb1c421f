//! What a collector brings home: tables and files, and what it says of them.

use std::collections::BTreeMap;

use walwarden_core::{
    Decimal, Digest,
    event::{Covers, Diff, Flag, flag},
    jcs,
    statement::evidence::{Output, Reconciled},
};

use super::{ask::Asked, before::Before};
use crate::{
    error::{OperatorError, ProduceError, StorageError},
    postgres::{SqlError, snapshot::SnapshotError},
    vault::Blob,
};

/// Flags of one code that a capture names one by one.
const FLAGS: usize = 1000;
/// Media type of tables.
const LINES: &str = "application/x-ndjson";

/// A row: columns to texts, as PostgreSQL writes them; `None` is null.
pub(super) type Row = BTreeMap<String, Option<String>>;

/// The text of a column; nothing where it is null.
pub(super) fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).and_then(Option::as_deref).unwrap_or_default()
}

/// Whether a column says `true` or `t`.
pub(super) fn is_true(row: &Row, column: &str) -> bool {
    matches!(text(row, column), "t" | "true")
}

/// A row of columns and their texts.
pub(super) fn row<const N: usize>(columns: [(&str, Option<String>); N]) -> Row {
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A good capture, or what is left of a failed one.
#[derive(Debug, Default)]
pub(super) struct Capture {
    /// The server, where one was asked.
    pub(super) asked: Option<Asked>,
    /// What it speaks of, where that is not all since the capture before.
    pub(super) covers: Option<Covers>,
    /// Its tables.
    pub(super) tables: Vec<Table>,
    /// Its other outputs.
    pub(super) files: Vec<File>,
    /// What a reviewer should look at.
    pub(super) flags: Vec<Flag>,
    /// Parameters of the collector.
    pub(super) parameters: BTreeMap<String, String>,
    /// Pages read, where the source has pages.
    pub(super) pages: i64,
    /// What was left out on purpose.
    pub(super) filters: Vec<String>,
    /// What the role could not see.
    pub(super) not_visible: Vec<String>,
    /// The same thing counted by another way.
    pub(super) reconciled: Option<Reconciled>,
    /// What was blackened.
    pub(super) redactions: Vec<String>,
}

/// A table: an output of one JSON object a line; no rows, no lines.
#[derive(Debug)]
pub(super) struct Table {
    /// The output's name.
    pub(super) name: &'static str,
    /// Its columns.
    pub(super) columns: Vec<String>,
    /// How many of them, from the first, tell rows apart; 0 where captures are not compared by it.
    pub(super) keys: usize,
    /// The question as it was asked.
    pub(super) query: Option<String>,
    /// Its rows.
    pub(super) rows: Vec<Row>,
}

/// Another output.
#[derive(Debug)]
pub(super) struct File {
    /// Its name.
    pub(super) name: &'static str,
    /// Its media type.
    pub(super) media: &'static str,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

/// Why a capture failed: it is recorded as that.
#[derive(Debug)]
pub(super) struct Failure {
    /// A stable word.
    pub(super) reason_code: &'static str,
    /// For people; redacted.
    pub(super) message: String,
    /// The server, where one answered.
    pub(super) asked: Option<Asked>,
}

impl Capture {
    pub(super) fn flag(&mut self, code: &str, detail: impl Into<String>) {
        self.flags.push(Flag { code: code.into(), detail: detail.into() });
    }

    /// Rows of all tables; a file is one.
    pub(super) fn rows(&self) -> u64 {
        let rows: usize = self.tables.iter().map(|table| table.rows.len()).sum();
        (rows + self.files.iter().filter(|file| file.name != FAILURE).count()) as u64
    }

    /// The flags, of each code no more than a statement can hold: the rest is counted, and stands in the outputs.
    pub(super) fn take_flags(&mut self) -> Vec<Flag> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut kept = Vec::new();
        for flagged in std::mem::take(&mut self.flags) {
            let number = seen.entry(flagged.code.clone()).or_default();
            *number += 1;
            // Of missing backups a rule reads each.
            if *number <= FLAGS || flagged.code == flag::BACKUP_MISSING {
                kept.push(flagged);
            }
        }
        for (code, number) in seen.into_iter().filter(|(code, number)| *number > FLAGS && code != flag::BACKUP_MISSING)
        {
            kept.push(Flag { code, detail: format!("and {} more, in the outputs", number - FLAGS) });
        }
        kept
    }

    /// The outputs as the statement names them, and the blobs of the entry: outputs, then questions.
    pub(super) fn outputs(&self) -> Result<(Vec<Output>, Vec<Blob>), ProduceError> {
        let (mut outputs, mut blobs, mut questions) = (Vec::new(), Vec::new(), Vec::new());
        for table in &self.tables {
            let blob = Blob { name: table.name.into(), media: LINES.into(), bytes: table.lines()? };
            outputs.push(output(&blob, table.columns.clone(), table.query.as_ref()));
            blobs.push(blob);
            let question = table.query.as_ref().map(|query| query.as_bytes().to_vec());
            questions.extend(question.map(|bytes| Blob {
                name: "query.sql".into(),
                media: "application/sql".into(),
                bytes,
            }));
        }
        for file in &self.files {
            let blob = Blob { name: file.name.into(), media: file.media.into(), bytes: file.bytes.clone() };
            outputs.push(output(&blob, Vec::new(), None));
            blobs.push(blob);
        }
        blobs.extend(questions);
        Ok((outputs, blobs))
    }

    /// What differs from the capture before.
    pub(super) fn diff(&self, before: &Before) -> Diff {
        let mut diff = Diff { added: 0, removed: 0, changed: 0 };
        for table in self.tables.iter().filter(|table| table.keys > 0) {
            let now: BTreeMap<Vec<&str>, &Row> = table.rows.iter().map(|row| (table.key(row), row)).collect();
            let then = before.table(table.name).iter().map(|row| (table.key(row), row));
            let then: BTreeMap<Vec<&str>, &Row> = then.collect();
            let changed = |(key, row): &(&Vec<&str>, &&Row)| then.get(*key).is_some_and(|old| old != *row);
            diff.added += count(now.keys().filter(|key| !then.contains_key(*key)));
            diff.removed += count(then.keys().filter(|key| !now.contains_key(*key)));
            diff.changed += count(now.iter().filter(changed));
        }
        diff
    }
}

fn count(items: impl Iterator) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

fn output(blob: &Blob, columns: Vec<String>, query: Option<&String>) -> Output {
    Output {
        name: blob.name.to_string(),
        sha256: Digest::of(&blob.bytes),
        bytes: Decimal(blob.bytes.len() as u64),
        media: blob.media.to_string(),
        columns,
        query: query.map(|query| Digest::of(query.as_bytes())),
    }
}

impl Table {
    /// A table of columns; the first `keys` of them tell rows apart.
    pub(super) fn new(name: &'static str, columns: &[&str], keys: usize, rows: Vec<Row>) -> Self {
        Self { name, columns: columns.iter().map(|column| (*column).to_owned()).collect(), keys, query: None, rows }
    }

    fn lines(&self) -> Result<Vec<u8>, ProduceError> {
        let mut lines = Vec::new();
        for row in &self.rows {
            lines.extend(jcs::to_vec(row)?);
            lines.push(b'\n');
        }
        Ok(lines)
    }

    fn key<'r>(&self, row: &'r Row) -> Vec<&'r str> {
        self.columns.iter().take(self.keys).map(|column| text(row, column)).collect()
    }
}

/// The name of a failed capture's output.
const FAILURE: &str = "failure.txt";

impl Failure {
    pub(super) fn new(reason_code: &'static str, message: impl Into<String>) -> Self {
        Self { reason_code, message: message.into(), asked: None }
    }

    /// The capture that is recorded: the message alone.
    pub(super) fn capture(&self) -> Capture {
        let file = File { name: FAILURE, media: "text/plain", bytes: format!("{}\n", self.message).into_bytes() };
        Capture { asked: self.asked.clone(), files: vec![file], ..Capture::default() }
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        Self::new(error.reason_code(), error.to_string())
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Self::new(error.reason_code(), error.to_string())
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        // No path of this host: others will read it.
        Self::new(error.reason_code(), format!("cannot {}: {}", error.doing, error.error))
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        Self::new("configuration", error.to_string())
    }
}

impl From<ProduceError> for Failure {
    fn from(error: ProduceError) -> Self {
        match error {
            ProduceError::Storage(error) => error.into(),
            ProduceError::Database(error) => error.into(),
            ProduceError::Operator(error) => error.into(),
            other => Self::new("vault", other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rows_are_no_lines() {
        let capture = Capture { tables: vec![Table::new("t.ndjson", &["a"], 1, Vec::new())], ..Capture::default() };
        let (outputs, blobs) = capture.outputs().unwrap();
        assert_eq!((capture.rows(), outputs[0].bytes, blobs[0].bytes.len()), (0, Decimal(0), 0));
    }

    #[test]
    fn a_row_is_one_line_whatever_it_holds() {
        let hostile = row([("a", Some("it's \"x\"\n}{\\".into())), ("b", None)]);
        let table = Table::new("t.ndjson", &["a", "b"], 1, vec![hostile.clone()]);
        let lines = table.lines().unwrap();
        assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(serde_json::from_slice::<Row>(&lines).unwrap(), hostile);
    }

    #[test]
    fn flags_beyond_what_a_statement_holds_are_counted() {
        let mut capture = Capture::default();
        (0..FLAGS + 7).for_each(|n| capture.flag("x", n.to_string()));
        let flags = capture.take_flags();
        assert_eq!(flags.len(), FLAGS + 1);
        assert_eq!(flags[FLAGS].detail, "and 7 more, in the outputs");
    }
}
