use std::time::Duration;

use super::tests::{ANY, T0, at, grant, letter, with_token};
use super::*;
use crate::error::Remedy;
use crate::freshness::Freshness;
use crate::secret::Secret;
use crate::step::Step;

fn learn(session: &mut Session, api_base_url: ApiBaseUrl) -> Option<TokenRecord> {
    let token = session.last_token().unwrap().clone();
    session.learn_api_base_url(&token, api_base_url)
}

pub(super) fn person() -> Session {
    let carto = Endpoints::carto();
    Session::person(Identity::person(&carto), carto, Jitter::new(0))
}

pub(super) fn with_refresh_token(token: &str, obtained: u64, life: u64, refresh: &str) -> TokenGrant {
    TokenGrant {
        refresh_token: Some(Secret::new(refresh)),
        ..grant(token, obtained, life)
    }
}

/// The refresh token that a renewal would spend.
pub(super) fn spends(session: &mut Session, read: Option<TokenRecord>, seconds: u64) -> String {
    let renewal = session.renew(UnderLock::read(read), ANY, at(seconds)).unwrap();
    let Renewal::Ask(Step::Send(out, _), _) = renewal else {
        panic!("expected a request, got {renewal:?}")
    };
    let body = String::from_utf8(out.request.into_body().into_bytes()).unwrap();
    assert!(
        body.starts_with("grant_type=refresh_token&audience=carto-cloud-native-api&client_id="),
        "{body}"
    );
    body.rsplit_once("refresh_token=").unwrap().1.to_owned()
}

#[test]
fn a_person_without_a_token_or_with_an_expired_one_must_log_in() {
    let mut session = person();
    assert!(matches!(session.plan(ANY, T0), Plan::LogIn(Error::NotLoggedIn)));
    session.publish_login(grant("t", 0, 3600));
    assert_eq!([0, 3589, 3590].map(|s| letter(&session, s)), ['u', 'u', 'l']);
    let Plan::LogIn(Error::Expired { expired_at }) = session.plan(ANY, at(4000)) else {
        panic!()
    };
    assert_eq!(expired_at, Some(at(3600)));
    let read = UnderLock::read(None);
    assert!(matches!(
        session.renew(read, ANY, at(4000)),
        Err(Error::Expired { .. })
    ));
}

#[test]
fn a_login_of_a_time_that_has_not_come_is_not_called_expired() {
    let mut session = person();
    session.publish_login(grant("t", 1000, 3600));
    let Plan::LogIn(error) = session.plan(ANY, at(699)) else {
        panic!("expected a login")
    };
    assert!(matches!(error, Error::ClockWentBack { obtained_at } if obtained_at == at(1000)));
    assert_eq!(
        (error.to_string().as_str(), error.remedy(), &*error.hint()),
        (
            "the access token was obtained at a time that has not come yet",
            Remedy::LogIn,
            "check this machine's clock; if it is right, log in again"
        )
    );
    assert_eq!(letter(&session, 700), 'u');
    session.publish_login(with_refresh_token("t", 1000, 3600, "r"));
    assert_eq!(letter(&session, 699), 'r', "who can ask does");
}

#[test]
fn a_good_token_that_is_not_fresh_enough_is_not_called_expired() {
    let mut session = person();
    session.publish_login(grant("t", 0, 3600));
    let longer = Freshness::min_ttl(Duration::from_secs(7200));
    assert!(matches!(
        session.plan(longer, T0),
        Plan::LogIn(Error::NotRenewable)
    ));
}

#[test]
fn a_refresh_token_is_used_early_rotated_and_kept_where_the_server_sends_no_other() {
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 0, 3600, "r1"));
    assert_eq!(
        [0, 3299, 3300, 3590].map(|s| letter(&session, s)),
        ['u', 'u', 'e', 'r']
    );
    assert_eq!(spends(&mut session, None, 3300), "r1");
    let (_, record) = session.granted(with_refresh_token("t2", 3300, 3600, "r2"));
    assert_eq!(record.unwrap().refresh_token(), Some(&Secret::new("r2")));
    let (_, record) = session.granted(grant("t3", 6600, 3600));
    assert_eq!(record.unwrap().refresh_token(), Some(&Secret::new("r2")));
}

#[test]
fn the_refresh_token_that_was_read_under_the_lock_is_the_one_that_is_spent() {
    let mut other = person();
    let (_, theirs) = other.publish_login(with_refresh_token("t2", 30, 60, "rotated"));
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 0, 60, "spent"));
    assert_eq!(spends(&mut session, theirs, 3600), "rotated");
}

#[test]
fn invalid_grant_alone_ends_a_refresh_token() {
    let mut session = person();
    session.publish_login(with_refresh_token("t", 0, 3600, "r"));
    let busy = Error::Transport {
        host: "h".to_owned(),
        error: crate::transport_error::TransportError::new(
            crate::transport_error::TransportErrorKind::Timeout,
            crate::transport_error::Sent::Maybe,
        ),
    };
    assert_eq!(session.noted(&busy, at(3400)), None);
    assert_eq!(spends(&mut session, None, 3590), "r");
    let reply = http::Response::builder()
        .status(403)
        .body(br#"{"error":"invalid_grant"}"#.to_vec())
        .unwrap();
    let Ok(Renewal::Ask(Step::Send(_, next), _)) = session.renew(UnderLock::read(None), ANY, at(3450)) else {
        panic!()
    };
    let ended = next.resume(Ok(reply), at(3450)).unwrap_err();
    assert!(matches!(ended, Error::SessionEnded(_)), "{ended}");
    let kept = session.noted(&ended, at(3450)).unwrap();
    assert_eq!(
        (kept.refresh_token(), kept.access_token()),
        (None, &Secret::new("t"))
    );
    assert_eq!(
        [3400, 3590].map(|s| letter(&session, s)),
        ['u', 'l'],
        "the good token is kept"
    );
}

#[test]
fn another_login_forgets_the_last_ones_account_and_refresh_token() {
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 0, 60, "r1"));
    let record = learn(&mut session, "https://a.carto.com".parse().unwrap()).unwrap();
    assert_eq!(record.api_base_url().unwrap().as_str(), "https://a.carto.com");
    let (_, record) = session.publish_login(grant("t2", 10, 60));
    let record = record.unwrap();
    assert_eq!((record.api_base_url(), record.refresh_token()), (None, None));
    assert_eq!(session.api_base_url(), None);
}

#[test]
fn a_login_that_another_process_stored_is_taken_over_with_its_account() {
    let mut other = person();
    other.publish_login(grant("t", 0, 3600));
    let record = learn(&mut other, "https://a.carto.com".parse().unwrap());
    let mut session = person();
    session.adopt(record, at(100));
    assert_eq!(letter(&session, 10), 'u');
    assert_eq!(session.api_base_url().unwrap().as_str(), "https://a.carto.com");
}

#[test]
fn a_refresh_token_that_was_rotated_is_not_taken_from_a_store_that_could_not_be_written() {
    let mut session = person();
    let (_, stale) = session.publish_login(with_refresh_token("t1", 0, 3600, "r1"));
    assert_eq!(spends(&mut session, None, 3400), "r1");
    session.granted(with_refresh_token("t2", 3400, 3600, "r2"));
    assert_eq!(
        spends(&mut session, stale.clone(), 6900),
        "r2",
        "the store still holds r1"
    );
    let token = session.last_token().unwrap().clone();
    session.reject(&token);
    assert_eq!(
        spends(&mut session, stale, 6901),
        "r2",
        "even when the token is forgotten"
    );
}

#[test]
fn token_refresh_token_and_address_are_taken_over_together() {
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 0, 3600, "of the first account"));
    learn(&mut session, "https://first.carto.com".parse().unwrap());
    let mut other = person();
    let (_, record) = other.publish_login(grant("t2", 100, 3600));
    session.adopt(record, at(100));
    assert_eq!(session.last_token().unwrap().secret(), &Secret::new("t2"));
    assert_eq!(session.api_base_url(), None, "not the first account's");
    assert!(!session.is_renewable(), "nor its refresh token");
}

#[test]
fn what_others_stored_counts_whatever_their_clock_said() {
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 4000, 3600, "r1"));
    let mut other = person();
    let (_, record) = other.publish_login(with_refresh_token("t2", 100, 3600, "r2"));
    session.adopt(record.clone(), at(110));
    assert_eq!(session.last_token().unwrap().secret(), &Secret::new("t2"));
    assert_eq!(spends(&mut session, record, 3500), "r2");
}

#[test]
fn what_a_store_held_before_a_login_changes_nothing_after_it() {
    let mut other = person();
    let (_, older) = other.publish_login(with_refresh_token("t1", 0, 90_000, "r1"));
    let mut session = person();
    session.adopt(older.clone(), at(10));
    session.publish_login(grant("t2", 10, 3600));
    session.adopt(older, at(10));
    assert_eq!(
        session.last_token().unwrap().secret(),
        &Secret::new("t2"),
        "though t1 lives longer"
    );
    assert!(!session.is_renewable());
}

#[test]
fn what_was_asked_for_before_a_login_or_logout_is_not_kept() {
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 0, 60, "r1"));
    let Ok(Renewal::Ask(_, asked_in)) = session.renew(UnderLock::read(None), ANY, at(59)) else {
        panic!()
    };
    session.publish_login(grant("of another account", 59, 3600));
    let (given, record) = session.publish(with_refresh_token("t2", 59, 3600, "r2"), asked_in);
    assert_eq!(
        (given.secret(), record),
        (&Secret::new("of another account"), None)
    );
    assert!(!session.is_renewable());

    let Ok(Renewal::Ask(_, asked_in)) = with_token("t", 0, 60).renew(UnderLock::read(None), ANY, at(59))
    else {
        panic!()
    };
    let mut machine = with_token("t", 0, 60);
    machine.log_out();
    let (given, record) = machine.publish(grant("t2", 59, 60), asked_in);
    assert_eq!(
        (given.secret(), record),
        (&Secret::new("t2"), None),
        "whoever waits gets it"
    );
    assert_eq!(machine.last_token().map(AccessToken::secret), None);
}

#[test]
fn an_address_is_noted_for_the_token_that_it_was_asked_with_alone() {
    let mut session = person();
    let (first, _) = session.publish_login(grant("t1", 0, 3600));
    session.publish_login(grant("t2", 1, 3600));
    let found: ApiBaseUrl = "https://first.carto.com".parse().unwrap();
    assert_eq!(session.learn_api_base_url(&first, found), None);
    assert_eq!(session.api_base_url(), None);
}

#[test]
fn a_stored_address_is_on_carto_on_an_allowed_domain_or_named_by_the_program() {
    let stored = |base: &str| {
        let mut other = person();
        other.publish_login(grant("t", 0, 3600));
        learn(&mut other, base.parse().unwrap())
    };
    let taken = |mut session: Session, base| {
        session.adopt(stored(base), at(10));
        assert_eq!(
            session.last_token().unwrap().secret(),
            &Secret::new("t"),
            "the token is good"
        );
        session.api_base_url().map(ToString::to_string)
    };
    assert_eq!(
        taken(person(), "https://a.carto.com").as_deref(),
        Some("https://a.carto.com")
    );
    assert_eq!(taken(person(), "https://evil.example"), None);
    assert_eq!(taken(person(), "http://127.0.0.1:1"), None);
    let acme = Endpoints::carto().with_allowed_domain("acme.com").unwrap();
    let allowed = Session::person(Identity::person(&acme), acme, Jitter::new(0));
    assert_eq!(
        taken(allowed, "https://api.acme.com").as_deref(),
        Some("https://api.acme.com")
    );
    let identity = Identity::person(&Endpoints::carto()).at("https://own.example".parse().unwrap());
    let named = Session::person(identity, Endpoints::carto(), Jitter::new(0));
    assert_eq!(
        taken(named, "https://own.example").as_deref(),
        Some("https://own.example")
    );
}

#[test]
fn a_login_of_which_nobody_knows_the_end_is_kept_for_an_hour() {
    let mut session = person();
    let endless = TokenGrant {
        expires_at: None,
        ..grant("t", 0, 1)
    };
    let (token, record) = session.publish_login(endless);
    assert_eq!(token.expires_at(), None);
    assert_eq!(record.unwrap().expires_at(), at(3600));
}

#[test]
fn a_failure_of_what_was_asked_before_a_login_takes_nothing_from_it() {
    let mut session = person();
    session.publish_login(with_refresh_token("t1", 0, 60, "r1"));
    let Ok(Renewal::Ask(Step::Send(_, next), asked_in)) = session.renew(UnderLock::read(None), ANY, at(59))
    else {
        panic!()
    };
    session.publish_login(with_refresh_token("t2", 59, 3600, "r2"));
    let ended = next.resume(Ok(invalid_grant()), at(60)).unwrap_err();
    assert!(matches!(session.failed(&ended, asked_in, at(60)), Failed::Noted));
    assert!(session.is_renewable());
}

fn invalid_grant() -> http::Response<Vec<u8>> {
    let body = br#"{"error":"invalid_grant"}"#.to_vec();
    http::Response::builder().status(403).body(body).unwrap()
}

#[test]
fn a_refresh_token_that_has_ended_does_not_come_back_from_the_store_after_a_401() {
    let mut session = person();
    let (token, record) = session.publish_login(with_refresh_token("t", 0, 3600, "r"));
    session.reject(&token);
    let kept = record.map(|record| record.ended());
    let Ok(Renewal::Ask(Step::Send(_, next), asked_in)) =
        session.renew(UnderLock::read(kept.clone()), ANY, at(9))
    else {
        panic!()
    };
    let ended = next.resume(Ok(invalid_grant()), at(9)).unwrap_err();
    assert!(matches!(session.failed(&ended, asked_in, at(9)), Failed::Forget));
    session.adopt(kept, at(10));
    assert!(!session.is_renewable());
    assert_eq!(letter(&session, 10), 'l');
}

#[test]
fn after_a_401_nothing_older_than_the_refused_token_is_taken_from_a_store() {
    let mut session = person();
    let (_, stale) = session.publish_login(with_refresh_token("t0", 0, 3600, "r0"));
    assert_eq!(spends(&mut session, stale.clone(), 3400), "r0");
    session.granted(with_refresh_token("t1", 3400, 3600, "r1"));
    assert_eq!(spends(&mut session, stale.clone(), 6800), "r1");
    let (token, _) = session.granted(with_refresh_token("t2", 6800, 3600, "r2"));
    session.reject(&token);
    assert_eq!(spends(&mut session, stale, 6900), "r2");
}

#[test]
fn a_logout_forgets_the_accounts_address() {
    let mut session = person();
    session.publish_login(grant("t", 0, 60));
    learn(&mut session, "https://a.carto.com".parse().unwrap());
    session.log_out();
    assert_eq!(session.api_base_url(), None);
}
