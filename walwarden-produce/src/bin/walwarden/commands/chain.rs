//! `walwarden chain move`, `walwarden chain export` and `walwarden chain dump`.

use std::path::Path;

use walwarden_core::statement::key_registry::Use;
use walwarden_produce::{
    ProduceError,
    chain_dump::dump,
    chain_store::{
        ChainStore as _,
        files::FilesChain,
        postgres::PostgresChain,
        transfer::{Moved, transfer},
    },
    config::{connection, quoted},
    seal::judged::verifier,
};

use super::{open, passphrase, print};
use crate::{args::ChainMoveArgs, exit::Exit, job::Job, talk};

pub(super) fn to_postgres(job: &Job, args: &ChainMoveArgs) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let reached = connection("the chain", &args.to, producer.config.tools())?;
    // Nobody appends here meanwhile, or the copy would lack it.
    let mut here = producer.config.chain(&producer.folder)?;
    here.lock()?;
    let mut there = PostgresChain::create(reached, &args.schema, args.writer.as_deref())?;
    let moved = transfer(here.as_ref(), &mut there)?;
    told(moved);
    talk::notice("the chain is there now; say so in walwarden.toml before anything else is done:");
    say!("\n[chain]\nconnection = {}\nschema = {}", quoted(&args.to), quoted(&args.schema));
    Ok(Exit::Done)
}

pub(super) fn export(job: &Job, folder: &Path) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let mut there = FilesChain::create(folder)?;
    told(transfer(producer.chain.store(), &mut there)?);
    Ok(Exit::Done)
}

pub(super) fn dumped(job: &Job, folder: &Path, recipient: Option<&str>) -> Result<Exit, ProduceError> {
    let verifier = verifier()?;
    let mut producer = open(job)?;
    let passphrase = passphrase(job, &producer, "the log and bundle keys")?;
    let mut signers = producer.unlock(&passphrase, Use::Bundle)?;
    drop(passphrase);
    let dumped = dump(&mut producer, &mut signers, folder, &verifier, recipient)?;
    for (name, lines) in &dumped.lines {
        say!("{lines:>8}  {name}");
    }
    print(&[
        ("bundle", dumped.sealed.path.display().to_string()),
        ("handover", dumped.sealed.handover.display().to_string()),
        ("entry", dumped.entry.to_string()),
    ]);
    Ok(Exit::Done)
}

fn told(moved: Moved) {
    print(&[
        ("entries", moved.entries.to_string()),
        ("checkpoints", moved.checkpoints.to_string()),
        ("statements", moved.statements.to_string()),
        ("blobs", moved.blobs.to_string()),
    ]);
}
