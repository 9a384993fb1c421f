//! The spool: what was done while the signer was away, kept until it can be recorded (`spec:chain-8`).
//!
//! It is not the chain: nothing in it is acknowledged or counts for anything. An item is a folder of its own under
//! `spool/` in the vault, and is removed when its entry lies under a signed head, not before.

use std::{
    borrow::Cow,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use walwarden_core::{
    Base64, Digest, EntryId, Time,
    chain::{Actor, Tool},
    event::Event,
    jcs,
    statement::{Backup, Evidence, Predicate as _, RestoreTest, key_registry::Use},
};

use crate::{
    error::{ProduceError, StorageError, VaultError},
    files,
    producer::{Producer, Signers, sign_payload},
    signer::{HeadSigner, StatementSigner},
    vault::{Appended, Blob, Context, Draft, Identity},
};

/// The folder in the vault.
const FOLDER: &str = "spool";
/// The file of an item that says what it is; its blobs lie beside it, by their digests.
const ITEM: &str = "item.json";
/// The file whose lock keeps two processes from recording an item twice.
const LOCK: &str = "lock";
/// Longest item, without its blobs.
const ITEM_BYTES: u64 = 8 << 20;
/// Statements that wait, and what signs them.
const KINDS: [(&str, Use); 3] =
    [(Backup::FILE, Use::Backup), (RestoreTest::FILE, Use::RestoreTest), (Evidence::FILE, Use::Evidence)];

/// An entry that is to be made, its statement not yet signed.
#[derive(Debug)]
pub struct Stated {
    /// When it happened; the instant of recording when absent.
    pub at: Option<Time>,
    /// What.
    pub event: Event,
    /// Its statement, and the file that carries it.
    pub statement: Option<(&'static str, Vec<u8>)>,
    /// Its blobs.
    pub blobs: Vec<Blob>,
}

impl Stated {
    /// An entry without statement and blobs.
    #[must_use]
    pub const fn plain(at: Option<Time>, event: Event) -> Self {
        Self { at, event, statement: None, blobs: Vec::new() }
    }

    /// What is appended.
    fn draft(self, envelope: Option<walwarden_core::dsse::Envelope>) -> Draft {
        let statement = self.statement.map(|(file, _)| file).zip(envelope);
        Draft { at: self.at, event: self.event, statement, blobs: self.blobs }
    }
}

/// What came of recording something.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// It is acknowledged.
    Entry(Appended),
    /// The signer is away: it waits, and counts for nothing yet. The id that its entry will have.
    Waits(EntryId),
}

impl Recorded {
    /// Id of the entry, or of the one to come.
    #[must_use]
    pub const fn id(&self) -> EntryId {
        match self {
            Self::Entry(entry) => entry.id,
            Self::Waits(id) => *id,
        }
    }

    /// The entry, where it is acknowledged.
    #[must_use]
    pub const fn entry(&self) -> Option<&Appended> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Waits(_) => None,
        }
    }
}

/// What waits in the spool.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The id that its entry will have.
    pub id: EntryId,
    /// When it happened.
    pub at: Time,
    #[serde(rename = "type")]
    kind: String,
    data: Box<RawValue>,
    actor: Actor,
    tool: Tool,
    statement: Option<Unsigned>,
    blobs: Vec<Named>,
    /// Its folder's name.
    #[serde(skip)]
    folder: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unsigned {
    file: String,
    payload: Base64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    media: String,
    sha256: Digest,
}

impl Item {
    /// What happened.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::parse(&self.kind, &self.data)
    }
}

/// The spool of a vault.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
}

impl Spool {
    /// The spool of the vault in a folder; there need be none.
    #[must_use]
    pub fn of(vault: &Path) -> Self {
        Self { folder: vault.join(FOLDER) }
    }

    /// What waits, in the order in which it happened.
    ///
    /// # Errors
    /// An item cannot be read, or is none.
    pub fn items(&self) -> Result<Vec<Item>, ProduceError> {
        self.names()?.into_iter().map(|name| self.item(name)).collect()
    }

    /// Folders of items, in order.
    fn names(&self) -> Result<Vec<String>, StorageError> {
        let mut names = Vec::new();
        match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StorageError::at("list", &self.folder)(error)),
            Ok(entries) => {
                for entry in entries {
                    let name = entry.map_err(StorageError::at("list", &self.folder))?.file_name();
                    // What is not a number was not finished, or is the lock.
                    names.extend(name.into_string().ok().filter(|name| name.bytes().all(|b| b.is_ascii_digit())));
                }
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn item(&self, name: String) -> Result<Item, ProduceError> {
        let path = self.folder.join(&name).join(ITEM);
        let spoilt = || VaultError::Spool(path.clone());
        let length = fs::metadata(&path).map_err(StorageError::at("read", &path))?.len();
        let bytes = if length > ITEM_BYTES { return Err(spoilt().into()) } else { files::read(&path)? };
        let item: Item = serde_json::from_slice(&bytes).map_err(|_| spoilt())?;
        if item.event() == Event::NotInterpreted { Err(spoilt().into()) } else { Ok(Item { folder: name, ..item }) }
    }

    /// Keeps an item; durable on return.
    fn put(&self, item: &Item, blobs: &[Blob]) -> Result<(), ProduceError> {
        let _lock = self.lock()?;
        let last = self.names()?.last().and_then(|name| name.parse::<u64>().ok()).unwrap_or(0);
        let place = self.folder.join(format!("{:012}", last + 1));
        // It gets its name when it is whole.
        let unnamed = files::with_suffix(&place, ".new");
        let _ = fs::remove_dir_all(&unnamed);
        files::folder(&unnamed)?;
        for blob in blobs {
            files::create(&unnamed.join(Digest::of(&blob.bytes).to_string()), &blob.bytes, 0o600)?;
        }
        let bytes = serde_json::to_vec(item).map_err(|error| ProduceError::Bug(error.to_string()))?;
        files::create(&unnamed.join(ITEM), &bytes, 0o600)?;
        fs::rename(&unnamed, &place).map_err(StorageError::at("rename to", &place))?;
        Ok(files::sync(&self.folder)?)
    }

    fn blobs(&self, item: &Item) -> Result<Vec<Blob>, ProduceError> {
        let read = |named: &Named| {
            let path = self.folder.join(&item.folder).join(named.sha256.to_string());
            let bytes = files::read(&path)?;
            if Digest::of(&bytes) != named.sha256 {
                return Err(VaultError::Spool(path).into());
            }
            Ok(Blob { name: Cow::Owned(named.name.clone()), media: Cow::Owned(named.media.clone()), bytes })
        };
        item.blobs.iter().map(read).collect()
    }

    fn remove(&self, item: &Item) -> Result<(), StorageError> {
        let place = self.folder.join(&item.folder);
        // First it loses its name: half of an item is none.
        let unnamed = files::with_suffix(&place, ".done");
        fs::rename(&place, &unnamed).map_err(StorageError::at("remove", &place))?;
        files::sync(&self.folder)?;
        fs::remove_dir_all(&unnamed).map_err(StorageError::at("remove", &unnamed))
    }

    fn lock(&self) -> Result<File, StorageError> {
        files::folder(&self.folder)?;
        let path = self.folder.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        file.and_then(|file| file.lock().map(|()| file)).map_err(StorageError::at("lock", &path))
    }
}

/// Records something, after all that waits; where the signer is away it waits too.
///
/// `make` is told what holds for the entry; of an entry that waits, what holds as far as is known.
///
/// # Errors
/// Neither the chain nor the spool took it.
pub fn record(
    producer: &mut Producer,
    signers: &mut Signers,
    make: impl FnOnce(&Context) -> Result<Stated, ProduceError>,
) -> Result<Recorded, ProduceError> {
    let Signers { head, statement } = signers;
    taken(producer, head, Some(statement), make)
}

/// As [`record`], of an entry without a statement of this host.
///
/// # Errors
/// As [`record`].
pub fn record_plain(producer: &mut Producer, head: &mut HeadSigner, event: Event) -> Result<Recorded, ProduceError> {
    taken(producer, head, None, |_| Ok(Stated::plain(None, event)))
}

fn taken(
    producer: &mut Producer,
    head: &mut HeadSigner,
    statement: Option<&StatementSigner>,
    make: impl FnOnce(&Context) -> Result<Stated, ProduceError>,
) -> Result<Recorded, ProduceError> {
    let mut make = Some(make);
    let (mut unsigned, mut id) = (None, None);
    let appended = drain(producer, head).and_then(|()| {
        producer.append(head, |context| {
            id = Some(context.id);
            let make = make.take().ok_or_else(|| ProduceError::Bug("an entry was made twice".into()))?;
            let stated = make(context)?;
            let signed = stated.statement.as_ref().map(|(_, payload)| {
                let statement = statement.ok_or_else(|| ProduceError::Bug("a statement without a signer".into()))?;
                sign_payload(statement, payload.clone())
            });
            match signed.transpose() {
                Ok(envelope) => Ok(stated.draft(envelope)),
                Err(error) => {
                    unsigned = Some(stated);
                    Err(error)
                }
            }
        })
    });
    match appended {
        Ok(entry) => Ok(Recorded::Entry(entry)),
        Err(error) if error.is_away() => {
            let (id, stated) = match (id, unsigned, make) {
                (Some(id), Some(stated), _) => (id, stated),
                (_, _, Some(make)) => {
                    let context = producer.expected()?;
                    (context.id, make(&context)?)
                }
                // Its line is written: the next head covers it.
                (Some(id), None, None) => return Ok(Recorded::Waits(id)),
                _ => return Err(error),
            };
            keep(producer, id, stated)?;
            Ok(Recorded::Waits(id))
        }
        Err(error) => Err(error),
    }
}

fn keep(producer: &Producer, id: EntryId, stated: Stated) -> Result<(), ProduceError> {
    let Stated { at, event, statement, blobs } = stated;
    let named = |blob: &Blob| Named {
        name: blob.name.to_string(),
        media: blob.media.to_string(),
        sha256: Digest::of(&blob.bytes),
    };
    let item = Item {
        id,
        at: at.unwrap_or_else(|| producer.now()),
        kind: event.kind().into(),
        data: event.data()?,
        actor: producer.identity.actor.clone(),
        tool: producer.identity.tool.clone(),
        statement: statement.map(|(file, payload)| Unsigned { file: file.into(), payload: Base64(payload) }),
        blobs: blobs.iter().map(named).collect(),
        folder: String::new(),
    };
    Spool::of(&producer.folder).put(&item, &blobs)
}

/// Records all that waits, each under its own time; nothing is asked of the signer where nothing waits.
///
/// # Errors
/// The signer is away still, or the chain takes no entry. What is not recorded waits on.
pub fn drain(producer: &mut Producer, head: &mut HeadSigner) -> Result<(), ProduceError> {
    let spool = Spool::of(&producer.folder);
    if spool.names()?.is_empty() {
        return Ok(());
    }
    let _lock = spool.lock()?;
    // The keys that count now sign what was stated then.
    producer.reload()?;
    for item in spool.items()? {
        // A run that was killed has recorded it, and not removed it.
        if producer.chain.read()?.entries()?.position(item.id).is_some() {
            producer.cover(head)?;
        } else {
            append(producer, head, &spool, &item)?;
        }
        spool.remove(&item)?;
    }
    Ok(())
}

fn append(
    producer: &mut Producer,
    head: &mut HeadSigner,
    spool: &Spool,
    item: &Item,
) -> Result<Appended, ProduceError> {
    let spoilt = || VaultError::Spool(spool.folder.join(&item.folder));
    let identity = Identity { actor: item.actor.clone(), tool: item.tool.clone() };
    let blobs = spool.blobs(item)?;
    let kind = |unsigned: &Unsigned| KINDS.iter().find(|(file, _)| *file == unsigned.file).ok_or_else(spoilt);
    let kind = item.statement.as_ref().map(kind).transpose()?;
    let holder = head.holder().clone();
    let registry = producer.registry.clone();
    producer.append_as(head, (item.id, identity), |context| {
        let mut statement = None;
        if let (Some(unsigned), Some((file, purpose))) = (&item.statement, kind) {
            let signer = StatementSigner::new(holder, &registry, *purpose);
            let payload = under_policy(&unsigned.payload.0, context.policy.as_ref()).ok_or_else(spoilt)?;
            statement = Some((*file, sign_payload(&signer, payload)?));
        }
        Ok(Draft { at: Some(item.at), event: item.event(), statement, blobs })
    })
}

/// A statement repeats the policy that its entry stands under: another one may have been adopted since.
fn under_policy(payload: &[u8], policy: Option<&Digest>) -> Option<Vec<u8>> {
    let mut statement: Value = serde_json::from_slice(payload).ok()?;
    *statement.get_mut("predicate")?.get_mut("policy")? = serde_json::to_value(policy).ok()?;
    jcs::to_vec(&statement).ok()
}
