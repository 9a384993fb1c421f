//! The relation of two sides.

use std::cmp::Ordering;

use walwarden_core::{
    checkpoint::{Head, Note},
    dsse::Envelope,
    fork::{Fork, ForkEvidence, Heads, Registries, Shows, SignedHead, first_difference, log_keys},
    key::Ed25519Key,
    registry::{RootPins, Versions},
    statement::key_registry::Use,
};

use super::{
    Relation,
    side::{Brings, HeldHead, History, Judged},
};
use crate::report::{Finding, ReadsAs};

/// A relation, on what it rests, and what shows it.
pub(super) struct Related {
    pub(super) relation: Relation,
    pub(super) why: String,
    pub(super) fork: Option<Fork>,
}

impl Related {
    fn new(relation: Relation, why: impl Into<String>) -> Self {
        Self { relation, why: why.into(), fork: None }
    }

    fn undetermined(why: impl Into<String>) -> Self {
        Self::new(Relation::Undetermined, why)
    }
}

/// Relates the second side to the first. A checkpoint whose signature does not hold becomes a failed check of its side.
pub(super) fn relate(old: &mut Judged, new: &mut Judged, pins: Option<&RootPins>) -> Related {
    for judged in [&*old, &*new] {
        if let Brings::Nothing(check) = judged.brings {
            let name = &judged.shown.name;
            return Related::undetermined(format!("Of {name} no signed history is established: {check} did not pass."));
        }
    }
    match (&old.brings, &new.brings) {
        (Brings::History(one), Brings::History(other)) => {
            let (related, beyond) = histories(one, other, pins);
            old.shown.failed.extend(beyond.0);
            new.shown.failed.extend(beyond.1);
            related
        }
        (Brings::Head(held), Brings::History(history)) => {
            let (related, failed) = held_and_history(held, history, Order::HeldFirst);
            old.shown.failed.extend(failed);
            related
        }
        (Brings::History(history), Brings::Head(held)) => {
            let (related, failed) = held_and_history(held, history, Order::HeldSecond);
            new.shown.failed.extend(failed);
            related
        }
        (Brings::Head(one), Brings::Head(other)) => heads(one, other),
        (Brings::Nothing(_), _) | (_, Brings::Nothing(_)) => Related::undetermined("A side brings no history."),
    }
}

/// A check that failed only in the light of the other side.
type Failed = Option<(&'static str, Finding)>;

/// Relates two established histories, and names the head of either that no key may have signed.
pub(super) fn histories(old: &History, new: &History, pins: Option<&RootPins>) -> (Related, (Failed, Failed)) {
    let (a, b) = (&old.head, &new.head);
    if a.origin != b.origin {
        return (unrelated_origins(a, b), (None, None));
    }
    if let Some(version) = first_difference(&old.versions, &new.versions)
        && let Ok(fork) = fork(a, Some(registries(old, new, version)), pins)
    {
        let why = format!("Two registries of version {version}, both under the root keys that you pinned, differ.");
        return (Related { relation: Relation::Fork, why, fork: Some(fork) }, (None, None));
    }
    if old.genesis() != new.genesis() {
        let why = "Both have one name and begin with different entries: two chains. An origin is made to be used once; \
                   ask why it was used again.";
        return (Related::new(Relation::Unrelated, why), (None, None));
    }
    let (smaller, larger) = if a.tree.size <= b.tree.size { (old, new) } else { (new, old) };
    if larger.root_at(smaller.head.tree.size) == Some(smaller.head.tree.root) {
        return (in_one_history(a, b), (None, None));
    }
    let versions = longer(old, new);
    (contradict(a, smaller, larger, pins), (beyond(old, versions), beyond(new, versions)))
}

/// Two heads of which no history has both.
fn contradict(a: &Head, smaller: &History, larger: &History, pins: Option<&RootPins>) -> Related {
    let size = smaller.head.tree.size;
    let differ = format!("The first {size} lines of the one are not those of the other");
    match fork(a, contradiction(smaller, larger), pins) {
        Ok(fork) => Related {
            relation: Relation::Fork,
            why: format!("{differ}, and both heads are signed by log keys under the root keys that you pinned."),
            fork: Some(fork),
        },
        Err(why) => Related::undetermined(format!("{differ}, but a fork is not shown: {why}.")),
    }
}

/// Where the registries agree the longer one governs both: it knows of every key that was retired since.
fn longer<'a>(one: &'a History, other: &'a History) -> &'a Versions {
    let (a, b) = (&one.versions, &other.versions);
    if a.all().len() >= b.all().len() { a } else { b }
}

/// A head that only keys beyond their cut have signed, as the longer registry knows.
fn beyond(history: &History, versions: &Versions) -> Failed {
    let counting = log_keys(versions, history.head.tree.size);
    Note::parse(&history.note).and_then(|note| note.verify(&counting)).err().map(|_| {
        let finding = Finding {
            what:
                "the head is signed only by log keys beyond the last head that they may have signed, as the registry \
                   of the other side says"
                    .into(),
            reads_as: ReadsAs::ReSigning,
            at: format!("{} size {}", walwarden_core::bundle::CHECKPOINTS, history.head.tree.size),
            expected: "a log key that still counts".into(),
            found: String::new(),
        };
        ("keys.last-head", finding)
    })
}

/// Both heads lie in one history: only their sizes speak.
fn in_one_history(a: &Head, b: &Head) -> Related {
    let (old, new) = (a.tree.size, b.tree.size);
    match old.cmp(&new) {
        Ordering::Equal => Related::new(Relation::Identical, format!("Both are the head of {old} lines.")),
        Ordering::Less => {
            let more = new.saturating_sub(old);
            Related::new(Relation::Extends, format!("The second has the {old} lines of the first and {more} more."))
        }
        Ordering::Greater => {
            let fewer = old.saturating_sub(new);
            let why = format!(
                "The second has {fewer} lines fewer than the first, and no other: what was recorded is not shown any \
                 more, or the two were given the wrong way round."
            );
            Related::new(Relation::Rollback, why)
        }
    }
}

fn unrelated_origins(a: &Head, b: &Head) -> Related {
    let why = format!("They are of two chains: {} and {}.", a.origin, b.origin);
    Related::new(Relation::Unrelated, why)
}

/// The file that is to show two registries of one version; whether it does is judged by its own rules.
fn registries(old: &History, new: &History, version: u64) -> Shows {
    Shows::Registries(Registries { one: envelopes(&old.versions), other: envelopes(&new.versions), version })
}

fn envelopes(versions: &Versions) -> Vec<Envelope> {
    versions.all().iter().map(|version| version.envelope.clone()).collect()
}

/// The file that is to show two heads that contradict each other.
fn contradiction(smaller: &History, larger: &History) -> Option<Shows> {
    let size = smaller.head.tree.size;
    let signed =
        |history: &History| Some(SignedHead { genesis_proof: history.genesis_proof()?, note: history.note.clone() });
    Some(Shows::Heads(Heads {
        genesis: larger.genesis()?,
        larger: signed(larger)?,
        proof: larger.consistency(size)?,
        registry: envelopes(longer(smaller, larger)),
        root: larger.root_at(size)?,
        smaller: signed(smaller)?,
    }))
}

/// A fork, by the one way to it: the file that a stranger will check.
fn fork(head: &Head, shows: Option<Shows>, pins: Option<&RootPins>) -> Result<Fork, String> {
    let pins = pins.ok_or("no root key was pinned")?;
    let shows = shows.ok_or("a head covers no line")?;
    let evidence = ForkEvidence::new(head.origin.clone(), shows);
    let bytes = walwarden_core::jcs::to_vec(&evidence).map_err(|error| error.to_string())?;
    Fork::parse(&bytes, pins).map_err(|error| error.to_string())
}

/// Which side the held head is.
#[derive(Clone, Copy)]
enum Order {
    HeldFirst,
    HeldSecond,
}

fn held_and_history(held: &HeldHead, history: &History, order: Order) -> (Related, Failed) {
    let (a, b) = match order {
        Order::HeldFirst => (&held.head, &history.head),
        Order::HeldSecond => (&history.head, &held.head),
    };
    if a.origin != b.origin {
        return (unrelated_origins(a, b), None);
    }
    if let Some(finding) = spoilt(held, &history.versions) {
        let why = format!("{} does not stand: {}.", held.name, finding.what);
        return (Related::undetermined(why), Some(("chain.checkpoints-signed", finding)));
    }
    let size = held.head.tree.size;
    let related = match history.root_at(size) {
        Some(root) if root == held.head.tree.root => in_one_history(a, b),
        Some(_) => Related::undetermined(format!(
            "The bundle's first {size} lines are not those of the head in {}: they contradict each other. A head alone \
             does not show with which entry its chain begins; compare the bundle that it came from.",
            held.name
        )),
        None => Related::undetermined(format!(
            "The head in {} covers {size} lines, the bundle shows {}: whether they are of one history cannot be seen. A \
             newer history exists than the bundle shows.",
            held.name, history.head.tree.size
        )),
    };
    (related, None)
}

/// Why a checkpoint does not stand under the log keys of a registry; a bare line has no signature to spoil.
fn spoilt(held: &HeldHead, versions: &Versions) -> Option<Finding> {
    let listed = versions.all().iter().flat_map(|version| &version.registry.keys);
    let logs = listed.filter(|key| key.uses.contains(&Use::Log));
    let keys: Vec<Ed25519Key> = logs.filter_map(|key| key.jwk.as_ed25519().copied()).collect();
    let error = held.note.as_ref()?.verify(&keys).err()?;
    Some(Finding {
        what: error.to_string(),
        reads_as: ReadsAs::ReSigning,
        at: held.name.clone(),
        expected: String::new(),
        found: String::new(),
    })
}

/// Two heads without a line between them.
fn heads(one: &HeldHead, other: &HeldHead) -> Related {
    let (a, b) = (&one.head, &other.head);
    if a.origin != b.origin {
        unrelated_origins(a, b)
    } else if a.tree == b.tree {
        Related::new(Relation::Identical, "Both name one size and one root; no signature was checked.")
    } else if a.tree.size == b.tree.size {
        Related::undetermined(
            "They name one size and different roots: they contradict each other. Without a bundle neither is shown to \
             be signed; compare the bundles that they came from.",
        )
    } else {
        Related::undetermined("Two heads of different sizes say nothing of each other without the lines between them.")
    }
}
