//! What is done while the signer is away: kept, and recorded once it is back.

#[path = "support/apart.rs"]
mod apart;
mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Output, Stdio},
    thread,
    time::Instant,
};

use apart::{Apart, start};
use support::{Server, assert_success, assert_two_lines, copy, judged, stderr, stdout};
use walwarden_core::{chain::Entries, event::Event};

const NOWHERE: &str = "host=/nonexistent dbname=shop";

/// Restarts the signer.
fn back(apart: &mut Apart) {
    apart.signer = start(&apart.vault);
}

/// Items in the spool.
fn waiting(apart: &Apart) -> usize {
    let entries = fs::read_dir(apart.vault.path().join("spool")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit())).count()
}

/// Fails as what waits fails: with 1, in two lines that say so.
fn assert_waits(output: &Output) {
    assert_two_lines(output, 1, "the signer is away");
}

const WAITED: [&str; 6] =
    ["backup.started", "backup.completed", "restore.started", "restore.tested", "evidence.collected", "hold.changed"];

/// A capture that needs no server.
const MANUAL: [&str; 8] =
    ["collect", "manual", "--file", "passphrase", "--at", "2026-01-01T00:00:00Z", "--note", "as seen"];

fn captures(apart: &Apart) -> Vec<String> {
    let ndjson = apart.vault.entries();
    let entries = Entries::parse(&ndjson).unwrap();
    let captured = entries.all().iter().filter(|line| matches!(line.event(), Event::EvidenceCollected(_)));
    captured.map(|line| line.id.to_string()).collect()
}

#[test]
fn what_is_done_while_the_signer_is_away_is_recorded_under_its_true_times() {
    let server = Server::start(5);
    let mut apart = Apart::new(&server.conninfo());
    assert_success(&apart.run(&["backup"]));
    let (before, objects) = (apart.vault.entries(), apart.vault.objects().len());

    apart.stop();
    assert_waits(&apart.run(&["backup"]));
    assert_waits(&apart.run(&["restore-test"]));
    assert_waits(&apart.run(&["collect", "access_control", "shop"]));
    // What people record waits too.
    assert_waits(&apart.run(&["hold", "place", "shop", "--reason", "lawsuit"]));
    let run = apart.run(&["run"]);
    assert_eq!(run.status.code(), Some(1), "{}{}", stdout(&run), stderr(&run));
    assert!(stderr(&run).contains("wait in the vault's spool"), "{}", stderr(&run));
    assert_eq!(apart.vault.entries(), before, "nothing is in the chain");
    let status = stdout(&apart.run(&["status"]));
    for kind in WAITED {
        assert!(status.contains(&format!("spool  {kind} of ")), "{kind}: {status}");
    }
    assert!(status.contains("backups        1,") && status.contains("restore test   none"), "counted: {status}");
    assert!(stdout(&apart.run(&["status", "--openmetrics"])).contains("chain_spooled_lines{"));
    let waited = waiting(&apart);
    assert!(waited >= 5, "{waited}");
    assert_eq!(apart.vault.objects().len(), 2 * objects, "its objects are kept");
    // A bundle without it would say that it did not happen.
    assert_two_lines(&apart.run(&["bundle", "--period", "2020-01-01/2999-01-01"]), 2, "the signer is away");

    back(&mut apart);
    let run = apart.run(&["run"]);
    assert_success(&run);
    assert_eq!(waiting(&apart), 0);
    let ndjson = apart.vault.entries();
    let entries = Entries::parse(&ndjson).unwrap();
    let late = &entries.all()[before.iter().filter(|byte| **byte == b'\n').count()..][..waited];
    let kinds: Vec<_> = late.iter().map(|line| line.kind().into_owned()).collect();
    assert_eq!(kinds[..2], ["backup.started", "backup.completed"], "{kinds:?}");
    assert!(late.iter().all(|line| line.at() < line.recorded_at), "by its true time");
    assert!(late.windows(2).all(|pair| pair[0].at() <= pair[1].at()), "in the order in which it happened");
    let status = stdout(&apart.run(&["status"]));
    assert!(!status.contains("spool  ") && status.contains("backups        2,"), "{status}");
    judged(&apart.vault, "b.zip", &[]);
}

/// A killed run leaves an item, or none; what is recorded is recorded once; nothing that was kept is lost.
#[test]
fn killed_at_points_of_spooling_and_of_recording() {
    let mut apart = Apart::new(NOWHERE);
    apart.stop();
    let began = Instant::now();
    assert_waits(&apart.run(&MANUAL));
    let whole = began.elapsed();
    for point in 0..6 {
        let mut command = apart.command(&MANUAL);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * (2 * point + 1) / 12);
        // Where it has ended already there is nothing to kill.
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert_waits(&apart.run(&MANUAL));
    let kept = waiting(&apart);
    assert!((2..=8).contains(&kept), "{kept}");
    let status = stdout(&apart.run(&["status"]));
    let ids: BTreeSet<String> = status
        .lines()
        .filter(|line| line.starts_with("spool  "))
        .map(|line| line.split(", ").nth(1).unwrap().split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), kept);

    // Killed while it records: by turns the one that records, and the signer.
    for point in 0..8 {
        back(&mut apart);
        let mut command = apart.command(&MANUAL);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * (2 * point + 1) / 16);
        if point % 2 == 0 {
            let _ = child.kill();
            child.wait().unwrap();
        }
        apart.stop();
        child.wait().unwrap();
        apart.vault.kinds();
    }
    back(&mut apart);
    let before = captures(&apart).len();
    assert_success(&apart.run(&MANUAL));
    assert_eq!(waiting(&apart), 0);
    let recorded = captures(&apart);
    assert!(recorded.len() > before);
    let once: BTreeSet<String> = recorded.iter().cloned().collect();
    assert_eq!(once.len(), recorded.len(), "an entry stands twice");
    assert!(ids.is_subset(&once), "lost: {:?}", ids.difference(&once));
    judged(&apart.vault, "b.zip", &[]);
}

/// What a kill leaves between recording and removing, with a head over the entry and without one.
#[test]
fn recorded_and_not_removed() {
    let mut apart = Apart::new(NOWHERE);
    apart.stop();
    assert_waits(&apart.run(&MANUAL));
    let dir = apart.vault.dir.path().to_owned();
    copy(&apart.vault.path().join("spool"), &dir.join("kept"));
    back(&mut apart);
    assert_success(&apart.run(&MANUAL));
    assert_eq!(captures(&apart).len(), 2);
    let again = |apart: &Apart| {
        copy(&dir.join("kept"), &apart.vault.path().join("spool"));
        assert_success(&apart.run(&["run"]));
        assert_eq!((waiting(apart), captures(apart).len()), (0, 2));
    };
    again(&apart);
    let path = apart.vault.path().join("chain/checkpoints.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&path, lines[..lines.len() - 1].join("\n") + "\n").unwrap();
    again(&apart);
    let covered = fs::read_to_string(&path).unwrap();
    assert!(covered.lines().last().unwrap().ends_with(&format!("\"size\":{}}}", apart.vault.kinds().len())));
}

#[test]
fn a_spoilt_item_stops_what_comes_after_it_and_is_named() {
    let mut apart = Apart::new(NOWHERE);
    apart.stop();
    assert_waits(&apart.run(&MANUAL));
    let item = apart.vault.path().join("spool/000000000001/item.json");
    let text = fs::read_to_string(&item).unwrap();
    back(&mut apart);
    for spoilt in [
        "",
        "{}",
        &text.replace("evidence.collected", "evidence.other"),
        &text.replace("evidence.ndjson", "other.ndjson"),
    ] {
        fs::write(&item, spoilt).unwrap();
        assert_two_lines(&apart.run(&MANUAL), 2, "is spoilt");
    }
    // It cannot be made to say something else under a statement of its own.
    let moved = Path::new("moved");
    fs::rename(item.parent().unwrap(), apart.vault.dir.path().join(moved)).unwrap();
    assert_success(&apart.run(&MANUAL));
    assert_eq!(captures(&apart).len(), 1);
}
