//! `walwarden.toml`: where things are. Secrets stand here by name only.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use walwarden_core::{Digest, Origin, event::EnvironmentClass};

use crate::{
    error::{OperatorError, ProduceError, StorageError, VaultError},
    postgres::{Connection, Tools},
};

/// The file in the vault.
pub const FILE: &str = "walwarden.toml";

/// Where things are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The chain.
    pub origin: Origin,
    /// The folder of keys, outside the vault.
    pub keys: PathBuf,
    /// Where backups are stored.
    pub store: StoreConfig,
    /// Databases by id.
    #[serde(default)]
    pub database: Vec<DatabaseConfig>,
    /// How restore tests are done.
    #[serde(default)]
    pub restore_test: RestoreConfig,
    /// PostgreSQL's programs.
    #[serde(default)]
    pub postgres: PostgresConfig,
    /// Where the rest of what a recovery needs lies.
    #[serde(default)]
    pub complete_set: CompleteSetConfig,
    /// Digest of the file these settings were read from.
    #[serde(skip, default = "nothing")]
    pub sha256: Digest,
}

/// Where backups are stored.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// A folder; relative to the vault.
    pub folder: PathBuf,
    /// As statements name it.
    #[serde(default = "local")]
    pub account_ref: String,
    /// As statements name it.
    #[serde(default = "local")]
    pub region: String,
}

/// How a database is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Its id in the policy.
    pub id: String,
    /// A URI, `key=value` pairs, `service=NAME` or `env:NAME`; without a password.
    pub connection: String,
}

/// How restore tests are done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RestoreConfig {
    /// What the environment is called in the record.
    pub environment: String,
    /// Its class.
    pub class: EnvironmentClass,
    /// The user that the throwaway server runs as, when walwarden is started as root.
    pub run_as: Option<String>,
}

impl Default for RestoreConfig {
    fn default() -> Self {
        Self { environment: "throwaway cluster".into(), class: EnvironmentClass::Test, run_as: None }
    }
}

/// PostgreSQL's programs.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostgresConfig {
    /// The folder of `pg_dump`, `psql`, `initdb` and the others; found otherwise.
    pub bin_dir: Option<PathBuf>,
}

/// Where the rest of what a recovery needs lies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CompleteSetConfig {
    /// Decryption keys.
    pub keys_ref: String,
    /// This configuration.
    pub config_ref: String,
}

impl Default for CompleteSetConfig {
    fn default() -> Self {
        Self { keys_ref: "none: backups are not encrypted".into(), config_ref: "walwarden.toml of this vault".into() }
    }
}

/// `walwarden.toml` is no configuration.
#[derive(Debug, thiserror::Error)]
#[error("walwarden.toml: {0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the configuration of a vault.
    ///
    /// # Errors
    /// No vault there, or a file that is no configuration.
    pub fn read(vault: &Path) -> Result<Self, ProduceError> {
        let path = vault.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ProduceError::from(VaultError::NotAVault(vault.to_owned())),
            _ => StorageError::at("read", &path)(error).into(),
        })?;
        Ok(Self::parse(&text).map_err(OperatorError::from)?)
    }

    /// Parses the file's text.
    ///
    /// # Errors
    /// The file's author is at fault.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            // Only the message: the excerpt that toml shows beside it could hold a password.
            let at = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            ConfigError(at.map_or_else(String::new, |line| format!("line {line}: ")) + error.message())
        })?;
        config.sha256 = Digest::of(text.as_bytes());
        Ok(config)
    }

    /// The database of that id; the only one when none is named.
    ///
    /// # Errors
    /// Unknown, or several to choose from.
    pub fn database(&self, id: Option<&str>) -> Result<&DatabaseConfig, OperatorError> {
        let known = || self.database.iter().map(|d| d.id.as_str()).collect::<Vec<_>>().join(", ");
        match (id, self.database.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(OperatorError::WhichDatabase(known())),
            (Some(id), all) => all
                .iter()
                .find(|database| database.id == id)
                .ok_or_else(|| OperatorError::UnknownDatabase { name: id.into(), known: known() }),
        }
    }

    /// PostgreSQL's programs.
    #[must_use]
    pub fn tools(&self) -> Tools {
        Tools { bin_dir: self.postgres.bin_dir.clone() }
    }

    /// How to reach a database.
    ///
    /// # Errors
    /// A password stands in the configuration, a variable is missing, or nothing that libpq would read.
    pub fn connection(&self, database: &DatabaseConfig) -> Result<Connection, OperatorError> {
        connection(&database.id, &database.connection, self.tools())
    }
}

/// Resolves the connection of one database.
///
/// # Errors
/// As [`Config::connection`].
pub fn connection(database: &str, spec: &str, tools: Tools) -> Result<Connection, OperatorError> {
    let variable = |name: &str| std::env::var(name).ok();
    Connection::resolve(spec, &variable)
        .map(|connection| connection.with_tools(tools))
        .map_err(|error| OperatorError::Connection { database: database.into(), error })
}

/// The text of a new configuration.
#[must_use]
pub fn new_text(origin: &Origin, keys: &Path, databases: &[DatabaseConfig], run_as: Option<&str>) -> String {
    let mut text = String::from(
        "# Where things are. No password stands here: use a service (~/.pg_service.conf), ~/.pgpass, or env:NAME.\n\n",
    );
    text += &format!(
        "origin = {}\nkeys = {}  # private keys: never inside the vault\n\n",
        quoted(origin.as_str()),
        quoted(&keys.to_string_lossy())
    );
    text += "[store]\nfolder = \"objects\"  # relative to this file\naccount_ref = \"local\"\nregion = \"local\"\n";
    if let Some(user) = run_as {
        text += &format!("\n[restore_test]\nrun_as = {}\n", quoted(user));
    }
    for database in databases {
        text +=
            &format!("\n[[database]]\nid = {}\nconnection = {}\n", quoted(&database.id), quoted(&database.connection));
    }
    text
}

/// A TOML string.
#[must_use]
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// Whether a text may be the id of a database: it names files and items of reports.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed) && text.as_bytes()[0].is_ascii_alphanumeric()
}

fn local() -> String {
    "local".into()
}

fn nothing() -> Digest {
    Digest::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn databases() -> Vec<DatabaseConfig> {
        let database = |id: &str, connection: &str| DatabaseConfig { id: id.into(), connection: connection.into() };
        vec![database("shop", "service=shop"), database("crm", "host=h dbname='it''s \"x\"'")]
    }

    #[test]
    fn what_init_writes_is_read_back() {
        let origin: Origin = "acme.example/backups".parse().unwrap();
        let text = new_text(&origin, Path::new("/srv/k \"1\""), &databases(), Some("postgres"));
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.origin, origin);
        assert_eq!(config.keys, Path::new("/srv/k \"1\""));
        assert_eq!(config.database[1].connection, databases()[1].connection);
        assert_eq!(config.restore_test.run_as.as_deref(), Some("postgres"));
        assert_eq!(config.sha256, Digest::of(text.as_bytes()));
        assert!(config.database(Some("shop")).is_ok());
        assert!(matches!(config.database(None), Err(OperatorError::WhichDatabase(_))));
        assert!(matches!(config.database(Some("x")), Err(OperatorError::UnknownDatabase { .. })));
    }

    #[test]
    fn an_error_names_the_line_and_repeats_nothing_of_it() {
        let text = "origin = \"acme.example/b\"\nkeys = \"/k\"\nsecret = \"hunter2\"\n[store]\nfolder = \"o\"\n";
        let message = Config::parse(text).unwrap_err().to_string();
        assert!(message.contains("secret"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
        let message = Config::parse("origin = 'x'\nkeys = hunter2\n").unwrap_err().to_string();
        assert!(message.contains("line 2") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn ids() {
        for good in ["shop", "orders-prod", "a.b_c1"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "Shop", "-a", "../x", "a/b", "a b"] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
