//! Where an account's CARTO APIs are.

use std::fmt;
use std::str::FromStr;

use crate::host_rules::{AddressProblem, parse_address};

/// The base URL of an account's CARTO APIs, such as `https://gcp-us-east1.api.carto.com`.
///
/// Always https (http on loopback only), without user name, query, fragment and trailing `/`, so that a path
/// can be appended: the Python package makes `//v3/…` of a base that ends in `/`.
///
/// ```
/// use carto_auth_core::ApiBaseUrl;
///
/// let base: ApiBaseUrl = "https://gcp-us-east1.api.carto.com/".parse()?;
/// assert_eq!(base.as_str(), "https://gcp-us-east1.api.carto.com");
/// assert_eq!(base.join("v3/sql"), "https://gcp-us-east1.api.carto.com/v3/sql");
/// # Ok::<(), carto_auth_core::AddressProblem>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiBaseUrl(String);

impl ApiBaseUrl {
    /// The address without a trailing `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of `path` below this base, with exactly one `/` between the two.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.0, path.trim_start_matches('/'))
    }
}

impl FromStr for ApiBaseUrl {
    type Err = AddressProblem;

    /// # Errors
    /// [`AddressProblem`] says what the address must not be.
    fn from_str(text: &str) -> Result<Self, AddressProblem> {
        let url = parse_address(text)?;
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for ApiBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ApiBaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_never_doubles_and_a_prefix_is_kept() {
        let base: ApiBaseUrl = "https://carto.acme.com/api//".parse().unwrap();
        assert_eq!(
            base.join("/v3/connections"),
            "https://carto.acme.com/api/v3/connections"
        );
    }
}
