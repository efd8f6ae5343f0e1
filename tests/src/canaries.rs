//! Looks for secrets in what a program leaves behind, in every form in which they could be there.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use url::form_urlencoded;

/// How a secret can be spelled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Form {
    /// As it is.
    Raw,
    /// As in a form or a query, or with every byte in percent.
    Percent,
    /// In base64, at any place of a longer text.
    Base64,
    /// In base64url, at any place of a longer text.
    Base64Url,
    /// In hexadecimal, upper or lower, with blanks between or without.
    Hex,
    /// As `Debug` shows bytes.
    Bytes,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Raw,
        Self::Percent,
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Bytes,
    ];

    /// The secret in this form, in every spelling.
    fn spellings(self, secret: &str) -> Vec<String> {
        let bytes = secret.as_bytes();
        let each = |show: fn(&u8) -> String| bytes.iter().map(show).collect::<Vec<_>>();
        match self {
            Self::Raw => vec![secret.to_owned()],
            Self::Percent => vec![
                form_urlencoded::byte_serialize(bytes).collect(),
                each(|byte| format!("%{byte:02X}")).concat(),
                each(|byte| format!("%{byte:02x}")).concat(),
            ],
            Self::Base64 => (0..3).map(|at| encoded(bytes, at, &STANDARD_NO_PAD)).collect(),
            Self::Base64Url => (0..3).map(|at| encoded(bytes, at, &URL_SAFE_NO_PAD)).collect(),
            Self::Hex => vec![
                each(|byte| format!("{byte:02x}")).concat(),
                each(|byte| format!("{byte:02X}")).concat(),
            ],
            Self::Bytes => vec![each(ToString::to_string).join(",")],
        }
    }
}

/// The part of the encoding that is the same whatever stands around the secret, which begins `at` bytes into three.
fn encoded(bytes: &[u8], at: usize, engine: &impl Engine) -> String {
    let text = engine.encode([&[0; 3][..at], bytes].concat());
    let (start, end) = ((at * 8).div_ceil(6), (at + bytes.len()) * 8 / 6);
    text[start..end].to_owned()
}

/// A secret that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// The secret's name.
    pub secret: String,
    /// Where it was.
    pub output: String,
    /// How it was spelled.
    pub form: Form,
}

/// The secrets of a run, and how often they were looked for.
#[derive(Debug, Default)]
pub struct Canaries {
    secrets: Vec<(String, String)>,
    /// Where a window of a spelling belongs.
    windows: HashMap<String, (usize, Form)>,
    outputs: usize,
    searches: usize,
    hits: Vec<Hit>,
}

/// A piece of a spelling that is looked for: what was cut to fit somewhere is found, too.
const WINDOW: usize = 12;

impl Canaries {
    /// Adds a secret, unless it is there.
    ///
    /// # Panics
    /// When it is too short to be told from other text.
    pub fn add(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 16, "{name} has {} bytes", secret.len());
        if self.secrets.iter().any(|(_, known)| known == secret) {
            return;
        }
        let number = self.secrets.len();
        self.secrets.push((name.to_owned(), secret.to_owned()));
        // Of a JSON Web Token the signature alone is not known to others.
        let tail = match secret.split('.').collect::<Vec<_>>()[..] {
            [header, _, signature] if header.starts_with("ey") => signature,
            _ => secret,
        };
        for form in Form::ALL {
            for spelling in form.spellings(tail) {
                let spelling: Vec<char> = spelling.chars().collect();
                for window in spelling.windows(WINDOW) {
                    self.windows
                        .entry(window.iter().collect())
                        .or_insert((number, form));
                }
            }
        }
    }

    /// Adds the secrets of a request: the fields of its form and query, and its bearer token.
    pub fn add_request(&mut self, fields: &[(String, String)], authorization: Option<&str>) {
        for (field, value) in fields {
            let name = match field.as_str() {
                "client_secret" => "client secret",
                "code" => "code",
                "code_verifier" => "verifier",
                "refresh_token" => "refresh token",
                "state" => "state",
                "password" => "password",
                _ => continue,
            };
            self.add(name, value);
        }
        if let Some(token) = authorization.and_then(|value| value.strip_prefix("Bearer ")) {
            self.add("access token", token);
        }
    }

    /// The secrets with their names, for another process.
    #[must_use]
    pub fn into_secrets(self) -> Vec<(String, String)> {
        self.secrets
    }

    /// How many secrets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// True before one is added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The names of the secrets, each once.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.secrets.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Searches an output for all of them but those of these names, whose place it is.
    pub fn search(&mut self, output: &str, bytes: impl AsRef<[u8]>, allowed: &[&str]) {
        self.outputs += 1;
        self.searches += self.secrets.len() * Form::ALL.len();
        let text: Vec<char> = String::from_utf8_lossy(bytes.as_ref()).chars().collect();
        // Dumps and lists have blanks between.
        let dense: Vec<char> = text.iter().copied().filter(|c| !c.is_whitespace()).collect();
        for text in [text, dense] {
            for window in text.windows(WINDOW) {
                let window: String = window.iter().collect();
                let Some((number, form)) = self.windows.get(&window) else {
                    continue;
                };
                let hit = Hit {
                    secret: self.secrets[*number].0.clone(),
                    output: output.to_owned(),
                    form: *form,
                };
                if !allowed.contains(&hit.secret.as_str()) && !self.hits.contains(&hit) {
                    self.hits.push(hit);
                }
            }
        }
    }

    /// Searches every file below a folder, and its name.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn search_folder(
        &mut self,
        folder: &Path,
        allowed: &impl Fn(&Path) -> Vec<&'static str>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.display().to_string();
            self.search(&format!("the name {name}"), &name, &[]);
            let kind = fs::symlink_metadata(&path)?.file_type();
            if kind.is_dir() {
                self.search_folder(&path, allowed)?;
            } else if kind.is_file() {
                self.search(&name, fs::read(&path)?, &allowed(&path));
            }
        }
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Counts for [`keep_figures`](crate::keep_figures).
    #[must_use]
    pub fn counts(&self, of: &str) -> Vec<(String, usize)> {
        vec![
            (format!("{of}: secrets"), self.secrets.len()),
            (format!("{of}: outputs"), self.outputs),
            (format!("{of}: searches"), self.searches),
            (format!("{of}: hits"), self.hits.len()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    const SECRET: &str = "p\u{e4}ss/w+rd=2m3Q9~xK";

    fn found(text: &str) -> Vec<Form> {
        let mut canaries = Canaries::default();
        canaries.add("it", SECRET);
        canaries.search("here", text, &[]);
        let mut forms: Vec<Form> = canaries.hits().iter().map(|hit| hit.form).collect();
        forms.sort();
        forms
    }

    #[test]
    fn a_secret_is_found_in_every_form_and_place() {
        let hex: Vec<String> = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let lines: String = hex.chunks(16).map(|row| format!("{}\n", row.concat())).collect();
        for (text, form) in [
            (format!("x{SECRET}y"), Form::Raw),
            (percent, Form::Percent),
            (hex.iter().map(|byte| format!("%{byte}")).collect(), Form::Percent),
            (hex.concat(), Form::Hex),
            (hex.concat().to_uppercase(), Form::Hex),
            (hex.join(" "), Form::Hex),
            (lines, Form::Hex),
            (format!("{:?}", SECRET.as_bytes()), Form::Bytes),
            (format!("{:#?}", SECRET.as_bytes()), Form::Bytes),
        ] {
            assert!(found(&text).contains(&form), "{text}: {:?}", found(&text));
        }
    }

    #[test]
    fn base64_is_found_whatever_stands_around() {
        for before in ["", "u", "us", "use", "user:"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{SECRET}{after}");
                let standard = STANDARD.encode(&text);
                assert!(found(&standard).contains(&Form::Base64), "{standard}");
                let url = URL_SAFE.encode(&text);
                // Where there is no `+` and no `/`, the two are one.
                assert!(!found(&url).is_empty(), "{url}");
            }
        }
    }

    #[test]
    fn a_part_of_a_secret_is_found_and_other_text_is_not() {
        assert_eq!(found(&SECRET.chars().skip(3).collect::<String>()), [Form::Raw]);
        assert!(found("password and so on, 0123456789abcdef").is_empty());
        assert!(found(&STANDARD.encode("nothing of the kind, and quite long")).is_empty());
    }

    #[test]
    fn of_a_jwt_the_signature_is_the_secret() {
        let mut canaries = Canaries::default();
        canaries.add(
            "token",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJlLW9mLWl0",
        );
        canaries.search("claims", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ", &[]);
        assert!(canaries.hits().is_empty());
        canaries.search("allowed", "c2lnbmF0dXJlLW9mLWl0", &["token"]);
        assert!(canaries.hits().is_empty());
        canaries.search("output", "c2lnbmF0dXJlLW9mLWl0", &[]);
        assert_eq!(canaries.hits().len(), 1);
        assert_eq!(
            canaries.counts("x").last(),
            Some(&("x: hits".to_owned(), 1)),
            "{canaries:?}"
        );
    }
}
