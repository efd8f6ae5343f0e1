use super::person_tests::{person, spends, with_refresh_token};
use super::tests::{at, grant, letter};
use super::*;

/// A store that cannot be written: whatever is renewed, it goes on holding the same.
#[test]
fn a_refresh_token_is_not_spent_again_after_several_saves_that_failed() {
    let mut session = person();
    let (_, stuck) = session.publish_login(with_refresh_token("t0", 0, 3600, "r0"));
    assert_eq!(
        spends(&mut session, None, 3400),
        "r0",
        "it could not be read either"
    );
    session.granted(with_refresh_token("t1", 3400, 3600, "r1"));
    assert_eq!(spends(&mut session, stuck.clone(), 6800), "r1");
    session.granted(with_refresh_token("t2", 6800, 3600, "r2"));
    assert_eq!(spends(&mut session, stuck, 10_200), "r2");
}

#[test]
fn what_was_given_to_a_store_is_news_again_after_something_else() {
    let mut session = person();
    let (_, own) = session.publish_login(with_refresh_token("t2", 0, 3600, "r2"));
    let (_, python) = person().publish_login(grant("t3", 100, 3600));
    session.adopt(python, at(100));
    let refused = session.last_token().unwrap().clone();
    session.reject(&refused);
    session.adopt(own, at(200));
    assert_eq!(
        letter(&session, 200),
        'u',
        "with Python's file gone, the own one counts"
    );
}

#[test]
fn a_login_whose_files_were_away_is_taken_back() {
    let mut session = person();
    let (_, own) = session.publish_login(with_refresh_token("t", 0, 3600, "r"));
    session.logged_out_elsewhere();
    assert_eq!(letter(&session, 50), 'l');
    session.adopt(own.clone(), at(100));
    assert_eq!(letter(&session, 100), 'u');
    session.log_out();
    session.adopt(own, at(101));
    assert_eq!(
        letter(&session, 101),
        'l',
        "unlike after a logout here that the store did not keep"
    );
}

#[test]
fn the_refresh_token_of_the_present_access_token_is_taken_from_another_file_or_answer() {
    let mut session = person();
    let (_, own) = person().publish_login(with_refresh_token("t", 0, 3600, "r1"));
    session.adopt(own.as_ref().map(TokenRecord::without_refresh_token), at(1));
    assert!(!session.is_renewable());
    session.adopt(own, at(2));
    assert!(session.is_renewable());
    let (_, rotated) = person().publish_login(with_refresh_token("t", 0, 3600, "r2"));
    assert_eq!(spends(&mut session, rotated, 3700), "r2");
}
