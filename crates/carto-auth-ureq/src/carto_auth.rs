//! What a program holds to ask for tokens.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Endpoints, Error, Freshness, Identity, M2mCredentials, Plan, Secret, Timestamp,
};
use carto_auth_native::{FileStore, Next, NoStore, SharedSession, TokenStore, credentials, now};
use ureq::Agent;

use crate::agent::default_agent;
use crate::drive::drive;

/// A login to CARTO: hands out a token that is valid now, and gets another in time. Cheap to clone; clones share
/// the token.
///
/// ```
/// use carto_auth_sandbox::Sandbox;
/// use carto_auth_ureq::{CartoAuth, Endpoints, M2mCredentials};
///
/// let carto = Sandbox::start()?;
/// let machine = M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret())?;
/// let auth = CartoAuth::m2m(machine)
///     .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
///     .without_cache()
///     .connect()?;
/// assert_eq!(auth.access_token()?.claims().unwrap().audience, ["carto-cloud-native-api"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CartoAuth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    session: SharedSession,
    agent: OnceLock<Agent>,
    /// One thread renews; the others wait and then find its token.
    renewing: Mutex<()>,
}

impl CartoAuth {
    /// Logs a machine in with a CARTO credentials file, from the cache or by asking CARTO, so that what is wrong
    /// shows here.
    ///
    /// # Errors
    /// When the file cannot be used, CARTO refuses it or cannot be reached.
    pub fn from_m2m(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::m2m(credentials::from_file(path)?).connect()
    }

    /// Prepares the login of a machine whose credentials came from elsewhere: values
    /// ([`M2mCredentials::new`]), bytes ([`M2mCredentials::from_json`]), a stream or the environment
    /// ([`credentials`]).
    pub fn m2m(credentials: M2mCredentials) -> M2mBuilder {
        M2mBuilder {
            credentials,
            endpoints: Endpoints::carto(),
            store: None,
            agent: None,
        }
    }

    /// Uses a token that was made elsewhere, such as an API access token of CARTO Workspace. It is not renewed and
    /// not cached. If it is a JWT, its own `exp` ends it.
    ///
    /// # Errors
    /// When the address is not https, or no header can carry the token.
    pub fn from_token(api_base_url: &str, token: impl Into<Secret>) -> Result<Self, Error> {
        Self::given(api_base_url, token.into(), None)
    }

    /// Uses a token that was made elsewhere and ends at `expires_at`, or earlier if it says so itself.
    ///
    /// # Errors
    /// As [`from_token`](Self::from_token).
    pub fn from_token_until(
        api_base_url: &str,
        token: impl Into<Secret>,
        expires_at: impl Into<Timestamp>,
    ) -> Result<Self, Error> {
        Self::given(api_base_url, token.into(), Some(expires_at.into()))
    }

    fn given(api_base_url: &str, token: Secret, expires_at: Option<Timestamp>) -> Result<Self, Error> {
        let api_base_url = api_base_url.parse().map_err(|problem| Error::Address {
            setting: "api_base_url",
            problem,
        })?;
        let token = AccessToken::new(token, expires_at).ok_or(Error::UnusableToken)?;
        Ok(Self::new(
            SharedSession::given(api_base_url, token),
            OnceLock::new(),
        ))
    }

    fn new(session: SharedSession, agent: OnceLock<Agent>) -> Self {
        Self(Arc::new(Inner {
            session,
            agent,
            renewing: Mutex::new(()),
        }))
    }

    /// A token that is valid now, from memory, from the cache, or from CARTO.
    ///
    /// # Errors
    /// When there is none and CARTO refuses or cannot be reached. A failure while the last token is still good is
    /// no error: that token is handed out.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        self.token(Freshness::default())
    }

    /// A token that is as fresh as the caller needs it: one that lives for a time yet, or one that was obtained
    /// after a time.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token). A new token that CARTO grants is handed out even if it lives for
    /// less than was asked.
    pub fn access_token_with(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        self.token(freshness)
    }

    fn token(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        match self.0.session.plan(freshness) {
            Plan::Use(token) => Ok(token),
            Plan::UseAndRefresh(_) => self
                .renew(freshness)
                .or_else(|error| self.still_good(freshness, error)),
            Plan::Refresh => self.renew(freshness),
            Plan::LogIn(error) => Err(error),
        }
    }

    /// After a failed early renewal, which may have taken its time: the present token, if it is good even now.
    fn still_good(&self, freshness: Freshness, error: Error) -> Result<AccessToken, Error> {
        match self.0.session.plan(freshness) {
            Plan::Use(token) | Plan::UseAndRefresh(token) => {
                log::warn!("the token could not be renewed early: {error}");
                Ok(token)
            }
            Plan::Refresh | Plan::LogIn(_) => Err(error),
        }
    }

    fn renew(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        // A thread that panicked here left no half-done work behind: the session is whole after every call.
        let _one_at_a_time = self.0.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.0.session.renew(freshness)? {
            Next::Token(token) => Ok(token),
            Next::Ask(asking, step) => asking.finish(drive(self.agent(), step)),
        }
    }

    fn agent(&self) -> &Agent {
        self.0.agent.get_or_init(default_agent)
    }

    /// The token that is cached, in memory or on disk, without asking CARTO: `None` when there is none that is
    /// valid now.
    #[must_use]
    pub fn cached_token(&self) -> Option<AccessToken> {
        match self.0.session.plan(Freshness::default()) {
            Plan::Use(token) | Plan::UseAndRefresh(token) => Some(token),
            Plan::Refresh | Plan::LogIn(_) => None,
        }
    }

    /// A token that is newer than this call, for when the present one is good but not wanted.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub fn new_token(&self) -> Result<AccessToken, Error> {
        self.renew(Freshness::newer_than(now()))
    }

    /// Where the account's APIs are.
    #[must_use]
    pub fn api_base_url(&self) -> &ApiBaseUrl {
        self.0.session.api_base_url()
    }

    /// Whose login this is; `None` for a token that was given.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.0.session.identity()
    }

    /// Forgets a token that an API refused (401), here and in the cache, if it is still the current one. Says
    /// whether it was; if not, another one is there to try again with.
    #[expect(
        clippy::must_use_candidate,
        reason = "most callers ask for the next token in either case"
    )]
    pub fn reject(&self, token: &AccessToken) -> bool {
        self.0.session.reject(token)
    }

    /// Forgets the token here and in the cache, and says which files are gone. CARTO keeps no session of a
    /// machine; a copy of the token stays valid until it expires.
    ///
    /// # Errors
    /// When a file could not be removed.
    pub fn log_out(&self) -> Result<Vec<PathBuf>, Error> {
        self.0.session.log_out()
    }
}

/// The options of a machine's login.
#[must_use = "a builder does nothing until `connect` or `build`"]
#[derive(Debug)]
pub struct M2mBuilder {
    credentials: M2mCredentials,
    endpoints: Endpoints,
    store: Option<Box<dyn TokenStore>>,
    agent: Option<Agent>,
}

impl M2mBuilder {
    /// Keeps the token at a place of the caller's instead of `~/.carto-auth/token_m2m.json`. A leading `~/` is
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

    /// Makes the login without any I/O; the first [`CartoAuth::access_token`] does it.
    #[must_use]
    pub fn build(self) -> CartoAuth {
        let store = self.store.unwrap_or_else(FileStore::machine_default_or_none);
        let session = SharedSession::machine(self.credentials, self.endpoints, store);
        CartoAuth::new(session, self.agent.map_or_else(OnceLock::new, OnceLock::from))
    }

    /// Makes the login and gets a token, from the cache or from CARTO, so that what is wrong shows here.
    ///
    /// # Errors
    /// As [`CartoAuth::access_token`].
    pub fn connect(self) -> Result<CartoAuth, Error> {
        let auth = self.build();
        auth.access_token()?;
        Ok(auth)
    }
}
