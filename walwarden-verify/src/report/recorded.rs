//! What happened in the period, event by event: what populations and workpapers are made of.
//!
//! Like all of [`Shown`](super::Shown), it is there only where the chain is established. Ids are those of entries.

use walwarden_core::{Digest, Period, Time, merkle::TreeHead};

/// Events of the period, each list in order of the chain.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Recorded {
    /// When backups were due, with the end of each window.
    pub due: Vec<DueShown>,
    /// Runs of backups; one for each of `Shown::backups`, in their order.
    pub runs: Vec<RunShown>,
    /// Restore tests; one for each of `Shown::restores`, in their order.
    pub tests: Vec<TestShown>,
    /// Looks at copies.
    pub copies: Vec<CopyShown>,
    /// Objects that were to be deleted.
    pub prunes: Vec<PruneShown>,
    /// Captures of evidence.
    pub captures: Vec<CaptureShown>,
    /// Alerts.
    pub alerts: Vec<AlertShown>,
    /// What was done about deviations: recorded in the period, or open when it began.
    pub actions: Vec<ActionShown>,
    /// Reviews.
    pub reviews: Vec<ReviewShown>,
    /// The lines of `keys/keys.csv` as computed from the registry (`spec:keys-11`), without the header.
    pub keys: Vec<[String; 6]>,
}

/// When a backup was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueShown {
    /// The database.
    pub database: String,
    /// Name of the extra schedule; none of the database's own.
    pub extra: Option<String>,
    /// The window that the occurrence owns, half-open.
    pub window: Period,
}

impl DueShown {
    /// Id of its item of WW-BK-01, where it is one.
    #[must_use]
    pub fn item(&self) -> String {
        let extra = self.extra.as_ref().map(|extra| format!("/{extra}")).unwrap_or_default();
        format!("WW-BK-01/{}/{}{extra}", self.database, self.window.start)
    }
}

/// A run of a backup, beside what [`BackupShown`](super::BackupShown) says of it.
#[derive(Debug, Clone)]
pub struct RunShown {
    /// Entry hash of the entry shown.
    pub entry_hash: Digest,
    /// `schedule`, `manual` or `retry`; `None` where no start is recorded.
    pub trigger: Option<String>,
    /// The occurrence it was for, as it says.
    pub expected_at: Option<Time>,
    /// When it began.
    pub started_at: Option<Time>,
    /// When it ended: the last object was read back, or it failed.
    pub ended_at: Option<Time>,
    /// From when on it counts against the RPO: when it ended, or when the first copy was found good that lies as far
    /// apart as the policy asks; `None` until then, and where it failed.
    pub available_at: Option<Time>,
    /// How it is encrypted, and for whom, as its statement says.
    pub encryption: Option<EncryptionShown>,
}

/// How a backup is encrypted.
#[derive(Debug, Clone)]
pub struct EncryptionShown {
    /// `none` or `age-x25519`.
    pub alg: String,
    /// Recipients by id.
    pub recipients: Vec<String>,
}

/// A restore test, beside what [`RestoreShown`](super::RestoreShown) says of it.
#[derive(Debug, Clone)]
pub struct TestShown {
    /// Entry hash of the entry shown.
    pub entry_hash: Digest,
    /// `scheduled`, `drill`, `recovery` or `migration`.
    pub purpose: String,
    /// `full` or `subset`; `None` where no end is recorded.
    pub scope: Option<String>,
    /// Where.
    pub environment: String,
    /// `test`, `staging` or `prod`.
    pub class: String,
    /// When all was over.
    pub ended_at: Option<Time>,
    /// When the last required check passed.
    pub checks_passed_at: Option<Time>,
    /// Age of the data, in seconds.
    pub data_age_s: Option<i64>,
    /// Promised age, in seconds.
    pub rpo_s: Option<i64>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// Actions that follow.
    pub actions: Vec<String>,
    /// Key ids that signed the statement.
    pub signers: Vec<String>,
}

/// A look at a copy.
#[derive(Debug, Clone)]
pub struct CopyShown {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// When.
    pub at: Time,
    /// The database.
    pub database: String,
    /// Entry of the backup.
    pub backup: String,
    /// `ok`, `mismatch`, `missing` or `unreachable`.
    pub outcome: String,
    /// `full_reread`, `checksum` or `head`.
    pub method: String,
    /// Who stores it.
    pub provider: String,
    /// Account, by reference.
    pub account_ref: String,
    /// Where.
    pub region: String,
    /// In what it lies apart from the source, as recorded: `provider`, `account`, `region`.
    pub apart: Vec<&'static str>,
    /// `none`, `governance` or `compliance`.
    pub lock: String,
    /// Until when it is locked.
    pub lock_until: Option<Time>,
}

/// An object that was to be deleted.
#[derive(Debug, Clone)]
pub struct PruneShown {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// When.
    pub at: Time,
    /// The database.
    pub database: String,
    /// Entry of the backup.
    pub backup: String,
    /// Where the object lay.
    pub key: String,
    /// The tier that it fell out of.
    pub tier: String,
    /// How many that tier keeps.
    pub keep: i64,
    /// Its age in days.
    pub age_days: i64,
    /// `confirmed`, `held`, or `not confirmed`.
    pub outcome: &'static str,
}

/// A capture of evidence; what only its statement says is in `ipe`.
#[derive(Debug, Clone)]
pub struct CaptureShown {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// When.
    pub at: Time,
    /// The database, where it is about one.
    pub database: Option<String>,
    /// Which collector.
    pub collector: String,
    /// The occurrence it is for.
    pub due_at: Option<Time>,
    /// What it speaks of, half-open.
    pub covers: Period,
    /// `schedule`, `migration` or `manual`.
    pub trigger: String,
    /// `ok` or `failed`.
    pub outcome: String,
    /// Rows in its outputs.
    pub rows: u64,
    /// Rows added, removed and changed since the capture before.
    pub diff: Option<(i64, i64, i64)>,
    /// What a reviewer should look at: code and detail.
    pub flags: Vec<(String, String)>,
    /// Why by hand, or why it failed.
    pub reason: Option<String>,
    /// Information produced by the entity; `None` where its statement is not verified.
    pub ipe: Option<Ipe>,
}

/// What a capture's statement says of how it was made (information produced by the entity).
#[derive(Debug, Clone)]
pub struct Ipe {
    /// Version of the collector.
    pub collector_version: String,
    /// The server that was asked.
    pub source: Option<SourceShown>,
    /// The role it was asked as.
    pub session_role: Option<String>,
    /// Name and value.
    pub parameters: Vec<(String, String)>,
    /// Zone of the bounds.
    pub zone: String,
    /// When it began.
    pub started_at: Time,
    /// When it was over.
    pub ended_at: Time,
    /// Who ran it.
    pub run_by: String,
    /// Pages read.
    pub pages: i64,
    /// What was left out on purpose; empty: nothing.
    pub filters: Vec<String>,
    /// What the role could not see.
    pub not_visible: Vec<String>,
    /// Counted another way: how, rows, whether equal.
    pub reconciled: Option<(String, u64, bool)>,
    /// What was captured.
    pub outputs: Vec<OutputShown>,
    /// What was blackened.
    pub redactions: Vec<String>,
    /// SHA-256 of the program that captured.
    pub tool: Digest,
    /// Key ids that signed the statement.
    pub signers: Vec<String>,
}

/// A server that was asked.
#[derive(Debug, Clone)]
pub struct SourceShown {
    /// Who runs it.
    pub provider: String,
    /// SHA-256 of the host's name.
    pub host_sha256: Digest,
    /// Its own name of the database.
    pub database: String,
    /// The cluster.
    pub system_identifier: u64,
    /// PostgreSQL version.
    pub server_version: String,
    /// Whether it is a standby.
    pub in_recovery: bool,
}

/// An output of a capture.
#[derive(Debug, Clone)]
pub struct OutputShown {
    /// What it is called.
    pub name: String,
    /// SHA-256 of the blob.
    pub sha256: Digest,
    /// Its length.
    pub bytes: u64,
    /// Media type.
    pub media: String,
    /// Columns of a table.
    pub columns: Vec<String>,
    /// SHA-256 of the question.
    pub query: Option<Digest>,
}

/// An alert.
#[derive(Debug, Clone)]
pub struct AlertShown {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// When.
    pub at: Time,
    /// Its name.
    pub alert: String,
    /// How urgent.
    pub severity: String,
    /// The entry that it is about.
    pub subject: Option<String>,
    /// By which channel.
    pub channel: String,
    /// `delivered`, `failed` or `unknown`.
    pub delivery: String,
    /// Raised to see whether it arrives.
    pub test: bool,
    /// When somebody first acknowledged it, and who.
    pub acknowledged: Option<(Time, String)>,
}

/// An action, with all that was recorded of it by the period's end.
#[derive(Debug, Clone)]
pub struct ActionShown {
    /// Position of the entry that opened it.
    pub seq: u64,
    /// Id of that entry.
    pub id: String,
    /// When it was recorded.
    pub opened_at: Time,
    /// It was recorded before the period.
    pub opened_before_period: bool,
    /// `corrective`, `explanation`, `risk_acceptance` or `lesson`.
    pub kind: String,
    /// `opened`, `updated` or `closed`: what its last entry made of it.
    pub state: String,
    /// When its last entry was recorded.
    pub state_at: Time,
    /// The entries that it is about.
    pub subjects: Vec<String>,
    /// Stable code.
    pub reason_code: String,
    /// Why it came to this.
    pub root_cause: Option<String>,
    /// Person id.
    pub owner: String,
    /// When it should be done.
    pub due: Option<Time>,
    /// The entries that close it.
    pub closed_by: Vec<String>,
    /// For people.
    pub text: String,
}

impl ActionShown {
    /// Whether anything is left to do.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != "closed"
    }
}

/// A review.
#[derive(Debug, Clone)]
pub struct ReviewShown {
    /// Position of its entry.
    pub seq: u64,
    /// Id of its entry.
    pub id: String,
    /// When.
    pub at: Time,
    /// `evidence`, `exception`, `period`, `policy` or `role_list`.
    pub subject: String,
    /// The entries reviewed.
    pub subjects: Vec<String>,
    /// `preparer`, `reviewer` or `approver`.
    pub role: String,
    /// Person id.
    pub person: String,
    /// `no_issue` or `issue`.
    pub conclusion: String,
    /// The period reviewed.
    pub period: Option<Period>,
    /// The head that the person had seen.
    pub head: TreeHead,
    /// Title and notes; `None` where the statement is not verified.
    pub said: Option<(String, String)>,
}
