//! Content roots across major versions: `WALWARDEN_TEST_SERVERS=13=/path/to/bin:18=/path/to/bin`.
//!
//! Each folder holds `postgres` and `initdb` of its version, and client programs that can talk to all of them.

mod postgres_support;

use std::path::{Path, PathBuf};

use postgres_support::*;
use walwarden_core::event::Outcome;
use walwarden_produce::{
    postgres::Program,
    restore::cluster::{Cluster, ClusterRequest},
};

fn servers() -> Vec<(u32, PathBuf)> {
    let named = std::env::var("WALWARDEN_TEST_SERVERS").unwrap_or_default();
    let server = |one: &str| {
        let (major, path) = one.split_once('=')?;
        Some((major.parse().ok()?, path.into()))
    };
    named.split(':').filter(|one| !one.is_empty()).map(|one| server(one).expect("MAJOR=FOLDER")).collect()
}

fn cluster_of(folder: &Path) -> Cluster {
    Cluster::start(&ClusterRequest { bin_dir: Some(folder), ..ClusterRequest::default() }).expect("a server")
}

#[test]
fn every_server_gives_the_same_root() {
    let servers = servers();
    if servers.is_empty() {
        eprintln!("SKIPPED: WALWARDEN_TEST_SERVERS names no further servers");
        return;
    }
    let ours = cluster();
    let our_major = ours.connection("postgres").server_facts().unwrap().major();
    for name in ["shop.sql", "nasty.sql"] {
        let (source, files) = (database(&ours, name, &[&fixture(name)]), files());
        let dumped = dump(&source, &files).unwrap();
        for (major, folder) in &servers {
            // Types and clauses of newer versions than the oldest.
            if name == "nasty.sql" && *major < our_major {
                continue;
            }
            let other = cluster_of(folder);
            assert_eq!(other.connection("postgres").server_facts().unwrap().major(), *major);
            let restored = restore(&other, &files, &dumped, &[]);
            assert_eq!(restored.root_actual, Some(dumped.content_root), "{name} {major}: {:#?}", restored.steps);
            let schema = (restored.schema.portable, restored.schema.exact);
            assert_eq!(schema, (true, None), "{name} {major}: {:#?}", restored.schema);
            assert_eq!(restored.outcome, Outcome::Passed, "{name} {major}: {:#?}", restored.steps);
            there_and_back(&other, name, *major, folder);
        }
    }
}

/// The other server as source, with its folder's own pg_dump.
fn there_and_back(other: &Cluster, name: &str, major: u32, folder: &Path) {
    let (source, files) = (database(other, name, &[&fixture(name)]), files());
    let (_, client) = source.tools().version(Program::PgDump).unwrap();
    if client < major {
        assert_eq!(dump(&source, &files).unwrap_err().reason_code, "server-newer-than-pg-dump");
        return;
    }
    let dumped = dump(&source, &files).unwrap();
    let restored = restore(&cluster_of(folder), &files, &dumped, &[]);
    assert_passed(&dumped, &restored);
    assert_eq!(restored.schema.exact, Some(true), "{name} {major}");
}
