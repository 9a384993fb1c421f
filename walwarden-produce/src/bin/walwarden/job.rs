//! What the arguments mean: mistakes surface here, before anything is touched.

use std::path::PathBuf;

use walwarden_core::event::{Purpose, Trigger};
use walwarden_produce::{ProduceError, config::DatabaseConfig, error::OperatorError, host, passphrase::Source};

use crate::args::{
    Args, BackupArgs, BundleArgs, Command, InitArgs, KeyCommand, PolicyCommand, RestoreTestArgs, TriggerArg,
};

/// One run.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) vault: PathBuf,
    pub(crate) passphrase: Source,
    pub(crate) task: Task,
}

#[derive(Debug)]
pub(crate) enum Task {
    Init(Box<InitJob>),
    Backup { database: Option<String>, trigger: Trigger, jobs: usize },
    RestoreTest { backup: Option<String>, run_as: Option<String>, jobs: usize, purpose: Purpose },
    Bundle(BundleArgs),
    Status,
    Head,
    KeyList,
    PolicyCheck { file: PathBuf, json: bool },
    PolicyInit { file: PathBuf, minimal: bool },
}

#[derive(Debug)]
pub(crate) struct InitJob {
    pub(crate) keys: PathBuf,
    pub(crate) root_key: PathBuf,
    pub(crate) organisation: String,
    pub(crate) origin: String,
    pub(crate) databases: Vec<DatabaseConfig>,
    pub(crate) zone: String,
    pub(crate) author: String,
    pub(crate) approved_by: String,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) run_as: Option<String>,
    /// `None`: the same as for the other keys.
    pub(crate) root_passphrase: Option<Source>,
}

impl TryFrom<Args> for Job {
    type Error = ProduceError;

    fn try_from(args: Args) -> Result<Self, ProduceError> {
        let passphrase = match (args.passphrase.passphrase_file, args.passphrase.passphrase_fd) {
            (Some(file), _) => Source::File(file),
            (None, Some(number)) => Source::Descriptor(number),
            (None, None) => Source::Prompt,
        };
        let task = match args.command {
            Command::Init(init) => Task::Init(Box::new(init_job(*init, &passphrase)?)),
            Command::Backup(BackupArgs { database, trigger, jobs }) => {
                let trigger = match trigger {
                    TriggerArg::Manual => Trigger::Manual,
                    TriggerArg::Schedule => Trigger::Schedule,
                };
                Task::Backup { database, trigger, jobs: jobs.into() }
            }
            Command::RestoreTest(RestoreTestArgs { backup, run_as, jobs, trigger }) => {
                let purpose = match trigger {
                    TriggerArg::Manual => Purpose::Drill,
                    TriggerArg::Schedule => Purpose::Scheduled,
                };
                Task::RestoreTest { backup, run_as, jobs: jobs.into(), purpose }
            }
            Command::Bundle(bundle) => Task::Bundle(bundle),
            Command::Status => Task::Status,
            Command::Head => Task::Head,
            Command::Key(KeyCommand::List) => Task::KeyList,
            Command::Policy(PolicyCommand::Check(check)) => Task::PolicyCheck { file: check.file, json: check.json },
            Command::Policy(PolicyCommand::Init(init)) => Task::PolicyInit { file: init.file, minimal: init.minimal },
        };
        Ok(Self { vault: args.vault, passphrase, task })
    }
}

fn init_job(args: InitArgs, passphrase: &Source) -> Result<InitJob, ProduceError> {
    let author = args.author.unwrap_or_else(host::user);
    let root_passphrase = match args.root_passphrase_file {
        Some(file) => Some(Source::File(file)),
        None => (*passphrase == Source::Prompt).then_some(Source::Prompt),
    };
    Ok(InitJob {
        keys: args.keys,
        root_key: args.root_key,
        organisation: args.organisation,
        origin: args.origin,
        databases: args.databases.iter().map(|text| database(text)).collect::<Result<_, _>>()?,
        zone: args.zone,
        approved_by: args.approved_by.unwrap_or_else(|| author.clone()),
        author,
        policy: args.policy,
        run_as: args.run_as,
        root_passphrase,
    })
}

/// `shop=service=shop`. What is wrong with it is said without repeating it: it may hold a password.
fn database(text: &str) -> Result<DatabaseConfig, OperatorError> {
    let parts = text.split_once('=').filter(|(id, connection)| !id.is_empty() && !connection.is_empty());
    let (id, connection) = parts.ok_or(OperatorError::Value {
        what: "--db",
        value: "...".into(),
        expected: "ID=CONNECTION, like shop=service=shop",
    })?;
    Ok(DatabaseConfig { id: id.into(), connection: connection.into() })
}
