//! Limits of every format: constants, because two verifiers must not differ (`spec:bytes-6`).

/// Bytes of one line of NDJSON, and of one JSON document.
pub const DOCUMENT_BYTES: usize = 1 << 20;
/// Bytes of a list that was moved into a blob (`spec:rows-8`).
pub const LIST_BYTES: usize = 64 << 20;
/// Nesting of objects and arrays; the outermost counts as 1.
pub const DEPTH: usize = 16;
/// Members of one JSON object.
pub const MEMBERS: usize = 4096;
/// Signatures in one DSSE envelope.
pub const SIGNATURES: usize = 16;
/// Signature lines of one note.
pub const NOTE_SIGNATURES: usize = 64;
/// Bytes of an origin.
pub const ORIGIN_BYTES: usize = 100;
/// The largest integer that JSON carries exactly: 2^53 - 1.
pub const INTEGER: i64 = (1 << 53) - 1;
/// Bytes of a name inside a bundle.
pub const NAME_BYTES: usize = 128;
/// Files of a bundle.
pub const FILES: usize = 65_535;
/// Bytes of a zip: 4 GiB - 1.
pub const ZIP_BYTES: u64 = 0xFFFF_FFFF;
/// Bytes of a file with the verifier keys of witnesses.
pub const WITNESS_BYTES: usize = 64 << 10;
/// Witnesses that a reader brings.
pub const WITNESSES: usize = 64;
/// Bytes of a handover file.
pub const HANDOVER_BYTES: usize = 64 << 10;
/// Bytes of a time-stamp token.
pub const TOKEN_BYTES: usize = 64 << 10;
/// Certificates in a time-stamp token.
pub const TOKEN_CERTIFICATES: usize = 8;
/// Nesting of a time-stamp token's elements; the outermost counts as 1.
pub const TOKEN_DEPTH: usize = 32;
/// Bytes of a file with roots of time-stamping authorities.
pub const TSA_ROOT_BYTES: usize = 1 << 20;
/// Roots of time-stamping authorities that a reader brings.
pub const TSA_ROOTS: usize = 64;
/// Steps of the search for a path from a token's signer to a root.
pub const TSA_PATH_STEPS: usize = 128;
