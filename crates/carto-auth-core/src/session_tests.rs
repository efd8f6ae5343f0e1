use std::time::Duration;

use super::*;
use crate::secret::Secret;

pub(super) const T0: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
pub(super) const ANY: Freshness = Freshness::min_ttl(Duration::ZERO);

impl Session {
    /// Notes the failure of what was asked for just now, and gives what a store should keep.
    pub(super) fn noted(&mut self, error: &Error, now: Timestamp) -> Option<TokenRecord> {
        match self.failed(error, self.generation, now) {
            Failed::Keep(record) => Some(*record),
            Failed::Noted | Failed::Forget => None,
        }
    }

    /// Publishes what was asked for just now.
    pub(super) fn granted(&mut self, grant: TokenGrant) -> (AccessToken, Option<TokenRecord>) {
        self.publish(grant, self.generation)
    }
}

pub(super) fn at(seconds: u64) -> Timestamp {
    T0 + Duration::from_secs(seconds)
}

fn machine() -> Session {
    let credentials = M2mCredentials::new("https://a.example", "id", "s3cr3t").unwrap();
    Session::machine(credentials, Endpoints::carto(), Jitter::new(0))
}

pub(super) fn grant(token: &str, obtained: u64, life: u64) -> TokenGrant {
    TokenGrant {
        access_token: Secret::new(token),
        obtained_at: at(obtained),
        expires_at: Some(at(obtained + life)),
        scope: None,
        refresh_token: None,
    }
}

pub(super) fn with_token(token: &str, obtained: u64, life: u64) -> Session {
    let mut session = machine();
    session.granted(grant(token, obtained, life));
    session
}

/// The record that another process of the same identity would have stored.
fn stored(token: &str, obtained: u64, life: u64) -> Option<TokenRecord> {
    machine().granted(grant(token, obtained, life)).1
}

/// The plan in one letter, for tables.
pub(super) fn letter(session: &Session, seconds: u64) -> char {
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
    late.granted(grant("t", 0, 86_400));
    assert_eq!([86_159, 86_160].map(|s| letter(&late, s)), ['u', 'e']);
}

#[test]
fn a_token_without_an_end_is_used_and_never_stored() {
    let mut session = machine();
    let (_, record) = session.granted(TokenGrant {
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
    assert!(matches!(session.renew(read, ANY, at(100)), Ok(Renewal::Ask(..))));

    let other = M2mCredentials::new("https://a.example", "other", "s").unwrap();
    let mut other = Session::machine(other, Endpoints::carto(), Jitter::new(0));
    let foreign = UnderLock::read(other.granted(grant("foreign", 0, 86_400)).1);
    assert!(matches!(
        machine().renew(foreign, ANY, at(1)),
        Ok(Renewal::Ask(..))
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
    assert!(matches!(session.renew(read, ANY, at(2)), Ok(Renewal::Ask(..))));
}

#[test]
fn a_late_rejection_does_not_discard_the_next_token() {
    let mut session = with_token("old", 0, 86_400);
    let Plan::Use(old) = session.plan(ANY, at(1)) else {
        panic!("expected a token")
    };
    session.granted(grant("new", 2, 86_400));
    assert!(!session.reject(&old));
    assert_eq!(letter(&session, 3), 'u');
}

#[test]
fn a_failed_early_renewal_keeps_the_token_and_pauses_ten_seconds_to_five_minutes() {
    let mut session = with_token("t", 0, 86_400);
    for (failure, pause) in [10, 20, 40, 80, 160].into_iter().enumerate() {
        let now = 86_100 + failure as u64;
        session.noted(&Error::NotLoggedIn, at(now));
        assert_eq!(
            [now + pause - 1, now + pause].map(|s| letter(&session, s)),
            ['u', 'e'],
            "{failure}"
        );
    }
    session.noted(&Error::NotLoggedIn, at(86_060));
    session.noted(&Error::NotLoggedIn, at(86_061));
    assert_eq!(
        [86_061 + 299, 86_061 + 300].map(|s| letter(&session, s)),
        ['u', 'e']
    );
    session.granted(grant("t", 86_061, 86_400));
    assert!(!session.failures.pause_at(at(86_062)), "a success ends the pause");
}

#[test]
fn a_clock_that_went_back_does_not_prolong_the_pause() {
    let mut session = with_token("t", 0, 86_400);
    session.noted(&Error::NotLoggedIn, at(86_300));
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
fn more_than_a_whole_life_is_not_asked_for_again_while_the_token_is_new() {
    let beyond = |seconds| Freshness::min_ttl(Duration::from_secs(seconds));
    for (life, new_for) in [(86_400, 300), (600, 120)] {
        let session = with_token("t", 10, life);
        let asks =
            |min_ttl, seconds| matches!(session.plan(beyond(min_ttl), at(10 + seconds)), Plan::Refresh);
        for min_ttl in [life, life + 1, u64::MAX] {
            assert_eq!(
                [1, new_for - 1, new_for, life - 60].map(|seconds| asks(min_ttl, seconds)),
                [false, false, true, true],
                "{min_ttl} of {life}"
            );
        }
        assert!(asks(life - 1, 2), "a new one would live for as long as that");
    }
    let old = stored("another's", 0, 86_400);
    let mut session = machine();
    assert!(matches!(
        session.renew(UnderLock::read(old.clone()), beyond(100_000), at(299)),
        Ok(Renewal::Found(_))
    ));
    assert!(matches!(
        session.renew(UnderLock::read(old), beyond(100_000), at(300)),
        Ok(Renewal::Ask(..))
    ));
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
    let Ok(Renewal::Ask(..)) = session.renew(UnderLock::read(Some(record)), ANY, at(200)) else {
        panic!("expected a request")
    };
    let (_, record) = session.granted(grant("new", 200, 100));
    assert!(record.unwrap().encode(&|_| 0).expose().contains(r#""later":[1]"#));
}

fn record(token: &str, obtained: u64) -> Option<TokenRecord> {
    machine().granted(grant(token, obtained, 3600)).1
}

#[test]
fn tokens_that_were_refused_do_not_come_back_in_turn() {
    let mut session = machine();
    for (token, obtained) in [("a", 0), ("b", 10), ("c", 20)] {
        session.adopt(record(token, obtained), at(30));
        let refused = session.last_token().unwrap().clone();
        assert!(session.reject(&refused));
    }
    for (token, obtained) in [("a", 0), ("b", 10), ("c", 20), ("a", 0)] {
        session.adopt(record(token, obtained), at(30));
        assert_eq!(letter(&session, 30), 'r', "{token} was refused");
    }
}

#[test]
fn a_machine_keeps_a_good_token_that_was_obtained_later() {
    let mut session = machine();
    session.granted(grant("later", 100, 3600));
    session.adopt(record("earlier", 0), at(110));
    assert_eq!(session.last_token().unwrap().secret(), &Secret::new("later"));
    session.adopt(record("earlier", 0), at(3800));
    assert_eq!(session.last_token().unwrap().secret(), &Secret::new("earlier"));
}

#[test]
fn a_ready_token_is_what_the_plan_would_be_and_nothing_is_ready_without_one() {
    assert!(machine().ready().is_none());
    let given = AccessToken::new(Secret::new("t"), Some(at(3600))).unwrap();
    let sessions = [
        with_token("t", 0, 3600),
        with_token("t", 0, 20),
        with_token("t", 900, 3600),
        Session::given("https://a.example".parse().unwrap(), given),
    ];
    let mut answers = [0, 0];
    for (session, seconds) in sessions.iter().flat_map(|one| (0..4600).map(move |at| (one, at))) {
        let ready = session.ready().unwrap();
        for freshness in [
            ANY,
            Freshness::min_ttl(Duration::from_secs(1000)),
            Freshness::min_ttl(Duration::from_secs(3600)),
            Freshness::newer_than(at(0)),
        ] {
            let planned = match session.plan(freshness, at(seconds)) {
                Plan::Use(token) if freshness.takes_any_new() => Some(token),
                _ => None,
            };
            let ready = ready.token(freshness, at(seconds));
            assert_eq!(
                ready.map(AccessToken::secret),
                planned.as_ref().map(AccessToken::secret),
                "{freshness:?} at {seconds} s of {session:?}"
            );
            answers[usize::from(ready.is_some())] += 1;
        }
    }
    assert!(answers.iter().all(|count| *count > 10_000), "{answers:?}");
}
