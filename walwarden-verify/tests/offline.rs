//! The program makes no network call: its system calls are watched. A control shows that the watching can fail.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs, and prints its skips")]
#![cfg(target_os = "linux")]

use std::process::Command;

use walwarden_fixtures::corpus;

/// What strace saw of network calls; `None` where strace is missing or may not watch.
fn network_calls(program: &str, args: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let ran = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=network", "-o"])
        .arg(&log)
        .arg(program)
        .args(args)
        .output();
    let Ok(output) = ran else {
        println!("skipped: strace is not installed");
        return None;
    };
    if text(&output.stderr).contains("PTRACE") || text(&output.stderr).contains("ptrace") {
        println!("skipped: strace may not watch here: {}", text(&output.stderr));
        return None;
    }
    let log = std::fs::read_to_string(log).expect("a log");
    Some(log.lines().filter(|line| line.contains('(')).map(str::to_owned).collect())
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[test]
fn no_network_call_is_made() {
    // The control: this very test program, asked to open a socket, is caught.
    let control = std::env::current_exe().unwrap().display().to_string();
    let Some(calls) = network_calls(&control, &["--exact", "the_control", "--ignored"]) else { return };
    assert!(calls.iter().any(|call| call.contains("socket(")), "the control was not caught: {calls:?}");

    let golden = |name: &str| corpus::folder().join("golden").join(name).display().to_string();
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, trust) = (golden("restored.zip"), golden("restored.json"));
    let args: [&str; 9] =
        [&bundle, "--trust", &trust, "--html", &out("html"), "--pdf", &out("pdf"), "--json", &out("json")];
    let calls = network_calls(env!("CARGO_BIN_EXE_walwarden-verify"), &args).expect("strace ran before");
    assert_eq!(calls, Vec::<String>::new());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "it did its work while it was watched");
}

/// Opens a socket, for the control above alone.
#[test]
#[ignore = "the control of the test beside it"]
fn the_control() {
    let bound = std::net::UdpSocket::bind("127.0.0.1:0");
    println!("bound: {}", bound.is_ok());
}
