//! `keys.*`: the registry, who anchors it, and which key counted where.

use std::collections::{BTreeMap, BTreeSet};

use walwarden_core::{
    Digest,
    bundle::{self, lines},
    chain::{ChainError, Entries, Line},
    checkpoint::{CheckpointLine, Note},
    event::Event,
    jcs,
    key::{Ed25519Key, KeyId, PublicKey},
    merkle::TreeHead,
    registry::{KeyState, Registry, RegistryError, Versions},
    statement::key_registry::{RegistryKey, Use},
    value::EntryId,
};

use super::{Judged, Stop, chain::log_keys, count, differs, fail, nothing, pass};
use crate::{
    facts::{Facts, One, Predicate, event_of},
    report::{NotRun, ReadsAs},
};

/// Every version follows from the one before, is signed by the roots of both, and has its entry (`spec:keys-6`).
pub(super) fn registry_versions(facts: &mut Facts<'_>) -> Judged {
    let ndjson = facts.document(bundle::REGISTRY)?;
    let lines = lines(ndjson).collect::<Result<Vec<_>, _>>();
    let lines = lines.map_err(|_| fail("an empty line", ReadsAs::Edit, bundle::REGISTRY))?;
    let versions = Versions::parse(lines).map_err(|error| registry_fail(&error))?;
    facts.establish().versions = Some(versions.clone());
    let registry = versions.in_force(facts.entries()?).map_err(|error| registry_fail(&error))?;
    let evidence = count(registry.versions().all().len(), "version", "versions");
    facts.establish().registry = Some(registry);
    pass(evidence)
}

fn registry_fail(error: &RegistryError) -> Stop {
    let (reads_as, version) = match error {
        RegistryError::Envelope { version, .. } => (ReadsAs::ReSigning, *version),
        RegistryError::Statement { version, .. } | RegistryError::Rule { version, .. } => (ReadsAs::Edit, *version),
        RegistryError::NotEntered { version } => (ReadsAs::Deletion, *version),
        _ => (ReadsAs::Other, 0),
    };
    let at = if version == 0 { bundle::REGISTRY.into() } else { format!("{} line {version}", bundle::REGISTRY) };
    fail(error.to_string(), reads_as, at)
}

/// Enough of the pinned roots signed a version (`spec:keys-8`). The threshold is the reader's.
pub(super) fn root_pinned(facts: &mut Facts<'_>) -> Judged {
    let versions = facts.versions()?;
    let Some(pins) = &facts.trust.pins else {
        return Err(Stop::NotRun(NotRun::NoInput("a root key (--trust or --root)")));
    };
    let version = versions.anchored_by(pins).map_err(|error| {
        let roots = versions.all().iter().flat_map(|version| &version.registry.roots);
        let found: BTreeSet<Digest> = roots.map(PublicKey::fingerprint).collect();
        let shown = |digests: &BTreeSet<Digest>| digests.iter().map(Digest::to_string).collect::<Vec<_>>().join(", ");
        let what = format!("this is not the record of the roots you pinned: {error}");
        differs(what, ReadsAs::ReSigning, bundle::REGISTRY, shown(&pins.pins), shown(&found))
    })?;
    let evidence = format!(
        "version {version} is signed by at least {} of {}",
        pins.threshold,
        count(pins.pins.len(), "pinned root", "pinned roots")
    );
    facts.establish().anchored_version = Some(version);
    pass(evidence)
}

/// No version that the reader has seen is missing or other (`spec:keys-9`).
pub(super) fn not_rolled_back(facts: &mut Facts<'_>) -> Judged {
    let Some(previous) = &facts.trust.previous else {
        return Err(Stop::NotRun(NotRun::NoInput("an earlier bundle (--previous)")));
    };
    let versions = facts.versions()?.all();
    for (index, expected) in previous.registry.iter().enumerate() {
        let number = index.saturating_add(1);
        let at = format!("{} line {number}", bundle::REGISTRY);
        match versions.get(index) {
            None => {
                let what = "the registry stops below the version that you have seen: keys are rolled back";
                let (expected, found) = (previous.registry.len(), versions.len());
                return Err(differs(
                    what,
                    ReadsAs::Truncation,
                    at,
                    format!("at least version {expected}"),
                    format!("version {found}"),
                ));
            }
            Some(version) if version.payload != *expected => {
                let what =
                    format!("two registries of version {number} are signed: this one is not the one you have seen");
                return Err(differs(what, ReadsAs::ReSigning, at, expected, version.payload));
            }
            Some(_) => {}
        }
    }
    pass(format!("versions 1 to {} as seen before, now {}", previous.registry.len(), versions.len()))
}

/// Each statement's keys had the use, were listed, and were below their cut, at its entry (`spec:keys-9`).
pub(super) fn in_span(facts: &mut Facts<'_>) -> Judged {
    let registry = facts.registry()?;
    let entries = facts.entries()?;
    let statements = facts.carried()?;
    let listed: BTreeSet<KeyId> = statement_keys(registry).iter().map(PublicKey::id).collect();
    let mut starts: Option<BTreeMap<EntryId, u64>> = None;
    let mut signatures = 0_usize;
    for one in &statements.all {
        let Some(position) = facts.referencing(&one.payload_digest) else { continue }; // statements.referenced fails
        let seq = position as u64;
        for signature in &one.envelope.signatures {
            if !listed.contains(&signature.keyid) {
                continue; // a stranger's signature: statements.signed fails
            }
            let began = || starts.get_or_insert_with(|| run_starts(entries)).get(&one.predicate.run()?).copied();
            let judged = registry.key_of_run(&signature.keyid, one.kind.purpose(), seq, began);
            judged.map_err(|state| {
                let reads_as = if matches!(state, KeyState::Cut { .. }) { ReadsAs::ReSigning } else { ReadsAs::Other };
                fail(format!("{state}; it signed for entry {seq}"), reads_as, one.place())
            })?;
            own_hand(one, registry, &signature.keyid, seq)?;
            signatures = signatures.saturating_add(1);
        }
    }
    if signatures == 0 {
        return Err(nothing("no statement is carried"));
    }
    pass(format!("{}{}", count(signatures, "signature", "signatures"), facts.registry_words()))
}

/// A review is signed by the key of the person who is said to have made it (`spec:statements-10`).
fn own_hand(one: &One, registry: &Registry, keyid: &KeyId, seq: u64) -> Result<(), Stop> {
    let Predicate::Review(review) = &one.predicate else { return Ok(()) };
    let keys = registry.at(seq).map(|registry| registry.keys.as_slice()).unwrap_or_default();
    match keys.iter().find(|key| key.jwk.id() == *keyid) {
        Some(key) if key.custodian != review.person => {
            let what = "a review is signed by the key of another person than the one who is said to have made it";
            Err(differs(what, ReadsAs::Other, one.place(), &review.person, &key.custodian))
        }
        _ => Ok(()),
    }
}

/// Where each run began: the place of its `*.started` entry.
fn run_starts(entries: &Entries<'_>) -> BTreeMap<EntryId, u64> {
    let start = |(position, entry): (usize, &Line<'_>)| match event_of(entry, &["backup.started", "restore.started"])? {
        Event::BackupStarted(start) => Some((start.run_id, position as u64)),
        Event::RestoreStarted(start) => Some((start.test_id, position as u64)),
        _ => None,
    };
    // The first of a run counts: a second start cannot move a run into another span.
    entries.all().iter().enumerate().rev().filter_map(start).collect()
}

/// Every log key with a cut, in any version.
fn cut_log_keys(registry: &Registry) -> Vec<&RegistryKey> {
    let keys = registry.versions().all().iter().flat_map(|version| &version.registry.keys);
    keys.filter(|key| key.uses.contains(&Use::Log) && key.last_head.is_some()).collect()
}

/// The history shown contains the last head of each retired or revoked key, and such a log key signed nothing above it.
pub(super) fn last_head(facts: &mut Facts<'_>) -> Judged {
    let registry = facts.registry()?;
    let keys = cut_log_keys(registry);
    let cuts: Vec<_> = keys.iter().filter_map(|key| Some((key, key.last_head.as_ref()?))).collect();
    let mut heads: Vec<TreeHead> = cuts.iter().map(|(_, cut)| TreeHead { size: cut.size, root: cut.root }).collect();
    let listed = registry.versions().all().iter().flat_map(|version| &version.registry.keys);
    heads.extend(listed.filter_map(|key| key.last_trusted));
    if heads.is_empty() {
        return Err(nothing("no key is retired or revoked"));
    }
    facts.heads()?;
    facts.anchored()?;
    for (key, cut) in &cuts {
        if registry.origin() != Some(&cut.origin) {
            let expected = registry.origin().map(ToString::to_string).unwrap_or_default();
            let what = format!("the last head of log key {} is of another chain", key.jwk.id());
            return Err(differs(what, ReadsAs::Other, bundle::REGISTRY, expected, &cut.origin));
        }
    }
    facts.entries()?.rebuild(&heads).map_err(|error| match error {
        ChainError::Root { size, expected, found } => {
            let what = format!("the first {size} lines are not those under the last head of a retired or revoked key");
            differs(what, ReadsAs::ReSigning, bundle::ENTRIES, expected, found)
        }
        error => fail(error.to_string(), ReadsAs::Truncation, bundle::ENTRIES),
    })?;
    above_cut(facts, registry)?;
    pass(format!("{} in this history", count(heads.len(), "last head lies", "last heads lie")))
}

/// No checkpoint rests only on log keys above their cut.
fn above_cut(facts: &Facts<'_>, registry: &Registry) -> Result<(), Stop> {
    for (index, line) in lines(facts.document(bundle::CHECKPOINTS)?).enumerate() {
        let line = line.ok().and_then(|line| jcs::parse::<CheckpointLine>(line).ok());
        let Some(note) = line.and_then(|line| Note::parse(&line.note).ok()) else { continue };
        let size = note.head.tree.size;
        let counts =
            |key: &Ed25519Key| registry.key_at(&PublicKey::from(*key).id(), Use::Log, size.saturating_sub(1)).is_ok();
        let counting: Vec<Ed25519Key> = log_keys(registry, size).into_iter().filter(counts).collect();
        if note.verify(&counting).is_err() {
            let place = format!("{} line {}", bundle::CHECKPOINTS, index.saturating_add(1));
            let what = "a checkpoint is signed only by a log key beyond the last head that it may have signed";
            return Err(differs(
                what,
                ReadsAs::ReSigning,
                place,
                "a log key that still counts",
                format!("size {size}"),
            ));
        }
    }
    Ok(())
}

/// The table for people equals the view computed from the registry (`spec:keys-11`).
pub(super) fn csv(facts: &mut Facts<'_>) -> Judged {
    let registry = facts.registry()?;
    let found = facts.document(bundle::KEYS_CSV)?;
    let expected = registry.csv();
    let mut rows = expected.as_bytes().split(|b| *b == b'\n').zip(found.split(|b| *b == b'\n')).enumerate();
    if expected.as_bytes() == found {
        return pass(count(expected.lines().count().saturating_sub(1), "key", "keys"));
    }
    let text = |row: &[u8]| String::from_utf8_lossy(row).into_owned();
    let (line, expected, found) = match rows.find(|(_, (expected, found))| expected != found) {
        Some((line, (expected, found))) => (line, text(expected), text(found)),
        None => (expected.lines().count(), "its end".into(), format!("{} bytes", found.len())),
    };
    let at = format!("{} line {}", bundle::KEYS_CSV, line.saturating_add(1));
    Err(differs("the table of keys is not the one that the registry gives", ReadsAs::Edit, at, expected, found))
}

/// A public key of any version, for verifying a statement's signatures.
pub(super) fn statement_keys(registry: &Registry) -> Vec<PublicKey> {
    let mut keys: Vec<PublicKey> = Vec::new();
    for key in registry.versions().all().iter().flat_map(|version| &version.registry.keys) {
        if !keys.contains(&key.jwk) {
            keys.push(key.jwk);
        }
    }
    keys
}
