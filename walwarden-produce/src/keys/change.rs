//! Changes of the registry: version n + 1, signed by the roots, entered as `key.changed`.
//!
//! A new key's file is written and flushed before the entry that makes it count. A crash between the two leaves a file
//! that no registry lists, which nobody reads: the change is made again. From the entry on the new key is in force; the
//! next head, whoever signs it, is signed by a retired log key too ([`super::owing`]).

mod plan;

use std::path::{Path, PathBuf};

use walwarden_core::{
    bundle::REGISTRY,
    event::{Event, KeyAction, KeyChange, KeyChanged},
    key::{KeyId, PublicKey},
    merkle::TreeHead,
    registry::Version,
    statement::{
        KeyRegistry,
        key_registry::{Ceremony, LastHead, RegistryKey, RevocationKind, State, Storage, Use},
    },
};

use crate::{
    error::{OperatorError, ProduceError, VaultError},
    keys::{
        self,
        roots::{Roots, payload},
    },
    producer::Producer,
    signer::HeadSigner,
    vault::{Appended, Draft},
};
use plan::Plan;

/// What is to change.
pub enum Change<'a> {
    /// A further key.
    New {
        /// What it signs.
        uses: Vec<Use>,
        /// Who holds it; of a review key the person id.
        custodian: &'a str,
        /// Where its private half lies.
        place: Box<Place<'a>>,
    },
    /// The key of this host with that use gets a successor and is retired.
    Rotate(Use),
    /// A key is not used any more; what it signed stays good.
    Retire(&'a str),
    /// A key must not be believed beyond a point.
    Revoke {
        /// Its id, or the beginning of it.
        key: &'a str,
        /// Why.
        kind: RevocationKind,
        /// Entries from this one on do not count; otherwise those that come from now on. Not for log keys.
        last_trusted: Option<u64>,
    },
    /// A new root takes the place of the first one that signs. It lies in a file or elsewhere.
    Root(Place<'a>),
}

/// Where the private half of a new key lies.
pub enum Place<'a> {
    /// In this host's folder of keys, or with its signer.
    Host,
    /// In a file of its holder, under a passphrase of its own.
    File {
        /// The file, which must not exist.
        path: &'a Path,
        /// Opens it.
        passphrase: &'a str,
    },
    /// With somebody, or something, that showed only the public half.
    Elsewhere(PublicKey, Storage),
}

/// A change, and who signs it.
pub struct ChangeRequest<'a> {
    /// What is to change.
    pub change: Change<'a>,
    /// The roots that sign.
    pub roots: Roots<'a>,
    /// Opens this host's folder of keys, and the keys that are added to it, where no signer apart has them.
    pub passphrase: &'a str,
    /// Why, for people.
    pub reason: Option<&'a str>,
}

/// A registry version that was entered.
#[derive(Debug)]
pub struct Changed {
    /// What it states.
    pub registry: KeyRegistry,
    /// Its entry.
    pub entry: Appended,
    /// What changed.
    pub changes: Vec<KeyChange>,
    /// Files that were written.
    pub files: Vec<PathBuf>,
}

/// Enters a registry version.
///
/// # Errors
/// What cannot be, before anything is written; or why writing failed. The registry in force is then the old one.
pub fn change(producer: &mut Producer, request: ChangeRequest<'_>) -> Result<Changed, ProduceError> {
    producer.reload()?;
    let snapshot = producer.chain.read()?;
    let entered = keys::entered(producer.chain.store(), &snapshot.ndjson)?;
    let versions = keys::versions(producer.chain.store(), &snapshot.ndjson)?;
    let previous = versions.all().last().ok_or_else(|| ProduceError::Bug("no registry".into()))?;
    let ChangeRequest { change, mut roots, passphrase, reason } = request;
    let holder = producer.holder(passphrase)?;
    let old = replaced(&previous.registry, &roots);
    let plan = Plan::of(producer, holder.as_ref(), &previous.registry, change, old)?;
    let files = plan.write()?;
    roots.here.extend(plan.root());

    let mut owing = keys::owing(producer.chain.store())?;
    owing.extend(plan.retired_log_keys());
    // Roots apart take their time: they sign before the chain is locked, for the place where it ends now.
    let entries = snapshot.entries()?;
    let size = entries.all().len() as u64;
    let before = TreeHead { size, root: entries.root_at(size).ok_or(VaultError::Empty)? };
    let draft = next(previous, &plan, before, reason);
    let early = roots.apart.map(|_| roots.signed(&draft, &entered)).transpose()?;
    // The key that signs the head over the change is one of the new version; its cuts play no part in finding it.
    let mut head = HeadSigner::new(holder, &draft, owing);
    let made = producer.chain.append(&mut head, producer.clock.as_ref(), &producer.identity, |context| {
        if context.registry != Some(previous.payload) {
            return Err(OperatorError::RegistryMoved.into());
        }
        let next = next(previous, &plan, context.before, reason);
        let version = match early {
            Some(early) if early.payload.0 == payload(&next)? => early,
            Some(_) => return Err(OperatorError::ChainGrew.into()),
            None => roots.signed(&next, &entered)?,
        };
        let event =
            KeyChanged { registry_version: next.version, changes: plan.changes(), reason: reason.map(Into::into) };
        Ok(Draft { statement: Some((REGISTRY, version)), ..Draft::plain(Event::KeyChanged(Box::new(event))) })
    });
    let entry = made?;
    producer.reload()?;
    if plan.roots().is_some() {
        keys::renew_handover(&producer.folder, &producer.registry)?;
    }
    Ok(Changed { registry: producer.registry.clone(), entry, changes: plan.changes(), files })
}

/// The root that a new one takes the place of: the first that signs here, or the only one that there is.
fn replaced(registry: &KeyRegistry, roots: &Roots<'_>) -> Option<PublicKey> {
    let only = || <[PublicKey; 1]>::try_from(registry.roots.as_slice()).ok().map(|[root]| root);
    roots.here.first().map(|(_, root)| *root).or_else(only)
}

/// The version after `previous`, when the entry that enters it comes after `before`.
fn next(previous: &Version, plan: &Plan, before: TreeHead, reason: Option<&str>) -> KeyRegistry {
    let mut next = previous.registry.clone();
    next.version = next.version.saturating_add(1);
    next.previous = Some(previous.payload);
    for key in &mut next.keys {
        if let Some(ended) = plan.ended(&key.jwk.id()) {
            end(key, &previous.registry, ended, before, reason);
        }
    }
    next.keys.extend(plan.added());
    if let Some((old, new)) = plan.roots() {
        next.roots.iter_mut().filter(|root| **root == old).for_each(|root| *root = new);
        // Whoever had this host had every key, or did not have the only root.
        match plan.root() {
            Some(_) => next.ceremony = Ceremony::SameHost,
            None if next.roots.len() == 1 => next.ceremony = Ceremony::Separate,
            None => {}
        }
    }
    next
}

/// How a key ends.
#[derive(Clone, Copy)]
struct Ended {
    state: State,
    kind: Option<RevocationKind>,
    /// Where its trust ends; where the change is entered, otherwise.
    cut: Option<TreeHead>,
}

/// Sets state and cut; a cut that a retired key has already stays.
fn end(key: &mut RegistryKey, registry: &KeyRegistry, ended: &Ended, before: TreeHead, reason: Option<&str>) {
    let cut = ended.cut.unwrap_or(before);
    let earlier = key.cut().is_some_and(|standing| standing <= cut.size);
    if !earlier && key.uses == [Use::Log] {
        let TreeHead { size, root } = cut;
        key.last_head = Some(LastHead { origin: registry.origin.clone(), size, root });
    } else if !earlier {
        key.last_trusted = Some(cut);
    }
    key.state = ended.state;
    key.kind = ended.kind;
    key.reason = reason.map(Into::into);
}

/// One line of `key.changed`.
const fn changed(keyid: KeyId, action: KeyAction) -> KeyChange {
    KeyChange { keyid, action }
}
