//! What follows from the bytes alone and takes time: computed once, on two threads.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use walwarden_core::{
    Digest, bundle,
    chain::{self, ChainError, Entries, Joining, Piece},
    key::private,
    value::Origin,
};

use super::{Carried, CarriedError};
use crate::{
    report::Container,
    source::{Hashed, Source},
    threads::on_two_threads,
};

/// What follows from the bytes alone.
pub(crate) struct Bytes<'a> {
    pub(super) source: &'a Source,
    /// Empty until [`Bytes::hashed`].
    pub(super) digests: Digests<'a>,
    /// The first file that holds a private key, and of which form.
    pub(super) private: Option<(&'a str, &'static str)>,
    pub(super) carried: Result<Carried, CarriedError>,
    pub(super) entries: Result<Entries<'a>, ChainError>,
}

/// Of what is hashed as a whole.
#[derive(Default)]
pub(super) struct Digests<'a> {
    /// SHA-256 of each file that can be read.
    pub(super) files: BTreeMap<&'a str, Digest>,
    /// SHA-256 of a zip.
    pub(super) container: Option<Digest>,
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
    Digests(Digests<'a>),
    Search(Option<(usize, &'a str, &'static str)>),
    Statements(Result<Carried, CarriedError>),
    Lines,
}

impl<'a> Bytes<'a> {
    /// Everything, digests included.
    pub(super) fn of(source: &'a Source) -> Self {
        Self::read(source, Some(Task::Digests))
    }

    /// Everything but the digests, which [`Bytes::hashed`] adds.
    pub(crate) fn without_digests(source: &'a Source) -> Self {
        Self::read(source, None)
    }

    /// With the digests: those that are known, and the others computed.
    pub(crate) fn hashed(self, known: &[Hashed]) -> Self {
        Self { digests: Digests::of(self.source, known), ..self }
    }

    fn read(source: &'a Source, digests: Option<Task<'a>>) -> Self {
        let ndjson = source.file(bundle::ENTRIES).unwrap_or_default();
        let origin = chain::origin(ndjson);
        let readable = || source.files().filter_map(|(name, bytes)| Some((name, bytes?)));
        let search = readable().enumerate().map(|(place, (name, bytes))| Task::Search(place, name, bytes));
        let lines = chain::pieces(ndjson, PIECE).into_iter().enumerate();
        let lines = lines.map(|(place, piece)| Task::Lines(place, piece));
        let tasks = digests.into_iter().chain(search).chain([Task::Statements]).chain(lines).collect();
        let chain = Mutex::new(Chain::new(origin.clone()));
        let done = on_two_threads(tasks, |task| Done::of(task, source, origin.as_ref(), &chain));

        let (mut digests, mut private, mut carried) = (Digests::default(), None, Ok(Carried::default()));
        for done in done {
            match done {
                Done::Digests(all) => digests = all,
                Done::Search(Some(found)) => private = private.min(Some(found)).or(Some(found)),
                Done::Search(None) => {}
                Done::Statements(read) => carried = read,
                Done::Lines => {}
            }
        }
        Self {
            source,
            digests,
            private: private.map(|(_, name, kind)| (name, kind)),
            carried,
            entries: chain.into_inner().unwrap_or_else(PoisonError::into_inner).joining.finish(),
        }
    }
}

impl<'a> Done<'a> {
    fn of(task: Task<'a>, source: &'a Source, origin: Option<&Origin>, chain: &Mutex<Chain<'a>>) -> Self {
        match task {
            Task::Digests => Self::Digests(Digests::of(source, &[])),
            Task::Search(place, name, bytes) => Self::Search(private::find(bytes).map(|kind| (place, name, kind))),
            Task::Statements => Self::Statements(Carried::read(source)),
            Task::Lines(place, piece) => {
                let piece = Piece::read(piece, origin);
                chain.lock().unwrap_or_else(PoisonError::into_inner).add(place, piece);
                Self::Lines
            }
        }
    }
}

impl<'a> Digests<'a> {
    fn of(source: &'a Source, known: &[Hashed]) -> Self {
        let readable = || source.files().filter_map(|(name, bytes)| Some((name, bytes?)));
        let container = (source.container() == Container::Zip).then(|| source.bytes());
        let parts: Vec<&[u8]> = container.into_iter().chain(readable().map(|(_, bytes)| bytes)).collect();
        let of = |part: &[u8]| {
            let is_it =
                |one: &&Hashed| source.bytes().get(one.start..one.end).is_some_and(|one| std::ptr::eq(one, part));
            known.iter().find(is_it).map(|one| one.sha256)
        };
        let found: Vec<Option<Digest>> = parts.iter().map(|part| of(part)).collect();
        let left: Vec<&[u8]> =
            parts.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(part, _)| *part).collect();
        let mut left = Digest::of_each(&[], &left).into_iter();
        let mut all = found.into_iter().filter_map(|found| found.or_else(|| left.next()));
        Self {
            container: container.and_then(|_| all.next()),
            files: readable().map(|(name, _)| name).zip(all).collect(),
        }
    }
}

/// The chain as far as it was read without a gap, and pieces beyond.
struct Chain<'a> {
    joining: Joining<'a>,
    next: usize,
    waiting: BTreeMap<usize, Result<Piece<'a>, ChainError>>,
}

impl<'a> Chain<'a> {
    fn new(origin: Option<Origin>) -> Self {
        Self { joining: Joining::new(origin), next: 0, waiting: BTreeMap::new() }
    }

    fn add(&mut self, place: usize, piece: Result<Piece<'a>, ChainError>) {
        self.waiting.insert(place, piece);
        while let Some(piece) = self.waiting.remove(&self.next) {
            self.joining.push(piece);
            self.next = self.next.saturating_add(1);
        }
    }
}
