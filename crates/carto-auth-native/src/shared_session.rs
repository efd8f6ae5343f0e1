//! The session that the threads of a process share, and through its store the processes of a machine.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use carto_auth_core::{
    AccessToken, ApiBaseUrl, Endpoints, Error, Freshness, Generation, Identity, M2mCredentials, Plan, Ready,
    Renewal, Session, Step, TokenRecord, TokenRequest, UnderLock,
};
use log::Level;

use crate::asking::{Asking, in_time, without_cache};
use crate::clock::{coarse_now, now};
use crate::flight::Landed;
use crate::held::{Held, Urgency, hold_of, must_not_ask};
use crate::randomness::jitter;
use crate::shared_carto_dw::SharedCartoDw;
use crate::store::{LockedTokens, NoStore, StoreError, TokenStore};

/// A [`Session`] with its store. What it does is short and without network; the driver does the rest between
/// [`renew`](Self::renew) and [`Asking::finish`].
#[derive(Debug)]
pub struct SharedSession {
    session: Mutex<Session>,
    /// What the session has ready, where nobody waits for anybody.
    ready: ArcSwapOption<Ready>,
    pub(crate) store: Box<dyn TokenStore>,
    pub(crate) identity: Option<Identity>,
    /// The store has held this session's token: if it holds none any more, somebody has logged out.
    was_stored: AtomicBool,
    pub(crate) carto_dw: SharedCartoDw,
}

/// How long the store's lock is waited for.
pub(crate) const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// What comes of a renewal.
#[must_use]
pub enum Next {
    /// The token is there: another thread or process has renewed it.
    Token(AccessToken),
    /// CARTO must be asked: drive the step to its end and tell [`Asking::finish`].
    Ask(Asking, Step<TokenRequest>),
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
            ready: ArcSwapOption::from_pointee(session.ready()),
            session: Mutex::new(session),
            store,
            identity,
            was_stored: AtomicBool::new(false),
            carto_dw: SharedCartoDw::default(),
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

    /// The token that is to be used as it is, without waiting for anybody; `None` where [`plan`](Self::plan) has to decide.
    #[must_use]
    #[inline]
    pub fn ready_token(&self, freshness: Freshness) -> Option<AccessToken> {
        let ready = self.ready.load();
        ready.as_ref()?.token(freshness, coarse_now()).cloned()
    }

    /// Says what to do when a token is wanted, by memory alone.
    #[must_use]
    pub fn plan_in_memory(&self, freshness: Freshness) -> Plan {
        self.session().plan(freshness, now())
    }

    /// Says what to do when a token is wanted. Memory is asked first; the store is read, without a lock, only when
    /// memory has nothing to hand out.
    #[must_use]
    pub fn plan(&self, freshness: Freshness) -> Plan {
        let plan = self.plan_in_memory(freshness);
        let (Plan::Refresh | Plan::LogIn(_), Some(identity)) = (&plan, &self.identity) else {
            return plan;
        };
        let state = |session: &Session| {
            let token = session.last_token().map(|token| token.secret().clone());
            (session.generation(), token)
        };
        let before = state(&self.session());
        let record = self.store.load(identity);
        let mut session = self.session();
        // A login, logout or renewal meanwhile makes what was read out of date.
        if state(&session) == before {
            self.was_stored.fetch_or(record.is_some(), Ordering::Relaxed);
            session.adopt(record, now());
        }
        let plan = session.plan(freshness, now());
        drop(session);
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
    /// When the session has nothing to ask with, must not ask without the lock, or would spend a refresh token whose successor
    /// cannot be kept.
    pub fn renew(self: &Arc<Self>, freshness: Freshness, urgency: Urgency) -> Result<Next, Error> {
        let patience = match urgency {
            Urgency::Now => LOCK_PATIENCE,
            Urgency::Early => Duration::ZERO,
        };
        let mut locked = self.lock(patience);
        let record = locked.as_mut().and_then(|locked| locked.load());
        let hold = hold_of(locked.as_deref());
        let read = self.seen(record.as_ref());
        // A store that cannot be read is no logout.
        let is_gone = locked.is_some() && self.holds_nothing();
        let somebody_logged_out =
            self.is_person() && is_gone && self.was_stored.swap(false, Ordering::Relaxed);
        let mut session = self.session();
        if somebody_logged_out {
            session.logged_out_elsewhere();
        }
        match session.renew(UnderLock::read(record), freshness, now())? {
            Renewal::Found(token) => Ok(Next::Token(token)),
            Renewal::Ask(_, generation) if must_not_ask(hold, urgency, session.spends_refresh_token()) => {
                session.failed(&Error::Busy, generation, now());
                Err(Error::Busy)
            }
            Renewal::Ask(step, generation) => {
                let spends_refresh_token = session.spends_refresh_token();
                drop(session);
                if spends_refresh_token && let Some(locked) = &mut locked {
                    locked
                        .make_room()
                        .map_err(Error::from)
                        .inspect_err(|error| drop(self.session().failed(error, generation, now())))?;
                }
                let shared = Arc::clone(self);
                let asking = Asking {
                    shared,
                    locked,
                    read,
                    generation,
                };
                Ok(Next::Ask(asking, step))
            }
        }
    }

    /// Logs that an early renewal failed. That another process is at it is no failure.
    pub fn note_early_failure(&self, error: &Error) {
        let level = match error {
            Error::Busy => Level::Info,
            _ => Level::Warn,
        };
        log::log!(level, "the token is good, but cannot be renewed: {error}");
    }

    /// What a record says of its store, or the lack of one.
    pub(crate) fn seen(&self, record: Option<&TokenRecord>) -> Held {
        match record {
            Some(record) => Held::Token(record.access_token().clone()),
            None if self.holds_nothing() => Held::Nothing,
            None => Held::Unknown,
        }
    }

    fn holds_nothing(&self) -> bool {
        let identity = self.identity.as_ref();
        identity.is_some_and(|identity| self.store.holds_nothing(identity))
    }

    pub(crate) fn is_person(&self) -> bool {
        self.identity.as_ref().is_some_and(Identity::is_person)
    }

    /// True when another token can be had without a person, as far as memory and the store know.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        let _ = self.plan(Freshness::default());
        self.session().is_renewable()
    }

    /// Which login this is, counted.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.session().generation()
    }

    /// What a renewal that others led means for somebody who waited for it; `None` means to look again.
    #[must_use]
    pub fn outcome(&self, landed: Landed, freshness: Freshness) -> Option<Result<AccessToken, Error>> {
        let Landed::Outcome(outcome) = landed else {
            return None;
        };
        match (self.plan_in_memory(freshness), outcome) {
            // The leader may have wanted more of a token than this caller does.
            (Plan::Use(token) | Plan::UseAndRefresh(token), _) => Some(Ok(token)),
            (_, Err(error)) => Some(Err(error)),
            // No token lives longer than this one, unless it was rejected or replaced meanwhile.
            (_, Ok(token)) if freshness.takes_any_new() && self.is_current(&token) => {
                in_time(token).ok().map(Ok)
            }
            _ => None,
        }
    }

    fn is_current(&self, token: &AccessToken) -> bool {
        let session = self.session();
        session
            .last_token()
            .is_some_and(|current| current.secret() == token.secret())
    }

    pub(crate) fn lock(&self, patience: Duration) -> Option<Box<dyn LockedTokens>> {
        without_cache(self.store.lock(self.identity.as_ref()?, patience))
    }

    pub(crate) fn save(&self, locked: Option<&mut Box<dyn LockedTokens>>, record: Option<&TokenRecord>) {
        without_cache(self.try_to_save(locked, record));
    }

    /// Says whether the store has it afterwards; one may keep nothing by design.
    pub(crate) fn try_to_save(
        &self,
        locked: Option<&mut Box<dyn LockedTokens>>,
        record: Option<&TokenRecord>,
    ) -> Result<bool, StoreError> {
        let (Some(locked), Some(record)) = (locked, record) else {
            return Ok(false);
        };
        locked.save(record)?;
        let is_stored = locked.load().is_some();
        self.was_stored.fetch_or(is_stored, Ordering::Relaxed);
        Ok(is_stored)
    }

    pub(crate) fn session(&self) -> SessionGuard<'_> {
        SessionGuard {
            // The session is a value that is whole after every call, so a panic elsewhere leaves nothing broken.
            session: self.session.lock().unwrap_or_else(PoisonError::into_inner),
            ready: &self.ready,
            is_changed: false,
        }
    }
}

/// The session for one thread. What it has ready afterwards is out before the next thread gets it.
pub(crate) struct SessionGuard<'a> {
    session: MutexGuard<'a, Session>,
    ready: &'a ArcSwapOption<Ready>,
    is_changed: bool,
}

impl Deref for SessionGuard<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for SessionGuard<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.is_changed = true;
        &mut self.session
    }
}

impl Drop for SessionGuard<'_> {
    fn drop(&mut self) {
        if self.is_changed {
            self.ready.store(self.session.ready().map(Arc::new));
        }
    }
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(token) => f.debug_tuple("Token").field(token).finish(),
            Self::Ask(..) => f.write_str("Ask(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use carto_auth_core::{Secret, Timestamp};

    use super::*;
    use crate::memory_store::MemoryStore;

    #[test]
    fn a_token_that_ended_while_its_followers_slept_is_not_handed_to_them() {
        let machine = M2mCredentials::new("https://a.example", "id", "s").unwrap();
        let endpoints = Endpoints::carto();
        let identity = Identity::machine(&machine, &endpoints);
        for (life, is_handed_out) in [(3600, true), (0, false)] {
            let end = now().as_unix_seconds() + life;
            let file = format!(
                r#"{{"api_base_url":"https://a.example","access_token":"t","version":1,"expires_at":{end},
                "client_id":"id","token_url":"{}","audience":"{}"}}"#,
                endpoints.token_url(),
                endpoints.audience(),
            );
            let record = TokenRecord::decode(file.as_bytes(), &|_| 0).unwrap();
            let store = MemoryStore::default();
            let mut locked = store.lock(&identity, Duration::ZERO).unwrap();
            locked.save(&record).unwrap();
            drop(locked);
            let shared = SharedSession::machine(machine.clone(), endpoints.clone(), Box::new(store));
            assert!(shared.last_token().is_some());
            let token = AccessToken::new(Secret::new("t"), Some(Timestamp::from_unix_seconds(end))).unwrap();
            let outcome = shared.outcome(Landed::Outcome(Ok(token)), Freshness::default());
            assert_eq!(outcome.is_some(), is_handed_out, "{life}");
        }
    }
}
