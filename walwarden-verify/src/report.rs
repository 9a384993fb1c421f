//! The one result that every output renders (`spec/15-report.md`).
//!
//! Renderers lay it out; they never filter, sort, count or judge. Strings in it come from the bundle and are hostile:
//! each output escapes for its own target.

mod arranged;
pub mod recorded;

use std::collections::BTreeMap;

use walwarden_core::{
    Digest, Origin, Period, Time,
    event::{BackupFailed, Event},
    merkle::TreeHead,
    policy::Policy,
    rules::{RuleResult, Status, exposure::Exposure},
    zone::Zone,
};

use crate::{
    checks::{CHECKS, Check},
    compare::Relation,
};
pub use arranged::{Arranged, ArrangedBy, Availability};
pub use recorded::Recorded;

/// Everything the verifier knows of one bundle.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// Version of the specification by which was judged.
    pub spec_version: &'static str,
    /// The file or folder.
    pub subject: Subject,
    /// The instant given as now; the verdict depends on nothing later.
    pub as_of: Time,
    /// What the bundle says of itself; `None` unless its statement could be read.
    pub claims: Option<Claims>,
    /// What the reader brought.
    pub trust: TrustShown,
    /// One result for each check of [`CHECKS`], in that order.
    pub checks: Vec<CheckResult>,
    /// One result for each rule, in the order of the rules.
    pub rules: Vec<RuleResult>,
    /// By which frameworks the criteria are arranged; the verdict does not depend on it.
    pub arranged: Arranged,
    /// Facts shown beside the verdict: only from bytes whose checks passed.
    pub facts: Shown,
}

/// What was read.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Last part of the path, as given.
    pub name: String,
    /// A zip, or an unpacked folder.
    pub container: Container,
    /// Bytes of the zip, or the sum over the files of a folder.
    pub bytes: u64,
    /// SHA-256 of the zip; a folder has none.
    pub file_digest: Option<Digest>,
    /// SHA-256 of the `bundle/v1` payload: the identity of the bundle.
    pub bundle_digest: Option<Digest>,
}

/// How the bundle came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// One zip file.
    Zip,
    /// A folder with the files unpacked.
    Folder,
}

/// Members of the bundle statement and of the genesis entry.
#[derive(Debug, Clone)]
pub struct Claims {
    /// The organisation's name.
    pub organisation: String,
    /// Name of the chain.
    pub origin: Origin,
    /// The period, half-open.
    pub period: Period,
    /// The policy's time zone.
    pub zone: String,
    /// When it says that it was sealed: self-asserted.
    pub sealed_at: Time,
    /// Size and root of the chain at the end.
    pub head: TreeHead,
    /// How the keys were made, as the registry says: `same-host` or `separate`.
    pub ceremony: Option<String>,
}

/// What the reader brought, and chose.
#[derive(Debug, Clone, Default)]
pub struct TrustShown {
    /// Pinned root keys by SHA-256 of their SPKI; empty: none.
    pub pins: Vec<Digest>,
    /// How many pinned keys must have signed.
    pub threshold: usize,
    /// The head the reader already held, and where it came from.
    pub known: Option<KnownHead>,
    /// Subjects of the roots of time-stamping authorities.
    pub tsa_roots: Vec<String>,
    /// `--first-contact` was given.
    pub first_contact: bool,
    /// How this history contradicts that of the bundle given with `--previous`; `None` where it does not.
    pub contradicted: Option<Contradiction>,
}

/// The bundle given with `--previous` is no earlier part of this history (`spec:comparison-1`).
#[derive(Debug, Clone)]
pub struct Contradiction {
    /// Last part of its path, as given.
    pub previous: String,
    /// What this history is to that one.
    pub relation: Relation,
    /// On what that rests: sentences without line breaks.
    pub why: String,
}

/// A head the reader held before.
#[derive(Debug, Clone)]
pub struct KnownHead {
    /// Size and root.
    pub head: TreeHead,
    /// `--previous`, `--known-head` or `--trust`.
    pub source: &'static str,
    /// Entries of this bundle that lie after it, once it is established that the chain continues it.
    pub entries_after: Option<u64>,
}

/// What the established record holds, for display.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Shown {
    /// Entries of the chain, from genesis.
    pub entries: u64,
    /// Of these, recorded in the period.
    pub entries_in_period: u64,
    /// From the first entry to the last, as recorded; `None` where there is none.
    pub span: Option<Period>,
    /// Offsets of the zone of the policy last in force, as the record holds them; `None` where it holds none.
    pub zone: Option<Zone>,
    /// Databases in scope.
    pub databases: Vec<DatabaseShown>,
    /// Policy versions in force in the period, oldest first.
    pub policies: Vec<PolicyShown>,
    /// Backups recorded in the period, failures included, in chain order.
    pub backups: Vec<BackupShown>,
    /// Restore tests recorded in the period, in chain order.
    pub restores: Vec<RestoreShown>,
    /// Time stamps that hold over heads of this chain, by size.
    pub stamps: Vec<StampShown>,
    /// Every key of the newest registry, roots first.
    pub keys: Vec<KeyShown>,
    /// Stored objects that the reader brought, held against the statements; `None` where none were brought.
    pub artifacts: Option<ArtifactsShown>,
    /// How old the newest backup at hand was, of each database that a policy names.
    pub exposures: Vec<ExposureShown>,
    /// Entries of the period, by type.
    pub kinds: BTreeMap<String, u64>,
    /// Events of the period that no list of its own holds, in chain order.
    pub others: Vec<OtherEvent>,
    /// Files as they were read: name, bytes, SHA-256.
    pub files: Vec<(String, u64, Digest)>,
    /// Entries whose type or data this version does not interpret: seq, id and type.
    pub not_interpreted: Vec<(u64, String, String)>,
    /// What populations are made of, event by event.
    pub recorded: Recorded,
}

/// How much data of a database a failure would have cost at each instant.
#[derive(Debug, Clone)]
pub struct ExposureShown {
    /// The database.
    pub database: String,
    /// Its teeth, the RPOs in force, and where it was above them.
    pub exposure: Exposure,
}

/// An event of the period: maintenance, holds, acts of people, corrections.
#[derive(Debug, Clone)]
pub struct OtherEvent {
    /// Position of its entry.
    pub seq: u64,
    /// When it was recorded.
    pub at: Time,
    /// What it says.
    pub event: Event,
}

/// A database of the scope.
#[derive(Debug, Clone)]
pub struct DatabaseShown {
    /// Its id in the policy.
    pub id: String,
    /// Who runs it: `supabase`, `own`, ...
    pub provider: String,
    /// Where.
    pub region: String,
    /// Who owns it.
    pub owner: String,
    /// PostgreSQL version.
    pub server_version: String,
}

/// A policy version.
#[derive(Debug, Clone)]
pub struct PolicyShown {
    /// Its name.
    pub version: String,
    /// SHA-256 of the resolved policy.
    pub digest: Digest,
    /// From when it says it is in force.
    pub effective_from: Time,
    /// Who wrote it.
    pub author: String,
    /// Who is said to have approved it.
    pub approved_by: String,
    /// Whether a signed approval exists; otherwise "approval stated, not signed".
    pub signed: bool,
    /// What it promises; `None` where it is not carried.
    pub promises: Option<Policy>,
}

/// A backup, finished or not.
#[derive(Debug, Clone)]
pub struct BackupShown {
    /// Position of the entry that ends the run, or of the start where there is no end.
    pub seq: u64,
    /// Id of that entry.
    pub id: String,
    /// The database.
    pub database: String,
    /// When the run began (from `backup.started`).
    pub started_at: Option<Time>,
    /// How it ended.
    pub outcome: BackupOutcome,
}

/// How a backup ended.
#[derive(Debug, Clone)]
pub enum BackupOutcome {
    /// The object was stored and read back, and a statement signed.
    Completed(CompletedShown),
    /// It failed, and says why.
    Failed {
        /// Stage, e.g. `dump`.
        stage: String,
        /// Stable code.
        reason: String,
        /// Redacted message, may be empty.
        message: String,
    },
    /// It started and nothing more is recorded.
    Open,
}

impl BackupOutcome {
    /// As its entry says.
    pub(crate) fn of(failed: &BackupFailed) -> Self {
        Self::Failed {
            stage: failed.stage.word().into(),
            reason: failed.reason_code.clone(),
            message: failed.message.clone().unwrap_or_default(),
        }
    }
}

/// Facts of a completed backup.
#[derive(Debug, Clone)]
pub struct CompletedShown {
    /// Instant of the snapshot.
    pub snapshot_at: Time,
    /// Bytes of the stored object.
    pub bytes: u64,
    /// SHA-256 of the stored object.
    pub sha256: Digest,
    /// Where the object lies.
    pub key: String,
    /// Tables and rows in the content root.
    pub tables: u64,
    /// Rows.
    pub rows: u64,
    /// The content root; `None` when rows were not hashed in the dump's snapshot.
    pub content_root: Option<Digest>,
    /// Key ids that signed the statement.
    pub signers: Vec<String>,
}

/// A restore test.
#[derive(Debug, Clone)]
pub struct RestoreShown {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// The database.
    pub database: String,
    /// Entry id of the restored backup.
    pub backup: String,
    /// `passed`, `failed`, `aborted`, or `open` where no end is recorded.
    pub outcome: String,
    /// When it began.
    pub started_at: Time,
    /// Seconds from the command to the last required check; only of passed tests.
    pub seconds: Option<i64>,
    /// Promised seconds.
    pub rto_s: Option<i64>,
    /// Tables equal, of tables expected.
    pub tables: (u64, u64),
    /// Rows found, of rows expected.
    pub rows: (u64, u64),
    /// Expected content root.
    pub root_expected: Option<Digest>,
    /// Content root recomputed after the restore.
    pub root_actual: Option<Digest>,
    /// Steps: name, outcome, seconds.
    pub steps: Vec<(String, String, i64)>,
    /// Who performed it.
    pub performed_by: String,
    /// What was learnt, may be empty.
    pub lessons: String,
}

/// Stored objects that the reader brought.
#[derive(Debug, Clone)]
pub struct ArtifactsShown {
    /// The folder, as given.
    pub folder: String,
    /// Every object that a backup statement names, in their order.
    pub objects: Vec<ObjectShown>,
    /// Files that belong to none of them.
    pub others: Vec<OtherFile>,
    /// How many more of these there are.
    pub others_left_out: usize,
    /// What was not looked at.
    pub more: Option<&'static str>,
}

/// An object that a backup statement names.
#[derive(Debug, Clone)]
pub struct ObjectShown {
    /// Position of the statement's entry.
    pub seq: Option<u64>,
    /// The database.
    pub database: String,
    /// `dump`, `globals` or `row key`.
    pub what: &'static str,
    /// Where it is stored.
    pub key: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// SHA-256 as stored.
    pub sha256: Digest,
    /// What the files given say.
    pub compared: Compared,
}

/// A stated object beside the files that were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// A file has the digest and the size stated.
    Equal {
        /// The file.
        path: String,
        /// It is the dump before encryption.
        before_encryption: bool,
    },
    /// A file has its name, and other bytes.
    Differs {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
        /// Its digest.
        sha256: Digest,
    },
    /// A file has its name, and could not be read.
    Unread {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// No file was given for it.
    NotGiven,
}

/// A file that belongs to no stated object.
#[derive(Debug, Clone)]
pub struct OtherFile {
    /// Path below the folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Why it belongs to none.
    pub why: String,
}

/// A time stamp over a head: it and each line under it existed not after a time, if one believes the authority.
#[derive(Debug, Clone)]
pub struct StampShown {
    /// Entries under the head.
    pub size: u64,
    /// When the authority says that it made the token.
    pub gen_time: Time,
    /// That, and the accuracy which it states: the latest instant that the token allows.
    pub not_after: Time,
    /// Subject of the certificate that signed: its own word.
    pub authority: String,
    /// The reader's root that its path ends at; `None`: named by the organisation, not independent.
    pub root: Option<String>,
}

/// A key of the registry.
#[derive(Debug, Clone)]
pub struct KeyShown {
    /// RFC 7638 thumbprint; for a root the same.
    pub keyid: String,
    /// SHA-256 of the SPKI, as pins are written.
    pub fingerprint: Digest,
    /// `root`, or its uses.
    pub uses: Vec<String>,
    /// Who holds it.
    pub custodian: String,
    /// `file`, `agent`, `kms`, `hsm`; empty for roots.
    pub storage: String,
    /// `active`, `retired`, `revoked`; for a root `pinned` or `not pinned`.
    pub state: String,
    /// The entry that brought it: its position, and when it was recorded.
    pub from: Option<(u64, Time)>,
    /// The entry since which it is not active any more.
    pub to: Option<(u64, Time)>,
}

/// The result of one check.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The check.
    pub check: &'static Check,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Pass(Evidence),
    /// It does not hold.
    Fail(Finding),
    /// It could not be asked.
    NotRun(NotRun),
    /// The reader chose to go on without it. This is no pass.
    Accepted(&'static str),
}

/// What was looked at: one line a person can follow, e.g. `41 entries, root 9f2c…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence(pub String);

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// One sentence.
    pub what: String,
    /// What kind of change it reads as.
    pub reads_as: ReadsAs,
    /// Where, e.g. `chain/entries.ndjson line 8`; may be empty.
    pub at: String,
    /// What should stand there; may be empty.
    pub expected: String,
    /// What does; may be empty.
    pub found: String,
}

/// What a failure reads as. It is a description of the bytes, not an accusation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadsAs {
    /// Bytes were changed.
    Edit,
    /// Something was taken out.
    Deletion,
    /// Something was put in.
    Insertion,
    /// Something was moved.
    Reordering,
    /// The end is missing.
    Truncation,
    /// Signed by a key that had no right to.
    ReSigning,
    /// None of these.
    Other,
}

impl ReadsAs {
    /// One word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Deletion => "deletion",
            Self::Insertion => "insertion",
            Self::Reordering => "reordering",
            Self::Truncation => "truncation",
            Self::ReSigning => "re-signing",
            Self::Other => "other",
        }
    }
}

/// Why a check was not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRun {
    /// A check it builds on did not pass.
    Needs(&'static str),
    /// The reader did not give what it reads.
    NoInput(&'static str),
    /// The bundle, authentically, does not claim it.
    NotClaimed(&'static str),
    /// There is nothing of the kind.
    NothingToCheck(&'static str),
}

/// The worst of all results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Authentic, and no exception.
    Verified,
    /// Authentic, and shows exceptions.
    Exceptions,
    /// Intact, but a required check could not be run.
    NotEstablished,
    /// A check failed.
    Rejected,
}

/// How many results of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks not run, whether required or not.
    pub not_run: usize,
    /// Of these, required ones.
    pub required_not_run: usize,
    /// Checks the reader went on without.
    pub accepted: usize,
    /// Deviating items over all rules with status exception.
    pub exceptions: usize,
    /// Rules not evidenced (`not-covered` or `no-input`).
    pub not_evidenced: usize,
}

/// What the program knows of itself; no part of [`Report`], printed apart.
#[derive(Debug, Clone, Default)]
pub struct RunBlock {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the running program; `None` where it cannot be read.
    pub program: Option<Digest>,
    /// Operating system and processor.
    pub platform: String,
    /// State of the sandbox, in words.
    pub sandbox: String,
}

impl Report {
    /// Asserts the shape: one result for each check, in order.
    #[must_use]
    pub(crate) fn complete(self) -> Self {
        assert!(
            self.checks.iter().map(|r| r.check.id).eq(CHECKS.iter().map(|c| c.id)),
            "a report has one result for each check, in order"
        );
        self
    }

    /// Counts results.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for result in &self.checks {
            match &result.outcome {
                Outcome::Pass(_) => counts.passed = counts.passed.saturating_add(1),
                Outcome::Fail(_) => counts.failed = counts.failed.saturating_add(1),
                Outcome::Accepted(_) => counts.accepted = counts.accepted.saturating_add(1),
                Outcome::NotRun(_) => {
                    counts.not_run = counts.not_run.saturating_add(1);
                    let required = usize::from(result.check.required);
                    counts.required_not_run = counts.required_not_run.saturating_add(required);
                }
            }
        }
        for rule in &self.rules {
            match rule.status {
                Status::Exception => counts.exceptions = counts.exceptions.saturating_add(rule.deviating()),
                Status::NotEvidenced if rule.lacks_evidence() => {
                    counts.not_evidenced = counts.not_evidenced.saturating_add(1);
                }
                _ => {}
            }
        }
        counts
    }

    /// The verdict: computed, never stored.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let of_checks = self.checks.iter().map(|result| match result.outcome {
            Outcome::Fail(_) => Verdict::Rejected,
            Outcome::NotRun(_) if result.check.required => Verdict::NotEstablished,
            Outcome::NotRun(_) | Outcome::Pass(_) | Outcome::Accepted(_) => Verdict::Verified,
        });
        let of_rules = self.rules.iter().map(|rule| match rule.status {
            Status::Exception => Verdict::Exceptions,
            Status::NotEvidenced if rule.lacks_evidence() => Verdict::Exceptions,
            Status::NotEvidenced
            | Status::IntegrityFailure
            | Status::NotTested
            | Status::Supported
            | Status::NotOccurred
            | Status::NotApplicable => Verdict::Verified,
        });
        of_checks.chain(of_rules).max().unwrap_or(Verdict::NotEstablished)
    }
}

impl Verdict {
    /// The exit code of the program (`spec:verification-2`).
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Verified => 0,
            Self::Rejected => 1,
            Self::NotEstablished => 3,
            Self::Exceptions => 4,
        }
    }

    /// The verdict in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Exceptions => "Verified, with exceptions",
            Self::NotEstablished => "Not established",
            Self::Rejected => "Rejected",
        }
    }

    /// One stable word for machines.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Exceptions => "exceptions",
            Self::NotEstablished => "not-established",
            Self::Rejected => "rejected",
        }
    }
}
