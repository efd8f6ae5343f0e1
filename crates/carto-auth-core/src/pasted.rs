//! What a person pastes.

use crate::secret::Secret;

/// The longest paste that is looked at, in bytes. An address with a code has a few hundred.
const LIMIT: usize = 8192;

pub(crate) enum Pasted {
    /// The query of a whole address.
    Query(String),
    /// A code alone.
    Code(Secret),
}

impl Pasted {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > LIMIT {
            return None;
        }
        let text = unwrap(text);
        let is_one_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_one_word {
            return None;
        }
        match text.split_once('?') {
            Some((_, query)) => Some(Self::Query(
                query.split('#').next().unwrap_or_default().to_owned(),
            )),
            None if text.starts_with("code=") || text.contains("&code=") => {
                Some(Self::Query(text.to_owned()))
            }
            None if text.contains("://") => None,
            None => Some(Self::Code(Secret::new(text))),
        }
    }
}

/// Takes off what a terminal, a chat or a shell put around the text, bracketed-paste marks included.
fn unwrap(mut text: &str) -> &str {
    loop {
        let bare = text
            .trim()
            .trim_start_matches("\u{1b}[200~")
            .trim_end_matches("\u{1b}[201~")
            .trim_matches(|c: char| c.is_whitespace() || "\"'`<>“”‘’\u{feff}\u{200b}".contains(c));
        if bare == text {
            return text;
        }
        text = bare;
    }
}
