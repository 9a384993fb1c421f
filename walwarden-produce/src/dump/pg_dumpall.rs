//! Roles and tablespaces, which no `pg_dump` holds; their passwords stay where they are.

use std::path::Path;

use walwarden_core::statement::Bytes;

use super::{
    DumpError, file, file_error,
    pg_dump::{child_error, command, spawn},
};
use crate::postgres::{Connection, Program, ServerFacts};

/// What pg_dumpall left.
pub(super) struct Globals {
    /// The file.
    pub(super) plain: Bytes,
    /// Lines on standard error, redacted.
    pub(super) warnings: Vec<String>,
}

/// Writes roles and tablespaces to a file that is there already.
pub(super) fn run(connection: &Connection, path: &Path, facts: &ServerFacts) -> Result<Globals, DumpError> {
    let mut command = command(connection, Program::PgDumpall, facts.major())?;
    command.args(["--globals-only", "--no-role-passwords", "--no-password"]);
    // It connects to `postgres` otherwise, which may be closed to this role.
    command.arg("--database").arg(&facts.database).arg("--file").arg(path);
    let (mut child, stderr) = spawn(command, Program::PgDumpall)?;
    let status = child.wait().map_err(|error| file_error("pg_dumpall cannot be waited for", &error))?;
    let text = connection.redact(&String::from_utf8_lossy(&stderr.join().unwrap_or_default()));
    if !status.success() {
        return Err(child_error(Program::PgDumpall, status, &text));
    }
    let plain = file::settle(path).map_err(|error| file_error("the roles cannot be put on disk", &error))?;
    Ok(Globals { plain, warnings: text.lines().map(str::to_owned).collect() })
}
