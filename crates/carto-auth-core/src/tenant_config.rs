//! The tenant's `config.yaml`, of which one line is wanted: `apis.baseUrl`.
//!
//! The document comes from outside. It is read as a stream of events, so aliases are never expanded and a bomb
//! stays as small as its text; depth and number of events are bounded.

use granit_parser::{Event, Parser};

/// The most that the file may hold, in bytes.
pub(crate) const LIMIT: usize = 256 << 10;
const DEEPEST: usize = 32;
const MOST_EVENTS: usize = 10_000;

/// Why the tenant's configuration cannot be used. It is never quoted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TenantConfigProblem {
    /// It is not text.
    #[error("bytes that are not UTF-8 as config.yaml")]
    NotText,
    /// It is not YAML.
    #[error("a config.yaml that is not YAML, at line {0}")]
    NotYaml(usize),
    /// It is nested too deeply, or too much.
    #[error("a config.yaml that is nested too deeply or too long")]
    TooComplex,
    /// It does not say where the APIs are.
    #[error("a config.yaml without apis.baseUrl")]
    NoApiBaseUrl,
}

/// What the walk stands in.
enum Frame {
    /// A mapping, and the key whose value comes next.
    Mapping(Option<String>),
    Sequence,
}

/// Finds `apis.baseUrl`, a scalar in the first document.
pub(crate) fn api_base_url(bytes: &[u8]) -> Result<String, TenantConfigProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| TenantConfigProblem::NotText)?;
    let mut frames: Vec<Frame> = Vec::new();
    for (count, next) in Parser::new_from_str(text).enumerate() {
        let (event, _) = next.map_err(|error| TenantConfigProblem::NotYaml(error.marker().line()))?;
        if count >= MOST_EVENTS || frames.len() > DEEPEST {
            return Err(TenantConfigProblem::TooComplex);
        }
        match event {
            Event::MappingStart(..) => frames.push(Frame::Mapping(None)),
            Event::SequenceStart(..) => frames.push(Frame::Sequence),
            Event::MappingEnd | Event::SequenceEnd => {
                frames.pop();
                node_ended(&mut frames, None);
            }
            Event::Scalar(value, ..) => {
                if is_wanted(&frames) {
                    return Ok(value.into_owned());
                }
                node_ended(&mut frames, Some(&value));
            }
            Event::Alias(_) => node_ended(&mut frames, None),
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    Err(TenantConfigProblem::NoApiBaseUrl)
}

/// A node in a mapping is a key or a value, in turn.
fn node_ended(frames: &mut [Frame], scalar: Option<&str>) {
    if let Some(Frame::Mapping(key)) = frames.last_mut() {
        *key = match key {
            None => Some(scalar.unwrap_or_default().to_owned()),
            Some(_) => None,
        };
    }
}

fn is_wanted(frames: &[Frame]) -> bool {
    let is = |frame: &Frame, name| matches!(frame, Frame::Mapping(Some(key)) if key == name);
    matches!(frames, [outer, inner] if is(outer, "apis") && is(inner, "baseUrl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_base_url_is_found_in_what_carto_serves() {
        let text = "# config\nfeatures: [a, {b: c}]\napis:\n  workspaceUrl: https://w.example\n  baseUrl: 'https://a.example/'\nlast: &x {apis: {baseUrl: no}}\nmore: *x\n";
        assert_eq!(api_base_url(text.as_bytes()), Ok("https://a.example/".to_owned()));
        let json = br#"{"cartoVersion":{"selfHosted":true},"apis":{"baseUrl":"https://b.example"}}"#;
        assert_eq!(api_base_url(json), Ok("https://b.example".to_owned()));
    }

    #[test]
    fn what_is_elsewhere_is_not_the_api_base_url() {
        for text in [
            "",
            "baseUrl: https://a.example",
            "x: {apis: {baseUrl: https://a.example}}",
            "apis: [{baseUrl: https://a.example}]",
            "apis: {baseUrl: {x: y}}",
            "apis: {baseUrl: [https://a.example]}",
            "a: &a https://a.example\napis: {baseUrl: *a}",
            "apis: baseUrl",
            "? {apis: x}\n: baseUrl",
            "--- a\n--- {apis: {baseUrl: https://a.example}}",
        ] {
            assert_eq!(
                api_base_url(text.as_bytes()),
                Err(TenantConfigProblem::NoApiBaseUrl),
                "{text}"
            );
        }
    }

    #[test]
    fn aliases_are_not_followed_however_many_there_are() {
        let laughs: String = (1..200)
            .map(|n| format!("a{n}: &a{n} [*a{}, *a{}, *a{}]\n", n - 1, n - 1, n - 1))
            .collect();
        let bomb = format!("a0: &a0 [lol]\n{laughs}apis: {{baseUrl: found}}\n");
        assert_eq!(api_base_url(bomb.as_bytes()), Ok("found".to_owned()));
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_given_up() {
        let given_up = [TenantConfigProblem::TooComplex, TenantConfigProblem::NotYaml(1)];
        for text in ["[", "{a: ", "- ", "a: b\n"] {
            let bomb = text.repeat(LIMIT / text.len());
            let problem = api_base_url(bomb.as_bytes()).unwrap_err();
            assert!(given_up.contains(&problem), "{text:?}: {problem}");
        }
    }

    #[test]
    fn no_bomb_is_an_api_base_url() {
        for bomb in bombs() {
            assert!(api_base_url(bomb.as_bytes()).is_err());
        }
    }

    fn bombs() -> Vec<String> {
        let many = |text: &&str| text.repeat(LIMIT / text.len());
        let texts = [
            "[",
            "{a: ",
            "- ",
            "? ",
            "&a ",
            "!t ",
            "a: b\n",
            "'",
            "\"\\x",
            "|\n ",
            "# c\n",
            "---\n",
            "%YAML 1.2\n",
            "<<: *a\n",
            "a",
            " ",
            "[a,",
            "a:\n ",
            "\t",
        ];
        texts.iter().map(many).collect()
    }
}
