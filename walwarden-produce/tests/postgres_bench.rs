//! How much the canonical rows cost, as ratios on one machine: `cargo test --release --test postgres_bench -- --ignored`.

mod postgres_support;

use std::{
    process::Stdio,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use postgres_support::*;
use walwarden_produce::postgres::{Connection, Program, Session, SqlError, catalog, rows::Reading};

const ROWS: u32 = 1_000_000;

/// Orders as shops have them: about 250 bytes of text a row.
fn fill(connection: &Connection) {
    sql(
        connection,
        &format!(
            "CREATE TABLE public.orders (id bigserial PRIMARY KEY, customer uuid NOT NULL, email text NOT NULL, \
             placed timestamptz NOT NULL, paid timestamptz, total numeric(12,2), status text, lines jsonb, note text); \
             INSERT INTO public.orders (customer, email, placed, paid, total, status, lines, note) \
             SELECT md5(n::text)::uuid, 'customer' || n % 50000 || '@example.org', \
             timestamptz '2026-01-01+00' + n * interval '3.1 seconds', \
             CASE WHEN n % 5 > 0 THEN timestamptz '2026-01-02+00' + n * interval '3.1 seconds' END, n % 100000 / 7.0, \
             (ARRAY['placed','paid','shipped'])[1 + n % 3], jsonb_build_object('sku', 'P' || n % 999, 'q', n % 7, 'w', \
             md5((n * 7)::text)), CASE WHEN n % 4 = 0 THEN 'leave at the door' ELSE repeat(md5(n::text), 2) END \
             FROM generate_series(1, {ROWS}) AS n; \
             CREATE TABLE public.keyless AS SELECT * FROM public.orders"
        ),
    );
    sql(connection, "VACUUM ANALYZE");
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let result = work();
    (began.elapsed(), result)
}

/// Least of three: what noise can only add to.
fn least(mut work: impl FnMut()) -> Duration {
    (0..3).map(|_| timed(&mut work).0).min().unwrap()
}

fn pass(connection: &Connection, only: &str) {
    let mut session = Session::open(connection).unwrap();
    let tables = catalog::tables(&mut session).unwrap().into_iter().filter(|table| table.name == only).collect();
    let (key, stop) = (key(), AtomicBool::new(false));
    let reading = Reading { key: &key, progress: &|_| (), stop: &stop, cancel: &stop };
    let leaves = reading.leaves(&mut session, Vec::new(), tables).unwrap();
    assert_eq!(leaves.last().unwrap().rows_and_root().0, u64::from(ROWS));
}

fn floor(connection: &Connection, query: &str) {
    let mut session = Session::open(connection).unwrap();
    session.copy::<SqlError>(query, &mut |_| Ok(())).unwrap();
}

fn to_dev_null(connection: &Connection, query: &str) {
    let mut command = connection.command(Program::Psql).unwrap();
    command.args(["-X", "-q", "-c", &format!("COPY ({query}) TO STDOUT")]).stdout(Stdio::null());
    assert!(command.status().unwrap().success());
}

/// Peak resident memory of this process in MiB, where the system tells.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

#[test]
#[ignore = "takes minutes; its numbers are for people"]
fn ratios() {
    let source = cluster_with(&[("shared_buffers", "512MB")]);
    let connection = database(&source, "bench", &[]);
    fill(&connection);
    let ordered = "SELECT * FROM public.orders ORDER BY id";
    let null = least(|| to_dev_null(&connection, ordered));
    let floor_time = least(|| floor(&connection, ordered));
    let rows = least(|| pass(&connection, "orders"));
    let memory = peak();
    println!("COPY to /dev/null {null:.2?}, read in bulk {floor_time:.2?}, row pass {rows:.2?}");
    println!("row pass over COPY to /dev/null: {:.2}", rows.as_secs_f64() / null.as_secs_f64());
    println!("peak memory in key order: {memory} MiB");
    let keyless = least(|| pass(&connection, "keyless"));
    println!("row pass in leaf-hash order {keyless:.2?}, peak memory {} MiB", peak());
    let bare = least(|| {
        let target = files();
        let mut command = connection.command(Program::PgDump).unwrap();
        assert!(command.arg("-Fc").arg("-f").arg(&target.dump).status().unwrap().success());
    });
    for jobs in [1, 2] {
        let attested = least(|| drop(dump_with(&connection, &files(), jobs).unwrap()));
        let ratio = attested.as_secs_f64() / bare.as_secs_f64();
        println!("pg_dump -Fc {bare:.2?}, attested with {jobs} readers {attested:.2?}: {ratio:.2}");
    }
}
