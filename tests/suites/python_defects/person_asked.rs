//! Numbers 8 and 13: how, and when, a person is asked.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, SystemTime};

use carto_auth_sandbox::{Endpoint, Person};
use carto_auth_ureq::{CartoAuth, Error, ErrorKind, Remedy, Way};

use crate::callback::STRAYS;
use crate::person::Shown;
use crate::scene::Scene;

/// The prompt of the package, which says nothing of what led to it.
fn is_bare_prompt(lines: &[String]) -> bool {
    let [first, url, last] = lines else { return false };
    first == "Go to the following URL:" && url.contains("/authorize?") && last == "Enter the Access code: "
}

#[test]
fn defect_08_a_denial_does_not_become_a_prompt() {
    let scene = Scene::new();
    let python = scene.dialogue("CartoAuth.from_oauth()");
    scene.browse(&python.rest_of("browser: "), Person::Denies);
    assert!(is_bare_prompt(&[python.line(), python.line(), python.line()]));
    drop(python);

    // This person could paste, and is not asked to.
    let (shown, screen, _keyboard) = Shown::typing();
    let auth = scene.world.oauth().build();
    let outcome = thread::scope(|scope| {
        scope.spawn(|| screen.log_in(&scene.world, Person::Denies));
        auth.log_in(&scene.world.options(&shown))
    });
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "the login was refused: access_denied (User did not authorize the request)"
    );
}

#[test]
fn defect_08_a_busy_port_does_not_become_a_prompt_that_says_nothing() {
    let scene = Scene::new();
    let _busy = TcpListener::bind(("127.0.0.1", scene.world.port)).unwrap();
    let mut python = scene.dialogue("say(failure(CartoAuth.from_oauth))");
    python.end_input();
    assert!(is_bare_prompt(&[python.line(), python.line(), python.line()]));
    assert_eq!(python.line(), "EOFError: EOF when reading a line");

    let reason = format!("port {} of this machine is taken", scene.world.port);
    let (nobody, _) = Shown::watching();
    let auth = scene.world.oauth().build();
    let error = auth.log_in(&scene.world.options(&nobody)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("{reason}, and nobody can paste the code")
    );

    let (shown, screen, keyboard) = Shown::typing();
    let token = thread::scope(|scope| {
        scope.spawn(|| {
            let (url, obstacle) = screen.shown();
            assert_eq!(obstacle, Some(reason));
            let address = scene.world.carto.log_in_at(&url, Person::Accepts).unwrap();
            keyboard.send(address).unwrap();
        });
        auth.log_in(&scene.world.options(&shown))
    });
    assert!(token.is_ok(), "{token:?}");
}

#[test]
fn defect_08_a_stray_request_does_not_become_a_prompt() {
    let scene = Scene::new();
    let python = scene.dialogue("CartoAuth.from_oauth()");
    let _url = python.rest_of("browser: ");
    scene.say(STRAYS[0]);
    assert!(is_bare_prompt(&[python.line(), python.line(), python.line()]));
    drop(python);

    let (shown, screen, _keyboard) = Shown::typing();
    let auth = scene.world.oauth().build();
    let token = thread::scope(|scope| {
        scope.spawn(|| {
            let (url, obstacle) = screen.shown();
            assert_eq!(obstacle, None);
            for stray in STRAYS {
                scene.say(stray);
            }
            scene.browse(&url, Person::Accepts);
        });
        auth.log_in(&scene.world.options(&shown))
    });
    assert!(token.is_ok(), "{token:?}");
    assert_eq!(shown.refused_because(), [], "nothing was asked of the keyboard");
}

#[test]
fn defect_08_a_pasted_code_is_trimmed() {
    let code_in = |address: &str| {
        let code = address.split_once("code=").unwrap().1;
        code.split('&').next().unwrap().to_owned()
    };
    let scene = Scene::new();
    let mut python = scene.dialogue("say(failure(CartoAuth.from_oauth, open_browser=False))");
    let _prompt = python.rest_of("Go to the following URL:");
    let address = scene
        .world
        .carto
        .log_in_at(&python.line(), Person::Accepts)
        .unwrap();
    let _prompt = python.rest_of("Enter the Access code: ");
    python.answer(&format!(" {} ", code_in(&address))).unwrap();
    let end = python.line();
    assert!(end.starts_with("HTTPError: 403 Client Error"), "{end}");
    assert_eq!(scene.codes(), [format!(" {} ", code_in(&address))]);

    let (shown, screen, keyboard) = Shown::typing();
    let options = scene.world.options(&shown).way(Way::Paste("a test"));
    let auth = scene.world.oauth().build();
    let (token, code) = thread::scope(|scope| {
        let person = scope.spawn(|| {
            let code = code_in(
                &scene
                    .world
                    .carto
                    .log_in_at(&screen.url(), Person::Accepts)
                    .unwrap(),
            );
            keyboard.send(format!(" {code} \r\n")).unwrap();
            code
        });
        let token = auth.log_in(&options);
        (token, person.join().unwrap())
    });
    assert!(token.is_ok(), "{token:?}");
    assert_eq!(scene.codes()[1], code);
}

#[test]
fn defect_13_access_token_never_starts_a_login() {
    let scene = Scene::new();
    let python = scene.dialogue(
        "
        auth = CartoAuth('oauth', access_token='ended', expiration=1, use_cache=False)
        auth.get_access_token()
        ",
    );
    assert!(python.rest_of("browser: ").contains("/authorize?"));
    drop(python);

    let auth = scene.world.oauth().with_callback().build();
    let error = auth.access_token().unwrap_err();
    assert!(matches!(error, Error::NotLoggedIn), "{error}");
    let (token, _) = scene.log_in(&auth, |screen| screen.log_in(&scene.world, Person::Accepts));
    assert!(auth.reject(&token.unwrap()));
    let error = auth.access_token().unwrap_err();
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::NotLoggedIn, Remedy::LogIn)
    );
    assert_eq!(scene.asked(Endpoint::Authorize), 1, "the one that was asked for");

    let ended = SystemTime::now() - Duration::from_secs(1);
    let given = CartoAuth::from_token_until("https://api.carto.com", "ended", ended).unwrap();
    let error = given.access_token().unwrap_err();
    assert_eq!(
        (error.kind(), error.remedy()),
        (ErrorKind::SessionExpired, Remedy::LogIn)
    );
}
