//! What must hold before anything is restored: the signature, then the bytes.

use std::{panic::resume_unwind, thread};

use walwarden_core::{
    Time,
    statement::{
        Backup, Statement,
        restore_test::{BytesSeen, SignatureSeen},
    },
};

use super::{Run, cluster};
use crate::{
    backup_set::{self, Opened, Opening},
    producer::Producer,
    restore::{
        cluster::{ClusterError, Prepared},
        compare::Expected,
        target::Target,
    },
    staging::Staging,
    vault::Snapshot,
};

/// The files of a throwaway cluster, and since when they were made.
pub(super) struct Making {
    pub(super) began: Time,
    pub(super) prepared: Result<Prepared, ClusterError>,
}

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
        Expected::of(&self.statement.as_ref()?.predicate, &self.set.as_ref()?.lists)
    }
}

impl Run<'_> {
    /// What the gates find; and the files of a throwaway cluster, made while the bytes are hashed. Its server starts, and
    /// anything is restored, only behind the gates.
    pub(super) fn gates(
        &mut self,
        producer: &Producer,
        snapshot: &Snapshot,
        staging: &Staging,
    ) -> (Gates, Option<Making>) {
        let mut gates = Gates::shut();
        let signed = self.step(producer, "signature", |run| {
            let keyid = &mut gates.signature.keyid;
            backup_set::authentic(producer, snapshot, &run.chosen, keyid).map(|statement| (statement, None))
        });
        gates.signature.valid = signed.is_some();
        let Some(statement) = signed else { return (gates, None) };
        let (request, test_id) = (self.request, self.test_id);
        let throwaway = matches!(request.target, Target::Throwaway);
        let cluster = throwaway.then(|| cluster(request, producer, &test_id, &statement.predicate));
        let began = producer.now();
        let making = thread::scope(|scope| {
            let making = cluster.as_ref().map(|request| scope.spawn(|| Prepared::new(request)));
            gates.set = self.step(producer, "bytes", |run| {
                let store = producer.store.as_ref();
                let opening = Opening { producer, store, identities: run.request.identities, staging };
                opening.open(run.chosen.seq, &statement.predicate).map(|set| (set, None))
            });
            making.map(|making| making.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let opened = gates.set.is_some();
        gates.bytes = BytesSeen { cipher: opened, plain: opened };
        gates.statement = Some(statement);
        (gates, making.map(|prepared| Making { began, prepared }))
    }
}
