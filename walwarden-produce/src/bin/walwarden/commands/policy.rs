//! `walwarden policy`.

use std::path::Path;

use walwarden_core::policy::lint::Severity;
use walwarden_produce::{
    ProduceError,
    clock::{Clock as _, SystemClock},
    policy_file::{self, Checked},
};

use crate::{exit::Exit, talk};

pub(super) fn check(file: &Path, json: bool) -> Result<Exit, ProduceError> {
    let checked = policy_file::check(file, SystemClock.now())?;
    if json {
        print!("{}", checked.to_json());
    } else {
        lines(&checked);
    }
    match checked.of(Severity::Error).count() {
        0 => Ok(Exit::Done),
        errors => {
            let what = if errors == 1 {
                "promise cannot be kept".into()
            } else {
                format!("promises cannot be kept: {errors}")
            };
            talk::two_lines(&format!("policy: {what}"), "correct what is listed as error, and check again");
            Ok(Exit::Failed)
        }
    }
}

fn lines(checked: &Checked) {
    for finding in &checked.linted.findings {
        println!(
            "{}  {}  {}: {}",
            finding.lint.severity.word(),
            finding.lint.id,
            plain(&finding.at),
            plain(&finding.what)
        );
    }
    for one in &checked.linted.not_looked_at {
        println!("not looked at  {}: {}", one.lint.id, one.why);
    }
    println!("policy {}, {} databases", plain(&checked.policy.version), checked.policy.databases.len());
    println!("sha256 {}", checked.sha256);
}

/// A terminal obeys control characters, also those in a name.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

pub(super) fn init(file: &Path, minimal: bool) -> Result<Exit, ProduceError> {
    policy_file::write(file, minimal, SystemClock.now())?;
    println!("{}", file.display());
    Ok(Exit::Done)
}
