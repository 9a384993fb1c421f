//! Work that is done on two threads.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Does every task, in any order. Two threads: more would gain nothing, as one digest over everything takes half the
/// time of all. A panic passes on.
pub(crate) fn on_two_threads<T: Send, D: Send>(tasks: VecDeque<T>, run: impl Fn(T) -> D + Sync) -> Vec<D> {
    let alone = cfg!(target_family = "wasm") || tasks.len() < 2; // no threads there, and none for one task
    let tasks = Mutex::new(tasks);
    let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || std::iter::from_fn(next).map(&run).collect::<Vec<D>>();
    if alone {
        return work();
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut done = work();
        done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done
    })
}
