//! What a login, a logout and a token that an API refuses do to a session and its store.

use std::path::PathBuf;

use carto_auth_core::{AccessToken, ApiBaseUrl, Error, TokenGrant};

use crate::clock::now;
use crate::held::hold_of;
use crate::shared_session::{LOCK_PATIENCE, SharedSession};
use crate::store::{Forget, Hold, StoreError};

impl SharedSession {
    /// Takes the token of a new login, here and in the store, and says whether the latter has it
    /// ([`LoginOptions::accept`](crate::LoginOptions::accept) tells what that means).
    pub fn log_in(&self, grant: TokenGrant) -> (AccessToken, Result<bool, StoreError>) {
        let locked = self
            .identity
            .as_ref()
            .map(|identity| self.store.lock(identity, LOCK_PATIENCE));
        let (mut locked, unlocked) = match locked {
            Some(Ok(locked)) => (Some(locked), Ok(())),
            Some(Err(error)) => (None, Err(error)),
            None => (None, Ok(())),
        };
        let before = locked.as_mut().and_then(|locked| locked.load());
        let mut session = self.session();
        // What is known before the login is no news after it, should the store not take the new one.
        session.adopt(before, now());
        let (token, record) = session.publish_login(grant);
        drop(session);
        self.carto_dw.forget();
        let kept = unlocked.and_then(|()| self.try_to_save(locked.as_mut(), record.as_ref()));
        (token, kept)
    }

    /// Notes where the APIs of a token's account are, here and in the store, if it is still the current token: a login
    /// that has come since, of this process or another, has an account of its own.
    pub fn learn_api_base_url(&self, token: &AccessToken, api_base_url: ApiBaseUrl) {
        let mut locked = self.lock(LOCK_PATIENCE);
        let read = locked.as_mut().and_then(|locked| locked.load());
        let mut session = self.session();
        session.adopt(read, now());
        let record = session.learn_api_base_url(token, api_base_url);
        drop(session);
        // This could undo what the holder of the lock has just saved; the next process asks again.
        let locked = locked.as_mut().filter(|locked| locked.hold() != Hold::Contended);
        self.save(locked, record.as_ref());
    }

    /// Forgets a token that an API refused (401), here and in the store, if it is still the current one. Says
    /// whether it was.
    pub fn reject(&self, token: &AccessToken) -> bool {
        let was_current = self.session().reject(token);
        if was_current {
            self.carto_dw.forget();
        }
        // A record that is rewritten could undo what the holder of the lock has just saved.
        if was_current
            && let Some(mut locked) = self.lock(LOCK_PATIENCE)
            && locked.hold() != Hold::Contended
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
            Some(identity) if !self.store.holds_nothing(identity) || self.store.has_leftovers(identity) => {
                Some(self.store.lock(identity, LOCK_PATIENCE)?)
            }
            _ => None,
        };
        if hold_of(locked.as_deref()) == Hold::Contended {
            // Whoever holds the lock would write its token after this has removed the last one.
            return Err(Error::Busy);
        }
        // A renewal of this process that is under way belongs to the generation before: its token is not kept.
        self.session().log_out();
        self.carto_dw.forget();
        Ok(locked
            .as_mut()
            .map_or_else(|| Ok(Vec::new()), |locked| locked.forget(Forget::Everything))?)
    }
}
