//! A bundle that was judged and is not published yet, in a folder of its own: the zip under its later name, and beside it
//! what the verifier wrote of it in the same run.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use walwarden_core::Digest;

use crate::{
    error::{OperatorError, ProduceError, StorageError, VerifierError},
    files,
    store::hash_file,
};

/// The program that judges, as it is installed beside this one.
const VERIFIER: &str = "walwarden-verify";

/// The verifier beside the running program.
///
/// # Errors
/// It is not there.
pub fn verifier() -> Result<PathBuf, ProduceError> {
    let own = env::current_exe().map_err(StorageError::at("find", "the running program"))?;
    let path = own.with_file_name(VERIFIER);
    if path.is_file() { Ok(path) } else { Err(VerifierError::Missing(path).into()) }
}

/// Something that the verifier writes beside the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// The report for a screen.
    Html,
    /// The report on paper.
    Pdf,
    /// Populations as CSV and as one workbook, in a folder.
    Workpapers,
}

impl Beside {
    /// The verifier's option.
    const fn option(self) -> &'static str {
        match self {
            Self::Html => "--html",
            Self::Pdf => "--pdf",
            Self::Workpapers => "--workpapers",
        }
    }

    /// What the name ends in, where that of the bundle ends in `.zip`.
    const fn ending(self) -> &'static str {
        match self {
            Self::Html => ".html",
            Self::Pdf => ".pdf",
            Self::Workpapers => "-workpapers",
        }
    }

    /// What it is called in a list of files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Html | Self::Pdf => "report",
            Self::Workpapers => "workpapers",
        }
    }
}

/// Where a bundle goes, and what is beside it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The zip, when it is not rejected.
    pub zip: PathBuf,
    /// What the verifier writes.
    pub beside: Vec<Beside>,
    /// Whether a rejected one is written too, under names that say so.
    pub as_is: bool,
}

impl Target {
    /// Refuses where anything of it is there already: nothing is overwritten. What a killed run has not published goes.
    ///
    /// # Errors
    /// What is there.
    pub fn is_free(&self) -> Result<(), OperatorError> {
        let folder = self.folder();
        // Its lock ends with whoever made it.
        let left = folder.is_dir() && File::open(&folder).is_ok_and(|folder| folder.try_lock().is_ok());
        if left {
            let _ = fs::remove_dir_all(&folder);
        }
        let beside = |infix| self.beside.iter().map(move |beside| self.named(infix, beside.ending()));
        let mut paths = vec![self.zip.clone(), folder, self.handover()];
        paths.extend(beside(""));
        if self.as_is {
            paths.extend(beside(REJECTED).chain([".zip", ".txt"].map(|ending| self.named(REJECTED, ending))));
        }
        match paths.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            None => Ok(()),
            Some(path) => Err(OperatorError::Exists(path)),
        }
    }

    /// Writes the zip into the folder and runs the verifier over it as an auditor would, with `trust`, which the auditor
    /// was given before.
    ///
    /// # Errors
    /// It could not be written or judged, or is rejected and not wanted so; the folder is gone then.
    pub fn judge(
        &self,
        bytes: &[u8],
        verifier: &Path,
        trust: &Path,
        notice: &dyn Fn(&str),
    ) -> Result<Judged, ProduceError> {
        let folder = self.folder();
        fs::create_dir(&folder).map_err(StorageError::at("create folder", &folder))?;
        let lock = File::open(&folder).and_then(|opened| opened.lock().map(|()| opened));
        let lock = lock.map_err(StorageError::at("lock", &folder))?;
        let judged = self.judge_in(&folder, bytes, verifier, trust, notice);
        let judged = judged.map(|(verdict, report)| Judged { target: self.clone(), verdict, report, _lock: lock });
        judged.inspect_err(|_| _ = fs::remove_dir_all(&folder))
    }

    fn judge_in(
        &self,
        folder: &Path,
        bytes: &[u8],
        verifier: &Path,
        trust: &Path,
        notice: &dyn Fn(&str),
    ) -> Result<(i32, String), ProduceError> {
        let inside = |path: &Path| folder.join(path.file_name().unwrap_or_default());
        let zip = inside(&self.zip);
        files::replace(&zip, bytes, 0o644)?;
        let (_, found) = hash_file(&zip).map_err(StorageError::at("read", &zip))?;
        if found != Digest::of(bytes) {
            return Err(ProduceError::Bug("the bundle was read back with other bytes than were written".into()));
        }
        let mut command = Command::new(verifier);
        command.arg(&zip).arg("--trust").arg(trust).env("NO_COLOR", "1");
        for beside in &self.beside {
            command.arg(beside.option()).arg(inside(&self.named("", beside.ending())));
        }
        let output = command.output().map_err(StorageError::at("run", verifier))?;
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let verdict = output.status.code().unwrap_or(-1);
        match verdict {
            0 | 3 | 4 => {}
            1 if self.as_is => files::replace(&folder.join("report.txt"), report.as_bytes(), 0o644)?,
            1 => {
                notice(report.trim_end());
                return Err(VerifierError::Rejected.into());
            }
            code => {
                notice(String::from_utf8_lossy(&output.stderr).trim_end());
                return Err(VerifierError::Unusable(code).into());
            }
        }
        for beside in &self.beside {
            let path = inside(&self.named("", beside.ending()));
            path.metadata().map_err(StorageError::at("find the report", &path))?;
        }
        Ok((verdict, report))
    }

    /// The handover that belongs to this very bundle: that of the vault moves on with the next one.
    #[must_use]
    pub fn handover(&self) -> PathBuf {
        self.named("", "-handover.json")
    }

    /// The folder for what is not published yet.
    fn folder(&self) -> PathBuf {
        files::with_suffix(&self.zip, ".partial")
    }

    /// The name of the zip with something else in place of `.zip`.
    fn named(&self, infix: &str, ending: &str) -> PathBuf {
        let stem = if self.zip.extension().is_some_and(|ending| ending == "zip") {
            self.zip.with_extension("")
        } else {
            self.zip.clone()
        };
        files::with_suffix(&files::with_suffix(&stem, infix), ending)
    }
}

/// What the names of a rejected bundle, and of what is beside it, have before their ending.
const REJECTED: &str = ".rejected";

/// A bundle that was judged and not published yet.
#[derive(Debug)]
pub struct Judged {
    target: Target,
    /// The verifier's exit code: 0, 1, 3 or 4.
    pub verdict: i32,
    /// What it printed.
    pub report: String,
    /// Of the folder, while somebody is at work on it.
    _lock: File,
}

/// A published bundle.
#[derive(Debug)]
pub struct Published {
    /// The zip.
    pub zip: PathBuf,
    /// What is beside it.
    pub beside: Vec<(&'static str, PathBuf)>,
}

impl Judged {
    /// Puts all of it in its place, the zip last; a rejected one under a name that says so, with its report as text.
    ///
    /// # Errors
    /// Something cannot be moved, or was not written.
    pub fn publish(&self) -> Result<Published, ProduceError> {
        let (folder, target) = (self.target.folder(), &self.target);
        let rejected = self.verdict == 1;
        let infix = if rejected { REJECTED } else { "" };
        let mut published = Vec::new();
        for beside in &target.beside {
            let made = target.named("", beside.ending());
            published.push((beside.word(), made, target.named(infix, beside.ending())));
        }
        if rejected {
            published.push(("report", "report.txt".into(), target.named(infix, ".txt")));
        }
        let zip = if rejected { target.named(infix, ".zip") } else { target.zip.clone() };
        published.push(("bundle", target.zip.clone(), zip.clone()));
        for (_, made, path) in &published {
            let made = folder.join(made.file_name().unwrap_or_default());
            fs::rename(&made, path).map_err(StorageError::at("move in place", path))?;
        }
        files::sync_folder_of(&zip)?;
        fs::remove_dir(&folder).map_err(StorageError::at("remove", &folder))?;
        published.pop();
        Ok(Published { zip, beside: published.into_iter().map(|(word, _, path)| (word, path)).collect() })
    }
}
