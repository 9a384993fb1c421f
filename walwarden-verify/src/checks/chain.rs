//! `chain.*`: the lines, their tree, the signed heads, and what the reader held before.

use std::collections::BTreeMap;

use walwarden_core::{
    Digest, Time,
    bundle::{self, ConsistencyProof, PROOFS_TYPE, Proofs, lines},
    chain::{ChainError, Entries},
    checkpoint::{CheckpointLine, Note, NoteError, NoteSignature, key_hash},
    cosignature::Witness,
    jcs,
    key::{Ed25519Key, PublicKey},
    merkle::{TreeHead, verify_consistency},
    registry::Registry,
    statement::key_registry::Use,
};

use super::{Judged, Stop, count, differs, entry_place, fail, nothing, pass};
use crate::{
    facts::Facts,
    report::{NotRun, ReadsAs},
};

/// Every line is an entry with exactly its members (`spec:chain-1`).
pub(super) fn canonical(facts: &mut Facts<'_>) -> Judged {
    facts.document(bundle::ENTRIES)?;
    match facts.parsed() {
        Ok(entries) => {
            let evidence = count(entries.all().len(), "line", "lines");
            facts.establish().entries = true;
            pass(evidence)
        }
        Err(ChainError::Entry { line, error }) => {
            let at = entry_place(line.saturating_sub(1));
            Err(differs("a line of the chain is not an entry", ReadsAs::Edit, at, "an entry", error))
        }
        Err(error) => Err(fail(error.to_string(), ReadsAs::Edit, bundle::ENTRIES)),
    }
}

/// Something is recorded, and something in the period: a verdict over nothing is none.
pub(super) fn not_empty(facts: &mut Facts<'_>) -> Judged {
    let entries = facts.entries()?.all();
    let period = facts.period()?;
    if entries.is_empty() {
        return Err(nothing("the chain has no entry"));
    }
    match entries.iter().filter(|entry| period.contains(entry.recorded_at)).count() {
        0 => Err(nothing("no entry was recorded in the period")),
        some => pass(format!("{}, {some} recorded in the period", count(entries.len(), "entry", "entries"))),
    }
}

/// `seq`, `prev`, ids, origin and order of recording (`spec:chain-3`). It locates; `chain.roots` proves.
pub(super) fn contiguous(facts: &mut Facts<'_>) -> Judged {
    let entries = facts.entries()?;
    let Err(error) = entries.contiguous() else {
        let last = entries.all().last().map(|entry| entry.seq).unwrap_or_default();
        return pass(format!("{}, seq 0 to {last}", count(entries.all().len(), "entry", "entries")));
    };
    let what = error.to_string();
    Err(match error {
        ChainError::Seq { line, found } => {
            let expected = line.saturating_sub(1);
            let place = entry_place(expected);
            differs(
                "the entries are not numbered without gap",
                order(entries, expected),
                place,
                format!("seq {expected}"),
                format!("seq {found}"),
            )
        }
        ChainError::Prev { line, expected, found } => {
            let what = "an entry does not follow from the one before it: one of the two was changed";
            differs(what, ReadsAs::Edit, entry_place(line.saturating_sub(1)), expected, found)
        }
        ChainError::Id { line, id } => {
            differs("two entries have one id", ReadsAs::Insertion, entry_place(line.saturating_sub(1)), "one", id)
        }
        ChainError::RecordedAt { line } => fail(what, ReadsAs::Reordering, entry_place(line.saturating_sub(1))),
        ChainError::Origin { line } => fail(what, ReadsAs::Insertion, entry_place(line.saturating_sub(1))),
        _ => fail(what, ReadsAs::Other, bundle::ENTRIES),
    })
}

/// What a wrong `seq` at `position` reads as.
fn order(entries: &Entries<'_>, position: usize) -> ReadsAs {
    let expected = position as u64;
    let rest = entries.all().get(position..).unwrap_or_default();
    let found = rest.first().map_or(0, |entry| entry.seq);
    if found < expected {
        ReadsAs::Insertion
    } else if rest.iter().any(|entry| entry.seq == expected) {
        ReadsAs::Reordering
    } else {
        ReadsAs::Deletion
    }
}

/// Every checkpoint is a note over this chain, signed by a log key in force at its last entry (`spec:chain-7`).
/// Cuts of retired keys are judged by `keys.last-head`.
pub(super) fn checkpoints_signed(facts: &mut Facts<'_>) -> Judged {
    let ndjson = facts.document(bundle::CHECKPOINTS)?;
    let registry = facts.registry()?;
    let mut heads: Vec<TreeHead> = Vec::new();
    let mut notes: Vec<Note> = Vec::new();
    let mut core_notes = BTreeMap::new();
    for (index, line) in lines(ndjson).enumerate() {
        let place = format!("{} line {}", bundle::CHECKPOINTS, index.saturating_add(1));
        let line = line.map_err(|_| fail("an empty line", ReadsAs::Edit, &place))?;
        let (note, core_note) = checkpoint(line, registry, &place)?;
        let head = note.head.tree;
        if heads.last().is_some_and(|last| last.size >= head.size) {
            let last = heads.last().map_or(0, |last| last.size);
            return Err(differs(
                "the checkpoints do not ascend",
                ReadsAs::Reordering,
                place,
                format!("above {last}"),
                head.size,
            ));
        }
        core_notes.insert(head.size, core_note);
        heads.push(head);
        notes.push(note);
    }
    if heads.is_empty() {
        return Err(fail("no checkpoint is carried: nobody signed this chain", ReadsAs::Deletion, bundle::CHECKPOINTS));
    }
    handed_over(registry, &notes)?;
    let evidence = format!("{}{}", count(heads.len(), "checkpoint", "checkpoints"), facts.registry_words());
    let established = facts.establish();
    (established.heads, established.notes, established.core_notes) = (Some(heads), notes, Some(core_notes));
    pass(evidence)
}

/// The first head after a change of log key carries the signature of the key that goes, too (`spec:keys-9`): it shows
/// that who held the old key agreed to the new one.
fn handed_over(registry: &Registry, notes: &[Note]) -> Result<(), Stop> {
    for (seq, key) in registry.retired_log_keys() {
        let first = notes.iter().position(|note| note.head.tree.size > seq);
        let Some((index, note)) = first.and_then(|index| Some((index, notes.get(index)?))) else { continue };
        note.verify(&[key]).map_err(|_| {
            differs(
                "the first checkpoint after a change of log key is not signed by the key that was retired",
                ReadsAs::ReSigning,
                format!("{} line {}", bundle::CHECKPOINTS, index.saturating_add(1)),
                format!("a signature by {} too", PublicKey::from(key).id()),
                "none that holds",
            )
        })?;
    }
    Ok(())
}

/// The note of a checkpoint, and its core note.
fn checkpoint(line: &[u8], registry: &Registry, place: &str) -> Result<(Note, String), Stop> {
    let line: CheckpointLine = jcs::parse_exact(line).map_err(|error| fail(error.to_string(), ReadsAs::Edit, place))?;
    let note = Note::parse(&line.note).map_err(|error| fail(error.to_string(), ReadsAs::Edit, place))?;
    let head = &note.head;
    if head.tree.size != line.size {
        return Err(differs(
            "the size beside a checkpoint is not its own",
            ReadsAs::Edit,
            place,
            head.tree.size,
            line.size,
        ));
    }
    if registry.origin() != Some(&head.origin) {
        let expected = registry.origin().map(ToString::to_string).unwrap_or_default();
        return Err(differs("a checkpoint is of another chain", ReadsAs::Insertion, place, expected, &head.origin));
    }
    let keys = log_keys(registry, head.tree.size);
    match note.verify(&keys) {
        Ok(()) => {
            let core_note = note.core(&keys);
            Ok((note, core_note))
        }
        Err(NoteError::Unsigned) => {
            let what = "a checkpoint is not signed by a log key of the registry version in force at it";
            Err(fail(what, ReadsAs::ReSigning, place))
        }
        Err(error) => Err(fail(error.to_string(), ReadsAs::Edit, place)),
    }
}

/// Log keys of the version in force at the last entry under a head.
pub(super) fn log_keys(registry: &Registry, size: u64) -> Vec<Ed25519Key> {
    let in_force = size.checked_sub(1).and_then(|seq| registry.at(seq));
    let keys = in_force.map(|registry| registry.keys.as_slice()).unwrap_or_default();
    keys.iter().filter(|key| key.uses.contains(&Use::Log)).filter_map(|key| key.jwk.as_ed25519().copied()).collect()
}

/// The tree of these lines has the root of every checkpoint carried (`spec:chain-6`).
pub(super) fn roots(facts: &mut Facts<'_>) -> Judged {
    let heads = facts.heads()?;
    let anchored = facts.entries()?.rebuild(heads).map_err(|error| match error {
        ChainError::Root { size, expected, found } => {
            let what = format!("the first {size} lines are not those that were signed");
            differs(what, ReadsAs::Edit, format!("{} size {size}", bundle::CHECKPOINTS), expected, found)
        }
        ChainError::Short { size, lines } => {
            let what = "a signed head covers more lines than are shown";
            differs(what, ReadsAs::Truncation, bundle::ENTRIES, format!("{size} lines"), format!("{lines} lines"))
        }
        other => fail(other.to_string(), ReadsAs::Other, bundle::ENTRIES),
    })?;
    let evidence = format!("{} recomputed over {}", count(heads.len(), "root", "roots"), lines_root(anchored.head()));
    facts.establish().anchored = Some(anchored);
    pass(evidence)
}

fn lines_root(head: TreeHead) -> String {
    format!("{} lines, root {}", head.size, head.root)
}

/// One consistency proof for each pair of successive checkpoints, and each holds (`spec:merkle-6`).
pub(super) fn proofs(facts: &mut Facts<'_>) -> Judged {
    let bytes = facts.document(bundle::PROOFS)?;
    let heads = facts.heads()?;
    let proofs: Proofs =
        jcs::parse_exact(bytes).map_err(|error| fail(error.to_string(), ReadsAs::Edit, bundle::PROOFS))?;
    if proofs.r#type != PROOFS_TYPE {
        return Err(differs(
            "the proofs are of another type",
            ReadsAs::Edit,
            bundle::PROOFS,
            PROOFS_TYPE,
            proofs.r#type,
        ));
    }
    let pairs = || heads.windows(2).filter_map(|pair| <&[TreeHead; 2]>::try_from(pair).ok());
    let expected: Vec<(u64, u64)> = pairs().map(|[old, new]| (old.size, new.size)).collect();
    let found: Vec<(u64, u64)> = proofs.consistency.iter().map(|proof| (proof.from, proof.to)).collect();
    if expected != found {
        let place = expected.iter().zip(&found).position(|(a, b)| a != b).unwrap_or(expected.len().min(found.len()));
        let shown = |list: &[(u64, u64)]| list.get(place).map_or("none".into(), |(from, to)| format!("{from} to {to}"));
        let reads_as = if found.len() < expected.len() { ReadsAs::Deletion } else { ReadsAs::Edit };
        let what = "the proofs are not one for each pair of successive checkpoints";
        return Err(differs(what, reads_as, bundle::PROOFS, shown(&expected), shown(&found)));
    }
    for ([old, new], ConsistencyProof { from, proof, to }) in pairs().zip(&proofs.consistency) {
        verify_consistency(proof, old, new).map_err(|error| {
            let what = format!("the proof from {from} to {to} does not hold: {error}");
            fail(what, ReadsAs::Edit, bundle::PROOFS)
        })?;
    }
    pass(count(found.len(), "consistency proof", "consistency proofs"))
}

/// Nothing lies above the last checkpoint, and the bundle names that head (`spec:bundle-3`).
pub(super) fn ends_at_checkpoint(facts: &mut Facts<'_>) -> Judged {
    let shown = facts.anchored()?.head();
    let last = facts.heads()?.last().copied().unwrap_or(TreeHead { size: 0, root: Digest::of(&[]) });
    let claimed = facts.bundle()?.statement.predicate.end;
    if last != shown {
        let what = "lines follow the last checkpoint: nobody signed them";
        let at = entry_place(usize::try_from(last.size).unwrap_or(usize::MAX));
        return Err(differs(
            what,
            ReadsAs::Insertion,
            at,
            format!("{} lines", last.size),
            format!("{} lines", shown.size),
        ));
    }
    if claimed != last {
        let what = "the bundle names another end than its last checkpoint";
        // It was sealed over more lines than any head that is shown covers: what came after them is not here.
        let reads_as = if claimed.size > last.size { ReadsAs::Truncation } else { ReadsAs::Edit };
        return Err(differs(what, reads_as, bundle::STATEMENT, lines_root(last), lines_root(claimed)));
    }
    facts.establish().end = Some(last);
    pass(lines_root(last))
}

/// The heads that the reader held before lie in this history (`spec:time-4`).
pub(super) fn known(facts: &mut Facts<'_>) -> Judged {
    let shown = facts.anchored()?.head();
    let entries = facts.entries()?;
    let trust = facts.trust;
    let Some(latest) = trust.latest() else {
        return Err(Stop::NotRun(NotRun::NoInput(
            "a head held before (--trust, --previous or --known-head; else --first-contact)",
        )));
    };
    let origin = entries.origin();
    for known in &trust.known {
        if let (Some(expected), Some(found)) = (&known.origin, origin)
            && expected != found
        {
            let what = format!("the head from {} is of another chain", known.source);
            return Err(differs(what, ReadsAs::Other, bundle::ENTRIES, expected, found));
        }
        if known.head.size > shown.size {
            let what =
                format!("the head from {} covers more lines than are shown: a newer history is withheld", known.source);
            return Err(differs(
                what,
                ReadsAs::Truncation,
                bundle::ENTRIES,
                format!("at least {} lines", known.head.size),
                format!("{} lines", shown.size),
            ));
        }
        let found = entries.root_at(known.head.size);
        if found != Some(known.head.root) {
            let what = format!(
                "the first {} lines are not those of the head from {}: this is another history",
                known.head.size, known.source
            );
            return Err(differs(
                what,
                ReadsAs::ReSigning,
                bundle::ENTRIES,
                known.head.root,
                found.map(|d| d.to_string()).unwrap_or_default(),
            ));
        }
    }
    let after = shown.size.saturating_sub(latest.head.size);
    let head = format!(
        "the head of {} lines, root {} (from {}), and {after} lines after it",
        latest.head.size, latest.head.root, latest.source
    );
    pass(format!("{head}{}", periods(facts)))
}

/// How the period follows the one before.
fn periods(facts: &Facts<'_>) -> String {
    let Some(previous) = &facts.trust.previous else { return String::new() };
    let Ok(bundle) = facts.bundle() else { return String::new() };
    let (before, start) = (previous.period.end, bundle.statement.predicate.period.start);
    match before.cmp(&start) {
        std::cmp::Ordering::Equal => "; the periods join without gap".into(),
        std::cmp::Ordering::Less => {
            format!("; no bundle covers the gap from {} to {}", before.to_words(), start.to_words())
        }
        std::cmp::Ordering::Greater => {
            format!("; the periods overlap from {} to {}", start.to_words(), before.to_words())
        }
    }
}

/// Enough of the reader's witnesses have seen a head after which the period cannot read otherwise (`spec:time-12`).
pub(super) fn witnessed(facts: &mut Facts<'_>) -> Judged {
    let Some(witnesses) = &facts.trust.witnesses else {
        return Err(Stop::NotRun(NotRun::NoInput(
            "a witness key: nothing here shows that no other version of this history exists after the head you hold",
        )));
    };
    facts.anchored()?;
    let notes = facts.notes()?;
    let (end, entries) = (facts.period()?.end, facts.entries()?.all());
    let before = entries.iter().rposition(|entry| entry.recorded_at < end).map_or(0, |last| last.saturating_add(1));
    let mut seen: Vec<String> = Vec::new();
    let mut cosigned: Vec<(u64, Time)> = Vec::new();
    for witness in &witnesses.keys {
        let mut first: Option<(Time, u64)> = None;
        for (index, note) in notes.iter().enumerate() {
            let size = note.head.tree.size;
            let times = witness.cosigned(note).map_err(|_| {
                let what = format!("a cosignature that claims witness {} does not hold", witness.name());
                fail(what, ReadsAs::Edit, format!("{} line {}", bundle::CHECKPOINTS, index.saturating_add(1)))
            })?;
            cosigned.extend(times.iter().map(|time| (size, *time)));
            // An entry recorded after the end lies under it: none of the period can follow, since times never go back.
            let closed = size > before as u64;
            let counts = |time: &Time| closed || (size == before as u64 && *time >= end);
            let earliest = times.into_iter().filter(counts).min().map(|time| (time, size));
            first = [first, earliest].into_iter().flatten().min();
        }
        seen.extend(first.map(|(time, size)| {
            format!(
                "the head of {size} lines existed not after {}, by witness {} that you pinned",
                time.to_words(),
                witness.name()
            )
        }));
    }
    let found = seen.len();
    let (pinned, threshold) = (count(witnesses.keys.len(), "pinned witness", "pinned witnesses"), witnesses.threshold);
    if found < threshold {
        let what = "too few of the witnesses that you pinned have cosigned a head that closes the period";
        let expected = format!("at least {threshold} of {pinned}");
        return Err(differs(what, ReadsAs::Other, bundle::CHECKPOINTS, expected, found));
    }
    let others = others(notes, &witnesses.keys, facts.registry()?);
    facts.establish().cosigned = cosigned;
    pass(format!("{found} of {pinned}, {threshold} required: {}{others}", seen.join("; ")))
}

/// Words for lines that are neither by a log key nor by a witness of the reader.
fn others(notes: &[Note], witnesses: &[Witness], registry: &Registry) -> String {
    let foreign = |note: &Note| {
        let logs = log_keys(registry, note.head.tree.size);
        let hashes: Vec<[u8; 4]> = logs.iter().map(|key| key_hash(note.head.origin.as_str(), key)).collect();
        let ours = |line: &&NoteSignature| line.name == note.head.origin.as_str() && hashes.contains(&line.hash);
        let pinned = |line: &&NoteSignature| witnesses.iter().any(|witness| witness.is_claimed_by(line));
        note.signatures.iter().filter(|line| !ours(line) && !pinned(line)).count()
    };
    match notes.iter().map(foreign).fold(0, usize::saturating_add) {
        0 => String::new(),
        some => format!(
            "; {} named by the organisation, not independent",
            count(some, "other line is of a witness", "other lines are of witnesses")
        ),
    }
}
