//! The judge: verifies an evidence bundle without network, process or trust in what the bundle says of itself.
//!
//! [`open`] reads a bundle, [`verify`] judges it and always returns a [`Report`], [`render::render`] writes that report.
//! Nothing here reads a clock or the environment: the instant that counts as now is an argument.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)] // input is hostile: spec:model-6

pub mod artifacts;
pub mod checks;
pub mod compare;
pub mod explain;
mod facts;
pub mod render;
pub mod report;
pub mod sample;
pub mod sandbox;
pub mod series;
pub mod show;
pub mod source;
mod threads;
pub mod trust;
pub mod workpapers;

use walwarden_core::{
    Time,
    rules::{self, Gate},
};

pub use compare::{Comparison, compare};
use facts::{Bytes, Facts};
use report::Arranged;
pub use report::{Report, RunBlock, Verdict};
pub use sample::sample;
pub use show::show;
pub use source::{Hashed, OpenError, Source, open};
pub use trust::Trust;

/// What is judged, by what, and which instant counts as now.
#[derive(Debug, Clone, Copy)]
pub struct VerifyInput<'a> {
    /// The bundle.
    pub source: &'a Source,
    /// What the auditor brings.
    pub trust: &'a Trust,
    /// Now.
    pub as_of: Time,
}

/// Judges a bundle. Total: whatever the bytes are, there is a report with every check and every rule.
#[must_use]
pub fn verify(input: &VerifyInput<'_>) -> Report {
    judge(input).0
}

/// A bundle that was read, and not yet judged: for who hashes faster than this program, and meanwhile, as a browser does
/// beside a WebAssembly module.
pub struct Reading<'a>(Bytes<'a>);

impl<'a> Reading<'a> {
    /// Reads everything that takes time, but hashes nothing as a whole.
    #[must_use]
    pub fn of(source: &'a Source) -> Self {
        Self(Bytes::without_digests(source))
    }

    /// Judges what was read, as [`verify`] does, with digests that the caller has computed of [`Source::long_parts`]; of
    /// other parts they are computed here. They are believed as the bytes are: whoever hands over both could as well hand
    /// over other bytes.
    #[must_use]
    pub fn judge(self, hashed: &[Hashed], trust: &Trust, as_of: Time) -> Report {
        judge_facts(Facts::of(self.0.hashed(hashed), trust), as_of).0
    }
}

/// As [`verify`], with what was established.
fn judge<'a>(input: &VerifyInput<'a>) -> (Report, Facts<'a>) {
    judge_facts(Facts::new(input.source, input.trust), input.as_of)
}

fn judge_facts(mut facts: Facts<'_>, as_of: Time) -> (Report, Facts<'_>) {
    let checks = checks::run(&mut facts);
    let gate = checks::gate(&checks);
    let record = facts.record();
    let rules = rules::evaluate(record.as_ref().filter(|_| gate != Gate::Closed), gate);
    let shown = facts.shown(record.as_ref());
    let policy = shown.policies.iter().rev().find_map(|policy| policy.promises.as_ref());
    let arranged = Arranged::of(policy);
    let mut trust = facts.trust.shown(checks::continued(&checks).then(|| facts.established_entries()).flatten());
    trust.contradicted = compare::contradiction(&facts);
    let report = Report {
        spec_version: "1-draft",
        subject: facts.subject(),
        as_of,
        claims: facts.claims(),
        trust,
        checks,
        rules,
        arranged,
        facts: shown,
    };
    (report.complete(), facts)
}
