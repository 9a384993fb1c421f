//! Brings a backup back and compares.

pub mod checks;
pub mod cluster;
pub mod compare;
pub mod pg_restore;
pub mod target;
