//! What a bundle carries: all lines, a selection of checkpoints, and what entries of the period refer to
//! (`spec:bundle-4`). Also what persons have signed since the period ended: a sign-off comes after it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use walwarden_core::{
    Digest, Period, Time,
    bundle::{
        CHECKPOINTS, ConsistencyProof, ENTRIES, KEYS_CSV, PROOFS, PROOFS_TYPE, Proofs, README, README_TEXT, REGISTRY,
        blob_name, timestamp_name,
    },
    chain::{Entries, Line},
    checkpoint::CheckpointLine,
    event::{Event, Outcome},
    jcs,
    merkle::{TreeHead, consistency},
    statement::{Backup, Bundle, Evidence, Predicate as _, RestoreTest, Review},
};

use crate::{
    chain_store::ChainStore as _,
    error::{ProduceError, VaultError},
    keys,
    producer::Producer,
    vault::{Snapshot, by_envelope},
};

/// A leap year, in microseconds: the longest window of a cadence but for one of more days than that.
const LONGEST_WINDOW: i64 = 366 * 86_400_000_000;

/// All files but the bundle's own statement, and what that says.
#[derive(Debug)]
pub struct Contents {
    /// Files by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The predicate; `sealed_at` is still to be set.
    pub predicate: Bundle,
    /// When the last line was recorded.
    pub last_recorded_at: Time,
}

impl Contents {
    /// Collects what a bundle of `period` carries when it ends at `end`.
    ///
    /// # Errors
    /// Something that must be carried is missing.
    pub fn collect(producer: &Producer, period: Period, end: TreeHead) -> Result<Self, ProduceError> {
        let snapshot = cut(producer.chain.read()?, end)?;
        let entries = snapshot.entries()?;
        let policies = policies_in_force(&entries, &period);
        let mut wanted: BTreeSet<usize> = policies.iter().map(|(position, _)| *position).collect();
        wanted.extend(positions(&entries, |entry| period.contains(entry.recorded_at)));
        wanted.extend(policies_before(&entries, &period));
        wanted.extend(last_before(&entries, &period));
        wanted.extend(positions(&entries, |entry| {
            entry.recorded_at >= period.end && entry.is_one_of(&["review.signed"])
        }));

        let mut files = BTreeMap::from([(README.to_owned(), README_TEXT.as_bytes().to_vec())]);
        carry_statements(producer, &entries, &wanted, &mut files)?;
        carry_blobs(producer, &entries, &wanted, &mut files)?;
        carry_timestamps(producer, &entries, &wanted, &mut files)?;
        carry_checkpoints(&snapshot, &entries, end, &mut files)?;
        let mut registry = keys::entered(producer.chain.store(), &snapshot.ndjson)?;
        registry.iter_mut().for_each(|line| line.push(b'\n'));
        files.insert(REGISTRY.into(), registry.concat());
        files.insert(KEYS_CSV.into(), producer.registry_of(&snapshot)?.csv().into_bytes());
        let predicate = predicate(producer, &entries, period, end, &policies)?;
        let last_recorded_at = entries.all().last().map_or(period.end, |entry| entry.recorded_at);
        drop(entries);
        files.insert(ENTRIES.into(), snapshot.ndjson);
        Ok(Self { files, predicate, last_recorded_at })
    }
}

/// The chain as it was under `end`: others may have appended since.
fn cut(mut snapshot: Snapshot, end: TreeHead) -> Result<Snapshot, ProduceError> {
    let lines =
        snapshot.ndjson.split_inclusive(|byte| *byte == b'\n').take(usize::try_from(end.size).unwrap_or(usize::MAX));
    let length = lines.map(<[u8]>::len).sum();
    snapshot.ndjson.truncate(length);
    snapshot.checkpoints.retain(|line| line.size <= end.size);
    snapshot.entries()?.rebuild(&[end]).map_err(VaultError::Damaged)?;
    Ok(snapshot)
}

fn positions<'a>(entries: &'a Entries<'a>, keep: impl Fn(&Line<'a>) -> bool) -> impl Iterator<Item = usize> {
    entries.all().iter().enumerate().filter(move |(_, entry)| keep(entry)).map(|(position, _)| position)
}

/// The policy in force when the period begins, and those adopted in it.
fn policies_in_force(entries: &Entries<'_>, period: &Period) -> Vec<(usize, Digest)> {
    let mut in_force = Vec::new();
    for (position, entry) in entries.all().iter().enumerate().filter(|(_, entry)| entry.recorded_at < period.end) {
        let Event::PolicyAdopted(adopted) = entry.event() else { continue };
        if entry.recorded_at < period.start {
            in_force.clear();
        }
        in_force.push((position, adopted.sha256));
    }
    in_force
}

/// Policies that were in force in the year before the period: a window that ends in the period may have begun under one
/// of them, and belongs to it (`spec:occurrences-5`).
fn policies_before(entries: &Entries<'_>, period: &Period) -> Vec<usize> {
    let from = period.start.micros().saturating_sub(LONGEST_WINDOW);
    let mut kept = Vec::new();
    for (position, entry) in entries.all().iter().enumerate().filter(|(_, entry)| entry.recorded_at < period.start) {
        let Event::PolicyAdopted(adopted) = entry.event() else { continue };
        // Whatever it follows was in force until now.
        if entry.recorded_at.max(adopted.effective_from).micros() <= from {
            kept.clear();
        }
        kept.push(position);
    }
    kept
}

/// For each database, its last completed backup and its last passed restore test before the period.
fn last_before(entries: &Entries<'_>, period: &Period) -> BTreeSet<usize> {
    let mut last: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for (position, entry) in entries.all().iter().enumerate().filter(|(_, entry)| entry.recorded_at < period.start) {
        let key = match entry.event() {
            Event::BackupCompleted(data) => (data.database, "backup"),
            Event::RestoreTested(data) if data.outcome == Outcome::Passed => (data.database, "restore"),
            _ => continue,
        };
        last.insert(key, position);
    }
    last.into_values().collect()
}

/// The file that carries statements of an entry; registry versions are carried anyway.
const fn file_of(event: &Event) -> Option<&'static str> {
    match event {
        Event::BackupCompleted(_) => Some(Backup::FILE),
        Event::EvidenceCollected(_) => Some(Evidence::FILE),
        Event::PolicyAdopted(_) | Event::ReviewSigned(_) => Some(Review::FILE),
        Event::RestoreTested(_) => Some(RestoreTest::FILE),
        _ => None,
    }
}

fn carry_statements(
    producer: &Producer,
    entries: &Entries<'_>,
    wanted: &BTreeSet<usize>,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), ProduceError> {
    for file in [Backup::FILE, Evidence::FILE, RestoreTest::FILE, Review::FILE] {
        let kept = producer.chain.store().statements(file)?;
        let kept: HashMap<Digest, &[u8]> = by_envelope(&kept);
        for entry in wanted.iter().filter_map(|position| entries.all().get(*position)) {
            if file_of(&entry.event()) != Some(file) {
                continue;
            }
            for reference in &entry.statements() {
                let missing = VaultError::Missing { what: "statement", digest: reference.payload, entry: entry.seq };
                let line = kept.get(&reference.envelope).ok_or(missing)?;
                let carried = files.entry(file.into()).or_default();
                carried.extend_from_slice(line);
                carried.push(b'\n');
            }
        }
    }
    Ok(())
}

fn carry_blobs(
    producer: &Producer,
    entries: &Entries<'_>,
    wanted: &BTreeSet<usize>,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), ProduceError> {
    for entry in wanted.iter().filter_map(|position| entries.all().get(*position)) {
        for blob in &entry.blobs() {
            files.insert(blob_name(&blob.sha256), producer.blob(entry.seq, &blob.sha256)?);
        }
    }
    Ok(())
}

/// Time-stamp tokens lie in the vault as they do in a bundle.
fn carry_timestamps(
    producer: &Producer,
    entries: &Entries<'_>,
    wanted: &BTreeSet<usize>,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), ProduceError> {
    for entry in wanted.iter().filter_map(|position| entries.all().get(*position)) {
        let Event::AnchorAttached(anchor) = entry.event() else { continue };
        let Some(token) = anchor.token_sha256 else { continue };
        let kept = producer.chain.store().timestamp(anchor.size)?.filter(|bytes| Digest::of(bytes) == token);
        let missing = VaultError::Missing { what: "time stamp", digest: token, entry: entry.seq };
        files.insert(timestamp_name(anchor.size), kept.ok_or(missing)?);
    }
    Ok(())
}

/// The first checkpoint, the last of each day (UTC) of recording, those that somebody outside saw, the one at the end; and
/// the proofs between them.
fn carry_checkpoints(
    snapshot: &Snapshot,
    entries: &Entries<'_>,
    end: TreeHead,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), ProduceError> {
    let mut by_size: BTreeMap<u64, &CheckpointLine> = BTreeMap::new();
    for line in snapshot.checkpoints.iter().filter(|line| line.size > 0) {
        // The last one has all cosignatures.
        by_size.insert(line.size, line);
    }
    let mut kept: BTreeSet<u64> = by_size.keys().next().copied().into_iter().collect();
    let mut last_of_day: BTreeMap<String, u64> = BTreeMap::new();
    for size in by_size.keys() {
        let covered = usize::try_from(size - 1).ok().and_then(|position| entries.all().get(position));
        if let Some(entry) = covered {
            last_of_day.insert(entry.recorded_at.to_string().chars().take(10).collect(), *size);
        }
    }
    kept.extend(last_of_day.into_values());
    // The first head after a change of log key is where both keys have signed: spec:bundle-4
    for change in entries.all().iter().filter(|entry| entry.is_one_of(&["key.changed"])) {
        kept.extend(by_size.range(change.seq.saturating_add(1)..).next().map(|(size, _)| *size));
    }
    let anchored = entries.all().iter().filter_map(|entry| match entry.event() {
        Event::AnchorAttached(anchor) => Some(anchor.size),
        _ => None,
    });
    kept.extend(anchored);
    kept.insert(end.size);
    let mut ndjson = Vec::new();
    for size in &kept {
        let line = by_size.get(size).ok_or(VaultError::Checkpoint { line: snapshot.checkpoints.len() + 1 })?;
        ndjson.extend(jcs::to_vec(line)?);
        ndjson.push(b'\n');
    }
    files.insert(CHECKPOINTS.into(), ndjson);
    files.insert(PROOFS.into(), jcs::to_vec(&proofs(entries, &kept)?)?);
    Ok(())
}

fn proofs(entries: &Entries<'_>, sizes: &BTreeSet<u64>) -> Result<Proofs, ProduceError> {
    let none = || ProduceError::Bug("a consistency proof does not exist".into());
    let mut proofs = Vec::new();
    for (from, to) in sizes.iter().zip(sizes.iter().skip(1)) {
        let leaves = usize::try_from(*to).ok().and_then(|to| entries.hashes().get(..to)).ok_or_else(none)?;
        let proof = usize::try_from(*from).ok().and_then(|from| consistency(leaves, from)).ok_or_else(none)?;
        proofs.push(ConsistencyProof { from: *from, proof, to: *to });
    }
    Ok(Proofs { r#type: PROOFS_TYPE.into(), consistency: proofs })
}

fn predicate(
    producer: &Producer,
    entries: &Entries<'_>,
    period: Period,
    end: TreeHead,
    policies: &[(usize, Digest)],
) -> Result<Bundle, ProduceError> {
    let Some(Event::Genesis(genesis)) = entries.all().first().map(Line::event) else {
        return Err(VaultError::Empty.into());
    };
    let zone = match policies.last() {
        Some((position, digest)) => producer.policy_blob(*position as u64, digest)?.timezone,
        None => genesis.zone,
    };
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for entry in entries.all().iter().filter(|entry| period.contains(entry.recorded_at)) {
        *counts.entry(entry.kind().into_owned()).or_default() += 1;
    }
    Ok(Bundle {
        organisation: genesis.org_name,
        origin: producer.chain.origin().clone(),
        period,
        zone,
        end,
        counts,
        policies: policies.iter().map(|(_, digest)| *digest).collect(),
        format: 1,
        sealed_at: period.end,
        withheld: Vec::new(),
    })
}
