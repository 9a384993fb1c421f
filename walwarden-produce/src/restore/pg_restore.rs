//! `pg_restore` into an empty database, with what the archive takes for granted made first.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use crate::postgres::{
    Connection, Program, Session, SqlError, Tools,
    catalog::texts,
    quote::{quote_ident, quote_literal},
    tools::major_of,
};

/// Why an archive did not come back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// A statement failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// pg_restore cannot be run, or a file not be read.
    #[error("{0}")]
    Io(String),
    /// No installed pg_restore reads what a newer pg_dump wrote.
    #[error("pg_restore {installed} cannot read an archive of pg_dump {archive}")]
    TooOld {
        /// The newest that is installed.
        installed: u32,
        /// What the archive needs.
        archive: u32,
    },
    /// The one that reads the archive does not speak to a server as old as this.
    #[error("pg_restore {installed}, which the archive needs, restores into servers of {SINCE} and later only")]
    ServerTooOld {
        /// The version that the archive needs.
        installed: u32,
    },
    /// The target does not offer what the archive needs.
    #[error("the target has no extension {0}")]
    ExtensionsMissing(String),
    /// pg_restore ended with an error.
    #[error("pg_restore failed with exit code {exit_code}: {said}")]
    Failed {
        /// Its exit code.
        exit_code: i32,
        /// Its first complaint, without row contents.
        said: String,
    },
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
}

/// The version from which pg_restore sets `transaction_timeout`, which no server before it knows.
const SINCE: u32 = 17;

/// The oldest server that takes an archive of a source like this one: the source's own version, unless a newer pg_dump
/// has made it.
#[must_use]
pub fn server_for(source: Option<u32>, pg_dump_version: &str) -> Option<u32> {
    let least = if major_of(pg_dump_version)? >= SINCE { SINCE } else { 0 };
    source.map(|source| source.max(least))
}

/// The `pg_restore` that reads an archive and speaks to a server: the nearest to the `pg_dump` that made it.
///
/// # Errors
/// None does both, or none is installed.
pub fn program(tools: &Tools, pg_dump_version: &str, server: u32) -> Result<PathBuf, RestoreError> {
    let unstated = || RestoreError::Io(format!("{pg_dump_version:?} is no version of pg_dump"));
    let archive = major_of(pg_dump_version).ok_or_else(unstated)?;
    let (_, installed) = tools.version_for_major(Program::PgRestore, archive).map_err(SqlError::Tool)?;
    if installed < archive {
        return Err(RestoreError::TooOld { installed, archive });
    }
    if installed >= SINCE && server < SINCE {
        return Err(RestoreError::ServerTooOld { installed });
    }
    Ok(tools.find_for_major(Program::PgRestore, archive).map_err(SqlError::Tool)?)
}

/// Creates the roles that policies and mappings name, without any right. Returns how many were made.
///
/// # Errors
/// [`RestoreError`].
pub fn stub_roles(session: &mut Session, globals: &Path) -> Result<usize, RestoreError> {
    let text = fs::read(globals).map_err(|error| RestoreError::Io(format!("the roles cannot be read: {error}")))?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let known: Vec<String> =
        texts::<1>(session, "SELECT rolname FROM pg_roles")?.into_iter().map(|[name]| name).collect();
    let wanted = text.lines().filter_map(|line| identifier(line.strip_prefix("CREATE ROLE ")?.strip_suffix(';')?));
    let mut made = 0;
    for name in wanted.filter(|name| !known.contains(name)) {
        session.run(&format!("CREATE ROLE {} NOLOGIN", quote_ident(&name)))?;
        made += 1;
    }
    Ok(made)
}

/// Undoes the quotes of an identifier.
fn identifier(text: &str) -> Option<String> {
    match text.strip_prefix('"') {
        Some(inner) => Some(inner.strip_suffix('"')?.replace("\"\"", "\"")),
        None => (!text.is_empty() && !text.contains([' ', '"'])).then(|| text.into()),
    }
}

/// Names the extensions of an archive and refuses those that the target does not offer.
///
/// # Errors
/// [`RestoreError::ExtensionsMissing`] with all their names.
pub fn extensions(session: &mut Session, pg_restore: &Path, archive: &Path) -> Result<Vec<String>, RestoreError> {
    let output = Command::new(pg_restore).arg("--list").arg(archive).env("LC_ALL", "C").output();
    let output = output.map_err(|error| RestoreError::Io(format!("pg_restore does not start: {error}")))?;
    if !output.status.success() {
        let said = first_complaint(&String::from_utf8_lossy(&output.stderr));
        return Err(RestoreError::Failed { exit_code: output.status.code().unwrap_or(-1), said });
    }
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    // 2; 3079 16385 EXTENSION - citext
    let names: Vec<String> = list
        .lines()
        .filter(|line| !line.starts_with(';'))
        .filter_map(|line| line.split_once(" EXTENSION - "))
        .map(|(_, name)| name.trim().to_owned())
        .collect();
    let mut missing = Vec::new();
    for name in &names {
        let ask = format!("SELECT count(*)::text FROM pg_available_extensions WHERE name = {}", quote_literal(name));
        let [count] = session.one(&ask)?;
        if count == "0" {
            missing.push(name.clone());
        }
    }
    if missing.is_empty() { Ok(names) } else { Err(RestoreError::ExtensionsMissing(missing.join(", "))) }
}

/// Restores an archive, without owners and privileges, and stops at the first error.
///
/// # Errors
/// [`RestoreError`].
pub fn restore(
    connection: &Connection,
    (pg_restore, archive): (&Path, &Path),
    jobs: usize,
    cancel: &AtomicBool,
) -> Result<(), RestoreError> {
    let mut command = connection.prepared(Command::new(pg_restore));
    command.args(["--exit-on-error", "--no-owner", "--no-privileges", "--no-tablespaces", "--no-password"]);
    // A restored subscription would be disabled; the test has no business with other servers at all.
    command.arg("--no-subscriptions").arg(format!("--jobs={}", jobs.max(1))).arg(archive);
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| RestoreError::Io(format!("pg_restore does not start: {error}")))?;
    let stderr = child.stderr.take();
    let reader = thread::spawn(move || stderr.map(io::read_to_string).and_then(Result::ok).unwrap_or_default());
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if cancel.load(Ordering::Relaxed) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(RestoreError::Stopped);
            }
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            Err(error) => {
                return Err(RestoreError::Io(format!("pg_restore cannot be waited for: {error}")));
            }
        }
    };
    let said = connection.redact(&reader.join().unwrap_or_default());
    if status.success() {
        return Ok(());
    }
    Err(RestoreError::Failed { exit_code: status.code().unwrap_or(-1), said: first_complaint(&said) })
}

/// The first line that says what is wrong. What may quote a value of a row is cut off: this text is recorded.
fn first_complaint(stderr: &str) -> String {
    let mut lines = stderr.lines().map(str::trim);
    let line = lines.find(|line| line.contains("error:") || line.contains("ERROR")).unwrap_or("it gave no reason");
    let line = line.trim_start_matches("pg_restore: ").trim_start_matches("error: ");
    let quotes_a_value = line.contains("COPY failed") || line.contains("invalid input");
    let cut = if quotes_a_value { line.rfind(": \"").unwrap_or(line.len()) } else { line.len() };
    line.chars().take(line[..cut].chars().count().min(300)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_quote_no_value() {
        let said = "pg_restore: from TOC entry 3; ..\npg_restore: error: COPY failed for table \"t\": ERROR:  invalid \
                    input syntax for type integer: \"secret\"\nCONTEXT:  COPY t, line 1: \"secret\"\n";
        assert_eq!(first_complaint(said), "COPY failed for table \"t\": ERROR:  invalid input syntax for type integer");
        assert_eq!(identifier("\"My \"\"role\""), Some("My \"role".into()));
        assert_eq!((identifier("app"), identifier("a b")), (Some("app".into()), None));
    }
}
