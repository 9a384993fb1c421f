//! PostgreSQL's programs: where they are and which version they have.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A program of PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// SQL sessions.
    Psql,
    /// Dumps.
    PgDump,
    /// Roles and tablespaces.
    PgDumpall,
    /// Restores.
    PgRestore,
    /// Makes a cluster.
    Initdb,
    /// The server.
    Postgres,
}

impl Program {
    /// The file's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Psql => "psql",
            Self::PgDump => "pg_dump",
            Self::PgDumpall => "pg_dumpall",
            Self::PgRestore => "pg_restore",
            Self::Initdb => "initdb",
            Self::Postgres => "postgres",
        }
    }

    const fn reason_code(self) -> &'static str {
        match self {
            Self::Psql => "psql-missing",
            Self::PgDump => "pg-dump-missing",
            Self::PgDumpall => "pg-dumpall-missing",
            Self::PgRestore => "pg-restore-missing",
            Self::Initdb => "initdb-missing",
            Self::Postgres => "postgres-missing",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where PostgreSQL's programs are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tools {
    /// Only here, where given; else the newest installed version, then `PATH`.
    pub bin_dir: Option<PathBuf>,
}

/// A program is missing or does not say its version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// Not found.
    #[error("{0} was not found among the installed PostgreSQL programs")]
    Missing(Program),
    /// It does not answer `--version`.
    #[error("{0} does not state its version")]
    Version(Program),
}

impl ToolError {
    /// A stable word for the record.
    #[must_use]
    pub const fn reason_code(&self) -> &'static str {
        match self {
            Self::Missing(program) => program.reason_code(),
            Self::Version(_) => "tool-version-unreadable",
        }
    }
}

impl Tools {
    /// The path of a program.
    ///
    /// Debian's `/usr/bin/pg_dump` is a wrapper that picks a version by local clusters, hence versioned folders first.
    ///
    /// # Errors
    /// [`ToolError::Missing`].
    pub fn find(&self, program: Program) -> Result<PathBuf, ToolError> {
        let folders = match &self.bin_dir {
            Some(folder) => vec![folder.clone()],
            None => installed().into_iter().map(|(_, folder)| folder).chain(search_path()).collect(),
        };
        first_with(&folders, program).ok_or(ToolError::Missing(program))
    }

    /// The path of a program of one major version; else the nearest newer one.
    ///
    /// Not simply the newest: an archive of pg_dump 17 or later comes back into servers of 17 and later only.
    ///
    /// # Errors
    /// [`ToolError::Missing`].
    pub fn find_for_major(&self, program: Program, major: u32) -> Result<PathBuf, ToolError> {
        let mut folders = installed();
        folders.sort_by_key(|(version, _)| (*version < major, version.abs_diff(major)));
        match &self.bin_dir {
            None => first_with(&folders.into_iter().map(|(_, folder)| folder).collect::<Vec<_>>(), program)
                .map_or_else(|| self.find(program), Ok),
            Some(_) => self.find(program),
        }
    }

    /// What `--version` prints, and the major version in it.
    ///
    /// # Errors
    /// [`ToolError`] when the program is missing or prints no version.
    pub fn version(&self, program: Program) -> Result<(String, u32), ToolError> {
        version_of(program, &self.find(program)?)
    }

    /// As [`Tools::version`], of the program that [`Tools::find_for_major`] finds.
    ///
    /// # Errors
    /// [`ToolError`] when the program is missing or prints no version.
    pub fn version_for_major(&self, program: Program, major: u32) -> Result<(String, u32), ToolError> {
        version_of(program, &self.find_for_major(program, major)?)
    }
}

fn version_of(program: Program, path: &Path) -> Result<(String, u32), ToolError> {
    let output = Command::new(path).arg("--version").output().map_err(|_| ToolError::Missing(program))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = major_of(&text).ok_or(ToolError::Version(program))?;
    Ok((text, major))
}

/// The major version in `pg_dump (PostgreSQL) 15.18 (Debian ..)`.
pub(crate) fn major_of(text: &str) -> Option<u32> {
    let number = text.split(") ").nth(1)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn first_with(folders: &[PathBuf], program: Program) -> Option<PathBuf> {
    folders.iter().map(|folder| folder.join(program.name())).find(|path| path.is_file())
}

/// Folders of installed versions, newest first: Debian, the PGDG packages of Red Hat and SUSE, Homebrew.
fn installed() -> Vec<(u32, PathBuf)> {
    let places: [(&str, &str); 4] = [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/usr/local/opt", "postgresql@"),
        ("/opt/homebrew/opt", "postgresql@"),
    ];
    let mut found: Vec<(u32, PathBuf)> = places.iter().flat_map(|(base, prefix)| versions(base, prefix)).collect();
    found.sort_by(|a, b| b.cmp(a));
    found
}

fn versions(base: &str, prefix: &str) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(Path::new(base)).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let major = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .collect()
}

fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major_of("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major_of("psql (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("what"), None);
    }

    #[test]
    fn a_named_folder_is_the_only_one_searched() {
        let tools = Tools { bin_dir: Some("/nonexistent".into()) };
        assert_eq!(tools.find(Program::PgDump), Err(ToolError::Missing(Program::PgDump)));
        assert_eq!(ToolError::Missing(Program::PgDump).reason_code(), "pg-dump-missing");
    }
}
