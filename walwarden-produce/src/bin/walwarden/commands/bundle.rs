//! `walwarden bundle`.

use walwarden_core::statement::key_registry::Use;
use walwarden_produce::{
    ProduceError,
    seal::{
        SealRequest,
        judged::{Beside, verifier},
        order, seal,
    },
};

use super::{open, passphrase, print};
use crate::{args::BundleArgs, exit::Exit, job::Job, talk};

pub(super) fn run(job: &Job, bundle: &BundleArgs) -> Result<Exit, ProduceError> {
    let verifier = verifier()?;
    let mut producer = open(job)?;
    let request = SealRequest {
        period: &bundle.period,
        out: bundle.out.as_deref(),
        beside: beside(bundle),
        as_is: bundle.as_is,
        verifier: &verifier,
        notice: &talk::notice,
    };
    order(&producer, &request)?; // before anybody is asked for a passphrase
    let passphrase = passphrase(job, &producer, "the log and bundle keys")?;
    let mut signers = producer.unlock(&passphrase, Use::Bundle)?;
    drop(passphrase);
    let sealed = seal(&mut producer, &mut signers, &request)?;
    let verdict = match sealed.verdict {
        0 => "verified",
        1 => "rejected",
        3 => "not established: a required check could not be run",
        _ => "verified, with exceptions: page 1 of the report names what to look at first",
    };
    let mut facts = vec![("bundle", sealed.path.display().to_string())];
    facts.extend(sealed.beside.iter().map(|(what, path)| (*what, path.display().to_string())));
    facts.extend([
        ("verdict", format!("{} {verdict}", sealed.verdict)),
        ("period", format!("{} to {}", sealed.period.start.to_words(), sealed.period.end.to_words())),
        // As the report calls them.
        ("bundle digest", sealed.identity.to_string()),
        ("zip digest", sealed.zip.to_string()),
        ("bytes", sealed.bytes.to_string()),
        ("handover", sealed.handover.display().to_string()),
        ("head", format!("{} {}", sealed.entry.head.size, sealed.entry.head.root)),
    ]);
    print(&facts);
    Ok(if sealed.verdict == 1 { Exit::Failed } else { Exit::Done })
}

/// What the verifier is asked to write beside the bundle.
fn beside(bundle: &BundleArgs) -> Vec<Beside> {
    let pages = if bundle.no_report { [].as_slice() } else { &[Beside::Html, Beside::Pdf] };
    let papers = bundle.workpapers.then_some(Beside::Workpapers);
    pages.iter().copied().chain(papers).collect()
}
