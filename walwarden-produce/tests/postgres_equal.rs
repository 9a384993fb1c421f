//! Source and restore have one content root, on real servers.

mod postgres_support;

use std::{
    process::{Child, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use postgres_support::*;
use walwarden_core::{
    event::Outcome,
    rows::{ContentLeaf, Order},
    statement::restore_test::{Amcheck, StepOutcome},
};
use walwarden_produce::{
    dump::{DumpSettings, Progress, Stage, settings::Format},
    postgres::{Connection, Program, Session},
    restore::checks::{self, Backend, SmokeQuery},
};

#[test]
fn the_shop_comes_back_on_each_of_its_days() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    let mut roots = Vec::new();
    for day in ["", "shop-day2.sql", "shop-day3.sql"] {
        if !day.is_empty() {
            load(&shop, &fixture(day));
        }
        let (dumped, restored) = round_trip(&shop);
        assert_eq!(restored.schema.exact, Some(true));
        assert!(dumped.rows > 5000, "{} rows", dumped.rows);
        assert!(dumped.warnings.is_empty(), "{:?}", dumped.warnings);
        assert!(dumped.omitted.iter().any(|o| o.kind == "generated-column" && o.name == "customer.handle"));
        roots.push(dumped.content_root);
    }
    roots.dedup();
    assert_eq!(roots.len(), 3, "each day has its own root");
}

#[test]
fn one_key_and_the_same_rows_give_the_same_root_whatever_the_number_of_readers() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    let root = |jobs| dump_with(&shop, &files(), jobs).unwrap().content_root;
    assert_eq!(root(1), root(3));
}

#[test]
fn the_nasty_schema_comes_back() {
    let source = cluster();
    let nasty = database(&source, "nasty", &[&fixture("nasty.sql")]);
    let (dumped, restored) = round_trip(&nasty);
    assert_eq!(restored.schema.exact, Some(true));
    let rows = |wanted: &str| {
        let found = dumped.leaves.iter().find(|leaf| leaf.place().2 == wanted);
        found.unwrap_or_else(|| panic!("{wanted} is missing")).rows_and_root().0
    };
    // Inheritance: each with its own rows. Partitions: once, by their root. A foreign one: without its rows.
    assert_eq!((rows("parent"), rows("child"), rows("part"), rows("part_far")), (2, 2, 50, 2));
    assert_eq!((rows("no_columns"), rows("empty"), rows("one_text"), rows("no_key")), (3, 0, 6, 9));
    assert!(dumped.leaves.iter().all(|leaf| !leaf.place().2.starts_with("part_") || leaf.place().2 == "part_far"));
    let order = |wanted: &str| {
        dumped.leaves.iter().find_map(|leaf| match leaf {
            ContentLeaf::Table { name, order, .. } if name == wanted => Some(*order),
            _ => None,
        })
    };
    assert_eq!((order("text_key"), order("generated_key")), (Some(Order::Key), Some(Order::LeafHash)));
    assert_eq!(dumped.leaves.first().map(ContentLeaf::rows_and_root).map(|(count, _)| count), Some(5));
    let kinds: Vec<&str> = dumped.omitted.iter().map(|omitted| omitted.kind.as_str()).collect();
    for kind in ["view", "materialized-view", "foreign-table", "generated-column", "extension", "system-schema"] {
        assert!(kinds.contains(&kind), "{kind} is not among {kinds:?}");
    }
    let sequence = |name: &str| {
        let found = dumped.sequences.iter().find(|sequence| sequence.name == name).unwrap();
        (found.before.clone(), found.after.clone())
    };
    assert_eq!(sequence("fresh"), ("0".into(), "0".into()));
    assert_eq!(sequence("placed"), ("76".into(), "76".into()));
    assert_eq!(sequence("tiny"), ("-32769".into(), "-32769".into()));
}

#[test]
fn hostile_settings_of_the_server_change_nothing() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql"), &fixture("nasty.sql")]);
    let plain = dump(&shop, &files()).unwrap();
    for setting in [
        "DateStyle TO 'German, DMY'",
        "IntervalStyle TO 'sql_standard'",
        "TimeZone TO 'Asia/Kathmandu'",
        "extra_float_digits TO -5",
        "bytea_output TO 'escape'",
        "search_path TO \"sch\"\"ema\", shop",
        "quote_all_identifiers TO on",
        "standard_conforming_strings TO off",
        "client_encoding TO 'LATIN1'",
        "statement_timeout TO '400ms'",
        "enable_indexscan TO off",
    ] {
        sql(&shop, &format!("ALTER DATABASE shop SET {setting}"));
    }
    sql(&shop, "ALTER ROLE postgres SET lc_monetary TO 'C.UTF-8'; ALTER ROLE postgres SET xmloption TO 'document'");
    let files = files();
    let hostile = dump(&shop, &files).unwrap();
    assert_eq!(hostile.content_root, plain.content_root);
    assert_eq!(hostile.schema.digests, plain.schema.digests);
    assert_eq!(hostile.session, plain.session);
    let restored = restore(&cluster(), &files, &hostile, &[]);
    assert_passed(&hostile, &restored);
}

#[test]
fn another_encoding_comes_back_in_utf_8() {
    let source = cluster();
    sql(
        &source.connection("postgres"),
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let latin = source.connection("latin");
    sql(
        &latin,
        "CREATE TABLE public.t (k text PRIMARY KEY, v text); INSERT INTO public.t VALUES (U&'\\00e9', U&'\\00fc'), ('z', 'ss')",
    );
    let (dumped, _) = round_trip(&latin);
    assert_eq!(dumped.facts.encoding, "LATIN1");
}

#[test]
fn pagila_comes_back() {
    let pagila = workspace().join("../shared/data/pagila.sql");
    if !pagila.is_file() {
        eprintln!("SKIPPED: no Pagila at ../shared/data/pagila.sql beside the workspace");
        return;
    }
    let source = cluster();
    let pagila = database(&source, "pagila", &[&pagila]);
    let (dumped, restored) = round_trip(&pagila);
    assert_eq!(dumped.rows, 46_273);
    assert_eq!(restored.schema.exact, Some(true));
}

#[test]
fn the_root_is_of_the_snapshot_while_others_write() {
    let source = cluster();
    let bench = database(&source, "bench", &[]);
    let pgbench = |connection: &Connection, args: &[&str]| -> Child {
        let psql = connection.command(Program::Psql).unwrap();
        let program = std::path::Path::new(psql.get_program()).with_file_name("pgbench");
        let mut command = std::process::Command::new(program);
        let host = source.folder().to_str().unwrap();
        command.args(["-h", host, "-p", "5432", "-U", "postgres"]).args(args).arg("bench");
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pgbench")
    };
    assert!(pgbench(&bench, &["-i", "-s", "10", "-q"]).wait().unwrap().success());
    let mut writer = pgbench(&bench, &["-T", "60", "-c", "2"]);
    thread::sleep(Duration::from_secs(1));
    let files = files();
    let dumped = dump(&bench, &files).unwrap();
    let still_writing = writer.try_wait().unwrap().is_none();
    let history = "SELECT count(*)::text FROM public.pgbench_history";
    let [later] = Session::open(&bench).unwrap().one(history).unwrap();
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(still_writing, "pgbench ended before the dump did");
    let in_dump = dumped.leaves.iter().find(|leaf| leaf.place().2 == "pgbench_history").unwrap().rows_and_root().0;
    assert!(in_dump > 0 && later.parse::<u64>().unwrap() > in_dump, "pgbench wrote before and after the snapshot");
    let restored = restore(&cluster(), &files, &dumped, &[]);
    assert_passed(&dumped, &restored);
    assert!(dumped.rows >= 1_000_110);
}

#[test]
fn what_is_not_as_stated_fails_and_is_named() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    let (before, after) = (files(), files());
    let older = dump(&shop, &before).unwrap();
    sql(&shop, "UPDATE shop.customer SET name = 'x' WHERE id = 5; CREATE INDEX added ON shop.visit (at)");
    sql(&shop, "DROP VIEW shop.best_sellers; SELECT setval('shop.invoice_number', 5000000)");
    dump(&shop, &after).unwrap();
    // The newer bytes under the older statement.
    let smoke = SmokeQuery { name: "customers".into(), sql: "select count(*) = 0 from shop.customer".into() };
    let restored = restore(&cluster(), &after, &older, &[smoke]);
    assert_eq!(restored.outcome, Outcome::Failed);
    assert_eq!(restored.table_mismatches, ["shop.customer"]);
    assert_eq!(restored.tables_equal, Some(older.tables - 1));
    assert_ne!(restored.root_actual, Some(older.content_root));
    assert!(!restored.omitted_equal, "a view is gone");
    assert_eq!((restored.schema.portable, restored.schema.exact), (false, Some(false)));
    assert_eq!(restored.sequences.failed, ["shop.invoice_number"]);
    assert_eq!(restored.smoke.first().map(|smoke| smoke.exit_code), Some(1));
    let failed = restored.steps.iter().filter(|step| step.outcome == StepOutcome::Failed);
    assert_eq!(failed.map(|step| step.name.as_str()).collect::<Vec<_>>(), ["rows", "schema", "sequences", "smoke"]);
}

#[test]
fn bytes_that_are_no_dump_fail_in_pg_restore() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    let files = files();
    let dumped = dump(&shop, &files).unwrap();
    let whole = std::fs::read(&files.dump).unwrap();
    std::fs::write(&files.dump, &whole[..whole.len() / 2]).unwrap();
    let restored = restore(&cluster(), &files, &dumped, &[]);
    assert_eq!(restored.outcome, Outcome::Failed);
    assert!(restored.steps.iter().any(|step| step.name == "pg_restore" && step.outcome == StepOutcome::Failed));
    assert_eq!((restored.tables_equal, restored.root_actual), (None, None));
    assert_eq!(restored.steps.len(), 10, "every step is listed");
}

#[test]
fn tables_that_come_and_go_do_not_matter() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let flicker = scope.spawn(|| {
            let mut rounds = 0;
            while !done.load(Ordering::Relaxed) {
                sql(&shop, "CREATE TABLE shop.flicker (id int PRIMARY KEY); DROP TABLE shop.flicker");
                rounds += 1;
            }
            rounds
        });
        let roots: Vec<_> = (0..5).map(|_| dump(&shop, &files())).collect();
        done.store(true, Ordering::Relaxed);
        assert!(flicker.join().unwrap() > 5);
        for root in &roots {
            match root {
                Ok(dumped) => assert!(dumped.rows > 5000),
                Err(error) => assert!(["tables-change", "lock-timeout"].contains(&error.reason_code), "{error}"),
            }
        }
        assert!(roots.iter().any(Result::is_ok), "{roots:?}");
    });
}

#[test]
fn a_migration_that_waits_does_not_stop_a_backup() {
    let source = cluster();
    let shop = database(&source, "shop", &[&fixture("shop.sql")]);
    // Once pg_dump and the readers have their locks, and in the very moment before.
    for (moment, column) in [("read", "one"), ("dump", "two")] {
        let waits = AtomicBool::new(false);
        let files = files();
        let dumped = thread::scope(|scope| {
            let migrate = || {
                if waits.swap(true, Ordering::Relaxed) {
                    return;
                }
                scope.spawn(|| sql(&shop, &format!("ALTER TABLE shop.visit ADD COLUMN {column} int DEFAULT 1")));
                let mut watch = Session::open(&shop).unwrap();
                let waiting = "SELECT count(*)::text FROM pg_locks WHERE NOT granted";
                while watch.one(waiting).unwrap() == ["0"] {
                    thread::sleep(Duration::from_millis(10));
                }
            };
            dump_watched(&shop, &files, &|progress| match progress {
                Progress::Scope { .. } if moment == "read" => {
                    thread::sleep(Duration::from_millis(500));
                    migrate();
                }
                Progress::Stage(Stage::Dump) if moment == "dump" => migrate(),
                _ => {}
            })
        });
        assert!(waits.load(Ordering::Relaxed));
        let dumped = dumped.unwrap();
        let restored = restore(&cluster(), &files, &dumped, &[]);
        assert_passed(&dumped, &restored);
    }
}

#[test]
fn what_pg_dump_leaves_out_is_no_difference_and_is_named_where_it_is() {
    let source = cluster();
    let small = database(&source, "small", &[]);
    sql(&small, "CREATE TABLE public.t (v int); INSERT INTO public.t VALUES (1), (1)");
    let failed = Session::open(&small).unwrap().run("CREATE UNIQUE INDEX CONCURRENTLY broken ON public.t (v)");
    assert!(failed.is_err());
    assert_eq!(checks::invalid_indexes(&mut Session::open(&small).unwrap()).unwrap(), ["public.broken"]);
    round_trip(&small);
}

#[test]
fn amcheck_can_fail() {
    let source = cluster();
    let small = database(&source, "small", &[]);
    sql(&small, "CREATE TABLE public.t AS SELECT n FROM generate_series(1, 100) n");
    sql(&small, "CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'");
    sql(&small, "CREATE INDEX lies ON public.t (public.f(n))");
    assert_eq!(checks::amcheck(&small, &Backend::default()).unwrap(), (Amcheck::Ok, None));
    sql(&small, "CREATE OR REPLACE FUNCTION public.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1'");
    assert_eq!(checks::amcheck(&small, &Backend::default()).unwrap().0, Amcheck::Failed);
}

#[test]
fn an_amcheck_that_takes_too_long_is_ended() {
    let source = cluster();
    let small = database(&source, "small", &[]);
    sql(&small, "CREATE TABLE public.t (v int PRIMARY KEY)");
    let mut other = Session::open(&small).unwrap();
    other.run("BEGIN; LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE").unwrap();
    let backend = Backend::default();
    thread::scope(|scope| {
        let check = scope.spawn(|| checks::amcheck(&small, &backend));
        thread::sleep(Duration::from_millis(500));
        assert!(!check.is_finished(), "it did not wait for the lock");
        while !check.is_finished() {
            backend.end(&small);
        }
        assert_eq!(check.join().unwrap().unwrap_err().reason_code(), "server-shutdown");
    });
    other.run("COMMIT").unwrap();
    assert_eq!(checks::amcheck(&small, &Backend::default()).unwrap(), (Amcheck::Ok, None));
}

#[test]
fn a_folder_written_by_several_comes_back() {
    let source = cluster();
    let nasty = database(&source, "nasty", &[&fixture("nasty.sql"), &fixture("shop.sql")]);
    let one_file = dump(&nasty, &files()).unwrap();
    let settings = DumpSettings { format: Format::Directory, jobs: Some(3), ..DumpSettings::default() };
    let files = files();
    let dumped = dump_as(&nasty, &files, 2, &settings).unwrap();
    assert_eq!(dumped.content_root, one_file.content_root);
    assert_eq!(dumped.pg_dump.args.first().map(String::as_str), Some("--format=directory"));
    let mut left: Vec<_> =
        std::fs::read_dir(files.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["dump", "globals", "ranges"]);
    let restored = restore(&cluster(), &files, &dumped, &[]);
    assert_passed(&dumped, &restored);
}

#[test]
fn a_rate_is_kept() {
    let source = cluster();
    let small = database(&source, "small", &[]);
    sql(&small, "CREATE TABLE public.t AS SELECT n, md5(n::text) AS v FROM generate_series(1, 50000) n");
    let elapsed = |max_rate| {
        let settings = DumpSettings { max_rate, ..DumpSettings::default() };
        let began = std::time::Instant::now();
        (dump_as(&small, &files(), 2, &settings).unwrap().content_root, began.elapsed())
    };
    // About 1.9 MB of rows, and of the dump a little more than half of it.
    let ((free, quick), (held, slow)) = (elapsed(None), elapsed(Some(500_000)));
    assert_eq!(free, held);
    assert!(slow > Duration::from_secs(3) && slow > quick, "{quick:?} {slow:?}");
}
