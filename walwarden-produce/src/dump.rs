//! An attested dump: `pg_dump` and the canonical rows, from one snapshot.
//!
//! [`attested_dump`] holds an exported snapshot, runs `pg_dump -Fc --snapshot=..` and reads every row through it at the
//! same time, so that the dump's bytes and the content root speak of the same data. What it returns is everything that a
//! backup statement says of the database; storing, signing and recording are the caller's.

pub mod archive;
pub mod content;
mod file;
mod pg_dump;
mod pg_dumpall;
pub mod preflight;
pub mod settings;
pub mod throttle;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

pub use settings::DumpSettings;
use throttle::Throttle;
pub use walwarden_core::event::Stage;
use walwarden_core::{
    Digest, Time,
    rows::{ContentLeaf, RowKey, RowsError, content_root},
    statement::{
        Bytes,
        backup::{self, Omitted},
    },
};

use crate::postgres::{
    Connection, ServerFacts, Session, SqlError, ToolError, catalog,
    ranges::RangesFile,
    rows::{ContentError, Reading},
    schema::{Fingerprint, fingerprint},
    snapshot::{Snapshot, SnapshotError},
};

/// How often a dump is begun when others queue for exclusive locks just then.
const ATTEMPTS: u32 = 3;

/// What is to be dumped, and to where.
pub struct DumpRequest<'a> {
    /// The file to create for the dump; it must not exist. Removed again on failure.
    pub dump_path: &'a Path,
    /// The file to create for roles and tablespaces; it must not exist. Removed again on failure.
    pub globals_path: &'a Path,
    /// The file to create for the ranges of tables; it must not exist. Removed again on failure.
    pub ranges_path: &'a Path,
    /// K, new for each backup.
    pub row_key: &'a RowKey,
    /// Format, compression, speed.
    pub settings: &'a DumpSettings,
    /// Sessions that read rows at the same time, at least one.
    pub jobs: usize,
    /// The clock.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Told now and then how far the work is, from any thread.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Set by another thread to stop early.
    pub cancel: &'a AtomicBool,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A stage begins.
    Stage(Stage),
    /// Tables to be read, and their size in bytes as the catalog knows it.
    Scope {
        /// Tables.
        tables: usize,
        /// Bytes on the server's disk.
        bytes: u64,
    },
    /// Bytes that pg_dump has written so far.
    Dumped(u64),
    /// Rows read so far, of all tables.
    Rows(u64),
    /// A table was read.
    Table {
        /// Schema.
        schema: &'a str,
        /// Name.
        name: &'a str,
        /// Its rows.
        rows: u64,
    },
}

/// What was dumped: the measured part of a backup statement.
#[derive(Debug, Clone)]
pub struct Dumped {
    /// When the snapshot was about to be taken.
    pub snapshot_at: Time,
    /// The content root over `leaves`.
    pub content_root: Digest,
    /// Leaf objects in canonical order.
    pub leaves: Vec<ContentLeaf>,
    /// What is not in the root, and why.
    pub omitted: Vec<Omitted>,
    /// Sequences, before and after pg_dump ran.
    pub sequences: Vec<backup::Sequence>,
    /// Pinned settings as read back.
    pub session: BTreeMap<String, String>,
    /// The server.
    pub server: backup::Server,
    /// The connection.
    pub tls: backup::Tls,
    /// pg_dump's process.
    pub pg_dump: backup::PgDump,
    /// Fingerprint of the schema and number of objects by kind.
    pub schema: Fingerprint,
    /// Tables in the root.
    pub tables: u64,
    /// Rows in the root.
    pub rows: u64,
    /// What pg_dump said on its standard error, redacted, and what else a person should read.
    pub warnings: Vec<String>,
    /// The dump.
    pub plain: Bytes,
    /// Roles and tablespaces.
    pub globals: Bytes,
    /// Ranges of tables.
    pub ranges: Bytes,
    /// All that is known of the server.
    pub facts: ServerFacts,
}

/// Why there is no dump: what `backup.failed` records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DumpError {
    /// Where it failed.
    pub stage: Stage,
    /// A stable word.
    pub reason_code: &'static str,
    /// Of a child process that failed.
    pub exit_code: Option<i32>,
    /// For people; no password, no row.
    pub message: String,
}

impl DumpError {
    pub(crate) fn new(stage: Stage, reason_code: &'static str, message: impl Into<String>) -> Self {
        Self { stage, reason_code, exit_code: None, message: message.into() }
    }

    pub(crate) fn sql(stage: Stage, error: &SqlError) -> Self {
        let stage = match error {
            SqlError::Connect { .. } => Stage::Connect,
            SqlError::Tool(_) => Stage::Preflight,
            _ => stage,
        };
        Self::new(stage, error.reason_code(), error.to_string())
    }

    fn snapshot(stage: Stage, error: &SnapshotError) -> Self {
        match error {
            SnapshotError::Sql(error) => Self::sql(stage, error),
            _ => Self::new(stage, error.reason_code(), error.to_string()),
        }
    }

    fn rows(error: &RowsError) -> Self {
        Self::new(Stage::Content, "rows-not-canonical", error.to_string())
    }

    fn content(error: &ContentError) -> Self {
        match error {
            ContentError::Sql { source, .. } => {
                Self { message: error.to_string(), ..Self::sql(Stage::Content, source) }
            }
            _ => Self::new(Stage::Content, error.reason_code(), error.to_string()),
        }
    }

    fn stopped() -> Self {
        Self::new(Stage::Dump, "stopped", "the backup was stopped")
    }
}

impl From<ToolError> for DumpError {
    fn from(error: ToolError) -> Self {
        Self::new(Stage::Preflight, error.reason_code(), error.to_string())
    }
}

/// Dumps a database and measures its content in the same snapshot.
///
/// Cost: one pass of `pg_dump`, one pass over all rows, and one more over the dump's bytes to hash them. In key order
/// memory does not grow with the tables; of a table without a usable key 32 bytes a row lie beside the dump for a while.
///
/// # Errors
/// [`DumpError`]; no file that was made here is left then.
pub fn attested_dump(connection: &Connection, request: &DumpRequest<'_>) -> Result<Dumped, DumpError> {
    let paths = [request.dump_path, request.globals_path, request.ranges_path];
    for (place, path) in paths.iter().enumerate() {
        if let Err(error) = file::create(path) {
            remove(&paths[..place]);
            return Err(file_error("a file for the dump cannot be created", &error));
        }
    }
    let waited = |error: &DumpError| error.stage != Stage::Snapshot && error.reason_code == "lock-timeout";
    let mut result = dump(connection, request);
    for _ in 1..ATTEMPTS {
        if !result.as_ref().is_err_and(waited) {
            break;
        }
        result = dump(connection, request);
    }
    result.inspect_err(|_| remove(&paths))
}

/// Removes files that were created here, and the folder beside one that is for a dump.
fn remove(paths: &[&Path]) {
    for path in paths {
        let _ = fs::remove_file(path);
    }
    if let Some(dump) = paths.first() {
        let _ = fs::remove_dir_all(folder_beside(dump));
    }
}

/// Where pg_dump writes its files, when it writes many.
fn folder_beside(dump: &Path) -> PathBuf {
    dump.with_extension("files")
}

fn dump(connection: &Connection, request: &DumpRequest<'_>) -> Result<Dumped, DumpError> {
    (request.progress)(Progress::Stage(Stage::Preflight));
    let (facts, version) = preflight::check(connection, request.settings)?;
    (request.progress)(Progress::Stage(Stage::Snapshot));
    let mut snapshot = Snapshot::take(connection, facts.version_num, request.now)
        .map_err(|error| DumpError::snapshot(Stage::Snapshot, &error))?;
    preflight::readable(&snapshot.relations, &facts)?;
    let in_content = |error: SqlError| DumpError::sql(Stage::Content, &error);
    let before = catalog::sequences(snapshot.session()).map_err(in_content)?;
    // From the first lock on others may queue for exclusive ones: every session that will need a share takes it now.
    (request.progress)(Progress::Stage(Stage::Dump));
    let running = pg_dump::Running::start(connection, request, snapshot.id(), (&facts, version))?;
    let further: Result<Vec<Session>, SnapshotError> = (1..request.jobs).map(|_| snapshot.reader()).collect();
    let further = further.map_err(|error| DumpError::snapshot(Stage::Content, &error))?;
    let tables = catalog::tables(snapshot.session()).map_err(in_content)?;
    let omitted = catalog::omitted(snapshot.session()).map_err(in_content)?;
    let schema = fingerprint(snapshot.session()).map_err(in_content)?;
    (request.progress)(Progress::Scope {
        tables: tables.len(),
        bytes: tables.iter().map(|table| table.pages.saturating_mul(8192)).sum(),
    });
    let unwritten = |error| file_error("the ranges of tables cannot be put on disk", &error);
    let ranges = RangesFile::open(request.ranges_path).map_err(unwritten)?;
    let sessions = (snapshot.session(), further);
    let (pg_dump, leaves) = side_by_side(connection, request, running, sessions, (tables, &ranges))?;
    ranges.finish().map_err(unwritten)?;
    let ranges = file::settle(request.ranges_path).map_err(unwritten)?;
    let after = catalog::sequences(snapshot.session()).map_err(in_content)?;
    let settings = snapshot.settings.clone();
    let snapshot_at = snapshot.taken_at;
    snapshot.release().map_err(|error| DumpError::snapshot(Stage::Dump, &error))?;
    let globals = pg_dumpall::run(connection, request.globals_path, &facts)?;
    let measured = |leaf: &ContentLeaf| matches!(leaf, ContentLeaf::Table { .. }).then(|| leaf.rows_and_root().0);
    Ok(Dumped {
        snapshot_at,
        content_root: content_root(&leaves).map_err(|error| DumpError::rows(&error))?,
        tables: leaves.iter().filter_map(measured).count() as u64,
        rows: leaves.iter().filter_map(measured).sum(),
        leaves,
        omitted,
        sequences: content::sequences(&before, &after),
        session: settings,
        server: facts.server(),
        tls: facts.tls.clone(),
        warnings: pg_dump.warnings.into_iter().chain(globals.warnings).collect(),
        pg_dump: pg_dump.process,
        schema,
        plain: pg_dump.plain,
        globals: globals.plain,
        ranges,
        facts,
    })
}

/// Reads the rows while pg_dump runs; when one fails the other is stopped.
fn side_by_side(
    connection: &Connection,
    request: &DumpRequest<'_>,
    mut running: pg_dump::Running,
    (first, mut further): (&mut Session, Vec<Session>),
    (tables, ranges): (Vec<catalog::Table>, &RangesFile),
) -> Result<(pg_dump::Finished, Vec<ContentLeaf>), DumpError> {
    let stop = AtomicBool::new(false);
    let (key, progress, cancel) = (request.row_key, request.progress, request.cancel);
    let throttle = Throttle::new(request.settings.max_rate);
    let scratch = request.dump_path.parent().unwrap_or(Path::new("."));
    let reading = Reading { key, progress, stop: &stop, cancel, ranges: Some(ranges), scratch, throttle: &throttle };
    thread::scope(|scope| {
        let rows = scope.spawn(|| {
            let leaves = reading.leaves(first, &mut further, tables);
            if leaves.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            leaves
        });
        let dumped = running.finish(connection, request, &stop);
        if dumped.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        let leaves =
            rows.join().map_err(|_| DumpError::new(Stage::Content, "bug", "the reader of rows ended oddly"))?;
        match (dumped, leaves) {
            // The reader was only stopped because pg_dump failed, or the other way round: name the cause.
            (Err(error), Err(ContentError::Stopped) | Ok(_)) => Err(error),
            (_, Err(error)) => Err(DumpError::content(&error)),
            (Ok(dumped), Ok(leaves)) => Ok((dumped, leaves)),
        }
    })
}

/// Tells a full disk from other trouble with files.
pub(crate) fn file_error(what: &str, error: &io::Error) -> DumpError {
    DumpError::new(Stage::Dump, file_reason(error), format!("{what}: {error}"))
}

/// A stable word for trouble with files.
pub(crate) fn file_reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "disk-full",
        io::ErrorKind::AlreadyExists => "file-exists",
        _ => "file-error",
    }
}
