use carto_auth_core::OneLine;

use crate::secrets::acts_on_a_terminal;

/// Text from outside, shown: one line of at most 300 characters of it, its beginning and its end, nothing in it that a terminal acts on or hides, and
/// never changed by being shown twice.
pub fn one_line(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let shown = OneLine(&text).to_string();
    assert!(!shown.chars().any(acts_on_a_terminal), "{shown:?}");
    let (long, length) = (text.chars().nth(300).is_some(), shown.chars().count());
    assert!(shown.contains('…') || !long, "what is left out is not told");
    // The longest escape, `\u{10ffff}`, has ten characters.
    assert!(length <= 3001, "{length} characters");
    if length <= 300 {
        assert_eq!(
            OneLine(&shown).to_string(),
            shown,
            "shown twice it is another text"
        );
    }
    let is_plain = !text.chars().any(|c| acts_on_a_terminal(c) || !is_plain(c));
    if is_plain {
        let rest = text.chars().count().saturating_sub(100);
        let shortened = || text.chars().take(200).chain(['…']).chain(text.chars().skip(rest));
        let expected: String = if long {
            shortened().collect()
        } else {
            text.to_string()
        };
        assert_eq!(shown, expected, "plain text is changed");
    }
    let start: String = text.chars().take(40).collect();
    assert!(
        shown.starts_with(&OneLine(&start).to_string()),
        "what comes later changes the beginning"
    );
}

/// Letters that every terminal shows as they are.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~' | '¡'..='¬' | '®'..='ɏ' | 'Α'..='ω' | '一'..='鿿')
}
