//! Time from outside: tokens of time-stamping authorities over signed heads (RFC 3161, `spec:time-5`).
//!
//! A token says that a head, and every line under it, existed not after its time. Whoever reads the record decides which
//! authorities they trust; here it is only checked that a token is one, and over this head.

use std::io;

use walwarden_core::{
    Digest, Time,
    checkpoint::Note,
    event::{AnchorAttached, AnchorKind, Event},
    limits,
    merkle::TreeHead,
    tsa::Token,
};

use crate::{
    config::AnchorConfig,
    error::{OperatorError, ProduceError, StorageError, VaultError},
    http::{self, block_on},
    producer::{Producer, Signers},
    random,
    vault::{Appended, Draft, Snapshot},
};

/// The most bytes that an answer may have.
const ANSWER: usize = limits::TOKEN_BYTES + 4096;

/// An attached token.
#[derive(Debug)]
pub struct Anchored {
    /// The entry that names it.
    pub entry: Appended,
    /// What it is over.
    pub head: TreeHead,
    /// The time that it states.
    pub gen_time: Time,
    /// Who signed it, by their own word.
    pub authority: String,
}

/// The newest head that a checkpoint states, and its core note.
///
/// # Errors
/// The vault is empty or damaged.
pub fn newest(snapshot: &Snapshot) -> Result<(TreeHead, Vec<u8>), ProduceError> {
    let head = snapshot.head()?;
    let line = snapshot.checkpoints.iter().find(|line| line.size == head.size).ok_or(VaultError::Empty)?;
    Ok((head, line.note.as_bytes().to_vec()))
}

/// Asks an authority for a token over the newest head, and attaches it.
///
/// # Errors
/// The authority does not answer, or not with a token over this head.
pub fn stamp(
    producer: &mut Producer,
    signers: &mut Signers,
    authority: &AnchorConfig,
) -> Result<Anchored, ProduceError> {
    let (_, note) = newest(&producer.chain.read()?)?;
    let query = query(&note)?;
    let url = &authority.url;
    let answer = block_on(async {
        let client = http::client().map_err(io::Error::other)?;
        let sent = client.post(url).header("content-type", "application/timestamp-query").body(query).send().await;
        let response = sent.map_err(|error| io::Error::new(io::ErrorKind::ConnectionAborted, error.without_url()))?;
        let status = response.status();
        if !status.is_success() {
            return Err(io::Error::other(format!("it answers {status}")));
        }
        http::body(response, ANSWER).await
    });
    let answer = answer.map_err(StorageError::at("get a time stamp from", authority.name.as_str()))?;
    let token = token_of(&answer).ok_or(OperatorError::NotAToken("the answer holds no token".into()))?;
    attach(producer, signers, token)
}

/// Attaches a token, over whichever signed head it was made.
///
/// # Errors
/// It is no token, or over none of this vault's heads.
pub fn attach(producer: &mut Producer, signers: &mut Signers, token: &[u8]) -> Result<Anchored, ProduceError> {
    let token = token_of(token).unwrap_or(token);
    let snapshot = producer.chain.read()?;
    let not_a_token = |error: &dyn std::fmt::Display| OperatorError::NotAToken(error.to_string());
    let parsed = Token::parse(token).map_err(|error| not_a_token(&error))?;
    let covered = |note: &&walwarden_core::checkpoint::CheckpointLine| parsed.clone().open(note.note.as_bytes()).ok();
    let found = snapshot.checkpoints.iter().rev().find_map(|line| Some((line, covered(&line)?)));
    let (line, stamp) = found.ok_or_else(|| not_a_token(&"it holds over none of this vault's checkpoints"))?;
    let head = Note::parse(&line.note).map_err(|_| VaultError::Checkpoint { line: 1 })?.head.tree;
    let checkpoint_sha256 = Digest::of(line.note.as_bytes());
    let (gen_time, authority) = (stamp.gen_time(), stamp.authority());
    let token_sha256 = Digest::of(token);
    producer.chain.put_timestamp(head.size, token)?;
    let event = Event::AnchorAttached(Box::new(AnchorAttached {
        size: head.size,
        checkpoint_sha256,
        kind: AnchorKind::Rfc3161,
        token_sha256: Some(token_sha256),
        gen_time: Some(gen_time),
    }));
    let entry = producer.append(&mut signers.head, |_| Ok(Draft::plain(event)))?;
    Ok(Anchored { entry, head, gen_time, authority })
}

/// A `TimeStampReq` over a core note: version 1, SHA-256, a nonce, with the certificate.
///
/// # Errors
/// No randomness.
pub fn query(note: &[u8]) -> Result<Vec<u8>, ProduceError> {
    const SHA_256: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];
    let mut nonce = random::bytes::<8>()?;
    // Positive, and of that length in DER.
    nonce[0] = nonce[0] & 0x7f | 0x40;
    let mut message = SHA_256.to_vec();
    message.extend([0x04, 32]);
    message.extend(Digest::of(note).0);
    let mut body = vec![0x02, 1, 1, 0x30, 49];
    body.extend(message);
    body.extend([0x02, 8]);
    body.extend(nonce);
    body.extend([0x01, 1, 0xff]);
    let mut query = vec![0x30, u8::try_from(body.len()).unwrap_or(0)];
    query.extend(body);
    Ok(query)
}

/// The `ContentInfo` in a `TimeStampResp` whose status is granted.
fn token_of(answer: &[u8]) -> Option<&[u8]> {
    let (_, response, _) = element(answer).filter(|(tag, ..)| *tag == 0x30)?;
    let (_, status, token) = element(response).filter(|(tag, ..)| *tag == 0x30)?;
    let (_, code, _) = element(status).filter(|(tag, ..)| *tag == 0x02)?;
    // granted, or granted with changes.
    (matches!(code, [0 | 1]) && !token.is_empty()).then_some(token)
}

/// Tag, content and what follows of the first element.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}
