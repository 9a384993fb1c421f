//! What people record: actions, alerts, holds, maintenance, corrections.

use std::path::PathBuf;

use clap::{Args as Group, Subcommand, ValueEnum};
use walwarden_core::event::{ActionKind, Duty, OperatorActionKind};

#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Open an action about entries
    Open(ActionOpenArgs),
    /// Say how an open action goes on
    Update(ActionNextArgs),
    /// Close an action
    Close(ActionNextArgs),
}

#[derive(Debug, Group)]
pub(crate) struct ActionOpenArgs {
    /// Ids of the entries that it is about
    #[arg(value_name = "ENTRY")]
    pub(crate) subjects: Vec<String>,
    /// What is done
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: String,
    /// Why it is needed, in one word, such as disk-full
    #[arg(long, value_name = "WORD")]
    pub(crate) reason_code: String,
    /// Of which kind
    #[arg(long, value_enum, default_value = "corrective")]
    pub(crate) kind: ActionKindArg,
    /// What lay behind it
    #[arg(long, value_name = "TEXT")]
    pub(crate) root_cause: Option<String>,
    /// Person id of who sees to it [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) owner: Option<String>,
    /// By when: a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    pub(crate) due: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct ActionNextArgs {
    /// Id of the entry that opened it
    #[arg(value_name = "ACTION")]
    pub(crate) action: String,
    /// What was done
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: String,
    /// What lay behind it
    #[arg(long, value_name = "TEXT")]
    pub(crate) root_cause: Option<String>,
    /// By when: a date, or an RFC 3339 time [default: as before]
    #[arg(long, value_name = "TIME")]
    pub(crate) due: Option<String>,
    /// Ids of entries that show that it is done, such as a passed restore test
    #[arg(long, value_name = "ENTRY")]
    pub(crate) closed_by: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum ActionKindArg {
    /// Keeps it from happening again
    Corrective,
    /// Says why it is as it is
    Explanation,
    /// Takes it as it is
    RiskAcceptance,
    /// What was learnt
    Lesson,
}

impl ActionKindArg {
    pub(crate) const fn kind(self) -> ActionKind {
        match self {
            Self::Corrective => ActionKind::Corrective,
            Self::Explanation => ActionKind::Explanation,
            Self::RiskAcceptance => ActionKind::RiskAcceptance,
            Self::Lesson => ActionKind::Lesson,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// Acknowledge an alert
    Ack(AlertAckArgs),
    /// Raise a test alert on each channel of the policy, to see whether it arrives
    Test(AlertTestArgs),
}

#[derive(Debug, Group)]
pub(crate) struct AlertAckArgs {
    /// Id of the entry that raised it
    #[arg(value_name = "ENTRY")]
    pub(crate) alert: String,
    /// Person id [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) by: Option<String>,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Person id of who was told further
    #[arg(long, value_name = "ID")]
    pub(crate) escalated_to: Option<String>,
}

#[derive(Debug, Group)]
pub(crate) struct AlertTestArgs {
    /// Only this channel
    #[arg(long, value_name = "NAME")]
    pub(crate) channel: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HoldCommand {
    /// Keep a backup, a database's backups, or all (*) from being deleted
    Place(HoldArgs),
    /// End a hold
    Release(HoldArgs),
}

#[derive(Debug, Group)]
pub(crate) struct HoldArgs {
    /// Id of a backup's entry, a database, or *
    #[arg(value_name = "SCOPE")]
    pub(crate) scope: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Person id [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MaintenanceCommand {
    /// Say beforehand that duties rest for a while
    Declare(MaintenanceArgs),
}

#[derive(Debug, Group)]
pub(crate) struct MaintenanceArgs {
    /// Which database; * for all
    #[arg(value_name = "DB")]
    pub(crate) database: String,
    /// From when: a date, or an RFC 3339 time; not before now
    #[arg(long, value_name = "TIME")]
    pub(crate) from: String,
    /// To when
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
    /// What rests
    #[arg(long = "kind", value_enum, required = true)]
    pub(crate) kinds: Vec<DutyArg>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Person id
    #[arg(long, value_name = "ID")]
    pub(crate) approved_by: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum DutyArg {
    /// Backups
    Backup,
    /// Copies
    Copy,
    /// Restore tests
    RestoreTest,
    /// Captures
    Evidence,
}

impl DutyArg {
    pub(crate) const fn duty(self) -> Duty {
        match self {
            Self::Backup => Duty::Backup,
            Self::Copy => Duty::Copy,
            Self::RestoreTest => Duty::RestoreTest,
            Self::Evidence => Duty::Evidence,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum NoteCommand {
    /// Say what a member of an entry should have been; nothing is edited, and no rule reads it
    Correct(NoteArgs),
}

#[derive(Debug, Group)]
pub(crate) struct NoteArgs {
    /// Id of the entry
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
    /// Which member of its data
    #[arg(long, value_name = "NAME")]
    pub(crate) member: String,
    /// What it should have been
    #[arg(long, value_name = "VALUE")]
    pub(crate) now: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OperatorCommand {
    /// Record what was done by hand to a system that backups depend on
    Record(OperatorArgs),
}

#[derive(Debug, Group)]
pub(crate) struct OperatorArgs {
    /// What was done
    #[arg(value_name = "ACTION")]
    pub(crate) action: OperatorActionArg,
    /// To what
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Person id
    #[arg(long, value_name = "ID")]
    pub(crate) approved_by: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum OperatorActionArg {
    /// A backup outside of the schedule
    ManualBackup,
    /// A restore into production
    RestoreProd,
    /// A key was used by hand
    KeyUse,
    /// A configuration was changed
    ConfigChange,
    /// Somebody logged in
    Login,
    /// Backups were read
    Read,
    /// Backups were downloaded
    Download,
}

impl OperatorActionArg {
    pub(crate) const fn action(self) -> OperatorActionKind {
        match self {
            Self::ManualBackup => OperatorActionKind::ManualBackup,
            Self::RestoreProd => OperatorActionKind::RestoreProd,
            Self::KeyUse => OperatorActionKind::KeyUse,
            Self::ConfigChange => OperatorActionKind::ConfigChange,
            Self::Login => OperatorActionKind::Login,
            Self::Read => OperatorActionKind::Read,
            Self::Download => OperatorActionKind::Download,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum HandoffCommand {
    /// Record that another region took over from a backup
    Record(HandoffArgs),
}

#[derive(Debug, Group)]
pub(crate) struct HandoffArgs {
    /// Id of the backup's entry
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: String,
    /// Region that handed over
    #[arg(long, value_name = "REGION")]
    pub(crate) from_region: String,
    /// Region that took over
    #[arg(long, value_name = "REGION")]
    pub(crate) to_region: String,
    /// The content root was compared and equal
    #[arg(long)]
    pub(crate) root_verified: bool,
    /// The backup's signature was checked and good
    #[arg(long)]
    pub(crate) signature_valid: bool,
    /// Person id of who checked [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) verified_by: Option<String>,
    /// When the other region was in use: a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    pub(crate) online_at: Option<String>,
}

/// What people add to a restore test.
#[derive(Debug, Group, Default)]
pub(crate) struct TestWordsArgs {
    /// Person id of who performs it; without, it is a service's test [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) performed_by: Option<String>,
    /// Person id of who approved it
    #[arg(long, value_name = "ID")]
    pub(crate) approved_by: Option<String>,
    /// What was learnt
    #[arg(long, value_name = "TEXT")]
    pub(crate) lessons: Option<String>,
    /// The runbook that is followed; its path and digest are recorded
    #[arg(long, value_name = "FILE")]
    pub(crate) runbook: Option<PathBuf>,
    /// The keys were fetched from where the policy says that they are kept, not from this host
    #[arg(long)]
    pub(crate) keys_retrieved: bool,
    /// The configuration was fetched from where the policy says that it is kept
    #[arg(long)]
    pub(crate) config_retrieved: bool,
    /// A file that goes with the record, such as a screenshot; as often as needed
    #[arg(long = "attach", value_name = "FILE")]
    pub(crate) attachments: Vec<PathBuf>,
}
