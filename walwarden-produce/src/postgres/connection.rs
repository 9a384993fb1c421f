//! Where a database is, with its password kept out of every argument.

use std::{env, ffi::OsString, fmt, os::unix::process::CommandExt, process::Command};

use super::{
    conninfo::{Conninfo, Malformed},
    facts::{self, ServerFacts},
    session::SqlError,
    tools::{Program, ToolError, Tools},
};

/// Seconds to wait for a server, unless the connection string or `PGCONNECT_TIMEOUT` says otherwise.
const CONNECT_TIMEOUT: &str = "20";

/// A database as `pg_dump` would reach it.
///
/// Children get the connection string without its password as an argument, and the password as `PGPASSWORD` in their
/// environment.
#[derive(Clone)]
pub struct Connection {
    conninfo: Conninfo,
    /// Variables for children, `None` to remove one.
    environment: Vec<(OsString, Option<OsString>)>,
    /// Texts that must not appear in any message.
    secrets: Vec<String>,
    sslmode: String,
    tools: Tools,
}

/// Why a connection string is refused, before anything is connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// A password in an argument can be read by every user of the machine.
    #[error("the connection string holds a password, which every user of this machine could read")]
    PasswordInArgument,
    /// `sslpassword` has no variable by which children could get it.
    #[error("the connection string holds an sslpassword, which cannot be handed on safely")]
    SslPassword,
    /// The named variable is not set, or empty.
    #[error("the environment variable {0}, which should hold the connection string, is not set")]
    VariableMissing(String),
    /// Nothing that libpq would read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl ConnectionError {
    /// A stable word for the record.
    #[must_use]
    pub const fn reason_code(&self) -> &'static str {
        match self {
            Self::PasswordInArgument => "password-in-argument",
            Self::SslPassword => "sslpassword-in-string",
            Self::VariableMissing(_) => "connection-variable-missing",
            Self::Malformed(_) => "connection-string-malformed",
        }
    }
}

impl Connection {
    /// Reads a URI, a `key=value` string, `service=NAME`, a bare database name, or `env:NAME` for a variable that holds
    /// one of them. Only there may a password stand in it.
    ///
    /// # Errors
    /// [`ConnectionError`]; no message repeats the string.
    pub fn resolve(spec: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConnectionError> {
        let from_variable = spec.strip_prefix("env:");
        let text = match from_variable {
            None => spec.to_owned(),
            Some(name) => env(name)
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| ConnectionError::VariableMissing(name.into()))?,
        };
        // Even a string that libpq could not read may hold a password: the refusal must name that first.
        if from_variable.is_none() && looks_like_password(&text) {
            return Err(ConnectionError::PasswordInArgument);
        }
        let mut conninfo = Conninfo::parse(&text)?;
        if conninfo.setting("sslpassword").is_some() {
            return Err(ConnectionError::SslPassword);
        }
        let password = conninfo.password.take();
        let secrets = [password.clone(), env("PGPASSWORD")].into_iter().flatten().filter(|s| !s.is_empty()).collect();
        let mut environment = vec![];
        if let Some(password) = password {
            environment.push(("PGPASSWORD".into(), Some(password.into())));
        }
        if env("PGCONNECT_TIMEOUT").is_none() {
            environment.push(("PGCONNECT_TIMEOUT".into(), Some(CONNECT_TIMEOUT.into())));
        }
        let sslmode = sslmode(&conninfo, env);
        Ok(Self { conninfo, environment, secrets, sslmode, tools: Tools::default() })
    }

    /// A database behind a Unix socket, cut off from every `PG*` variable of this process.
    #[must_use]
    pub(crate) fn local(conninfo_text: &str, tools: Tools) -> Self {
        let conninfo = Conninfo { text: conninfo_text.into(), ..Conninfo::default() };
        let environment = pg_variables().map(|name| (name, None)).collect();
        Self { conninfo, environment, secrets: Vec::new(), sslmode: "disable".into(), tools }
    }

    /// Another database of the same server.
    #[must_use]
    pub fn to_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.conninfo.text = naming(&self.conninfo.text, name);
        other
    }

    /// Looks for PostgreSQL's programs where `tools` says.
    #[must_use]
    pub fn with_tools(mut self, tools: Tools) -> Self {
        self.tools = tools;
        self
    }

    /// Where PostgreSQL's programs are looked for.
    #[must_use]
    pub const fn tools(&self) -> &Tools {
        &self.tools
    }

    /// A child process of one of PostgreSQL's programs, connected to this database by its first arguments.
    ///
    /// # Errors
    /// [`ToolError::Missing`].
    pub fn command(&self, program: Program) -> Result<Command, ToolError> {
        Ok(self.prepared(Command::new(self.tools.find(program)?)))
    }

    /// Adds connection arguments and environment to a command.
    pub(crate) fn prepared(&self, mut command: Command) -> Command {
        command.arg("-d").arg(&self.conninfo.text);
        // Messages are matched by their English text, and never asked for in a locale that may be missing.
        command.env("LC_ALL", "C").env("PGCLIENTENCODING", "UTF8");
        if env::var_os("PGAPPNAME").is_none() {
            command.env("PGAPPNAME", "walwarden");
        }
        // Ctrl-C is for this process, which then ends its children in order.
        command.process_group(0);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Takes this connection's passwords out of a text.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[redacted]"))
    }

    /// The sslmode in effect, as far as it can be known here: of a service file it is `service`.
    #[must_use]
    pub fn sslmode(&self) -> &str {
        &self.sslmode
    }

    /// What is known of the server: version, system identifier, databases.
    ///
    /// # Errors
    /// [`SqlError`].
    pub fn server_facts(&self) -> Result<ServerFacts, SqlError> {
        facts::server_facts(self)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("conninfo", &self.conninfo.text).finish_non_exhaustive()
    }
}

/// A connection string with another database: libpq takes what comes last.
fn naming(text: &str, database: &str) -> String {
    if text.contains("://") {
        let percent = |b: u8| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        };
        let name: String = database.bytes().map(percent).collect();
        let joint = if text.contains('?') { '&' } else { '?' };
        return format!("{text}{joint}dbname={name}");
    }
    let rest = if text.contains('=') { text } else { "" };
    format!("{rest} dbname={}", super::conninfo::quoted(database)).trim_start().to_owned()
}

/// Names of the variables by which libpq and the server's programs are set up.
pub(crate) fn pg_variables() -> impl Iterator<Item = OsString> {
    env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("PG"))
}

fn sslmode(conninfo: &Conninfo, env: &dyn Fn(&str) -> Option<String>) -> String {
    let named = conninfo.setting("sslmode").map(str::to_owned).or_else(|| env("PGSSLMODE"));
    let service = conninfo.setting("service").is_some() || env("PGSERVICE").is_some();
    named.unwrap_or_else(|| if service { "service" } else { "prefer" }.into())
}

fn looks_like_password(text: &str) -> bool {
    let parsed = Conninfo::parse(text);
    let in_uri = text.split_once("://").is_some_and(|(_, rest)| {
        let rest = rest.split('?').next().unwrap_or_default();
        rest.rsplit_once('@').is_some_and(|(user, _)| user.contains(':') && !user.ends_with(':'))
    });
    let named = |text: &str| text.to_ascii_lowercase().replace(' ', "").contains("password=");
    match parsed {
        Ok(conninfo) => conninfo.password.is_some(),
        Err(Malformed) => in_uri || named(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(name: &str) -> Option<String> {
        match name {
            "DB" => Some("postgres://me:s3cret@h/db".into()),
            "EMPTY" => Some(" ".into()),
            _ => None,
        }
    }

    fn refused(spec: &str) -> ConnectionError {
        Connection::resolve(spec, &env).unwrap_err()
    }

    #[test]
    fn a_password_is_taken_from_a_variable_only() {
        for spec in [
            "postgres://me:s3cret@h/db",
            "host=h password=s3cret",
            "postgres://h/db?password=s3cret",
            "postgres://me:s3@cret@h/db",
            "mysql://me:s3cret@h/db",
            "host=h password='s3cret",
        ] {
            assert_eq!(refused(spec), ConnectionError::PasswordInArgument, "{spec}");
        }
        let connection = Connection::resolve("env:DB", &env).unwrap();
        let command = connection.prepared(Command::new("true"));
        assert!(command.get_args().all(|arg| !arg.to_string_lossy().contains("s3cret")));
        let password = command.get_envs().find(|(name, _)| *name == "PGPASSWORD").and_then(|(_, value)| value);
        assert_eq!(password, Some("s3cret".as_ref()));
        assert_eq!(connection.redact("is s3cret here"), "is [redacted] here");
        assert!(!format!("{connection:?}").contains("s3cret"));
    }

    #[test]
    fn other_refusals() {
        assert_eq!(refused("env:NONE"), ConnectionError::VariableMissing("NONE".into()));
        assert_eq!(refused("env:EMPTY"), ConnectionError::VariableMissing("EMPTY".into()));
        assert_eq!(refused("mysql://h/db"), ConnectionError::Malformed(Malformed));
        assert_eq!(refused("host=h sslpassword=x"), ConnectionError::SslPassword);
        assert!(Connection::resolve("service=shop", &env).is_ok_and(|c| c.sslmode() == "service"));
    }
}
