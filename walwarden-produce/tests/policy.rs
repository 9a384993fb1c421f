//! `walwarden policy`: what is written passes, what cannot be kept is said, what is no policy is refused.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_walwarden")).arg("policy").args(args).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Nothing on standard output, two lines on the other, and this exit code.
fn assert_two_lines(output: &Output, code: i32, what: &str) {
    let lines: Vec<&str> = text(&output.stderr).lines().collect();
    assert_eq!(output.status.code(), Some(code), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("error: ") && lines[0].contains(what), "{lines:?}");
    assert!(lines[1].starts_with("hint: "), "{lines:?}");
}

#[test]
fn what_init_writes_passes_check() {
    let folder = tempfile::tempdir().unwrap();
    for (args, file) in [(&["init"][..], "policy.toml"), (&["init", "--minimal", "small.toml"], "small.toml")] {
        let output = run(folder.path(), args);
        assert_eq!((output.status.code(), text(&output.stdout).trim()), (Some(0), file));
        let output = run(folder.path(), &["check", file]);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
        let said = text(&output.stdout);
        assert!(!said.contains("error") && !said.contains("warning"), "{said}");
        assert!(said.contains("not looked at  separation-unmet: ") && said.contains("policy 1, 1 databases"), "{said}");
        assert_two_lines(&run(folder.path(), args), 2, "is there already");
    }
}

#[test]
fn a_promise_that_cannot_be_kept_is_said() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["init", "--minimal"]);
    let file = folder.path().join("policy.toml");
    let written = fs::read_to_string(&file).unwrap();
    let spoilt = written.replace("approved_by = \"cto\"", "approved_by = \"dba-lead\"").replace("P30D", "quarterly");
    fs::write(&file, &spoilt).unwrap();
    let output = run(folder.path(), &["check", "policy.toml"]);
    assert_two_lines(&output, 1, "promises cannot be kept: 2");
    let said = text(&output.stdout);
    assert!(
        said.contains("error  guard-window  database shop: ") && said.contains("error  approver-is-author"),
        "{said}"
    );

    let output = run(folder.path(), &["check", "--json", "policy.toml"]);
    assert_two_lines(&output, 1, "promises cannot be kept: 2");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let ids: Vec<&str> = json["findings"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["guard-window", "approver-is-author"]);
    assert_eq!(json["databases"], serde_json::json!(["shop"]));
    assert_eq!(json["toml_sha256"], walwarden_core::Digest::of(spoilt.as_bytes()).to_string());
    assert!(json["not_looked_at"].as_array().unwrap().iter().any(|one| one["id"] == "separation-unmet"));

    // An hour in autumn is what the RPO has to have to spare.
    fs::write(&file, written.replace("rpo = \"27h\"", "rpo = \"26h\"")).unwrap();
    let output = run(folder.path(), &["check", "policy.toml"]);
    assert_two_lines(&output, 1, "promise cannot be kept");
    assert!(
        text(&output.stdout).contains("error  rpo-gap  database shop: gap 25 h + start"),
        "{}",
        text(&output.stdout)
    );

    // A day that has begun: it counts from its entry all the same, which is a warning.
    let line = written.lines().find(|line| line.starts_with("effective_from")).unwrap();
    fs::write(&file, written.replace(line, "effective_from = \"2020-01-01T00:00:00Z\"")).unwrap();
    let output = run(folder.path(), &["check", "policy.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("warning  back-dated  policy: "), "{}", text(&output.stdout));
}

#[test]
fn what_is_no_policy_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["init"]);
    let file = folder.path().join("policy.toml");
    let good = fs::read_to_string(&file).unwrap();
    let line = |start: &str| 1 + good.lines().position(|line| line.starts_with(start)).unwrap();
    let cases = [
        (good.replace("rpo = \"27h\"", "rpo = \"27x\""), format!("line {}: expected a duration", line("rpo"))),
        (
            good.replace("\"0 2 * * *\"", "\"0 25 * * *\""),
            format!("line {}: \"0 25 * * *\" is no schedule", line("schedule")),
        ),
        (good.replace("rto = ", "rt0 = "), format!("line {}: unknown field `rt0`", line("rto"))),
        (good.replace("\"query_audit\"", "\"log_retention\""), "that one comes later".into()),
        (good.replace("Europe/Berlin", "Europe/Atlantis"), "Europe/Atlantis".into()),
        (good.replace("rto = \"4h\"\n", ""), "has no rto".into()),
    ];
    for (toml, what) in cases {
        fs::write(&file, toml).unwrap();
        let output = run(folder.path(), &["check", "policy.toml"]);
        assert_two_lines(&output, 2, &what);
        assert_eq!(text(&output.stdout), "");
    }
    fs::write(&file, b"\xff").unwrap();
    assert_two_lines(&run(folder.path(), &["check", "policy.toml"]), 2, "policy.toml");
    assert_two_lines(&run(folder.path(), &["check", "nowhere.toml"]), 2, "nowhere.toml");
}
