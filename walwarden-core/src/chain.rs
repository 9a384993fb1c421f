//! Entries and their hashes (`spec:chain-1` to `spec:chain-8`).

mod entries;
mod line;

use alloc::{borrow::Cow, string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    digest::Digest,
    event::Event,
    jcs::{self, JcsError},
    merkle::leaf_hash,
    time::Time,
    value::{Decimal, EntryId, Origin, nullable, present},
};
pub use entries::{Anchored, Entries, Joining, Piece, origin, pieces};
pub use line::Line;

/// `_type` of every entry.
pub const ENTRY_TYPE: &str = "https://walwarden.dev/spec/entry/v1";

/// One line of a chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<'a> {
    /// Always [`ENTRY_TYPE`].
    #[serde(rename = "_type", borrow)]
    pub r#type: Cow<'a, str>,
    /// The chain.
    pub origin: Origin,
    /// Position, from 0: also the leaf index.
    pub seq: u64,
    /// Entry hash of the line before; of the first line [`genesis_prev`].
    pub prev: Digest,
    /// Name, unique in the chain.
    pub id: EntryId,
    /// When it happened.
    pub at: Time,
    /// When it was appended: never before the previous entry's.
    pub recorded_at: Time,
    /// Event type.
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    /// Who acted.
    pub actor: Actor,
    /// With which program.
    pub tool: Tool,
    /// Digest of the last adopted policy; `null` before the first.
    #[serde(deserialize_with = "nullable")]
    pub policy: Option<Digest>,
    /// Every entry id in `data`, in order of the members.
    pub refs: Vec<EntryId>,
    /// Statements that belong to it.
    pub statements: Vec<StatementRef>,
    /// Blobs that belong to it.
    #[serde(borrow)]
    pub blobs: Vec<BlobRef<'a>>,
    /// What happened, by type.
    #[serde(with = "raw", borrow)]
    pub data: Cow<'a, RawValue>,
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// A service or a person.
    pub kind: ActorKind,
    /// Pseudonymous id.
    pub id: String,
    /// How it was established.
    pub auth: Auth,
    /// Host, where known.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub host: Option<String>,
}

/// Kind of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// A program on its own.
    Service,
    /// A person.
    Person,
}

/// How an actor was established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// The operating system's user.
    OsUser,
    /// A token of an identity provider.
    Oidc,
    /// A key of the registry.
    Key,
    /// Not at all.
    None,
}

/// The program that wrote an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its file.
    pub sha256: Digest,
    /// Offset of its clock, where measured.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub clock_offset_ms: Option<i64>,
    /// Against what.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub clock_source: Option<String>,
}

/// A statement by the digests of its payload and of its whole envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRef {
    /// SHA-256 of the payload.
    pub payload: Digest,
    /// SHA-256 of the envelope's bytes.
    pub envelope: Digest,
}

/// A blob by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobRef<'a> {
    /// What it is called.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Its digest.
    pub sha256: Digest,
    /// Its length.
    pub bytes: Decimal,
    /// Media type.
    #[serde(borrow)]
    pub media: Cow<'a, str>,
}

/// The hash of a line, LF not included: its RFC 6962 leaf hash.
#[must_use]
pub fn entry_hash(line: &[u8]) -> Digest {
    leaf_hash(line)
}

/// `prev` of the first entry: `SHA-256("walwarden/genesis/v1" || 0x00 || origin)`.
#[must_use]
pub fn genesis_prev(origin: &Origin) -> Digest {
    Digest::of_parts(&[b"walwarden/genesis/v1\0", origin.as_str().as_bytes()])
}

impl<'a> Entry<'a> {
    /// Parses a line without its LF.
    ///
    /// # Errors
    /// Not canonical, or other members.
    pub fn parse(line: &'a [u8]) -> Result<Self, JcsError> {
        let entry: Self = jcs::parse_exact(line)?;
        if entry.r#type != ENTRY_TYPE {
            return Err(JcsError::Shape("another _type than that of an entry".into()));
        }
        Ok(entry)
    }

    /// The canonical line, without LF.
    ///
    /// # Errors
    /// When a number has no canonical form.
    pub fn to_jcs(&self) -> Result<Vec<u8>, JcsError> {
        jcs::to_vec(self)
    }

    /// The typed event.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::parse(&self.kind, &self.data)
    }
}

/// Why lines are not a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The file does not end with LF, or has an empty line.
    #[error("line {line} is empty or not ended by LF")]
    Lines {
        /// From 1.
        line: usize,
    },
    /// A line is not an entry.
    #[error("line {line} is {error}")]
    Entry {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        error: JcsError,
    },
    /// A line is of another chain.
    #[error("line {line} has another origin than the first")]
    Origin {
        /// From 1.
        line: usize,
    },
    /// `seq` does not count the lines.
    #[error("line {line} has seq {found}")]
    Seq {
        /// From 1; seq must be one less.
        line: usize,
        /// What it says.
        found: u64,
    },
    /// `prev` is not the hash of the line before.
    #[error("line {line} does not follow the line before it")]
    Prev {
        /// From 1.
        line: usize,
        /// Hash of the line before.
        expected: Digest,
        /// What it says.
        found: Digest,
    },
    /// Two entries have one id.
    #[error("line {line} repeats the id {id}")]
    Id {
        /// From 1.
        line: usize,
        /// The id.
        id: EntryId,
    },
    /// `recorded_at` goes back.
    #[error("line {line} was recorded before the line before it")]
    RecordedAt {
        /// From 1.
        line: usize,
    },
    /// The tree of the lines has another root than a signed head.
    #[error("the tree of the first {size} lines has root {found}, the signed head {expected}")]
    Root {
        /// Size of the head.
        size: u64,
        /// What was signed.
        expected: Digest,
        /// What the lines give.
        found: Digest,
    },
    /// A signed head covers more lines than there are.
    #[error("a signed head covers {size} lines, there are {lines}")]
    Short {
        /// Size of the head.
        size: u64,
        /// Lines shown.
        lines: u64,
    },
}

impl ChainError {
    /// The same, when `lines` stand before the piece that it was found in.
    fn after(self, lines: usize) -> Self {
        match self {
            Self::Lines { line } => Self::Lines { line: line.saturating_add(lines) },
            Self::Entry { line, error } => Self::Entry { line: line.saturating_add(lines), error },
            other => other,
        }
    }
}

/// `serde` for a raw JSON value that borrows when read and owns when written.
mod raw {
    use super::{Cow, RawValue};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ptr_arg, reason = "serde passes the field's own type")]
    pub(super) fn serialize<S: Serializer>(value: &Cow<'_, RawValue>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().serialize(serializer)
    }

    pub(super) fn deserialize<'de: 'a, 'a, D: Deserializer<'de>>(d: D) -> Result<Cow<'a, RawValue>, D::Error> {
        <&'a RawValue>::deserialize(d).map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::TreeHead;
    use std::{format, string::ToString, vec};

    fn origin() -> Origin {
        "acme.example/backups".parse().unwrap()
    }

    fn line(seq: u64, prev: Digest) -> Vec<u8> {
        let data = RawValue::from_string(format!("{{\"unknown\":{seq}}}")).unwrap();
        let at = Time::from_micros(1_800_000_000_000_000 + i64::try_from(seq).unwrap()).unwrap();
        let entry = Entry {
            r#type: ENTRY_TYPE.into(),
            origin: origin(),
            seq,
            prev,
            id: EntryId::new(seq, [1; 10]),
            at,
            recorded_at: at,
            kind: "future.event".into(),
            actor: Actor { kind: ActorKind::Service, id: "backup".into(), auth: Auth::OsUser, host: None },
            tool: Tool {
                name: "walwarden".into(),
                version: "0.1.0".into(),
                sha256: Digest::of(b""),
                clock_offset_ms: None,
                clock_source: None,
            },
            policy: None,
            refs: vec![],
            statements: vec![],
            blobs: vec![],
            data: Cow::Owned(data),
        };
        entry.to_jcs().unwrap()
    }

    fn lines(n: u64) -> Vec<Vec<u8>> {
        let mut prev = genesis_prev(&origin());
        (0..n)
            .map(|seq| {
                let line = line(seq, prev);
                prev = entry_hash(&line);
                line
            })
            .collect()
    }

    fn ndjson(lines: &[Vec<u8>]) -> Vec<u8> {
        lines.iter().flat_map(|line| line.iter().copied().chain([b'\n'])).collect()
    }

    #[test]
    fn lines_follow_or_say_where_not() {
        let all = lines(5);
        let bytes = ndjson(&all);
        let entries = Entries::parse(&bytes).unwrap();
        assert_eq!(entries.contiguous(), Ok(()));
        assert_eq!(entries.all()[3].entry().unwrap().to_jcs().unwrap(), all[3]);
        assert_eq!(entries.all()[3].event(), Event::NotInterpreted);
        let place = |lines: &[Vec<u8>]| {
            let bytes = ndjson(lines);
            Entries::parse(&bytes).unwrap().contiguous().unwrap_err().to_string()
        };
        assert_eq!(place(&[all[0].clone(), all[2].clone()]), "line 2 has seq 2");
        assert_eq!(place(&[all[0].clone(), all[0].clone()]), "line 2 has seq 0");
        assert_eq!(place(&[line(0, Digest::of(b""))]), "line 1 does not follow the line before it");
    }

    #[test]
    fn the_tree_of_the_lines_must_have_every_signed_root() {
        let bytes = ndjson(&lines(5));
        let entries = Entries::parse(&bytes).unwrap();
        let head = |size| TreeHead { size, root: entries.root_at(size).unwrap() };
        assert_eq!(entries.rebuild(&[head(5), head(2)]).unwrap().head(), head(5));
        let wrong = TreeHead { size: 2, ..head(3) };
        assert!(matches!(entries.rebuild(&[wrong, head(5)]), Err(ChainError::Root { size: 2, .. })));
        let beyond = TreeHead { size: 6, ..head(5) };
        assert_eq!(entries.rebuild(&[beyond]).unwrap_err(), ChainError::Short { size: 6, lines: 5 });
        // Line and leaf can differ under one head only where nobody rebuilds: here a changed line changes the root.
        let mut edited = lines(5);
        edited[4] = line(4, Digest::of(b"x"));
        let bytes = ndjson(&edited);
        assert!(Entries::parse(&bytes).unwrap().rebuild(&[head(5)]).is_err());
    }

    #[test]
    fn a_line_is_canonical_and_ended() {
        let mut bytes = ndjson(&lines(2));
        assert!(matches!(Entries::parse(&bytes[..bytes.len() - 1]), Err(ChainError::Lines { line: 2 })));
        bytes.push(b'\n');
        assert!(matches!(Entries::parse(&bytes), Err(ChainError::Lines { line: 3 })));
        let spaced = String::from_utf8(ndjson(&lines(1))).unwrap().replace("\"seq\":0", "\"seq\": 0");
        assert!(matches!(Entries::parse(spaced.as_bytes()), Err(ChainError::Entry { line: 1, .. })));
        let plain = String::from_utf8(ndjson(&lines(1))).unwrap();
        let null = plain.replace("\"auth\":\"os-user\"", "\"auth\":\"os-user\",\"host\":null");
        assert_ne!(null, plain);
        assert!(matches!(Entries::parse(null.as_bytes()), Err(ChainError::Entry { line: 1, .. })));
        assert_eq!(Entries::parse(b"").unwrap().all().len(), 0);
    }
}
