//! `walwarden init`.

use walwarden_core::policy::lint::Finding;
use walwarden_produce::{
    ProduceError,
    clock::SystemClock,
    error::OperatorError,
    files, host,
    init::{InitRequest, init},
    keys::{Root, roots::Exchange},
    postgres::Tools,
    signer::key_file,
};

use crate::{
    commands::{plain, print},
    exit::Exit,
    job::{InitJob, Job, RootJob},
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
    let (root_passphrase, publics, cancel);
    let root = match &task.root {
        RootJob::Here { path, passphrase: source } => {
            root_passphrase = match source {
                Some(source) => source.read("the root key (new, another one)", true)?,
                None => passphrase.clone(),
            };
            Root::Here { path, passphrase: &root_passphrase }
        }
        RootJob::Apart { publics: paths, threshold, folder } => {
            publics = paths.iter().map(|path| key_file::public(path)).collect::<Result<Vec<_>, _>>()?;
            cancel = talk::cancel_flag();
            let exchange = Exchange { folder, waiting: &talk::roots_wait, cancel: &cancel };
            Root::Apart { publics: &publics, threshold: *threshold, exchange }
        }
    };
    let request = InitRequest {
        vault: &job.vault,
        keys: &task.keys,
        root,
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
    };
    let made = init(&request, &SystemClock, &host::identity()?)?;
    for (database, why) in &made.unreachable {
        talk::notice(&format!("database {database} did not answer, and is declared without facts: {why}"));
    }
    let mut facts = vec![("origin", made.origin.to_string())];
    facts.extend(made.roots.iter().map(|root| ("root", root.to_string())));
    facts.push(("head", format!("{} {}", made.head.size, made.head.root)));
    facts.push(("handover", made.handover.display().to_string()));
    print(&facts);
    talk::notice("give handover.json to the auditor by another channel than the bundles");
    if let RootJob::Here { path, .. } = &task.root {
        talk::notice(&format!("move the root key away from this host now: {}", path.display()));
        talk::notice("all keys were made on this host, and the record says so");
    }
    for finding in &made.linted.findings {
        let Finding { lint, at, what } = finding;
        talk::notice(&format!("policy: {}  {}  {}: {}", lint.severity.word(), lint.id, plain(at), plain(what)));
    }
    if !made.linted.findings.is_empty() {
        talk::notice(
            "the policy is adopted as it is; `walwarden check` says what is left to do, `policy adopt` replaces it",
        );
    }
    Ok(Exit::Done)
}
