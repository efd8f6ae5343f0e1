//! Where CARTO's login services are, and who we are to them.

use url::Url;

use crate::error::Error;
use crate::host_rules::parse_address;

/// The addresses and public names that a login uses. Every one can be configured, because self-hosted and
/// dedicated CARTO deployments differ; every address is https, or http on loopback.
///
/// ```
/// use carto_auth_core::Endpoints;
///
/// let endpoints = Endpoints::carto().with_auth_url("https://carto.acme.com/auth-api")?;
/// assert_eq!(endpoints.token_url().as_str(), "https://carto.acme.com/auth-api/oauth/token");
/// # Ok::<(), carto_auth_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoints {
    authorize: Url,
    token: Url,
    revoke: Url,
    accounts: Url,
    client_id: String,
    audience: String,
}

/// The public client id of carto-auth at CARTO, shared with the Python package.
const CLIENT_ID: &str = "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u";

/// Without this audience CARTO's APIs refuse the token.
const AUDIENCE: &str = "carto-cloud-native-api";

impl Endpoints {
    /// CARTO's cloud: `auth.carto.com` and `accounts.app.carto.com`.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the constants parse; a test in this file builds them"
    )]
    pub fn carto() -> Self {
        let url = |text| Url::parse(text).expect("a constant URL");
        Self {
            authorize: url("https://auth.carto.com/authorize"),
            token: url("https://auth.carto.com/oauth/token"),
            revoke: url("https://auth.carto.com/oauth/revoke"),
            accounts: url("https://accounts.app.carto.com/"),
            client_id: CLIENT_ID.to_owned(),
            audience: AUDIENCE.to_owned(),
        }
    }

    /// Moves the authorize, token and revoke endpoints to another issuer, for example
    /// `https://carto.acme.com/auth-api`; a path prefix is kept.
    ///
    /// # Errors
    /// When the address is not https (http on loopback), or has a user name, query or fragment.
    pub fn with_auth_url(mut self, base: &str) -> Result<Self, Error> {
        let base = address("auth_url", base)?;
        self.authorize = below(&base, "authorize");
        self.token = below(&base, "oauth/token");
        self.revoke = below(&base, "oauth/revoke");
        Ok(self)
    }

    /// Sets the authorization endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_authorize_url(mut self, url: &str) -> Result<Self, Error> {
        self.authorize = address("authorize_url", url)?;
        Ok(self)
    }

    /// Sets the token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_token_url(mut self, url: &str) -> Result<Self, Error> {
        self.token = address("token_url", url)?;
        Ok(self)
    }

    /// Sets the revocation endpoint, <https://www.rfc-editor.org/rfc/rfc7009#section-2>.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_revoke_url(mut self, url: &str) -> Result<Self, Error> {
        self.revoke = address("revoke_url", url)?;
        Ok(self)
    }

    /// Sets the base of CARTO's accounts service, for example `https://carto.acme.com/accounts-api`.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_accounts_url(mut self, url: &str) -> Result<Self, Error> {
        self.accounts = address("accounts_url", url)?;
        Ok(self)
    }

    /// Sets the public client id that a person logs in with.
    #[must_use]
    pub fn with_client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// Sets the audience that tokens are asked for.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// The authorization endpoint.
    #[must_use]
    pub fn authorize_url(&self) -> &Url {
        &self.authorize
    }

    /// The token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &Url {
        &self.token
    }

    /// The revocation endpoint.
    #[must_use]
    pub fn revoke_url(&self) -> &Url {
        &self.revoke
    }

    /// The base of CARTO's accounts service.
    #[must_use]
    pub fn accounts_url(&self) -> &Url {
        &self.accounts
    }

    /// The public client id that a person logs in with.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The audience that tokens are asked for.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::carto()
    }
}

fn address(setting: &'static str, text: &str) -> Result<Url, Error> {
    parse_address(text).map_err(|problem| Error::Address { setting, problem })
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_carto_cloud() {
        let carto = Endpoints::carto();
        assert_eq!(carto.authorize_url().as_str(), "https://auth.carto.com/authorize");
        assert_eq!(carto.token_url().as_str(), "https://auth.carto.com/oauth/token");
        assert_eq!(carto.revoke_url().as_str(), "https://auth.carto.com/oauth/revoke");
        assert_eq!(carto.accounts_url().as_str(), "https://accounts.app.carto.com/");
        assert_eq!(carto.audience(), "carto-cloud-native-api");
        assert_eq!(carto.client_id(), "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u");
    }

    #[test]
    fn each_endpoint_can_be_set_and_must_be_https() {
        let set = Endpoints::carto()
            .with_auth_url("https://a.example/x/")
            .unwrap()
            .with_token_url("https://b.example/t")
            .unwrap()
            .with_accounts_url("http://127.0.0.1:1/accounts-api")
            .unwrap();
        assert_eq!(set.authorize_url().as_str(), "https://a.example/x/authorize");
        assert_eq!(set.revoke_url().as_str(), "https://a.example/x/oauth/revoke");
        assert_eq!(set.token_url().as_str(), "https://b.example/t");
        assert_eq!(set.accounts_url().as_str(), "http://127.0.0.1:1/accounts-api");
        let refused = Endpoints::carto()
            .with_revoke_url("http://b.example")
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "revoke_url must start with https:// (plain http is for loopback only)"
        );
    }
}
