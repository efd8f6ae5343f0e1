//! What every front end does for the Data Warehouse: asks once for everybody, keeps what it gets in memory for a while, and
//! tries another access token once.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_sandbox::{Endpoint, Fault, Person, Sandbox, WarehouseAccess};
use carto_auth_tests::{Scripted, http};

use crate::front_end::{
    CartoAuth, CartoDwCredentials, Endpoints, Error, ErrorKind, M2mBuilder, M2mCredentials, Remedy, Secret,
    Timestamp,
};
use crate::person::{Shown, World};

const PATH: &str = "/v3/connections/carto-dw/token";

fn machine(carto: &Sandbox, api_base_url: &str) -> M2mBuilder {
    let credentials = M2mCredentials::new(api_base_url, carto.client_id(), carto.client_secret()).unwrap();
    CartoAuth::m2m(credentials)
        .endpoints(Endpoints::carto().with_auth_url(&carto.auth_url()).unwrap())
        .without_cache()
}

fn in_memory(carto: &Sandbox) -> CartoAuth {
    machine(carto, &carto.api_base_url()).build()
}

/// The session of a token that was given, which nothing here can replace.
fn given(carto: &Sandbox) -> CartoAuth {
    let token = in_memory(carto).access_token().unwrap();
    let end = token.expires_at().unwrap();
    CartoAuth::from_token_until(&carto.api_base_url(), token.secret().clone(), end).unwrap()
}

/// Asks with many threads at once.
fn ask_at_once(auth: &CartoAuth, count: usize) -> Vec<Result<CartoDwCredentials, Error>> {
    thread::scope(|scope| {
        let asking: Vec<_> = (0..count)
            .map(|_| scope.spawn(|| auth.carto_dw_credentials()))
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn asked(carto: &Sandbox) -> (usize, usize) {
    (carto.count(Endpoint::Warehouse), carto.count(Endpoint::Token))
}

#[test]
fn a_hundred_who_ask_at_once_are_one_request_and_later_ones_none() {
    let carto = Sandbox::start().unwrap();
    carto.fail_next(Endpoint::Warehouse, Fault::delay(Duration::from_millis(50)));
    let auth = in_memory(&carto);
    let all: Vec<_> = ask_at_once(&auth, 100).into_iter().map(Result::unwrap).collect();
    assert!(all.iter().all(|one| one.token() == all[0].token()));
    assert_eq!(all[0].project_id(), carto.warehouse_project_id());
    let again = auth.clone().carto_dw_credentials().unwrap();
    assert_eq!(again.token(), all[0].token(), "clones share it");
    assert_eq!(asked(&carto), (1, 1));
}

#[test]
fn those_who_wait_share_a_failure_and_the_next_one_asks_again() {
    let carto = Sandbox::start().unwrap();
    let slow = Fault::status(403).with_body("application/json", r#"{"error":"Forbidden"}"#);
    carto.fail_next(Endpoint::Warehouse, slow.after(Duration::from_millis(300)));
    let auth = in_memory(&carto);
    let (first, others) = thread::scope(|scope| {
        let first = scope.spawn(|| auth.carto_dw_credentials());
        while carto.count(Endpoint::Warehouse) == 0 {
            thread::yield_now();
        }
        let others = ask_at_once(&auth, 20);
        (first.join().unwrap(), others)
    });
    for outcome in others.into_iter().chain([first]) {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::AccessDenied);
    }
    assert_eq!(asked(&carto), (1, 1));
    assert!(auth.carto_dw_credentials().is_ok());
}

#[test]
fn the_request_has_one_slash_keeps_the_path_of_the_base_and_goes_nowhere_else() {
    let carto = Sandbox::start().unwrap();
    let with_slash = machine(&carto, &format!("{}/", carto.api_base_url())).build();
    with_slash.carto_dw_credentials().unwrap();
    let token = with_slash.access_token().unwrap();
    let request = carto.requests().pop().unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", PATH));
    let bearer = format!("Bearer {}", token.secret().expose());
    assert_eq!(request.headers["authorization"], bearer);

    let answer = r#"{"projectId":"example.com:my-project","token":"ya29.t"}"#;
    let api = Scripted::http(vec![http(200, &[], answer)]).unwrap();
    let auth = machine(&carto, &format!("{}/self/hosted/api/", api.url())).build();
    let credentials = auth.carto_dw_credentials().unwrap();
    assert_eq!(
        (credentials.project_id(), credentials.token().expose()),
        ("example.com:my-project", "ya29.t")
    );
    let sent = api.requests();
    assert!(
        sent[0].starts_with(&format!("GET /self/hosted/api{PATH} HTTP/1.1\r\n")),
        "{sent:?}"
    );

    let other = Scripted::http(vec![http(200, &[], answer)]).unwrap();
    let redirecting = Scripted::http(vec![http(307, &[("location", &other.url())], "")]).unwrap();
    let auth = machine(&carto, &redirecting.url()).build();
    let error = auth.carto_dw_credentials().unwrap_err();
    assert!(
        error.to_string().contains("a redirect, which is not followed"),
        "{error}"
    );
    assert!(other.requests().is_empty());
}

#[test]
fn what_is_kept_is_handed_out_for_as_long_as_the_builder_says() {
    let carto = Sandbox::start().unwrap();
    let keeping = |lifetime| {
        machine(&carto, &carto.api_base_url())
            .carto_dw_lifetime(lifetime)
            .build()
    };
    let never = keeping(Duration::ZERO);
    let first = never.carto_dw_credentials().unwrap();
    let second = never.carto_dw_credentials().unwrap();
    assert_ne!(first.token(), second.token());
    assert!(!never.reject_carto_dw(&second), "nothing is kept");
    assert_eq!(asked(&carto), (2, 1), "the access token is kept all the same");

    let brief = keeping(Duration::from_nanos(1));
    brief.carto_dw_credentials().unwrap();
    brief.carto_dw_credentials().unwrap();
    assert_eq!(asked(&carto), (4, 2));

    let long = keeping(Duration::MAX);
    let first = long.carto_dw_credentials().unwrap();
    assert_eq!(long.carto_dw_credentials().unwrap().token(), first.token());
    assert_eq!(asked(&carto), (5, 3));
}

#[test]
fn with_nothing_kept_those_who_ask_at_once_are_one_request_all_the_same() {
    let carto = Sandbox::start().unwrap();
    let auth = machine(&carto, &carto.api_base_url())
        .carto_dw_lifetime(Duration::ZERO)
        .build();
    auth.access_token().unwrap();
    carto.fail_next(Endpoint::Warehouse, Fault::delay(Duration::from_millis(300)));
    let (first, others) = thread::scope(|scope| {
        let first = scope.spawn(|| auth.carto_dw_credentials());
        while carto.count(Endpoint::Warehouse) == 0 {
            thread::yield_now();
        }
        let others = ask_at_once(&auth, 20);
        (first.join().unwrap().unwrap(), others)
    });
    assert!(
        others
            .into_iter()
            .all(|one| one.unwrap().token() == first.token())
    );
    assert_eq!(carto.count(Endpoint::Warehouse), 1);
}

#[test]
fn new_credentials_are_newer_than_the_call_and_rejected_ones_do_not_come_back() {
    let carto = Sandbox::start().unwrap();
    let auth = in_memory(&carto);
    let first = auth.carto_dw_credentials().unwrap();
    let second = auth.new_carto_dw_credentials().unwrap();
    assert_ne!(first.token(), second.token());
    assert!(!auth.reject_carto_dw(&first), "others are there");
    assert_eq!(auth.carto_dw_credentials().unwrap().token(), second.token());
    assert!(auth.reject_carto_dw(&second));
    let third = auth.carto_dw_credentials().unwrap();
    assert_ne!(third.token(), second.token());
    assert_eq!(asked(&carto), (3, 1));

    carto.warehouse_token_text(Some("ya29.the-same".to_owned()));
    let same = auth.new_carto_dw_credentials().unwrap();
    assert!(auth.reject_carto_dw(&same));
    for _ in 0..2 {
        assert_eq!(
            auth.carto_dw_credentials().unwrap().token(),
            same.token(),
            "there is no other"
        );
    }
    assert_eq!(asked(&carto), (5, 1), "so it is kept");
}

#[test]
fn who_wants_newer_ones_does_not_take_those_that_were_asked_for_before() {
    let carto = Sandbox::start().unwrap();
    let auth = in_memory(&carto);
    auth.access_token().unwrap();
    carto.fail_next(Endpoint::Warehouse, Fault::delay(Duration::from_millis(300)));
    let (old, new) = thread::scope(|scope| {
        let old = scope.spawn(|| auth.carto_dw_credentials().unwrap());
        while carto.count(Endpoint::Warehouse) == 0 {
            thread::yield_now();
        }
        (auth.new_carto_dw_credentials().unwrap(), old.join().unwrap())
    });
    assert_ne!(old.token(), new.token());
    assert_eq!(carto.count(Endpoint::Warehouse), 2);
}

#[test]
fn a_machine_whose_access_token_is_not_taken_gets_another_one() {
    let carto = Sandbox::start().unwrap();
    let auth = in_memory(&carto);
    let token = auth.access_token().unwrap();
    carto.revoke_access_tokens();
    let all = ask_at_once(&auth, 20);
    assert!(all.into_iter().all(|outcome| outcome.is_ok()));
    assert_ne!(auth.access_token().unwrap().secret(), token.secret());
    assert_eq!(asked(&carto), (2, 2));
}

#[test]
fn a_refusal_for_ever_ends_after_the_second_and_does_not_use_up_tokens() {
    let carto = Sandbox::start().unwrap();
    carto.fail_always(Endpoint::Warehouse, Fault::status(401));
    let auth = in_memory(&carto);
    let error = auth.carto_dw_credentials().unwrap_err();
    assert!(matches!(error, Error::TokenRefused(_)), "{error}");
    assert_eq!(
        (error.remedy(), error.http_status()),
        (Remedy::FixConfig, Some(401))
    );
    assert_eq!(asked(&carto), (2, 2));
    for _ in 0..3 {
        assert!(auth.carto_dw_credentials().is_err());
    }
    assert_eq!(asked(&carto), (5, 2), "a machine's tokens are counted");
    carto.heal();
    assert!(auth.carto_dw_credentials().is_ok());
    carto.revoke_access_tokens();
    assert!(auth.new_carto_dw_credentials().is_ok());
    assert_eq!(asked(&carto), (8, 3));
}

#[test]
fn without_another_token_the_first_refusal_counts() {
    let carto = Sandbox::start().unwrap();
    let auth = given(&carto);
    assert!(auth.carto_dw_credentials().is_ok());
    carto.revoke_access_tokens();
    let (warehouse, tokens) = asked(&carto);
    let error = auth.new_carto_dw_credentials().unwrap_err();
    assert!(matches!(error, Error::TokenRefused(_)), "{error}");
    assert_eq!(asked(&carto), (warehouse + 1, tokens));
    assert!(
        matches!(auth.new_carto_dw_credentials(), Err(Error::TokenRefused(_))),
        "there is no other, so it stays"
    );

    // The token may be another's, or the login service may be out of order: that says more.
    let auth = in_memory(&carto);
    auth.access_token().unwrap();
    carto.revoke_access_tokens();
    carto.fail_always(Endpoint::Token, Fault::status(500));
    let error = auth.carto_dw_credentials().unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
}

#[test]
fn a_person_gets_credentials_and_logs_in_again_when_the_session_has_ended() {
    let world = World::new();
    let (person, screen) = Shown::watching();
    let auth = world.oauth().build();
    let log_in = |auth: &CartoAuth| {
        thread::scope(|scope| {
            scope.spawn(|| screen.log_in(&world, Person::Accepts));
            auth.log_in(&world.options(&person)).unwrap();
        });
    };
    log_in(&auth);
    let first = auth.carto_dw_credentials().unwrap();
    log_in(&auth);
    let second = auth.carto_dw_credentials().unwrap();
    assert_ne!(first.token(), second.token(), "another login has others");
    world.carto.revoke_access_tokens();
    assert_eq!(auth.carto_dw_credentials().unwrap().token(), second.token());
    let error = auth.new_carto_dw_credentials().unwrap_err();
    assert!(matches!(error, Error::SessionEnded(_)), "{error}");
    assert_eq!(error.remedy(), Remedy::LogIn);
    assert!(matches!(auth.carto_dw_credentials(), Err(Error::NotLoggedIn)));

    log_in(&auth);
    assert!(auth.carto_dw_credentials().is_ok());
    auth.log_out().unwrap();
    assert!(matches!(auth.carto_dw_credentials(), Err(Error::NotLoggedIn)));
}

#[test]
fn a_refresh_token_gets_the_access_token_that_is_taken() {
    let world = World::new();
    let (person, screen) = Shown::watching();
    let auth = world.oauth().scope("offline_access").build();
    thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        auth.log_in(&world.options(&person).scope("offline_access"))
            .unwrap();
    });
    world.carto.revoke_access_tokens();
    assert!(auth.carto_dw_credentials().is_ok());
    assert_eq!(world.carto.count(Endpoint::Warehouse), 2);
}

#[test]
fn each_refusal_and_each_failure_is_told_apart() {
    let carto = Sandbox::start().unwrap();
    let auth = in_memory(&carto);
    let error = || auth.carto_dw_credentials().unwrap_err();
    carto.warehouse_access(WarehouseAccess::NotGranted);
    assert!(matches!(error(), Error::NoWarehouseAccess(_)));
    carto.warehouse_access(WarehouseAccess::Disabled);
    assert!(matches!(error(), Error::NoWarehouse(_)));
    carto.warehouse_access(WarehouseAccess::Granted);

    let busy = Fault::status(429).with_header("retry-after", "3600");
    carto.fail_next(Endpoint::Warehouse, busy);
    let after = Some(Duration::from_secs(3600));
    assert_eq!(error().remedy(), Remedy::Retry { after });
    carto.fail_next(Endpoint::Warehouse, Fault::status(500));
    assert!(matches!(error(), Error::Unavailable(_)));
    let page = Fault::status(200).with_body("text/html", "<h1>canary</h1>");
    carto.fail_next(Endpoint::Warehouse, page);
    let html = error();
    assert!(
        matches!(html, Error::Reply(_)) && !html.to_string().contains("canary"),
        "{html}"
    );
    let bad = Fault::status(200).with_body("application/json", r#"{"projectId":"canary!","token":"canary"}"#);
    carto.fail_next(Endpoint::Warehouse, bad);
    let strange = error();
    assert!(
        strange
            .to_string()
            .contains("a projectId that is no Google project id"),
        "{strange}"
    );
    assert!(!format!("{strange} {strange:?}").contains("canary"));

    let before = carto.count(Endpoint::Warehouse);
    carto.fail_next(
        Endpoint::Warehouse,
        Fault::status(503).with_header("retry-after", "0"),
    );
    assert!(
        auth.carto_dw_credentials().is_ok(),
        "what may pass is asked again"
    );
    assert_eq!(carto.count(Endpoint::Warehouse), before + 2);
}

/// Everything below a folder, searched for a text.
fn holds(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, text),
            false => String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text),
        }
    })
}

#[test]
fn no_file_holds_the_warehouse_token() {
    let (carto, folder) = (Sandbox::start().unwrap(), tempfile::tempdir().unwrap());
    let auth = machine(&carto, &carto.api_base_url())
        .cache_file(folder.path().join("t.json"))
        .build();
    let credentials = auth.carto_dw_credentials().unwrap();
    let access_token = auth.access_token().unwrap();
    assert!(
        holds(folder.path(), access_token.secret().expose()),
        "the search finds what is there"
    );
    assert!(!holds(folder.path(), credentials.token().expose()));
    assert!(!holds(folder.path(), credentials.project_id()));
}

#[test]
fn a_token_that_was_made_elsewhere_opens_the_warehouse_too() {
    let carto = Sandbox::start().unwrap();
    let auth = given(&carto);
    let first = auth.carto_dw_credentials().unwrap();
    assert_eq!(auth.carto_dw_credentials().unwrap().token(), first.token());
    assert_eq!(carto.count(Endpoint::Warehouse), 1);
    let ended = CartoAuth::from_token_until(
        &carto.api_base_url(),
        Secret::new("t"),
        Timestamp::from_unix_seconds(1),
    );
    let start = Instant::now();
    assert!(matches!(
        ended.unwrap().carto_dw_credentials(),
        Err(Error::Expired { .. })
    ));
    assert!(start.elapsed() < Duration::from_secs(5), "nobody is asked");
    assert_eq!(carto.count(Endpoint::Warehouse), 1);
}
