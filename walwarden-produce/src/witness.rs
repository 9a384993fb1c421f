//! Witnesses: others who cosign heads, each as an extension of what it saw before (C2SP tlog-witness, `spec:time-11`).
//!
//! A cosignature is kept as a checkpoint of the same size whose note has it after the log's own lines; the entry
//! `anchor.attached` has the head carried by bundles. Whoever reads the record decides which witnesses they trust.

use std::{io, str::FromStr as _};

use walwarden_core::{
    Base64, Digest, Time,
    checkpoint::{CheckpointLine, Note, NoteSignature},
    cosignature::Witness,
    event::{AnchorAttached, AnchorKind, Event},
    merkle::{TreeHead, consistency},
};

use crate::{
    config::WitnessConfig,
    error::{OperatorError, ProduceError, StorageError, VaultError},
    http::{self, block_on},
    producer::Producer,
    signer::HeadSigner,
    vault::{Appended, Draft, Snapshot},
};

/// The most bytes of an answer.
const ANSWER: usize = 16 << 10;
/// The answer of a witness that has seen another size than it was told: that size.
const SIZE: u16 = 409;

/// A cosigned head.
#[derive(Debug)]
pub struct Cosigned {
    /// The entry that names it.
    pub entry: Appended,
    /// What it is over.
    pub head: TreeHead,
    /// When, by the witness's clock.
    pub at: Time,
    /// The witness.
    pub witness: String,
}

/// When a witness last cosigned a head, by its own clock, and how many lines it has seen.
///
/// # Errors
/// A checkpoint that is none.
pub fn last(snapshot: &Snapshot, witness: &Witness) -> Result<Option<(Time, u64)>, VaultError> {
    let mut last: Option<(Time, u64)> = None;
    for (index, line) in snapshot.checkpoints.iter().enumerate() {
        let note = Note::parse(&line.note).map_err(|_| VaultError::Checkpoint { line: index + 1 })?;
        let times = witness.cosigned(&note).unwrap_or_default();
        for at in times {
            let before = last.unwrap_or((at, 0));
            last = Some((at.max(before.0), note.head.tree.size.max(before.1)));
        }
    }
    Ok(last)
}

/// Has the newest head cosigned, and keeps the cosignature.
///
/// # Errors
/// The witness does not answer, or not with a cosignature of its own over this head; it has seen another history.
pub fn cosign(
    producer: &mut Producer,
    head: &mut HeadSigner,
    config: &WitnessConfig,
) -> Result<Cosigned, ProduceError> {
    let witness = config.witness().map_err(OperatorError::from)?;
    let snapshot = producer.chain.read()?;
    let (tree, core) = crate::anchor::newest(&snapshot)?;
    let core = String::from_utf8(core).map_err(|_| VaultError::Checkpoint { line: 1 })?;
    let entries = snapshot.entries()?;
    let leaves = usize::try_from(tree.size).ok().and_then(|size| entries.hashes().get(..size));
    let asking = Asking { config, witness: &witness, leaves: leaves.ok_or(VaultError::Empty)?, core: &core };
    let lines = asking.cosignatures(last(&snapshot, &witness)?.map_or(0, |(_, size)| size))?;
    let (note, at) = asking.added(&snapshot, tree.size, lines)?;
    let line = CheckpointLine { note: note.to_text(), size: tree.size };
    producer.chain.put_cosigned(&line)?;
    let event = Event::AnchorAttached(Box::new(AnchorAttached {
        size: tree.size,
        checkpoint_sha256: Digest::of(core.as_bytes()),
        kind: AnchorKind::Witness,
        token_sha256: None,
        gen_time: None,
    }));
    let entry = producer.append(head, |_| Ok(Draft::plain(event)))?;
    Ok(Cosigned { entry, head: tree, at, witness: witness.name().into() })
}

/// One head, put before one witness.
struct Asking<'a> {
    config: &'a WitnessConfig,
    witness: &'a Witness,
    leaves: &'a [Digest],
    core: &'a str,
}

impl Asking<'_> {
    /// Asks, from the size that it is thought to have seen; once more from the size that it says.
    fn cosignatures(&self, old: u64) -> Result<String, ProduceError> {
        let (status, answer) = self.post(old)?;
        if status != SIZE {
            return self.accepted(status, answer);
        }
        let seen: Option<u64> = answer.trim_end().parse().ok();
        let seen = seen.ok_or_else(|| self.refuses("it has seen another size, and does not say which"))?;
        if seen > self.leaves.len() as u64 {
            let seen = format!("it has seen {seen} entries, more than there are here: this vault is an older copy");
            return Err(self.refuses(&seen));
        }
        let (status, answer) = self.post(seen)?;
        self.accepted(status, answer)
    }

    fn accepted(&self, status: u16, answer: String) -> Result<String, ProduceError> {
        match status {
            200 => Ok(answer),
            // The proof does not hold from what it has seen.
            422 => Err(self.refuses("it has seen another history of this chain")),
            404 => Err(self.refuses("it does not know this chain")),
            403 => Err(self.refuses("it does not know the log key")),
            other => Err(self.refuses(&format!("it answers {other}"))),
        }
    }

    fn refuses(&self, why: &str) -> ProduceError {
        OperatorError::Witness { name: self.witness.name().into(), why: why.into() }.into()
    }

    /// `old SIZE`, the proof from there, an empty line, the checkpoint.
    fn post(&self, old: u64) -> Result<(u16, String), ProduceError> {
        let size = usize::try_from(old).unwrap_or(usize::MAX);
        let proof = if size == 0 { Some(Vec::new()) } else { consistency(self.leaves, size).map(|proof| proof.0) };
        let proof = proof.ok_or_else(|| self.refuses("there is no proof from what it has seen"))?;
        let proof: String = proof.iter().map(|step| format!("{}\n", Base64(step.0.to_vec()))).collect();
        let body = format!("old {old}\n{proof}\n{}", self.core);
        let url = format!("{}/add-checkpoint", self.config.url.trim_end_matches('/'));
        let answer = block_on(async {
            let client = http::client().map_err(io::Error::other)?;
            let sent = client.post(&url).body(body).send().await;
            let response =
                sent.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error.without_url()))?;
            let status = response.status().as_u16();
            Ok((status, http::body(response, ANSWER).await?))
        });
        let (status, body) = answer.map_err(StorageError::at("get a cosignature from", self.witness.name()))?;
        let text = String::from_utf8(body).map_err(|_| self.refuses("its answer is no text"))?;
        Ok((status, text))
    }

    /// The note with all cosignatures that are known over this head, and when this witness gave its own.
    fn added(&self, snapshot: &Snapshot, size: u64, lines: String) -> Result<(Note, Time), ProduceError> {
        let none = || self.refuses("its answer holds no cosignature of its own over this head");
        let answered = Note::parse(&format!("{}{lines}", self.core)).map_err(|_| none())?;
        // A line that claims it and does not hold would spoil every bundle.
        let at = self.witness.cosigned(&answered).map_err(|_| none())?.into_iter().max().ok_or_else(none)?;
        let mut note = Note::parse(self.core).map_err(|_| none())?;
        let mut add = |line: &NoteSignature| {
            if !note.signatures.contains(line) {
                note.signatures.push(line.clone());
            }
        };
        for line in snapshot.checkpoints.iter().filter(|line| line.size == size) {
            Note::parse(&line.note).iter().flat_map(|known| &known.signatures).for_each(&mut add);
        }
        // What others say in its answer is no business of ours.
        answered.signatures.iter().filter(|line| self.witness.is_claimed_by(line)).for_each(&mut add);
        Ok((note, at))
    }
}

impl WitnessConfig {
    /// The witness.
    ///
    /// # Errors
    /// Its verifier key is none.
    pub fn witness(&self) -> Result<Witness, crate::config::ConfigError> {
        let none = |()| crate::config::ConfigError("[[witness]] key is no verifier key: name+hash+base64".into());
        Witness::from_str(&self.key).map_err(none)
    }
}
