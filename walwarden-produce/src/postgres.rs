//! PostgreSQL, reached exactly as `pg_dump` reaches it.
//!
//! Every SQL session is a `psql` child process: URIs, `PG*` variables, `.pgpass`, service files and `sslmode` then mean
//! what they mean to `pg_dump`, and a connection that works for one works for the other. Statements go to its standard
//! input, answers come back as `COPY` text and are read in bulk ([`session`]). SQL stands in this module and in
//! `restore` only.

pub mod catalog;
pub mod connection;
pub mod conninfo;
pub mod copy;
pub mod facts;
pub mod large_objects;
pub mod quote;
pub mod ranges;
pub mod rows;
pub mod schema;
pub mod session;
pub mod snapshot;
pub(crate) mod sort;
pub mod tools;

pub use connection::{Connection, ConnectionError};
pub use facts::ServerFacts;
pub use session::{Session, SqlError};
pub use tools::{Program, ToolError, Tools};
