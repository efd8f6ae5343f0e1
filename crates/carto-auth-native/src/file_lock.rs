//! One process at a time, for a bounded time.

use std::error::Error;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::system_error::SystemReason;

/// What came of trying to lock.
#[derive(Debug)]
pub(crate) enum Lock {
    /// Held until the file is dropped, or the process dies.
    Held(
        #[cfg_attr(
            not(test),
            expect(dead_code, reason = "the lock lasts as long as the file is open")
        )]
        File,
    ),
    /// Somebody else held it all the time.
    Busy,
    /// There can be no lock here.
    Unsupported(io::Error),
}

/// For so long a lock is tried again that signals interrupt.
const LONGEST_INTERRUPTED: Duration = Duration::from_secs(1);

/// Locks a file beside the token file, which is made if need be and never removed: a lock on a file that can be
/// replaced would guard nothing. The standard library has no time-out, so the lock is polled.
pub(crate) fn acquire(path: &Path, patience: Duration) -> Lock {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) => return Lock::Unsupported(error),
    };
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match file.try_lock() {
            Ok(()) => return Lock::Held(file),
            Err(TryLockError::WouldBlock) if start.elapsed() >= patience => return Lock::Busy,
            Err(TryLockError::WouldBlock) => thread::sleep(pause),
            // A signal came while a network file system was asked; the standard library does not try again.
            Err(TryLockError::Error(error))
                if error.kind() == ErrorKind::Interrupted && start.elapsed() < LONGEST_INTERRUPTED => {}
            Err(TryLockError::Error(error)) => return Lock::Unsupported(error),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Why what is in the place of a lock file is of no use as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LockProblem {
    /// A folder, a link or another thing that is not locked.
    NotRegular,
    /// It cannot be opened.
    Unopened(SystemReason),
}

impl fmt::Display for LockProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRegular => f.write_str("it is no regular file"),
            Self::Unopened(why) => why.fmt(f),
        }
    }
}

impl Error for LockProblem {}

/// What can be told of a lock file that is there already by opening it. Whether its file system has locks is not tried.
pub(crate) fn problem_of(path: &Path) -> Option<LockProblem> {
    let unopened = |error: &io::Error| Some(LockProblem::Unopened(SystemReason::of(error)));
    match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => None,
        Err(error) => unopened(&error),
        Ok(metadata) if !metadata.is_file() => Some(LockProblem::NotRegular),
        Ok(_) => open_existing(path).err().and_then(|error| unopened(&error)),
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The lock file is never a link: opening one could make a file elsewhere.
        options
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    // In a folder that cannot be written to, a lock file that is there already serves as well.
    let file = options
        .open(path)
        .or_else(|error| open_existing(path).map_err(|_| error))?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::other(LockProblem::NotRegular)),
    }
}

/// Opens a lock file without writing. Never follows a link, and never waits for the other end of a pipe.
fn open_existing(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_busy_for_others_and_free_once_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.lock");
        let Lock::Held(file) = acquire(&path, Duration::ZERO) else {
            panic!("expected the lock")
        };
        assert!(matches!(acquire(&path, Duration::from_millis(5)), Lock::Busy));
        drop(file);
        // A process that another test starts has it, too, until it is another program.
        assert!(matches!(acquire(&path, Duration::from_secs(10)), Lock::Held(_)));
    }

    #[test]
    #[cfg(unix)]
    fn a_link_in_the_place_of_the_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.lock");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        assert!(matches!(acquire(&path, Duration::ZERO), Lock::Unsupported(_)));
        assert!(!folder.path().join("elsewhere").exists());
        assert_eq!(problem_of(&path), Some(LockProblem::NotRegular));
    }

    #[test]
    fn looking_for_a_problem_makes_no_file_and_does_not_call_irregular_what_cannot_be_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.lock");
        assert_eq!(problem_of(&path), None);
        assert!(!path.exists());
        let long = problem_of(&folder.path().join("t".repeat(4096)));
        assert!(matches!(long, Some(LockProblem::Unopened(_))), "{long:?}");
    }

    #[test]
    fn a_missing_folder_means_no_lock_and_no_hang() {
        let folder = tempfile::tempdir().unwrap();
        let lock = acquire(&folder.path().join("missing/t.lock"), Duration::from_secs(10));
        assert!(matches!(lock, Lock::Unsupported(_)));
    }
}
