//! What a program holds to ask for tokens.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Authorized, Discovery, Endpoints, Error, Freshness, Identity, LoginRequest,
    M2mCredentials, OrganizationLookup, Plan, Redirect, Remedy, Secret, Timestamp, TokenCheck,
};
use carto_auth_native::{BrowserLogin, LoginOptions, Next, SharedSession, Urgency, credentials, jitter, now};
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
#[derive(Clone, Debug)]
pub struct CartoAuth(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    session: SharedSession,
    endpoints: Endpoints,
    when_needed: Option<LoginOptions>,
    agent: OnceLock<Agent>,
    /// One thread renews; the others wait and then find its token.
    renewing: Mutex<()>,
    /// One thread logs in, or looks the account's APIs up.
    logging_in: Mutex<()>,
    login_attempts: AtomicU64,
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
            session,
            endpoints,
            when_needed,
            agent: agent.map_or_else(OnceLock::new, OnceLock::from),
            renewing: Mutex::new(()),
            logging_in: Mutex::new(()),
            login_attempts: AtomicU64::new(0),
        }))
    }

    /// A token that is valid now, from memory, from the cache, or from CARTO. It never starts a login by itself,
    /// unless [`OauthBuilder::log_in_when_needed`] allows it.
    ///
    /// # Errors
    /// When a person must log in, or there is no token and CARTO refuses or cannot be reached. A failure while the last token is still good is
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
        self.token_without_login(freshness)
            .or_else(|error| self.log_in_if_allowed(freshness, error))
    }

    pub(crate) fn token_without_login(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        match self.0.session.plan(freshness) {
            Plan::Use(token) => Ok(token),
            Plan::UseAndRefresh(token) => match try_lock(&self.0.renewing) {
                Some(guard) => self
                    .renew(guard, freshness, Urgency::Early)
                    .or_else(|error| self.still_good(freshness, error)),
                // Another thread sees to it, and this token is good.
                None => Ok(token),
            },
            Plan::Refresh => self.renew(lock(&self.0.renewing), freshness, Urgency::Now),
            Plan::LogIn(error) => Err(error),
        }
    }

    /// After a failure that only a person can mend, if the program allows a login here. A good token that does not live
    /// as long as was asked is no reason for one.
    fn log_in_if_allowed(&self, freshness: Freshness, error: Error) -> Result<AccessToken, Error> {
        let needs_login = error.remedy() == Remedy::LogIn && !matches!(error, Error::NotRenewable);
        let Some(options) = self.0.when_needed.as_ref().filter(|_| needs_login) else {
            return Err(error);
        };
        let attempts = self.0.login_attempts.load(Ordering::Acquire);
        let _one_at_a_time = lock(&self.0.logging_in);
        if let Plan::Use(token) | Plan::UseAndRefresh(token) = self.0.session.plan(freshness) {
            return Ok(token);
        }
        // Whoever waited for a login that came to nothing does not ask the person again.
        if self.0.login_attempts.load(Ordering::Acquire) != attempts {
            return Err(error);
        }
        let outcome = self.log_in(options);
        self.0.login_attempts.fetch_add(1, Ordering::Release);
        // The account may not have been asked for its APIs; the token is good all the same.
        outcome.or_else(|error| self.still_good(freshness, error))
    }

    /// After a failure that may have taken its time: the present token, if it is good even now.
    fn still_good(&self, freshness: Freshness, error: Error) -> Result<AccessToken, Error> {
        match self.0.session.plan(freshness) {
            Plan::Use(token) | Plan::UseAndRefresh(token) => {
                log::warn!("the token is good, but: {error}");
                Ok(token)
            }
            Plan::Refresh | Plan::LogIn(_) => Err(error),
        }
    }

    /// Renews, one thread at a time.
    fn renew(
        &self,
        _turn: MutexGuard<'_, ()>,
        freshness: Freshness,
        urgency: Urgency,
    ) -> Result<AccessToken, Error> {
        match self.0.session.renew(freshness, urgency)? {
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
        self.renew(lock(&self.0.renewing), Freshness::newer_than(now()), Urgency::Now)
    }

    /// Where the account's APIs are. For a person it is looked up once, and then kept beside the token.
    ///
    /// # Errors
    /// For a person, as [`access_token`](Self::access_token), or when CARTO does not say. A login is not lost by
    /// that: the next call asks again.
    pub fn api_base_url(&self) -> Result<ApiBaseUrl, Error> {
        if let Some(known) = self.0.session.api_base_url() {
            return Ok(known);
        }
        let token = self.access_token()?;
        let _one_at_a_time = lock(&self.0.logging_in);
        if let Some(known) = self.0.session.api_base_url() {
            return Ok(known);
        }
        self.discover(&token)
    }

    /// Where the account's APIs are, if that is known without asking CARTO.
    #[must_use]
    pub fn known_api_base_url(&self) -> Option<ApiBaseUrl> {
        self.0.session.api_base_url()
    }

    /// Takes this as where the APIs of a token's account are, if it is still the current token.
    pub fn keep_api_base_url(&self, token: &AccessToken, api_base_url: ApiBaseUrl) {
        self.0.session.learn_api_base_url(token, api_base_url);
    }

    fn discover(&self, token: &AccessToken) -> Result<ApiBaseUrl, Error> {
        let step = Discovery::start(token, self.0.endpoints.clone(), jitter(), now());
        let found = drive(self.agent(), step).inspect_err(|error| {
            if matches!(error, Error::SessionEnded(_)) {
                self.0.session.reject(token);
            }
        })?;
        self.0.session.learn_api_base_url(token, found.clone());
        Ok(found)
    }

    /// Logs a person in anew, whatever is cached.
    ///
    /// # Errors
    /// When the person refuses or does not come, CARTO refuses or cannot be reached. If only the account could not
    /// be asked for its APIs, the login is kept.
    pub fn log_in(&self, options: &LoginOptions) -> Result<AccessToken, Error> {
        let request = self.login_request(options)?;
        let mut login = BrowserLogin::start(request, &self.0.endpoints, options)?;
        let granted = loop {
            let granted = login.wait().and_then(|authorized| self.exchange(authorized));
            match granted {
                Err(error) if login.goes_on(&error) => {}
                granted => break granted,
            }
        };
        let outcome = granted.and_then(|token| self.complete(token, options));
        login.finish(outcome.as_ref().map(drop));
        outcome
    }

    /// What a login asks for, for a program that shows the address and takes the answer itself. An organization is
    /// looked up for it: the one of the options, or else the one that this `CartoAuth` is for.
    ///
    /// # Errors
    /// [`Error::NotAPerson`] for a machine or a given token, [`Error::UnknownOrganization`], or when CARTO cannot be
    /// reached to ask.
    pub fn login_request(&self, options: &LoginOptions) -> Result<LoginRequest, Error> {
        let identity = self.person()?;
        let organization = match options.organization_name().or(identity.organization()) {
            Some(name) => {
                let step = OrganizationLookup::start(name, &self.0.endpoints, jitter(), now())?;
                Some(drive(self.agent(), step)?)
            }
            None => None,
        };
        let request = LoginRequest::new(self.0.endpoints.clone(), Redirect::Loopback);
        Ok(options.apply(request, organization))
    }

    fn person(&self) -> Result<&Identity, Error> {
        self.identity()
            .filter(|identity| identity.is_person())
            .ok_or(Error::NotAPerson)
    }

    /// Takes what a login came to: exchanges the code, keeps the token and looks the account's APIs up. The options
    /// are those that the login was asked for with.
    ///
    /// # Errors
    /// When CARTO refuses the code or cannot be reached. If only the account could not be asked, the token is kept.
    pub fn finish_login(&self, authorized: Authorized, options: &LoginOptions) -> Result<AccessToken, Error> {
        self.person()?;
        self.exchange(authorized)
            .and_then(|token| self.complete(token, options))
    }

    fn exchange(&self, authorized: Authorized) -> Result<AccessToken, Error> {
        let grant = drive(self.agent(), authorized.exchange(jitter(), now()))?;
        Ok(self.0.session.log_in(grant))
    }

    /// Finds the account's APIs for the token of a new login.
    fn complete(&self, token: AccessToken, options: &LoginOptions) -> Result<AccessToken, Error> {
        if let Some(given) = options.given_api_base_url() {
            self.0.session.learn_api_base_url(&token, given.clone());
        } else if self.0.session.api_base_url().is_none() {
            self.discover(&token)?;
        }
        Ok(token)
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
fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_lock(mutex: &Mutex<()>) -> Option<MutexGuard<'_, ()>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
