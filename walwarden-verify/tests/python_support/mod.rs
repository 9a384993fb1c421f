//! The Python that `.ci/setup test` makes.
#![allow(clippy::disallowed_types, clippy::disallowed_macros, reason = "a test starts programs, and prints its skips")]
#![allow(clippy::disallowed_methods, reason = "only whether CI is set")]

use std::{path::PathBuf, process::Command};

use walwarden_fixtures::corpus;

/// The interpreter, where it has a module; `None`, said aloud, where it has not. `what` needs it.
pub(crate) fn python(module: &str, what: &str) -> Option<PathBuf> {
    let python = corpus::folder().join("../target/python/bin/python3");
    let import = format!("import {module}");
    if Command::new(&python).args(["-c", &import]).output().is_ok_and(|run| run.status.success()) {
        return Some(python);
    }
    assert!(std::env::var_os("CI").is_none(), "target/python has no {module}: .ci/setup test");
    println!("SKIPPED: {what} needs target/python with {module}, made by `.ci/setup test`");
    None
}
