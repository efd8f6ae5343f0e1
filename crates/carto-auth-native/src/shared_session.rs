//! The session that the threads of a process share, and through its store the processes of a machine.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carto_auth_core::{
    AccessToken, ApiBaseUrl, Endpoints, Error, Freshness, Identity, M2mCredentials, Plan, Renewal, Session,
    Step, TokenGrant, TokenRequest, UnderLock,
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
    api_base_url: ApiBaseUrl,
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
}

impl SharedSession {
    /// A machine's session.
    #[must_use]
    pub fn machine(credentials: M2mCredentials, endpoints: Endpoints, store: Box<dyn TokenStore>) -> Self {
        Self::new(Session::machine(credentials, endpoints, jitter()), store)
    }

    /// The session of a token that was given.
    #[must_use]
    pub fn given(api_base_url: ApiBaseUrl, token: AccessToken) -> Self {
        Self::new(Session::given(api_base_url, token), Box::new(NoStore))
    }

    fn new(session: Session, store: Box<dyn TokenStore>) -> Self {
        let api_base_url = session.api_base_url().clone();
        let identity = session.identity().cloned();
        Self {
            session: Mutex::new(session),
            store,
            api_base_url,
            identity,
        }
    }

    /// Where the account's APIs are.
    #[must_use]
    pub fn api_base_url(&self) -> &ApiBaseUrl {
        &self.api_base_url
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
        let (Plan::Refresh, Some(identity)) = (&plan, &self.identity) else {
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

    /// Takes the store's lock and reads it again; what it holds then decides whether CARTO must be asked.
    ///
    /// Let one thread at a time do this: the lock is between processes.
    ///
    /// # Errors
    /// When the session has nothing to ask with.
    pub fn renew(&self, freshness: Freshness) -> Result<Next<'_>, Error> {
        let mut locked = self.lock();
        let read = UnderLock::read(locked.as_mut().and_then(|locked| locked.load()));
        match self.session().renew(read, freshness, now())? {
            Renewal::Found(token) => Ok(Next::Token(token)),
            Renewal::Ask(step) => Ok(Next::Ask(Asking { shared: self, locked }, step)),
        }
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
            Some(identity) => Some(self.store.lock(identity, LOCK_PATIENCE)?),
            None => None,
        };
        // Under the lock: a renewal that was under way has ended, and cannot bring its token back.
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
                let (token, record) = session.publish(grant);
                drop(session);
                log::info!("CARTO granted a new token");
                if let (Some(locked), Some(record)) = (&mut self.locked, &record) {
                    without_cache(locked.save(record));
                }
                Ok(token)
            }
            Err(error) => {
                session.failed(&error, now());
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

fn without_cache<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| log::warn!("{error}; the token is not cached"))
        .ok()
}
