//! The statement of a backup.

use std::collections::BTreeMap;

use walwarden_core::{
    Digest,
    event::BackupCompleted,
    jcs, limits,
    statement::{
        Backup, Statement, Subject,
        backup::{Blinding, CompleteSet, Content, Encryption, Globals, ListBlob, Listed, RowKeyObject},
    },
};

use super::{DUMP, Stored, head};
use crate::{
    error::{OperatorError, ProduceError},
    vault::{Blob, Context},
};

/// What the blobs are called.
const TABLES: &str = "tables";
const SEQUENCES: &str = "sequences";
const OMITTED: &str = "omitted";

/// The parts of a backup statement.
pub(super) struct Parts {
    pub(super) data: BackupCompleted,
    pub(super) set: CompleteSet,
    pub(super) stored: Stored,
    pub(super) encryption: Encryption,
    /// Lists that were moved out of it.
    pub(super) blobs: Vec<Blob>,
}

impl Parts {
    fn statement(&self, context: &Context) -> Result<Statement<Backup>, ProduceError> {
        let dumped = &self.stored.dumped;
        let content = Content {
            canonical: "pgrow-v1".into(),
            root: dumped.content_root,
            tables: self.listed(TABLES, &dumped.leaves),
            omitted: self.listed(OMITTED, &dumped.omitted),
            blinding: Blinding { alg: "hmac-v1".into(), commitment: Some(self.stored.row_key.commitment()) },
        };
        let subject =
            vec![Subject::new(&self.data.object.key, self.data.object.sha256), Subject::new(DUMP, dumped.plain.sha256)];
        let predicate = Backup {
            head: head(context),
            data: self.data.clone(),
            plain: dumped.plain,
            globals: Globals { object: self.stored.globals.clone(), plain: dumped.globals },
            rowkey: Some(RowKeyObject { object: self.stored.rowkey.clone() }),
            content: Some(content),
            sequences: self.listed(SEQUENCES, &dumped.sequences),
            session: dumped.session.clone(),
            server: dumped.server.clone(),
            tls: dumped.tls.clone(),
            pg_dump: dumped.pg_dump.clone(),
            encryption: self.encryption.clone(),
            schema_counts: BTreeMap::clone(&dumped.schema.counts),
            set: self.set.clone(),
        };
        Ok(Statement::new(subject, predicate))
    }

    /// The payload. Lists that would not fit into it become blobs of the entry, one after the other (`spec:rows-8`).
    pub(super) fn payload(&mut self, context: &Context) -> Result<Vec<u8>, ProduceError> {
        for list in [TABLES, SEQUENCES, OMITTED] {
            let payload = self.statement(context)?.to_jcs()?;
            if fits(payload.len()) {
                return Ok(payload);
            }
            let dumped = &self.stored.dumped;
            let bytes = match list {
                TABLES => jcs::to_vec(&dumped.leaves),
                SEQUENCES => jcs::to_vec(&dumped.sequences),
                _ => jcs::to_vec(&dumped.omitted),
            }?;
            // Nobody would read a longer one.
            if bytes.len() > limits::LIST_BYTES {
                return Err(OperatorError::StatementTooLong.into());
            }
            self.blobs.push(Blob { name: list.into(), media: "application/json".into(), bytes });
        }
        let payload = self.statement(context)?.to_jcs()?;
        // Nothing else can be moved: no verifier would read a longer one (`spec:bytes-6`).
        if fits(payload.len()) { Ok(payload) } else { Err(OperatorError::StatementTooLong.into()) }
    }

    /// A list, or the blob that it was moved to.
    fn listed<T: Clone>(&self, name: &str, list: &[T]) -> Listed<T> {
        match self.blobs.iter().find(|blob| blob.name == name) {
            Some(blob) => Listed::Blob(ListBlob { blob: Digest::of(&blob.bytes) }),
            None => Listed::Inline(list.to_vec()),
        }
    }
}

/// Whether a payload fits into an envelope of one document: base64 makes four bytes of three.
const fn fits(payload: usize) -> bool {
    const REST: usize = 4096;
    payload / 3 * 4 + REST <= limits::DOCUMENT_BYTES
}
