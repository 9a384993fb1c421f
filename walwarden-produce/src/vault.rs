//! The vault: its chain, read and appended to.
//!
//! An entry is acknowledged when its line is durable, a head that covers it was signed, and that head is durable too
//! (`spec:chain-8`). What a crash leaves in between is repaired by whoever appends next: part of a line is cut off, a
//! whole line waits for the next head. Nothing is ever appended to a chain that is not the one its signer signed last.

use std::{borrow::Cow, collections::HashMap};

use walwarden_core::{
    Digest, EntryId, Origin, Time,
    bundle::lines,
    chain::{Actor, BlobRef, ChainError, ENTRY_TYPE, Entries, Entry, StatementRef, Tool, entry_hash, genesis_prev},
    checkpoint::{CheckpointLine, Head, Note},
    dsse::Envelope,
    event::Event,
    jcs,
    merkle::{Proof, Range, TreeHead, consistency},
    sign::{LastHead, SignHead},
};

use crate::{
    chain_store::ChainStore,
    clock::Clock,
    error::{ProduceError, VaultError},
    mirror::Mirror,
    random,
};

/// Who acts, with which program.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who.
    pub actor: Actor,
    /// With what.
    pub tool: Tool,
}

/// What an entry that is about to be appended will say of itself; a statement repeats it.
#[derive(Debug, Clone)]
pub struct Context {
    /// The chain.
    pub origin: Origin,
    /// The entry's id.
    pub id: EntryId,
    /// The policy in force.
    pub policy: Option<Digest>,
    /// The registry version in force, by its payload; none before the first entry.
    pub registry: Option<Digest>,
    /// The tree over all lines before the entry.
    pub before: TreeHead,
    /// Who acts, with which program.
    pub identity: Identity,
}

/// An entry that is about to be appended.
#[derive(Debug)]
pub struct Draft {
    /// When it happened; the instant of recording when absent.
    pub at: Option<Time>,
    /// What.
    pub event: Event,
    /// Its statement, and the file that carries it.
    pub statement: Option<(&'static str, Envelope)>,
    /// Its blobs.
    pub blobs: Vec<Blob>,
}

impl Draft {
    /// An entry without statement and blobs.
    #[must_use]
    pub const fn plain(event: Event) -> Self {
        Self { at: None, event, statement: None, blobs: Vec::new() }
    }
}

/// A blob of an entry.
#[derive(Debug, Clone)]
pub struct Blob {
    /// What it is called.
    pub name: Cow<'static, str>,
    /// Media type.
    pub media: Cow<'static, str>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// An acknowledged entry.
#[derive(Debug, Clone)]
pub struct Appended {
    /// Its id.
    pub id: EntryId,
    /// Its position.
    pub seq: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The head that covers it; it is the last line under it.
    pub head: TreeHead,
}

/// What is known of the chain without reading it again.
#[derive(Debug, Default)]
struct Tail {
    leaves: Vec<Digest>,
    position: u64,
    recorded_at: Option<Time>,
    policy: Option<Digest>,
    registry: Option<Digest>,
}

/// A chain that can be read and appended to.
pub struct Chain<C> {
    store: C,
    origin: Origin,
    tail: Tail,
    mirror: Option<Mirror>,
    /// Told what a person should know of a repair.
    notice: Box<dyn Fn(&str) + Send>,
}

impl<C: ChainStore> Chain<C> {
    /// Takes a store, and where it is copied to; nothing is read yet.
    pub fn new(store: C, mirror: Option<Mirror>, origin: Origin, notice: Box<dyn Fn(&str) + Send>) -> Self {
        Self { store, origin, tail: Tail::default(), mirror, notice }
    }

    /// The chain's name.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where it lies.
    pub const fn store(&self) -> &C {
        &self.store
    }

    /// All whole lines as they are stored, and the checkpoints; the tree of the lines has the root of each
    /// (`spec:chain-6`). Takes no lock and repairs nothing: what another process is writing is not there yet.
    ///
    /// # Errors
    /// A damaged chain.
    pub fn read(&self) -> Result<Snapshot, ProduceError> {
        // Checkpoints first: lines that come in meanwhile only lie beyond them.
        let checkpoints = self.store.checkpoints()??;
        let mut ndjson = self.store.read_from(0)?;
        ndjson.truncate(ndjson.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        let snapshot = Snapshot { ndjson, checkpoints };
        let entries = snapshot.entries()?;
        entries.contiguous().map_err(VaultError::Damaged)?;
        entries.rebuild(&snapshot.heads()?).map_err(VaultError::Damaged)?;
        Ok(snapshot)
    }

    /// Keeps a time-stamp token over the checkpoint of a size.
    ///
    /// # Errors
    /// It cannot be written, or there is another one.
    pub fn put_timestamp(&mut self, size: u64, token: &[u8]) -> Result<(), ProduceError> {
        Ok(self.store.put_timestamp(size, token)?)
    }

    /// Keeps a checkpoint again, with cosignatures.
    ///
    /// # Errors
    /// It cannot be written, here or where the vault is copied to.
    pub fn put_cosigned(&mut self, line: &CheckpointLine) -> Result<(), ProduceError> {
        self.store.lock()?;
        let bytes = jcs::to_vec(line)?;
        let kept = self.store.append_checkpoint(&bytes).map_err(ProduceError::from);
        let copied = kept.and_then(|()| self.mirror.as_ref().map_or(Ok(()), |mirror| mirror.cosigned(line)));
        self.store.unlock();
        copied
    }

    /// Appends an entry and has it covered by a signed head.
    ///
    /// `make` is called under the append lock, so that what it is told holds for the entry.
    ///
    /// # Errors
    /// Nothing is acknowledged then. A vault behind its signer's last head is refused before anything is written.
    pub fn append(
        &mut self,
        signer: &mut dyn SignHead,
        clock: &dyn Clock,
        identity: &Identity,
        make: impl FnOnce(&Context) -> Result<Draft, ProduceError>,
    ) -> Result<Appended, ProduceError> {
        let id = random::entry_id(clock.now())?;
        self.append_as(signer, clock, (id, identity), make)
    }

    /// As [`Chain::append`], of an entry whose id is settled already.
    ///
    /// # Errors
    /// As [`Chain::append`].
    pub fn append_as(
        &mut self,
        signer: &mut dyn SignHead,
        clock: &dyn Clock,
        who: (EntryId, &Identity),
        make: impl FnOnce(&Context) -> Result<Draft, ProduceError>,
    ) -> Result<Appended, ProduceError> {
        self.store.lock()?;
        let result = self.append_locked(signer, clock, who, make);
        self.store.unlock();
        result
    }

    /// Has lines covered that no stored checkpoint covers, as a crash may have left them.
    ///
    /// # Errors
    /// As [`Chain::append`].
    pub fn cover(&mut self, signer: &mut dyn SignHead) -> Result<(), ProduceError> {
        self.store.lock()?;
        let result = self.cover_locked(signer);
        self.store.unlock();
        result
    }

    fn cover_locked(&mut self, signer: &mut dyn SignHead) -> Result<(), ProduceError> {
        let last = signer.last_head()?;
        self.catch_up(last.as_ref())?;
        self.continues(last.as_ref())?;
        let covered = self.store.checkpoints()??.iter().map(|line| line.size).max().unwrap_or(0);
        if covered < self.tail.leaves.len() as u64 {
            self.sign(signer, last.as_ref())?;
        }
        Ok(())
    }

    fn append_locked(
        &mut self,
        signer: &mut dyn SignHead,
        clock: &dyn Clock,
        (id, identity): (EntryId, &Identity),
        make: impl FnOnce(&Context) -> Result<Draft, ProduceError>,
    ) -> Result<Appended, ProduceError> {
        let last = signer.last_head()?;
        self.catch_up(last.as_ref())?;
        self.continues(last.as_ref())?;
        // What is not begun leaves no line without an end behind.
        self.mirror.as_ref().map_or(Ok(()), Mirror::answers)?;
        let identity = identity.clone();
        let context = Context {
            origin: self.origin.clone(),
            id,
            policy: self.tail.policy,
            registry: self.tail.registry,
            before: self.tail.head(last.as_ref()),
            identity,
        };
        let draft = make(&context)?;
        let (line, recorded_at) = self.write_line(context, draft, clock)?;
        self.store.append(self.tail.position, &line)?;
        let seq = self.tail.leaves.len() as u64;
        self.tail.take(&line)?;
        let head = self.sign(signer, last.as_ref())?;
        Ok(Appended { id, seq, recorded_at, head })
    }

    /// Reads what other processes have appended, and repairs a torn end.
    fn catch_up(&mut self, last: Option<&LastHead>) -> Result<(), ProduceError> {
        let bytes = self.store.read_from(self.tail.position)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (line, after) = match end {
                Some(end) => (&rest[..end], &rest[end + 1..]),
                None => (rest, &[][..]),
            };
            let taken = if end.is_some() { self.tail.follows(line, &self.origin) } else { Err(self.tail.torn()) };
            match taken {
                Ok(()) => self.tail.take(line)?,
                Err(error) => return self.repair(error, after, last),
            }
            rest = after;
        }
        Ok(())
    }

    /// Cuts off a torn last line, unless a signed head covers it.
    fn repair(&mut self, error: ChainError, after: &[u8], last: Option<&LastHead>) -> Result<(), ProduceError> {
        let lines = self.tail.leaves.len() as u64;
        let signed = last.map_or(0, |last| last.head.size);
        let covered = self.store.checkpoints()??.iter().map(|line| line.size).max().unwrap_or(0).max(signed);
        if !after.is_empty() || lines < covered {
            return Err(VaultError::Damaged(error).into());
        }
        self.store.cut(self.tail.position)?;
        (self.notice)(&format!(
            "repaired the chain: a torn line after entry {lines}, covered by no signed head, was cut off"
        ));
        Ok(())
    }

    /// Requires that the chain begins with what its signer signed last.
    fn continues(&self, last: Option<&LastHead>) -> Result<(), VaultError> {
        let Some(last) = last else { return Ok(()) };
        let lines = self.tail.leaves.len() as u64;
        let signed = last.head.size;
        let Some(begin) = usize::try_from(signed).ok().and_then(|size| self.tail.leaves.get(..size)) else {
            return Err(VaultError::SetBack { lines, signed });
        };
        let root = begin.iter().copied().collect::<Range>().root();
        if root == last.head.root { Ok(()) } else { Err(VaultError::OtherHistory { size: signed }) }
    }

    /// Stores what the entry refers to, and spells its line.
    fn write_line(
        &mut self,
        context: Context,
        draft: Draft,
        clock: &dyn Clock,
    ) -> Result<(Vec<u8>, Time), ProduceError> {
        let mut blobs = Vec::new();
        for blob in draft.blobs {
            let sha256 = self.store.put_blob(&blob.bytes)?;
            let bytes = walwarden_core::Decimal(blob.bytes.len() as u64);
            blobs.push(BlobRef { name: blob.name, sha256, bytes, media: blob.media });
        }
        let mut statements = Vec::new();
        if let Some((file, envelope)) = &draft.statement {
            let bytes = envelope.to_jcs()?;
            self.store.put_statement(file, &bytes)?;
            statements.push(StatementRef { payload: envelope.payload_digest(), envelope: Digest::of(&bytes) });
        }
        // An adoption stands under the policy that it adopts: spec:chain-1
        let policy = match &draft.event {
            Event::PolicyAdopted(adopted) => Some(adopted.sha256),
            _ => context.policy,
        };
        let recorded_at = self.tail.recorded_at.map_or_else(|| clock.now(), |before| clock.now().max(before));
        let entry = Entry {
            r#type: ENTRY_TYPE.into(),
            seq: self.tail.leaves.len() as u64,
            prev: self.tail.leaves.last().copied().unwrap_or_else(|| genesis_prev(&self.origin)),
            origin: context.origin,
            id: context.id,
            at: draft.at.unwrap_or(recorded_at),
            recorded_at,
            kind: draft.event.kind().into(),
            actor: context.identity.actor,
            tool: context.identity.tool,
            policy,
            refs: draft.event.refs(),
            statements,
            blobs,
            data: Cow::Owned(draft.event.data()?),
        };
        let line = entry.to_jcs()?;
        // What we would not read back is not written.
        Entry::parse(&line)?;
        Ok((line, recorded_at))
    }

    /// Has the whole chain signed, and keeps the checkpoint.
    fn sign(&mut self, signer: &mut dyn SignHead, last: Option<&LastHead>) -> Result<TreeHead, ProduceError> {
        let leaves = &self.tail.leaves;
        let head = Head { origin: self.origin.clone(), tree: self.tail.head(None) };
        let old = last.and_then(|last| usize::try_from(last.head.size).ok());
        let proof = match old {
            Some(old) => consistency(leaves, old).ok_or(VaultError::OtherHistory { size: old as u64 })?,
            None => Proof::default(),
        };
        if let Some(mirror) = &self.mirror {
            mirror.lines(&self.store)?;
        }
        let mut note = Note { head: head.clone(), signatures: Vec::new() };
        for (key, signature) in signer.sign_head(&head, &proof)? {
            note.add(&key, signature);
        }
        let line = CheckpointLine { note: note.to_text(), size: head.tree.size };
        self.store.append_checkpoint(&jcs::to_vec(&line)?)?;
        if let Some(mirror) = &self.mirror {
            mirror.checkpoint(&line)?;
        }
        Ok(head.tree)
    }
}

impl Tail {
    /// Whether a line is the next one.
    fn follows(&self, line: &[u8], origin: &Origin) -> Result<(), ChainError> {
        let number = self.leaves.len() + 1;
        let entry = Entry::parse(line).map_err(|error| ChainError::Entry { line: number, error })?;
        if entry.origin != *origin {
            return Err(ChainError::Origin { line: number });
        }
        if entry.seq != self.leaves.len() as u64 {
            return Err(ChainError::Seq { line: number, found: entry.seq });
        }
        let expected = self.leaves.last().copied().unwrap_or_else(|| genesis_prev(origin));
        if entry.prev != expected {
            return Err(ChainError::Prev { line: number, expected, found: entry.prev });
        }
        if self.recorded_at > Some(entry.recorded_at) {
            return Err(ChainError::RecordedAt { line: number });
        }
        Ok(())
    }

    /// Takes a line that follows.
    fn take(&mut self, line: &[u8]) -> Result<(), ProduceError> {
        let entry = Entry::parse(line)?;
        match entry.event() {
            Event::PolicyAdopted(adopted) => self.policy = Some(adopted.sha256),
            Event::Genesis(_) | Event::KeyChanged(_) => {
                self.registry = entry.statements.first().map(|version| version.payload);
            }
            _ => {}
        }
        self.recorded_at = Some(entry.recorded_at);
        self.position += line.len() as u64 + 1;
        self.leaves.push(entry_hash(line));
        Ok(())
    }

    /// The tree over all lines; where the last signed head is of as many, it was found to be of these.
    fn head(&self, last: Option<&LastHead>) -> TreeHead {
        match last {
            Some(last) if last.head.size == self.leaves.len() as u64 => last.head,
            _ => self.leaves.iter().copied().collect::<Range>().head(),
        }
    }

    fn torn(&self) -> ChainError {
        ChainError::Lines { line: self.leaves.len() + 1 }
    }
}

/// The bytes of a chain at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Whole lines from genesis.
    pub ndjson: Vec<u8>,
    /// Checkpoints, oldest first.
    pub checkpoints: Vec<CheckpointLine>,
}

impl Snapshot {
    /// The entries.
    ///
    /// # Errors
    /// A line that is none.
    pub fn entries(&self) -> Result<Entries<'_>, VaultError> {
        Entries::parse(&self.ndjson).map_err(VaultError::Damaged)
    }

    /// The heads that the checkpoints state.
    ///
    /// # Errors
    /// A checkpoint that is none.
    pub fn heads(&self) -> Result<Vec<TreeHead>, VaultError> {
        let head = |(index, line): (usize, &CheckpointLine)| {
            let note = Note::parse(&line.note).map_err(|_| VaultError::Checkpoint { line: index + 1 })?;
            Ok(note.head.tree)
        };
        self.checkpoints.iter().enumerate().map(head).collect()
    }

    /// The newest head.
    ///
    /// # Errors
    /// A checkpoint that is none, or none at all.
    pub fn head(&self) -> Result<TreeHead, VaultError> {
        self.heads()?.into_iter().max_by_key(|head| head.size).ok_or(VaultError::Empty)
    }
}

/// Envelopes of a statement file by the digest of their bytes.
pub fn by_envelope(ndjson: &[u8]) -> HashMap<Digest, &[u8]> {
    lines(ndjson).filter_map(Result::ok).map(|line| (Digest::of(line), line)).collect()
}
