//! What a change comes to: keys that end, keys that begin, a root that is replaced.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use walwarden_core::{
    event::{KeyAction, KeyChange},
    key::{Ed25519Key, KeyId, PublicKey},
    merkle::TreeHead,
    statement::{
        KeyRegistry,
        key_registry::{RegistryKey, RevocationKind, State, Storage, Use},
    },
};

use super::{Change, Ended, Place, changed};
use crate::{
    error::{OperatorError, ProduceError, SignerError},
    keys::active,
    passphrase::Passphrase,
    producer::Producer,
    signer::{Holder, held, key_file, public_key},
};

/// Uses of a key that has no other.
const ALONE: [Use; 2] = [Use::Log, Use::Review];

/// A change that can be made.
#[derive(Default)]
pub(super) struct Plan {
    ended: Vec<(RegistryKey, Ended)>,
    added: Vec<RegistryKey>,
    files: Vec<NewFile>,
    /// Files that the folder of keys has by now.
    made: Vec<PathBuf>,
    /// The root that goes, the one that comes, and its private half, where that is here.
    root: Option<(PublicKey, PublicKey, Option<SigningKey>)>,
}

/// A private key to write where its holder wants it.
struct NewFile {
    key: SigningKey,
    path: PathBuf,
    passphrase: Passphrase,
}

impl Plan {
    /// Settles what a change comes to. A key that this host will hold is made by now: until the registry lists it, it is
    /// nothing.
    pub(super) fn of(
        producer: &Producer,
        holder: &dyn Holder,
        registry: &KeyRegistry,
        change: Change<'_>,
        first_root: Option<PublicKey>,
    ) -> Result<Self, ProduceError> {
        let mut plan = Self::default();
        match change {
            Change::New { uses, custodian, place } => {
                plan.add(registry, holder, &uses_of(uses)?, custodian, *place)?;
            }
            Change::Rotate(purpose) => {
                let old = held(holder, registry, purpose)?;
                // Its successor would lie where the policy may not want it.
                if matches!(old.storage, Storage::Kms | Storage::Hsm) {
                    return Err(OperatorError::KeyInService(old.jwk.id()).into());
                }
                plan.add(registry, holder, &old.uses, &old.custodian, Place::Host)?;
                plan.end(old, State::Retired, None, None);
            }
            Change::Retire(id) => {
                let old = find(registry, id, &[State::Active], "active")?;
                if old.uses == [Use::Log] && is_last(registry, old) {
                    return Err(OperatorError::LastLogKey(old.jwk.id()).into());
                }
                plan.end(old, State::Retired, None, None);
            }
            Change::Revoke { key, kind, last_trusted } => {
                let old = find(registry, key, &[State::Active, State::Retired], "active or retired")?;
                let cut = last_trusted.map(|size| trusted(producer, old, size)).transpose()?;
                // A person makes a new key of their own; without the others this host could not go on.
                if old.state == State::Active && old.uses != [Use::Review] && is_last(registry, old) {
                    plan.add(registry, holder, &old.uses, &old.custodian, Place::Host)?;
                }
                plan.end(old, State::Revoked, Some(kind), cut);
            }
            Change::Root(place) => {
                let old = first_root.ok_or(SignerError::Roots { needed: registry.threshold, given: 0 })?;
                plan.renew_root(registry, old, &place)?;
            }
        }
        Ok(plan)
    }

    fn end(&mut self, key: &RegistryKey, state: State, kind: Option<RevocationKind>, cut: Option<TreeHead>) {
        self.ended.push((key.clone(), Ended { state, kind, cut }));
    }

    fn add(
        &mut self,
        registry: &KeyRegistry,
        holder: &dyn Holder,
        uses: &[Use],
        custodian: &str,
        place: Place<'_>,
    ) -> Result<(), ProduceError> {
        let (public, storage) = match place {
            Place::Elsewhere(public, storage) => (public, storage),
            Place::Host => {
                let made = holder.make(uses)?;
                self.made.extend(made.path);
                (made.public, made.storage)
            }
            Place::File { path, passphrase } => {
                let (key, public) = generate()?;
                self.files.push(NewFile { key, path: free(path)?, passphrase: Passphrase::new(passphrase.into()) });
                (public, Storage::File)
            }
        };
        self.added.push(active(unlisted(registry, public)?, uses.to_vec(), custodian, storage));
        Ok(())
    }

    fn renew_root(&mut self, registry: &KeyRegistry, old: PublicKey, place: &Place<'_>) -> Result<(), ProduceError> {
        let (public, key) = match place {
            Place::Elsewhere(public, _) => (*public, None),
            Place::Host => return Err(ProduceError::Bug("a root among the keys of a host".into())),
            Place::File { path, passphrase } => {
                let (key, public) = generate()?;
                let passphrase = Passphrase::new((*passphrase).into());
                self.files.push(NewFile { key: key.clone(), path: free(path)?, passphrase });
                (public, Some(key))
            }
        };
        self.root = Some((old, unlisted(registry, public)?, key));
        Ok(())
    }

    /// Writes the private keys, durable on return; the files that there are of new keys.
    pub(super) fn write(&self) -> Result<Vec<PathBuf>, ProduceError> {
        let write =
            |file: &NewFile| key_file::write(&file.path, &file.key, &file.passphrase).map(|()| file.path.clone());
        self.made.iter().cloned().map(Ok).chain(self.files.iter().map(write)).collect()
    }

    pub(super) fn ended(&self, id: &KeyId) -> Option<&Ended> {
        self.ended.iter().find(|(key, _)| key.jwk.id() == *id).map(|(_, ended)| ended)
    }

    pub(super) fn added(&self) -> impl Iterator<Item = RegistryKey> {
        self.added.iter().cloned()
    }

    /// The root that goes, and the one that comes.
    pub(super) fn roots(&self) -> Option<(PublicKey, PublicKey)> {
        self.root.as_ref().map(|(old, new, _)| (*old, *new))
    }

    /// The new root, which signs too, where it is here.
    pub(super) fn root(&self) -> Option<(SigningKey, PublicKey)> {
        self.root.as_ref().and_then(|(_, new, key)| Some((key.clone()?, *new)))
    }

    pub(super) fn retired_log_keys(&self) -> impl Iterator<Item = Ed25519Key> {
        let retired = self.ended.iter().filter(|(key, ended)| ended.state == State::Retired && key.uses == [Use::Log]);
        retired.filter_map(|(key, _)| key.jwk.as_ed25519().copied())
    }

    /// What `key.changed` says.
    pub(super) fn changes(&self) -> Vec<KeyChange> {
        let ended = self.ended.iter().map(|(key, ended)| {
            let action = if ended.state == State::Revoked { KeyAction::Revoked } else { KeyAction::Retired };
            changed(key.jwk.id(), action)
        });
        let added = self.added.iter().map(|key| changed(key.jwk.id(), KeyAction::Added));
        let root = self.root.iter().map(|(_, new, _)| changed(new.id(), KeyAction::Root));
        ended.chain(added).chain(root).collect()
    }
}

/// A key is entered once (`spec:keys-5`).
fn unlisted(registry: &KeyRegistry, public: PublicKey) -> Result<PublicKey, OperatorError> {
    let listed = registry.roots.contains(&public) || registry.keys.iter().any(|key| key.jwk == public);
    if listed { Err(OperatorError::KeyListed(public.id())) } else { Ok(public) }
}

fn generate() -> Result<(SigningKey, PublicKey), ProduceError> {
    let key = key_file::generate()?;
    let public = public_key(&key, PathBuf::from("a new key"))?;
    Ok((key, public))
}

/// Uses in the order of the registry, each once; log and review stand alone (`spec:keys-5`).
fn uses_of(mut uses: Vec<Use>) -> Result<Vec<Use>, OperatorError> {
    uses.sort_unstable();
    uses.dedup();
    if uses.len() > 1 && uses.iter().any(|purpose| ALONE.contains(purpose)) {
        let words: Vec<&str> = uses.iter().map(|purpose| purpose.word()).collect();
        let expected = "what one key can be for: log and review stand alone";
        return Err(OperatorError::Value { what: "purpose", value: words.join(" "), expected });
    }
    Ok(uses)
}

/// A key by its id or the beginning of it, in one of some states.
fn find<'a>(
    registry: &'a KeyRegistry,
    id: &str,
    states: &[State],
    word: &'static str,
) -> Result<&'a RegistryKey, OperatorError> {
    let unknown = || OperatorError::UnknownKey { id: id.into(), state: word };
    let mut found = registry.keys.iter().filter(|key| !id.is_empty() && key.jwk.id().as_str().starts_with(id));
    let key = found.next().filter(|key| states.contains(&key.state)).ok_or_else(unknown)?;
    if found.next().is_some() { Err(unknown()) } else { Ok(key) }
}

/// Whether one of its uses has no other active key.
fn is_last(registry: &KeyRegistry, key: &RegistryKey) -> bool {
    let others = || registry.keys.iter().filter(|other| other.jwk != key.jwk && other.state == State::Active);
    key.uses.iter().any(|purpose| others().all(|other| !other.uses.contains(purpose)))
}

/// The tree over so many entries, beyond which a key is not trusted.
fn trusted(producer: &Producer, key: &RegistryKey, size: u64) -> Result<TreeHead, ProduceError> {
    let value = |expected| OperatorError::Value { what: "last-trusted", value: size.to_string(), expected };
    if key.uses == [Use::Log] {
        // Heads that it signed since would not count, and no other key has signed them.
        return Err(value("for log keys: their heads count up to now").into());
    }
    let snapshot = producer.chain.read()?;
    let root = snapshot.entries()?.root_at(size).filter(|_| size > 0);
    Ok(TreeHead { size, root: root.ok_or_else(|| value("a number of entries of this chain"))? })
}

/// A path where nothing is yet.
fn free(path: &Path) -> Result<PathBuf, OperatorError> {
    if path.exists() { Err(OperatorError::Exists(path.to_owned())) } else { Ok(path.to_owned()) }
}
