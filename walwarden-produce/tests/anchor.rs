//! Time stamps by a real authority, `openssl ts` behind HTTP.

mod support;
#[path = "support/tsa.rs"]
mod tsa;

use std::{fs, path::Path, process::Command};

use support::{Server, Vault, assert_success, assert_two_lines, stdout};
use walwarden_core::event::{AnchorKind, Event};

#[test]
fn a_head_is_stamped_and_the_bundle_carries_the_token() {
    let server = Server::start(5);
    let vault = Vault::init(&server.conninfo());
    assert_two_lines(&vault.run(&["anchor"]), 2, "no time-stamping authority");
    let path = vault.path().join("walwarden.toml");
    let text = fs::read_to_string(&path).unwrap();
    let broken = tsa::authority(&vault.dir.path().join("broken"), false);
    fs::write(&path, format!("{text}\n[[anchor]]\nname = \"broken\"\nurl = \"{broken}\"\n")).unwrap();
    assert_two_lines(&vault.run(&["anchor"]), 1, "no time stamp");
    let url = tsa::authority(&vault.dir.path().join("tsa"), true);
    fs::write(&path, format!("{text}\n[[anchor]]\nname = \"test\"\nurl = \"{url}\"\n")).unwrap();
    assert_success(&vault.run(&["backup"]));
    let output = vault.run(&["anchor"]);
    assert_success(&output);
    assert!(stdout(&output).contains("TEST ONLY"), "{}", stdout(&output));
    let Some(Event::AnchorAttached(anchor)) = vault.events().pop() else { panic!("{:?}", vault.kinds()) };
    assert_eq!((anchor.kind, anchor.size), (AnchorKind::Rfc3161, vault.kinds().len() as u64 - 1));

    // By hand: a query for openssl, and its answer attached; another's token is refused.
    let folder = vault.dir.path().join("tsa");
    assert_success(&vault.run(&["anchor", "--query", folder.join("hand.tsq").to_str().unwrap()]));
    tsa::reply(&folder, "hand.tsq", "hand.tsr");
    assert_success(&vault.run(&["anchor", "--attach", folder.join("hand.tsr").to_str().unwrap()]));
    assert_two_lines(
        &vault.run(&["anchor", "--attach", tsa::peers().join("rsa.tsr").to_str().unwrap()]),
        2,
        "no time stamp",
    );

    let verifier = Path::new(env!("CARGO_BIN_EXE_walwarden")).with_file_name("walwarden-verify");
    if !verifier.exists() {
        println!("SKIPPED: the bundle with tokens, walwarden-verify is not built beside walwarden");
        return;
    }
    let now = walwarden_produce::clock::Clock::now(&walwarden_produce::clock::SystemClock);
    let period = format!("2026-01-01T00:00:00Z/{now}");
    let bundle = vault.dir.path().join("b.zip");
    assert_success(&vault.run(&["bundle", "--period", &period, "--no-report", "--out", bundle.to_str().unwrap()]));
    let output = Command::new(verifier)
        .arg(&bundle)
        .arg("--trust")
        .arg(vault.path().join("handover.json"))
        .arg("--tsa-root")
        .arg(tsa::peers().join("ec-root.pem"))
        .arg("--tsa-root")
        .arg(tsa::peers().join("ec-authority.pem"))
        .output()
        .unwrap();
    let text = stdout(&output);
    assert!(text.contains("time.timestamps"), "{text}");
    let line = text.lines().find(|line| line.contains("time.timestamps")).unwrap();
    assert!(line.contains("pass") || line.contains('✓'), "{line}\n{text}");
}
