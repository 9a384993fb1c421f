//! What is in scope: declared by the policy, with what the servers show of it.

use walwarden_core::{
    Decimal, Digest, Time,
    event::{Database, Excluded, Observed, ScopeDeclared},
    policy::{DatabasePolicy, Policy},
};

use crate::{
    config::{self, DatabaseConfig},
    error::ProduceError,
    host,
    postgres::{ServerFacts, Tools, facts::DATABASES_QUERY},
};

/// A declaration, and what it could not look at.
#[derive(Debug)]
pub struct Declared {
    /// What is declared.
    pub scope: ScopeDeclared,
    /// Databases that did not answer, and why: they are declared without facts.
    pub unreachable: Vec<(String, String)>,
}

/// Declares what a policy promises. A database that was in scope `before` keeps the day on which that began; one that is
/// promised no more has left the scope now.
///
/// # Errors
/// A connection of the configuration cannot be read.
pub fn declare(
    policy: &Policy,
    configured: &[DatabaseConfig],
    tools: &Tools,
    before: Option<&ScopeDeclared>,
    now: Time,
) -> Result<Declared, ProduceError> {
    let (mut databases, mut observed, mut unreachable) = (Vec::new(), Vec::new(), Vec::new());
    let known = |id: &str| before.and_then(|before| before.databases.iter().find(|known| known.id == id));
    for promised in &policy.databases {
        let facts = match facts(configured, tools, promised)? {
            Ok(facts) => Some(facts),
            Err(why) => {
                unreachable.push((promised.id.clone(), why));
                None
            }
        };
        for database in facts.iter().flat_map(|facts| &facts.databases) {
            let (name, oid) = (database.name.clone(), Decimal(database.oid.into()));
            let seen = Observed { name, oid, template: database.template };
            if !observed.contains(&seen) {
                observed.push(seen);
            }
        }
        let since = known(&promised.id).filter(|known| known.to.is_none()).map_or(now, |known| known.from);
        databases.push(database(promised, facts.as_ref(), since));
    }
    let gone = before.iter().flat_map(|before| &before.databases);
    let gone = gone.filter(|known| known.to.is_none() && policy.database(&known.id).is_none());
    databases.extend(gone.map(|known| Database { to: Some(now), ..known.clone() }));
    databases.sort_by(|a, b| a.id.cmp(&b.id));
    let excluded = policy.exclude.iter().map(|one| {
        let (name, reason, approved_by) = (one.database.clone(), one.reason.clone(), one.approved_by.clone());
        Excluded { name, reason, approved_by }
    });
    let (excluded, query_sha256) = (excluded.collect(), Digest::of(DATABASES_QUERY.as_bytes()));
    Ok(Declared { scope: ScopeDeclared { databases, excluded, observed, query_sha256 }, unreachable })
}

fn facts(
    configured: &[DatabaseConfig],
    tools: &Tools,
    promised: &DatabasePolicy,
) -> Result<Result<ServerFacts, String>, ProduceError> {
    let Some(database) = configured.iter().find(|database| database.id == promised.id) else {
        return Ok(Err("walwarden.toml has no such database".into()));
    };
    let connection = config::connection(&database.id, &database.connection, tools.clone())?;
    Ok(connection.server_facts().map_err(|error| error.to_string()))
}

fn database(promised: &DatabasePolicy, facts: Option<&ServerFacts>, from: Time) -> Database {
    Database {
        id: promised.id.clone(),
        provider: promised.provider.clone(),
        account_ref: promised.account_ref.clone(),
        project: None,
        branch: None,
        region: promised.region.clone(),
        server_version: facts.map_or_else(|| "unknown".into(), |facts| facts.version.clone()),
        system_identifier: Decimal(facts.map_or(0, |facts| facts.system_identifier)),
        host_sha256: host::digest(facts.map_or("", |facts| &facts.host)),
        criticality: promised.criticality.clone(),
        owner: promised.owner.clone(),
        from,
        to: None,
    }
}
