//! One renewal for everybody in a process: the first who needs a token leads, the others follow.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use carto_auth_core::{AccessToken, Error};

/// Where renewals take off. It knows nothing of threads or tasks: a follower can be waited for by either.
#[derive(Clone, Default, Debug)]
pub struct Flight(Arc<Shared>);

#[derive(Default, Debug)]
struct Shared {
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Default, Debug)]
struct State {
    /// Flights so far, the present one included.
    number: u64,
    is_flying: bool,
    /// What the last flight came to; `None` if its leader went away.
    last: Option<Result<AccessToken, Error>>,
    wakers: Vec<Waker>,
}

/// What a caller is in a renewal.
#[must_use = "a leader that is dropped has given up"]
#[derive(Debug)]
pub enum Role {
    /// The one who renews.
    Lead(Leader),
    /// One who waits.
    Follow(Follower),
}

/// Renews for everybody. One that is dropped without having landed (a panic, a cancelled task) sends its followers to
/// try again.
#[derive(Debug)]
pub struct Leader {
    flight: Flight,
    number: u64,
    outcome: Option<Result<AccessToken, Error>>,
}

/// Waits for a renewal, as a thread ([`wait`](Self::wait)) or as a future.
#[derive(Clone, Debug)]
pub struct Follower {
    flight: Flight,
    number: u64,
}

/// What a renewal came to, for one who waited.
#[derive(Clone, Debug)]
pub enum Landed {
    /// A token, or why there is none.
    Outcome(Result<AccessToken, Error>),
    /// The leader went away, or another renewal has begun meanwhile: look again.
    Unknown,
}

impl Flight {
    /// Leads if nobody does, and follows otherwise.
    pub fn join(&self) -> Role {
        let mut state = self.state();
        if state.is_flying {
            let (flight, number) = (self.clone(), state.number);
            return Role::Follow(Follower { flight, number });
        }
        state.number += 1;
        state.is_flying = true;
        Role::Lead(Leader {
            flight: self.clone(),
            number: state.number,
            outcome: None,
        })
    }

    /// One who waits for the renewal that is under way, if one is.
    #[must_use]
    pub fn follower(&self) -> Option<Follower> {
        let state = self.state();
        state.is_flying.then(|| Follower {
            flight: self.clone(),
            number: state.number,
        })
    }

    /// Waits until no renewal is under way, `patience` at most.
    pub fn settle(&self, patience: Duration) {
        let landed = &self.0.landed;
        let _ = landed.wait_timeout_while(self.state(), patience, |state| state.is_flying);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole after every change.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leader {
    /// Tells everybody what the renewal came to, and gives it back.
    ///
    /// # Errors
    /// The one that was handed in.
    pub fn land(mut self, outcome: Result<AccessToken, Error>) -> Result<AccessToken, Error> {
        self.outcome = Some(outcome.clone());
        outcome
    }

    /// One who waits for this renewal.
    #[must_use]
    pub fn follower(&self) -> Follower {
        Follower {
            flight: self.flight.clone(),
            number: self.number,
        }
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        let mut state = self.flight.state();
        state.is_flying = false;
        state.last = self.outcome.take();
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.flight.0.landed.notify_all();
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Follower {
    /// Waits, `patience` at most; `None` if that was not enough.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> Option<Landed> {
        let is_under_way = |state: &mut State| state.is_flying && state.number == self.number;
        let (state, _) = self
            .flight
            .0
            .landed
            .wait_timeout_while(self.flight.state(), patience, is_under_way)
            .unwrap_or_else(PoisonError::into_inner);
        self.landed(&state)
    }

    fn landed(&self, state: &State) -> Option<Landed> {
        match &state.last {
            _ if state.is_flying && state.number == self.number => None,
            Some(outcome) if state.number == self.number => Some(Landed::Outcome(outcome.clone())),
            _ => Some(Landed::Unknown),
        }
    }
}

impl Future for Follower {
    type Output = Landed;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed> {
        let mut state = self.flight.state();
        match self.landed(&state) {
            Some(landed) => Poll::Ready(landed),
            None => {
                if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
                    state.wakers.push(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn token() -> AccessToken {
        AccessToken::new(carto_auth_core::Secret::new("t"), None).unwrap()
    }

    #[test]
    fn the_first_leads_and_the_others_get_what_it_gets() {
        let flight = Flight::default();
        let Role::Lead(leader) = flight.join() else {
            panic!()
        };
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..4)
                .map(|_| {
                    let Role::Follow(follower) = flight.join() else {
                        panic!()
                    };
                    scope.spawn(move || follower.wait(Duration::from_secs(20)))
                })
                .collect();
            let _ = leader.land(Ok(token()));
            for follower in waiting {
                let landed = follower.join().unwrap();
                assert!(matches!(landed, Some(Landed::Outcome(Ok(_)))), "{landed:?}");
            }
        });
        assert!(matches!(flight.join(), Role::Lead(_)), "the next one leads again");
    }

    #[test]
    fn a_failure_is_shared() {
        let flight = Flight::default();
        let Role::Lead(leader) = flight.join() else {
            panic!()
        };
        let follower = leader.follower();
        let _ = leader.land(Err(Error::NotLoggedIn));
        let landed = follower.wait(Duration::ZERO);
        assert!(
            matches!(landed, Some(Landed::Outcome(Err(Error::NotLoggedIn)))),
            "{landed:?}"
        );
    }

    #[test]
    fn a_leader_that_goes_away_sends_its_followers_to_look_again() {
        let flight = Flight::default();
        let Role::Lead(leader) = flight.join() else {
            panic!()
        };
        let follower = leader.follower();
        assert!(follower.wait(Duration::ZERO).is_none(), "it is still under way");
        let panicked = thread::spawn(move || {
            let _leads = leader;
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(panicked.join().is_err());
        assert!(matches!(follower.wait(Duration::ZERO), Some(Landed::Unknown)));
        assert!(matches!(flight.join(), Role::Lead(_)));
    }
}
