//! What sessions do alike over every front end: one renewal for everybody, and nothing lost when it fails.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use carto_auth_sandbox::{Endpoint, Fault, Sandbox};
use carto_auth_tests::{change_record, scenario, token_files};

use crate::front_end::{
    AccessToken, CartoAuth, Endpoints, Error, ErrorKind, Freshness, M2mCredentials, Remedy,
};

fn machine(carto: &Sandbox) -> M2mCredentials {
    M2mCredentials::new(&carto.api_base_url(), carto.client_id(), carto.client_secret()).unwrap()
}

fn endpoints(carto: &Sandbox) -> Endpoints {
    Endpoints::carto().with_auth_url(&carto.auth_url()).unwrap()
}

fn in_memory(carto: &Sandbox) -> CartoAuth {
    CartoAuth::m2m(machine(carto))
        .endpoints(endpoints(carto))
        .without_cache()
        .build()
}

fn in_file(carto: &Sandbox, folder: &Path) -> CartoAuth {
    CartoAuth::m2m(machine(carto))
        .endpoints(endpoints(carto))
        .cache_file(folder.join("t.json"))
        .build()
}

/// Asks with many threads at once.
fn ask_at_once(auth: &CartoAuth, count: usize) -> Vec<Result<AccessToken, Error>> {
    thread::scope(|scope| {
        let asking: Vec<_> = (0..count).map(|_| scope.spawn(|| auth.access_token())).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Lets every token in a folder end in so many seconds, as far as anybody knows.
fn let_end_in(folder: &Path, seconds: u64) {
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + seconds;
    for path in token_files(folder) {
        change_record(path, |kept| {
            kept["access_token"] = "due".into();
            kept["expires_at"] = end.into();
            kept.as_object_mut().unwrap().remove("obtained_at");
        })
        .unwrap();
    }
}

#[test]
fn a_hundred_who_ask_at_once_are_one_request() {
    let _scenario = scenario!();
    let carto = Sandbox::start().unwrap();
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(50)));
    let auth = in_memory(&carto);
    let tokens: Vec<_> = ask_at_once(&auth, 100).into_iter().map(Result::unwrap).collect();
    assert!(tokens.iter().all(|token| token.secret() == tokens[0].secret()));
    assert_eq!(carto.count(Endpoint::Token), 1);
}

#[test]
fn those_who_wait_for_a_renewal_share_its_failure() {
    let _scenario = scenario!();
    let carto = Sandbox::start().unwrap();
    let slow = Fault::status(401).with_body("application/json", r#"{"error":"access_denied"}"#);
    carto.fail_next(Endpoint::Token, slow.after(Duration::from_millis(300)));
    let auth = in_memory(&carto);
    let (first, others) = thread::scope(|scope| {
        let first = scope.spawn(|| auth.access_token());
        while carto.count(Endpoint::Token) == 0 {
            thread::yield_now();
        }
        let others = ask_at_once(&auth, 20);
        (first.join().unwrap(), others)
    });
    for outcome in others.into_iter().chain([first]) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::CredentialsRejected);
    }
    assert_eq!(carto.count(Endpoint::Token), 1);
    assert!(auth.access_token().is_ok(), "the next one asks again");
}

#[test]
fn a_token_that_is_due_is_handed_out_at_once_and_renewed_behind_it() {
    let _scenario = scenario!();
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    in_file(&carto, folder.path()).access_token().unwrap();
    let_end_in(folder.path(), 200);
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(500)));
    let auth = in_file(&carto, folder.path());
    let start = Instant::now();
    let tokens = ask_at_once(&auth, 20);
    assert!(
        start.elapsed() < Duration::from_millis(400),
        "{:?}",
        start.elapsed()
    );
    assert!(
        tokens
            .into_iter()
            .all(|token| token.unwrap().secret().expose() == "due")
    );
    auth.settle(Duration::from_secs(20));
    assert_ne!(auth.access_token().unwrap().secret().expose(), "due");
    assert_eq!(carto.count(Endpoint::Token), 2);
}

/// Leaves a trace that Chrome and Perfetto show: `target/tmp/use_and_refresh_FRONTEND.json`.
#[test]
fn a_renewal_behind_costs_callers_what_a_cached_token_costs() {
    let _scenario = scenario!();
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    in_file(&carto, folder.path()).access_token().unwrap();
    let_end_in(folder.path(), 200);
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(200)));
    let auth = in_file(&carto, folder.path());
    let (start, mut calls) = (Instant::now(), Vec::new());
    loop {
        let begun = start.elapsed();
        let is_due = auth.access_token().unwrap().secret().expose() == "due";
        calls.push((is_due, begun, start.elapsed() - begun));
        // The same number of calls after the renewal as during it.
        let due = calls.iter().filter(|(is_due, ..)| *is_due).count();
        if calls.len() == 2 * due {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20));
        thread::yield_now();
    }
    let median = |due: bool| {
        let taken = calls.iter().filter(|(is_due, ..)| *is_due == due);
        let mut taken: Vec<_> = taken.map(|(.., taken)| *taken).collect();
        taken.sort();
        taken[taken.len() / 2]
    };
    let event = |(is_due, begun, taken): &(bool, Duration, Duration)| {
        let name = if *is_due { "use and refresh" } else { "use" };
        serde_json::json!({"name": name, "ph": "X", "pid": 1, "tid": 1,
            "ts": begun.as_nanos() as f64 / 1e3, "dur": taken.as_nanos() as f64 / 1e3})
    };
    // The first call reads the file and starts the renewal; of the others a few thousand tell enough.
    let few = calls.iter().take(2000).chain(calls.iter().rev().take(2000));
    let trace: Vec<_> = few.map(event).collect();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(concat!(
        "use_and_refresh_",
        env!("CARGO_CRATE_NAME"),
        ".json"
    ));
    fs::write(path, serde_json::to_vec(&trace).unwrap()).unwrap();
    note_figure(&format!(
        "{} calls during a renewal of 200 ms: median {:?}, the first {:?}; as many after it: median {:?}\n",
        calls.len() / 2,
        median(true),
        calls[0].2,
        median(false)
    ));
    assert!(calls[0].2 < Duration::from_millis(200), "{:?}", calls[0].2);
    assert!(median(true) < Duration::from_millis(5), "{:?}", median(true));
}

fn note_figure(text: &str) {
    let name = concat!("figures_", env!("CARGO_CRATE_NAME"), ".txt");
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), text).unwrap();
}

#[test]
fn a_failed_early_renewal_keeps_the_good_token_and_rests() {
    let _scenario = scenario!();
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    in_file(&carto, folder.path()).access_token().unwrap();
    let_end_in(folder.path(), 200);
    carto.fail_always(Endpoint::Token, Fault::status(500));
    let auth = in_file(&carto, folder.path());
    for _ in 0..5 {
        assert_eq!(auth.access_token().unwrap().secret().expose(), "due");
        auth.settle(Duration::from_secs(20));
    }
    assert_eq!(carto.count(Endpoint::Token), 2, "one failure, then a pause");
}

#[test]
fn a_short_life_is_handed_out_to_those_who_want_a_longer_one() {
    let _scenario = scenario!();
    let carto = Sandbox::builder()
        .token_lifetime(Duration::from_secs(600))
        .start()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let auth = in_file(&carto, folder.path());
    let hour = Freshness::min_ttl(Duration::from_secs(3600));
    let token = auth.access_token_with(hour).unwrap();
    let other = in_file(&carto, folder.path());
    for again in [
        auth.access_token(),
        auth.access_token_with(hour),
        other.access_token_with(hour),
    ] {
        assert_eq!(again.unwrap().secret(), token.secret());
    }
    assert_eq!(carto.count(Endpoint::Token), 1, "a new one would live no longer");
}

#[test]
fn a_new_token_is_newer_than_the_call_and_a_rejected_one_does_not_come_back() {
    let _scenario = scenario!();
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    let auth = in_file(&carto, folder.path());
    let first = auth.access_token().unwrap();
    let second = auth.new_token().unwrap();
    assert_ne!(first.secret(), second.secret());
    assert!(!auth.reject(&first), "it is not the current one any more");
    assert!(auth.reject(&second));
    assert_eq!(auth.cached_token().map(|token| token.secret().clone()), None);
    let third = in_file(&carto, folder.path()).access_token().unwrap();
    assert_ne!(third.secret(), second.secret());
    assert_eq!(
        auth.access_token().unwrap().secret(),
        third.secret(),
        "another program's is taken"
    );
    assert_eq!(carto.count(Endpoint::Token), 3);
}

#[test]
fn a_given_token_is_used_until_it_ends() {
    let _scenario = scenario!();
    let end = SystemTime::now() + Duration::from_secs(3600);
    let auth =
        CartoAuth::from_token_until("https://a.carto.com/", carto_auth_core::Secret::new("given"), end)
            .unwrap();
    assert_eq!(auth.access_token().unwrap().secret().expose(), "given");
    assert_eq!(auth.api_base_url().unwrap().as_str(), "https://a.carto.com");
    let error = auth.new_token().unwrap_err();
    assert!(matches!(error, Error::NotRenewable), "{error}");
    assert_eq!(error.remedy(), Remedy::LogIn);
    assert!(auth.log_out().unwrap().is_empty());
    assert!(matches!(auth.access_token(), Err(Error::NotLoggedIn)));
}

#[test]
fn programs_that_share_a_due_token_renew_it_once() {
    let _scenario = scenario!();
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    in_file(&carto, folder.path()).access_token().unwrap();
    let_end_in(folder.path(), 200);
    carto.fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(300)));
    let programs: Vec<_> = (0..20).map(|_| in_file(&carto, folder.path())).collect();
    thread::scope(|scope| {
        for program in &programs {
            scope.spawn(|| {
                assert!(program.access_token().is_ok());
                program.settle(Duration::from_secs(20));
            });
        }
    });
    assert_eq!(carto.count(Endpoint::Token), 2);
}
