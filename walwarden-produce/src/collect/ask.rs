//! Questions to a server: one transaction that sees one state and writes nothing.

use walwarden_core::{Decimal, statement::evidence::Source};

use super::{
    Scene,
    capture::{Failure, Row, Table},
};
use crate::{
    config, host,
    postgres::{
        Connection, ServerFacts, Session, SqlError,
        facts::{facts_of, server_facts},
        snapshot::alone,
    },
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
        let own = config.evidence(scene.request.database).and_then(|evidence| evidence.connection.as_deref());
        let connection = match own {
            Some(spec) => config::connection(&database.id, spec, config.tools())?,
            None => config.connection(database)?,
        };
        let mut session = Session::open(&connection)?;
        session.run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {TIMEOUTS}"))?;
        let facts = facts_of(&mut session, &connection)?;
        Ok(Self::of(scene, session, facts))
    }

    /// Opens one as the role that makes backups, which reads every table, and with the settings of a backup: the
    /// schema's text depends on them.
    pub(super) fn pinned(scene: &Scene<'_>) -> Result<(Self, Connection), Failure> {
        let config = &scene.producer.config;
        let connection = config.connection(config.database(scene.request.database)?)?;
        let facts = server_facts(&connection)?;
        let mut session = alone(&connection, facts.version_num)?;
        session.run(TIMEOUTS)?;
        Ok((Self::of(scene, session, facts), connection))
    }

    fn of(scene: &Scene<'_>, session: Session, facts: ServerFacts) -> Self {
        let source = Source {
            provider: scene.promised().map_or_else(|| "unknown".into(), |promised| promised.provider.clone()),
            host_sha256: host::digest(&facts.host),
            database: facts.database.clone(),
            system_identifier: Decimal(facts.system_identifier),
            server_version: facts.version.clone(),
            in_recovery: facts.in_recovery,
        };
        let asked = Asked { source, role: facts.user.clone() };
        Self { session, asked, facts }
    }

    /// The session itself.
    pub(super) const fn session(&mut self) -> &mut Session {
        &mut self.session
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

    /// A failure that names who was asked.
    pub(super) fn failed(&self, error: SqlError) -> Failure {
        Failure { asked: Some(self.asked.clone()), ..error.into() }
    }
}
