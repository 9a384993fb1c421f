//! The program makes no network call, and reads nothing that it was given before its sandbox is shut: its system calls
//! are watched. A control shows that the watching can fail.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test starts programs, and prints its skips"
)]
#![cfg(target_os = "linux")]

use std::{path::Path, process::Command};

use walwarden_fixtures::corpus;

/// What strace saw of such calls; `None` where strace is missing or may not watch.
fn calls(which: &str, program: &str, args: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let ran = Command::new("strace")
        .args(["-f", "-qq", "-s", "4096", "-e", &format!("trace={which}"), "-e", "signal=SIGSYS", "-o"])
        .arg(&log)
        .arg(program)
        .args(args)
        .output();
    let skipped = |why: &str| {
        assert!(std::env::var_os("CI").is_none(), "{why}");
        println!("SKIPPED: {why}");
        None
    };
    let Ok(output) = ran else { return skipped("strace is not installed") };
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("PTRACE") || said.contains("ptrace") {
        return skipped(&format!("strace may not watch here: {said}"));
    }
    let log = std::fs::read_to_string(log).expect("a log");
    Some(log.lines().filter(|line| line.contains('(') || line.contains("SIGSYS")).map(str::to_owned).collect())
}

fn golden(name: &str) -> String {
    corpus::folder().join("golden").join(name).canonicalize().unwrap().display().to_string()
}

/// Judges a bundle with every output while such calls are watched.
fn watched(which: &str) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, trust) = (golden("restored.zip"), golden("restored.json"));
    let args: [&str; 9] =
        [&bundle, "--trust", &trust, "--html", &out("html"), "--pdf", &out("pdf"), "--json", &out("json")];
    let calls = calls(which, env!("CARGO_BIN_EXE_walwarden-verify"), &args)?;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "it did its work while it was watched: {calls:?}");
    Some(calls)
}

#[test]
fn no_network_call_is_made() {
    // The control: this very test program, asked to open a socket, is caught.
    let control = std::env::current_exe().unwrap().display().to_string();
    let Some(caught) = calls("network", &control, &["--exact", "the_control", "--ignored"]) else { return };
    assert!(caught.iter().any(|call| call.contains("socket(")), "the control was not caught: {caught:?}");
    assert_eq!(watched("network").expect("strace ran before"), Vec::<String>::new());
}

/// Opens a socket, for the control above alone.
#[test]
#[ignore = "the control of the test beside it"]
fn the_control() {
    let bound = std::net::UdpSocket::bind("127.0.0.1:0");
    println!("bound: {}", bound.is_ok());
}

#[test]
fn nothing_given_is_read_before_the_sandbox_is_shut() {
    let Some(calls) = watched("open,openat,read,landlock_restrict_self,seccomp,execve,clone,clone3") else { return };
    let position = |what: &str| calls.iter().rposition(|call| call.contains(what) && call.ends_with("= 0"));
    let (Some(files), Some(filter)) = (position("landlock_restrict_self("), position("seccomp(")) else {
        assert!(std::env::var_os("CI").is_none(), "no sandbox here: {calls:?}");
        println!("SKIPPED: this machine has not both means of the sandbox");
        return;
    };
    let shut = files.max(filter);
    let folder = Path::new(&golden("restored.zip")).parent().unwrap().display().to_string();
    let opens = |call: &&String| call.contains("open") && call.contains(&folder) && !call.contains("O_PATH");
    assert_eq!(calls[..shut].iter().find(opens), None, "before the sandbox is shut");
    assert_eq!(calls[shut..].iter().filter(opens).count(), 2, "the bundle and the handover: {calls:?}");
    let begins = |call: &&String| call.contains("clone");
    assert_eq!(calls[..shut].iter().find(begins), None, "a thread before the sandbox would be outside it");
    assert_eq!(calls.iter().filter(|call| call.contains("execve(")).count(), 1, "its own start");
}

/// What the filter refuses, this program does not miss: only `clone3`, which libraries try before `clone`.
#[test]
fn no_call_that_judging_takes_is_refused() {
    let Some(calls) = watched("all") else { return };
    assert!(calls.len() > 100, "nothing was watched: {calls:?}");
    let refused = |call: &&String| {
        ["ENOSYS", "EACCES", "EPERM", "SIGSYS"].iter().any(|error| call.contains(error)) && !call.contains("clone3")
    };
    assert_eq!(calls.iter().find(refused), None);
}
