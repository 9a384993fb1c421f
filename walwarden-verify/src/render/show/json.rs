//! `shown-backups.json`, version `v1-draft` (`spec/schema/shown-backups.v1-draft.json`).
//!
//! Lines, notes and envelopes are the exact bytes of the bundle, as strings: `spec:report-10` says how to check them alone.

use serde::Serialize;
use walwarden_core::{
    Digest, Period, Time,
    event::{Outcome, Purpose},
    merkle::Proof,
    statement::{Bytes, Object},
};

use crate::{
    render::escape,
    report::{BackupOutcome, Container},
    show::{BackupOfDay, Carriage, DatabaseDay, DayShown, RestoreOf, RunOfDay, Signer},
};

/// `schema` of every such document of this version.
const SCHEMA: &str = "https://walwarden.dev/spec/shown-backups/v1-draft";

/// Writes it, indented, ended by LF.
pub(super) fn render(shown: &DayShown) -> Result<String, serde_json::Error> {
    let mut text = escape::json(&serde_json::to_string_pretty(&V1::of(shown))?);
    text.push('\n');
    Ok(text)
}

#[derive(Serialize)]
struct V1<'a> {
    schema: &'static str,
    verdict: &'static str,
    exit_code: u8,
    /// Whether the verdict establishes what follows.
    established: bool,
    as_of: Time,
    bundle: Bundle<'a>,
    asked: AskedV1<'a>,
    recorded_until: Option<Time>,
    head: Option<Head<'a>>,
    /// Where no head is established: the check that did not pass.
    no_head: Option<&'static str>,
    registry: &'a [String],
    databases: Vec<Database<'a>>,
    left_out: usize,
}

#[derive(Serialize)]
struct Bundle<'a> {
    name: &'a str,
    container: &'static str,
    file_sha256: Option<Digest>,
    bundle_digest: Option<Digest>,
}

#[derive(Serialize)]
struct AskedV1<'a> {
    day: String,
    snapshot_within: Period,
    database: Option<&'a str>,
}

#[derive(Serialize)]
struct Head<'a> {
    origin: String,
    size: u64,
    root: Digest,
    note: &'a str,
}

#[derive(Serialize)]
struct Database<'a> {
    id: &'a str,
    in_scope: bool,
    /// `day`, `before` or `none`.
    found: &'static str,
    backups: Vec<Backup<'a>>,
    without_backup: Vec<Run<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    seq: u64,
    at: Time,
    outcome: &'static str,
    stage: Option<&'a str>,
    reason: Option<&'a str>,
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct Backup<'a> {
    entry: Entry<'a>,
    proof: Option<&'a Proof>,
    snapshot_at: Time,
    same_snapshot: bool,
    tables: i64,
    rows: u64,
    content_root: Option<Digest>,
    dump: &'a Object,
    dump_plain: Option<Bytes>,
    globals: Option<&'a Object>,
    row_key: Option<&'a Object>,
    statement: Statement<'a>,
    restore_tests: Vec<Restore<'a>>,
    restored_verified_at: Option<Time>,
}

#[derive(Serialize)]
struct Entry<'a> {
    seq: u64,
    id: &'a str,
    recorded_at: Time,
    hash: Digest,
    line: &'a str,
}

#[derive(Serialize)]
struct Statement<'a> {
    payload_sha256: Option<Digest>,
    state: &'static str,
    withheld_because: Option<&'a str>,
    envelope: Option<&'a str>,
    keys: Vec<Key<'a>>,
}

#[derive(Serialize)]
struct Key<'a> {
    keyid: &'a str,
    fingerprint: Option<Digest>,
    custodian: Option<&'a str>,
    state: Option<&'a str>,
}

#[derive(Serialize)]
struct Restore<'a> {
    seq: u64,
    id: &'a str,
    purpose: Purpose,
    outcome: Outcome,
    started_at: Time,
    checks_passed_at: Option<Time>,
    performed_by: &'a str,
    statement: &'static str,
}

impl<'a> V1<'a> {
    fn of(shown: &'a DayShown) -> Self {
        let report = &shown.report;
        let verdict = report.verdict();
        Self {
            schema: SCHEMA,
            verdict: verdict.word(),
            exit_code: verdict.exit_code(),
            established: shown.is_established(),
            as_of: report.as_of,
            bundle: Bundle {
                name: &report.subject.name,
                container: match report.subject.container {
                    Container::Zip => "zip",
                    Container::Folder => "folder",
                },
                file_sha256: report.subject.file_digest,
                bundle_digest: report.subject.bundle_digest,
            },
            asked: AskedV1 {
                day: shown.day.to_string(),
                snapshot_within: shown.day.period(),
                database: shown.database.as_deref(),
            },
            recorded_until: shown.recorded_until,
            head: shown.head.as_ref().ok().map(|signed| Head {
                origin: signed.head.origin.to_string(),
                size: signed.head.tree.size,
                root: signed.head.tree.root,
                note: &signed.note,
            }),
            no_head: shown.head.as_ref().err().copied(),
            registry: &shown.registry,
            databases: shown.databases.iter().map(Database::of).collect(),
            left_out: shown.left_out,
        }
    }
}

impl<'a> Database<'a> {
    fn of(database: &'a DatabaseDay) -> Self {
        Self {
            id: &database.id,
            in_scope: database.in_scope,
            found: match (database.of_day, database.backups.is_empty()) {
                (true, _) => "day",
                (false, false) => "before",
                (false, true) => "none",
            },
            backups: database.backups.iter().map(Backup::of).collect(),
            without_backup: database.others.iter().map(Run::of).collect(),
        }
    }
}

impl<'a> Run<'a> {
    fn of(run: &'a RunOfDay) -> Self {
        let (outcome, failed) = match &run.outcome {
            BackupOutcome::Failed { stage, reason, message } => ("failed", Some((stage, reason, message))),
            BackupOutcome::Open | BackupOutcome::Completed(_) => ("open", None),
        };
        Self {
            seq: run.seq,
            at: run.at,
            outcome,
            stage: failed.map(|(stage, ..)| stage.as_str()),
            reason: failed.map(|(_, reason, _)| reason.as_str()),
            message: failed.map(|(.., message)| message.as_str()),
        }
    }
}

impl<'a> Backup<'a> {
    fn of(backup: &'a BackupOfDay) -> Self {
        let (said, statement) = (&backup.said, backup.statement.said.as_deref());
        Self {
            entry: Entry {
                seq: backup.seq,
                id: &backup.id,
                recorded_at: backup.recorded_at,
                hash: backup.entry_hash,
                line: &backup.line,
            },
            proof: backup.proof.as_ref(),
            snapshot_at: said.snapshot_at,
            same_snapshot: said.same_snapshot,
            tables: said.tables,
            rows: said.rows.0,
            content_root: said.content_root,
            dump: &said.object,
            dump_plain: statement.map(|statement| statement.plain),
            globals: statement.map(|statement| &statement.globals.object),
            row_key: statement.and_then(|statement| Some(&statement.rowkey.as_ref()?.object)),
            statement: Statement {
                payload_sha256: backup.statement.payload,
                state: word(&backup.statement.state),
                withheld_because: match &backup.statement.state {
                    Carriage::Withheld(reason) => Some(reason),
                    _ => None,
                },
                envelope: backup.statement.envelope.as_deref(),
                keys: backup.statement.signers.iter().map(Key::of).collect(),
            },
            restore_tests: backup.restores.iter().map(Restore::of).collect(),
            restored_verified_at: backup.restored_verified_at(),
        }
    }
}

impl<'a> Key<'a> {
    fn of(signer: &'a Signer) -> Self {
        let key = signer.key.as_ref();
        Self {
            keyid: &signer.keyid,
            fingerprint: key.map(|key| key.fingerprint),
            custodian: key.map(|key| key.custodian.as_str()),
            state: key.map(|key| key.state.as_str()),
        }
    }
}

impl<'a> Restore<'a> {
    fn of(test: &'a RestoreOf) -> Self {
        Self {
            seq: test.seq,
            id: &test.id,
            purpose: test.said.purpose,
            outcome: test.said.outcome,
            started_at: test.said.started_at,
            checks_passed_at: test.said.checks_passed_at,
            performed_by: &test.said.performed_by,
            statement: word(&test.statement),
        }
    }
}

const fn word(state: &Carriage) -> &'static str {
    match state {
        Carriage::Verified => "verified",
        Carriage::NotVerified => "not-verified",
        Carriage::Withheld(_) => "withheld",
        Carriage::NotCarried => "not-carried",
    }
}
