//! What the sandbox remembers of logins, and how a test changes it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::authorize::AuthorizeRequest;
use crate::codes::Codes;
use crate::person::Credentials;
use crate::refresh_tokens::RefreshTokens;
use crate::sandbox::Sandbox;

pub(crate) struct Logins {
    pub(crate) person: Credentials,
    pub(crate) client_ids: HashSet<String>,
    pub(crate) redirect_uris: HashSet<String>,
    pub(crate) issuer: Option<String>,
    /// The logins that wait for the person.
    pub(crate) tickets: HashMap<String, Ticket>,
    /// The cookies of the browsers in which the person is logged in.
    pub(crate) browsers: HashSet<String>,
    pub(crate) codes: Codes,
    pub(crate) refresh_tokens: RefreshTokens,
}

/// A login that waits for the person.
pub(crate) struct Ticket {
    pub(crate) request: AuthorizeRequest,
    pub(crate) is_logged_in: bool,
}

impl Logins {
    pub(crate) fn new(url: &str, person: Credentials, code_lifetime: Duration) -> Self {
        let callback = "http://localhost:10000/callback/".to_owned();
        Self {
            person,
            client_ids: HashSet::from([Sandbox::PUBLIC_CLIENT_ID.to_owned()]),
            redirect_uris: HashSet::from([callback, format!("{url}/auth/token")]),
            issuer: None,
            tickets: HashMap::new(),
            browsers: HashSet::new(),
            codes: Codes::new(code_lifetime),
            refresh_tokens: RefreshTokens::default(),
        }
    }
}

/// The login of a person.
impl Sandbox {
    /// The client id that people log in with, carto-auth's own.
    pub const PUBLIC_CLIENT_ID: &str = "0dxb8HR3ATXCxJiPOJVHsLoHoAtbRX6u";

    /// Registers another public client id. Public clients share their redirect URIs.
    pub fn register_client_id(&self, client_id: &str) {
        self.shared.state().logins.client_ids.insert(client_id.to_owned());
    }

    /// Registers another redirect URI, to be matched to the byte.
    ///
    /// There are two already: `http://localhost:10000/callback/` and `{url}/auth/token`.
    pub fn register_redirect_uri(&self, uri: &str) {
        self.shared.state().logins.redirect_uris.insert(uri.to_owned());
    }

    /// The issuer of its tokens, `{url}/`.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.shared.issuer()
    }

    /// Sends this `iss` with every answer to a callback address (RFC 9207), or none, as from the start.
    ///
    /// A good client refuses any but [`Self::issuer`].
    pub fn send_issuer(&self, issuer: Option<String>) {
        self.shared.state().logins.issuer = issuer;
    }

    /// The person's email, for a browser of your own.
    #[must_use]
    pub fn email(&self) -> String {
        self.shared.state().logins.person.email.clone()
    }

    /// The person's password, for a browser of your own.
    #[must_use]
    pub fn password(&self) -> String {
        self.shared.state().logins.person.password.clone()
    }

    /// Revokes every refresh token that was issued so far.
    pub fn revoke_refresh_tokens(&self) {
        self.shared.state().logins.refresh_tokens.revoke_all();
    }
}
