//! The list of checks and the runner (`spec/13-verification.md`).
//!
//! A check asks whether the record is what it claims to be. Every run lists every check, in order of need.

mod artifacts;
mod bundle;
mod chain;
mod json;
mod keys;
mod policy;
mod private;
mod restore;
mod rows;
mod statements;
mod time;
mod zip;

use walwarden_core::rules::Gate;

use crate::{
    facts::Facts,
    report::{CheckResult, Evidence, Finding, NotRun, Outcome, ReadsAs},
};

/// One question to the record: is it what it claims?
#[derive(Debug)]
pub struct Check {
    /// Frozen id, never reused: `chain.contiguous`.
    pub id: &'static str,
    /// For an auditor: "No entry of the chain is missing".
    pub title: &'static str,
    /// Slug of the specification: `chain-3`.
    pub spec: &'static str,
    /// Whether the verdict needs it.
    pub required: bool,
    run: fn(&mut Facts<'_>) -> Result<Evidence, Stop>,
}

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It does not hold.
    Fail(Box<Finding>),
    /// It could not be asked.
    NotRun(NotRun),
}

/// What every check answers.
type Judged = Result<Evidence, Stop>;

const fn required(
    id: &'static str,
    spec: &'static str,
    title: &'static str,
    run: fn(&mut Facts<'_>) -> Judged,
) -> Check {
    Check { id, title, spec, required: true, run }
}

/// A check whose absence does not touch the verdict: there may be nothing of its kind.
const fn if_any(id: &'static str, spec: &'static str, title: &'static str, run: fn(&mut Facts<'_>) -> Judged) -> Check {
    Check { id, title, spec, required: false, run }
}

const KNOWN: &str = "chain.known";

/// All checks, in order of need.
pub static CHECKS: &[Check] = &[
    if_any("zip.profile", "bundle-5", "The file is a plain zip that every reader sees alike", zip::profile),
    required("bundle.listed", "bundle-1", "The files are exactly those that the bundle lists", bundle::listed),
    required("bundle.digests", "bundle-3", "Every file has the digest that the bundle lists", bundle::digests),
    required("json.canonical", "bytes-1", "Every document has its one canonical spelling", json::canonical),
    required("chain.canonical", "chain-1", "Every line of the chain is an entry", chain::canonical),
    required("chain.not-empty", "chain-1", "The chain and the period have entries", chain::not_empty),
    required("chain.contiguous", "chain-3", "No entry of the chain is missing", chain::contiguous),
    required(
        "keys.registry-versions",
        "keys-6",
        "Each registry version is signed by its roots and entered in the chain",
        keys::registry_versions,
    ),
    required(
        "keys.root-pinned",
        "keys-8",
        "The registry is signed by the root keys that you pinned",
        keys::root_pinned,
    ),
    if_any(
        "keys.not-rolled-back",
        "keys-9",
        "The registry is no older than the one you saw before",
        keys::not_rolled_back,
    ),
    required(
        "chain.checkpoints-signed",
        "chain-7",
        "Every checkpoint is signed by a log key of the registry",
        chain::checkpoints_signed,
    ),
    required("chain.roots", "chain-6", "The entries shown are the entries that were signed", chain::roots),
    required("chain.proofs", "merkle-6", "Each checkpoint is proved to extend the one before", chain::proofs),
    required(
        "chain.ends-at-checkpoint",
        "chain-7",
        "The last entry lies under the last checkpoint",
        chain::ends_at_checkpoint,
    ),
    required("bundle.signed", "bundle-3", "The bundle is signed by a key that may seal bundles", bundle::signed),
    required(KNOWN, "time-4", "This history continues the head that you already held", chain::known),
    if_any(
        "chain.witnessed",
        "time-4",
        "A witness of yours has seen this history at or after the period end",
        chain::witnessed,
    ),
    if_any("time.timestamps", "time-8", "Every time stamp is genuine, and by an authority of yours", time::timestamps),
    if_any("statements.signed", "statements-4", "Every signature of every statement holds", statements::signed),
    required(
        "statements.referenced",
        "statements-6",
        "Every statement belongs to one entry and says the same",
        statements::referenced,
    ),
    if_any("keys.in-span", "keys-9", "Every key signed only what it was allowed to, while it was", keys::in_span),
    if_any("keys.last-head", "keys-9", "Retired and revoked log keys signed no other history", keys::last_head),
    required("keys.csv", "keys-11", "The table of keys equals the signed registry", keys::csv),
    required("keys.no-private-material", "keys-13", "No private key is in the bundle", private::none),
    if_any("blobs.digests", "bundle-1", "Every attached file is named by its digest and referenced", bundle::blobs),
    required("policy.in-force", "policy-4", "Every entry names the policy that was in force", policy::in_force),
    required("bundle.agrees", "bundle-3", "What the bundle says of itself agrees with the chain", bundle::agrees),
    required(
        "bundle.complete",
        "bundle-4",
        "Everything that the period refers to is here, or named as withheld",
        bundle::complete,
    ),
    if_any("rows.roots", "rows-8", "The content root of every backup follows from its tables", rows::roots),
    if_any(
        "restore.names-backup",
        "statements-8",
        "Every restore test names a recorded backup and its numbers",
        restore::names_backup,
    ),
    if_any(
        "restore.outcome-follows",
        "rows-12",
        "Every test called passed has passed by its own numbers",
        restore::outcome_follows,
    ),
    if_any(
        "artifacts.digests",
        "verification-6",
        "The stored objects that you brought are those that the statements name",
        artifacts::digests,
    ),
];

/// Runs every check, whatever failed.
pub(crate) fn run(facts: &mut Facts<'_>) -> Vec<CheckResult> {
    let judge = |check: &'static Check| {
        let outcome = match (check.run)(facts) {
            Ok(evidence) => Outcome::Pass(evidence),
            Err(Stop::Fail(finding)) => Outcome::Fail(*finding),
            // Only where no head was given: a head that is given and does not fit is a failure.
            Err(Stop::NotRun(NotRun::NoInput(_))) if check.id == KNOWN && facts.trust.first_contact => {
                Outcome::Accepted("the reader holds no head of this history yet (--first-contact)")
            }
            Err(Stop::NotRun(reason)) => Outcome::NotRun(reason),
        };
        CheckResult { check, outcome }
    };
    CHECKS.iter().map(judge).collect()
}

/// Whether the heads that the reader holds lie in this history.
pub(crate) fn continued(results: &[CheckResult]) -> bool {
    results.iter().any(|result| result.check.id == KNOWN && matches!(result.outcome, Outcome::Pass(_)))
}

/// What stands before the rules, decided in this one place (`spec:rules-2`).
pub(crate) fn gate(results: &[CheckResult]) -> Gate {
    let pinned = results.iter().any(|r| r.check.id == "keys.root-pinned" && matches!(r.outcome, Outcome::Pass(_)));
    if results.iter().any(|result| matches!(result.outcome, Outcome::Fail(_))) {
        Gate::Closed
    } else if pinned {
        Gate::Open
    } else {
        Gate::SignerNotEstablished
    }
}

/// A finding of which nothing more is known than what it says.
fn fail(what: impl Into<String>, reads_as: ReadsAs, at: impl Into<String>) -> Stop {
    differs(what, reads_as, at, "", "")
}

/// A finding with what should stand there, and what does.
fn differs(
    what: impl Into<String>,
    reads_as: ReadsAs,
    at: impl Into<String>,
    expected: impl ToString,
    found: impl ToString,
) -> Stop {
    let (expected, found) = (expected.to_string(), found.to_string());
    Stop::Fail(Box::new(Finding { what: what.into(), reads_as, at: at.into(), expected, found }))
}

fn pass(evidence: impl Into<String>) -> Judged {
    Ok(Evidence(evidence.into()))
}

const fn nothing(what: &'static str) -> Stop {
    Stop::NotRun(NotRun::NothingToCheck(what))
}

/// `chain/entries.ndjson line 8`, for the entry at a position from 0.
fn entry_place(position: usize) -> String {
    format!("{} line {}", walwarden_core::bundle::ENTRIES, position.saturating_add(1))
}

/// `3 entries`, `1 entry`.
fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
