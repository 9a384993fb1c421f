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

/// Runs `other` on a second thread while `here` runs on this one. A panic of either passes on.
#[cfg(not(target_family = "wasm"))]
pub(super) fn beside<A: Send, B>(other: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let other = scope.spawn(other);
        let here = here();
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (other, here)
    })
}

/// One after the other, where there are no threads.
#[cfg(target_family = "wasm")]
pub(super) fn beside<A: Send, B>(other: impl FnOnce() -> A + Send, here: impl FnOnce() -> B) -> (A, B) {
    (other(), here())
}
