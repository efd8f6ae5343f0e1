//! How a token is had: from memory, from the store, by a renewal that one thread leads, or by a login where that is allowed.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use carto_auth_core::{AccessToken, Error, Freshness, Plan, Remedy};
use carto_auth_native::{Leader, Next, Role, Urgency};

use crate::carto_auth::{CartoAuth, lock};
use crate::drive::drive;

/// How long somebody waits for a renewal that another thread leads: a lock and a flow, and a little more.
const FOLLOWERS_PATIENCE: Duration = Duration::from_secs(105);

impl CartoAuth {
    pub(crate) fn token(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        let attempts = self.0.login_attempts.load(Ordering::Acquire);
        self.token_without_login(freshness)
            .or_else(|error| self.log_in_if_allowed(freshness, attempts, error))
    }

    pub(crate) fn token_without_login(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        loop {
            match self.0.session.plan(freshness) {
                Plan::Use(token) => return Ok(token),
                Plan::UseAndRefresh(token) => {
                    if let Role::Lead(leader) = self.0.flight.join(self.0.session.generation()) {
                        self.renew_behind(leader);
                    }
                    return Ok(token);
                }
                Plan::Refresh => match self.0.flight.join(self.0.session.generation()) {
                    Role::Lead(leader) => return leader.land(self.renew(freshness, Urgency::Now)),
                    Role::Follow(follower) => {
                        let landed = follower.wait(FOLLOWERS_PATIENCE).ok_or(Error::Busy)?;
                        if let Some(outcome) = self.0.session.outcome(landed, freshness) {
                            return outcome;
                        }
                    }
                },
                Plan::LogIn(error) => return Err(error),
            }
        }
    }

    /// Renews on a thread of its own, while everybody uses the present token.
    fn renew_behind(&self, leader: Leader) {
        let auth = self.clone();
        let renewal = move || {
            if let Err(error) = auth.renew(Freshness::default(), Urgency::Early) {
                auth.0.session.note_early_failure(&error);
            }
            // Whoever has no good token by now looks again, and tries with more patience.
            drop(leader);
        };
        if let Err(error) = thread::Builder::new()
            .name("carto-auth-renewal".to_owned())
            .spawn(renewal)
        {
            log::warn!("no thread can be started to renew the token: {error}");
        }
    }

    /// After a failure that only a person can mend, if the program allows a login here. A good token that does not live
    /// as long as was asked is no reason for one.
    fn log_in_if_allowed(
        &self,
        freshness: Freshness,
        attempts: u64,
        error: Error,
    ) -> Result<AccessToken, Error> {
        let needs_login = error.remedy() == Remedy::LogIn && !matches!(error, Error::NotRenewable);
        let Some(options) = self.0.when_needed.as_ref().filter(|_| needs_login) else {
            return Err(error);
        };
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

    fn renew(&self, freshness: Freshness, urgency: Urgency) -> Result<AccessToken, Error> {
        match self.0.session.renew(freshness, urgency)? {
            Next::Token(token) => Ok(token),
            Next::Ask(asking, step) => asking.finish(drive(self.agent(), step)),
        }
    }
}
