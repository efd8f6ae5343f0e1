//! What is said to people, whoever made the words.

use carto_auth_properties::acts_on_a_terminal;

/// What is wrong with a text for a terminal or a log, if anything is: it must be one short line, with nothing invisible in it and
/// nothing of what a reply had in the place of a secret.
#[must_use]
pub fn unfit_words(text: &str) -> Option<&'static str> {
    if text.chars().any(acts_on_a_terminal) {
        Some("has invisible characters")
    } else if text.chars().count() > 1500 {
        Some("is too long")
    } else {
        text.contains("canary").then_some("shows a secret")
    }
}
