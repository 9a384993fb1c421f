//! The producer of walwarden's evidence: attested backups, restore tests, sealed bundles.
//!
//! The modules follow the pipeline: [`init`] makes keys and a vault; [`postgres`] reads one exported snapshot, [`dump`]
//! runs PostgreSQL's own tools over it, [`store`] keeps the objects, [`backup`] states and chains what was done;
//! [`restore`] brings a backup back and compares, [`restore_test`] records it; [`seal`] makes a bundle of a period.
//! What is appended goes through [`vault`], what is signed through [`signer`].

pub mod adoption;
pub mod alert;
pub mod alerts;
pub mod anchor;
pub mod attachment;
pub mod awaited;
pub mod backup;
pub mod backup_set;
pub mod chain_dump;
pub mod chain_store;
pub mod channel;
pub mod clock;
pub mod collect;
pub mod config;
pub mod copies;
pub mod dump;
pub mod encryption;
pub mod error;
pub mod files;
pub mod host;
mod http;
pub mod init;
pub mod keys;
pub mod metrics;
pub mod mirror;
pub mod passphrase;
pub mod people;
pub mod period;
pub mod plan;
pub mod policy_file;
pub mod postgres;
pub mod preflight;
pub mod producer;
pub mod proof_site;
pub mod prune;
pub mod random;
pub mod record;
pub mod restore;
pub mod restore_test;
pub mod review;
pub mod run;
pub mod runs;
pub mod scope;
pub mod seal;
pub mod signer;
pub mod spool;
pub mod staging;
pub mod status;
pub mod store;
pub mod vault;
pub mod verify_db;
pub mod witness;

pub use error::ProduceError;
