//! What a page of the book says that a command prints.

/// Each line that begins with `$` in the page's blocks of this language, and what stands below it.
///
/// # Panics
/// When a block begins with something else.
#[must_use]
pub fn transcripts<'a>(page: &'a str, language: &str) -> Vec<(&'a str, String)> {
    let fence = format!("```{language}\n");
    let blocks = page
        .split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => found.push((command, String::new())),
            (None, Some((_, printed))) => printed.push_str(&format!("{line}\n")),
            (None, None) => panic!("no command above {line}"),
        }
    }
    found
}

/// True when a text is the expected one, in which `…` stands for anything.
#[must_use]
pub fn is_like(text: &str, expected: &str) -> bool {
    let mut parts = expected.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let found = match parts.peek() {
            Some(_) => rest.find(part),
            None => rest.rfind(part).filter(|at| at + part.len() == rest.len()),
        };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}
