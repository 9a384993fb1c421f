//! The help of the program and of each command, as a terminal of 80 columns gets it.
#![allow(clippy::disallowed_types, reason = "a test starts programs")]

use std::process::Command;

/// What a command prints when it is asked for help.
fn help(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_walwarden-verify"));
    // Without a terminal the width is that of COLUMNS.
    let output = command.env_clear().env("COLUMNS", "80").args(words).output().expect("the program starts");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{words:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

const COMMANDS: [&str; 6] = ["compare", "check-fork", "show", "report", "sample", "explain"];

#[test]
fn the_program_lists_its_commands() {
    let help = help(&["--help"]);
    let listed: Vec<&str> = help
        .split("Commands:\n")
        .nth(1)
        .and_then(|rest| rest.split("\n\n").next())
        .expect("the list")
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, COMMANDS, "a new command has a snapshot of its help too");
}

#[test]
fn help_of_every_command() {
    for command in std::iter::once("").chain(COMMANDS) {
        let words: Vec<&str> = [command, "--help"].into_iter().filter(|word| !word.is_empty()).collect();
        let said = help(&words);
        let short: Vec<&str> = [command, "-h"].into_iter().filter(|word| !word.is_empty()).collect();
        assert_eq!(help(&short), said, "there is one help");
        for line in said.lines() {
            assert!(line.chars().count() <= 80, "{words:?}: longer than a terminal is wide: {line}");
        }
        assert!(said.contains("Usage: walwarden-verify"), "{words:?}");
        let examples = said.split("Examples:\n").nth(1).expect("examples").split("\n\n").next().expect("one");
        for line in examples.lines() {
            // A command that was broken by the terminal cannot be typed.
            let whole = line.starts_with("  walwarden-verify ") || line.starts_with("      ");
            assert!(whole, "{words:?}: broken: {line}");
        }
        insta::assert_snapshot!(if command.is_empty() { "program" } else { command }, said);
    }
}
