//! `walwarden key list`.

use walwarden_produce::ProduceError;

use super::open;
use crate::{exit::Exit, job::Job};

pub(super) fn list(job: &Job) -> Result<Exit, ProduceError> {
    let producer = open(job)?;
    let registry = &producer.registry;
    println!(
        "registry version {}, {} of {} roots must sign",
        registry.version,
        registry.threshold,
        registry.roots.len()
    );
    for root in &registry.roots {
        println!("root  {}  sha256 {}", root.id(), root.fingerprint());
    }
    for key in &registry.keys {
        let uses: Vec<&str> = key.uses.iter().map(|purpose| purpose.word()).collect();
        let (state, storage) = (key.state.word(), key.storage.word());
        println!("key   {}  {state}  {storage}  {}  {}", key.jwk.id(), key.custodian, uses.join("+"));
    }
    Ok(Exit::Done)
}
