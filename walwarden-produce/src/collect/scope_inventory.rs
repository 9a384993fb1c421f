//! `scope_inventory`: the databases of a server, and which server it is.

use std::collections::BTreeSet;

use walwarden_core::{
    Digest,
    event::{Event, flag},
};

use super::{
    Scene,
    ask::Ask,
    capture::{Capture, Failure, Table, is_true, row, text},
};
use crate::{error::ProduceError, host, postgres::facts::server_facts};

const DATABASES: &str = "databases.ndjson";
const IDENTITY: &str = "identity.ndjson";
/// Every database, templates too: what is left out is the policy's to say.
const DATABASES_QUERY: &str = "SELECT datname, oid::text, datistemplate::text, datallowconn::text \
     FROM pg_catalog.pg_database ORDER BY datname COLLATE pg_catalog.\"C\"";

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let mut ask = Ask::open(scene)?;
    let databases = ask.table(DATABASES, &["name", "oid", "template", "connectable"], 1, DATABASES_QUERY)?;
    let facts = &ask.facts;
    let (system, host) = (facts.system_identifier.to_string(), host::digest(&facts.host).to_string());
    let known = known(scene, &ask)?;
    let mut capture = Capture::default();
    for row in databases.rows.iter().filter(|row| !is_true(row, "template")) {
        if !known.contains(text(row, "name")) {
            capture.flag(flag::DATABASE_UNKNOWN, text(row, "name"));
        }
    }
    if let Some((then_system, then_host)) = identity(scene)? {
        if then_system != system {
            let what = format!("system_identifier is {system}, was {then_system}");
            capture.flag(flag::IDENTITY_CHANGED, what);
        }
        if then_host != host {
            capture.flag(flag::IDENTITY_CHANGED, "the host is another than before");
        }
    }
    let identity = row([
        ("database", Some(facts.database.clone())),
        ("system_identifier", Some(system)),
        ("host_sha256", Some(host)),
        ("server_version", Some(facts.version.clone())),
        ("in_recovery", Some(facts.in_recovery.to_string())),
    ]);
    let columns = ["database", "system_identifier", "host_sha256", "server_version", "in_recovery"];
    capture.tables = vec![databases, Table::new(IDENTITY, &columns, 1, vec![identity])];
    capture.asked = Some(ask.asked);
    Ok(capture)
}

/// Names that databases in scope have on this server, and those that the policy excludes.
fn known(scene: &Scene<'_>, ask: &Ask) -> Result<BTreeSet<String>, Failure> {
    let mut known = BTreeSet::from([ask.facts.database.clone()]);
    let Some(policy) = scene.policy else { return Ok(known) };
    known.extend(policy.exclude.iter().map(|excluded| excluded.database.clone()));
    let config = &scene.producer.config;
    for other in config.database.iter().filter(|other| Some(other.id.as_str()) != scene.request.database) {
        if policy.database(&other.id).is_none() {
            continue;
        }
        // What does not answer is known by its id alone: it may lie on another server.
        match server_facts(&config.connection(other)?) {
            Ok(facts) if facts.system_identifier == ask.facts.system_identifier => _ = known.insert(facts.database),
            Ok(_) => {}
            Err(_) => _ = known.insert(other.id.clone()),
        }
    }
    Ok(known)
}

/// System identifier and digest of the host's name in the capture before, else in the last declaration of the scope.
fn identity(scene: &Scene<'_>) -> Result<Option<(String, String)>, ProduceError> {
    if let Some(row) = scene.before.as_ref().and_then(|before| before.table(IDENTITY).first()) {
        return Ok(Some((text(row, "system_identifier").into(), text(row, "host_sha256").into())));
    }
    let entries = scene.snapshot.entries()?;
    let declared = entries.all().iter().rev().filter(|line| line.is_one_of(&["scope.declared"]));
    let mut scopes = declared.filter_map(|line| match line.event() {
        Event::ScopeDeclared(scope) => Some(scope),
        _ => None,
    });
    let Some(scope) = scopes.next() else { return Ok(None) };
    let of = scope.databases.into_iter().find(|database| Some(database.id.as_str()) == scene.request.database);
    // A database that did not answer when the scope was declared has no identity yet.
    let answered = of.filter(|database| database.host_sha256 != Digest::of(b""));
    Ok(answered.map(|database| (database.system_identifier.to_string(), database.host_sha256.to_string())))
}
