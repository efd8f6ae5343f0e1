//! What a program holds to ask for tokens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use carto_auth_core::{
    AccessToken, Endpoints, Error, Freshness, Identity, M2mCredentials, Plan, Secret, Timestamp, TokenCheck,
};
use carto_auth_native::{Flight, LoginOptions, SharedSession, credentials, jitter, now};
use ureq::Agent;

use crate::agent::default_agent;
use crate::drive::drive;
use crate::m2m::M2mBuilder;
use crate::oauth::OauthBuilder;

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
#[derive(Clone)]
pub struct CartoAuth(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) session: Arc<SharedSession>,
    pub(crate) endpoints: Endpoints,
    pub(crate) when_needed: Option<LoginOptions>,
    agent: OnceLock<Agent>,
    pub(crate) flight: Flight,
    /// One thread logs in, or looks the account's APIs up.
    pub(crate) logging_in: Mutex<()>,
    pub(crate) login_attempts: AtomicU64,
}

/// Whose tokens they are.
impl fmt::Debug for CartoAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CartoAuth").field(&self.identity()).finish()
    }
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
        M2mBuilder::new(credentials)
    }

    /// Logs a person in: from the cache where a login is there, otherwise with the browser, or at the terminal
    /// where a browser makes no sense. The first call needs the person; the next ones don't, for a day or so.
    ///
    /// # Errors
    /// When the person refuses or does not come, CARTO refuses or cannot be reached.
    pub fn from_oauth() -> Result<Self, Error> {
        Self::oauth().connect()
    }

    /// Prepares the login of a person.
    pub fn oauth() -> OauthBuilder {
        OauthBuilder::new()
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
        let session = SharedSession::given(api_base_url, token);
        Ok(Self::new(session, Endpoints::carto(), None, None))
    }

    pub(crate) fn new(
        session: SharedSession,
        endpoints: Endpoints,
        when_needed: Option<LoginOptions>,
        agent: Option<Agent>,
    ) -> Self {
        Self(Arc::new(Inner {
            session: Arc::new(session),
            endpoints,
            when_needed,
            agent: agent.map_or_else(OnceLock::new, OnceLock::from),
            flight: Flight::default(),
            logging_in: Mutex::new(()),
            login_attempts: AtomicU64::new(0),
        }))
    }

    /// A token that is valid now, from memory, from the cache, or from CARTO. It never starts a login by itself,
    /// unless [`OauthBuilder::log_in_when_needed`] allows it.
    ///
    /// # Errors
    /// When a person must log in, or there is no token and CARTO refuses or cannot be reached. Near its end a good token
    /// is handed out while another thread renews it; whether that succeeds is no matter here.
    pub fn access_token(&self) -> Result<AccessToken, Error> {
        self.access_token_with(Freshness::default())
    }

    /// A token that is as fresh as the caller needs it: one that lives for a time yet, or one that was obtained
    /// after a time.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token). A token that has just come is handed out even if it lives for
    /// less than was asked.
    pub fn access_token_with(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        match self.0.session.ready_token(freshness) {
            Some(token) => Ok(token),
            None => self.token(freshness),
        }
    }

    /// Waits for a renewal that is under way behind the present token, `patience` at most. A program that is about to
    /// end calls this, so that what CARTO grants is kept.
    pub fn settle(&self, patience: Duration) {
        if let Some(follower) = self.0.flight.follow(self.0.session.generation()) {
            // What it came to is told to those who need it.
            let _ = follower.wait(patience);
        }
    }

    pub(crate) fn agent(&self) -> &Agent {
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

    /// Why a person must log in before there is a token, as far as memory and the cache know, without asking CARTO: `None`
    /// where there is a token, or another one can be had.
    #[must_use]
    pub fn login_reason(&self) -> Option<Error> {
        match self.0.session.plan(Freshness::default()) {
            Plan::LogIn(error) => Some(error),
            _ => None,
        }
    }

    /// The last token that is known here or in the cache, even if it has ended: whose login it was can be told from
    /// it.
    #[must_use]
    pub fn last_token(&self) -> Option<AccessToken> {
        self.0.session.last_token()
    }

    /// Asks CARTO whether it still takes a token. One that it does not take is forgotten.
    ///
    /// # Errors
    /// When CARTO cannot be reached, or answers something else.
    pub fn verify(&self, token: &AccessToken) -> Result<bool, Error> {
        let step = TokenCheck::start(token, &self.0.endpoints, jitter(), now());
        let is_good = drive(self.agent(), step)?;
        if !is_good {
            self.0.session.reject(token);
        }
        Ok(is_good)
    }

    /// A token that is newer than this call, for when the present one is good but not wanted.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub fn new_token(&self) -> Result<AccessToken, Error> {
        self.token_without_login(Freshness::newer_than(now()))
    }

    /// True when another token can be had without a person: for a machine, and where there is a refresh token.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.0.session.is_renewable()
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

/// A thread that panicked left no half-done work behind: the session is whole after every call.
pub(crate) fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
