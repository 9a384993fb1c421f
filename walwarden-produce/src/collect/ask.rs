//! Questions to a server: one transaction that sees one state and writes nothing.

use walwarden_core::{Decimal, statement::evidence::Source};

use super::{
    Scene,
    capture::{Failure, Row, Table},
};
use crate::{
    host,
    postgres::{Connection, ServerFacts, Session, SqlError, facts::facts_of},
};

/// A statement that takes longer is ended: a capture must not hold back a server.
const TIMEOUTS: &str = "SET LOCAL statement_timeout TO '300s'; SET LOCAL lock_timeout TO '10s'; \
     SET LOCAL idle_in_transaction_session_timeout TO '600s'";

/// Who was asked, as whom.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// The server.
    pub(super) source: Source,
    /// The role.
    pub(super) role: String,
}

/// An open transaction.
pub(super) struct Ask {
    session: Session,
    /// Who is asked.
    pub(super) asked: Asked,
    /// What the server says of itself.
    pub(super) facts: ServerFacts,
}

impl Ask {
    /// Opens one to the database of the capture, as the role that captures evidence.
    pub(super) fn open(scene: &Scene<'_>) -> Result<Self, Failure> {
        let config = &scene.producer.config;
        let database = config.database(scene.request.database)?;
        Self::of(scene, &config.connection(database)?)
    }

    fn of(scene: &Scene<'_>, connection: &Connection) -> Result<Self, Failure> {
        let mut session = Session::open(connection)?;
        session.run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {TIMEOUTS}"))?;
        let facts = facts_of(&mut session, connection)?;
        let source = Source {
            provider: scene.promised().map_or_else(|| "unknown".into(), |promised| promised.provider.clone()),
            host_sha256: host::digest(&facts.host),
            database: facts.database.clone(),
            system_identifier: Decimal(facts.system_identifier),
            server_version: facts.version.clone(),
            in_recovery: facts.in_recovery,
        };
        let asked = Asked { source, role: facts.user.clone() };
        Ok(Self { session, asked, facts })
    }

    /// The answer to a question, as a table.
    pub(super) fn table(
        &mut self,
        name: &'static str,
        columns: &[&str],
        keys: usize,
        query: &str,
    ) -> Result<Table, Failure> {
        let rows = self.rows(columns, query)?;
        Ok(Table { query: Some(query.into()), ..Table::new(name, columns, keys, rows) })
    }

    /// The answer to a question.
    pub(super) fn rows(&mut self, columns: &[&str], query: &str) -> Result<Vec<Row>, Failure> {
        let answer = self.session.rows(query).map_err(|error| self.failed(error))?;
        let row = |values: Vec<Option<String>>| columns.iter().map(|c| (*c).to_owned()).zip(values).collect();
        Ok(answer.into_iter().map(row).collect())
    }

    /// One number.
    pub(super) fn count(&mut self, query: &str) -> Result<u64, Failure> {
        let [count] = self.session.one(query).map_err(|error| self.failed(error))?;
        count.parse().map_err(|_| Failure::new("unexpected-answer", "a count that is no number"))
    }

    fn failed(&self, error: SqlError) -> Failure {
        Failure { asked: Some(self.asked.clone()), ..error.into() }
    }
}
