//! `walwarden init`.

use walwarden_produce::error::OperatorError;
use walwarden_produce::{
    ProduceError,
    clock::SystemClock,
    files, host,
    init::{InitRequest, init},
    postgres::Tools,
};

use crate::{
    commands::print,
    exit::Exit,
    job::{InitJob, Job},
    talk,
};

pub(super) fn run(job: &Job, task: &InitJob) -> Result<Exit, ProduceError> {
    let policy = match &task.policy {
        None => None,
        Some(path) => {
            let not_text = || OperatorError::Value {
                what: "policy",
                value: path.display().to_string(),
                expected: "a text in UTF-8",
            };
            Some(String::from_utf8(files::read(path)?).map_err(|_| not_text())?)
        }
    };
    let passphrase = job.passphrase.read("the log and statement keys (new)", true)?;
    let root_passphrase = match &task.root_passphrase {
        Some(source) => source.read("the root key (new, another one)", true)?,
        None => passphrase.clone(),
    };
    let request = InitRequest {
        vault: &job.vault,
        keys: &task.keys,
        root_key: &task.root_key,
        organisation: &task.organisation,
        origin: &task.origin,
        databases: &task.databases,
        zone: &task.zone,
        author: &task.author,
        approved_by: &task.approved_by,
        policy: policy.as_deref(),
        run_as: task.run_as.as_deref(),
        tools: Tools::default(),
        passphrase: &passphrase,
        root_passphrase: &root_passphrase,
    };
    let made = init(&request, &SystemClock, &host::identity()?)?;
    for (database, why) in &made.unreachable {
        talk::notice(&format!("database {database} did not answer, and is declared without facts: {why}"));
    }
    print(&[
        ("origin", made.origin.to_string()),
        ("root", made.root.to_string()),
        ("head", format!("{} {}", made.head.size, made.head.root)),
        ("handover", made.handover.display().to_string()),
    ]);
    talk::notice(&format!("move the root key away from this host now: {}", task.root_key.display()));
    talk::notice("give handover.json to the auditor by another channel than the bundles");
    talk::notice("all keys were made on this host, and the record says so");
    Ok(Exit::Done)
}
