//! `bundle.*` and `blobs.digests`: what is listed, carried, and said.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    Digest,
    bundle::{self, BLOBS, blob_name, timestamp_size},
    chain::{Entries, Line},
    dsse::Envelope,
    event::{Event, Outcome, RestoreTested},
    registry::KeyState,
    statement::{Bundle, Statement, key_registry::Use},
    value::{EntryId, Origin},
};

use super::{Judged, Stop, count, differs, entry_place, fail, nothing, pass, statements::is_carried};
use crate::{
    facts::{BundleRead, Facts, event_of},
    report::{Container, ReadsAs},
};

/// Files that every bundle has.
const ALWAYS: [&str; 6] =
    [bundle::ENTRIES, bundle::CHECKPOINTS, bundle::PROOFS, bundle::REGISTRY, bundle::KEYS_CSV, bundle::README];

/// The bundle's statement can be read, and its subjects are every other file (`spec:bundle-1`).
pub(super) fn listed(facts: &mut Facts<'_>) -> Judged {
    if let (Container::Folder, Some(first)) = (facts.source.container(), facts.source.violations().first()) {
        return Err(differs(first.what.clone(), ReadsAs::Other, first.at.clone(), &first.expected, &first.found));
    }
    if !facts.source.has(bundle::STATEMENT) {
        return Err(fail("the bundle has no statement of its own", ReadsAs::Deletion, bundle::STATEMENT));
    }
    let bytes = facts.document(bundle::STATEMENT)?;
    let unreadable = |error: String| fail(error, ReadsAs::Edit, bundle::STATEMENT);
    let envelope = Envelope::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    let statement =
        Statement::<Bundle>::parse_payload(&envelope.payload.0).map_err(|error| unreadable(error.to_string()))?;
    let names: Vec<String> = statement.subject.iter().map(|subject| subject.name.clone()).collect();
    let digest = envelope.payload_digest();
    facts.establish().bundle = Some(BundleRead { statement, envelope, digest });

    if let Some(pair) = names.windows(2).find(|pair| matches!(pair, [a, b] if a.as_bytes() >= b.as_bytes())) {
        let what = "the list of files is not in order of their names, each once";
        return Err(differs(what, ReadsAs::Edit, bundle::STATEMENT, "", pair.join(", ")));
    }
    let source = facts.source;
    let present = || source.files().map(|(name, _)| name).filter(|name| *name != bundle::STATEMENT);
    if let Some(name) = present().find(|name| names.binary_search_by(|n| n.as_str().cmp(name)).is_err()) {
        return Err(fail("a file is not in the bundle's own list", ReadsAs::Insertion, name));
    }
    let missing = names.iter().map(String::as_str).chain(ALWAYS).find(|name| !source.has(name));
    if let Some(name) = missing {
        return Err(fail("a file is missing", ReadsAs::Deletion, name));
    }
    if let Some(name) = present().find(|name| !bundle::is_known(name)) {
        return Err(fail("a file that this format version does not know", ReadsAs::Insertion, name));
    }
    pass(count(names.len(), "file", "files"))
}

/// Each file has the digest under which it is listed.
pub(super) fn digests(facts: &mut Facts<'_>) -> Judged {
    let read = facts.bundle()?;
    let (mut checked, mut unreadable) = (0_usize, false);
    for subject in &read.statement.subject {
        let (name, expected) = (subject.name.as_str(), subject.digest.sha256);
        if !facts.source.has(name) {
            continue; // bundle.listed fails
        }
        let Some(found) = facts.digest(name) else {
            unreadable = true; // said last: what can be read is judged first
            continue;
        };
        if found != expected {
            return Err(differs(
                "a file was changed after the bundle was sealed",
                ReadsAs::Edit,
                name,
                expected,
                found,
            ));
        }
        checked = checked.saturating_add(1);
    }
    if unreadable {
        return Err(Stop::needs("zip.profile"));
    }
    pass(format!("SHA-256 of {}", count(checked, "file", "files")))
}

/// Every signature holds, under keys that may seal bundles at its end (`spec:bundle-3`).
pub(super) fn signed(facts: &mut Facts<'_>) -> Judged {
    let read = facts.bundle()?;
    let registry = facts.registry()?;
    let end = read.statement.predicate.end.size;
    let Some(seq) = end.checked_sub(1) else {
        return Err(nothing("the bundle ends before its first entry"));
    };
    let mut keys = Vec::new();
    for signature in &read.envelope.signatures {
        let key = registry.key_at(&signature.keyid, Use::Bundle, seq).map_err(|state| {
            let what = match &state {
                KeyState::Unknown(_) => {
                    format!("the bundle is signed by a key that the registry does not know: {state}")
                }
                _ => format!("the bundle is signed by a key that may not seal it: {state}"),
            };
            fail(what, ReadsAs::ReSigning, bundle::STATEMENT)
        })?;
        keys.push(key);
    }
    read.envelope.verify(&keys, 1).map_err(|error| fail(error.to_string(), ReadsAs::Edit, bundle::STATEMENT))?;
    let signers: Vec<String> = keys.iter().map(|key| key.id().to_string()).collect();
    let evidence = format!("payload {}, signed by {}{}", read.digest, signers.join(", "), facts.registry_words());
    facts.establish().bundle_signed = true;
    pass(evidence)
}

/// Every blob has the digest that is its name, and something names it.
pub(super) fn blobs(facts: &mut Facts<'_>) -> Judged {
    let named = named_blobs(facts)?;
    let (mut seen, mut unreadable) = (0_usize, false);
    for (name, bytes) in facts.source.files() {
        let Some(digest) = name.strip_prefix(BLOBS).and_then(|digest| digest.parse::<Digest>().ok()) else { continue };
        let Some(found) = facts.digest(name) else {
            unreadable = true; // said last: what can be read is judged first
            continue;
        };
        if found != digest {
            let what = "an attached file is not what its name says";
            return Err(differs(what, ReadsAs::Edit, name, digest, found));
        }
        let Some(lengths) = named.get(&digest) else {
            return Err(fail("nothing refers to this attached file", ReadsAs::Insertion, name));
        };
        let bytes = bytes.map_or(0, |bytes| bytes.len() as u64);
        if let Some(length) = lengths.iter().find(|length| **length != bytes) {
            return Err(differs(
                "an attached file has another length than its entry says",
                ReadsAs::Edit,
                name,
                length,
                bytes,
            ));
        }
        seen = seen.saturating_add(1);
    }
    if unreadable {
        return Err(Stop::needs("zip.profile"));
    }
    if seen == 0 { Err(nothing("nothing is attached")) } else { pass(count(seen, "attached file", "attached files")) }
}

/// Every blob that an entry or a statement names, with each length that is said of it.
fn named_blobs(facts: &Facts<'_>) -> Result<BTreeMap<Digest, Vec<u64>>, Stop> {
    let mut named: BTreeMap<Digest, Vec<u64>> = BTreeMap::new();
    for (digest, length) in facts.carried()?.all.iter().flat_map(|one| one.predicate.blobs()) {
        named.entry(digest).or_default().extend(length);
    }
    for blob in facts.entries()?.all().iter().flat_map(Line::blobs) {
        named.entry(blob.sha256).or_default().push(blob.bytes.0);
    }
    Ok(named)
}

/// What the bundle says of itself equals what chain and policy say; `sealed_at` alone is its own word
/// (`spec:bundle-3`).
pub(super) fn agrees(facts: &mut Facts<'_>) -> Judged {
    let said = facts.signed_bundle()?;
    let entries = facts.entries()?.all();
    let (adopted, readme) = (facts.policies()?, facts.document(bundle::README)?);
    let says = |what: &str, expected: &str, found: &str| {
        let same = expected == found;
        let what = format!("the bundle's {what} is not that of the chain");
        if same { Ok(()) } else { Err(differs(what, ReadsAs::Edit, bundle::STATEMENT, expected, found)) }
    };
    let Some(first) = entries.first() else { return Err(nothing("the chain has no entry")) };
    let origin = facts.entries()?.origin().map(Origin::as_str).unwrap_or_default();
    says("origin", origin, said.origin.as_str())?;
    let Event::Genesis(genesis) = first.event() else {
        return Err(differs(
            "the chain does not begin with its genesis",
            ReadsAs::Deletion,
            entry_place(0),
            "chain.genesis",
            first.kind(),
        ));
    };
    says("organisation", &genesis.org_name, &said.organisation)?;
    says("format version", "1", &said.format.to_string())?;
    if said.period.start >= said.period.end {
        return Err(differs(
            "the period ends before it begins",
            ReadsAs::Edit,
            bundle::STATEMENT,
            said.period.start,
            said.period.end,
        ));
    }
    let counts = counts(entries, said);
    if counts != said.counts {
        let wrong = counts.keys().chain(said.counts.keys()).find(|kind| counts.get(*kind) != said.counts.get(*kind));
        let kind = wrong.map(String::as_str).unwrap_or_default();
        let shown = |counts: &BTreeMap<String, i64>| format!("{kind}: {}", counts.get(kind).copied().unwrap_or(0));
        let what = "the bundle counts other entries than the chain shows in the period";
        return Err(differs(what, ReadsAs::Edit, bundle::STATEMENT, shown(&counts), shown(&said.counts)));
    }
    let in_force = policies_in_force(entries, said, adopted.iter().map(|adopted| (adopted.position, adopted.digest)));
    let digests: Vec<Digest> = in_force.iter().map(|(_, digest)| *digest).collect();
    if digests != said.policies {
        let shown = |digests: &[Digest]| digests.iter().map(Digest::to_string).collect::<Vec<_>>().join(", ");
        let what = "the bundle names other policies than were in force";
        return Err(differs(what, ReadsAs::Edit, bundle::STATEMENT, shown(&digests), shown(&said.policies)));
    }
    let last = in_force.last().and_then(|(position, _)| adopted.iter().find(|adopted| adopted.position == *position));
    let zone = last.and_then(|adopted| adopted.policy.as_ref()).map_or(&genesis.zone, |policy| &policy.timezone);
    says("zone", zone, &said.zone)?;
    if let Some(last) = entries.last().filter(|last| said.sealed_at < last.recorded_at) {
        let what = "the bundle says that it was sealed before its last entry was recorded";
        return Err(differs(
            what,
            ReadsAs::Edit,
            bundle::STATEMENT,
            format!("not before {}", last.recorded_at),
            said.sealed_at,
        ));
    }
    if readme != bundle::README_TEXT.as_bytes() {
        let what = "readme.txt is not the fixed text of this format version";
        return Err(fail(what, ReadsAs::Edit, bundle::README));
    }
    pass(format!(
        "{} in the period, {}",
        counts.values().sum::<i64>(),
        count(digests.len(), "policy in force", "policies in force")
    ))
}

/// Entries recorded in the period, by type.
fn counts(entries: &[Line<'_>], said: &Bundle) -> BTreeMap<String, i64> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| said.period.contains(entry.recorded_at)) {
        let kind = entry.kind();
        match counts.get_mut(kind.as_ref()) {
            Some(count) => *count = count.saturating_add(1),
            None => _ = counts.insert(kind.into_owned(), 1),
        }
    }
    counts
}

/// Of the adopted policies, the last one recorded before the period and those recorded in it.
fn policies_in_force(
    entries: &[Line<'_>],
    said: &Bundle,
    adopted: impl Iterator<Item = (usize, Digest)>,
) -> Vec<(usize, Digest)> {
    let mut in_force = Vec::new();
    for (position, digest) in adopted {
        let Some(entry) = entries.get(position) else { continue };
        if entry.recorded_at < said.period.start {
            in_force.clear();
        }
        if entry.recorded_at < said.period.end {
            in_force.push((position, digest));
        }
    }
    in_force
}

/// Everything that must be carried is, or is named as withheld (`spec:bundle-4`).
pub(super) fn complete(facts: &mut Facts<'_>) -> Judged {
    let said = facts.signed_bundle()?;
    let entries = facts.entries()?;
    let wanted = wanted(facts, entries, said)?;
    let statements = facts.carried()?;
    let versions = facts.versions()?;
    let tokens: BTreeSet<Digest> = timestamps(facts).collect();
    let carried = |digest: &Digest| {
        is_carried(statements, digest)
            || facts.source.has(&blob_name(digest))
            || tokens.contains(digest)
            || versions.all().iter().any(|version| version.payload == *digest)
    };
    let withheld: BTreeSet<(EntryId, Digest)> = said.withheld.iter().map(|one| (one.entry, one.sha256)).collect();
    for (position, id, digest) in &wanted {
        if !carried(digest) && !withheld.contains(&(*id, *digest)) {
            let what = "something that an entry refers to is neither carried nor named as withheld";
            return Err(differs(what, ReadsAs::Deletion, entry_place(*position), digest, "absent"));
        }
    }
    let referred: BTreeSet<(EntryId, Digest)> = wanted.iter().map(|(_, id, digest)| (*id, *digest)).collect();
    for one in &said.withheld {
        let at = format!("{} withheld {}", bundle::STATEMENT, one.sha256);
        if carried(&one.sha256) {
            return Err(fail("something is named as withheld and carried all the same", ReadsAs::Edit, at));
        }
        if !referred.contains(&(one.entry, one.sha256)) {
            return Err(fail("something is named as withheld that nothing in the period refers to", ReadsAs::Edit, at));
        }
    }
    let held = if withheld.is_empty() { "none withheld".into() } else { format!("{} withheld", withheld.len()) };
    pass(format!("{} from the period, {held}", count(wanted.len(), "reference", "references")))
}

/// Digests of the time-stamp tokens carried.
fn timestamps(facts: &Facts<'_>) -> impl Iterator<Item = Digest> {
    facts.source.files().filter(|(name, _)| timestamp_size(name).is_some()).filter_map(|(name, _)| facts.digest(name))
}

/// A reference: position and id of the entry, and what it refers to.
type Reference = (usize, EntryId, Digest);

/// What must be carried: everything that entries recorded in the period refer to, the last completed backup and the
/// last passed restore test of each database before it, and every policy in force in it.
fn wanted(facts: &Facts<'_>, entries: &Entries<'_>, said: &Bundle) -> Result<BTreeSet<Reference>, Stop> {
    let all = entries.all();
    let mut positions: BTreeSet<usize> = BTreeSet::new();
    positions.extend(all.iter().enumerate().filter(|(_, e)| said.period.contains(e.recorded_at)).map(|(p, _)| p));
    positions.extend(last_before(entries, said));
    let adopted = facts.policies()?.iter().map(|adopted| (adopted.position, adopted.digest));
    positions.extend(policies_in_force(all, said, adopted).into_iter().map(|(position, _)| position));
    let statements = facts.carried()?;
    let mut wanted = BTreeSet::new();
    for position in positions {
        let Some(entry) = all.get(position) else { continue };
        for statement in entry.statements() {
            wanted.insert((position, entry.id, statement.payload));
            let inner = statements.find(&statement.payload).map(|one| one.predicate.blobs()).unwrap_or_default();
            wanted.extend(inner.into_iter().map(|(digest, _)| (position, entry.id, digest)));
        }
        wanted.extend(entry.blobs().iter().map(|blob| (position, entry.id, blob.sha256)));
        if let Some(Event::AnchorAttached(anchor)) = event_of(entry, &["anchor.attached"]) {
            wanted.extend(anchor.token_sha256.map(|token| (position, entry.id, token)));
        }
    }
    Ok(wanted)
}

/// For each database, its last completed backup and its last passed restore test before the period.
fn last_before(entries: &Entries<'_>, said: &Bundle) -> BTreeSet<usize> {
    let all = entries.all();
    let before = |position: &usize| all.get(*position).is_some_and(|entry| entry.recorded_at < said.period.start);
    let backups = entries.completed().filter_map(|(_, positions)| {
        positions.iter().rev().filter_map(|position| usize::try_from(*position).ok()).find(before)
    });
    let mut tests: BTreeMap<String, usize> = BTreeMap::new();
    for (position, entry) in all.iter().enumerate().filter(|(position, _)| before(position)) {
        if let Some(Event::RestoreTested(data)) = event_of(entry, &["restore.tested"])
            && data.outcome == Outcome::Passed
        {
            let RestoreTested { database, .. } = *data;
            tests.insert(database, position);
        }
    }
    backups.chain(tests.into_values()).collect()
}
