//! A chain in PostgreSQL: many writers and hosts, the same bytes as in files.
//!
//! Rows are only ever added: the writer's role has no other right, and triggers refuse the rest to everybody who has. An
//! advisory lock of the session excludes other writers; it goes when the session does, so that nobody waits for the dead.

use std::{
    cell::{Cell, RefCell},
    io,
};

use walwarden_core::{Digest, checkpoint::CheckpointLine, jcs, value::hex};

use super::ChainStore;
use crate::{
    error::{StorageError, VaultError},
    postgres::{
        Connection, Session, SqlError,
        catalog::texts,
        quote::{quote_ident, quote_literal},
    },
};

/// Tables, and what keeps them append-only. `@` stands for the schema.
const TABLES: &str = "
CREATE TABLE @.entries (seq bigint PRIMARY KEY, ends_at bigint NOT NULL UNIQUE, line bytea NOT NULL);
CREATE TABLE @.checkpoints (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line bytea NOT NULL);
CREATE TABLE @.statements (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, file text NOT NULL, envelope bytea NOT NULL);
CREATE TABLE @.blobs (sha256 text PRIMARY KEY, bytes bytea NOT NULL);
CREATE TABLE @.timestamps (size bigint PRIMARY KEY, token bytea NOT NULL);
CREATE FUNCTION @.append_only() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN RAISE EXCEPTION 'the chain is append-only' USING ERRCODE = 'insufficient_privilege'; END$$;
";
const NAMES: [&str; 5] = ["entries", "checkpoints", "statements", "blobs", "timestamps"];

/// A chain in one schema of a database.
pub struct PostgresChain {
    connection: Connection,
    schema: String,
    session: RefCell<Option<Session>>,
    locked: Cell<bool>,
}

impl PostgresChain {
    /// The chain in a schema; nothing is connected yet.
    #[must_use]
    pub fn new(connection: Connection, schema: &str) -> Self {
        let session = RefCell::new(None);
        Self { connection, schema: quote_ident(schema), session, locked: Cell::new(false) }
    }

    /// Makes the schema with an empty chain, and lets a role append to it.
    ///
    /// # Errors
    /// [`StorageError`], also when the schema is there.
    pub fn create(connection: Connection, schema: &str, writer: Option<&str>) -> Result<Self, StorageError> {
        let chain = Self::new(connection, schema);
        let mut sql = format!("BEGIN; CREATE SCHEMA {};", chain.schema) + &TABLES.replace("@", &chain.schema);
        for name in NAMES {
            sql += &format!(
                "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0}.{name} \
                 FOR EACH STATEMENT EXECUTE FUNCTION {0}.append_only();",
                chain.schema
            );
        }
        if let Some(role) = writer {
            let (schema, role) = (&chain.schema, quote_ident(role));
            sql += &format!("GRANT USAGE ON SCHEMA {schema} TO {role};");
            sql += &format!("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {schema} TO {role};");
        }
        chain.ask("create", |session| session.run(&(sql + "COMMIT")))?;
        Ok(chain)
    }

    /// Works with the session; it is opened where there is none, but never in the middle of what a lock protects.
    fn ask<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Session) -> Result<T, SqlError>,
    ) -> Result<T, StorageError> {
        let at = |error: SqlError| self.error(doing, &error);
        let mut held = self.session.borrow_mut();
        if held.is_none() {
            if self.locked.get() {
                let lost = io::Error::new(io::ErrorKind::ConnectionAborted, "the session that held the lock is lost");
                return Err(StorageError::at(doing, self.name())(lost));
            }
            let mut session = Session::open(&self.connection).map_err(at)?;
            session.run("SET synchronous_commit = on; SET lock_timeout = 0").map_err(at)?;
            *held = Some(session);
        }
        let Some(session) = held.as_mut() else {
            return Err(self.error(doing, &SqlError::Answer("no session".into())));
        };
        let done = work(session).map_err(at);
        if done.is_err() {
            *held = None;
        }
        done
    }

    fn name(&self) -> String {
        format!("the chain in {}", self.schema)
    }

    fn error(&self, doing: &'static str, error: &SqlError) -> StorageError {
        let kind = match error.sqlstate() {
            Some("53100") => io::ErrorKind::StorageFull,
            Some("42501") => io::ErrorKind::PermissionDenied,
            Some("23505") => io::ErrorKind::AlreadyExists,
            _ => io::ErrorKind::ConnectionAborted,
        };
        StorageError::at(doing, self.name())(io::Error::new(kind, error.to_string()))
    }

    fn lines(&self, query: &str) -> Result<Vec<u8>, StorageError> {
        let rows = self.ask("read", |session| texts::<1>(session, query))?;
        Ok(rows.into_iter().flat_map(|[line]| (line + "\n").into_bytes()).collect())
    }

    fn bytes(&self, query: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let rows = self.ask("read", |session| texts::<1>(session, query))?;
        let Some([text]) = rows.into_iter().next() else { return Ok(None) };
        let bytes = unhex(&text).ok_or_else(|| self.error("read", &SqlError::Answer("no hexadecimal".into())))?;
        Ok(Some(bytes))
    }
}

impl std::fmt::Debug for PostgresChain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PostgresChain({})", self.schema)
    }
}

impl ChainStore for PostgresChain {
    fn lock(&mut self) -> Result<(), StorageError> {
        let ask = format!("SELECT pg_advisory_lock(hashtextextended({}, 0))", quote_literal(&self.schema));
        self.ask("lock", |session| session.rows(&ask).map(drop))?;
        self.locked.set(true);
        Ok(())
    }

    fn unlock(&mut self) {
        self.locked.set(false);
        let ask = format!("SELECT pg_advisory_unlock(hashtextextended({}, 0))", quote_literal(&self.schema));
        if self.ask("unlock", |session| session.rows(&ask).map(drop)).is_err() {
            *self.session.borrow_mut() = None;
        }
    }

    fn read_from(&self, position: u64) -> Result<Vec<u8>, StorageError> {
        let schema = &self.schema;
        self.lines(&format!(
            "SELECT convert_from(line, 'UTF8') FROM {schema}.entries WHERE ends_at > {position} ORDER BY seq"
        ))
    }

    fn append(&mut self, position: u64, line: &[u8]) -> Result<(), StorageError> {
        let (schema, end) = (&self.schema, position + line.len() as u64 + 1);
        // Nothing is inserted unless `position` is still the end.
        let insert = format!(
            "INSERT INTO {schema}.entries SELECT coalesce(max(seq) + 1, 0), {end}, '\\x{}' FROM {schema}.entries \
             HAVING coalesce(max(ends_at), 0) = {position} RETURNING seq::text",
            hex(line)
        );
        self.ask("append to", |session| session.one::<1>(&insert).map(drop))
    }

    fn cut(&mut self, _position: u64) -> Result<(), StorageError> {
        // A transaction leaves no part of a line.
        Err(StorageError::at("repair", self.name())(io::ErrorKind::Unsupported.into()))
    }

    fn checkpoints(&self) -> Result<Result<Vec<CheckpointLine>, VaultError>, StorageError> {
        let query = format!("SELECT convert_from(line, 'UTF8') FROM {}.checkpoints ORDER BY n", self.schema);
        let rows = self.ask("read", |session| texts::<1>(session, &query))?;
        let lines = rows.into_iter().enumerate().map(|(index, [line])| {
            jcs::parse_exact(line.as_bytes()).map_err(|_| VaultError::Checkpoint { line: index + 1 })
        });
        Ok(lines.collect())
    }

    fn append_checkpoint(&mut self, line: &[u8]) -> Result<(), StorageError> {
        let insert = format!("INSERT INTO {}.checkpoints (line) VALUES ('\\x{}')", self.schema, hex(line));
        self.ask("append to", |session| session.run(&insert))
    }

    fn put_statement(&mut self, file: &str, envelope: &[u8]) -> Result<(), StorageError> {
        let (schema, file, envelope) = (&self.schema, quote_literal(file), hex(envelope));
        let insert = format!("INSERT INTO {schema}.statements (file, envelope) VALUES ({file}, '\\x{envelope}')");
        self.ask("append to", |session| session.run(&insert))
    }

    fn statements(&self, file: &str) -> Result<Vec<u8>, StorageError> {
        let (schema, file) = (&self.schema, quote_literal(file));
        let of =
            format!("SELECT convert_from(envelope, 'UTF8') FROM {schema}.statements WHERE file = {file} ORDER BY n");
        self.lines(&of)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Digest, StorageError> {
        let digest = Digest::of(bytes);
        let insert = format!(
            "INSERT INTO {}.blobs VALUES ('{digest}', '\\x{}') ON CONFLICT DO NOTHING",
            self.schema,
            hex(bytes)
        );
        self.ask("append to", |session| session.run(&insert))?;
        Ok(digest)
    }

    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StorageError> {
        let query = format!("SELECT encode(bytes, 'hex') FROM {}.blobs WHERE sha256 = '{digest}'", self.schema);
        Ok(self.bytes(&query)?.filter(|bytes| Digest::of(bytes) == *digest))
    }

    fn put_timestamp(&mut self, size: u64, token: &[u8]) -> Result<(), StorageError> {
        if self.timestamp(size)?.is_some_and(|there| there == token) {
            return Ok(());
        }
        let insert = format!("INSERT INTO {}.timestamps VALUES ({size}, '\\x{}')", self.schema, hex(token));
        self.ask("append to", |session| session.run(&insert))
    }

    fn timestamp(&self, size: u64) -> Result<Option<Vec<u8>>, StorageError> {
        self.bytes(&format!("SELECT encode(token, 'hex') FROM {}.timestamps WHERE size = {size}", self.schema))
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes().chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}
