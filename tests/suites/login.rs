//! The login of a person over either front end: real sockets, a real CARTO on loopback, real files.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "person.rs"]
mod person;

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use carto_auth_core::{Discovery, Jitter, Step};
use carto_auth_sandbox::{Endpoint, Fault, Person, Visited};
use carto_auth_tests::{change_record, end_token, scenario, token_files};

use crate::front_end::{
    AccessToken, CartoAuth, Endpoints, Error, ErrorKind, Ignored, LoginOptions, M2mCredentials, OauthBuilder,
    Remedy, Way,
};
use person::{Screen, Shown, World};

/// Runs a login, and beside it the person.
fn log_in(world: &World, auth: &CartoAuth, person: Person) -> (Result<AccessToken, Error>, Visited) {
    let (shown, screen) = Shown::watching();
    thread::scope(|scope| {
        let visit = scope.spawn(|| screen.log_in(world, person));
        let outcome = auth.log_in(&world.options(&shown));
        (outcome, visit.join().unwrap())
    })
}

/// A program that logs in when it needs a token.
fn when_needed(world: &World, shown: Shown) -> CartoAuth {
    let builder = world.oauth().with_callback().interaction(shown);
    builder.log_in_when_needed().build()
}

fn counts(world: &World) -> [usize; 3] {
    [Endpoint::Token, Endpoint::Accounts, Endpoint::TenantConfig].map(|endpoint| world.carto.count(endpoint))
}

#[test]
fn a_person_logs_in_and_the_browser_ends_on_cartos_page() {
    let _scenario = scenario!();
    let world = World::new();
    let auth = world.oauth().build();
    let (token, visited) = log_in(&world, &auth, Person::Accepts);
    let claims = token.unwrap().claims().unwrap();
    assert_eq!(claims.email, Some(world.carto.email()));
    assert_eq!(auth.api_base_url().unwrap().as_str(), world.carto.api_base_url());
    assert_eq!(
        visited.address,
        format!("{}/auth/success", world.carto.url()),
        "no code stays in the address bar"
    );
    assert_eq!(visited.status, Some(200));
    assert_eq!(counts(&world), [1, 1, 1]);

    assert_eq!(
        auth.access_token().unwrap().claims().unwrap().email,
        Some(world.carto.email())
    );
    assert_eq!(counts(&world), [1, 1, 1], "everything is known");
}

#[test]
fn a_login_is_kept_beside_pythons_and_found_by_the_next_program() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token_oauth.json");
    let (shown, screen) = Shown::watching();
    let builder = || {
        CartoAuth::oauth()
            .endpoints(world.endpoints())
            .cache_file(&file)
            .with_callback()
            .interaction(shown.clone())
    };
    let first = thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        builder().connect().unwrap()
    });
    let second = builder().connect().unwrap();
    assert_eq!(
        second.access_token().unwrap().secret(),
        first.access_token().unwrap().secret()
    );
    assert_eq!(second.api_base_url().unwrap(), first.api_base_url().unwrap());
    assert_eq!(counts(&world), [1, 1, 1]);
    let written = std::fs::read_to_string(&file).unwrap();
    let python: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(python["api_base_url"], world.carto.api_base_url());

    let gone = second.log_out().unwrap();
    assert_eq!(gone.len(), 2);
    assert!(matches!(second.access_token(), Err(Error::NotLoggedIn)));
}

#[test]
fn a_login_that_must_be_kept_and_cannot_be_ends_on_a_page_that_says_so() {
    let _scenario = scenario!();
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let in_the_way = folder.path().join("file");
    std::fs::write(&in_the_way, "").unwrap();
    let builder = || {
        let builder = CartoAuth::oauth().endpoints(world.endpoints());
        builder.cache_file(in_the_way.join("t.json"))
    };
    let log_in = |options: fn(LoginOptions) -> LoginOptions| {
        let (shown, screen) = Shown::watching();
        thread::scope(|scope| {
            let visit = scope.spawn(|| screen.log_in(&world, Person::Accepts));
            let outcome = builder().build().log_in(&options(world.options(&shown)));
            (outcome, visit.join().unwrap())
        })
    };
    let (token, visited) = log_in(|options| options);
    assert!(
        token.is_ok(),
        "as a rule a login that is not kept is one all the same"
    );
    assert_eq!(visited.address, format!("{}/auth/success", world.carto.url()));
    let (refused, visited) = log_in(LoginOptions::must_be_kept);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Io);
    assert_ne!(visited.address, format!("{}/auth/success", world.carto.url()));
    assert!(!visited.page.contains("Logged in"), "{}", visited.page);
}

/// Connects, and beside it the person logs in.
fn connect(world: &World, builder: OauthBuilder) -> CartoAuth {
    let (shown, screen) = Shown::watching();
    thread::scope(|scope| {
        scope.spawn(|| screen.log_in(world, Person::Accepts));
        builder.with_callback().interaction(shown).connect().unwrap()
    })
}

fn in_file(world: &World, folder: &Path) -> OauthBuilder {
    let builder = CartoAuth::oauth().endpoints(world.endpoints());
    builder.cache_file(folder.join("t.json"))
}

/// The token files of a folder, with what they hold.
fn kept_in(folder: &Path) -> BTreeMap<PathBuf, String> {
    let read = |path: PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap());
    token_files(folder).into_iter().map(read).collect()
}

/// Lets every login in a folder have ended long ago.
fn let_end(folder: &Path) {
    token_files(folder)
        .iter()
        .for_each(|path| end_token(path).unwrap());
}

#[test]
fn a_login_without_a_cache_neither_reads_nor_writes_a_file() {
    let _scenario = scenario!();
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let kept = connect(&world, in_file(&world, folder.path()))
        .access_token()
        .unwrap();
    let before = kept_in(folder.path());
    assert_eq!(before.len(), 2);
    let auth = connect(&world, in_file(&world, folder.path()).without_cache());
    assert_ne!(auth.access_token().unwrap().secret(), kept.secret());
    assert_eq!(counts(&world), [2, 2, 2]);
    assert_eq!(kept_in(folder.path()), before);
}

#[test]
fn a_cached_login_that_has_ended_is_replaced_by_a_new_one() {
    let _scenario = scenario!();
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let old = connect(&world, in_file(&world, folder.path()))
        .access_token()
        .unwrap();
    let_end(folder.path());
    let new = connect(&world, in_file(&world, folder.path()))
        .access_token()
        .unwrap();
    assert_ne!(new.secret(), old.secret());
    let next = in_file(&world, folder.path()).connect().unwrap();
    assert_eq!(next.access_token().unwrap().secret(), new.secret());
    assert_eq!(counts(&world), [2, 2, 2]);
    let files = kept_in(folder.path());
    assert!(files.values().all(|text| text.contains(new.secret().expose())));
}

#[test]
fn a_login_that_has_ended_is_asked_for_again_only_where_it_may() {
    let _scenario = scenario!();
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    let old = connect(&world, in_file(&world, folder.path()))
        .access_token()
        .unwrap();
    let_end(folder.path());
    let auth = in_file(&world, folder.path()).build();
    let error = auth.access_token().unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error}");
    assert!(matches!(auth.login_reason(), Some(Error::Expired { .. })));
    assert_eq!(world.carto.count(Endpoint::Authorize), 1);

    let (shown, screen) = Shown::watching();
    let builder = in_file(&world, folder.path()).with_callback().interaction(shown);
    let auth = builder.log_in_when_needed().build();
    let new = thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        auth.access_token().unwrap()
    });
    assert_ne!(new.secret(), old.secret());
    assert!(auth.login_reason().is_none());
    assert_eq!(counts(&world), [2, 2, 2]);
}

#[test]
fn a_cached_login_counts_for_its_own_organization_alone() {
    let _scenario = scenario!();
    let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
    world.carto.add_organization("other", "org_other");
    let to = |organization: &str| in_file(&world, folder.path()).organization(organization);
    let acme = connect(&world, to("acme")).access_token().unwrap();
    let whichever = in_file(&world, folder.path());
    for builder in [to("acme"), to("org_sandboxacme"), whichever] {
        let found = builder.build().access_token().unwrap();
        assert_eq!(found.secret(), acme.secret());
    }
    for name in ["other", "org_other"] {
        let error = to(name).build().access_token().unwrap_err();
        assert!(matches!(error, Error::NotLoggedIn), "{name}: {error}");
    }
    let other = connect(&world, to("other")).access_token().unwrap();
    assert_eq!(
        other.claims().unwrap().organization_id.as_deref(),
        Some("org_other")
    );
    let again = to("acme").build().access_token().unwrap();
    assert_eq!(again.secret(), acme.secret(), "and neither evicts the other");
    assert_eq!(counts(&world), [2, 2, 2]);
}

#[test]
fn a_strange_answer_to_the_code_ends_the_login_and_is_not_quoted() {
    let _scenario = scenario!();
    for (body, words) in [
        (
            "{",
            "a body that is not JSON: it ends in the middle, at line 1, column 1",
        ),
        ("{}", "JSON without \"access_token\", having no keys"),
        ("<p>canary</p>", "a body that is not JSON: line 1, column 1"),
    ] {
        let world = World::new();
        let fault = Fault::status(200).with_body("application/json", body);
        world.carto.fail_next(Endpoint::Token, fault);
        let auth = world.oauth().build();
        let (outcome, visited) = log_in(&world, &auth, Person::Accepts);
        let error = outcome.unwrap_err();
        assert_eq!(
            error.to_string().split(" (HTTP").next().unwrap(),
            format!("127.0.0.1 answered with {words}")
        );
        assert_eq!(error.remedy(), Remedy::Retry { after: None });
        assert_eq!(visited.status, Some(502));
        assert!(auth.cached_token().is_none());
        assert_eq!(counts(&world), [1, 0, 0]);
    }
}

#[test]
fn access_token_never_starts_a_login_unless_it_may() {
    let _scenario = scenario!();
    let world = World::new();
    let error = world.oauth().build().access_token().unwrap_err();
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::NotLoggedIn, Remedy::LogIn)
    );

    let (shown, screen) = Shown::watching();
    let auth = when_needed(&world, shown);
    thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        assert_eq!(
            auth.access_token().unwrap().claims().unwrap().email,
            Some(world.carto.email())
        );
    });
}

#[test]
fn ten_logins_in_a_row_granted_and_denied_in_turn_bind_the_port_every_time() {
    let _scenario = scenario!();
    let world = World::new();
    let auth = world.oauth().build();
    for turn in 0..10 {
        let person = if turn % 2 == 0 {
            Person::Denies
        } else {
            Person::Accepts
        };
        let (outcome, visited) = log_in(&world, &auth, person);
        if turn % 2 == 0 {
            let error = outcome.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the login was refused: access_denied (User did not authorize the request)"
            );
            assert_eq!(visited.status, Some(403));
            assert!(
                visited.page.contains("<title>Not logged in</title>"),
                "{}",
                visited.page
            );
        } else {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        let again = TcpListener::bind(("127.0.0.1", world.port));
        assert!(again.is_ok(), "the port is free at once");
    }
}

#[test]
fn a_wrong_password_first_does_no_harm() {
    let _scenario = scenario!();
    let world = World::new();
    let (token, _) = log_in(&world, &world.oauth().build(), Person::MistypesThenAccepts);
    assert_eq!(token.unwrap().claims().unwrap().email, Some(world.carto.email()));
}

/// A login by pasting, with what the test pastes.
fn paste(
    world: &World,
    options: &LoginOptions,
    screen: &Screen,
    act: impl FnOnce(String, Option<String>) + Send,
) -> Result<AccessToken, Error> {
    let auth = world.oauth().build();
    thread::scope(|scope| {
        scope.spawn(|| {
            let (url, obstacle) = screen.shown();
            act(url, obstacle);
        });
        auth.log_in(options)
    })
}

#[test]
fn a_code_is_pasted_where_no_browser_comes_back() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen, keyboard) = Shown::typing();
    let options = world.options(&shown).way(Way::Paste("a test"));
    let token = paste(&world, &options, &screen, |url, obstacle| {
        assert_eq!(obstacle.as_deref(), Some("a test"));
        let address = world.carto.log_in_at(&url, Person::Accepts).unwrap();
        assert!(
            address.starts_with(&format!("{}/auth/token?", world.carto.url())),
            "{address}"
        );
        for text in [
            "",
            "two words",
            &"x".repeat(1 << 20),
            "https://app.carto.com/auth/token?code=c&state=foreign",
        ] {
            keyboard.send(text.to_owned()).unwrap();
        }
        let code = address
            .split("code=")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap()
            .to_owned();
        keyboard.send(format!(" \"{code}\" \r\n")).unwrap();
    });
    assert!(token.is_ok(), "{token:?}");
    let refused = [
        Ignored::NotACode,
        Ignored::NotACode,
        Ignored::NotACode,
        Ignored::ForeignState,
    ];
    assert_eq!(shown.refused_because(), refused);
}

#[test]
fn the_address_of_a_page_that_did_not_load_is_pasted_while_the_browser_is_waited_for() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen, keyboard) = Shown::typing();
    let token = paste(&world, &world.options(&shown), &screen, |url, _| {
        let callback = world.carto.log_in_at(&url, Person::Accepts).unwrap();
        keyboard
            .send(format!("\u{1b}[200~{callback}\u{1b}[201~\n"))
            .unwrap();
    });
    assert!(token.is_ok(), "{token:?}");
}

#[test]
fn a_keyboard_that_is_gone_ends_a_login_by_paste_and_not_one_by_browser() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen, keyboard) = Shown::typing();
    let options = world.options(&shown).way(Way::Paste("a test"));
    let error = paste(&world, &options, &screen, |_, _| drop(keyboard)).unwrap_err();
    assert_eq!(error.to_string(), "the input ended before a code was pasted");
    assert_eq!(error.remedy(), Remedy::LogIn);

    let (shown, screen, keyboard) = Shown::typing();
    let token = paste(&world, &world.options(&shown), &screen, |url, _| {
        drop(keyboard);
        let mut agent = world.carto.user_agent();
        let callback = agent.log_in_at(&url, Person::Accepts).unwrap();
        agent.visit(&callback).unwrap();
    });
    assert!(token.is_ok(), "{token:?}");
}

#[test]
fn a_port_that_is_taken_on_either_family_makes_it_a_login_by_paste() {
    let _scenario = scenario!();
    for address in ["127.0.0.1", "::1"] {
        let world = World::new();
        let _taken = TcpListener::bind((address, world.port)).unwrap();
        let (shown, screen, keyboard) = Shown::typing();
        let reason = format!("port {} of this machine is taken", world.port);
        let token = paste(&world, &world.options(&shown), &screen, |url, obstacle| {
            assert_eq!(obstacle.as_deref(), Some(reason.as_str()));
            keyboard
                .send(world.carto.log_in_at(&url, Person::Accepts).unwrap())
                .unwrap();
        });
        assert!(token.is_ok(), "{address}: {token:?}");

        let (nobody, _) = Shown::watching();
        let error = world.oauth().build().log_in(&world.options(&nobody)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{reason}, and nobody can paste the code")
        );
    }
}

#[test]
fn a_login_that_nobody_finishes_ends_in_time_and_frees_the_port() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, _screen) = Shown::watching();
    let options = world.options(&shown).timeout(Duration::from_millis(50));
    let start = Instant::now();
    let error = world.oauth().build().log_in(&options).unwrap_err();
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::LoginTimedOut, Remedy::LogIn)
    );
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(TcpListener::bind(("::1", world.port)).is_ok());
    assert!(TcpStream::connect(("127.0.0.1", world.port)).is_err());
}

#[test]
fn a_code_of_another_login_is_refused_and_asks_for_a_new_one() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen, keyboard) = Shown::typing();
    let options = world.options(&shown).way(Way::Paste("a test"));
    let error = paste(&world, &options, &screen, |url, _| {
        let other = url.replacen("code_challenge=", "code_challenge=A", 1);
        let mut other = url::Url::parse(&other).unwrap();
        let pairs: Vec<_> = other.query_pairs().into_owned().collect();
        other
            .query_pairs_mut()
            .clear()
            .extend_pairs(pairs.iter().map(|(name, value)| {
                (
                    name,
                    if name == "code_challenge" {
                        &value[..43]
                    } else {
                        value.as_str()
                    },
                )
            }));
        let address = world.carto.log_in_at(other.as_str(), Person::Accepts).unwrap();
        keyboard.send(address).unwrap();
    })
    .unwrap_err();
    assert!(matches!(error, Error::CodeRefused(_)), "{error}");
    assert_eq!(
        (error.kind(), error.remedy(), error.http_status()),
        (ErrorKind::LoginDenied, Remedy::LogIn, Some(403))
    );
}

#[test]
fn a_login_whose_account_cannot_be_asked_is_kept_and_completed_without_the_person() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    let build = || CartoAuth::oauth().endpoints(world.endpoints()).cache_file(&file);
    world
        .carto
        .fail_always(Endpoint::TenantConfig, Fault::status(500));
    let (outcome, visited) = log_in(&world, &build().build(), Person::Accepts);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::BadResponse);
    assert_eq!(visited.status, Some(502));
    assert!(
        !file.exists(),
        "Python would log in again for a file without an API base URL"
    );

    world.carto.heal();
    let auth = build().connect().unwrap();
    assert_eq!(auth.api_base_url().unwrap().as_str(), world.carto.api_base_url());
    assert_eq!(world.carto.count(Endpoint::Token), 1, "the login was not lost");
    assert_eq!(
        world.carto.count(Endpoint::Authorize),
        1,
        "the person was asked once"
    );
    assert!(file.exists());
}

#[test]
fn hostile_tenants_and_addresses_are_refused_and_the_login_is_kept() {
    let _scenario = scenario!();
    for (domain, base) in [
        (Some("evil.example/x"), None),
        (Some("me@127.0.0.1"), None),
        (Some("169.254.169.254"), None),
        (None, Some("https://api.evil.example")),
        (None, Some("http://10.0.0.1")),
        (None, Some("https://me:pw@api.carto.com")),
        (None, Some("&a [*a, *a]")),
    ] {
        let world = World::new();
        world.carto.tenant_domain(domain.map(str::to_owned));
        world.carto.api_base(base.map(str::to_owned));
        let auth = world.oauth().build();
        let (outcome, _) = log_in(&world, &auth, Person::Accepts);
        let error = outcome.unwrap_err();
        assert!(
            matches!(error, Error::Reply(_) | Error::TenantAddress { .. }),
            "{domain:?} {base:?}: {error}"
        );
        assert!(auth.access_token().is_ok(), "the token is good");
        assert_eq!(
            world.carto.count(Endpoint::TenantConfig),
            usize::from(domain.is_none())
        );
    }
}

#[test]
fn an_api_base_url_that_is_given_is_not_asked_for() {
    let _scenario = scenario!();
    let world = World::new();
    let auth = world
        .oauth()
        .api_base_url("https://carto.acme.com/api/")
        .unwrap()
        .build();
    let (token, _) = log_in(&world, &auth, Person::Accepts);
    assert!(token.is_ok(), "{token:?}");
    assert_eq!(
        auth.api_base_url().unwrap().as_str(),
        "https://carto.acme.com/api"
    );
    assert_eq!(counts(&world), [1, 0, 0]);
}

#[test]
fn an_organization_is_looked_up_by_its_name_and_asked_for_by_its_id() {
    let _scenario = scenario!();
    let world = World::new();
    let auth = world.oauth().organization("acme").build();
    let (shown, screen) = Shown::watching();
    let options = world.options(&shown).organization("acme");
    let token = thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        auth.log_in(&options).unwrap()
    });
    assert_eq!(
        token.claims().unwrap().organization_id.as_deref(),
        Some("org_sandboxacme")
    );

    let (shown, _screen) = Shown::watching();
    let error = auth
        .log_in(&world.options(&shown).organization("no such/../name"))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"CARTO knows no organization "no such/../name" with single sign-on"#
    );
    assert_eq!(error.remedy(), Remedy::FixConfig);
}

#[test]
fn a_refresh_token_that_was_asked_for_renews_without_the_person_until_it_is_revoked() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen) = Shown::watching();
    let auth = world.oauth().build();
    let before = thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        auth.log_in(&world.options(&shown).scope("offline_access"))
            .unwrap()
    });
    for turn in 2..4 {
        auth.reject(&auth.last_token().unwrap());
        let renewed = auth.access_token().unwrap();
        assert_ne!(renewed.secret(), before.secret());
        assert_eq!(
            world.carto.count(Endpoint::Token),
            turn,
            "each refresh token is spent once"
        );
    }
    world.carto.revoke_refresh_tokens();
    auth.reject(&auth.last_token().unwrap());
    let error = auth.access_token().unwrap_err();
    assert!(matches!(error, Error::SessionEnded(_)), "{error}");
    let error = auth.access_token().unwrap_err();
    assert!(
        matches!(error, Error::NotLoggedIn),
        "it is not tried again: {error}"
    );
    assert_eq!(world.carto.count(Endpoint::Token), 4);
}

#[test]
fn carto_is_asked_whether_it_still_takes_a_token() {
    let _scenario = scenario!();
    let world = World::new();
    let auth = world.oauth().build();
    let (token, _) = log_in(&world, &auth, Person::Accepts);
    let token = token.unwrap();
    assert!(auth.verify(&token).unwrap());
    world.carto.fail_next(Endpoint::Accounts, Fault::status(401));
    assert!(!auth.verify(&token).unwrap());
    assert!(
        matches!(auth.access_token(), Err(Error::NotLoggedIn)),
        "it is not handed out again"
    );
}

#[test]
fn a_word_that_was_typed_does_not_end_a_login() {
    let _scenario = scenario!();
    for fault in [None, Some(Fault::status(503)), Some(Fault::drop_connection())] {
        let world = World::new();
        if let Some(fault) = fault {
            world.carto.fail_next(Endpoint::Token, fault);
        }
        let (shown, screen, keyboard) = Shown::typing();
        let token = paste(&world, &world.options(&shown), &screen, |url, _| {
            keyboard.send("ls\n".to_owned()).unwrap();
            // Once the word has been refused, the browser comes back.
            while shown.refused_because().is_empty() {
                thread::yield_now();
            }
            keyboard.send("ls\n".to_owned()).unwrap();
            let mut agent = world.carto.user_agent();
            let callback = agent.log_in_at(&url, Person::Accepts).unwrap();
            agent.visit(&callback).unwrap();
        });
        assert!(token.is_ok(), "{token:?}");
        assert!(shown.refused_because().iter().all(|why| *why == Ignored::Refused));
        assert_eq!(
            world.carto.count(Endpoint::Token),
            2,
            "the same word is not sent twice"
        );
    }
}

#[test]
fn an_endless_time_limit_is_a_day() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen) = Shown::watching();
    let auth = world.oauth().build();
    thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        assert!(auth.log_in(&world.options(&shown).timeout(Duration::MAX)).is_ok());
    });
}

#[test]
fn a_machine_does_not_become_a_person() {
    let _scenario = scenario!();
    let world = World::new();
    let machine = M2mCredentials::new(
        &world.carto.api_base_url(),
        world.carto.client_id(),
        world.carto.client_secret(),
    );
    let auth = CartoAuth::m2m(machine.unwrap())
        .endpoints(world.endpoints())
        .without_cache()
        .build();
    let (shown, _screen) = Shown::watching();
    assert!(matches!(
        auth.log_in(&world.options(&shown)),
        Err(Error::NotAPerson)
    ));
    assert_eq!(world.carto.requests().len(), 0);
}

#[test]
fn the_organization_of_the_builder_is_the_one_that_is_asked_for() {
    let _scenario = scenario!();
    let world = World::new();
    let auth = world.oauth().organization("acme").build();
    let (token, _) = log_in(&world, &auth, Person::Accepts);
    assert_eq!(
        token.unwrap().claims().unwrap().organization_id.as_deref(),
        Some("org_sandboxacme")
    );
}

#[test]
fn threads_that_need_a_login_share_one() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen) = Shown::watching();
    let auth = when_needed(&world, shown);
    thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        for _ in 0..8 {
            scope.spawn(|| assert!(auth.access_token().is_ok()));
        }
    });
    assert_eq!(counts(&world), [1, 1, 1]);
}

#[test]
fn a_connection_without_a_store_survives_an_account_that_cannot_be_asked() {
    let _scenario = scenario!();
    let world = World::new();
    world.carto.fail_next(Endpoint::TenantConfig, Fault::status(500));
    let (shown, screen) = Shown::watching();
    let auth = thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&world, Person::Accepts));
        world
            .oauth()
            .with_callback()
            .interaction(shown)
            .connect()
            .unwrap()
    });
    assert_eq!(auth.api_base_url().unwrap().as_str(), world.carto.api_base_url());
    assert_eq!(world.carto.count(Endpoint::Token), 1);
}

/// A login with a refresh token, kept in a file.
fn with_refresh_token(world: &World, file: &Path) -> CartoAuth {
    let auth = CartoAuth::oauth()
        .endpoints(world.endpoints())
        .cache_file(file)
        .build();
    let (shown, screen) = Shown::watching();
    thread::scope(|scope| {
        scope.spawn(|| screen.log_in(world, Person::Accepts));
        auth.log_in(&world.options(&shown).scope("offline_access"))
            .unwrap();
    });
    auth
}

#[test]
fn a_token_that_an_api_refused_is_renewed_by_the_next_program_without_a_login() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    let first = with_refresh_token(&world, &file);
    let refused = first.access_token().unwrap();
    assert!(first.reject(&refused));
    let second = CartoAuth::oauth()
        .endpoints(world.endpoints())
        .cache_file(&file)
        .build();
    let renewed = second.access_token().unwrap();
    assert_ne!(renewed.secret(), refused.secret());
    assert_eq!(
        first.access_token().unwrap().secret(),
        renewed.secret(),
        "and shared"
    );
    assert_eq!(world.carto.count(Endpoint::Token), 2);
    let shared = std::fs::read_to_string(&file).unwrap();
    assert!(!shared.contains("refresh_token"), "{shared}");
}

#[test]
fn eight_programs_spend_each_refresh_token_once() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    let first = with_refresh_token(&world, &file);
    first.reject(&first.access_token().unwrap());
    world
        .carto
        .fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(100)));
    let tokens: Vec<_> = thread::scope(|scope| {
        let programs: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    CartoAuth::oauth()
                        .endpoints(world.endpoints())
                        .cache_file(&file)
                        .build()
                        .access_token()
                })
            })
            .collect();
        programs
            .into_iter()
            .map(|program| program.join().unwrap().unwrap())
            .collect()
    });
    assert!(tokens.iter().all(|token| token.secret() == tokens[0].secret()));
    assert_eq!(world.carto.count(Endpoint::Token), 2);
}

#[test]
fn a_bomb_as_configuration_costs_a_tenth_of_a_second_at_most() {
    let _scenario = scenario!();
    let bombs = [
        "[", "{a: ", "- ", "? ", "&a ", "a: b\n", "[a,", "a:\n ", "'", "# c\n", "\t", "<<: *a\n",
    ];
    let token = AccessToken::new(carto_auth_core::Secret::new("t"), None).unwrap();
    for text in bombs {
        // What else the machine does takes time, too: the best of some.
        let took = (0..5).map(|_| time_for_configuration(&token, text)).min();
        assert!(took < Some(Duration::from_millis(100)), "{text:?}: {took:?}");
    }
}

fn time_for_configuration(token: &AccessToken, text: &str) -> Duration {
    let bomb = text.repeat((256 << 10) / text.len() - 1);
    let now = std::time::SystemTime::now();
    let step = Discovery::start(token, Endpoints::carto(), Jitter::new(7), now);
    let Step::Send(_, next) = step else { panic!() };
    let account = http::Response::new(br#"{"tenant_domain":"a.carto.com"}"#.to_vec());
    let Step::Send(_, next) = next.resume(Ok(account), now).unwrap() else {
        panic!()
    };
    let start = Instant::now();
    assert!(
        next.resume(Ok(http::Response::new(bomb.into_bytes())), now)
            .is_err()
    );
    start.elapsed()
}

#[test]
fn a_logout_of_another_program_is_not_undone() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    let first = with_refresh_token(&world, &file);
    let second = CartoAuth::oauth()
        .endpoints(world.endpoints())
        .cache_file(&file)
        .build();
    assert_eq!(second.log_out().unwrap().len(), 2);
    first.reject(&first.last_token().unwrap());
    let error = first.access_token().unwrap_err();
    assert!(matches!(error, Error::NotLoggedIn), "{error}");
    assert_eq!(world.carto.count(Endpoint::Token), 1);
    assert!(!file.exists());
}

#[test]
fn a_login_of_another_program_during_a_renewal_is_kept() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    let daemon = with_refresh_token(&world, &file);
    daemon.reject(&daemon.last_token().unwrap());
    let mut own = token_files(folder.path());
    own.retain(|path| *path != file);
    world
        .carto
        .fail_next(Endpoint::Token, Fault::delay(Duration::from_millis(300)));
    thread::scope(|scope| {
        let renewal = scope.spawn(|| daemon.access_token());
        while world.carto.count(Endpoint::Token) < 2 {
            thread::yield_now();
        }
        // Somebody who has not waited for the lock writes a login of another time.
        change_record(&own[0], |login| {
            let now = login["obtained_at"].as_i64().unwrap() + 1;
            login["access_token"] = "of-a-new-login".into();
            login["obtained_at"] = now.into();
            login["expires_at"] = (now + 3600).into();
        })
        .unwrap();
        assert!(renewal.join().unwrap().is_ok());
    });
    let kept = std::fs::read_to_string(&own[0]).unwrap();
    assert!(kept.contains("of-a-new-login"), "{kept}");
}

#[test]
fn a_login_that_is_denied_is_not_asked_for_again_by_those_who_waited() {
    let _scenario = scenario!();
    let world = World::new();
    let (shown, screen) = Shown::watching();
    // A thread that came only after the denial would ask for a login of its own, and wait so long for nobody.
    let builder = world.oauth().with_callback().interaction(shown);
    let auth = builder
        .timeout(Duration::from_secs(20))
        .log_in_when_needed()
        .build();
    let all = Barrier::new(5);
    thread::scope(|scope| {
        let wait = || {
            all.wait();
            auth.access_token()
        };
        let waiting: Vec<_> = (0..4).map(|_| scope.spawn(wait)).collect();
        all.wait();
        screen.log_in(&world, Person::Denies);
        let failures: Vec<_> = waiting
            .into_iter()
            .map(|thread| thread.join().unwrap().unwrap_err())
            .collect();
        assert_eq!(
            failures
                .iter()
                .filter(|error| matches!(error, Error::Denied(_)))
                .count(),
            1
        );
    });
    assert_eq!(world.carto.count(Endpoint::Authorize), 1);
}

#[test]
fn without_the_lock_a_refresh_token_is_not_spent() {
    let _scenario = scenario!();
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    let auth = with_refresh_token(&world, &file);
    auth.reject(&auth.last_token().unwrap());
    let mut lock = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let lock = lock
        .find(|path| path.extension().is_some_and(|end| end == "lock"))
        .unwrap();
    // A folder in its place: there can be no lock here.
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    let error = auth.access_token().unwrap_err();
    assert!(matches!(error, Error::Busy), "{error}");
    assert_eq!(error.remedy(), Remedy::Retry { after: None });
    assert_eq!(world.carto.count(Endpoint::Token), 1);
    std::fs::remove_dir(&lock).unwrap();
    assert!(auth.access_token().is_ok());

    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    assert!(auth.reject(&auth.last_token().unwrap()));
    assert!(!file.exists(), "an API has refused it, lock or not");
    assert_eq!(auth.log_out().unwrap().len(), 1, "and so does a logout");
}
