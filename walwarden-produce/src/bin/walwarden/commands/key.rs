//! `walwarden key`.

use std::path::{Path, PathBuf};

use walwarden_core::{event::KeyAction, statement::key_registry::Storage};
use walwarden_produce::{
    ProduceError,
    error::OperatorError,
    keys::{
        change::{Change, ChangeRequest, Changed, Place, change},
        compare::{Difference, compare},
        roots::{Exchange, Roots},
    },
    passphrase::{Passphrase, Source},
    producer::Producer,
    signer::key_file,
};

use super::{open, passphrase, print};
use crate::{
    args::key::{KeyCommand, NewArgs, RetireArgs, RevokeArgs, RootArgs, RotateArgs},
    exit::Exit,
    job::Job,
    talk,
};

pub(super) fn run(job: &Job, command: &KeyCommand) -> Result<Exit, ProduceError> {
    match command {
        KeyCommand::List => list(job),
        KeyCommand::Compare(args) => compared(job, &args.file),
        KeyCommand::New(args) => new(job, args),
        KeyCommand::Rotate(args) => rotate(job, args),
        KeyCommand::Retire(RetireArgs { key, reason, root }) => {
            changed(job, root, reason.as_deref(), Change::Retire(key))
        }
        KeyCommand::Revoke(RevokeArgs { key, reason, kind, last_trusted, root }) => {
            let change = Change::Revoke { key, kind: kind.kind(), last_trusted: *last_trusted };
            changed(job, root, Some(reason), change)
        }
    }
}

fn list(job: &Job) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let registry = &producer.registry;
    say!("registry version {}, {} of {} roots must sign", registry.version, registry.threshold, registry.roots.len());
    for root in &registry.roots {
        say!("root  {}  sha256 {}", root.id(), root.fingerprint());
    }
    for key in &registry.keys {
        let uses: Vec<&str> = key.uses.iter().map(|purpose| purpose.word()).collect();
        let (state, storage) = (key.state.word(), key.storage.word());
        say!("key   {}  {state}  {storage}  {}  {}", key.jwk.id(), key.custodian, uses.join("+"));
    }
    Ok(Exit::Done)
}

fn compared(job: &Job, file: &Path) -> Result<Exit, ProduceError> {
    let differences = compare(&open(job)?, file)?;
    for difference in &differences {
        match difference {
            Difference::Added(key) => say!("added    {key}  only in the vault"),
            Difference::Missing(key) => say!("missing  {key}  only in the file"),
            Difference::Changed { key, column, kept, now } => {
                say!("changed  {key}  {column}: {kept:?}, now {now:?}")
            }
        }
    }
    say!("{}", if differences.is_empty() { "same" } else { "differs" });
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Failed })
}

fn new(job: &Job, args: &NewArgs) -> Result<Exit, ProduceError> {
    let uses = args.purposes.iter().map(|purpose| purpose.purpose()).collect();
    let passphrase;
    let place = match (&args.out, &args.public_key) {
        (Some(path), _) => {
            passphrase = own_passphrase(args.out_passphrase_file.as_ref(), path)?;
            Place::File { path, passphrase: &passphrase }
        }
        (None, Some(path)) => Place::Elsewhere(key_file::public(path)?, args.storage.storage()),
        (None, None) => Place::Host,
    };
    changed(
        job,
        &args.root,
        args.reason.as_deref(),
        Change::New { uses, custodian: &args.custodian, place: Box::new(place) },
    )
}

fn rotate(job: &Job, args: &RotateArgs) -> Result<Exit, ProduceError> {
    let passphrase;
    let change = match (args.key.purpose(), &args.out, &args.root_public) {
        (None, Some(path), _) => {
            passphrase = own_passphrase(args.out_passphrase_file.as_ref(), path)?;
            Change::Root(Place::File { path, passphrase: &passphrase })
        }
        (None, None, Some(path)) => Change::Root(Place::Elsewhere(key_file::public(path)?, Storage::File)),
        (Some(purpose), ..) => Change::Rotate(purpose),
        (None, None, None) => return Err(OperatorError::NoNewRoot.into()),
    };
    changed(job, &args.root, args.reason.as_deref(), change)
}

/// The passphrase of a new key that is not this host's; never that of the host.
fn own_passphrase(file: Option<&PathBuf>, path: &Path) -> Result<Passphrase, ProduceError> {
    let source = file.map_or(Source::Prompt, |file| Source::File(file.clone()));
    source.read(&format!("{} (new)", path.display()), true)
}

/// Has the roots sign a change, enters it, and says what came of it.
fn changed(job: &Job, root: &RootArgs, reason: Option<&str>, asked: Change<'_>) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let cancel = talk::cancel_flag();
    let exchange = |folder| Exchange { folder, waiting: &talk::roots_wait, cancel: &cancel };
    let apart = root.root_exchange.as_deref().map(exchange);
    let roots = Roots::open(&producer.registry, &root_files(job, root)?, apart)?;
    let passphrase = passphrase(job, &producer, "the log and statement keys")?;
    let new_root = matches!(asked, Change::Root(_));
    let request = ChangeRequest { change: asked, roots, passphrase: &passphrase, reason };
    let made = change(&mut producer, request)?;
    told(&made);
    if new_root {
        handed_over(&producer);
    }
    Ok(Exit::Done)
}

fn root_files(job: &Job, root: &RootArgs) -> Result<Vec<(PathBuf, Passphrase)>, ProduceError> {
    let source = job.root_passphrase(root.root_passphrase_file.as_ref());
    let read = |path: &PathBuf| Ok((path.clone(), source.read(&format!("root key {}", path.display()), false)?));
    root.root_keys.iter().map(read).collect()
}

fn told(made: &Changed) {
    let mut facts = vec![("registry", format!("version {}", made.registry.version))];
    for change in &made.changes {
        let word = match change.action {
            KeyAction::Added => "added",
            KeyAction::Retired => "retired",
            KeyAction::Revoked => "revoked",
            KeyAction::Custodian => "custodian",
            KeyAction::Storage => "storage",
            KeyAction::Root => "root",
        };
        facts.push((word, change.keyid.to_string()));
    }
    facts.extend(made.files.iter().map(|path| ("file", path.display().to_string())));
    facts.push(("entry", made.entry.id.to_string()));
    facts.push(("head", format!("{} {}", made.entry.head.size, made.entry.head.root)));
    print(&facts);
}

fn handed_over(producer: &Producer) {
    talk::notice("move the new root key away from this host now, and keep the old one: it shows that both agreed");
    let file = producer.folder.join(walwarden_produce::keys::HANDOVER);
    talk::notice(&format!("give {} to the auditor again; the pin given before stays good", file.display()));
}
