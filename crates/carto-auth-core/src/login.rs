//! The login of a person: the authorize URL, and what comes back from it.
//!
//! ```text
//!   LoginRequest ──start(entropy)──▶ Login ──callback(target) or pasted(text)──▶ Accepted(Authorized)
//!                                     ▲                    │                            │ exchange
//!                                     └──── Ignored ───────┤                            ▼
//!                                                          └──▶ Denied          Step<TokenRequest>
//! ```

use std::borrow::Cow;

use url::{Url, form_urlencoded};

use crate::endpoints::Endpoints;
use crate::entropy::Entropy;
use crate::error::{Denial, Error};
use crate::form::append_pair;
use crate::organization::OrganizationId;
use crate::pasted::Pasted;
use crate::pkce::challenge;
use crate::retry::Jitter;
use crate::secret::Secret;
use crate::step::Step;
use crate::timestamp::Timestamp;
use crate::token_request::{CodeGrant, TokenRequest};

/// More than an authorize URL usually needs, in bytes: it holds the `state`, and text that grows leaves copies behind.
const URL_CAPACITY: usize = 1024;

/// What a login asks for, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1>.
///
/// ```
/// use carto_auth_core::{Callback, Endpoints, Entropy, LoginRequest, Redirect};
///
/// let login = LoginRequest::new(Endpoints::carto(), Redirect::Loopback).start(Entropy::new([7; 64]));
/// assert!(login.authorize_url().starts_with("https://auth.carto.com/authorize?response_type=code&"));
///
/// // A page that knows nothing of our `state` cannot end the login.
/// let Callback::Ignored(login, why) = login.callback("/callback/?code=ATTACKER&state=guess") else { panic!() };
/// assert_eq!(why.to_string(), "the state is not that of this login");
/// # let _ = login;
/// ```
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is started"]
pub struct LoginRequest {
    endpoints: Endpoints,
    redirect: Redirect,
    organization: Option<OrganizationId>,
    scope: Option<String>,
    force: bool,
}

/// Where the browser is sent with the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redirect {
    /// To this machine, <https://www.rfc-editor.org/rfc/rfc8252#section-7.3>.
    Loopback,
    /// To a page of CARTO that shows the code, for a person to copy.
    CodePage,
}

impl LoginRequest {
    /// Asks for what CARTO's APIs need, and nothing beyond it.
    pub fn new(endpoints: Endpoints, redirect: Redirect) -> Self {
        Self {
            endpoints,
            redirect,
            organization: None,
            scope: None,
            force: false,
        }
    }

    /// Sends the browser elsewhere with the code.
    pub fn redirect(mut self, redirect: Redirect) -> Self {
        self.redirect = redirect;
        self
    }

    /// Logs in to an organization, by its single sign-on.
    pub fn organization(mut self, id: OrganizationId) -> Self {
        self.organization = Some(id);
        self
    }

    /// Asks for these scopes, separated by blanks; `offline_access` asks for a refresh token. None by default.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Asks the person to log in even if the browser still is (`prompt=login`).
    pub fn force(mut self) -> Self {
        self.force = true;
        self
    }

    /// Makes the login. The verifier (<https://www.rfc-editor.org/rfc/rfc7636#section-4.1>) and the `state` come from the
    /// entropy, 256 bits each.
    pub fn start(self, entropy: Entropy) -> Login {
        let [verifier, state] = entropy.into_two_texts();
        let redirect_uri = self.endpoints.redirect_uri_of(self.redirect).clone();
        let mut url = String::with_capacity(URL_CAPACITY);
        url.push_str(self.endpoints.authorize_url_text());
        url.push('?');
        append_pair(&mut url, "response_type", "code");
        append_pair(&mut url, "client_id", self.endpoints.client_id());
        append_pair(&mut url, "redirect_uri", &redirect_uri);
        append_pair(&mut url, "audience", self.endpoints.audience());
        if let Some(organization) = &self.organization {
            append_pair(&mut url, "organization", organization.as_str());
        }
        if let Some(scope) = &self.scope {
            append_pair(&mut url, "scope", scope);
        }
        if self.force {
            append_pair(&mut url, "prompt", "login");
        }
        append_pair(&mut url, "code_challenge", &challenge(&verifier));
        append_pair(&mut url, "code_challenge_method", "S256");
        append_pair(&mut url, "state", state.expose());
        Login {
            authorize_url: Secret::new(url),
            organization: self.organization,
            redirect_uri,
            verifier,
            state,
            endpoints: self.endpoints,
            tried: Vec::new(),
        }
    }
}

/// A login that waits for what the browser, or the person, brings back.
#[must_use = "a login that is dropped is cancelled"]
#[derive(Debug)]
pub struct Login {
    pub(crate) endpoints: Endpoints,
    pub(crate) authorize_url: Secret,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) redirect_uri: Cow<'static, str>,
    pub(crate) verifier: Secret,
    pub(crate) state: Secret,
    /// Words that were taken for codes before: none is sent again.
    pub(crate) tried: Vec<Secret>,
}

/// What a callback means. Deliberately exhaustive: whoever listens must know what to do with each.
#[must_use = "a login that was ignored goes on"]
#[derive(Debug)]
pub enum Callback {
    /// It is not the answer to this login, which goes on unharmed.
    Ignored(Login, Ignored),
    /// The person has logged in.
    Accepted(Authorized),
    /// The login service refuses, or the person does.
    Denied(Error),
}

/// Why a callback was ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ignored {
    /// The path is not that of the redirect URI.
    #[error("the address is not that of the callback")]
    Path,
    /// There is no `state`.
    #[error("there is no state, which the answer to this login would carry")]
    NoState,
    /// The `state` is another login's.
    #[error("the state is not that of this login")]
    ForeignState,
    /// The `iss` is another issuer's, <https://www.rfc-editor.org/rfc/rfc9207#section-2.4>.
    #[error("the issuer is not the login service that was asked")]
    ForeignIssuer,
    /// A parameter is there more than once.
    #[error("a parameter is there more than once")]
    Duplicate,
    /// There is neither a code nor an error.
    #[error("there is no code")]
    NoCode,
    /// The code was sent to the login service, and did not log in.
    #[error("the login service does not take this code")]
    Refused,
    /// The text is too long, or holds blanks or characters that no code has.
    #[error("it is neither a code nor the address of a page with a code")]
    NotACode,
}

/// A person's consent, to be exchanged for a token, once.
#[must_use = "a code that is not exchanged is lost"]
#[derive(Debug)]
pub struct Authorized {
    endpoints: Endpoints,
    organization: Option<OrganizationId>,
    redirect_uri: Cow<'static, str>,
    code: Secret,
    verifier: Secret,
    state: Secret,
    spare: Option<Box<Login>>,
}

impl Login {
    /// The address for the person's browser. It holds the `state`, so show it to the person and nobody else.
    #[must_use]
    pub fn authorize_url(&self) -> &str {
        self.authorize_url.expose()
    }

    /// Where the browser will come back to.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Takes the target of a request to the redirect URI, such as `/callback/?code=…&state=…`,
    /// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2>. Its `state` is compared in constant time; an `iss` that is
    /// there must be the issuer's (<https://www.rfc-editor.org/rfc/rfc9207#section-2.4>).
    pub fn callback(self, target: &str) -> Callback {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let expected = Url::parse(&self.redirect_uri);
        if !expected.is_ok_and(|expected| expected.path() == path) {
            return Callback::Ignored(self, Ignored::Path);
        }
        self.answered(query)
    }

    /// Takes what a person pasted: the address of the page that the browser ended on, or the code alone, with
    /// whatever blanks, quotes and terminal sequences a paste brings along.
    pub fn pasted(self, text: &str) -> Callback {
        match Pasted::parse(text) {
            Some(Pasted::Query(query)) => self.answered(&query),
            // Without a state: what binds a bare code to this login is the verifier. It may be any word that was
            // typed, so the login is kept.
            Some(Pasted::Code(code)) => {
                let mut spare = Box::new(self.copy());
                spare.tried.push(code.clone());
                match self.accepted(code) {
                    Callback::Accepted(authorized) => Callback::Accepted(Authorized {
                        spare: Some(spare),
                        ..authorized
                    }),
                    other => other,
                }
            }
            None => Callback::Ignored(self, Ignored::NotACode),
        }
    }

    /// <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2>.
    fn answered(self, query: &str) -> Callback {
        let parameters = match Parameters::parse(query) {
            Ok(parameters) => parameters,
            Err(why) => return Callback::Ignored(self, why),
        };
        let ignored = match (&parameters.state, &parameters.iss) {
            (None, _) => Some(Ignored::NoState),
            (Some(state), _) if *state != self.state => Some(Ignored::ForeignState),
            // "If the value does not match the expected issuer identifier, clients MUST reject the authorization
            // response."
            (_, Some(issuer)) if !self.endpoints.is_issuer(issuer) => Some(Ignored::ForeignIssuer),
            _ => None,
        };
        match (ignored, parameters.error, parameters.code) {
            (Some(why), ..) => Callback::Ignored(self, why),
            (_, Some(code), _) => {
                let description = parameters.error_description;
                let mut denial = Denial { code, description };
                for secret in [&self.state, &self.verifier] {
                    denial.blot_out(secret);
                }
                Callback::Denied(Error::Denied(Box::new(denial)))
            }
            (_, _, Some(code)) => self.accepted(code),
            (_, None, None) => Callback::Ignored(self, Ignored::NoCode),
        }
    }

    fn accepted(self, code: Secret) -> Callback {
        if self.tried.contains(&code) {
            return Callback::Ignored(self, Ignored::Refused);
        }
        Callback::Accepted(Authorized {
            endpoints: self.endpoints,
            organization: self.organization,
            redirect_uri: self.redirect_uri,
            code,
            verifier: self.verifier,
            state: self.state,
            spare: None,
        })
    }

    fn copy(&self) -> Self {
        Self {
            endpoints: self.endpoints.clone(),
            authorize_url: self.authorize_url.clone(),
            organization: self.organization.clone(),
            redirect_uri: self.redirect_uri.clone(),
            verifier: self.verifier.clone(),
            state: self.state.clone(),
            tried: self.tried.clone(),
        }
    }
}

impl Authorized {
    /// The login, to go on with if the code is refused: for a bare code that was pasted, which may be any word.
    pub fn take_spare(&mut self) -> Option<Login> {
        self.spare.take().map(|login| *login)
    }

    /// Exchanges the code for a token, <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3>. It is not sent again once
    /// bytes may have left. A token of another organization than was asked for is refused.
    pub fn exchange(self, jitter: Jitter, now: impl Into<Timestamp>) -> Step<TokenRequest> {
        let grant = CodeGrant {
            code: &self.code,
            verifier: &self.verifier,
            state: &self.state,
            redirect_uri: &self.redirect_uri,
            organization: self.organization.as_ref(),
        };
        TokenRequest::authorization_code(&grant, &self.endpoints, jitter, now.into())
    }
}

/// The parameters of an authorization response. "Request and response parameters MUST NOT be included more than
/// once" (RFC 6749, section 3.1).
#[derive(Default)]
struct Parameters {
    code: Option<Secret>,
    state: Option<Secret>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, Ignored> {
        let mut all = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let taken = match &*name {
                "code" => all.code.replace(Secret::new(value)).is_some(),
                "state" => all.state.replace(Secret::new(value)).is_some(),
                "iss" => all.iss.replace(value.into_owned()).is_some(),
                "error" => all.error.replace(value.into_owned()).is_some(),
                "error_description" => all.error_description.replace(value.into_owned()).is_some(),
                _ => false,
            };
            if taken {
                return Err(Ignored::Duplicate);
            }
        }
        let is_empty = |code: &mut Secret| code.expose().is_empty();
        all.code.take_if(is_empty);
        Ok(all)
    }
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
