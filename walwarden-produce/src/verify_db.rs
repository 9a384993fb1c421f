//! Whether a database has the content that a backup's statement attests: all rows read again, in one snapshot.
//!
//! Nothing is written, in the database or in the vault. Anybody who has the statement, the row key K and a connection
//! can do it; the auditor too.

use std::{path::Path, sync::atomic::AtomicBool};

use walwarden_core::{
    Digest, Time,
    dsse::Envelope,
    handover::Handover,
    registry::Versions,
    rows::{ContentLeaf, RowKey, content_root},
    statement::{Backup, Statement, key_registry::Use},
};

use crate::{
    dump::{DumpError, Progress, throttle::Throttle},
    error::ProduceError,
    files,
    postgres::{
        Connection, Session, SqlError,
        catalog::{self, Table},
        ranges::{self, KeyRange, TableRanges},
        rows::{ContentError, Reading},
        snapshot::Snapshot,
    },
    restore::compare::{Expected, matched, totals},
};

/// How the content is read.
pub struct ContentRequest<'a> {
    /// What the statement says.
    pub expected: Expected<'a>,
    /// K of the backup.
    pub row_key: &'a RowKey,
    /// Gives the ranges of tables, as far as they are at hand; asked for those that differ.
    pub ranges: &'a dyn Fn(&[&ContentLeaf]) -> Vec<TableRanges>,
    /// A folder for what does not fit into memory.
    pub scratch: &'a Path,
    /// Sessions that read rows at the same time.
    pub jobs: usize,
    /// The clock.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Told now and then how far the work is.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Set by another thread to stop early.
    pub cancel: &'a AtomicBool,
}

/// What a database holds, beside what it should hold.
#[derive(Debug, Clone)]
pub struct Content {
    /// When the snapshot was taken.
    pub snapshot_at: Time,
    /// The content root.
    pub root: Digest,
    /// Tables that are equal.
    pub tables_equal: u64,
    /// Tables in the statement.
    pub tables_expected: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows in the statement.
    pub rows_expected: u64,
    /// Tables that differ, are missing or were not expected: `schema.name`.
    pub mismatches: Vec<String>,
    /// Where in tables that differ, as far as their ranges are at hand.
    pub narrowed: Vec<Narrowed>,
    /// Whether the same things are left out.
    pub omitted_equal: bool,
}

/// Where in a table rows differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// `schema.name`.
    pub table: String,
    /// Columns of its key.
    pub key: Vec<String>,
    /// By key; the columns differ, not the rows, where there is none.
    pub ranges: Vec<KeyRange>,
}

impl Content {
    /// Whether it is the content of the statement, and any at all (`spec:rows-12`).
    #[must_use]
    pub fn is_equal(&self, expected: &Expected<'_>) -> bool {
        self.root == expected.content_root
            && self.omitted_equal
            && self.mismatches.is_empty()
            && self.tables_expected > 0
    }
}

/// Reads a database and compares.
///
/// # Errors
/// It cannot be read.
pub fn verify_db(connection: &Connection, request: &ContentRequest<'_>) -> Result<Content, ProduceError> {
    let failed = |error: &dyn std::fmt::Display| {
        ProduceError::Dump(DumpError::new(crate::dump::Stage::Content, "content-not-read", error.to_string()))
    };
    let facts = connection.server_facts().map_err(ProduceError::Database)?;
    let mut snapshot = Snapshot::take(connection, facts.version_num, request.now).map_err(|error| failed(&error))?;
    let further = (1..request.jobs).map(|_| snapshot.reader()).collect::<Result<Vec<_>, _>>();
    let mut further = further.map_err(|error| failed(&error))?;
    let sql = |error: SqlError| ProduceError::Database(error);
    let tables = catalog::tables(snapshot.session()).map_err(sql)?;
    let omitted = catalog::omitted(snapshot.session()).map_err(sql)?;
    let stop = AtomicBool::new(false);
    let (key, progress, cancel) = (request.row_key, request.progress, request.cancel);
    let (scratch, throttle) = (request.scratch, &Throttle::new(None));
    let reading = Reading { key, progress, stop: &stop, cancel, ranges: None, scratch, throttle };
    let leaves = reading.leaves(snapshot.session(), &mut further, tables.clone()).map_err(|error| failed(&error))?;
    let narrowed = narrowed(&reading, snapshot.session(), (&tables, &leaves), request).map_err(|e| failed(&e))?;
    let snapshot_at = snapshot.taken_at;
    snapshot.release().map_err(|error| failed(&error))?;
    let (tables_equal, mismatches) = matched(request.expected.leaves, &leaves);
    let (tables_expected, rows_expected) = totals(request.expected.leaves);
    Ok(Content {
        snapshot_at,
        root: content_root(&leaves).map_err(|error| failed(&error))?,
        tables_equal,
        tables_expected,
        rows: totals(&leaves).1,
        rows_expected,
        mismatches,
        narrowed,
        omitted_equal: omitted == request.expected.omitted,
    })
}

/// Reads those tables again that differ, where their ranges make the attested root, and names the ranges that differ.
fn narrowed(
    reading: &Reading<'_>,
    session: &mut Session,
    (tables, leaves): (&[Table], &[ContentLeaf]),
    request: &ContentRequest<'_>,
) -> Result<Vec<Narrowed>, ContentError> {
    let mut found = Vec::new();
    let differ: Vec<&ContentLeaf> = request.expected.leaves.iter().filter(|leaf| !leaves.contains(leaf)).collect();
    let attested = if differ.is_empty() { Vec::new() } else { (request.ranges)(&differ) };
    for expected in differ {
        let (_, schema, name) = expected.place();
        let table = tables.iter().find(|table| (table.schema.as_str(), table.name.as_str()) == (schema, name));
        let ranges = attested.iter().find(|ranges| ranges.is_of(expected));
        let (Some(table), Some(ranges), ContentLeaf::Table { key, .. }) = (table, ranges, expected) else { continue };
        if table.key.iter().map(|column| &column.name).eq(key) {
            let ranges = ranges::differing(reading, session, table, ranges)?;
            found.push(Narrowed { table: format!("{schema}.{name}"), key: key.clone(), ranges });
        }
    }
    Ok(found)
}

/// A statement outside of a vault, as an auditor holds it.
#[derive(Debug)]
pub struct Manifest {
    /// What it says.
    pub statement: Statement<Backup>,
    /// The key that signed it.
    pub keyid: String,
}

/// Reads a manifest: an envelope, the registry's versions, and the pins that anchor them. Whether its key was in force
/// where the backup's entry stands is for a verifier of the whole chain to say.
///
/// # Errors
/// Why it is not to be believed, for people.
pub fn manifest(file: &Path, registry: &Path, trust: &Path) -> Result<Manifest, String> {
    let read = |path: &Path| files::read(path).map_err(|error| error.to_string());
    let told = |what: &'static str| move |error: &dyn std::fmt::Display| format!("{what}: {error}");
    let envelope = read(file)?;
    let envelope =
        Envelope::parse(envelope.strip_suffix(b"\n").unwrap_or(&envelope)).map_err(|e| told("the manifest")(&e))?;
    let lines = read(registry)?;
    let lines = walwarden_core::bundle::lines(&lines).filter_map(Result::ok);
    let versions = Versions::parse(lines).map_err(|e| told("the registry")(&e))?;
    let handover = Handover::parse(&read(trust)?).map_err(|e| told("the handover")(&e))?;
    versions.anchored_by(&handover.pins()).map_err(|e| told("the registry")(&e))?;
    let keys: Vec<_> = versions
        .all()
        .iter()
        .flat_map(|version| &version.registry.keys)
        .filter(|key| key.uses.contains(&Use::Backup))
        .map(|key| key.jwk)
        .collect();
    let keyid = envelope.signatures.first().map(|signed| signed.keyid.to_string()).unwrap_or_default();
    let authentic = envelope.verify(&keys, 1).map_err(|e| told("the manifest")(&e))?;
    let statement = Statement::<Backup>::parse(authentic).map_err(|e| told("the manifest")(&e))?;
    Ok(Manifest { statement, keyid })
}
