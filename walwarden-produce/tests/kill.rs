//! Runs that are stopped: nothing acknowledged is lost, the vault verifies, the next run works.

mod support;

use std::{
    fs,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use support::{Server, Vault, assert_success, stderr};
use walwarden_core::event::Event;

/// At how many points of a run it is killed; `make soak` asks for hundreds.
fn kills() -> u32 {
    std::env::var("WALWARDEN_KILLS").map_or(10, |text| text.parse().expect("WALWARDEN_KILLS is a number"))
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn killed_at_ten_points_of_a_backup() {
    let server = Server::start(60_000);
    let vault = Vault::init(&server.conninfo());
    let began = Instant::now();
    assert_success(&vault.run(&["backup"]));
    let whole = began.elapsed();
    let mut acknowledged = vault.entries();
    let kills = kills();
    for point in 0..kills {
        let lines = vault.entries().iter().filter(|byte| **byte == b'\n').count();
        let mut child = vault.start(&["backup"]);
        if point % 3 == 0 {
            // However slow the machine is meanwhile: in its midst, and nowhere else.
            vault.wait_for("backup.started", lines);
        } else {
            thread::sleep(whole * (2 * point + 1) / (2 * kills));
        }
        signal(&child, "-KILL");
        child.wait().unwrap();
        let now = vault.entries();
        assert!(now.starts_with(&acknowledged), "nothing is lost at point {point}");
        vault.kinds();
        // What was whole before the kill stays; the head may cover one line more by now.
        acknowledged = now[..now.iter().rposition(|byte| *byte == b'\n').unwrap() + 1].to_vec();
    }
    assert_success(&vault.run(&["backup"]));
    assert_success(&vault.run(&["restore-test"]));
    let (mut started, mut ended) = (0, 0);
    for event in vault.events() {
        match event {
            Event::BackupStarted(_) => started += 1,
            Event::BackupCompleted(_) | Event::BackupFailed(_) => ended += 1,
            _ => {}
        }
    }
    let complete = vault.events().iter().filter(|event| matches!(event, Event::BackupCompleted(_))).count();
    assert_eq!(vault.objects().len(), 4 * complete, "{:?}", vault.objects());
    assert_eq!(fs::read_dir(vault.path().join("runs")).unwrap().count(), 0);
    assert!(started > ended, "at least one run was killed on its way: {started} started, {ended} ended");
}

#[test]
fn killed_at_points_of_a_restore_test() {
    let server = Server::start(20_000);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let kills = kills().max(10) * 2 / 5;
    for point in 0..kills {
        let mut child = vault.start(&["restore-test"]);
        thread::sleep(Duration::from_millis(200 + 1200 * u64::from(point) / u64::from(kills)));
        signal(&child, "-KILL");
        child.wait().unwrap();
        vault.kinds();
    }
    assert_success(&vault.run(&["restore-test"]));
    // Neither a cluster of a killed test stays, nor what was restored from.
    for event in vault.events() {
        if let Event::RestoreStarted(started) = event {
            let folder = std::env::temp_dir().join(format!("walwarden-{}", started.test_id.as_str().to_lowercase()));
            assert!(!folder.exists(), "{}", folder.display());
        }
    }
    assert!(!vault.path().join("objects/.staging").exists());
    assert_eq!(fs::read_dir(vault.path().join("runs")).unwrap().count(), 0);
}

#[test]
fn killed_at_ten_points_of_a_run() {
    let server = Server::start(3_000);
    let vault = Vault::init(&server.conninfo());
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[[copy]]\nname = \"dr\"\nfolder = \"../dr\"\n[vault]\ncopy_to = \"dr\"\n"))
        .unwrap();
    let kills = kills();
    for point in 0..kills {
        // Each time something is due: a backup of its own, its copies, a restore test.
        assert_success(&vault.run(&["backup"]));
        let mut acknowledged = vault.entries();
        acknowledged.truncate(acknowledged.iter().rposition(|byte| *byte == b'\n').unwrap() + 1);
        fs::remove_dir_all(vault.dir.path().join("dr/shop")).unwrap();
        let _ = vault.run(&["copy", "--again"]);
        let mut child = vault.start(&["run"]);
        thread::sleep(Duration::from_millis(60 + 2100 * u64::from(point) / u64::from(kills)));
        signal(&child, "-KILL");
        child.wait().unwrap();
        let now = vault.entries();
        assert!(now.starts_with(&acknowledged), "nothing is lost at point {point}");
        vault.kinds();
    }
    let output = vault.run(&["run"]);
    assert_success(&output);
    let complete = vault.events().iter().filter(|event| matches!(event, Event::BackupCompleted(_))).count();
    assert_eq!(vault.objects().len(), 4 * complete);
    let mut copies = Vec::new();
    support::walk(&vault.dir.path().join("dr/shop"), &mut copies);
    assert_eq!(copies.len(), 3 * complete);
    assert!(!vault.path().join("objects/.staging").exists());
    // The copy of the vault is whole, too.
    let lost = vault.dir.path().join("lost");
    fs::rename(vault.path(), &lost).unwrap();
    let config = fs::read_to_string(lost.join("walwarden.toml")).unwrap();
    let kept = vault.dir.path().join("walwarden.toml");
    fs::write(&kept, config).unwrap();
    assert_success(&vault.run(&["vault", "restore", "--config", kept.to_str().unwrap()]));
    assert_eq!(vault.entries(), fs::read(lost.join("chain/entries.ndjson")).unwrap());
}

#[test]
fn interrupted_is_recorded_and_leaves_nothing() {
    for name in ["-INT", "-TERM"] {
        let server = Server::start(400_000);
        let vault = Vault::init(&server.conninfo());
        let child = vault.start(&["backup"]);
        vault.wait_for("backup.started", 3);
        thread::sleep(Duration::from_millis(100));
        signal(&child, name);
        let began = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_eq!(vault.failure().1, "interrupted");
        assert!(stderr(&output).contains("the run was interrupted"), "{}", stderr(&output));
        assert!(vault.objects().is_empty(), "{:?}", vault.objects());
        no_child_of(server.cluster.folder().to_str().unwrap());
    }
}

/// No pg_dump or psql that reads the server in `folder` is left.
fn no_child_of(folder: &str) {
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let client = line.contains("pg_dump") || line.contains("psql");
        assert!(!(client && line.contains(folder)), "left behind: {line}");
    }
}

#[test]
fn an_interrupted_restore_test_is_recorded_as_aborted() {
    let server = Server::start(200_000);
    let vault = Vault::init(&server.conninfo());
    assert_success(&vault.run(&["backup"]));
    let child = vault.start(&["restore-test"]);
    vault.wait_for("restore.started", 5);
    thread::sleep(Duration::from_millis(700));
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let Some(Event::RestoreTested(tested)) = vault.events().pop() else { panic!("not recorded") };
    assert_eq!(tested.outcome.word(), "aborted");
    assert_eq!(tested.checks_passed_at, None);
}
