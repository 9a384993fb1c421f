//! Sealing: the evidence of a period in one zip, judged before it is published.

pub mod contents;
pub mod judged;
pub mod zip;

use std::path::{Path, PathBuf};

use walwarden_core::{
    Digest, Period, Time,
    bundle::STATEMENT,
    dsse::Envelope,
    event::{Event, ExportKind, ExportMade, ExportState},
    statement::{Bundle, Statement, Subject},
};

use crate::{
    error::{OperatorError, ProduceError, StorageError, VaultError},
    files, keys, period,
    producer::{Producer, Signers, sign},
    spool::drain,
    vault::{Appended, Draft, Snapshot},
};
use contents::Contents;
use judged::{Beside, Published, Target};

/// What to seal.
pub struct SealRequest<'a> {
    /// The period, as written.
    pub period: &'a str,
    /// The file; named after chain and period otherwise.
    pub out: Option<&'a Path>,
    /// What the verifier writes beside it.
    pub beside: Vec<Beside>,
    /// Whether a bundle that is rejected is written all the same.
    pub as_is: bool,
    /// The verifier's file.
    pub verifier: &'a Path,
    /// Told what a person should know.
    pub notice: &'a dyn Fn(&str),
}

/// A written bundle.
#[derive(Debug)]
pub struct Sealed {
    /// Its file.
    pub path: PathBuf,
    /// What is beside it: reports, workpapers.
    pub beside: Vec<(&'static str, PathBuf)>,
    /// The period.
    pub period: Period,
    /// SHA-256 of the `bundle/v1` payload: the bundle's identity.
    pub identity: Digest,
    /// SHA-256 of the zip.
    pub zip: Digest,
    /// Length of the zip.
    pub bytes: u64,
    /// The verifier's exit code: 0, 1, 3 or 4.
    pub verdict: i32,
    /// What the verifier printed.
    pub report: String,
    /// The entry that records it.
    pub entry: Appended,
    /// What the auditor gets with it, by another channel.
    pub handover: PathBuf,
}

/// What is asked for, with everything that can be known before anybody signs.
pub struct Order {
    zone: String,
    period: Period,
    target: Target,
}

/// Reads what is asked for.
///
/// # Errors
/// No period, or files that are there already.
pub fn order(producer: &Producer, request: &SealRequest<'_>) -> Result<Order, ProduceError> {
    let zone = zone(producer)?;
    let period = period::parse(request.period, &zone).map_err(OperatorError::from)?;
    let target = Target { zip: out(producer, request), beside: request.beside.clone(), as_is: request.as_is };
    target.is_free()?;
    Ok(Order { zone, period, target })
}

/// Seals a period.
///
/// # Errors
/// Nothing is published then; what the chain recorded stays.
pub fn seal(producer: &mut Producer, signers: &mut Signers, request: &SealRequest<'_>) -> Result<Sealed, ProduceError> {
    let Order { zone, period, target } = order(producer, request)?;
    drain(producer, &mut signers.head)?;
    if producer.now() < period.end {
        (request.notice)("the period is not over: what it still lacks will show as not covered");
    }
    let begun = ExportMade {
        zone: Some(period::zone_facts(&zone, &period).map_err(OperatorError::from)?),
        ..export(ExportState::Begun, period)
    };
    let begun = producer.append(&mut signers.head, |_| Ok(Draft::plain(Event::ExportMade(Box::new(begun)))))?;
    let contents = Contents::collect(producer, period, begun.head)?;
    let (envelope, bytes) = pack(producer, signers, contents)?;
    let trust = producer.folder.join(keys::HANDOVER);
    let judged = target.judge(&bytes, request.verifier, &trust, request.notice)?;
    let Published { zip, beside } = judged.publish()?;
    let written = ExportMade {
        size: Some(begun.head.size),
        payload_sha256: Some(envelope.payload_digest()),
        rejected: (judged.verdict == 1).then_some(true),
        ..export(ExportState::Written, period)
    };
    let entry = producer.append(&mut signers.head, |_| Ok(Draft::plain(Event::ExportMade(Box::new(written)))))?;
    // The head at which this bundle ends: one line further and the bundle would fall short of its own handover.
    let newest = keys::write_handover(&producer.folder, &producer.registry, begun.head)?;
    let handover = if judged.verdict == 1 { newest } else { copied(&newest, target.handover())? };
    Ok(Sealed {
        path: zip,
        beside,
        period,
        identity: envelope.payload_digest(),
        zip: Digest::of(&bytes),
        bytes: bytes.len() as u64,
        verdict: judged.verdict,
        report: judged.report,
        entry,
        handover,
    })
}

/// Copies a file, durable on return.
fn copied(from: &Path, to: PathBuf) -> Result<PathBuf, StorageError> {
    files::replace(&to, &files::read(from)?, 0o644)?;
    Ok(to)
}

/// The zone of the policy in force, in which days of a period begin.
pub fn zone(producer: &Producer) -> Result<String, ProduceError> {
    let snapshot = producer.chain.read()?;
    match producer.policy(&snapshot)? {
        Some(policy) => Ok(policy.timezone),
        None => Ok(genesis_zone(&snapshot)?),
    }
}

fn genesis_zone(snapshot: &Snapshot) -> Result<String, VaultError> {
    match snapshot.entries()?.all().first().map(|entry| entry.event()) {
        Some(Event::Genesis(genesis)) => Ok(genesis.zone),
        _ => Err(VaultError::Empty),
    }
}

fn out(producer: &Producer, request: &SealRequest<'_>) -> PathBuf {
    let name = |text: &str| text.replace(['/', ' '], "-").replace([':', '+'], "");
    let default = || format!("{}-{}.zip", name(producer.chain.origin().as_str()), name(request.period)).into();
    request.out.map_or_else(default, Path::to_owned)
}

const fn export(state: ExportState, period: Period) -> ExportMade {
    ExportMade {
        state,
        kind: ExportKind::Bundle,
        period: Some(period),
        zone: None,
        size: None,
        payload_sha256: None,
        rejected: None,
        recipient: None,
    }
}

/// States the list of files, signs it, and packs all.
fn pack(producer: &Producer, signers: &Signers, contents: Contents) -> Result<(Envelope, Vec<u8>), ProduceError> {
    let Contents { mut files, predicate, last_recorded_at } = contents;
    let subjects = files.iter().map(|(name, bytes)| Subject::new(name.as_str(), Digest::of(bytes))).collect();
    // Its own clock may have been set back since the last entry.
    let sealed_at: Time = producer.now().max(last_recorded_at);
    let envelope = sign(&signers.statement, &Statement::new(subjects, Bundle { sealed_at, ..predicate }))?;
    files.insert(STATEMENT.into(), envelope.to_jcs()?);
    Ok((envelope, zip::pack(&files)?))
}
