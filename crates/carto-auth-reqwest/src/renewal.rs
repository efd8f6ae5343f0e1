//! How a token is had: from memory, from the store, by a renewal that one task leads, or by a login where that is allowed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use carto_auth_core::{AccessToken, Error, Freshness, Plan, Remedy};
use carto_auth_native::{Follower, Landed, Leader, Next, Role, Urgency};
use tokio::task;
use tokio::time::timeout;

use crate::carto_auth::{CartoAuth, off_the_runtime};
use crate::drive::drive;

/// How long somebody waits for a renewal that another task leads: a lock and a flow, and a little more.
const FOLLOWERS_PATIENCE: Duration = Duration::from_secs(105);

/// What there is for somebody who wants a token.
enum Found {
    Token(AccessToken),
    /// A renewal that was begun for this caller.
    OurRenewal(Follower),
    /// One that was under way.
    Renewal(Follower),
}

impl CartoAuth {
    pub(crate) async fn token(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        let attempts = self.0.login_attempts.load(Ordering::Acquire);
        match self.token_without_login(freshness).await {
            Ok(token) => Ok(token),
            Err(error) => self.log_in_if_allowed(freshness, attempts, error).await,
        }
    }

    pub(crate) async fn token_without_login(&self, freshness: Freshness) -> Result<AccessToken, Error> {
        loop {
            let (follower, is_ours) = match self.token_or_renewal(freshness).await? {
                Found::Token(token) => return Ok(token),
                // Who leads waits as the others do: a caller that is dropped takes nothing from them.
                Found::OurRenewal(follower) => (follower, true),
                Found::Renewal(follower) => (follower, false),
            };
            let landed = timeout(FOLLOWERS_PATIENCE, follower)
                .await
                .map_err(|_| Error::Busy)?;
            match landed {
                Landed::Outcome(outcome) if is_ours => return outcome,
                // To try again would end in the same way.
                Landed::Unknown if is_ours => {
                    return Err(Error::Client(
                        "the renewal has ended without an answer".to_owned(),
                    ));
                }
                landed => {
                    if let Some(outcome) = self.0.session.outcome(landed, freshness) {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Who finds a renewal under way follows it, without a look into the store: it looks there itself.
    async fn token_or_renewal(&self, freshness: Freshness) -> Result<Found, Error> {
        let generation = || self.0.session.generation();
        if matches!(self.0.session.plan_in_memory(freshness), Plan::Refresh)
            && let Some(follower) = self.0.flight.follow(generation())
        {
            return Ok(Found::Renewal(follower));
        }
        match self.plan(freshness).await? {
            Plan::Use(token) => Ok(Found::Token(token)),
            Plan::UseAndRefresh(token) => {
                if let Role::Lead(leader) = self.0.flight.join(generation()) {
                    self.renew_behind(leader, Freshness::default(), Urgency::Early);
                }
                Ok(Found::Token(token))
            }
            Plan::Refresh => Ok(match self.0.flight.join(generation()) {
                Role::Lead(leader) => {
                    let follower = leader.follower();
                    self.renew_behind(leader, freshness, Urgency::Now);
                    Found::OurRenewal(follower)
                }
                Role::Follow(follower) => Found::Renewal(follower),
            }),
            Plan::LogIn(error) => Err(error),
        }
    }

    /// Memory is asked here, the store on another thread, and once for all who ask meanwhile: a thousand tasks do not take a
    /// thread each to read the same file.
    pub(crate) async fn plan(&self, freshness: Freshness) -> Result<Plan, Error> {
        let mut has_waited = false;
        loop {
            let plan = self.0.session.plan_in_memory(freshness);
            if matches!(plan, Plan::Use(_) | Plan::UseAndRefresh(_)) {
                return Ok(plan);
            }
            let (look, is_ours) = match self.0.looks.join(self.0.session.generation()) {
                Role::Lead(leader) => (self.look(leader, freshness), true),
                Role::Follow(follower) => (follower, false),
            };
            // It goes on by itself: a caller who is dropped, or not polled, holds up nobody.
            look.await;
            match self.0.session.plan_in_memory(freshness) {
                // A look that began before this call may have missed a login of the meantime. The next one cannot.
                Plan::LogIn(_) if !is_ours && !has_waited => has_waited = true,
                plan => return Ok(plan),
            }
        }
    }

    fn look(&self, leader: Leader<()>, freshness: Freshness) -> Follower<()> {
        let (session, follower) = (Arc::clone(&self.0.session), leader.follower());
        task::spawn_blocking(move || {
            // What it finds is in memory then.
            let _ = session.plan(freshness);
            drop(leader);
        });
        follower
    }

    /// Renews in a task of its own.
    fn renew_behind(&self, leader: Leader, freshness: Freshness, urgency: Urgency) {
        let auth = self.clone();
        task::spawn(async move {
            match (auth.renew(freshness, urgency).await, urgency) {
                (outcome, Urgency::Now) => drop(leader.land(outcome)),
                // Whoever has no good token by now looks again, and tries with more patience.
                (Err(error), Urgency::Early) => {
                    auth.0.session.note_early_failure(&error);
                }
                (Ok(_), Urgency::Early) => {}
            }
        });
    }

    async fn renew(&self, freshness: Freshness, urgency: Urgency) -> Result<AccessToken, Error> {
        match self
            .with_session(move |session| session.renew(freshness, urgency))
            .await??
        {
            Next::Token(token) => Ok(token),
            Next::Ask(asking, step) => {
                let outcome = drive(&self.0.transport, step).await;
                off_the_runtime(move || asking.finish(outcome)).await?
            }
        }
    }

    /// After a failure that only a person can mend, if the program allows a login here. A good token that does not live
    /// as long as was asked is no reason for one.
    async fn log_in_if_allowed(
        &self,
        freshness: Freshness,
        attempts: u64,
        error: Error,
    ) -> Result<AccessToken, Error> {
        let needs_login = error.remedy() == Remedy::LogIn && !matches!(error, Error::NotRenewable);
        let Some(options) = self.0.when_needed.as_ref().filter(|_| needs_login) else {
            return Err(error);
        };
        let _one_at_a_time = self.0.logging_in.lock().await;
        if let Plan::Use(token) | Plan::UseAndRefresh(token) = self.plan(freshness).await? {
            return Ok(token);
        }
        // Whoever waited for a login that came to nothing does not ask the person again.
        if self.0.login_attempts.load(Ordering::Acquire) != attempts {
            return Err(error);
        }
        let outcome = self.log_in(options).await;
        self.0.login_attempts.fetch_add(1, Ordering::Release);
        match (outcome, self.plan(freshness).await?) {
            // The account may not have been asked for its APIs; the token is good all the same.
            (Err(error), Plan::Use(token) | Plan::UseAndRefresh(token)) => {
                log::warn!("the token is good, but: {error}");
                Ok(token)
            }
            (outcome, _) => outcome,
        }
    }
}
