//! One renewal for everybody in a process: the first who needs a token leads, the others follow.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use carto_auth_core::{AccessToken, Error, Generation};

use crate::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Where renewals take off: of a token, or of what else all want and one asks for. It knows nothing of threads or tasks: a
/// follower can be waited for by either.
#[derive(Debug)]
pub struct Flight<T = AccessToken>(Arc<Mutex<Option<Arc<Trip<T>>>>>);

/// One renewal. Whoever waits for it holds it, so that the next one changes nothing here.
#[derive(Debug)]
struct Trip<T> {
    generation: Generation,
    state: Mutex<State<T>>,
    landed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    has_landed: bool,
    /// What it came to; `None` if its leader had nothing to say.
    outcome: Option<Result<T, Error>>,
    wakers: BTreeMap<u64, Waker>,
    last_seat: u64,
}

/// What a caller is in a renewal.
#[must_use = "a leader that is dropped has given up"]
#[derive(Debug)]
pub enum Role<T = AccessToken> {
    /// The one who renews.
    Lead(Leader<T>),
    /// One who waits.
    Follow(Follower<T>),
}

/// Renews for everybody. One that is dropped without having landed (a panic, a cancelled task) sends its followers to
/// look again.
#[derive(Debug)]
pub struct Leader<T = AccessToken> {
    flight: Flight<T>,
    trip: Arc<Trip<T>>,
}

/// Waits for a renewal, as a thread ([`wait`](Self::wait)) or as a future.
#[derive(Debug)]
pub struct Follower<T = AccessToken> {
    trip: Arc<Trip<T>>,
    generation: Generation,
    seat: u64,
}

/// What a renewal came to, for one who waited.
#[derive(Clone, Debug)]
pub enum Landed<T = AccessToken> {
    /// A token, or why there is none.
    Outcome(Result<T, Error>),
    /// The leader went away, or renewed for a login before this one: look again.
    Unknown,
}

impl<T> Flight<T> {
    /// Leads if nobody does, and follows otherwise. The generation is that of the caller's session: what was asked for
    /// before a login or logout is no outcome for somebody after it.
    pub fn join(&self, generation: Generation) -> Role<T> {
        let mut current = lock(&self.0);
        if let Some(trip) = &*current {
            return Role::Follow(Follower::new(trip, generation));
        }
        let trip = Arc::new(Trip::new(generation));
        *current = Some(Arc::clone(&trip));
        let flight = self.clone();
        Role::Lead(Leader { flight, trip })
    }

    /// Follows the renewal that is under way, if one is, and leads none. The generation is that of the caller's session, as in
    /// [`join`](Self::join).
    #[must_use]
    pub fn follow(&self, generation: Generation) -> Option<Follower<T>> {
        lock(&self.0).as_ref().map(|trip| Follower::new(trip, generation))
    }
}

impl<T> Clone for Flight<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Flight<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

impl<T> Trip<T> {
    fn new(generation: Generation) -> Self {
        let state = State {
            has_landed: false,
            outcome: None,
            wakers: BTreeMap::new(),
            last_seat: 0,
        };
        Self {
            generation,
            state: Mutex::new(state),
            landed: Condvar::default(),
        }
    }
}

impl<T> Leader<T> {
    /// Tells everybody what the renewal came to, and gives it back.
    ///
    /// # Errors
    /// The one that was handed in.
    pub fn land(self, outcome: Result<T, Error>) -> Result<T, Error>
    where
        T: Clone,
    {
        lock(&self.trip.state).outcome = Some(outcome.clone());
        outcome
    }

    /// One who waits for this renewal.
    #[must_use]
    pub fn follower(&self) -> Follower<T> {
        Follower::new(&self.trip, self.trip.generation)
    }
}

impl<T> Drop for Leader<T> {
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

impl<T> Follower<T> {
    fn new(trip: &Arc<Trip<T>>, generation: Generation) -> Self {
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
    pub fn wait(&self, patience: Duration) -> Option<Landed<T>>
    where
        T: Clone,
    {
        let (state, _) = self
            .trip
            .landed
            .wait_timeout_while(lock(&self.trip.state), patience, |state| !state.has_landed)
            .unwrap_or_else(PoisonError::into_inner);
        self.landed(&state)
    }

    fn landed(&self, state: &State<T>) -> Option<Landed<T>>
    where
        T: Clone,
    {
        let is_ours = self.generation == self.trip.generation;
        state.has_landed.then(|| match &state.outcome {
            Some(outcome) if is_ours => Landed::Outcome(outcome.clone()),
            _ => Landed::Unknown,
        })
    }
}

impl<T: Clone> Future for Follower<T> {
    type Output = Landed<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Landed<T>> {
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

impl<T> Drop for Follower<T> {
    fn drop(&mut self) {
        lock(&self.trip.state).wakers.remove(&self.seat);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole after every change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
