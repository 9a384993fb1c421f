//! Where a backup is restored to.

use std::io;

use crate::{
    postgres::{Connection, Session, SqlError, quote::quote_ident},
    restore::cluster::Cluster,
};

/// Where to restore.
#[derive(Debug, Clone)]
pub enum Target {
    /// A cluster that is made for it and removed afterwards.
    Throwaway,
    /// A database that is made for it on this server and dropped afterwards; the reason says why it may be the source.
    Server {
        /// Any database of it.
        connection: Connection,
        /// Why the source's own system is good enough.
        reason: Option<String>,
    },
    /// This database, which has to be empty, and stays.
    Database(Connection),
}

impl Target {
    /// Requires that a server of somebody's answers: a name mistyped says nothing about a backup.
    ///
    /// # Errors
    /// Why no session could be opened.
    pub fn reached(&self) -> Result<(), SqlError> {
        match self {
            Self::Throwaway => Ok(()),
            Self::Server { connection, .. } | Self::Database(connection) => Session::open(connection).map(drop),
        }
    }
}

/// A target at hand.
#[derive(Debug)]
pub enum Place {
    /// A running cluster.
    Cluster(Box<Cluster>),
    /// A server of somebody's.
    Server(Connection),
    /// A database of somebody's.
    Database(Connection),
}

impl Place {
    /// A connection to one of its databases.
    #[must_use]
    pub fn connection(&self, database: &str) -> Connection {
        match self {
            Self::Cluster(cluster) => cluster.connection(database),
            Self::Server(connection) => connection.to_database(database),
            Self::Database(connection) => connection.clone(),
        }
    }

    /// Whether the database to restore into is made first.
    #[must_use]
    pub const fn creates(&self) -> bool {
        !matches!(self, Self::Database(_))
    }

    /// Whether it lies on this machine.
    #[must_use]
    pub const fn is_throwaway(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    /// Takes away what was made; tells whether there was anything to take away.
    ///
    /// # Errors
    /// What could not be removed, for people.
    pub fn remove(self, database: &str) -> Result<bool, String> {
        match self {
            Self::Cluster(cluster) => cluster.remove().map(|()| true).map_err(|error: io::Error| error.to_string()),
            Self::Server(connection) => drop_database(&connection, database).map(|()| true).map_err(|e| e.to_string()),
            Self::Database(_) => Ok(false),
        }
    }
}

/// Sessions of ours have ended by now; a pooler's may not have.
fn drop_database(connection: &Connection, database: &str) -> Result<(), SqlError> {
    let mut session = Session::open(connection)?;
    session.run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_ident(database)))
}
