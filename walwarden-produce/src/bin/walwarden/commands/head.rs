//! `walwarden head`.

use walwarden_produce::ProduceError;

use super::open;
use crate::{exit::Exit, job::Job};

pub(super) fn run(job: &Job) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let head = producer.chain.read()?.head()?;
    say!("{} {} {}", producer.chain.origin(), head.size, head.root);
    Ok(Exit::Done)
}
