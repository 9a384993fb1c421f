//! The program: arguments, both streams, exit codes, files.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs, and prints its skips")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use walwarden_fixtures::corpus;

const AS_OF: [&str; 2] = ["--as-of", "2026-09-15T12:00:00Z"];

fn golden(name: &str) -> String {
    corpus::folder().join("golden").join(name).display().to_string()
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
    command.env_clear();
    command
}

fn run(args: &[&str]) -> Output {
    program().args(args).args(AS_OF).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// A slip of the reader's is not called a lie of the bundle's.
#[test]
fn what_does_not_fit_to_what_was_given_is_said_so() {
    let other = run(&[&golden("minimal.zip"), "--root", &"0".repeat(64), "--first-contact"]);
    assert_eq!(other.status.code(), Some(1));
    let said = text(&other.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("1 check failed, and only against what you gave"), "{said}");
    assert!(!said.contains("is not what it claims to be"));
}

/// A fingerprint, copied from a page that groups its digits.
#[test]
fn a_fingerprint_may_be_in_groups_and_capitals() {
    let handover = std::fs::read_to_string(golden("minimal.json")).expect("the handover");
    let root = handover.split("\"roots\":[\"").nth(1).and_then(|rest| rest.get(..64)).expect("a root").to_uppercase();
    let groups: Vec<&str> = (0..8).map(|n| &root[n * 8..n * 8 + 8]).collect();
    let output = run(&[&golden("minimal.zip"), "--root", &format!("SHA256:{}", groups.join(" ")), "--first-contact"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// The line of a head, copied from a report with its indent.
#[test]
fn a_head_is_taken_as_a_report_prints_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept.txt");
    let report = run(&[&golden("next.zip"), "--trust", &golden("previous.json")]);
    let line = text(&report.stdout).lines().find(|line| line.starts_with("    acme.example/")).expect("a line to keep");
    std::fs::write(&kept, format!("{line}\n")).expect("written");
    let kept = kept.display().to_string();
    let again = run(&[&golden("next.zip"), "--trust", &golden("previous.json"), "--known-head", &kept]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
}

/// Two lines, nothing on standard output, exit 2.
fn refused(args: &[&str], expected: &str) {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{args:?}: {said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        matches!(lines.as_slice(), [error, hint] if error.starts_with("error: ") && hint.starts_with("hint: ")),
        "{args:?}: {said}"
    );
    assert!(said.contains(expected), "{args:?}: {said}");
}

#[test]
fn a_report_is_arranged_by_the_frameworks_asked_for() {
    let quarter = [golden("quarter.zip"), "--trust".into(), golden("quarter.json")];
    let quarter: Vec<&str> = quarter.iter().map(String::as_str).collect();
    let with = |more: &[&str]| run(&[quarter.as_slice(), more].concat());
    let all = with(&["--json", "-"]);
    let some = with(&["--frameworks", "hipaa, csf:2.0", "--json", "-"]);
    assert_eq!(some.status.code(), all.status.code(), "{}", text(&some.stderr));
    assert!(text(&some.stdout).contains("\"chosen_by\": \"reader\""));
    assert!(
        text(&some.stdout).matches("\"informational\"").count()
            < text(&all.stdout).matches("\"informational\"").count()
    );
    for wrong in ["soc3", "", "soc2,,csf", "SOC2"] {
        refused(&[quarter.as_slice(), &["--frameworks", wrong]].concat(), "there are soc2, iso27001, hipaa");
    }
}

#[test]
fn exit_codes_follow_the_verdict() {
    let trust = |name: &str| golden(&format!("{name}.json"));
    let tampered = corpus::folder().join("tampered");
    let rejected = std::fs::read_dir(&tampered).unwrap().map(|file| file.unwrap().path()).find(|path| {
        path.extension().is_some_and(|e| e == "toml")
            && std::fs::read_to_string(path).unwrap().contains("chain.roots\"")
    });
    let rejected = rejected.expect("a rejected case").with_extension("zip").display().to_string();
    for (args, code, word) in [
        (vec![golden("minimal.zip"), "--trust".into(), trust("minimal")], 0, "Verified"),
        (vec![golden("exceptions.zip"), "--trust".into(), trust("exceptions")], 4, "with exceptions"),
        (vec![golden("minimal.zip")], 3, "Not established"),
        (vec![rejected, "--first-contact".into()], 1, "Rejected"),
        (vec![golden("minimal.zip"), "--trust".into(), trust("exceptions")], 1, "Rejected"),
        (
            vec![golden("next.zip"), "--trust".into(), trust("previous"), "--previous".into(), golden("previous.zip")],
            0,
            "Verified",
        ),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = run(&args);
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{}", text(&output.stdout));
        assert!(text(&output.stdout).to_lowercase().contains(&word.to_lowercase()), "{args:?}");
        assert_eq!(text(&output.stderr), "");
    }
}

#[test]
fn mistakes_are_two_lines_and_exit_2() {
    let (bundle, trust) = (golden("minimal.zip"), golden("minimal.json"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let root = "ab".repeat(32);
    let line = |root: &str| format!("acme.example/minimal-k3v9q2x7ta 1 {root}\n");
    let heads =
        (file("head", line(&root).as_bytes()), file("elsewhere", format!("acme.example/other 9 {root}\n").as_bytes()));
    let zeros = folder.path().join("zeros");
    std::fs::File::create(&zeros).unwrap().set_len(5 << 30).unwrap();
    let into_absent = folder.path().join("absent/report.html").display().to_string();
    let both = folder.path().join("both").display().to_string();
    let broken = {
        let mut bytes = std::fs::read(&bundle).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        file("broken.zip", &bytes)
    };
    let line = format!("acme.example/minimal-k3v9q2x7ta 1 {root}");
    let marked = file("marked.json", &[b"\xef\xbb\xbf".as_slice(), &std::fs::read(&trust).unwrap()].concat());
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (vec![], "<BUNDLE>"),
        (vec![&bundle, "explain"], "a command stands first"),
        (vec![&bundle, "--frobnicate"], "--frobnicate"),
        (vec!["/no/such/file"], "cannot read /no/such/file"),
        (vec!["verify", &bundle], "a bundle alone"),
        (vec!["help"], "walwarden-verify --help"),
        (vec![zeros.to_str().unwrap()], "larger than a bundle may be"),
        (vec![&trust], "handover.json goes to --trust"),
        (vec![&bundle, "--trust", &bundle], "--trust takes the handover.json"),
        (vec![&bundle, "--trust", "/no/such/file"], "cannot read /no/such/file"),
        (vec![&bundle, "--trust", &trust, "--root", &root], "--trust and --root both name root keys"),
        (vec![&bundle, "--root", "abc"], "64 hex digits, and these are 3"),
        (vec![&bundle, "--root", "sha256:xyz"], "64 hex digits, and 'x' is none"),
        (vec![&bundle, "--root-threshold", "1"], "--root-threshold without root keys"),
        (vec![&bundle, "--root", &root, "--root-threshold", "2"], "not between 1 and the 1 roots"),
        (vec![&bundle, "--root", &root, "--root-threshold", "0"], "not between 1 and the 1 roots"),
        (vec![&bundle, "--trust", &trust, "--first-contact", "--previous", &bundle], "leave --first-contact away"),
        (vec![&bundle, "--known-head", &trust], "neither a checkpoint nor a line"),
        (vec![&bundle, "--known-head", &line], "write the line into a file"),
        (vec![&bundle, "--known-head", "-"], "cat > head.txt"),
        (vec![&bundle, "--trust", &marked], "tail -c +4"),
        (vec![&bundle, "--trust", &trust, "--known-head", &heads.0], "one size and different roots"),
        (vec![&bundle, "--trust", &trust, "--known-head", &heads.1], "different chains"),
        (vec![&bundle, "--trust", &trust, "--previous", &broken], "does not stand itself"),
        (vec![&bundle, "--html", &into_absent], "create the folder first"),
        (vec![&bundle, "--html", &both, "--json", &both], "two reports go to"),
        (vec![&bundle, "--html", "-", "--json", "-"], "two reports go to"),
        (vec![&bundle, "--json", &bundle], "will not be written over"),
        (vec![&bundle, "--trust", &trust, "--json", &trust], "will not be written over"),
        (vec![&bundle, "--json", folder.path().to_str().unwrap()], "is a folder"),
    ];
    assert_eq!(cases.len(), 30, "change this number on purpose");
    for (args, expected) in cases {
        refused(&args, expected);
    }
    let output = program().args([&bundle, "--as-of", "yesterday"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("2026-10-05T08:00:00Z"));
    assert!(!folder.path().join("both").exists(), "nothing is written before everything is known to be right");
}

#[test]
fn help_shows_examples_and_every_exit_code() {
    let output = program().arg("--help").output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let help = text(&output.stdout);
    for expected in [
        "Examples:",
        "--trust",
        "--root-threshold",
        "--first-contact",
        "--as-of",
        "openssl pkey -pubin",
        "4  verified, with exceptions",
    ] {
        assert!(help.contains(expected), "{expected}\n{help}");
    }
}

#[test]
fn a_command_is_a_word_and_a_bundle_of_that_name_is_reached_by_its_folder() {
    let list = program().arg("explain").output().unwrap();
    assert_eq!((list.status.code(), text(&list.stderr)), (Some(0), ""));
    assert!(text(&list.stdout).contains("chain.roots") && text(&list.stdout).contains("WW-RT-01"));
    let one = program().args(["explain", "CHAIN.ROOTS"]).output().unwrap();
    assert_eq!(one.status.code(), Some(0));
    assert!(text(&one.stdout).contains("spec/06-chain.md, chain-6"), "{}", text(&one.stdout));

    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(golden("minimal.zip"), folder.path().join("explain")).unwrap();
    let judged = |bundle: &str| {
        let args = [bundle, "--trust", &golden("minimal.json")];
        program().current_dir(folder.path()).args(args).args(AS_OF).output().unwrap().status.code()
    };
    assert_eq!(judged("./explain"), Some(0));
    assert_eq!(judged("explain"), Some(2), "the command takes no --trust");

    for (args, expected) in [
        (vec!["explain", "chain.root"], "the nearest: chain.roots"),
        (vec!["explain", "chain.roots", "more"], "walwarden-verify explain --help"),
        (vec!["explain", "--frobnicate"], "walwarden-verify explain --help"),
    ] {
        let output = program().args(&args).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.lines().count() == 2 && said.contains(expected), "{args:?}: {said}");
    }
}

#[test]
fn histories_are_compared_and_the_evidence_of_a_fork_is_judged_alone() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = folder.path().join("fork.json").display().to_string();
    let pair = |name: &str| corpus::folder().join("pairs").join(name).display().to_string();
    let (failed, longer, trust) = (pair("forked-failed.zip"), pair("forked-longer.zip"), golden("minimal.json"));
    let compared = run(&["compare", &failed, &longer, "--trust", &trust, "--evidence", &evidence]);
    let wrote = format!("wrote {evidence}\n");
    assert_eq!(
        (compared.status.code(), text(&compared.stderr)),
        (Some(1), wrote.as_str()),
        "{}",
        text(&compared.stdout)
    );
    assert!(text(&compared.stdout).contains("FORK") && text(&compared.stdout).contains("check-fork"));

    let check = |args: &[&str]| program().args(args).output().unwrap();
    let shown = check(&["check-fork", &evidence, "--trust", &trust]);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    let words = text(&shown.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("This does not show who signed them, nor why."), "{words}");
    let mut bytes = std::fs::read(&evidence).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    std::fs::write(&evidence, bytes).unwrap();
    let spoilt = check(&["check-fork", &evidence, "--trust", &trust]);
    assert_eq!(spoilt.status.code(), Some(1));
    assert!(text(&spoilt.stdout).contains("No fork is shown"), "{}", text(&spoilt.stdout));
    let unpinned = check(&["check-fork", &evidence]);
    assert_eq!((unpinned.status.code(), text(&unpinned.stdout)), (Some(2), ""));
    assert!(text(&unpinned.stderr).contains("hint: pass --trust"));

    // The line that every report prints is what the next run takes.
    let first = run(&[&golden("previous.zip"), "--trust", &golden("previous.json")]);
    let line = text(&first.stdout).lines().find(|line| line.trim().starts_with("acme.example/periods")).unwrap();
    let kept = folder.path().join("head.txt").display().to_string();
    std::fs::write(&kept, format!("{}\n", line.trim())).unwrap();
    let next = golden("next.zip");
    assert_eq!(run(&[&next, "--trust", &golden("previous.json"), "--known-head", &kept]).status.code(), Some(0));
    let extends = run(&["compare", &kept, &next, "--trust", &golden("previous.json"), "--json", "-"]);
    assert_eq!(extends.status.code(), Some(0));
    assert!(text(&extends.stdout).contains("\"relation\": \"EXTENDS\""), "{}", text(&extends.stdout));
    refused(&["compare", &next, "/no/such/file"], "cannot read /no/such/file");
    refused(&["compare", &next], "<B>");
    refused(&["compare", &next, &next, "--json", &next], "will not be written over");
}

#[test]
fn reports_are_written_whole_and_alike() {
    let folder = tempfile::tempdir().unwrap();
    let (bundle, trust) = (golden("restored.zip"), golden("restored.json"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |round: &str| -> Vec<Vec<u8>> {
        let names = ["html", "pdf", "json"].map(|kind| path(&format!("{round}.{kind}")));
        let [html, pdf, json] = &names;
        let output = run(&[&bundle, "--trust", &trust, "--html", html, "--pdf", pdf, "--json", json, "--quiet"]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(4), ""), "{}", text(&output.stderr));
        names.iter().map(|name| std::fs::read(name).unwrap()).collect()
    };
    let (first, second) = (write("one"), write("two"));
    assert!(first == second, "the same bundle, flags and instant give the same bytes");
    assert!(first[1].starts_with(b"%PDF-"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 6, "no half-written file is left");

    let json = run(&[&bundle, "--trust", &trust, "--json", "-"]);
    assert_eq!((json.status.code(), &json.stdout), (Some(4), &first[2]));
    assert!(text(&json.stdout).starts_with('{'), "standard output holds the JSON and nothing else");

    // A file that exists stays, unless the reader says otherwise: then it is replaced as a whole.
    std::fs::write(path("one.json"), b"old").unwrap();
    let into_one = [&bundle, "--trust", &trust, "--json", &path("one.json")];
    refused(&into_one, "exists already");
    assert_eq!(std::fs::read(path("one.json")).unwrap(), b"old");
    let forced = run(&[&into_one[..], &["--force"]].concat());
    let said = format!("wrote {}\n", path("one.json"));
    assert_eq!((forced.status.code(), text(&forced.stderr)), (Some(4), said.as_str()));
    assert_eq!(std::fs::read(path("one.json")).unwrap(), first[2]);
}

#[test]
#[cfg(unix)]
fn a_device_is_written_to_and_never_replaced() {
    use std::os::unix::fs::FileTypeExt as _;
    let (bundle, trust) = (golden("minimal.zip"), golden("minimal.json"));
    let output = run(&[&bundle, "--trust", &trust, "--json", "/dev/null", "-q"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let json = run(&[&bundle, "--trust", &trust, "--json", "/dev/stdout", "-q"]);
    assert_eq!(json.stdout, run(&[&bundle, "--trust", &trust, "--json", "-"]).stdout);
}

#[test]
fn the_report_says_which_program_ran_and_what_it_could_reach() {
    let output = run(&[&golden("minimal.zip"), "--trust", &golden("minimal.json"), "--json", "-"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let program = std::fs::read(env!("CARGO_BIN_EXE_walwarden-verify")).unwrap();
    assert_eq!(report["run"]["program_sha256"], walwarden_core::Digest::of(&program).to_string());
    let sandbox = report["run"]["sandbox"].as_str().unwrap();
    let expected = if cfg!(target_os = "linux") { "landlock" } else { "none: " };
    assert!(sandbox.starts_with(expected) || sandbox.starts_with("none: "), "{sandbox}");
}

#[test]
fn colour_is_for_terminals_only() {
    let output = run(&[&golden("minimal.zip"), "--trust", &golden("minimal.json")]);
    assert!(!output.stdout.contains(&0x1B), "no escape sequence into a pipe");
}

#[test]
fn a_closed_pipe_does_not_change_the_verdict() {
    let bundle = golden("exceptions.zip");
    let mut child = program()
        .args([&bundle, "--trust", &golden("exceptions.json"), "--html", "-"])
        .args(AS_OF)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(4), ""));
}

#[test]
fn a_bundle_may_be_a_folder_and_a_report_never_lands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = folder.path().join("unpacked");
    let source = walwarden_verify::open(Path::new(&golden("minimal.zip"))).unwrap();
    for (name, bytes) in source.files() {
        let path: PathBuf = unpacked.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes.unwrap()).unwrap();
    }
    let unpacked = unpacked.display().to_string();
    let trust = golden("minimal.json");
    assert_eq!(run(&[&unpacked, "--trust", &trust]).status.code(), Some(0));
    refused(&[&unpacked, "--trust", &trust, "--json", &format!("{unpacked}/report.json")], "will not be written over");
}
