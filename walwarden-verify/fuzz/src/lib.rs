//! What every input must hold, whatever its bytes: one module for each target of `make fuzz`. Ordinary tests replay the
//! corpora through the same functions (`walwarden-verify/tests/fuzz_corpora.rs`).

pub mod json;
pub mod notes;
pub mod seeds;
pub mod tokens;
pub mod verify;
pub mod zip;
