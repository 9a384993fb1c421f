//! `statements.*`: their signatures, and that they say what their entries say.

use walwarden_core::{
    Digest,
    chain::{Entries, Entry},
    event::{BackupCompleted, Event, RestoreTested},
    statement::{Backup, EntryRef, RestoreTest},
    value::EntryId,
};

use super::{Judged, Stop, count, differs, entry_place, fail, keys::statement_keys, nothing, pass};
use crate::{
    facts::{Carried, Facts, One, Predicate, event_of},
    report::ReadsAs,
};

/// Every signature holds under a key of the registry (`spec:statements-4`). Whether that key counted there is judged by
/// `keys.in-span`.
pub(super) fn signed(facts: &mut Facts<'_>) -> Judged {
    if let Some(error) = facts.carried_error() {
        let stop = fail(error.what.clone(), ReadsAs::Edit, error.place.clone());
        // A misspelt file is the failure of `json.canonical`, and only that.
        return Err(match facts.carried() {
            Err(Stop::NotRun(reason)) if reason != crate::report::NotRun::Needs("statements.signed") => {
                Stop::NotRun(reason)
            }
            _ => stop,
        });
    }
    let statements = facts.carried()?;
    if statements.all.is_empty() {
        return Err(nothing("no statement is carried"));
    }
    let keys = statement_keys(facts.registry()?);
    for one in &statements.all {
        one.envelope.verify(&keys, 1).map_err(|error| fail(error.to_string(), ReadsAs::ReSigning, one.place()))?;
    }
    let evidence = format!("{}{}", count(statements.all.len(), "statement", "statements"), facts.registry_words());
    facts.establish().statements = true;
    pass(evidence)
}

/// Every statement is referenced by exactly one entry, repeats it, and names its subjects; every entry's `refs` are the
/// ids in its data (`spec:statements-6`, `spec:events-2`).
pub(super) fn referenced(facts: &mut Facts<'_>) -> Judged {
    let entries = facts.entries()?;
    let statements = facts.carried()?;
    registries(facts, entries)?;
    let ids = Ids::of(entries);
    refs(entries, &ids)?;
    let mut last = None;
    for one in &statements.all {
        let position = referencing(facts, one)?;
        let order = (one.kind, position);
        if last.is_some_and(|last| last >= order) {
            let what = "the statements are not in order of their entries, each once";
            return Err(fail(what, ReadsAs::Reordering, one.place()));
        }
        last = Some(order);
        if let Some(entry) = entries.all().get(position) {
            agrees(one, entry, entries, &ids)?;
        }
    }
    pass(format!(
        "{} beside {}",
        count(statements.all.len(), "statement", "statements"),
        count(entries.all().len(), "entry", "entries")
    ))
}

/// The position of the one entry that references a statement, by both digests.
fn referencing(facts: &Facts<'_>, one: &One) -> Result<usize, Stop> {
    if facts.referenced_twice(&one.payload_digest) {
        let what = "a statement is referenced more than once";
        return Err(differs(what, ReadsAs::Insertion, one.place(), "one entry", one.payload_digest));
    }
    let position = facts.referencing(&one.payload_digest).ok_or_else(|| {
        differs("no entry references this statement", ReadsAs::Insertion, one.place(), "", one.payload_digest)
    })?;
    let entry = facts.entries()?.all().get(position);
    let reference = entry.and_then(|entry| entry.statements.iter().find(|r| r.payload == one.payload_digest));
    match reference {
        Some(reference) if reference.envelope != one.envelope_digest => {
            let what = "the envelope is not the one that the entry references: its signatures were changed";
            Err(differs(what, ReadsAs::ReSigning, one.place(), reference.envelope, one.envelope_digest))
        }
        _ => Ok(position),
    }
}

/// Entries of registry versions reference exactly the envelopes carried.
fn registries(facts: &Facts<'_>, entries: &Entries<'_>) -> Result<(), Stop> {
    for (index, version) in facts.versions()?.all().iter().enumerate() {
        let at = format!("{} line {}", walwarden_core::bundle::REGISTRY, index.saturating_add(1));
        let Some(position) = facts.referencing(&version.payload) else {
            let what = "a registry version is not referenced by exactly one entry";
            return Err(fail(what, ReadsAs::Insertion, at));
        };
        let statements = entries.all().get(position).map(|entry| entry.statements.as_slice()).unwrap_or_default();
        if let [only] = statements
            && only.envelope != version.envelope_digest
        {
            let what = "the envelope of a registry version is not the one that its entry references";
            return Err(differs(what, ReadsAs::ReSigning, at, only.envelope, version.envelope_digest));
        }
    }
    Ok(())
}

/// `refs` repeat the entry ids in `data`, and name earlier entries.
fn refs(entries: &Entries<'_>, ids: &Ids) -> Result<(), Stop> {
    const WITH_IDS: [&str; 4] = ["backup.started", "backup.failed", "restore.started", "restore.tested"];
    for (position, entry) in entries.all().iter().enumerate() {
        let expected = match event_of(entry, &WITH_IDS) {
            Some(Event::NotInterpreted) => continue, // data of a later version: only its own reader knows the ids
            Some(event) => event.refs(),
            None if Event::TYPES.contains(&entry.kind.as_ref()) => Vec::new(),
            None => continue,
        };
        if expected != entry.refs {
            let shown = |ids: &[EntryId]| ids.iter().map(EntryId::as_str).collect::<Vec<_>>().join(" ");
            let what = "refs are not the entry ids in data";
            return Err(differs(what, ReadsAs::Edit, entry_place(position), shown(&expected), shown(&entry.refs)));
        }
        for id in &expected {
            if ids.position(*id).is_none_or(|earlier| earlier >= position) {
                return Err(differs(
                    "an entry refers to no earlier entry",
                    ReadsAs::Deletion,
                    entry_place(position),
                    "",
                    id,
                ));
            }
        }
    }
    Ok(())
}

/// Ids of all entries, sorted.
pub(super) struct Ids(Vec<(EntryId, usize)>);

impl Ids {
    pub(super) fn of(entries: &Entries<'_>) -> Self {
        let mut ids: Vec<_> = entries.all().iter().enumerate().map(|(position, entry)| (entry.id, position)).collect();
        ids.sort_unstable();
        Self(ids)
    }

    pub(super) fn position(&self, id: EntryId) -> Option<usize> {
        let place = self.0.partition_point(|(other, _)| *other < id);
        self.0.get(place).filter(|(other, _)| *other == id).map(|(_, position)| *position)
    }
}

/// Head, data and subjects of a statement against its entry.
fn agrees(one: &One, entry: &Entry<'_>, entries: &Entries<'_>, ids: &Ids) -> Result<(), Stop> {
    let head = one.predicate.head();
    let member = |name: &str, same: bool| {
        let what = format!("the statement's {name} is not that of its entry {}", entry.seq);
        if same { Ok(()) } else { Err(fail(what, ReadsAs::Edit, one.place())) }
    };
    member("origin", head.origin == entry.origin)?;
    member("entry", head.entry == entry.id)?;
    member("policy", head.policy == entry.policy)?;
    member("actor", head.actor == entry.actor)?;
    member("tool", head.tool == entry.tool)?;
    let digests: Vec<Digest> = one.subject.iter().map(|subject| subject.digest.sha256).collect();
    match (&one.predicate, entry.event()) {
        (Predicate::Backup(backup), Event::BackupCompleted(data)) => {
            backup_agrees(backup, &data, &member)?;
            member("subjects", digests == [backup.data.object.sha256, backup.plain.sha256])
        }
        (Predicate::RestoreTest(test), Event::RestoreTested(data)) => {
            restore_agrees(test, &data, &member)?;
            let digest_at = |reference: &EntryRef| digest_of(entries, ids, reference.id);
            member("backup digest", digest_at(&test.backup) == Some(test.backup.digest))?;
            member("actions", test.actions.iter().all(|action| digest_at(action) == Some(action.digest)))?;
            member("subjects", digests == [test.backup.digest])
        }
        _ => {
            let what = "an entry references a statement of another kind than its own";
            Err(differs(what, ReadsAs::Edit, one.place(), one.kind.event(), &entry.kind))
        }
    }
}

fn backup_agrees(
    backup: &Backup,
    data: &BackupCompleted,
    member: &impl Fn(&str, bool) -> Result<(), Stop>,
) -> Result<(), Stop> {
    member("data", backup.data == *data)
}

/// Every member of the entry's data, repeated with the same value.
fn restore_agrees(
    test: &RestoreTest,
    data: &RestoreTested,
    member: &impl Fn(&str, bool) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let repeated = RestoreTested {
        database: test.database.clone(),
        test_id: test.test_id,
        backup: test.backup.id,
        purpose: test.purpose,
        environment: test.environment.clone(),
        scope: test.scope,
        performed_by: test.performed_by.clone(),
        approved_by: test.approved_by.clone(),
        incident_at: test.incident_at,
        started_at: test.started_at,
        usable_at: test.usable_at,
        checks_passed_at: test.checks_passed_at,
        ended_at: test.ended_at,
        outcome: test.outcome,
        rto_target_s: test.rto_target_s,
        rpo_target_s: test.rpo_target_s,
        data_age_s: test.data_age_s,
        tables_expected: test.tables_expected,
        tables_equal: test.tables_equal,
        rows_expected: test.rows_expected,
        rows_actual: test.rows_actual,
        root_expected: test.root_expected,
        root_actual: test.root_actual,
        lessons: test.lessons.clone(),
        actions: test.actions.iter().map(|action| action.id).collect(),
    };
    member("outcome", repeated.outcome == data.outcome)?;
    member("data", repeated == *data)
}

/// What a reference to an entry must carry: the payload digest of its statement, else its entry hash. That the entry is
/// an earlier one was checked with `refs`.
fn digest_of(entries: &Entries<'_>, ids: &Ids, id: EntryId) -> Option<Digest> {
    let place = ids.position(id)?;
    match entries.all().get(place)?.statements.first() {
        Some(statement) => Some(statement.payload),
        None => entries.hashes().get(place).copied(),
    }
}

/// Whether a statement of this payload is carried.
pub(super) fn is_carried(statements: &Carried, payload: &Digest) -> bool {
    statements.find(payload).is_some()
}
