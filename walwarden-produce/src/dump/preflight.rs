//! What can be known before anything is dumped, each as its own refusal.

use super::{DumpError, DumpSettings, Stage};
use crate::postgres::{
    Connection, Program, ServerFacts, Session, SqlError,
    catalog::{Relation, relations},
    facts::{facts_of, pooler_by_address, pooler_by_behaviour},
};

/// Programs, server, encoding, pooler, privileges.
///
/// Returns what is known of the server, and pg_dump's version.
///
/// # Errors
/// What would keep a dump from being made.
pub fn check(connection: &Connection, settings: &DumpSettings) -> Result<(ServerFacts, String), DumpError> {
    let tools = connection.tools();
    tools.find(Program::PgDump)?;
    let failed = |error: SqlError| DumpError::sql(Stage::Preflight, &error);
    let mut session = Session::open(connection).map_err(failed)?;
    let facts = facts_of(&mut session, connection).map_err(failed)?;
    let by_behaviour = pooler_by_behaviour(&mut session, connection).map_err(failed)?;
    if let Some(reason) = pooler_by_address(&facts.host, &facts.port).or(by_behaviour) {
        let message = format!("the server is reached through a transaction pooler: {reason}");
        return Err(refused("transaction-pooler", message));
    }
    let (version, client) = tools.version_for_major(Program::PgDump, facts.major())?;
    tools.version_for_major(Program::PgDumpall, facts.major())?;
    if facts.major() > client {
        let message = format!("pg_dump {client} cannot dump a server of version {}", facts.major());
        return Err(refused("server-newer-than-pg-dump", message));
    }
    settings.arguments(client)?;
    if facts.encoding == "SQL_ASCII" {
        let message =
            format!("the database {} has the encoding SQL_ASCII: its texts mean nothing certain", facts.database);
        return Err(refused("sql-ascii", message));
    }
    // Before any lock is asked for, which a table that may not be read would refuse with less to say.
    readable(&relations(&mut session).map_err(failed)?, &facts)?;
    Ok((facts, version))
}

/// Tables that this role cannot read whole.
pub(super) fn readable(relations: &[Relation], facts: &ServerFacts) -> Result<(), DumpError> {
    let closed: Vec<&Relation> = relations.iter().filter(|relation| relation.readable == Some(false)).collect();
    if !closed.is_empty() {
        let message = format!("the role {} may not read {}", facts.user, listed(&closed));
        return Err(refused("no-select-privilege", message));
    }
    let hidden: Vec<&Relation> = relations.iter().filter(|relation| relation.row_security).collect();
    if !hidden.is_empty() {
        let message = format!("row-level security hides rows from the role {} in {}", facts.user, listed(&hidden));
        return Err(refused("row-security", message));
    }
    let unlogged: Vec<&Relation> = relations.iter().filter(|relation| relation.unlogged).collect();
    if facts.in_recovery && !unlogged.is_empty() {
        let message =
            format!("the server is a standby, where these unlogged tables have no rows: {}", listed(&unlogged));
        return Err(refused("unlogged-on-standby", message));
    }
    Ok(())
}

fn refused(reason_code: &'static str, message: String) -> DumpError {
    DumpError::new(Stage::Preflight, reason_code, message)
}

fn listed(relations: &[&Relation]) -> String {
    let names: Vec<String> = relations.iter().take(5).map(|r| format!("{}.{}", r.schema, r.name)).collect();
    let more = relations.len().saturating_sub(5);
    if more > 0 { format!("{} and {more} more", names.join(", ")) } else { names.join(", ") }
}
