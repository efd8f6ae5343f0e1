use http::Response;

use super::*;
use crate::carto_dw::CartoDwRequest;
use crate::retry::Jitter;
use crate::secret::Secret;
use crate::step::Step;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const MINUTE: Duration = Duration::from_secs(60);

fn token(text: &str) -> AccessToken {
    AccessToken::new(Secret::new(text), None).unwrap()
}

/// Credentials that CARTO handed out now.
fn credentials(text: &str) -> CartoDwCredentials {
    let base = "https://a.carto.com".parse().unwrap();
    let step = CartoDwRequest::start(&base, &token("t"), Jitter::new(7), NOW).unwrap();
    let Step::Send(_, next) = step else { panic!() };
    let body = format!(r#"{{"projectId":"carto-dw-ac-1","token":"{text}"}}"#);
    match next.resume(Ok(Response::new(body.into_bytes())), NOW) {
        Ok(Step::Done(credentials)) => credentials,
        other => panic!("{other:?}"),
    }
}

fn keeping(lifetime: Duration) -> CartoDwMemory {
    let mut memory = CartoDwMemory::new(lifetime);
    memory.keep(&credentials("ya29.a"));
    memory
}

fn recalls(memory: &CartoDwMemory, wall: Duration, elapsed: Duration) -> bool {
    memory
        .recall(&token("t"), Freshness::default(), NOW + wall, elapsed)
        .is_some()
}

#[test]
fn credentials_are_kept_for_five_minutes_unless_told_otherwise() {
    let mut memory = CartoDwMemory::default();
    assert!(!recalls(&memory, Duration::ZERO, Duration::ZERO));
    memory.keep(&credentials("ya29.a"));
    for (age, kept) in [
        (Duration::ZERO, true),
        (5 * MINUTE - Duration::from_millis(1), true),
        (5 * MINUTE, false),
    ] {
        assert_eq!(recalls(&memory, age, age), kept, "{age:?}");
    }
    let memory = keeping(30 * MINUTE);
    assert!(recalls(&memory, 29 * MINUTE, 29 * MINUTE) && !recalls(&memory, 30 * MINUTE, 30 * MINUTE));
}

#[test]
fn no_lifetime_is_longer_than_55_minutes_and_with_zero_nothing_is_kept() {
    let memory = keeping(Duration::MAX);
    assert!(recalls(&memory, 54 * MINUTE, 54 * MINUTE) && !recalls(&memory, 55 * MINUTE, 55 * MINUTE));
    assert!(!recalls(&keeping(Duration::ZERO), Duration::ZERO, Duration::ZERO));
    assert!(!format!("{:?}", keeping(Duration::ZERO)).contains("project_id"));
}

#[test]
fn neither_clock_makes_what_is_kept_younger() {
    let memory = keeping(5 * MINUTE);
    // The machine slept.
    assert!(!recalls(&memory, 6 * MINUTE, MINUTE));
    // The wall clock was set back, a little or far.
    assert!(!recalls(&memory, MINUTE, 6 * MINUTE));
    let before = NOW - Duration::from_secs(1);
    assert!(
        memory
            .recall(&token("t"), Freshness::default(), before, Duration::ZERO)
            .is_none()
    );
}

#[test]
fn what_came_for_another_access_token_is_not_handed_out() {
    let memory = keeping(5 * MINUTE);
    assert!(
        memory
            .recall(&token("other"), Freshness::default(), NOW, Duration::ZERO)
            .is_none()
    );
    let newer = Freshness::newer_than(NOW);
    assert!(memory.recall(&token("t"), newer, NOW, Duration::ZERO).is_none());
}

#[test]
fn what_was_rejected_or_forgotten_does_not_come_back() {
    let mut memory = keeping(5 * MINUTE);
    assert!(
        !memory.reject(&credentials("ya29.old")),
        "it is not the current one any more"
    );
    assert!(recalls(&memory, Duration::ZERO, Duration::ZERO));
    assert!(memory.reject(&credentials("ya29.a")));
    assert!(!memory.reject(&credentials("ya29.a")));
    assert!(!recalls(&memory, Duration::ZERO, Duration::ZERO));
    memory.keep(&credentials("ya29.a"));
    assert!(
        recalls(&memory, Duration::ZERO, Duration::ZERO),
        "CARTO has no other"
    );
    memory.forget();
    assert!(!recalls(&memory, Duration::ZERO, Duration::ZERO));
}
