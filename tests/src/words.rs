//! What is said to people, whoever made the words.

/// What is wrong with a text for a terminal or a log, if anything is: it must be one short line, with nothing invisible in it and
/// nothing of what a reply had in the place of a secret.
#[must_use]
pub fn unfit_words(text: &str) -> Option<&'static str> {
    let is_invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if text.chars().any(is_invisible) {
        Some("has invisible characters")
    } else if text.chars().count() > 1500 {
        Some("is too long")
    } else {
        text.contains("canary").then_some("shows a secret")
    }
}
