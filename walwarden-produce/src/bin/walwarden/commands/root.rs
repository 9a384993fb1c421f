//! `walwarden root`: what is done on the machine that keeps a root.

use std::{
    io::{IsTerminal as _, stdin, stdout},
    path::Path,
};

use walwarden_produce::{
    ProduceError,
    error::OperatorError,
    keys::roots::{Asked, make_root, open_root},
};

use super::print;
use crate::{
    args::root::{RootCommand, RootNewArgs, RootSignArgs},
    exit::Exit,
    job::Job,
    talk,
};

pub(super) fn run(job: &Job, command: &RootCommand) -> Result<Exit, ProduceError> {
    match command {
        RootCommand::New(args) => new(job, args),
        RootCommand::Sign(args) => sign(job, args),
    }
}

fn new(job: &Job, args: &RootNewArgs) -> Result<Exit, ProduceError> {
    let passphrase = job.root_passphrase(args.root_passphrase_file.as_ref()).read("the root key (new)", true)?;
    let made = make_root(&args.file, &passphrase)?;
    print(&[
        ("root", made.public.fingerprint().to_string()),
        ("file", args.file.display().to_string()),
        ("public", made.file.display().to_string()),
    ]);
    talk::notice("the public half goes to the host that backs up; tell the auditor the root's digest yourself");
    Ok(Exit::Done)
}

fn sign(job: &Job, args: &RootSignArgs) -> Result<Exit, ProduceError> {
    let asked = Asked::read(&args.file)?;
    show(&asked);
    if !args.yes && !agreed(&args.file)? {
        talk::notice("nothing was signed");
        return Ok(Exit::Failed);
    }
    let source = job.root_passphrase(args.root_passphrase_file.as_ref());
    let mut roots = Vec::new();
    for path in &args.root_keys {
        let (key, public) = open_root(path, &source.read(&format!("root key {}", path.display()), false)?)?;
        if !asked.registry.roots.contains(&public) {
            // The root that goes signs too, and is in the version before only.
            talk::notice(&format!("{} is no root of that version: it signs as one that gives way", path.display()));
        }
        roots.push((key, public));
    }
    let answer = asked.sign(&roots)?;
    print(&[("signed", answer.display().to_string())]);
    Ok(Exit::Done)
}

/// All that a version states.
fn show(asked: &Asked) {
    let registry = &asked.registry;
    let mut facts = vec![
        ("chain", registry.origin.to_string()),
        ("version", registry.version.to_string()),
        ("after", registry.previous.map_or_else(|| "nothing: a new chain".into(), |digest| digest.to_string())),
        ("digest", asked.digest.to_string()),
        ("roots", format!("{} of {} must sign", registry.threshold, registry.roots.len())),
    ];
    facts.extend(registry.roots.iter().map(|root| ("root", root.fingerprint().to_string())));
    for key in &registry.keys {
        let uses: Vec<&str> = key.uses.iter().map(|purpose| purpose.word()).collect();
        let cut = key.cut().map(|size| format!(" at {size} entries")).unwrap_or_default();
        let (id, state, custodian) = (key.jwk.id(), key.state.word(), plain(&key.custodian));
        facts.push(("key", format!("{id}  {state}{cut}  {custodian}  {}", uses.join("+"))));
    }
    print(&facts);
}

/// Whoever asks does not write on this terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

fn agreed(file: &Path) -> Result<bool, ProduceError> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(OperatorError::NobodyToAsk.into());
    }
    talk::notice(&format!("sign {}? Type yes: ", file.display()));
    let mut answer = String::new();
    Ok(stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes")
}
