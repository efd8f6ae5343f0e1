//! Text from outside, made safe for a terminal and a log line.

use std::fmt::{self, Write as _};

/// Shows text from a server, file, browser or path on one line: at most 300 characters, the first and the last ones, with
/// control, C1, bidirectional and zero-width characters escaped as `\u{…}`.
///
/// ```
/// use carto_auth_core::OneLine;
///
/// assert_eq!(OneLine("a\u{1b}[31mb\n").to_string(), "a\\u{1b}[31mb\\n");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OneLine<'a>(pub &'a str);

/// What is shown of a longer text, in characters of the original: its beginning, and its end, where reasons are.
const BEGINNING: usize = 200;
const END: usize = 100;

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let nth = |n| text.char_indices().nth(n).map(|(at, _)| at);
        if nth(BEGINNING + END).is_none() {
            return escaped(text, f);
        }
        let beginning = nth(BEGINNING).unwrap_or(text.len());
        let end = text.char_indices().nth_back(END - 1).map_or(0, |(at, _)| at);
        escaped(&text[..beginning], f)?;
        f.write_char('…')?;
        escaped(&text[end..], f)
    }
}

fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|c| match is_invisible(c) {
        true => write!(f, "{}", c.escape_default()),
        false => f.write_char(c),
    })
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_control_c1_bidi_and_zero_width_characters() {
        let hostile = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}\r\n\t";
        let shown = OneLine(hostile).to_string();
        assert_eq!(
            shown,
            "\\u{1b}]0;x\\u{7}\\u{9b}31m\\u{202e}\\u{2066}\\u{200b}\\u{feff}\\r\\n\\t"
        );
    }

    #[test]
    fn shows_at_most_300_characters() {
        let shown = OneLine(&format!("{}{}", "é".repeat(250), "ü".repeat(51))).to_string();
        assert_eq!(
            shown,
            format!("{}…{}{}", "é".repeat(200), "é".repeat(49), "ü".repeat(51))
        );
        assert_eq!(OneLine(&"é".repeat(300)).to_string(), "é".repeat(300));
    }
}
