//! From `COPY` to leaf objects: the canonical rows of every table.

use std::{
    io,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use walwarden_core::{
    Decimal,
    rows::{Column, ContentLeaf, Layout, Order, RowKey, RowsError, TableHasher},
};

use super::{
    catalog::Table,
    copy::{CopyError, Decoder},
    large_objects,
    ranges::{RangesFile, Starts},
    session::{Session, SqlError},
    sort::Sorter,
};
use crate::dump::{Progress, file_reason, throttle::Throttle};

/// Rows after which somebody is told.
const TOLD_EACH: u64 = 4096;

/// Why the rows could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The server failed in the middle of a table.
    #[error("{table}: {source}")]
    Sql {
        /// `schema.name`, or large objects.
        table: String,
        /// What it said.
        source: SqlError,
    },
    /// A value is not text in UTF-8.
    #[error("{table} holds text that is not valid in the database's encoding")]
    Encoding {
        /// `schema.name`.
        table: String,
    },
    /// A row has no canonical form.
    #[error("{table}: {source}")]
    Rows {
        /// `schema.name`.
        table: String,
        /// Why.
        source: RowsError,
    },
    /// What is kept of a table cannot be written.
    #[error("{table}: {source}")]
    File {
        /// `schema.name`.
        table: String,
        /// Why.
        source: io::Error,
    },
    /// Another thread failed first, or the caller asked to stop.
    #[error("reading was stopped")]
    Stopped,
}

impl ContentError {
    /// A stable word for the record.
    #[must_use]
    pub fn reason_code(&self) -> &'static str {
        match self {
            Self::Sql { source, .. } => source.reason_code(),
            Self::Encoding { .. } => "invalid-encoding",
            Self::Rows { .. } => "rows-not-canonical",
            Self::File { source, .. } => file_reason(source),
            Self::Stopped => "stopped",
        }
    }
}

/// How rows are read.
pub struct Reading<'a> {
    /// K of the backup.
    pub key: &'a RowKey,
    /// Told of rows and tables.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Set here when one reader fails, and by others to stop all of them.
    pub stop: &'a AtomicBool,
    /// Set by the caller's caller to stop; never here.
    pub cancel: &'a AtomicBool,
    /// Where the ranges of tables are kept, where they are.
    pub ranges: Option<&'a RangesFile>,
    /// A folder for what does not fit into memory: digests of the rows of tables without a key.
    pub scratch: &'a Path,
    /// Bytes of rows a second.
    pub throttle: &'a Throttle,
}

impl Reading<'_> {
    /// Reads all tables and large objects into leaf objects, in canonical order, through sessions of one snapshot: in
    /// each of them one table at a time.
    ///
    /// # Errors
    /// [`ContentError`], of the first reader that failed.
    pub fn leaves(
        &self,
        first: &mut Session,
        further: &mut [Session],
        mut tables: Vec<Table>,
    ) -> Result<Vec<ContentLeaf>, ContentError> {
        // The largest is taken first, from the end, so that readers finish at about the same time.
        tables.sort_by_key(|table| table.pages);
        let queue = Mutex::new(tables);
        let rows = AtomicU64::new(0);
        let mut results = thread::scope(|scope| {
            let work = |session| self.work(&queue, &rows, session);
            let more: Vec<_> = further.iter_mut().map(|session| scope.spawn(move || work(session))).collect();
            let objects = large_objects::leaf(first, self).map(|leaf| vec![leaf]);
            let own = if objects.is_ok() {
                work(first)
            } else {
                self.stop.store(true, Ordering::Relaxed);
                Ok(Vec::new())
            };
            let mut results = vec![objects, own];
            results.extend(more.into_iter().map(|worker| worker.join().unwrap_or(Err(ContentError::Stopped))));
            results
        });
        // A reader that was stopped is not the cause.
        results.sort_by_key(|result| !matches!(result, Err(error) if !matches!(error, ContentError::Stopped)));
        let mut all: Vec<ContentLeaf> = Vec::new();
        for result in results {
            all.extend(result?);
        }
        all.sort_by(|a, b| a.place().cmp(&b.place()));
        Ok(all)
    }

    /// Whether there is any use in reading on.
    pub(crate) fn go_on(&self) -> Result<(), Interrupt> {
        let stopped = self.stop.load(Ordering::Relaxed) || self.cancel.load(Ordering::Relaxed);
        if stopped { Err(Interrupt::Stopped) } else { Ok(()) }
    }

    /// Waits until so many further bytes are due.
    fn slow_down(&self, bytes: usize) -> Result<(), Interrupt> {
        const PIECE: Duration = Duration::from_millis(100);
        let mut wait = self.throttle.add(bytes as u64);
        while !wait.is_zero() {
            thread::sleep(wait.min(PIECE));
            wait = wait.saturating_sub(PIECE);
            self.go_on()?;
        }
        Ok(())
    }

    /// Takes tables from the queue until there is none; a failure stops the others.
    fn work(
        &self,
        queue: &Mutex<Vec<Table>>,
        rows: &AtomicU64,
        session: &mut Session,
    ) -> Result<Vec<ContentLeaf>, ContentError> {
        let mut all = Vec::new();
        loop {
            self.go_on().map_err(|_| ContentError::Stopped)?;
            let next = queue.lock().map_err(|_| ContentError::Stopped)?.pop();
            let Some(table) = next else { return Ok(all) };
            let read = self.table(session, &table, rows);
            all.push(read.inspect_err(|_| self.stop.store(true, Ordering::Relaxed))?);
        }
    }

    /// Reads one table.
    fn table(&self, session: &mut Session, table: &Table, rows: &AtomicU64) -> Result<ContentLeaf, ContentError> {
        let name = || format!("{}.{}", table.schema, table.name);
        // Rows without a key are sorted first, by a sorter that may use the disk.
        let mut hasher = TableHasher::new(self.key, Order::Key);
        let mut sorter = (table.order() == Order::LeafHash).then(|| Sorter::new(self.scratch));
        let (mut starts, mut seen, mut sorted) = (Starts::of(table), 0_u64, Ok(()));
        self.each_row(session, table, |values, row| {
            match &mut sorter {
                Some(sorter) if sorted.is_ok() => sorted = sorter.push(RowKey::inner(row)),
                Some(_) => {}
                None => {
                    starts.before(&hasher, values);
                    hasher.push(row);
                }
            }
            seen += 1;
            if seen.is_multiple_of(TOLD_EACH) {
                (self.progress)(Progress::Rows(rows.fetch_add(TOLD_EACH, Ordering::Relaxed) + TOLD_EACH));
            }
        })?;
        if let Some(sorter) = sorter {
            sorted = sorted.and_then(|()| sorter.finish(|inner| hasher.push_inner(inner)));
        }
        sorted.map_err(|source| ContentError::File { table: name(), source })?;
        let (count, root, ranges) = hasher.finish_with_ranges();
        let told = rows.fetch_add(count % TOLD_EACH, Ordering::Relaxed) + count % TOLD_EACH;
        (self.progress)(Progress::Rows(told));
        (self.progress)(Progress::Table { schema: &table.schema, name: &table.name, rows: count });
        let mut columns: Vec<Column> = table.columns.clone();
        columns.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        let leaf = ContentLeaf::Table {
            schema: table.schema.clone(),
            name: table.name.clone(),
            columns,
            key: table.key.iter().map(|column| column.name.clone()).collect(),
            order: table.order(),
            rows: Decimal(count),
            root,
        };
        if let (Some(file), Some(ranges)) = (self.ranges, starts.with(ranges)) {
            file.append(&ranges).map_err(|source| ContentError::File { table: ranges.shown(), source })?;
        }
        Ok(leaf)
    }

    /// Reads a table row by row: its values, and its canonical form.
    pub(crate) fn each_row(
        &self,
        session: &mut Session,
        table: &Table,
        mut row: impl FnMut(&[Option<&str>], &[u8]),
    ) -> Result<(), ContentError> {
        let name = || format!("{}.{}", table.schema, table.name);
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let layout = Layout::new(&columns).map_err(|source| ContentError::Rows { table: name(), source })?;
        let (mut decoder, mut written) = (Decoder::new(), Vec::new());
        let read = session.copy::<Interrupt>(&table.query(), &mut |lines| {
            self.go_on()?;
            self.slow_down(lines.len())?;
            let mut result = Ok(());
            decoder.decode(lines, |values| {
                // COPY writes a row without columns as an empty line, just as it writes one empty text.
                let values = if columns.is_empty() { &[] } else { values };
                if result.is_ok() {
                    result = layout.write(values, &mut written);
                    row(values, &written);
                }
            })?;
            Ok(result?)
        });
        read.map_err(|interrupt| interrupt.named(name()))
    }
}

/// Why a pass ended early, before the table is named.
#[derive(Debug)]
pub(crate) enum Interrupt {
    Sql(SqlError),
    Copy(CopyError),
    Rows(RowsError),
    Stopped,
}

impl Interrupt {
    pub(crate) fn named(self, table: String) -> ContentError {
        match self {
            Self::Sql(source) => ContentError::Sql { table, source },
            Self::Copy(CopyError::Encoding) => ContentError::Encoding { table },
            Self::Rows(source) => ContentError::Rows { table, source },
            Self::Stopped => ContentError::Stopped,
        }
    }
}

impl From<SqlError> for Interrupt {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

impl From<CopyError> for Interrupt {
    fn from(error: CopyError) -> Self {
        Self::Copy(error)
    }
}

impl From<RowsError> for Interrupt {
    fn from(error: RowsError) -> Self {
        Self::Rows(error)
    }
}
