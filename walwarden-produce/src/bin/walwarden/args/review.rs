//! `walwarden review`.

use std::path::PathBuf;

use clap::{Args as Group, ValueEnum};
use walwarden_core::event::{Conclusion, Role};

const REVIEW_EXAMPLES: &str = "\
Examples:
  walwarden review 01KA4Z8E5P9V2Q7M3D1C6B0TXY --conclusion no_issue --notes 'all roles known' --key sec-lead.pem
  walwarden review --period 2026-Q3 --role preparer --conclusion no_issue --key ops-lead.pem
  walwarden review --period 2026-Q3 --role reviewer --conclusion no_issue --key sec-lead.pem
  walwarden review --policy --conclusion no_issue --key cto.pem

The key is the person's own, entered before by `walwarden key new review`.";

#[derive(Debug, Group)]
#[command(after_help = REVIEW_EXAMPLES)]
#[group(skip)]
pub(crate) struct ReviewArgs {
    /// Ids of the entries: captures, or what deviated
    #[arg(value_name = "ENTRY", required_unless_present_any = ["period", "policy"])]
    pub(crate) entries: Vec<String>,
    /// All that was recorded in a period
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["entries", "policy"])]
    pub(crate) period: Option<String>,
    /// The adopted policy
    #[arg(long, conflicts_with = "entries")]
    pub(crate) policy: bool,
    /// The captures are lists of roles
    #[arg(long, requires = "entries")]
    pub(crate) role_list: bool,
    /// What came of it
    #[arg(long, value_enum)]
    pub(crate) conclusion: ConclusionArg,
    /// What you remark
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) notes: String,
    /// In which role [default: reviewer; of a policy, approver]
    #[arg(long, value_enum)]
    pub(crate) role: Option<RoleArg>,
    /// Your function
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) title: String,
    /// File of your own review key
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Passphrase of your key from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) key_passphrase_file: Option<PathBuf>,
    /// Passphrase of your key from an open file descriptor
    #[arg(long, value_name = "N", conflicts_with = "key_passphrase_file")]
    pub(crate) key_passphrase_fd: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum ConclusionArg {
    /// Nothing to remark
    NoIssue,
    /// Something is not as it should be
    Issue,
}

impl ConclusionArg {
    pub(crate) const fn conclusion(self) -> Conclusion {
        match self {
            Self::NoIssue => Conclusion::NoIssue,
            Self::Issue => Conclusion::Issue,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleArg {
    /// Put it together
    Preparer,
    /// Looked at it
    Reviewer,
    /// Answers for it
    Approver,
}

impl RoleArg {
    pub(crate) const fn role(self) -> Role {
        match self {
            Self::Preparer => Role::Preparer,
            Self::Reviewer => Role::Reviewer,
            Self::Approver => Role::Approver,
        }
    }
}
