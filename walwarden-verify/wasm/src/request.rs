//! What the caller says beside the bytes: JSON, the first of the inputs.

use std::collections::BTreeSet;

use serde::Deserialize;
use walwarden_core::{Digest, Time, limits, registry::RootPins};
use walwarden_verify::{
    RunBlock, Source, Trust,
    trust::{KnownHead, Previous, parse_head},
};

/// Names, the instant that counts as now, and what the reader trusts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// Name of the file.
    pub(crate) bundle: String,
    /// The instant that counts as now, with six fractional digits.
    pub(crate) as_of: Time,
    /// Name of the file of the bundle of the period before.
    #[serde(default)]
    previous: String,
    /// Fingerprints of root keys, where there is no handover.
    #[serde(default)]
    roots: Vec<String>,
    /// How many of them must have signed; absent: all.
    root_threshold: Option<usize>,
    /// A head that the reader holds: a checkpoint, or the line `origin size root`.
    known_head: Option<String>,
    /// How many of the witnesses must have cosigned; absent: all.
    witness_threshold: Option<usize>,
    /// The reader holds no head of this history, and accepts that.
    #[serde(default)]
    first_contact: bool,
    /// SHA-256 of this module, if the caller has computed it.
    program: Option<Digest>,
    /// On what it runs.
    #[serde(default)]
    platform: String,
}

/// Files of the reader; empty: not given.
pub(crate) struct Brought<'a> {
    pub(crate) handover: &'a [u8],
    pub(crate) previous: Vec<u8>,
    pub(crate) tsa_roots: &'a [u8],
    pub(crate) witnesses: &'a [u8],
}

/// Why nothing can be judged, and what to do.
pub(crate) type Refusal = (String, &'static str);

impl Request {
    /// Reads it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        serde_json::from_slice(bytes).map_err(|error| (format!("the request: {error}"), "this is a fault of the page"))
    }

    /// What the reader trusts, put together.
    pub(crate) fn trust(&self, brought: Brought<'_>) -> Result<Trust, Refusal> {
        let mut trust = Trust { first_contact: self.first_contact, ..Trust::default() };
        if !brought.handover.is_empty() {
            within("handover.json", brought.handover, limits::HANDOVER_BYTES)?;
            let hint = "give the file that came with the word of the organisation, by another channel than the bundle";
            trust.add_handover(brought.handover).map_err(|error| (format!("handover.json: {error}"), hint))?;
        }
        self.roots(&mut trust)?;
        if !brought.tsa_roots.is_empty() {
            within("the roots of authorities", brought.tsa_roots, limits::TSA_ROOT_BYTES)?;
            let hint = "give certificates of authorities, PEM or DER, not of the signer of a time stamp";
            trust.tsa_roots.add(brought.tsa_roots).map_err(|error| (error.to_string(), hint))?;
        }
        if !brought.witnesses.is_empty() {
            within("the file of witnesses", brought.witnesses, limits::WITNESS_BYTES)?;
            let hint = "give verifier keys as the witnesses publish them, one a line";
            let added = trust.add_witnesses(brought.witnesses, self.witness_threshold);
            added.map_err(|error| (error.to_string(), hint))?;
        }
        if let Some(text) = &self.known_head {
            let hint = "give the line `Keep this line` of an earlier report, or a checkpoint";
            let head = parse_head(text).map_err(|error| (format!("the head you hold: {error}"), hint))?;
            trust.known.push(KnownHead { origin: Some(head.origin), head: head.tree, source: "--known-head" });
        }
        if !brought.previous.is_empty() {
            let source = source(&self.previous, brought.previous)?;
            let hint = "judge that bundle by itself first, with the same root keys";
            let previous = Previous::of(&source, trust.pins.as_ref(), self.as_of);
            trust.add_previous(previous.map_err(|error| (error.to_string(), hint))?);
        }
        let hint = "keep both: either they are of different chains, or two histories were shown to you";
        trust.agrees().map_err(|error| (error.to_string(), hint))?;
        Ok(trust)
    }

    /// What is said of this run.
    pub(crate) fn run_block(&self) -> RunBlock {
        RunBlock {
            version: env!("CARGO_PKG_VERSION").into(),
            program: self.program,
            platform: if self.platform.is_empty() { "wasm32".into() } else { format!("wasm32, {}", self.platform) },
            sandbox: "a WebAssembly module without imports: no file, no network, no clock".into(),
        }
    }

    fn roots(&self, trust: &mut Trust) -> Result<(), Refusal> {
        if !self.roots.is_empty() {
            if trust.pins.is_some() {
                return Err(("handover.json and a fingerprint both name root keys".into(), "give one of them"));
            }
            let hint = "a fingerprint is 64 hex digits: the SHA-256 of a root key";
            let parsed = self.roots.iter().map(|root| root.parse::<Digest>());
            let pins = parsed.collect::<Result<BTreeSet<_>, _>>().map_err(|error| (error.to_string(), hint))?;
            trust.pins = Some(RootPins { threshold: pins.len(), pins });
        }
        match (self.root_threshold, &mut trust.pins) {
            (None, _) => Ok(()),
            (Some(threshold), Some(pins)) if (1..=pins.pins.len()).contains(&threshold) => {
                pins.threshold = threshold;
                Ok(())
            }
            _ => Err(("the threshold is not between 1 and the number of roots".into(), "leave it away to require all")),
        }
    }
}

/// A bundle, from its bytes.
pub(crate) fn source(name: &str, bytes: Vec<u8>) -> Result<Source, Refusal> {
    if bytes.is_empty() {
        return Err((format!("{name} is empty"), "check that the download is complete"));
    }
    let none = || (format!("{name} is no zip: it has no zip record anywhere"), "a bundle is a zip; check the download");
    Source::from_zip(name, bytes).ok_or_else(none)
}

fn within(what: &str, bytes: &[u8], limit: usize) -> Result<(), Refusal> {
    let refusal = || (format!("{what}: longer than {limit} bytes"), "check that this is the right file");
    if bytes.len() > limit { Err(refusal()) } else { Ok(()) }
}
