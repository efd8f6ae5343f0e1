//! What the system said, also where the standard library has no kind for it, such as too many open files.

use std::fmt;
use std::io::{self, ErrorKind};

/// Why the system did not do what it was asked. Shows the standard library's words for the kind, and the system's own where
/// there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SystemReason {
    kind: ErrorKind,
    /// The system's number, where the kind says nothing.
    number: Option<i32>,
}

impl SystemReason {
    pub(crate) fn of(error: &io::Error) -> Self {
        // The kind of what has none cannot be named; no system has the number.
        let none = io::Error::from_raw_os_error(i32::MAX).kind();
        Self {
            kind: error.kind(),
            number: error.raw_os_error().filter(|_| error.kind() == none),
        }
    }

    /// The standard library's kind for it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for SystemReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => f.write_str(&words(number)),
            None => self.kind.fmt(f),
        }
    }
}

/// The system's words for a number, written as the standard library's for a kind are.
fn words(number: i32) -> String {
    let mut words = io::Error::from_raw_os_error(number).to_string();
    words.truncate(words.rfind(" (os error").unwrap_or(words.len()));
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    words
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_has_a_kind_is_told_by_it_and_the_rest_by_the_system() {
        let shown = |error: io::Error| SystemReason::of(&error).to_string();
        assert_eq!(shown(Errno::ACCESS.into()), "permission denied");
        let many = shown(Errno::MFILE.into());
        assert!(many.starts_with(|first: char| first.is_lowercase()), "{many}");
        assert!(!many.contains("os error"), "{many}");
        assert_ne!(many, shown(Errno::NFILE.into()));
        assert_eq!(shown(io::Error::other("no number")), "other error");
    }
}
