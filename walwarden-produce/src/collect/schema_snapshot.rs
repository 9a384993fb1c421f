//! `schema_snapshot`: the schema as text and as fingerprint, and whether it changed without a migration.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use walwarden_core::event::flag;

use super::{
    Scene,
    ask::Ask,
    capture::{Capture, Failure, File, Row, Table, row, text},
    migrations,
};
use crate::postgres::{Connection, Program, ToolError, schema::fingerprint};

const FINGERPRINT: &str = "fingerprint.ndjson";
const OBJECTS: &str = "objects.ndjson";
/// Kinds that a flag names.
const KINDS: usize = 8;

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let (mut ask, connection) = Ask::pinned(scene)?;
    let seen = fingerprint(ask.session()).map_err(|error| ask.failed(error))?;
    let [snapshot] = ask.session().one("SELECT pg_export_snapshot()").map_err(|error| ask.failed(error))?;
    let ddl = ddl(&connection, &snapshot)?;
    let objects = seen.objects.iter().flat_map(|(kind, objects)| {
        objects.iter().map(move |object| row([("kind", Some(kind.clone())), ("object", Some(object.clone()))]))
    });
    let objects = Table::new(OBJECTS, &["kind", "object"], 2, objects.collect());
    let counts = seen.counts.iter();
    let counts = counts.map(|(kind, n)| row([("kind", Some(kind.clone())), ("count", Some(n.to_string()))])).collect();
    let fingerprint = row([
        ("exact", Some(seen.digests.exact.to_string())),
        ("portable", Some(seen.digests.portable.to_string())),
        ("major", Some(ask.facts.major().to_string())),
    ]);
    let mut capture = Capture::default();
    let applied = migrations::applied(scene, &mut ask)?;
    let migrations = applied.as_ref().map(|(table, _)| table);
    if let Some(what) = drift(scene, &fingerprint, &objects, migrations) {
        capture.flag(flag::DRIFT_WITHOUT_MIGRATION, what);
    }
    let fingerprint = Table::new(FINGERPRINT, &["exact", "portable", "major"], 0, vec![fingerprint]);
    let counts = Table::new("counts.ndjson", &["kind", "count"], 0, counts);
    capture.tables = vec![objects, counts, fingerprint];
    if let Some((table, reconciled)) = applied {
        capture.tables.push(Table { keys: 0, ..table });
        capture.reconciled = Some(reconciled);
    }
    capture.files = vec![File { name: "schema.sql", media: "application/sql", bytes: ddl }];
    capture.filters = vec!["owners, privileges, and objects of extensions".into()];
    capture.asked = Some(ask.asked);
    Ok(capture)
}

/// What differs from the capture before, where no migration was applied between the two.
fn drift(scene: &Scene<'_>, now: &Row, objects: &Table, migrations: Option<&Table>) -> Option<String> {
    let before = scene.before.as_ref()?;
    let then = before.table(FINGERPRINT).first()?;
    // What a server writes out itself is equal on one major version only.
    let digest = if text(then, "major") == text(now, "major") { "exact" } else { "portable" };
    let ids = |rows: &[Row]| rows.iter().map(|row| text(row, "id").to_owned()).collect::<BTreeSet<_>>();
    let known = ids(before.table(migrations::NAME));
    let migrated = migrations.is_some_and(|table| !ids(&table.rows).is_subset(&known));
    if migrated || text(then, digest) == text(now, digest) {
        return None;
    }
    let set = |rows: &[Row]| {
        rows.iter().map(|row| (text(row, "kind").to_owned(), text(row, "object").to_owned())).collect::<BTreeSet<_>>()
    };
    let (old, new) = (set(before.table(OBJECTS)), set(&objects.rows));
    let kinds: BTreeSet<&str> = old.symmetric_difference(&new).map(|(kind, _)| kind.as_str()).collect();
    let some: Vec<&str> = kinds.iter().copied().take(KINDS).collect();
    let more = if kinds.len() > KINDS { ", and others" } else { "" };
    Some(format!("the {digest} fingerprint is another: {}{more}", some.join(", ")))
}

/// The schema as `pg_dump` writes it, of the same snapshot.
fn ddl(connection: &Connection, snapshot: &str) -> Result<Vec<u8>, Failure> {
    let missing = |error: ToolError| Failure::new(error.reason_code(), error.to_string());
    let run = |command: &mut Command| {
        let output = command.stdin(Stdio::null()).output();
        output.map_err(|error| Failure::new("tool-not-started", format!("pg_dump does not start: {error}")))
    };
    // Asked for without a connection: it is answered only as the first argument.
    let help = run(Command::new(connection.tools().find(Program::PgDump).map_err(missing)?).arg("--help"))?;
    let mut command = connection.command(Program::PgDump).map_err(missing)?;
    command.args(["--schema-only", "--no-owner", "--no-privileges", "--no-password", "--lock-wait-timeout=10000"]);
    command.arg(format!("--snapshot={snapshot}"));
    // Otherwise newer ones write a random token, and no two texts are equal.
    if String::from_utf8_lossy(&help.stdout).contains("--restrict-key") {
        command.arg("--restrict-key=walwarden");
    }
    let output = run(&mut command)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = connection.redact(&String::from_utf8_lossy(&output.stderr));
    let denied = said.contains("permission denied");
    let code = if denied { "insufficient-privilege" } else { "dump-failed" };
    Err(Failure::new(code, format!("pg_dump failed: {}", said.lines().next().unwrap_or("it gave no reason"))))
}
