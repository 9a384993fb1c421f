//! What the reader trusts: the arguments that every judging command shares, and what they mean together.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use walwarden_core::{Digest, Time, limits, registry::RootPins};
use walwarden_verify::{
    Trust, open,
    trust::{KnownHead, Previous, TrustError, parse_head},
};

use crate::{
    exit::Failure,
    files::{small, unreadable},
};

/// Root keys, however they came.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What you trust")]
pub(crate) struct Pins {
    /// handover.json: root fingerprints, threshold and a head, got by another channel than the bundle
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,

    /// Fingerprint of a root key, 64 hex digits; may be given more than once
    #[arg(long, value_name = "HEX", value_parser = fingerprint)]
    pub(crate) root: Vec<Digest>,

    /// Roots of time-stamping authorities, PEM or DER, got by another channel; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_root: Vec<PathBuf>,

    /// How many of the roots given must have signed the registry [default: all]
    #[arg(long, value_name = "N")]
    pub(crate) root_threshold: Option<usize>,
}

/// Heads of this history that the reader holds.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What you trust")]
pub(crate) struct Heads {
    /// The bundle of the period before: this history must continue it
    #[arg(long, value_name = "BUNDLE")]
    pub(crate) previous: Option<PathBuf>,

    /// A head you hold: a checkpoint, or the line that `walwarden head` prints
    #[arg(long, value_name = "FILE")]
    pub(crate) known_head: Option<PathBuf>,

    /// Verifier keys of witnesses you chose, a line each: name+hash+key
    #[arg(long, value_name = "FILE")]
    pub(crate) witness: Option<PathBuf>,

    /// How many of these witnesses must have cosigned [default: all]
    #[arg(long, value_name = "N", requires = "witness")]
    pub(crate) witness_threshold: Option<usize>,

    /// You hold no head of this history yet, and accept that
    #[arg(long)]
    pub(crate) first_contact: bool,
}

impl Pins {
    /// Files that [`Pins::trust`] will read.
    pub(crate) fn read(&self) -> impl Iterator<Item = &Path> {
        self.trust.iter().chain(&self.tsa_root).map(PathBuf::as_path)
    }

    /// Pins, threshold, and the head of the handover.
    pub(crate) fn trust(&self) -> Result<Trust, Failure> {
        let mut trust = Trust::default();
        if let Some(path) = &self.trust {
            if !self.root.is_empty() {
                return Err(Failure::new(
                    "--trust and --root both name root keys",
                    "give one of them; --trust also brings a head",
                ));
            }
            let bytes = small(path, limits::HANDOVER_BYTES)?;
            if bytes.starts_with(b"\xef\xbb\xbf") {
                let name = path.display();
                return Err(Failure::new(
                    format!("{name} begins with a byte order mark, which an editor has added"),
                    format!("take the file as it was sent, or: tail -c +4 {name} > plain.json, and --trust plain.json"),
                ));
            }
            trust.add_handover(&bytes).map_err(|error| {
                let what = format!("{}: {error}", path.display());
                Failure::new(what, "--trust takes the handover.json of `walwarden init`")
            })?;
        }
        if !self.root.is_empty() {
            let pins: BTreeSet<Digest> = self.root.iter().copied().collect();
            trust.pins = Some(RootPins { threshold: pins.len(), pins });
        }
        self.threshold(&mut trust)?;
        for path in &self.tsa_root {
            let bytes = small(path, limits::TSA_ROOT_BYTES)?;
            trust.tsa_roots.add(&bytes).map_err(|error| {
                let what = format!("{}: {error}", path.display());
                Failure::new(what, "--tsa-root takes certificates of authorities, not of the signer of a time stamp")
            })?;
        }
        Ok(trust)
    }

    fn threshold(&self, trust: &mut Trust) -> Result<(), Failure> {
        let Some(threshold) = self.root_threshold else { return Ok(()) };
        match &mut trust.pins {
            None => Err(Failure::new("--root-threshold without root keys", "give --root or --trust too")),
            Some(pins) if !(1..=pins.pins.len()).contains(&threshold) => {
                let what =
                    format!("--root-threshold {threshold} is not between 1 and the {} roots given", pins.pins.len());
                Err(Failure::new(what, "leave it away to require all of them"))
            }
            Some(pins) => {
                pins.threshold = threshold;
                Ok(())
            }
        }
    }
}

impl Heads {
    /// Files that [`Heads::add_to`] will read.
    pub(crate) fn read(&self) -> impl Iterator<Item = &Path> {
        [&self.previous, &self.known_head, &self.witness].into_iter().filter_map(|path| path.as_deref())
    }

    /// Adds the heads; conflicts among them are the reader's to settle.
    pub(crate) fn add_to(&self, trust: &mut Trust, as_of: Time) -> Result<(), Failure> {
        if self.first_contact && (self.previous.is_some() || self.known_head.is_some()) {
            let what = "--first-contact says that no head is held, and --previous or --known-head gives one";
            return Err(Failure::new(what, "leave --first-contact away"));
        }
        trust.first_contact = self.first_contact;
        if let Some(path) = &self.witness {
            let bytes = small(path, limits::WITNESS_BYTES)?;
            trust.add_witnesses(&bytes, self.witness_threshold).map_err(|error| {
                let hint = match error {
                    TrustError::WitnessThreshold(..) => "leave --witness-threshold away to require all of them",
                    _ => "--witness takes verifier keys as the witnesses publish them, one a line",
                };
                Failure::new(format!("{}: {error}", path.display()), hint)
            })?;
        }
        if let Some(path) = &self.known_head {
            trust.known.push(known_head(path)?);
        }
        if let Some(path) = &self.previous {
            let source = open(path).map_err(unreadable)?;
            let previous = Previous::of(&source, trust.pins.as_ref(), as_of).map_err(|error| {
                let hint = match error {
                    TrustError::PreviousRoots => {
                        "give the pins that you held then: they anchor later bundles too; or its head by --known-head"
                    }
                    _ => "judge that bundle by itself first: walwarden-verify BUNDLE with the same pins",
                };
                Failure::new(error, hint)
            })?;
            trust.add_previous(previous);
        }
        trust.agrees().map_err(|error| {
            let hint = match error {
                TrustError::Contradiction(..) => {
                    "two histories were shown to you: keep both; `walwarden-verify compare` says whether that is a fork"
                }
                _ => "give heads of one chain",
            };
            Failure::new(error, hint)
        })
    }
}

/// A fingerprint as people copy it: in groups, in capitals, with the name of the digest before it.
fn fingerprint(text: &str) -> Result<Digest, String> {
    let digits: String = text.chars().filter(|c| !c.is_ascii_whitespace() && *c != ':').collect();
    let digits = digits.to_ascii_lowercase();
    let digits = digits.strip_prefix("sha256").unwrap_or(&digits);
    digits.parse().map_err(|_| match digits.chars().find(|c| !c.is_ascii_hexdigit()) {
        Some(other) => format!("a fingerprint is 64 hex digits, and {other:?} is none"),
        None => format!("a fingerprint is 64 hex digits, and these are {}", digits.len()),
    })
}

fn known_head(path: &Path) -> Result<KnownHead, Failure> {
    if path.to_str().is_some_and(|text| parse_head(text).is_ok()) {
        let what = "--known-head was given the line of a head, and takes a file";
        return Err(Failure::new(what, "write the line into a file, and give the name of the file"));
    }
    if path.as_os_str() == "-" {
        let what = "--known-head takes a file, and does not read what is typed";
        return Err(Failure::new(what, "write the line into a file first: cat > head.txt, then --known-head head.txt"));
    }
    let text = String::from_utf8(small(path, limits::DOCUMENT_BYTES)?).unwrap_or_default();
    let head = parse_head(&text).map_err(|error| {
        let what = format!("{}: {error}", path.display());
        Failure::new(
            what,
            "put the one line of `Keep this line` of an earlier report into a file, or give a checkpoint",
        )
    })?;
    Ok(KnownHead { origin: Some(head.origin), head: head.tree, source: "--known-head" })
}
