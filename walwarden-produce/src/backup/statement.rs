//! The statement of a backup.

use std::collections::BTreeMap;

use walwarden_core::{
    event::BackupCompleted,
    jcs, limits,
    statement::{
        Backup, Statement, Subject,
        backup::{Blinding, CompleteSet, Content, Encryption, Globals, RowKeyObject, Tables, TablesBlob},
    },
};

use super::{DUMP, Stored, head};
use crate::{
    error::{OperatorError, ProduceError},
    vault::{Blob, Context},
};

/// The parts of a backup statement.
pub(super) struct Parts {
    pub(super) data: BackupCompleted,
    pub(super) set: CompleteSet,
    pub(super) stored: Stored,
    pub(super) encryption: Encryption,
    pub(super) blob: Option<Blob>,
}

impl Parts {
    pub(super) fn statement(&self, context: &Context) -> Result<Statement<Backup>, ProduceError> {
        let dumped = &self.stored.dumped;
        let tables = match &self.blob {
            Some(blob) => Tables::Blob(TablesBlob { blob: walwarden_core::Digest::of(&blob.bytes) }),
            None => Tables::Inline(dumped.leaves.clone()),
        };
        let content = Content {
            canonical: "pgrow-v1".into(),
            root: dumped.content_root,
            tables,
            omitted: dumped.omitted.clone(),
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
            sequences: dumped.sequences.clone(),
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

    /// A list of tables that would not fit into a statement becomes a blob of the entry (`spec:rows-8`).
    pub(super) fn tables_to_blob(&mut self) -> Result<(), ProduceError> {
        let bytes = jcs::to_vec(&self.stored.dumped.leaves)?;
        self.blob = Some(Blob { name: "tables".into(), media: "application/json".into(), bytes });
        Ok(())
    }

    /// Nothing else of a statement can be moved: no verifier would read one that is longer (`spec:bytes-6`).
    pub(super) fn too_long(&self) -> OperatorError {
        let dumped = &self.stored.dumped;
        OperatorError::StatementTooLong { sequences: dumped.sequences.len(), omitted: dumped.omitted.len() }
    }
}

/// Whether a payload fits into an envelope of one document: base64 makes four bytes of three.
pub(super) const fn fits(payload: usize) -> bool {
    const REST: usize = 4096;
    payload / 3 * 4 + REST <= limits::DOCUMENT_BYTES
}
