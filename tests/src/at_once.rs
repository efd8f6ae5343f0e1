//! Many of a kind, some at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does something with each item on so many threads, and gives what came of them in the items' order.
///
/// # Panics
/// When one of them does.
pub fn at_once<T: Sync, R: Send>(threads: usize, items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (next, each) = (AtomicUsize::new(0), &each);
    let work = || {
        let mine = || {
            let place = next.fetch_add(1, Ordering::Relaxed);
            items.get(place).map(|item| (place, each(item)))
        };
        std::iter::from_fn(mine).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running
            .into_iter()
            .flat_map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}
