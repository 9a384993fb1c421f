//! What is looked at in a restored database besides its rows.

use std::{collections::BTreeMap, process::Stdio, sync::OnceLock, time::Instant};

use walwarden_core::{
    Digest,
    statement::{
        backup,
        restore_test::{Amcheck, SequencesSeen, Smoke},
    },
};

use crate::postgres::{
    Connection, Program, Session, SqlError,
    catalog::{self, Sequence, texts},
    quote::{quote_ident, quote_qualified},
};

/// A query of the policy that must give one row `true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokeQuery {
    /// Its name.
    pub name: String,
    /// One statement.
    pub sql: String,
}

/// Indexes that are not valid, by name. A restore makes none of these: pg_dump leaves out the source's own.
///
/// Constraints that were not validated are in the portable fingerprint, and so are equal to the source's or named there.
///
/// # Errors
/// [`SqlError`].
pub fn invalid_indexes(session: &mut Session) -> Result<Vec<String>, SqlError> {
    // Of a partitioned table an index is valid once every partition has its own, in the source as here.
    let query = "SELECT n.nspname || '.' || x.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_namespace n ON n.oid = x.relnamespace \
         WHERE c.relkind <> 'p' AND n.nspname !~ '^pg_' AND NOT (i.indisvalid AND i.indisready AND i.indislive) ORDER BY 1";
    Ok(texts::<1>(session, query)?.into_iter().map(|[name]| name).collect())
}

/// Applies the sequence rule: each attested sequence is there and stands between its values before and after the dump.
///
/// # Errors
/// [`SqlError`].
pub fn sequences(session: &mut Session, attested: &[backup::Sequence]) -> Result<SequencesSeen, SqlError> {
    let found = catalog::sequences(session)?;
    let found: BTreeMap<_, _> = found.iter().map(|one| ((&one.schema, &one.name), one)).collect();
    let mut failed = Vec::new();
    for expected in attested {
        let here = found.get(&(&expected.schema, &expected.name)).copied();
        let name = format!("{}.{}", expected.schema, expected.name);
        match here {
            Some(here) if between(here, expected) && covers(session, here, expected)? => {}
            _ => failed.push(name),
        }
    }
    Ok(SequencesSeen { ok: failed.is_empty(), failed })
}

/// `before <= restored <= after` in the direction in which the sequence counts.
fn between(here: &Sequence, expected: &backup::Sequence) -> bool {
    let (Ok(before), Ok(after)) = (expected.before.parse::<i128>(), expected.after.parse::<i128>()) else {
        return false;
    };
    let direction = i128::from(here.increment.signum());
    let [low, value, high] = [before, here.position, after].map(|position| position * direction);
    match (low <= high, here.cycles) {
        (true, _) => low <= value && value <= high,
        // It began again during the dump.
        (false, true) => low <= value || value <= high,
        // It was set back during the dump.
        (false, false) => high <= value && value <= low,
    }
}

/// A sequence must not lie below the column it feeds, unless it did so in the source: then `before` shows it.
fn covers(session: &mut Session, here: &Sequence, expected: &backup::Sequence) -> Result<bool, SqlError> {
    let Some((schema, table, column)) = &here.owner else {
        return Ok(true);
    };
    let extreme = if here.increment > 0 { "max" } else { "min" };
    let from = quote_qualified(schema, table);
    let query = format!("SELECT coalesce({extreme}({})::numeric::text, '') FROM {from}", quote_ident(column));
    let [value] = session.one(&query)?;
    let (Ok(value), Ok(before)) = (value.parse::<i128>(), expected.before.parse::<i128>()) else {
        return Ok(true);
    };
    let direction = i128::from(here.increment.signum());
    let was_below = before * direction < value * direction;
    Ok(was_below || here.position * direction >= value * direction)
}

/// The server's process of a session that another thread may have to end: one statement can take hours.
#[derive(Debug, Default)]
pub struct Backend(OnceLock<u32>);

impl Backend {
    /// Ends it, where it is known. That it is gone already is no error.
    pub fn end(&self, connection: &Connection) {
        if let Some(pid) = self.0.get() {
            let _ = Session::open(connection)
                .and_then(|mut session| session.rows(&format!("SELECT pg_terminate_backend({pid})")).map(drop));
        }
    }
}

/// Checks heaps and B-trees with `amcheck` where the server has it. Says what is corrupt.
///
/// # Errors
/// [`SqlError`] that is not a finding of corruption, also when `backend` was ended.
pub fn amcheck(connection: &Connection, backend: &Backend) -> Result<(Amcheck, Option<String>), SqlError> {
    let mut session = Session::open(connection)?;
    let [pid] = session.one("SELECT pg_backend_pid()::text")?;
    let pid = pid.parse().map_err(|_| SqlError::Answer("a process id that is no number".into()))?;
    backend.0.get_or_init(|| pid);
    let [available] = session.one("SELECT count(*)::text FROM pg_available_extensions WHERE name = 'amcheck'")?;
    if available == "0" {
        return Ok((Amcheck::Absent, None));
    }
    // Event triggers of the restored database have no say in this, and nothing of it stays: the session ends with the
    // transaction open. A role that may not do it has no amcheck.
    let make = "BEGIN; SET LOCAL session_replication_role TO replica; \
                CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA pg_catalog";
    match session.run(make) {
        Err(error) if error.sqlstate() == Some("42501") => return Ok((Amcheck::Absent, None)),
        made => made?,
    }
    match check_each(&mut session) {
        Ok(None) => Ok((Amcheck::Ok, None)),
        Ok(Some(corrupt)) => Ok((Amcheck::Failed, Some(corrupt))),
        // bt_index_check reports corruption as an error of these classes.
        Err(error) if matches!(error.sqlstate(), Some("XX001" | "XX002")) => {
            Ok((Amcheck::Failed, Some(error.to_string())))
        }
        Err(error) => Err(error),
    }
}

fn check_each(session: &mut Session) -> Result<Option<String>, SqlError> {
    // Wherever it was installed before, and only what this version of it has.
    let functions = "SELECT p.proname, n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
         JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' \
         JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'amcheck'";
    let functions = texts::<2>(session, functions)?;
    let function = |name: &str| {
        let found = functions.iter().find(|[function, _]| function == name);
        found.map(|[function, schema]| quote_qualified(schema, function))
    };
    let (heap, index) = (function("verify_heapam"), function("bt_index_check"));
    let relations = "SELECT c.oid::text, c.relkind::text, n.nspname || '.' || c.relname FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = c.relam \
         LEFT JOIN pg_index i ON i.indexrelid = c.oid \
         WHERE (c.relkind IN ('r', 'm') AND m.amname = 'heap' OR c.relkind = 'i' AND m.amname = 'btree' \
         AND i.indisvalid AND i.indisready) AND c.relpersistence <> 't' \
         AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ORDER BY 3";
    for [oid, kind, name] in texts::<3>(session, relations)? {
        let query = match (kind.as_str(), &heap, &index) {
            // The rows of the index itself were read by the content root only through the heap.
            ("i", _, Some(check)) => {
                format!("SELECT count({check}({oid}::oid::regclass, true)) - 1")
            }
            ("r" | "m", Some(check), _) => {
                format!("SELECT count(*)::text FROM {check}({oid}::oid::regclass)")
            }
            _ => continue,
        };
        let [problems] = session.one(&query)?;
        if problems != "0" {
            return Ok(Some(format!("{name}: {problems} problems")));
        }
    }
    Ok(None)
}

/// Runs the policy's queries; each passes when it gives the one value `true`.
#[must_use]
pub fn smoke(connection: &Connection, queries: &[SmokeQuery]) -> Vec<Smoke> {
    queries.iter().map(|query| one_smoke(connection, query)).collect()
}

fn one_smoke(connection: &Connection, query: &SmokeQuery) -> Smoke {
    let began = Instant::now();
    let (exit_code, output) = answer(connection, &query.sql);
    Smoke {
        name: query.name.clone(),
        cmd_sha256: Digest::of(query.sql.as_bytes()),
        exit_code,
        seconds: i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX),
        output_sha256: Digest::of(output.as_bytes()),
    }
}

/// 0 for the one answer `true`, 1 for another, else psql's exit code; and what was printed.
fn answer(connection: &Connection, sql: &str) -> (i64, String) {
    // As an argument and not on standard input: there psql would obey backslash commands in the middle of it.
    if sql.trim_start().starts_with('\\') {
        return (2, "a backslash command is no query".into());
    }
    let Ok(mut command) = connection.command(Program::Psql) else {
        return (2, "psql was not found".into());
    };
    command.args(["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1"]);
    command.args(["-c", "SET search_path TO public; SET default_transaction_read_only TO on", "-c", sql]);
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
            (i64::from(text != "t"), text)
        }
        Ok(output) => {
            let text = connection.redact(&String::from_utf8_lossy(&output.stderr));
            (output.status.code().map_or(2, i64::from).max(1), text)
        }
        Err(error) => (2, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(increment: i64, cycles: bool, before: i128, position: i128, after: i128) -> bool {
        let here = Sequence { schema: "s".into(), name: "q".into(), increment, cycles, owner: None, position };
        let expected = backup::Sequence {
            schema: "s".into(),
            name: "q".into(),
            before: before.to_string(),
            after: after.to_string(),
        };
        between(&here, &expected)
    }

    #[test]
    fn a_restored_sequence_lies_between() {
        assert!(judged(1, false, 5, 5, 5) && judged(1, false, 5, 7, 9));
        assert!(!judged(1, false, 5, 4, 9) && !judged(1, false, 5, 10, 9));
        assert!(judged(-1, false, -5, -7, -9) && !judged(-1, false, -5, -4, -9));
        assert!(judged(1, true, 9, 1, 2) && !judged(1, true, 9, 5, 2));
        assert!(judged(1, false, 9, 5, 2) && !judged(1, false, 9, 1, 2));
    }
}
