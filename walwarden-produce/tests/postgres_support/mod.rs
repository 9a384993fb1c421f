//! What the tests against real servers share.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::disallowed_methods, reason = "the tests have the system's clock")]
#![allow(missing_docs, unreachable_pub, reason = "a test's own helpers")]

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::SystemTime,
};

use walwarden_core::{Time, event::Outcome, rows::RowKey, statement::restore_test::StepOutcome};
use walwarden_produce::{
    dump::{DumpError, DumpRequest, DumpSettings, Dumped, Progress, archive, attested_dump},
    postgres::{Connection, Program, Session, Tools},
    restore::{
        checks::SmokeQuery,
        cluster::{Cluster, ClusterRequest},
        compare::{Expected, RestoreRequest, Restored, restore_and_compare},
    },
};

pub fn cluster() -> Cluster {
    cluster_with(&[])
}

pub fn cluster_with(settings: &[(&str, &str)]) -> Cluster {
    Cluster::start(&ClusterRequest { settings, ..ClusterRequest::default() }).expect("a throwaway PostgreSQL server")
}

/// A new database with the files in it.
pub fn database(cluster: &Cluster, name: &str, files: &[&Path]) -> Connection {
    sql(&cluster.connection("postgres"), &format!("CREATE DATABASE \"{name}\" TEMPLATE template0"));
    let connection = cluster.connection(name);
    for file in files {
        load(&connection, file);
    }
    connection
}

pub fn load(connection: &Connection, file: &Path) {
    let mut command = connection.command(Program::Psql).unwrap();
    let output = command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
}

pub fn sql(connection: &Connection, statements: &str) {
    Session::open(connection).unwrap().run(statements).unwrap_or_else(|error| panic!("{statements}: {error}"));
}

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

pub fn fixture(name: &str) -> PathBuf {
    workspace().join("fixtures/sql").join(name)
}

pub fn key() -> RowKey {
    RowKey::new([7; 32]).unwrap()
}

pub fn now() -> Time {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Time::from_micros(since.as_micros().try_into().unwrap()).unwrap()
}

/// A folder that removes itself, with the two files of a dump in it.
pub struct Files {
    pub folder: tempfile::TempDir,
    pub dump: PathBuf,
    pub globals: PathBuf,
    pub ranges: PathBuf,
}

pub fn files() -> Files {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    Files { dump: file("dump"), globals: file("globals"), ranges: file("ranges"), folder }
}

pub fn dump(connection: &Connection, files: &Files) -> Result<Dumped, DumpError> {
    dump_with(connection, files, 2)
}

pub fn dump_with(connection: &Connection, files: &Files, jobs: usize) -> Result<Dumped, DumpError> {
    dump_as(connection, files, jobs, &DumpSettings::default())
}

pub fn dump_as(
    connection: &Connection,
    files: &Files,
    jobs: usize,
    settings: &DumpSettings,
) -> Result<Dumped, DumpError> {
    let row_key = key();
    let cancel = AtomicBool::new(false);
    attested_dump(
        connection,
        &DumpRequest {
            dump_path: &files.dump,
            globals_path: &files.globals,
            ranges_path: &files.ranges,
            row_key: &row_key,
            settings,
            jobs,
            now: &now,
            progress: &|_| (),
            cancel: &cancel,
        },
    )
}

/// Dumps with somebody told of the progress, who may take their time.
pub fn dump_watched(
    connection: &Connection,
    files: &Files,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Dumped, DumpError> {
    let (row_key, cancel) = (key(), AtomicBool::new(false));
    attested_dump(
        connection,
        &DumpRequest {
            dump_path: &files.dump,
            globals_path: &files.globals,
            ranges_path: &files.ranges,
            row_key: &row_key,
            settings: &DumpSettings::default(),
            jobs: 2,
            now: &now,
            progress,
            cancel: &cancel,
        },
    )
}

pub fn restore(target: &Cluster, files: &Files, dumped: &Dumped, smoke: &[SmokeQuery]) -> Restored {
    restore_with(target, None, files, dumped, smoke)
}

/// Restores with the programs of a folder, where there is one.
pub fn restore_with(
    target: &Cluster,
    tools: Option<&Tools>,
    files: &Files,
    dumped: &Dumped,
    smoke: &[SmokeQuery],
) -> Restored {
    let row_key = key();
    let cancel = AtomicBool::new(false);
    let connect = |database: &str| {
        let connection = target.connection(database);
        tools.map_or(connection.clone(), |tools| connection.with_tools(tools.clone()))
    };
    let folder = files.folder.path().join("unpacked");
    let is_directory = archive::is_directory(&dumped.pg_dump.args);
    if is_directory && !folder.exists() {
        archive::unpack(&files.dump, &folder).unwrap();
    }
    restore_and_compare(
        &connect,
        &RestoreRequest {
            dump_path: if is_directory { &folder } else { &files.dump },
            scratch: files.folder.path(),
            globals_path: Some(&files.globals),
            database: "restored",
            create: true,
            refused_system: None,
            row_key: &row_key,
            expected: Expected {
                content_root: dumped.content_root,
                leaves: &dumped.leaves,
                omitted: &dumped.omitted,
                sequences: &dumped.sequences,
                schema: dumped.schema.digests,
                schema_counts: &dumped.schema.counts,
                server_version: &dumped.server.version,
                pg_dump_version: &dumped.pg_dump.version,
            },
            smoke,
            amcheck_required: false,
            jobs: 2,
            now: &now,
            progress: &|_| (),
            cancel: &cancel,
        },
    )
}

/// Dumps, restores into another cluster, and asserts that all came back.
pub fn round_trip(source: &Connection) -> (Dumped, Restored) {
    let files = files();
    let dumped = dump(source, &files).unwrap();
    let target = cluster();
    let restored = restore(&target, &files, &dumped, &[]);
    assert_passed(&dumped, &restored);
    (dumped, restored)
}

pub fn assert_passed(dumped: &Dumped, restored: &Restored) {
    let failed: Vec<_> = restored.steps.iter().filter(|step| step.outcome == StepOutcome::Failed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(restored.outcome, Outcome::Passed, "{restored:#?}");
    assert_eq!(restored.root_actual, Some(dumped.content_root));
    assert_eq!(restored.rows_actual, Some(dumped.rows));
    assert!(dumped.tables > 0);
}
