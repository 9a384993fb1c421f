//! What follows from the bytes alone and takes time: computed once, on two threads.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use walwarden_core::{
    Digest, bundle,
    chain::{self, ChainError, Entries, Piece},
    value::Origin,
};

use super::{Carried, CarriedError};
use crate::{checks::private, report::Container, source::Source};

/// What follows from the bytes alone.
pub(super) struct Bytes<'a> {
    /// SHA-256 of each file that can be read.
    pub(super) files: BTreeMap<&'a str, Digest>,
    /// SHA-256 of a zip.
    pub(super) container: Option<Digest>,
    /// The first file that holds a private key, and of which form.
    pub(super) private: Option<(&'a str, &'static str)>,
    pub(super) carried: Result<Carried, CarriedError>,
    pub(super) entries: Result<Entries<'a>, ChainError>,
}

/// Bytes of a chain that are read at once.
const PIECE: usize = 8 << 20;

/// Long ones first, and what can be cut last, so that both threads end together.
enum Task<'a> {
    Digests,
    Search(usize, &'a str, &'a [u8]),
    Statements,
    Lines(usize, &'a [u8]),
}

enum Done<'a> {
    Digests(Vec<Digest>),
    Search(Option<(usize, &'a str, &'static str)>),
    Statements(Result<Carried, CarriedError>),
    Lines(usize, Result<Piece<'a>, ChainError>),
}

impl<'a> Bytes<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        let ndjson = source.file(bundle::ENTRIES).unwrap_or_default();
        let origin = chain::origin(ndjson);
        let readable = || source.files().filter_map(|(name, bytes)| Some((name, bytes?)));
        let search = readable().enumerate().map(|(place, (name, bytes))| Task::Search(place, name, bytes));
        let lines = chain::pieces(ndjson, PIECE).into_iter().enumerate();
        let lines = lines.map(|(place, piece)| Task::Lines(place, piece));
        let tasks = [Task::Digests].into_iter().chain(search).chain([Task::Statements]).chain(lines).collect();
        let done = on_two_threads(tasks, |task| Done::of(task, source, origin.as_ref()));

        let (mut digests, mut private, mut carried) = (Vec::new(), None, Ok(Carried::default()));
        let mut pieces = BTreeMap::new();
        for done in done {
            match done {
                Done::Digests(all) => digests = all,
                Done::Search(Some(found)) => private = private.min(Some(found)).or(Some(found)),
                Done::Search(None) => {}
                Done::Statements(read) => carried = read,
                Done::Lines(place, piece) => _ = pieces.insert(place, piece),
            }
        }
        let mut digests = digests.into_iter();
        let container = (source.container() == Container::Zip).then(|| digests.next()).flatten();
        Self {
            files: readable().map(|(name, _)| name).zip(digests).collect(),
            container,
            private: private.map(|(_, name, kind)| (name, kind)),
            carried,
            entries: Entries::join(origin, pieces.into_values()),
        }
    }
}

impl<'a> Done<'a> {
    fn of(task: Task<'a>, source: &'a Source, origin: Option<&Origin>) -> Self {
        match task {
            Task::Digests => {
                let container = (source.container() == Container::Zip).then(|| source.bytes());
                let files = source.files().filter_map(|(_, bytes)| bytes);
                let all: Vec<&[u8]> = container.into_iter().chain(files).collect();
                Self::Digests(Digest::of_each(&[], &all))
            }
            Task::Search(place, name, bytes) => Self::Search(private::find(bytes).map(|kind| (place, name, kind))),
            Task::Statements => Self::Statements(Carried::read(source)),
            Task::Lines(place, piece) => Self::Lines(place, Piece::read(piece, origin)),
        }
    }
}

/// Does every task, in any order. Two threads: more would gain nothing, as one digest over everything takes half the
/// time of all. A panic passes on.
fn on_two_threads<T: Send, D: Send>(tasks: VecDeque<T>, run: impl Fn(T) -> D + Sync) -> Vec<D> {
    let tasks = Mutex::new(tasks);
    let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || std::iter::from_fn(next).map(&run).collect::<Vec<D>>();
    if cfg!(target_family = "wasm") {
        return work(); // no threads there
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut done = work();
        done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done
    })
}
