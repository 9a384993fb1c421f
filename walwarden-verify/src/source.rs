//! What is there, violations included (`spec/09-bundle.md`).
//!
//! Reading refuses only what is no bundle at all: everything else becomes a [`Violation`] for `zip.profile` to judge.
//! All files are slices of one buffer.

mod folder;
mod zip;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    ops::Range,
    path::{Path, PathBuf},
};

use walwarden_core::{Digest, bundle, limits};

use crate::report::Container;

/// The bytes of one bundle.
#[derive(Debug)]
pub struct Source {
    name: String,
    container: Container,
    buffer: Vec<u8>,
    files: Vec<Located>,
    index: BTreeMap<String, usize>,
    violations: Vec<Violation>,
    dropped: usize,
}

/// A part of a bundle's bytes and its digest, as somebody says who hashed it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashed {
    /// Of the first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
    /// SHA-256 of what lies between.
    pub sha256: Digest,
}

/// A file and where its bytes lie; `None` where they cannot be read (compressed, encrypted, overlapping).
#[derive(Debug)]
struct Located {
    name: String,
    range: Option<Range<usize>>,
}

/// Something that the profile of the container does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// One sentence.
    pub what: String,
    /// Where: an offset, or a name.
    pub at: String,
    /// What should stand there; may be empty.
    pub expected: String,
    /// What does; may be empty.
    pub found: String,
}

/// Why nothing could be judged. This is not a failed check: nothing was shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The operating system refused.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        error: io::Error,
    },
    /// Neither a file nor a folder.
    #[error("{} is neither a file nor a folder", .0.display())]
    NotAFile(PathBuf),
    /// Zero bytes.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// No signature of a zip record occurs in it.
    #[error("{} is no zip: it has no zip record anywhere", .0.display())]
    NotAZip(PathBuf),
    /// More than a bundle may have.
    #[error("{} is larger than a bundle may be: {what}", path.display())]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// Which limit.
        what: &'static str,
    },
    /// A folder without the bundle's statement.
    #[error("{} is no unpacked bundle: it has no bundle.dsse.json", .0.display())]
    NotABundle(PathBuf),
}

impl OpenError {
    fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

/// Reads a bundle: a zip, or a folder with its files unpacked.
///
/// # Errors
/// [`OpenError`]: what was given is no bundle at all, or could not be read.
pub fn open(path: &Path) -> Result<Source, OpenError> {
    let meta = std::fs::metadata(path).map_err(|error| OpenError::io(path, error))?;
    if meta.is_dir() {
        return folder::read(path);
    }
    if !meta.is_file() {
        return Err(OpenError::NotAFile(path.to_owned()));
    }
    if meta.len() == 0 {
        return Err(OpenError::Empty(path.to_owned()));
    }
    if meta.len() > limits::ZIP_BYTES {
        return Err(OpenError::TooLarge { path: path.to_owned(), what: "4 GiB - 1 byte" });
    }
    let bytes = read_zip(path).map_err(|error| OpenError::io(path, error))?;
    let bytes = bytes.ok_or_else(|| OpenError::NotAZip(path.to_owned()))?;
    if bytes.len() as u64 > limits::ZIP_BYTES {
        return Err(OpenError::TooLarge { path: path.to_owned(), what: "4 GiB - 1 byte" });
    }
    Source::from_zip(&last_part(path), bytes).ok_or_else(|| OpenError::NotAZip(path.to_owned()))
}

/// Reads the whole file, but only once a zip record was seen: gigabytes of something else are never held.
fn read_zip(path: &Path) -> io::Result<Option<Vec<u8>>> {
    const PIECE: u64 = 1 << 20;
    let mut file = File::open(path)?;
    let mut held = Vec::new();
    loop {
        let before = held.len();
        (&mut file).take(PIECE).read_to_end(&mut held)?;
        if zip::has_record(held.get(before.saturating_sub(3)..).unwrap_or_default()) {
            break;
        }
        if held.len() == before {
            return Ok(None);
        }
        // The first piece stays: what stands before the first record is judged, not skipped.
        if held.len() > 64 << 20 {
            return rest_has_record(path).and_then(|has| if has { std::fs::read(path).map(Some) } else { Ok(None) });
        }
    }
    // The length that the system states is a guess at how much to hold, no more: the file may change meanwhile.
    let left = usize::try_from(file.metadata()?.len().min(limits::ZIP_BYTES)).unwrap_or(0).saturating_sub(held.len());
    fill(&mut held, &file, left)?;
    file.take(limits::ZIP_BYTES.saturating_add(1)).read_to_end(&mut held)?;
    Ok(Some(held))
}

/// Reads `more` bytes behind those held, on two threads: most of the time goes into fresh pages for them. The file is
/// read, not mapped: what was hashed and what is parsed must be the same bytes, whoever writes to the file meanwhile.
#[cfg(unix)]
fn fill(held: &mut Vec<u8>, file: &File, more: usize) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    const WORTH: usize = 16 << 20;
    if more < WORTH {
        return Ok(()); // the caller reads it
    }
    let before = held.len();
    let mut all = vec![0; before.saturating_add(more)]; // pages of zeros that cost nothing before they are written
    let (start, rest) = all.split_at_mut(before);
    start.copy_from_slice(held);
    let half = rest.len() / 2;
    let (first, second) = rest.split_at_mut(half);
    let read = |into: &mut [u8], at: usize| file.read_exact_at(into, at as u64);
    let both = std::thread::scope(|scope| {
        let other = scope.spawn(|| read(second, before.saturating_add(half)));
        let first = read(first, before);
        other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(first)
    });
    match both {
        // Shorter than stated: the caller reads to the end that there is.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
        other => other?,
    }
    *held = all;
    let end = held.len() as u64;
    io::Seek::seek(&mut &*file, io::SeekFrom::Start(end)).map(|_| ())
}

/// Elsewhere the caller reads everything.
#[cfg(not(unix))]
fn fill(held: &mut Vec<u8>, _file: &File, more: usize) -> io::Result<()> {
    held.reserve(more);
    Ok(())
}

/// Looks for a zip record piece by piece.
fn rest_has_record(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?.take(limits::ZIP_BYTES);
    let mut piece = vec![0; 1 << 20];
    let mut carry = 0;
    loop {
        let read = file.read(piece.get_mut(carry..).unwrap_or_default())?;
        let end = carry.saturating_add(read);
        if read == 0 {
            return Ok(false);
        }
        if zip::has_record(piece.get(..end).unwrap_or_default()) {
            return Ok(true);
        }
        // A record may begin in this piece and end in the next.
        let keep = end.min(3);
        piece.copy_within(end.saturating_sub(keep)..end, 0);
        carry = keep;
    }
}

fn last_part(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

impl Source {
    /// Scans the bytes of a zip; `None` when there is no zip record anywhere.
    #[must_use]
    pub fn from_zip(name: &str, bytes: Vec<u8>) -> Option<Self> {
        let found = zip::scan(&bytes)?;
        Some(Self::new(name, Container::Zip, bytes, found))
    }

    fn new(name: &str, container: Container, buffer: Vec<u8>, found: Found) -> Self {
        let mut index = BTreeMap::new();
        let mut files = Vec::new();
        for file in found.files {
            // The first of a name wins; the scanner has reported the others.
            if !index.contains_key(&file.name) {
                index.insert(file.name.clone(), files.len());
                files.push(file);
            }
        }
        let Violations { list: violations, dropped } = found.violations;
        Self { name: name.into(), container, buffer, files, index, violations, dropped }
    }

    /// What is hashed as a whole and has `least` bytes: a zip itself, and files in it.
    pub fn long_parts(&self, least: usize) -> impl Iterator<Item = Range<usize>> {
        let whole = (self.container == Container::Zip).then_some(0..self.buffer.len());
        let files = self.files.iter().filter_map(|file| file.range.clone());
        whole.into_iter().chain(files).filter(move |range| range.len() >= least)
    }

    /// Last part of the path, as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the bundle came.
    #[must_use]
    pub const fn container(&self) -> Container {
        self.container
    }

    /// All bytes: of a zip the file itself, of a folder its files one after the other.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether a file of this name is there, readable or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// The bytes of a file; `None` when it is absent or cannot be read.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        let file = self.files.get(*self.index.get(name)?)?;
        self.buffer.get(file.range.clone()?)
    }

    /// Every name in order of the container, with the bytes where they can be read.
    pub fn files(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let bytes = |file: &Located| file.range.clone().and_then(|range| self.buffer.get(range));
        self.files.iter().map(move |file| (file.name.as_str(), bytes(file)))
    }

    /// What the profile does not allow, in order of discovery; at most 100 are kept.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How many violations there are.
    #[must_use]
    pub fn violation_count(&self) -> usize {
        self.violations.len().saturating_add(self.dropped)
    }
}

/// What a reader of one container found.
struct Found {
    files: Vec<Located>,
    violations: Violations,
}

/// A bounded list of violations.
#[derive(Default)]
struct Violations {
    list: Vec<Violation>,
    dropped: usize,
}

impl Violations {
    fn add(&mut self, what: &str, at: String, expected: impl ToString, found: impl ToString) {
        if self.list.len() < 100 {
            let (expected, found) = (expected.to_string(), found.to_string());
            self.list.push(Violation { what: what.into(), at, expected, found });
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

/// Whether `name` comes after `before` in a bundle: its statement first, then bytewise.
fn in_order(before: Option<&str>, name: &str) -> bool {
    match before {
        None => name == bundle::STATEMENT,
        Some(before) => name != bundle::STATEMENT && (before == bundle::STATEMENT || before < name),
    }
}
