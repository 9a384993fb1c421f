//! Commits of a folder of a repository, as git tells them.

use std::{path::PathBuf, process::Command};

use super::capture::Failure;

/// A commit that touched the folder.
#[derive(Debug)]
pub(super) struct Commit {
    /// Its full id.
    pub(super) id: String,
    /// Its author's name.
    pub(super) author: String,
    /// Its author's address.
    pub(super) email: String,
    /// When it was committed, RFC 3339 with offset.
    pub(super) at: String,
    /// First line of its message.
    pub(super) subject: String,
    /// What it did to which file: `A`, `M`, `D`.
    pub(super) files: Vec<(String, String)>,
}

/// A clone of a repository.
pub(super) struct Repository {
    folder: PathBuf,
    branch: String,
}

impl Repository {
    /// A branch of a clone that has all of its history.
    pub(super) fn open(folder: PathBuf, branch: &str) -> Result<Self, Failure> {
        let repository = Self { folder, branch: format!("refs/heads/{branch}") };
        if repository.text(&["rev-parse", "--is-shallow-repository"])? != "false" {
            let what = "the clone is shallow: commits before its edge are not in it; fetch with --unshallow";
            return Err(Failure::new("shallow-clone", what));
        }
        Ok(repository)
    }

    /// The commit at the branch's head.
    pub(super) fn head(&self) -> Result<String, Failure> {
        self.text(&["rev-parse", "--verify", &self.branch])
    }

    /// All commits that touched a folder, newest first, without a limit.
    pub(super) fn commits(&self, path: &str) -> Result<Vec<Commit>, Failure> {
        let format = "--format=%x1e%H%x1f%an%x1f%ae%x1f%cI%x1f%s%x1e";
        let log = self.git(&["log", "-z", "--no-renames", "--name-status", format, &self.branch, "--", path])?;
        parse(&String::from_utf8_lossy(&log)).ok_or_else(|| Failure::new("git-failed", "git's log cannot be read"))
    }

    /// The bytes of a file in a commit.
    pub(super) fn content(&self, commit: &str, path: &str) -> Result<Vec<u8>, Failure> {
        self.git(&["cat-file", "blob", &format!("{commit}:{path}")])
    }

    /// What a commit brought to its branch: itself, and of a merge all that it merged.
    pub(super) fn brought(&self, commit: &str) -> Result<Vec<String>, Failure> {
        if !(7..=64).contains(&commit.len()) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Failure::new("approvals-unreadable", format!("{commit:?} is no commit")));
        }
        let line = self.text(&["rev-list", "--parents", "-n", "1", commit])?;
        let mut ids = line.split(' ').map(str::to_owned);
        let id = ids.next().unwrap_or_default();
        let mut brought = vec![id.clone()];
        if ids.count() > 1 {
            let merged = self.text(&["rev-list", &format!("{id}^1..{id}")])?;
            brought.extend(merged.lines().map(str::to_owned));
        }
        Ok(brought)
    }

    fn text(&self, args: &[&str]) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.git(args)?).trim_end().to_owned())
    }

    fn git(&self, args: &[&str]) -> Result<Vec<u8>, Failure> {
        let mut command = Command::new("git");
        // What others may have grafted into the clone does not count.
        command.args(["--no-replace-objects", "-C"]).arg(&self.folder).args(args);
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").env_remove("GIT_DIR");
        let output =
            command.output().map_err(|error| Failure::new("git-missing", format!("git does not start: {error}")))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr).replace(&*self.folder.to_string_lossy(), "the repository");
        let first = said.lines().next().unwrap_or("it gave no reason");
        Err(Failure::new("git-failed", format!("git {} failed: {first}", args.first().unwrap_or(&""))))
    }
}

/// Records of a header between two separators, then pairs of status and path, each ended by NUL.
fn parse(log: &str) -> Option<Vec<Commit>> {
    let mut parts = log.split('\u{1e}');
    let before = parts.next()?;
    if !before.trim_matches(['\0', '\n']).is_empty() {
        return None;
    }
    let mut commits = Vec::new();
    while let Some(header) = parts.next() {
        let fields: Vec<&str> = header.split('\u{1f}').collect();
        let [id, author, email, at, subject] = fields.as_slice() else { return None };
        if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut names =
            parts.next()?.split('\0').map(|name| name.trim_start_matches('\n')).filter(|name| !name.is_empty());
        let mut files = Vec::new();
        while let Some(status) = names.next() {
            files.push((status.to_owned(), names.next()?.to_owned()));
        }
        let owned = |text: &str| text.to_owned();
        let (id, author, email, at, subject) = (owned(id), owned(author), owned(email), owned(at), owned(subject));
        commits.push(Commit { id, author, email, at, subject, files });
    }
    Some(commits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_whole_or_not_at_all() {
        let log = "\u{1e}ab\u{1f}It's \"me\"\u{1f}a@b\u{1f}2026-07-01T00:00:00Z\u{1f}say \"hi\"\u{1e}\0\nA\0d/1.sql\0M\0d/\n2\0\u{1e}cd\u{1f}x\u{1f}y\u{1f}z\u{1f}\u{1e}\0";
        let commits = parse(log).unwrap();
        assert_eq!((commits.len(), commits[0].subject.as_str()), (2, "say \"hi\""));
        assert_eq!(commits[0].files[0], ("A".into(), "d/1.sql".into()));
        assert_eq!(commits[1].files, []);
        assert_eq!(parse("").unwrap().len(), 0);
        for torn in [
            "x",
            "\u{1e}ab\u{1f}a\u{1e}",
            "\u{1e}xy\u{1f}a\u{1f}b\u{1f}c\u{1f}d\u{1e}",
            "\u{1e}ab\u{1f}a\u{1f}b\u{1f}c\u{1f}d\u{1e}\0A\0",
        ] {
            assert!(parse(torn).is_none(), "{torn:?}");
        }
    }
}
