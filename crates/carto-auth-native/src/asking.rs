//! A renewal between the moment the store is locked and the one CARTO has answered.

use std::sync::Arc;

use carto_auth_core::{AccessToken, Error, Failed, Freshness, Generation, Plan, TokenGrant};

use crate::clock::now;
use crate::held::Held;
use crate::shared_session::SharedSession;
use crate::store::{Forget, LockedTokens, StoreError};

/// A renewal under way; the store's lock is held until it is finished or dropped.
#[must_use = "the renewal ends with finish"]
pub struct Asking {
    pub(crate) shared: Arc<SharedSession>,
    pub(crate) locked: Option<Box<dyn LockedTokens>>,
    /// What the store held when the renewal began.
    pub(crate) read: Held,
    pub(crate) generation: Generation,
}

impl Asking {
    /// Ends the renewal with what CARTO said. A granted token is handed out whether or not the store can keep it.
    ///
    /// # Errors
    /// The one that was handed in.
    pub fn finish(mut self, outcome: Result<TokenGrant, Error>) -> Result<AccessToken, Error> {
        let found = self.locked.as_mut().and_then(|locked| locked.load());
        // A login or logout goes on without the lock rather than wait for ever.
        let is_as_before = self.read.is_as_before(&self.shared.seen(found.as_ref()));
        let mut session = self.shared.session();
        match outcome {
            Ok(grant) if !is_as_before && self.shared.is_person() => {
                let is_login = found.is_some();
                session.adopt(found, now());
                let plan = session.plan(Freshness::default(), now());
                drop(session);
                log::info!("the session was changed by another process meanwhile");
                match plan {
                    Plan::Use(token) | Plan::UseAndRefresh(token) if is_login => Ok(token),
                    _ => AccessToken::new(grant.access_token, grant.expires_at)
                        .ok_or(Error::NotLoggedIn)
                        .and_then(in_time),
                }
            }
            Ok(grant) => {
                let (token, record) = session.publish(grant, self.generation);
                drop(session);
                log::info!("CARTO granted a new token");
                self.shared.save(self.locked.as_mut(), record.as_ref());
                in_time(token)
            }
            Err(error) => {
                let failed = session.failed(&error, self.generation, now());
                drop(session);
                match (failed, &mut self.locked) {
                    (Failed::Keep(record), locked) if is_as_before => {
                        self.shared.save(locked.as_mut(), Some(&record));
                    }
                    (Failed::Forget, Some(locked)) if is_as_before => {
                        without_cache(locked.forget(Forget::Everything));
                    }
                    _ => {}
                }
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking(..)")
    }
}

/// A token that has not ended on its way here, or while this machine slept.
pub(crate) fn in_time(token: AccessToken) -> Result<AccessToken, Error> {
    match token.expires_at() {
        Some(end) if end <= now() => Err(Error::CameTooLate),
        _ => Ok(token),
    }
}

pub(crate) fn without_cache<T>(result: Result<T, StoreError>) -> Option<T> {
    result
        .inspect_err(|error| log::warn!("{error}; the token is not cached"))
        .ok()
}
