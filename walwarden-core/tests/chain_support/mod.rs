//! Chains for tests of rules: entries by hand, without signatures.
#![allow(dead_code)] // each test file uses its own part of this

use serde_json::{Value, json};
use walwarden_core::{
    Digest, EntryId, Time,
    chain::{Entries, entry_hash, genesis_prev},
    event::Event,
    jcs,
};

/// An event in a chain.
#[derive(Clone)]
pub(crate) struct Line {
    /// When it happened.
    pub(crate) at: Time,
    /// When it was recorded.
    pub(crate) recorded_at: Time,
    /// Its type.
    pub(crate) kind: &'static str,
    /// What happened.
    pub(crate) data: Value,
    /// Its id; by its place, where there is none.
    pub(crate) id: Option<EntryId>,
    /// Who acted.
    pub(crate) actor: &'static str,
    /// How far the clock was off.
    pub(crate) offset_ms: Option<i64>,
}

impl From<(Time, &'static str, Value)> for Line {
    fn from((at, kind, data): (Time, &'static str, Value)) -> Self {
        Self { at, recorded_at: at, kind, data, id: None, actor: "walwarden", offset_ms: None }
    }
}

/// An id that names a number.
pub(crate) fn id(n: u64) -> EntryId {
    EntryId::new(n, [0; 10])
}

/// The lines of a chain, under one policy.
pub(crate) fn ndjson(lines: &[Line], policy: Option<Digest>) -> Vec<u8> {
    let origin = "acme.example/backups".parse().unwrap();
    let mut prev = genesis_prev(&origin);
    let mut out = Vec::new();
    for (seq, line) in lines.iter().enumerate() {
        let mut tool = json!({"name": "walwarden", "version": "0.1.0", "sha256": Digest::of(b"walwarden")});
        if let Some(offset) = line.offset_ms {
            tool["clock_offset_ms"] = offset.into();
        }
        let line = jcs::to_vec(&json!({"_type": walwarden_core::chain::ENTRY_TYPE, "origin": origin, "seq": seq,
            "prev": prev, "id": line.id.unwrap_or_else(|| id(1000 + seq as u64)), "at": line.at,
            "recorded_at": line.recorded_at, "type": line.kind,
            "actor": {"kind": "service", "id": line.actor, "auth": "none"}, "tool": tool, "policy": policy,
            "refs": [], "statements": [], "blobs": [], "data": line.data}))
        .unwrap();
        prev = entry_hash(&line);
        out.extend(line);
        out.push(b'\n');
    }
    out
}

/// Reads a chain of which every event must be one that rules read.
pub(crate) fn parse(bytes: &[u8]) -> Entries<'_> {
    let entries = Entries::parse(bytes).unwrap();
    entries.all().iter().for_each(|entry| {
        assert_ne!(entry.event(), Event::NotInterpreted, "{} is not read", entry.kind());
    });
    entries
}
