use std::thread;
use std::time::Duration;

use carto_auth_core::{AccessToken, Endpoints, Error, Generation, Identity, Jitter, Secret, Session};

use crate::flight::{Flight, Landed, Role};

fn token() -> AccessToken {
    AccessToken::new(Secret::new("t"), None).unwrap()
}

#[test]
fn the_first_leads_and_the_others_get_what_it_gets() {
    let flight = Flight::<AccessToken>::default();
    let Role::Lead(leader) = flight.join(Generation::default()) else {
        panic!()
    };
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..4)
            .map(|_| {
                let Role::Follow(follower) = flight.join(Generation::default()) else {
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
    assert!(
        matches!(flight.join(Generation::default()), Role::Lead(_)),
        "the next one leads again"
    );
}

#[test]
fn a_failure_is_shared() {
    let flight = Flight::<AccessToken>::default();
    let Role::Lead(leader) = flight.join(Generation::default()) else {
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
    let flight = Flight::<AccessToken>::default();
    let Role::Lead(leader) = flight.join(Generation::default()) else {
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
    assert!(matches!(flight.join(Generation::default()), Role::Lead(_)));
}

#[test]
fn what_was_asked_for_before_a_login_is_no_outcome_for_those_after_it() {
    let mut session = {
        let carto = Endpoints::carto();
        let identity = Identity::person(&carto);
        Session::person(identity, carto, Jitter::new(7))
    };
    let flight = Flight::<AccessToken>::default();
    let Role::Lead(leader) = flight.join(session.generation()) else {
        panic!()
    };
    session.log_out();
    let Role::Follow(late) = flight.join(session.generation()) else {
        panic!()
    };
    let early = leader.follower();
    let _ = leader.land(Ok(token()));
    assert!(matches!(late.wait(Duration::ZERO), Some(Landed::Unknown)));
    assert!(matches!(early.wait(Duration::ZERO), Some(Landed::Outcome(Ok(_)))));
}
