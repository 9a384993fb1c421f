//! Files that the reader names: read within limits, written whole, never over another unless asked to.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
};

use walwarden_verify::{OpenError, sandbox::Reach, workpapers::Paper};

use crate::exit::Failure;

/// Every path that a command will open, known before it opens one.
#[derive(Debug, Default)]
pub(crate) struct Files<'a> {
    /// Files and folders to read.
    pub(crate) read: Vec<&'a Path>,
    /// Files to write; `-` is standard output.
    pub(crate) write: Vec<Cow<'a, Path>>,
    /// Whether they may exist already.
    pub(crate) force: bool,
    /// A folder to fill, new or empty, with the folders in it.
    pub(crate) folder: Option<(&'a Path, &'static [&'static str])>,
}

/// Whether a report may take the place of another.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Replace {
    /// Write over files that exist already
    #[arg(long)]
    pub(crate) force: bool,
}

impl Files<'_> {
    /// Refuses outputs that lie over what is read, twice in one place, or in a folder that does not exist. What is left
    /// is all that the program will touch.
    pub(crate) fn settle(&self) -> Result<Reach, Failure> {
        let read: Vec<PathBuf> = self.read.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
        let mut taken: Vec<PathBuf> = Vec::new();
        for path in &self.write {
            let place = if is_stdout(path) { path.to_path_buf() } else { place_of(path)? };
            if taken.contains(&place) {
                return Err(Failure::new(format!("two reports go to {}", path.display()), "give each its own file"));
            }
            if read.iter().any(|read| *read == place || (read.is_dir() && place.starts_with(read))) {
                let what = format!("{} is read, it will not be written over", path.display());
                return Err(Failure::new(what, "give another file"));
            }
            if !self.force && !is_stdout(path) && place.exists() && !is_device(&place) {
                let hint = "give another name, or --force to write over it";
                return Err(Failure::new(format!("{} exists already", path.display()), hint));
            }
            taken.push(place);
        }
        let given = self.read.iter().map(|path| path.to_path_buf()).collect();
        let write = taken.iter().filter(|place| !is_stdout(place)).map(|place| match place.parent() {
            Some(folder) if !is_device(place) => folder.to_path_buf(),
            _ => place.clone(),
        });
        let mut write: BTreeSet<PathBuf> = write.collect();
        if let Some((folder, inside)) = self.folder {
            write.insert(new_folder(folder, inside, &read)?);
        }
        Ok(Reach { read: given, write: write.into_iter().collect() })
    }
}

/// Makes a folder to fill, before the sandbox forbids that. One that holds a file already is left as it is.
fn new_folder(folder: &Path, inside: &[&str], read: &[PathBuf]) -> Result<PathBuf, Failure> {
    let failed =
        |error: io::Error| Failure::new(format!("cannot make {}: {error}", folder.display()), "check the path");
    let holds = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
        Ok(entries) => {
            // What an earlier run made and did not come to fill is empty.
            let empty = |path: PathBuf| inside.iter().any(|name| folder.join(name) == path) && !holds(&path);
            if !entries.filter_map(Result::ok).all(|entry| empty(entry.path())) {
                let hint = "give a new folder, or an empty one: a file of another run would stand among the new ones";
                return Err(Failure::new(format!("{} is not empty", folder.display()), hint));
            }
        }
    }
    // Its one name, before it exists: nothing is made in a folder that is read.
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let place = fs::canonicalize(folder).or_else(|_| {
        let name = folder.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        fs::canonicalize(above).map(|above| above.join(name))
    });
    let place = place.map_err(failed)?;
    if read.iter().any(|read| place.starts_with(read)) {
        let what = format!("{} lies in a folder that is read", folder.display());
        return Err(Failure::new(what, "give a folder elsewhere"));
    }
    fs::create_dir_all(&place).map_err(failed)?;
    for name in inside {
        fs::create_dir_all(place.join(name)).map_err(failed)?;
    }
    Ok(place)
}

/// Writes to a file, and says so on standard error unless asked to be quiet, or writes to standard output.
pub(crate) fn write(path: &Path, bytes: &[u8], quiet: bool) -> Result<(), Failure> {
    if is_stdout(path) {
        return print(bytes);
    }
    write_whole(path, bytes)?;
    if !quiet {
        // Nobody listens any more if this fails.
        _ = writeln!(io::stderr(), "wrote {}", path.display());
    }
    Ok(())
}

/// Writes papers into their folder.
pub(crate) fn write_papers(folder: &Path, papers: &[Paper], quiet: bool) -> Result<(), Failure> {
    for paper in papers {
        write_whole(&folder.join(&paper.name), &paper.bytes)?;
    }
    if !quiet {
        _ = writeln!(io::stderr(), "wrote {} files into {}", papers.len(), folder.display());
    }
    Ok(())
}

/// Whether a path means standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Why a bundle cannot be opened, and what to do.
pub(crate) fn unreadable(error: OpenError) -> Failure {
    let hint = match &error {
        OpenError::Io { path, .. } if path.as_os_str() == "help" => {
            return Failure::new(error, format!("see {} --help", crate::exit::program()));
        }
        OpenError::Io { .. } => "check the path and that you may read it",
        OpenError::NotABundle(_) => "give the folder into which the zip was unpacked, or the zip itself",
        OpenError::NotAZip(path) if path.extension().is_some_and(|extension| extension == "json") => {
            "a bundle is a zip; handover.json goes to --trust, beside the bundle"
        }
        OpenError::TooLarge { .. } => "a bundle holds evidence, not dumps; check that this is the right file",
        _ => "a bundle is a zip, written by `walwarden bundle`; check that the download is complete",
    };
    Failure::new(error, hint)
}

/// Reads a file that the reader brings.
pub(crate) fn small(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| Failure::new(format!("cannot read {}: {error}", path.display()), "check the path");
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(Failure::new(
            format!("{} is longer than {limit} bytes", path.display()),
            "check that this is the right file",
        ));
    }
    Ok(bytes)
}

/// A reader that has gone away does not change the verdict.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {error}"), "write to a file instead"))
        }
        _ => Ok(()),
    }
}

/// Colour only for a terminal, and not against the reader's wish; it never carries meaning alone.
pub(crate) fn colour() -> bool {
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR and TERM are the reader's settings for a terminal")]
    let set = |name: &str| std::env::var_os(name).unwrap_or_default();
    io::stdout().is_terminal() && set("NO_COLOR").is_empty() && set("TERM") != "dumb"
}

/// The file's one name, whether it exists yet or not.
fn place_of(path: &Path) -> Result<PathBuf, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).map_err(|error| {
        Failure::new(format!("cannot write {}: {error}", path.display()), "create the folder first")
    })?;
    let name = path.file_name().filter(|_| !path.is_dir());
    let name =
        name.ok_or_else(|| Failure::new(format!("{} is a folder", path.display()), "give the name of a file"))?;
    Ok(folder.join(name))
}

/// Whether something else than a file stands there: `/dev/null`, a pipe. It is written to, never replaced.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Writes beside the file and renames: nobody sees half a report.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error: io::Error| {
        Failure::new(format!("cannot write {}: {error}", path.display()), "check the folder and the space left")
    };
    if is_device(path) {
        return fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(failed);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        _ = fs::remove_file(&beside);
        failed(error)
    })
}
