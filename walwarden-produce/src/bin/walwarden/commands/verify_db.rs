//! `walwarden verify-db`.

use std::{fs::File, io::BufReader, path::PathBuf};

use walwarden_core::{
    Digest,
    rows::{ContentLeaf, RowKey},
    statement::Backup,
};
use walwarden_produce::{
    ProduceError,
    backup_set::{Lists, Opening, authentic, choose, row_key},
    clock::{Clock as _, SystemClock},
    config::{Config, connection},
    error::OperatorError,
    files,
    postgres::{
        Tools,
        ranges::{self, TableRanges},
    },
    random,
    restore::compare::Expected,
    staging::Staging,
    verify_db::{Content, ContentRequest, Narrowed, manifest, verify_db},
};

use super::{identities, open, print};
use crate::{args::VerifyDbArgs, exit::Exit, job::Job, talk};

/// What the database is compared with.
struct Attested {
    backup: Backup,
    keyid: String,
    row_key: RowKey,
    lists: Lists,
    tools: Tools,
    /// Ranges of its tables, where there are any.
    ranges: Option<PathBuf>,
    /// Where they lie until the end.
    staging: Option<Staging>,
}

pub(super) fn run(job: &Job, args: &VerifyDbArgs) -> Result<Exit, ProduceError> {
    let attested = match (&args.registry, &args.trust, &args.row_key) {
        (Some(registry), Some(trust), Some(row_key)) => by_files(args, registry, trust, row_key),
        _ => by_vault(job, args)?,
    };
    let attested = attested.map_err(OperatorError::NotAttested)?;
    let Attested { backup, row_key, lists, .. } = &attested;
    let expected = Expected::of(backup, lists);
    let expected = expected.ok_or_else(|| OperatorError::NotAttested("it has no content root".into()))?;
    let target = connection("--db", &args.db, attested.tools.clone())?;
    let cancel = talk::cancel_flag();
    let bar = talk::Bar::new("reading");
    let progress = |progress: walwarden_produce::dump::Progress<'_>| bar.tell(progress);
    let jobs = args.jobs.into();
    let ranges = |tables: &[&ContentLeaf]| attested.ranges_of(tables);
    let now = || SystemClock.now();
    let scratch = attested.scratch();
    let request = ContentRequest {
        expected,
        row_key,
        ranges: &ranges,
        scratch: &scratch,
        jobs,
        now: &now,
        progress: &progress,
        cancel: &cancel,
    };
    let found = verify_db(&target, &request)?;
    bar.done();
    Ok(told(&attested, &found, expected.content_root, found.is_equal(&expected)))
}

/// From a vault: the statement is authentic, and the row key comes from the backup's own set.
fn by_vault(job: &Job, args: &VerifyDbArgs) -> Result<Result<Attested, String>, ProduceError> {
    let producer = open(job)?;
    let snapshot = producer.chain.read()?;
    let chosen = choose(&snapshot, Some(&args.manifest))?;
    let identities = identities(&producer, args.identity.as_deref())?;
    let staging = Staging::new(producer.staging(random::entry_id(producer.now())?))?;
    let opening =
        Opening { producer: &producer, store: producer.store.as_ref(), identities: &identities, staging: &staging };
    let mut keyid = String::new();
    let tools = Config::read(&job.vault)?.tools();
    let attested = authentic(&producer, &snapshot, &chosen, &mut keyid).and_then(|statement| {
        let (row_key, lists) = opening.row_key(chosen.seq, &statement.predicate)?;
        let ranges = opening.ranges(&statement.predicate)?;
        Ok(Attested { backup: statement.predicate, keyid, row_key, lists, tools, ranges, staging: None })
    });
    Ok(attested.map(|attested| Attested { staging: Some(staging), ..attested }))
}

/// From files, as an auditor has them.
fn by_files(
    args: &VerifyDbArgs,
    registry: &std::path::Path,
    trust: &std::path::Path,
    key: &std::path::Path,
) -> Result<Attested, String> {
    let manifest = manifest(std::path::Path::new(&args.manifest), registry, trust)?;
    let backup = manifest.statement.predicate;
    let content = backup.content.as_ref().ok_or("it has no content root")?;
    let given = args.list.iter().map(|file| files::read(file).map_err(|error| error.to_string()));
    let given = given.collect::<Result<Vec<_>, _>>()?;
    let lists = Lists::of(&backup, |blob| {
        let found = given.iter().find(|bytes| Digest::of(bytes) == blob);
        found.cloned().ok_or_else(|| format!("one of its lists is blobs/{blob} of the bundle: give it with --list"))
    })?;
    let row_key = row_key(key, content)?;
    let (keyid, ranges) = (manifest.keyid, args.ranges.clone());
    Ok(Attested { row_key, lists, keyid, tools: Tools::default(), backup, ranges, staging: None })
}

impl Attested {
    /// A folder for what does not fit into memory: the vault's own where there is one.
    fn scratch(&self) -> PathBuf {
        self.staging.as_ref().map_or_else(std::env::temp_dir, |staging| staging.file(""))
    }

    /// Ranges of these tables. Without them a table that differs is named all the same.
    fn ranges_of(&self, tables: &[&ContentLeaf]) -> Vec<TableRanges> {
        let Some(path) = &self.ranges else { return Vec::new() };
        let wanted = |ranges: &TableRanges| tables.iter().any(|table| ranges.is_of(table));
        let read = File::open(path).and_then(|file| ranges::read(BufReader::new(file), &wanted));
        read.unwrap_or_else(|error| {
            eprintln!("note: {} holds no ranges of tables: {error}", path.display());
            Vec::new()
        })
    }
}

fn told(attested: &Attested, found: &Content, expected: Digest, equal: bool) -> Exit {
    print(&[
        ("backup", attested.backup.head.entry.to_string()),
        ("snapshot", found.snapshot_at.to_string()),
        ("signer", attested.keyid.clone()),
        ("expected", expected.to_string()),
        ("content", found.root.to_string()),
        ("tables", format!("{} of {}", found.tables_equal, found.tables_expected)),
        ("rows", format!("{} of {}", found.rows, found.rows_expected)),
        ("equal", if equal { "yes" } else { "NO" }.into()),
    ]);
    for name in &found.mismatches {
        say!("differs   {}", plain(name));
        for narrowed in found.narrowed.iter().filter(|narrowed| narrowed.table == *name) {
            tell_ranges(narrowed);
        }
    }
    if !found.omitted_equal {
        say!("differs   what is left out of the content");
    }
    if equal {
        return Exit::Done;
    }
    talk::two_lines(
        "the database is not equal to the backup",
        "rows that were written after the backup differ too: compare with a database that nobody writes to",
    );
    Exit::Failed
}

/// Ranges of a table that are told one by one.
const RANGES_TOLD: usize = 20;

fn tell_ranges(narrowed: &Narrowed) {
    let columns: Vec<String> = narrowed.key.iter().map(|column| plain(column)).collect();
    let key = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| format!("'{}'", plain(text))).collect();
        format!("({})", texts.join(", "))
    };
    for range in narrowed.ranges.iter().take(RANGES_TOLD) {
        let from = range.from.as_deref().map(|texts| format!(" from {}", key(texts))).unwrap_or_default();
        let before = range.before.as_deref().map(|texts| format!(" before {}", key(texts))).unwrap_or_default();
        say!("  range   ({}){from}{before}: at most {} rows of the backup", columns.join(", "), range.rows);
    }
    match narrowed.ranges.len().checked_sub(RANGES_TOLD) {
        Some(more @ 1..) => say!("  range   and {more} more"),
        None if narrowed.ranges.is_empty() => say!("  range   none: the rows are equal, the columns are not"),
        _ => {}
    }
}

/// A text of a database for a terminal: what could move its cursor is spelt out.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}
