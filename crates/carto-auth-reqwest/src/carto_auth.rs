//! What a program holds to ask for tokens.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use carto_auth_core::{
    AccessToken, Endpoints, Error, Freshness, Identity, M2mCredentials, Plan, Secret, Timestamp, TokenCheck,
};
use carto_auth_native::{Flight, LoginOptions, SharedSession, credentials, jitter, now};
use tokio::sync::Mutex;
use tokio::task;
use tokio::time::timeout;

use crate::drive::drive;
use crate::m2m::M2mBuilder;
use crate::oauth::OauthBuilder;
use crate::transport::Transport;

/// A login to CARTO: hands out a token that is valid now, and gets another in time. Cheap to clone; clones share
/// the token. Its futures are `Send`, and may be dropped at any time.
///
/// ```
/// use carto_auth_reqwest::{CartoAuth, Endpoints, M2mCredentials};
/// use carto_auth_sandbox::Sandbox;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// let carto = Sandbox::start()?;
/// let machine = M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret())?;
/// let auth = CartoAuth::m2m(machine)
///     .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url())?)
///     .without_cache()
///     .connect()
///     .await?;
/// assert_eq!(auth.access_token().await?.claims().unwrap().audience, ["carto-cloud-native-api"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CartoAuth(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) session: Arc<SharedSession>,
    pub(crate) endpoints: Endpoints,
    pub(crate) transport: Transport,
    pub(crate) when_needed: Option<LoginOptions>,
    pub(crate) flight: Flight,
    /// Looks into the store.
    pub(crate) looks: Flight<()>,
    /// One task logs in, or looks the account's APIs up.
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
    pub async fn from_m2m(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let credentials = off_the_runtime(move || credentials::from_file(path)).await??;
        Self::m2m(credentials).connect().await
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
    pub async fn from_oauth() -> Result<Self, Error> {
        Self::oauth().connect().await
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
        Ok(Self::new(session, Endpoints::carto(), None, Transport::new()))
    }

    pub(crate) fn new(
        session: SharedSession,
        endpoints: Endpoints,
        when_needed: Option<LoginOptions>,
        transport: Transport,
    ) -> Self {
        Self(Arc::new(Inner {
            session: Arc::new(session),
            endpoints,
            transport,
            when_needed,
            flight: Flight::default(),
            looks: Flight::default(),
            logging_in: Mutex::new(()),
            login_attempts: AtomicU64::new(0),
        }))
    }

    /// A token that is valid now, from memory, from the cache, or from CARTO. It never starts a login by itself,
    /// unless [`OauthBuilder::log_in_when_needed`] allows it.
    ///
    /// # Errors
    /// When a person must log in, or there is no token and CARTO refuses or cannot be reached. Near its end a good token
    /// is handed out while another task renews it; whether that succeeds is no matter here.
    pub async fn access_token(&self) -> Result<AccessToken, Error> {
        self.access_token_with(Freshness::default()).await
    }

    /// A token that is as fresh as the caller needs it: one that lives for a time yet, or one that was obtained
    /// after a time.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token). A token that has just come is handed out even if it lives for
    /// less than was asked.
    pub async fn access_token_with(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        match self.0.session.ready_token(freshness) {
            Some(token) => Ok(token),
            None => self.token(freshness).await,
        }
    }

    /// The token that is cached, in memory or on disk, without asking CARTO: `None` when there is none that is
    /// valid now.
    pub async fn cached_token(&self) -> Option<AccessToken> {
        match self.plan(Freshness::default()).await {
            Ok(Plan::Use(token) | Plan::UseAndRefresh(token)) => Some(token),
            _ => None,
        }
    }

    /// Why a person must log in before there is a token, as far as memory and the cache know, without asking CARTO: `None`
    /// where there is a token, or another one can be had.
    ///
    /// # Errors
    /// When the thread that reads the cache has ended without an answer.
    pub async fn login_reason(&self) -> Result<Option<Error>, Error> {
        match self.plan(Freshness::default()).await? {
            Plan::LogIn(error) => Ok(Some(error)),
            _ => Ok(None),
        }
    }

    /// The last token that is known here or in the cache, even if it has ended: whose login it was can be told from
    /// it.
    pub async fn last_token(&self) -> Option<AccessToken> {
        self.with_session(|session| session.last_token()).await.ok()?
    }

    /// Asks CARTO whether it still takes a token. One that it does not take is forgotten.
    ///
    /// # Errors
    /// When CARTO cannot be reached, or answers something else.
    pub async fn verify(&self, token: &AccessToken) -> Result<bool, Error> {
        let step = TokenCheck::start(token, &self.0.endpoints, jitter(), now());
        let is_good = drive(&self.0.transport, step).await?;
        if !is_good {
            self.reject(token).await;
        }
        Ok(is_good)
    }

    /// A token that is newer than this call, for when the present one is good but not wanted.
    ///
    /// # Errors
    /// As [`access_token`](Self::access_token).
    pub async fn new_token(&self) -> Result<AccessToken, Error> {
        self.token_without_login(Freshness::newer_than(now())).await
    }

    /// True when another token can be had without a person: for a machine, and where there is a refresh token.
    pub async fn is_renewable(&self) -> bool {
        self.with_session(|session| session.is_renewable())
            .await
            .unwrap_or(false)
    }

    /// Whose login this is; `None` for a token that was given.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.0.session.identity()
    }

    /// Forgets a token that an API refused (401), here and in the cache, if it is still the current one. Says
    /// whether it was; if not, another one is there to try again with.
    pub async fn reject(&self, token: &AccessToken) -> bool {
        let token = token.clone();
        let rejected = self.with_session(move |session| session.reject(&token)).await;
        rejected.unwrap_or(false)
    }

    /// Forgets the token here and in the cache, and says which files are gone. A copy of the token stays valid until it
    /// expires.
    ///
    /// # Errors
    /// When a file could not be removed.
    pub async fn log_out(&self) -> Result<Vec<PathBuf>, Error> {
        self.with_session(|session| session.log_out()).await?
    }

    /// Waits for a renewal that is under way behind the present token, `patience` at most. A program that is about to
    /// end calls this, so that what CARTO grants is kept.
    pub async fn settle(&self, patience: Duration) {
        if let Some(follower) = self.0.flight.follow(self.0.session.generation()) {
            // What it came to is told to those who need it.
            let _ = timeout(patience, follower).await;
        }
    }

    /// Does with the session what may touch files.
    pub(crate) async fn with_session<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Arc<SharedSession>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let session = Arc::clone(&self.0.session);
        off_the_runtime(move || act(&session)).await
    }
}

/// Runs what may block on a thread for that.
pub(crate) async fn off_the_runtime<T: Send + 'static>(
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = task::spawn_blocking(act).await;
    // Its words may hold those of a panic, which are not ours.
    done.map_err(|_| Error::Client("a thread that touches files has ended without an answer".to_owned()))
}
