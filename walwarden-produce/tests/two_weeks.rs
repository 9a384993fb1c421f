//! Two weeks of `walwarden run` under an injected clock: a real database, real dumps, a real bucket, a sealed bundle.

#[path = "support/s3.rs"]
mod s3_support;
#[path = "support/mod.rs"]
mod support;
#[path = "support/world.rs"]
mod world;

use s3_support::{Fault, Proxy, S3, credentials, store};
use support::Server;
use world::{World, deviations, time, verifier};

const POLICY: &str = r#"
[policy]
version = "1"
organisation = "Acme"
effective_from = "2026-03-01T00:00:00Z"
author = "dba-lead"
approved_by = "cto"
timezone = "UTC"

[defaults]
rpo = "27h"
rto = "4h"
schedule = "0 2 * * *"
start_tolerance = "30m"
max_run = "1h"
max_resolution = "24h"
manual_counts = true
copies = { min = 1, separation = "provider", reverify = "5d" }
retention = { mode = "keep_last", keep = 7, grace = "24h" }
[defaults.restore_test]
cadence = "weekly"
guard = "10d"
environment_class = ["test"]

[[database]]
id = "shop"
owner = "dba-lead"
provider = "self-hosted"
account_ref = "acme-prod"
region = "local"
criticality = "high"
extra_schedules = [{ name = "independent", cron = "0 12 8,12 * *", to = "acme-dr" }]
"#;

fn failed(done: &[(String, bool)]) -> Vec<String> {
    done.iter().filter(|(_, good)| !good).map(|(what, _)| what.clone()).collect()
}

#[test]
fn two_weeks_end_with_exactly_the_planted_exceptions() {
    let Some(verifier) = verifier() else { return };
    let Some(s3) = S3::start() else { return };
    s3.bucket("acme-dr", false);
    let proxy = Proxy::before(&s3);
    let server = Server::start(50);
    let copies = store(&proxy.endpoint(), "acme-dr");
    let mut world = World::new(POLICY, &server.conninfo(), "03-01T12:00", |dir| {
        format!("[[copy]]\nname = \"dr\"\n{copies}credentials = \"{}\"\n", credentials(dir).display())
    });
    let ok = |what: &str| (what.to_owned(), true);
    // The first night: a backup, its copy, and as there is no test yet, a restore test. Then nothing more is due.
    assert_eq!(world.run_at("03-02T02:05"), [ok("backup of"), ok("copy of"), ok("restore test")]);
    assert_eq!(world.run_at("03-02T02:20"), []);
    assert_eq!(world.run_at("03-03T02:05"), [ok("backup of"), ok("copy of")]);
    server.sql("shop", "INSERT INTO public.item SELECT g, 'later', 1 FROM generate_series(1000, 1100) g");
    assert_eq!(world.run_at("03-04T02:05"), [ok("backup of"), ok("copy of")]);
    // The fifth: no timer. Found the night after, when the backup of that night is made too.
    assert_eq!(world.run_at("03-06T02:05")[..3], [ok("record what"), ok("backup of"), ok("copy of")]);
    // The seventh: the database takes no connections for a quarter of an hour.
    server.sql("postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS false");
    assert_eq!(failed(&world.run_at("03-07T02:05")), ["backup of"]);
    server.sql("postgres", "ALTER DATABASE shop ALLOW_CONNECTIONS true");
    assert_eq!(world.run_at("03-07T02:20")[..2], [ok("backup of"), ok("copy of")]);
    // The eighth: the store of copies is away for a quarter of an hour.
    proxy.inject(|_| Some(Fault::Drop));
    let night = world.run_at("03-08T02:05");
    assert_eq!((&night[0], failed(&night)[0].as_str()), (&ok("backup of"), "copy of"));
    proxy.heal();
    assert_eq!(failed(&world.run_at("03-08T02:20")), [""; 0]);
    // Its noon is that of the extra schedule. On the twelfth nobody will start a run at noon: the night's backup fills it.
    assert_eq!(world.run_at("03-08T12:05"), [ok("backup of"), ok("copy of")]);
    assert_eq!(world.run_at("03-08T12:20"), []);
    // A new week, a new test. The timer is late on the tenth.
    assert_eq!(world.run_at("03-09T02:05").last(), Some(&ok("restore test")));
    assert_eq!(world.run_at("03-10T05:00")[0], ok("backup of"));
    for day in 11..=16 {
        let night = world.run_at(&format!("03-{day:02}T02:05"));
        assert_eq!((&night[0], failed(&night)), (&ok("backup of"), vec![]), "{day}");
    }
    let left = s3.keys("acme-dr").iter().filter(|key| key.ends_with("db.dump")).count();
    // Seven are kept, and the one that fell out last night stays for half of its grace.
    assert_eq!(left, 8);
    let bundle = world.seal(&verifier, time("03-16T08:00"), "2026-03-02/2026-03-16");
    let (code, report) = world.judged(&verifier, &bundle, time("03-16T09:00"));
    let found = deviations(&report);
    let expected = [
        // The night without a timer, and the one on which it was late.
        "WW-BK-01/shop/2026-03-05T02:00:00.000000Z",
        "WW-BK-01/shop/2026-03-10T02:00:00.000000Z",
        "WW-BK-01/shop/2026-03-12T12:00:00.000000Z/independent",
        // The age of the data on the fifth.
        "WW-BK-02/shop/2026-03-04T02:05:",
        // The failure on the seventh, to which nobody said anything.
        "WW-BK-03/shop/2026-03-07T02:05:",
    ];
    let as_planted =
        found.len() == expected.len() && found.iter().zip(expected).all(|(id, start)| id.starts_with(start));
    assert!(as_planted && code == 4, "{code}: {found:#?}");
    drop(server);
}
