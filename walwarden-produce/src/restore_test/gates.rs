//! What must hold before anything is restored: the signature, then the bytes.

use std::path::PathBuf;

use walwarden_core::{
    Digest,
    dsse::Envelope,
    jcs, limits,
    rows::{ContentLeaf, RowKey},
    statement::{
        Backup, Bytes, Object, Predicate as _, Statement,
        backup::{Content, Tables},
        key_registry::Use,
        restore_test::{BytesSeen, SignatureSeen},
    },
};

use super::{Run, told};
use crate::{producer::Producer, restore::compare::Expected, vault::Snapshot};

/// What the gates found, and what they let through.
pub(super) struct Gates {
    /// The signature.
    pub(super) signature: SignatureSeen,
    /// The bytes.
    pub(super) bytes: BytesSeen,
    /// The authentic statement.
    pub(super) statement: Option<Statement<Backup>>,
    /// Its leaf objects.
    leaves: Vec<ContentLeaf>,
    /// K.
    pub(super) row_key: Option<RowKey>,
    /// The dump, its digest checked.
    pub(super) dump: PathBuf,
    /// Roles and tablespaces, their digest checked.
    pub(super) globals: PathBuf,
}

impl Gates {
    fn shut() -> Self {
        Self {
            signature: SignatureSeen { keyid: String::new(), valid: false },
            bytes: BytesSeen { cipher: false, plain: false },
            statement: None,
            leaves: Vec::new(),
            row_key: None,
            dump: PathBuf::new(),
            globals: PathBuf::new(),
        }
    }

    /// Whether everything holds.
    pub(super) const fn open(&self) -> bool {
        self.signature.valid && self.bytes.cipher && self.bytes.plain && self.row_key.is_some()
    }

    /// What the restored database must be equal to.
    pub(super) fn expected(&self) -> Option<Expected<'_>> {
        let backup = &self.statement.as_ref()?.predicate;
        let content = backup.content.as_ref()?;
        Some(Expected {
            content_root: content.root,
            leaves: &self.leaves,
            omitted: &content.omitted,
            sequences: &backup.sequences,
            schema: backup.data.schema,
            schema_counts: &backup.schema_counts,
            server_version: &backup.server.version,
        })
    }
}

impl Run<'_> {
    pub(super) fn gates(&mut self, producer: &Producer, snapshot: &Snapshot) -> Gates {
        let mut gates = Gates::shut();
        let signed =
            self.step(producer, "signature", |run| run.signature(producer, snapshot, &mut gates).map(|()| ((), None)));
        if signed.is_some() {
            self.step(producer, "bytes", |run| run.bytes(producer, &mut gates).map(|()| ((), None)));
        }
        gates
    }

    /// The statement is the one that the entry references, signed by a key that could sign it there, and says the same.
    fn signature(&self, producer: &Producer, snapshot: &Snapshot, gates: &mut Gates) -> Result<(), String> {
        let chosen = &self.chosen;
        let reference = chosen.statement.ok_or("the backup has no statement")?;
        let bytes = producer.envelope(chosen.seq, Backup::FILE, &reference.envelope).map_err(told)?;
        let envelope = Envelope::parse(&bytes).map_err(told)?;
        gates.signature.keyid = envelope.signatures.first().map(|signed| signed.keyid.to_string()).unwrap_or_default();
        let registry = producer.registry_of(snapshot).map_err(told)?;
        let keys = registry.keys_at(Use::Backup, chosen.seq);
        let authentic = envelope.verify(&keys, 1).map_err(told)?;
        let statement = Statement::<Backup>::parse(authentic).map_err(told)?;
        let same = envelope.payload_digest() == reference.payload
            && statement.predicate.head.entry == chosen.id
            && statement.predicate.data == chosen.data;
        if !same {
            return Err("the statement is not that of its entry".into());
        }
        gates.signature.valid = true;
        gates.statement = Some(statement);
        Ok(())
    }

    /// Every object has the digest that was signed.
    fn bytes(&self, producer: &Producer, gates: &mut Gates) -> Result<(), String> {
        let Some(statement) = &gates.statement else { return Err("there is no statement".into()) };
        let backup = statement.predicate.clone();
        gates.dump = object(producer, &backup.data.object, Some(backup.plain))?;
        gates.globals = object(producer, &backup.globals.object, Some(backup.globals.plain))?;
        let content = backup.content.ok_or("the backup has no content root to compare with")?;
        let rowkey = backup.rowkey.ok_or("the backup has no row key")?;
        let key_path = object(producer, &rowkey.object, None)?;
        gates.bytes = BytesSeen { cipher: true, plain: true };
        gates.row_key = Some(row_key(&key_path, &content)?);
        gates.leaves = match content.tables {
            Tables::Inline(leaves) => leaves,
            Tables::Blob(blob) => self.leaves(producer, &blob.blob)?,
        };
        Ok(())
    }

    fn leaves(&self, producer: &Producer, digest: &Digest) -> Result<Vec<ContentLeaf>, String> {
        let bytes = producer.blob(self.chosen.seq, digest).map_err(told)?;
        jcs::check_up_to(&bytes, limits::TABLE_LIST_BYTES).map_err(told)?;
        serde_json::from_slice(&bytes).map_err(told)
    }
}

/// Hashes an object before anything reads it. Without encryption the plain bytes are the stored ones.
fn object(producer: &Producer, object: &Object, plain: Option<Bytes>) -> Result<PathBuf, String> {
    let (bytes, sha256) =
        producer.store.hash(&object.key).map_err(|error| format!("{}: {}", object.key, error.error))?;
    let stored = bytes == object.bytes.0 && sha256 == object.sha256;
    let plain = plain.is_none_or(|plain| plain.sha256 == sha256 && plain.bytes.0 == bytes);
    if !stored || !plain {
        return Err(format!("{}: expected {}, found {sha256}", object.key, object.sha256));
    }
    producer.store.fetch(&object.key).map_err(|error| format!("{}: {}", object.key, error.error))
}

/// K from its file: 64 hex digits and LF, and the one that the statement commits to.
fn row_key(path: &std::path::Path, content: &Content) -> Result<RowKey, String> {
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(told)?);
    let digits: Digest = text.trim_end().parse().map_err(|_| "the row key is not 64 hex digits")?;
    let key = RowKey::new(digits.0).map_err(told)?;
    if content.blinding.commitment == Some(key.commitment()) {
        Ok(key)
    } else {
        Err("the row key is not the one that the statement commits to".into())
    }
}
