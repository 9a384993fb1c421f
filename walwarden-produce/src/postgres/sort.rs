//! Digests in order, however many: sorted in memory up to a limit, beyond that in runs on disk that are merged.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use walwarden_core::Digest;

/// Digests kept in memory: 16 MB.
const WAITING: usize = 1 << 19;
/// Digests of a run that are read at once.
const READ: usize = 1 << 9;
const BYTES: usize = 32;

/// Takes digests in any order and gives them back in theirs, equal ones as often as they came.
pub(crate) struct Sorter<'a> {
    folder: &'a Path,
    limit: usize,
    waiting: Vec<Digest>,
    /// Where sorted runs lie: nobody else's, and nameless.
    file: Option<File>,
    /// Ends of the runs in the file, in digests.
    ends: Vec<u64>,
}

impl<'a> Sorter<'a> {
    /// `folder` is where runs are kept, when they have to be.
    pub(crate) const fn new(folder: &'a Path) -> Self {
        Self { folder, limit: WAITING, waiting: Vec::new(), file: None, ends: Vec::new() }
    }

    pub(crate) fn push(&mut self, digest: Digest) -> io::Result<()> {
        self.waiting.push(digest);
        if self.waiting.len() < self.limit { Ok(()) } else { self.spill() }
    }

    /// Passes all on, in order.
    pub(crate) fn finish(mut self, mut each: impl FnMut(&Digest)) -> io::Result<()> {
        if self.file.is_some() && !self.waiting.is_empty() {
            self.spill()?;
        }
        let Some(file) = self.file else {
            self.waiting.sort_unstable();
            self.waiting.iter().for_each(each);
            return Ok(());
        };
        drop(self.waiting);
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let mut runs: Vec<Run<'_>> =
            starts.zip(&self.ends).map(|(at, end)| Run { file: &file, at, end: *end, read: Vec::new() }).collect();
        let mut first = BinaryHeap::new();
        for (place, run) in runs.iter_mut().enumerate() {
            first.extend(run.next()?.map(|digest| Reverse((digest, place))));
        }
        while let Some(Reverse((digest, place))) = first.pop() {
            each(&digest);
            if let Some(run) = runs.get_mut(place) {
                first.extend(run.next()?.map(|digest| Reverse((digest, place))));
            }
        }
        Ok(())
    }

    /// Writes what waits behind the other runs.
    fn spill(&mut self) -> io::Result<()> {
        self.waiting.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(nameless(self.folder)?),
        };
        for some in self.waiting.chunks(READ) {
            let bytes: Vec<u8> = some.iter().flat_map(|digest| digest.0).collect();
            file.write_all(&bytes)?;
        }
        let before = self.ends.last().copied().unwrap_or_default();
        self.ends.push(before + self.waiting.len() as u64);
        self.waiting.clear();
        Ok(())
    }
}

/// A sorted part of the file.
struct Run<'a> {
    file: &'a File,
    at: u64,
    end: u64,
    /// Read and not yet given, the next one last.
    read: Vec<Digest>,
}

impl Run<'_> {
    fn next(&mut self) -> io::Result<Option<Digest>> {
        if self.read.is_empty() && self.at < self.end {
            let some = usize::try_from(self.end - self.at).unwrap_or(READ).min(READ);
            let mut bytes = vec![0; some * BYTES];
            self.file.read_exact_at(&mut bytes, self.at * BYTES as u64)?;
            self.read.extend(bytes.as_chunks::<BYTES>().0.iter().rev().map(|bytes| Digest(*bytes)));
            self.at += some as u64;
        }
        Ok(self.read.pop())
    }
}

/// A file that is gone when it is closed, also after a kill.
fn nameless(folder: &Path) -> io::Result<File> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = format!(".order-{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let path = folder.join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_come_back_in_order_and_as_often_as_they_came() {
        let folder = tempfile::tempdir().unwrap();
        for (count, limit) in [(0, 10), (9, 10), (10, 10), (11, 10), (5000, 700), (5000, 5000), (3000, 1)] {
            let mut expected: Vec<Digest> = (0..count).map(|n: u32| Digest::of(&(n / 3).to_be_bytes())).collect();
            let mut sorter = Sorter { limit, ..Sorter::new(folder.path()) };
            expected.iter().for_each(|digest| sorter.push(*digest).unwrap());
            expected.sort_unstable();
            let mut found = Vec::new();
            sorter.finish(|digest| found.push(*digest)).unwrap();
            assert_eq!(found, expected, "{count} by {limit}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let mut sorter = Sorter { limit: 1, ..Sorter::new(Path::new("/nonexistent")) };
        assert!(sorter.push(Digest([0; 32])).is_err());
    }
}
