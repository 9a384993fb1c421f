//! Dumps across major versions: `WALWARDEN_TEST_SERVERS=13=/path/to/bin:18=/path/to/bin`, as `.ci/servers` prints it.
//!
//! Each folder holds `postgres` and `initdb` of its version, and client programs that can talk to it. The installed
//! server takes part as well. What a server takes from an older one, it gives back with an equal root; what it cannot
//! take from a newer one fails before anything is called equal.

mod postgres_support;

use std::path::PathBuf;

use postgres_support::*;
use walwarden_core::{event::Outcome, statement::restore_test::StepOutcome};
use walwarden_produce::{
    dump::{DumpSettings, Dumped},
    postgres::{Connection, Program, Session, Tools},
    restore::{
        cluster::{Cluster, ClusterRequest},
        compare::Restored,
    },
};

/// A server of one major version.
struct Server {
    major: u32,
    /// Its clients' version, which is the server's or a later one.
    client: u32,
    tools: Tools,
    cluster: Cluster,
}

impl Server {
    fn start(folder: Option<PathBuf>) -> Self {
        let request = ClusterRequest { bin_dir: folder.as_deref(), ..ClusterRequest::default() };
        let cluster = Cluster::start(&request).expect("a server");
        let facts = cluster.connection("postgres").server_facts().unwrap();
        let tools = Tools { bin_dir: folder };
        let (_, client) = tools.version_for_major(Program::PgDump, facts.major()).unwrap();
        Self { major: facts.major(), client, tools, cluster }
    }

    fn database(&self, name: &str) -> Connection {
        database(&self.cluster, name, &[&fixture(name)])
    }

    /// The restore of another's dump, read by whichever pg_restore of both can read it.
    fn restore(&self, from: &Self, files: &Files, dumped: &Dumped) -> Restored {
        let clients = if from.client > self.client { &from.tools } else { &self.tools };
        let restored = restore_with(&self.cluster, Some(clients), files, dumped, &[]);
        Session::open(&self.cluster.connection("postgres")).unwrap().run("DROP DATABASE IF EXISTS restored").unwrap();
        restored
    }
}

/// The named servers and the installed one, each version once, oldest first. Nothing where none is named.
fn servers() -> Vec<Server> {
    let named = std::env::var("WALWARDEN_TEST_SERVERS").unwrap_or_default();
    let mut folders: Vec<PathBuf> = Vec::new();
    for one in named.split(':').filter(|one| !one.is_empty()) {
        folders.push(one.split_once('=').expect("MAJOR=FOLDER").1.into());
    }
    if folders.is_empty() {
        assert!(std::env::var_os("CI").is_none(), "WALWARDEN_TEST_SERVERS names no servers of other versions");
        eprintln!("SKIPPED: WALWARDEN_TEST_SERVERS names no servers of other versions");
        return Vec::new();
    }
    let mut servers: Vec<Server> = folders.into_iter().map(Some).chain([None]).map(Server::start).collect();
    servers.sort_by_key(|server| server.major);
    servers.dedup_by_key(|server| server.major);
    servers
}

#[test]
fn dumps_come_back_on_the_same_and_every_later_version() {
    let servers = servers();
    for source in &servers {
        for name in ["shop.sql", "nasty.sql"] {
            let (database, files) = (source.database(name), files());
            let dumped = dump(&database, &files).unwrap();
            for target in &servers {
                let restored = target.restore(source, &files, &dumped);
                let pair = format!("{name} from {} to {}", source.major, target.major);
                if target.major >= source.major {
                    assert_passed(&dumped, &restored);
                    assert_eq!(restored.schema.exact, (source.major == target.major).then_some(true), "{pair}");
                } else {
                    assert_limit((source, target), name, &pair, &restored);
                }
            }
        }
    }
}

/// A byte that is no text of its own: refused where the server writes it as it is, and not where it writes `\377`.
#[test]
fn a_char_above_0x7f_needs_version_15() {
    for server in servers() {
        let source = database(&server.cluster, "char", &[]);
        sql(&source, "CREATE TABLE public.t (c \"char\"); INSERT INTO public.t VALUES ((-1)::\"char\"), ('x')");
        match dump(&source, &files()) {
            Ok(dumped) => assert_eq!((server.major >= 15, dumped.rows), (true, 2), "{}", server.major),
            Err(error) => assert_eq!((server.major < 15, error.reason_code), (true, "invalid-encoding"), "{error}"),
        }
    }
}

/// Which programs can compress so depends on how they were built.
#[test]
fn zstd_is_used_where_pg_dump_has_it() {
    let settings = DumpSettings { compression: Some("zstd:3".parse().unwrap()), ..DumpSettings::default() };
    let mut restored = 0;
    let servers = servers();
    for server in &servers {
        let (database, files) = (server.database("shop.sql"), files());
        match dump_as(&database, &files, 2, &settings) {
            Ok(dumped) => {
                assert!(dumped.pg_dump.args.contains(&"--compress=zstd:3".to_owned()));
                assert_passed(&dumped, &server.restore(server, &files, &dumped));
                restored += 1;
            }
            Err(error) => assert_eq!(error.reason_code, "compression-unsupported", "{error}"),
        }
    }
    assert!(restored > 0 || servers.is_empty(), "none of these has zstd; that of .ci/servers 17 does");
}

/// To an older server: an equal root where the older one can take all of it, else a failure that says why.
fn assert_limit((source, target): (&Server, &Server), name: &str, pair: &str, restored: &Restored) {
    let expected = match (source.client, target.major, source.major) {
        // Those set transaction_timeout, which no server before 17 knows.
        (17.., ..17, _) => ("server", "restores into servers of 17 and later only"),
        (..17, ..14, 14..) if name == "nasty.sql" => ("pg_restore", "multirange_type_name"),
        (.., ..15, 15..) if name == "nasty.sql" => ("pg_restore", "NULLS"),
        (.., ..18, 18..) if name == "nasty.sql" => ("pg_restore", "syntax error"),
        _ => return assert_eq!(restored.outcome, Outcome::Passed, "{pair}: {:#?}", restored.steps),
    };
    assert_eq!((restored.outcome, restored.root_actual), (Outcome::Failed, None), "{pair}");
    let failed = restored.steps.iter().find(|step| step.outcome == StepOutcome::Failed).unwrap();
    let said = failed.detail.clone().unwrap_or_default();
    assert_eq!((failed.name.as_str(), said.contains(expected.1)), (expected.0, true), "{pair}: {said}");
}
