//! A SQL session: one `psql` child, statements in, `COPY` text out.
//!
//! After each statement psql echoes a line that starts with `\.`. `COPY` text never has such a line (a backslash in data
//! is doubled), so data cannot end an answer early. On an error psql ends (`ON_ERROR_STOP`), and its standard error,
//! with `VERBOSITY verbose`, holds the SQLSTATE.

use std::{
    io::{self, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    thread::{self, JoinHandle},
};

use super::{
    connection::Connection,
    copy,
    tools::{Program, ToolError},
};

/// Bytes read from psql at once.
const CHUNK: usize = 256 << 10;
/// Bytes kept of psql's standard error.
const STDERR_BYTES: usize = 16 << 10;

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// psql is missing.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// psql does not start, or its pipes broke.
    #[error("psql could not be run: {0}")]
    Io(#[from] io::Error),
    /// No connection.
    #[error("no connection: {message}")]
    Connect {
        /// A stable word.
        reason_code: &'static str,
        /// What the server or libpq says, redacted.
        message: String,
    },
    /// The server refused a statement.
    #[error("the server says {sqlstate}: {message}")]
    Server {
        /// Five characters.
        sqlstate: String,
        /// The primary message, redacted.
        message: String,
    },
    /// The session ended without an answer.
    #[error("the session ended: {0}")]
    Lost(String),
    /// An answer has not the form that was asked for.
    #[error("unexpected answer: {0}")]
    Answer(String),
    /// The reader asked to stop.
    #[error("stopped")]
    Stopped,
}

impl SqlError {
    /// A stable word for the record.
    #[must_use]
    pub fn reason_code(&self) -> &'static str {
        match self {
            Self::Tool(error) => error.reason_code(),
            Self::Io(_) => "psql-failed",
            Self::Connect { reason_code, .. } => reason_code,
            Self::Server { sqlstate, message } if sqlstate == "22023" && message.contains("snapshot") => {
                "snapshot-lost"
            }
            Self::Server { sqlstate, .. } => sqlstate_reason(sqlstate),
            Self::Lost(_) => "connection-lost",
            Self::Answer(_) => "unexpected-answer",
            Self::Stopped => "stopped",
        }
    }

    /// The SQLSTATE, where the server gave one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Server { sqlstate, .. } => Some(sqlstate),
            _ => None,
        }
    }
}

fn sqlstate_reason(sqlstate: &str) -> &'static str {
    match sqlstate {
        "42501" => "insufficient-privilege",
        "42P01" => "relation-missing",
        "55P03" => "lock-timeout",
        "57014" => "statement-cancelled",
        "57P01" | "57P02" | "57P03" => "server-shutdown",
        "25P02" | "25P03" => "transaction-lost",
        "40001" => "serialization-failure",
        "53200" | "53300" | "53400" => "server-resources",
        "53100" => "server-disk-full",
        "22021" => "invalid-encoding",
        "XX001" | "XX002" => "data-corrupted",
        "58P01" | "58030" => "server-io",
        _ => "server-error",
    }
}

/// A live session.
#[derive(Debug)]
pub struct Session {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<JoinHandle<String>>,
    connection: Connection,
    /// Bytes read beyond the last answer's lines.
    buffer: Vec<u8>,
    filled: usize,
    answers: u64,
}

impl Session {
    /// Connects. One `psql` child runs until the session is dropped; when this process dies it reads the end of its
    /// input, or writes to a closed pipe, and ends too.
    ///
    /// # Errors
    /// [`SqlError`].
    pub fn open(connection: &Connection) -> Result<Self, SqlError> {
        let mut command = connection.command(Program::Psql)?;
        command.args(["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]);
        command.args(["-v", "SHOW_CONTEXT=never"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(SqlError::Lost("psql has no pipes".into()));
        };
        let stderr = thread::spawn(move || bounded(stderr));
        let mut session = Self {
            child,
            stdin: Some(stdin),
            stdout,
            stderr: Some(stderr),
            connection: connection.clone(),
            buffer: vec![0; CHUNK],
            filled: 0,
            answers: 0,
        };
        // The first answer tells whether there is a connection at all.
        session.run("SET search_path TO pg_catalog; SET client_min_messages TO error; SET statement_timeout TO 0")?;
        Ok(session)
    }

    /// Runs statements that return no rows.
    ///
    /// # Errors
    /// [`SqlError`]; the session is over then.
    pub fn run(&mut self, sql: &str) -> Result<(), SqlError> {
        self.stream::<SqlError>(sql, &mut |_| Ok(()))
    }

    /// Runs a query and returns its rows as texts.
    ///
    /// # Errors
    /// [`SqlError`]; the session is over then.
    pub fn rows(&mut self, query: &str) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        let mut rows = Vec::new();
        let mut decoder = copy::Decoder::new();
        self.copy::<SqlError>(query, &mut |lines| {
            let answer = |error: copy::CopyError| SqlError::Answer(error.to_string());
            decoder.decode(lines, |row| rows.push(row.iter().map(|v| v.map(str::to_owned)).collect())).map_err(answer)
        })?;
        Ok(rows)
    }

    /// Runs a query that returns one row of `N` texts, none of them null.
    ///
    /// # Errors
    /// [`SqlError`]; the session is over then.
    pub fn one<const N: usize>(&mut self, query: &str) -> Result<[String; N], SqlError> {
        let mut rows = self.rows(query)?;
        let row = rows.pop().filter(|_| rows.is_empty()).ok_or_else(|| SqlError::Answer("not one row".into()))?;
        let values: Option<Vec<String>> = row.into_iter().collect();
        values
            .and_then(|values| values.try_into().ok())
            .ok_or_else(|| SqlError::Answer(format!("not {N} values that are not null")))
    }

    /// Streams a query as `COPY` text: `sink` gets whole lines, many at a time.
    ///
    /// # Errors
    /// [`SqlError`], or what `sink` returns; the session is over then.
    pub fn copy<E: From<SqlError>>(
        &mut self,
        query: &str,
        sink: &mut dyn FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.stream(&format!("COPY ({query}) TO STDOUT"), sink)
    }

    /// A variable of psql itself, such as `HOST`.
    ///
    /// # Errors
    /// [`SqlError`]; the session is over then.
    pub fn variable(&mut self, name: &str) -> Result<String, SqlError> {
        let mut text = Vec::new();
        self.stream::<SqlError>(&format!("\\echo :{name}\n"), &mut |lines| {
            text.extend_from_slice(lines);
            Ok(())
        })?;
        let text = String::from_utf8_lossy(&text).trim_end().to_owned();
        Ok(if text == format!(":{name}") { String::new() } else { text })
    }

    /// Sends a statement and passes the lines of its answer on.
    fn stream<E: From<SqlError>>(
        &mut self,
        sql: &str,
        sink: &mut dyn FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.answers += 1;
        let marker = format!("\\.{}", self.answers);
        let end = if sql.ends_with('\n') { "" } else { "\n;\n" };
        let sent = match &mut self.stdin {
            Some(stdin) => stdin.write_all(format!("{sql}{end}\\echo '\\\\.{}'\n", self.answers).as_bytes()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        if sent.is_err() {
            return Err(self.failure().into());
        }
        // Bytes known to hold no line feed: a line of a gigabyte comes in many pieces, each looked at once.
        let mut searched = 0;
        loop {
            let whole = match whole_lines(&self.buffer[searched..self.filled]) {
                0 => 0,
                lines => searched + lines,
            };
            let (data, ended) = match marker_at(&self.buffer[..whole], marker.as_bytes()) {
                Some(at) => (at, true),
                None => (whole, false),
            };
            if data > 0 {
                sink(&mut self.buffer[..data])?;
            }
            let used = if ended { whole } else { data };
            self.buffer.copy_within(used..self.filled, 0);
            self.filled -= used;
            searched = self.filled;
            if ended {
                return Ok(());
            }
            if self.fill().map_err(SqlError::Io)? == 0 {
                return Err(self.failure().into());
            }
        }
    }

    /// Reads more, making room for a line that is longer than the buffer.
    fn fill(&mut self) -> io::Result<usize> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        } else if self.buffer.len() > CHUNK && self.filled < CHUNK / 2 {
            self.buffer.truncate(CHUNK);
            self.buffer.shrink_to_fit();
        }
        let read = self.stdout.read(&mut self.buffer[self.filled..])?;
        self.filled += read;
        Ok(read)
    }

    /// What psql said when it ended.
    fn failure(&mut self) -> SqlError {
        self.stdin = None;
        let status = self.child.wait();
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let stderr = self.connection.redact(&stderr);
        match status.ok().and_then(|status| status.code()) {
            Some(2) if self.answers <= 1 => connect_error(&stderr),
            _ => server_error(&stderr),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stdin = None;
        // psql may be in the middle of a COPY that nobody reads any more: the pipe is still open, so it is ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(thread) = self.stderr.take() {
            let _ = thread.join();
        }
    }
}

/// The length of the leading part that ends in a line feed.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)
}

/// Where the last of these lines is the marker. Nothing follows a marker: the next statement waits for it.
fn marker_at(lines: &[u8], marker: &[u8]) -> Option<usize> {
    let body = lines.strip_suffix(b"\n")?.strip_suffix(marker)?;
    (body.is_empty() || body.ends_with(b"\n")).then_some(body.len())
}

/// Reads to the end and keeps the first bytes: the first error is the one that ended psql.
fn bounded(mut from: impl Read) -> String {
    let mut kept = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let room = STDERR_BYTES.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(&chunk[..room]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Splits `ERROR:  42P01: relation ..` wherever it stands; the severity's word depends on the server's language.
fn server_error(stderr: &str) -> SqlError {
    for line in stderr.lines() {
        let mut parts = line.splitn(3, ": ");
        let (Some(_), Some(state), Some(message)) = (parts.next(), parts.next().map(str::trim), parts.next()) else {
            continue;
        };
        if state.len() == 5 && state.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
            return SqlError::Server { sqlstate: state.into(), message: message.trim().into() };
        }
    }
    SqlError::Lost(first_line(stderr))
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("psql gave no reason");
    line.trim_start_matches("psql: ").trim_start_matches("error: ").to_owned()
}

fn connect_error(stderr: &str) -> SqlError {
    const KNOWN: [(&str, &str); 14] = [
        ("could not translate host name", "host-unknown"),
        ("password authentication failed", "authentication-failed"),
        ("no password supplied", "authentication-failed"),
        ("authentication failed", "authentication-failed"),
        ("no pg_hba.conf entry", "authentication-failed"),
        ("Connection refused", "connection-refused"),
        ("No such file or directory", "connection-refused"),
        ("timeout expired", "connect-timeout"),
        ("definition of service", "service-unknown"),
        ("the database system is", "server-not-ready"),
        ("remaining connection slots", "server-resources"),
        ("too many clients", "server-resources"),
        ("SSL", "tls-failed"),
        ("certificate", "tls-failed"),
    ];
    let quoted_missing = |what: &str| stderr.contains(&format!("{what} \"")) && stderr.contains("does not exist");
    let reason_code = KNOWN.iter().find(|(text, _)| stderr.contains(text)).map(|(_, code)| *code);
    let reason_code = reason_code
        .or_else(|| quoted_missing("database").then_some("database-missing"))
        .or_else(|| quoted_missing("role").then_some("role-missing"))
        .unwrap_or("connect-failed");
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
    let message = lines.join(" ").replace("psql: error: ", "");
    SqlError::Connect { reason_code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_a_whole_last_line() {
        assert_eq!(marker_at(b"a\n\\.7\n", b"\\.7"), Some(2));
        assert_eq!(marker_at(b"\\.7\n", b"\\.7"), Some(0));
        assert_eq!(marker_at(b"a\\.7\n", b"\\.7"), None);
        assert_eq!(marker_at(b"\\.7\nb\n", b"\\.7"), None);
    }

    #[test]
    fn states_are_read_in_any_language() {
        let german = server_error("FEHLER:  42P01: Relation \u{bb}x\u{ab} existiert nicht\nLINE 1: ..\n");
        assert_eq!((german.sqlstate(), german.reason_code()), (Some("42P01"), "relation-missing"));
        let missing = connect_error("psql: error: connection to server failed: FATAL:  database \"x\" does not exist");
        assert_eq!(missing.reason_code(), "database-missing");
    }
}
