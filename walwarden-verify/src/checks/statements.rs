//! `statements.*`: their signatures, and that they say what their entries say.

mod review;

use walwarden_core::{
    Digest,
    chain::{Entries, Entry, Line},
    event::Event,
    statement::EntryRef,
    value::EntryId,
};

use super::{Judged, Stop, count, differs, entry_place, fail, keys::statement_keys, nothing, pass};
use crate::{
    facts::{Carried, Facts, One, Predicate, event_of},
    report::ReadsAs,
    threads::on_two_threads,
};

/// Statements whose signatures are verified on one thread.
const TOGETHER: usize = 64;

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
    let first_wrong = |some: &[One]| {
        let wrong = |one: &One| Some((one.place(), one.envelope.verify(&keys, 1).err()?));
        some.iter().find_map(wrong)
    };
    let some = statements.all.chunks(TOGETHER).enumerate().collect();
    let wrong = on_two_threads(some, |(place, some)| Some((place, first_wrong(some)?)));
    if let Some((_, (at, error))) = wrong.into_iter().flatten().min_by_key(|(place, _)| *place) {
        return Err(fail(error.to_string(), ReadsAs::ReSigning, at));
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
    refs(entries)?;
    of_own_kind(entries)?;
    let mut last = None;
    for one in &statements.all {
        let position = referencing(facts, one)?;
        let order = (one.kind, position);
        if last.is_some_and(|last| last >= order) {
            let what = "the statements are not in order of their entries, each once";
            return Err(fail(what, ReadsAs::Reordering, one.place()));
        }
        last = Some(order);
        if let Some((line, entry)) = entries.all().get(position).and_then(|line| Some((line, line.entry()?))) {
            agrees(one, &entry, line.event(), entries)?;
        }
    }
    review::seen(facts, statements, entries)?;
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
    let statements = facts.entries()?.all().get(position).map(Line::statements).unwrap_or_default();
    let reference = statements.iter().find(|r| r.payload == one.payload_digest);
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
        let statements = entries.all().get(position).map(Line::statements).unwrap_or_default();
        if let [only] = statements.as_slice()
            && only.envelope != version.envelope_digest
        {
            let what = "the envelope of a registry version is not the one that its entry references";
            return Err(differs(what, ReadsAs::ReSigning, at, only.envelope, version.envelope_digest));
        }
    }
    Ok(())
}

/// `refs` repeat the entry ids in `data`, and name earlier entries.
fn refs(entries: &Entries<'_>) -> Result<(), Stop> {
    for (position, entry) in entries.all().iter().enumerate().filter(|(_, entry)| entry.refers()) {
        let expected = match event_of(entry, Event::REFERRING) {
            Some(Event::NotInterpreted) => continue, // data of a later version: only its own reader knows the ids
            Some(event) => event.refs(),
            None if entry.is_known_type() => Vec::new(),
            None => continue,
        };
        let refs = entry.entry().map(|entry| entry.refs).unwrap_or_default();
        if expected != refs {
            let shown = |ids: &[EntryId]| ids.iter().map(EntryId::as_str).collect::<Vec<_>>().join(" ");
            let what = "refs are not the entry ids in data";
            return Err(differs(what, ReadsAs::Edit, entry_place(position), shown(&expected), shown(&refs)));
        }
        for id in &expected {
            if entries.position(*id).is_none_or(|earlier| earlier >= position) {
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

/// An entry references as many statements as its type has, whether or not they are carried (`spec:events-4`). Of what
/// kind they are is judged by [`agrees`]; the entries of registry versions are those of `keys.registry-versions`.
fn of_own_kind(entries: &Entries<'_>) -> Result<(), Stop> {
    let mut payloads = entries.payloads().map(|(_, position)| position).peekable();
    for (position, entry) in entries.all().iter().enumerate() {
        let mut found = 0_usize;
        while payloads.next_if_eq(&position).is_some() {
            found = found.saturating_add(1);
        }
        if !entry.is_interpreted() || entry.is_one_of(&["chain.genesis", "key.changed"]) {
            continue;
        }
        let Some(expected) = Event::statements(&entry.kind()).filter(|expected| !expected.contains(&found)) else {
            continue;
        };
        let reads_as = if found < *expected.start() { ReadsAs::Deletion } else { ReadsAs::Insertion };
        let what = "an entry references more or fewer statements than its type has";
        return Err(differs(what, reads_as, entry_place(position), expected.end(), found));
    }
    Ok(())
}

/// Head, data and subjects of a statement against its entry.
fn agrees(one: &One, entry: &Entry<'_>, event: Event, entries: &Entries<'_>) -> Result<(), Stop> {
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
    let digest_at = |reference: &EntryRef| digest_of(entries, reference.id) == Some(reference.digest);
    match (&one.predicate, event) {
        (Predicate::Backup(backup), Event::BackupCompleted(data)) => {
            member("data", backup.data == *data)?;
            member("subjects", digests == [backup.data.object.sha256, backup.plain.sha256])
        }
        (Predicate::Evidence(evidence), Event::EvidenceCollected(data)) => {
            member("data", evidence.data() == *data)?;
            member("previous digest", evidence.previous.iter().all(digest_at))?;
            member("subjects", one.subject == evidence.subjects())
        }
        (Predicate::RestoreTest(test), Event::RestoreTested(data)) => {
            member("outcome", test.outcome == data.outcome)?;
            member("data", test.data() == *data)?;
            member("backup digest", digest_at(&test.backup))?;
            member("actions", test.actions.iter().all(digest_at))?;
            member("subjects", digests == [test.backup.digest])
        }
        (Predicate::Review(review), Event::ReviewSigned(data)) => {
            member("data", review.data() == *data)?;
            review::items(one, review, entries)
        }
        (Predicate::Review(review), Event::PolicyAdopted(data)) => review::approval(one, review, &data),
        _ => {
            let what = "an entry references a statement of another kind than its own";
            Err(differs(what, ReadsAs::Edit, one.place(), one.kind.event(), &entry.kind))
        }
    }
}

/// What a reference to an entry must carry: the payload digest of its statement, else its entry hash. That the entry is
/// an earlier one was checked with `refs`.
fn digest_of(entries: &Entries<'_>, id: EntryId) -> Option<Digest> {
    let place = entries.position(id)?;
    match entries.all().get(place)?.statements().first() {
        Some(statement) => Some(statement.payload),
        None => entries.hashes().get(place).copied(),
    }
}

/// Whether a statement of this payload is carried.
pub(super) fn is_carried(statements: &Carried, payload: &Digest) -> bool {
    statements.find(payload).is_some()
}
