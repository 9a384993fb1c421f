//! What a server says of itself, and whether a session with it is a session at all.

use walwarden_core::{Decimal, statement::backup};

use super::{
    connection::Connection,
    session::{Session, SqlError},
};

/// All databases of a server: what is in scope is judged against it.
pub const DATABASES_QUERY: &str = "SELECT datname, oid::text, datistemplate::text FROM pg_catalog.pg_database \
     ORDER BY datname COLLATE pg_catalog.\"C\"";

/// What is known of a server and of the connected database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// `server_version`, such as `15.18 (Debian ..)`.
    pub version: String,
    /// `server_version_num`, such as 150018.
    pub version_num: u32,
    /// From `pg_control_system()`: the same for physical copies.
    pub system_identifier: u64,
    /// Whether it is a standby.
    pub in_recovery: bool,
    /// The connected database.
    pub database: String,
    /// Its encoding.
    pub encoding: String,
    /// The role.
    pub user: String,
    /// Host as libpq understood it; a folder for a Unix socket.
    pub host: String,
    /// Port as libpq understood it.
    pub port: String,
    /// All databases.
    pub databases: Vec<Database>,
    /// Encryption of the connection.
    pub tls: backup::Tls,
}

/// One database of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Name.
    pub name: String,
    /// OID.
    pub oid: u32,
    /// Whether it is a template.
    pub template: bool,
}

impl ServerFacts {
    /// The major version.
    #[must_use]
    pub const fn major(&self) -> u32 {
        self.version_num / 10_000
    }

    /// The server as a statement names it.
    #[must_use]
    pub fn server(&self) -> backup::Server {
        backup::Server {
            version: self.version.clone(),
            system_identifier: Decimal(self.system_identifier),
            in_recovery: self.in_recovery,
        }
    }
}

/// Connects and asks.
pub(crate) fn server_facts(connection: &Connection) -> Result<ServerFacts, SqlError> {
    facts_of(&mut Session::open(connection)?, connection)
}

/// Asks in a session that is open.
pub(crate) fn facts_of(session: &mut Session, connection: &Connection) -> Result<ServerFacts, SqlError> {
    let [version, version_num, in_recovery, database, encoding, user] = session.one(
        "SELECT current_setting('server_version'), current_setting('server_version_num'), \
         pg_is_in_recovery()::text, current_database(), current_setting('server_encoding'), current_user::text",
    )?;
    let [system_identifier] = session.one("SELECT system_identifier::text FROM pg_control_system()")?;
    let (host, port) = (session.variable("HOST")?, session.variable("PORT")?);
    let tls = tls(session, connection.sslmode(), &host)?;
    Ok(ServerFacts {
        version,
        version_num: number(&version_num)?,
        // pg_control_system() has it as a signed bigint.
        system_identifier: system_identifier
            .parse::<i64>()
            .map_err(|_| not_a_number(&system_identifier))?
            .cast_unsigned(),
        in_recovery: in_recovery == "true",
        database,
        encoding,
        user,
        host,
        port,
        databases: databases(session)?,
        tls,
    })
}

fn databases(session: &mut Session) -> Result<Vec<Database>, SqlError> {
    let mut found = Vec::new();
    for row in session.rows(DATABASES_QUERY)? {
        let [Some(name), Some(oid), Some(template)] = row.as_slice() else {
            return Err(SqlError::Answer("a database without a name".into()));
        };
        found.push(Database { name: name.clone(), oid: number(oid)?, template: template == "true" });
    }
    Ok(found)
}

fn tls(session: &mut Session, sslmode: &str, host: &str) -> Result<backup::Tls, SqlError> {
    let rows = session.rows("SELECT ssl::text, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")?;
    // A pooler on the way would show at one of the two ends.
    let [local] = session.one("SELECT (inet_client_addr() IS NULL)::text")?;
    let without = if host.starts_with('/') && local == "true" { "unix" } else { "none" };
    let protocol = match rows.first().map(Vec::as_slice) {
        Some([Some(on), Some(version)]) if on == "true" => Some(version.clone()),
        _ => None,
    };
    Ok(backup::Tls {
        mode: protocol.as_ref().map_or("off", |_| sslmode).into(),
        protocol: protocol.unwrap_or_else(|| without.into()),
        cert_sha256: None,
    })
}

/// Reads a number out of an answer.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Result<T, SqlError> {
    text.parse().map_err(|_| not_a_number(text))
}

fn not_a_number(text: &str) -> SqlError {
    SqlError::Answer(format!("{text} is not a number"))
}

/// Why an address names a transaction pooler, through which a snapshot cannot be held.
#[must_use]
pub fn pooler_by_address(host: &str, port: &str) -> Option<&'static str> {
    let pooled_host = host.split(',').any(|host| host.contains("-pooler."));
    let pooled_port = port.split(',').any(|port| port == "6543");
    match (pooled_host, pooled_port) {
        (true, _) => Some("its host name contains '-pooler.'"),
        (_, true) => Some("port 6543 is where providers put their transaction poolers"),
        _ => None,
    }
}

/// Why a session does not behave as one: settings get lost, the backend changes between transactions, or another session
/// has the same one, which a pooler gives out again as soon as it is idle.
pub(crate) fn pooler_by_behaviour(
    session: &mut Session,
    connection: &Connection,
) -> Result<Option<&'static str>, SqlError> {
    const ASK: &str = "SELECT pg_backend_pid()::text, coalesce(current_setting('walwarden.probe', true), '')";
    let [first, _] = session.one(ASK)?;
    session.run(&format!("SET walwarden.probe TO '{first}'"))?;
    for _ in 0..5 {
        let [pid, probe] = session.one(ASK)?;
        if pid != first {
            return Ok(Some("the backend changes between transactions"));
        }
        if probe != first {
            return Ok(Some("a setting was lost between transactions"));
        }
    }
    let [second, _] = Session::open(connection)?.one(ASK)?;
    Ok((second == first).then_some("two sessions have the same backend"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poolers_are_known_by_their_address() {
        assert!(pooler_by_address("ep-cool-1-pooler.eu.example", "5432").is_some());
        assert!(pooler_by_address("db.example", "6543").is_some());
        assert_eq!(pooler_by_address("db.example", "5432"), None);
        assert_eq!(pooler_by_address("/run/postgresql", "5432"), None);
    }
}
