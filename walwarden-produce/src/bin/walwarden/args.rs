//! What was typed.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  walwarden init --vault /srv/vault --keys /srv/keys --root-key /media/usb/root.pem \\
      --organisation Acme --origin acme.example/backups --db shop=service=shop --zone Europe/Berlin
  walwarden --vault /srv/vault backup shop
  walwarden --vault /srv/vault restore-test
  walwarden --vault /srv/vault bundle --period 2026-Q3";

/// Attested PostgreSQL backups, restore tests and sealed evidence bundles.
#[derive(Debug, Parser)]
#[command(name = "walwarden", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Args {
    /// The vault's folder
    #[arg(long, global = true, value_name = "DIR", env = "WALWARDEN_VAULT", default_value = ".")]
    pub(crate) vault: PathBuf,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the passphrase of the keys comes from; asked for on the terminal otherwise.
#[derive(Debug, Group)]
#[group(multiple = false)]
pub(crate) struct PassphraseArgs {
    /// Read the passphrase from the first line of a file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read the passphrase from the first line of an open file descriptor
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a vault, its keys and a minimal policy
    Init(Box<InitArgs>),
    /// Make one attested backup now
    Backup(BackupArgs),
    /// Restore a backup into a throwaway cluster, compare, and record what came of it
    RestoreTest(RestoreTestArgs),
    /// Seal the evidence of a period, have it judged, and write it
    Bundle(BundleArgs),
    /// Show what exists, and what the rules say of it so far
    Status,
    /// Print the newest signed head: origin, size, root
    Head,
    /// Show keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Write a policy to edit, or look for promises in one that cannot be kept
    #[command(subcommand)]
    Policy(PolicyCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List the keys of the registry
    List,
}

const POLICY_EXAMPLES: &str = "\
Example:
  walwarden policy init --minimal policy.toml
  walwarden policy check policy.toml
  walwarden init --policy policy.toml ...";

#[derive(Debug, Subcommand)]
#[command(after_help = POLICY_EXAMPLES)]
pub(crate) enum PolicyCommand {
    /// Read a policy, and say what it promises and cannot keep; ends with 1 when there is such a promise
    Check(PolicyCheckArgs),
    /// Write a commented policy to edit
    Init(PolicyInitArgs),
}

#[derive(Debug, Group)]
pub(crate) struct PolicyCheckArgs {
    /// The policy
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print findings, digest and databases as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Group)]
pub(crate) struct PolicyInitArgs {
    /// Where to write it
    #[arg(value_name = "FILE", default_value = "policy.toml")]
    pub(crate) file: PathBuf,
    /// Only backups, restore tests and retention
    #[arg(long)]
    pub(crate) minimal: bool,
}

const INIT_EXAMPLES: &str = "\
Example:
  walwarden init --vault /srv/vault --keys /srv/keys --root-key /media/usb/root.pem \\
      --organisation Acme --origin acme.example/backups --db shop=service=shop --zone Europe/Berlin

Then move the root key away from this host, and give handover.json to the auditor.";

#[derive(Debug, Group)]
#[command(after_help = INIT_EXAMPLES)]
pub(crate) struct InitArgs {
    /// Folder for log and statement keys; never inside the vault
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: PathBuf,
    /// File for the root key, to be moved away afterwards
    #[arg(long, value_name = "FILE")]
    pub(crate) root_key: PathBuf,
    /// Name of the organisation
    #[arg(long, value_name = "NAME")]
    pub(crate) organisation: String,
    /// Name of the chain, like acme.example/backups; ten random characters are added
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: String,
    /// A database: its id, and how pg_dump would reach it (service=NAME, env:VARIABLE, a URI or key=value pairs without
    /// a password)
    #[arg(long = "db", value_name = "ID=CONNECTION", required = true)]
    pub(crate) databases: Vec<String>,
    /// Time zone of days, months and quarters
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: String,
    /// Person id of the policy's author [default: the user who runs this]
    #[arg(long, value_name = "ID")]
    pub(crate) author: Option<String>,
    /// Person id of who approved the policy [default: the author]
    #[arg(long, value_name = "ID")]
    pub(crate) approved_by: Option<String>,
    /// Adopt this policy instead of a minimal one
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// As root: the user that throwaway servers run as
    #[arg(long, value_name = "USER")]
    pub(crate) run_as: Option<String>,
    /// Passphrase of the root key from a file [default: as for the other keys, when that is not asked for]
    #[arg(long, value_name = "FILE")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
}

const BACKUP_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault backup
  walwarden --vault /srv/vault --passphrase-file /run/credentials/walwarden backup shop --trigger schedule";

#[derive(Debug, Group)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct BackupArgs {
    /// Which database, by id [default: the only one]
    #[arg(value_name = "DB")]
    pub(crate) database: Option<String>,
    /// What set it going
    #[arg(long, value_enum, default_value = "manual")]
    pub(crate) trigger: TriggerArg,
    /// Sessions that read rows at the same time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TriggerArg {
    /// A person
    Manual,
    /// cron, a systemd timer, a CronJob
    Schedule,
}

const RESTORE_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault restore-test                             the newest completed backup
  walwarden --vault /srv/vault restore-test 01KA4Z8E5P9V2Q7M3D1C6B0TXY   the one of this entry or run";

#[derive(Debug, Group)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct RestoreTestArgs {
    /// Which backup, by id of its entry or run; or which database [default: the newest completed backup]
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: Option<String>,
    /// As root: the user that the throwaway server runs as
    #[arg(long, value_name = "USER")]
    pub(crate) run_as: Option<String>,
    /// Restore jobs, and sessions that read rows, at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
    /// What set it going
    #[arg(long, value_enum, default_value = "manual")]
    pub(crate) trigger: TriggerArg,
}

const BUNDLE_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault bundle --period 2026-Q3
  walwarden --vault /srv/vault bundle --period 2026-Q3 --workpapers --out acme-2026-Q3.zip
  walwarden --vault /srv/vault bundle --period 2026-07-01/2026-07-08 --no-report --out week.zip";

#[derive(Debug, Group)]
#[command(after_help = BUNDLE_EXAMPLES)]
pub(crate) struct BundleArgs {
    /// 2026-Q3, 2026-07, 2026, or START/END with dates or RFC 3339 times; days begin at midnight of the policy's zone
    #[arg(long, value_name = "PERIOD")]
    pub(crate) period: String,
    /// The file to write [default: ORIGIN-PERIOD.zip in the current folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Leave out the report that is written beside it, as HTML and as PDF
    #[arg(long)]
    pub(crate) no_report: bool,
    /// Write workpapers beside it too: populations as CSV and as one workbook, in a folder
    #[arg(long)]
    pub(crate) workpapers: bool,
    /// Write a bundle that the verifier rejects, as *.rejected.zip beside its report
    #[arg(long)]
    pub(crate) as_is: bool,
}
