//! `change_management`: migrations that were applied, the commits that brought them, who approved those.
//!
//! The two sets are compared both ways: what was applied and no commit brought, what a commit brought and was not
//! applied. Only what is new since the capture before is flagged.

use std::{collections::BTreeSet, fs};

use serde::Deserialize;
use walwarden_core::{Digest, Time, event::flag, policy::Migrations};

use super::{
    Scene,
    ask::Ask,
    capture::{Capture, Failure, Row, Table, row, text},
    git::{Commit, Repository},
    migrations,
};
use crate::error::StorageError;

/// A file of a migration, as one commit left it.
struct Brought {
    /// What the migration is called.
    tag: String,
    path: String,
    sha256: String,
    commit: usize,
    added: bool,
}

/// A line of the file of approvals.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// What was approved; of a merge, all that it merged.
    commit: String,
    /// Person id.
    approved_by: String,
    /// Person id; the commit's author otherwise.
    author: Option<String>,
    at: Option<String>,
    reference: Option<String>,
}

/// A line of the file of CI runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CiRun {
    commit: String,
    at: String,
    result: String,
    reference: Option<String>,
}

pub(super) fn capture(scene: &Scene<'_>) -> Result<Capture, Failure> {
    let mut ask = Ask::open(scene)?;
    let Some((applied, reconciled)) = migrations::applied(scene, &mut ask)? else {
        return Err(Failure::new("not-promised", "the policy does not say where the migrations of this database are"));
    };
    let covers = scene.since_before()?;
    let known: BTreeSet<&str> = match &scene.before {
        Some(before) => before.table(migrations::NAME).iter().map(|row| text(row, "id")).collect(),
        None => BTreeSet::new(),
    };
    let first = scene.before.is_none();
    let is_new = |row: &&Row| {
        !known.contains(text(row, "id")) && (!first || time(row).is_none_or(|at| covers.from <= at && at < covers.to))
    };
    let new: Vec<&Row> = applied.rows.iter().filter(is_new).collect();
    let mut capture = Capture::default();
    match repository(scene)? {
        None => {
            for row in &new {
                let what = format!("{}: the policy names no repository", text(row, "id"));
                capture.flag(flag::MIGRATION_WITHOUT_COMMIT, what);
            }
        }
        Some((repository, path)) => {
            capture.parameters.insert("head".into(), repository.head()?);
            let commits = repository.commits(path)?;
            let files = brought(&repository, &commits)?;
            let approvals = approvals(scene, &repository)?;
            matched(&new, &files, &commits, &approvals, &mut capture);
            let in_span = |commit: &Commit| instant(&commit.at).is_some_and(|at| covers.from <= at && at < covers.to);
            let unapplied = |file: &&Brought| {
                file.added && in_span(&commits[file.commit]) && !applied.rows.iter().any(|row| is_of(row, file, &files))
            };
            for file in files.iter().filter(unapplied) {
                capture.flag(flag::COMMIT_WITHOUT_MIGRATION, file.tag.clone());
            }
            capture.tables = vec![commits_table(&commits), files_table(&files, &commits), approvals_table(&approvals)];
            capture.tables.extend(ci_runs(scene)?);
        }
    }
    capture.covers = Some(covers);
    capture.reconciled = Some(reconciled);
    capture.asked = Some(ask.asked);
    // What is new of migrations decides what is due after them: nothing else is compared.
    capture.tables.insert(0, applied);
    Ok(capture)
}

/// Flags new migrations that no commit brought, or that nobody else approved.
fn matched(
    new: &[&Row],
    files: &[Brought],
    commits: &[Commit],
    approvals: &[(Approval, Vec<String>)],
    capture: &mut Capture,
) {
    for row in new {
        let id = text(row, "id");
        let brought: Vec<&Brought> = files.iter().filter(|file| is_file_of(row, file)).collect();
        if brought.is_empty() {
            capture.flag(flag::MIGRATION_WITHOUT_COMMIT, id);
            continue;
        }
        let by = |file: &Brought| {
            let commit = &commits[file.commit];
            let of_it = approvals.iter().filter(|(_, brought)| brought.contains(&commit.id));
            of_it.map(|(approval, _)| is_author(approval, commit)).collect::<Vec<bool>>()
        };
        let own: Vec<bool> = brought.iter().flat_map(|file| by(file)).collect();
        if own.is_empty() {
            capture.flag(flag::MIGRATION_UNAPPROVED, id);
        } else if own.iter().all(|own| *own) {
            capture.flag(flag::SELF_APPROVED, id);
        }
    }
}

fn is_author(approval: &Approval, commit: &Commit) -> bool {
    match &approval.author {
        Some(author) => *author == approval.approved_by,
        None => approval.approved_by == commit.author || approval.approved_by == commit.email,
    }
}

/// Whether a migration is that of a file: by the digest of its text, else by its name.
fn is_file_of(row: &Row, file: &Brought) -> bool {
    match text(row, "hash") {
        "" => {
            let rest = file.tag.strip_prefix(text(row, "id"));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
        }
        hash => hash == file.sha256,
    }
}

/// Whether a migration is that of a file in any of its versions.
fn is_of(row: &Row, file: &Brought, files: &[Brought]) -> bool {
    files.iter().filter(|other| other.path == file.path).any(|version| is_file_of(row, version))
}

/// The branch and the folder of the policy, in the clone of the configuration.
fn repository<'s>(scene: &'s Scene<'_>) -> Result<Option<(Repository, &'s str)>, Failure> {
    let migrations = scene.promised().and_then(|promised| promised.migrations.as_ref());
    let Some(
        Migrations::Drizzle { path: Some(path), branch: Some(branch), .. }
        | Migrations::Query { path: Some(path), branch: Some(branch), .. },
    ) = migrations
    else {
        return Ok(None);
    };
    let clone =
        scene.producer.config.evidence(scene.request.database).and_then(|evidence| evidence.repository.as_ref());
    let clone = clone.ok_or_else(|| {
        Failure::new(
            "repository-missing",
            "walwarden.toml names no clone of the repository of this database's migrations",
        )
    })?;
    Ok(Some((Repository::open(clone.clone(), branch)?, path)))
}

/// Every version of every file of a migration.
fn brought(repository: &Repository, commits: &[Commit]) -> Result<Vec<Brought>, Failure> {
    let mut files = Vec::new();
    for (place, commit) in commits.iter().enumerate() {
        let touched = commit.files.iter().filter(|(status, path)| status != "D" && path.ends_with(".sql"));
        for (status, path) in touched {
            let sha256 = Digest::of(&repository.content(&commit.id, path)?).to_string();
            files.push(Brought { tag: tag(path), path: path.clone(), sha256, commit: place, added: status == "A" });
        }
    }
    Ok(files)
}

/// `0001_init` of `.../0001_init.sql`, and of `.../0001_init/migration.sql`.
fn tag(path: &str) -> String {
    let mut names = path.rsplit('/');
    let file = names.next().unwrap_or_default().trim_end_matches(".sql");
    let folder = names.next().filter(|_| file == "migration");
    folder.unwrap_or(file).to_owned()
}

/// Approvals, with all commits that each is of.
fn approvals(scene: &Scene<'_>, repository: &Repository) -> Result<Vec<(Approval, Vec<String>)>, Failure> {
    let evidence = scene.producer.config.evidence(scene.request.database);
    let Some(file) = evidence.and_then(|evidence| evidence.approvals.as_ref()) else { return Ok(Vec::new()) };
    let approvals: Vec<Approval> = lines(file, "approvals-unreadable")?;
    let with = |approval: Approval| Ok((repository.brought(&approval.commit)?, approval));
    approvals.into_iter().map(with).map(|both| both.map(|(brought, approval)| (approval, brought))).collect()
}

fn lines<T: for<'d> Deserialize<'d>>(file: &std::path::Path, reason: &'static str) -> Result<Vec<T>, Failure> {
    let text = fs::read_to_string(file).map_err(StorageError::at("read", file))?;
    let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            // Its own place is always in line 1.
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default();
            Failure::new(reason, format!("{}, line {}: {what}", file.display(), at + 1))
        })
    };
    rows.map(row).collect()
}

fn time(row: &Row) -> Option<Time> {
    let applied = Some(text(row, "applied_at")).filter(|at| !at.is_empty());
    instant(applied.unwrap_or_else(|| text(row, "created_at")))
}

fn instant(text: &str) -> Option<Time> {
    let parsed = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Time::from_micros(parsed.timestamp_micros())
}

fn commits_table(commits: &[Commit]) -> Table {
    let some = |text: &String| Some(text.clone());
    let row = |commit: &Commit| {
        let files: Vec<String> = commit.files.iter().map(|(status, path)| format!("{status} {path}")).collect();
        row([
            ("commit", some(&commit.id)),
            ("author", some(&commit.author)),
            ("email", some(&commit.email)),
            ("at", some(&commit.at)),
            ("subject", some(&commit.subject)),
            ("files", Some(files.join("\n"))),
        ])
    };
    let columns = ["commit", "author", "email", "at", "subject", "files"];
    Table::new("commits.ndjson", &columns, 0, commits.iter().map(row).collect())
}

fn files_table(files: &[Brought], commits: &[Commit]) -> Table {
    let row = |file: &Brought| {
        row([
            ("migration", Some(file.tag.clone())),
            ("path", Some(file.path.clone())),
            ("sha256", Some(file.sha256.clone())),
            ("commit", Some(commits[file.commit].id.clone())),
        ])
    };
    Table::new("migration-files.ndjson", &["migration", "path", "sha256", "commit"], 0, files.iter().map(row).collect())
}

fn approvals_table(approvals: &[(Approval, Vec<String>)]) -> Table {
    let row = |(approval, brought): &(Approval, Vec<String>)| {
        row([
            ("commit", brought.first().cloned()),
            ("author", approval.author.clone()),
            ("approved_by", Some(approval.approved_by.clone())),
            ("at", approval.at.clone()),
            ("reference", approval.reference.clone()),
        ])
    };
    let columns = ["commit", "author", "approved_by", "at", "reference"];
    Table::new("approvals.ndjson", &columns, 0, approvals.iter().map(row).collect())
}

fn ci_runs(scene: &Scene<'_>) -> Result<Option<Table>, Failure> {
    let evidence = scene.producer.config.evidence(scene.request.database);
    let Some(file) = evidence.and_then(|evidence| evidence.ci_runs.as_ref()) else { return Ok(None) };
    let runs: Vec<CiRun> = lines(file, "ci-runs-unreadable")?;
    let row = |run: CiRun| {
        row([
            ("commit", Some(run.commit)),
            ("at", Some(run.at)),
            ("result", Some(run.result)),
            ("reference", run.reference),
        ])
    };
    let columns = ["commit", "at", "result", "reference"];
    Ok(Some(Table::new("ci-runs.ndjson", &columns, 0, runs.into_iter().map(row).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_called_by_their_file_or_folder() {
        assert_eq!(tag("drizzle/migrations/0001_init.sql"), "0001_init");
        assert_eq!(tag("migrations/20260701_x/migration.sql"), "20260701_x");
        assert_eq!(tag("a.sql"), "a");
    }
}
