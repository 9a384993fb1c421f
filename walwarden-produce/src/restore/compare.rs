//! A backup brought back into an empty database, and compared with what its statement says.
//!
//! The caller has verified the statement's signature and hashed the files **before** it comes here: nothing unverified is
//! restored. What is compared is measured by the code that measured the source, and the outcome follows from it:
//! [`Restored::outcome`] is `passed` only where every step ended well.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use walwarden_core::{
    Digest, Time,
    event::{Outcome, SchemaDigests},
    rows::{ContentLeaf, RowKey, content_root},
    statement::{
        Backup,
        backup::{self, Omitted},
        restore_test::{Amcheck, SchemaSeen, SequencesSeen, Smoke, Step, StepOutcome},
    },
};

use super::{
    checks::{self, Backend, SmokeQuery},
    pg_restore,
};
use crate::{
    backup_set::Lists,
    dump::{Progress, throttle::Throttle},
    postgres::{
        Connection, ServerFacts, Session, SqlError, catalog,
        quote::quote_ident,
        rows::Reading,
        schema::{differing_kinds, fingerprint},
        snapshot,
    },
};

/// What to restore, and what it must be equal to.
pub struct RestoreRequest<'a> {
    /// The dump, its digest already checked: a file, or a folder in pg_dump's directory format.
    pub dump_path: &'a Path,
    /// Roles and tablespaces, where they are at hand: roles are made without rights.
    pub globals_path: Option<&'a Path>,
    /// Name of the database that it goes into.
    pub database: &'a str,
    /// Whether that is made first; it has to be there and empty otherwise.
    pub create: bool,
    /// The source's system, where restoring into it is refused.
    pub refused_system: Option<u64>,
    /// A folder for what does not fit into memory.
    pub scratch: &'a Path,
    /// K of the backup.
    pub row_key: &'a RowKey,
    /// What the backup's statement says.
    pub expected: Expected<'a>,
    /// The policy's queries.
    pub smoke: &'a [SmokeQuery],
    /// Whether a server without `amcheck` fails the test.
    pub amcheck_required: bool,
    /// Sessions and restore jobs at the same time.
    pub jobs: usize,
    /// The clock.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Told now and then how far the work is.
    pub progress: &'a (dyn Fn(Progress<'_>) + Sync),
    /// Set by another thread to stop early.
    pub cancel: &'a AtomicBool,
}

/// The measured part of a backup statement.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The content root.
    pub content_root: Digest,
    /// Leaf objects.
    pub leaves: &'a [ContentLeaf],
    /// What is not in the root.
    pub omitted: &'a [Omitted],
    /// Sequences before and after the dump.
    pub sequences: &'a [backup::Sequence],
    /// Fingerprints of the schema.
    pub schema: SchemaDigests,
    /// Objects by kind.
    pub schema_counts: &'a BTreeMap<String, i64>,
    /// `server_version` of the source.
    pub server_version: &'a str,
    /// `pg_dump --version` of what made the archive.
    pub pg_dump_version: &'a str,
}

impl<'a> Expected<'a> {
    /// What a statement attests; `None` where it has no content root.
    #[must_use]
    pub fn of(backup: &'a Backup, lists: &'a Lists) -> Option<Self> {
        Some(Self {
            content_root: backup.content.as_ref()?.root,
            leaves: &lists.leaves,
            omitted: &lists.omitted,
            sequences: &lists.sequences,
            schema: backup.data.schema,
            schema_counts: &backup.schema_counts,
            server_version: &backup.server.version,
            pg_dump_version: &backup.pg_dump.version,
        })
    }
}

/// What came back, and how it compares.
#[derive(Debug, Clone)]
pub struct Restored {
    /// Follows from the steps and the numbers.
    pub outcome: Outcome,
    /// The steps in order. The caller puts its own before (fetching, digests, signature, cluster) and after (removal).
    pub steps: Vec<Step>,
    /// When the restored database answered.
    pub usable_at: Option<Time>,
    /// When the last required check had passed; `None` unless all did.
    pub checks_passed_at: Option<Time>,
    /// The target server, unless it never answered.
    pub facts: Option<ServerFacts>,
    /// Tables in the backup.
    pub tables_expected: u64,
    /// Tables whose rows came back equal.
    pub tables_equal: Option<u64>,
    /// Rows in the backup.
    pub rows_expected: u64,
    /// Rows that came back.
    pub rows_actual: Option<u64>,
    /// The content root of what came back.
    pub root_actual: Option<Digest>,
    /// Tables that differ, are missing or were not expected: `schema.name`.
    pub table_mismatches: Vec<String>,
    /// Whether the same things were left out on both sides.
    pub omitted_equal: bool,
    /// Schema objects.
    pub schema: SchemaSeen,
    /// The sequence rule.
    pub sequences: SequencesSeen,
    /// Heaps and indexes.
    pub amcheck: Amcheck,
    /// The policy's queries.
    pub smoke: Vec<Smoke>,
}

/// Restores into a new database and compares. Never fails as such: what went wrong is in the result.
///
/// `connect` gives connections to databases of the target by name; through `postgres` the new one is created.
#[must_use]
pub fn restore_and_compare(connect: &dyn Fn(&str) -> Connection, request: &RestoreRequest<'_>) -> Restored {
    let mut run = Run { request, pg_restore: PathBuf::new(), result: Restored::nothing_yet(request) };
    let admin = if request.create { "postgres" } else { request.database };
    run.all(&connect(admin), &connect(request.database));
    let mut result = run.result;
    result.outcome = result.judged(request);
    if result.outcome == Outcome::Passed {
        result.checks_passed_at = Some((request.now)());
    }
    result
}

impl Restored {
    fn nothing_yet(request: &RestoreRequest<'_>) -> Self {
        let expected = request.expected;
        let (tables, rows) = totals(expected.leaves);
        Self {
            outcome: Outcome::Failed,
            steps: Vec::new(),
            usable_at: None,
            checks_passed_at: None,
            facts: None,
            tables_expected: tables,
            tables_equal: None,
            rows_expected: rows,
            rows_actual: None,
            root_actual: None,
            table_mismatches: Vec::new(),
            omitted_equal: false,
            schema: SchemaSeen {
                portable: false,
                exact: None,
                expected: expected.schema_counts.clone(),
                actual: BTreeMap::new(),
                diff: None,
            },
            sequences: SequencesSeen { ok: false, failed: Vec::new() },
            amcheck: Amcheck::Absent,
            smoke: Vec::new(),
        }
    }

    /// Passed is what has no failed step, equal numbers, and at least one table to compare (spec:rows-12).
    fn judged(&self, request: &RestoreRequest<'_>) -> Outcome {
        if request.cancel.load(Ordering::Relaxed) {
            return Outcome::Aborted;
        }
        let rows = self.root_actual == Some(request.expected.content_root)
            && self.tables_expected > 0
            && self.tables_equal == Some(self.tables_expected)
            && self.rows_actual == Some(self.rows_expected)
            && self.table_mismatches.is_empty()
            && self.omitted_equal;
        let rest = self.schema.portable
            && self.schema.exact != Some(false)
            && self.schema.expected == self.schema.actual
            && self.sequences.ok
            && self.amcheck != Amcheck::Failed
            && (self.amcheck == Amcheck::Ok || !request.amcheck_required)
            && self.smoke.iter().all(|smoke| smoke.exit_code == 0);
        let steps = self.steps.iter().all(|step| step.outcome != StepOutcome::Failed);
        if rows && rest && steps { Outcome::Passed } else { Outcome::Failed }
    }
}

/// Tables and rows of leaf objects.
pub(crate) fn totals(leaves: &[ContentLeaf]) -> (u64, u64) {
    let tables = leaves.iter().filter(|leaf| matches!(leaf, ContentLeaf::Table { .. }));
    tables.fold((0, 0), |(tables, rows), leaf| (tables + 1, rows + leaf.rows_and_root().0))
}

/// How often a check that goes on by itself is looked at.
const GLANCE: Duration = Duration::from_millis(20);

struct Run<'a> {
    request: &'a RestoreRequest<'a>,
    /// The program that reads the archive, once the server is known.
    pg_restore: PathBuf,
    result: Restored,
}

/// How a step ended well: with a detail, or not done at all.
enum Done {
    Ok(Option<String>),
    Skipped(String),
}

/// A step that failed, told for the record.
type Failure = String;

/// Everything that needs the restored database, so that each is listed even where there is none.
const AFTER: [&str; 6] = ["rows", "schema", "sequences", "indexes", "amcheck", "smoke"];

impl Run<'_> {
    fn all(&mut self, admin: &Connection, restored: &Connection) {
        let before = self.step("server", |run| run.server(admin))
            && self.step("roles", |run| run.roles(admin))
            && self.step("extensions", |run| run.extensions(admin))
            && self.step("pg_restore", |run| run.restore(restored));
        if !before {
            for name in AFTER {
                self.step(name, |_| Ok(Done::Skipped("there is no restored database to look at".into())));
            }
            return;
        }
        self.result.usable_at = Some((self.request.now)());
        // Heaps and indexes are checked meanwhile: reading rows waits for one backend, and leaves a processor idle.
        let (now, backend) = (self.request.now, Backend::default());
        thread::scope(|scope| {
            let amcheck = scope.spawn(|| (now(), checks::amcheck(restored, &backend), now()));
            self.step("rows", |run| run.rows(restored));
            self.step("schema", |run| run.schema(restored));
            self.step("sequences", |run| run.sequences(restored));
            self.step("indexes", |run| run.indexes(restored));
            while !amcheck.is_finished() {
                if self.request.cancel.load(Ordering::Relaxed) {
                    backend.end(restored);
                }
                thread::sleep(GLANCE);
            }
            let (started_at, found, ended_at) = amcheck.join().unwrap_or_else(|panic| resume_unwind(panic));
            let done = self.amcheck(found);
            self.done("amcheck", (started_at, ended_at), done);
        });
        self.step("smoke", |run| run.smoke(restored));
    }

    /// Does and times a step; true when nothing failed.
    fn step(&mut self, name: &str, work: impl FnOnce(&mut Self) -> Result<Done, Failure>) -> bool {
        let started_at = (self.request.now)();
        let stopped = self.request.cancel.load(Ordering::Relaxed);
        let done = if stopped { Ok(Done::Skipped("stopped".into())) } else { work(self) };
        self.done(name, (started_at, (self.request.now)()), done) && !stopped
    }

    /// Records a step that began and ended then; true when nothing failed.
    fn done(&mut self, name: &str, (started_at, ended_at): (Time, Time), done: Result<Done, Failure>) -> bool {
        let (outcome, detail) = match done {
            Ok(Done::Ok(detail)) => (StepOutcome::Ok, detail),
            Ok(Done::Skipped(why)) => (StepOutcome::Skipped, Some(why)),
            Err(why) => (StepOutcome::Failed, Some(why)),
        };
        let seconds = ended_at.seconds_since(started_at);
        self.result.steps.push(Step { name: name.into(), outcome, started_at, seconds, detail });
        outcome != StepOutcome::Failed
    }

    fn server(&mut self, admin: &Connection) -> Result<Done, Failure> {
        let facts = admin.server_facts().map_err(told)?;
        let detail = format!("PostgreSQL {}", facts.version);
        if self.request.refused_system == Some(facts.system_identifier) {
            return Err("the target is the system that was backed up, and no reason was given for that".into());
        }
        self.pg_restore =
            pg_restore::program(admin.tools(), self.request.expected.pg_dump_version, facts.major()).map_err(told)?;
        let mut session = Session::open(admin).map_err(told)?;
        if self.request.create {
            let name = quote_ident(self.request.database);
            let make = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
            session.run(&make).map_err(told)?;
            session.run(&format!("ALTER DATABASE {name} SET lc_monetary = 'C'")).map_err(told)?;
        } else if !catalog::tables(&mut session).map_err(told)?.is_empty() {
            return Err("the target is not empty: nothing is restored over anything".into());
        }
        self.result.facts = Some(facts);
        Ok(Done::Ok(Some(detail)))
    }

    fn roles(&mut self, admin: &Connection) -> Result<Done, Failure> {
        let Some(globals) = self.request.globals_path else {
            return Ok(Done::Skipped("the roles are not at hand".into()));
        };
        let mut session = Session::open(admin).map_err(told)?;
        let made = pg_restore::stub_roles(&mut session, globals).map_err(told)?;
        Ok(Done::Ok(Some(format!("{made} roles made, without rights"))))
    }

    fn extensions(&mut self, admin: &Connection) -> Result<Done, Failure> {
        let mut session = Session::open(admin).map_err(told)?;
        let names = pg_restore::extensions(&mut session, &self.pg_restore, self.request.dump_path).map_err(told)?;
        let text = if names.is_empty() { "none needed".into() } else { names.join(", ") };
        Ok(Done::Ok(Some(text)))
    }

    fn restore(&mut self, restored: &Connection) -> Result<Done, Failure> {
        let request = self.request;
        let archive = (self.pg_restore.as_path(), request.dump_path);
        pg_restore::restore(restored, archive, request.jobs, request.cancel).map_err(told)?;
        Ok(Done::Ok(None))
    }

    fn rows(&mut self, restored: &Connection) -> Result<Done, Failure> {
        let version = self.version();
        let mut session = snapshot::alone(restored, version).map_err(told)?;
        let tables = catalog::tables(&mut session).map_err(told)?;
        let omitted = catalog::omitted(&mut session).map_err(told)?;
        let request = self.request;
        // Nobody else writes here: snapshots of different sessions are the same.
        let further: Result<Vec<Session>, _> = (1..request.jobs).map(|_| snapshot::alone(restored, version)).collect();
        let stop = AtomicBool::new(false);
        let (key, progress, cancel) = (request.row_key, request.progress, request.cancel);
        let (scratch, throttle) = (request.scratch, &Throttle::new(None));
        let reading = Reading { key, progress, stop: &stop, cancel, ranges: None, scratch, throttle };
        let leaves = reading.leaves(&mut session, &mut further.map_err(told)?, tables).map_err(told)?;
        let root = content_root(&leaves).map_err(told)?;
        let (equal, mismatches) = matched(request.expected.leaves, &leaves);
        self.result.rows_actual = Some(totals(&leaves).1);
        self.result.tables_equal = Some(equal);
        self.result.root_actual = Some(root);
        self.result.omitted_equal = omitted == request.expected.omitted;
        self.result.table_mismatches = mismatches;
        match (root == request.expected.content_root, self.result.omitted_equal) {
            (true, true) => Ok(Done::Ok(None)),
            (true, false) => Err(omissions(request.expected.omitted, &omitted)),
            (false, _) => Err(format!("not as in the backup: {}", some(&self.result.table_mismatches))),
        }
    }

    fn schema(&mut self, restored: &Connection) -> Result<Done, Failure> {
        let mut session = snapshot::alone(restored, self.version()).map_err(told)?;
        let found = fingerprint(&mut session).map_err(told)?;
        let expected = self.request.expected;
        let same_major = major(expected.server_version) == self.result.facts.as_ref().map(ServerFacts::major);
        let seen = &mut self.result.schema;
        seen.portable = found.digests.portable == expected.schema.portable;
        seen.exact = same_major.then_some(found.digests.exact == expected.schema.exact);
        seen.actual = found.counts;
        let numbers = differing_kinds(&seen.expected, &seen.actual);
        let which = if numbers.is_empty() { "the same numbers of objects".into() } else { numbers.join(", ") };
        match (seen.portable, seen.exact) {
            (true, None) if !numbers.is_empty() => Err(format!("other numbers of objects: {which}")),
            (true, Some(false)) => Err(format!("definitions differ: {which}")),
            (false, _) => Err(format!("names, types or keys differ: {which}")),
            (true, None) => Ok(Done::Ok(Some("definitions are not compared across major versions".into()))),
            (true, Some(true)) => Ok(Done::Ok(None)),
        }
    }

    fn sequences(&mut self, restored: &Connection) -> Result<Done, Failure> {
        let mut session = snapshot::alone(restored, self.version()).map_err(told)?;
        self.result.sequences = checks::sequences(&mut session, self.request.expected.sequences).map_err(told)?;
        match &self.result.sequences {
            seen if seen.ok => Ok(Done::Ok(None)),
            seen => Err(format!("outside of what the backup saw: {}", some(&seen.failed))),
        }
    }

    fn indexes(&mut self, restored: &Connection) -> Result<Done, Failure> {
        let mut session = snapshot::alone(restored, self.version()).map_err(told)?;
        match checks::invalid_indexes(&mut session).map_err(told)?.as_slice() {
            [] => Ok(Done::Ok(None)),
            invalid => Err(format!("indexes that are not valid: {}", some(invalid))),
        }
    }

    fn amcheck(&mut self, found: Result<(Amcheck, Option<String>), SqlError>) -> Result<Done, Failure> {
        if found.is_err() && self.request.cancel.load(Ordering::Relaxed) {
            return Ok(Done::Skipped("stopped".into()));
        }
        let (found, detail) = found.map_err(told)?;
        self.result.amcheck = found;
        match (found, self.request.amcheck_required) {
            (Amcheck::Ok, _) => Ok(Done::Ok(None)),
            (Amcheck::Failed, _) => Err(detail.unwrap_or_else(|| "corruption".into())),
            (Amcheck::Absent, true) => Err("the policy requires amcheck, which the target does not have".into()),
            (Amcheck::Absent, false) => Ok(Done::Skipped("the target does not have amcheck".into())),
        }
    }

    fn smoke(&mut self, restored: &Connection) -> Result<Done, Failure> {
        if self.request.smoke.is_empty() {
            return Ok(Done::Skipped("the policy names no queries".into()));
        }
        self.result.smoke = checks::smoke(restored, self.request.smoke);
        let failed: Vec<&str> =
            self.result.smoke.iter().filter(|smoke| smoke.exit_code != 0).map(|smoke| smoke.name.as_str()).collect();
        if failed.is_empty() { Ok(Done::Ok(None)) } else { Err(format!("not true: {}", failed.join(", "))) }
    }

    fn version(&self) -> u32 {
        self.result.facts.as_ref().map_or(0, |facts| facts.version_num)
    }
}

/// The number of equal tables, and the names of all others, on either side.
pub(crate) fn matched(expected: &[ContentLeaf], found: &[ContentLeaf]) -> (u64, Vec<String>) {
    let name = |leaf: &ContentLeaf| match leaf {
        ContentLeaf::LargeObjects { .. } => "large objects".into(),
        ContentLeaf::Table { schema, name, .. } => format!("{schema}.{name}"),
    };
    let table = |leaf: &&ContentLeaf| matches!(leaf, ContentLeaf::Table { .. });
    let by_place: BTreeMap<_, _> = found.iter().map(|leaf| (leaf.place(), leaf)).collect();
    let same = |leaf: &&ContentLeaf| by_place.get(&leaf.place()) == Some(leaf);
    let equal = expected.iter().filter(table).filter(same).count() as u64;
    let mut others: Vec<String> = expected.iter().filter(|leaf| !same(leaf)).map(name).collect();
    let places: BTreeSet<_> = expected.iter().map(ContentLeaf::place).collect();
    let unexpected = |leaf: &&ContentLeaf| !places.contains(&leaf.place());
    others.extend(found.iter().filter(unexpected).map(name));
    (equal, others)
}

fn omissions(expected: &[Omitted], found: &[Omitted]) -> Failure {
    let name = |omitted: &&Omitted| format!("{} {}.{}", omitted.kind, omitted.schema, omitted.name);
    let [expected, found] = [expected, found].map(|side| side.iter().collect::<BTreeSet<_>>());
    let others: Vec<String> = expected.difference(&found).chain(found.difference(&expected)).map(name).collect();
    format!("left out on one side only: {}", some(&others))
}

/// The first few names, and how many there are.
fn some(names: &[String]) -> String {
    const FEW: usize = 5;
    let first = names.iter().take(FEW).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > FEW { format!("{first} and {} more", names.len() - FEW) } else { first }
}

/// The major version of `server_version`, such as `15.18 (Debian ..)` or `18beta1`.
fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn told(error: impl std::fmt::Display) -> Failure {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use walwarden_core::{Decimal, rows::Order};

    fn leaf(name: &str, root: u8) -> ContentLeaf {
        ContentLeaf::Table {
            schema: "public".into(),
            name: name.into(),
            columns: vec![],
            key: vec![],
            order: Order::LeafHash,
            rows: Decimal(1),
            root: Digest([root; 32]),
        }
    }

    #[test]
    fn every_table_that_is_not_equal_is_named() {
        let expected = [leaf("a", 1), leaf("b", 1), leaf("c", 1)];
        let found = [leaf("a", 1), leaf("b", 2), leaf("d", 1)];
        let names = ["public.b", "public.c", "public.d"].map(str::to_owned).to_vec();
        assert_eq!(matched(&expected, &found), (1, names));
        assert_eq!((major("15.18 (Debian)"), major("18beta1"), major("x")), (Some(15), Some(18), None));
    }
}
