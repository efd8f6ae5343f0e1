use std::thread;

use carto_auth_core::{ApiBaseUrl, CartoDwRequest, Endpoints, Jitter, Secret, Step, TokenRequest};
use http::Response;

use super::*;
use crate::store::NoStore;

fn base() -> ApiBaseUrl {
    "https://a.carto.com".parse().unwrap()
}

fn token(text: &str) -> AccessToken {
    AccessToken::new(Secret::new(text), None).unwrap()
}

fn session() -> Arc<SharedSession> {
    Arc::new(SharedSession::given(base(), token("t")))
}

/// What comes of a reply of CARTO to a question with this token.
fn answered(token: &AccessToken, status: u16, body: &str) -> Result<CartoDwCredentials, Error> {
    let step = CartoDwRequest::start(&base(), token, Jitter::new(7), now()).unwrap();
    let Step::Send(_, next) = step else { panic!() };
    let reply = Response::builder().status(status).body(body.into()).unwrap();
    let Step::Done(credentials) = next.resume::<Response<Vec<u8>>>(Ok(reply), now())? else {
        panic!()
    };
    Ok(credentials)
}

fn granted(token: &AccessToken, text: &str) -> Result<CartoDwCredentials, Error> {
    let body = format!(r#"{{"projectId":"carto-dw-ac-1","token":"{text}"}}"#);
    answered(token, 200, &body)
}

fn asks(session: &Arc<SharedSession>, token: &AccessToken) -> AskingCartoDw {
    match session.carto_dw(token, Freshness::default()) {
        NextCartoDw::Ask(asking) => asking,
        other => panic!("{other:?}"),
    }
}

fn waits(session: &Arc<SharedSession>, token: &AccessToken) -> Follower<CartoDwCredentials> {
    match session.carto_dw(token, Freshness::default()) {
        NextCartoDw::Wait(follower) => follower,
        other => panic!("{other:?}"),
    }
}

fn outcome_of(
    session: &SharedSession,
    follower: &Follower<CartoDwCredentials>,
    freshness: Freshness,
) -> Option<Result<CartoDwCredentials, Error>> {
    session.carto_dw_outcome(follower.wait(Duration::ZERO).unwrap(), freshness)
}

#[test]
fn one_asks_and_the_others_wait_and_later_ones_find_it() {
    let (session, token) = (session(), token("t"));
    let asking = asks(&session, &token);
    let follower = waits(&session, &token);
    assert!(follower.wait(Duration::ZERO).is_none());
    let told = asking.finish(granted(&token, "ya29.a")).unwrap();
    assert_eq!(told.token().expose(), "ya29.a");
    let shared = outcome_of(&session, &follower, Freshness::default())
        .unwrap()
        .unwrap();
    assert_eq!(shared.token(), told.token());
    assert!(outcome_of(&session, &follower, Freshness::newer_than(now() + PAUSE)).is_none());
    let NextCartoDw::Credentials(kept) = session.carto_dw(&token, Freshness::default()) else {
        panic!()
    };
    assert_eq!(kept.token(), told.token());
}

#[test]
fn a_failure_is_shared_and_nothing_kept() {
    let (session, token) = (session(), token("t"));
    let asking = asks(&session, &token);
    let follower = waits(&session, &token);
    assert!(asking.finish(answered(&token, 403, "")).is_err());
    let shared = outcome_of(&session, &follower, Freshness::default());
    assert!(
        matches!(shared, Some(Err(Error::NoWarehouseAccess(_)))),
        "{shared:?}"
    );
    let _next = asks(&session, &token);
}

#[test]
fn one_who_asks_and_goes_away_or_panics_harms_nobody() {
    let (session, token) = (session(), token("t"));
    let asking = asks(&session, &token);
    let follower = waits(&session, &token);
    let panicked = thread::spawn(move || {
        let _asks = asking;
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panicked.join().is_err());
    assert!(outcome_of(&session, &follower, Freshness::default()).is_none());
    let _next = asks(&session, &token);
}

#[test]
fn the_end_of_the_session_is_the_end_of_what_it_was_given() {
    for end in [
        |session: &SharedSession, _: &AccessToken| drop(session.log_out().unwrap()),
        |session: &SharedSession, token: &AccessToken| assert!(session.reject(token)),
    ] {
        let (session, token) = (session(), token("t"));
        let asking = asks(&session, &token);
        assert!(asking.finish(granted(&token, "ya29.a")).is_ok());
        let late = asks_for_newer(&session, &token);
        assert!(format!("{session:?}").contains("carto-dw-ac-1"));
        end(&session, &token);
        assert!(!format!("{session:?}").contains("carto-dw-ac-1"), "{session:?}");

        // What was asked for before is for those who asked before.
        let follower = late.follower();
        assert!(late.finish(granted(&token, "ya29.late")).is_ok());
        assert!(!format!("{session:?}").contains("carto-dw-ac-1"), "{session:?}");
        assert!(outcome_of(&session, &follower, Freshness::default()).is_none());
    }
}

/// A person's session and its token.
fn logged_in() -> (Arc<SharedSession>, AccessToken) {
    let carto = Endpoints::carto();
    let session = SharedSession::person(Identity::person(&carto), carto.clone(), Box::new(NoStore));
    let step = TokenRequest::refresh_token(&Secret::new("x"), &carto, Jitter::new(7), now());
    let Step::Send(_, next) = step else { panic!() };
    let reply = br#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
    let Ok(Step::Done(grant)) = next.resume(Ok(Response::new(reply.to_vec())), now()) else {
        panic!()
    };
    let (token, kept) = session.log_in(grant);
    assert!(!kept.unwrap(), "nothing is kept here");
    (Arc::new(session), token)
}

/// Asks though credentials are kept.
fn asks_for_newer(session: &Arc<SharedSession>, token: &AccessToken) -> AskingCartoDw {
    match session.carto_dw(token, Freshness::newer_than(now() + PAUSE)) {
        NextCartoDw::Ask(asking) => asking,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_token_that_is_refused_is_replaced_once_and_not_again_for_a_while() {
    let given = asks(&session(), &token("t"));
    let refused = answered(&token("t"), 401, "").unwrap_err();
    assert!(!given.wants_another_token(&refused), "there is no other");
    let (session, first) = logged_in();
    let asking = asks(&session, &first);
    assert!(asking.wants_another_token(&refused));
    assert!(!asking.wants_another_token(&Error::NotLoggedIn));
    // As if this were the one that came in place of the first.
    assert!(asking.finish(Err(refused.clone())).is_err());
    let asking = asks(&session, &first);
    assert!(!asking.wants_another_token(&refused));
    assert!(asking.finish(granted(&first, "ya29.a")).is_ok());
    let asking = asks_for_newer(&session, &first);
    assert!(asking.wants_another_token(&refused), "it was taken meanwhile");
}

#[test]
fn without_another_token_the_refusal_says_more_unless_carto_was_in_the_way() {
    let refused = || answered(&token("t"), 401, "").unwrap_err();
    let shown = |no_other| AskingCartoDw::failure(refused(), no_other);
    assert!(matches!(shown(Error::NotLoggedIn), Error::TokenRefused(_)));
    assert!(matches!(shown(Error::Busy), Error::Busy));
}

#[test]
fn credentials_that_were_rejected_are_not_handed_out_again() {
    let (session, token) = (session(), token("t"));
    let told = asks(&session, &token).finish(granted(&token, "ya29.a")).unwrap();
    assert!(session.reject_carto_dw(&told));
    assert!(!session.reject_carto_dw(&told));
    let again = asks(&session, &token).finish(granted(&token, "ya29.b")).unwrap();
    assert!(!session.reject_carto_dw(&told), "others are there");
    assert!(session.reject_carto_dw(&again));
}

#[test]
fn a_token_that_is_not_the_sessions_any_more_gives_way_to_the_one_that_is() {
    let (session, token) = (session(), token("t"));
    let stale = self::token("stale");
    assert_eq!(asks(&session, &stale).token().secret(), token.secret());
    assert!(asks(&session, &token).finish(granted(&token, "ya29.a")).is_ok());
    let found = session.carto_dw(&stale, Freshness::default());
    assert!(matches!(found, NextCartoDw::Credentials(_)), "{found:?}");
}
