//! What was typed.

use std::path::PathBuf;

use clap::Parser;
use walwarden_core::Digest;

const EXAMPLES: &str = "\
Examples:
  walwarden-verify 2026-q3.zip --trust handover.json
      judge a bundle by what the organisation handed over by another channel
  walwarden-verify 2026-q3.zip --root 3b1f…64 hex digits… --first-contact
      pin a root key by its fingerprint; no head of this history is held yet
  walwarden-verify 2026-q4.zip --trust handover.json --previous 2026-q3.zip --html report.html --json report.json
      the next quarter must continue the last one; also write the report as files

The fingerprint of a root key is what this prints:
  openssl pkey -pubin -in root.pub -outform DER | sha256sum

Exit codes:
  0  verified
  1  rejected: a check failed
  2  nothing was judged: wrong arguments or unreadable input
  3  not established: intact, but a required check could not be run
  4  verified, with exceptions: authentic, and it shows deviations from the policy";

/// Judges a walwarden evidence bundle. Reads files, and nothing else: no network, no other program.
#[derive(Debug, Parser)]
#[command(name = "walwarden-verify", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    /// The bundle: a zip, or a folder with its files unpacked
    pub(crate) bundle: PathBuf,

    /// handover.json: root fingerprints, threshold and a head, got by another channel than the bundle
    #[arg(long, value_name = "FILE", help_heading = "What you trust")]
    pub(crate) trust: Option<PathBuf>,

    /// Fingerprint of a root key, 64 hex digits; may be given more than once
    #[arg(long, value_name = "HEX", help_heading = "What you trust")]
    pub(crate) root: Vec<Digest>,

    /// How many of the roots given must have signed the registry [default: all]
    #[arg(long, value_name = "N", help_heading = "What you trust")]
    pub(crate) root_threshold: Option<usize>,

    /// The bundle of the period before: this history must continue it
    #[arg(long, value_name = "BUNDLE", help_heading = "What you trust")]
    pub(crate) previous: Option<PathBuf>,

    /// A head you hold: a checkpoint, or the line that `walwarden head` prints
    #[arg(long, value_name = "FILE", help_heading = "What you trust")]
    pub(crate) known_head: Option<PathBuf>,

    /// You hold no head of this history yet, and accept that
    #[arg(long, help_heading = "What you trust")]
    pub(crate) first_contact: bool,

    /// Write the report as HTML; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) html: Option<PathBuf>,

    /// Write the report as PDF; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) pdf: Option<PathBuf>,

    /// Write the report as JSON; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(crate) json: Option<PathBuf>,

    /// Print nothing to standard output but what `-` asks for
    #[arg(long, short, help_heading = "Reports")]
    pub(crate) quiet: bool,

    /// The instant that counts as now, like 2026-10-05T08:00:00Z [default: the clock]
    #[arg(long, value_name = "TIME", help_heading = "Reports")]
    pub(crate) as_of: Option<String>,
}
