//! The Data Warehouse's credentials that the threads of a process share. They are in no store.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use carto_auth_core::{
    AccessToken, ApiBaseUrl, CartoDwCredentials, CartoDwMemory, Error, Freshness, Identity, Plan, Remedy,
};

use crate::clock::now;
use crate::flight::{Flight, Follower, Landed, Leader, Role};
use crate::shared_session::SharedSession;

/// What a session knows of the Data Warehouse.
#[derive(Default, Debug)]
pub(crate) struct SharedCartoDw {
    flight: Flight<CartoDwCredentials>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    memory: CartoDwMemory,
    /// When its credentials were asked for, by the clock that nobody sets.
    since: Instant,
    /// A new access token that was refused like the one before it, and when.
    refused: Option<(AccessToken, Instant)>,
}

/// How long a new access token that is refused, too, is not replaced by yet another: a machine's are counted.
const PAUSE: Duration = Duration::from_secs(5 * 60);

/// What is to be done for the credentials. None of it touches files.
#[must_use]
#[derive(Debug)]
pub enum NextCartoDw {
    /// They are here, from memory.
    Credentials(CartoDwCredentials),
    /// CARTO must be asked: tell [`AskingCartoDw::finish`] what it said.
    Ask(AskingCartoDw),
    /// Somebody else asks: wait, and then see [`SharedSession::carto_dw_outcome`].
    Wait(Follower<CartoDwCredentials>),
}

/// A question for everybody. One that is dropped sends those who wait to look again.
#[must_use = "the question ends with finish"]
#[derive(Debug)]
pub struct AskingCartoDw {
    shared: Arc<SharedSession>,
    leader: Leader<CartoDwCredentials>,
    token: AccessToken,
    since: Instant,
}

impl SharedSession {
    /// Keeps the Data Warehouse's credentials for this long instead of 5 minutes; 55 minutes at most, with zero not at
    /// all.
    #[must_use]
    pub fn with_carto_dw_lifetime(self, lifetime: Duration) -> Self {
        self.carto_dw.state().memory = CartoDwMemory::new(lifetime);
        self
    }

    /// Says what to do for credentials that are as new as is wanted. `token` is the access token that the session has
    /// just given; if it has another one by now, that one counts.
    pub fn carto_dw(self: &Arc<Self>, token: &AccessToken, freshness: Freshness) -> NextCartoDw {
        let current = || self.token_in_memory().unwrap_or_else(|| token.clone());
        let recall = |token: &AccessToken| {
            let state = self.carto_dw.state();
            state
                .memory
                .recall(token, freshness, now(), state.since.elapsed())
        };
        if let Some(kept) = recall(&current()) {
            return NextCartoDw::Credentials(kept);
        }
        let leader = match self.carto_dw.flight.join(self.generation()) {
            Role::Follow(follower) => return NextCartoDw::Wait(follower),
            Role::Lead(leader) => leader,
        };
        let token = current();
        // The last leader may have landed just before this one took off.
        match recall(&token) {
            Some(kept) => NextCartoDw::Credentials(kept),
            None => NextCartoDw::Ask(AskingCartoDw {
                shared: Arc::clone(self),
                leader,
                token,
                since: Instant::now(),
            }),
        }
    }

    /// What a question that somebody else asked means for one who waited for it; `None` means to look again.
    #[must_use]
    pub fn carto_dw_outcome(
        &self,
        landed: Landed<CartoDwCredentials>,
        freshness: Freshness,
    ) -> Option<Result<CartoDwCredentials, Error>> {
        match landed {
            Landed::Outcome(Ok(credentials)) => self
                .are_current(&credentials, freshness)
                .then_some(Ok(credentials)),
            Landed::Outcome(Err(error)) => Some(Err(error)),
            Landed::Unknown => None,
        }
    }

    /// Where the APIs of a token's account are, by memory alone: `None` when nobody knows, or a person has logged in since,
    /// whose account is another.
    #[must_use]
    pub fn api_base_url_of(&self, token: &AccessToken) -> Option<ApiBaseUrl> {
        let session = self.session();
        let is_person = session.identity().is_some_and(Identity::is_person);
        let is_current = || {
            session
                .last_token()
                .is_some_and(|current| current.secret() == token.secret())
        };
        session
            .api_base_url()
            .filter(|_| !is_person || is_current())
            .cloned()
    }

    /// Forgets credentials that an API refused, if they are still the ones that are kept. Says whether they were.
    pub fn reject_carto_dw(&self, credentials: &CartoDwCredentials) -> bool {
        self.carto_dw.state().memory.reject(credentials)
    }

    fn are_current(&self, credentials: &CartoDwCredentials, freshness: Freshness) -> bool {
        let token = self.token_in_memory();
        token.is_some_and(|token| credentials.are_for(&token, freshness))
    }

    fn token_in_memory(&self) -> Option<AccessToken> {
        match self.plan_in_memory(Freshness::default()) {
            Plan::Use(token) | Plan::UseAndRefresh(token) => Some(token),
            Plan::Refresh | Plan::LogIn(_) => None,
        }
    }
}

impl AskingCartoDw {
    /// One who waits for this question.
    #[must_use]
    pub fn follower(&self) -> Follower<CartoDwCredentials> {
        self.leader.follower()
    }

    /// The access token to ask with.
    #[must_use]
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// True when this failure calls for another access token, once: the first is not taken, and did not itself come in
    /// place of another a while ago. A token that was given has no other.
    #[must_use]
    pub fn wants_another_token(&self, failure: &Error) -> bool {
        let state = self.shared.carto_dw.state();
        let is_second = state
            .refused
            .as_ref()
            .is_some_and(|(refused, at)| refused.secret() == self.token.secret() && at.elapsed() < PAUSE);
        matches!(failure, Error::TokenRefused(_)) && !is_second && self.shared.identity().is_some()
    }

    /// The failure that says more: that the access token was refused, or why there is no other one.
    #[must_use]
    pub fn failure(refused: Error, no_other: Error) -> Error {
        match no_other.remedy() {
            Remedy::LogIn => refused,
            _ => no_other,
        }
    }

    /// Ends the question with what CARTO said, for everybody who waits. What it said of a session that is over is handed
    /// out, and not kept.
    ///
    /// # Errors
    /// The one that was handed in. A person whose token is refused must log in: [`Error::SessionEnded`].
    pub fn finish(self, outcome: Result<CartoDwCredentials, Error>) -> Result<CartoDwCredentials, Error> {
        let shared = &self.shared;
        match &outcome {
            Ok(credentials) => {
                // A logout in between forgets what is kept after this.
                let mut state = shared.carto_dw.state();
                let is_current = shared.are_current(credentials, Freshness::default());
                state.refused = None;
                if is_current {
                    state.memory.keep(credentials);
                    state.since = self.since;
                }
            }
            Err(Error::TokenRefused(_)) => {
                let token = shared.token_in_memory();
                shared.carto_dw.state().refused = token.map(|token| (token, Instant::now()));
            }
            Err(_) => {}
        }
        let is_person = shared.identity().is_some_and(Identity::is_person);
        self.leader.land(outcome.map_err(|error| match error {
            Error::TokenRefused(refusal) if is_person => Error::SessionEnded(refusal),
            other => other,
        }))
    }
}

impl SharedCartoDw {
    /// Forgets the credentials with the session that they came for.
    pub(crate) fn forget(&self) {
        self.state().memory.forget();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is guarded is whole after every change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            memory: CartoDwMemory::default(),
            since: Instant::now(),
            refused: None,
        }
    }
}

#[cfg(test)]
#[path = "shared_carto_dw_tests.rs"]
mod tests;
