use std::time::Duration;

use super::*;

const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const ANY: Freshness = Freshness::min_ttl(Duration::ZERO);

fn at(seconds: u64) -> Timestamp {
    T0 + Duration::from_secs(seconds)
}

fn machine() -> Session {
    let credentials = M2mCredentials::new("https://a.example", "id", "s3cr3t").unwrap();
    Session::machine(credentials, Endpoints::carto(), Jitter::new(0))
}

fn grant(token: &str, obtained: u64, life: u64) -> TokenGrant {
    TokenGrant {
        access_token: Secret::new(token),
        obtained_at: at(obtained),
        expires_at: Some(at(obtained + life)),
        scope: None,
        refresh_token: None,
    }
}

fn with_token(token: &str, obtained: u64, life: u64) -> Session {
    let mut session = machine();
    session.publish(grant(token, obtained, life));
    session
}

/// The record that another process of the same identity would have stored.
fn stored(token: &str, obtained: u64, life: u64) -> Option<TokenRecord> {
    machine().publish(grant(token, obtained, life)).1
}

/// The plan in one letter, for tables.
fn letter(session: &Session, seconds: u64) -> char {
    match session.plan(ANY, at(seconds)) {
        Plan::Use(_) => 'u',
        Plan::UseAndRefresh(_) => 'e',
        Plan::Refresh => 'r',
        Plan::LogIn(_) => 'l',
    }
}

#[test]
fn a_token_is_renewed_a_fifth_of_its_life_early_and_five_minutes_at_most() {
    let day = with_token("t", 0, 86_400);
    assert_eq!(
        [86_099, 86_100, 86_389, 86_390, 86_400].map(|s| letter(&day, s)),
        ['u', 'e', 'e', 'r', 'r']
    );
    let minute = with_token("t", 0, 60);
    assert_eq!([47, 48, 53, 54].map(|s| letter(&minute, s)), ['u', 'e', 'e', 'r']);
}

#[test]
fn jitter_moves_the_early_renewal_by_a_fifth_of_its_lead_at_most() {
    let credentials = M2mCredentials::new("https://a.example", "id", "s").unwrap();
    let mut late = Session::machine(credentials, Endpoints::carto(), Jitter::new(u64::MAX));
    late.publish(grant("t", 0, 86_400));
    assert_eq!([86_159, 86_160].map(|s| letter(&late, s)), ['u', 'e']);
}

#[test]
fn a_token_without_an_end_is_used_and_never_stored() {
    let mut session = machine();
    let (_, record) = session.publish(TokenGrant {
        expires_at: None,
        ..grant("t", 0, 1)
    });
    assert_eq!(record, None);
    assert_eq!(letter(&session, 1_000_000), 'u');
}

#[test]
fn a_clock_that_went_back_makes_a_token_stale() {
    let session = with_token("t", 1000, 86_400);
    assert_eq!([699, 700, 1000].map(|s| letter(&session, s)), ['r', 'u', 'u']);
}

#[test]
fn a_given_token_that_has_ended_asks_for_a_login() {
    let token = AccessToken::new(Secret::new("t"), Some(at(100))).unwrap();
    let session = Session::given("https://a.example".parse().unwrap(), token);
    assert_eq!([0, 89, 90].map(|s| letter(&session, s)), ['u', 'u', 'l']);
    let Plan::LogIn(error) = session.plan(ANY, at(90)) else {
        panic!("expected a login")
    };
    assert_eq!(error.to_string(), "the access token has expired");
}

#[test]
fn what_another_process_stored_meanwhile_is_taken_instead_of_asking() {
    let mut session = with_token("old", 0, 100);
    let read = UnderLock::read(stored("new", 90, 86_400));
    let Renewal::Found(token) = session.renew(read, ANY, at(95)).unwrap() else {
        panic!("expected the new token")
    };
    assert_eq!(token.secret().expose(), "new");
}

#[test]
fn an_expired_or_foreign_record_is_no_token() {
    let mut session = machine();
    let read = UnderLock::read(stored("old", 0, 100));
    assert!(matches!(session.renew(read, ANY, at(100)), Ok(Renewal::Ask(_))));

    let other = M2mCredentials::new("https://a.example", "other", "s").unwrap();
    let mut other = Session::machine(other, Endpoints::carto(), Jitter::new(0));
    let foreign = UnderLock::read(other.publish(grant("foreign", 0, 86_400)).1);
    assert!(matches!(
        machine().renew(foreign, ANY, at(1)),
        Ok(Renewal::Ask(_))
    ));
}

#[test]
fn a_rejected_token_does_not_come_back_from_the_store() {
    let mut session = with_token("bad", 0, 86_400);
    let Plan::Use(bad) = session.plan(ANY, at(1)) else {
        panic!("expected a token")
    };
    assert!(session.reject(&bad));
    assert!(!session.reject(&bad), "it is no longer current");
    let read = UnderLock::read(stored("bad", 0, 86_400));
    assert!(matches!(session.renew(read, ANY, at(2)), Ok(Renewal::Ask(_))));
}

#[test]
fn a_late_rejection_does_not_discard_the_next_token() {
    let mut session = with_token("old", 0, 86_400);
    let Plan::Use(old) = session.plan(ANY, at(1)) else {
        panic!("expected a token")
    };
    session.publish(grant("new", 2, 86_400));
    assert!(!session.reject(&old));
    assert_eq!(letter(&session, 3), 'u');
}

#[test]
fn a_failed_early_renewal_keeps_the_token_and_pauses_ten_seconds_to_five_minutes() {
    let mut session = with_token("t", 0, 86_400);
    for (failure, pause) in [10, 20, 40, 80, 160].into_iter().enumerate() {
        let now = 86_100 + failure as u64;
        session.failed(&Error::NotLoggedIn, at(now));
        assert_eq!(
            [now + pause - 1, now + pause].map(|s| letter(&session, s)),
            ['u', 'e'],
            "{failure}"
        );
    }
    session.failed(&Error::NotLoggedIn, at(86_060));
    session.failed(&Error::NotLoggedIn, at(86_061));
    assert_eq!(
        [86_061 + 299, 86_061 + 300].map(|s| letter(&session, s)),
        ['u', 'e']
    );
    session.publish(grant("t", 86_061, 86_400));
    assert!(!session.failures.pause_at(at(86_062)), "a success ends the pause");
}

#[test]
fn a_clock_that_went_back_does_not_prolong_the_pause() {
    let mut session = with_token("t", 0, 86_400);
    session.failed(&Error::NotLoggedIn, at(86_300));
    assert_eq!(letter(&session, 86_200), 'e');
}

#[test]
fn the_caller_may_ask_for_more_than_a_valid_token() {
    let session = with_token("t", 10, 100);
    let refreshes = |freshness, seconds| matches!(session.plan(freshness, at(seconds)), Plan::Refresh);
    assert!(!refreshes(Freshness::min_ttl(Duration::from_secs(60)), 50));
    assert!(refreshes(Freshness::min_ttl(Duration::from_secs(60)), 51));
    assert!(!refreshes(Freshness::newer_than(at(10)), 20));
    assert!(refreshes(Freshness::newer_than(at(11)), 20));
}

#[test]
fn unknown_keys_of_the_stored_record_survive_a_renewal() {
    let text = stored("t", 0, 100)
        .unwrap()
        .encode(&|_| 0)
        .expose()
        .replace("}\n", ",\"later\":[1]}");
    let record = TokenRecord::decode(text.as_bytes(), &|_| 0).unwrap();
    let mut session = machine();
    let Ok(Renewal::Ask(_)) = session.renew(UnderLock::read(Some(record)), ANY, at(200)) else {
        panic!("expected a request")
    };
    let (_, record) = session.publish(grant("new", 200, 100));
    assert!(record.unwrap().encode(&|_| 0).expose().contains(r#""later":[1]"#));
}

fn person() -> Session {
    let carto = Endpoints::carto();
    Session::person(Identity::person(&carto), carto, Jitter::new(0))
}

fn with_refresh_token(token: &str, obtained: u64, life: u64, refresh: &str) -> TokenGrant {
    TokenGrant {
        refresh_token: Some(Secret::new(refresh)),
        ..grant(token, obtained, life)
    }
}

/// The refresh token that a renewal would spend.
fn spends(session: &mut Session, read: Option<TokenRecord>, seconds: u64) -> String {
    let renewal = session.renew(UnderLock::read(read), ANY, at(seconds)).unwrap();
    let Renewal::Ask(Step::Send(out, _)) = renewal else {
        panic!("expected a request, got {renewal:?}")
    };
    let body = String::from_utf8(out.request.into_body().into_bytes()).unwrap();
    assert!(body.starts_with("grant_type=refresh_token&client_id="), "{body}");
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
    let (_, record) = session.publish(with_refresh_token("t2", 3300, 3600, "r2"));
    assert_eq!(record.unwrap().refresh_token(), Some(&Secret::new("r2")));
    let (_, record) = session.publish(grant("t3", 6600, 3600));
    assert_eq!(record.unwrap().refresh_token(), Some(&Secret::new("r2")));
}

#[test]
fn the_refresh_token_that_was_read_under_the_lock_is_the_one_that_is_spent() {
    let mut other = person();
    let (_, theirs) = other.publish_login(with_refresh_token("t2", 0, 60, "rotated"));
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
        error: crate::step::TransportError::new(
            crate::step::TransportErrorKind::Timeout,
            crate::step::Sent::Maybe,
        ),
    };
    assert_eq!(session.failed(&busy, at(3400)), None);
    assert_eq!(spends(&mut session, None, 3590), "r");
    let reply = http::Response::builder()
        .status(403)
        .body(br#"{"error":"invalid_grant"}"#.to_vec())
        .unwrap();
    let Ok(Renewal::Ask(Step::Send(_, next))) = session.renew(UnderLock::read(None), ANY, at(3450)) else {
        panic!()
    };
    let ended = next.resume(Ok(reply), at(3450)).unwrap_err();
    assert!(matches!(ended, Error::SessionEnded(_)), "{ended}");
    let kept = session.failed(&ended, at(3450)).unwrap();
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
    let record = session
        .learn_api_base_url("https://a.example".parse().unwrap())
        .unwrap();
    assert_eq!(record.api_base_url().unwrap().as_str(), "https://a.example");
    let (_, record) = session.publish_login(grant("t2", 10, 60));
    let record = record.unwrap();
    assert_eq!((record.api_base_url(), record.refresh_token()), (None, None));
    assert_eq!(session.api_base_url(), None);
}

#[test]
fn a_login_that_another_process_stored_is_taken_over_with_its_account() {
    let mut other = person();
    other.publish_login(grant("t", 0, 3600));
    let record = other.learn_api_base_url("https://a.example".parse().unwrap());
    let mut session = person();
    session.adopt(record);
    assert_eq!(letter(&session, 10), 'u');
    assert_eq!(session.api_base_url().unwrap().as_str(), "https://a.example");
}
