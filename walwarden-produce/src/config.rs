//! `walwarden.toml`: where things are. Secrets stand here by name only, and paths are relative to the vault.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use walwarden_core::{
    Digest, Origin,
    event::{EnvironmentClass, LockMode},
};

use crate::{
    chain_store::{AnyChain, files::FilesChain, postgres::PostgresChain},
    channel::{ChannelConfig, HeartbeatConfig},
    dump::DumpSettings,
    error::{OperatorError, ProduceError, StorageError, VaultError},
    postgres::{Connection, Tools},
    signer::{
        Holder,
        remote::{PATIENCE, Remote, Way},
    },
    store::{LOCAL, Location, Store, local::LocalStore, remote::RemoteStore},
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
    /// A signer apart that has the log and statement keys; without it they are opened in that folder.
    pub signer: Option<SignerConfig>,
    /// A key of AWS KMS for statements; those beside it, heads among them, stay with the signer or in the folder.
    pub kms: Option<KmsConfig>,
    /// Where backups are stored.
    pub store: StoreConfig,
    /// Where copies of them are kept, each under its name.
    #[serde(default)]
    pub copy: Vec<StoreConfig>,
    /// Where the chain lies, where it is not in files of the vault.
    pub chain: Option<ChainConfig>,
    /// Authorities that heads are stamped by.
    #[serde(default)]
    pub anchor: Vec<AnchorConfig>,
    /// Witnesses that heads are cosigned by.
    #[serde(default)]
    pub witness: Vec<WitnessConfig>,
    /// Where the vault itself is copied.
    #[serde(default)]
    pub vault: VaultConfig,
    /// Ways to reach people.
    #[serde(default)]
    pub channel: Vec<ChannelConfig>,
    /// What is asked for at the end of each run.
    pub heartbeat: Option<HeartbeatConfig>,
    /// Who can read them.
    #[serde(default)]
    pub encryption: EncryptionConfig,
    /// A folder of this machine for dumps on their way into the store, and for what is restored: the data of the
    /// databases, in the clear, while a run lasts.
    pub staging: Option<PathBuf>,
    /// Databases by id.
    #[serde(default)]
    pub database: Vec<DatabaseConfig>,
    /// What evidence of a database is captured with.
    #[serde(default)]
    pub evidence: Vec<EvidenceConfig>,
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

/// The store of backups, and those of copies.
pub type Stores = (Box<dyn Store>, Vec<Box<dyn Store>>);

/// A place for objects.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// What it is called; `main` where backups are stored.
    pub name: Option<String>,
    /// What it speaks.
    pub kind: StoreKind,
    /// A folder.
    pub folder: Option<PathBuf>,
    /// A bucket or container.
    pub bucket: Option<String>,
    /// What all names in it begin with.
    pub prefix: Option<String>,
    /// The address of a store that is not the provider's own.
    pub endpoint: Option<String>,
    /// The bucket's region.
    pub region: Option<String>,
    /// The account, as statements name it.
    pub account_ref: Option<String>,
    /// Whose machines they are, as statements name it.
    pub provider: Option<String>,
    /// What the names of the environment's variables begin with that hold its credentials (`DR_` for
    /// `DR_AWS_ACCESS_KEY_ID`).
    pub env_prefix: Option<String>,
    /// A file with such variables, `NAME=VALUE` a line, instead of the environment.
    pub credentials: Option<PathBuf>,
    /// Days for which each object is locked against deletion; the bucket has to have object locks.
    pub lock_days: Option<u32>,
    /// How such locks are lifted: `governance` by some, `compliance` by nobody.
    pub lock_mode: Option<LockMode>,
    /// How long a request is tried again, in seconds.
    pub retry_seconds: Option<u64>,
}

/// What a store speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreKind {
    /// A folder of this machine.
    #[default]
    Local,
    /// S3, at AWS or elsewhere.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

/// A signer apart: one of the two ways to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerConfig {
    /// The socket that `walwarden signer serve` listens on.
    pub socket: Option<PathBuf>,
    /// A program and its arguments that answers requests (`spec:signer-1`); no shell is in between.
    pub command: Option<Vec<String>>,
    /// How long an answer may take.
    pub timeout_seconds: Option<u64>,
}

impl SignerConfig {
    /// The signer.
    ///
    /// # Errors
    /// Not exactly one way to it.
    pub fn open(&self) -> Result<Remote, ConfigError> {
        let way = match (&self.socket, &self.command) {
            (Some(socket), None) => Way::Socket(socket.clone()),
            (None, Some(command)) if !command.is_empty() => Way::Command(command.clone()),
            _ => return Err(ConfigError("[signer] needs a socket or a command, and not both".into())),
        };
        Ok(Remote::new(way, self.timeout_seconds.map_or(PATIENCE, Duration::from_secs)))
    }
}

/// A key of AWS KMS for statements.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KmsConfig {
    /// Its id, its ARN, or an alias of it.
    pub key: String,
    /// The region that it is in.
    pub region: String,
    /// The address of a service that is not the region's usual one.
    pub endpoint: Option<String>,
    /// As of a store: what the names of the environment's variables begin with that hold the credentials.
    pub env_prefix: Option<String>,
    /// As of a store: a file with such variables.
    pub credentials: Option<PathBuf>,
}

impl KmsConfig {
    /// The key, before the holder of the others; nothing is asked of it yet.
    ///
    /// # Errors
    /// The file of credentials cannot be read, or this program was built without the service.
    #[cfg(feature = "kms")]
    pub fn open(&self, others: Arc<dyn Holder>) -> Result<Arc<dyn Holder>, ProduceError> {
        Ok(Arc::new(crate::signer::aws_kms::Kms::open(self, others)?))
    }

    /// The key, before the holder of the others.
    ///
    /// # Errors
    /// This program was built without the service.
    #[cfg(not(feature = "kms"))]
    pub fn open(&self, _: Arc<dyn Holder>) -> Result<Arc<dyn Holder>, ProduceError> {
        Err(OperatorError::WithoutKms.into())
    }
}

/// A chain in PostgreSQL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// As the `connection` of a database; another one than those that are backed up.
    pub connection: String,
    /// Its schema.
    #[serde(default = "schema")]
    pub schema: String,
}

/// A time-stamping authority.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorConfig {
    /// What it is called.
    pub name: String,
    /// Where it takes RFC 3161 requests.
    pub url: String,
}

/// A witness.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// What its addresses begin with, before `/add-checkpoint`.
    pub url: String,
    /// Its verifier key, `name+hash+base64` (`spec:time-11`).
    pub key: String,
}

/// The vault itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// Name of the store that every line of the chain is copied to before a head over it is signed, with what it refers
    /// to. While that store is away nothing is recorded, and so nothing begins.
    pub copy_to: Option<String>,
}

/// Who can read backups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncryptionConfig {
    /// age recipients (`age1...`); none, and backups are stored as they are.
    pub recipients: Vec<String>,
    /// A file with the identity that restore tests open backups with. Where there is none it is given when it is needed.
    pub identity: Option<PathBuf>,
}

/// How a database is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Its id in the policy.
    pub id: String,
    /// A URI, `key=value` pairs, `service=NAME` or `env:NAME`; without a password.
    pub connection: String,
    /// Format, compression and speed of its dumps.
    #[serde(default)]
    pub dump: DumpSettings,
}

impl DatabaseConfig {
    /// A database that is dumped as `pg_dump` does where nothing is said.
    #[must_use]
    pub fn new(id: &str, connection: &str) -> Self {
        Self { id: id.into(), connection: connection.into(), dump: DumpSettings::default() }
    }
}

/// What evidence of a database is captured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceConfig {
    /// Its id in the policy.
    pub database: String,
    /// How a role reaches it that may do less than the one of backups; the one of backups otherwise.
    pub connection: Option<String>,
    /// The last export of its log of connections.
    pub connection_log: Option<PathBuf>,
    /// The last export of its log of statements.
    pub statement_log: Option<PathBuf>,
    /// A whole clone of the repository that its migrations come from.
    pub repository: Option<PathBuf>,
    /// Approvals of commits, one JSON object a line.
    pub approvals: Option<PathBuf>,
    /// Runs of tests and deployments, one JSON object a line.
    pub ci_runs: Option<PathBuf>,
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
    pub keys_ref: Option<String>,
    /// This configuration.
    pub config_ref: String,
}

impl Default for CompleteSetConfig {
    fn default() -> Self {
        Self { keys_ref: None, config_ref: "walwarden.toml of this vault".into() }
    }
}

/// `walwarden.toml` is no configuration.
#[derive(Debug, thiserror::Error)]
#[error("walwarden.toml: {0}")]
pub struct ConfigError(pub(crate) String);

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
        Ok(Self::parse(&text, vault).map_err(OperatorError::from)?)
    }

    /// Parses the file's text; its paths become those of the vault, wherever the program is started.
    ///
    /// # Errors
    /// The file's author is at fault.
    pub fn parse(text: &str, vault: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            // Only the message: the excerpt that toml shows beside it could hold a password.
            let at = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            ConfigError(at.map_or_else(String::new, |line| format!("line {line}: ")) + error.message())
        })?;
        config.sha256 = Digest::of(text.as_bytes());
        // Absolute: some of them reach programs that are started in another folder.
        let vault = std::path::absolute(vault).map_err(|error| ConfigError(format!("where the vault is: {error}")))?;
        for path in config.paths() {
            *path = vault.join(&*path);
        }
        // A program without a folder is looked for in PATH, as everywhere.
        for program in config.programs().filter(|program| program.contains('/') && !program.starts_with('/')) {
            *program = format!("{}/{program}", vault.display());
        }
        Ok(config)
    }

    /// Every path in it.
    fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let stores = self.copy.iter_mut().chain([&mut self.store]);
        let addresses = self.channel.iter_mut().map(|channel| &mut channel.url_file);
        let evidence = self.evidence.iter_mut().flat_map(|of| {
            let logs = [&mut of.connection_log, &mut of.statement_log];
            logs.into_iter().chain([&mut of.repository, &mut of.approvals, &mut of.ci_runs])
        });
        stores
            .flat_map(|store| [&mut store.folder, &mut store.credentials])
            .chain(addresses)
            .chain(evidence)
            .chain(self.signer.as_mut().map(|signer| &mut signer.socket))
            .chain(self.kms.as_mut().map(|kms| &mut kms.credentials))
            .chain(self.heartbeat.as_mut().map(|heartbeat| &mut heartbeat.url_file))
            .chain([&mut self.encryption.identity, &mut self.staging, &mut self.postgres.bin_dir])
            .flatten()
            .chain([&mut self.keys])
    }

    /// Every program that it has started.
    fn programs(&mut self) -> impl Iterator<Item = &mut String> {
        let channels = self.channel.iter_mut().map(|channel| &mut channel.argv);
        let signer = self.signer.as_mut().and_then(|signer| signer.command.as_mut());
        channels.chain(signer).filter_map(|argv| argv.first_mut())
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

    /// What evidence of a database is captured with.
    #[must_use]
    pub fn evidence(&self, database: Option<&str>) -> Option<&EvidenceConfig> {
        self.evidence.iter().find(|evidence| Some(evidence.database.as_str()) == database)
    }

    /// Opens the store of backups, and those of copies.
    ///
    /// # Errors
    /// What is configured is no store.
    pub fn stores(&self) -> Result<Stores, ProduceError> {
        let open = |config: &StoreConfig, name: Option<&str>| -> Result<Box<dyn Store>, ProduceError> {
            let location = config.location(name).map_err(OperatorError::from)?;
            Ok(match (config.kind, &config.folder) {
                (StoreKind::Local, Some(folder)) => Box::new(LocalStore::new(folder.clone(), location)),
                _ => Box::new(RemoteStore::open(config, location)?),
            })
        };
        let copies = self.copy.iter().map(|config| open(config, None)).collect::<Result<Vec<_>, _>>()?;
        let store = open(&self.store, Some("main"))?;
        let mut names: Vec<&str> = copies.iter().chain([&store]).map(|store| store.location().name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(OperatorError::from(ConfigError(format!("two stores are called {}", twice[0]))).into());
        }
        Ok((store, copies))
    }

    /// Opens the chain, wherever it lies.
    ///
    /// # Errors
    /// What is configured is no connection.
    pub fn chain(&self, vault: &Path) -> Result<AnyChain, OperatorError> {
        Ok(match &self.chain {
            None => Box::new(FilesChain::new(vault)),
            Some(chain) => {
                let reached = connection("the chain", &chain.connection, self.tools())?;
                Box::new(PostgresChain::new(reached, &chain.schema))
            }
        })
    }

    /// Opens one store by its name, `main` or that of a copy.
    ///
    /// # Errors
    /// None is called so, or what is configured is no store.
    pub fn store(&self, name: &str) -> Result<Box<dyn Store>, ProduceError> {
        let (main, copies) = self.stores()?;
        let all: Vec<Box<dyn Store>> = [main].into_iter().chain(copies).collect();
        let known: Vec<String> = all.iter().map(|store| store.location().name.clone()).collect();
        let unknown = || OperatorError::UnknownStore { name: name.into(), known: known.join(", ") };
        Ok(all.into_iter().find(|store| store.location().name == name).ok_or_else(unknown)?)
    }

    /// Where the keys that open backups are, as statements say it.
    #[must_use]
    pub fn keys_ref(&self) -> String {
        let said = if self.encryption.recipients.is_empty() {
            "none: backups are not encrypted"
        } else {
            "with the recipients"
        };
        self.complete_set.keys_ref.clone().unwrap_or_else(|| said.into())
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

impl StoreConfig {
    /// A folder as a store.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        Self { folder: Some(folder.into()), ..Self::default() }
    }

    /// Where it is, as the chain will name it.
    fn location(&self, name: Option<&str>) -> Result<Location, ConfigError> {
        let wrong = |what: &str| ConfigError(what.to_owned());
        let name = self.name.as_deref().or(name).ok_or_else(|| wrong("a [[copy]] needs a name"))?;
        let text = |value: &Option<String>, otherwise: &str| value.clone().unwrap_or_else(|| otherwise.into());
        if !is_id(name) {
            return Err(wrong("the name of a store is not of a-z, 0-9, '.', '_' and '-'"));
        }
        if self.kind == StoreKind::Local {
            let folder = self.folder.as_ref().ok_or_else(|| wrong("a store of kind \"local\" needs a folder"))?;
            // The name only: a path says nothing to whoever reads the statement.
            let bucket = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let provider = text(&self.provider, LOCAL);
            let (account_ref, region) = (text(&self.account_ref, "local"), text(&self.region, "local"));
            return Ok(Location { name: name.into(), provider, account_ref, region, bucket });
        }
        let bucket = self.bucket.clone().ok_or_else(|| wrong("a store in the network needs a bucket"))?;
        let locks = self.lock_days.is_some() || self.lock_mode.is_some();
        if locks && self.kind != StoreKind::S3 {
            return Err(wrong("only a store of kind \"s3\" has lock_days and lock_mode"));
        }
        let own = match self.kind {
            StoreKind::Gcs => "gcp",
            StoreKind::Azure => "azure",
            StoreKind::S3 | StoreKind::Local => "aws",
        };
        if self.endpoint.is_some() && self.provider.is_none() {
            return Err(wrong("a store with an endpoint of its own needs a provider: whose machines are they?"));
        }
        let provider = text(&self.provider, own);
        let account_ref =
            self.account_ref.clone().ok_or_else(|| wrong("a store in the network needs an account_ref"))?;
        let region = text(&self.region, "us-east-1");
        Ok(Location { name: name.into(), provider, account_ref, region, bucket })
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

fn schema() -> String {
    "walwarden".into()
}

fn nothing() -> Digest {
    Digest::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn databases() -> Vec<DatabaseConfig> {
        vec![DatabaseConfig::new("shop", "service=shop"), DatabaseConfig::new("crm", "host=h dbname='it''s \"x\"'")]
    }

    #[test]
    fn what_init_writes_is_read_back() {
        let origin: Origin = "acme.example/backups".parse().unwrap();
        let text = new_text(&origin, Path::new("/srv/k \"1\""), &databases(), Some("postgres"));
        let config = Config::parse(&text, Path::new("/srv/vault")).unwrap();
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
    fn paths_are_those_of_the_vault() {
        let text = "origin = \"acme.example/b\"\nkeys = \"/srv/keys\"\nstaging = \"../tmp\"\n[store]\nfolder = \"objects\"\n\
            [[copy]]\nname = \"dr\"\nkind = \"s3\"\nbucket = \"b\"\ncredentials = \"dr.env\"\n\
            [heartbeat]\nurl_file = \"beat\"\n[signer]\ncommand = [\"bin/sign\", \"bin/x\"]\n\
            [[channel]]\nname = \"a\"\nkind = \"command\"\nargv = [\"sendmail\", \"-t\"]\n";
        let config = Config::parse(text, Path::new("/srv/vault")).unwrap();
        assert_eq!(config.keys, Path::new("/srv/keys"));
        assert_eq!(config.staging.as_deref(), Some(Path::new("/srv/vault/../tmp")));
        assert_eq!(config.store.folder.as_deref(), Some(Path::new("/srv/vault/objects")));
        assert_eq!(config.copy[0].credentials.as_deref(), Some(Path::new("/srv/vault/dr.env")));
        assert_eq!(config.heartbeat.unwrap().url_file.as_deref(), Some(Path::new("/srv/vault/beat")));
        assert_eq!(config.signer.unwrap().command.unwrap(), ["/srv/vault/bin/sign", "bin/x"]);
        assert_eq!(config.channel[0].argv, ["sendmail", "-t"]);
    }

    #[test]
    fn an_error_names_the_line_and_repeats_nothing_of_it() {
        let text = "origin = \"acme.example/b\"\nkeys = \"/k\"\nsecret = \"hunter2\"\n[store]\nfolder = \"o\"\n";
        let message = Config::parse(text, Path::new("v")).unwrap_err().to_string();
        assert!(message.contains("secret"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
        let message = Config::parse("origin = 'x'\nkeys = hunter2\n", Path::new("v")).unwrap_err().to_string();
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
