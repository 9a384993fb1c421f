//! The formats of walwarden: bytes in, values out.
//!
//! An organisation keeps a **chain** of entries, one JSON line each, and signs **checkpoints** over the RFC 6962 tree of
//! those lines. What an entry claims in earnest is a DSSE **statement**, signed by a key of the **registry**, which
//! offline root keys sign. A **bundle** is all of it for a period, in one zip, which `walwarden-verify` judges.
//!
//! Nothing here reads a file, a clock, the network, the environment or a source of randomness: times, keys and bytes are
//! arguments (`spec:model-4`). The pages of `spec/` and the modules have the same names.
//!
//! ```
//! use walwarden_core::{chain, merkle::Range};
//! // The leaf of a line is its RFC 6962 leaf hash, and the tree over all lines is what a checkpoint signs.
//! let mut range = Range::new();
//! range.push(chain::entry_hash(b"{}"));
//! assert_eq!(range.root(), chain::entry_hash(b"{}"));
//! ```
#![no_std] // no files, clock, network or environment: spec:model-4
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)] // input is hostile: spec:model-6

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bundle;
pub mod chain;
pub mod checkpoint;
pub mod cosignature;
pub mod digest;
pub mod dsse;
pub mod duties;
pub mod event;
pub mod exposure;
pub mod fork;
pub mod handover;
pub mod jcs;
pub mod key;
pub mod limits;
pub mod merkle;
pub mod occurrence;
pub mod policy;
pub mod record;
pub mod registry;
pub mod retention;
pub mod rows;
pub mod rules;
pub mod schedule;
pub mod sign;
pub mod statement;
pub mod time;
pub mod tsa;
pub mod value;
pub mod zone;

pub use digest::Digest;
pub use time::{Period, Time};
pub use value::{Base64, Decimal, EntryId, Origin};
