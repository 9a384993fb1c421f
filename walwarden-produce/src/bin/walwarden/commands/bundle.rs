//! `walwarden bundle`.

use std::path::Path;

use walwarden_core::statement::key_registry::Use;
use walwarden_produce::{
    ProduceError,
    seal::{SealRequest, seal, verifier},
};

use super::{open, print};
use crate::{exit::Exit, job::Job, talk};

pub(super) fn run(job: &Job, period: &str, out: Option<&Path>, as_is: bool) -> Result<Exit, ProduceError> {
    let verifier = verifier()?;
    let mut producer = open(job)?;
    let passphrase = job.passphrase.read("the log and bundle keys", false)?;
    let mut signers = producer.unlock(&passphrase, Use::Bundle)?;
    drop(passphrase);
    let request = SealRequest { period, out, as_is, verifier: &verifier, notice: &talk::notice };
    let sealed = seal(&mut producer, &mut signers, &request)?;
    let verdict = match sealed.verdict {
        0 => "verified",
        1 => "rejected",
        3 => "not established",
        _ => "verified, with exceptions",
    };
    print(&[
        ("bundle", sealed.path.display().to_string()),
        ("period", format!("{} {}", sealed.period.start, sealed.period.end)),
        ("identity", sealed.identity.to_string()),
        ("sha256", sealed.zip.to_string()),
        ("bytes", sealed.bytes.to_string()),
        ("verdict", format!("{} {verdict}", sealed.verdict)),
        ("handover", sealed.handover.display().to_string()),
        ("head", format!("{} {}", sealed.entry.head.size, sealed.entry.head.root)),
    ]);
    Ok(if sealed.verdict == 1 { Exit::Failed } else { Exit::Done })
}
