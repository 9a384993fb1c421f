//! `walwarden policy`.

use std::path::Path;

use walwarden_core::policy::lint::Severity;
use walwarden_produce::{
    ProduceError, adoption,
    clock::{Clock as _, SystemClock},
    config::FILE,
    policy_file::{self, Checked, Known},
};

use super::{open, passphrase, plain, print};
use crate::{args::PolicyAdoptArgs, exit::Exit, job::Job, talk};

pub(super) fn check(job: &Job, file: &Path, json: bool) -> Result<Exit, ProduceError> {
    // Against what the vault knows, where there is one.
    let known = if job.vault.join(FILE).exists() { Some(Known::of(&open(job)?)) } else { None };
    let checked = policy_file::check(file, SystemClock.now(), known.as_ref())?;
    if json {
        tell!("{}", checked.to_json());
    } else {
        lines(&checked);
    }
    Ok(refused(&checked).unwrap_or(Exit::Done))
}

/// Says so where a promise cannot be kept.
fn refused(checked: &Checked) -> Option<Exit> {
    let what = match checked.of(Severity::Error).count() {
        0 => return None,
        1 => "promise cannot be kept".into(),
        errors => format!("promises cannot be kept: {errors}"),
    };
    talk::two_lines(&format!("policy: {what}"), "correct what is listed as error, and check again");
    Some(Exit::Failed)
}

fn lines(checked: &Checked) {
    for finding in &checked.linted.findings {
        say!("{}  {}  {}: {}", finding.lint.severity.word(), finding.lint.id, plain(&finding.at), plain(&finding.what));
    }
    for one in &checked.linted.not_looked_at {
        say!("not looked at  {}: {}", one.lint.id, one.why);
    }
    say!("policy {}, {} databases", plain(&checked.policy.version), checked.policy.databases.len());
    say!("sha256 {}", checked.sha256);
}

pub(super) fn adopt(job: &Job, args: &PolicyAdoptArgs) -> Result<Exit, ProduceError> {
    let mut producer = open(job)?;
    let checked = policy_file::check(&args.file, producer.now(), Some(&Known::of(&producer)))?;
    lines(&checked);
    if let Some(refused) = refused(&checked) {
        return Ok(refused);
    }
    let passphrase = passphrase(job, &producer, "the log key")?;
    let mut head = producer.unlock_head(&passphrase)?;
    drop(passphrase);
    let adopted = adoption::adopt(&mut producer, &mut head, &args.file, args.change.as_deref())?;
    for (database, why) in &adopted.scope.unreachable {
        talk::notice(&format!("{database} is in scope, and did not answer: {}", plain(why)));
    }
    print(&[
        ("policy", format!("version {}, entry {}", plain(&adopted.version), adopted.entry.id)),
        ("head", format!("{} {}", adopted.entry.head.size, adopted.entry.head.root)),
    ]);
    talk::notice(&format!(
        "{} approves it with `walwarden review --policy`; until then the approval is stated, not signed",
        plain(&adopted.approved_by)
    ));
    Ok(Exit::Done)
}

pub(super) fn init(file: &Path, minimal: bool) -> Result<Exit, ProduceError> {
    policy_file::write(file, minimal, SystemClock.now())?;
    say!("{}", file.display());
    Ok(Exit::Done)
}
