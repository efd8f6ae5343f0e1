//! The login of a person.

use std::path::Path;
use std::time::Duration;

use carto_auth_core::{ApiBaseUrl, Endpoints, Error, Freshness, Identity, Remedy};
use carto_auth_native::{FileStore, LoginInteraction, LoginOptions, NoStore, SharedSession, TokenStore, Way};
use ureq::Agent;

use crate::carto_auth::CartoAuth;

/// The options of a person's login.
///
/// ```no_run
/// use carto_auth_ureq::CartoAuth;
///
/// let auth = CartoAuth::oauth().organization("acme").without_browser().connect()?;
/// # Ok::<(), carto_auth_ureq::Error>(())
/// ```
#[must_use = "a builder does nothing until `connect` or `build`"]
#[derive(Debug)]
pub struct OauthBuilder {
    endpoints: Endpoints,
    organization: Option<String>,
    api_base_url: Option<ApiBaseUrl>,
    options: LoginOptions,
    when_needed: bool,
    store: Option<Box<dyn TokenStore>>,
    carto_dw_lifetime: Option<Duration>,
    agent: Option<Agent>,
}

impl OauthBuilder {
    pub(crate) fn new() -> Self {
        Self {
            endpoints: Endpoints::carto(),
            organization: None,
            api_base_url: None,
            options: LoginOptions::default(),
            when_needed: false,
            store: None,
            carto_dw_lifetime: None,
            agent: None,
        }
    }

    /// Keeps the token at a place of the caller's instead of `~/.carto-auth/token_oauth.json`. A leading `~/` is
    /// expanded; a missing folder is made.
    pub fn cache_file(self, path: impl AsRef<Path>) -> Self {
        self.store(FileStore::at(path))
    }

    /// Keeps the token in memory only, and touches no file.
    pub fn without_cache(self) -> Self {
        self.store(NoStore)
    }

    /// Keeps the token in a store of the caller's.
    pub fn store(mut self, store: impl TokenStore + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Keeps the credentials of the Data Warehouse for this long instead of 5 minutes, in memory; more than 55 minutes
    /// counts as that, and with zero they are not kept. CARTO does not say when their token ends; it lives for an hour at
    /// most.
    pub fn carto_dw_lifetime(mut self, lifetime: Duration) -> Self {
        self.carto_dw_lifetime = Some(lifetime);
        self
    }

    /// Uses other endpoints than CARTO's cloud.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Uses the caller's agent, with its TLS and proxy settings. Redirects, statuses and time limits are set for
    /// each request as they must be, whatever the agent says.
    pub fn agent(mut self, agent: Agent) -> Self {
        self.agent = Some(agent);
        self
    }

    /// Logs in to an organization with single sign-on, by its name or its id (`org_…`). A cached login to another
    /// organization does not count.
    pub fn organization(mut self, organization: impl Into<String>) -> Self {
        let organization = organization.into();
        self.options = self.options.organization(organization.clone());
        self.organization = Some(organization);
        self
    }

    /// Takes this as the base of the account's APIs, and does not ask CARTO for it. A cached login with another one
    /// does not count.
    ///
    /// # Errors
    /// When the address is not https, or has a user name, query or fragment.
    pub fn api_base_url(mut self, address: &str) -> Result<Self, Error> {
        let setting = "api_base_url";
        let parsed = address
            .parse()
            .map_err(|problem| Error::Address { setting, problem })?;
        self.api_base_url = Some(parsed);
        Ok(self)
    }

    /// Asks for these scopes, separated by blanks; none by default. With `offline_access` a server that grants it
    /// gives a refresh token, and [`CartoAuth::access_token`] then renews without a login.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.options = self.options.scope(scope);
        self
    }

    /// Opens no browser: the person opens the address and pastes the code.
    pub fn without_browser(mut self) -> Self {
        self.options = self.options.way(Way::Paste("the program asked for none"));
        self
    }

    /// Listens for the browser, whatever this machine looks like, and leaves it to the
    /// [`interaction`](Self::interaction) to open it.
    pub fn with_callback(mut self) -> Self {
        self.options = self.options.way(Way::Callback);
        self
    }

    /// Opens a browser, whatever this machine looks like.
    pub fn with_browser(mut self) -> Self {
        self.options = self.options.way(Way::Browser);
        self
    }

    /// How long a login waits, instead of five minutes; a day at most.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.timeout(timeout);
        self
    }

    /// Meets the person elsewhere than at the terminal: in a window, in a notebook.
    pub fn interaction(mut self, interaction: impl LoginInteraction + 'static) -> Self {
        self.options = self.options.interaction(interaction);
        self
    }

    /// Lets [`CartoAuth::access_token`] start a login when there is no other way to a token.
    pub fn log_in_when_needed(mut self) -> Self {
        self.when_needed = true;
        self
    }

    /// Makes the `CartoAuth` without any I/O. Its `access_token` uses a cached login, or says that one is needed.
    #[must_use]
    pub fn build(self) -> CartoAuth {
        self.make().0
    }

    /// Logs in, from the cache or with the person, and finds the account's APIs. A login is not lost when the account
    /// cannot be asked for them: that is logged, and [`CartoAuth::api_base_url`] asks again.
    ///
    /// # Errors
    /// When the person refuses or does not come, CARTO refuses or cannot be reached.
    pub fn connect(self) -> Result<CartoAuth, Error> {
        let (auth, options) = self.make();
        let outcome = match auth.token_without_login(Freshness::default()) {
            Err(error) if error.remedy() == Remedy::LogIn => auth.log_in(&options).map(drop),
            other => other.and_then(|_| auth.api_base_url()).map(drop),
        };
        match outcome {
            Err(error) if auth.cached_token().is_none() => Err(error),
            Err(error) => {
                log::warn!("the login is good, but: {error}");
                Ok(auth)
            }
            Ok(()) => Ok(auth),
        }
    }

    fn make(self) -> (CartoAuth, LoginOptions) {
        let store = self
            .store
            .unwrap_or_else(|| FileStore::or_nothing(FileStore::person_default()));
        let mut identity = Identity::person(&self.endpoints);
        if let Some(organization) = self.organization {
            identity = identity.in_organization(organization);
        }
        if let Some(address) = self.api_base_url {
            identity = identity.at(address);
        }
        let mut session = SharedSession::person(identity, self.endpoints.clone(), store);
        if let Some(lifetime) = self.carto_dw_lifetime {
            session = session.with_carto_dw_lifetime(lifetime);
        }
        let when_needed = self.when_needed.then(|| self.options.clone());
        let auth = CartoAuth::new(session, self.endpoints, when_needed, self.agent);
        (auth, self.options)
    }
}
