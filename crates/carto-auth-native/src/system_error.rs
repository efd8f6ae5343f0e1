//! Errors of the system that the standard library has no kind for, such as too many open files.

use std::io;

/// The system's number of an error without a kind.
pub(crate) fn number_without_kind(error: &io::Error) -> Option<i32> {
    // The kind of these cannot be named; no system has the number.
    let none = io::Error::from_raw_os_error(i32::MAX).kind();
    error.raw_os_error().filter(|_| error.kind() == none)
}

/// The system's words for a number, written as the standard library's for a kind are.
pub(crate) fn words(number: i32) -> String {
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
    fn only_what_has_no_kind_is_told_by_the_system() {
        let number = |errno: Errno| number_without_kind(&io::Error::from(errno));
        assert_eq!(number(Errno::ACCESS), None);
        let many = number(Errno::MFILE).unwrap();
        assert_eq!(many, Errno::MFILE.raw_os_error());
        assert!(
            words(many).starts_with(|first: char| first.is_lowercase()),
            "{}",
            words(many)
        );
        assert!(!words(many).contains("os error"), "{}", words(many));
        assert_eq!(number_without_kind(&io::Error::other("no number")), None);
    }
}
