//! Where CARTO's login services are, and who we are to them.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use url::Url;

use crate::api_base_url::ApiBaseUrl;
use crate::error::Error;
use crate::host_rules::{AddressProblem, DomainName, is_loopback, parse_address, parse_redirect_uri};
use crate::login::Redirect;

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
    authorize: Address,
    token: Address,
    revoke: Address,
    accounts: Address,
    issuer: Cow<'static, str>,
    redirect_uri: Address,
    code_page: Address,
    success_page: Address,
    client_id: Cow<'static, str>,
    audience: Cow<'static, str>,
    /// Beside CARTO's own.
    allowed_domains: Vec<DomainName>,
}

/// An address that was checked, or a constant. It is parsed when it is needed: whoever finds a token in the cache needs
/// none.
#[derive(Clone)]
struct Address {
    text: Cow<'static, str>,
    url: OnceLock<Url>,
}

impl Address {
    const fn constant(text: &'static str) -> Self {
        Self {
            text: Cow::Borrowed(text),
            url: OnceLock::new(),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "the constants parse; a test in this file asks for each"
    )]
    fn url(&self) -> &Url {
        self.url
            .get_or_init(|| Url::parse(&self.text).expect("a constant URL"))
    }
}

impl From<Url> for Address {
    fn from(url: Url) -> Self {
        Self {
            text: Cow::Owned(url.as_str().to_owned()),
            url: url.into(),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Address {}

/// The public client id of carto-auth at CARTO, shared with the Python package.
const CLIENT_ID: &str = "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u";

/// Without this audience CARTO's APIs refuse the token.
const AUDIENCE: &str = "carto-cloud-native-api";

impl Endpoints {
    /// CARTO's cloud: `auth.carto.com` and `accounts.app.carto.com`.
    #[must_use]
    pub fn carto() -> Self {
        Self {
            authorize: Address::constant("https://auth.carto.com/authorize"),
            token: Address::constant("https://auth.carto.com/oauth/token"),
            revoke: Address::constant("https://auth.carto.com/oauth/revoke"),
            accounts: Address::constant("https://accounts.app.carto.com/"),
            issuer: "https://auth.carto.com/".into(),
            redirect_uri: Address::constant("http://localhost:10000/callback/"),
            code_page: Address::constant("https://app.carto.com/auth/token"),
            success_page: Address::constant("https://app.carto.com/auth/success"),
            client_id: CLIENT_ID.into(),
            audience: AUDIENCE.into(),
            allowed_domains: Vec::new(),
        }
    }

    /// Moves the authorize, token and revoke endpoints to another issuer, for example
    /// `https://carto.acme.com/auth-api`; a path prefix is kept. It is what `iss` in a callback must name.
    ///
    /// # Errors
    /// When the address is not https (http on loopback), or has a user name, query or fragment.
    pub fn with_auth_url(mut self, base: &str) -> Result<Self, Error> {
        let base = address("auth_url", base)?;
        self.authorize = below(&base, "authorize").into();
        self.token = below(&base, "oauth/token").into();
        self.revoke = below(&base, "oauth/revoke").into();
        self.issuer = String::from(base).into();
        Ok(self)
    }

    /// Sets the authorization endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_authorize_url(mut self, url: &str) -> Result<Self, Error> {
        self.authorize = address("authorize_url", url)?.into();
        Ok(self)
    }

    /// Sets the issuer that `iss` in a callback must name (RFC 9207), where it is not the base of the login service.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into().into();
        self
    }

    /// Sets the token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_token_url(mut self, url: &str) -> Result<Self, Error> {
        self.token = address("token_url", url)?.into();
        Ok(self)
    }

    /// Sets the revocation endpoint, <https://www.rfc-editor.org/rfc/rfc7009#section-2>.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_revoke_url(mut self, url: &str) -> Result<Self, Error> {
        self.revoke = address("revoke_url", url)?.into();
        Ok(self)
    }

    /// Sets the base of CARTO's accounts service, for example `https://carto.acme.com/accounts-api`.
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_accounts_url(mut self, url: &str) -> Result<Self, Error> {
        self.accounts = address("accounts_url", url)?.into();
        Ok(self)
    }

    /// Sets the base of CARTO's application, whose pages show a code to copy (`/auth/token`) and end a login
    /// (`/auth/success`).
    ///
    /// # Errors
    /// As [`with_auth_url`](Self::with_auth_url).
    pub fn with_app_url(mut self, base: &str) -> Result<Self, Error> {
        let base = address("app_url", base)?;
        self.code_page = below(&base, "auth/token").into();
        self.success_page = below(&base, "auth/success").into();
        Ok(self)
    }

    /// Sets where a browser comes back to on this machine, for a client id that has another redirect URI
    /// registered than `http://localhost:10000/callback/`.
    ///
    /// # Errors
    /// When it is not plain http on `localhost`, `127.0.0.1` or `[::1]` with a port, written as a browser would.
    pub fn with_redirect_uri(mut self, uri: &str) -> Result<Self, Error> {
        let uri = parse_redirect_uri(uri).map_err(|problem| Error::Address {
            setting: "redirect_uri",
            problem,
        })?;
        self.redirect_uri = uri.into();
        Ok(self)
    }

    /// Lets the APIs of an account be on this domain and below it, beside `carto.com`.
    ///
    /// # Errors
    /// When it is no domain name.
    pub fn with_allowed_domain(mut self, domain: &str) -> Result<Self, Error> {
        let domain = DomainName::parse(domain).map_err(|problem| Error::Address {
            setting: "allowed_domain",
            problem,
        })?;
        self.allowed_domains.push(domain);
        Ok(self)
    }

    /// Sets the public client id that a person logs in with, <https://www.rfc-editor.org/rfc/rfc6749#section-2.2>. A
    /// machine has its own in its credentials.
    #[must_use]
    pub fn with_client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into().into();
        self
    }

    /// Sets the audience that tokens are asked for, `carto-cloud-native-api` in CARTO's cloud. It is Auth0's parameter
    /// `audience`, which no RFC has.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into().into();
        self
    }

    /// The authorization endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>; below it the pages of a login.
    #[must_use]
    pub fn authorize_url(&self) -> &Url {
        self.authorize.url()
    }

    /// The token endpoint, <https://www.rfc-editor.org/rfc/rfc6749#section-3.2>. It gets secrets, and is part of whose token
    /// a stored one is.
    #[must_use]
    pub fn token_url(&self) -> &Url {
        self.token.url()
    }

    pub(crate) fn authorize_url_text(&self) -> &str {
        &self.authorize.text
    }

    pub(crate) fn token_url_text(&self) -> &str {
        &self.token.text
    }

    /// The revocation endpoint, <https://www.rfc-editor.org/rfc/rfc7009#section-2>. No flow asks it: a logout forgets, and
    /// revokes nothing.
    #[must_use]
    pub fn revoke_url(&self) -> &Url {
        self.revoke.url()
    }

    /// The base of CARTO's accounts service.
    #[must_use]
    pub fn accounts_url(&self) -> &Url {
        self.accounts.url()
    }

    /// The redirect URI of this machine, on loopback and with a port,
    /// <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>.
    #[must_use]
    pub fn redirect_uri(&self) -> &Url {
        self.redirect_uri.url()
    }

    /// The page that a browser is sent to after a login.
    #[must_use]
    pub fn success_page(&self) -> &Url {
        self.success_page.url()
    }

    pub(crate) fn redirect_uri_of(&self, redirect: Redirect) -> &Cow<'static, str> {
        match redirect {
            Redirect::Loopback => &self.redirect_uri.text,
            Redirect::CodePage => &self.code_page.text,
        }
    }

    /// A page of the accounts service; each part of its path is encoded.
    pub(crate) fn accounts_page(&self, path: &[&str]) -> Url {
        let mut url = self.accounts_url().clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        url
    }

    /// True for the issuer of the login service, with or without a `/` at its end.
    pub(crate) fn is_issuer(&self, text: &str) -> bool {
        let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        bare(text) == bare(&self.issuer)
    }

    /// True where everything runs on this machine: only then may an account's services be here, too.
    pub(crate) fn is_on_loopback(&self) -> bool {
        self.accounts_url().host().is_some_and(|host| is_loopback(&host))
    }

    /// Says whether an account's APIs may be there: on carto.com or an allowed domain, or on loopback if the
    /// accounts service is.
    ///
    /// # Errors
    /// [`AddressProblem::ForeignHost`].
    pub fn check_api_base_url(&self, base: &ApiBaseUrl) -> Result<(), AddressProblem> {
        let url = Url::parse(base.as_str()).map_err(|_| AddressProblem::NotAUrl)?;
        let covers = |name: &str| {
            let mut domains = self.allowed_domains.iter().chain([&DomainName::CARTO]);
            domains.any(|domain| domain.covers(name))
        };
        let is_allowed = match url.host() {
            Some(url::Host::Domain(name)) if covers(name) => true,
            Some(host) => self.is_on_loopback() && is_loopback(&host),
            None => false,
        };
        is_allowed.then_some(()).ok_or(AddressProblem::ForeignHost)
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
        assert_eq!(carto.redirect_uri().as_str(), "http://localhost:10000/callback/");
        assert_eq!(
            carto.success_page().as_str(),
            "https://app.carto.com/auth/success"
        );
        assert_eq!(
            carto.code_page.url().as_str(),
            carto.redirect_uri_of(Redirect::CodePage)
        );
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
