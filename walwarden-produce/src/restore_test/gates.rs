//! What must hold before anything is restored: the signature, then the bytes.

use walwarden_core::statement::{
    Backup, Statement,
    restore_test::{BytesSeen, SignatureSeen},
};

use super::Run;
use crate::{
    backup_set::{self, Opened, Opening},
    producer::Producer,
    restore::compare::Expected,
    staging::Staging,
    vault::Snapshot,
};

/// What the gates found, and what they let through.
pub(super) struct Gates {
    /// The signature.
    pub(super) signature: SignatureSeen,
    /// The bytes.
    pub(super) bytes: BytesSeen,
    /// The authentic statement.
    pub(super) statement: Option<Statement<Backup>>,
    /// Its object set.
    pub(super) set: Option<Opened>,
}

impl Gates {
    fn shut() -> Self {
        Self {
            signature: SignatureSeen { keyid: String::new(), valid: false },
            bytes: BytesSeen { cipher: false, plain: false },
            statement: None,
            set: None,
        }
    }

    /// Whether everything holds.
    pub(super) const fn open(&self) -> bool {
        self.signature.valid && self.bytes.cipher && self.bytes.plain && self.set.is_some()
    }

    /// What the restored database must be equal to.
    pub(super) fn expected(&self) -> Option<Expected<'_>> {
        let backup = &self.statement.as_ref()?.predicate;
        let content = backup.content.as_ref()?;
        Some(Expected {
            content_root: content.root,
            leaves: &self.set.as_ref()?.leaves,
            omitted: &content.omitted,
            sequences: &backup.sequences,
            schema: backup.data.schema,
            schema_counts: &backup.schema_counts,
            server_version: &backup.server.version,
            pg_dump_version: &backup.pg_dump.version,
        })
    }
}

impl Run<'_> {
    pub(super) fn gates(&mut self, producer: &Producer, snapshot: &Snapshot, staging: &Staging) -> Gates {
        let mut gates = Gates::shut();
        let signed = self.step(producer, "signature", |run| {
            let keyid = &mut gates.signature.keyid;
            backup_set::authentic(producer, snapshot, &run.chosen, keyid).map(|statement| (statement, None))
        });
        gates.signature.valid = signed.is_some();
        if let Some(statement) = signed {
            gates.set = self.step(producer, "bytes", |run| {
                let store = producer.store.as_ref();
                let opening = Opening { producer, store, identities: run.request.identities, staging };
                opening.open(run.chosen.seq, &statement.predicate).map(|set| (set, None))
            });
            let opened = gates.set.is_some();
            gates.bytes = BytesSeen { cipher: opened, plain: opened };
            gates.statement = Some(statement);
        }
        gates
    }
}
