//! One file for each command.

mod anchor;
mod backup;
mod bundle;
mod chain;
mod check;
mod collect;
mod copy;
mod head;
mod init;
mod key;
mod manual;
mod people;
mod policy;
mod proof;
mod prune;
mod restore_test;
mod review;
mod root;
mod run;
mod signer;
mod status;
mod vault;
mod verify_db;
mod witness;

use std::{path::Path, sync::Arc};

use walwarden_core::event::AlertRaised;
use walwarden_produce::{
    ProduceError, alert::Raised, alerts::raise_due, clock::SystemClock, encryption::Identities, error::OperatorError,
    host, passphrase::Passphrase, producer::Producer, runs, signer::HeadSigner, spool::Recorded,
};

use crate::{
    exit::Exit,
    job::{Job, Task},
    talk,
};

/// Runs a job.
pub(crate) fn run(job: Job) -> Result<Exit, ProduceError> {
    match &job.task {
        Task::Init(task) => init::run(&job, task),
        Task::Backup { database, trigger, jobs } => backup::run(&job, database.as_deref(), *trigger, *jobs),
        Task::RestoreTest(task) => restore_test::run(&job, task),
        Task::Run(task) => run::run(&job, task),
        Task::VaultRestore { config, from } => vault::restore(&job, config, from.as_deref()),
        Task::ChainMove(args) => chain::to_postgres(&job, args),
        Task::ChainExport { folder } => chain::export(&job, folder),
        Task::ChainDump { folder, recipient } => chain::dumped(&job, folder, recipient.as_deref()),
        Task::ChainRecover { from } => vault::recover(&job, from.as_deref()),
        Task::VerifyDb(args) => verify_db::run(&job, args),
        Task::Prune { yes } => prune::run(&job, *yes),
        Task::Anchor(args) => anchor::run(&job, args),
        Task::Witness => witness::run(&job),
        Task::Copy { backup, again } => copy::run(&job, backup.as_deref(), *again),
        Task::Collect(args) => collect::run(&job, args),
        Task::Bundle(bundle) => bundle::run(&job, bundle),
        Task::Status(args) => status::run(&job, args),
        Task::Check(args) => check::run(&job, args),
        Task::Head => head::run(&job),
        Task::Key(command) => key::run(&job, command),
        Task::Root(command) => root::run(&job, command),
        Task::SignerServe(task) => signer::serve(&job, task),
        Task::SignerShow => signer::show(&job),
        Task::Review(args) => review::run(&job, args),
        Task::Action(command) => people::action(&job, command),
        Task::Alert(command) => people::alert(&job, command),
        Task::Hold(command) => people::hold(&job, command),
        Task::Maintenance(command) => people::maintenance(&job, command),
        Task::Note(command) => people::note(&job, command),
        Task::Operator(command) => people::operator(&job, command),
        Task::Handoff(command) => people::handoff(&job, command),
        Task::PolicyCheck { file, json } => policy::check(&job, file, *json),
        Task::Proof(args) => proof::run(args),
        Task::Completions(shell) => Ok(manual::completions(*shell)),
        Task::Manual { folder } => manual::pages(folder),
        Task::PolicyAdopt(args) => policy::adopt(&job, args),
        Task::PolicyInit { file, minimal } => policy::init(file, *minimal),
    }
}

/// Opens the vault of a job.
fn open(job: &Job) -> Result<Producer, ProduceError> {
    Producer::open(&job.vault, Arc::new(SystemClock), host::identity()?, Box::new(talk::notice))
}

/// The passphrase of the keys; none is asked for where a signer apart has them.
fn passphrase(job: &Job, producer: &Producer, what: &str) -> Result<Passphrase, ProduceError> {
    match producer.config.signer {
        Some(_) => Ok(Passphrase::default()),
        None => job.passphrase.read(what, false),
    }
}

/// Removes what killed runs have left behind, and says so.
fn sweep(producer: &Producer) -> Result<(), ProduceError> {
    for run in runs::sweep(producer)? {
        talk::notice(&format!("removed what run {run}, which did not end well, left behind"));
    }
    Ok(())
}

/// What opens encrypted backups: the file that was named, else the configured one, else nothing.
fn identities(producer: &Producer, named: Option<&Path>) -> Result<Identities, ProduceError> {
    match named.or(producer.config.encryption.identity.as_deref()) {
        Some(file) => Ok(Identities::read(file).map_err(OperatorError::from)?),
        None => Ok(Identities::default()),
    }
}

/// Raises the alerts that are due after what was just done.
fn alert(producer: &mut Producer, head: &mut HeadSigner) -> Result<(), ProduceError> {
    raise_due(producer, head, &raised)
}

/// One line for an alert.
fn raised(raised: &Raised) {
    let AlertRaised { alert, severity, channel, .. } = &raised.recorded;
    let what = format!("alert {alert} ({severity}) by {channel}: {}", raised.delivery());
    match &raised.why {
        None => talk::notice(&what),
        Some(why) => talk::two_lines(&format!("{what}: {why}"), "see [[channel]] in walwarden.toml; it is tried again"),
    }
}

/// Where an entry stands, in a line: under which head, or that it waits.
fn place(recorded: &Recorded) -> (&'static str, String) {
    match recorded.entry() {
        Some(entry) => ("head", format!("{} {}", entry.head.size, entry.head.root)),
        None => ("spool", "waits for the signer".into()),
    }
}

/// Says that what was done waits for the signer, where it does.
fn waits(recorded: &Recorded) -> Exit {
    if recorded.entry().is_some() {
        return Exit::Done;
    }
    talk::two_lines(
        "the signer is away: what was done waits in the vault's spool, and counts for nothing yet",
        "once the signer is back, the next `walwarden run` records it; `walwarden status` shows what waits",
    );
    Exit::Failed
}

/// Asks for the heartbeat's address, where there is one. A run has not failed because nobody heard of it.
fn heartbeat(producer: &Producer) {
    let Some(heartbeat) = &producer.config.heartbeat else { return };
    if let Err(failure) = heartbeat.ping() {
        talk::notice(&format!("the heartbeat did not arrive: {}", failure.why));
    }
}

/// Prints `name  value` lines.
fn print(facts: &[(&str, String)]) {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in facts {
        say!("{name:width$}  {value}");
    }
}

/// A terminal obeys control characters, also those in a name.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
