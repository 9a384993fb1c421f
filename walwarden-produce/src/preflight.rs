//! What can be known before anything is due, without writing anything: configuration, keys, databases, stores, policy.
//!
//! A store is asked for a list, a database for what a dump would ask first. What is outside, authorities and witnesses, is
//! asked only on request. That a store takes objects shows with the first backup.

use std::{fs, io, path::Path};

use rustix::fs::{Access, access};
use walwarden_core::{
    Time,
    event::Event,
    policy::{DatabasePolicy, Policy, lint::Finding},
    statement::key_registry::Use,
};

use crate::{
    config::{DatabaseConfig, StoreConfig, StoreKind},
    dump::{DumpError, preflight::check},
    encryption::Identities,
    error::{OperatorError, ProduceError, SignerError, StorageError, VaultError},
    http::{self, block_on},
    passphrase::Passphrase,
    policy_file::{Known, linted},
    postgres::{Program, ServerFacts, tools::major_of},
    producer::Producer,
    seal,
    signer::held,
    store::Store,
    vault::Snapshot,
};

/// What every vault signs, each by a key that has to open.
const USES: [Use; 5] = [Use::Log, Use::Backup, Use::RestoreTest, Use::Evidence, Use::Bundle];
/// What the probe of a store begins with: nothing has such a name.
const PROBE: &str = "walwarden-check/";

/// One thing that was looked at.
#[derive(Debug)]
pub struct Looked {
    /// Of what kind it is.
    pub what: &'static str,
    /// Which.
    pub name: String,
    /// What was found.
    pub found: Found,
}

/// What a look found.
#[derive(Debug)]
pub enum Found {
    /// It is as it should be, so far as this can be seen.
    Good(String),
    /// It would fail.
    Wrong(Box<ProduceError>),
    /// The policy in force promises what cannot be kept, or too little.
    Short(Finding),
    /// It was not asked.
    NotAsked,
}

impl Looked {
    fn new(what: &'static str, name: &str, found: Result<String, ProduceError>) -> Self {
        let found = found.map_or_else(|error| Found::Wrong(Box::new(error)), Found::Good);
        Self { what, name: name.into(), found }
    }
}

/// Looks at everything, in the order in which a run would need it.
///
/// `passphrase` opens the keys, or why there is none; `network`: authorities and witnesses are asked too.
///
/// # Errors
/// The vault cannot be read at all.
pub fn preflight(
    producer: &Producer,
    passphrase: Result<Passphrase, ProduceError>,
    network: bool,
) -> Result<Vec<Looked>, ProduceError> {
    let snapshot = producer.chain.read()?;
    let entries = snapshot.entries()?.all().len();
    let origin = producer.chain.origin().to_string();
    let mut all = vec![Looked::new("vault", &origin, Ok(format!("{entries} entries, whole")))];
    all.extend(keys(producer, passphrase, entries as u64));
    let policy = producer.policy(&snapshot)?;
    all.extend(producer.config.database.iter().map(|database| {
        let promised = policy.as_ref().and_then(|policy| policy.database(&database.id));
        Looked::new("database", &database.id, reached(producer, database, promised))
    }));
    let config = &producer.config;
    let stores =
        [&producer.store].into_iter().chain(&producer.copies).zip([&config.store].into_iter().chain(&config.copy));
    all.extend(stores.map(|(store, config)| {
        Looked::new("store", &store.location().name, answers(store.as_ref(), config, &producer.folder))
    }));
    all.extend(encryption(producer));
    if let Some(policy) = policy {
        all.extend(promises(producer, &snapshot, &policy)?);
    }
    let verifier = seal::judged::verifier().map(|path| path.display().to_string());
    all.push(Looked::new("verifier", "walwarden-verify", verifier));
    let outside = config.anchor.iter().map(|anchor| ("authority", &anchor.name, &anchor.url));
    let outside = outside.chain(config.witness.iter().map(|witness| ("witness", &witness.url, &witness.url)));
    all.extend(outside.map(|(what, name, url)| match network {
        true => Looked::new(what, name, asked(name, url)),
        false => Looked { what, name: name.clone(), found: Found::NotAsked },
    }));
    Ok(all)
}

/// Each key that a run would sign with; after the first that does not open, none.
fn keys(producer: &Producer, passphrase: Result<Passphrase, ProduceError>, entries: u64) -> Vec<Looked> {
    let mut all: Vec<Looked> = Vec::new();
    let opened = passphrase.and_then(|passphrase| {
        let holder = producer.holder(&passphrase)?;
        let last = holder.last_head()?;
        if last.origin != producer.registry.origin {
            let (expected, found) = (last.origin, producer.registry.origin.clone());
            return Err(SignerError::Origin { expected, found }.into());
        }
        if last.head.size > entries {
            return Err(VaultError::SetBack { lines: entries, signed: last.head.size }.into());
        }
        for purpose in USES {
            let key = held(holder.as_ref(), &producer.registry, purpose)?;
            let id = key.jwk.id();
            match all
                .iter_mut()
                .find(|looked| matches!(&looked.found, Found::Good(text) if text.starts_with(id.as_str())))
            {
                Some(known) => known.name = format!("{}+{}", known.name, purpose.word()),
                None => {
                    let text = format!("{id} opens, {}", key.storage.word());
                    all.push(Looked::new("key", purpose.word(), Ok(text)));
                }
            }
        }
        Ok(())
    });
    if let Err(error) = opened {
        all.push(Looked::new("key", "of this host", Err(error)));
    }
    all
}

/// What a dump asks first, whether it is reached as safely as promised, and whether it could be restored here.
fn reached(
    producer: &Producer,
    database: &DatabaseConfig,
    promised: Option<&DatabasePolicy>,
) -> Result<String, ProduceError> {
    let connection = producer.config.connection(database)?;
    let (facts, pg_dump): (ServerFacts, String) = check(&connection, &database.dump)?;
    let tools = connection.tools();
    let client = major_of(&pg_dump).unwrap_or_else(|| facts.major());
    let (pg_restore, reads) = tools.version_for_major(Program::PgRestore, client).map_err(DumpError::from)?;
    if reads < client {
        let message = format!("pg_restore {reads} does not read what pg_dump {client} writes");
        return Err(DumpError::new(crate::dump::Stage::Preflight, "pg-restore-older", message).into());
    }
    let encryption = promised.and_then(|promised| promised.encryption.as_ref());
    if let Some(weak) = encryption.and_then(|promised| promised.weaker_tls(&facts.tls.protocol)) {
        return Err(OperatorError::WeakTls(weak).into());
    }
    if promised.and_then(|promised| promised.restore_test.as_ref()?.cadence).is_some() {
        tools.find_for_major(Program::Initdb, facts.major()).map_err(DumpError::from)?;
    }
    Ok(format!("PostgreSQL {}, {pg_dump}, {pg_restore}", facts.version))
}

/// A list, not a write; of a folder, also whether it may be written.
fn answers(store: &dyn Store, config: &StoreConfig, vault: &Path) -> Result<String, ProduceError> {
    if let (StoreKind::Local, Some(folder)) = (config.kind, &config.folder) {
        let there = folder.ancestors().find(|path| fs::metadata(path).is_ok()).unwrap_or(vault);
        let at = |error: rustix::io::Errno| StorageError::at("write to", there)(io::Error::from(error));
        access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(at)?;
        if there != folder {
            return Ok(format!("{} is made with the first object", folder.display()));
        }
    }
    store.list(PROBE)?;
    let locks = config.lock_days.map(|days| format!("; locks of {days} days show with the first object"));
    let plain = config.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    let readable = if plain { ", over http: whoever is on the way can read and change what is sent" } else { "" };
    Ok(format!("{} answers{readable}{}", store.location().bucket, locks.unwrap_or_default()))
}

fn encryption(producer: &Producer) -> Vec<Looked> {
    let config = &producer.config.encryption;
    let by_hand = if config.identity.is_none() { "; no identity here: restore tests are made by hand" } else { "" };
    let to = match config.recipients.len() {
        0 => "none: backups are stored in the clear".into(),
        1 => format!("to one recipient{by_hand}"),
        several => format!("to {several} recipients{by_hand}"),
    };
    let identity = config.identity.iter().map(|file| {
        let read = Identities::read(file).map(|_| "can be read".into());
        Looked::new("identity", &file.display().to_string(), read.map_err(|error| OperatorError::from(error).into()))
    });
    [Looked::new("encryption", "of backups", Ok(to))].into_iter().chain(identity).collect()
}

/// The promises of the policy adopted last, against what the vault knows.
fn promises(producer: &Producer, snapshot: &Snapshot, policy: &Policy) -> Result<Vec<Looked>, ProduceError> {
    let adopted_at = adopted_at(snapshot)?.unwrap_or(policy.effective_from);
    let name = || format!("version {}", policy.version);
    let found = linted(policy, adopted_at, Some(&Known::of(producer)))?.findings;
    let mut all: Vec<Looked> = found
        .into_iter()
        .map(|finding| Looked { what: "policy", name: name(), found: Found::Short(finding) })
        .collect();
    for promised in &policy.databases {
        if let Err(error) = producer.config.database(Some(&promised.id)) {
            all.push(Looked::new("policy", &name(), Err(error.into())));
        }
    }
    if all.is_empty() {
        all.push(Looked::new("policy", &name(), Ok("its promises can be kept, as far as this shows".into())));
    }
    Ok(all)
}

fn adopted_at(snapshot: &Snapshot) -> Result<Option<Time>, ProduceError> {
    let entries = snapshot.entries()?;
    let last = entries.all().iter().rfind(|line| matches!(line.event(), Event::PolicyAdopted(_)));
    Ok(last.map(|line| line.recorded_at))
}

/// Whether anything answers there; what, does not matter.
fn asked(name: &str, url: &str) -> Result<String, ProduceError> {
    let got = block_on(async {
        let client = http::client().map_err(io::Error::other)?;
        let sent = client.get(url).send().await;
        sent.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error.without_url()))
    });
    let got = got.map_err(StorageError::at("reach", name))?;
    Ok(format!("answers ({})", got.status().as_u16()))
}
