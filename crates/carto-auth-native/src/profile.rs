//! Logins side by side on one machine.

use std::str::FromStr;

/// The name of a login, for people who have more than one: `default`, which is shared with the Python package, or
/// another one of letters, digits, `-`, `_` and `.`;
/// capital letters count as small ones.
///
/// ```
/// use carto_auth_native::Profile;
///
/// let work: Profile = "work".parse()?;
/// assert_eq!(work.name(), "work");
/// assert!("../etc".parse::<Profile>().is_err());
/// # Ok::<(), carto_auth_native::NotAProfile>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile(String);

const DEFAULT: &str = "default";

impl Profile {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// `STEM.json`, or `STEM@PROFILE.json` for any but the default one.
    pub(crate) fn file_name(&self, stem: &str) -> String {
        match self.0.as_str() {
            DEFAULT => format!("{stem}.json"),
            name => format!("{stem}@{name}.json"),
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl FromStr for Profile {
    type Err = NotAProfile;

    /// # Errors
    /// When the text is not 1 to 64 letters, digits, `-`, `_` or `.`, beginning with a letter or digit.
    fn from_str(text: &str) -> Result<Self, NotAProfile> {
        let begins_well = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_name = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        match begins_well && is_name && text.len() <= 64 {
            // Some file systems know one case only.
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(NotAProfile(())),
        }
    }
}

/// A text that cannot be the name of a profile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAProfile(());

impl std::fmt::Display for NotAProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a profile is named by 1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit")
    }
}

impl std::error::Error for NotAProfile {}
