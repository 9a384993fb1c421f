//! The record of a restore test.

use std::collections::BTreeMap;

use walwarden_core::{
    Decimal, Digest,
    event::{Event, Outcome, RestoreTested, TestEnvironment, TestScope},
    jcs,
    statement::{
        EntryRef, Predicate as _, RestoreTest, Statement, Subject,
        restore_test::{Amcheck, Runbook, SchemaSeen, SequencesSeen, SetRetrieved},
    },
};

use super::{Run, Tested, gates::Gates};
use crate::{
    backup::head,
    error::{OperatorError, ProduceError},
    host,
    producer::{Producer, Signers},
    restore::compare::Restored,
    spool::{Stated, record},
    vault::{Blob, Context},
};

/// What people add to the record of a test.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    /// Person id of who performed it; the user who runs it, otherwise.
    pub performed_by: Option<&'a str>,
    /// Person id of who approved it.
    pub approved_by: Option<&'a str>,
    /// What was learnt.
    pub lessons: Option<&'a str>,
    /// The runbook that was followed.
    pub runbook: Option<&'a Runbook>,
    /// What else was fetched from its own place for the test, by the word of who performed it.
    pub retrieved: SetRetrieved,
    /// Files that go with the record.
    pub attachments: &'a [Blob],
}

impl Words<'_> {
    /// Refuses that one person performs and approves.
    pub(super) fn stand(&self) -> Result<(), OperatorError> {
        match self.approved_by {
            Some(person) if self.performed_by == Some(person) => {
                Err(OperatorError::NotApart { person: person.into(), did: "performs the test" })
            }
            _ => Ok(()),
        }
    }
}

impl Run<'_> {
    /// States and chains what came of the test.
    pub(super) fn record(
        self,
        producer: &mut Producer,
        signers: &mut Signers,
        gates: &Gates,
        restored: Option<Restored>,
    ) -> Result<Tested, ProduceError> {
        let tested = self.tested(producer, gates, restored.as_ref());
        let event = Event::RestoreTested(Box::new(tested.clone()));
        let at = Some(tested.ended_at);
        let entry = record(producer, signers, |context| {
            let payload = self.statement(context, &tested, gates, restored)?.to_jcs()?;
            let blobs = self.request.words.attachments.to_vec();
            Ok(Stated { at, event, statement: Some((RestoreTest::FILE, payload)), blobs })
        })?;
        Ok(Tested { entry, tested, steps: self.steps })
    }

    fn tested(&self, producer: &Producer, gates: &Gates, restored: Option<&Restored>) -> RestoreTested {
        let data = &self.chosen.data;
        let outcome = self.outcome(gates, restored);
        let facts = restored.and_then(|restored| restored.facts.as_ref());
        let words = &self.request.words;
        RestoreTested {
            database: data.database.clone(),
            test_id: self.test_id,
            backup: self.chosen.id,
            purpose: self.request.purpose,
            environment: TestEnvironment {
                name: producer.config.restore_test.environment.clone(),
                class: producer.config.restore_test.class,
                host_sha256: host::digest(&host::name()),
                server_version: facts.map(|facts| facts.version.clone()).unwrap_or_default(),
                system_identifier: Decimal(facts.map_or(0, |facts| facts.system_identifier)),
                database: self.database(),
            },
            scope: TestScope::Full,
            performed_by: words.performed_by.map_or_else(|| producer.identity.actor.id.clone(), Into::into),
            approved_by: words.approved_by.map(Into::into),
            incident_at: self.request.incident_at,
            started_at: self.started_at,
            usable_at: restored.and_then(|restored| restored.usable_at),
            checks_passed_at: restored.and_then(|r| r.checks_passed_at).filter(|_| outcome == Outcome::Passed),
            ended_at: producer.now(),
            outcome,
            rto_target_s: self.promised.as_ref().map_or(0, |promised| promised.rto_s),
            rpo_target_s: self.promised.as_ref().map_or(0, |promised| promised.rpo_s),
            data_age_s: self.request.incident_at.unwrap_or(self.started_at).seconds_since(data.snapshot_at),
            tables_expected: data.tables,
            tables_equal: restored.and_then(|restored| restored.tables_equal).and_then(|n| i64::try_from(n).ok()),
            rows_expected: data.rows,
            rows_actual: restored.and_then(|restored| restored.rows_actual).map(Decimal),
            root_expected: data.content_root,
            root_actual: restored.and_then(|restored| restored.root_actual),
            lessons: words.lessons.map(Into::into),
            actions: Vec::new(),
        }
    }

    fn statement(
        &self,
        context: &Context,
        tested: &RestoreTested,
        gates: &Gates,
        restored: Option<Restored>,
    ) -> Result<Statement<RestoreTest>, ProduceError> {
        let payload = self.reference()?;
        let seen = restored.map_or_else(|| Seen::nothing(gates), Seen::of);
        let t = tested.clone();
        let predicate = RestoreTest {
            head: head(context),
            database: t.database,
            test_id: t.test_id,
            backup: EntryRef { id: t.backup, digest: payload },
            purpose: t.purpose,
            environment: t.environment,
            scope: t.scope,
            performed_by: t.performed_by,
            approved_by: t.approved_by,
            incident_at: t.incident_at,
            started_at: t.started_at,
            usable_at: t.usable_at,
            checks_passed_at: t.checks_passed_at,
            ended_at: t.ended_at,
            outcome: t.outcome,
            rto_target_s: t.rto_target_s,
            rpo_target_s: t.rpo_target_s,
            data_age_s: t.data_age_s,
            tables_expected: t.tables_expected,
            tables_equal: t.tables_equal,
            rows_expected: t.rows_expected,
            rows_actual: t.rows_actual,
            root_expected: t.root_expected,
            root_actual: t.root_actual,
            lessons: t.lessons,
            actions: Vec::new(),
            steps: self.steps.clone(),
            signature: gates.signature.clone(),
            bytes: gates.bytes.clone(),
            table_mismatches: seen.table_mismatches,
            omitted_equal: seen.omitted_equal,
            schema: seen.schema,
            sequences: seen.sequences,
            amcheck: seen.amcheck,
            smoke: seen.smoke,
            set_retrieved: self.request.words.retrieved,
            isolation: self.isolation.clone(),
            cleanup: self.cleanup,
            runbook: self.request.words.runbook.cloned(),
            attachments: self.request.words.attachments.iter().map(|blob| Digest::of(&blob.bytes)).collect(),
        };
        Ok(Statement::new(vec![Subject::new(self.chosen.id.as_str(), payload)], predicate))
    }
}

/// What only the statement says of the comparison.
struct Seen {
    table_mismatches: Vec<String>,
    omitted_equal: bool,
    schema: SchemaSeen,
    sequences: SequencesSeen,
    amcheck: Amcheck,
    smoke: Vec<walwarden_core::statement::restore_test::Smoke>,
}

impl Seen {
    fn of(restored: Restored) -> Self {
        Self {
            table_mismatches: bounded(restored.table_mismatches),
            omitted_equal: restored.omitted_equal,
            schema: restored.schema,
            sequences: SequencesSeen { failed: bounded(restored.sequences.failed), ..restored.sequences },
            amcheck: restored.amcheck,
            smoke: restored.smoke,
        }
    }

    /// Nothing was restored.
    fn nothing(gates: &Gates) -> Self {
        let expected = gates.statement.as_ref().map(|statement| statement.predicate.schema_counts.clone());
        Self {
            table_mismatches: Vec::new(),
            omitted_equal: false,
            schema: SchemaSeen {
                portable: false,
                exact: None,
                expected: expected.unwrap_or_default(),
                actual: BTreeMap::new(),
                diff: None,
            },
            sequences: SequencesSeen { ok: false, failed: Vec::new() },
            amcheck: Amcheck::Absent,
            smoke: Vec::new(),
        }
    }
}

/// Names of what differs, as many as fit beside the rest of a statement, of which there is one in any case: a test that
/// failed is recorded as failed, however much of the database did not come back (`spec:bytes-6`).
fn bounded(mut names: Vec<String>) -> Vec<String> {
    const BYTES: usize = 192 << 10;
    let mut bytes = 0;
    let fit = names.iter().take_while(|name| {
        // As it is written: an escape is longer than what it stands for.
        bytes += jcs::to_vec(name).map_or(BYTES, |text| text.len() + 1);
        bytes <= BYTES
    });
    let (fit, all) = (fit.count(), names.len());
    if fit < all {
        names.truncate(fit);
        names.push(format!("and {} more", all - fit));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_many_as_fit() {
        let few = vec!["public.a".to_owned(), "public.b".to_owned()];
        assert_eq!(bounded(few.clone()), few);
        for one in ["s".repeat(60), "\u{1}".repeat(60)] {
            let found = bounded(vec![one; 10_000]);
            assert!(jcs::to_vec(&found).unwrap().len() < 200 << 10);
            assert_eq!(found.last().unwrap(), &format!("and {} more", 10_001 - found.len()));
        }
    }
}
