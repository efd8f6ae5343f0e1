//! The single flight of native, compiled against loom's locks: every order in which its threads can meet is tried, as far as
//! a thread is interrupted three times at most and nobody loses patience, and
//! a wake-up that is lost in one of them is a deadlock that loom reports.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../../crates/carto-auth-native/src/flight.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "it is native's; a model does not need all of it"
)]
mod flight;

mod sync {
    use std::sync::LockResult;
    use std::time::Duration;

    pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};
    pub(crate) use std::sync::PoisonError;

    /// Loom's, which knows no time: patience is none or endless.
    #[derive(Default, Debug)]
    pub(crate) struct Condvar(loom::sync::Condvar);

    impl Condvar {
        pub(crate) fn wait_timeout_while<'a, T>(
            &self,
            mut guard: MutexGuard<'a, T>,
            patience: Duration,
            mut condition: impl FnMut(&mut T) -> bool,
        ) -> LockResult<(MutexGuard<'a, T>, ())> {
            while !patience.is_zero() && condition(&mut guard) {
                guard = self.0.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            Ok((guard, ()))
        }

        pub(crate) fn notify_all(&self) {
            self.0.notify_all();
        }
    }
}

use std::time::Duration;

use carto_auth_core::{
    AccessToken, Endpoints, Error, Freshness, Generation, Jitter, M2mCredentials, Plan, Renewal, Secret,
    Session, Step, Timestamp, TokenGrant, TokenRequest, UnderLock,
};
use carto_auth_tests::keep_figures;
use http::Response;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::{future, thread};

use flight::{Flight, Follower, Landed, Role};

const FOR_EVER: Duration = Duration::MAX;

fn token() -> AccessToken {
    AccessToken::new(Secret::new("granted"), None).unwrap()
}

fn leads(flight: &Flight) -> flight::Leader {
    match flight.join(Generation::default()) {
        Role::Lead(leader) => leader,
        Role::Follow(_) => panic!("somebody else leads"),
    }
}

/// Tries every order of events in which a thread is interrupted three times at most, and notes how many there are.
fn in_every_order(name: &str, model: impl Fn() + Sync + Send + 'static) {
    let orders = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&orders);
    let mut every = loom::model::Builder::new();
    every.preemption_bound = Some(3);
    every.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let what = format!("orders of events of the single flight, {name}");
    keep_figures(&format!("flight_{name}"), &[(&what, &format!("{orders:?}"))]).unwrap();
}

#[test]
fn whoever_follows_gets_what_the_leader_lands_with() {
    in_every_order("followers", || {
        let flight = Flight::default();
        let leader = leads(&flight);
        let followers = [leader.follower(), leader.follower()];
        let waiting = followers.map(|follower| thread::spawn(move || follower.wait(FOR_EVER)));
        assert!(leader.land(Ok(token())).is_ok());
        for follower in waiting {
            let landed = follower.join().unwrap();
            assert!(matches!(landed, Some(Landed::Outcome(Ok(_)))));
        }
    });
}

#[test]
fn a_leader_that_goes_away_wakes_threads_and_tasks_alike() {
    in_every_order("leader_goes_away", || {
        let flight = Flight::default();
        let leader = leads(&flight);
        let (thread_like, task_like) = (leader.follower(), leader.follower());
        let waiting = thread::spawn(move || thread_like.wait(FOR_EVER));
        let awaiting = thread::spawn(move || future::block_on(task_like));
        drop(leader);
        assert!(matches!(waiting.join().unwrap(), Some(Landed::Unknown)));
        assert!(matches!(awaiting.join().unwrap(), Landed::Unknown));
        let _next = leads(&flight);
    });
}

#[test]
fn a_follower_that_gives_up_harms_nobody() {
    in_every_order("follower_gives_up", || {
        let flight = Flight::default();
        let leader = leads(&flight);
        let (dropped, patient): (Follower, Follower) = (leader.follower(), leader.follower());
        let dropping = thread::spawn(move || drop(dropped));
        let awaiting = thread::spawn(move || future::block_on(patient));
        assert!(leader.land(Ok(token())).is_ok());
        assert!(matches!(awaiting.join().unwrap(), Landed::Outcome(Ok(_))));
        dropping.join().unwrap();
    });
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000)
}

fn granted(step: Step<TokenRequest>) -> TokenGrant {
    let Step::Send(_, next) = step else { panic!() };
    let reply = br#"{"access_token":"granted","token_type":"Bearer","expires_in":86400}"#;
    match next.resume(Ok(Response::new(reply.to_vec())), now()) {
        Ok(Step::Done(grant)) => grant,
        _ => panic!(),
    }
}

/// The front ends' loop around the session of the core.
struct Front {
    session: Mutex<Session>,
    flight: Flight,
    requests: AtomicUsize,
    /// How many leaders give up before they have asked.
    give_up: AtomicUsize,
}

impl Front {
    fn new(give_up: usize) -> Self {
        let machine = M2mCredentials::new("https://a.carto.com", "id", "secret").unwrap();
        Self {
            session: Mutex::new(Session::machine(machine, Endpoints::carto(), Jitter::new(7))),
            flight: Flight::default(),
            requests: AtomicUsize::new(0),
            give_up: AtomicUsize::new(give_up),
        }
    }

    fn token(&self) -> Result<AccessToken, Error> {
        loop {
            let (plan, generation) = {
                let session = self.session.lock().unwrap();
                (session.plan(Freshness::default(), now()), session.generation())
            };
            let Plan::Refresh = plan else {
                let Plan::Use(token) = plan else { panic!() };
                return Ok(token);
            };
            match self.flight.join(generation) {
                Role::Lead(leader) if self.give_up.swap(0, Ordering::AcqRel) > 0 => drop(leader),
                Role::Lead(leader) => return leader.land(self.renew()),
                Role::Follow(follower) => {
                    if let Some(Landed::Outcome(outcome)) = follower.wait(FOR_EVER) {
                        return outcome;
                    }
                }
            }
        }
    }

    fn renew(&self) -> Result<AccessToken, Error> {
        let renewal =
            self.session
                .lock()
                .unwrap()
                .renew(UnderLock::read(None), Freshness::default(), now())?;
        match renewal {
            Renewal::Found(token) => Ok(token),
            Renewal::Ask(step, generation) => {
                self.requests.fetch_add(1, Ordering::AcqRel);
                Ok(self.session.lock().unwrap().publish(granted(step), generation).0)
            }
        }
    }
}

#[test]
fn however_callers_meet_carto_is_asked_once() {
    for (name, give_up) in [("callers", 0), ("callers_and_a_leader_that_gives_up", 1)] {
        in_every_order(name, move || {
            let front = Arc::new(Front::new(give_up));
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let front = Arc::clone(&front);
                    thread::spawn(move || front.token().unwrap())
                })
                .collect();
            assert_eq!(front.token().unwrap().secret().expose(), "granted");
            for other in others {
                assert_eq!(other.join().unwrap().secret().expose(), "granted");
            }
            assert_eq!(front.requests.load(Ordering::Acquire), 1);
        });
    }
}
