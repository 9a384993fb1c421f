//! One file for each command.

mod backup;
mod bundle;
mod head;
mod init;
mod key;
mod policy;
mod restore_test;
mod status;

use std::sync::Arc;

use walwarden_produce::{ProduceError, clock::SystemClock, host, producer::Producer};

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
        Task::RestoreTest { backup, run_as, jobs, purpose } => {
            restore_test::run(&job, backup.as_deref(), run_as.as_deref(), *jobs, *purpose)
        }
        Task::Bundle(bundle) => bundle::run(&job, bundle),
        Task::Status => status::run(&job),
        Task::Head => head::run(&job),
        Task::KeyList => key::list(&job),
        Task::PolicyCheck { file, json } => policy::check(file, *json),
        Task::PolicyInit { file, minimal } => policy::init(file, *minimal),
    }
}

/// Opens the vault of a job.
fn open(job: &Job) -> Result<Producer, ProduceError> {
    Producer::open(&job.vault, Arc::new(SystemClock), host::identity()?, Box::new(talk::notice))
}

/// Prints `name  value` lines.
fn print(facts: &[(&str, String)]) {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in facts {
        println!("{name:width$}  {value}");
    }
}
