//! What was typed.

pub(crate) mod collect;
pub(crate) mod key;
pub(crate) mod people;
pub(crate) mod review;
pub(crate) mod root;
pub(crate) mod signer;

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use collect::CollectArgs;
use key::KeyCommand;
use people::{
    ActionCommand, AlertCommand, HandoffCommand, HoldCommand, MaintenanceCommand, NoteCommand, OperatorCommand,
};
use review::ReviewArgs;
use root::RootCommand;
use signer::SignerCommand;

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
    /// Do whatever the policy says is due: backups, copies, restore tests
    Run(RunArgs),
    /// Make one attested backup now
    Backup(BackupArgs),
    /// Make the copies of backups that are missing, and read again those that are due
    Copy(CopyArgs),
    /// Restore a backup into a throwaway cluster, compare, and record what came of it
    RestoreTest(RestoreTestArgs),
    /// Have the newest head stamped by a time-stamping authority
    Anchor(AnchorArgs),
    /// Have the newest head cosigned by the witnesses of walwarden.toml
    Witness,
    /// Capture evidence now: roles, settings, migrations, stores, or a file that a person brings
    Collect(CollectArgs),
    /// Delete the backups that the retention of the policy no longer keeps
    Prune(PruneArgs),
    /// Restore a backup into an empty database, for real: the same gates before, the same comparison after
    Restore(RestoreArgs),
    /// Read a database again, and compare its content with what a backup's statement attests
    VerifyDb(VerifyDbArgs),
    /// Seal the evidence of a period, have it judged, and write it
    Bundle(BundleArgs),
    /// Bring a lost vault back from its copy in a store
    #[command(subcommand)]
    Vault(VaultCommand),
    /// The chain of this vault
    #[command(subcommand)]
    Chain(ChainCommand),
    /// Show what exists, and what the rules say of it so far
    Status(StatusArgs),
    /// Look whether everything that a run needs is in order, without writing anything; ends with 1 when something is not
    Check(CheckArgs),
    /// Print the newest signed head: origin, size, root
    Head,
    /// Show, add, replace and revoke keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Keep the root on a machine apart, and sign there what this one asks for
    #[command(subcommand)]
    Root(RootCommand),
    /// Sign in a process apart from the one that backs up
    #[command(subcommand)]
    Signer(SignerCommand),
    /// Sign what you have seen, with your own key
    Review(Box<ReviewArgs>),
    /// Record what is done about something
    #[command(subcommand)]
    Action(ActionCommand),
    /// Acknowledge alerts, and test that they arrive
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Keep backups from being deleted
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Say beforehand that duties rest
    #[command(subcommand)]
    Maintenance(MaintenanceCommand),
    /// Correct what was recorded, beside it
    #[command(subcommand)]
    Note(NoteCommand),
    /// Record what was done by hand
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Record that another region took over
    #[command(subcommand)]
    Handoff(HandoffCommand),
    /// Write a policy to edit, or look for promises in one that cannot be kept
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Write a static site around a bundle: report, page to verify it, how to do so by hand
    Proof(Box<ProofArgs>),
    /// Print what a shell needs to complete command lines
    Completions {
        /// Which shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
    /// Write the man pages into a new folder
    Manual {
        /// The folder, which is made
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

const PROOF_EXAMPLES: &str = "\
Example:
  walwarden proof acme-2026-Q3.zip --trust acme-2026-Q3-handover.json \\
      --page verify.html --second verify.mjs --out site";

#[derive(Debug, Group)]
#[command(after_help = PROOF_EXAMPLES)]
pub(crate) struct ProofArgs {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,
    /// The handover that goes with it
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: PathBuf,
    /// verify.html, as it is released beside the programs
    #[arg(long, value_name = "FILE")]
    pub(crate) page: PathBuf,
    /// verify.mjs, as it is released beside the programs
    #[arg(long, value_name = "FILE")]
    pub(crate) second: PathBuf,
    /// The folder of the specification
    #[arg(long, value_name = "DIR")]
    pub(crate) spec: Option<PathBuf>,
    /// A root of a time-stamping authority; as often as needed
    #[arg(long = "tsa-root", value_name = "FILE")]
    pub(crate) tsa_roots: Vec<PathBuf>,
    /// Verifier keys of witnesses, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) witness: Option<PathBuf>,
    /// The instant that counts as now: RFC 3339 [default: the clock's]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// The folder of the site, which is made
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

const VAULT_EXAMPLES: &str = "\
Example, on a new machine, with the configuration from where you keep it and the keys back in their folder:
  walwarden --vault /srv/vault vault restore --config walwarden.toml --from dr";

#[derive(Debug, Subcommand)]
#[command(after_help = VAULT_EXAMPLES)]
pub(crate) enum VaultCommand {
    /// Make the vault's folder again: every line, statement, registry and policy
    Restore(VaultRestoreArgs),
}

#[derive(Debug, Group)]
pub(crate) struct VaultRestoreArgs {
    /// The lost vault's walwarden.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Name of the store [default: the one that `copy_to` names]
    #[arg(long, value_name = "STORE")]
    pub(crate) from: Option<String>,
}

const CHAIN_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault chain move --to service=ledger --writer walwarden
  walwarden --vault /srv/vault chain export /srv/copy
  walwarden --vault /srv/vault chain dump acme-chain --recipient auditor
  walwarden --vault /srv/vault chain recover --from dr";

#[derive(Debug, Group)]
pub(crate) struct ChainMoveArgs {
    /// The database, as pg_dump would reach it, without a password; another one than those that are backed up
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) to: String,
    /// The schema that is made there
    #[arg(long, value_name = "NAME", default_value = "walwarden")]
    pub(crate) schema: String,
    /// The role that will append; it gets no other right
    #[arg(long, value_name = "ROLE")]
    pub(crate) writer: Option<String>,
}

#[derive(Debug, Subcommand)]
#[command(after_help = CHAIN_EXAMPLES)]
pub(crate) enum ChainCommand {
    /// Move the chain into a schema of a PostgreSQL database, where many hosts may append to it
    Move(ChainMoveArgs),
    /// Write the chain into the files of an empty vault folder, from wherever it lies
    Export {
        /// The folder
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Write the chain as lines for other programs, counted, beside the bundle that proves them
    Dump {
        /// The folder, which is made
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// For whom; recorded
        #[arg(long, value_name = "WHO")]
        recipient: Option<String>,
    },
    /// Bring lines that this vault lacks from its copy in a store
    Recover {
        /// Name of the store [default: the one that `copy_to` names]
        #[arg(long, value_name = "STORE")]
        from: Option<String>,
    },
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
    /// Adopt a policy: from then on it is what is promised, once its day has come
    Adopt(PolicyAdoptArgs),
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
pub(crate) struct PolicyAdoptArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What changes, in a sentence for the report
    #[arg(long, value_name = "TEXT")]
    pub(crate) change: Option<String>,
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

Then move the root key away from this host, and give handover.json to the auditor. Better, the root is never here:
`walwarden root --help`.";

#[derive(Debug, Group)]
#[command(after_help = INIT_EXAMPLES)]
pub(crate) struct InitArgs {
    /// Folder for log and statement keys; never inside the vault
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: PathBuf,
    /// File for the root key, which is made here, to be moved away afterwards
    #[arg(long, value_name = "FILE", required_unless_present = "root_public")]
    pub(crate) root_key: Option<PathBuf>,
    /// The public half of a root that was made on another machine (`walwarden root new`); once for each
    #[arg(long, value_name = "FILE", conflicts_with = "root_key", requires = "root_exchange")]
    pub(crate) root_public: Vec<PathBuf>,
    /// How many of these must sign [default: all]
    #[arg(long, value_name = "N", requires = "root_public")]
    pub(crate) root_threshold: Option<i64>,
    /// Folder, a stick or a share, in which those machines sign: `walwarden root sign`. Waits for them
    #[arg(long, value_name = "DIR", requires = "root_public")]
    pub(crate) root_exchange: Option<PathBuf>,
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
    /// Adopt this policy; without one a few bounds are adopted, and no schedule
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// As root: the user that throwaway servers run as
    #[arg(long, value_name = "USER")]
    pub(crate) run_as: Option<String>,
    /// Passphrase of the root key from a file [default: as for the other keys, when that is not asked for]
    #[arg(long, value_name = "FILE")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
}

const STATUS_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault status
  walwarden --vault /srv/vault status --openmetrics --out /var/lib/node_exporter/textfile/walwarden.prom";

#[derive(Debug, Group)]
#[command(after_help = STATUS_EXAMPLES)]
pub(crate) struct StatusArgs {
    /// Print chain, what is due, what is wrong, rules and metrics as JSON
    #[arg(long, conflicts_with = "whole")]
    pub(crate) json: bool,
    /// Say of each rule what it comes to, and what deviates from it
    #[arg(long, conflicts_with_all = ["json", "whole"])]
    pub(crate) rules: bool,
    /// Print metrics as OpenMetrics text
    #[arg(long, group = "whole")]
    pub(crate) openmetrics: bool,
    /// Print what waits to be captured or reviewed as a calendar (iCalendar), to subscribe to
    #[arg(long, group = "whole")]
    pub(crate) ics: bool,
    /// Write the metrics or the calendar to a file, in one step
    #[arg(long, value_name = "FILE", requires = "whole")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Group)]
pub(crate) struct CheckArgs {
    /// Ask time-stamping authorities and witnesses too, whether they answer
    #[arg(long)]
    pub(crate) network: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const RUN_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault run --plan
  */5 * * * *  walwarden --vault /srv/vault --passphrase-file /run/credentials/walwarden run >/dev/null

Any timer may start it as often as it likes: what is due is done once, a second run leaves the first alone, and what was
missed or failed is recorded. It ends with 1 when anything failed.";

#[derive(Debug, Group)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunArgs {
    /// Only say what is due
    #[arg(long)]
    pub(crate) plan: bool,
    /// A file with the age identity that opens backups [default: `identity` of walwarden.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// As root: the user that throwaway servers run as
    #[arg(long, value_name = "USER")]
    pub(crate) run_as: Option<String>,
    /// Sessions and jobs at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
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

const REAL_RESTORE_EXAMPLES: &str = "\
Example:
  walwarden --vault /srv/vault restore shop --to 'service=new dbname=shop' --incident-at 2026-11-20T07:15:00Z

The signature and the bytes are checked before pg_restore runs, the content after. It is recorded as a recovery.";

#[derive(Debug, Group)]
#[command(after_help = REAL_RESTORE_EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// Which backup, by id of its entry or run; or which database, for its newest
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: String,
    /// An empty database, as pg_dump would reach it, without a password
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) to: String,
    /// A planned move, not a recovery
    #[arg(long, conflicts_with = "incident_at")]
    pub(crate) migration: bool,
    /// When what is recovered from happened, RFC 3339
    #[arg(long, value_name = "TIME")]
    pub(crate) incident_at: Option<String>,
    /// A file with the age identity that opens the backup [default: `identity` of walwarden.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Restore jobs, and sessions that read rows, at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
}

const ANCHOR_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault anchor                      asks every [[anchor]] of walwarden.toml
  walwarden --vault /srv/vault anchor --query head.tsq     writes a request to take to an authority by hand
  walwarden --vault /srv/vault anchor --attach head.tsr    keeps its answer";

#[derive(Debug, Group)]
#[command(after_help = ANCHOR_EXAMPLES)]
pub(crate) struct AnchorArgs {
    /// Attach a token or an answer that was got by hand
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    pub(crate) attach: Option<PathBuf>,
    /// Write a request (RFC 3161) over the newest head
    #[arg(long, value_name = "FILE")]
    pub(crate) query: Option<PathBuf>,
}

const PRUNE_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault prune           what would go, and what a hold keeps
  walwarden --vault /srv/vault prune --yes     deletes it in every store, confirms that it is gone, and records it";

#[derive(Debug, Group)]
#[command(after_help = PRUNE_EXAMPLES)]
pub(crate) struct PruneArgs {
    /// Delete; without it, only what would be deleted is shown
    #[arg(long)]
    pub(crate) yes: bool,
}

const COPY_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault copy                                     whatever is missing or due
  walwarden --vault /srv/vault copy 01KA4Z8E5P9V2Q7M3D1C6B0TXY --again   read all copies of one backup now";

#[derive(Debug, Group)]
#[command(after_help = COPY_EXAMPLES)]
pub(crate) struct CopyArgs {
    /// Which backup, by id of its entry [default: all that are kept]
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: Option<String>,
    /// Read every copy again, due or not
    #[arg(long)]
    pub(crate) again: bool,
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
    /// A server to make a database on and drop it afterwards, instead of a throwaway cluster
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) target: Option<String>,
    /// Why the target may be the system that was backed up, such as a branch of it
    #[arg(long, value_name = "TEXT", requires = "target")]
    pub(crate) reason: Option<String>,
    /// A file with the age identity that opens the backup [default: `identity` of walwarden.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// As root: the user that the throwaway server runs as
    #[arg(long, value_name = "USER")]
    pub(crate) run_as: Option<String>,
    /// Restore jobs, and sessions that read rows, at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
    #[command(flatten)]
    pub(crate) words: people::TestWordsArgs,
    /// What set it going
    #[arg(long, value_enum, default_value = "manual")]
    pub(crate) trigger: TriggerArg,
}

const VERIFY_DB_EXAMPLES: &str = "\
Examples:
  walwarden --vault /srv/vault verify-db shop --db service=restored    the newest backup of shop, from this vault
  walwarden verify-db manifest.json --db service=restored \\
      --registry registry.ndjson --trust handover.json --row-key rowkey   as an auditor, without a vault

Nothing is written. It ends with 1 when the database is not equal, and names the tables that differ and, where ranges of their rows
are at hand, the keys between which they differ.";

#[derive(Debug, Group)]
#[command(after_help = VERIFY_DB_EXAMPLES)]
pub(crate) struct VerifyDbArgs {
    /// A backup of this vault, by id of its entry or run or by database; with --registry, a file with its statement
    #[arg(value_name = "MANIFEST")]
    pub(crate) manifest: String,
    /// The database to read, as pg_dump would reach it, without a password
    #[arg(long, value_name = "CONNECTION")]
    pub(crate) db: String,
    /// Versions of the key registry, as a bundle carries them (keys/registry.ndjson)
    #[arg(long, value_name = "FILE", requires = "trust", requires = "row_key")]
    pub(crate) registry: Option<PathBuf>,
    /// Root pins that you got by another channel (handover.json)
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub(crate) trust: Option<PathBuf>,
    /// The row key of the backup, from its object set [default: fetched from the vault's store]
    #[arg(long, value_name = "FILE")]
    pub(crate) row_key: Option<PathBuf>,
    /// A list that was too long for the statement: of tables, of sequences, or of what is left out
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub(crate) list: Vec<PathBuf>,
    /// Ranges of the backup's tables (ranges.ndjson), from its object set, to name the rows of a table that differ
    /// [default: fetched from the vault's store]
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub(crate) ranges: Option<PathBuf>,
    /// A file with the age identity that opens the backup [default: `identity` of walwarden.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// Sessions that read rows at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) jobs: u8,
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
