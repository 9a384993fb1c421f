//! `time.*`: who outside the organisation saw a head, and when (`spec:time-8`).

use std::collections::BTreeMap;

use walwarden_core::{
    Digest,
    bundle::{self, timestamp_name, timestamp_size},
    event::{AnchorAttached, AnchorKind, Event},
    tsa::{Fault, Stamp, Token, TokenError},
};

use super::{Judged, Stop, count, differs, entry_place, fail, nothing, pass};
use crate::{
    facts::{Facts, event_of},
    render::not_after,
    report::{NotRun, ReadsAs, StampShown},
};

/// What a reader without roots of authorities is told.
const NO_ROOTS: &str = "a root of a time-stamping authority (--tsa-root): the authority is named by the organisation";

/// Every token is genuine, over the head that it names and as its entry says; one at least is by an authority of the
/// reader's. The form of a token is judged without roots too: a wrong one is a defect, whoever made it.
pub(super) fn timestamps(facts: &mut Facts<'_>) -> Judged {
    let anchors = anchors(facts)?;
    let carried = tokens(facts)?;
    if anchors.is_empty() && carried.is_empty() {
        return Err(nothing("no time stamp is carried"));
    }
    let notes = facts.core_notes()?;
    for anchor in &anchors {
        agrees(anchor, notes, &carried)?;
    }
    let mut stamps = Vec::new();
    for (size, token) in &carried {
        let name = timestamp_name(*size);
        let Some(note) = notes.get(size) else {
            let what = "a time stamp is carried over a head that is not";
            return Err(differs(what, ReadsAs::Insertion, name, format!("a checkpoint of size {size}"), "none"));
        };
        let stamp = Token::parse(token.bytes).and_then(|token| token.open(note.as_bytes()));
        let stamp = stamp.map_err(|error| wrong(error, &name))?;
        dated(&stamp, token.digest, &anchors)?;
        let root = root_of(&stamp, facts, &name)?;
        stamps.push(StampShown {
            size: *size,
            gen_time: stamp.gen_time(),
            not_after: stamp.not_after(),
            authority: stamp.authority(),
            root,
        });
    }
    let no_roots = facts.trust.tsa_roots.is_empty();
    let independent: Vec<String> = stamps
        .iter()
        .filter(|stamp| stamp.root.is_some())
        .map(|stamp| format!("head of size {} not after {}", stamp.size, not_after(stamp.not_after).to_words()))
        .collect();
    facts.establish().stamps = stamps;
    match (carried.len(), independent.as_slice()) {
        (0, _) => Err(nothing("no time stamp is carried")),
        (_, _) if no_roots => Err(Stop::NotRun(NotRun::NoInput(NO_ROOTS))),
        (_, []) => Err(nothing("no time stamp is by an authority that you named")),
        (all, some) => {
            let stamps = count(all, "time stamp", "time stamps");
            pass(format!("{} of {stamps} by an authority of yours: {}", some.len(), some.join(", ")))
        }
    }
}

/// A token as carried.
struct Carried<'a> {
    bytes: &'a [u8],
    digest: Digest,
}

/// An entry that says that somebody saw a head.
struct Anchor {
    position: usize,
    data: AnchorAttached,
}

fn anchors(facts: &Facts<'_>) -> Result<Vec<Anchor>, Stop> {
    let all = facts.entries()?.all().iter().enumerate();
    let anchors = all.filter_map(|(position, entry)| match event_of(entry, &["anchor.attached"]) {
        Some(Event::AnchorAttached(data)) => Some(Anchor { position, data: *data }),
        _ => None,
    });
    Ok(anchors.collect())
}

fn tokens<'a>(facts: &Facts<'a>) -> Result<BTreeMap<u64, Carried<'a>>, Stop> {
    let mut tokens = BTreeMap::new();
    for (name, bytes) in facts.source.files() {
        let Some(size) = timestamp_size(name) else { continue };
        let (Some(bytes), Some(digest)) = (bytes, facts.digest(name)) else { return Err(Stop::needs("zip.profile")) };
        tokens.insert(size, Carried { bytes, digest });
    }
    Ok(tokens)
}

/// An entry names a head of this history, and its token where it is carried (`spec:time-9`).
fn agrees(anchor: &Anchor, notes: &BTreeMap<u64, String>, carried: &BTreeMap<u64, Carried<'_>>) -> Result<(), Stop> {
    let Anchor { position, data } = anchor;
    let at = || entry_place(*position);
    let Some(note) = notes.get(&data.size) else {
        let what = "an entry says that somebody saw a head that is not carried";
        let expected = format!("a checkpoint of size {}", data.size);
        return Err(differs(what, ReadsAs::Deletion, bundle::CHECKPOINTS, expected, "none"));
    };
    let found = Digest::of(note.as_bytes());
    if found != data.checkpoint_sha256 {
        let what = "an entry says that somebody saw another head than the one carried";
        return Err(differs(what, ReadsAs::Edit, at(), data.checkpoint_sha256, found));
    }
    let Some(named) = data.token_sha256 else {
        return match data.kind {
            AnchorKind::Rfc3161 => Err(fail("an entry about a time stamp does not name it", ReadsAs::Edit, at())),
            AnchorKind::Witness | AnchorKind::Other => Ok(()),
        };
    };
    match carried.iter().find(|(size, token)| token.digest == named && **size != data.size) {
        Some((size, _)) => {
            let what = "a time stamp stands under another size than its entry says";
            Err(differs(what, ReadsAs::Edit, timestamp_name(*size), data.size, size))
        }
        None => Ok(()),
    }
}

/// What an entry says of the time of a token is what the token says.
fn dated(stamp: &Stamp, token: Digest, anchors: &[Anchor]) -> Result<(), Stop> {
    let about = |anchor: &&Anchor| anchor.data.token_sha256 == Some(token);
    for anchor in anchors.iter().filter(about) {
        if let Some(said) = anchor.data.gen_time.filter(|said| *said != stamp.gen_time()) {
            let what = "an entry gives a time stamp another time than it has";
            return Err(differs(what, ReadsAs::Edit, entry_place(anchor.position), stamp.gen_time(), said));
        }
    }
    Ok(())
}

/// The reader's root above a token. An authority that the reader did not name is no defect; one that pretends to be the
/// reader's is.
fn root_of(stamp: &Stamp, facts: &Facts<'_>, name: &str) -> Result<Option<String>, Stop> {
    match stamp.anchor(&facts.trust.tsa_roots) {
        Ok(root) => Ok(Some(root)),
        Err(error) if error.fault == Fault::NoPath => Ok(None),
        Err(error) => Err(wrong(error, name)),
    }
}

fn wrong(error: TokenError, name: &str) -> Stop {
    let reads_as = match error.fault {
        Fault::Issued => ReadsAs::ReSigning,
        Fault::Purpose | Fault::Authority | Fault::Validity | Fault::Algorithm | Fault::Extension => ReadsAs::Other,
        _ => ReadsAs::Edit,
    };
    differs(error.fault.to_string(), reads_as, name, error.expected, error.found)
}
