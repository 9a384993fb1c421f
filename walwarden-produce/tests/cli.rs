//! The program on a real server, command by command.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use support::{Server, Vault, always, assert_success, assert_two_lines, stderr, stdout};
use walwarden_core::{
    chain::Entries,
    event::{Event, ExportState, Outcome},
    handover::Handover,
};

/// The value of a `name  value` line.
fn value(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with("  ")));
    line.unwrap_or_else(|| panic!("no {name} in {text}"))[name.len()..].trim().to_owned()
}

#[test]
fn every_command_has_help_and_says_nothing_else() {
    let commands: [&[&str]; 28] = [
        &[],
        &["init"],
        &["backup"],
        &["collect"],
        &["restore-test"],
        &["bundle"],
        &["status"],
        &["head"],
        &["key", "list"],
        &["policy", "check"],
        &["policy", "init"],
        &["review"],
        &["action", "open"],
        &["action", "update"],
        &["action", "close"],
        &["alert", "ack"],
        &["alert", "test"],
        &["hold", "place"],
        &["hold", "release"],
        &["maintenance", "declare"],
        &["note", "correct"],
        &["operator", "record"],
        &["handoff", "record"],
        &["key", "compare"],
        &["key", "new"],
        &["key", "rotate"],
        &["key", "retire"],
        &["key", "revoke"],
    ];
    for command in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_walwarden")).args(command).arg("--help").output().unwrap();
        assert_success(&output);
        assert!(stdout(&output).contains("Usage: walwarden"), "{}", stdout(&output));
        assert!(stdout(&output).contains("--passphrase-file"));
        assert_eq!(stderr(&output), "");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_walwarden")).arg("--help").output().unwrap();
    assert!(stdout(&output).contains("Examples:"));
}

#[test]
fn shells_complete_and_every_command_has_a_page() {
    let program = env!("CARGO_BIN_EXE_walwarden");
    let folder = tempfile::tempdir().unwrap();
    let script = Command::new(program).args(["completions", "bash"]).output().unwrap();
    assert_success(&script);
    let file = folder.path().join("walwarden.bash");
    fs::write(&file, &script.stdout).unwrap();
    // As the shell does it after `walwarden chain du<TAB>`.
    let completed = Command::new("bash")
        .args(["-c", "source \"$0\"; COMP_WORDS=(walwarden chain du); COMP_CWORD=2; _walwarden walwarden du chain; echo ${COMPREPLY[@]}"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(stdout(&completed).trim(), "dump", "{}", stderr(&completed));
    let pages = folder.path().join("man");
    assert_success(&Command::new(program).arg("manual").arg(&pages).output().unwrap());
    for page in ["walwarden.1", "walwarden-chain-dump.1", "walwarden-restore-test.1"] {
        let text = fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".TH ") && text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
    assert_two_lines(&Command::new(program).arg("manual").arg(&pages).output().unwrap(), 2, "man");
}

#[test]
fn backup_restore_test_status_head_keys() {
    let server = Server::start(500);
    let vault = Vault::init(&server.conninfo());
    let backup = vault.run(&["backup"]);
    assert_success(&backup);
    assert_eq!(value(&stdout(&backup), "rows"), "501");
    assert_eq!(stderr(&backup), "", "no progress bar without a terminal");

    let restored = vault.run(&["restore-test"]);
    assert_success(&restored);
    assert_eq!(value(&stdout(&restored), "outcome"), "passed");
    assert_eq!(value(&stdout(&restored), "content"), value(&stdout(&backup), "content"));

    let kinds = vault.kinds();
    let expected = [
        "chain.genesis",
        "policy.adopted",
        "scope.declared",
        "backup.started",
        "backup.completed",
        "restore.started",
        "restore.tested",
    ];
    assert_eq!(kinds, expected);
    let status = stdout(&vault.run(&["status"]));
    assert!(status.contains("restore test   passed") && status.contains("lies in the clear"), "{status}");
    assert!(status.lines().count() <= 24, "one screen: {status}");
    let status = stdout(&vault.run(&["status", "--rules"]));
    assert!(status.contains("●   WW-RT-02") && status.contains("not promised"), "{status}");
    let head = stdout(&vault.run(&["head"]));
    assert_eq!(head.lines().count(), 1);
    assert!(head.starts_with("acme.example/backups-") && head.contains(" 7 "), "{head}");
    let keys = stdout(&vault.run(&["key", "list"]));
    assert_eq!(keys.lines().filter(|line| line.starts_with("key ")).count(), 3, "{keys}");

    let handover = Handover::parse(&fs::read(vault.path().join("handover.json")).unwrap()).unwrap();
    assert_eq!((handover.head.size, handover.roots.len(), handover.threshold), (3, 1, 1));
    no_secret_in(&vault);
}

/// Neither passphrase nor row key nor private key is anywhere in chain, statements or configuration.
fn no_secret_in(vault: &Vault) {
    let mut files = Vec::new();
    support::walk(&vault.path(), &mut files);
    let (keys, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| path.ends_with("rowkey"));
    let mut secrets = vec![support::PASSPHRASE.to_owned(), "PRIVATE KEY".to_owned()];
    secrets.extend(keys.iter().map(|path| fs::read_to_string(path).unwrap().trim().to_owned()));
    assert!(secrets.len() > 2);
    for path in others {
        let bytes = fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
    }
}

#[test]
fn two_backups_at_once_both_succeed() {
    let server = Server::start(20_000);
    let vault = Vault::init(&server.conninfo());
    thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| vault.run(&["backup"]))).collect();
        runs.into_iter().for_each(|run| assert_success(&run.join().unwrap()));
    });
    let kinds = vault.kinds();
    assert_eq!(kinds.iter().filter(|kind| *kind == "backup.completed").count(), 3);
    assert_eq!(vault.objects().len(), 12);
    assert_eq!(value(&stdout(&vault.run(&["restore-test"])), "outcome"), "passed");
}

/// 200 tables of 60 columns with long names: the list of leaf objects is longer than a statement may be.
#[test]
fn a_list_of_tables_too_long_for_a_statement_is_a_blob() {
    let server = Server::start(1);
    server.sql(
        "shop",
        "DO $$ DECLARE columns text; BEGIN \
         SELECT string_agg(format('%I int', lpad(c::text, 60, 'c')), ', ') INTO columns FROM generate_series(1, 60) c; \
         FOR t IN 1..200 LOOP EXECUTE format('CREATE TABLE public.t%s (%s)', t, columns); END LOOP; END $$",
    );
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let line = fs::read_to_string(vault.path().join("statements/backup.ndjson")).unwrap();
    assert!(line.len() < 1 << 20, "{}", line.len());
    let blobs = fs::read_dir(vault.path().join("blobs")).unwrap().flatten();
    assert!(blobs.map(|blob| blob.metadata().unwrap().len()).max() > Some(700 << 10));
    let tested = vault.run(&["restore-test"]);
    assert_success(&tested);
    assert_eq!(value(&stdout(&tested), "tables"), "202 of 202");
    if Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify").exists() {
        assert_success(&vault.run(&["bundle", "--period", &always(), "--out", "b.zip", "--no-report"]));
    } else {
        println!("the bundle was skipped: walwarden-verify is not built");
    }
}

#[test]
fn a_changed_dump_is_not_restored() {
    let server = Server::start(50);
    let vault = Vault::init(&server.conninfo());
    for name in ["db.dump", "globals.sql", "rowkey"] {
        assert_success(&vault.run(&["backup"]));
        let file = newest(&vault, name);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
        let output = vault.run(&["restore-test"]);
        assert_two_lines(&output, 1, "restore test failed at bytes");
        let Some(Event::RestoreTested(tested)) = vault.events().pop() else { panic!("not recorded") };
        assert_eq!((tested.outcome, tested.usable_at, tested.rows_actual), (Outcome::Failed, None, None), "{name}");
        let statement = fs::read_to_string(vault.path().join("statements/restore-test.ndjson")).unwrap();
        assert!(!statement.is_empty());
    }
    assert_success(&vault.run(&["status"]));
}

#[test]
fn a_changed_statement_is_not_believed() {
    let server = Server::start(50);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let path = vault.path().join("statements/backup.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"payload\":\"ey", "\"payload\":\"eY", 1)).unwrap();
    assert_two_lines(&vault.run(&["restore-test"]), 1, "restore test failed at signature");
    let status = stdout(&vault.run(&["status", "--rules"]));
    assert!(status.contains("no signed statement"), "{status}");
}

fn newest(vault: &Vault, name: &str) -> PathBuf {
    let mut files = vault.objects();
    files.retain(|path| path.ends_with(name));
    files.sort();
    files.pop().unwrap()
}

/// The program in a folder of its own, beside a verifier that ends as told.
fn beside(vault: &Vault, script: Option<&str>) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = vault.dir.path().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("walwarden");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_walwarden"), &program).unwrap();
    }
    let verifier = folder.join("walwarden-verify");
    let _ = fs::remove_file(&verifier);
    if let Some(script) = script {
        fs::write(&verifier, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&verifier, fs::Permissions::from_mode(0o755)).unwrap();
    }
    program
}

fn bundle(vault: &Vault, program: &Path, args: &[&str]) -> std::process::Output {
    let mut command = Command::new(program);
    command.arg("--vault").arg(vault.path()).arg("--passphrase-file").arg(vault.passphrase_file());
    command.args(["bundle", "--period", &always(), "--no-report", "--out", "b.zip"]).args(args);
    command.current_dir(vault.dir.path()).output().unwrap()
}

#[test]
fn a_bundle_is_not_published_unjudged() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let before = vault.entries();
    let file = |name: &str| vault.dir.path().join(name);

    let output = bundle(&vault, &beside(&vault, None), &[]);
    assert_two_lines(&output, 2, "walwarden-verify is missing");
    assert_eq!(vault.entries(), before, "nothing is recorded");

    let output = bundle(&vault, &beside(&vault, Some("echo broken >&2; exit 2")), &["--as-is"]);
    assert_two_lines(&output, 2, "could not judge");
    let output = bundle(&vault, &beside(&vault, Some("echo REJECTED; exit 1")), &[]);
    assert_two_lines(&output, 2, "rejects the bundle");
    assert!(stderr(&output).contains("REJECTED"));
    assert!(!file("b.zip").exists() && !file("b.zip.partial").exists());
    assert!(
        !vault.events().iter().any(|event| matches!(event, Event::ExportMade(e) if e.state == ExportState::Written))
    );

    let output = bundle(&vault, &beside(&vault, Some("echo REJECTED; exit 1")), &["--as-is"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(file("b.rejected.zip").exists() && !file("b.zip").exists());
    assert_eq!(fs::read_to_string(file("b.rejected.txt")).unwrap(), "REJECTED\n");
    let Some(Event::ExportMade(made)) = vault.events().pop() else { panic!("not recorded") };
    assert_eq!((made.state, made.rejected), (ExportState::Written, Some(true)));

    for code in [0, 3, 4] {
        let _ = ["b.zip", "b-handover.json"].map(|name| fs::remove_file(file(name)));
        let output = bundle(&vault, &beside(&vault, Some(&format!("exit {code}"))), &[]);
        assert_success(&output);
        let verdict = value(&stdout(&output), "verdict");
        assert!(verdict.starts_with(&code.to_string()), "{verdict}");
        let Some(Event::ExportMade(made)) = vault.events().pop() else { panic!("not recorded") };
        assert_eq!((made.state, made.rejected), (ExportState::Written, None));
        assert_eq!(made.payload_sha256.unwrap().to_string(), value(&stdout(&output), "bundle digest"));
        let handover = Handover::parse(&fs::read(vault.path().join("handover.json")).unwrap()).unwrap();
        // The bundle ends under `begun`; `written` lies beyond it, and beyond what the auditor is given.
        assert_eq!(handover.head.size, vault.kinds().len() as u64 - 1);
    }
    let output = bundle(&vault, &beside(&vault, Some("exit 0")), &[]);
    assert_two_lines(&output, 2, "is there already");

    // What a killed run has not published is in nobody's way; what another one is at work on is.
    let _ = ["b.zip", "b-handover.json"].map(|name| fs::remove_file(file(name)));
    fs::create_dir(file("b.zip.partial")).unwrap();
    fs::write(file("b.zip.partial/b.zip"), "half").unwrap();
    let at_work = fs::File::open(file("b.zip.partial")).unwrap();
    at_work.lock().unwrap();
    let output = bundle(&vault, &beside(&vault, Some("exit 0")), &[]);
    assert_two_lines(&output, 2, "b.zip.partial is there already");
    drop(at_work);
    assert_success(&bundle(&vault, &beside(&vault, Some("exit 0")), &[]));
    assert!(file("b.zip").exists() && !file("b.zip.partial").exists());
}

#[test]
fn what_has_succeeded_since_is_not_wrong_any_more() {
    let server = Server::start(5);
    let vault = Vault::init(&server.conninfo());
    let wrong = || -> Vec<String> {
        let status = stdout(&vault.run(&["status"]));
        status.lines().filter(|line| line.starts_with("wrong")).map(Into::into).collect()
    };
    vault.configure("dbname=shop", "dbname=shopp");
    assert_two_lines(&vault.run(&["backup"]), 1, "shopp");
    let lines = wrong();
    let ndjson = vault.entries();
    let failed = Entries::parse(&ndjson).unwrap().all().last().unwrap().id.to_string();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.starts_with("wrong  backup-failed, 2") && line.contains(&failed), "when, and which: {line}");
    vault.configure("dbname=shopp", "dbname=shop");
    assert_success(&vault.run(&["backup"]));
    assert_eq!(wrong(), [""; 0]);
    assert!(vault.kinds().contains(&"backup.failed".to_owned()), "the record keeps it");
}

#[test]
fn a_key_that_is_not_there_is_said_before_anything_is_asked() {
    let vault = Vault::init("host=/nonexistent dbname=shop");
    let review = ["review", "--policy", "--conclusion", "no_issue", "--key", "nowhere.pem"];
    assert_two_lines(&vault.run(&review), 2, "nowhere.pem");
}

#[test]
fn the_verifier_accepts_what_is_sealed() {
    let server = Server::start(300);
    let vault = Vault::init(&server.conninfo());
    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    if !verifier.exists() {
        println!("skipped: {} is not built", verifier.display());
        return;
    }
    assert_success(&vault.run(&["backup"]));
    let now = value(&stdout(&vault.run(&["backup"])), "snapshot");
    assert_success(&vault.run(&["restore-test"]));
    // A period that is over: from before the vault to now.
    thread::sleep(std::time::Duration::from_millis(1100));
    let day = &now[..10];
    let end = stdout(&Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap());
    let period = format!("{day}T00:00:00Z/{}", end.trim());
    let output = vault.run(&["bundle", "--period", &period, "--out", "b.zip"]);
    assert_success(&output);
    let text = stdout(&output);
    assert!(value(&text, "verdict").starts_with('0') || value(&text, "verdict").starts_with('4'), "{text}");
    // The auditor's next bundle extends it, under the new handover.
    assert_success(&vault.run(&["backup"]));
    let first = vault.dir.path().join("first.json");
    fs::copy(vault.path().join("handover.json"), &first).unwrap();
    let output = vault.run(&[
        "bundle",
        "--period",
        &format!("{}/{}", end.trim(), always().split('/').next_back().unwrap()),
        "--out",
        "c.zip",
    ]);
    assert_success(&output);
    let judged = Command::new(&verifier)
        .current_dir(vault.dir.path())
        .args(["c.zip", "--previous", "b.zip", "--trust"])
        .arg(first)
        .output()
        .unwrap();
    let report = stdout(&judged);
    assert!(matches!(judged.status.code(), Some(0 | 4)), "{report}{}", stderr(&judged));
}
