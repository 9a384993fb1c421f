//! Migrations, the schema, logs and documents, captured of a real server and a real repository.

#[path = "support/mod.rs"]
mod support;
#[path = "support/collect.rs"]
mod support_collect;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use support::{Server, Vault, assert_success, assert_two_lines, stderr, stdout};
use support_collect::{Captured, ROLE, collect, try_collect, vault_with, world};
use walwarden_core::{
    Digest,
    event::{EvidenceOutcome, flag},
};

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

[[database]]
id = "shop"
owner = "dba-lead"
provider = "self-hosted"
account_ref = "acme-prod"
region = "local"
criticality = "high"
migrations = { kind = "drizzle", schema = "drizzle", table = "__drizzle_migrations", repo = "app", path = "drizzle", branch = "main" }

[[evidence]]
collector = "change_management"
frequency = "per_migration"
due_within = "1d"

[[evidence]]
collector = "schema_snapshot"
frequency = "per_migration"
due_within = "1d"
"#;

/// A server with drizzle's table, a repository, and a vault that knows both.
struct Changes {
    server: Server,
    vault: Vault,
    repository: PathBuf,
    applied: i64,
}

impl Changes {
    fn new() -> Self {
        let server = Server::start(5);
        server.sql("postgres", ROLE);
        server.sql(
            "shop",
            "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, \
             hash text NOT NULL, created_at bigint); \
             GRANT USAGE ON SCHEMA drizzle TO auditor; GRANT SELECT ON drizzle.__drizzle_migrations TO auditor",
        );
        let evidence = format!(
            "connection = \"host={} user=auditor dbname=shop\"\nrepository = \"../app\"\n\
             approvals = \"../approvals\"\nci_runs = \"../ci-runs\"\n",
            server.cluster.folder().display()
        );
        let vault = vault_with(POLICY, &server.conninfo(), &evidence);
        let repository = vault.dir.path().join("app");
        fs::create_dir_all(repository.join("drizzle")).unwrap();
        git(&repository, &["init", "--quiet", "-b", "main"]);
        for brought in ["approvals", "ci-runs"] {
            fs::write(vault.dir.path().join(brought), "").unwrap();
        }
        Self { server, vault, repository, applied: 0 }
    }

    /// Writes and commits a migration; its text.
    fn commit(&self, name: &str, message: &str) -> String {
        let text = format!("-- {name}\nSELECT 1;\n");
        fs::write(self.repository.join("drizzle").join(format!("{name}.sql")), &text).unwrap();
        git(&self.repository, &["add", "-A"]);
        git(&self.repository, &["commit", "--quiet", "-m", message]);
        text
    }

    /// Says that a migration of that text was applied.
    fn apply(&mut self, text: &str) {
        self.applied += 1;
        let hash = Digest::of(text.as_bytes());
        let now = "(extract(epoch FROM now()) * 1000)::bigint";
        let sql = format!("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('{hash}', {now})");
        self.server.sql("shop", &sql);
    }

    fn approve(&self, by: &str) {
        let head = stdout(
            &Command::new("git").args(["-C"]).arg(&self.repository).args(["rev-parse", "HEAD"]).output().unwrap(),
        );
        let file = self.vault.dir.path().join("approvals");
        let text = fs::read_to_string(&file).unwrap();
        let line = format!("{{\"commit\":\"{}\",\"author\":\"dev\",\"approved_by\":\"{by}\"}}\n", head.trim());
        fs::write(file, text + &line).unwrap();
    }
}

fn git(folder: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=dev", "-c", "user.email=dev@acme.example"]).args(args);
    assert_success(&command.output().unwrap());
}

#[test]
fn applied_migrations_and_commits_are_compared_both_ways() {
    let mut changes = Changes::new();
    // More than any page of a script, and a message that breaks what is glued together.
    for n in 0..51 {
        let text = changes.commit(&format!("{n:04}_step"), &format!("it's step \"{n}\"; $(x) \\ {{\u{2028}}}"));
        changes.apply(&text);
    }
    let first = collect(&changes.vault, &["change_management"]);
    assert_eq!(first.rows("migrations.ndjson").len(), 51);
    assert_eq!(first.rows("commits.ndjson").len(), 51);
    assert!(
        first.column("commits.ndjson", "subject").iter().any(|subject| subject.contains("it's step \"50\"; $(x) \\ {"))
    );
    assert!(first.stated.reconciled.as_ref().unwrap().equal);
    assert_eq!(first.stated.session_role.as_deref(), Some("auditor"));

    let approved = changes.commit("0051_approved", "one");
    changes.approve("lead");
    changes.apply(&approved);
    let own = changes.commit("0052_own", "two");
    changes.approve("dev");
    changes.apply(&own);
    let nobody = changes.commit("0053_nobody", "three");
    changes.apply(&nobody);
    changes.apply("-- by hand");
    let planned = stdout(&changes.vault.run(&["run", "--plan"]));
    assert!(planned.contains("capture of schema_snapshot of shop"), "{planned}");
    // Commits have whole seconds: the next is of the span after the first capture.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    changes.commit("0054_waits", "four");
    let second = collect(&changes.vault, &["change_management"]);
    assert_eq!(second.data.diff.unwrap().added, 4);
    assert_eq!(second.flagged(flag::MIGRATION_WITHOUT_COMMIT), ["55"]);
    assert_eq!(second.flagged(flag::MIGRATION_UNAPPROVED), ["54"]);
    assert_eq!(second.flagged(flag::SELF_APPROVED), ["53"]);
    assert_eq!(second.flagged(flag::COMMIT_WITHOUT_MIGRATION), ["0054_waits"]);

    // A clone without its past would show fewer commits, and nobody would know.
    let whole = changes.vault.dir.path().join("whole");
    fs::rename(&changes.repository, &whole).unwrap();
    let from = format!("file://{}", whole.display());
    git(changes.vault.dir.path(), &["clone", "--quiet", "--depth", "3", "-b", "main", &from, "app"]);
    assert_two_lines(&try_collect(&changes.vault, &["change_management"]), 1, "shallow");
    assert_eq!(Captured::last(&changes.vault).data.reason.as_deref(), Some("shallow-clone"));
    drop(changes.server);
}

#[test]
fn runs_of_ci_are_captured_as_they_were_brought() {
    let changes = Changes::new();
    changes.commit("0000_first", "one");
    let file = changes.vault.dir.path().join("ci-runs");
    let run = |result: &str| format!("{{\"commit\":\"c1\",\"at\":\"2026-07-01T10:00:00Z\",\"result\":\"{result}\"}}\n");
    fs::write(&file, run("passed") + &run("failed")).unwrap();
    let captured = collect(&changes.vault, &["change_management"]);
    assert_eq!(captured.column("ci-runs.ndjson", "result"), ["passed", "failed"]);
    // A line that is none is not left out.
    fs::write(&file, run("passed") + "passed\n").unwrap();
    assert_two_lines(&try_collect(&changes.vault, &["change_management"]), 1, "ci-runs, line 2: ");
    assert_eq!(Captured::last(&changes.vault).data.reason.as_deref(), Some("ci-runs-unreadable"));
    drop(changes.server);
}

#[test]
fn a_schema_that_changed_without_a_migration_has_drifted() {
    let mut changes = Changes::new();
    let first = collect(&changes.vault, &["schema_snapshot"]);
    assert!(first.flags().is_empty());
    assert!(String::from_utf8_lossy(&first.outputs["schema.sql"]).contains("CREATE TABLE public.item"));
    let same = collect(&changes.vault, &["schema_snapshot"]);
    assert!(same.flags().is_empty());
    assert_eq!(same.outputs["schema.sql"], first.outputs["schema.sql"]);
    let diff = same.data.diff.unwrap();
    assert_eq!((diff.added, diff.removed, diff.changed), (0, 0, 0));
    changes.server.sql("shop", "ALTER TABLE public.item ADD note text");
    changes.apply("-- note");
    assert!(collect(&changes.vault, &["schema_snapshot"]).flags().is_empty());
    changes.server.sql("shop", "CREATE INDEX by_name ON public.item (name)");
    let drifted = collect(&changes.vault, &["schema_snapshot"]);
    assert_eq!(drifted.flagged(flag::DRIFT_WITHOUT_MIGRATION), ["the exact fingerprint is another: index"]);
    drop(changes.server);
}

#[test]
fn settings_and_exports_of_logs_are_judged_apart() {
    let (server, vault) = world();
    server.sql(
        "postgres",
        "ALTER ROLE auditor SET log_statement TO 'all'; ALTER DATABASE shop SET log_statement TO 'ddl'",
    );
    let bare = collect(&vault, &["connection_logs"]);
    let off = bare.flagged(flag::SETTING_OFF);
    assert_eq!(off.len(), 2, "{off:?}");
    assert_eq!(bare.flagged(flag::NO_EXPORT).len(), 1);
    let audit = collect(&vault, &["query_audit"]);
    let overridden = audit.flagged(flag::SETTING_OVERRIDDEN);
    assert!(overridden.iter().any(|what| what.contains("database shop")), "{overridden:?}");
    let log = vault.dir.path().join("july.log");
    let lines: Vec<String> = (1..=30)
        .filter(|day| *day != 14)
        .map(|day| format!("2026-07-{day:02} 10:00:00.000 UTC [1] LOG:  connection authorized: user=secret\n\tmore\n"))
        .collect();
    fs::write(&log, lines.concat()).unwrap();
    let file = log.to_str().unwrap();
    let july = collect(&vault, &["connection_logs", "shop", "--file", file, "--covers", "2026-07"]);
    assert_eq!(july.flagged(flag::GAP_DAY), ["2026-07-14", "2026-07-31"]);
    assert_eq!(july.flagged(flag::EDGE_MISSING).len(), 1);
    assert!(july.flagged(flag::NO_EXPORT).is_empty());
    let export = &july.rows("export.ndjson")[0];
    assert_eq!(export["sha256"], Some(Digest::of(lines.concat().as_bytes()).to_string()));
    assert_eq!((export["lines"].as_deref(), export["lines_without_time"].as_deref()), (Some("58"), Some("29")));
    // What people did stands in the log, and not in the vault.
    assert!(july.outputs.values().all(|bytes| !String::from_utf8_lossy(bytes).contains("secret")));
    drop(server);
}

#[test]
fn what_a_person_brings_says_whose_word_it_is() {
    let (server, vault) = world();
    let file = vault.dir.path().join("report.pdf");
    fs::write(&file, b"%PDF-1.7 report").unwrap();
    let file = file.to_str().unwrap();
    let lacking = try_collect(&vault, &["provider_document", "--file", file]);
    assert!(!lacking.status.success() && stderr(&lacking).contains("--supplier"));
    let said = ["--supplier", "Supabase", "--at", "2026-05-31", "--encrypted", "yes", "--author", "ciso"];
    let document = collect(&vault, &[&["provider_document", "--file", file], &said[..]].concat());
    assert_eq!(document.flagged(flag::SUPPLIER), ["Supabase"]);
    assert_eq!(document.flagged(flag::AT_REST_ENCRYPTED).len(), 1);
    assert_eq!(document.stated.run_by, "ciso");
    assert_eq!(document.data.covers.to.seconds_since(document.data.covers.from), 365 * 86_400);
    assert_eq!(document.outputs["document"], b"%PDF-1.7 report");
    let held = ["--custodian", "ciso", "--key", "age1x", "--place", "safe 2"];
    let keys = collect(&vault, &[&["key_escrow"], &held[..]].concat());
    assert_eq!(keys.column("keys.ndjson", "place"), ["safe 2"]);
    let note = ["--at", "2026-07-01", "--note", "screenshot of the console"];
    let manual = collect(&vault, &[&["manual", "--file", file], &note[..]].concat());
    assert_eq!(manual.stated.parameters["note"], "screenshot of the console");
    // A column of bytes is a candidate, and says nothing of the storage.
    server.sql("shop", "CREATE TABLE public.card (number bytea)");
    let candidates = collect(&vault, &["encryption_at_rest"]);
    assert_eq!(candidates.column("candidate-columns.ndjson", "table"), ["card"]);
    assert!(candidates.flags().is_empty());
    // The verifier agrees with every capture.
    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    if verifier.exists() {
        let out = vault.dir.path().join("b.zip");
        let sealed = vault.run(&["bundle", "--period", "2026", "--no-report", "--out", out.to_str().unwrap()]);
        assert!(out.exists(), "{}{}", stdout(&sealed), stderr(&sealed));
        assert!(!stderr(&sealed).contains("rejects"), "{}", stderr(&sealed));
    } else {
        assert!(std::env::var_os("CI").is_none(), "{} is missing", verifier.display());
        println!("SKIPPED: captures judged, walwarden-verify is not built beside walwarden");
    }
    assert_eq!(candidates.data.outcome, EvidenceOutcome::Ok);
    drop(server);
}
