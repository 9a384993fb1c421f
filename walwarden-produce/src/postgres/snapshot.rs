//! One exported snapshot for the dump and for every reader of rows.
//!
//! Order matters: the tables are listed, then locked in a new `REPEATABLE READ` transaction (a lock takes no snapshot),
//! then the first query takes the snapshot and lists again. A table that was created, dropped or truncated in between is
//! thus either in both lists with its rows, or a reason to begin again; locked after the snapshot, a truncated table
//! would read as empty.

use std::collections::BTreeMap;

use walwarden_core::Time;

use super::{
    catalog::{self, Relation},
    connection::Connection,
    quote::{quote_ident, quote_literal, quote_qualified},
    session::{Session, SqlError},
};

/// Settings that decide how values are written, and those that end sessions early: name, value, first server version.
pub const PINS: [(&str, &str, u32); 15] = [
    // First: it changes how search_path itself reads back.
    ("quote_all_identifiers", "off", 0),
    ("DateStyle", "ISO, YMD", 0),
    ("IntervalStyle", "postgres", 0),
    ("TimeZone", "UTC", 0),
    ("extra_float_digits", "3", 0),
    ("bytea_output", "hex", 0),
    ("lc_monetary", "C", 0),
    ("search_path", "pg_catalog", 0),
    ("client_encoding", "UTF8", 0),
    ("row_security", "off", 0),
    ("statement_timeout", "0", 0),
    ("lock_timeout", "30s", 0),
    ("idle_in_transaction_session_timeout", "0", 0),
    ("idle_session_timeout", "0", 140_000),
    ("transaction_timeout", "0", 170_000),
];

/// How long a lock is waited for that a session of ours has already: only who waits for us can be in the way.
pub(crate) const SHARED_LOCK_MILLISECONDS: u32 = 2000;

/// How often listing and locking is tried while tables come and go.
const ATTEMPTS: u32 = 5;
/// Tables locked by one statement.
const LOCKED_AT_ONCE: usize = 200;

/// A snapshot that is held open.
#[derive(Debug)]
pub struct Snapshot {
    session: Session,
    connection: Connection,
    version_num: u32,
    id: String,
    /// A time before which nothing of the snapshot was committed too late to be in it.
    pub taken_at: Time,
    /// The pinned settings as read back.
    pub settings: BTreeMap<String, String>,
    /// All tables locked.
    pub relations: Vec<Relation>,
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// Tables kept being created and dropped.
    #[error("tables were created or dropped each time they were about to be locked")]
    TablesChange,
    /// A pinned setting does not read back.
    #[error("the setting {name} reads {found} after it was set to {expected}")]
    SettingLost {
        /// Which.
        name: &'static str,
        /// As set.
        expected: &'static str,
        /// As read.
        found: String,
    },
}

impl SnapshotError {
    /// A stable word for the record.
    #[must_use]
    pub fn reason_code(&self) -> &'static str {
        match self {
            Self::Sql(error) => error.reason_code(),
            Self::TablesChange => "tables-change",
            Self::SettingLost { .. } => "setting-lost",
        }
    }
}

impl Snapshot {
    /// Locks every table and exports a snapshot.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn take(connection: &Connection, version_num: u32, now: &dyn Fn() -> Time) -> Result<Self, SnapshotError> {
        for _ in 0..ATTEMPTS {
            match attempt(connection, version_num, now) {
                Ok(Some(snapshot)) => return Ok(snapshot),
                Ok(None) => {}
                // Dropped between listing and locking.
                Err(SnapshotError::Sql(error)) if matches!(error.sqlstate(), Some("42P01" | "3F000")) => {}
                Err(error) => return Err(error),
            }
        }
        Err(SnapshotError::TablesChange)
    }

    /// The name by which others import it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The session that holds it.
    pub const fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// A further session that sees the same and holds the same locks.
    ///
    /// It locks at once: whoever asks for an exclusive lock from now on waits for us, and a session that came later for
    /// its share would wait behind it, for ever.
    ///
    /// # Errors
    /// [`SnapshotError`].
    pub fn reader(&self) -> Result<Session, SnapshotError> {
        let mut session = Session::open(&self.connection)?;
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        session.run(&format!("SET TRANSACTION SNAPSHOT {}", quote_literal(&self.id)))?;
        session.run(&format!("SET lock_timeout TO {SHARED_LOCK_MILLISECONDS}"))?;
        lock(&mut session, &self.relations)?;
        pin(&mut session, self.version_num)?;
        settings(&mut session, self.version_num)?;
        Ok(session)
    }

    /// Lets go of it, once the dump and all readers are done.
    ///
    /// # Errors
    /// [`SnapshotError`] when the session was lost in the meantime: the locks were gone too, then.
    pub fn release(mut self) -> Result<(), SnapshotError> {
        Ok(self.session.run("COMMIT")?)
    }
}

fn attempt(
    connection: &Connection,
    version_num: u32,
    now: &dyn Fn() -> Time,
) -> Result<Option<Snapshot>, SnapshotError> {
    let mut session = Session::open(connection)?;
    let listed = catalog::relations(&mut session)?;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    pin(&mut session, version_num)?;
    lock(&mut session, &listed)?;
    // Taken before the snapshot: what is committed until then is in it, so a data age counted from here is not too small.
    let taken_at = now();
    let [id] = session.one("SELECT pg_export_snapshot()")?;
    let relations = catalog::relations(&mut session)?;
    if relations != listed {
        return Ok(None);
    }
    let settings = settings(&mut session, version_num)?;
    Ok(Some(Snapshot { session, connection: connection.clone(), version_num, id, taken_at, settings, relations }))
}

fn lock(session: &mut Session, relations: &[Relation]) -> Result<(), SqlError> {
    for some in relations.chunks(LOCKED_AT_ONCE) {
        let names: Vec<String> = some.iter().map(|r| format!("ONLY {}", quote_qualified(&r.schema, &r.name))).collect();
        session.run(&format!("LOCK TABLE {} IN ACCESS SHARE MODE", names.join(", ")))?;
    }
    Ok(())
}

/// A session with a snapshot of its own, pinned: for a database in which nobody else writes.
pub(crate) fn alone(connection: &Connection, version_num: u32) -> Result<Session, SnapshotError> {
    let mut session = Session::open(connection)?;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
    pin(&mut session, version_num)?;
    settings(&mut session, version_num)?;
    Ok(session)
}

fn pins(version_num: u32) -> impl Iterator<Item = (&'static str, &'static str)> {
    PINS.iter().filter(move |(_, _, since)| version_num >= *since).map(|(name, value, _)| (*name, *value))
}

fn pin(session: &mut Session, version_num: u32) -> Result<(), SqlError> {
    let set = |(name, value): (&str, &str)| match name {
        // A list: quoted as one text it would be one strange schema or style.
        "DateStyle" | "search_path" => format!("SET {} TO {value}", quote_ident(name)),
        _ => format!("SET {} TO {}", quote_ident(name), quote_literal(value)),
    };
    let all: Vec<String> = pins(version_num).map(set).collect();
    session.run(&all.join("; "))
}

/// Reads the pins back: a pooler or a server that ignores them is found here, not in a wrong root.
fn settings(session: &mut Session, version_num: u32) -> Result<BTreeMap<String, String>, SnapshotError> {
    let ask: Vec<String> =
        pins(version_num).map(|(name, _)| format!("SELECT {0}, current_setting({0})", quote_literal(name))).collect();
    let found: BTreeMap<String, String> =
        catalog::texts(session, &ask.join(" UNION ALL "))?.into_iter().map(|[name, value]| (name, value)).collect();
    for (name, expected) in pins(version_num) {
        let value = found.get(name).cloned().unwrap_or_default();
        if value != expected {
            return Err(SnapshotError::SettingLost { name, expected, found: value });
        }
    }
    Ok(found)
}
