//! Digests of everything, computed once.

use std::collections::BTreeMap;

use walwarden_core::Digest;

use crate::{report::Container, source::Source};

/// SHA-256 of the container and of each file in it.
pub(super) struct Digests<'a> {
    pub(super) files: BTreeMap<&'a str, Digest>,
    pub(super) container: Option<Digest>,
}

impl<'a> Digests<'a> {
    pub(super) fn of(source: &'a Source) -> Self {
        let container = (source.container() == Container::Zip).then(|| Digest::of(source.bytes()));
        let files = source.files().filter_map(|(name, bytes)| Some((name, Digest::of(bytes?)))).collect();
        Self { files, container }
    }
}

/// Runs three tasks at once; `here` stays on this thread. A panic of any of them passes on.
#[cfg(not(target_family = "wasm"))]
pub(super) fn at_once<A: Send, B: Send, C>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
    here: impl FnOnce() -> C,
) -> (A, B, C) {
    std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(one), scope.spawn(other));
        let here = here();
        let one = one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (one, other, here)
    })
}

/// One after the other, where there are no threads.
#[cfg(target_family = "wasm")]
pub(super) fn at_once<A: Send, B: Send, C>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
    here: impl FnOnce() -> C,
) -> (A, B, C) {
    (one(), other(), here())
}
