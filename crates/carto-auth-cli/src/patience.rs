//! How long something outside is waited for that has no time limit of its own: a pipe, a terminal.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// What is read, unless it takes longer than a minute. Then it goes on behind, until this process ends.
pub(crate) fn within_a_minute<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, done) = mpsc::channel();
    thread::Builder::new().spawn(move || sender.send(read())).ok()?;
    done.recv_timeout(PATIENCE).ok()
}
