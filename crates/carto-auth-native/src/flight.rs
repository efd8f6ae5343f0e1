//! One renewal for everybody in a process: the first who needs a token leads, the others follow.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use carto_auth_core::{AccessToken, Error, Generation};

use crate::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Where renewals take off. It knows nothing of threads or tasks: a follower can be waited for by either.
#[derive(Clone, Default, Debug)]
pub struct Flight(Arc<Mutex<Option<Arc<Trip>>>>);

/// One renewal. Whoever waits for it holds it, so that the next one changes nothing here.
#[derive(Default, Debug)]
struct Trip {
    generation: Generation,
    state: Mutex<State>,
    landed: Condvar,
}

#[derive(Default, Debug)]
struct State {
    has_landed: bool,
    /// What it came to; `None` if its leader had nothing to say.
    outcome: Option<Result<AccessToken, Error>>,
    wakers: BTreeMap<u64, Waker>,
    last_seat: u64,
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
/// look again.
#[derive(Debug)]
pub struct Leader {
    flight: Flight,
    trip: Arc<Trip>,
}

/// Waits for a renewal, as a thread ([`wait`](Self::wait)) or as a future.
#[derive(Debug)]
pub struct Follower {
    trip: Arc<Trip>,
    generation: Generation,
    seat: u64,
}

/// What a renewal came to, for one who waited.
#[derive(Clone, Debug)]
pub enum Landed {
    /// A token, or why there is none.
    Outcome(Result<AccessToken, Error>),
    /// The leader went away, or renewed for a login before this one: look again.
    Unknown,
}

impl Flight {
    /// Leads if nobody does, and follows otherwise. The generation is that of the caller's session: what was asked for
    /// before a login or logout is no outcome for somebody after it.
    pub fn join(&self, generation: Generation) -> Role {
        let mut current = lock(&self.0);
        if let Some(trip) = &*current {
            return Role::Follow(Follower::new(trip, generation));
        }
        let trip = Arc::new(Trip {
            generation,
            ..Trip::default()
        });
        *current = Some(Arc::clone(&trip));
        let flight = self.clone();
        Role::Lead(Leader { flight, trip })
    }

    /// One who waits for the renewal that is under way, if one is.
    #[must_use]
    pub fn follower(&self) -> Option<Follower> {
        lock(&self.0)
            .as_ref()
            .map(|trip| Follower::new(trip, trip.generation))
    }
}

impl Leader {
    /// Tells everybody what the renewal came to, and gives it back.
    ///
    /// # Errors
    /// The one that was handed in.
    pub fn land(self, outcome: Result<AccessToken, Error>) -> Result<AccessToken, Error> {
        lock(&self.trip.state).outcome = Some(outcome.clone());
        outcome
    }

    /// One who waits for this renewal.
    #[must_use]
    pub fn follower(&self) -> Follower {
        Follower::new(&self.trip, self.trip.generation)
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        *lock(&self.flight.0) = None;
        let mut state = lock(&self.trip.state);
        state.has_landed = true;
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        self.trip.landed.notify_all();
        wakers.into_values().for_each(Waker::wake);
    }
}

impl Follower {
    fn new(trip: &Arc<Trip>, generation: Generation) -> Self {
        let mut state = lock(&trip.state);
        state.last_seat += 1;
        Self {
            trip: Arc::clone(trip),
            generation,
            seat: state.last_seat,
        }
    }

    /// Waits, `patience` at most; `None` if that was not enough.
    #[must_use]
    pub fn wait(&self, patience: Duration) -> Option<Landed> {
        let (state, _) = self
            .trip
            .landed
            .wait_timeout_while(lock(&self.trip.state), patience, |state| !state.has_landed)
            .unwrap_or_else(PoisonError::into_inner);
        self.landed(&state)
    }

    fn landed(&self, state: &State) -> Option<Landed> {
        let is_ours = self.generation == self.trip.generation;
        state.has_landed.then(|| match &state.outcome {
            Some(outcome) if is_ours => Landed::Outcome(outcome.clone()),
            _ => Landed::Unknown,
        })
    }
}

impl Future for Follower {
    type Output = Landed;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed> {
        let mut state = lock(&self.trip.state);
        match self.landed(&state) {
            Some(landed) => Poll::Ready(landed),
            None => {
                state.wakers.insert(self.seat, cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        lock(&self.trip.state).wakers.remove(&self.seat);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole after every change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
