//! One attested backup: dumped, stored, read back, stated, chained.
//!
//! `backup.started` is under a signed head before the work begins. What went wrong becomes `backup.failed`, and nothing
//! of the object set stays behind; a killed run shows as started and never ended.

mod failure;
mod statement;

use std::sync::atomic::{AtomicBool, Ordering};

use walwarden_core::{
    Decimal, EntryId, Time,
    event::{BackupCompleted, BackupFailed, BackupStarted, Event, Stage, Trigger},
    rows::RowKey,
    statement::{Backup, Bytes, Head, Object, Predicate as _, backup::CompleteSet},
    value::hex,
};
use zeroize::Zeroizing;

use crate::{
    backup_set::{DUMP, GLOBALS, RANGES, ROWKEY},
    config::{self, DatabaseConfig},
    dump::{DumpRequest, Dumped, Progress, attested_dump},
    error::{OperatorError, ProduceError},
    files,
    producer::{Producer, Signers},
    random,
    runs::{self, Mark},
    spool::{Recorded, Stated, record},
    staging::Staging,
    store::{self, Store},
    vault::Context,
};
use failure::{Failure, recordable, short};
use statement::Parts;

/// What to back up, and how.
pub struct BackupRequest<'a> {
    /// Which database.
    pub database: &'a DatabaseConfig,
    /// What set it going.
    pub trigger: Trigger,
    /// When it was due.
    pub expected_at: Option<Time>,
    /// Entry of the failure that it makes good.
    pub retry_of: Option<EntryId>,
    /// Sessions that read rows at the same time.
    pub jobs: usize,
    /// Told how far the work is.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Set to stop early.
    pub cancel: &'a AtomicBool,
}

/// A completed backup.
#[derive(Debug)]
pub struct BackedUp {
    /// Its entry, or that it waits for the signer.
    pub entry: Recorded,
    /// What the entry says.
    pub completed: BackupCompleted,
    /// What a person should read.
    pub warnings: Vec<String>,
}

/// A backup that did not come about.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotBackedUp {
    /// Why.
    pub error: ProduceError,
    /// The entry that records the failure, or that it waits for the signer; `None` when nothing could be recorded.
    pub recorded: Option<Recorded>,
    /// Why it could not be recorded, after it had begun.
    pub unrecorded: Option<Box<ProduceError>>,
}

impl From<ProduceError> for NotBackedUp {
    fn from(error: ProduceError) -> Self {
        Self { error, recorded: None, unrecorded: None }
    }
}

/// Makes a backup.
///
/// # Errors
/// [`NotBackedUp`]: recorded as failed, or not begun at all.
pub fn backup(
    producer: &mut Producer,
    signers: &mut Signers,
    request: &BackupRequest<'_>,
) -> Result<BackedUp, NotBackedUp> {
    encrypted_as_promised(producer, request.database)?;
    let run = Run { id: random::entry_id(producer.now())?, started_at: producer.now(), request };
    let folder = run.folder();
    let mark = runs::mark(&producer.folder, run.id, &folder).map_err(ProduceError::from)?;
    let started = BackupStarted {
        database: request.database.id.clone(),
        run_id: run.id,
        trigger: request.trigger,
        expected_at: request.expected_at,
        retry_of: request.retry_of,
        reason: None,
    };
    let started = Stated::plain(Some(run.started_at), Event::BackupStarted(Box::new(started)));
    record(producer, signers, |_| Ok(started))?;
    let stored = match run.dump_and_store(producer, &folder) {
        Ok(stored) => stored,
        Err(failure) => return Err(run.failed(producer, signers, mark, failure)),
    };
    let warnings = stored.dumped.warnings.clone();
    match run.complete(producer, signers, stored) {
        Ok((entry, completed)) => Ok(BackedUp { entry, completed, warnings }),
        Err(error) => Err(run.not_acknowledged(producer, signers, mark, error)),
    }
}

/// Refuses to store in the clear what the policy promises to encrypt.
fn encrypted_as_promised(producer: &Producer, database: &DatabaseConfig) -> Result<(), ProduceError> {
    let policy = producer.policy(&producer.chain.read()?)?;
    let promised = policy.as_ref().and_then(|policy| policy.database(&database.id)?.encryption.as_ref());
    let is_promised = promised.is_some_and(|promised| !promised.backup.is_empty());
    if is_promised && producer.encryption.is_none() {
        return Err(OperatorError::Unencrypted(database.id.clone()).into());
    }
    Ok(())
}

/// Refuses to dump for hours into a store that does not exist; one that does not answer now may do so by then.
fn has_bucket(store: &dyn Store, folder: &str) -> Result<(), Failure> {
    match store.list(&format!("{folder}/")) {
        Err(error) if error.reason_code() == "bucket-missing" => Err(Failure::storage(Stage::Preflight, error)),
        _ => Ok(()),
    }
}

struct Run<'a> {
    id: EntryId,
    started_at: Time,
    request: &'a BackupRequest<'a>,
}

/// Everything of a backup but its statement.
struct Stored {
    dumped: Dumped,
    row_key: RowKey,
    dump: Object,
    globals: Object,
    rowkey: Object,
    completed_at: Time,
}

impl Run<'_> {
    /// `shop/20261121T043012Z-01K...`, all that a backup leaves in the store.
    fn folder(&self) -> String {
        let digits = self.started_at.to_string().replace(['-', ':'], "");
        let stamp = digits.split('.').next().unwrap_or_default().to_owned();
        format!("{}/{stamp}Z-{}", self.request.database.id, self.id)
    }

    fn dump_and_store(&self, producer: &Producer, folder: &str) -> Result<Stored, Failure> {
        let database = self.request.database;
        let connection = config::connection(&database.id, &database.connection, producer.config.tools())
            .map_err(Failure::connection)?;
        let preflight = |error| Failure::storage(Stage::Preflight, error);
        let staging = Staging::new(producer.staging(self.id)).map_err(preflight)?;
        let (dump_path, globals_path, rowkey_path) = (staging.file(DUMP), staging.file(GLOBALS), staging.file(ROWKEY));
        let ranges_path = staging.file(RANGES);
        let secret = Zeroizing::new(random::bytes::<32>().map_err(Failure::bug)?);
        let row_key = RowKey::new(*secret).map_err(|error| Failure::bug(ProduceError::Bug(error.to_string())))?;
        let text = Zeroizing::new(hex(secret.as_slice()) + "\n");
        files::create(&rowkey_path, text.as_bytes(), 0o600).map_err(|error| Failure::storage(Stage::Upload, error))?;
        has_bucket(producer.store.as_ref(), folder)?;
        let clock = producer.clock.clone();
        let dumped = attested_dump(
            &connection,
            &DumpRequest {
                dump_path: &dump_path,
                globals_path: &globals_path,
                ranges_path: &ranges_path,
                row_key: &row_key,
                settings: &database.dump,
                jobs: self.request.jobs.max(1),
                now: &|| clock.now(),
                progress: self.request.progress,
                cancel: self.request.cancel,
            },
        )
        .map_err(|error| Failure::dump(error, self.request.cancel))?;
        (self.request.progress)(Progress::Stage(Stage::Upload));
        let put = |name: &str, plain: Bytes| {
            let (key, path) = (format!("{folder}/{name}"), staging.file(name));
            store::put(producer.store.as_ref(), &key, (&path, plain), &producer.encryption)
                .map_err(|error| Failure::storage(Stage::Upload, error))
        };
        let dump = put(DUMP, dumped.plain)?;
        let globals = put(GLOBALS, dumped.globals)?;
        let written = Bytes { bytes: Decimal(text.len() as u64), sha256: walwarden_core::Digest::of(text.as_bytes()) };
        let rowkey = put(ROWKEY, written)?;
        if dumped.ranges.bytes.0 > 0 {
            put(RANGES, dumped.ranges)?;
        }
        if self.request.cancel.load(Ordering::Relaxed) {
            return Err(Failure::interrupted(Stage::Upload));
        }
        Ok(Stored { dumped, row_key, dump, globals, rowkey, completed_at: producer.now() })
    }

    /// States and chains what was stored.
    fn complete(
        &self,
        producer: &mut Producer,
        signers: &mut Signers,
        stored: Stored,
    ) -> Result<(Recorded, BackupCompleted), ProduceError> {
        let data = self.completed(&stored);
        let set = CompleteSet {
            keys_ref: producer.config.keys_ref(),
            keys_seen_at: None,
            config_ref: producer.config.complete_set.config_ref.clone(),
            config_sha256: producer.config.sha256,
        };
        let encryption = producer.encryption.stated();
        let event = Event::BackupCompleted(Box::new(data.clone()));
        let entry = record(producer, signers, |context| {
            let mut parts = Parts { data: data.clone(), set, stored, encryption, blobs: Vec::new() };
            let payload = parts.payload(context)?;
            let blobs = parts.blobs;
            let at = Some(parts.data.completed_at);
            Ok(Stated { at, event, statement: Some((Backup::FILE, payload)), blobs })
        })?;
        Ok((entry, data))
    }

    fn completed(&self, stored: &Stored) -> BackupCompleted {
        let dumped = &stored.dumped;
        BackupCompleted {
            database: self.request.database.id.clone(),
            run_id: self.id,
            started_at: self.started_at,
            snapshot_at: dumped.snapshot_at,
            completed_at: stored.completed_at,
            object: stored.dump.clone(),
            same_snapshot: true,
            content_root: Some(dumped.content_root),
            schema: dumped.schema.digests,
            tables: i64::try_from(dumped.tables).unwrap_or(i64::MAX),
            rows: Decimal(dumped.rows),
            warnings: i64::try_from(dumped.warnings.len()).unwrap_or(i64::MAX),
        }
    }

    /// Removes what there is of the object set, then records the failure: in this order, so that a disk that is full
    /// has room for the record.
    /// What a store that does not answer keeps is removed by a later run.
    fn failed(&self, producer: &mut Producer, signers: &mut Signers, mark: Mark, failure: Failure) -> NotBackedUp {
        let discarded = store::discard(producer.store.as_ref(), &self.folder());
        if discarded.is_err() {
            mark.leave();
        }
        let event = BackupFailed {
            database: self.request.database.id.clone(),
            run_id: self.id,
            stage: failure.stage,
            reason_code: failure.reason_code.into(),
            exit_code: match &failure.error {
                ProduceError::Dump(error) => error.exit_code.map(i64::from),
                _ => None,
            },
            message: Some(short(&recordable(&failure.error))).filter(|message| !message.is_empty()),
            retry_of: self.request.retry_of,
        };
        let failed = Stated::plain(None, Event::BackupFailed(Box::new(event)));
        let recorded = record(producer, signers, |_| Ok(failed));
        let (recorded, unrecorded) = match recorded {
            Ok(entry) => (Some(entry), discarded.err().map(|error| Box::new(error.into()))),
            Err(error) => (None, Some(Box::new(error))),
        };
        NotBackedUp { error: failure.error, recorded, unrecorded }
    }

    /// The objects are stored, but their entry was not acknowledged. When its line is in the chain all the same, the
    /// next head will cover it, and it needs its objects.
    fn not_acknowledged(
        &self,
        producer: &mut Producer,
        signers: &mut Signers,
        mark: Mark,
        error: ProduceError,
    ) -> NotBackedUp {
        let chained = producer.chain.read().and_then(|snapshot| {
            let entries = snapshot.entries()?;
            let is_it = |event| matches!(event, Event::BackupCompleted(done) if done.run_id == self.id);
            Ok(entries.all().iter().rev().any(|entry| is_it(entry.event())))
        });
        match chained {
            Ok(false) => {
                let stage = if matches!(error, ProduceError::Storage(_)) { Stage::Upload } else { Stage::Sign };
                let reason_code = match &error {
                    ProduceError::Storage(error) => error.reason_code(),
                    ProduceError::Operator(OperatorError::StatementTooLong) => "statement-too-long",
                    _ => "not-signed",
                };
                self.failed(producer, signers, mark, Failure { stage, reason_code, error })
            }
            _ => error.into(),
        }
    }
}

/// What every statement repeats of its entry.
#[must_use]
pub fn head(context: &Context) -> Head {
    Head {
        origin: context.origin.clone(),
        entry: context.id,
        policy: context.policy,
        actor: context.identity.actor.clone(),
        tool: context.identity.tool.clone(),
    }
}
