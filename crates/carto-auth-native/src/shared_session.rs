//! The session that the threads of a process share, and through its store the processes of a machine.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Endpoints, Error, Freshness, Generation, Identity, M2mCredentials, Plan,
    Renewal, Session, Step, TokenGrant, TokenRecord, TokenRequest, UnderLock,
};

use crate::clock::now;
use crate::randomness::jitter;
use crate::store::{Forget, LockedTokens, NoStore, StoreError, TokenStore};

/// A [`Session`] with its store. What it does is short and without network; the driver does the rest between
/// [`renew`](Self::renew) and [`Asking::finish`].
#[derive(Debug)]
pub struct SharedSession {
    session: Mutex<Session>,
    store: Box<dyn TokenStore>,
    identity: Option<Identity>,
}

/// How long the store's lock is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// What comes of a renewal.
#[must_use]
pub enum Next<'a> {
    /// The token is there: another thread or process has renewed it.
    Token(AccessToken),
    /// CARTO must be asked: drive the step to its end and tell [`Asking::finish`].
    Ask(Asking<'a>, Step<TokenRequest>),
}

/// A renewal under way; the store's lock is held until it is finished or dropped.
#[must_use = "the renewal ends with finish"]
pub struct Asking<'a> {
    shared: &'a SharedSession,
    locked: Option<Box<dyn LockedTokens>>,
    generation: Generation,
}

impl SharedSession {
    /// A machine's session.
    #[must_use]
    pub fn machine(credentials: M2mCredentials, endpoints: Endpoints, store: Box<dyn TokenStore>) -> Self {
        Self::new(Session::machine(credentials, endpoints, jitter()), store)
    }

    /// A person's session; `identity` says whose logins count.
    #[must_use]
    pub fn person(identity: Identity, endpoints: Endpoints, store: Box<dyn TokenStore>) -> Self {
        Self::new(Session::person(identity, endpoints, jitter()), store)
    }

    /// The session of a token that was given.
    #[must_use]
    pub fn given(api_base_url: ApiBaseUrl, token: AccessToken) -> Self {
        Self::new(Session::given(api_base_url, token), Box::new(NoStore))
    }

    fn new(session: Session, store: Box<dyn TokenStore>) -> Self {
        let identity = session.identity().cloned();
        Self {
            session: Mutex::new(session),
            store,
            identity,
        }
    }

    /// Where the account's APIs are, as far as it is known without asking CARTO.
    #[must_use]
    pub fn api_base_url(&self) -> Option<ApiBaseUrl> {
        let known = self.session().api_base_url().cloned();
        known.or_else(|| {
            let _ = self.plan(Freshness::default());
            self.session().api_base_url().cloned()
        })
    }

    /// Whose session it is; `None` for a token that was given.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Says what to do when a token is wanted. Memory is asked first; the store is read, without a lock, only when
    /// memory has nothing to hand out.
    #[must_use]
    pub fn plan(&self, freshness: Freshness) -> Plan {
        let plan = self.session().plan(freshness, now());
        let (Plan::Refresh | Plan::LogIn(_), Some(identity)) = (&plan, &self.identity) else {
            return plan;
        };
        let record = self.store.load(identity);
        let mut session = self.session();
        session.adopt(record);
        let plan = session.plan(freshness, now());
        if matches!(plan, Plan::Use(_) | Plan::UseAndRefresh(_)) {
            log::info!("the token comes from the cache");
        }
        plan
    }

    /// The last token that memory or the store knows, whether or not it is still good.
    #[must_use]
    pub fn last_token(&self) -> Option<AccessToken> {
        // Planning reads the store when memory has nothing good.
        let _ = self.plan(Freshness::default());
        self.session().last_token().cloned()
    }

    /// Takes the store's lock and reads it again; what it holds then decides whether CARTO must be asked.
    ///
    /// Let one thread at a time do this: the lock is between processes.
    ///
    /// # Errors
    /// When the session has nothing to ask with.
    pub fn renew(&self, freshness: Freshness) -> Result<Next<'_>, Error> {
        let mut locked = self.lock();
        let read = UnderLock::read(locked.as_mut().and_then(|locked| locked.load()));
        let is_contended = locked.as_ref().is_some_and(|locked| locked.is_contended());
        let mut session = self.session();
        match session.renew(read, freshness, now())? {
            Renewal::Found(token) => Ok(Next::Token(token)),
            // A second token of a machine harms nobody; a refresh token that is spent twice ends the session.
            Renewal::Ask(..) if is_contended && session.spends_refresh_token() => Err(Error::Busy),
            Renewal::Ask(step, generation) => {
                let shared = self;
                let asking = Asking {
                    shared,
                    locked,
                    generation,
                };
                Ok(Next::Ask(asking, step))
            }
        }
    }

    /// True when another token can be had without a person, as far as memory and the store know.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        let _ = self.plan(Freshness::default());
        self.session().is_renewable()
    }

    /// Takes the token of a new login, here and in the store.
    #[must_use]
    pub fn log_in(&self, grant: TokenGrant) -> AccessToken {
        let mut locked = self.lock();
        let (token, record) = self.session().publish_login(grant);
        save(locked.as_mut(), record.as_ref());
        token
    }

    /// Notes where the APIs of a token's account are, here and in the store, if it is still the current token: a login
    /// that has come since, of this process or another, has an account of its own.
    pub fn learn_api_base_url(&self, token: &AccessToken, api_base_url: ApiBaseUrl) {
        let mut locked = self.lock();
        let read = locked.as_mut().and_then(|locked| locked.load());
        let mut session = self.session();
        session.adopt(read);
        let record = session.learn_api_base_url(token, api_base_url);
        drop(session);
        save(locked.as_mut(), record.as_ref());
    }

    /// Forgets a token that an API refused (401), here and in the store, if it is still the current one. Says
    /// whether it was.
    pub fn reject(&self, token: &AccessToken) -> bool {
        let was_current = self.session().reject(token);
        if was_current
            && let Some(mut locked) = self.lock()
            && let Err(error) = locked.forget(Forget::Token(token))
        {
            log::warn!("{error}");
        }
        was_current
    }

    /// Forgets the token here and in the store, and says where it was kept.
    ///
    /// # Errors
    /// When the store still holds it.
    pub fn log_out(&self) -> Result<Vec<PathBuf>, Error> {
        let mut locked = match &self.identity {
            Some(identity) if !self.store.holds_nothing(identity) => {
                Some(self.store.lock(identity, LOCK_PATIENCE)?)
            }
            _ => None,
        };
        // A renewal that is under way belongs to the generation before, and cannot bring its token back.
        self.session().log_out();
        Ok(locked
            .as_mut()
            .map_or_else(|| Ok(Vec::new()), |locked| locked.forget(Forget::Everything))?)
    }

    fn lock(&self) -> Option<Box<dyn LockedTokens>> {
        without_cache(self.store.lock(self.identity.as_ref()?, LOCK_PATIENCE))
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        // The session is a value that is whole after every call, so a panic elsewhere leaves nothing broken.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// Ends the renewal with what CARTO said. A granted token is handed out whether or not the store can keep it.
    ///
    /// # Errors
    /// The one that was handed in.
    pub fn finish(mut self, outcome: Result<TokenGrant, Error>) -> Result<AccessToken, Error> {
        let mut session = self.shared.session();
        match outcome {
            Ok(grant) => {
                let (token, record) = session.publish(grant, self.generation);
                drop(session);
                log::info!("CARTO granted a new token");
                save(self.locked.as_mut(), record.as_ref());
                Ok(token)
            }
            Err(error) => {
                let record = session.failed(&error, now());
                drop(session);
                save(self.locked.as_mut(), record.as_ref());
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Asking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking(..)")
    }
}

impl std::fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(token) => f.debug_tuple("Token").field(token).finish(),
            Self::Ask(..) => f.write_str("Ask(..)"),
        }
    }
}

fn save(locked: Option<&mut Box<dyn LockedTokens>>, record: Option<&TokenRecord>) {
    if let (Some(locked), Some(record)) = (locked, record) {
        without_cache(locked.save(record));
    }
}

fn without_cache<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| log::warn!("{error}; the token is not cached"))
        .ok()
}
