//! What the arguments mean: mistakes surface here, before anything is touched.

use std::path::PathBuf;

use clap_complete::Shell;
use walwarden_core::{
    Time,
    event::{Purpose, Trigger},
};
use walwarden_produce::{ProduceError, config::DatabaseConfig, error::OperatorError, host, passphrase::Source};

use crate::args::{
    AnchorArgs, Args, BackupArgs, BundleArgs, ChainCommand, ChainMoveArgs, CheckArgs, Command, CopyArgs, InitArgs,
    PolicyAdoptArgs, PolicyCommand, ProofArgs, PruneArgs, RestoreArgs, RestoreTestArgs, RunArgs, StatusArgs,
    TriggerArg, VaultCommand, VaultRestoreArgs, VerifyDbArgs,
    collect::CollectArgs,
    key::KeyCommand,
    people::{
        ActionCommand, AlertCommand, HandoffCommand, HoldCommand, MaintenanceCommand, NoteCommand, OperatorCommand,
        TestWordsArgs,
    },
    review::ReviewArgs,
    root::RootCommand,
    signer::{SignerCommand, SignerServeArgs},
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
    RestoreTest(RestoreTestJob),
    Run(RunJob),
    VaultRestore { config: PathBuf, from: Option<String> },
    ChainMove(ChainMoveArgs),
    Proof(Box<ProofArgs>),
    Completions(Shell),
    Manual { folder: PathBuf },
    ChainExport { folder: PathBuf },
    ChainDump { folder: PathBuf, recipient: Option<String> },
    ChainRecover { from: Option<String> },
    VerifyDb(VerifyDbArgs),
    Prune { yes: bool },
    Anchor(AnchorArgs),
    Witness,
    Copy { backup: Option<String>, again: bool },
    Collect(CollectArgs),
    Bundle(BundleArgs),
    Status(StatusArgs),
    Check(CheckArgs),
    Head,
    Key(KeyCommand),
    Root(RootCommand),
    SignerServe(SignerServeJob),
    SignerShow,
    Review(Box<ReviewArgs>),
    Action(ActionCommand),
    Alert(AlertCommand),
    Hold(HoldCommand),
    Maintenance(MaintenanceCommand),
    Note(NoteCommand),
    Operator(OperatorCommand),
    Handoff(HandoffCommand),
    PolicyCheck { file: PathBuf, json: bool },
    PolicyAdopt(PolicyAdoptArgs),
    PolicyInit { file: PathBuf, minimal: bool },
}

#[derive(Debug)]
pub(crate) struct RunJob {
    pub(crate) plan: bool,
    pub(crate) identity: Option<PathBuf>,
    pub(crate) run_as: Option<String>,
    pub(crate) jobs: usize,
}

#[derive(Debug)]
pub(crate) struct RestoreTestJob {
    pub(crate) backup: Option<String>,
    pub(crate) identity: Option<PathBuf>,
    pub(crate) run_as: Option<String>,
    pub(crate) jobs: usize,
    pub(crate) purpose: Purpose,
    pub(crate) to: To,
    pub(crate) incident_at: Option<Time>,
    pub(crate) words: TestWordsArgs,
}

#[derive(Debug)]
pub(crate) struct SignerServeJob {
    pub(crate) socket: PathBuf,
    pub(crate) keys: PathBuf,
    /// User ids.
    pub(crate) clients: Vec<u32>,
}

/// Where a backup is restored to, as it was typed.
#[derive(Debug)]
pub(crate) enum To {
    Throwaway,
    Server { connection: String, reason: Option<String> },
    Database(String),
}

#[derive(Debug)]
pub(crate) struct InitJob {
    pub(crate) keys: PathBuf,
    pub(crate) root: RootJob,
    pub(crate) organisation: String,
    pub(crate) origin: String,
    pub(crate) databases: Vec<DatabaseConfig>,
    pub(crate) zone: String,
    pub(crate) author: String,
    pub(crate) approved_by: String,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) run_as: Option<String>,
}

/// The roots of a new vault.
#[derive(Debug)]
pub(crate) enum RootJob {
    /// One that is made here.
    Here {
        path: PathBuf,
        /// `None`: the same as for the other keys.
        passphrase: Option<Source>,
    },
    /// Those that are made already, elsewhere.
    Apart { publics: Vec<PathBuf>, threshold: i64, folder: PathBuf },
}

impl Job {
    /// Where the passphrase of root keys comes from: as for the other keys, when that is not asked for.
    pub(crate) fn root_passphrase(&self, file: Option<&PathBuf>) -> Source {
        file.map_or_else(|| self.passphrase.clone(), |file| Source::File(file.clone()))
    }
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
            Command::RestoreTest(args) => Task::RestoreTest(restore_test_job(args)),
            Command::Restore(args) => Task::RestoreTest(restore_job(args)?),
            Command::Run(RunArgs { plan, identity, run_as, jobs }) => {
                Task::Run(RunJob { plan, identity, run_as, jobs: jobs.into() })
            }
            Command::Vault(VaultCommand::Restore(VaultRestoreArgs { config, from })) => {
                Task::VaultRestore { config, from }
            }
            Command::Chain(ChainCommand::Move(args)) => Task::ChainMove(args),
            Command::Chain(ChainCommand::Export { folder }) => Task::ChainExport { folder },
            Command::Chain(ChainCommand::Dump { folder, recipient }) => Task::ChainDump { folder, recipient },
            Command::Chain(ChainCommand::Recover { from }) => Task::ChainRecover { from },
            Command::Proof(args) => Task::Proof(args),
            Command::Completions { shell } => Task::Completions(shell),
            Command::Manual { folder } => Task::Manual { folder },
            Command::VerifyDb(args) => Task::VerifyDb(args),
            Command::Prune(PruneArgs { yes }) => Task::Prune { yes },
            Command::Anchor(args) => Task::Anchor(args),
            Command::Witness => Task::Witness,
            Command::Copy(CopyArgs { backup, again }) => Task::Copy { backup, again },
            Command::Collect(args) => Task::Collect(args),
            Command::Bundle(bundle) => Task::Bundle(bundle),
            Command::Status(status) => Task::Status(status),
            Command::Check(args) => Task::Check(args),
            Command::Head => Task::Head,
            Command::Key(command) => Task::Key(command),
            Command::Root(command) => Task::Root(command),
            Command::Signer(SignerCommand::Serve(args)) => Task::SignerServe(signer_job(args)?),
            Command::Signer(SignerCommand::Show) => Task::SignerShow,
            Command::Review(args) => Task::Review(args),
            Command::Action(command) => Task::Action(command),
            Command::Alert(command) => Task::Alert(command),
            Command::Hold(command) => Task::Hold(command),
            Command::Maintenance(command) => Task::Maintenance(command),
            Command::Note(command) => Task::Note(command),
            Command::Operator(command) => Task::Operator(command),
            Command::Handoff(command) => Task::Handoff(command),
            Command::Policy(PolicyCommand::Check(check)) => Task::PolicyCheck { file: check.file, json: check.json },
            Command::Policy(PolicyCommand::Adopt(args)) => Task::PolicyAdopt(args),
            Command::Policy(PolicyCommand::Init(init)) => Task::PolicyInit { file: init.file, minimal: init.minimal },
        };
        Ok(Self { vault: args.vault, passphrase, task })
    }
}

fn signer_job(args: SignerServeArgs) -> Result<SignerServeJob, OperatorError> {
    let uid = |user: &String| host::uid(user).ok_or_else(|| OperatorError::UnknownUser(user.clone()));
    let clients = args.clients.iter().map(uid).collect::<Result<_, _>>()?;
    Ok(SignerServeJob { socket: args.socket, keys: args.keys, clients })
}

fn restore_test_job(args: RestoreTestArgs) -> RestoreTestJob {
    let to = match args.target {
        None => To::Throwaway,
        Some(connection) => To::Server { connection, reason: args.reason },
    };
    let purpose = match args.trigger {
        TriggerArg::Manual => Purpose::Drill,
        TriggerArg::Schedule => Purpose::Scheduled,
    };
    let RestoreTestArgs { backup, identity, run_as, jobs, words, .. } = args;
    RestoreTestJob { backup, identity, run_as, jobs: jobs.into(), purpose, to, incident_at: None, words }
}

fn restore_job(args: RestoreArgs) -> Result<RestoreTestJob, OperatorError> {
    let time = |text: String| {
        let parsed = chrono::DateTime::parse_from_rfc3339(&text).ok();
        let time = parsed.and_then(|at| Time::from_micros(at.timestamp_micros()));
        time.ok_or(OperatorError::Value { what: "--incident-at", value: text, expected: "an RFC 3339 time" })
    };
    Ok(RestoreTestJob {
        backup: Some(args.backup),
        identity: args.identity,
        run_as: None,
        jobs: args.jobs.into(),
        purpose: if args.migration { Purpose::Migration } else { Purpose::Recovery },
        to: To::Database(args.to),
        incident_at: args.incident_at.map(time).transpose()?,
        words: TestWordsArgs::default(),
    })
}

fn init_job(args: InitArgs, passphrase: &Source) -> Result<InitJob, ProduceError> {
    let author = args.author.unwrap_or_else(host::user);
    let root = match (args.root_key, args.root_exchange) {
        (Some(path), _) => {
            let file = args.root_passphrase_file.map(Source::File);
            RootJob::Here { path, passphrase: file.or((*passphrase == Source::Prompt).then_some(Source::Prompt)) }
        }
        (None, folder) => {
            let folder = folder.ok_or_else(|| ProduceError::Bug("no root".into()))?;
            let roots = args.root_public.len();
            let threshold = args.root_threshold.unwrap_or(i64::try_from(roots).unwrap_or(i64::MAX));
            if threshold < 1 || usize::try_from(threshold).is_ok_and(|threshold| threshold > roots) {
                return Err(OperatorError::Threshold { threshold, roots }.into());
            }
            RootJob::Apart { publics: args.root_public, threshold, folder }
        }
    };
    Ok(InitJob {
        keys: args.keys,
        root,
        organisation: args.organisation,
        origin: args.origin,
        databases: args.databases.iter().map(|text| database(text)).collect::<Result<_, _>>()?,
        zone: args.zone,
        approved_by: args.approved_by.unwrap_or_else(|| author.clone()),
        author,
        policy: args.policy,
        run_as: args.run_as,
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
    Ok(DatabaseConfig::new(id, connection))
}
